//! The token of each request: the fresh one, by the ordinary way, and a lease on it while a request that bears it is
//! in flight. Requests at the same time share one lease.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use hyper::header::HeaderValue;
use tokio::sync::OwnedMutexGuard;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::super::token::credentials;
use crate::cli::failure::Error;
use crate::cli::printer;
use crate::config::CallConfig;
use crate::credential::{AccountId, DEFAULT_MIN_TTL, Scheme};
use crate::flow::{self, FlowError, Need, Obtained, RefreshesIn, Session, Warning};
use crate::http::Network;
use crate::log::{Level, Log};
use crate::mutex::locked;
use crate::secret::AccessToken;
use crate::store::{Lease, LockError, Store};

/// The login whose tokens the requests bear, and how it is reached.
pub(super) struct ProxyLogin {
    pub id: AccountId,
    pub scheme: Scheme,
    pub store: Store,
    pub config: Option<PathBuf>,
    pub lock_timeout: Duration,
    pub level: Level,
}

impl ProxyLogin {
    /// Asks the store, and the server where it must. A person watches the command, not this.
    fn ask(
        &self,
        need: &Need,
        act: impl FnOnce(&Session<'_>, &Need) -> Result<TokenInUse, FlowError>,
    ) -> Result<TokenInUse, FlowError> {
        let log = Log::new(self.level, printer::note);
        let done = act(
            &Session {
                store: &self.store,
                http: &Network,
                lock_timeout: self.lock_timeout,
                log: &log,
                talkative: false,
                watched: false,
                scheme: Some(self.scheme),
                refreshes: RefreshesIn::Apart,
                config: &CallConfig::new(self.config.as_deref()),
            },
            need,
        );
        log.flush();
        done
    }

    /// What is fresh without the lock.
    fn at_hand(&self, need: &Need) -> Result<TokenInUse, FlowError> {
        self.ask(need, |session, need| {
            let record = flow::find(session, &self.id.host, Some(&self.id.account))?;
            let obtained = flow::stored(session, record, need)?;
            Ok(TokenInUse::of(obtained, None))
        })
    }

    fn obtain(&self, need: &Need) -> Result<TokenInUse, FlowError> {
        self.ask(need, |session, need| {
            let record = flow::find(session, &self.id.host, Some(&self.id.account))?;
            let (obtained, lease) = flow::obtain_with_lease(session, record, need)?;
            Ok(TokenInUse::of(obtained, lease))
        })
    }
}

/// A token that requests bear. While this lives, a refresh does not end the token early.
pub(super) struct TokenInUse {
    pub token: AccessToken,
    /// The value of the header.
    credentials: Zeroizing<String>,
    pub warnings: Vec<Warning>,
    needs_lease: bool,
    lease: Option<Lease>,
}

impl TokenInUse {
    fn of(obtained: Obtained, lease: Option<Lease>) -> Self {
        let grant = obtained.grant();
        Self {
            token: grant.access_token.clone(),
            credentials: Zeroizing::new(credentials(grant)),
            needs_lease: flow::needs_lease(&obtained.login),
            lease,
            warnings: obtained.warnings,
        }
    }

    /// The header, which is not shown by what prints headers.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&self.credentials).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// How the turn of a request ended.
struct EndedTurn {
    at: Instant,
    /// The token that was not to come again.
    refused: Option<AccessToken>,
    outcome: Result<Weak<TokenInUse>, Arc<Error>>,
}

impl EndedTurn {
    /// What it is for a request that has waited for its end (P4).
    fn for_waiter(
        &self,
        since: Instant,
        need: &Need,
    ) -> Option<Result<Arc<TokenInUse>, Arc<Error>>> {
        if self.at < since || self.refused != need.rejected {
            return None;
        }
        match &self.outcome {
            Ok(token) => token.upgrade().map(Ok),
            Err(error) => Some(Err(Arc::clone(error))),
        }
    }
}

/// Where requests get their tokens.
pub(super) struct ProxyTokens {
    login: Arc<ProxyLogin>,
    /// The token that requests bear now.
    in_use: Arc<Mutex<Weak<TokenInUse>>>,
    /// One request at a time goes to the lock; those that wait for it take over what came of that.
    turn: Arc<tokio::sync::Mutex<Option<EndedTurn>>>,
}

impl ProxyTokens {
    pub(super) fn of(login: ProxyLogin) -> Self {
        Self {
            login: Arc::new(login),
            in_use: Arc::default(),
            turn: Arc::default(),
        }
    }

    pub(super) fn id(&self) -> &AccountId {
        &self.login.id
    }

    /// A working token; another one than `refused`, which the server does not take any more (P7).
    pub(super) async fn take(
        &self,
        refused: Option<AccessToken>,
    ) -> Result<Arc<TokenInUse>, Arc<Error>> {
        let since = Instant::now();
        let need = Need {
            rejected: refused,
            ..Need::token(None, DEFAULT_MIN_TTL)
        };
        if let Some(found) = self.without_lock(&need) {
            return Ok(found);
        }
        let turn = if let Ok(turn) = Arc::clone(&self.turn).try_lock_owned() {
            turn
        } else {
            let turn = self.wait_for_turn().await?;
            if let Some(found) = self.without_lock(&need) {
                return Ok(found);
            }
            let ended = turn.as_ref();
            if let Some(outcome) = ended.and_then(|ended| ended.for_waiter(since, &need)) {
                return outcome;
            }
            turn
        };
        self.go(turn, need).await
    }

    /// As long as for the lock itself (P10).
    async fn wait_for_turn(&self) -> Result<OwnedMutexGuard<Option<EndedTurn>>, Arc<Error>> {
        let waited = self.login.lock_timeout;
        let turn = Arc::clone(&self.turn).lock_owned();
        timeout(waited, turn).await.map_err(|_| {
            let holder = None;
            let error = FlowError::from(LockError::Timeout { holder, waited });
            Arc::new(error.into())
        })
    }

    /// Goes to the lock. If the client of this request hangs up, the thread goes on, and the turn ends with the thread:
    /// what it brings serves those that wait.
    async fn go(
        &self,
        mut turn: OwnedMutexGuard<Option<EndedTurn>>,
        need: Need,
    ) -> Result<Arc<TokenInUse>, Arc<Error>> {
        let (login, in_use) = (Arc::clone(&self.login), Arc::clone(&self.in_use));
        let obtained = spawn_blocking(move || {
            let obtained = login.obtain(&need).map(Arc::new);
            let obtained = obtained.map_err(|error| Arc::new(Error::from(error)));
            let outcome = obtained.as_ref().map(Arc::downgrade).map_err(Arc::clone);
            if let Ok(token) = &outcome {
                locked(&in_use).clone_from(token);
            }
            *turn = Some(EndedTurn {
                at: Instant::now(),
                refused: need.rejected,
                outcome,
            });
            obtained
        });
        obtained
            .await
            .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }

    /// The fresh token, where no lease has to be taken: other requests have one on it, or it needs none.
    fn without_lock(&self, need: &Need) -> Option<Arc<TokenInUse>> {
        let fresh = self.login.at_hand(need).ok()?;
        let in_use = locked(&self.in_use).upgrade();
        let shared = in_use.filter(|in_use| {
            let is_leased = in_use.lease.is_some() || !in_use.needs_lease;
            is_leased && in_use.token == fresh.token
        });
        shared.or_else(|| (!fresh.needs_lease).then(|| Arc::new(fresh)))
    }
}
