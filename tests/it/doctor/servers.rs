//! Servers, certificates, clocks, and whether a token is known.

use std::net::{Ipv4Addr, TcpListener};

use serde_json::Value;

use super::{checks_of, found, none_fails, only};
use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, TOKEN, TOKEN_INFO, USER,
};
use crate::support::sandbox::Sandbox;
use crate::tls::{self, TlsServer};

/// The checks of `doctor`, which asks the servers, and ends with this code.
#[track_caller]
fn online(sandbox: &Sandbox, code: i32) -> Vec<Value> {
    checks_of(&sandbox.run(&["--json", "doctor"]), code)
}

#[test]
fn a_server_is_asked_once_without_a_secret_and_its_check_endpoint_for_each_login() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let other = server.log_in();
    let (id, url) = (server.client_id(), server.url());
    let login = [
        "login",
        "--import",
        "--client-id",
        &id,
        "--account",
        "other",
        &url,
    ];
    sandbox.run_with_input(&login, &other.response).succeeds();
    server.forget(USER);
    let checks = online(&sandbox, 0);
    none_fails(&checks);
    only(&checks, "server", "ok", "answers");
    assert_eq!(found(&checks, "token", "ok", "knows access token").len(), 2);
    let requests = server.requests();
    let mut asked: Vec<(&str, Option<&str>)> = requests
        .iter()
        .map(|one| (&*one.request.path, one.request.header("Authorization")))
        .collect();
    // Side by side: in any order.
    asked.sort_unstable();
    let mut bearer = [pair, other].map(|pair| format!("Bearer {}", pair.access_token));
    bearer.sort_unstable();
    let expected = [
        ("/", None),
        (TOKEN_INFO, Some(&*bearer[0])),
        (TOKEN_INFO, Some(&*bearer[1])),
    ];
    assert_eq!(asked, expected);
}

#[test]
fn offline_no_server_is_asked() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let checks = super::offline(&sandbox, 0);
    for topic in ["server", "clock", "token"] {
        assert!(found(&checks, topic, "ok", "").is_empty());
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn an_expired_token_is_not_asked_about_and_a_dead_one_is_a_warning() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    server.revoke_everything();
    let checks = online(&sandbox, 0);
    let (_, remedy) = only(&checks, "token", "warn", "does not know access token");
    assert!(remedy.contains("glauth refresh --force"), "{remedy}");
    let text = sandbox.run(&["doctor"]).stdout;
    assert!(
        text.contains("\n1 login, see the problems above;"),
        "{text}"
    );
    assert_eq!(server.count(TOKEN_INFO), 2);
    sandbox.ends_in(&server, -5);
    assert!(found(&online(&sandbox, 0), "token", "warn", "").is_empty());
    assert_eq!(server.count(TOKEN_INFO), 2);
    assert_eq!(server.refresh_requests(), 0);
}

#[test]
fn a_token_that_is_rotated_while_its_server_is_asked_is_not_called_dead() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let asked = server.hold_requests(TOKEN_INFO);
    let doctor = sandbox.start(&["--json", "doctor"]);
    asked.wait_for(1);
    sandbox.run(&["refresh", "--force"]).succeeds();
    asked.release();
    let checks = checks_of(&doctor.finish(), 0);
    assert!(found(&checks, "token", "warn", "").is_empty());

    let answer = server.hold_answers(TOKEN);
    let refreshing = sandbox.start(&["refresh", "--force"]);
    answer.wait_for(1);
    assert!(found(&online(&sandbox, 0), "token", "warn", "").is_empty());
    answer.release();
    refreshing.finish().succeeds();
    only(&online(&sandbox, 0), "token", "ok", "knows access token");
}

#[test]
fn a_check_endpoint_that_hangs_delays_no_other() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let other = server.log_in();
    let (id, url) = (server.client_id(), server.url());
    let login = ["login", "--import", "--client-id", &id, "-a", "other", &url];
    sandbox.run_with_input(&login, &other.response).succeeds();
    let asked = server.hold_requests(TOKEN_INFO);
    let doctor = sandbox.start(&["--json", "doctor"]);
    asked.wait_for(2);
    asked.release();
    let checks = checks_of(&doctor.finish(), 0);
    assert_eq!(found(&checks, "token", "ok", "knows access token").len(), 2);
}

#[test]
fn a_personal_token_that_is_dead_needs_a_login() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    sandbox
        .run_with_input(&["login", "--with-token", &server.url()], "glpat-SECRET-1")
        .succeeds();
    let endpoint = "/api/v4/personal_access_tokens/self";
    server.always(endpoint, Some(Behaviour::Answer(Answer::new(401))));
    let checks = online(&sandbox, 3);
    let (check, remedy) = only(&checks, "token", "fail", "does not know");
    assert_eq!(check["code"], "login_required");
    assert!(remedy.contains("glauth login"), "{remedy}");
}

