//! The browser is on another machine: its last address is pasted.

use std::io::Write as _;
use std::process::{ChildStdin, Stdio};

use crate::login::{CLIENT, Waiting, words};
use crate::support::authorization_server::{AuthorizationServer, Settings, TOKEN};
use crate::support::browser;
use crate::support::sandbox::{Running, Sandbox};
use crate::support::terminal::Terminal;

/// A login that reads what is pasted.
fn start(sandbox: &Sandbox, server: &AuthorizationServer) -> (Waiting, ChildStdin) {
    let mut command = sandbox.command(&words(server, &CLIENT));
    let mut running = Running::spawn(command.stdin(Stdio::piped()));
    let stdin = running.child.stdin.take().unwrap();
    (Waiting::reading(running), stdin)
}

#[test]
fn the_address_that_the_browser_ended_at_is_enough() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let (waiting, mut stdin) = start(&sandbox, &server);
    let address = browser::open_but_stay(&waiting.page);
    writeln!(stdin, "{address}").unwrap();
    let finished = waiting.finish();
    assert!(finished.stderr.contains("paste that address here"));
    assert_eq!(finished.succeeds(), "");
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
}

#[test]
fn blanks_a_fragment_and_the_query_alone_are_no_obstacle() {
    for change in [
        |address: &str| format!("  {address}#_=_ \r"),
        |address: &str| address.split_once('?').unwrap().1.to_owned(),
    ] {
        let server = AuthorizationServer::start();
        let sandbox = Sandbox::new();
        let (waiting, mut stdin) = start(&sandbox, &server);
        let address = browser::open_but_stay(&waiting.page);
        writeln!(stdin, "\n{}", change(&address)).unwrap();
        waiting.finish().succeeds();
    }
}

#[test]
fn another_line_is_told_apart_and_the_login_goes_on() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let (waiting, mut stdin) = start(&sandbox, &server);
    let address = browser::open_but_stay(&waiting.page);
    writeln!(stdin, "{}", waiting.page).unwrap();
    writeln!(stdin, "{}", address.replace("state=", "state=x")).unwrap();
    writeln!(stdin, "{address}").unwrap();
    let finished = waiting.finish();
    let remarks = finished.stderr.matches("that is not the address").count();
    assert_eq!(remarks, 2, "{finished:?}");
    finished.succeeds();
    assert_eq!(server.count(TOKEN), 1);
}

#[test]
fn the_end_of_the_input_is_not_the_end_of_the_login() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let (waiting, stdin) = start(&sandbox, &server);
    drop(stdin);
    waiting.consent().1.succeeds();
}

#[test]
fn a_terminal_without_a_browser_and_a_server_without_the_device_grant_leave_this_way() {
    let server = AuthorizationServer::start_with(Settings {
        device: None,
        ..Settings::default()
    });
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["login", "--client-id", "the-client", &server.url()]);
    let mut terminal = Terminal::spawn(&mut command);
    let screen = terminal.wait_for("paste that address here");
    let page = screen.lines().find_map(super::page_in).unwrap();
    terminal.type_line(&browser::open_but_stay(&page));
    let finished = terminal.finish();
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert!(
        finished.stderr.contains("logged in as jane"),
        "{finished:?}"
    );
}
