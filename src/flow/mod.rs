//! What is done, from beginning to end: a token, a refresh, a login, a logout. Each asks `decide`,
//! and writes only under the lock.

mod account;
mod apart;
mod authorize;
mod brought;
mod error;
mod exchange;
mod git;
mod login;
mod logout;
mod loopback;
mod plan;
mod redirect_uri;
mod refresh;
mod refuse;
mod standby;

use std::time::{Duration, Instant};

pub use account::{account_to_log_in, held_by_no_other, in_use, on_account};
pub use apart::{Order, carry_out};
pub use authorize::{
    AuthorizeError, Lead, NewTokens, PERSON_LIMIT, Person, Waiting, Way, Wish,
    add_standby_through_server, log_in_through_server,
};
pub(crate) use error::list;
pub use error::{FlowError, standby_command};
pub use exchange::Where;
pub use git::{Told, git_erase, git_get, git_store};
pub use login::{Change, LoggedIn, NewAccount, Second, Tokens, log_in};
pub use logout::{LoggedOut, log_out};
pub use plan::{ClientError, Given, Plan, PlanError, Setup, ToRegister};
pub use refresh::{
    Need, Obtained, What, check_now, obtain, obtain_with_lease, refusals, stored,
    why_refresh_failed,
};
pub use standby::{Beside, Newcomer, NotAdded, Refusal, add_standby};

use crate::credential::{Content, Record, Scheme};
use crate::http::{CONNECT_LIMIT, Http};
use crate::log::Log;
use crate::notice;
use crate::oauth;
use crate::store::{Store, Wait};
use crate::time::Timestamp;

/// How long to wait for a lock where nobody says: longer than the slowest refresh that its holder
/// may be in the middle of.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(120);

const _: () = assert!(
    LOCK_TIMEOUT.as_secs() > CONNECT_LIMIT.as_secs() + oauth::ANSWER_LIMIT_TIME.as_secs(),
    "who waits with the default must outlast who holds"
);

/// As long as anybody can mean, and short enough for the clock to count.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What every flow works with.
#[derive(Clone, Copy)]
pub struct Session<'a> {
    /// Where the records are.
    pub store: &'a Store,
    /// How servers are reached.
    pub http: &'a dyn Http,
    /// What time it is.
    pub clock: fn() -> Timestamp,
    /// How long to wait for an account's lock.
    pub lock_timeout: Duration,
    /// Where the steps are noted.
    pub log: &'a Log,
    /// Whether to say on stderr what is waited for.
    pub talkative: bool,
    /// Whether somebody watches, so that a slow server is worth a line.
    pub watched: bool,
    /// The scheme that was asked for, where it was spelled out: a login of the other one is not
    /// what is meant.
    pub scheme: Option<Scheme>,
    /// In which process a refresh happens.
    pub refreshes: Where,
}

impl Session<'_> {
    /// Refuses a login that is reached in another way than was asked for.
    pub fn check_scheme(&self, record: &Record) -> Result<(), FlowError> {
        match self.scheme {
            // What a logout left is no login: the next one may be reached in another way.
            _ if matches!(record.content, Content::LoggedOut(_)) => Ok(()),
            Some(scheme) if scheme != record.scheme => Err(FlowError::OtherScheme {
                id: record.id.clone(),
                scheme: record.scheme,
            }),
            _ => Ok(()),
        }
    }

    /// Says what is waited for, once it takes a while and somebody watches; until it is dropped.
    fn slow(&self, text: String) -> Option<notice::Notice> {
        self.watched.then(|| notice::Notice::after_a_while(text))
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// How to wait for a lock until `deadline`.
    fn wait(&self, deadline: Instant) -> Wait<'static> {
        Wait {
            deadline,
            on_wait: if self.talkative { &say_who } else { &|_| {} },
        }
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.lock_timeout.min(FOR_EVER)
    }
}

fn say_who(holder: Option<&str>) {
    let holder = holder.unwrap_or("another process");
    notice::say(format!("waiting for the lock, which {holder} holds"));
}
