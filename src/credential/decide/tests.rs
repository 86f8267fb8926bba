//! `decide` as a table: a row is a sentence about a login, and what follows from it.
//!
//! What stands before `waits_for_the_lock` in a row was seen before the lock, what stands after it
//! happened meanwhile.

mod adopted;
mod candidate;
mod doubtful;
mod fresh;
mod leased;
mod living;
mod paused;
mod properties;
mod refresh;
mod refused;

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::credential::{
    Attempt, AuthMethod, Checked, Client, DEFAULT_MIN_TTL, Endpoint, Independence, LoginKind,
    LoginMeans, Seen,
};
use crate::secret::{AccessToken, RefreshToken};

/// 2026-11-23T10:00:00Z.
const NOW: i64 = 1_795_428_000_000;

/// What a token lives where a row does not say.
const LIFETIME: i64 = 7200;

/// Seconds from now.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_millis(NOW + seconds * 1000)
}

fn access_token(name: &str) -> AccessToken {
    AccessToken::new(name.to_owned()).unwrap()
}

/// An active grant whose access token has this name, and half of its life left.
fn token(name: &str) -> Held {
    let origin = RefreshToken::new(format!("refresh-{name}")).unwrap();
    let grant = Grant {
        generation: 1,
        origin: origin.fingerprint(),
        access_token: access_token(name),
        refresh_token: Some((&origin).into()),
        token_type: "Bearer".to_owned(),
        scopes: Vec::new(),
        issued_at: at(0),
        expires_at: None,
        refresh_expires_at: None,
        cause: Cause::Login,
        state: GrantState::Active,
        refused: false,
        answer_lost_at: None,
        issued_boot: crate::credential::IssuedBoot::default(),
        refusals: None,
    };
    Held(grant).left(LIFETIME / 2)
}

struct Held(Grant);

impl Held {
    fn left(self, seconds: i64) -> Self {
        self.left_of(seconds, LIFETIME)
    }

    fn left_of(mut self, seconds: i64, lifetime: i64) -> Self {
        self.0.expires_at = Some(at(seconds));
        self.0.issued_at = at(seconds - lifetime);
        self
    }

    fn endless(mut self) -> Self {
        self.0.expires_at = None;
        self
    }

    /// By a clock that was set back since.
    fn issued_in(mut self, seconds: i64) -> Self {
        self.0.issued_at = at(seconds);
        self
    }

    fn made_because(mut self, cause: Cause) -> Self {
        self.0.cause = cause;
        self
    }

    fn refused(mut self) -> Self {
        self.0.refused = true;
        self
    }

    fn doubtful(mut self) -> Self {
        self.0.state = GrantState::Doubtful { since: at(-100) };
        self
    }

    fn login_required(mut self) -> Self {
        self.0.state = GrantState::LoginRequired { since: at(-100) };
        self
    }

    fn without_refresh_token(mut self) -> Self {
        self.0.refresh_token = None;
        self
    }
}

/// A login, and a caller that wants a token from it.
#[derive(Debug)]
struct Case {
    login: Login,
    asked: Asked,
    min_ttl: MinTtl,
    rejected: Option<AccessToken>,
    checked: Option<Checked>,
    seen: Option<Seen>,
    leased: Option<AccessToken>,
}

fn one(only: Held) -> Case {
    with_grants(vec![only.0])
}

fn two(first: Held, second: Held) -> Case {
    with_grants(vec![first.0, second.0])
}

/// As at GitLab: a rotation kills, a replay is harmless, and the server can be asked.
fn with_grants(grants: Vec<Grant>) -> Case {
    Case {
        login: Login {
            kind: LoginKind::OAuth,
            client: client(),
            grants,
            last_attempt: None,
        },
        asked: Asked::Token,
        min_ttl: MinTtl::Preferred(DEFAULT_MIN_TTL),
        rejected: None,
        checked: None,
        seen: None,
        leased: None,
    }
}

fn client() -> Client {
    Client {
        provider: "gitlab".to_owned(),
        client_id: Some("id".to_owned()),
        auth: AuthMethod::None,
        parameters: BTreeMap::new(),
        token_endpoint: Endpoint::new("https://gitlab.example.com/oauth/token").ok(),
        revocation_endpoint: None,
        check_endpoint: Endpoint::new("https://gitlab.example.com/oauth/token/info").ok(),
        git_username: "oauth2".to_owned(),
        environment: BTreeMap::new(),
        rotation: RotationEffect::Kills,
        replay: ReuseDetection::Harmless,
        grants: Independence::Independent,
        ca_file: None,
        server_user: None,
        login: LoginMeans::default(),
    }
}

