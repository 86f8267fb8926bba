//! The end of an attempt: an answer, which must not be lost, or a failure.

use super::SharedPlace;
use super::merge::{self, merged};
use super::open::next_delivery;
use super::write::{Write, copy};
use crate::fault;
use crate::secret::RefreshToken;
use crate::store::error::StoreError;
use crate::store::files::Room;
use crate::store::record::Full;
use crate::store::shared::error::SharedError;
use crate::store::shared::rows::Condition;

impl SharedPlace {
    /// Ends the attempt with an answer that must not be lost: into the journal first, then into the row, then into the
    /// cache. `Ok` with an error: it is safe here, and not in the row yet. `spent` is what the answer was given for.
    pub(in crate::store) fn put_answer(
        &self,
        room: &mut Room,
        full: &Full,
        spent: Option<&RefreshToken>,
    ) -> Result<Option<StoreError>, StoreError> {
        let login = self.login().unwrap_or_default();
        let attempt = self.attempt();
        let sealed = self.sealed_answer(full, &login, &attempt)?;
        let kept = self
            .local
            .keep_in_journal(room, &sealed)
            .or_else(|_| self.local.write_journal(&sealed))
            // What needs no refresh token can be asked for again.
            .map_err(|error| match spent {
                Some(spent) => self.local.rescue(&sealed, spent, &error),
                None => error,
            });
        self.state.borrow_mut().claim = None;
        match self.deliver(full, &login, &attempt, true) {
            Ok(merged) => {
                fault::point("delivered");
                self.local.remove_answer();
                if let (Err(_), Some(spent)) = (kept, spent) {
                    self.local.forget_rescued(spent);
                }
                self.put_cache(&merged)
            }
            Err(error @ StoreError::Shared(SharedError::Changed { .. })) => {
                kept?;
                Err(error)
            }
            Err(undelivered) => {
                kept?;
                let mut state = self.state.borrow_mut();
                state.note.undelivered = true;
                state.note.deliver_at = Some(next_delivery((self.clock)()));
                drop(state);
                self.put_cache(full)?;
                Ok(Some(undelivered))
            }
        }
    }

    /// Ends the attempt with a failure, or takes it back, as long as the claim is this process's.
    pub(in crate::store) fn put_failure(
        &self,
        full: &Full,
    ) -> Result<Option<StoreError>, StoreError> {
        let attempt = self.attempt();
        self.state.borrow_mut().claim = None;
        let ended = self.end_claim(full, &attempt);
        let Ok(current) = ended else {
            // The next process of this machine finds the verdict beside its own reservation.
            self.put_cache(full).ok();
            return ended.map(|_| None);
        };
        self.state.borrow_mut().note.reservation = None;
        self.local.remove_answer();
        match current {
            Some(current) => self.put_cache(&current),
            // Another machine has taken over, and what it wrote is to be read.
            None => Ok(None),
        }
    }

    fn end_claim(&self, full: &Full, attempt: &str) -> Result<Option<Full>, StoreError> {
        let mut current = copy(full);
        loop {
            let write = Write::of(&current);
            if self
                .write_row(&current, &write, &Condition::default())?
                .is_some()
            {
                return Ok(Some(current));
            }
            let (before, base) = self.before()?;
            let theirs = self.reread()?.filter(|_| self.has_login(&before));
            match theirs.filter(|_| self.has_attempt(attempt)) {
                Some(theirs) => current = merged(theirs, &base, full, true),
                None => return Ok(None),
            }
        }
    }

    /// Gives back what a preparation has reserved, of which nothing was sent.
    pub(in crate::store) fn take_back(&self, full: &Full) {
        self.local.clear_room();
        let mut state = self.state.borrow_mut();
        // A claim that may stand in the row all the same is known by this as one of which nothing was sent.
        state.note.reservation = state.note.reservation.take().filter(|ours| ours.unsent);
        drop(state);
        self.put_cache(full).ok();
    }

    /// Puts an answer into the row, whatever was written there meanwhile, as long as it is of the same login.
    /// `as_read`: nothing was read since the claim.
    pub(super) fn deliver(
        &self,
        answer: &Full,
        login: &str,
        attempt: &str,
        as_read: bool,
    ) -> Result<Full, StoreError> {
        let mut found = if as_read {
            None
        } else {
            Some(self.read_row()?)
        };
        loop {
            let current = match found {
                None => copy(answer),
                Some(theirs) => {
                    let Some(theirs) = theirs.filter(|_| self.has_login(login)) else {
                        return Err(self.changed().into());
                    };
                    let ends = self.has_attempt(attempt);
                    if !ends && !merge::has_news(&theirs, answer) {
                        return Ok(theirs);
                    }
                    merged(theirs, answer, answer, ends)
                }
            };
            let write = Write::of(&current);
            if self
                .write_row(&current, &write, &Condition::default())?
                .is_some()
            {
                let mut state = self.state.borrow_mut();
                state.note.reservation = None;
                (state.note.undelivered, state.note.deliver_at) = (false, None);
                return Ok(current);
            }
            found = Some(self.reread()?);
        }
    }
}
