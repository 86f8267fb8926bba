//! What `doctor` looks at and tries: findings as data. Nothing here changes a record or waits for an
//! account's lock; what is written is written into a scratch folder, which goes again.

use std::path::PathBuf;

use super::error::StoreError;
use super::files::{RescuedFile, SharedLocks};
#[cfg(feature = "postgres")]
use super::record::Direction;
use super::recover;
#[cfg(feature = "postgres")]
use super::shared::{SharedError, SharedReport};
use super::{Full, Store};
use crate::credential::{AccountId, Host};
use crate::secret::Fingerprint;

pub use super::files::{
    Atomicity, Exclusion, FileSystem, Files, Holder, Nature, Opening, Openness, SecondProcess,
    Tried, is_own, second_try, try_out, ways_in,
};
pub use super::recover::RescueOutcome;

/// A file in a rescue place.
#[derive(Debug)]
pub struct RescuedAnswer {
    /// The place.
    pub path: PathBuf,
    /// The account of this store whose current refresh token was spent for it.
    pub waits_for: Option<AccountId>,
    /// Whose it says it is.
    pub names: Option<AccountId>,
}

/// A move between two stores that was cut off.
#[cfg(feature = "postgres")]
#[derive(Debug)]
pub struct Way {
    /// From this folder to the other store, rather than from there.
    pub is_leaving: bool,
    /// The other store.
    pub store: String,
}

impl Store {
    /// Looks at every file, or at those of one host. On a file system that is mounted read-only, owners and modes
    /// are what reading is content with, and reading sees to that.
    pub fn examine_files(&self, only: Option<&Host>) -> Result<Files, StoreError> {
        self.folder.examine(only)
    }

    /// What the database of a shared store says of itself; `None`: the store is a folder.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn examine_shared(&self) -> Option<Result<SharedReport, SharedError>> {
        let shared = self.shared.as_ref()?;
        let known = self.folder.accounts().unwrap_or_default().into_iter();
        let journals = known.flat_map(|id| self.folder.place(&id).journals().unwrap_or_default());
        Some(shared.examine(self.clock, &journals.collect::<Vec<_>>()))
    }

    /// The move of a login that was cut off.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn way_of(&self, id: &AccountId) -> Option<Way> {
        let full = self.folder.place(id).record().ok().flatten()?;
        let way = full.extra.store_move()?;
        Some(Way {
            is_leaving: way.direction == Direction::To,
            store: way.store,
        })
    }

    /// Every host that has a folder.
    pub fn hosts(&self) -> Result<Vec<Host>, StoreError> {
        self.folder.hosts()
    }

    /// The nearest folder that exists on the way to the store, which may be the store itself.
    #[must_use]
    pub fn nearest_folder(&self) -> Option<PathBuf> {
        self.folder.nearest()
    }

    /// The folders that may take new tokens where the store cannot, best first.
    #[must_use]
    pub fn rescue_places(&self) -> Vec<PathBuf> {
        self.folder.rescue_places()
    }

    /// Whether there is a store at all.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.folder.exists()
    }

    /// Whether it is on a file system that is mounted read-only.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.folder.is_read_only()
    }

    /// The process that has an account's lock now, or a claim on its pending attempt: that one lives too,
    /// though its lock file was removed.
    pub fn holder(&self, id: &AccountId) -> Result<Holder, StoreError> {
        let place = self.folder.place(id);
        let holder = place.holder()?;
        if holder != Holder::Free || place.claimed().ok().flatten().is_none() {
            return Ok(holder);
        }
        let owner = place.record()?.and_then(|full| recover::owner(&full));
        Ok(Holder::Taken(owner))
    }

    /// The leases that processes hold now, as the system says it: no lock is tried.
    #[must_use]
    pub fn leases(&self) -> Leases<'_> {
        let (store, locks) = (self, SharedLocks::now());
        Leases { store, locks }
    }

    /// What comes of an attempt that is pending, if its owner is dead; `None` where there is none.
    pub fn foresee(&self, id: &AccountId) -> Result<Option<RescueOutcome>, StoreError> {
        let place = self.folder.place(id);
        let pending = place.record()?.filter(Full::is_pending);
        Ok(pending.map(|full| recover::foresee(&place, &full)))
    }

    /// The files beside a record that no process needs, as long as none holds the lock and no attempt
    /// is pending: they may hold tokens.
    #[must_use]
    pub fn leftovers(&self, id: &AccountId) -> Vec<PathBuf> {
        self.folder.place(id).leftovers()
    }

    /// Every file in the rescue places, and what is wrong with those places.
    pub fn rescued(&self) -> Result<(Vec<RescuedAnswer>, Vec<StoreError>), StoreError> {
        let (files, troubles) = self.folder.rescued();
        let mut found: Vec<_> = files.into_iter().map(|file| (file, None)).collect();
        if !found.is_empty() {
            for id in self.accounts()? {
                self.match_rescued(&id, &mut found);
            }
        }
        let found = found.into_iter().map(|(file, waits_for)| RescuedAnswer {
            names: file.text().and_then(|text| text.whose()),
            waits_for,
            path: file.path,
        });
        Ok((found.collect(), troubles))
    }

    /// Notes at each file that this account's current refresh tokens were spent for whose it is.
    fn match_rescued(&self, id: &AccountId, found: &mut [(RescuedFile, Option<AccountId>)]) {
        // One that cannot be read is told of elsewhere.
        let Ok(Some(full)) = self.folder.place(id).record() else {
            return;
        };
        for spent in full.refresh_tokens.iter().flatten() {
            let of_it = found.iter_mut().filter(|(file, _)| file.is_for(spent));
            of_it.for_each(|(_, waits_for)| *waits_for = Some(id.clone()));
        }
    }
}

/// Which processes hold leases.
pub struct Leases<'a> {
    store: &'a Store,
    locks: SharedLocks,
}

impl Leases<'_> {
    /// The processes that took the leases on this token, in order. One that has ended may have left its lease to the
    /// command that it ran.
    #[must_use]
    pub fn holders(&self, id: &AccountId, token: Fingerprint) -> Vec<u32> {
        let place = self.store.folder.place(id);
        place.lease_holders(token, &self.locks)
    }
}
