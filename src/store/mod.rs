//! The store: one record and one lock file for each account, and the only ways to read and to
//! change them. See [`entry`] for the states, ARCHITECTURE.md for the protocol.

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

pub use entry::{Entry, Locked, NewLogin, Occupied, RevocableToken, Snapshot, Stored, Vacant};
pub use error::{LockError, StoreError};
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
use record::Extra;

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
        Ok(Some(Snapshot::new(full.record)))
    }

    /// Takes an account's lock, rereads its record and finishes what a process that died had left
    /// there. There is no other way to a [`Locked`] but the two below, which do the same with a lock that
    /// is held already.
    pub fn lock(&self, id: &AccountId, wait: &Wait<'_>) -> Result<Entry, LockError> {
        let place = self.writable_place(id)?;
        let lock = AccountLock::acquire(&place.lock, wait)?;
        Ok(self.reread(id, lock, place)?)
    }

    /// The lock that the process which started this one has handed over, by the descriptor that it left.
    /// `None`: that is not this account's lock, or not held.
    pub fn lock_inherited(&self, id: &AccountId, file: File) -> Result<Option<Entry>, StoreError> {
        let place = self.writable_place(id)?;
        let lock = AccountLock::inherited(&place.lock, file)?;
        lock.map(|lock| self.reread(id, lock, place)).transpose()
    }

    /// The lock that the process to which it was handed over did not take. `None`: it is lost.
    pub fn take_back(&self, id: &AccountId, lent: HandedOver) -> Result<Option<Entry>, StoreError> {
        let place = self.writable_place(id)?;
        let lock = AccountLock::taken_back(&place.lock, lent)?;
        lock.map(|lock| self.reread(id, lock, place)).transpose()
    }

    fn reread(&self, id: &AccountId, lock: AccountLock, place: Place) -> Result<Entry, StoreError> {
        let Some(text) = place.read_for_writing()? else {
            return Ok(Entry::Vacant(Locked::vacant(lock, place)));
        };
        let full = record::parse(&text, id).map_err(|problem| problem.in_file(&place.record))?;
        let settled = settle::settle(&place, full, Extra::of(&text), (self.clock)())?;
        let locked = Locked::occupied(lock, place, settled);
        Ok(Entry::Occupied(locked))
    }

    /// Waits until nobody refreshes this account, for a store that cannot be written here.
    pub fn wait_until_free(&self, id: &AccountId, wait: &Wait<'_>) -> Result<(), LockError> {
        lock::wait_until_free(&Place::new(&self.root, id).lock, wait)
    }

    /// Waits, with no lock in hand, until nobody holds a lease on this token (DESIGN, step 4).
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
