//! Servers that answer with anything: bounded memory and time, an exit code of the table, and unless
//! the answer is sound the grants stay as they were but for what is known of them (P5).

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use serde_json::{Value, json};

use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, TOKEN, read_some,
};
use crate::support::sandbox::{Finished, LIMIT, Running, Sandbox, after};

/// What a refresh may use, in KiB of address space: far less than a hostile answer could fill.
const MEMORY: usize = 400 * 1024;

/// `token` of a login that has expired, with little memory.
fn refresh(sandbox: &Sandbox) -> Finished {
    let limited = format!("ulimit -v {MEMORY}");
    Running::spawn(&mut after(&limited, &sandbox.command(&["token"]))).finish()
}

/// The grants, without what a failure may say of them.
fn tokens(sandbox: &Sandbox, server: &AuthorizationServer) -> Vec<toml::Value> {
    let record = sandbox.record(server);
    let mut grants = record["grants"].as_array().unwrap().clone();
    for grant in &mut grants {
        let grant = grant.as_table_mut().unwrap();
        for key in ["state", "state_since", "answer_lost_at"] {
            grant.remove(key);
        }
        grant.retain(|key, _| !key.starts_with("refresh_ref") && key != "refresh_next_at");
        // A time that ends in `.000` is written without, and means the same.
        for key in ["issued_at", "expires_at"] {
            let time: jiff::Timestamp = grant[key].to_string().parse().unwrap();
            grant.insert(key.to_owned(), time.to_string().into());
        }
    }
    grants
}

fn expired(server: &AuthorizationServer) -> Sandbox {
    let (sandbox, _) = Sandbox::logged_in(server);
    sandbox.ends_in(server, -10);
    sandbox
}

/// A refresh that is answered so ends with this code, and keeps its tokens.
#[track_caller]
fn is_no_answer(behaviour: Behaviour, code: i32) {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let before = tokens(&sandbox, &server);
    server.script(TOKEN, behaviour);
    let finished = refresh(&sandbox);
    let said = finished.fails(code);
    let is_dirty = |c: char| c.is_control() && c != '\n';
    assert!(!said.contains(is_dirty), "{said:?}");
    assert!(said.len() < 2000, "{said}");
    assert_eq!(tokens(&sandbox, &server), before);
    // It is as good as it was: the server had not rotated.
    sandbox.let_waits_pass(&server);
    refresh(&sandbox).succeeds();
    assert_eq!((server.rotations(), server.replays()), (1, 0));
}

fn raw(text: &str) -> Behaviour {
    Behaviour::Raw(text.as_bytes().to_vec())
}

fn body(status: u16, body: &str) -> Behaviour {
    Behaviour::Answer(Answer::json(status, &body))
}

#[test]
fn bytes_that_are_no_answer() {
    for text in [
        "",
        "\r\n\r\n",
        "hello\r\n",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}",
        "\u{16}\u{3}\u{1}\u{2}\u{0}",
        "SSH-2.0-OpenSSH_9.2\r\n",
    ] {
        is_no_answer(raw(text), 4);
    }
}

#[test]
fn heads_that_are_too_large_or_never_end() {
    let large = format!(
        "HTTP/1.1 200 OK\r\nX: {}\r\n\r\n{{}}",
        "x".repeat(2_000_000)
    );
    is_no_answer(raw(&large), 4);
    let many = "X: y\r\n".repeat(100_000);
    is_no_answer(raw(&format!("HTTP/1.1 200 OK\r\n{many}\r\n{{}}")), 4);
    let endless = "HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000);
    is_no_answer(raw(&endless), 4);
}

