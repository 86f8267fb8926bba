//! Where every error meets its hint: the next step, as a command to paste.

mod docker;
mod error;
mod file;
mod flow;
mod login;
mod meant;
mod proxy;
mod send;
#[cfg(feature = "postgres")]
mod shared;
mod usage;

use std::path::Path;

use super::call::Call;
use super::shell;
use crate::code::Code;
use crate::config::ConfigError;
use crate::credential::{AccountId, AuthMethod, Outcome};
use crate::store::StoreError;

pub(super) use docker::BadDockerFile;
pub(super) use error::Error;
pub(super) use file::{moved_from, remedy_of_file};
pub(super) use meant::{other_account, other_login};
pub(super) use proxy::proxy_of_git;
pub(super) use send::of_question;
pub(super) use usage::{UsageError, of_usage};

/// What a person or a script is told.
#[derive(Debug)]
pub(super) struct Failure {
    pub code: Code,
    pub message: String,
    pub hint: Option<String>,
    /// The server's own words.
    pub said: Option<String>,
    pub host: Option<String>,
    pub account: Option<String>,
}

/// Where to look for what may have been meant.
fn status(call: &Call) -> String {
    format!("{} shows your logins", call.command("status"))
}

/// What to do where a lock file does not stay.
const LOCK_FILES: &str = "try again; do not remove lock files while glauth runs";

/// What to do where a system call has too little of something.
const EXHAUSTED: &str =
    "too many files, processes or threads are in use; try again later, or look at `ulimit -a`";

impl Failure {
    /// What a person or a script is told of an error, with commands that repeat what the call had.
    pub(super) fn of(error: &Error, call: &Call) -> Self {
        match error {
            Error::About(id, error) => Self::of_one(error, Some(id), call).about(id),
            error => Self::of_one(error, None, call),
        }
    }

