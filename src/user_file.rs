//! Files that a person names: the configuration, a client secret, a certificate authority. What such a file
//! says decides where tokens go, so it must be one that no other user can have written: links are followed
//! and their target is checked, on the descriptor that is then read.

#[cfg(feature = "cli")]
mod write;

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use zeroize::Zeroizing;

use crate::env;
#[cfg(feature = "cli")]
pub use write::{Unchanged, change};

const WRITABLE_BY_ALL: u32 = 0o002;
const WRITABLE_BY_GROUP: u32 = 0o020;
const READABLE_BY_ALL: u32 = 0o004;
#[cfg(feature = "postgres")]
const READABLE_BY_GROUP: u32 = 0o040;

/// Why a file is not read; the sentence goes on after the file's name.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The system refuses it.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A pipe would hang for ever, a device has no end.
    #[error("is not a regular file")]
    NotRegular,
    /// Another user decides what is in it.
    #[error("is owned by {owner}, but glauth runs as {us}")]
    Foreign {
        /// The owner, by name and number.
        owner: String,
        /// This process's user, likewise.
        us: String,
    },
    /// Another user can change what is in it.
    #[error("can be written by {} (mode {mode:04o})", if *mode & WRITABLE_BY_ALL == 0 { "its group" } else { "every user" })]
    Writable {
        /// Its mode.
        mode: u32,
    },
    /// Another user can read a secret in it.
    #[error("can be read by {} (mode {mode:04o})", if *mode & READABLE_BY_ALL == 0 { "its group" } else { "every user" })]
    Readable {
        /// Its mode.
        mode: u32,
    },
    /// There is more in it than any such file has.
    #[error("is larger than {0} bytes")]
    TooLarge(u64),
}

impl Unusable {
    /// Whether there is no such file.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }

    /// Whether its mode lets other users read or write it.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn is_of_mode(&self) -> bool {
        matches!(self, Self::Readable { .. } | Self::Writable { .. })
    }

    /// Whether the system has too little of something now.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        matches!(self, Self::Io(error) if env::is_exhausted(error))
    }
}

/// A file that a connection to a database needs, and why it is not used.
#[cfg(feature = "postgres")]
#[derive(Debug)]
pub struct BadFile {
    /// Which one.
    pub path: PathBuf,
    /// The end of a sentence.
    pub reason: String,
    /// Whether its mode is at fault.
    pub is_open: bool,
}

#[cfg(feature = "postgres")]
impl BadFile {
    /// One that is not read.
    #[must_use]
    pub fn of(path: &Path, error: &Unusable) -> Self {
        Self {
            path: path.to_owned(),
            reason: error.to_string(),
            is_open: error.is_of_mode(),
        }
    }

    /// One with something in it that is of no use.
    #[must_use]
    pub fn content(path: &Path, reason: impl std::fmt::Display) -> Self {
        Self {
            path: path.to_owned(),
            reason: format!("is of no use: {reason}"),
            is_open: false,
        }
    }
}

/// Reads a file of at most `limit` bytes.
pub fn read(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, Unusable> {
    let (file, metadata) = open(path)?;
    read_opened(file, &metadata, limit)
}

fn read_opened(
    file: File,
    metadata: &Metadata,
    limit: u64,
) -> Result<Zeroizing<Vec<u8>>, Unusable> {
    // Allocated once: a buffer that grows leaves copies of secrets behind.
    let room = usize::try_from(metadata.len().min(limit)).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(room + 1));
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(Unusable::TooLarge(limit));
    }
    Ok(bytes)
}

/// The same as text.
pub fn read_text(path: &Path, limit: u64) -> Result<Zeroizing<String>, Unusable> {
    text_of(&read(path, limit)?)
}

