//! The store: one record and one lock file for each account, and the only ways to read and to
//! change them. See [`entry`] for the states, ARCHITECTURE.md for the protocol.

mod accounts;
mod add_grant;
mod alert;
mod delivery;
pub mod entry;
mod error;
pub mod examine;
mod files;
#[cfg(feature = "postgres")]
mod moving;
mod named;
mod password;
mod record;
mod recover;
mod registered;
mod rename;
mod reread;
mod seat;
#[cfg(feature = "postgres")]
mod shared;
mod staged;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use add_grant::{Added, NewGrant};
pub use alert::Alert;
#[cfg(feature = "postgres")]
pub use delivery::Begin;
pub use entry::{Entry, Locked, NewLogin, Snapshot, Stored, Vacant};
pub use error::{Kept, Lasts, LockError, StoreError};
pub use files::{Awaited, HandedOver, Lease, Wait};
#[cfg(feature = "postgres")]
pub use moving::{Moved, TakenBack};
pub use named::{BadStore, NamedBy};
pub use rename::FreeName;
pub use reread::{Occupied, RevocableToken};
#[cfg(feature = "postgres")]
pub use shared::{
    BadKeys, Denied, KEYS_LIMIT, KeyId, KeyUse, SharedError, SharedReport, TABLES, grants, new_key,
    with_another_key,
};
#[cfg(feature = "postgres")]
pub use shared::{CLAIM, HESITATION};
pub use staged::{NotStaged, Staged};

#[cfg(feature = "postgres")]
use crate::credential::Content;
use crate::credential::{AccountId, Record};
use crate::secret::AccessToken;
use crate::time::Timestamp;
use files::{Claim, Folder, LockedPlace, Place};
use record::{Format, Full};
use seat::Seat;
#[cfg(feature = "postgres")]
use shared::{OpenedRow, SharedPlace, SharedStore};

#[cfg(test)]
pub(crate) use record::tests::without_client_id;

/// How long a call that only reads waits for a login that this machine has not seen yet.
const FETCH_LIMIT: Duration = Duration::from_secs(10);

/// Where credential records are: in a folder, or in a database that several machines share.
#[derive(Debug, Clone)]
pub struct Store {
    /// The records; of a shared store the caches, the locks and the journals of this machine.
    folder: Folder,
    clock: fn() -> Timestamp,
    #[cfg(feature = "postgres")]
    shared: Option<SharedStore>,
}

impl Store {
    /// The store in the folder `root`, which need not exist yet. Nothing is read or written.
    #[must_use]
    pub fn new(root: PathBuf, clock: fn() -> Timestamp) -> Self {
        Self {
            folder: Folder::new(root, Format::Record),
            clock,
            #[cfg(feature = "postgres")]
            shared: None,
        }
    }