    /// `id`: the login that the call is about.
    fn of_one(error: &Error, id: Option<&AccountId>, call: &Call) -> Self {
        let code = error.code();
        let failure = match error {
            Error::Usage(error) => usage::of_usage_error(error, call),
            Error::Config(error) => plain(code, error.to_string()).hint(of_config(error)),
            Error::Flow(error) => flow::of_flow(error, id, call),
            Error::Login(error) => login::of_authorization(error, id, call),
            Error::Exhausted(_) | Error::Unexpected(_) => plain(code, error.to_string()),
            Error::About(..) => Self::of(error, call),
        };
        match code {
            Code::Exhausted => failure.hint(EXHAUSTED.to_owned()),
            _ => failure,
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

    fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }
}

fn plain(code: Code, message: String) -> Failure {
    Failure {
        code,
        message,
        hint: None,
        said: None,
        host: None,
        account: None,
    }
}

fn of_config(error: &ConfigError) -> Option<String> {
    match &error.unusable {
        Some(unusable) => remedy_of_file(unusable, &error.path),
        None => error.hint().map(ToOwned::to_owned),
    }
}

/// A path in a command for a person to paste.
fn quoted(path: &Path) -> String {
    shell::quote_for_person(&path.to_string_lossy())
}

/// What a person does about a login that has ended.
pub(super) fn login_command(id: &AccountId, call: &Call) -> String {
    if call.is_of_a_token(id) {
        return another_token(id, call);
    }
    if call.machine_at(id).is_some() {
        return format!("run {}", call.login(" --client-credentials", id));
    }
    format!("run {}", call.login("", id))
}

/// What a person does about a machine whose credentials the server refuses.
pub(super) fn other_credentials(id: &AccountId, auth: &AuthMethod, call: &Call) -> String {
    let check = format!(
        "check whether {} allows this client the grant `client_credentials` and its scopes",
        id.host
    );
    match (auth, auth.file()) {
        (AuthMethod::PrivateKeyJwt(_), Some(path)) => format!(
            "register the public key of {} at {}, or {check}",
            quoted(path),
            id.host
        ),
        (_, Some(path)) => format!(
            "put the client secret into {}, which glauth reads for every request, or {check}",
            quoted(path)
        ),
        (_, None) => format!(
            "run {}, or {check}",
            call.command_for("login --client-credentials --client-secret-file FILE", id)
        ),
    }
}

/// What a person does about a personal token that has ended.
fn another_token(id: &AccountId, call: &Call) -> String {
    format!(
        "run {} with another token on standard input",
        call.login(" --with-token", id)
    )
}

/// What a person does about a refresh that ended so.
pub(super) fn hint_of(outcome: Outcome, call: &Call) -> Option<String> {
    let hint = match outcome {
        Outcome::Unreachable => {
            "is the network up, and the address right? nothing was changed; try again later"
        }
        Outcome::Unavailable | Outcome::RateLimited => "try again later",
        Outcome::AnswerLost => "try again: the next call finds out whether the server had rotated",
        Outcome::ClientRejected => {
            "look at the client id, its secret and the endpoints of this login"
        }
        Outcome::Config => "is this the server's own address? look at the token endpoint",
        Outcome::TlsRefused => {
            return Some(call.doctor().map_or_else(
                || "look at what is said of its server".to_owned(),
                |doctor| format!("run {doctor}: it says what is wrong with the connection"),
            ));
        }
        Outcome::RefreshRefused
        | Outcome::LoginRequired
        | Outcome::Pending
        | Outcome::Rotated
        | Outcome::CutOff => return None,
    };
    Some(hint.to_owned())
}

/// `id`: the login that the call is about.
fn remedy_of_store(error: &StoreError, id: Option<&AccountId>, call: &Call) -> String {
    match error {
        StoreError::Permission {
            path,
            wanted_mode: Some(mode),
            ..
        } => format!("run `chmod {mode:o} {}`", quoted(path)),
        StoreError::OpenFolder { path, .. } => format!("run `chmod 700 {}`", quoted(path)),
        StoreError::Permission { .. } => {
            "run it as that file's owner, or choose another store with --store".to_owned()
        }
        StoreError::WrongKind { .. } => {
            "move it away, and put the file or folder itself there; or choose another store with --store".to_owned()
        }
        StoreError::ReadOnly { .. } => {
            "use a store that glauth can write, with --store".to_owned()
        }
        StoreError::Corrupt { path, .. } => {
            let mut aside = path.clone().into_os_string();
            aside.push(".broken");
            let (path, aside) = (quoted(path), quoted(Path::new(&aside)));
            let login = log_in_with("", id, call);
            format!("glauth left it as it is; restore it, or run `mv {path} {aside}` and {login}")
        }
        StoreError::UnsupportedVersion { .. } | StoreError::NewerValue { .. } => {
            "use the glauth that wrote it, or a newer one".to_owned()
        }
        StoreError::DiskFull { .. } => "free some space and try again".to_owned(),
        StoreError::LockingUnsupported { .. } => {
            let elsewhere = "choose a store on a local file system with --store";
            or_doctor(elsewhere, "tries one", call)
        }
        StoreError::LockReplaced { .. } => LOCK_FILES.to_owned(),
        StoreError::AnswerNotStored {
            rescued: Some(_), ..
        } => "fix the store; the next call then puts them in place".to_owned(),
        StoreError::AnswerNotStored { rescued: None, .. } => {
            format!("fix the store, then run {}", log_in_with("", id, call))
        }
        #[cfg(feature = "postgres")]
        StoreError::Shared(error) => shared::remedy(error, id, call),
        StoreError::Io { .. } => {
            or_doctor("look at that file and its file system", "tries what is needed", call)
        }
    }
}

/// The command that logs in with these options; in a login it repeats the others.
fn log_in_with(options: &str, id: Option<&AccountId>, call: &Call) -> String {
    id.map_or_else(
        || call.command_about(&format!("login{options}"), None, "HOST"),
        |id| call.login(options, id),
    )
}

/// A step, and what `doctor` does beside it.
fn or_doctor(step: &str, what: &str, call: &Call) -> String {
    call.doctor().map_or_else(
        || step.to_owned(),
        |doctor| format!("{step}; {doctor} {what}"),
    )
}

#[cfg(test)]
mod tests;
