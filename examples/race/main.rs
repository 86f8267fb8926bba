//! Fifty workers share one login under the same load, once through glauth and once through a file without a lock.
//!
//! Each of the two clients runs against two servers. One server refuses a spent refresh token, as GitLab does. The other
//! ends the login, because it takes a replay for a theft (RFC 9700 §4.14.2). Both are the server of glauth's own tests,
//! with access tokens that expire after two seconds.
//!
//! `cargo run --release --example race` needs no account and no network. The workers' processes run this program again,
//! as `glauth` or as the naive client of `naive.rs`. `-- --svg FILE` draws the picture that README shows.

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
use glauth_test_support::authorization_server::{
    self, AuthorizationServer, Replay, Settings, TOKEN,
};

/// How many workers ask for tokens.
const WORKERS: usize = 50;
/// The lifetime of an access token, short enough for several expiries in a race.
const LIFETIME: Duration = Duration::from_secs(2);
/// How long a refresh takes, about as long as over a network.
const DELAY: Duration = Duration::from_millis(100);
/// How long each of the four races lasts.
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

/// What a server does after a replay of a spent refresh token: its name in the picture, in the table, and its setting.
const SERVERS: [(&str, &str, Replay); 2] = [
    ("server refuses a replay", "lenient", Replay::Refuse),
    (
        "server ends the login after a replay",
        "strict",
        Replay::RevokeGrant,
    ),
];

/// How a client logs in.
type LogIn = fn(&AuthorizationServer) -> Result<Client, Box<dyn Error>>;

const CLIENTS: [(&str, LogIn); 2] = [
    ("with glauth", Client::glauth),
    ("without a lock", Client::naive),
];

/// One client at one server: how the crowd fared, and what the server saw.
struct Race {
    client: &'static str,
    server: &'static str,
    kind: &'static str,
    crowd: Tally,
    refreshes: usize,
    replays: usize,
    refused_refreshes: usize,
}

fn race(args: &[OsString]) -> Result<ExitCode, Box<dyn Error>> {
    println!(
        "{WORKERS} workers share one login. Its access tokens expire after {} seconds. Four races take {} seconds each.\n",
        LIFETIME.as_secs(),
        LENGTH.as_secs(),
    );
    let mut races = Vec::new();
    for client in CLIENTS {
        for server in SERVERS {
            races.push(run(client, server)?);
        }
    }
    anstream::print!("{}", picture::text(&races, LENGTH));
    print!("{}", table::text(&races));
    if let [option, path] = args
        && option == "--svg"
    {
        std::fs::write(path, picture::svg(&races, LENGTH))?;
    }
    let mut with_glauth = races.iter().filter(|race| race.client == CLIENTS[0].0);
    let clean = with_glauth.all(|race| race.replays == 0 && race.refused_refreshes == 0);
    Ok(if clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Lets the crowd run against a server of its own.
fn run(
    (client, log_in): (&'static str, LogIn),
    (server, kind, on_replay): (&'static str, &'static str, Replay),
) -> Result<Race, Box<dyn Error>> {
    let there = AuthorizationServer::start_with(Settings {
        expires_in: Some(LIFETIME),
        on_replay,
        token_delay: DELAY,
        ..Settings::default()
    });
    // Replays are the subject of the race: it counts them below, so they must not fail it here.
    there.allow_replays(usize::MAX);
    let crowd = crowd::run(client, &log_in(&there)?, &there, WORKERS, LENGTH);
    let requests = there.requests();
    let refused = requests
        .iter()
        .filter(|one| one.request.path == TOKEN && one.status != Some(200));
    Ok(Race {
        client,
        server,
        kind,
        crowd,
        refreshes: there.rotations(),
        replays: there.replays(),
        refused_refreshes: refused.count(),
    })
}
