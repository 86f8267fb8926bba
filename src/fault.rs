//! Crash points: places where a test can end the process, as a power cut would
//! (ARCHITECTURE.md, "Timeline and crash points").
//!
//! They exist in debug builds only; a release binary has neither the points nor the variable's
//! name, which `.ci/run` checks.

/// Names a place on the way of a refresh. In a debug build with `GLAUTH_CRASH_AT=NAME` the process
/// dies here by SIGABRT, with `GLAUTH_CRASH_AT=NAME:kill` by SIGKILL: no destructor runs.
#[cfg(debug_assertions)]
#[expect(
    clippy::disallowed_methods,
    reason = "a hook of debug builds that tests alone set"
)]
pub fn point(name: &str) {
    let Ok(chosen) = std::env::var("GLAUTH_CRASH_AT") else {
        return;
    };
    if chosen == name {
        std::process::abort();
    }
    if chosen.strip_suffix(":kill") == Some(name) {
        nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL).ok();
    }
}

/// Nothing, in a release build.
#[cfg(not(debug_assertions))]
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "so that not even the name is left in the binary"
)]
pub fn point(_name: &str) {}
