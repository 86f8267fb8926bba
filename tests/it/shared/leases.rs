//! Leases of one machine, which the other one respects (P6).

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use super::*;

/// A command on a machine that has a token, until its standard input ends.
struct Holder {
    running: Running,
    token: String,
}

impl Holder {
    fn start(machine: &Machine, url: &str) -> Self {
        Self::start_in(machine, &machine.store, url)
    }

    /// The same with a login of another store.
    fn start_in(machine: &Machine, store: &str, url: &str) -> Self {
        let script = "echo $GITLAB_TOKEN; read -r end";
        let mut command = machine.command(&["exec", url, "--", "/bin/sh", "-c", script]);
        command.env("GLAUTH_STORE", store);
        let mut running = Running::spawn(command.stdin(Stdio::piped()));
        let mut stdout = BufReader::new(running.child.stdout.take().unwrap());
        let mut token = String::new();
        stdout.read_line(&mut token).unwrap();
        let token = token.trim_end().to_owned();
        assert!(!token.is_empty(), "{:?}", running.finish());
        Self { running, token }
    }

    fn end(mut self) {
        drop(self.running.child.stdin.take());
        self.running.child.wait().unwrap();
    }
}

/// A login whose token has an hour of two left, on both machines.
fn half_over(one: &Machine, other: &Machine, server: &AuthorizationServer) -> Pair {
    let pair = server.log_in();
    let mut response: serde_json::Value = serde_json::from_str(&pair.response).unwrap();
    response["created_at"] = (response["created_at"].as_u64().unwrap() - 3600).into();
    let (id, url) = (server.client_id(), server.url());
    let login = ["login", "--import", "--client-id", &id, &url];
    one.run_with_input(&login, &response.to_string()).succeeds();
    assert_eq!(other.prints(&["token", &url]), pair.access_token);
    pair
}

#[test]
fn a_call_that_demands_more_waits_for_a_command_on_another_machine() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = half_over(&one, &other, &server);
    let url = server.url();
    let leases = "SELECT count(*) FROM glauth.lease";
    let holders = [Holder::start(&one, &url), Holder::start(&one, &url)];
    assert_eq!(holders[0].token, pair.access_token);
    assert_eq!(postgres.sql(leases), "1");
    let demand = ["token", "--min-ttl", "90m", &url];
    let in_vain = other.run(&[&["--lock-timeout", "300ms"], &demand[..]].concat());
    assert!(in_vain.stderr.contains("another machine"), "{in_vain:?}");
    in_vain.fails(4);
    assert_eq!(server.refresh_requests(), 0);
    let waiting = other.start(&demand);
    for holder in holders {
        // A look of its own machine at the row removes no lease that is held.
        one.run(&["exec", &url, "--", "true"]).succeeds();
        assert_eq!(postgres.sql(leases), "1");
        assert_eq!(server.refresh_requests(), 0);
        holder.end();
    }
    // The local lock says that the commands have ended.
    one.start(&["token", "--min-ttl", "90m", &url])
        .finish()
        .succeeds();
    let waited = waiting.finish().succeeds();
    let new = server.current_pair(&pair.access_token).access_token;
    assert_eq!(waited.trim_end(), new);
    assert_eq!(server.refresh_requests(), 1);
}

#[test]
fn a_lease_ends_with_its_token_though_its_machine_is_gone() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = half_over(&one, &other, &server);
    let holder = Holder::start(&one, &server.url());
    holder.running.signal(nix::sys::signal::Signal::SIGKILL);
    drop(holder);
    // An hour later.
    postgres.sql("UPDATE glauth.lease SET until = until - interval '1 hour 1 minute'");
    let demand = ["token", "--min-ttl", "90m", &server.url()];
    let token = other.run(&demand).succeeds();
    let new = server.current_pair(&pair.access_token).access_token;
    assert_eq!(token.trim_end(), new);
}

#[test]
fn a_lease_counts_for_machines_whose_first_key_is_another_one() {
    let Some((_postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    half_over(&one, &other, &server);
    let file = other.sandbox.path("glauth.key");
    other
        .run(&["store", "key", "add", file.to_str().unwrap()])
        .succeeds();
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().rev().collect();
    std::fs::write(&file, format!("{}\n", lines.join("\n"))).unwrap();
    let holder = Holder::start(&one, &server.url());
    let demand = [
        "--lock-timeout",
        "300ms",
        "token",
        "--min-ttl",
        "90m",
        &server.url(),
    ];
    other.run(&demand).fails(4);
    assert_eq!(server.refresh_requests(), 0);
    holder.end();
}

#[test]
fn without_the_database_a_command_gets_its_token_and_a_warning() {
    let Some((mut postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    postgres.stop();
    let ran = one.run(&[
        "exec",
        &server.url(),
        "--",
        "/bin/sh",
        "-c",
        "echo $GITLAB_TOKEN",
    ]);
    assert!(ran.stderr.contains("could not take a lease"), "{ran:?}");
    assert_eq!(ran.succeeds().trim_end(), pair.access_token);
}

#[test]
fn a_command_keeps_its_token_when_the_login_moves_and_on_another_machine_it_keeps_the_login() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let (url, address) = (server.url(), postgres.address());
    let folder = one.sandbox.store().display().to_string();
    let pair = half_over(&one, &other, &server);
    let in_folder = |args: &[&str]| {
        let mut command = one.command(args);
        Running::spawn(command.env("GLAUTH_STORE", &folder)).finish()
    };
    let demand = ["--lock-timeout", "300ms", "token", "--min-ttl", "90m", &url];
    let is_alive = || {
        assert_eq!(server.refresh_requests(), 0);
        assert!(server.is_alive(&pair.access_token));
    };
    // Another machine's command has only the database to say that it uses the token.
    let holder = Holder::start(&other, &url);
    let refused = moves(&one, [&address, &folder, &url], None).unwrap();
    assert!(
        refused.stderr.contains("a command uses its token"),
        "{refused:?}"
    );
    refused.fails(4);
    holder.end();
    other.run(&["refresh", &url]).succeeds();
    let holder = Holder::start(&one, &url);
    moves(&one, [&address, &folder, &url], None)
        .unwrap()
        .succeeds();
    in_folder(&demand).fails(4);
    is_alive();
    // On its way back, both that command and one in the folder.
    let second = Holder::start_in(&one, &folder, &url);
    holder.end();
    moves(&one, [&folder, &address, &url], None)
        .unwrap()
        .succeeds();
    other.run(&demand).fails(4);
    one.run(&demand).fails(4);
    is_alive();
    second.end();
    one.run(&demand[2..]).succeeds();
    assert_eq!(server.refresh_requests(), 1);
}
