//! Where every error meets its exit code, its name in JSON and its hint.

mod file;
mod flow;
mod login;
mod proxy;
mod usage;

use std::path::Path;

use super::shell;
use crate::code::Code;
use crate::credential::{AccountId, Outcome};
use crate::env;
use crate::flow::{AuthorizeError, FlowError};
use crate::http::{FileProblem, SendError};
use crate::store::StoreError;

pub(super) use file::{moved_from, remedy_of_file};
use flow::of_flow;
pub(super) use proxy::proxy_of_git;
use usage::of_usage_error;
pub(super) use usage::{UsageError, of_usage};

/// What a person or a script is told.
#[derive(Debug)]
pub(crate) struct Failure {
    pub code: Code,
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
                return Some(login::of_authorization(error));
            }
            cause.downcast_ref().map(file::of_config)
        });
        let mut failure = found.unwrap_or_else(|| plain(Code::Unexpected, format!("{error:#}")));
        if is_exhausted(error) {
            failure = Self {
                message: failure.message,
                ..plain(Code::Exhausted, String::new()).hint(EXHAUSTED)
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
        let flow = match cause.downcast_ref() {
            Some(AuthorizeError::Flow(error)) => Some(&**error),
            _ => cause.downcast_ref(),
        };
        let stored = match flow {
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

/// What a person does about a login that has ended.
pub(super) fn login_command(id: &AccountId) -> String {
    format!("run {}", id.command("login"))
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

fn of_store(error: &StoreError) -> Failure {
    plain(error.code(), error.to_string()).hint(remedy_of_store(error))
}

fn remedy_of_store(error: &StoreError) -> String {
    let quoted = |path: &Path| shell::quote_for_person(&path.to_string_lossy());
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
            "do it where that can be written, or choose another store with --store".to_owned()
        }
        StoreError::Corrupt { .. } => {
            "it was left as it is; restore it, or move it away before the next login".to_owned()
        }
        StoreError::UnsupportedVersion { .. } | StoreError::NewerValue { .. } => {
            "use the glauth that wrote it, or a newer one".to_owned()
        }
        StoreError::DiskFull { .. } => "free some space and try again".to_owned(),
        StoreError::LockingUnsupported { .. } => {
            "choose a store on a local file system with --store; `glauth doctor` tries one"
                .to_owned()
        }
        StoreError::LockReplaced { .. } => LOCK_FILES.to_owned(),
        StoreError::AnswerNotStored {
            rescued: Some(_), ..
        } => "mend the store; the next call then puts them in their place".to_owned(),
        StoreError::AnswerNotStored { rescued: None, .. } => {
            "mend the store, then run `glauth login`".to_owned()
        }
        StoreError::Io { .. } => {
            "look at that file and its file system; `glauth doctor` tries what is needed".to_owned()
        }
    }
}

/// A server that is only asked whether it answers.
pub(super) fn of_send(error: &SendError) -> Failure {
    let hint = match error {
        SendError::Unreachable { .. } | SendError::UnknownName { .. } => {
            "is the network up? look at the name, the proxy and the firewall".into()
        }
        SendError::CaFile {
            problem: FileProblem::Content,
            ..
        } => "log in anew with --ca-file, or mend that file".into(),
        other => other.advice().unwrap_or_else(|| "try again later".into()),
    };
    let code = match error.outcome() {
        Outcome::AnswerLost => Code::Unavailable,
        other => other.into(),
    };
    plain(code, error.to_string()).hint(hint)
}

#[cfg(test)]
mod tests;
