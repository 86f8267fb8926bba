//! What every flow works with, and how long it waits for a lock.

use std::time::{Duration, Instant};

#[cfg(feature = "postgres")]
use super::delivery::{self, DeliveredBy};
use super::error::FlowError;
use crate::config::CallConfig;
use crate::credential::{AccountId, AccountName, Content, Host, Record, Scheme};
use crate::http::{CONNECT_LIMIT, Http};
use crate::log::{Level, Log};
use crate::notice;
use crate::oauth;
use crate::store::{Awaited, Store, Wait};
#[cfg(feature = "postgres")]
use crate::store::{CLAIM, HESITATION};
use crate::time::Timestamp;

/// How long a call waits for a lock unless it is told otherwise: longer than the slowest refresh that its holder
/// may be in the middle of.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(120);

const _: () = assert!(
    LOCK_TIMEOUT.as_secs() > CONNECT_LIMIT.as_secs() + oauth::ANSWER_LIMIT_TIME.as_secs(),
    "a process that waits with the default must outlast the holder"
);

/// What a claim on a login of a shared store must outlast, and what must outlast a claim.
#[cfg(feature = "postgres")]
const _: () = {
    let request = CONNECT_LIMIT.as_secs() + oauth::ANSWER_LIMIT_TIME.as_secs();
    assert!(
        CLAIM.as_secs() > request + HESITATION.as_secs(),
        "another machine may take over while the request of the first one runs"
    );
    assert!(
        CLAIM.as_secs() < LOCK_TIMEOUT.as_secs(),
        "a process that waits with the default must outlast a claim"
    );
};

/// As long as anybody can mean, and short enough for the clock to count.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Where a refresh happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshesIn {
    /// In a process of its own, which goes on where this one is ended.
    Apart,
    /// In this process: a program that embeds the library is not glauth, and cannot start it.
    Here,
}

/// What every flow works with.
#[derive(Clone, Copy)]
pub struct Session<'a> {
    /// Where the records are.
    pub store: &'a Store,
    /// How servers are reached.
    pub http: &'a dyn Http,
    /// How long to wait for an account's lock.
    pub lock_timeout: Duration,
    /// Where the steps are noted.
    pub log: &'a Log,
    /// Whether to say on stderr what is waited for.
    pub talkative: bool,
    /// Whether a person watches, so that a slow server is worth a line.
    pub watched: bool,
    /// The scheme that was asked for, where it was spelled out: a login of the other one is not
    /// what is meant.
    pub scheme: Option<Scheme>,
    /// In which process a refresh happens.
    pub refreshes: RefreshesIn,
    /// The configuration of the call.
    pub config: &'a CallConfig<'a>,
}

impl Session<'_> {
    /// Keeps a note about a login, which names it.
    pub(super) fn note(&self, level: Level, id: &AccountId, text: impl FnOnce() -> String) {
        self.log.note(level, || format!("{id}: {}", text()));
    }

    /// Reads the record of an account without the lock; `None`: there is none. This and the reads under the lock
    /// refuse a login that is reached in another way than was asked for.
    pub(super) fn look(&self, id: &AccountId) -> Result<Option<Record>, FlowError> {
        let Some(snapshot) = self.store.snapshot(id)? else {
            return Ok(None);
        };
        #[cfg(feature = "postgres")]
        delivery::if_due(self.store, &snapshot, self.delivered_by());
        let record = snapshot.into_record();
        self.check_scheme(&record)?;
        Ok(Some(record).filter(|found| !matches!(found.content, Content::Password(_))))
    }

    /// Who delivers an answer that the database of a shared store has not taken, when the call has ended.
    #[cfg(feature = "postgres")]
    pub(super) fn delivered_by(&self) -> DeliveredBy {
        match self.refreshes {
            RefreshesIn::Apart => DeliveredBy::Process,
            RefreshesIn::Here => DeliveredBy::Thread,
        }
    }

    /// The account that the configuration chooses for a host that has none called `default`.
    pub(super) fn chosen_account(&self, host: &Host) -> Result<Option<AccountName>, FlowError> {
        let config = self.config.get().map_err(Box::new)?;
        Ok(config.account(host).cloned())
    }

    /// Refuses a login that is reached in another way than was asked for.
    pub(super) fn check_scheme(&self, record: &Record) -> Result<(), FlowError> {
        // What a logout left is no login: the next one may be reached in another way.
        if self.reaches(record) || matches!(record.content, Content::LoggedOut(_)) {
            return Ok(());
        }
        Err(FlowError::OtherScheme {
            id: record.id.clone(),
            scheme: record.scheme,
        })
    }

    /// Whether its server is reached as was asked for.
    pub(super) fn reaches(&self, record: &Record) -> bool {
        self.scheme
            .is_none_or(|scheme| record.is_reached_by(scheme.as_str()))
    }

    /// Says what is waited for, once it takes a while and a person watches; until it is dropped.
    pub(super) fn slow(&self, text: String) -> Option<notice::Notice> {
        self.watched.then(|| notice::Notice::after_a_while(text))
    }

    /// What time it is, by the clock that the store's times are of.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.store.now()
    }

    /// How to wait for a lock until `deadline`.
    pub(super) fn wait(&self, deadline: Instant) -> Wait<'static> {
        Wait {
            deadline,
            on_wait: if self.talkative { &say_who } else { &|_| {} },
        }
    }

    /// How to wait for a lock, as long as the caller said.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn wait_for_lock(&self) -> Wait<'static> {
        self.wait(self.deadline())
    }

    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.lock_timeout.min(FOR_EVER)
    }
}

fn say_who(awaited: Awaited<'_>) {
    notice::say(match awaited {
        Awaited::Lock(holder) => {
            let holder = holder.unwrap_or("another process");
            format!("waiting for the lock, which {holder} holds")
        }
        Awaited::Elsewhere(by) => format!("waiting for {by}, which refreshes the login"),
    });
}
