//! What the protocol decides, with nothing read and nothing written: the exploration of every interleaving decides by
//! the same rules (docs/testing.md, "Interleavings").

use std::time::Duration;

use super::CLAIM;
use crate::credential::{Content, GrantState, Login, Outcome, Record};
use crate::store::record::{CacheNote, Reservation};
use crate::store::shared::rows::SharedRow;
use crate::time::Timestamp;

/// What the attempt of a barrier begins with.
pub(in crate::store::shared) const BARRIER: &str = "barrier-";

/// How much later than its deadline a claim may seem to end, by clocks that differ.
pub(in crate::store::shared) const FREE_MARGIN: Duration = Duration::from_secs(5);

/// How far a deadline can be ahead at most: one further ahead is from a clock that was set back.
const FURTHEST: Duration = CLAIM.saturating_add(FREE_MARGIN);

/// What became of a pending attempt of which no process is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::shared) enum Finished {
    /// None is pending.
    Nothing,
    /// It was taken back, or cut off.
    Ended,
    /// The claims that may be missing are over: the row is of the database's timeline from now on.
    BarrierOver,
}

/// Whether the row says that an attempt is under way.
pub(in crate::store::shared) fn is_pending(row: &SharedRow) -> bool {
    row.outcome.as_deref() == Some(Outcome::Pending.as_str())
}

/// Whether the row's attempt is the one that this machine has reserved, under this lock and since this start of the
/// machine. The process that asks has the lock: then the owner has died.
pub(in crate::store::shared) fn is_proven_dead(
    ours: &Reservation,
    row: &SharedRow,
    lock: u64,
    boot: Option<u64>,
) -> bool {
    Some(&ours.attempt) == row.attempt_id.as_ref() && ours.lock == lock && Some(ours.boot) == boot
}

/// Until when, as the database counts, a pending attempt must be left alone; `None`: it is over. `now` is the database's
/// clock, `dead` the attempt's reservation if its owner is proven dead. Where a replay does harm its request may still
/// be on its way.
pub(in crate::store::shared) fn left_alone_until(
    row: &SharedRow,
    now: Timestamp,
    dead: Option<&Reservation>,
    is_harmless: bool,
) -> Option<Timestamp> {
    let deadline = row.deadline?;
    let is_ahead = deadline > now && deadline.since(now) <= FURTHEST;
    let is_over = dead.is_some_and(|ours| ours.unsent || is_harmless);
    (is_ahead && !is_over).then_some(deadline)
}

/// Ends a pending attempt of which no process is left. `ours` is what this machine has reserved.
pub(in crate::store::shared) fn finish(
    row: &SharedRow,
    ours: Option<&Reservation>,
    login: &mut Login,
    now: Timestamp,
) -> Finished {
    if !is_pending(row) {
        return Finished::Nothing;
    }
    if ours.is_some_and(|ours| ours.unsent && Some(&ours.attempt) == row.attempt_id.as_ref()) {
        login.take_back_attempt();
        return Finished::Ended;
    }
    if !is_barrier(row) {
        login.cut_off(now);
        return Finished::Ended;
    }
    for grant in &mut login.grants {
        if grant.state == GrantState::Active && grant.refresh_token.is_some() {
            grant.state = GrantState::Doubtful { since: now };
        }
    }
    login.take_back_attempt();
    Finished::BarrierOver
}

/// Whether the claim only waits for claims that a failover may have lost.
fn is_barrier(row: &SharedRow) -> bool {
    row.attempt_id
        .as_deref()
        .is_some_and(|attempt| attempt.starts_with(BARRIER))
}

/// Whether the last commits may be missing from the database, a claim among them.
pub(in crate::store::shared) fn needs_barrier(row: &str, database: &str) -> bool {
    row != database
}

/// Whether the database has lost what this machine has seen: a generation, or the login. `database` is its timeline.
pub(in crate::store::shared) fn has_lost_commits(
    note: &CacheNote,
    row: Option<&SharedRow>,
    database: &str,
) -> bool {
    match row {
        _ if note.login.is_empty() => false,
        Some(row) if row.login == note.login => row.generation < note.seen,
        Some(row) => note.begun.is_some_and(|begun| row.begun < begun),
        None => note.database.as_ref().is_some_and(|seen| seen != database),
    }
}

/// The highest generation of the row's login that this machine has seen.
pub(in crate::store::shared) fn seen_with(note: &CacheNote, row: &SharedRow) -> u64 {
    let seen = if note.login == row.login {
        note.seen
    } else {
        0
    };
    seen.max(row.generation)
}

/// Whether the cache was written from this row, so that it says the same but for how times were brought over. A row
/// that was put back can reach the same sequence again with something else in it.
pub(in crate::store::shared) fn is_known(
    note: &CacheNote,
    cached: &Record,
    row: &SharedRow,
    found: &Record,
) -> bool {
    let words = |record: &Record| {
        let login = record.login()?;
        let grants = login.grants.iter().map(|grant| {
            let token = (grant.generation, grant.access_token.fingerprint());
            (token, grant.state.as_str(), grant.refused)
        });
        let last = login.last_attempt.as_ref();
        let last = last.map(|last| (last.sequence, last.outcome, last.by.clone()));
        Some((grants.collect::<Vec<_>>(), last))
    };
    note.login == row.login && note.sequence == row.sequence && words(cached) == words(found)
}

/// Whether an answer whose login the row has no more is to be ended at the server. Without a row that is not known: it can
/// have been forgotten, or be missing in a database that was restored. The login of one that the row has had
/// may be in another store by now, and so may that of any other, where a move has left a tombstone.
pub(in crate::store::shared) fn is_orphan(
    note: &CacheNote,
    attempt: &str,
    found: Option<&Record>,
) -> bool {
    let ours = note.reservation.as_ref();
    let may_be_news = note.undelivered || ours.is_some_and(|ours| ours.attempt == attempt);
    may_be_news && has_ended(found)
}

/// Whether the login that the row had before this is known to have ended, rather than moved or been forgotten.
pub(in crate::store::shared) fn has_ended(found: Option<&Record>) -> bool {
    found.is_some_and(|found| match &found.content {
        Content::LoggedOut(tombstone) => tombstone.moved_to().is_none(),
        _ => true,
    })
}

/// Whether a claim is so old that another machine may take over before the answer is here.
pub(in crate::store::shared) fn is_overdue(age: Duration, hesitation: Duration) -> bool {
    age > hesitation
}
