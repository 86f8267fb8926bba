//! Every error answer of RFC 6749 §4.1.2.1 and §5.2, with exit code, name and hint.

use crate::login::{CLIENT, Waiting, ends_as};
use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, Consent, TOKEN,
};
use crate::support::sandbox::Sandbox;

/// A login that the server refuses in this way; the message and the hint.
fn refused(
    error: &'static str,
    description: Option<&'static str>,
    code: i32,
    name: &str,
) -> (String, String) {
    let server = AuthorizationServer::start();
    server.change(|settings| settings.consent = Consent::Refused(error, description));
    let said = ends_as(code, name, |form| {
        let sandbox = Sandbox::new();
        let waiting = Waiting::start(&sandbox, &server, &[&CLIENT, form].concat());
        let (seen, finished) = waiting.consent();
        assert!(seen.heading().starts_with("Not logged in"), "{seen:?}");
        assert!(!sandbox.file(&server, "toml").exists());
        finished
    });
    assert_eq!(server.count(TOKEN), 0);
    said
}

#[test]
fn each_error_of_the_authorization_endpoint_has_its_exit_code_and_says_what_to_do() {
    for (error, code, name, to_do) in [
        ("invalid_request", 2, "client_rejected", "registered"),
        ("unauthorized_client", 2, "client_rejected", "code grant"),
        ("access_denied", 3, "access_denied", "run `glauth login "),
        (
            "unsupported_response_type",
            2,
            "client_rejected",
            "code grant",
        ),
        ("invalid_scope", 2, "client_rejected", "--scope"),
        ("server_error", 4, "unavailable", "later"),
        ("temporarily_unavailable", 4, "unavailable", "later"),
        // OpenID Connect Core §3.1.2.6.
        ("login_required", 3, "login_required", "at the server"),
        ("interaction_required", 3, "login_required", "at the server"),
        ("consent_required", 3, "login_required", "at the server"),
        (
            "account_selection_required",
            3,
            "login_required",
            "at the server",
        ),
        // RFC 8707 §2, and an unknown one.
        ("invalid_target", 2, "client_rejected", "registered"),
        ("a_new_one", 2, "client_rejected", "registered"),
    ] {
        let (message, hint) = refused(error, None, code, name);
        assert!(hint.contains(to_do), "{error}: {hint}");
        let is_named = message.contains(error) || error == "access_denied";
        assert!(is_named, "{error}: {message}");
    }
}

#[test]
fn the_servers_own_words_are_shown_without_what_a_terminal_obeys() {
    let words = "You \u{1b}]0;x\u{7}may\nnot.";
    let (message, _) = refused("access_denied", Some(words), 3, "access_denied");
    assert!(message.contains("access was denied: You"), "{message}");
    assert!(message.ends_with("not"), "{message}");
    assert!(!message.contains(char::is_control), "{message:?}");
}

#[test]
fn an_error_name_that_is_none_is_shown_as_text() {
    let (message, _) = refused("\u{1b}[2J", None, 2, "client_rejected");
    assert!(!message.contains(char::is_control), "{message:?}");
}

#[test]
fn a_code_that_is_not_redeemed_has_the_exit_code_of_a_refresh_and_stores_nothing() {
    let error = |name: &str| Answer::json(400, &serde_json::json!({ "error": name }));
    for (answer, code, name, to_do) in [
        (
            error("invalid_grant"),
            3,
            "login_required",
            "run `glauth login ",
        ),
        (error("invalid_client"), 2, "client_rejected", "client"),
        (error("unauthorized_client"), 2, "client_rejected", "client"),
        (error("invalid_request"), 2, "client_rejected", "client"),
        (
            error("unsupported_grant_type"),
            2,
            "client_rejected",
            "client",
        ),
        (error("invalid_scope"), 2, "client_rejected", "client"),
        (Answer::new(404), 2, "client_rejected", "client"),
        (Answer::new(500), 4, "unavailable", "run `glauth login "),
        (Answer::new(503), 4, "unavailable", "run `glauth login "),
        (Answer::new(429), 4, "rate_limited", "later"),
    ] {
        let server = AuthorizationServer::start();
        let (message, hint) = ends_as(code, name, |form| {
            let sandbox = Sandbox::new();
            server.script(TOKEN, Behaviour::Answer(answer.clone()));
            let waiting = Waiting::start(&sandbox, &server, &[&CLIENT, form].concat());
            let (seen, finished) = waiting.consent();
            assert!(seen.heading().starts_with("Not logged in"), "{seen:?}");
            assert!(!sandbox.file(&server, "toml").exists());
            finished
        });
        assert!(hint.contains(to_do), "{name}: {message}: {hint}");
    }
}

#[test]
fn a_code_is_presented_once_even_where_the_answer_is_lost() {
    let server = AuthorizationServer::start();
    let (message, hint) = ends_as(4, "answer_lost", |form| {
        let sandbox = Sandbox::new();
        server.script(TOKEN, Behaviour::LoseAnswer);
        let options = [&CLIENT, form].concat();
        Waiting::start(&sandbox, &server, &options).consent().1
    });
    assert!(hint.contains("run `glauth login "), "{message}: {hint}");
    assert_eq!(server.count(TOKEN), 2, "one for each login");
}

#[test]
fn a_failed_login_leaves_the_old_one_as_it_was() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    let before = sandbox.record_text(&server);
    server.change(|settings| settings.consent = Consent::Refused("access_denied", None));
    let (_, finished) = Waiting::start(&sandbox, &server, &[]).consent();
    assert_eq!(finished.code(), Some(3), "{finished:?}");
    assert_eq!(sandbox.record_text(&server), before);
    assert!(server.is_alive(&old.access_token));
}
