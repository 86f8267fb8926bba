//! The tests that run the binary itself, in an empty environment, against a strict server.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that panics has failed, and says so"
)]
#![allow(clippy::too_many_lines, reason = "a table of cases may be long")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "what the product may do in one place only, its tests may do; what they leave out they say"
)]

mod alerts;
mod apart;
mod authorization_server;
mod circles;
mod clocks;
mod crash;
mod dependencies;
mod disk;
mod docker;
mod doctor;
mod documents;
mod doubtful;
mod embedded;
mod exec;
mod exit_codes;
mod failing_disk;
mod find;
mod foreign_server;
mod formats;
mod generated;
mod git;
mod help;
mod holders;
mod hostile_server;
mod interrupted;
mod kubectl;
mod layers;
mod leases;
mod left_behind;
mod life;
mod lock_file;
mod login;
mod logout;
mod machine;
mod memory;
mod outcomes;
mod paste;
mod permissions;
mod personal_token;
mod power_loss;
mod programs;
mod promise;
mod proxy;
mod read_only;
mod recipes;
mod refusals;
mod refused;
mod rename;
mod rescue;
mod roads;
mod sandbox;
mod schemas;
mod secrets;
mod shared;
mod shown;
mod spared;
mod stampede;
mod standby;
mod status;
mod store_info;
mod store_named;
mod surroundings;
mod switch;
mod tls;
mod torn;
mod trusted_files;
mod typed;
mod unreplaceable;
mod verbose;
mod verdicts;
mod waits;
mod workers;
mod wrapping;

use glauth_test_support as support;
