//! What is known of an account: the JSON of `status --json`, stable. Times are RFC 3339 in UTC,
//! durations seconds, what is unknown is `null`.

pub(in crate::cli::commands) mod left;

use serde::Serialize;

use crate::cli::call::Call;
use crate::cli::failure::{self, Failure};
use crate::code::{Code, Exit};
use crate::credential::{
    AccountId, AccountName, Asked, Attempt, CheckVerdict, Content, DEFAULT_MIN_TTL, Demand, Grant,
    GrantState, Host, Login, LoginKind, MinTtl, Outcome, Record, Standby, Stop, Verdict, decide,
    handed_out,
};
use crate::secret::Fingerprint;
use crate::store::examine::Leases;
#[cfg(feature = "postgres")]
use crate::store::examine::Way;
use crate::time::Timestamp;

/// One account.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names of the JSON")]
pub(in crate::cli::commands) struct Account {
    #[serde(skip)]
    id: AccountId,
    /// What was left, and what comes of it, for people.
    #[serde(skip)]
    left: Vec<String>,
    #[serde(skip)]
    pub standby: Standby,
    /// `expires_at`, for people.
    #[serde(skip)]
    pub end: Option<Timestamp>,
    pub host: String,
    pub account: String,
    /// Whether the host alone means this account.
    pub default: bool,
    /// The same, where the name does not say so.
    #[serde(skip)]
    pub is_chosen: bool,
    pub kind: Option<&'static str>,
    pub client_id: Option<String>,
    pub identity: Option<IdentityReport>,
    pub state: &'static str,
    pub expires_at: Option<String>,
    pub expires_in: Option<u64>,
    pub scopes: Option<Vec<String>>,
    pub generation: Option<u64>,
    pub needs_login: bool,
    pub grants: Vec<GrantReport>,
    pub last_attempt: Option<AttemptReport>,
    pub check: Option<&'static str>,
    pub shared: Option<SharingReport>,
    pub moving: Option<MovingReport>,
    pub error: Option<ErrorReport>,
}

#[derive(Debug, Serialize)]
pub(in crate::cli::commands) struct IdentityReport {
    pub username: String,
    pub subject: Option<String>,
}

/// One grant; tokens are named by their fingerprints.
#[derive(Debug, Serialize)]
pub(in crate::cli::commands) struct GrantReport {
    pub state: &'static str,
    pub state_since: Option<String>,
    pub generation: u64,
    pub expires_at: Option<String>,
    pub refresh_expires_at: Option<String>,
    pub refused: bool,
    pub refusals: Option<RefusalReport>,
    pub access_fingerprint: String,
    pub refresh_fingerprint: Option<String>,
    /// The processes whose commands use the token, where that was looked for.
    pub in_use_by: Vec<u32>,
    #[serde(skip)]
    token: Fingerprint,
}

/// The requests to refresh a grant that the server has refused in a row.
#[derive(Debug, Serialize)]
pub(in crate::cli::commands) struct RefusalReport {
    pub count: u64,
    pub since: String,
    pub next_at: String,
    pub said: Option<String>,
}

#[derive(Debug, Serialize)]
pub(in crate::cli::commands) struct AttemptReport {
    pub sequence: u64,
    pub grant: usize,
    pub cause: &'static str,
    pub by: String,
    pub started_at: String,
    pub outcome: &'static str,
    pub finished_at: Option<String>,
    pub retry_at: Option<String>,
    pub failures: u64,
    pub failing_since: Option<String>,
    pub next_at: Option<String>,
    pub said: Option<String>,
    #[serde(skip)]
    pub ended: Option<Timestamp>,
}

/// What is known of a login that other machines have, too.
#[derive(Debug, Serialize)]
pub(in crate::cli::commands) struct SharingReport {
    pub rotated_by: Option<String>,
    pub undelivered: bool,
}

/// A move between two stores that was cut off.
#[derive(Debug, Serialize)]
pub(in crate::cli::commands) struct MovingReport {
    pub direction: &'static str,
    pub store: String,
}

#[derive(Debug, Serialize)]
pub(in crate::cli::commands) struct ErrorReport {
    pub code: Code,
    pub message: String,
    pub hint: Option<String>,
}

impl ErrorReport {
    pub(super) fn of(failure: &Failure) -> Self {
        Self {
            code: failure.code,
            message: failure.message.clone(),
            hint: failure.hint.clone(),
        }
    }
}

impl Account {
    pub(in crate::cli::commands) fn of(record: &Record, check: Option<CheckVerdict>) -> Self {
        let mut account = Self::empty(&record.id, "logged_out");
        account.identity = record.identity.as_ref().map(|identity| IdentityReport {
            username: identity.username.clone(),
            subject: identity.subject.clone(),
        });
        match &record.content {
            Content::Login(login) => account.describe(login, check),
            Content::LoggedOut(tombstone) => {
                account.kind = Some("logged_out");
                account.client_id.clone_from(&tombstone.client.client_id);
                account.generation = Some(tombstone.generation);
                let moved = tombstone.moved_to();
                account
                    .left
                    .extend(moved.map(|to| format!("moved to `{to}`")));
            }
            Content::Password(_) => account.kind = Some("password"),
        }
        account
    }

