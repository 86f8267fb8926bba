//! One account of a shared store, under this machine's lock: the verbs of a [`LockedPlace`], and the protocol between
//! machines below them.
//!
//! The row is the login; what this machine has is a cache. A write names what it has read, and finds out by that
//! whether another machine has written since. No connection is open while the token endpoint is asked.

mod end;
mod journal;
mod leases;
pub(super) mod merge;
mod open;
pub(super) mod rules;
mod write;

use std::cell::{OnceCell, RefCell};
use std::time::{Duration, Instant};

use super::database::Database;
use super::error::{Denied, SharedError};
use super::keys::{KeyId, Keys};
use super::rows::{AttemptChange, Condition, Read};
use super::{SharedStore, random_name};
use crate::credential::{Ahead, Client};
use crate::fault;
use crate::secret::AccessToken;
use crate::store::error::StoreError;
use crate::store::files::{LockedPlace, Room};
use crate::store::record::{CacheNote, Full, Reservation};
use crate::store::reread::{Put, RevocableToken};
use crate::time::{self, Timestamp};

pub(in crate::store) use journal::JOURNAL_GROWTH;
use merge::merged;
pub(in crate::store) use open::{NEXT_DELIVERY, OpenedRow, is_ahead};
use rules::BARRIER;
use write::{Write, copy};

/// How long a claim keeps other machines away: longer than a request takes, and than its owner may hesitate before it.
pub const CLAIM: Duration = Duration::from_secs(110);

/// How long after a claim the request may still leave.
pub const HESITATION: Duration = Duration::from_secs(5);

/// How often other processes may be faster than a write, and how long it waits at most before the next try: together a few
/// seconds.
const OVERTAKEN_LIMIT: u32 = 100;
const OVERTAKEN_PAUSE: Duration = Duration::from_millis(100);

/// One account of a shared store, under this machine's lock.
#[derive(Debug)]
pub(in crate::store) struct SharedPlace {
    pub(in crate::store) local: LockedPlace,
    shared: SharedStore,
    /// Read once they are needed.
    keys: OnceCell<Keys>,
    clock: fn() -> Timestamp,
    state: RefCell<RowState>,
}

/// What is known of the row, and the connection to it.
#[derive(Debug)]
struct RowState {
    /// `None`: closed, until it is needed again.
    database: Option<Database>,
    /// Until when a connection is waited for; `None`: as long as a call may take.
    connect_by: Option<Instant>,
    row: Option<KnownRow>,
    /// The record in the row when it was read or written last.
    base: Option<Full>,
    /// The database's clock.
    ahead: Ahead,
    /// The database's own timeline, at the last read.
    timeline: String,
    note: CacheNote,
    /// The claim that this process has made.
    claim: Option<RowClaim>,
    /// The database has lost what this machine has seen: nothing but another login may be written.
    lost: Option<SharedError>,
    /// What ends an answer at the server whose login is gone.
    orphans: Vec<(Client, RevocableToken)>,
    /// How often another process was faster than a write of this one.
    overtaken: u32,
}

/// The row as it was read or written last.
#[derive(Debug, Clone, PartialEq, Eq)]
struct KnownRow {
    login: String,
    sequence: u64,
    attempt: Option<String>,
    timeline: String,
    begun: Timestamp,
    /// The key that it is sealed with.
    key: Option<KeyId>,
}

impl KnownRow {
    fn read<'a>(&'a self, database: &'a str) -> Read<'a> {
        Read {
            login: &self.login,
            sequence: self.sequence,
            attempt_id: self.attempt.as_deref(),
            database,
        }
    }
}

#[derive(Debug)]
struct RowClaim {
    attempt: String,
    /// By a clock that cannot be set, and that runs on while the machine sleeps.
    begun: Duration,
}

impl SharedPlace {
    /// Writes a record, with what other machines have written since merged into it, and then the cache.
    pub(in crate::store) fn replace(&self, full: &Full) -> Result<Option<StoreError>, StoreError> {
        self.check_not_lost()?;
        let mut current = copy(full);
        loop {
            let write = Write::of(&current);
            if self
                .write_row(&current, &write, &Condition::default())?
                .is_some()
            {
                self.state.borrow_mut().note.reservation = None;
                return self.put_cache(&current);
            }
            let (before, base) = self.before()?;
            if base.is_pending() {
                // Its owner may have ended the attempt which was to be finished here.
                return Err(self.changed().into());
            }
            let Some(theirs) = self.reread()?.filter(|_| self.has_login(&before)) else {
                return Err(self.changed().into());
            };
            current = merged(theirs, &base, full, false);
        }
    }

