//! Existing registrations: `localhost`, a port, a path.

use std::net::{Ipv4Addr, TcpListener};

use crate::login::{CLIENT, Waiting, ends_as, words};
use crate::support::authorization_server::{AuthorizationServer, Settings};
use crate::support::sandbox::Sandbox;

/// A server where this one is registered.
fn registered(redirect_uri: &str) -> AuthorizationServer {
    AuthorizationServer::start_with(Settings {
        redirect_uri: redirect_uri.to_owned(),
        ..Settings::default()
    })
}

fn options(redirect_uri: &str) -> Vec<&str> {
    [&CLIENT[..], &["--redirect-uri", redirect_uri]].concat()
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn any_registration_that_glauth_can_listen_at_will_do() {
    let port = free_port();
    let ipv6 = TcpListener::bind("[::1]:0").is_ok();
    let mut all = vec![
        "http://127.0.0.1/some/where".to_owned(),
        "http://127.0.0.1".to_owned(),
        format!("http://localhost:{port}/cb"),
        format!("http://127.0.0.1:{}/", free_port()),
    ];
    if ipv6 {
        all.push("http://[::1]/".to_owned());
    }
    for uri in all {
        let server = registered(&uri);
        let sandbox = Sandbox::new();
        let (seen, finished) = Waiting::start(&sandbox, &server, &options(&uri)).consent();
        assert!(seen.heading().starts_with("Logged in"), "{uri}: {seen:?}");
        finished.succeeds();
        // It is remembered.
        let again = Waiting::start(&sandbox, &server, &[]);
        let (seen, finished) = again.consent();
        assert!(seen.heading().starts_with("Logged in"), "{uri}: {seen:?}");
        finished.succeeds();
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let uri = format!("http://{}/", taken.local_addr().unwrap());
    let server = registered(&uri);
    let (message, hint) = ends_as(4, "unavailable", |form| {
        let options = [&options(&uri), form].concat();
        Sandbox::new().run(&words(&server, &options))
    });
    assert!(
        message.contains(&taken.local_addr().unwrap().to_string()),
        "{message}"
    );
    assert!(hint.contains("another login"), "{hint}");
}

#[test]
fn an_address_that_is_not_this_machines_is_refused_before_anybody_is_asked() {
    let server = AuthorizationServer::start();
    for uri in [
        "https://127.0.0.1/",
        "http://192.0.2.1/",
        "http://localhost.example/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1/?x=1",
        "http://127.0.0.1/#x",
        "com.example:/callback",
        "x",
    ] {
        let finished = Sandbox::new().run(&words(&server, &options(uri)));
        let said = finished.fails(2);
        assert!(said.contains(&format!("`{uri}`")), "{said}");
    }
}