    pub(super) fn gone(id: &AccountId) -> Self {
        Self::empty(id, "logged_out")
    }

    pub(super) fn unreadable(id: &AccountId, failure: &Failure) -> Self {
        Self {
            error: Some(ErrorReport::of(failure)),
            ..Self::empty(id, "unreadable")
        }
    }

    fn empty(id: &AccountId, state: &'static str) -> Self {
        Self {
            id: id.clone(),
            left: Vec::new(),
            standby: Standby::None,
            end: None,
            host: id.host.to_string(),
            account: id.account.to_string(),
            default: false,
            is_chosen: false,
            kind: None,
            client_id: None,
            identity: None,
            state,
            expires_at: None,
            expires_in: None,
            scopes: None,
            generation: None,
            needs_login: false,
            grants: Vec::new(),
            last_attempt: None,
            check: None,
            shared: None,
            moving: None,
            error: None,
        }
    }

    /// Notes that other machines have the login, too.
    pub(super) fn look_at_sharing(&mut self, record: &Record, undelivered: bool) {
        let last = record.login().and_then(|login| login.last_attempt.as_ref());
        let last = last.filter(|last| last.outcome == Outcome::Rotated);
        self.shared = Some(SharingReport {
            rotated_by: last.map(|last| last.by.clone()),
            undelivered,
        });
    }

    /// Notes that a move between two stores was cut off.
    #[cfg(feature = "postgres")]
    pub(super) fn look_at_way(&mut self, way: &Way) {
        self.left.push(in_words(way));
        self.moving = Some(MovingReport {
            direction: direction(way),
            store: way.store.clone(),
        });
    }

    /// Notes which processes hold a lease on its tokens.
    pub(super) fn look_at_leases(&mut self, leases: &Leases<'_>) {
        for grant in &mut self.grants {
            grant.in_use_by = leases.holders(&self.id, grant.token);
        }
    }

    /// Notes which account its host means; the flag says whether it is one of several.
    pub(super) fn look_at_choice(&mut self, meant: Option<&(AccountName, bool)>) {
        let Some((meant, is_one_of_several)) = meant else {
            return;
        };
        self.default = self.id.account == *meant;
        self.is_chosen =
            self.default && *is_one_of_several && *meant != AccountName::default_name();
    }

    /// The host of the account.
    pub(super) fn server(&self) -> &Host {
        &self.id.host
    }

    fn describe(&mut self, login: &Login, check: Option<CheckVerdict>) {
        let now = Timestamp::now();
        let current = handed_out(login).or_else(|| (!login.grants.is_empty()).then_some(0));
        let current = current.and_then(|index| login.grants.get(index));
        let verdict = decide(login, now, &ordinary_need());
        self.kind = Some(match login.kind {
            LoginKind::OAuth => "oauth",
            LoginKind::Token => "token",
            LoginKind::ClientCredentials => "client_credentials",
        });
        self.client_id.clone_from(&login.client.client_id);
        self.state = state(login, verdict, now);
        // A dead token that nothing can renew is not found out by `token`, which asks no server.
        self.needs_login = matches!(verdict, Verdict::Stop(Stop::LoginRequired))
            || login.refused_since(now).is_some()
            || login.has_lost_client()
            || (check == Some(CheckVerdict::Dead) && !login.is_renewable());
        self.end = current.and_then(|grant| grant.expires_at);
        self.expires_at = self.end.map(|end| end.to_string());
        self.expires_in = current
            .and_then(|grant| grant.left(now))
            .map(|left| left.as_secs());
        self.scopes = current.map(|grant| grant.scopes.clone());
        self.generation = login.grants.iter().map(|grant| grant.generation).max();
        self.grants = login.grants.iter().map(grant_report).collect();
        self.last_attempt = login.last_attempt.as_ref().map(attempt_report);
        self.left = left::remarks(login, now);
        self.left.extend(left::failures(login, now));
        self.standby = login.standby();
        self.check = check.map(|verdict| match verdict {
            CheckVerdict::Alive => "alive",
            CheckVerdict::Dead => "dead",
            CheckVerdict::Silent(_) => "no_answer",
            CheckVerdict::Unknown => "unknown",
        });
    }

    /// How the command ends for this account.
    pub(super) fn exit(&self) -> Exit {
        if let Some(error) = &self.error {
            error.code.exit()
        } else if self.needs_login {
            Exit::LoginRequired
        } else {
            Exit::Done
        }
    }

