//! Every interleaving of a few processes, with crashes, power losses, lost requests and lost answers
//! and the passing of time, on the shipped rules (docs/testing.md, "Interleavings").

#![expect(
    clippy::print_stdout,
    reason = "counts and traces, for runs with --nocapture"
)]

mod brief;
mod call;
mod caught;
mod disk;
mod explore;
mod happenings;
pub(crate) mod library;
mod mutants;
pub(crate) mod promises;
mod scopes;
pub(crate) mod search;
mod steps;
mod visits;
pub(crate) mod world;
