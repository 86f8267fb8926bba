//! What stands in the row, once this machine's lock is had: read, brought to this machine's clock, and what a process
//! that died has left is finished.

use std::cell::{OnceCell, RefCell};
use std::time::{Duration, Instant};

use super::rules::{self, FREE_MARGIN, Finished};
use super::{CLAIM, KnownRow, RowState, SharedPlace, merged};
use crate::credential::{Ahead, Outcome, Record, ReuseDetection};
use crate::fault::hastened;
use crate::store::error::StoreError;
use crate::store::files::LockedPlace;
use crate::store::record::{self, CacheNote, Format, Full};
use crate::store::reread::Occupied;
use crate::store::shared::database::CALL_LIMIT;
use crate::store::shared::error::SharedError;
use crate::store::shared::rows::{Moment, SharedRow};
use crate::store::shared::seal::{self, NotOpened, Purpose, Whose};
use crate::store::shared::{SharedStore, pause};
use crate::time::{self, Timestamp};

/// How long after a look at the row the other processes of this machine leave the database alone, while another machine
/// refreshes.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// How much time a call must have for its failure to say anything about the database.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the database is left alone after it could not be reached.
const AWAY_PAUSE: Duration = Duration::from_secs(5);

/// How long after a try to deliver an answer no process begins another delivery: longer than a try, and the pause
/// between two tries of one process.
pub(in crate::store) const NEXT_DELIVERY: Duration = Duration::from_secs(40);

/// When the next delivery may begin.
pub(super) fn next_delivery(now: Timestamp) -> Timestamp {
    now.plus(hastened(NEXT_DELIVERY))
}

/// An account of a shared store, opened.
#[expect(
    clippy::large_enum_variant,
    reason = "one lives at a time, on the stack"
)]
pub(in crate::store) enum OpenedRow {
    /// There is no login.
    Vacant(SharedPlace),
    /// There is one, with nothing left to finish.
    Occupied(SharedPlace, Occupied),
    /// Another machine may be refreshing it until then.
    Elsewhere { by: String },
}

impl SharedPlace {
    /// Opens the account: by what this machine knows where that is enough, and otherwise by the row. A connection is
    /// waited for until `deadline` at most.
    pub(in crate::store) fn open(
        shared: &SharedStore,
        local: LockedPlace,
        clock: fn() -> Timestamp,
        is_enough: &dyn Fn(&Record) -> bool,
        deadline: Instant,
    ) -> Result<OpenedRow, StoreError> {
        let cached = local.own_record()?;
        let note = cached.as_ref().and_then(|cached| cached.cache.clone());
        let note = note.unwrap_or_default();
        let now = clock();
        // What one with little time could not do, another one may.
        let has_time = deadline.saturating_duration_since(Instant::now()) >= PATIENCE;
        let enough = cached.as_ref().filter(|cached| is_enough(&cached.record));
        if enough.is_none() {
            if let Some(learnt) = learnt(&note, now) {
                return Ok(learnt);
            }
            if let Some(away) = learnt_away(&note, now, shared) {
                return Err(away.into());
            }
        }
        let place = Self {
            keys: OnceCell::new(),
            shared: shared.clone(),
            clock,
            local,
            state: RefCell::new(RowState {
                database: None,
                connect_by: Some(deadline.min(Instant::now() + CALL_LIMIT)),
                row: None,
                base: None,
                ahead: Ahead::of(now, now),
                timeline: String::new(),
                note,
                claim: None,
                lost: None,
                orphans: Vec::new(),
                overtaken: 0,
            }),
        };
        if let Some(cached) = enough {
            return Ok(OpenedRow::Occupied(
                place,
                Occupied::of(super::copy(cached)),
            ));
        }
        place.mark_delivery(cached.as_ref());
        let found = place.open_row(cached.as_ref());
        place.state.borrow_mut().connect_by = None;
        match found {
            Err(StoreError::Shared(error)) if error.is_away() => {
                if let Some(cached) = cached.as_ref().filter(|_| has_time) {
                    let mut state = place.state.borrow_mut();
                    state.note.away_until = Some(clock().plus(hastened(AWAY_PAUSE)));
                    state.note.away_because = Some(error.reason());
                    drop(state);
                    place.put_cache(cached).ok();
                }
                Err(error.into())
            }
            Ok(FoundRow::Vacant) => Ok(OpenedRow::Vacant(place)),
            Ok(FoundRow::Occupied(found)) => Ok(OpenedRow::Occupied(place, *found)),
            Ok(FoundRow::Elsewhere { by }) => Ok(OpenedRow::Elsewhere { by }),
            Err(error) => Err(error),
        }
    }

