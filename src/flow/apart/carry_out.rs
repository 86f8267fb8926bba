//! The process that refreshes.

use std::fs::File;
use std::time::Duration;

use super::READY;
use super::order::Order;
use super::report::{End, Report};
use crate::config::CallConfig;
#[cfg(feature = "postgres")]
use crate::flow::delivery::{self, DeliveredBy};
use crate::flow::exchange::exchange;
use crate::flow::session::{RefreshesIn, Session};
use crate::http::Http;
use crate::log::Log;
use crate::process::{Caller, Wish};
use crate::signals::BlockedSignals;
use crate::store::{Entry, Locked, NotStaged, Occupied, Store};
use crate::time::Timestamp;

/// How long a process that is ready waits for a caller that neither speaks nor ends: one that is stopped has the
/// lock all the same.
const GO_LIMIT: Duration = Duration::from_secs(10);

/// What such a process does: `lock` is the lock that it was started with, `caller` the way back to the
/// process that did. It says nothing where it cannot refresh what the caller has decided on.
pub fn carry_out(order: &Order, lock: File, mut caller: Caller, http: &dyn Http) {
    // To the end: a signal that came must not keep the report from the caller.
    let _held = BlockedSignals::new();
    let log = Log::new(order.level, |_| {});
    let store = Store::at(order.root.clone(), Timestamp::now);
    let session = Session {
        store: &store,
        http,
        lock_timeout: Duration::ZERO,
        log: &log,
        talkative: false,
        watched: false,
        scheme: None,
        refreshes: RefreshesIn::Here,
        config: &CallConfig::new(None),
    };
    let Ok(Some(Entry::Occupied(locked))) = store.lock_inherited(&order.id, lock) else {
        return;
    };
    if locked.record().last_sequence() != order.sequence {
        return;
    }
    caller.tell(READY);
    if caller.wish(GO_LIMIT) != Wish::GoOn {
        return;
    }
    let end = refresh(&session, order, locked);
    let report = Report {
        end,
        notes: log.take(),
    };
    caller.tell(&serde_json::to_vec(&report).unwrap_or_default());
    #[cfg(feature = "postgres")]
    delivery::after_answer(&store, &order.id, DeliveredBy::Process);
}

fn refresh(session: &Session<'_>, order: &Order, locked: Locked<Occupied>) -> End {
    let (grant, cause) = (order.grant, order.cause);
    let staged = match locked.stage(grant, cause, session.now(), String::new()) {
        Ok(staged) => staged,
        Err(NotStaged::Store(_, error)) => return End::NotPrepared(error),
        #[cfg(feature = "postgres")]
        Err(NotStaged::Changed) => return End::Changed,
        Err(_) => return End::NothingSent,
    };
    let sequence = staged.record().last_sequence();
    End::of(exchange(session, &order.id, staged, cause), sequence)
}
