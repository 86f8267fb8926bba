//! Where every error meets its exit code, its name in JSON and its hint.

mod file;
mod login;
mod proxy;

use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::exit::Exit;
use super::shell;
use crate::credential::{AccountId, AccountName, Host, Outcome, Scheme};
use crate::flow::{FlowError, list};
use crate::http::SendError;
use crate::oauth::RevokeError;
use crate::store::{BadStore, LockError, StoreError};
use crate::terminal::clean;

pub(super) use file::{moved_from, remedy_of_file};
pub(super) use proxy::proxy_of_git;

/// What a person or a script is told.
#[derive(Debug)]
pub(crate) struct Failure {
    pub exit: Exit,
    pub name: &'static str,
    pub message: String,
    pub hint: Option<String>,
    pub host: Option<String>,
    pub account: Option<String>,
}

/// Where to look for what may have been meant.
const STATUS: &str = "`glauth status` shows the logins that are there";

/// What to do where a lock file does not stay.
const LOCK_FILES: &str = "try again; lock files are not to be removed while glauth runs";

/// What to do where no TLS answers: an address without a scheme means `https`.
const NOT_TLS: &str = "look at the port; a server on loopback without TLS is named `http://…`";

/// Which account an error is about.
#[derive(Debug)]
pub(super) struct About(pub AccountId);