#[test]
fn bodies_that_are_no_token_response() {
    let ten_megabytes = json!({"access_token": "a", "x": "x".repeat(10_000_000)}).to_string();
    let deep = "[".repeat(60_000);
    for text in [
        "",
        "null",
        "[]",
        "\"access_token\"",
        "{",
        r#"{"access_token": "at-1""#,
        r#"{"access_token": 7}"#,
        r#"{"access_token": ""}"#,
        r#"{"access_token": null, "refresh_token": "rt-1"}"#,
        r#"{"refresh_token": "rt-1"}"#,
        "{\"access_token\": \"a\\nb\"}",
        "{\"access_token\": \"a\\u0000b\"}",
        "{\"access_token\": \"a\\u001b[2J\"}",
        "{\"access_token\": \"ä\"}",
        "<!doctype html><title>Sign in</title>",
        "\u{feff}{}",
        &ten_megabytes,
        &deep,
    ] {
        is_no_answer(body(200, text), 4);
    }
    let long = json!({"access_token": "x".repeat(16 * 1024 + 1)}).to_string();
    is_no_answer(body(200, &long), 4);
    is_no_answer(Behaviour::Answer(Answer::new(200).body([0xff, 0xfe])), 4);
    is_no_answer(Behaviour::Answer(Answer::new(204)), 4);
}

#[test]
fn errors_that_are_hidden_in_a_200_or_shout() {
    is_no_answer(body(200, r#"{"error": "who_knows"}"#), 4);
    is_no_answer(body(400, r#"{"error": 7}"#), 4);
    let shout = format!(
        r#"{{"error": "invalid_client", "error_description": "{}"}}"#,
        "\\u001b]0;x\\u0007no".repeat(2000)
    );
    is_no_answer(body(401, &shout), 2);
    for status in [201, 206, 300, 418, 451, 599] {
        let code = if status == 300 { 2 } else { 4 };
        is_no_answer(Behaviour::Answer(Answer::new(status)), code);
    }
}

#[test]
fn a_redirect_is_not_followed_wherever_it_leads() {
    let elsewhere = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = elsewhere.local_addr().unwrap();
    for status in [301, 302, 303, 307, 308] {
        for location in [
            format!("http://{address}/oauth/token"),
            "https://evil.example/".to_owned(),
            "/oauth/token".to_owned(),
            "file:///etc/passwd".to_owned(),
        ] {
            let answer = Answer::new(status).header("Location", &location);
            is_no_answer(Behaviour::Answer(answer), 2);
        }
    }
    elsewhere.set_nonblocking(true).unwrap();
    assert!(elsewhere.accept().is_err(), "a redirect was followed");
}

/// What comes of a refresh that is answered with a good response, changed.
fn sound(change: impl FnOnce(&mut Value)) -> (Sandbox, AuthorizationServer, Finished) {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let mut response: Value = serde_json::from_str(&server.log_in().response).unwrap();
    change(&mut response);
    server.script(TOKEN, body(200, &response.to_string()));
    let finished = refresh(&sandbox);
    (sandbox, server, finished)
}

#[test]
fn a_lifetime_that_is_none_is_that_of_the_token_before() {
    for (lifetime, is_known) in [
        (json!(3600), true),
        (json!("3600"), true),
        (json!(3600.5), true),
        (json!(1e30), true),
        (json!(u64::MAX), true),
        (json!(0), false),
        (json!(-1), false),
        (json!("soon"), false),
        (json!(null), false),
        (json!({}), false),
        (json!(true), false),
    ] {
        let (sandbox, server, finished) =
            sound(|response| response["expires_in"] = lifetime.clone());
        finished.succeeds();
        let record = sandbox.record(&server);
        let grant = record["grants"][0].as_table().unwrap();
        let time = |key: &str| -> jiff::Timestamp { grant[key].to_string().parse().unwrap() };
        let life = time("expires_at").duration_since(time("issued_at"));
        assert_ne!(life.as_secs() == 7200, is_known, "{lifetime}");
        // The record can be read, whatever was in it.
        sandbox.run(&["status"]).succeeds();
    }
}

#[test]
fn what_a_sound_answer_says_besides_does_no_harm() {
    for (key, value) in [
        ("scope", json!("a\u{1b}[2J b")),
        ("scope", json!("x ".repeat(20_000))),
        ("scope", json!(["api"])),
        ("token_type", json!("Bea\nrer")),
        ("token_type", json!(7)),
        ("token_type", json!("x".repeat(20_000))),
        ("refresh_token_expires_in", json!(-5)),
        ("created_at", json!("yesterday")),
        ("id_token", json!("x".repeat(30_000))),
        ("access_token_2", json!({"a": [1, 2, {"b": null}]})),
        ("version", json!(2)),
    ] {
        let (sandbox, server, finished) = sound(|response| response[key] = value.clone());
        let printed = finished.succeeds();
        assert!(printed.starts_with("at-SECRET-"), "{key}");
        let status = sandbox.run(&["status"]).succeeds();
        let is_dirty = |c: char| c.is_control() && c != '\n';
        assert!(!status.contains(is_dirty), "{status:?}");
        assert!(sandbox.record_text(&server).ends_with("# end of record\n"));
    }
}

#[test]
fn without_a_refresh_token_the_old_one_is_kept_and_with_a_broken_one_nothing_is() {
    let (sandbox, server, finished) = sound(|response| {
        response.as_object_mut().unwrap().remove("refresh_token");
    });
    finished.succeeds();
    let record = sandbox.record(&server);
    let kept = record["grants"][0]["refresh_token"].as_str().unwrap();
    assert!(server.every_secret().contains(&kept.to_owned()));
    let broken = json!({"access_token": "at-1", "refresh_token": "a\nb"}).to_string();
    is_no_answer(body(200, &broken), 4);
}

#[test]
fn a_content_type_of_something_else_is_no_obstacle() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let response = server.log_in().response;
    let answer = Answer::new(200)
        .header("Content-Type", "text/html")
        .body(response);
    server.script(TOKEN, Behaviour::Answer(answer));
    refresh(&sandbox).succeeds();
}

/// A server that does something with its one connection. The login is there already.
fn one_connection(serve: impl FnOnce(TcpStream) + Send + 'static) -> Sandbox {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.set_write_timeout(Some(LIMIT)).unwrap();
        serve(stream);
    });
    let sandbox = Sandbox::new();
    sandbox.import_expired(&[], &url);
    sandbox
}

/// What comes in one piece, which a small request does.
fn read_request(stream: &mut TcpStream) -> String {
    let mut request = [0; 4096];
    let length = read_some(stream, &mut request).unwrap();
    String::from_utf8_lossy(&request[..length]).into_owned()
}

#[test]
fn an_endless_body_is_read_to_its_limit() {
    let sandbox = one_connection(|mut stream| {
        read_request(&mut stream);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"access_token\": \"")
            .unwrap();
        // Until the client reads no more.
        while stream.write_all(&[b'x'; 8192]).is_ok() {}
    });
    refresh(&sandbox).fails(4);
}

