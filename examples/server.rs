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

use std::error::Error;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::process::ExitCode;

use glauth_test_support::authorization_server::{
    AuthorizationServer, DeviceGrant, HELP, Settings, USER, answer,
};

/// What it is called with.
const USAGE: &str = "\
A server to try glauth on. It prints its address, then answers each line of standard input.

Usage: cargo run --example server [-- PORT]

PORT: where it listens on 127.0.0.1; left out, at a free port. A new server knows no login of the one before
it: `down` and `up` are for a server that is away for a while.
";

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
    for line in io::stdin().lock().split(b'\n') {
        say(&answer(&server, &String::from_utf8_lossy(&line?)))?;
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

/// A script waits for the line: it must not stay in a buffer.
fn say(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}
