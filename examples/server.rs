//! A server to try glauth on, without an account anywhere. It is the server of glauth's own tests, with GitLab's rules.
//!
//! `cargo run --example server [-- PORT]` prints the address of the server. Then it answers each line of standard input
//! with a line, until standard input ends. A script talks to it through two pipes, as tests/recipes/run does; a person
//! types. `help` prints the commands in [`HELP`], and is the only command whose answer has several lines.
//!
//! At the end it judges its clients: it fails if one presented a spent refresh token, or did anything else that no
//! client should do.

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

/// The text for `--help` and for wrong arguments.
const USAGE: &str = "\
A server to try glauth on. It prints its address, then answers each line of standard input.

Usage: cargo run --example server [-- PORT]

PORT is the port on 127.0.0.1, by default a free one. A new server does not know the logins of an earlier one.
To try out a server that fails for a while, use `down` and `up`.
";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let port = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Some(0),
        ["-h" | "--help"] => {
            print!("{USAGE}\nCommands:\n{HELP}\n");
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
        // The default of five seconds between two requests is too long for a script.
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
        eprintln!("in another terminal: glauth login --client-id {client} {url}");
        eprintln!("then: glauth token --format curl {url} | curl -K - {url}{USER}");
        eprintln!("here: `help` lists the commands; Ctrl-D stops the server");
    }
    for line in io::stdin().lock().split(b'\n') {
        say(&answer(&server, &String::from_utf8_lossy(&line?)))?;
    }
    Ok(judge(&server))
}

/// Prints the clients' mistakes, over which a test would panic.
fn judge(server: &AuthorizationServer) -> ExitCode {
    let complaints = server.complaints();
    server.allow_replays(usize::MAX);
    server.allow_mistakes();
    for complaint in &complaints {
        eprintln!("a client's mistake: {complaint}");
    }
    ExitCode::from(u8::from(!complaints.is_empty()))
}

/// Prints a line and flushes it, because a script waits for it.
fn say(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}
