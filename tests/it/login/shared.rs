//! The clients of other programs that Gitea and Forgejo know from the start: they are offered, and never taken unasked.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::login::through_browser::{browser_that_notes, noted};
use crate::support::authorization_server::{
    AUTHORIZE, AuthorizationServer, REVOKE, Settings, TOKEN,
};
use crate::support::browser;
use crate::support::sandbox::Sandbox;
use crate::support::terminal::Terminal;

/// As Forgejo knows it from the start.
const GIT_CREDENTIAL_OAUTH: &str = "a4792ccc-144e-407e-86c9-5e7d8d9c3269";
const GIT_CREDENTIAL_MANAGER: &str = "e90ee53c-94e2-48ac-9358-a874fb9e0662";

fn server(client_id: &str) -> AuthorizationServer {
    AuthorizationServer::start_with(Settings {
        client_id: client_id.to_owned(),
        ..Settings::default()
    })
}

/// `login` at a Forgejo whose endpoints are those of the test server.
fn command(sandbox: &Sandbox, server: &AuthorizationServer, options: &[&str]) -> Command {
    let url = server.url();
    let authorization = format!("--authorization-endpoint={url}/oauth/authorize");
    let token = format!("--token-endpoint={url}/oauth/token");
    let revocation = format!("--revocation-endpoint={url}{REVOKE}");
    let forgejo = [
        "login",
        "--provider=forgejo",
        &authorization,
        &token,
        &revocation,
    ];
    let mut command = sandbox.command(&[&forgejo[..], options, &[&url]].concat());
    command.env("BROWSER", browser_that_notes(sandbox));
    command
}

#[track_caller]
fn log_in_shared(sandbox: &Sandbox, server: &AuthorizationServer) -> String {
    let mut terminal = Terminal::spawn(&mut command(sandbox, server, &[]));
    let screen =
        terminal.wait_for("share it with git-credential-oauth? [y/N] (or paste the Client ID) ");
    terminal.type_line("y");
    browser::open(&noted(sandbox));
    let finished = terminal.finish();
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    screen + &finished.stderr
}

#[test]
fn after_the_own_application_the_client_of_another_program_is_offered() {
    let server = server(GIT_CREDENTIAL_OAUTH);
    let sandbox = Sandbox::new();
    let said = log_in_shared(&sandbox, &server);
    let own = said.find("has to know glauth as an application").unwrap();
    let shared = said
        .find("Or share the client id of git-credential-oauth")
        .unwrap();
    assert!(own < shared, "{said}");
    assert!(said.contains("each ends the login of the other"), "{said}");
    assert!(said.contains("may not take git-credential-oauth"), "{said}");
    assert!(!said.contains("--client-id"), "{said}");
    assert!(
        said.contains("shares the client id of git-credential-oauth, and"),
        "{said}"
    );
    let record = sandbox.record(&server);
    let client = record["client"].as_table().unwrap();
    assert_eq!(client["client_id"].as_str(), Some(GIT_CREDENTIAL_OAUTH));
    assert_eq!(client["grants"].as_str(), Some("shared"));
    assert_eq!(record["grants"].as_array().unwrap().len(), 1);
}

#[test]
fn enter_declines_and_the_id_of_an_own_application_is_asked_for() {
    let server = server("the-client");
    let sandbox = Sandbox::new();
    for answer in ["", "n", "No"] {
        let mut terminal = Terminal::spawn(&mut command(&sandbox, &server, &[]));
        terminal.wait_for("[y/N] ");
        terminal.type_line(answer);
        terminal.wait_for("paste the Client ID: ");
    }
    assert_eq!((server.count(AUTHORIZE), server.count(TOKEN)), (0, 0));
}

/// The last of the three steps says: paste it here.
#[test]
fn a_client_id_pasted_at_the_offer_is_taken() {
    let server = server("the-client");
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::spawn(&mut command(&sandbox, &server, &[]));
    terminal.wait_for("[y/N] (or paste the Client ID) ");
    terminal.type_line("the-client");
    browser::open(&noted(&sandbox));
    assert_eq!(terminal.finish().code(), Some(0));
    let record = sandbox.record(&server);
    let client = record["client"].as_table().unwrap();
    assert_eq!(client["client_id"].as_str(), Some("the-client"));
}

#[test]
fn a_token_pasted_at_the_offer_is_not_taken_for_a_client_id() {
    let server = server("the-client");
    let sandbox = Sandbox::new();
    let mut terminal = Terminal::spawn(&mut command(&sandbox, &server, &[]));
    terminal.wait_for("[y/N] ");
    terminal.type_line("glpat-0123456789abcdefghij");
    terminal.wait_for("that looks like a token");
    assert_eq!(terminal.finish().code(), Some(2));
}

/// Its login would end.
#[test]
fn a_program_that_is_installed_here_is_passed_over() {
    let server = server(GIT_CREDENTIAL_MANAGER);
    let sandbox = Sandbox::new();
    let programs = sandbox.path("programs");
    std::fs::create_dir(&programs).unwrap();
    let program = programs.join("git-credential-oauth");
    std::fs::write(&program, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", programs.display());
    let mut login = command(&sandbox, &server, &[]);
    let terminal = Terminal::spawn(login.env("PATH", path));
    terminal.wait_for("share it with Git Credential Manager? [y/N] (or paste the Client ID) ");
}

#[test]
fn without_a_terminal_no_client_is_shared() {
    let server = server(GIT_CREDENTIAL_OAUTH);
    let sandbox = Sandbox::new();
    let finished = command(&sandbox, &server, &[]).output().unwrap();
    assert_eq!(finished.status.code(), Some(2), "{finished:?}");
    let said = String::from_utf8(finished.stderr).unwrap();
    assert!(said.contains("no client id"), "{said}");
}

#[test]
fn a_shared_client_gets_no_standby_grant() {
    let server = server(GIT_CREDENTIAL_OAUTH);
    let sandbox = Sandbox::new();
    log_in_shared(&sandbox, &server);
    let before = sandbox.record_text(&server);
    let terminal = Terminal::spawn(&mut command(&sandbox, &server, &["--standby"]));
    terminal.wait_for("needs an application of its own");
    assert_eq!(terminal.finish().code(), Some(2));
    assert_eq!(sandbox.record_text(&server), before);
}

#[test]
fn a_logout_that_revokes_says_what_else_it_ends() {
    let server = server(GIT_CREDENTIAL_OAUTH);
    let sandbox = Sandbox::new();
    log_in_shared(&sandbox, &server);
    let done = sandbox.run(&["logout"]);
    let warning = "a login with git-credential-oauth as the same user has ended too";
    assert!(done.stderr.contains(warning), "{done:?}");
    done.succeeds();
    log_in_again_without_a_question(&sandbox, &server);
    let done = sandbox.run(&["logout", "--local"]);
    assert!(!done.stderr.contains(warning), "{done:?}");
}

/// The id is remembered, and the warning comes again.
fn log_in_again_without_a_question(sandbox: &Sandbox, server: &AuthorizationServer) {
    std::fs::remove_file(sandbox.path("visited")).unwrap();
    let terminal = Terminal::spawn(&mut command(sandbox, server, &[]));
    browser::open(&noted(sandbox));
    let finished = terminal.finish();
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert!(
        finished.stderr.contains("shares the client id of "),
        "{finished:?}"
    );
    assert!(!finished.stderr.contains("[y/N]"), "{finished:?}");
}
