//! The authorization server's own tests: what it promises to the tests that use it.

#![allow(
    clippy::unwrap_used,
    reason = "a failure here is a broken server, and a panic is how a test says so"
)]

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::panic::{self, AssertUnwindSafe};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::authorization_server::{
    Answer, AuthorizationServer, Behaviour, ClientAuth, Held, LIMIT, REVOKE, Replay, Rotation,
    Settings, TOKEN, TOKEN_INFO, USER, read_some,
};

/// Status, head and body of an answer; all empty when the connection was closed without one.
#[derive(Debug, Default)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn error(&self) -> (u16, String) {
        (
            self.status,
            self.json()["error"].as_str().unwrap().to_owned(),
        )
    }
}

pub fn send(server: &AuthorizationServer, request: &str) -> Reply {
    let mut stream = TcpStream::connect(server.host()).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Reply {
            body: answer,
            ..Reply::default()
        };
    };
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    Reply {
        status: head[9..12].parse().unwrap(),
        body: answer[end + 4..].to_vec(),
        head,
    }
}

pub fn post(server: &AuthorizationServer, path: &str, headers: &str, form: &str) -> Reply {
    let length = form.len();
    send(
        server,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n{headers}\
             Content-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {length}\r\n\r\n{form}"
        ),
    )
}

fn refresh(server: &AuthorizationServer, refresh_token: &str) -> Reply {
    let form =
        format!("grant_type=refresh_token&client_id=the-client&refresh_token={refresh_token}");
    post(server, TOKEN, "", &form)
}

fn revoke(server: &AuthorizationServer, token: &str) -> Reply {
    post(
        server,
        REVOKE,
        "",
        &format!("client_id=the-client&token={token}"),
    )
}

pub fn get(server: &AuthorizationServer, path: &str, header: &str) -> Reply {
    send(
        server,
        &format!("GET {path} HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n"),
    )
}

pub fn get_with_token(server: &AuthorizationServer, path: &str, access_token: &str) -> Reply {
    get(
        server,
        path,
        &format!("Authorization: Bearer {access_token}"),
    )
}

pub fn start_with(change: impl FnOnce(&mut Settings)) -> AuthorizationServer {
    let mut settings = Settings::default();
    change(&mut settings);
    AuthorizationServer::start_with(settings)
}

#[test]
fn a_refresh_answers_as_gitlab_does_and_kills_both_old_tokens() {
    let server = AuthorizationServer::start();
    let old = server.log_in();

    let reply = refresh(&server, &old.refresh_token);

    let new = server.current_pair(&old.access_token);
    let answer = reply.json();
    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("Cache-Control: no-store"));
    assert_eq!(answer["access_token"], json!(new.access_token));
    assert_eq!(answer["refresh_token"], json!(new.refresh_token));
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 7200);
    assert_eq!(answer["scope"], "api");
    assert!(answer["created_at"].is_u64());
    assert_eq!(
        answer,
        serde_json::from_str::<Value>(&new.response).unwrap()
    );
    assert!(server.is_alive(&new.access_token));
    assert!(!server.is_alive(&old.access_token));
    assert_eq!((server.refresh_requests(), server.rotations()), (1, 1));
}

