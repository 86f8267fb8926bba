//! Leases: who must not lose a token under its hands holds a shared lock on that token's own file
//! (docs/refresh.md, "Leases"). It is taken, looked for and removed under the account's lock alone, so that
//! none ends up on a file that was just removed.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};

use super::error::StoreError;
use super::place::Place;
use super::{lock, names_in, replace};
use crate::credential::{GrantState, Record};
use crate::secret::Fingerprint;

/// Nobody refreshes a token that lives, but by force, as long as this or a copy of its descriptor is
/// open, in whatever process.
#[derive(Debug)]
#[must_use = "the lease ends when this is dropped"]
pub struct Lease {
    file: File,
}

impl Lease {
    /// Takes one on a token. `None`: as for [`Locked::lease`](super::Locked::lease).
    pub(super) fn take(place: &Place, token: Fingerprint) -> Result<Option<Self>, StoreError> {
        let file = lock::try_shared(&place.lease(token))?;
        Ok(file.map(|file| Self { file }))
    }
}

/// Whether somebody holds one on a token.
pub(super) fn is_held(place: &Place, token: Fingerprint) -> Result<bool, StoreError> {
    lock::is_held(&place.lease(token))
}

impl AsFd for Lease {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Removes the files for tokens that `record` has no more, or whose grant has ended. Who holds
/// one of them holds it without harm.
pub(super) fn sweep(place: &Place, record: &Record) {
    let ended = |state| matches!(state, GrantState::LoginRequired { .. });
    let grants = record.login().map_or(&[][..], |login| &login.grants);
    let current: Vec<_> = grants
        .iter()
        .filter(|grant| !ended(grant.state))
        .map(|grant| grant.access_token.fingerprint())
        .collect();
    for name in names_in(&place.folder).unwrap_or_default() {
        if place
            .leased_by(&name)
            .is_some_and(|token| !current.contains(&token))
        {
            // One that stays has no secret in it, and goes with the next rotation.
            replace::remove(&place.folder.join(name)).ok();
        }
    }
}
