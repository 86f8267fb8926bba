//! Where every error meets its exit code, its name in JSON and its hint.

mod file;
mod login;
mod proxy;
mod usage;

use super::exit::Exit;
use super::shell;
use crate::credential::{AccountId, AccountName, Host, Outcome, Scheme};
use crate::env;
use crate::flow::FlowError;
use crate::http::SendError;
use crate::oauth::RevokeError;
use crate::store::{LockError, StoreError};
use crate::time::Timestamp;

pub(super) use file::{moved_from, remedy_of_file};
pub(super) use proxy::proxy_of_git;
use usage::of_usage_error;
pub(super) use usage::{UsageError, of_usage};

/// What a person or a script is told.
#[derive(Debug)]
pub(crate) struct Failure {
    pub exit: Exit,
    pub name: &'static str,
    pub message: String,
    pub hint: Option<String>,
    /// The server's own words.
    pub said: Option<String>,
    pub host: Option<String>,
    pub account: Option<String>,
}

/// Where to look for what may have been meant.
const STATUS: &str = "`glauth status` shows the logins that are there";

/// What to do where a lock file does not stay.
const LOCK_FILES: &str = "try again; lock files are not to be removed while glauth runs";

/// What to do where a system call has too little of something.
const EXHAUSTED: &str =
    "too many files, processes or threads are in use; try again later, or look at `ulimit -a`";

/// Which account an error is about.
#[derive(Debug)]
pub(super) struct About(pub AccountId);

impl std::fmt::Display for About {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Failure {
    /// Sorts an error.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        let found = error.chain().find_map(|cause| {
            if let Some(error) = cause.downcast_ref() {
                return Some(of_flow(error));
            }
            if let Some(error) = cause.downcast_ref() {
                return Some(of_store(error));
            }
            if let Some(error) = cause.downcast_ref() {
                return Some(of_usage_error(error));
            }
            if let Some(error) = cause.downcast_ref() {
                return Some(login::of_client(error));
            }
            if let Some(error) = cause.downcast_ref() {
                return Some(login::of_authorization(error));
            }
            if let Some(error) = cause.downcast_ref() {
                return Some(login::of_not_added(error));
            }
            if let Some(error) = cause.downcast_ref() {
                return Some(login::of_plan(error));
            }
            if let Some(error) = cause.downcast_ref() {
                return Some(file::of_config(error));
            }
            cause.downcast_ref().map(file::of_git_config)
        });
        let mut failure = found.unwrap_or_else(|| plain("unexpected", format!("{error:#}")));
        if is_exhausted(error) {
            failure = Self {
                message: failure.message,
                ..plain("exhausted", String::new()).hint(EXHAUSTED)
            };
        }
        match error.downcast_ref::<About>() {
            Some(About(id)) => failure.about(id),
            None => failure,
        }
    }

    /// The same, about `id`.
    pub(super) fn about(mut self, id: &AccountId) -> Self {
        self.host.get_or_insert_with(|| id.host.to_string());
        self.account.get_or_insert_with(|| id.account.to_string());
        self
    }

    fn said(mut self, said: Option<&str>) -> Self {
        self.said = said.map(ToOwned::to_owned);
        self
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Whether the system had too little of something, whatever that hindered; but for tokens that are lost.
fn is_exhausted(error: &anyhow::Error) -> bool {
    let is_lost = |cause: &(dyn std::error::Error + 'static)| {
        let stored = match cause.downcast_ref() {
            Some(FlowError::Store(error)) => Some(error),
            _ => cause.downcast_ref(),
        };
        matches!(stored, Some(StoreError::AnswerNotStored { .. }))
    };
    let by_the_system = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref().is_some_and(env::is_exhausted)
    };
    !error.chain().any(is_lost) && error.chain().any(by_the_system)
}

fn plain(name: &'static str, message: String) -> Failure {
    Failure {
        exit: Exit::of_name(name),
        name,
        message,
        hint: None,
        said: None,
        host: None,
        account: None,
    }
}

