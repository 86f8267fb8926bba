//! An answer that breaks off in the middle tells nothing about how the login is set up: a later try may get
//! all of it.

use serde_json::json;

use crate::login::{CLIENT, ends_as};
use crate::support::authorization_server::{
    AUTHORIZE_DEVICE, Answer, AuthorizationServer, Behaviour, DISCOVERY, USER,
};
use crate::support::sandbox::Sandbox;

/// The first bytes of an answer of 500.
fn cut(status: u16) -> Behaviour {
    let text = format!(
        "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{{\"device_code\": \"dc"
    );
    Behaviour::Raw(text.into_bytes())
}

/// The message of a login with these options, where this place answers so.
#[track_caller]
fn ends_with_4(options: &[&str], path: &str, behaviour: &Behaviour) -> String {
    let (message, hint) = ends_as(4, "unavailable", |form| {
        let server = AuthorizationServer::start();
        server.script(path, behaviour.clone());
        let sandbox = Sandbox::new();
        let url = server.url();
        let args = [&["login", "--device"], &CLIENT[..], options, form, &[&url]].concat();
        sandbox.run(&args)
    });
    let is_device = path == AUTHORIZE_DEVICE;
    let expected = if is_device {
        "try again later"
    } else {
        "wait a moment, then run "
    };
    assert!(hint.starts_with(expected), "{hint}");
    message
}

#[test]
fn a_device_code_that_broke_off_is_asked_for_later() {
    for status in [200, 400, 401] {
        let options = ["--provider", "gitlab"];
        let message = ends_with_4(&options, AUTHORIZE_DEVICE, &cut(status));
        assert!(message.ends_with(": it broke off"), "{message}");
    }
}

#[test]
fn a_discovery_document_that_broke_off_is_asked_for_later() {
    ends_with_4(&["--provider", "oidc"], DISCOVERY, &cut(200));
    ends_with_4(&[], DISCOVERY, &cut(200));
}

/// A whole answer of the same kind is a matter of the endpoint.
#[test]
fn a_whole_answer_without_a_code_is_no_answer_that_broke_off() {
    let server = AuthorizationServer::start();
    let answer = Answer::json(200, &json!({"device_code": 7}));
    server.script(AUTHORIZE_DEVICE, Behaviour::Answer(answer));
    let sandbox = Sandbox::new();
    let url = server.url();
    let args = [&["--json", "login", "--device"], &CLIENT[..], &[&url]].concat();
    sandbox.run(&args).fails_in_json(2, "client_rejected");
}

#[test]
fn a_second_grant_whose_user_broke_off_is_no_fault_of_the_client() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    super::log_in(
        &sandbox,
        &server,
        &[&CLIENT[..], &["--no-standby"]].concat(),
    );
    server.script(USER, cut(200));
    let pair = server.log_in();
    let url = server.url();
    let args = ["--json", "login", "--import", "--standby", &url];
    let error = sandbox.run_with_input(&args, &pair.response);
    let error = error.fails_in_json(4, "unavailable");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("cannot say now which user it belongs to"),
        "{message}"
    );
}
