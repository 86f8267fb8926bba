//! Without a person nothing prompts, opens a browser or waits (P10).

use crate::login::through_browser::browser_that_notes;
use crate::support::authorization_server::AuthorizationServer;
use crate::support::sandbox::{Running, Sandbox};
use crate::support::terminal::Terminal;

#[test]
fn without_a_terminal_a_login_ends_with_3_and_the_command_to_run() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let url = server.url();
    let args = ["login", "--client-id", "the-client", &url];
    let mut command = sandbox.command(&args);
    command.env("BROWSER", browser_that_notes(&sandbox));
    let said = Running::spawn(&mut command).finish().fails(3);
    assert!(said.contains("glauth login"), "{said}");
    assert!(said.contains("--device"), "{said}");
    assert_eq!(server.requests().len(), 0);
    assert!(!sandbox.path("visited").exists(), "a browser was opened");
    let words = ["--json", "login", "--client-id", "the-client", &url];
    sandbox.run(&words).fails_in_json(3, "login_required");
}

#[test]
fn a_program_that_reads_json_is_no_person_even_at_a_terminal() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let url = server.url();
    let args = ["--json", "login", "--client-id", "the-client", &url];
    let mut command = sandbox.command(&args);
    command.env("BROWSER", browser_that_notes(&sandbox));
    let finished = Terminal::spawn(&mut command).finish();
    assert_eq!(finished.code(), Some(3), "{finished:?}");
    assert!(!sandbox.path("visited").exists(), "a browser was opened");
}

#[test]
fn a_known_login_is_no_reason_to_ask_either() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let before = sandbox.record_text(&server);
    sandbox.run(&["login", &server.url()]).fails(3);
    sandbox.run(&["login"]).fails(3);
    assert_eq!(sandbox.record_text(&server), before);
    assert_eq!(server.requests().len(), 0);
}