fn of_flow(error: &FlowError) -> Failure {
    let failure = |name| plain(name, error.to_string());
    match error {
        FlowError::NoLogin(id) | FlowError::LoggedOut { id, .. } | FlowError::NotRenewable(id) => {
            failure("login_required").hint(login_command(id)).about(id)
        }
        FlowError::UnknownToken(id) => failure("login_required")
            .hint(format!(
                "run {} with another one",
                id.command("login --with-token")
            ))
            .about(id),
        // Nothing that lives is left, and the other grant cannot be asked now.
        FlowError::StandbyLost { id, said, .. } => failure("login_required")
            .said(said.as_deref())
            .hint(login_command(id))
            .about(id),
        FlowError::RefusesToRefresh { id, said, .. } => failure("login_required")
            .said(said.as_deref())
            .hint(login_command(id))
            .about(id),
        FlowError::SeveralAccounts { .. } => {
            failure("usage").hint("name one with --account, or set GLAUTH_ACCOUNT")
        }
        FlowError::NotNamedByGit {
            host,
            scheme,
            accounts,
            ..
        } => failure("usage").hint(name_for_git(host, *scheme, accounts)),
        FlowError::AllLoggedOut(ids) => failure("login_required").hint(logins_of(ids)),
        FlowError::LoginRequired { id, lost_at, said } => {
            let hint = login_command(id);
            let hint = match lost_at {
                Some(_) => hint,
                None => format!(
                    "{hint}; it may have been revoked at the server, or refreshed by another program with the same tokens (a copied store, a restored backup)"
                ),
            };
            failure("login_required")
                .said(said.as_deref())
                .hint(hint)
                .about(id)
        }
        FlowError::OtherScheme { id, .. } => failure("usage")
            .hint(format!(
                "leave the scheme out; or, if that login is a mistake, {} first",
                id.command("logout --local")
            ))
            .about(id),
        FlowError::HeldElsewhere { id, other } => failure("usage")
            .hint(format!(
                "use that account with `--account {}`, or get tokens of its own with {}",
                other.account,
                id.command("login")
            ))
            .about(id),
        FlowError::NothingFresh(id) => failure("stale")
            .hint("without --no-refresh it would be refreshed")
            .about(id),
        FlowError::TokenRefused(id) => failure("token_refused")
            .hint("look at the token's scopes, at the account and at its permissions")
            .about(id),
        FlowError::TooShort { id, .. } => failure("stale")
            .hint("ask for less with --min-ttl, or let it be refreshed")
            .about(id),
        FlowError::Failed {
            id,
            outcome,
            said,
            retry_at,
            advice,
            ..
        } => {
            let mut failure = failure(name_of(*outcome)).said(said.as_deref()).about(id);
            failure.hint = hint_of_failed(id, *outcome, *retry_at, advice.as_deref());
            failure
        }
        FlowError::Leased { id, .. } => failure("lease_timeout")
            .hint(
                "try again later, wait longer with --lock-timeout, or ask for less with --min-ttl",
            )
            .about(id),
        FlowError::Lock(error) => of_lock(error),
        FlowError::Store(error) => of_store(error),
        FlowError::TooManyTurns(id) => failure("store_failed").hint(LOCK_FILES).about(id),
        FlowError::NotRefreshed { id, outcome, .. } => {
            failure(name_of(*outcome)).hint(local(id)).about(id)
        }
        FlowError::NotRevoked { id, source } => of_revocation(source, error.to_string())
            .hint(local(id))
            .about(id),
    }
}

/// What a person does about a refresh that failed.
fn hint_of_failed(
    id: &AccountId,
    outcome: Outcome,
    retry_at: Option<Timestamp>,
    advice: Option<&str>,
) -> Option<String> {
    if let Some(at) = retry_at {
        return Some(format!("try again after {at}"));
    }
    if let Some(advice) = advice {
        return Some(advice.to_owned());
    }
    match (outcome, hint_of(outcome)) {
        (Outcome::ClientRejected, Some(hint)) => Some(format!(
            "{hint}; to log in again, run {}, and to change the client, {}",
            id.command("login"),
            id.command("login --client-id ID")
        )),
        (Outcome::RefreshRefused, _) => Some(format!(
            "if this lasts, run {}; until then glauth keeps the tokens and asks again",
            id.command("login")
        )),
        (_, hint) => hint.map(ToOwned::to_owned),
    }
}

/// How git is told which of several logins is meant.
fn name_for_git(host: &Host, scheme: Scheme, accounts: &[AccountName]) -> String {
    let account = accounts.first().cloned();
    let id = AccountId {
        host: host.clone(),
        account: account.unwrap_or_else(AccountName::default_name),
    };
    format!(
        "put the account into the address, `{}://{}@{host}/…`, or run {}",
        scheme.as_str(),
        // RFC 3986 §3.2.1
        id.account.as_str().replace('@', "%40"),
        id.command("setup-git")
    )
}

/// What a person does about a login that has ended.
pub(super) fn login_command(id: &AccountId) -> String {
    format!("run {}", id.command("login"))
}

/// What to do where a server cannot be told that a login ends.
fn local(id: &AccountId) -> String {
    let command = id.command("logout --local");
    format!("{command} forgets it here, without telling the server")
}

