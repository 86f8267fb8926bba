//! Writing the row, and finding out what came of a write whose answer did not come; and the cache.

use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::{KnownRow, SharedPlace};
use crate::credential::{Ahead, Record};
use crate::env;
use crate::fault::hastened;
use crate::store::error::StoreError;
use crate::store::record::{self, Full};
use crate::store::shared::database::{CALL_LIMIT, Database};
use crate::store::shared::error::SharedError;
use crate::store::shared::rows::{AttemptChange, Condition, RowChange, SharedRow, Written};
use crate::store::shared::seal::{self, Purpose, Whose};
use crate::store::shared::{LOOK, jittered, pause, sleep};

/// How long glauth tries to find out whether a write is in the row, and to write it again where it is not.
const KNOWN_LIMIT: Duration = Duration::from_secs(20);

/// How long it waits at most before it writes again; each time twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// What a write is about.
pub(super) struct Write<'a> {
    /// The id of another login, which takes the place of what is there.
    pub new_login: Option<&'a str>,
    pub attempt: AttemptChange<'a>,
}

impl Write<'static> {
    /// Of the same login; an attempt that is pending in the record is another process's.
    pub fn of(full: &Full) -> Self {
        Self {
            new_login: None,
            attempt: if full.is_pending() {
                AttemptChange::Keep
            } else {
                AttemptChange::End
            },
        }
    }
}

/// What was read back after a write without an answer.
enum ReadBack {
    /// The write is there.
    Written(Written),
    /// The row is the one that was read before.
    AsBefore,
    /// Another process has written.
    Other,
}

impl SharedPlace {
    /// Writes the row, or adds it; `None`: it is not the one that was read. Where no answer comes, the row is read
    /// back, and written again where it is as before: a second write of what was read once changes nothing twice.
    pub(super) fn write_row(
        &self,
        full: &Full,
        write: &Write<'_>,
        condition: &Condition<'_>,
    ) -> Result<Option<Written>, StoreError> {
        let (known, timeline) = self.known();
        let login = match (&known, write.new_login) {
            (_, Some(login)) => login.to_owned(),
            (Some(known), None) => known.login.clone(),
            (None, None) => return Ok(None),
        };
        let sealed = self.sealed(full, &login)?;
        let (by, key) = (env::process_name(), self.keys()?.first().id);
        // Only another login has nothing to do with claims that a failover may have lost.
        let kept = known.as_ref().filter(|_| write.new_login.is_none());
        let change = RowChange {
            login: &login,
            generation: full.record.generation(),
            outcome: outcome_of(&full.record),
            attempt: write.attempt,
            written_by: &by,
            timeline: kept.map_or(&*timeline, |known| &known.timeline),
            key_id: &key.0,
            sealed: &sealed,
        };
        let written = self.write_until_known(&change, known.as_ref(), &timeline, condition)?;
        let Some(written) = written else {
            return Ok(None);
        };
        let attempt = match write.attempt {
            AttemptChange::Keep => known.as_ref().and_then(|known| known.attempt.clone()),
            AttemptChange::End => None,
            AttemptChange::Claim { id, .. } => Some(id.to_owned()),
        };
        let row = KnownRow {
            login: login.clone(),
            sequence: written.sequence,
            attempt,
            timeline: change.timeline.to_owned(),
            begun: written.begun,
            key: Some(key),
        };
        self.note_written(row, full);
        Ok(Some(written))
    }

    fn write_until_known(
        &self,
        change: &RowChange<'_>,
        known: Option<&KnownRow>,
        timeline: &str,
        condition: &Condition<'_>,
    ) -> Result<Option<Written>, SharedError> {
        let id = self.local.id();
        let deadline = Instant::now() + hastened(KNOWN_LIMIT);
        let mut wait = FIRST_PAUSE;
        let mut is_again = false;
        loop {
            let written = self.with_database(|database| match known {
                Some(known) => database.update(id, known.read(timeline), change, condition),
                None => database.insert(id, change),
            });
            let unanswered = match written {
                Err(error @ SharedError::Unanswered { .. }) => error,
                // The row may be another one by this process's own first write, which was committed late.
                Ok(None) if is_again => {
                    return Ok(match self.read_back(change, known, deadline) {
                        Some(ReadBack::Written(written)) => Some(written),
                        _ => None,
                    });
                }
                written => return written,
            };
            is_again = true;
            self.state.borrow_mut().connect_by = Some(deadline);
            let read_back = self.read_back(change, known, deadline);
            self.state.borrow_mut().connect_by = None;
            match read_back {
                Some(ReadBack::Written(written)) => return Ok(Some(written)),
                Some(ReadBack::AsBefore) if Instant::now() < deadline => {
                    sleep(jittered(wait));
                    wait = (wait * 2).min(LOOK);
                }
                Some(ReadBack::Other) => return Ok(None),
                Some(ReadBack::AsBefore) | None => return Err(unanswered),
            }
        }
    }

