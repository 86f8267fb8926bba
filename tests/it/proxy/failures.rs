//! glauth's own failures: the command gets a 503 that says what to do, never a 401, and the person one line.

use std::time::{Duration, Instant};

use super::upstream::Upstream;
use super::{Proxied, log_in_at};
use crate::support::authorization_server::{Answer, AuthorizationServer, Behaviour, TOKEN, USER};
use crate::support::sandbox::{Sandbox, from_now};
use crate::support::watch::HeldLock;

fn is_told_once(done: &crate::support::sandbox::Finished, sentence: &str) {
    assert_eq!(done.stderr.matches(sentence).count(), 1, "{done:?}");
}

#[test]
fn a_login_that_ends_meanwhile_is_a_503_that_says_what_to_do() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let proxied = Proxied::start(&sandbox, &server.url());
    assert_eq!(proxied.get(USER).status, 200);
    server.revoke_everything();
    for _ in 0..3 {
        let reply = proxied.get(USER);
        assert_eq!(reply.status, 503, "{reply:?}");
        assert!(reply.header("retry-after").is_some(), "{reply:?}");
        assert!(
            reply
                .header("content-type")
                .unwrap()
                .starts_with("text/plain"),
            "{reply:?}"
        );
        assert!(reply.header("www-authenticate").is_none(), "{reply:?}");
        assert!(reply.body.contains("has ended"), "{reply:?}");
        let hint = format!("hint: run `glauth login {}`", server.url());
        assert!(reply.body.contains(&hint), "{reply:?}");
        assert!(reply.body.contains("code: login_required\n"), "{reply:?}");
    }
    // A person logs in beside the command, which goes on.
    sandbox.log_in(&server);
    assert_eq!(proxied.get(USER).status, 200);
    let done = proxied.end();
    assert_eq!(done.code(), Some(0), "{done:?}");
    is_told_once(&done, "has ended");
}

#[test]
fn a_command_is_not_run_for_a_login_that_has_ended() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    server.revoke_everything();
    sandbox.ends_in(&server, -1);
    let said = sandbox.run(&Proxied::args(&server.url())).fails(125);
    assert!(said.contains("has ended"), "{said}");
    let said = sandbox.run(&Proxied::args("other.example")).fails(125);
    assert!(said.contains("no login for other.example"), "{said}");
}

#[test]
fn a_token_endpoint_that_is_down_is_a_503_until_it_is_up() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -1);
    let down = Answer::json(503, &serde_json::json!({})).header("Retry-After", "30");
    server.always(TOKEN, Some(Behaviour::Answer(down)));
    // The command runs all the same: it may not need a token yet.
    let proxied = Proxied::start(&sandbox, &server.url());
    for _ in 0..2 {
        let reply = proxied.get(USER);
        assert_eq!(reply.status, 503, "{reply:?}");
        let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!((20..=30).contains(&wait), "{reply:?}");
        assert!(reply.body.contains("code: unavailable\n"), "{reply:?}");
    }
    server.always(TOKEN, None);
    sandbox.edit(&server, |record| {
        let last = record["last_attempt"].as_table_mut().unwrap();
        last.insert("retry_at".to_owned(), from_now(-1));
    });
    sandbox.let_waits_pass(&server);
    let reply = proxied.get(USER);
    assert_eq!(reply.status, 200, "{reply:?}");
    let done = proxied.end();
    let lines = done
        .stderr
        .lines()
        .filter(|line| line.starts_with("glauth: "));
    assert_eq!(lines.count(), 1, "{done:?}");
}

/// Those that wait for the first one's turn take over its failure.
#[test]
fn requests_behind_a_held_lock_fail_together() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let url = server.url();
    let args = [&["--lock-timeout", "2s"], &Proxied::args(&url)[..]].concat();
    let proxied = Proxied::spawn(&mut sandbox.command(&args));
    sandbox.ends_in(&server, -1);
    let _held = HeldLock::take(&sandbox, &server);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                let reply = proxied.get(USER);
                assert_eq!(reply.status, 503, "{reply:?}");
                assert!(reply.body.contains("code: lock_timeout\n"), "{reply:?}");
            });
        }
    });
    // One after the other they take ten seconds.
    assert!(begun.elapsed() < Duration::from_secs(7), "{begun:?}");
}

#[test]
fn a_server_that_is_not_there_is_a_503() {
    let server = AuthorizationServer::start();
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("http://{}", gone.local_addr().unwrap());
    let (sandbox, _) = log_in_at(&host, &server);
    drop(gone);
    let proxied = Proxied::start(&sandbox, &host);
    let reply = proxied.get("/");
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(
        reply.body.contains(&format!("cannot connect to `{host}`")),
        "{reply:?}"
    );
    assert!(reply.body.contains("code: unreachable\n"), "{reply:?}");
}

#[test]
fn a_server_that_hangs_up_is_a_503_and_its_own_errors_are_its_own() {
    let server = AuthorizationServer::start();
    let upstream = Upstream::start(|head, connection| {
        use std::io::Write as _;
        if head.line() == "GET /none" {
            return false;
        }
        let answer = b"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nmine";
        connection.get_mut().write_all(answer).is_ok()
    });
    let (sandbox, _) = log_in_at(&upstream.url(), &server);
    let proxied = Proxied::start(&sandbox, &upstream.url());
    let reply = proxied.get("/none");
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(reply.body.contains("no answer from"), "{reply:?}");
    let reply = proxied.get("/error");
    assert_eq!((reply.status, reply.body.as_str()), (500, "mine"));
}

#[test]
fn an_error_is_an_object_with_json() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let url = server.url();
    let args = [&["--json"], &Proxied::args(&url)[..]].concat();
    let proxied = Proxied::spawn(&mut sandbox.command(&args));
    server.revoke_everything();
    assert_eq!(proxied.get(USER).status, 503);
    let done = proxied.end();
    let line: serde_json::Value = serde_json::from_str(done.stderr.trim()).unwrap();
    assert_eq!(line["error"]["code"], "login_required");
}
