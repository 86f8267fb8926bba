//! One OAuth login, shared by every process of a machine, refreshed once.
//!
//! A *store* is a folder with one *record* for each account of a host: how the client is known to
//! the server, and one or two *grants*, each an access token with the refresh token that goes with
//! it. A record is read without a lock, and changed only by whoever holds its advisory lock, on
//! the basis of what was read after the lock was had.
//!
//! Everything asks one pure function, [`credential::decide`], before the lock and again under it.
//! [`flow::obtain`] is the way from a need to a token:
//!
//! ```no_run
//! use glauth::credential::{AccountId, AccountName, Asked, DEFAULT_MIN_TTL, HostArg, MinTtl};
//! use glauth::flow::{LOCK_TIMEOUT, Need, Session, obtain};
//! use glauth::http::Network;
//! use glauth::log::{Level, Log};
//! use glauth::store::Store;
//! use glauth::time::Timestamp;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Store::new("/home/jane/.local/share/glauth/credentials".into(), Timestamp::now);
//! let session = Session {
//!     store: &store,
//!     http: &Network,
//!     clock: Timestamp::now,
//!     lock_timeout: LOCK_TIMEOUT,
//!     log: &Log::new(Level::Normal, |_| {}),
//!     talkative: false,
//!     watched: false,
//!     scheme: None,
//! };
//! let id = AccountId {
//!     host: HostArg::parse("gitlab.com")?.host,
//!     account: AccountName::default_name(),
//! };
//! let need = Need {
//!     asked: Asked::Token,
//!     min_ttl: MinTtl::Preferred(DEFAULT_MIN_TTL),
//!     rejected: None,
//! };
//! let obtained = obtain(&session, &id, &need)?;
//! if let Some(login) = obtained.record.login() {
//!     let token = login.grants[obtained.grant].access_token.expose();
//!     assert!(!token.is_empty());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Limitations: advisory locks bind only those who use glauth, as one user, on one kernel; while a
//! lock is held, signals wait in the thread that holds it and in those that it starts, so a program
//! with threads of its own should block them there. The protocol, the invariants and the format
//! are in ARCHITECTURE.md.

pub mod cli;
pub mod config;
pub mod credential;
mod env;
mod fault;
pub mod flow;
pub mod gitcred;
pub mod http;
pub mod log;
mod notice;
pub mod oauth;
pub mod secret;
mod signals;
pub mod store;
pub mod time;
mod toml_trouble;
