//! Why a shared store did not do what it was asked.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::told;

/// Why a shared store did not do what it was asked. `store` is its address, without a password.
#[derive(Debug, Clone, thiserror::Error, Serialize, Deserialize)]
pub enum SharedError {
    /// The address itself.
    #[error("the address of the shared store {reason}")]
    Address {
        /// What is wrong with it.
        reason: String,
        /// What to write instead, where it is not the general form.
        instead: Option<String>,
    },
    /// It cannot be reached, or takes no connection now.
    #[error("cannot reach the shared store `{store}`: {reason}")]
    Away {
        /// Its address.
        store: String,
        /// What was heard.
        reason: String,
    },
    /// It was told to write, and nothing was heard of it: what was written may be there.
    #[error("the shared store `{store}` has not said whether it stored a change: {reason}")]
    Unanswered {
        /// Its address.
        store: String,
        /// What was heard.
        reason: String,
    },
    /// It does not let this user in, or do this.
    #[error("the shared store `{store}` refuses: {reason}")]
    Refused {
        /// Its address.
        store: String,
        /// Its words.
        reason: String,
        /// What it is about.
        denied: Denied,
    },
    /// It has no TLS, or no certificate that is trusted for its name.
    #[error("the shared store `{store}` cannot be trusted: {reason}")]
    Untrusted {
        /// Its address.
        store: String,
        /// What is wrong with the connection.
        reason: String,
        /// Whether its certificate is for another name.
        is_other_name: bool,
    },
    /// The tables are not there.
    #[error("the shared store `{store}` has no tables of glauth yet")]
    NoTables {
        /// Its address.
        store: String,
    },
    /// It takes no writes: a standby, or a database in recovery.
    #[error("the shared store `{store}` takes no writes now: {reason}")]
    ReadOnly {
        /// Its address.
        store: String,
        /// Its words.
        reason: String,
    },
    /// A file that the connection or the keys need is not used.
    #[error("`{}` {reason}", path.display())]
    File {
        /// Which one.
        #[serde(with = "told::path")]
        path: PathBuf,
        /// The end of a sentence.
        reason: String,
        /// Whether its mode is at fault.
        is_open: bool,
        /// What names it, where a person has named it.
        named_by: Option<String>,
    },
    /// The keys are nowhere.
    #[error(
        "the shared store `{store}` needs a key, and neither GLAUTH_KEY_FILE nor a credential of systemd names a file with one"
    )]
    NoKeys {
        /// Its address.
        store: String,
    },
    /// There is no folder for this machine's half.
    #[error("a shared store needs a folder of this machine, and {}", why_not(path))]
    NoCache {
        /// What `GLAUTH_CACHE` names; empty: nothing, and no home is known.
        #[serde(with = "told::path")]
        path: PathBuf,
    },
    /// A row does not open.
    #[error("the login for {account} in the shared store cannot be opened: {reason}")]
    Sealed {
        /// Whose it is.
        account: String,
        /// The end of a sentence.
        reason: String,
        /// A later glauth sealed it.
        is_newer: bool,
    },
    /// The database has something in it that glauth did not write.
    #[error("the shared store `{store}` has a row that cannot be read: {reason}")]
    Unreadable {
        /// Its address.
        store: String,
        /// The end of a sentence.
        reason: String,
    },
    /// The database has an older record than this machine has seen.
    #[error(
        "the shared store `{store}` has lost the last refresh of {account}, which this machine has seen: it has generation {found}, and {by} stored generation {seen}"
    )]
    CommitsLost {
        /// Its address.
        store: String,
        /// Whose it is.
        account: String,
        /// The generation of the row.
        found: u64,
        /// The generation that was seen.
        seen: u64,
        /// The process that stored that generation.
        by: String,
    },
    /// Another process has written the row since it was read: to be read again.
    #[error("another machine has changed the login for {account} at this moment")]
    Changed {
        /// Whose it is.
        account: String,
    },
    /// A login was on its way there, and the place has another one.
    #[error(
        "the login for {account} is on its way to `{store}`, which has another login of that name"
    )]
    Taken {
        /// Whose it is.
        account: String,
        /// Its address.
        store: String,
        /// The folder that the login comes from.
        folder: String,
    },
    /// A login was on its way from there, and the row that could tell whether it has left is gone.
    #[error(
        "the login for {account} is on its way from `{store}`, which does not know any more whether it has left"
    )]
    Strayed {
        /// Whose it is.
        account: String,
        /// Its address.
        store: String,
        /// The folder that the login goes to.
        folder: String,
    },
    /// Something that works in a folder alone.
    #[error("glauth cannot {what} in a shared store")]
    NotShared {
        /// What was wanted.
        what: String,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers, so nothing can be sealed")]
    NoRandom,
}

/// What a database does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Denied {
    /// Its user, or the password.
    User,
    /// There is no such database.
    Database,
    /// The user may connect, and may not use the tables.
    Tables,
    /// The user may not make the tables.
    NewTables,
    /// Anything else.
    Statement,
}

fn why_not(path: &Path) -> String {
    if path.as_os_str().is_empty() {
        "no home folder is known".to_owned()
    } else {
        format!("`{}` is not a full path", path.display())
    }
}

impl SharedError {
    /// Its error code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Address { .. } | Self::NoCache { .. } | Self::NotShared { .. } => Code::Config,
            Self::Away { .. }
            | Self::Unanswered { .. }
            | Self::ReadOnly { .. }
            | Self::Changed { .. } => Code::Unreachable,
            Self::Untrusted { .. } => Code::TlsRefused,
            Self::NoRandom => Code::Exhausted,
            Self::Sealed { is_newer: true, .. } => Code::UnsupportedVersion,
            Self::Refused { .. }
            | Self::NoTables { .. }
            | Self::File { .. }
            | Self::NoKeys { .. }
            | Self::Sealed { .. }
            | Self::Unreadable { .. }
            | Self::CommitsLost { .. }
            | Self::Taken { .. }
            | Self::Strayed { .. } => Code::StoreFailed,
        }
    }

    /// Why the database could not be asked, without its name.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Away { reason, .. }
            | Self::Unanswered { reason, .. }
            | Self::ReadOnly { reason, .. } => reason.clone(),
            other => other.to_string(),
        }
    }

    /// Whether no server has the name that the address has.
    #[must_use]
    pub fn is_of_name(&self) -> bool {
        // What the system says is kept as a text, for the processes that ask next.
        matches!(self, Self::Away { reason, .. } if reason.contains("failed to lookup address"))
    }

    /// Whether the database may do it in a moment.
    pub(in crate::store) fn is_away(&self) -> bool {
        matches!(
            self,
            Self::Away { .. } | Self::Unanswered { .. } | Self::ReadOnly { .. }
        )
    }
}
