//! Leases: a process that must not lose a token while it works holds a shared lock on that token's own file
//! (docs/refresh.md, "Leases"). It is taken, looked for and removed under the account's lock alone, so that
//! none ends up on a file that was just removed.

use std::fs::{self, File};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::lock;
use crate::store::error::StoreError;

/// No process refreshes a token that lives, but by force, as long as this or a copy of its descriptor is
/// open, in whatever process.
#[derive(Debug)]
#[must_use = "the lease ends when this is dropped"]
pub struct Lease {
    file: File,
}

impl Lease {
    /// Takes one with a token's file. `None`: as for [`Locked::lease`](crate::store::Locked::lease).
    pub(super) fn take(path: &Path) -> Result<Option<Self>, StoreError> {
        let file = lock::try_shared(path)?;
        Ok(file.map(|file| Self { file }))
    }
}

impl AsFd for Lease {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// The shared locks of all processes, as `/proc/locks` lists them; elsewhere none is known.
pub(in crate::store) struct SharedLocks(Vec<SharedLock>);

struct SharedLock {
    pid: u32,
    device: u64,
    inode: u64,
}

impl SharedLocks {
    pub(in crate::store) fn now() -> Self {
        let text = fs::read_to_string("/proc/locks").unwrap_or_default();
        Self(text.lines().filter_map(SharedLock::parse).collect())
    }

    /// The processes that share the lock on this file.
    pub(super) fn holders(&self, path: &Path) -> Vec<u32> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let Ok(found) = fs::symlink_metadata(path) else {
            return Vec::new();
        };
        let ours = |lock: &&SharedLock| lock.inode == found.ino() && lock.device == found.dev();
        let mut pids: Vec<u32> = self.0.iter().filter(ours).map(|lock| lock.pid).collect();
        pids.sort_unstable();
        pids
    }
}

impl SharedLock {
    /// `3: FLOCK  ADVISORY  READ  4711 fd:01:1234 0 EOF`; one that waits has a `->` in it (`proc_locks(5)`).
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, "READ", pid, file, ..] = words[..] else {
            return None;
        };
        let mut parts = file.split(':');
        let mut hex = || u64::from_str_radix(parts.next()?, 16).ok();
        let (major, minor) = (hex()?, hex()?);
        Some(Self {
            pid: pid.parse().ok()?,
            device: device(major, minor),
            inode: file.rsplit(':').next()?.parse().ok()?,
        })
    }
}

/// The number of a device as Linux gives it to `stat` (makedev(3)).
fn device(major: u64, minor: u64) -> u64 {
    (major & 0xfff) << 8 | minor & 0xff | (minor & !0xff) << 12 | (major & !0xfff) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_lock_is_read_and_others_are_not() {
        let found = SharedLock::parse("3: FLOCK  ADVISORY  READ 4711 fd:01:1234 0 EOF").unwrap();
        assert_eq!((found.pid, found.inode), (4711, 1234));
        assert_eq!(found.device, 0xfd01);
        for other in [
            "",
            "1: FLOCK  ADVISORY  WRITE 4711 fd:01:1234 0 EOF",
            "2: POSIX  ADVISORY  READ 4711 fd:01:1234 0 EOF",
            "2: -> FLOCK  ADVISORY  READ 4711 fd:01:1234 0 EOF",
        ] {
            assert!(SharedLock::parse(other).is_none(), "{other}");
        }
    }
}