fn text_of(bytes: &[u8]) -> Result<Zeroizing<String>, Unusable> {
    let text = str::from_utf8(bytes);
    let text = text.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Reads the text of a file that no other user may read. One of root's may be read by its group, as libpq has it for
/// keys: systemd hands credentials to a service so, and Kubernetes secrets to a pod.
#[cfg(feature = "postgres")]
pub fn read_secret(path: &Path, limit: u64) -> Result<Zeroizing<String>, Unusable> {
    let (file, metadata) = open(path)?;
    let mode = metadata.mode() & 0o7777;
    let is_for_group = mode & READABLE_BY_GROUP != 0 && metadata.uid() == 0;
    if mode & READABLE_BY_ALL != 0 || mode & READABLE_BY_GROUP != 0 && !is_for_group {
        return Err(Unusable::Readable { mode });
    }
    text_of(&read_opened(file, &metadata, limit)?)
}

/// What a text file says; one that is missing says nothing.
#[cfg(feature = "cli")]
pub fn text_at(path: &Path, limit: u64) -> Result<Zeroizing<String>, Unusable> {
    match read_text(path, limit) {
        Err(unusable) if unusable.is_missing() => Ok(Zeroizing::default()),
        read => read,
    }
}

/// Checks a file without reading it.
pub fn check(path: &Path) -> Result<(), Unusable> {
    open(path).map(drop)
}

/// Checks a file of certificate authorities, or a folder with such files, and says which path is at fault. What
/// cannot be opened vouches for no server, so it is left to the one that reads it.
pub fn check_authorities(path: &Path) -> Result<(), (PathBuf, Unusable)> {
    let at = |path: &Path| {
        let path = path.to_owned();
        |error| (path, error)
    };
    if path == Path::new("/dev/null") {
        // How a user says that there are none.
        return Ok(());
    }
    if !path.is_dir() {
        return unless_unread(check(path)).map_err(at(path));
    }
    unless_unread(check_folder(path)).map_err(at(path))?;
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let mut files = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_file());
    files.try_for_each(|file| unless_unread(check(&file)).map_err(at(&file)))
}

fn unless_unread(checked: Result<(), Unusable>) -> Result<(), Unusable> {
    match checked {
        Err(Unusable::Io(_)) => Ok(()),
        checked => checked,
    }
}

fn check_folder(path: &Path) -> Result<(), Unusable> {
    let folder = File::open(path)?;
    let metadata = folder.metadata()?;
    judge_owner(&folder, &metadata)
}

/// Opens without waiting for the other end of a pipe, and without taking over a terminal.
fn open(path: &Path) -> Result<(File, Metadata), Unusable> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits())
        .open(path)?;
    let metadata = file.metadata()?;
    judge(&file, &metadata)?;
    Ok((file, metadata))
}

/// Whether a file or folder is root's, though a user namespace that does not know root (systemd's for a user's units,
/// bubblewrap's, a rootless container's) shows it as one of a user without a number: below these folders no
/// other user has files.
fn is_of_the_system(file: &File, owner: u32) -> bool {
    let there = || fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()));
    env::hides_user(owner)
        && there().is_ok_and(|path| {
            ["/etc", "/usr", "/nix/store"]
                .iter()
                .any(|top| path.starts_with(top))
        })
}

fn judge(file: &File, found: &Metadata) -> Result<(), Unusable> {
    if !found.is_file() {
        return Err(Unusable::NotRegular);
    }
    judge_owner(file, found)
}

/// Whether only this user and root can change it.
fn judge_owner(file: &File, found: &Metadata) -> Result<(), Unusable> {
    let owner = found.uid();
    if ![env::user_id(), 0].contains(&owner) && !is_of_the_system(file, owner) {
        return Err(Unusable::Foreign {
            owner: env::user_named(owner),
            us: env::user_named(env::user_id()),
        });
    }
    let mode = found.mode() & 0o7777;
    let by_others = mode & WRITABLE_BY_ALL != 0
        || mode & WRITABLE_BY_GROUP != 0 && !env::is_private_group(found.gid(), owner);
    if by_others {
        return Err(Unusable::Writable { mode });
    }
    Ok(())
}
