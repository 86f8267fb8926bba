//! Streams pass as they come, both ways.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use super::upstream::{Upstream, read_head, read_piece};
use super::{Proxied, log_in_at};
use crate::support::authorization_server::{AuthorizationServer, Pair};
use crate::support::sandbox::{LIMIT, Sandbox};

#[test]
fn events_arrive_one_by_one() {
    let server = AuthorizationServer::start();
    let (next, told) = channel::<()>();
    let told = Mutex::new(told);
    let upstream = Upstream::start(move |_, connection| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        let stream = connection.get_mut();
        stream.write_all(head.as_bytes()).unwrap();
        for number in 1..=3 {
            let event = format!("9\r\ndata: {number}\n\n\r\n");
            stream.write_all(event.as_bytes()).unwrap();
            // The next one only after the test has seen this one.
            told.lock().unwrap().recv_timeout(LIMIT).unwrap();
        }
        stream.write_all(b"0\r\n\r\n").is_ok()
    });
    let (sandbox, _) = log_in_at(&upstream.url(), &server);
    let proxied = Proxied::start(&sandbox, &upstream.url());
    let mut stream = BufReader::new(proxied.connect());
    let (path, host) = (proxied.path(), proxied.authority());
    let request = format!("GET {path}/sse HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.get_mut().write_all(request.as_bytes()).unwrap();
    let head = read_head(&mut stream).unwrap();
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    for number in 1..=3 {
        let mut event = Vec::new();
        while !event.ends_with(b"\n\n") {
            event.extend(read_piece(&mut stream).expect("an event"));
        }
        assert_eq!(event, format!("data: {number}\n\n").as_bytes());
        next.send(()).unwrap();
    }
    assert_eq!(read_piece(&mut stream), None);
}

#[test]
fn a_body_in_pieces_arrives_piece_by_piece() {
    let server = AuthorizationServer::start();
    let (arrived, seen) = channel::<Vec<u8>>();
    let arrived = Mutex::new(arrived);
    let upstream = Upstream::start(move |_, connection| {
        while let Some(piece) = read_piece(connection) {
            arrived.lock().unwrap().send(piece).unwrap();
        }
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        connection.get_mut().write_all(answer).is_ok()
    });
    let (sandbox, _) = log_in_at(&upstream.url(), &server);
    let proxied = Proxied::start(&sandbox, &upstream.url());
    let mut stream = proxied.connect();
    let (path, host) = (proxied.path(), proxied.authority());
    write!(stream, "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    for text in ["one", "two"] {
        write!(stream, "3\r\n{text}\r\n").unwrap();
        assert_eq!(seen.recv_timeout(LIMIT).unwrap(), text.as_bytes());
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    assert_eq!(super::Reply::read(&mut stream).status, 200);
}

/// Sends a text, and reads as much at the other end.
fn passes(from: &mut TcpStream, to: &mut impl std::io::Read, text: &str) {
    from.write_all(text.as_bytes()).unwrap();
    let mut read = vec![0; text.len()];
    to.read_exact(&mut read).unwrap();
    assert_eq!(read, text.as_bytes());
}

/// A connection that goes on with another protocol.
struct Upgraded {
    client: BufReader<TcpStream>,
    /// The server's end.
    there: TcpStream,
    /// What the client got.
    head: Vec<String>,
    token: String,
    pair: Pair,
    _alive: (AuthorizationServer, Sandbox, Proxied),
}

fn upgraded() -> Upgraded {
    let server = AuthorizationServer::start();
    let (ends, got) = channel::<TcpStream>();
    let ends = Mutex::new(ends);
    let upstream = Upstream::start(move |head, connection| {
        assert_eq!(head.header("connection"), Some("upgrade"));
        assert_eq!(head.header("upgrade"), Some("websocket"));
        assert_eq!(head.header("sec-websocket-key"), Some("x"));
        let stream = connection.get_mut();
        let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-One: 1\r\n\r\n";
        stream.write_all(answer.as_bytes()).unwrap();
        ends.lock()
            .unwrap()
            .send(stream.try_clone().unwrap())
            .unwrap();
        false
    });
    let (sandbox, pair) = log_in_at(&upstream.url(), &server);
    let proxied = Proxied::start(&sandbox, &upstream.url());
    let mut client = BufReader::new(proxied.connect());
    let (path, host) = (proxied.path(), proxied.authority());
    let request = format!(
        "GET {path}/ws HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Key: x\r\n\r\n"
    );
    client.get_mut().write_all(request.as_bytes()).unwrap();
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        client.read_line(&mut line).unwrap();
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_ascii_lowercase()),
        }
    }
    let token = upstream.heads()[0].token().to_owned();
    Upgraded {
        client,
        there: got.recv_timeout(LIMIT).unwrap(),
        head,
        token,
        pair,
        _alive: (server, sandbox, proxied),
    }
}

#[test]
fn an_upgrade_passes_and_bytes_go_both_ways() {
    let Upgraded {
        mut client,
        mut there,
        head,
        token,
        pair,
        _alive,
    } = upgraded();
    assert!(head[0].starts_with("http/1.1 101"), "{head:?}");
    for line in ["upgrade: websocket", "connection: upgrade", "x-one: 1"] {
        assert!(head.iter().any(|one| one == line), "{head:?}");
    }
    assert_eq!(token, pair.access_token);
    passes(
        &mut client.get_mut().try_clone().unwrap(),
        &mut there,
        "ping",
    );
    passes(&mut there, &mut client, "pong");
    // Each end sees the other one's end.
    there.shutdown(std::net::Shutdown::Both).unwrap();
    assert_eq!(client.read_to_end(&mut Vec::new()).unwrap(), 0);
}

/// A client that does not close keeps no descriptors of glauth's and of the server's.
#[test]
fn an_upgraded_connection_ends_soon_after_one_side_has_ended() {
    let Upgraded {
        mut client,
        mut there,
        _alive,
        ..
    } = upgraded();
    there.set_read_timeout(Some(LIMIT)).unwrap();
    there.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(client.read_to_end(&mut Vec::new()).unwrap(), 0);
    // What the client still says arrives.
    passes(client.get_mut(), &mut there, "last words");
    assert_eq!(there.read_to_end(&mut Vec::new()).unwrap(), 0);
}

#[test]
fn an_upgrade_that_was_not_asked_for_is_a_503() {
    let server = AuthorizationServer::start();
    let upstream = Upstream::start(|_, connection| {
        let answer =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
        connection.get_mut().write_all(answer.as_bytes()).unwrap();
        false
    });
    let (sandbox, _) = log_in_at(&upstream.url(), &server);
    let proxied = Proxied::start(&sandbox, &upstream.url());
    let reply = proxied.get("/");
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(reply.header("retry-after").is_some(), "{reply:?}");
    assert!(reply.body.contains("did not ask for"), "{reply:?}");
}

#[test]
fn an_upgrade_to_another_http_is_a_plain_request() {
    let server = AuthorizationServer::start();
    let upstream = Upstream::start(|head, connection| {
        assert_eq!(head.header("upgrade"), None);
        assert_eq!(head.header("http2-settings"), None);
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        connection.get_mut().write_all(answer).is_ok()
    });
    let (sandbox, _) = log_in_at(&upstream.url(), &server);
    let proxied = Proxied::start(&sandbox, &upstream.url());
    let headers = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n";
    assert_eq!(proxied.ask("GET", "/", headers, b"").status, 200);
}
