//! A process that gives the database of a shared store an answer which it has not taken: it goes on when those that use
//! the tokens have long ended.

use std::ffi::OsString;
use std::path::PathBuf;
use std::thread;

use crate::credential::{AccountId, Host};
use crate::process;
use crate::store::{Begin, Snapshot, Store};
use crate::time::Timestamp;

/// What glauth is started with to be such a process.
const CALL: &str = "a-process-for-a-delivery";

/// The words for why it was started.
const AFTER_ANSWER: &str = "after-an-answer";
const FOR_STANDBY: &str = "for-a-standby";
const IF_DUE: &str = "if-due";

/// What is to be delivered.
#[derive(Debug)]
pub struct Delivery {
    store: PathBuf,
    id: AccountId,
    begin: Begin,
}

impl Delivery {
    /// Starts a process for this account's answer. One that cannot be started is no harm: the next refresh delivers
    /// first.
    fn start(store: &Store, id: &AccountId, begin: Begin) {
        let begin = match begin {
            Begin::AfterAnswer => AFTER_ANSWER,
            Begin::ForStandby => FOR_STANDBY,
            Begin::IfDue => IF_DUE,
        };
        process::start_alone(vec![
            CALL.into(),
            store.name().into_os_string(),
            id.host.key().into(),
            id.account.as_str().into(),
            begin.into(),
        ]);
    }

    /// Whether this is the command line of such a process; `None`: it is not.
    #[must_use]
    pub fn read(args: &[OsString]) -> Option<Self> {
        let [_, call, store, host, account, begin] = args else {
            return None;
        };
        (call == CALL).then_some(())?;
        Some(Self {
            store: store.into(),
            id: AccountId {
                host: Host::from_key(host.to_str()?)?,
                account: account.to_str()?.parse().ok()?,
            },
            begin: match begin.to_str()? {
                AFTER_ANSWER => Begin::AfterAnswer,
                FOR_STANDBY => Begin::ForStandby,
                IF_DUE => Begin::IfDue,
                _ => return None,
            },
        })
    }

    /// What such a process does.
    pub fn carry_out(self) {
        Store::at(self.store, Timestamp::now).deliver(&self.id, self.begin);
    }
}

/// Who delivers when a call has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::flow) enum DeliveredBy {
    /// A process of its own.
    Process,
    /// A thread, as long as the program lives that embeds the library.
    Thread,
}

/// Lets an answer be delivered that this process got and the database has not taken, or could lose by a failover.
pub(in crate::flow) fn after_answer(store: &Store, id: &AccountId, by: DeliveredBy) {
    if store.is_shared()
        && let Some(why) = store.begin_after_answer(id)
    {
        begin(store, id, why, by);
    }
}

/// Lets an answer be delivered that this process has seen in the cache alone, where no process has tried for a while.
pub(super) fn if_due(store: &Store, seen: &Snapshot, by: DeliveredBy) {
    let id = &seen.record().id;
    if seen.is_ahead() && store.is_delivery_due(id) {
        begin(store, id, Begin::IfDue, by);
    }
}

fn begin(store: &Store, id: &AccountId, begin: Begin, by: DeliveredBy) {
    match by {
        DeliveredBy::Process => Delivery::start(store, id, begin),
        DeliveredBy::Thread => {
            let (store, id) = (store.clone(), id.clone());
            let work = move || store.deliver(&id, begin);
            thread::Builder::new().spawn(work).ok();
        }
    }
}
