//! The tests that run the binary itself, in an empty environment, against a strict server.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that panics has failed, and says so"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "what the product may do in one place only, its tests may do; what they leave out they say"
)]

mod crash;
mod disk;
mod exit_codes;
mod find;
mod formats;
mod generated;
mod login;
mod logout;
mod personal_token;
mod secrets;
mod status;
mod tls;
mod layers;
mod left_behind;
mod lock_file;
mod permissions;
mod promise;
mod read_only;
mod rescue;
mod stampede;
mod support;
mod torn;
mod doubtful;
mod verdicts;
mod holders;
mod interrupted;
mod life;
mod refused;
mod workers;
