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

/// How many times shorter the waits between machines are. In a debug build `GLAUTH_HASTE=N` says so: a test cannot wait
/// for a claim's 110 s.
#[cfg(all(debug_assertions, feature = "postgres"))]
#[expect(
    clippy::disallowed_methods,
    reason = "a hook of debug builds that tests alone set"
)]
pub fn hastened(usual: std::time::Duration) -> std::time::Duration {
    let haste = std::env::var("GLAUTH_HASTE").ok();
    let haste = haste.and_then(|haste| haste.parse().ok()).unwrap_or(1);
    usual / haste
}

/// As long as it is, in a release build.
#[cfg(all(not(debug_assertions), feature = "postgres"))]
pub fn hastened(usual: std::time::Duration) -> std::time::Duration {
    usual
}