    /// Whether the row has the login of this id.
    pub(in crate::store) fn has_login(&self, login: &str) -> bool {
        self.login().is_some_and(|found| found == login)
    }

    /// The id of the login in the row.
    pub(in crate::store) fn login(&self) -> Option<String> {
        let state = self.state.borrow();
        state.row.as_ref().map(|row| row.login.clone())
    }

    /// Why nothing of the row may be presented: the database has lost commits that this machine has seen.
    pub(in crate::store) fn lost(&self) -> Option<SharedError> {
        self.state.borrow().lost.clone()
    }

    /// What ends answers at the server whose login is gone; they are forgotten here.
    pub(in crate::store) fn take_orphans(&self) -> Vec<(Client, RevocableToken)> {
        let orphans = std::mem::take(&mut self.state.borrow_mut().orphans);
        if !orphans.is_empty() {
            self.local.remove_journal();
        }
        orphans
    }

    /// Stores another login, or what a logout leaves, in place of what was read, or a first one. A login of which it
    /// is not known whether the row has it is in the journal until that is known.
    pub(in crate::store) fn replace_login(&self, full: &Full) -> Result<Put, StoreError> {
        let login = random_name().ok_or(SharedError::NoRandom)?;
        if full.record.login().is_none() {
            return self.put_login_called(full, &login);
        }
        let before = self.login();
        self.local
            .write_journal(&self.sealed_login(full, &login, before.as_deref())?)?;
        let put = self.put_login_called(full, &login);
        if !matches!(
            &put,
            Err(StoreError::Shared(SharedError::Unanswered { .. }))
        ) {
            self.local.remove_journal();
        }
        put
    }

    /// The same with an id that the caller has chosen.
    pub(in crate::store) fn put_login_called(
        &self,
        full: &Full,
        login: &str,
    ) -> Result<Put, StoreError> {
        let write = Write {
            new_login: Some(login),
            attempt: AttemptChange::End,
        };
        let none_pending = Condition {
            // What was read is what is there, and an attempt that was pending in it is over, unless it was not looked at.
            none_pending: self.lost().is_some(),
            ..Condition::default()
        };
        if self.write_row(full, &write, &none_pending)?.is_none() {
            let before = self.known();
            let found = self.read_when_free()?;
            self.note_overtaken(&before, none_pending.none_pending)?;
            return Ok(Put::Changed(found.map(Box::new)));
        }
        let mut state = self.state.borrow_mut();
        (state.note.reservation, state.note.deliver_at) = (None, None);
        (state.note.undelivered, state.lost) = (false, None);
        drop(state);
        self.local.remove_journal();
        Ok(Put::Done(self.put_cache(full)?))
    }

    /// Removes the row, and the cache.
    pub(in crate::store) fn remove_record(&self) -> Result<(), StoreError> {
        let (known, timeline) = self.known();
        if let Some(known) = known {
            let id = self.local.id();
            if !self.with_database(|database| database.remove(id, known.read(&timeline)))? {
                return Err(self.changed().into());
            }
        }
        self.local.remove_journal();
        self.local.remove_record()
    }

    /// Claims the login for an attempt (P2): here first, so that the next process of this machine knows whose the claim
    /// was, and then in the row. `Ok(false)`: another machine was faster, or a lease keeps the token.
    pub(in crate::store) fn claim(
        &self,
        room: &mut Room,
        full: &Full,
        token: Option<&AccessToken>,
    ) -> Result<bool, StoreError> {
        self.check_not_lost()?;
        let is_barrier = self.needs_barrier();
        let name = random_name().ok_or(SharedError::NoRandom)?;
        let attempt = if is_barrier {
            format!("{BARRIER}{name}")
        } else {
            name
        };
        self.state.borrow_mut().note.reservation = Some(Reservation {
            attempt: attempt.clone(),
            unsent: is_barrier,
            boot: time::boot_id().map_or(0, u64::from),
            lock: self.local.lock_inode(),
        });
        let text = self.cache_text(full)?;
        self.local.mark(room, &text)?;
        let begun = time::uptime();
        let written = self.write_claim(full, &attempt, token);
        fault::point("claimed");
        let mut state = self.state.borrow_mut();
        // No connection stays open while the token endpoint is asked.
        state.database = None;
        match written {
            Ok(true) if !is_barrier => {
                state.claim = Some(RowClaim { attempt, begun });
                Ok(true)
            }
            Ok(_) => {
                state.note.reservation = None;
                Ok(false)
            }
            Err(error) => {
                // It may stand in the row all the same; nothing was sent.
                if let Some(ours) = &mut state.note.reservation {
                    ours.unsent = true;
                }
                Err(error)
            }
        }
    }