#[test]
fn a_check_endpoint_that_says_nothing_is_a_warning() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    for (status, said) in [
        (503, "the server cannot answer now, so access token"),
        (429, "the server asks for fewer requests, so access token"),
        (403, "does not say whether it knows access token"),
    ] {
        server.script(TOKEN_INFO, Behaviour::Answer(Answer::new(status)));
        only(&online(&sandbox, 0), "token", "warn", said);
    }
}

#[test]
fn a_clock_that_differs_is_a_warning_with_how_much() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let answers_at = |seconds: i64| {
        let now = std::time::SystemTime::now();
        let off = std::time::Duration::from_secs(seconds.unsigned_abs());
        let at = if seconds < 0 { now - off } else { now + off };
        let date = httpdate::fmt_http_date(at);
        let answer = Answer::new(200).header("Date", &date);
        server.script("/", Behaviour::Answer(answer));
    };
    answers_at(0);
    only(&online(&sandbox, 0), "clock", "ok", "agrees");
    answers_at(-7210);
    only(&online(&sandbox, 0), "clock", "warn", "is 2h ahead of");
    answers_at(7230);
    only(&online(&sandbox, 0), "clock", "warn", "is 2h behind");
    only(&online(&sandbox, 0), "clock", "note", "does not say");
}

#[test]
fn a_server_that_is_down_fails_and_one_that_is_busy_is_a_warning() {
    let port = {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.local_addr().unwrap().port()
    };
    let sandbox = Sandbox::new();
    sandbox.import_expired(&[], &format!("http://127.0.0.1:{port}"));
    let checks = online(&sandbox, 4);
    let (check, _) = only(&checks, "server", "fail", "cannot connect");
    assert_eq!(check["code"], "unreachable");

    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    server.script("/", Behaviour::Answer(Answer::new(503)));
    only(&online(&sandbox, 0), "server", "warn", "answers with 503");
    server.script("/", Behaviour::LoseAnswer);
    let checks = online(&sandbox, 4);
    let (check, _) = only(&checks, "server", "fail", "no answer from");
    assert_eq!(check["code"], "unavailable");
}

#[test]
fn a_certificate_that_does_not_hold_fails_with_the_reason() {
    type Make = fn() -> TlsServer;
    let makes: [(Make, &str, &str); 3] = [
        (
            || TlsServer::start_with("gitlab.example", |_| {}),
            "is for `gitlab.example`",
            "spelled",
        ),
        (
            || {
                TlsServer::start_with("127.0.0.1", |params| {
                    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
                })
            },
            "expired",
            "clock",
        ),
        (TlsServer::start, "", "--ca-file"),
    ];
    for (make, reason, step) in makes {
        let server = make();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, &server.certificate).unwrap();
        let config = match reason {
            "" => String::new(),
            _ => format!("[hosts.'{}']\nca_file = '{}'\n", server.url, path.display()),
        };
        let sandbox = tls::expired(&server, &config);
        let checks = online(&sandbox, 2);
        let (check, remedy) = only(&checks, "server", "fail", reason);
        assert_eq!(check["code"], "tls_refused");
        assert!(remedy.contains(step), "{remedy}");
        assert!(!server.was_asked());
    }
}

#[test]
fn an_authority_that_a_login_trusts_is_trusted_and_one_that_is_gone_fails() {
    let server = TlsServer::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, &server.certificate).unwrap();
    let config = format!("[hosts.'{}']\nca_file = '{}'\n", server.url, path.display());
    let sandbox = tls::expired(&server, &config);
    let checks = online(&sandbox, 0);
    only(&checks, "server", "ok", "its certificate holds");
    assert!(server.was_asked());
    std::fs::remove_file(path).unwrap();
    let checks = online(&sandbox, 2);
    let (check, _) = only(&checks, "server", "fail", "ca.pem");
    assert_eq!(check["code"], "config");
}

#[test]
fn of_several_failures_the_most_urgent_one_is_the_exit_code() {
    let sandbox = Sandbox::new();
    sandbox.import_expired(&[], "http://127.0.0.1:1");
    std::fs::write(sandbox.store().join("127.0.0.1%3A1/other.toml"), "x").unwrap();
    let text = sandbox.run(&["doctor"]);
    assert_eq!(text.code(), Some(5), "{text:?}");
    assert!(text.stdout.contains("  fail  cannot connect"), "{text:?}");
}
