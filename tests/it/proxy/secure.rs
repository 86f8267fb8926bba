//! A server with TLS: the same trust as for glauth's own requests.

use serde_json::json;

use super::Proxied;
use crate::support::sandbox::Sandbox;
use crate::tls::TlsServer;

/// A login there, with a token that lasts.
fn logged_in(server: &TlsServer, options: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    let response =
        json!({"access_token": "at-SECRET-1", "refresh_token": "rt-SECRET-1", "expires_in": 7200});
    let (token, authorize) = (format!("{}/t", server.url), format!("{}/a", server.url));
    let endpoints = [
        "--token-endpoint",
        &token,
        "--authorization-endpoint",
        &authorize,
    ];
    let login = [
        "login",
        "--import",
        "--provider",
        "generic",
        "--client-id",
        "x",
    ];
    let args = [&login[..], options, &endpoints, &[&server.url]].concat();
    sandbox
        .run_with_input(&args, &response.to_string())
        .succeeds();
    sandbox
}

#[test]
fn a_server_whose_authority_the_login_names_is_reached() {
    let server = TlsServer::start();
    let authority = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(authority.path(), &server.certificate).unwrap();
    let file = authority.path().to_str().unwrap();
    let sandbox = logged_in(&server, &["--ca-file", file]);
    let proxied = Proxied::start(&sandbox, &server.url);
    let reply = proxied.get("/");
    assert_eq!(reply.status, 200, "{reply:?}");
    assert!(server.was_asked());
}

#[test]
fn a_server_that_is_not_trusted_gets_no_token() {
    let server = TlsServer::start();
    let sandbox = logged_in(&server, &[]);
    let proxied = Proxied::start(&sandbox, &server.url);
    let reply = proxied.get("/");
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(reply.body.contains("code: tls_refused\n"), "{reply:?}");
    assert!(reply.body.contains("--ca-file"), "{reply:?}");
    assert!(!server.was_asked());
}
