//! The commands of hints and warnings: pasted into a shell, each does what it says to the login that the call was
//! about.

use std::path::Path;
use std::process::Command;

use crate::support::authorization_server::{Answer, AuthorizationServer, Behaviour, REVOKE};
use crate::support::sandbox::{Finished, Running, Sandbox, in_environment_of, program};

/// The first command of ours between backticks.
fn command_in(text: &str) -> String {
    let mut pieces = text.split('`').filter(|piece| piece.starts_with("glauth "));
    let found = pieces
        .next()
        .unwrap_or_else(|| panic!("no command: {text}"));
    found.to_owned()
}

fn hint_of(finished: Finished, code: i32, name: &str) -> String {
    let error = finished.fails_in_json(code, name);
    error["hint"].as_str().unwrap().to_owned()
}

/// Runs a command line as a person who pastes it does, where the shell finds glauth.
fn paste(sandbox: &Sandbox, line: &str) -> Finished {
    let folder = program().parent().unwrap().to_owned();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", line]);
    let mut shell = in_environment_of(shell, &sandbox.command(&[]));
    shell.env("PATH", folder);
    Running::spawn(&mut shell).finish()
}

/// A login in a store that the environment does not name, and the options that a call names it with.
struct Elsewhere {
    server: AuthorizationServer,
    sandbox: Sandbox,
    options: Vec<String>,
}

impl Elsewhere {
    fn new() -> Self {
        let (server, sandbox) = (AuthorizationServer::start(), Sandbox::new());
        let store = text(&sandbox.path("another store"));
        let config = text(&sandbox.path("it's mine.toml"));
        std::fs::write(&config, "").unwrap();
        let options = ["--store", &store, "--config", &config, "-a", "work"];
        let options = options.map(ToOwned::to_owned).to_vec();
        let there = Self {
            server,
            sandbox,
            options,
        };
        let (id, url) = (there.server.client_id(), there.server.url());
        let login = there.args(&["login", "--import", "--client-id", &id, &url]);
        let response = there.server.log_in().response;
        let done = there.sandbox.run_with_input(&refs(&login), &response);
        done.succeeds();
        there
    }

    fn args(&self, words: &[&str]) -> Vec<String> {
        let own = self.options.iter().map(String::as_str);
        let words = words.iter().copied().chain(own);
        words.map(ToOwned::to_owned).collect()
    }

    fn run(&self, words: &[&str]) -> Finished {
        self.sandbox.run(&refs(&self.args(words)))
    }
}

fn refs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_pasted_command_is_about_the_same_store_configuration_account_and_scheme() {
    let there = Elsewhere::new();
    let Elsewhere {
        server, sandbox, ..
    } = &there;
    server.script(REVOKE, Behaviour::Answer(Answer::new(503)));
    let hint = hint_of(there.run(&["--json", "logout"]), 4, "unavailable");

    let command = command_in(&hint);

    let url = server.url();
    assert!(
        command.starts_with("glauth logout --local --store '"),
        "{command}"
    );
    assert!(command.contains(" --config '"), "{command}");
    assert!(
        command.ends_with(&format!(" --account work {url}")),
        "{command}"
    );
    paste(sandbox, &command).succeeds();
    let ended = hint_of(there.run(&["--json", "token"]), 3, "login_required");
    assert!(command_in(&ended).starts_with("glauth login --store '"));
    let status = there.run(&["status"]);
    assert!(status.stdout.contains("logged out"), "{status:?}");
}

/// The command is a login, which a person at a terminal would end: here tokens come in its place.
#[test]
fn a_pasted_login_makes_the_one_that_was_missing() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let store = text(&sandbox.path("another store"));
    sandbox.import_expired(&["--store", &store], "gitlab.example.com");
    let token = ["--json", "token", "--store", &store, "-a", "work"];
    let url = server.url();
    let args = [&token[..], &[&url]].concat();
    let hint = hint_of(sandbox.run(&args), 3, "login_required");

    let login = command_in(&hint);

    let response = sandbox.path("response.json");
    std::fs::write(&response, server.log_in().response).unwrap();
    let id = server.client_id();
    let line = format!(
        "{login} --import --client-id {id} < '{}'",
        response.display()
    );
    paste(&sandbox, &line).succeeds();
    let token = sandbox.run(&args[1..]).prints();
    assert!(server.is_alive(&token));
    // What is named beside it looks at the same store.
    let (_, rest) = hint.split_once("`; ").unwrap();
    let status = paste(&sandbox, &command_in(rest));
    assert!(status.stdout.contains("work"), "{status:?}");
}

#[test]
fn what_the_environment_says_is_not_repeated() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let store = text(&sandbox.store());
    let url = server.url();
    for named in [&[][..], &["--store", &store]] {
        let args = [&["--json", "token"], named, &[&url]].concat();
        let hint = hint_of(sandbox.run(&args), 3, "login_required");
        assert_eq!(command_in(&hint), format!("glauth login {url}"));
    }
}

/// The call names the host without a scheme, or none at all: the record says how it is reached.
#[test]
fn a_login_over_plain_http_is_named_as_a_url() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    server.revoke_everything();
    let command = format!("`glauth login {}`", server.url());
    for args in [
        &["token"][..],
        &["token", &server.host()],
        &["refresh", "--all"],
        &["exec", "--", "true"],
        &["status"],
        &["doctor", "--offline"],
    ] {
        let finished = sandbox.run(args);
        let said = format!("{}{}", finished.stdout, finished.stderr);
        assert!(said.contains(&command), "{args:?}: {said}");
    }
    for host in ["http://127.0.0.1:1", "http://[::1]:1"] {
        let hint = hint_of(sandbox.run(&["--json", "token", host]), 3, "login_required");
        assert!(command_in(&hint).contains(host), "{hint}");
    }
    let no_person = hint_of(
        sandbox.run(&["--json", "login", "--client-id", "x", &server.url()]),
        3,
        "login_required",
    );
    let command = format!("glauth login --client-id x {}", server.url());
    assert_eq!(command_in(&no_person), command);
}

#[test]
fn where_the_environment_names_another_account_a_command_names_the_default_one() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["--json", "token", "-a", "default", "gitlab.example.com"]);
    command.env("GLAUTH_ACCOUNT", "work");
    let hint = hint_of(Running::spawn(&mut command).finish(), 3, "login_required");
    let login = "glauth login --account default gitlab.example.com";
    assert_eq!(command_in(&hint), login);
}

#[test]
fn the_commands_beside_a_broken_record_make_room_for_a_login() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    std::fs::write(sandbox.file(&server, "toml"), "torn").unwrap();
    let args = ["--json", "token", &server.url()];

    let hint = hint_of(sandbox.run(&args), 5, "corrupt");

    let commands: Vec<&str> = hint.split('`').skip(1).step_by(2).collect();
    let [aside, login] = commands[..] else {
        panic!("{hint}");
    };
    assert!(aside.starts_with("mv "), "{hint}");
    assert!(login.starts_with("glauth login "), "{hint}");
    assert!(login.contains(&server.host()), "{hint}");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", aside]);
    Running::spawn(&mut shell).finish().succeeds();
    hint_of(sandbox.run(&args), 3, "login_required");
    sandbox.log_in(&server);
    sandbox.run(&["token"]).succeeds();
}