    fn write_claim(
        &self,
        full: &Full,
        attempt: &str,
        token: Option<&AccessToken>,
    ) -> Result<bool, StoreError> {
        let tokens = token.map(|token| Ok::<_, SharedError>(self.keys()?.names_of(token)));
        let tokens = tokens
            .transpose()?
            .map(|names| Ok::<_, StoreError>((names, self.machine()?)));
        let tokens = tokens.transpose()?;
        let condition = Condition {
            none_pending: true,
            no_lease: tokens
                .as_ref()
                .map(|(names, machine)| (&names[..], &**machine)),
        };
        let write = Write {
            new_login: None,
            attempt: AttemptChange::Claim {
                id: attempt,
                lasts: fault::hastened(CLAIM),
            },
        };
        Ok(self.write_row(full, &write, &condition)?.is_some())
    }

    /// Whether the claim is so old that another machine may take over before the answer is here.
    pub(in crate::store) fn is_overdue(&self) -> bool {
        let state = self.state.borrow();
        let claim = state.claim.as_ref();
        let age = |claim: &RowClaim| time::uptime().saturating_sub(claim.begun);
        claim.is_none_or(|claim| rules::is_overdue(age(claim), fault::hastened(HESITATION)))
    }

    /// Whether the last commits may be missing from the database, a claim among them.
    fn needs_barrier(&self) -> bool {
        let state = self.state.borrow();
        let row = state.row.as_ref();
        row.is_some_and(|row| rules::needs_barrier(&row.timeline, &state.timeline))
    }

    fn check_not_lost(&self) -> Result<(), SharedError> {
        self.lost().map_or(Ok(()), Err)
    }

    /// The row once more, after a write that found another one than was read; `None`: there is none.
    fn reread(&self) -> Result<Option<Full>, StoreError> {
        let before = self.known();
        let found = self.read_row()?;
        self.note_overtaken(&before, false)?;
        Ok(found)
    }

    /// Counts what would otherwise go on for ever: a database that takes a write and stores nothing (a trigger, a policy),
    /// or others that are always faster. `may_stay`: the row can be as it was all the same.
    fn note_overtaken(
        &self,
        before: &(Option<KnownRow>, String),
        may_stay: bool,
    ) -> Result<(), SharedError> {
        if !may_stay && self.known() == *before {
            return Err(SharedError::Refused {
                store: self.shared.shown(),
                reason: "it took a write and stored nothing; does it have a trigger or a policy?"
                    .to_owned(),
                denied: Denied::Statement,
            });
        }
        let mut state = self.state.borrow_mut();
        state.overtaken += 1;
        if state.overtaken > OVERTAKEN_LIMIT {
            return Err(SharedError::Unanswered {
                store: self.shared.shown(),
                reason: "other processes were faster each time".to_owned(),
            });
        }
        drop(state);
        super::sleep(super::jittered(OVERTAKEN_PAUSE));
        Ok(())
    }

    fn known(&self) -> (Option<KnownRow>, String) {
        let state = self.state.borrow();
        (state.row.clone(), state.timeline.clone())
    }

    /// The login and the record that this process has read, where another one has written since.
    fn before(&self) -> Result<(String, Full), SharedError> {
        let state = self.state.borrow();
        let (row, base) = (state.row.as_ref(), state.base.as_ref());
        match (row, base) {
            (Some(row), Some(base)) => Ok((row.login.clone(), copy(base))),
            _ => Err(self.changed()),
        }
    }

    /// The attempt that this process has claimed.
    fn attempt(&self) -> String {
        let state = self.state.borrow();
        let claim = state.claim.as_ref();
        claim.map_or_else(String::new, |claim| claim.attempt.clone())
    }

    /// Whether this attempt is the one that is pending in the row.
    fn has_attempt(&self, attempt: &str) -> bool {
        let state = self.state.borrow();
        let row = state.row.as_ref();
        row.is_some_and(|row| row.attempt.as_deref() == Some(attempt))
    }

    fn keys(&self) -> Result<&Keys, SharedError> {
        if let Some(keys) = self.keys.get() {
            return Ok(keys);
        }
        let keys = self.shared.keys()?;
        Ok(self.keys.get_or_init(|| keys))
    }

    fn machine(&self) -> Result<String, StoreError> {
        self.local
            .machine(|| random_name().ok_or(SharedError::NoRandom.into()))
    }

    fn changed(&self) -> SharedError {
        SharedError::Changed {
            account: self.local.id().to_string(),
        }
    }
}