    /// Reads the row as this machine counts time; `None`: there is none.
    pub(super) fn read_row(&self) -> Result<Option<Full>, StoreError> {
        let (_, row) = self.look()?;
        row.map(|row| self.opened(&row)).transpose()
    }

    /// The same, once no attempt of another machine is pending.
    pub(super) fn read_when_free(&self) -> Result<Option<Full>, StoreError> {
        let deadline = Instant::now() + hastened(CLAIM) + FREE_MARGIN;
        loop {
            let (moment, row) = self.look()?;
            let Some(row) = row else { return Ok(None) };
            let mut full = self.opened(&row)?;
            if self.wait_until(&row, &moment, &full).is_none() {
                self.finish(&row, &mut full);
                return Ok(Some(full));
            }
            if Instant::now() > deadline {
                return Err(self.changed().into());
            }
            pause();
        }
    }

    /// Reads the row, and notes what it and the database say. A connection that was cut is made anew.
    fn look(&self) -> Result<(Moment, Option<SharedRow>), StoreError> {
        let id = self.local.id().clone();
        let machine = self.local.known_machine();
        let read = || {
            // One that was open can have been cut; a new one was tried for long enough.
            let was_open = self.state.borrow().database.is_some();
            let before = (self.clock)();
            let read = self.with_database(|database| database.read(&id, machine.as_deref()));
            (was_open, before, read)
        };
        let (before, read) = match read() {
            (true, _, Err(SharedError::Away { .. })) => {
                let (_, before, read) = read();
                (before, read)
            }
            (_, before, read) => (before, read),
        };
        let (moment, row) = read?;
        let after = (self.clock)();
        let mut state = self.state.borrow_mut();
        // Half of the way there and back.
        let between = before.plus(after.since(before) / 2);
        state.ahead = Ahead::of(moment.now, between);
        state.timeline.clone_from(&moment.timeline);
        state.row = row.as_ref().map(|row| KnownRow {
            login: row.login.clone(),
            sequence: row.sequence,
            attempt: row.attempt_id.clone(),
            timeline: row.timeline.clone(),
            begun: row.begun,
            key: seal::key_of(&row.sealed).ok(),
        });
        state.note.asked_at = Some(after);
        state.note.has_standby = moment.has_standby;
        Ok((moment, row))
    }

    /// The record in a row.
    pub(super) fn opened(&self, row: &SharedRow) -> Result<Full, StoreError> {
        let id = self.local.id();
        let whose = Whose {
            id,
            login: &row.login,
            generation: row.generation,
            purpose: Purpose::Record,
        };
        let text = seal::open(self.keys()?, &whose, &row.sealed).map_err(|error| {
            self.sealed_error(error.to_string(), matches!(error, NotOpened::Newer(_)))
        })?;
        let text = std::str::from_utf8(&text)
            .map_err(|error| self.sealed_error(error.to_string(), false))?;
        let mut full = record::parse_whole(text, id, Format::Record).map_err(|problem| {
            let is_newer = matches!(problem, record::Problem::Version(_));
            self.sealed_error(format!("{problem:?}"), is_newer)
        })?;
        let ahead = self.state.borrow().ahead;
        full.record.to_our_clock(ahead, (self.clock)());
        self.state.borrow_mut().base = Some(super::copy(&full));
        Ok(full)
    }

