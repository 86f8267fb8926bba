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
    assert!(
        finished
            .stderr
            .contains("Paste the address of that page here")
    );
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
    let screen = terminal.wait_for("Paste the address of that page here");
    let page = screen.lines().find_map(super::page_in).unwrap();
    terminal.type_line(&browser::open_but_stay(&page));
    let finished = terminal.finish();
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert!(
        finished.stderr.contains("logged in as jane"),
        "{finished:?}"
    );
}

#[test]
fn a_line_that_the_terminal_cut_is_not_taken_for_an_answer() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&words(&server, &CLIENT));
    let mut terminal = Terminal::spawn(&mut command);
    let screen = terminal.wait_for("Paste the address of that page here");
    let page = screen.lines().find_map(super::page_in).unwrap();
    let address = browser::open_but_stay(&page);
    // As where the code is long and stands at the end.
    terminal.type_line(&format!("{address}&session={}", "x".repeat(5000)));
    let screen = terminal.wait_for("the terminal cut that line at 4095 bytes");
    assert!(screen.contains("`curl 'ADDRESS'`"), "{screen}");
    assert_eq!(server.count(TOKEN), 0, "the code may lack its end");
    let seen = browser::get(&address);
    assert!(seen.heading().starts_with("Logged in"), "{seen:?}");
    assert_eq!(terminal.finish().code(), Some(0));
}

#[test]
fn an_address_in_quotes_or_escaped_for_a_page_is_taken() {
    for change in [
        |address: &str| format!("\"{address}\""),
        |address: &str| format!("<{}>", address.replace('&', "&amp;")),
    ] {
        let server = AuthorizationServer::start();
        let sandbox = Sandbox::new();
        let (waiting, mut stdin) = start(&sandbox, &server);
        let address = browser::open_but_stay(&waiting.page);
        writeln!(stdin, "{}", change(&address)).unwrap();
        waiting.finish().succeeds();
    }
}

#[test]
fn an_error_without_state_is_mentioned_and_ends_nothing() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let (waiting, mut stdin) = start(&sandbox, &server);
    let listener = waiting.asked("redirect_uri");
    for _ in 0..3 {
        let seen = browser::get(&format!("{listener}?error=access_%1b[31mdenied"));
        assert_eq!(seen.status, 404, "{seen:?}");
    }
    writeln!(stdin, "{listener}?error=server_error").unwrap();
    writeln!(stdin, "{}", browser::open_but_stay(&waiting.page)).unwrap();
    let finished = waiting.finish();
    let said = &finished.stderr;
    assert_eq!(
        said.matches("error `access_[31mdenied` came").count(),
        1,
        "{said}"
    );
    assert_eq!(
        said.matches("error `server_error` came").count(),
        1,
        "{said}"
    );
    finished.succeeds();
}

#[test]
fn an_empty_standard_input_is_not_waited_for() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let mut ended = sandbox.command(&words(&server, &CLIENT));
    let mut ended = Running::spawn(ended.stdin(Stdio::piped()));
    drop(ended.child.stdin.take());
    let empty = sandbox.start(&words(&server, &CLIENT));
    for waiting in [Waiting::reading(ended), Waiting::reading(empty)] {
        let (_, done) = waiting.consent();
        assert!(!done.stderr.contains("Paste the address"), "{done:?}");
        let command = format!(
            "`glauth login --device --client-id the-client {}`",
            server.url()
        );
        assert!(done.stderr.contains(&command), "{done:?}");
        done.succeeds();
    }
}