impl std::fmt::Display for About {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A call that cannot be carried out as it stands (exit code 2).
#[derive(Debug, thiserror::Error)]
pub(super) enum UsageError {
    #[error("no HOST, and no login to take it from")]
    NoHost,
    #[error("there are no logins in `{}`", .0.display())]
    NoLogins(PathBuf),
    #[error("no login for {id} in `{}`", store.display())]
    NoLogin { id: AccountId, store: PathBuf },
    #[error("no login with account {account} in `{}`", store.display())]
    NoAccount {
        account: AccountName,
        store: PathBuf,
    },
    #[error("no login for {id} in `{}`", store.display())]
    NothingToEnd { id: AccountId, store: PathBuf },
    #[error("several hosts, and none was named: {}", list(.0))]
    SeveralHosts(Vec<Host>),
    #[error("a login for {0} needs a person, and there is no terminal")]
    NoPerson(AccountId),
    #[error("cannot run `{program}`: {source}")]
    NotRun {
        program: String,
        source: std::io::Error,
    },
    #[error("{0}")]
    NoVariable(&'static str),
    #[error("no good login for {0} that a standby grant could be added to")]
    NothingToStandBeside(AccountId),
    #[error(transparent)]
    BadStore(BadStore),
    #[error("{0}")]
    BadInput(String),
    #[error("{0}")]
    Call(String),
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
        let failure = found.unwrap_or_else(|| plain("unexpected", format!("{error:#}")));
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

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

fn plain(name: &'static str, message: String) -> Failure {
    Failure {
        exit: Exit::of_name(name),
        name,
        message,
        hint: None,
        host: None,
        account: None,
    }
}

fn of_flow(error: &FlowError) -> Failure {
    let failure = |name| plain(name, error.to_string());
    match error {
        FlowError::NoLogin(id)
        | FlowError::LoggedOut { id, .. }
        | FlowError::NotRenewable(id)
        // Nothing that lives is left, and the other grant cannot be asked now.
        | FlowError::StandbyLost { id, .. } => {
            failure("login_required").hint(login_command(id)).about(id)
        }
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
        FlowError::LoginRequired { id, lost_at, .. } => {
            let hint = login_command(id);
            let hint = match lost_at {
                Some(_) => hint,
                None => format!(
                    "{hint}; it may have been revoked at the server, or refreshed by another program with the same tokens (a copied store, a restored backup)"
                ),
            };
            failure("login_required").hint(hint).about(id)
        }
        FlowError::OtherScheme { id, .. } => failure("usage")
            .hint(format!(
                "leave the scheme out; or, if that login is a mistake, {} first",
                id.command("logout --local")
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
            retry_at,
            ..
        } => {
            let failure = failure(name_of(*outcome)).about(id);
            match (hint_of(*outcome), retry_at) {
                (_, Some(at)) => failure.hint(format!("try again after {at}")),
                (Some(hint), None) if *outcome == Outcome::ClientRejected => failure.hint(format!(
                    "{hint}; to change them, run {}",
                    id.command("login --client-id ID")
                )),
                (Some(hint), None) => failure.hint(hint),
                (None, None) => failure,
            }
        }
        FlowError::Leased { id, .. } => failure("lease_timeout")
            .hint("try again later, wait longer with --lock-timeout, or ask for less with --min-ttl")
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
        Outcome::LoginRequired => "login_required",
        Outcome::Pending | Outcome::Rotated | Outcome::CutOff => "unexpected",
    }
}

fn hint_of(outcome: Outcome) -> Option<&'static str> {
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
        Outcome::TlsRefused => Some(
            "if its certificate is of an authority of your own, log in with --ca-file, or set `ca_file` in config.toml",
        ),
        Outcome::LoginRequired | Outcome::Pending | Outcome::Rotated | Outcome::CutOff => None,
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
        StoreError::UnsupportedVersion { .. } => {
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
    let (name, hint) = match error {
        SendError::Unreachable { .. } => {
            let hint = "is the network up? look at the name, the proxy and the firewall";
            ("unreachable", hint)
        }
        SendError::TlsRefused { .. } => {
            let hint = hint_of(Outcome::TlsRefused).unwrap_or_default();
            ("tls_refused", hint)
        }
        SendError::NotTls { .. } => ("tls_refused", NOT_TLS),
        SendError::CaFile { .. } => (
            "config",
            "log in anew with --ca-file, or put that file back where it was",
        ),
        SendError::AnswerLost { .. } => ("unavailable", "try again later"),
    };
    plain(name, error.to_string()).hint(hint)
}

fn of_revocation(error: &RevokeError, message: String) -> Failure {
    let name = match error {
        RevokeError::Send(SendError::Unreachable { .. }) => "unreachable",
        RevokeError::Send(SendError::TlsRefused { .. } | SendError::NotTls { .. }) => "tls_refused",
        RevokeError::NoEndpoint | RevokeError::Send(SendError::CaFile { .. }) => "config",
        RevokeError::Send(SendError::AnswerLost { .. }) => "answer_lost",
        RevokeError::Unavailable(429) => "rate_limited",
        RevokeError::Unavailable(_) => "unavailable",
        RevokeError::Refused(_) => "client_rejected",
    };
    plain(name, message)
}

fn of_usage_error(error: &UsageError) -> Failure {
    let failure = of_usage_error_here(error);
    match file::moved(error) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn of_usage_error_here(error: &UsageError) -> Failure {
    let message = error.to_string();
    match error {
        UsageError::BadStore(error) => plain("usage", message).hint(file::store_to_name(error)),
        UsageError::NoHost => {
            plain("usage", message).hint("name one; `glauth login HOST` logs in there")
        }
        UsageError::NoLogins(_) => plain("login_required", message).hint(
            "`glauth login HOST` makes one; if there are some, look at HOME, GLAUTH_STORE and XDG_DATA_HOME",
        ),
        UsageError::NoLogin { id, .. } => plain("login_required", message)
            .hint(format!("{}; {STATUS}", login_command(id)))
            .about(id),
        UsageError::NoAccount { .. } => plain("login_required", message).hint(STATUS),
        UsageError::NothingToEnd { id, .. } => {
            plain("login_required", message).hint(STATUS).about(id)
        }
        UsageError::SeveralHosts(_) => plain("usage", message)
            .hint("name one, set GLAUTH_HOST, or set `default_host` in config.toml"),
        UsageError::NoPerson(id) => plain("login_required", message)
            .hint(format!(
                "{} in a terminal; or, to consent on another device, with --device",
                login_command(id)
            ))
            .about(id),
        UsageError::NothingToStandBeside(id) => plain("usage", message)
            .hint("import the first one without --standby")
            .about(id),
        UsageError::NoVariable(_) => {
            plain("usage", message).hint("name one, as in `glauth exec --env TOKEN -- CMD`")
        }
        UsageError::Call(_) | UsageError::NotRun { .. } => plain("usage", message),
        UsageError::BadInput(_) => plain("bad_input", message),
    }
}

/// Which login to choose among several, where none is better than another.
fn logins_of(ids: &[AccountId]) -> String {
    let commands: Vec<String> = ids.iter().map(|id| id.command("login")).collect();
    format!("run {}", commands.join(" or "))
}

/// What clap says, in this program's form.
pub(super) fn of_usage(mut error: clap::Error, command: Option<&str>) -> Failure {
    clean_context(&mut error);
    let (message, hint) = sentences(&error.to_string(), command);
    let found = error.get(ContextKind::InvalidArg).map(ToString::to_string);
    let is_word = found.is_some_and(|found| !found.starts_with('-'));
    let lacks_dashes = command == Some("exec")
        && is_word
        && matches!(
            error.kind(),
            ErrorKind::UnknownArgument | ErrorKind::MissingRequiredArgument
        );
    plain("usage", message).hint(if lacks_dashes {
        "the command comes behind `--`: `glauth exec HOST -- CMD`".to_owned()
    } else {
        hint
    })
}

/// Cleans what was typed before clap makes its text, which is taken apart by its lines.
fn clean_context(error: &mut clap::Error) {
    let cleaned: Vec<_> = error
        .context()
        .filter_map(|(kind, value)| match value {
            ContextValue::String(typed) => {
                Some((kind, ContextValue::String(clean(typed).into_owned())))
            }
            ContextValue::Strings(typed) => {
                let typed = typed.iter().map(|typed| clean(typed).into_owned());
                Some((kind, ContextValue::Strings(typed.collect())))
            }
            _ => None,
        })
        .collect();
    for (kind, value) in cleaned {
        error.insert(kind, value);
    }
}

/// The first paragraph of clap's text as one line, and its tip, or where to read on: clap shows no
/// usage where a value does not fit.
fn sentences(text: &str, command: Option<&str>) -> (String, String) {
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let lines: Vec<&str> = paragraph.lines().map(str::trim).collect();
    let message = lines.join(" ");
    let message = message.trim_start_matches("error: ").replace('\'', "`");
    let tip = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("tip: "))
        .filter(|tip| tip.contains("similar"))
        .map(|tip| tip.replace('\'', "`"));
    let usage = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("Usage: "));
    let known = command.map_or_else(|| "glauth".to_owned(), |name| format!("glauth {name}"));
    let command: Vec<&str> = usage
        .unwrap_or(&known)
        .split_whitespace()
        .take_while(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
        .filter(|word| !word.starts_with('-'))
        .collect();
    let help = format!("see `{} --help`", command.join(" "));
    (message, tip.unwrap_or(help))
}

#[cfg(test)]
mod tests;
