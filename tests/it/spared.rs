//! P4: a server that fails is spared, but not from a person who insists.

use crate::support::authorization_server::{Answer, AuthorizationServer, Behaviour, TOKEN};
use crate::support::sandbox::{Running, Sandbox};
use crate::support::terminal::Terminal;

/// A login whose access token has expired.
fn expired(server: &AuthorizationServer) -> Sandbox {
    let (sandbox, _) = Sandbox::logged_in(server);
    sandbox.ends_in(server, -5);
    sandbox
}

/// Twelve callers in a loop at a server that answers 500: one request for all of them, then a wait that
/// grows to a minute; the first success ends it for all. Time is data.
#[test]
fn twelve_loops_at_a_failing_server_send_one_request_a_minute() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    server.always(TOKEN, Some(Behaviour::Answer(Answer::new(500))));
    let crowd = || {
        let all: Vec<_> = (0..12).map(|_| sandbox.start(&["token"])).collect();
        all.into_iter().map(Running::finish).collect::<Vec<_>>()
    };
    let wait = || {
        let record = sandbox.record(&server);
        let time = |key: &str| -> jiff::Timestamp {
            record["last_attempt"][key].to_string().parse().unwrap()
        };
        (time("next_at").as_millisecond() - time("finished_at").as_millisecond()) / 1000
    };
    for (requests, expected) in (1..).zip([1, 2, 4, 8, 16, 32, 60, 60]) {
        for process in crowd() {
            process.fails(4);
        }
        // On a slow machine a second passes while twelve processes run.
        if expected > 2 {
            assert_eq!(server.refresh_requests(), requests);
        }
        assert_eq!(wait(), expected);
        sandbox.let_waits_pass(&server);
    }
    server.always(TOKEN, None);
    for process in crowd() {
        process.prints();
    }
    assert_eq!(server.rotations(), 1);
    // The next failure is a first one again.
    server.script(TOKEN, Behaviour::Answer(Answer::new(500)));
    sandbox.ends_in(&server, -5);
    sandbox.run(&["token"]).fails(4);
    assert_eq!(wait(), 1);
}

#[test]
fn the_message_says_when_the_next_try_is_and_retry_after_holds_for_force_too() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    server.script(TOKEN, Behaviour::Answer(Answer::new(500)));
    for _ in 0..2 {
        let said = sandbox.run(&["token"]).fails(4);
        assert!(said.contains("; the next try is in 1s\n"), "{said}");
    }
    sandbox.run(&["refresh", "--force"]).succeeds();
    sandbox.ends_in(&server, -5);
    let later = Answer::new(503).header("Retry-After", "30");
    server.script(TOKEN, Behaviour::Answer(later));
    sandbox.run(&["token"]).fails(4);
    sandbox.run(&["refresh", "--force"]).fails(4);
    assert_eq!(server.refresh_requests(), 3);
}

#[test]
fn a_person_at_a_terminal_does_not_wait_and_a_timer_does() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let url = server.url();
    server.script(TOKEN, Behaviour::Answer(Answer::new(500)));
    sandbox.run(&["token", &url]).fails(4);
    for timer in [&["refresh", &url][..], &["refresh", "--all"]] {
        sandbox.run(timer).fails(4);
    }
    assert_eq!(server.refresh_requests(), 1);
    let refreshed = Terminal::spawn(&mut sandbox.command(&["refresh", &url])).finish();
    assert_eq!(refreshed.code(), Some(0), "{refreshed:?}");
    assert_eq!(server.rotations(), 1);
}

#[test]
fn a_server_that_cannot_be_reached_keeps_both_grants_back_and_for_two_seconds_at_most() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::with_standby(&server);
    sandbox.grants_end_in(&server, &[-5, -10]);
    sandbox.edit(&server, |record| {
        record["client"]["token_endpoint"] = "http://127.0.0.1:1/oauth/token".into();
    });
    for expected in [1, 2, 2] {
        sandbox.run(&["token"]).fails(4);
        let record = sandbox.record(&server);
        let last = &record["last_attempt"];
        let time = |key: &str| last[key].to_string().parse::<jiff::Timestamp>().unwrap();
        let wait = time("next_at").as_second() - time("finished_at").as_second();
        assert_eq!(wait, expected);
        sandbox.let_waits_pass(&server);
    }
}
