//! What a test tells the server to do, and what the server tells the test.

use std::io::{ErrorKind, Read, Write as _};
use std::net::{Shutdown, TcpStream};
use std::panic::{self, AssertUnwindSafe};
use std::thread;
use std::time::{Duration, Instant};

use super::{get, get_with_token, refresh, start_with};
use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, ClientAuth, Held, TOKEN, USER, read_some,
};

#[test]
fn a_scripted_answer_rotates_nothing_and_the_queue_goes_before_always() {
    let server = AuthorizationServer::start();
    let pair = server.log_in();
    let redirect = Answer::new(307).header("Location", "http://example.com/");
    server.always(TOKEN, Some(Behaviour::Answer(Answer::new(503))));
    server.script(TOKEN, Behaviour::Answer(redirect));

    let first = refresh(&server, &pair.refresh_token);
    let others = [(); 2].map(|()| refresh(&server, &pair.refresh_token).status);
    server.always(TOKEN, None);
    let last = refresh(&server, &pair.refresh_token);

    assert_eq!(first.status, 307);
    assert!(first.head.contains("Location: http://example.com/"));
    assert_eq!(others, [503, 503]);
    assert_eq!(last.status, 200);
}

#[test]
fn a_lost_request_changes_nothing_and_a_lost_answer_has_rotated() {
    let server = AuthorizationServer::start();
    server.allow_replays(1);
    let pair = server.log_in();
    server.script(TOKEN, Behaviour::LoseRequest);
    server.script(TOKEN, Behaviour::LoseAnswer);

    let lost_request = refresh(&server, &pair.refresh_token);
    let alive_between = server.is_alive(&pair.access_token);
    let lost_answer = refresh(&server, &pair.refresh_token);

    assert!(lost_request.body.is_empty() && lost_answer.body.is_empty());
    assert!(alive_between);
    assert!(!server.is_alive(&pair.access_token));
    assert_eq!(refresh(&server, &pair.refresh_token).status, 400);
    let statuses: Vec<_> = server.requests().iter().map(|one| one.status).collect();
    assert_eq!(statuses, [None, None, Some(400)]);
}

#[test]
fn an_error_can_come_after_the_rotation_and_an_answer_can_be_no_http() {
    let server = AuthorizationServer::start();
    let pair = server.log_in();
    server.script(TOKEN, Behaviour::Raw(b"SSH-2.0-x".to_vec()));
    server.script(TOKEN, Behaviour::RotateThen(Answer::new(500).body("oops")));

    let raw = refresh(&server, &pair.refresh_token);
    assert_eq!(raw.body, b"SSH-2.0-x");
    assert!(server.is_alive(&pair.access_token));

    let failed = refresh(&server, &pair.refresh_token);
    assert_eq!(
        (failed.status, failed.body.as_slice()),
        (500, b"oops".as_slice())
    );
    assert!(!server.is_alive(&pair.access_token));
}

#[test]
fn a_held_request_has_not_rotated_and_a_held_answer_has() {
    type Hold = fn(&AuthorizationServer, &str) -> Held;
    let holds: [(Hold, usize); 2] = [
        (AuthorizationServer::hold_requests, 0),
        (AuthorizationServer::hold_answers, 1),
    ];
    for (hold, rotations) in holds {
        let server = AuthorizationServer::start();
        let pair = server.log_in();
        let held = hold(&server, TOKEN);
        thread::scope(|scope| {
            let asking = scope.spawn(|| refresh(&server, &pair.refresh_token));

            held.wait_for(1);

            assert_eq!(server.rotations(), rotations);
            assert_eq!(server.requests()[0].status, None);
            held.release();
            assert_eq!(asking.join().unwrap().status, 200);
        });
        assert_eq!(
            refresh(
                &server,
                &server.current_pair(&pair.access_token).refresh_token
            )
            .status,
            200
        );
    }
}

#[test]
fn the_token_endpoint_takes_as_long_as_it_is_told() {
    let delay = Duration::from_millis(50);
    let server = start_with(|settings| settings.token_delay = delay);
    let pair = server.log_in();

    let before = Instant::now();
    refresh(&server, &pair.refresh_token);

    assert!(before.elapsed() >= delay);
}