    fn open_row(&self, cached: Option<&Full>) -> Result<FoundRow, StoreError> {
        let (mut moment, mut row) = self.look()?;
        self.note_lost(row.as_ref(), &moment, cached);
        if self.deliver_left(row.as_ref())? {
            (moment, row) = self.look()?;
            self.note_lost(row.as_ref(), &moment, cached);
        }
        let is_lost = self.lost().is_some();
        let Some(row) = row else {
            if cached.is_some() && !is_lost {
                // Forgotten on another machine.
                self.local.remove_record()?;
            }
            return Ok(FoundRow::Vacant);
        };
        let mut full = self.opened(&row)?;
        if is_lost {
            return Ok(FoundRow::Occupied(Box::new(Occupied::of(full))));
        }
        if self.deliver_rescued(&row, &full)? {
            return self.open_row(cached);
        }
        self.sweep_leases_of(&row);
        let ended = self.ended_here(&row, &full, cached);
        if ended.is_none()
            && let Some(until) = self.wait_until(&row, &moment, &full)
        {
            return Ok(self.found_elsewhere(row, until, cached));
        }
        // Times that were brought over before must not change by a clock that is read again.
        let is_known = cached.is_some_and(|cached| {
            let note = cached.cache.as_ref();
            note.is_some_and(|note| rules::is_known(note, &cached.record, &row, &full.record))
        });
        if let (Some(cached), true) = (cached, is_known) {
            full.record = cached.record.clone();
            self.state.borrow_mut().base = Some(super::copy(&full));
        }
        let unsaved = if let Some(record) = ended {
            // Another machine may have delivered an answer under the claim.
            let mut ours = super::copy(&full);
            ours.record = record;
            full = merged(full, &ours, &ours, true);
            true
        } else {
            self.finish(&row, &mut full)
        };
        let is_news = self.note_read(&row) || !is_known;
        let mut warnings = Vec::new();
        if is_news || unsaved {
            warnings.extend(self.put_cache(&full)?);
        }
        Ok(FoundRow::Occupied(Box::new(Occupied {
            full,
            warnings,
            unsaved,
        })))
    }

    /// What looks at the row delivers first: other processes see that a try is made.
    fn mark_delivery(&self, cached: Option<&Full>) {
        let mut state = self.state.borrow_mut();
        let Some(cached) = cached.filter(|_| state.note.undelivered) else {
            return;
        };
        state.note.deliver_at = Some(next_delivery((self.clock)()));
        drop(state);
        self.put_cache(cached).ok();
    }

    fn found_elsewhere(&self, row: SharedRow, until: Timestamp, cached: Option<&Full>) -> FoundRow {
        let mut state = self.state.borrow_mut();
        state.note.elsewhere_until = Some(until);
        state.note.elsewhere_by = Some(row.written_by.clone());
        drop(state);
        if let Some(cached) = cached {
            self.put_cache(cached).ok();
        }
        FoundRow::Elsewhere { by: row.written_by }
    }

    /// Notes what the row says; `true`: the cache said something else of the database.
    fn note_read(&self, row: &SharedRow) -> bool {
        let mut state = self.state.borrow_mut();
        let timeline = state.timeline.clone();
        let note = &mut state.note;
        note.seen = rules::seen_with(note, row);
        let is_news = note.elsewhere_until.is_some()
            || note.away_until.is_some()
            || note.undelivered
            || note.database.as_ref() != Some(&timeline);
        note.login.clone_from(&row.login);
        note.sequence = row.sequence;
        note.begun = Some(row.begun);
        note.database = Some(timeline);
        // What was in the journal is in the row.
        (note.undelivered, note.deliver_at) = (false, None);
        if !rules::is_pending(row) {
            note.reservation = None;
        }
        (note.elsewhere_until, note.elsewhere_by) = (None, None);
        (note.away_until, note.away_because) = (None, None);
        is_news
    }

    /// The end of the pending attempt, where this machine made it and could not tell the database of its failure.
    fn ended_here(&self, row: &SharedRow, full: &Full, cached: Option<&Full>) -> Option<Record> {
        let state = self.state.borrow();
        let ours = state.note.reservation.as_ref()?;
        (Some(&ours.attempt) == row.attempt_id.as_ref()).then_some(())?;
        let cached = &cached?.record;
        let last = cached.login()?.last_attempt.as_ref()?;
        let is_failure = !matches!(last.outcome, Outcome::Pending | Outcome::Rotated);
        let is_its_end = full.record.login()?.pending_sequence() == Some(last.sequence);
        (is_failure && is_its_end).then(|| cached.clone())
    }

