//! A server to try glauth on, without an account anywhere: the one of glauth's own tests, with GitLab's rules.
//!
//! `cargo run --example server` prints its address, then answers each line of standard input with a line, and
//! stays until that ends. A script talks to it through two pipes (tests/recipes/run does), a person types. What
//! can be said is in [`HELP`], which `help` answers, the only one with several lines.
//!
//! At the end it judges its clients: it fails where one presented a spent refresh token, or did anything else
//! that no client should.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people and scripts to talk to"
)]

#[path = "../tests/it/support/authorization_server/mod.rs"]
mod authorization_server;

use std::error::Error;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::time::Duration;

use authorization_server::{AuthorizationServer, Decision, DeviceGrant, Settings, USER};
use serde_json::json;

/// What a line can be.
const HELP: &str = "\
log-in          a token response, for `glauth login --import --client-id the-client ADDRESS`
decide CODE     the person who was shown CODE by `glauth login --device` says yes
lifetime N      tokens that are issued from now on live for N seconds
expire          every access token has expired
revoke          every login has ended
record          what has happened so far, as JSON
help            this list
Ctrl-D          the end, and what the clients did wrong";

fn main() -> Result<(), Box<dyn Error>> {
    let server = AuthorizationServer::start_with(Settings {
        // A script does not want to wait for five seconds between two questions.
        device: Some(DeviceGrant {
            interval: Some(1),
            ..DeviceGrant::default()
        }),
        ..Settings::default()
    });
    say(&server.url())?;
    if io::stdin().is_terminal() {
        let (client, url) = (server.client_id(), server.url());
        eprintln!("elsewhere: glauth login --client-id {client} {url}");
        eprintln!("then: glauth token --format curl {url} | curl -K - {url}{USER}");
        eprintln!("here: `help` lists the words; Ctrl-D ends it");
    }
    for line in io::stdin().lock().lines() {
        say(&answer(&server, line?.trim()))?;
    }
    Ok(())
}

/// A script waits for the line: it must not stay in a buffer.
fn say(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

fn answer(server: &AuthorizationServer, line: &str) -> String {
    let (command, argument) = line.split_once(' ').unwrap_or((line, ""));
    match (command, argument) {
        ("log-in", "") => return server.log_in().response,
        ("record", "") => return record(server),
        ("help", "") => return HELP.to_owned(),
        ("expire", "") => server.expire_access_tokens(),
        ("revoke", "") => server.revoke_everything(),
        ("decide", code) if !code.is_empty() => server.decide(code, Decision::Approved),
        ("lifetime", seconds) => match seconds.parse() {
            Ok(seconds) => server.set_expires_in(Some(Duration::from_secs(seconds))),
            Err(error) => return format!("{seconds}: {error}"),
        },
        _ => return format!("`{line}` is no command; `help` lists them"),
    }
    "done".to_owned()
}

fn record(server: &AuthorizationServer) -> String {
    let requests = server.requests();
    let granted = requests
        .iter()
        .filter(|one| one.request.path == USER && one.status == Some(200));
    json!({
        "refreshes": server.refresh_requests(),
        "rotations": server.rotations(),
        "replays": server.replays(),
        "served": granted.count(),
        "refused": server.refused_resource_requests(),
        "mistakes": server.mistakes(),
    })
    .to_string()
}
