//! Leases: a process that must not lose a token while it works holds a shared lock on that token's own file
//! (docs/refresh.md, "Leases"). It is taken, looked for and removed under the account's lock alone, so that
//! none ends up on a file that was just removed.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
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
