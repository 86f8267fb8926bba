//! `--alert-after`: what a timer tells, and what it keeps to itself. A failure that may pass is told once
//! it has lasted; one that needs a person at once; each of them once a day.

use std::time::Duration;

use crate::cli::commands::failure_about;
use crate::cli::context::Context;
use crate::code::Exit;
use crate::credential::AccountId;
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
    pub(super) fn settle(
        &self,
        id: Option<&AccountId>,
        result: &anyhow::Result<Vec<String>>,
    ) -> Exit {
        let now = Timestamp::now();
        let before = self.store.alert(id);
        let failure = match result {
            Ok(warnings) if warnings.is_empty() => None,
            Ok(_) => Some((Exit::Done, None)),
            Err(error) => {
                let failure = failure_about(id, error);
                Some((failure.code.exit(), Some(failure)))
            }
        };
        let Some((exit, failure)) = failure else {
            self.keep(id, &before, &Alert::default());
            return Exit::Done;
        };
        let mut alert = before.clone();
        let speaks = note(&mut alert, exit, self.failing_since(id), self.after, now);
        self.keep(id, &before, &alert);
        if !speaks {
            return Exit::Done;
        }
        match failure {
            Some(failure) => self.context.printer.failure(&failure),
            None => result
                .iter()
                .flatten()
                .for_each(|warning| self.context.printer.warn(warning)),
        }
        exit
    }

    /// What cannot be kept is told again.
    fn keep(&self, id: Option<&AccountId>, before: &Alert, now: &Alert) {
        self.store.keep_alert(id, before, now).ok();
    }

    /// Since when every attempt has failed, as the record has it.
    fn failing_since(&self, id: Option<&AccountId>) -> Option<Timestamp> {
        let record = self.store.snapshot(id?).ok().flatten()?.into_record();
        record.login()?.last_attempt.as_ref()?.failing_since
    }
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
