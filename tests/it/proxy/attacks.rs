//! Who and what the proxy does not serve.

use std::io::{Read as _, Write as _};

use super::Proxied;
use super::upstream::{Upstream, read_body};
use super::{Reply, log_in_at};
use crate::support::authorization_server::{AuthorizationServer, USER};
use crate::support::other_user::{can_be_other, connect_as_other};
use crate::support::sandbox::Sandbox;

fn proxied(server: &AuthorizationServer) -> (Sandbox, Proxied) {
    let (sandbox, _) = Sandbox::logged_in(server);
    let proxied = Proxied::start(&sandbox, &server.url());
    (sandbox, proxied)
}

/// How many requests the server has seen of its resource.
fn seen(server: &AuthorizationServer) -> usize {
    server.count(USER)
}

#[test]
fn a_request_without_the_whole_secret_is_not_served() {
    let server = AuthorizationServer::start();
    let (_sandbox, proxied) = proxied(&server);
    let secret = proxied.secret().to_owned();
    let capitals = secret.to_uppercase();
    for path in [
        USER.to_owned(),
        format!("/x{USER}"),
        format!("/{secret}x{USER}"),
        format!("/{}{USER}", &secret[1..]),
        format!("/{capitals}{USER}"),
        format!("//{secret}{USER}"),
        format!("/%2f{secret}{USER}"),
        format!("/x/../{secret}{USER}"),
    ] {
        let host = proxied.authority();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let reply = proxied.send(request.as_bytes());
        assert_eq!(reply.status, 404, "{path}: {reply:?}");
    }
    assert_eq!(seen(&server), 0);
}