    /// What a person should know, and what to do about it; with `-v`, the client id too.
    pub(super) fn remarks(&self, call: &Call, is_verbose: bool) -> Vec<String> {
        let mut remarks = Vec::new();
        let name = match self.account.as_str() {
            "default" => self.host.clone(),
            account => format!("{} ({account})", self.host),
        };
        if let (true, Some(client_id)) = (is_verbose, &self.client_id) {
            remarks.push(format!("{name}: client id {client_id}"));
        }
        let users: Vec<_> = self
            .grants
            .iter()
            .flat_map(|grant| &grant.in_use_by)
            .collect();
        if !users.is_empty() {
            let users: Vec<String> = users.into_iter().map(u32::to_string).collect();
            remarks.push(format!(
                "{name}: in use by `glauth exec`, pid {}",
                users.join(", ")
            ));
        }
        if let Some(shared) = &self.shared {
            let by = shared.rotated_by.as_ref();
            let by = by.map_or_else(String::new, |by| format!("; refreshed by {by}"));
            remarks.push(format!("{name}: shared with other machines{by}"));
            if shared.undelivered {
                remarks.push(format!(
                    "{name}: the shared store has not received the last refresh of this machine yet"
                ));
            }
        }
        remarks.extend(self.left.iter().map(|text| format!("{name}: {text}")));
        if self.standby == Standby::Lost {
            let command = call.command_for("login --standby", &self.id);
            remarks.push(format!("{name}: standby lost; {command} adds another"));
        }
        if self.needs_login {
            remarks.push(format!("{name}: a login is needed"));
            remarks.push(format!("hint: {}", failure::login_command(&self.id, call)));
        } else if self.check == Some("dead") {
            let command = call.command_for("refresh --force", &self.id);
            remarks.push(format!("{name}: the server does not accept the token"));
            remarks.push(format!(
                "hint: run {command}, which gets another one, or says that a login is needed"
            ));
        }
        remarks
    }
}

/// What a move that was cut off has left, and what comes of it.
#[cfg(feature = "postgres")]
pub(in crate::cli::commands) fn in_words(way: &Way) -> String {
    format!(
        "is on its way {} `{}`; nothing is refreshed before a call has finished the move",
        direction(way),
        way.store
    )
}

#[cfg(feature = "postgres")]
fn direction(way: &Way) -> &'static str {
    if way.is_leaving { "to" } else { "from" }
}

fn ordinary_need() -> Demand<'static> {
    Demand {
        asked: Asked::Token,
        min_ttl: MinTtl::Preferred(DEFAULT_MIN_TTL),
        rejected: None,
        checked: None,
        seen: None,
        leased: None,
        impatient: false,
    }
}

/// The state of the account as a whole: that of the token that would be handed out.
fn state(login: &Login, verdict: Verdict, now: Timestamp) -> &'static str {
    if matches!(verdict, Verdict::Use(_)) {
        return "fresh";
    }
    if let Some(index) = handed_out(login) {
        let expired = login.grants[index].expires_at.is_some_and(|end| end <= now);
        return if expired { "expired" } else { "stale" };
    }
    let any = |fits: &dyn Fn(&Grant) -> bool| login.grants.iter().any(fits);
    if any(&|grant| grant.state == GrantState::Active) {
        "refused"
    } else if any(&|grant| matches!(grant.state, GrantState::Doubtful { .. })) {
        "doubtful"
    } else {
        "login_required"
    }
}

fn grant_report(grant: &Grant) -> GrantReport {
    GrantReport {
        state: grant.state.as_str(),
        state_since: grant.state.since().map(|since| since.to_string()),
        generation: grant.generation,
        expires_at: grant.expires_at.map(|end| end.to_string()),
        refresh_expires_at: grant.refresh_expires_at.map(|end| end.to_string()),
        refused: grant.refused,
        refusals: grant.refusals.as_ref().map(|refusals| RefusalReport {
            count: refusals.count,
            since: refusals.since.to_string(),
            next_at: refusals.next_at.to_string(),
            said: refusals.said.clone(),
        }),
        access_fingerprint: grant.access_token.fingerprint().to_string(),
        refresh_fingerprint: grant
            .refresh_token
            .as_ref()
            .map(|name| name.fingerprint().to_string()),
        in_use_by: Vec::new(),
        token: grant.access_token.fingerprint(),
    }
}

fn attempt_report(attempt: &Attempt) -> AttemptReport {
    AttemptReport {
        sequence: attempt.sequence,
        grant: attempt.grant,
        cause: attempt.cause.as_str(),
        by: attempt.by.clone(),
        started_at: attempt.started_at.to_string(),
        outcome: attempt.outcome.as_str(),
        finished_at: attempt.finished_at.map(|end| end.to_string()),
        retry_at: attempt.retry_at.map(|at| at.to_string()),
        failures: attempt.failures,
        failing_since: attempt.failing_since.map(|at| at.to_string()),
        next_at: attempt.next_at.map(|at| at.to_string()),
        said: attempt.said.clone(),
        ended: attempt
            .finished_at
            .filter(|_| attempt.outcome != Outcome::Pending),
    }
}
