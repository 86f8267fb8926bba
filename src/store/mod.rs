//! The store: one record and one lock file for each account, and the only ways to read and to
//! change them. See [`entry`] for the states, ARCHITECTURE.md for the protocol.

mod add_grant;
mod alert;
pub mod entry;
mod error;
pub mod examine;
mod files;
mod named;
mod password;
mod record;
mod recover;
mod registered;
mod rename;
mod staged;

use std::fs::File;
use std::path::{Path, PathBuf};

pub use add_grant::{Added, NewGrant};
pub use alert::Alert;
pub use entry::{Entry, Locked, NewLogin, Occupied, RevocableToken, Snapshot, Stored, Vacant};
pub use error::{Kept, Lasts, LockError, StoreError};
pub use files::{HandedOver, Lease, Wait};
pub use named::{BadStore, NamedBy};
pub use rename::FreeName;
pub use staged::{NotStaged, Staged};

use crate::credential::{AccountId, Host};
use crate::secret::Fingerprint;
use crate::time::Timestamp;
use files::{Claim, Folder, LockedPlace};
use record::Full;

#[cfg(test)]
pub(crate) use record::tests::without_client_id;

/// Where credential records are: in a folder.
#[derive(Debug, Clone)]
pub struct Store {
    folder: Folder,
    clock: fn() -> Timestamp,
}

impl Store {
    /// The store in the folder `root`, which need not exist yet. Nothing is read or written.
    #[must_use]
    pub fn new(root: PathBuf, clock: fn() -> Timestamp) -> Self {
        let folder = Folder::new(root);
        Self { folder, clock }
    }

    /// The same in a folder that a person or a script has named.
    pub fn named(root: PathBuf, by: NamedBy, clock: fn() -> Timestamp) -> Result<Self, BadStore> {
        named::check(&root, by)?;
        Ok(Self::new(root, clock))
    }

    /// Where it is, as it was given.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.folder.root()
    }

    /// What time it is, by the clock that all times in its records are of.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Reads a record without the lock: one open, one read (P9). `Ok(None)`: there is none.
    pub fn snapshot(&self, id: &AccountId) -> Result<Option<Snapshot>, StoreError> {
        let Some(mut record) = self.folder.record(id)? else {
            return Ok(None);
        };
        record.look_at_clocks(|| self.now());
        Ok(Some(Snapshot::new(record)))
    }

    /// Takes an account's lock, rereads its record and finishes what a process that died had left
    /// there. There is no other way to a [`Locked`] but the two below, which do the same with a lock that
    /// is held already.
    ///
    /// A pending attempt whose room for the answer, or whose mark, is locked has an owner that lives: its
    /// lock file was removed or replaced. Then nothing is touched until that owner has ended its attempt.
    pub fn lock(&self, id: &AccountId, wait: &Wait<'_>) -> Result<Entry, LockError> {
        let place = self.folder.own_place(id)?;
        loop {
            match self.reread(place.lock(wait)?)? {
                Found::Entry(entry) => return Ok(*entry),
                Found::Owned { owner, claim } => claim.wait_for(&owner, wait)?,
                Found::Changed => {}
            }
        }
    }

    /// The lock that the process which started this one has handed over, by the descriptor that it left.
    /// `None`: that is not this account's lock, or not held, or another process has an attempt under way.
    pub fn lock_inherited(&self, id: &AccountId, file: File) -> Result<Option<Entry>, StoreError> {
        self.reread_if_had(self.folder.own_place(id)?.lock_inherited(file)?)
    }

    /// The lock that the process to which it was handed over did not take. `None`: it is lost.
    pub fn take_back(&self, id: &AccountId, lent: HandedOver) -> Result<Option<Entry>, StoreError> {
        self.reread_if_had(self.folder.own_place(id)?.take_back(lent)?)
    }

    fn reread_if_had(&self, place: Option<LockedPlace>) -> Result<Option<Entry>, StoreError> {
        let Some(place) = place else { return Ok(None) };
        Ok(match self.reread(place)? {
            Found::Entry(entry) => Some(*entry),
            Found::Owned { .. } | Found::Changed => None,
        })
    }

    fn reread(&self, place: LockedPlace) -> Result<Found, StoreError> {
        let Some(mut full) = place.own_record()? else {
            let vacant = Locked::vacant(place);
            return Ok(Found::Entry(Box::new(Entry::Vacant(vacant))));
        };
        if let Some(owner) = recover::owner(&full) {
            if let Some(claim) = place.claimed()? {
                return Ok(Found::Owned { owner, claim });
            }
            // That owner may have ended its attempt after the record was read.
            let Some(again) = place.own_record()? else {
                return Ok(Found::Changed);
            };
            full = again;
        }
        let mut recovered = recover::recover(&place, full, self.now())?;
        recovered.full.record.look_at_clocks(|| self.now());
        let locked = Locked::occupied(place, recovered);
        Ok(Found::Entry(Box::new(Entry::Occupied(locked))))
    }

    /// Waits until no process refreshes this account, for a store that cannot be written here.
    pub fn wait_until_free(&self, id: &AccountId, wait: &Wait<'_>) -> Result<(), LockError> {
        self.folder.place(id).wait_until_free(wait)
    }

    /// Waits, with no lock in hand, until no process holds a lease on this token (I9).
    pub fn wait_for_leases(
        &self,
        id: &AccountId,
        token: Fingerprint,
        wait: &Wait<'_>,
    ) -> Result<(), LockError> {
        self.folder.own_place(id)?.wait_for_leases(token, wait)
    }

    /// Every account that has a record, in order.
    pub fn accounts(&self) -> Result<Vec<AccountId>, StoreError> {
        self.folder.accounts()
    }

    /// Every account of one host that has a record, in order.
    pub fn accounts_of(&self, host: &Host) -> Result<Vec<AccountId>, StoreError> {
        self.folder.accounts_of(host)
    }

    /// What is wrong with the folders of these accounts: every command that takes a lock there refuses.
    #[must_use]
    pub fn troubles_of_folders(&self, ids: &[AccountId]) -> Vec<StoreError> {
        self.folder.troubles_of(ids)
    }
}

/// What stands under a lock that was just had.
enum Found {
    Entry(Box<Entry>),
    /// The attempt of this process, which lives, and has claimed a file.
    Owned {
        owner: String,
        claim: Claim,
    },
    /// It has changed in that very moment.
    Changed,
}
