//! A server to try glauth on, without an account anywhere: the one of glauth's own tests, with GitLab's rules.
//!
//! `cargo run --example server [-- PORT]` prints its address, then answers each line of standard input with a line, and
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
use std::process::ExitCode;
use std::time::Duration;

use authorization_server::{
    Answer, AuthorizationServer, Behaviour, Decision, DeviceGrant, REVOKE, Settings, TOKEN,
    TOKEN_INFO, USER,
};
use serde_json::json;

/// What it is called with.
const USAGE: &str = "\
A server to try glauth on. It prints its address, then answers each line of standard input.

Usage: cargo run --example server [-- PORT]

PORT: where it listens on 127.0.0.1; left out, at a free port. A new server knows no login of the one before
it: `down` and `up` are for a server that is away for a while.
";

/// What a line can be.
const HELP: &str = "\
log-in          a token response, for `glauth login --import --client-id the-client ADDRESS`
decide CODE     the person who was shown CODE by `glauth login --device` says yes
lifetime N      tokens that are issued from now on live for N seconds
expire          every access token has expired
revoke          every login has ended
down            from now on every answer about tokens is 503
up              no longer
record          what has happened so far, as JSON
help            this list
Ctrl-D          the end, and what the clients did wrong";

/// Whose answers end while it is down.
const PLACES: [&str; 4] = [TOKEN, TOKEN_INFO, REVOKE, USER];

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let port = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Some(0),
        ["-h" | "--help"] => {
            print!("{USAGE}\nLines:\n{HELP}\n");
            return Ok(ExitCode::SUCCESS);
        }
        [port] => port.parse().ok(),
        _ => None,
    };
    let Some(port) = port else {
        eprint!("{USAGE}");
        return Ok(ExitCode::from(2));
    };
    let settings = Settings {
        // A script does not want to wait for five seconds between two questions.
        device: Some(DeviceGrant {
            interval: Some(1),
            ..DeviceGrant::default()
        }),
        ..Settings::default()
    };
    let server = AuthorizationServer::start_at(port, settings)
        .map_err(|error| format!("port {port}: {error}"))?;
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
    Ok(judge(&server))
}

/// A test panics over mistakes; here they are for a person to read.
fn judge(server: &AuthorizationServer) -> ExitCode {
    let complaints = server.complaints();
    server.allow_replays(usize::MAX);
    server.allow_mistakes();
    for complaint in &complaints {
        eprintln!("a client's mistake: {complaint}");
    }
    ExitCode::from(u8::from(!complaints.is_empty()))
}

fn set_down(server: &AuthorizationServer, is_down: bool) {
    for place in PLACES {
        let away = is_down.then(|| Behaviour::Answer(Answer::new(503)));
        server.always(place, away);
    }
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
        ("down", "") => set_down(server, true),
        ("up", "") => set_down(server, false),
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
