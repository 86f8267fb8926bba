//! All that is on disk, in a bounded time: a network file system whose server is gone never answers.

use std::sync::mpsc;
use std::time::Duration;

use super::check::{Check, Topic, drop_repeated};
use super::{disk, logins, rescued, second};
use crate::cli::call::Call;
use crate::code::Code;
use crate::credential::{AccountId, AccountName, Host, Record};
use crate::signals::{BlockedSignals, spawn_with_signals_blocked};
use crate::store::{Store, StoreError};
use crate::time::human;

/// How long it may take from one step to the next: longer than two calls of a second process. All of it
/// takes as long as there are logins.
const LIMIT: Duration = Duration::from_secs(30);

const _: () = assert!(LIMIT.as_secs() > 2 * second::LIMIT.as_secs());

/// The lines, and the records that can be read.
type LocalFindings = (Vec<Check>, Vec<Record>);

/// What is looked at.
pub(super) struct Local {
    pub store: Store,
    pub host: Option<Host>,
    pub account: Option<AccountName>,
    pub call: Call,
}

impl Local {
    pub(super) fn look_in_time(self) -> LocalFindings {
        let shown = self.store.root().display().to_string();
        in_time(LIMIT, move |made_progress| self.look(made_progress)).unwrap_or_else(|| {
            let limit = LIMIT.as_secs();
            let check = Check::fail(
                Topic::FileSystem,
                Code::StoreFailed,
                format!("the file system of `{shown}` does not answer within {limit} s"),
                "if it is mounted from another machine, is that one up?",
            );
            (vec![check], Vec::new())
        })
    }

    fn look(&self, made_progress: &dyn Fn()) -> LocalFindings {
        let (store, host) = (&self.store, self.host.as_ref());
        if let Some(check) = disk::in_the_way(store) {
            return (vec![check], Vec::new());
        }
        let mut checks = disk::checks(store, host);
        made_progress();
        let mut records = Vec::new();
        match self.chosen() {
            Err(error) => checks.push(Check::store_error(Topic::Files, error)),
            Ok(ids) => {
                records = logins::read(store, &ids, &mut checks, &self.call, made_progress);
                checks.extend(logins::checks(
                    store,
                    host,
                    &records,
                    &self.call,
                    made_progress,
                ));
                if ids.is_empty() {
                    checks.push(logins::none(store, host, self.account.as_ref(), &self.call));
                }
            }
        }
        made_progress();
        checks.extend(rescued::checks(store, host));
        drop_repeated(&mut checks);
        (checks, records)
    }

    /// The accounts of HOST, and the named one only where one is named; without a host all.
    fn chosen(&self) -> Result<Vec<AccountId>, StoreError> {
        let mut ids = match &self.host {
            Some(host) => self.store.accounts_of(host)?,
            None => self.store.accounts()?,
        };
        if let Some(account) = &self.account {
            ids.retain(|id| id.account == *account);
        }
        Ok(ids)
    }
}

/// Signals wait meanwhile, in every thread, so that no scratch folder is left behind. The first one is
/// answered with a line, since a file system that hangs is what a person looks for here. `look` calls what it is
/// given each time that the store has answered.
fn in_time<T: Send + 'static>(
    limit: Duration,
    look: impl FnOnce(&dyn Fn()) -> T + Send + 'static,
) -> Option<T> {
    let mut held = BlockedSignals::new();
    held.announce(format!(
        "finishing the look at the store first, so that nothing is left there (up to {} for each login)",
        human(limit)
    ));
    let (sender, receiver) = mpsc::channel();
    let steps = sender.clone();
    let made_progress = move || drop(steps.send(None));
    spawn_with_signals_blocked(move || drop(sender.send(Some(look(&made_progress))))).ok()?;
    loop {
        if let Some(found) = receiver.recv_timeout(limit).ok()? {
            return Some(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_is_given_up() {
        let (_stays, never) = mpsc::channel::<()>();
        let given_up = in_time(Duration::from_millis(10), move |_| never.recv().is_ok());
        assert_eq!(given_up, None);
        assert_eq!(in_time(LIMIT, |_| 7), Some(7));
    }

    #[test]
    fn what_goes_on_may_take_longer_in_all() {
        let limit = Duration::from_secs(1);
        let (_stays, never) = mpsc::channel::<()>();
        let begun = std::time::Instant::now();
        let ended = in_time(limit, move |made_progress| {
            while begun.elapsed() < 2 * limit {
                made_progress();
                never.recv_timeout(limit / 100).ok();
            }
            7
        });
        assert_eq!(ended, Some(7));
    }
}
