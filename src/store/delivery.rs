//! An answer that the database of a shared store has not taken: which process gives it to the database, and for how
//! long it tries.

use super::Store;
#[cfg(feature = "postgres")]
use super::error::LockError;
use super::error::StoreError;
#[cfg(feature = "postgres")]
use super::files::Wait;
use super::record::CacheNote;
#[cfg(feature = "postgres")]
use super::shared;
use crate::credential::AccountId;
#[cfg(feature = "postgres")]
use crate::credential::Outcome;
#[cfg(feature = "postgres")]
use crate::time::Timestamp;
#[cfg(feature = "postgres")]
use std::time::{Duration, Instant};

/// How long a process tries to give the database an answer.
#[cfg(feature = "postgres")]
const DELIVERY_LIMIT: Duration = Duration::from_secs(10 * 60);

/// How long a process that begins a delivery waits for the lock: another one that has it delivers, too.
#[cfg(feature = "postgres")]
const MOMENT: Duration = Duration::from_millis(500);

/// Why a delivery begins.
#[cfg(feature = "postgres")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// The answer has just come.
    AfterAnswer,
    /// The database has the answer, and a standby may lack it: where it takes over, no other machine knows, and this one
    /// looks once more while others wait for their barrier.
    ForStandby,
    /// A process has seen that the cache is ahead of the database: it ends where another one delivers already.
    IfDue,
}

impl Store {
    /// Whether this machine has an answer that the database has not taken.
    #[must_use]
    pub fn is_undelivered(&self, id: &AccountId) -> bool {
        let note = self.note_of(id);
        note.is_ok_and(|note| note.is_some_and(|note| note.undelivered))
    }

    fn note_of(&self, id: &AccountId) -> Result<Option<CacheNote>, StoreError> {
        let cached = self.folder.place(id).record()?;
        Ok(cached.and_then(|cached| cached.cache))
    }

    /// The same, and no process has tried to deliver it for a while.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn is_delivery_due(&self, id: &AccountId) -> bool {
        let now = self.now();
        let note = self.note_of(id);
        note.is_ok_and(|note| note.is_some_and(|note| is_due(&note, now)))
    }

    /// Why a process that has put an answer into the database, or tried to, has something left to do.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn begin_after_answer(&self, id: &AccountId) -> Option<Begin> {
        let cached = self.folder.place(id).record().ok().flatten()?;
        let note = cached.cache?;
        let last = cached.record.login()?.last_attempt.as_ref()?;
        match (note.undelivered, last.outcome) {
            (true, _) => Some(Begin::AfterAnswer),
            (false, Outcome::Rotated) if note.has_standby => Some(Begin::ForStandby),
            _ => None,
        }
    }

    /// Tries for a while to give the database an answer that it has not taken.
    #[cfg(feature = "postgres")]
    pub fn deliver(&self, id: &AccountId, begin: Begin) {
        let deadline = Instant::now() + DELIVERY_LIMIT;
        if begin == Begin::IfDue && !(self.is_delivery_due(id) && self.tries_first(id)) {
            return;
        }
        if begin == Begin::ForStandby {
            return self.look_once_more(id, deadline);
        }
        // What cannot be read in this moment may wait to be delivered all the same.
        let waits = || {
            let note = self.note_of(id);
            note.map_or(true, |note| note.is_some_and(|note| note.undelivered))
        };
        while waits() && Instant::now() < deadline {
            shared::pause();
            let wait = Wait::in_silence(deadline);
            // Whatever takes the lock delivers first.
            drop(self.lock(id, &wait));
        }
        let note = self.note_of(id).ok().flatten();
        if note.is_some_and(|note| note.has_standby && !note.undelivered) {
            self.look_once_more(id, deadline);
        }
    }

    /// Reads the row after a while, which gives it what the journal has and a failover has lost.
    #[cfg(feature = "postgres")]
    fn look_once_more(&self, id: &AccountId, deadline: Instant) {
        shared::pause_before_looking_once_more();
        while self.is_away(id, deadline) && Instant::now() < deadline {
            shared::pause();
        }
    }

    #[cfg(feature = "postgres")]
    fn is_away(&self, id: &AccountId, deadline: Instant) -> bool {
        let wait = Wait::in_silence(deadline);
        let found = self.lock(id, &wait);
        matches!(found, Err(LockError::Store(StoreError::Shared(error))) if error.is_away())
    }

    /// Tries once; `false`: another process is at work on this login.
    #[cfg(feature = "postgres")]
    fn tries_first(&self, id: &AccountId) -> bool {
        let wait = Wait::in_silence(Instant::now() + MOMENT);
        !matches!(self.lock(id, &wait), Err(LockError::Timeout { .. }))
    }
}

#[cfg(feature = "postgres")]
fn is_due(note: &CacheNote, now: Timestamp) -> bool {
    let waits = note
        .deliver_at
        .is_some_and(|at| shared::is_ahead(at, now, shared::NEXT_DELIVERY));
    note.undelivered && !waits
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use super::*;

    #[test]
    fn one_delivery_begins_in_a_while() {
        let now = Timestamp::from_unix_millis(1_900_000_000_000);
        let note = |undelivered, deliver_at| CacheNote {
            undelivered,
            deliver_at,
            ..CacheNote::default()
        };
        let second = Duration::from_secs(1);
        assert!(!is_due(&note(false, None), now));
        assert!(is_due(&note(true, None), now));
        assert!(is_due(&note(true, Some(now)), now));
        assert!(!is_due(&note(true, Some(now.plus(second))), now));
        // A clock that was set back.
        let far = now.plus(shared::NEXT_DELIVERY + second);
        assert!(is_due(&note(true, Some(far)), now));
    }
}