#[test]
fn what_was_asked_is_remembered() {
    let server = AuthorizationServer::start();
    let pair = server.log_in();

    refresh(&server, &pair.refresh_token);
    get_with_token(&server, USER, "unknown");
    server.wait_until(|requests| requests.len() == 2, "two requests");

    let requests = server.requests();
    let [first, second] = requests.as_slice() else {
        panic!("two requests")
    };
    assert_eq!((first.number, first.request.method.as_str()), (1, "POST"));
    assert_eq!(
        first.request.parameter("refresh_token"),
        Some(pair.refresh_token.as_str())
    );
    assert_eq!(first.request.header("accept"), Some("application/json"));
    assert_eq!(second.request.bearer_token(), Some("unknown"));
    assert!(first.at <= second.at);
    assert_eq!((server.count(TOKEN), server.count(USER)), (1, 1));
}

#[test]
fn every_secret_is_known_and_says_that_it_is_one() {
    let server = start_with(|settings| {
        settings.client_auth = ClientAuth::SecretPost("client-SECRET".to_owned());
    });
    let pair = server.log_in();
    server.log_in();

    let mut secrets = server.every_secret();

    assert!(secrets.contains(&pair.access_token) && secrets.contains(&pair.refresh_token));
    assert!(secrets.iter().all(|secret| secret.contains("SECRET")));
    secrets.sort();
    secrets.dedup();
    assert_eq!(secrets.len(), 5);
}

#[test]
fn a_client_that_dies_in_the_middle_of_a_request_has_asked_nothing() {
    let server = AuthorizationServer::start();
    let whole = "POST /oauth/token HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf";
    let mut stream = TcpStream::connect(server.host()).unwrap();
    stream.write_all(whole.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();

    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();

    assert!(answer.is_empty());
    assert!(server.requests().is_empty() && server.mistakes().is_empty());
}

#[test]
fn of_a_crowd_with_one_refresh_token_one_is_served() {
    // Both ends of a connection are open in this process, and 1024 descriptors are usual.
    const CROWD: usize = 300;
    let server = AuthorizationServer::start();
    server.allow_replays(CROWD - 1);
    let pair = server.log_in();
    let held = server.hold_requests(TOKEN);

    let statuses: Vec<u16> = thread::scope(|scope| {
        let ask = || refresh(&server, &pair.refresh_token).status;
        let crowd: Vec<_> = (0..CROWD).map(|_| scope.spawn(ask)).collect();
        held.wait_for(CROWD);
        held.release();
        crowd.into_iter().map(|one| one.join().unwrap()).collect()
    });

    let successes = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(successes, 1);
    assert_eq!((server.rotations(), server.replays()), (1, CROWD - 1));
    assert!(server.is_alive(&server.current_pair(&pair.access_token).access_token));
}

#[test]
fn a_server_fails_the_test_that_did_not_declare_a_replay_or_a_mistake() {
    let complaint = |misbehave: fn(&AuthorizationServer)| {
        let server = AuthorizationServer::start();
        misbehave(&server);
        let panic = panic::catch_unwind(AssertUnwindSafe(|| drop(server))).unwrap_err();
        *panic.downcast::<String>().unwrap()
    };

    let of_a_replay = complaint(|server| {
        let pair = server.log_in();
        refresh(server, &pair.refresh_token);
        refresh(server, &pair.refresh_token);
    });
    let of_a_mistake = complaint(|server| {
        get(server, TOKEN, "Accept: application/json");
    });

    assert_eq!(
        of_a_replay,
        "spent refresh tokens were presented 1 times, 0 times allowed"
    );
    assert!(of_a_mistake.contains("GET /oauth/token: not a POST"));
}

#[test]
fn a_server_that_was_dropped_takes_no_connection() {
    let server = AuthorizationServer::start();
    let host = server.host();

    drop(server);

    let error = TcpStream::connect(host).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn a_test_that_fails_while_it_waits_fails_once() {
    let server = AuthorizationServer::start();
    let wait = || server.wait_until(|_| panic!("the condition's own panic"), "nothing");
    assert!(panic::catch_unwind(AssertUnwindSafe(wait)).is_err());

    assert_eq!(server.rotations(), 0);
}

/// A signal that does nothing still interrupts a read with a time limit.
#[test]
fn an_interrupted_read_goes_on() {
    struct Interrupted(bool);
    impl Read for Interrupted {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if std::mem::replace(&mut self.0, false) {
                return Err(ErrorKind::Interrupted.into());
            }
            buffer[0] = b'x';
            Ok(1)
        }
    }
    assert_eq!(read_some(&mut Interrupted(true), &mut [0]).unwrap(), 1);
}
