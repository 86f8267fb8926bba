//! Every interleaving of a few processes on two machines with one database, on the shipped rules (docs/testing.md,
//! "Interleavings of several machines").

#![expect(
    clippy::print_stdout,
    reason = "counts and traces, for runs with --nocapture"
)]
#![expect(
    clippy::large_types_passed_by_value,
    clippy::trivially_copy_pass_by_ref,
    clippy::unnecessary_wraps,
    clippy::unused_self,
    clippy::struct_excessive_bools,
    clippy::wrong_self_convention,
    reason = "every step takes a state and gives the next one, or the promise that it breaks"
)]

mod answer;
mod brief;
mod call;
mod caught;

mod database;
mod explore;
mod library;
mod logins;
mod mutants;
mod promises;
mod scopes;
mod steps;
mod windows;
mod world;
