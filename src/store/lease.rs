//! Leases: who must not lose a token under its hands holds a shared lock on that token's own file
//! (DESIGN, "Leases"). It is taken, looked for and removed under the account's lock alone, so that
//! none ends up on a file that was just removed.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};

use super::entry::{Locked, Occupied};
use super::error::StoreError;
use super::place::Place;
use super::{lock, names_in, replace};
use crate::credential::{GrantState, Record};

/// Nobody refreshes a token that lives, but by force, as long as this or a copy of its descriptor is
/// open, in whatever process.
#[derive(Debug)]
#[must_use = "the lease ends when this is dropped"]
pub struct Lease {
    file: File,
}

impl AsFd for Lease {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Locked<Occupied> {
    /// Takes a lease on this grant's access token. `None`: somebody waits for those that others
    /// hold, and has just got there; let the account's lock go and try once more.
    pub fn lease(&self, grant: usize) -> Result<Option<Lease>, StoreError> {
        if !self.lock.is_ours() {
            let path = self.place.lock.clone();
            return Err(StoreError::LockReplaced { path });
        }
        let Some(token) = self.token_name(grant) else {
            return Ok(None);
        };
        let file = lock::try_shared(&self.place.lease(token))?;
        Ok(file.map(|file| Lease { file }))
    }

    /// Whether somebody holds a lease on this grant's access token.
    pub(super) fn is_leased(&self, grant: usize) -> Result<bool, StoreError> {
        match self.token_name(grant) {
            Some(token) => lock::is_held(&self.place.lease(token)),
            None => Ok(false),
        }
    }

    fn token_name(&self, grant: usize) -> Option<crate::secret::Fingerprint> {
        let grant = self.record().login()?.grants.get(grant)?;
        Some(grant.access_token.fingerprint())
    }
}

/// Removes the files for tokens that `record` has no more, or whose grant has ended. Whoever holds
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
