//! The refresh in a process of its own: tools end the helpers that they call with SIGKILL, and an answer
//! that is on its way must not be lost with the caller (P5).
//!
//! ```text
//! caller    lock, decide ─ start ───────────── go, closes its copy ─ waits ─ rereads, goes on
//!                            │ descriptor  ▲ ready  │                  ▲ report
//! process                    └ stands alone, rereads ▼ stage → exchange → commit, unlocks
//! ```
//!
//! The lock is a `flock`, which belongs to the open file: the process holds it as soon as it has inherited
//! the descriptor. The caller keeps its own copy until it has heard that the process is ready, so the
//! account is locked all the time. A process that is ready waits for the caller's word, or its end: so one that
//! was not told to go has sent nothing, and the caller, which waits for [`READY_LIMIT`] at most, may end it, take
//! the lock back and refresh by itself.

mod carry_out;
mod order;
mod report;

use std::time::Duration;

use super::error::FlowError;
use super::sentences::when_interrupted;
use super::session::{LOCK_TIMEOUT, Session};
use super::tried::{AttemptedRefresh, nothing_sent};
use crate::credential::{AccountId, Cause, Outcome};
use crate::log::Level;
use crate::process::{self, Heard, Helper};
use crate::signals::BlockedSignals;
use crate::store::{Entry, HandedOver, Locked, Occupied};

pub use carry_out::carry_out;
pub use order::Order;
use report::Report;

/// How long the process may take to be ready: it starts, and reads a record.
const READY_LIMIT: Duration = Duration::from_secs(2);

/// How long the caller waits for the report: as long as others wait for the lock, and so longer than the
/// request may take.
const REPORT_LIMIT: Duration = LOCK_TIMEOUT;

/// The line that says that the process has the lock, and a session of its own.
const READY: &[u8] = b"ready\n";

/// What the caller says to that.
const GO: &[u8] = b"g";

/// Lets a process of its own refresh a grant, and waits for it.
pub(super) fn exchange(
    session: &Session<'_>,
    id: &AccountId,
    locked: Locked<Occupied>,
    grant: usize,
    cause: Cause,
) -> Result<AttemptedRefresh, FlowError> {
    let order = Order {
        level: session.log.level(),
        root: session.store.name(),
        id: id.clone(),
        grant,
        cause,
        sequence: locked.record().last_sequence(),
        as_git: session.http.goes_as_git(),
    };
    let lent = match locked.hand_over(grant, cause, session.now()) {
        Ok(lent) => lent,
        Err(not_staged) => return nothing_sent(session, not_staged),
    };
    match start(&order, &lent) {
        Ok(helper) => {
            session.note(Level::Trace, id, || {
                format!("process {} has the lock, and refreshes", helper.id())
            });
            follow(session, id, helper, lent.let_go())
        }
        Err(why) => {
            session.note(Level::Verbose, id, || {
                format!("this process refreshes, because another one {why}")
            });
            let back = session.store.take_back(id, lent)?;
            Ok(AttemptedRefresh::NoProcess(match back {
                Some(Entry::Occupied(locked)) => Some(Box::new(locked)),
                _ => None,
            }))
        }
    }
}

/// Starts the process, waits until it is ready, and tells it to go on. The error says why it was not told.
fn start(order: &Order, lent: &HandedOver) -> Result<Helper, String> {
    let started = lent
        .descriptor()
        .and_then(|stdin| Helper::start(order.arguments(), stdin));
    let mut helper = started.map_err(|error| format!("cannot be started: {error}"))?;
    let heard = helper.first_line(READY_LIMIT);
    let told = match heard {
        Ok(Heard::Said) if helper.said().starts_with(READY) => {
            helper.tell(GO).map_err(|error| error.to_string())
        }
        Ok(Heard::Nothing) => Err("did not become ready".to_owned()),
        Ok(Heard::Said | Heard::Ended) => Err("ended before it was ready".to_owned()),
        Err(error) => Err(format!("cannot be heard: {error}")),
    };
    if told.is_err() {
        helper.end();
    }
    told.map(|()| helper)
}

/// Waits for the report. Signals end the caller at once, unless that could end the process too.
fn follow(
    session: &Session<'_>,
    id: &AccountId,
    mut helper: Helper,
    mut held: BlockedSignals,
) -> Result<AttemptedRefresh, FlowError> {
    let held = if process::ends_with_others() {
        held.announce(when_interrupted(id));
        Some(held)
    } else {
        drop(held);
        None
    };
    let heard = {
        let _slow = session.slow(format!("waiting for {} to refresh the login", id.host));
        helper.until_its_end(REPORT_LIMIT)
    };
    let pid = helper.id();
    let unreported = |what: &str| {
        Ok(AttemptedRefresh::Unknown(FlowError::Failed {
            id: id.clone(),
            outcome: Outcome::AnswerLost,
            message: format!("pid {pid}, which was refreshing the login for {id}, {what}").into(),
            said: None,
            retry_at: None,
            trouble: None,
        }))
    };
    let tried = if matches!(heard, Ok(Heard::Ended)) {
        helper.reap();
        let report = helper.said().strip_prefix(READY);
        match report.and_then(|report| serde_json::from_slice::<Report>(report).ok()) {
            Some(report) => report.take_up(session, id),
            None => unreported("ended before it said what came of it"),
        }
    } else {
        unreported("has not said what came of it")
    };
    if let (Some(held), false) = (held, is_rotated(&tried)) {
        held.until_told();
    }
    tried
}

fn is_rotated(tried: &Result<AttemptedRefresh, FlowError>) -> bool {
    match tried {
        Ok(AttemptedRefresh::Done(done)) => done.failed.is_none(),
        Ok(AttemptedRefresh::InTheStore(_)) => true,
        _ => false,
    }
}
