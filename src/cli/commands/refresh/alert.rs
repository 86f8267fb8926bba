//! `--alert-after`: what a timer tells, and what it keeps to itself. A failure that may pass is told once
//! it has lasted; one that needs a person at once; each of them once a day.

use std::time::Duration;

use crate::cli::commands::failure_about;
use crate::cli::context::Context;
use crate::cli::failure::Error;
use crate::code::Exit;
use crate::credential::{AccountId, Record};
use crate::flow::Warning;
use crate::store::{Alert, Store};
use crate::time::Timestamp;

/// A day, less five minutes: a timer does not start at the same second each day.
const A_DAY: Duration = Duration::from_secs((24 * 60 - 5) * 60);

/// What came of one login, or of the run as a whole.
pub(super) struct Alerts<'a> {
    pub after: Duration,
    pub store: &'a Store,
    pub context: &'a Context<'a>,
}

impl Alerts<'_> {
    /// Tells what has to be told now, and says how the run ends for this login: as if all were well
    /// where nothing is told.
    pub(super) fn conclude(
        &self,
        id: Option<&AccountId>,
        result: &Result<Vec<Warning>, Error>,
    ) -> Exit {
        let now = Timestamp::now();
        let before = self.store.alert(id);
        let failure = match result {
            Ok(warnings) if warnings.is_empty() => None,
            Ok(_) => Some((Exit::Done, None)),
            Err(error) => {
                let failure = failure_about(id, error, self.context);
                Some((error.code().exit(), Some(failure)))
            }
        };
        let Some((exit, failure)) = failure else {
            self.keep(id, &before, &Alert::default());
            return Exit::Done;
        };
        let known = self.known(id);
        let mut alert = before.clone();
        forget(&mut alert, known.issued_at);
        let speaks = note(&mut alert, exit, known.failing_since, self.after, now);
        self.keep(id, &before, &alert);
        if !speaks {
            return Exit::Done;
        }
        match failure {
            Some(failure) => self.context.printer.failure(&failure),
            None => self.context.warn_of(result.as_deref().unwrap_or_default()),
        }
        exit
    }

    /// What cannot be kept is told again.
    fn keep(&self, id: Option<&AccountId>, before: &Alert, now: &Alert) {
        self.store.keep_alert(id, before, now).ok();
    }

    /// What the record says; nothing where it cannot be read.
    fn known(&self, id: Option<&AccountId>) -> AlertState {
        let read = |id| Some(self.store.snapshot(id).ok()??.into_record());
        let record = id.and_then(read);
        let Some(login) = record.as_ref().and_then(Record::login) else {
            return AlertState::default();
        };
        let last = login.last_attempt.as_ref();
        AlertState {
            failing_since: last.and_then(|last| last.failing_since),
            issued_at: login.grants.iter().map(|grant| grant.issued_at).max(),
        }
    }
}

/// What a record tells of the time between two runs.
#[derive(Default)]
struct AlertState {
    /// Since when every attempt has failed.
    failing_since: Option<Timestamp>,
    /// When the server gave tokens last.
    issued_at: Option<Timestamp>,
}

/// What was told before the server gave new tokens, to a login or to another process's refresh, is over: what is
/// wrong now is news. But a warning beside a token that works may be about another grant.
fn forget(alert: &mut Alert, issued_at: Option<Timestamp>) {
    let Some(issued_at) = issued_at else { return };
    let is_beside = |exit: u8| exit == Exit::Done.code();
    alert
        .told
        .retain(|exit, at| is_beside(*exit) || *at >= issued_at);
    alert.since = alert.since.filter(|since| *since >= issued_at);
}

/// Notes how a run ended, and whether that is told.
fn note(
    alert: &mut Alert,
    exit: Exit,
    failing_since: Option<Timestamp>,
    after: Duration,
    now: Timestamp,
) -> bool {
    let known = [alert.since, failing_since].into_iter().flatten().min();
    let since = known.unwrap_or(now);
    let is_recent = |at: &Timestamp| now.since(*at) < A_DAY && *at <= now;
    alert.told.retain(|_, at| is_recent(at));
    // A warning beside a token that works ends what was wrong.
    alert.since = (exit != Exit::Done).then_some(since);
    let is_due = match exit {
        // It may pass; and where a person was told of something today, they know.
        Exit::TryAgain => now.since(since) >= after && alert.told.is_empty(),
        _ => !alert.told.contains_key(&exit.code()),
    };
    if is_due {
        alert.told.insert(exit.code(), now);
    }
    is_due
}

#[cfg(test)]
mod tests;
