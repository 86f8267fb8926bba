//! Requests go on while tokens expire.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::Proxied;
use crate::support::authorization_server::{AuthorizationServer, USER};
use crate::support::sandbox::Sandbox;
use crate::support::watch::eventually;

#[test]
fn no_request_fails_over_three_expiries() {
    let server = AuthorizationServer::start();
    server.set_expires_in(Some(Duration::from_secs(3)));
    let (sandbox, _) = Sandbox::logged_in(&server);
    let proxied = Proxied::start(&sandbox, &server.url());
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut answers = 0;
                    while !is_over.load(Ordering::Relaxed) {
                        let reply = proxied.get(USER);
                        assert_eq!(reply.status, 200, "{reply:?}");
                        answers += 1;
                    }
                    answers
                })
            })
            .collect();
        eventually("three rotations", || {
            server.rotations() >= 3 || clients.iter().any(thread::ScopedJoinHandle::is_finished)
        });
        is_over.store(true, Ordering::Relaxed);
        let answers: usize = clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .sum();
        assert!(answers > 12, "{answers} requests");
    });
    assert!(server.rotations() >= 3);
    proxied.end().succeeds();
}

#[test]
fn an_expired_token_is_refreshed_once_for_all_requests_and_never_presented() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let proxied = Proxied::start(&sandbox, &server.url());
    for _ in 0..3 {
        server.expire_access_tokens();
        sandbox.ends_in(&server, -1);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(proxied.get(USER).status, 200));
            }
        });
    }
    assert_eq!(server.rotations(), 3);
    assert_eq!(server.refresh_requests(), 3);
    assert_eq!(server.refused_resource_requests(), 0);
}