#[test]
fn a_replay_is_refused_and_recorded_and_costs_nothing_else() {
    let server = AuthorizationServer::start();
    server.allow_replays(1);
    let old = server.log_in();
    refresh(&server, &old.refresh_token);

    let reply = refresh(&server, &old.refresh_token);

    assert_eq!(reply.error(), (400, "invalid_grant".to_owned()));
    assert!(reply.head.contains(r#"WWW-Authenticate: Bearer realm="Doorkeeper", error="invalid_grant", error_description="The provided"#));
    assert_eq!((server.replays(), server.rotations()), (1, 1));
    assert!(server.is_alive(&server.current_pair(&old.access_token).access_token));
}

#[test]
fn reuse_detection_kills_the_grant_and_no_other() {
    let server = start_with(|settings| settings.on_replay = Replay::RevokeGrant);
    server.allow_replays(1);
    let (old, other) = (server.log_in(), server.log_in());
    refresh(&server, &old.refresh_token);
    refresh(&server, &old.refresh_token);

    let new = server.current_pair(&old.access_token);

    assert!(!server.is_alive(&new.access_token));
    assert!(server.is_alive(&other.access_token));
    assert_eq!(refresh(&server, &new.refresh_token).status, 400);
    assert_eq!(
        server.replays(),
        1,
        "a revoked refresh token is no spent one"
    );
}

#[test]
fn a_rotation_that_keeps_leaves_the_old_access_token_alive() {
    let server = start_with(|settings| settings.rotation = Rotation::Keeps);
    server.allow_replays(1);
    let old = server.log_in();

    refresh(&server, &old.refresh_token);

    assert!(server.is_alive(&old.access_token));
    assert_eq!(refresh(&server, &old.refresh_token).status, 400);
}

#[test]
fn a_refresh_token_that_is_kept_is_not_sent_and_works_again() {
    let server = start_with(|settings| settings.rotation = Rotation::KeepsRefreshToken);
    let old = server.log_in();

    let first = refresh(&server, &old.refresh_token);
    let second = refresh(&server, &old.refresh_token);

    assert_eq!(first.json().get("refresh_token"), None);
    assert_eq!(second.status, 200);
    assert!(server.is_alive(&old.access_token));
    assert_eq!(
        server.current_pair(&old.access_token).refresh_token,
        old.refresh_token
    );
    assert_eq!(revoke(&server, &old.refresh_token).status, 200);
    assert!(!server.is_alive(&old.access_token));
}

#[test]
fn a_token_without_a_lifetime_has_no_expires_in() {
    let server = start_with(|settings| settings.expires_in = None);
    let pair = server.log_in();

    let answer: Value = serde_json::from_str(&pair.response).unwrap();

    assert_eq!(answer.get("expires_in"), None);
    let info = get_with_token(&server, TOKEN_INFO, &pair.access_token).json();
    assert_eq!(info["expires_in"], Value::Null);
}

#[test]
fn a_lifetime_is_exact_and_rounded_up_in_the_answer() {
    let server = AuthorizationServer::start();
    server.set_expires_in(Some(Duration::from_nanos(1)));

    let pair = server.log_in();

    assert!(!server.is_alive(&pair.access_token));
    assert!(pair.response.contains(r#""expires_in":1"#));
}

#[test]
fn the_resource_says_why_a_token_is_refused() {
    let server = AuthorizationServer::start();
    let old = server.log_in();
    let user = |token: &str| get_with_token(&server, USER, token);
    assert_eq!(
        user(&old.access_token).json(),
        json!({"id": 1, "username": "jane"})
    );

    refresh(&server, &old.refresh_token);
    let revoked = user(&old.access_token);
    let new = server.current_pair(&old.access_token);
    server.expire_access_tokens();
    let expired = user(&new.access_token);

    assert_eq!(revoked.error(), (401, "invalid_token".to_owned()));
    assert!(revoked.head.contains(r#"error="invalid_token""#));
    let description = |reply: &Reply| reply.json()["error_description"].clone();
    assert_eq!(
        description(&revoked),
        "Token was revoked. You have to re-authorize from the user."
    );
    assert_eq!(
        description(&expired),
        "Token is expired. You can either do re-authorization or token refresh."
    );
    assert_eq!(user("unknown").status, 401);
    assert_eq!(get(&server, USER, "X: y").status, 401);
    assert_eq!(server.refused_resource_requests(), 4);
    assert_eq!(
        refresh(&server, &new.refresh_token).status,
        200,
        "expiry ends no grant"
    );
}

#[test]
fn an_oauth_token_as_private_token_is_refused_and_a_mistake() {
    let server = AuthorizationServer::start();
    server.allow_mistakes();
    let pair = server.log_in();

    let reply = get(
        &server,
        USER,
        &format!("Private-Token: {}", pair.access_token),
    );

    assert_eq!(reply.status, 401);
    assert_eq!(
        server.mistakes(),
        ["GET /api/v4/user: an OAuth token as `Private-Token`"]
    );
}

#[test]
fn token_info_tells_the_living_from_the_dead() {
    let server = AuthorizationServer::start();
    let pair = server.log_in();

    let alive = get_with_token(&server, TOKEN_INFO, &pair.access_token);
    server.revoke_everything();
    let dead = get_with_token(&server, TOKEN_INFO, &pair.access_token);

    assert_eq!(alive.json()["scope"], json!(["api"]));
    assert_eq!(alive.json()["application"]["uid"], "the-client");
    assert!((7100..=7200).contains(&alive.json()["expires_in"].as_u64().unwrap()));
    assert_eq!(dead.error(), (401, "invalid_token".to_owned()));
}

#[test]
fn token_info_can_be_missing() {
    let server = start_with(|settings| settings.check_endpoint = false);
    let pair = server.log_in();

    assert_eq!(
        get_with_token(&server, TOKEN_INFO, &pair.access_token).status,
        404
    );
    assert_eq!(get_with_token(&server, "/", &pair.access_token).status, 404);
}

#[test]
fn either_token_revokes_its_grant_and_an_unknown_one_nothing() {
    let server = AuthorizationServer::start();
    let (by_access, by_refresh, other) = (server.log_in(), server.log_in(), server.log_in());

    for token in [
        &by_access.access_token,
        &by_refresh.refresh_token,
        "unknown",
    ] {
        let reply = revoke(&server, token);
        assert_eq!((reply.status, reply.json()), (200, json!({})));
    }

    assert_eq!(refresh(&server, &by_access.refresh_token).status, 400);
    assert!(!server.is_alive(&by_refresh.access_token));
    assert!(server.is_alive(&other.access_token));
}

#[test]
fn a_revocation_without_the_client_is_refused() {
    let server = AuthorizationServer::start();
    server.allow_mistakes();
    let pair = server.log_in();

    let reply = post(&server, REVOKE, "", &format!("token={}", pair.access_token));

    assert_eq!(reply.error(), (403, "unauthorized_client".to_owned()));
    assert!(server.is_alive(&pair.access_token));
}

#[test]
fn an_old_engine_revokes_nothing_once_the_access_token_has_expired() {
    for (ignores, status_afterwards) in [(true, 200), (false, 400)] {
        let server = start_with(|settings| settings.revocation_ignores_expired = ignores);
        let pair = server.log_in();
        server.expire_access_tokens();

        assert_eq!(revoke(&server, &pair.refresh_token).status, 200);

        assert_eq!(
            refresh(&server, &pair.refresh_token).status,
            status_afterwards
        );
    }
}

#[test]
fn a_client_with_a_secret_proves_it_in_the_registered_way_only() {
    let secret = || "s:+% ä".to_owned();
    // The same secret, form-encoded, and base64 of `the-client:` and that.
    let in_form = "&client_secret=s%3A%2B%25+%C3%A4";
    let in_header = "Authorization: Basic dGhlLWNsaWVudDpzJTNBJTJCJTI1KyVDMyVBNA==\r\n";
    for (client_auth, good, bad) in [
        (
            ClientAuth::SecretPost(secret()),
            ("", in_form),
            (in_header, ""),
        ),
        (
            ClientAuth::SecretBasic(secret()),
            (in_header, ""),
            ("", in_form),
        ),
        (ClientAuth::None, ("", ""), ("", in_form)),
    ] {
        let server = start_with(|settings| settings.client_auth = client_auth);
        server.allow_mistakes();
        let pair = server.log_in();
        let ask = |(header, parameter): (&str, &str)| {
            let token = &pair.refresh_token;
            let form = format!(
                "grant_type=refresh_token&client_id=the-client&refresh_token={token}{parameter}"
            );
            post(&server, TOKEN, header, &form)
        };

        assert_eq!(ask(bad).error(), (401, "invalid_client".to_owned()));
        assert_eq!(server.mistakes().len(), 1);
        assert_eq!(ask(good).status, 200);
        assert_eq!(server.mistakes().len(), 1);
    }
}

#[test]
fn every_mistake_is_recorded_and_none_has_a_secret_in_it() {
    let server = AuthorizationServer::start();
    server.allow_mistakes();
    let token = server.log_in().refresh_token;
    let good = format!("grant_type=refresh_token&client_id=the-client&refresh_token={token}");
    let length = good.len();

    post(
        &server,
        TOKEN,
        "",
        "grant_type=password&client_id=the-client",
    );
    post(
        &server,
        TOKEN,
        "",
        "grant_type=refresh_token&refresh_token=&client_id=the-client",
    );
    post(&server, TOKEN, "", &format!("{good}&refresh_token={token}"));
    get(
        &server,
        &format!("{TOKEN}?refresh_token={token}"),
        "Accept: application/json",
    );
    post(&server, REVOKE, "", "client_id=the-client");
    send(
        &server,
        "POST /oauth/token HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    );
    let not_a_form = format!(
        "POST {TOKEN} HTTP/1.1\r\nAccept: application/json\r\nContent-Length: {length}\r\n\r\n{good}"
    );
    assert_eq!(send(&server, &not_a_form).status, 415);

    assert_eq!(server.rotations(), 0);
    assert_eq!(
        server.mistakes(),
        [
            "POST /oauth/token: a grant type that this server does not have",
            "POST /oauth/token: no `refresh_token`",
            "POST /oauth/token: `refresh_token` more than once",
            "GET /oauth/token: parameters in the URL",
            "GET /oauth/token: no `grant_type`",
            "GET /oauth/token: not a POST",
            "GET /oauth/token: the body is no form",
            "GET /oauth/token: no client authentication, or a wrong one",
            "POST /oauth/revoke: no `token`",
            "a request that is not HTTP: a transfer coding",
            "POST /oauth/token: no `grant_type`",
            "POST /oauth/token: the body is no form",
            "POST /oauth/token: no client authentication, or a wrong one",
        ]
    );
}

#[test]
fn what_is_not_asked_of_the_authorization_server_is_no_mistake_without_a_secret() {
    let server = AuthorizationServer::start();
    server.allow_mistakes();
    // What git asks for before it has asked a helper.
    let first = "/group/project.git/info/refs?service=git-upload-pack";
    assert_eq!(get(&server, first, "Accept: */*").status, 404);
    assert_eq!(server.mistakes(), [""; 0]);
    get(&server, "/group/project?access_token=x", "Accept: */*");
    let mistake = "GET /group/project: parameters in the URL";
    assert_eq!(server.mistakes(), [mistake]);
}

#[test]
fn a_missing_accept_header_is_a_mistake_that_is_served() {
    let server = AuthorizationServer::start();
    server.allow_mistakes();
    let token = server.log_in().refresh_token;
    let form = format!("grant_type=refresh_token&client_id=the-client&refresh_token={token}");

    let reply = send(
        &server,
        &format!(
            "POST {TOKEN} HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        ),
    );

    assert_eq!(reply.status, 200);
    assert_eq!(
        server.mistakes(),
        ["POST /oauth/token: no `Accept: application/json`"]
    );
}

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
fn nobody_can_connect_to_a_server_that_was_dropped() {
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
