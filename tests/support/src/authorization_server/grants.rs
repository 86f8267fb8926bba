//! The grants: every pair of tokens that was ever issued, and what has become of it.

use std::time::{Duration, Instant, SystemTime};

use ring::rand::{self, SystemRandom};
use serde_json::json;

use super::settings::{Replay, Rotation, Settings};

/// One token response.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The access token.
    pub access_token: String,
    /// The refresh token that is good beside it.
    pub refresh_token: String,
    /// The response as it was sent (RFC 6749 §5.1), JSON.
    pub response: String,
}

/// One row of Doorkeeper's table.
#[derive(Clone)]
struct Row {
    consent: Consented,
    pair: Pair,
    created_at: u64,
    expires_at: Option<Instant>,
    access_revoked: bool,
    refresh: Refresh,
}

#[derive(Clone)]
enum Refresh {
    Good,
    Spent,
    Revoked,
}

/// Who gave a grant, and for what.
#[derive(Clone)]
pub(super) struct Consented {
    grant: usize,
    pub(super) username: String,
    pub(super) scope: String,
}

/// What an access token is good for.
pub(super) enum Access<'a> {
    Alive {
        left: Option<u64>,
        created_at: u64,
        consent: &'a Consented,
    },
    Revoked,
    Expired,
    Unknown,
}

/// What came of presenting a refresh token.
pub(super) enum Exchange {
    Rotated(Pair),
    Refused,
    Replayed,
}

#[derive(Clone, Default)]
pub(super) struct Grants {
    rows: Vec<Row>,
    count: usize,
}

impl Grants {
    /// A new grant of the user's.
    pub(super) fn log_in(&mut self, scope: &str, settings: &Settings) -> Pair {
        self.count += 1;
        let consent = Consented {
            grant: self.count,
            username: settings.username.clone(),
            scope: scope.to_owned(),
        };
        self.issue(consent, None, settings)
    }

    /// A token for the client itself (RFC 6749 §4.4.3): no refresh token comes with it.
    pub(super) fn log_in_machine(&mut self, scope: &str, settings: &Settings) -> Pair {
        self.count += 1;
        let consent = Consented {
            grant: self.count,
            username: settings.client_id.clone(),
            scope: scope.to_owned(),
        };
        self.issue(consent, Some(new_secret("never-sent")), settings)
    }

    /// RFC 6749 §6. The caller holds the one lock, so the end of the old pair and the birth of the
    /// new one are one step, as in Doorkeeper's transaction.
    pub(super) fn exchange(&mut self, refresh_token: &str, settings: &Settings) -> Exchange {
        let Some(index) = self.find_refresh(refresh_token) else {
            return Exchange::Refused;
        };
        let grant = self.rows[index].consent.grant;
        match self.rows[index].refresh {
            Refresh::Good => Exchange::Rotated(self.rotate(index, settings)),
            Refresh::Revoked => Exchange::Refused,
            Refresh::Spent => {
                if settings.on_replay == Replay::RevokeGrant {
                    self.revoke_where(|row| row.consent.grant == grant);
                }
                Exchange::Replayed
            }
        }
    }

    fn rotate(&mut self, index: usize, settings: &Settings) -> Pair {
        let old = &mut self.rows[index];
        let consent = old.consent.clone();
        if settings.rotation == Rotation::KeepsRefreshToken {
            let kept = old.pair.refresh_token.clone();
            return self.issue(consent, Some(kept), settings);
        }
        old.refresh = Refresh::Spent;
        old.access_revoked |= settings.rotation == Rotation::Kills;
        self.issue(consent, None, settings)
    }

    fn issue(&mut self, consent: Consented, kept: Option<String>, settings: &Settings) -> Pair {
        let access_token = new_secret("at");
        let created_at = unix_now();
        let mut response = json!({
            "access_token": access_token,
            "token_type": "Bearer",
            "scope": consent.scope,
            "created_at": created_at,
        });
        if let Some(lifetime) = settings.expires_in {
            response["expires_in"] = rounded_up(lifetime).into();
        }
        let refresh_token = kept.unwrap_or_else(|| {
            let new = new_secret("rt");
            response["refresh_token"] = new.as_str().into();
            new
        });
        let pair = Pair {
            access_token,
            refresh_token,
            response: response.to_string(),
        };
        self.rows.push(Row {
            consent,
            pair: pair.clone(),
            created_at,
            expires_at: settings
                .expires_in
                .map(|lifetime| Instant::now() + lifetime),
            access_revoked: false,
            refresh: Refresh::Good,
        });
        pair
    }