impl Case {
    fn rotation_keeps(mut self) -> Self {
        self.login.client.rotation = RotationEffect::Keeps;
        self
    }

    fn replay_revokes(mut self) -> Self {
        self.login.client.replay = ReuseDetection::Revokes;
        self
    }

    fn no_check_endpoint(mut self) -> Self {
        self.login.client.check_endpoint = None;
        self
    }

    fn demands(mut self, seconds: u64) -> Self {
        self.min_ttl = MinTtl::Demanded(Duration::from_secs(seconds));
        self
    }

    fn asks(mut self, asked: Asked) -> Self {
        self.asked = asked;
        self
    }

    fn refresh(self) -> Self {
        self.asks(Asked::Refresh(None))
    }

    fn refresh_if_expiring(self, seconds: u64) -> Self {
        self.asks(Asked::Refresh(Some(Duration::from_secs(seconds))))
    }

    fn force(self) -> Self {
        self.asks(Asked::Force)
    }

    fn rejects(mut self, name: &str) -> Self {
        self.rejected = Some(access_token(name));
        self
    }

    fn server_says(mut self, name: &str, verdict: CheckVerdict) -> Self {
        let token = access_token(name);
        self.checked = Some(Checked { token, verdict });
        self
    }

    /// An attempt that ended a second ago.
    fn attempt_ended(mut self, grant: usize, outcome: Outcome) -> Self {
        let before = self.login.last_attempt.map_or(0, |last| last.sequence);
        self.login.last_attempt = Some(Attempt {
            sequence: before + 1,
            grant,
            cause: Cause::Expiring,
            by: "pid 1 on a".to_owned(),
            started_at: at(-2),
            outcome,
            finished_at: Some(at(-1)),
            retry_at: None,
            failures: 0,
            failing_since: None,
            next_at: None,
            said: None,
        });
        self
    }

    fn pending(mut self, grant: usize) -> Self {
        self = self.attempt_ended(grant, Outcome::Pending);
        self.change_attempt(|last| last.finished_at = None)
    }

    fn change_attempt(mut self, change: impl FnOnce(&mut Attempt)) -> Self {
        change(self.login.last_attempt.as_mut().unwrap());
        self
    }

    /// Another process got a new token, of this name.
    fn rotated(mut self, grant: usize, name: &str) -> Self {
        self = self.attempt_ended(grant, Outcome::Rotated);
        let generation = self.highest_generation() + 1;
        self.login.grants[grant] = Grant {
            generation,
            ..token(name).left(LIFETIME).0
        };
        self
    }

    /// A command holds a lease on the token of this name, as is found under the lock.
    fn leased(mut self, name: &str) -> Self {
        self.leased = Some(access_token(name));
        self.waits_for_the_lock()
    }

    fn waits_for_the_lock(mut self) -> Self {
        self.seen = Some(Seen {
            generation: self.highest_generation(),
            attempt: self.login.last_attempt.clone(),
        });
        self
    }

    fn highest_generation(&self) -> u64 {
        let generations = self.login.grants.iter().map(|grant| grant.generation);
        generations.max().unwrap()
    }

    fn need(&self) -> Demand<'_> {
        Demand {
            asked: self.asked,
            min_ttl: self.min_ttl,
            rejected: self.rejected.as_ref(),
            checked: self.checked.as_ref(),
            seen: self.seen.as_ref(),
            leased: self.leased.as_ref(),
            impatient: self.asked == Asked::Force,
        }
    }

    fn decides(&self) -> Verdict {
        decide(&self.login, at(0), &self.need())
    }

    fn living(&self) -> Option<usize> {
        living(&self.login, at(0), &self.need())
    }
}

fn refresh_because(cause: Cause, grant: usize) -> Verdict {
    Verdict::Refresh { grant, cause }
}

fn expiring(grant: usize) -> Verdict {
    refresh_because(Cause::Expiring, grant)
}

fn refused(grant: usize) -> Verdict {
    refresh_because(Cause::Refused, grant)
}

fn asked(grant: usize) -> Verdict {
    refresh_because(Cause::Asked, grant)
}

fn alive_for(seconds: i64) -> Verdict {
    Verdict::Stop(Stop::Alive {
        until: Some(at(seconds)),
    })
}

#[track_caller]
fn assert_verdicts(rows: impl IntoIterator<Item = (&'static str, Case, Verdict)>) {
    for (sentence, case, verdict) in rows {
        assert_eq!(case.decides(), verdict, "{sentence}");
    }
}
