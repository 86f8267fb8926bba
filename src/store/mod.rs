//! The store: one record and one lock file for each account, and the only ways to read and to
//! change them. See [`entry`] for the states, ARCHITECTURE.md for the protocol.

mod alert;
pub mod entry;
mod error;
pub mod examine;
mod lease;
mod lock;
mod named;
mod password;
mod permissions;
mod place;
mod record;
mod replace;
mod rescue;
mod settle;
mod staged;
mod standby;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

pub use alert::Alert;
pub use entry::{Entry, Locked, NewLogin, Occupied, RevocableToken, Snapshot, Stored, Vacant};
pub use error::{Kept, Lasts, LockError, StoreError};
pub use lease::Lease;
pub use lock::{HandedOver, Wait};
pub use named::{BadStore, NamedBy};
pub use staged::{NotStaged, Staged};
pub use standby::{Added, NewGrant};

use crate::credential::{AccountId, AccountName, Host};
use crate::secret::Fingerprint;
use crate::time::Timestamp;
use lock::AccountLock;
use place::Place;
use record::{Extra, Full};

#[cfg(test)]
pub(crate) use record::tests::without_client_id;

/// A folder of credential records.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    clock: fn() -> Timestamp,
}

impl Store {
    /// The store in `root`, which need not exist yet. Nothing is read or written.
    #[must_use]
    pub fn new(root: PathBuf, clock: fn() -> Timestamp) -> Self {
        Self { root, clock }
    }

    /// The same in a folder that a person or a script has named.
    pub fn named(root: PathBuf, by: NamedBy, clock: fn() -> Timestamp) -> Result<Self, BadStore> {
        named::check(&root, by)?;
        Ok(Self::new(root, clock))
    }

    /// Where it is, as it was given.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Reads a record without the lock: one open, one read (P9). `Ok(None)`: there is none.
    pub fn snapshot(&self, id: &AccountId) -> Result<Option<Snapshot>, StoreError> {
        let path = place::record_of(&self.root, id);
        let Some(text) = place::read_record(&path)? else {
            return Ok(None);
        };
        let full = record::parse(&text, id).map_err(|problem| problem.in_file(&path))?;
        let mut record = full.record;
        record.look_at_clocks(self.clock);
        Ok(Some(Snapshot::new(record)))
    }

    /// Takes an account's lock, rereads its record and finishes what a process that died had left
    /// there. There is no other way to a [`Locked`] but the two below, which do the same with a lock that
    /// is held already.
    ///
    /// A pending attempt whose room for the answer, or whose mark, is locked has an owner that lives: its
    /// lock file was removed or replaced. Then nothing is touched until that owner has ended its attempt.
    pub fn lock(&self, id: &AccountId, wait: &Wait<'_>) -> Result<Entry, LockError> {
        let place = self.writable_place(id)?;
        loop {
            let lock = AccountLock::acquire(&place.lock, wait)?;
            match self.reread(lock, &place)? {
                Found::Entry(entry) => return Ok(*entry),
                Found::Owned { owner, claim } => lock::wait_for_owner(&claim, &owner, wait)?,
                Found::Changed => {}
            }
        }
    }

    /// The lock that the process which started this one has handed over, by the descriptor that it left.
    /// `None`: that is not this account's lock, or not held, or another process has an attempt under way.
    pub fn lock_inherited(&self, id: &AccountId, file: File) -> Result<Option<Entry>, StoreError> {
        let place = self.writable_place(id)?;
        let lock = AccountLock::inherited(&place.lock, file)?;
        self.reread_if_had(lock, &place)
    }

    /// The lock that the process to which it was handed over did not take. `None`: it is lost.
    pub fn take_back(&self, id: &AccountId, lent: HandedOver) -> Result<Option<Entry>, StoreError> {
        let place = self.writable_place(id)?;
        let lock = AccountLock::taken_back(&place.lock, lent)?;
        self.reread_if_had(lock, &place)
    }

    fn reread_if_had(
        &self,
        lock: Option<AccountLock>,
        place: &Place,
    ) -> Result<Option<Entry>, StoreError> {
        let Some(lock) = lock else { return Ok(None) };
        Ok(match self.reread(lock, place)? {
            Found::Entry(entry) => Some(*entry),
            Found::Owned { .. } | Found::Changed => None,
        })
    }

