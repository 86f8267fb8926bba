//! A thousand requests at the same time.

use std::io::Write as _;
use std::net::TcpStream;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::{Proxied, Reply};
use crate::support::authorization_server::{AuthorizationServer, USER};
use crate::support::sandbox::{Sandbox, after};

const MANY: usize = 1000;

/// This process has both ends of them, and other tests run beside.
fn has_descriptors() -> bool {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let enough = hard >= 8 * MANY as u64;
    if enough {
        setrlimit(Resource::RLIMIT_NOFILE, hard.min(16 * MANY as u64), hard).unwrap();
    } else {
        eprintln!("skipped: {hard} descriptors are too few");
    }
    enough
}

fn begin(proxied: &Proxied) -> Vec<TcpStream> {
    let (path, host) = (proxied.path(), proxied.authority());
    let request = format!("GET {path}{USER} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let clients = (0..MANY).map(|_| {
        let mut client = proxied.connect();
        client.write_all(request.as_bytes()).unwrap();
        client
    });
    clients.collect()
}

#[test]
fn a_thousand_requests_are_in_flight_at_once_and_all_are_served() {
    if !has_descriptors() {
        return;
    }
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let proxied = Proxied::start(&sandbox, &server.url());
    let held = server.hold_requests(USER);
    let clients = begin(&proxied);
    server.wait_until(
        |requests| {
            requests
                .iter()
                .filter(|one| one.request.path == USER)
                .count()
                == MANY
        },
        "all requests to be in flight",
    );
    held.release();
    for mut client in clients {
        let reply = Reply::read(&mut client);
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    assert_eq!(server.refresh_requests(), 0);
}

#[test]
fn with_few_descriptors_they_wait_for_each_other_and_all_are_served() {
    if !has_descriptors() {
        return;
    }
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let command = sandbox.command(&Proxied::args(&server.url()));
    let mut few = after("ulimit -n 600", &command);
    let proxied = Proxied::spawn(&mut few);
    for mut client in begin(&proxied) {
        let reply = Reply::read(&mut client);
        assert_eq!(reply.status, 200, "{reply:?}");
    }
}