    /// The store that a text names: a folder, or the address of a shared store. Nothing is read, written or connected.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn at(name: PathBuf, clock: fn() -> Timestamp) -> Self {
        match name.into_os_string().into_string() {
            Ok(address) if shared::is_shared(&address) => {
                let shared = SharedStore::new(address);
                Self {
                    folder: Folder::new(shared.cache_folder(), Format::Cache),
                    clock,
                    shared: Some(shared),
                }
            }
            Ok(folder) => Self::new(folder.into(), clock),
            Err(folder) => Self::new(folder.into(), clock),
        }
    }

    /// The store that a text names.
    #[cfg(not(feature = "postgres"))]
    #[must_use]
    pub fn at(name: PathBuf, clock: fn() -> Timestamp) -> Self {
        Self::new(name, clock)
    }

    /// Makes the tables of a shared store; a folder needs none.
    #[cfg(feature = "postgres")]
    pub fn make_tables(&self) -> Result<(), StoreError> {
        match &self.shared {
            Some(shared) => Ok(shared.make_tables()?),
            None => Ok(()),
        }
    }

    /// Whether what names it has a password in it.
    #[must_use]
    pub fn has_password(&self) -> bool {
        #[cfg(feature = "postgres")]
        return self.shared.as_ref().is_some_and(SharedStore::has_password);
        #[cfg(not(feature = "postgres"))]
        false
    }

    /// What names it, for [`at`](Self::at); without a password.
    #[must_use]
    pub fn name(&self) -> PathBuf {
        #[cfg(feature = "postgres")]
        if let Some(shared) = &self.shared {
            return shared.shown().into();
        }
        self.root().to_owned()
    }

    /// The same in a folder that a person or a script has named.
    pub fn named(root: PathBuf, by: NamedBy, clock: fn() -> Timestamp) -> Result<Self, BadStore> {
        named::check(&root, by)?;
        Ok(Self::at(root, clock))
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
        let Some((mut record, is_ahead)) = self.folder.record_to_deliver(id)? else {
            #[cfg(feature = "postgres")]
            if self.shared.is_some() {
                return self.fetch(id);
            }
            return Ok(None);
        };
        #[cfg(feature = "postgres")]
        if self.shared.is_some() && matches!(record.content, Content::LoggedOut(_)) {
            // Another machine may have logged in since; without the database this is all that is known.
            return match self.fetch(id) {
                Err(StoreError::Shared(error)) if error.is_away() => {
                    Ok(Some(Snapshot::new(record)))
                }
                found => found,
            };
        }
        record.look_at_clocks(|| self.now());
        Ok(Some(Snapshot::cached(record, is_ahead)))
    }

    /// The same, and of a shared store no more than this machine has cached, where it has anything.
    pub fn cached(&self, id: &AccountId) -> Result<Option<Snapshot>, StoreError> {
        match self.folder.record(id)? {
            Some(mut record) => {
                record.look_at_clocks(|| self.now());
                Ok(Some(Snapshot::new(record)))
            }
            None => self.snapshot(id),
        }
    }

    /// What the database of a shared store has; `None`: it is a folder.
    #[must_use]
    pub fn look_at_database(&self, id: &AccountId) -> Option<Result<Option<Snapshot>, StoreError>> {
        #[cfg(feature = "postgres")]
        if self.shared.is_some() {
            return Some(self.fetch(id));
        }
        let _ = id;
        None
    }

    /// Whether other machines have its logins, too.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        #[cfg(feature = "postgres")]
        return self.shared.is_some();
        #[cfg(not(feature = "postgres"))]
        false
    }

    /// The login of a shared store that this machine has no cache of yet.
    #[cfg(feature = "postgres")]
    fn fetch(&self, id: &AccountId) -> Result<Option<Snapshot>, StoreError> {
        let wait = Wait::in_silence(Instant::now() + FETCH_LIMIT);
        match self.lock_unless(id, &wait, &|_| false) {
            Ok(Entry::Occupied(locked)) => Ok(Some(Snapshot::new(locked.record().clone()))),
            Ok(Entry::Vacant(_)) => Ok(None),
            Err(LockError::Store(error)) => Err(error),
            Err(LockError::Timeout { .. }) => Ok(self.folder.record(id)?.map(Snapshot::new)),
        }
    }

    /// The place of an account, in folders that exist. None is made for an address that is none.
    fn own_place(&self, id: &AccountId) -> Result<Place, StoreError> {
        #[cfg(feature = "postgres")]
        if let Some(shared) = &self.shared {
            shared.check_address()?;
        }
        self.folder.own_place(id)
    }

    /// Takes an account's lock, rereads its record and finishes what a process that died had left
    /// there. There is no other way to a [`Locked`] but the two below, which do the same with a lock that
    /// is held already.
    ///
    /// A pending attempt whose room for the answer, or whose mark, is locked has an owner that lives: its
    /// lock file was removed or replaced. Then nothing is touched until that owner has ended its attempt.
    pub fn lock(&self, id: &AccountId, wait: &Wait<'_>) -> Result<Entry, LockError> {
        self.lock_with(id, wait, &|_| false)
    }

    /// The same for what is to be handed out or presented. In a shared store the database is not asked where what this
    /// machine has by now is enough: of a crowd that waited for one refresh, each process ends here. One that has lost
    /// what this machine has seen is an error; [`lock`](Self::lock) lets a person log in again.
    pub fn lock_unless(
        &self,
        id: &AccountId,
        wait: &Wait<'_>,
        is_enough: &dyn Fn(&Record) -> bool,
    ) -> Result<Entry, LockError> {
        let entry = self.lock_with(id, wait, is_enough)?;
        let lost = match &entry {
            Entry::Vacant(locked) => locked.lost(),
            Entry::Occupied(locked) => locked.lost(),
        };
        lost.map_or(Ok(entry), |lost| Err(lost.into()))
    }

    fn lock_with(
        &self,
        id: &AccountId,
        wait: &Wait<'_>,
        is_enough: &dyn Fn(&Record) -> bool,
    ) -> Result<Entry, LockError> {
        let place = self.own_place(id)?;
        #[cfg(feature = "postgres")]
        let mut elsewhere = shared::Elsewhere::new();
        loop {
            match self.reread(place.lock(wait)?, is_enough, wait.deadline)? {
                Found::Entry(entry) => {
                    if let Some(entry) = self.finished(*entry, wait)? {
                        return Ok(entry);
                    }
                }
                Found::Owned { owner, claim } => claim.wait_for(&owner, wait)?,
                Found::Changed => {}
                #[cfg(feature = "postgres")]
                Found::Elsewhere { by } => {
                    elsewhere.wait_for(format!("another machine ({by})"), wait)?;
                }
            }
        }
    }

    /// An entry with no move between two stores to finish; `None`: one was, and the record is to be read again.
    #[cfg(feature = "postgres")]
    fn finished(&self, entry: Entry, wait: &Wait<'_>) -> Result<Option<Entry>, LockError> {
        match entry {
            Entry::Occupied(locked) => match locked.state.full.extra.store_move() {
                Some(way) => self.finish_move(locked, &way, wait).map(|()| None),
                None => Ok(Some(Entry::Occupied(locked))),
            },
            vacant @ Entry::Vacant(_) => Ok(Some(vacant)),
        }
    }

    #[cfg(not(feature = "postgres"))]
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "with a shared store there is more to it"
    )]
    fn finished(&self, entry: Entry, _: &Wait<'_>) -> Result<Option<Entry>, LockError> {
        Ok(Some(entry))
    }

    /// The lock that the process which started this one has handed over, by the descriptor that it left.
    /// `None`: that is not this account's lock, or not held, or another process has an attempt under way.
    pub fn lock_inherited(&self, id: &AccountId, file: File) -> Result<Option<Entry>, StoreError> {
        self.reread_if_had(self.own_place(id)?.lock_inherited(file)?)
    }

    /// The lock that the process to which it was handed over did not take. `None`: it is lost.
    pub fn take_back(&self, id: &AccountId, lent: HandedOver) -> Result<Option<Entry>, StoreError> {
        self.reread_if_had(self.own_place(id)?.take_back(lent)?)
    }

    fn reread_if_had(&self, place: Option<LockedPlace>) -> Result<Option<Entry>, StoreError> {
        let Some(place) = place else { return Ok(None) };
        let deadline = Instant::now() + FETCH_LIMIT;
        Ok(match self.reread(place, &|_| false, deadline)? {
            Found::Entry(entry) => Some(*entry),
            Found::Owned { .. } | Found::Changed => None,
            #[cfg(feature = "postgres")]
            Found::Elsewhere { .. } => None,
        })
    }

    fn reread(
        &self,
        place: LockedPlace,
        is_enough: &dyn Fn(&Record) -> bool,
        deadline: Instant,
    ) -> Result<Found, StoreError> {
        #[cfg(feature = "postgres")]
        if let Some(shared) = &self.shared {
            return self.reread_shared(shared, place, is_enough, deadline);
        }
        // What a folder has is read anyway.
        let _ = (is_enough, deadline);
        let Some(mut full) = place.own_record()? else {
            let vacant = Locked::vacant(Seat::Folder(place));
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
        let locked = Locked::occupied(Seat::Folder(place), recovered);
        Ok(Found::Entry(Box::new(Entry::Occupied(locked))))
    }

    /// The same in a shared store, where the row is the login.
    #[cfg(feature = "postgres")]
    fn reread_shared(
        &self,
        shared: &SharedStore,
        place: LockedPlace,
        is_enough: &dyn Fn(&Record) -> bool,
        deadline: Instant,
    ) -> Result<Found, StoreError> {
        if let Some(claim) = place.claimed()? {
            let owner = place.own_record()?.as_ref().and_then(recover::owner);
            let owner = owner.unwrap_or_else(|| "another process".to_owned());
            return Ok(Found::Owned { owner, claim });
        }
        Ok(
            match SharedPlace::open(shared, place, self.clock, is_enough, deadline)? {
                OpenedRow::Vacant(place) => {
                    let vacant = Locked::vacant(Seat::Shared(Box::new(place)));
                    Found::Entry(Box::new(Entry::Vacant(vacant)))
                }
                OpenedRow::Occupied(place, mut found) => {
                    found.full.record.look_at_clocks(|| self.now());
                    let locked = Locked::occupied(Seat::Shared(Box::new(place)), found);
                    Found::Entry(Box::new(Entry::Occupied(locked)))
                }
                OpenedRow::Elsewhere { by } => Found::Elsewhere { by },
            },
        )
    }

    /// Waits until no process refreshes this account, for a store that cannot be written here.
    pub fn wait_until_free(&self, id: &AccountId, wait: &Wait<'_>) -> Result<(), LockError> {
        self.folder.place(id).wait_until_free(wait)
    }

    /// Waits, with no lock in hand, until no process holds a lease on this token (I9), on whatever machine.
    pub fn wait_for_leases(
        &self,
        id: &AccountId,
        token: &AccessToken,
        wait: &Wait<'_>,
    ) -> Result<(), LockError> {
        let place = self.own_place(id)?;
        #[cfg(feature = "postgres")]
        if let Some(shared) = &self.shared {
            let mut elsewhere = shared::Elsewhere::new();
            let machine = place.known_machine().unwrap_or_default();
            let names = shared.names_of(token).map_err(StoreError::from)?;
            loop {
                place.wait_for_leases(token.fingerprint(), wait)?;
                let leased = shared.is_leased(id, &names, &machine, wait.deadline);
                if !leased.map_err(StoreError::from)? {
                    return Ok(());
                }
                let by = "a command on another machine".to_owned();
                elsewhere.wait_for(by, wait)?;
            }
        }
        place.wait_for_leases(token.fingerprint(), wait)
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
    /// An attempt of a process on another machine.
    #[cfg(feature = "postgres")]
    Elsewhere {
        by: String,
    },
}
