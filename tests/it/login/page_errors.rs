//! Errors that only the browser shows: the server sends no answer to an address that it does not trust (RFC 6749
//! §4.1.2.1), so the terminal says what to check.

use crate::login::{CLIENT, Waiting, log_in};
use crate::support::authorization_server::AuthorizationServer;
use crate::support::sandbox::Sandbox;
use crate::support::watch::next_line;

const ADVICE: &str = "If the page shows an error, compare with the application at ";

#[test]
fn a_client_id_that_was_never_used_is_doubted_at_once_and_once() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let options = [&CLIENT[..], &["--scope", "api", "--no-standby"]].concat();
    let done = log_in(&sandbox, &server, &options);
    let advice = format!(
        "{ADVICE}{}: client id `the-client`, redirect URI `http://127.0.0.1/`, scopes `api`\n",
        server.host()
    );
    assert_eq!(done.stderr.matches(&advice).count(), 1, "{done:?}");
    // It has been used.
    let done = log_in(&sandbox, &server, &["--no-standby"]);
    assert!(!done.stderr.contains(ADVICE), "{done:?}");
    // Another one has not.
    let other = ["--client-id", "another", "--no-standby"];
    let waiting = Waiting::start(&sandbox, &server, &other);
    server.allow_mistakes();
    assert!(reads_advice(waiting), "nothing was said");
}

#[test]
fn a_page_that_is_open_for_long_is_doubted_too() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let waiting = Waiting::start(&sandbox, &server, &[]);
    assert!(reads_advice(waiting), "nothing was said");
}

/// Whether a login that waits says what to check.
fn reads_advice(mut waiting: Waiting) -> bool {
    loop {
        let line = next_line(&mut waiting.running);
        if line.is_empty() || line.starts_with(ADVICE) {
            return !line.is_empty();
        }
    }
}
