//! A crowd: how many requests and connections two thousand processes make, and how long they take beside the files of
//! one machine.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use glauth_test_support::authorization_server::AuthorizationServer;
use glauth_test_support::sandbox::{Running, Sandbox};

use super::machine::Machine;

/// How many processes of each machine.
const EACH: usize = 1000;

pub struct Crowd {
    pub refreshes: usize,
    /// The most connections of the machines' at a time, as the log of what they connect to has them.
    pub connections: usize,
    pub without_token: usize,
    pub took: Duration,
}

/// Each of them has a token that was refused. `log` is what they connect to has said so far.
pub fn on_two_machines(
    log: &dyn Fn() -> String,
    machines: &[Machine; 2],
    server: &AuthorizationServer,
) -> Crowd {
    let pair = server.log_in();
    let (id, url) = (server.client_id(), server.url());
    let login = ["login", "--import", "--client-id", &id, &url];
    let [one, other] = machines;
    one.run_with_input(&login, &pair.response).succeeds();
    other.run(&["token", &url]).succeeds();
    let before = server.refresh_requests();
    let said = log().len();
    let begun = Instant::now();
    let args = ["token", "--rejected", &url];
    let crowd: Vec<Running> = (0..EACH)
        .flat_map(|_| machines)
        .map(|machine| Running::spawn_with_input(&mut machine.command(&args), &pair.access_token))
        .collect();
    let ended = crowd.into_iter().map(Running::finish);
    let without_token = ended.filter(|done| done.code() != Some(0)).count();
    let took = begun.elapsed();
    Crowd {
        refreshes: server.refresh_requests() - before,
        connections: most_at_a_time(&log()[said..]),
        without_token,
        took,
    }
}

/// A connection begins with PostgreSQL's `[PID] LOG:  connection received: host=10.77.0.…` or pgbouncer's
/// `C-0x…: postgres/glauth@10.77.0.…:PORT login attempt`. One that never ends in the log counts to the end.
fn most_at_a_time(log: &str) -> usize {
    let mut open = HashSet::new();
    let mut most = 0;
    for line in log.lines() {
        let Some(id) = line
            .split_whitespace()
            .find(|word| word.contains("@10.77.0.") || is_process(word))
        else {
            continue;
        };
        let begins = ["connection received: host=10.77.0.", "login attempt: "];
        let ends = [
            "disconnection: ",
            "FATAL: ",
            "could not accept SSL",
            "closing because: ",
        ];
        if begins.iter().any(|words| line.contains(words)) {
            open.insert(id);
            most = most.max(open.len());
        } else if ends.iter().any(|words| line.contains(words)) {
            open.remove(id);
        }
    }
    assert!(most > 0, "the log has no connection:\n{log}");
    most
}

/// `[4711]`
fn is_process(word: &str) -> bool {
    let number = word
        .strip_prefix('[')
        .and_then(|word| word.strip_suffix(']'));
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}

/// As many as one machine has, with a store in a folder.
pub fn with_files(server: &AuthorizationServer) -> Duration {
    let (sandbox, pair) = Sandbox::logged_in(server);
    let url = server.url();
    let begun = Instant::now();
    let args = ["token", "--rejected", &url];
    let crowd: Vec<Running> = (0..EACH)
        .map(|_| Running::spawn_with_input(&mut sandbox.command(&args), &pair.access_token))
        .collect();
    for process in crowd {
        process.finish().succeeds();
    }
    begun.elapsed()
}
