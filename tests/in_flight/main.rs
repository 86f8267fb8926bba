//! Who is in the middle of something when a token is rotated: `cargo test --release --test in_flight`.
//!
//! Three experiments with real time, for some minutes:
//!
//! - Callers that are killed at 60 moments of a refresh, alone and with their group, with one grant and with
//!   two, where a replay is refused and where it revokes.
//! - 240 git fetches over smart HTTP, four at a time, from a forge that takes 250 ms for each answer, while the login is rotated once a second: with one grant and a helper that only prints the
//!   token, with a standby grant and the same helper, and with one grant and `glauth git-credential`.
//! - Commands that hold tokens of five seconds and use them for three, while others demand more life than
//!   these have, for a minute, on a schedule of chance (`IN_FLIGHT_SEED` repeats one).
//!
//! Where there is no git that asks again after a 401 (2.46) the first is left out, with one line; with
//! `--require` or `CI=true` that is an error. A debug build tests the debug binary.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an experiment, for people to look at"
)]

mod callers;
mod commands;
mod fetches;

use std::process::ExitCode;

use glauth_test_support::{authorization_server, git_server, sandbox};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [word, url] = &args[..]
        && word == commands::USE_TOKEN
    {
        return commands::use_token(url);
    }
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    let require = ci || args.iter().any(|arg| arg == "--require");
    let wanted = |name: &str| args.iter().all(|arg| arg.starts_with('-') || arg == name);
    let mut broken = Vec::new();
    if wanted("callers") {
        broken.extend(callers::run());
    }
    if wanted("fetches") {
        broken.extend(fetches::run(require));
    }
    if wanted("commands") {
        broken.extend(commands::run());
    }
    for sentence in &broken {
        println!("not as it should be: {sentence}");
    }
    ExitCode::from(u8::from(!broken.is_empty()))
}