    /// `None`: it cannot be found out.
    fn read_back(
        &self,
        change: &RowChange<'_>,
        known: Option<&KnownRow>,
        deadline: Instant,
    ) -> Option<ReadBack> {
        let id = self.local.id();
        loop {
            let row = match self.with_database(|database| database.read(id, None)) {
                Ok((_, row)) => row,
                Err(error) if error.is_away() && Instant::now() < deadline => {
                    pause();
                    continue;
                }
                Err(_) => return None,
            };
            let is_as_before = match (&row, known) {
                (Some(row), Some(known)) => {
                    (&row.login, row.sequence, &row.attempt_id)
                        == (&known.login, known.sequence, &known.attempt)
                }
                (None, None) => true,
                _ => false,
            };
            return Some(match row {
                Some(row) if is_there(change, &row) => ReadBack::Written(Written {
                    sequence: row.sequence,
                    begun: row.begun,
                }),
                _ if is_as_before => ReadBack::AsBefore,
                _ => ReadBack::Other,
            });
        }
    }

    fn sealed(&self, full: &Full, login: &str) -> Result<Vec<u8>, StoreError> {
        let whose = Whose {
            id: self.local.id(),
            login,
            generation: full.record.generation(),
            purpose: Purpose::Record,
        };
        let ahead = self.state.borrow().ahead;
        let text = text_in_their_time(full, ahead)
            .map_err(|_| self.local.unusable("it is too large for the shared store"))?;
        let sealed = seal::seal(self.keys()?, &whose, text.as_bytes());
        Ok(sealed.ok_or(SharedError::NoRandom)?)
    }

    fn note_written(&self, row: KnownRow, full: &Full) {
        let mut state = self.state.borrow_mut();
        let note = &mut state.note;
        let seen = if note.login == row.login {
            note.seen
        } else {
            0
        };
        note.login.clone_from(&row.login);
        note.sequence = row.sequence;
        note.begun = Some(row.begun);
        note.seen = seen.max(full.record.generation());
        (note.elsewhere_until, note.elsewhere_by) = (None, None);
        (note.away_until, note.away_because) = (None, None);
        state.note.database = Some(state.timeline.clone());
        state.row = Some(row);
        state.base = Some(copy(full));
    }

    /// Writes the cache: what this machine hands out without a connection.
    pub(super) fn put_cache(&self, full: &Full) -> Result<Option<StoreError>, StoreError> {
        let text = self.cache_text(full)?;
        self.local.put_cache(&text)
    }

    pub(super) fn cache_text(&self, full: &Full) -> Result<Zeroizing<String>, StoreError> {
        let state = self.state.borrow();
        record::render_cache(full, &state.note)
            .map_err(|_| self.local.unusable("it is too large to be cached"))
    }

    pub(super) fn with_database<T>(
        &self,
        call: impl Fn(&Database) -> Result<T, SharedError>,
    ) -> Result<T, SharedError> {
        let mut state = self.state.borrow_mut();
        let limit = Instant::now() + CALL_LIMIT;
        let deadline = state.connect_by.map_or(limit, |by| by.min(limit));
        let database = match &mut state.database {
            Some(database) => database,
            none => none.insert(Database::connect(&self.shared.address()?, deadline)?),
        };
        let done = call(database);
        if matches!(&done, Err(error) if error.is_away()) {
            state.database = None;
        }
        done
    }
}

/// Whether the row has what was written: the nonce of what was sealed is another one each time. Under a claim another
/// machine can have delivered an answer since.
fn is_there(change: &RowChange<'_>, row: &SharedRow) -> bool {
    let is_claimed = match change.attempt {
        AttemptChange::Claim { id, .. } => row.attempt_id.as_deref() == Some(id),
        AttemptChange::Keep | AttemptChange::End => false,
    };
    row.login == change.login && (row.sealed == change.sealed || is_claimed)
}

/// The row's word for how the last attempt ended.
fn outcome_of(record: &Record) -> Option<&'static str> {
    let last = record.login()?.last_attempt.as_ref()?;
    Some(last.outcome.as_str())
}

/// The whole record, with its times as the database counts.
fn text_in_their_time(full: &Full, ahead: Ahead) -> Result<Zeroizing<String>, record::Problem> {
    let mut theirs = copy(full);
    theirs.record.to_their_clock(ahead);
    record::render(&theirs)
}

pub(super) fn copy(full: &Full) -> Full {
    Full {
        record: full.record.clone(),
        refresh_tokens: full.refresh_tokens.clone(),
        extra: full.extra.clone(),
        cache: None,
    }
}
