//! A lease on the token lasts as long as a request that bears it is in flight, and no longer (P6).

// /proc/locks tells who waits.
#![cfg(target_os = "linux")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::upstream::Upstream;
use super::{Proxied, log_in_at};
use crate::support::authorization_server::{AuthorizationServer, Pair, USER};
use crate::support::sandbox::{LIMIT, Running, Sandbox};
use crate::support::watch::wait_until_queued_on;

/// A server whose answer has begun, and ends when the test says so.
struct Streaming {
    server: AuthorizationServer,
    upstream: Upstream,
    sandbox: Sandbox,
    pair: Pair,
    begun: Receiver<()>,
    end: Sender<()>,
}

fn streaming(kind: &'static str) -> Streaming {
    let server = AuthorizationServer::start();
    let ((tell, begun), (end, told)) = (channel(), channel::<()>());
    let (tell, told) = (Mutex::new(tell), Mutex::new(told));
    let upstream = Upstream::start(move |head, connection| {
        let stream = connection.get_mut();
        if !head.line().ends_with(" /stream") {
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            return stream.write_all(answer).is_ok();
        }
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        tell.lock().unwrap().send(()).unwrap();
        told.lock().unwrap().recv_timeout(LIMIT).ok();
        stream.write_all(b"0\r\n\r\n").is_ok()
    });
    let (sandbox, pair) = log_in_at(&upstream.url(), &server);
    Streaming {
        server,
        upstream,
        sandbox,
        pair,
        begun,
        end,
    }
}

impl Streaming {
    fn begin(&self, proxied: &Proxied) -> TcpStream {
        self.begin_with("GET", proxied)
    }

    fn begin_with(&self, method: &str, proxied: &Proxied) -> TcpStream {
        let mut client = proxied.connect();
        let (path, host) = (proxied.path(), proxied.authority());
        let headers = format!("Host: {host}\r\nContent-Length: 0\r\n");
        write!(client, "{method} {path}/stream HTTP/1.1\r\n{headers}\r\n").unwrap();
        self.begun.recv_timeout(LIMIT).unwrap();
        client
    }

    fn token(&self) -> String {
        self.sandbox.run(&["token", &self.upstream.url()]).prints()
    }

    /// A process that needs a longer-lived token than there is, and waits while that one is leased.
    fn waiter(&self) -> Running {
        let url = self.upstream.url();
        self.sandbox.ends_in_at(&self.upstream.host(), 1000);
        let call = ["-q", "token", "--min-ttl", "30m", &url];
        self.sandbox.start(&call)
    }

    /// What it prints once the lease has ended: another token.
    fn ends_its_wait(&self, waiter: Running) {
        let token = waiter.finish().prints();
        assert_ne!(token, self.pair.access_token);
        assert_eq!(self.server.rotations(), 1);
    }

    fn lease_file(&self) -> PathBuf {
        let key = self.upstream.host().replace(':', "%3A");
        let entries = std::fs::read_dir(self.sandbox.store().join(key)).unwrap();
        let mut paths = entries.map(|entry| entry.unwrap().path());
        let is_lease = |path: &PathBuf| path.extension().is_some_and(|it| it == "lease");
        paths.find(is_lease).expect("a lease")
    }
}

#[test]
fn a_token_is_leased_until_the_answer_has_ended() {
    let streaming = streaming("application/octet-stream");
    let proxied = Proxied::start(&streaming.sandbox, &streaming.upstream.url());
    let client = streaming.begin(&proxied);
    let waiter = streaming.waiter();
    wait_until_queued_on(&streaming.lease_file(), [&waiter]);
    // Other requests meanwhile share it.
    assert_eq!(proxied.get("/other").status, 200);
    assert_eq!(streaming.server.refresh_requests(), 0);
    streaming.end.send(()).unwrap();
    streaming.ends_its_wait(waiter);
    drop(client);
}

#[test]
fn a_client_that_goes_away_ends_its_lease() {
    let streaming = streaming("application/octet-stream");
    let proxied = Proxied::start(&streaming.sandbox, &streaming.upstream.url());
    let client = streaming.begin(&proxied);
    let waiter = streaming.waiter();
    wait_until_queued_on(&streaming.lease_file(), [&waiter]);
    drop(client);
    streaming.ends_its_wait(waiter);
}

/// It can last for hours, and the server has judged its token when it began.
#[test]
fn a_stream_of_events_holds_no_lease() {
    let streaming = streaming("Text/Event-Stream; charset=utf-8");
    let proxied = Proxied::start(&streaming.sandbox, &streaming.upstream.url());
    let client = streaming.begin(&proxied);
    let mut head = [0; 12];
    (&client).read_exact(&mut head).unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    let waiter = streaming.waiter();
    streaming.ends_its_wait(waiter);
    streaming.end.send(()).unwrap();
}

/// A call of an MCP tool, and the words of a model: they end.
#[test]
fn events_that_answer_a_post_hold_a_lease() {
    let streaming = streaming("text/event-stream");
    let proxied = Proxied::start(&streaming.sandbox, &streaming.upstream.url());
    let client = streaming.begin_with("POST", &proxied);
    let waiter = streaming.waiter();
    wait_until_queued_on(&streaming.lease_file(), [&waiter]);
    streaming.end.send(()).unwrap();
    streaming.ends_its_wait(waiter);
    drop(client);
}

#[test]
fn no_lease_is_held_between_requests() {
    let streaming = streaming("application/octet-stream");
    let proxied = Proxied::start(&streaming.sandbox, &streaming.upstream.url());
    assert_eq!(proxied.get("/other").status, 200);
    let waiter = streaming.waiter();
    streaming.ends_its_wait(waiter);
    // And the next request bears the new one.
    assert_eq!(proxied.get("/other").status, 200);
    let heads = streaming.upstream.heads();
    assert_eq!(heads.last().unwrap().token(), streaming.token());
}

#[test]
fn a_token_that_is_refused_is_replaced_though_a_request_that_bears_it_is_in_flight() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let proxied = Proxied::start(&sandbox, &server.url());
    let held = server.hold_requests(USER);
    let (path, host) = (proxied.path(), proxied.authority());
    let request = format!("GET {path}{USER} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let mut clients: Vec<TcpStream> = (0..3).map(|_| proxied.connect()).collect();
    for client in &mut clients {
        client.write_all(request.as_bytes()).unwrap();
    }
    server.wait_until(
        |requests| {
            requests
                .iter()
                .filter(|one| one.request.path == USER)
                .count()
                == 3
        },
        "three requests in flight",
    );
    sandbox
        .run(&["refresh", "--force", &server.url()])
        .succeeds();
    held.release();
    for client in &mut clients {
        let reply = super::Reply::read(client);
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    assert_eq!(server.refused_resource_requests(), 3);
    assert_eq!(server.rotations(), 1, "the new token is good");
}
