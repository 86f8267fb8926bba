//! An account under its lock, in either kind of store: what a state of a record can do with it (I1).

use super::error::StoreError;
use super::files::{HandedOver, Lease, LockedPlace, Room};
use super::record::Full;
use super::reread::{Put, RevocableToken};
#[cfg(feature = "postgres")]
use super::shared::{JOURNAL_GROWTH, SharedPlace};
use crate::credential::{Client, Record};
use crate::secret::{AccessToken, RefreshToken};
use crate::signals::BlockedSignals;
use crate::time::Timestamp;

/// An account under its lock.
#[derive(Debug)]
#[cfg_attr(
    feature = "postgres",
    expect(
        clippy::large_enum_variant,
        reason = "a folder's is the usual one, and it lives once"
    )
)]
pub(super) enum Seat {
    /// In a folder of this machine.
    Folder(LockedPlace),
    /// In a database; the lock is that of this machine.
    #[cfg(feature = "postgres")]
    Shared(Box<SharedPlace>),
}

/// What came of a mark.
pub(super) enum Marked {
    /// The request may leave.
    Yes,
    /// Another machine was faster, or keeps the token: the record is to be read again.
    #[cfg(feature = "postgres")]
    No,
}

impl Seat {
    /// The files of this machine.
    pub fn local(&self) -> &LockedPlace {
        match self {
            Self::Folder(place) => place,
            #[cfg(feature = "postgres")]
            Self::Shared(shared) => &shared.local,
        }
    }

    fn into_local(self) -> LockedPlace {
        match self {
            Self::Folder(place) => place,
            #[cfg(feature = "postgres")]
            Self::Shared(shared) => shared.local,
        }
    }

    /// From now on the first signal is answered with a line on stderr.
    pub fn announce(&mut self, notice: String) {
        match self {
            Self::Folder(place) => place.announce(notice),
            #[cfg(feature = "postgres")]
            Self::Shared(shared) => shared.local.announce(notice),
        }
    }

    /// Unlocks it. Signals still wait, until what is returned is dropped.
    pub fn release(self) -> BlockedSignals {
        self.into_local().release()
    }

    /// Gives the lock to another process.
    pub fn hand_over(self) -> HandedOver {
        self.into_local().hand_over()
    }

    /// Writes the record as it was changed.
    pub fn replace(&self, full: &Full) -> Result<Option<StoreError>, StoreError> {
        match self {
            Self::Folder(place) => place.replace(full),
            #[cfg(feature = "postgres")]
            Self::Shared(shared) => shared.replace(full),
        }
    }

    /// The same with what people and servers have just said in it.
    pub fn replace_checked(&self, full: &Full) -> Result<Option<StoreError>, StoreError> {
        match self {
            Self::Folder(place) => place.replace_checked(full),
            #[cfg(feature = "postgres")]
            Self::Shared(shared) => shared.replace(full),
        }
    }

    /// Puts another login in the place of what is there.
    pub fn replace_login(&self, full: &Full) -> Result<Put, StoreError> {
        match self {
            Self::Folder(place) => place.replace_checked(full).map(Put::Done),
            #[cfg(feature = "postgres")]
            Self::Shared(shared) => shared.replace_login(full),
        }
    }

    /// Puts what a logout leaves in the place of a login.
    pub fn put_tombstone(&self, full: &Full) -> Result<Put, StoreError> {
        match self {
            Self::Folder(place) => place.replace(full).map(Put::Done),
            #[cfg(feature = "postgres")]
            Self::Shared(shared) => shared.replace_login(full),
        }
    }

    /// The id of the login in the row of a shared store.
    #[cfg(feature = "postgres")]
    pub fn login(&self) -> Option<String> {
        match self {
            Self::Folder(_) => None,
            Self::Shared(shared) => shared.login(),
        }
    }

    /// Why nothing of it may be presented or handed out, though it can be replaced.
    pub fn lost(&self) -> Option<StoreError> {
        match self {
            Self::Folder(_) => None,
            #[cfg(feature = "postgres")]
            Self::Shared(shared) => shared.lost().map(Into::into),
        }
    }

    /// What ends answers at the server whose login is gone. They are forgotten here.
    pub fn take_orphans(&self) -> Vec<(Client, RevocableToken)> {
        match self {
            Self::Folder(_) => Vec::new(),
            #[cfg(feature = "postgres")]
            Self::Shared(shared) => shared.take_orphans(),
        }
    }

