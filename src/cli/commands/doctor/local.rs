//! All that is on disk, in a bounded time: a network file system whose server is gone answers nobody, and
//! for ever.

use std::sync::mpsc;
use std::time::Duration;

use super::check::{Check, Topic, drop_repeated};
use super::{disk, logins, rescued, second};
use crate::credential::{AccountId, AccountName, Host, Record};
use crate::signals::{Held, spawn_deaf};
use crate::store::Store;
use crate::time::human;

/// How long all of it may take: longer than two calls of a second process.
const LIMIT: Duration = Duration::from_secs(30);

const _: () = assert!(LIMIT.as_secs() > 2 * second::LIMIT.as_secs());

/// The lines, and the records that can be read.
type Found = (Vec<Check>, Vec<Record>);

/// What is looked at.
pub(super) struct Local {
    pub store: Store,
    pub host: Option<Host>,
    pub account: Option<AccountName>,
}

impl Local {
    pub(super) fn look_in_time(self) -> Found {
        let shown = self.store.root().display().to_string();
        in_time(LIMIT, move || self.look()).unwrap_or_else(|| {
            let limit = LIMIT.as_secs();
            let check = Check::fail(
                Topic::FileSystem,
                "store_failed",
                format!("the file system of `{shown}` does not answer within {limit} s"),
                "if it is mounted from another machine, is that one up?",
            );
            (vec![check], Vec::new())
        })
    }

    fn look(&self) -> Found {
        let (store, host) = (&self.store, self.host.as_ref());
        if let Some(check) = disk::in_the_way(store) {
            return (vec![check], Vec::new());
        }
        let mut checks = disk::checks(store, host);
        let mut records = Vec::new();
        match self.chosen() {
            Err(error) => checks.push(Check::error(Topic::Files, &error)),
            Ok(ids) => {
                records = logins::read(store, &ids, &mut checks);
                checks.extend(logins::checks(store, host, &records));
                if ids.is_empty() {
                    checks.push(logins::none(host, self.account.as_ref()));
                }
            }
        }
        checks.extend(rescued::checks(store));
        drop_repeated(&mut checks);
        (checks, records)
    }

    /// The accounts of HOST, and the named one only where one is named; without a host all.
    fn chosen(&self) -> anyhow::Result<Vec<AccountId>> {
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

/// Signals wait meanwhile, in every thread: nobody is to leave a scratch folder behind. The first one is
/// answered with a line, since a file system that hangs is what a person looks for here.
fn in_time<T: Send + 'static>(
    limit: Duration,
    look: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let mut held = Held::new();
    held.announce(format!(
        "finishing the look at the store first, so that nothing is left there (up to {})",
        human(limit)
    ));
    let (sender, receiver) = mpsc::channel();
    spawn_deaf(move || drop(sender.send(look()))).ok()?;
    receiver.recv_timeout(limit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_is_given_up() {
        let (_stays, never) = mpsc::channel::<()>();
        let given_up = in_time(Duration::from_millis(10), move || never.recv().is_ok());
        assert_eq!(given_up, None);
        assert_eq!(in_time(LIMIT, || 7), Some(7));
    }
}