    /// Until when a pending attempt must be left alone; `None`: it is over.
    fn wait_until(&self, row: &SharedRow, moment: &Moment, full: &Full) -> Option<Timestamp> {
        let state = self.state.borrow();
        let (lock, boot) = (self.local.lock_inode(), time::boot_id().map(u64::from));
        let ours = state.note.reservation.as_ref();
        let dead = ours.filter(|ours| rules::is_proven_dead(ours, row, lock, boot));
        let client = full.record.client();
        let is_harmless = client.is_some_and(|client| client.replay == ReuseDetection::Harmless);
        let until = rules::left_alone_until(row, moment.now, dead, is_harmless)?;
        Some(state.ahead.to_ours(until))
    }

    /// Ends a pending attempt of which no process is left; `true`: the record has changed by it.
    fn finish(&self, row: &SharedRow, full: &mut Full) -> bool {
        if !rules::is_pending(row) {
            return false;
        }
        let mut state = self.state.borrow_mut();
        let ours = state.note.reservation.clone();
        let Some(login) = full.login_mut() else {
            return false;
        };
        let finished = rules::finish(row, ours.as_ref(), login, (self.clock)());
        let timeline = state.timeline.clone();
        if let (Finished::BarrierOver, Some(known)) = (finished, &mut state.row) {
            known.timeline = timeline;
        }
        finished != Finished::Nothing
    }

    /// Notes whether the database has lost what this machine has seen: a generation, or the login.
    fn note_lost(&self, row: Option<&SharedRow>, moment: &Moment, cached: Option<&Full>) {
        let mut state = self.state.borrow_mut();
        let is_lost = rules::has_lost_commits(&state.note, row, &moment.timeline);
        // The process that made what was seen: its machine may have it in its journal.
        let login = cached.and_then(|cached| cached.record.login());
        let last = login.and_then(|login| login.last_attempt.as_ref());
        let by = last.filter(|last| last.outcome == Outcome::Rotated);
        let by = by.map(|last| last.by.clone());
        let by = by.or_else(|| row.map(|row| row.written_by.clone()));
        state.lost = is_lost.then(|| SharedError::CommitsLost {
            store: self.shared.shown(),
            account: self.local.id().to_string(),
            found: row.map_or(0, |row| row.generation),
            seen: state.note.seen,
            by: by.unwrap_or_else(|| "another process".to_owned()),
        });
    }
}

/// What the row and the lock come to.
enum FoundRow {
    Vacant,
    Occupied(Box<Occupied>),
    Elsewhere { by: String },
}

/// Whether a time is ahead, and no further than it can be.
pub(in crate::store) fn is_ahead(until: Timestamp, now: Timestamp, at_most: Duration) -> bool {
    until > now && until.since(now) <= at_most
}

/// What another process of this machine has just learnt of the database.
fn learnt_away(note: &CacheNote, now: Timestamp, shared: &SharedStore) -> Option<SharedError> {
    let until = note
        .away_until
        .filter(|until| is_ahead(*until, now, AWAY_PAUSE))?;
    let because = note.away_because.as_ref()?;
    Some(SharedError::Away {
        store: shared.shown(),
        reason: format!(
            "{because}, a moment ago; glauth asks it again in {}",
            time::human(until.since(now))
        ),
    })
}

/// What another process of this machine has just learnt of an attempt elsewhere.
fn learnt(note: &CacheNote, now: Timestamp) -> Option<OpenedRow> {
    note.elsewhere_until
        .filter(|until| is_ahead(*until, now, CLAIM + FREE_MARGIN))?;
    let asked = note.asked_at.filter(|asked| *asked <= now)?;
    (now.since(asked) < hastened(LOOK_AGAIN)).then(|| OpenedRow::Elsewhere {
        by: note.elsewhere_by.clone().unwrap_or_default(),
    })
}
