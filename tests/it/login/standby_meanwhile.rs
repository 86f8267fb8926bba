//! What happens between the first consent and the second.

use std::io::Write as _;
use std::process::Stdio;

use nix::sys::signal::Signal;

use crate::login::standby::{Halfway, ends_with_one, grants, text};
use crate::login::{CLIENT, Waiting, words};
use crate::support::authorization_server::{AuthorizationServer, REVOKE, TOKEN};
use crate::support::browser;
use crate::support::sandbox::{Running, Sandbox};
use crate::support::watch::eventually;

#[test]
fn a_logout_in_between_leaves_no_second_grant() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let halfway = Halfway::start(&sandbox, &server, &CLIENT);
    sandbox.run(&["logout"]).succeeds();
    let (_, finished) = halfway.go_on();
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert!(
        finished
            .stderr
            .contains("the login that it was for no longer exists; it was revoked"),
        "{finished:?}"
    );
    sandbox.run(&["token"]).fails(3);
    assert_eq!(server.count(REVOKE), 2);
}

#[test]
fn a_login_that_another_replaces_in_between_does_not_get_the_second_grant_of_the_first() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let halfway = Halfway::start(&sandbox, &server, &CLIENT);
    let other = sandbox.log_in(&server);
    let (_, finished) = halfway.go_on();
    let why = "the login that it was for no longer exists; it was revoked";
    ends_with_one(&sandbox, &server, &finished, why);
    assert_eq!(sandbox.run(&["token"]).prints(), other.access_token);
}

#[test]
fn a_rotation_of_the_first_in_between_does_no_harm() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let halfway = Halfway::start(&sandbox, &server, &CLIENT);
    sandbox.run(&["refresh", "--force"]).succeeds();
    let (_, finished) = halfway.go_on();
    finished.succeeds();
    let generations: Vec<_> = grants(&sandbox, &server)
        .iter()
        .map(|grant| grant["generation"].as_integer().unwrap())
        .collect();
    assert_eq!(generations, [2, 3]);
    for grant in grants(&sandbox, &server) {
        assert!(server.is_alive(text(&grant, "access_token")));
    }
}

#[test]
fn ctrl_c_in_between_leaves_the_first() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let halfway = Halfway::start(&sandbox, &server, &CLIENT);
    halfway.waiting.running.signal(Signal::SIGINT);
    let finished = halfway.waiting.finish();
    assert_eq!(finished.signal(), Some(2), "{finished:?}");
    assert!(
        finished.stderr.contains("logged in as jane"),
        "{finished:?}"
    );
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
}

#[test]
fn a_signal_while_the_second_tokens_are_on_their_way_waits_until_they_are_stored() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let halfway = Halfway::start(&sandbox, &server, &CLIENT);
    let held = server.hold_answers(TOKEN);
    std::thread::scope(|scope| {
        let seen = scope.spawn(|| browser::open(&halfway.next));
        held.wait_for(1);
        halfway.waiting.running.signal(Signal::SIGINT);
        held.release();
        drop(seen.join());
    });
    let finished = halfway.waiting.finish();
    assert_eq!(finished.signal(), Some(2), "{finished:?}");
    assert_eq!(grants(&sandbox, &server).len(), 2);
}

/// A person presses it while the first tokens are on their way.
#[test]
fn an_enter_that_came_before_the_second_question_says_nothing_about_it() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&words(&server, &[&["--standby"], &CLIENT[..]].concat()));
    let mut running = Running::spawn(command.stdin(Stdio::piped()));
    let mut keyboard = running.child.stdin.take().unwrap();
    let waiting = Waiting::reading(running);
    let has_read = || read_so_far(waiting.running.child.id());
    let held = server.hold_answers(TOKEN);
    let page = waiting.page.clone();
    let first = std::thread::scope(|scope| {
        let first = scope.spawn(|| browser::open(&page));
        held.wait_for(1);
        let before = has_read();
        keyboard.write_all(b"\n").unwrap();
        eventually("the line to be read", || has_read() != before);
        held.release();
        first.join().unwrap()
    });
    let seen = browser::open(&first.next().unwrap());
    assert!(seen.body.contains("The standby grant is stored too."));
    waiting.finish().succeeds();
    assert_eq!(grants(&sandbox, &server).len(), 2);
}

/// How much a process has read, as Linux counts.
fn read_so_far(pid: u32) -> String {
    let text = std::fs::read_to_string(format!("/proc/{pid}/io")).unwrap();
    text.lines().next().unwrap().to_owned()
}