#[test]
fn a_request_for_another_host_is_not_served() {
    let server = AuthorizationServer::start();
    let (_sandbox, proxied) = proxied(&server);
    let own = proxied.authority().to_owned();
    let port = own.rsplit(':').next().unwrap();
    for hosts in [
        "Host: evil.example\r\n".to_owned(),
        format!("Host: evil.example:{port}\r\n"),
        format!("Host: localhost:{port}\r\n"),
        "Host: 127.0.0.1\r\n".to_owned(),
        format!("Host: {own}.\r\n"),
        format!("Host: {own}\r\nHost: {own}\r\n"),
        format!("Host: {own}\r\nHost: evil.example\r\n"),
        "Host:\r\n".to_owned(),
        String::new(),
    ] {
        let path = proxied.path();
        let request = format!("GET {path}{USER} HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        let reply = proxied.send(request.as_bytes());
        assert!([400, 403].contains(&reply.status), "{hosts}: {reply:?}");
    }
    assert_eq!(seen(&server), 0);
}

#[test]
fn a_page_in_a_browser_is_not_served() {
    let server = AuthorizationServer::start();
    let (_sandbox, proxied) = proxied(&server);
    let own = format!("Origin: http://{}\r\n", proxied.authority());
    for headers in [
        "Origin: https://evil.example\r\n",
        "Origin: null\r\n",
        &own,
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: none\r\n",
    ] {
        for method in ["GET", "POST", "OPTIONS"] {
            let reply = proxied.ask(method, USER, headers, b"");
            assert_eq!(reply.status, 403, "{method} {headers}: {reply:?}");
            assert_eq!(reply.header("access-control-allow-origin"), None);
        }
    }
    assert_eq!(seen(&server), 0);
}

#[test]
fn another_user_is_not_served_and_named_once() {
    if !can_be_other() {
        return;
    }
    let server = AuthorizationServer::start();
    let (_sandbox, proxied) = proxied(&server);
    let request = format!(
        "GET {}{USER} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        proxied.path(),
        proxied.authority()
    );
    for _ in 0..3 {
        let mut stream = connect_as_other(proxied.address());
        // It may be closed already.
        stream.write_all(request.as_bytes()).ok();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok();
        assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(seen(&server), 0);
    assert_eq!(
        proxied.get(USER).status,
        200,
        "this user is served all the same"
    );
    let done = proxied.end();
    let said = "user 54321 tried to use the proxy, which is yours alone";
    assert_eq!(done.stderr.matches(said).count(), 1, "{done:?}");
}

#[test]
fn what_is_no_plain_request_is_refused() {
    let server = AuthorizationServer::start();
    let (_sandbox, proxied) = proxied(&server);
    let (path, host) = (proxied.path(), proxied.authority());
    let good = format!("Host: {host}\r\nConnection: close\r\n");
    for (what, request) in [
        (
            "absolute form",
            format!("GET http://{host}{path}{USER} HTTP/1.1\r\n{good}\r\n"),
        ),
        (
            "absolute form of the server",
            format!("GET {}{USER} HTTP/1.1\r\n{good}\r\n", server.url()),
        ),
        (
            "CONNECT",
            format!("CONNECT {} HTTP/1.1\r\n{good}\r\n", server.host()),
        ),
        ("asterisk", format!("OPTIONS * HTTP/1.1\r\n{good}\r\n")),
        (
            "two lengths",
            format!(
                "POST {path}{USER} HTTP/1.1\r\n{good}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"
            ),
        ),
        (
            "a length that is none",
            format!("POST {path}{USER} HTTP/1.1\r\n{good}Content-Length: +3\r\n\r\nabc"),
        ),
        (
            "pieces that are none",
            format!("POST {path}{USER} HTTP/1.1\r\n{good}Transfer-Encoding: chunked, x\r\n\r\nabc"),
        ),
        (
            "pieces of HTTP/1.0",
            format!(
                "POST {path}{USER} HTTP/1.0\r\n{good}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
        ),
        (
            "a folded header",
            format!("GET {path}{USER} HTTP/1.1\r\n{good}X-A: b\r\n c: d\r\n\r\n"),
        ),
        (
            "a blank before the colon",
            format!("GET {path}{USER} HTTP/1.1\r\n{good}X-A : b\r\n\r\n"),
        ),
        (
            "a NUL",
            format!("GET {path}{USER} HTTP/1.1\r\n{good}X-A: \0\r\n\r\n"),
        ),
        ("no HTTP", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n".to_owned()),
    ] {
        let reply = proxied.send(request.as_bytes());
        let is_refused = [400, 403, 404, 405].contains(&reply.status) || reply.head.is_empty();
        assert!(is_refused, "{what}: {reply:?}");
    }
    assert_eq!(seen(&server), 0);
}

/// RFC 9112 §6.1: the pieces count, and nothing that follows them on this connection does.
#[test]
fn a_body_with_a_length_and_pieces_is_one_request_for_the_server_too() {
    let server = AuthorizationServer::start();
    let upstream = Upstream::start(|head, connection| {
        read_body(head, connection);
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        connection.get_mut().write_all(answer).is_ok()
    });
    let (sandbox, _) = log_in_at(&upstream.url(), &server);
    let proxied = Proxied::start(&sandbox, &upstream.url());
    let (path, host) = (proxied.path(), proxied.authority());
    let hidden = format!("GET {path}/hidden HTTP/1.1\r\nHost: {host}\r\n\r\n");
    for headers in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    ] {
        let request =
            format!("POST {path}/seen HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n0\r\n\r\n{hidden}");
        let reply = proxied.send(request.as_bytes());
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.body, "", "one answer: {reply:?}");
    }
    let heads = upstream.heads();
    assert_eq!(heads.len(), 2, "{heads:?}");
    for head in heads {
        assert_eq!(head.line(), "POST /seen");
        assert!(head.header("content-length").is_none(), "{head:?}");
    }
}

#[test]
fn the_secret_never_goes_to_the_server() {
    let server = AuthorizationServer::start();
    let (_sandbox, proxied) = proxied(&server);
    let secret = proxied.secret();
    for path in [format!("/x?back={secret}"), format!("/{secret}")] {
        assert_eq!(proxied.get(&path).status, 400, "{path}");
    }
    assert!(
        server
            .requests()
            .iter()
            .all(|one| !one.request.path.contains(secret))
    );
}

#[test]
fn a_head_without_end_is_cut_off() {
    let server = AuthorizationServer::start();
    let (_sandbox, proxied) = proxied(&server);
    let mut stream = proxied.connect();
    let line = format!("X-A: {}\r\n", "a".repeat(1000));
    write!(
        stream,
        "GET {} HTTP/1.1\r\nHost: {}\r\n",
        proxied.path(),
        proxied.authority()
    )
    .unwrap();
    // Until the proxy does not take more.
    let written = (0..1000)
        .take_while(|_| stream.write_all(line.as_bytes()).is_ok())
        .count();
    let mut answer = [0; 64];
    let length = stream.read(&mut answer).unwrap_or_default();
    let answer = String::from_utf8_lossy(&answer[..length]);
    assert!(
        written < 1000 || answer.starts_with("HTTP/1.1 431"),
        "{written}: {answer}"
    );
    assert_eq!(seen(&server), 0);
    assert_eq!(proxied.get(USER).status, 200);
}

/// What a client sees that is cut off is no whole answer.
#[test]
fn an_answer_that_breaks_off_does_not_end_as_a_whole_one() {
    let server = AuthorizationServer::start();
    let upstream = Upstream::start(|_, connection| {
        let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n";
        connection.get_mut().write_all(answer).unwrap();
        false
    });
    let (sandbox, _) = log_in_at(&upstream.url(), &server);
    let proxied = Proxied::start(&sandbox, &upstream.url());
    let mut stream = proxied.connect();
    let (path, host) = (proxied.path(), proxied.authority());
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let reply = Reply::read(&mut stream);
    assert!(reply.body.contains("one"), "{reply:?}");
    assert!(!reply.body.ends_with("0\r\n\r\n"), "{reply:?}");
}
