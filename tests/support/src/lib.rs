//! What the tests, the benchmark and the examples stand on: a strict server, a sandbox to run the binary in, a
//! browser, a forge, a registry, a terminal.

#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::new_without_default,
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "for tests: a panic is how a test fails, and says so"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "what the product may do in one place only, its tests may do; what they leave out they say"
)]

pub mod authorization_server;
pub mod browser;
pub mod crash_points;
pub mod git_server;
pub mod mounts;
pub mod other_user;
pub mod postgres;
pub mod program;
pub mod received;
pub mod refresher;
pub mod registry;
pub mod sandbox;
pub mod site;
pub mod terminal;
pub mod token_site;
pub mod watch;
