//! Another name for an account (docs/refresh.md, "Another name for an account"). The record moves by one rename, under
//! the locks of both names. Before that it says where it goes, so that it is good under either name: a process that
//! dies leaves one record, and the next process that locks it makes it whole.

use std::time::Instant;

use super::entry::{Entry, Locked};
use super::error::{LockError, StoreError};
use super::files::Wait;
use super::reread::Occupied;
use super::seat::Seat;
use super::{Alert, Store};
use crate::credential::{AccountId, Content, Generation};
use crate::fault;

/// A name that an account can get: nothing is stored under it, or what a logout left. Dropping it releases its lock.
#[derive(Debug)]
#[must_use = "the lock is released when this is dropped"]
pub struct FreeName {
    place: Seat,
    /// The last generation that was stored under it: none comes back (I5).
    reached: Generation,
}

impl Entry {
    /// The name of an account that can be given to another one; `None`: a login has it.
    #[must_use]
    pub fn free_name(self) -> Option<FreeName> {
        match self {
            Self::Vacant(locked) => Some(FreeName {
                place: locked.place,
                reached: 0,
            }),
            Self::Occupied(locked) => match locked.record().content {
                Content::LoggedOut(_) => Some(FreeName {
                    reached: locked.record().generation(),
                    place: locked.place,
                }),
                Content::Login(_) | Content::Password(_) => None,
            },
        }
    }
}

impl Store {
    /// Takes the locks of two accounts. This process waits for neither with the other one in its hands: two that want
    /// the same two cannot block each other.
    pub fn lock_both(
        &self,
        one: &AccountId,
        other: &AccountId,
        wait: &Wait<'_>,
    ) -> Result<(Entry, Entry), LockError> {
        #[cfg(feature = "postgres")]
        if self.is_shared() {
            let what = "rename an account".to_owned();
            return Err(StoreError::from(super::SharedError::NotShared { what }).into());
        }
        loop {
            let first = self.lock(one, wait)?;
            let at_once = Wait {
                deadline: Instant::now(),
                on_wait: wait.on_wait,
            };
            match self.lock(other, &at_once) {
                Err(LockError::Timeout { .. }) => {}
                had => return Ok((first, had?)),
            }
            drop(first);
            drop(self.lock(other, wait)?);
        }
    }

    /// What a timer has told of an account is told of it under its new name. Only people are told twice if it fails.
    pub fn move_alert(&self, from: &AccountId, to: &AccountId) {
        let (told, nothing) = (self.alert(Some(from)), Alert::default());
        let before = self.alert(Some(to));
        self.keep_alert(Some(to), &before, &told).ok();
        self.keep_alert(Some(from), &told, &nothing).ok();
    }
}

impl Locked<Occupied> {
    /// Gives this account another name. Leases on its tokens go with it (P6). Returns what a person should know.
    pub fn rename(mut self, to: &FreeName) -> Result<Vec<StoreError>, StoreError> {
        let tokens = self.tokens();
        for token in &tokens {
            self.place.local().share_lease(*token, to.place.local())?;
        }
        let full = &mut self.state.full;
        full.record.content.count_beyond(to.reached);
        full.extra.move_to(&to.place.local().id().account);
        if let Some(uncertain) = self.place.replace(&self.state.full)? {
            return Err(uncertain);
        }
        fault::point("rename_marked");
        let uncertain = self.place.local().move_record(to.place.local())?;
        fault::point("rename_moved");
        let full = &mut self.state.full;
        full.record.id = to.place.local().id().clone();
        full.extra.arrive();
        // Else the next process does it.
        let unsaved = match to.place.replace(full) {
            Ok(uncertain) => uncertain,
            Err(error) => Some(error),
        };
        for token in tokens {
            self.place.local().remove_lease(token);
        }
        let mut warnings = self.state.warnings;
        warnings.extend(uncertain.into_iter().chain(unsaved));
        Ok(warnings)
    }
}
