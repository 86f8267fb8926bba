//! What can be wrong with a store. Each variant is something that a person does differently.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

#[cfg(feature = "postgres")]
use super::shared::SharedError;
use crate::code::Code;
use crate::env;
use crate::told;

/// A store that cannot be used as it is. What concerns a file has its path; [`code`](StoreError::code) says what each
/// one comes to.
#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
pub enum StoreError {
    /// Owner or modes; the sentence says which.
    #[error("`{}` {problem}", path.display())]
    Permission {
        /// The file or folder.
        #[serde(with = "told::path")]
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// The mode that it should have, where that would mend it.
        wanted_mode: Option<u32>,
    },
    /// Not the kind of file that belongs there; the end of the sentence says what it is.
    #[error("`{}` is {found}", path.display())]
    WrongKind {
        /// The file or folder.
        #[serde(with = "told::path")]
        path: PathBuf,
        /// What is there.
        found: Cow<'static, str>,
    },
    /// A folder of the store in which other users can put files of their own: nothing is written there,
    /// and nothing that is read under its lock is handed out.
    #[error("`{}` can be written by other users (mode {mode:04o})", path.display())]
    OpenFolder {
        /// The folder.
        #[serde(with = "told::path")]
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The file system is mounted read-only.
    #[error("`{}` is on a read-only file system", path.display())]
    ReadOnly {
        /// The file or folder.
        #[serde(with = "told::path")]
        path: PathBuf,
    },
    /// Not a whole, well-formed record of this account.
    #[error("`{}`{} is not a usable record: {problem}", path.display(), at_line(*line))]
    Corrupt {
        /// The record.
        #[serde(with = "told::path")]
        path: PathBuf,
        /// Where in it, from 1.
        line: Option<usize>,
        /// What is wrong with it.
        problem: String,
    },
    /// Written by a newer glauth.
    #[error("`{}` has version {version}; this glauth knows version 1", path.display())]
    UnsupportedVersion {
        /// The record.
        #[serde(with = "told::path")]
        path: PathBuf,
        /// Its version.
        version: String,
    },
    /// Written by a newer glauth, with a value that this one does not know.
    #[error("`{}`{} was written by a newer glauth: {problem}", path.display(), at_line(*line))]
    NewerValue {
        /// The record.
        #[serde(with = "told::path")]
        path: PathBuf,
        /// Where in it, from 1.
        line: Option<usize>,
        /// Which key it is.
        problem: String,
    },
    /// No room.
    #[error("no space left for `{}`: {source}", path.display())]
    DiskFull {
        /// The file that was to be written.
        #[serde(with = "told::path")]
        path: PathBuf,
        /// ENOSPC or EDQUOT.
        #[serde(with = "told::answer")]
        source: io::Error,
    },
    /// The file system does not lock.
    #[error("`{}` cannot be locked on this file system: {source}", path.display())]
    LockingUnsupported {
        /// The lock file.
        #[serde(with = "told::path")]
        path: PathBuf,
        /// What it said.
        #[serde(with = "told::answer")]
        source: io::Error,
    },
    /// Another program replaced or removed the lock file while it was held: another process may have
    /// the account now, so nothing was written.
    #[error("`{}` was replaced or removed while it was locked; nothing was changed", path.display())]
    LockReplaced {
        /// The lock file.
        #[serde(with = "told::path")]
        path: PathBuf,
    },
    /// The server rotated, and the answer could not be put in its place.
    #[error("the refreshed tokens could not be stored in `{}`: {reason}; {}", path.display(), kept_in(rescued.as_ref()))]
    AnswerNotStored {
        /// The record.
        #[serde(with = "told::path")]
        path: PathBuf,
        /// Where the answer is instead; the next process finds it there.
        rescued: Option<Kept>,
        /// Why, as a sentence.
        reason: String,
    },
    /// The database of a shared store.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    Shared(#[from] SharedError),
    /// Any other answer of the file system.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// A verb.
        action: Cow<'static, str>,
        /// Its object.
        #[serde(with = "told::path")]
        path: PathBuf,
        /// What it said.
        #[serde(with = "told::answer")]
        source: io::Error,
    },
}

/// How long a rescued answer stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lasts {
    /// Over a restart.
    OverRestart,
    /// Until the machine restarts: in memory, or in a folder that is emptied then.
    UntilRestart,
    /// Until the user's last session ends.
    UntilLogout,
}