    fn reread(&self, lock: AccountLock, place: &Place) -> Result<Found, StoreError> {
        let Some(mut found) = read_for_writing(place)? else {
            let vacant = Locked::vacant(lock, place.clone());
            return Ok(Found::Entry(Box::new(Entry::Vacant(vacant))));
        };
        if let Some(owner) = settle::owner(&found.0) {
            if let Some(claim) = place.claimed()? {
                let claim = claim.to_owned();
                return Ok(Found::Owned { owner, claim });
            }
            // That owner may have ended its attempt after the record was read.
            let Some(again) = read_for_writing(place)? else {
                return Ok(Found::Changed);
            };
            found = again;
        }
        let (full, extra) = found;
        let mut settled = settle::settle(place, full, extra, (self.clock)())?;
        settled.full.record.look_at_clocks(self.clock);
        let locked = Locked::occupied(lock, place.clone(), settled);
        Ok(Found::Entry(Box::new(Entry::Occupied(locked))))
    }

    /// Waits until nobody refreshes this account, for a store that cannot be written here.
    pub fn wait_until_free(&self, id: &AccountId, wait: &Wait<'_>) -> Result<(), LockError> {
        lock::wait_until_free(&Place::new(&self.root, id).lock, wait)
    }

    /// Waits, with no lock in hand, until no process holds a lease on this token (I9).
    pub fn wait_for_leases(
        &self,
        id: &AccountId,
        token: Fingerprint,
        wait: &Wait<'_>,
    ) -> Result<(), LockError> {
        let place = self.writable_place(id)?;
        lock::wait_until_unshared(&place.lease(token), wait)
    }

    /// Every account that has a record, in order.
    pub fn accounts(&self) -> Result<Vec<AccountId>, StoreError> {
        let mut found = Vec::new();
        for key in names_in(&self.root)? {
            // What is no folder is none of ours.
            if let Some(host) = Host::from_key(&key)
                && self.root.join(&key).is_dir()
            {
                found.extend(self.accounts_of(&host)?);
            }
        }
        found.sort();
        Ok(found)
    }

    /// Every account of one host that has a record, in order.
    pub fn accounts_of(&self, host: &Host) -> Result<Vec<AccountId>, StoreError> {
        let names = names_in(&self.root.join(host.key()))?;
        let mut found: Vec<AccountId> = names
            .iter()
            .filter_map(|name| name.strip_suffix(".toml"))
            .filter_map(|name| name.parse::<AccountName>().ok())
            .map(|account| AccountId {
                host: host.clone(),
                account,
            })
            .collect();
        found.sort();
        Ok(found)
    }

    /// What is wrong with the folders of these accounts: every command that takes a lock there refuses.
    #[must_use]
    pub fn troubles_of_folders(&self, ids: &[AccountId]) -> Vec<StoreError> {
        let Ok(root) = self.root.canonicalize() else {
            return Vec::new();
        };
        let mut folders: Vec<PathBuf> = ids.iter().map(|id| root.join(id.host.key())).collect();
        folders.dedup();
        folders.insert(0, root);
        let folders = folders.iter();
        folders
            .filter_map(|folder| permissions::trouble_of_folder(folder))
            .collect()
    }

    /// The place of an account, in folders that exist and are the user's own. The path is
    /// resolved first, so that two ways to one record share one lock.
    fn writable_place(&self, id: &AccountId) -> Result<Place, StoreError> {
        if !self.root.exists() {
            permissions::check_home(&self.root)?;
            permissions::private_folder(&self.root)?;
        }
        let root = self
            .root
            .canonicalize()
            .map_err(|error| StoreError::io("open", &self.root, error))?;
        permissions::check_folder(&root)?;
        let place = Place::new(&root, id);
        if !place.folder.exists() {
            permissions::check_home(&place.folder)?;
        }
        permissions::private_folder(&place.folder)?;
        Ok(place)
    }
}

/// What stands under a lock that was just had.
enum Found {
    Entry(Box<Entry>),
    /// The attempt of this process, which lives, and has claimed that file.
    Owned {
        owner: String,
        claim: PathBuf,
    },
    /// It has changed in that very moment.
    Changed,
}

/// The record in `place`, for a process that will write; `None` where there is none.
fn read_for_writing(place: &Place) -> Result<Option<(Full, Extra)>, StoreError> {
    let Some(text) = place.read_for_writing()? else {
        return Ok(None);
    };
    let full = record::parse(&text, &place.id);
    let full = full.map_err(|problem| problem.in_file(&place.record))?;
    Ok(Some((full, Extra::of(&text))))
}

/// The names in a folder; none where there is no folder.
fn names_in(folder: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| StoreError::io("read", folder, error))?,
    };
    let names = entries
        .map(|entry| entry.map(|entry| entry.file_name().into_string().ok()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| StoreError::io("read", folder, error))?;
    Ok(names.into_iter().flatten().collect())
}
