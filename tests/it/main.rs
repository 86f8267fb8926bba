//! The tests that run the binary itself, in an empty environment, against a strict server.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that panics has failed, and says so"
)]

mod promise;
mod support;
