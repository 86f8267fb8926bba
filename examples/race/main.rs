//! Fifty processes share one login, first by way of glauth, then by way of a file without a lock.
//!
//! `cargo run --release --example race` needs no account and no network: the server is the one of
//! glauth's own tests, with GitLab's rules and access tokens that live for two seconds. The
//! processes are this program itself, run anew: as `glauth`, or as the naive client of `naive.rs`.
//! `-- --svg FILE` draws the picture that README shows.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program for people to look at, whose picture is a file like any other"
)]

mod client;
mod crowd;
mod http;
mod naive;
mod picture;
mod table;

use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use client::Client;
use crowd::Tally;
use glauth_test_support::authorization_server::{self, AuthorizationServer, Settings, TOKEN};

/// How many processes there are at any moment.
const WORKERS: usize = 50;
/// How long an access token lives: several expiries fit into a race.
const LIFETIME: Duration = Duration::from_secs(2);
/// How long each half lasts.
const LENGTH: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    match args.first().and_then(|role| role.to_str()) {
        Some("glauth") => glauth::cli::run(args),
        Some("naive") => naive::run(&args[1..]),
        _ => race(&args).unwrap_or_else(|error| {
            eprintln!("race: {error}");
            ExitCode::FAILURE
        }),
    }
}

/// One half: what the crowd went through, and what the server saw of it.
struct Half {
    crowd: Tally,
    refreshes: usize,
    replays: usize,
    refused_refreshes: usize,
}

fn race(args: &[OsString]) -> Result<ExitCode, Box<dyn Error>> {
    println!(
        "{WORKERS} processes at a time share one login, whose access tokens live for {} seconds.\n",
        LIFETIME.as_secs()
    );
    let with_glauth = half("with glauth", Client::glauth)?;
    let without_lock = half("without a lock", Client::naive)?;
    let halves = [
        ("with glauth", &with_glauth),
        ("without a lock", &without_lock),
    ];
    anstream::print!("{}", picture::text(&halves, LENGTH));
    print!("{}", table::text(&with_glauth, &without_lock));
    if let [option, path] = args
        && option == "--svg"
    {
        std::fs::write(path, picture::svg(&halves, LENGTH))?;
    }
    let clean = with_glauth.replays == 0 && with_glauth.refused_refreshes == 0;
    Ok(if clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Lets the crowd run against a server of its own.
fn half(
    name: &'static str,
    log_in: fn(&AuthorizationServer) -> Result<Client, Box<dyn Error>>,
) -> Result<Half, Box<dyn Error>> {
    let server = AuthorizationServer::start_with(Settings {
        expires_in: Some(LIFETIME),
        ..Settings::default()
    });
    // Replays are what this is about: they are counted below, and fail nothing before that.
    server.allow_replays(usize::MAX);
    let client = log_in(&server)?;
    let crowd = crowd::run(name, &client, &server, WORKERS, LENGTH);
    let refused = server.requests();
    let refused = refused
        .iter()
        .filter(|one| one.request.path == TOKEN && one.status != Some(200));
    Ok(Half {
        crowd,
        refreshes: server.rotations(),
        replays: server.replays(),
        refused_refreshes: refused.count(),
    })
}
