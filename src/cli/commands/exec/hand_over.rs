//! What a command inherits: descriptors of files in memory, and of its lease.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::fd::{AsFd, AsRawFd as _, RawFd};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};

use crate::secret::AccessToken;

/// Where what the command need not know of is kept: shells leave their scripts the descriptors with one
/// digit (POSIX, 2.7) and keep their own from 10 on, and `flock` is mostly shown with 200.
const OUT_OF_THE_WAY: RawFd = 100;
/// Where there are so few that this is none: the first one that is not among the three of every program.
const FIRST_FREE: RawFd = 3;

/// A file without a name, with a token in it.
pub(super) struct MemoryFile(File);

impl MemoryFile {
    pub(super) fn new() -> io::Result<Self> {
        memory_file().map(Self)
    }

    /// The same, as the descriptor `number` of the command.
    pub(super) fn at(number: RawFd) -> io::Result<Self> {
        let file = memory_file()?;
        if file.as_raw_fd() == number {
            fcntl(&file, FcntlArg::F_SETFD(FdFlag::empty()))?;
            return Ok(Self(file));
        }
        // The lowest one that is free, from there on.
        match fcntl(&file, FcntlArg::F_DUPFD(number)) {
            Ok(had) if had == number => Ok(Self(file)),
            Ok(_) => {
                let message = format!("descriptor {number} is open already");
                Err(io::Error::new(io::ErrorKind::AlreadyExists, message))
            }
            Err(errno) => {
                let error = io::Error::from(errno);
                let message = format!("descriptor {number} cannot be had: {error}");
                Err(io::Error::new(error.kind(), message))
            }
        }
    }

    /// Exactly the token, to be read from the beginning.
    pub(super) fn fill(&self, token: &AccessToken) -> io::Result<()> {
        let mut file = &self.0;
        file.write_all(token.expose().as_bytes())?;
        file.rewind()
    }

    /// Where the command, and what it starts, finds it.
    pub(super) fn path_that_stays(&self) -> io::Result<String> {
        let number = stays_open(self.0.as_fd())?;
        let folder = if cfg!(target_os = "linux") {
            "/proc/self/fd"
        } else {
            "/dev/fd"
        };
        Ok(format!("{folder}/{number}"))
    }
}

/// Leaves a copy of a descriptor to the command and to what that starts, and says which.
pub(super) fn stays_open(file: impl AsFd) -> io::Result<RawFd> {
    let copy = |least| fcntl(file.as_fd(), FcntlArg::F_DUPFD(least));
    Ok(copy(OUT_OF_THE_WAY).or_else(|_| copy(FIRST_FREE))?)
}

#[cfg(target_os = "linux")]
fn memory_file() -> io::Result<File> {
    use nix::sys::memfd::{MFdFlags, memfd_create};
    Ok(memfd_create("token", MFdFlags::MFD_CLOEXEC)?.into())
}

/// Where there are no files in memory, one that has no name any more.
#[cfg(not(target_os = "linux"))]
fn memory_file() -> io::Result<File> {
    tempfile::tempfile()
}