    /// RFC 7009 §2.1, with Doorkeeper's conditions: an access token revokes while it is
    /// accessible, a refresh token (since 5.8.1) while it is not revoked.
    pub(super) fn revoke(&mut self, token: &str, settings: &Settings) {
        let revocable = |row: &Row| {
            if row.pair.access_token == token {
                return row.is_accessible();
            }
            row.pair.refresh_token == token
                && matches!(row.refresh, Refresh::Good)
                && (row.is_accessible() || !settings.revocation_ignores_expired)
        };
        if let Some(index) = self.rows.iter().rposition(revocable) {
            let grant = self.rows[index].consent.grant;
            self.revoke_where(|row| row.consent.grant == grant);
        }
    }

    pub(super) fn revoke_everything(&mut self) {
        self.revoke_where(|_| true);
    }

    /// A spent refresh token stays spent: presenting it is a replay whatever came after.
    fn revoke_where(&mut self, concerns: impl Fn(&Row) -> bool) {
        for row in self.rows.iter_mut().filter(|row| concerns(row)) {
            row.access_revoked = true;
            if matches!(row.refresh, Refresh::Good) {
                row.refresh = Refresh::Revoked;
            }
        }
    }

    pub(super) fn expire_access_tokens(&mut self) {
        let now = Instant::now();
        for row in &mut self.rows {
            row.expires_at = Some(row.expires_at.map_or(now, |at| at.min(now)));
        }
    }

    pub(super) fn is_alive(&self, access_token: &str) -> bool {
        matches!(self.access(access_token), Access::Alive { .. })
    }

    pub(super) fn access(&self, access_token: &str) -> Access<'_> {
        let mut rows = self.rows.iter();
        match rows.find(|row| row.pair.access_token == access_token) {
            None => Access::Unknown,
            Some(row) if row.access_revoked => Access::Revoked,
            Some(row) if row.is_expired() => Access::Expired,
            Some(row) => Access::Alive {
                left: row.expires_at.map(|at| rounded_up(at - Instant::now())),
                created_at: row.created_at,
                consent: &row.consent,
            },
        }
    }

    pub(super) fn current_pair(&self, token: &str) -> Pair {
        let belongs =
            |row: &&Row| row.pair.access_token == token || row.pair.refresh_token == token;
        let some = self.rows.iter().find(belongs);
        let grant = some.expect("a token of this server").consent.grant;
        let newest = self.rows.iter().rfind(|row| row.consent.grant == grant);
        newest.expect("a grant has tokens").pair.clone()
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = String> {
        let pairs = self.rows.iter().map(|row| &row.pair);
        pairs.flat_map(|pair| [pair.access_token.clone(), pair.refresh_token.clone()])
    }

    /// The newest row with this refresh token: where it is kept, several have it.
    fn find_refresh(&self, refresh_token: &str) -> Option<usize> {
        let matches = |row: &Row| row.pair.refresh_token == refresh_token;
        self.rows.iter().rposition(matches)
    }
}

impl Row {
    fn is_expired(&self) -> bool {
        self.expires_at.is_some_and(|at| at <= Instant::now())
    }

    fn is_accessible(&self) -> bool {
        !self.access_revoked && !self.is_expired()
    }
}

/// 128 random bits behind a word that a search for leaks finds.
pub(super) fn new_secret(kind: &str) -> String {
    let random: rand::Random<[u8; 16]> = rand::generate(&SystemRandom::new()).expect("randomness");
    format!(
        "{kind}-SECRET-{:032x}",
        u128::from_be_bytes(random.expose())
    )
}

fn unix_now() -> u64 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since_epoch.expect("a clock after 1970").as_secs()
}

fn rounded_up(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