fn name_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Unreachable => "unreachable",
        Outcome::Unavailable => "unavailable",
        Outcome::RateLimited => "rate_limited",
        Outcome::AnswerLost => "answer_lost",
        Outcome::ClientRejected => "client_rejected",
        Outcome::Config => "config",
        Outcome::TlsRefused => "tls_refused",
        Outcome::RefreshRefused => "refresh_refused",
        Outcome::LoginRequired => "login_required",
        Outcome::Pending | Outcome::Rotated | Outcome::CutOff => "unexpected",
    }
}

pub(super) fn hint_of(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Unreachable => Some("is the network up? nothing was changed; try again later"),
        Outcome::Unavailable | Outcome::RateLimited => Some("try again later"),
        Outcome::AnswerLost => {
            Some("try again: the next call finds out whether the server had rotated")
        }
        Outcome::ClientRejected => {
            Some("look at the client id, its secret and the endpoints of this login")
        }
        Outcome::Config => Some("is this the server's own address? look at the token endpoint"),
        Outcome::TlsRefused => {
            Some("run `glauth doctor`: it says what is wrong with the connection")
        }
        Outcome::RefreshRefused
        | Outcome::LoginRequired
        | Outcome::Pending
        | Outcome::Rotated
        | Outcome::CutOff => None,
    }
}

fn of_lock(error: &LockError) -> Failure {
    match error {
        LockError::Timeout { .. } => plain("lock_timeout", error.to_string())
            .hint("try again later, or wait longer with --lock-timeout"),
        LockError::Store(error) => of_store(error),
    }
}

fn of_store(error: &StoreError) -> Failure {
    let failure = |name| plain(name, error.to_string());
    match error {
        StoreError::Permission {
            path,
            wanted_mode: Some(mode),
            ..
        } => failure("permission").hint(format!(
            "run `chmod {mode:o} {}`",
            shell::quote_for_person(&path.to_string_lossy())
        )),
        StoreError::OpenFolder { path, .. } => failure("permission").hint(format!(
            "run `chmod 700 {}`",
            shell::quote_for_person(&path.to_string_lossy())
        )),
        StoreError::Permission { .. } => failure("permission")
            .hint("run it as that file's owner, or choose another store with --store"),
        StoreError::ReadOnly { .. } => failure("read_only")
            .hint("do it where that can be written, or choose another store with --store"),
        StoreError::Corrupt { .. } => failure("corrupt")
            .hint("it was left as it is; restore it, or move it away before the next login"),
        StoreError::UnsupportedVersion { .. } | StoreError::NewerValue { .. } => {
            failure("unsupported_version").hint("use the glauth that wrote it, or a newer one")
        }
        StoreError::DiskFull { .. } => failure("disk_full").hint("free some space and try again"),
        StoreError::LockingUnsupported { .. } => failure("locking_unsupported")
            .hint("choose a store on a local file system with --store; `glauth doctor` tries one"),
        StoreError::LockReplaced { .. } => failure("store_failed").hint(LOCK_FILES),
        StoreError::AnswerNotStored {
            rescued: Some(_), ..
        } => failure("store_failed")
            .hint("mend the store; the next call then puts them in their place"),
        StoreError::AnswerNotStored { rescued: None, .. } => {
            failure("store_failed").hint("mend the store, then run `glauth login`")
        }
        StoreError::Io { .. } => failure("store_failed")
            .hint("look at that file and its file system; `glauth doctor` tries what is needed"),
    }
}

/// A server that is only asked whether it answers.
pub(super) fn of_send(error: &SendError) -> Failure {
    let hint = match error {
        SendError::Unreachable { .. } | SendError::UnknownName { .. } => {
            "is the network up? look at the name, the proxy and the firewall".into()
        }
        SendError::CaFile { .. } => "log in anew with --ca-file, or mend that file".into(),
        other => other.advice().unwrap_or_else(|| "try again later".into()),
    };
    let name = match error.outcome() {
        Outcome::AnswerLost => "unavailable",
        other => name_of(other),
    };
    plain(name, error.to_string()).hint(hint)
}

fn of_revocation(error: &RevokeError, message: String) -> Failure {
    let name = match error {
        RevokeError::Send(error) => name_of(error.outcome()),
        RevokeError::NoEndpoint => "config",
        RevokeError::Unavailable(429) => "rate_limited",
        RevokeError::Unavailable(_) => "unavailable",
        RevokeError::Refused(_) => "client_rejected",
    };
    plain(name, message)
}

/// Which login to choose among several, where none is better than another.
fn logins_of(ids: &[AccountId]) -> String {
    let commands: Vec<String> = ids.iter().map(|id| id.command("login")).collect();
    format!("run {}", commands.join(" or "))
}

#[cfg(test)]
mod tests;
