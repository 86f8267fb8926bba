//! The tests that run the binary itself, in an empty environment, against a strict server.

mod support;
