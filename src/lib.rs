//! One OAuth login for every process on one machine or several, refreshed once.
//!
//! A *store* is a folder with one *record* for each account of a host: how the client is known to
//! the server, and one or two *grants*, each an access token with the refresh token that goes with
//! it. A record is read without a lock, and changed only by the process that holds its advisory lock, on
//! the basis of what was read after the lock was had.
//!
//! # For programs that embed it
//!
//! The command line is the default feature `cli`. A program that embeds the store leaves it out, with
//! `default-features = false`, and with it some twenty packages (docs/dependencies.md).
//!
//! The public interface is what stands on this page and is not hidden: [`Logins`], [`Login`], [`Token`],
//! [`Lease`], [`AccessToken`], [`BadSecret`], [`Fingerprint`], [`ConsentPrompt`], [`ClientSettings`], [`Error`], [`ErrorKind`] and
//! [`NeededLogin`]. It follows
//! semantic versioning: within a major version nothing of it goes or changes its meaning, and [`ErrorKind`],
//! [`BadSecret`] and the codes may get more. The same holds for the format of records (docs/format.md) and
//! for the JSON and the exit codes of the command line. All else that a search finds is the program's own and
//! may change at any time.
//!
//! ```no_run
//! use glauth::{ErrorKind, Logins};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # fn call(_: &str) -> Result<(), u16> { Ok(()) }
//! let logins = Logins::open()?;
//! let login = logins.login("gitlab.com", None)?;
//! let token = match login.token(None) {
//!     Ok(token) => token,
//!     Err(error) if error.kind() == ErrorKind::LoginRequired => {
//!         let host = error.login().map_or("HOST", |login| login.host());
//!         eprintln!("{error}; run `glauth login {host}`");
//!         return Ok(());
//!     }
//!     Err(error) => return Err(error.into()),
//! };
//! if call(token.access_token().expose()) == Err(401) {
//!     // Once: a token that stays bad is no token's fault.
//!     let other = login.rejected(token.access_token())?;
//!     call(other.access_token().expose()).map_err(|status| format!("status {status}"))?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Work that takes minutes keeps its token alive, as long as the lease is not dropped:
//!
//! ```no_run
//! # use std::time::Duration;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # fn upload(_: &str) {}
//! let logins = glauth::Logins::open()?;
//! let (token, lease) = logins.login("gitlab.com", None)?.lease(Some(Duration::from_secs(600)))?;
//! upload(token.access_token().expose());
//! drop(lease);
//! # Ok(())
//! # }
//! ```
//!
//! A program can lead its own person through a login, with the client of the login that is there or another one:
//!
//! ```no_run
//! # use glauth::{ClientSettings, ConsentPrompt, Logins};
//! struct Window;
//!
//! impl ConsentPrompt for Window {
//!     fn has_browser(&self) -> bool {
//!         true
//!     }
//!     fn open(&self, address: &str) {
//!         let _child = std::process::Command::new("xdg-open").arg(address).spawn();
//!     }
//!     fn enter_code(&self, address: &str, code: &str) {
//!         println!("enter {code} at {address}");
//!     }
//!     fn hear(&self, text: &str) {
//!         println!("{text}");
//!     }
//! }
//!
//! # fn main() -> Result<(), glauth::Error> {
//! let mut client = ClientSettings::default();
//! client.client_id = Some("3f5c0a91".to_owned());
//! Logins::open()?.login("gitlab.com", None)?.log_in(client, &Window)?;
//! # Ok(())
//! # }
//! ```
//!
//! Limitations: advisory locks bind only the programs that use glauth, as one user, on one kernel. The command
//! `glauth` refreshes in a process of its own, which outlives a caller that is killed; a program that embeds
//! the library refreshes in itself, and its end in the middle of a refresh can cost the login. While a
//! lock is held, signals wait in the thread that holds it and in those that it starts, so a program
//! with threads of its own should block them there; SIGXFSZ is caught from then on, unless it was ignored.
//! The calls block; a refresh takes as long as the
//! server does, 100 seconds at most. The command `glauth` forbids core files of itself; the core file of a
//! program that embeds the library holds tokens, unless the program forbids it. The protocol and the
//! invariants are in ARCHITECTURE.md, the format in docs/format.md.

#![cfg_attr(
    test,
    allow(clippy::too_many_lines, reason = "a table of cases may be long")
)]

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod code;
#[doc(hidden)]
pub mod config;
#[doc(hidden)]
pub mod credential;
mod embed;
mod env;
mod fault;
#[doc(hidden)]
pub mod flow;
#[cfg(feature = "cli")]
mod git_config;
#[doc(hidden)]
pub mod gitcred;
#[doc(hidden)]
pub mod http;
#[doc(hidden)]
pub mod log;
mod memory;
mod mutex;
mod notice;
#[doc(hidden)]
pub mod oauth;
mod peers;
mod process;
#[doc(hidden)]
pub mod secret;
mod signals;
#[doc(hidden)]
pub mod store;
mod terminal;
#[doc(hidden)]
pub mod time;
mod told;
mod toml_trouble;
mod user_file;

pub use embed::{
    ClientSettings, ConsentPrompt, Error, ErrorKind, Login, Logins, NeededLogin, Token,
};
pub use secret::{AccessToken, BadSecret, Fingerprint};
pub use store::Lease;