#[test]
fn an_endless_head_is_read_to_its_limit() {
    let sandbox = one_connection(|mut stream| {
        read_request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n").unwrap();
        while stream.write_all(b"X-More: x\r\n").is_ok() {}
    });
    refresh(&sandbox).fails(4);
}

/// A proxy in the environment, for a host that only it could reach.
fn through_a_proxy(answer: &'static [u8]) -> Finished {
    let proxy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let sandbox = Sandbox::new();
    sandbox.import_expired(&[], "gitlab.example");
    let mut command = sandbox.command(&["token"]);
    command.env("HTTPS_PROXY", address);
    let running = Running::spawn(&mut command);
    let (mut stream, _) = proxy.accept().unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut request = [0; 4096];
    let length = read_some(&mut stream, &mut request).unwrap();
    let request = String::from_utf8_lossy(&request[..length]).into_owned();
    assert!(
        request.starts_with("CONNECT gitlab.example:443 "),
        "{request}"
    );
    assert!(!request.contains("SECRET"), "{request}");
    stream.write_all(answer).unwrap();
    drop(stream);
    running.finish()
}

#[test]
fn a_proxy_that_answers_itself_sees_no_token() {
    for answer in [
        &b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"[..],
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Please accept our terms</html>",
        b"",
        b"garbage\r\n\r\n",
    ] {
        let finished = through_a_proxy(answer);
        let code = finished.code();
        assert!(matches!(code, Some(2 | 4)), "{finished:?}");
        assert_eq!(finished.stdout, "");
    }
}