    /// Removes the record, for good.
    pub fn remove_record(&self) -> Result<(), StoreError> {
        match self {
            Self::Folder(place) => place.remove_record(),
            #[cfg(feature = "postgres")]
            Self::Shared(shared) => shared.remove_record(),
        }
    }

    /// Makes room for an answer of this size, and marks the attempt (P2, I2). `token` is what it would end, if a lease
    /// on that token matters.
    pub fn mark(
        &self,
        full: &Full,
        bytes: usize,
        token: Option<&AccessToken>,
    ) -> Result<(Room, Marked), StoreError> {
        let local = self.local();
        let mut room = local.make_room(match self {
            Self::Folder(_) => bytes,
            #[cfg(feature = "postgres")]
            Self::Shared(_) => bytes + JOURNAL_GROWTH,
        })?;
        let marked = match self {
            Self::Folder(place) => {
                // The locks of its leases are looked at before.
                let _ = token;
                place.mark(&mut room, &place.text_of(full)?)?;
                Marked::Yes
            }
            #[cfg(feature = "postgres")]
            Self::Shared(shared) => {
                if shared.claim(&mut room, full, token)? {
                    Marked::Yes
                } else {
                    Marked::No
                }
            }
        };
        Ok((room, marked))
    }

    /// Whether so much time has passed since the mark that the request must not leave any more.
    pub fn is_overdue(&self) -> bool {
        match self {
            Self::Folder(_) => false,
            #[cfg(feature = "postgres")]
            Self::Shared(shared) => shared.is_overdue(),
        }
    }

    /// Stores the new tokens of a grant, spent for `spent` (P3). `Ok` with an error: they are safe, and something else
    /// is not as it should be.
    pub fn put_rotation(
        &self,
        room: &mut Room,
        full: &Full,
        spent: Option<&RefreshToken>,
    ) -> Result<Option<StoreError>, StoreError> {
        match self {
            Self::Folder(place) => {
                let text = place.text_of(full)?;
                place.put_answer(room, &text).map_err(|error| match spent {
                    Some(token) => place.rescue(text.as_bytes(), token, &error),
                    // What needs no refresh token can be asked for again.
                    None => error,
                })
            }
            #[cfg(feature = "postgres")]
            Self::Shared(shared) => shared.put_answer(room, full, spent),
        }
    }

    /// Writes down that an attempt has failed.
    pub fn put_failure(
        &self,
        room: &mut Room,
        full: &Full,
    ) -> Result<Option<StoreError>, StoreError> {
        match self {
            Self::Folder(place) => place.put_answer(room, &place.text_of(full)?),
            #[cfg(feature = "postgres")]
            Self::Shared(shared) => shared.put_failure(full),
        }
    }

    /// Takes a lease on a token that lives until then. `None`: it cannot be had at this moment.
    pub fn lease(
        &self,
        token: &AccessToken,
        until: Option<Timestamp>,
    ) -> Result<Option<Lease>, StoreError> {
        let lease = self.local().lease(token.fingerprint())?;
        match self {
            Self::Folder(_) => {
                let _ = until;
                Ok(lease)
            }
            #[cfg(feature = "postgres")]
            Self::Shared(shared) => match lease {
                Some(lease) if shared.note_lease(token, until)? => Ok(Some(lease)),
                _ => Ok(None),
            },
        }
    }

    /// Whether a command holds a lease on a token.
    pub fn is_leased(&self, token: &AccessToken) -> Result<bool, StoreError> {
        let here = self.local().is_leased(token.fingerprint())?;
        match self {
            Self::Folder(_) => Ok(here),
            #[cfg(feature = "postgres")]
            Self::Shared(shared) => Ok(here || shared.is_leased_elsewhere(token)?),
        }
    }

    /// Removes the leases on tokens that a record has no more.
    pub fn sweep_leases(&self, record: &Record) {
        self.local().sweep_leases(record);
    }

    /// Takes away what a preparation that failed has left; `full` is the record from before it.
    pub fn take_back(&self, full: &Full) {
        match self {
            Self::Folder(place) => {
                place.clear_room();
                let on_disk = place.own_record().ok().flatten();
                if on_disk.is_some_and(|found| found.record != full.record) {
                    place.replace(full).ok();
                }
            }
            #[cfg(feature = "postgres")]
            Self::Shared(shared) => shared.take_back(full),
        }
    }
}