/// A rescued answer.
#[derive(Debug, Serialize, Deserialize)]
pub struct Kept {
    /// Where it is.
    #[serde(with = "told::path")]
    pub path: PathBuf,
    /// How long it stays there.
    pub lasts: Lasts,
}

fn at_line(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!(", line {line},"))
}

fn kept_in(rescued: Option<&Kept>) -> String {
    let Some(Kept { path, lasts }) = rescued else {
        return "they are lost".to_owned();
    };
    let path = path.display();
    let limit = match lasts {
        Lasts::OverRestart => {
            return format!("they are safe in `{path}`, where the next call finds them");
        }
        Lasts::UntilRestart => "this machine restarts",
        Lasts::UntilLogout => "your last session on this machine ends",
    };
    format!("they are in `{path}`, where the next call finds them, but only until {limit}")
}

impl StoreError {
    /// Whether another machine has written what was to be written, so that it is to be read again.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn is_changed(&self) -> bool {
        matches!(self, Self::Shared(SharedError::Changed { .. }))
    }

    /// Whether what was written may be in the database of a shared store all the same: nothing of it is to be ended at the
    /// server.
    #[must_use]
    pub fn may_be_stored(&self) -> bool {
        #[cfg(feature = "postgres")]
        return matches!(self, Self::Shared(SharedError::Unanswered { .. }));
        #[cfg(not(feature = "postgres"))]
        false
    }

    /// Its error code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Permission { .. } | Self::WrongKind { .. } | Self::OpenFolder { .. } => {
                Code::Permission
            }
            Self::ReadOnly { .. } => Code::ReadOnly,
            Self::Corrupt { .. } => Code::Corrupt,
            Self::UnsupportedVersion { .. } | Self::NewerValue { .. } => Code::UnsupportedVersion,
            Self::DiskFull { .. } => Code::DiskFull,
            Self::LockingUnsupported { .. } => Code::LockingUnsupported,
            #[cfg(feature = "postgres")]
            Self::Shared(error) => error.code(),
            Self::Io { source, .. } if env::is_exhausted(source) => Code::Exhausted,
            Self::LockReplaced { .. } | Self::AnswerNotStored { .. } | Self::Io { .. } => {
                Code::StoreFailed
            }
        }
    }

    /// Whether another glauth can read what this is about.
    pub(super) fn is_newer(&self) -> bool {
        matches!(
            self,
            Self::UnsupportedVersion { .. } | Self::NewerValue { .. }
        )
    }

    /// Whether this is about writing alone: reading may still work.
    #[must_use]
    pub fn is_unwritable(&self) -> bool {
        matches!(
            self,
            Self::ReadOnly { .. } | Self::Permission { .. } | Self::WrongKind { .. }
        )
    }
}

/// Why the lock was not had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process had it all the time.
    #[error("the lock was held by {} for {}", holder.as_deref().unwrap_or("another process"), crate::time::human(*waited))]
    Timeout {
        /// As it named itself in the lock file.
        holder: Option<String>,
        /// How long this process waited.
        waited: Duration,
    },
    /// It cannot be had at all.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LockError {
    /// Its error code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Timeout { .. } => Code::LockTimeout,
            Self::Store(error) => error.code(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;

    use nix::errno::Errno;

    use super::*;

    #[test]
    fn an_error_is_read_as_it_was_told() {
        let path = PathBuf::from(OsString::from_vec(b"/store/\xff".to_vec()));
        let source = || io::Error::from(Errno::ESTALE);
        for error in [
            StoreError::io("sync", &path, source()),
            StoreError::io("write", &path, Errno::ENOSPC.into()),
            StoreError::io("write", &path, Errno::EACCES.into()),
            StoreError::io("write", &path, io::Error::other("by no call")),
            StoreError::NewerValue {
                path: path.clone(),
                line: Some(3),
                problem: "no".to_owned(),
            },
            StoreError::AnswerNotStored {
                path: path.clone(),
                rescued: Some(Kept {
                    path: path.clone(),
                    lasts: Lasts::UntilLogout,
                }),
                reason: "no".to_owned(),
            },
            StoreError::AnswerNotStored {
                path: path.clone(),
                rescued: None,
                reason: "no".to_owned(),
            },
        ] {
            let told = serde_json::to_string(&error).unwrap();
            let read: StoreError = serde_json::from_str(&told).unwrap();
            assert_eq!(read.to_string(), error.to_string());
            let form =
                |error: &StoreError| format!("{error:?}").split(' ').next().map(String::from);
            assert_eq!(form(&read), form(&error));
        }
    }
}
