//! What a machine is told when it gets no token: what to mend, and never to log in as a person.

use serde_json::json;

use super::{SECRET, expired, file, log_in, logged_in, server};
use crate::support::authorization_server::{Answer, AuthorizationServer, Behaviour, TOKEN};
use crate::support::sandbox::{Finished, Running, Sandbox};
use crate::support::watch::{HeldLock, wait_until_queued};

/// The error is `client_rejected`, and the hint says what to mend.
#[track_caller]
fn is_client_rejected(finished: Finished) -> String {
    let said = finished.fails(2);
    assert!(said.contains("into "), "{said}");
    assert!(said.contains("credentials"), "{said}");
    assert!(!said.contains("glauth login"), "{said}");
    assert!(!said.contains("log in"), "{said}");
    said
}

#[test]
fn a_wrong_secret_is_refused_once_and_the_next_call_waits_without_a_request() {
    let server = server();
    server.allow_mistakes();
    let sandbox = expired(&server);
    file(&sandbox, "cs-SECRET-wrong");
    for _ in 0..2 {
        is_client_rejected(sandbox.run(&["token"]));
    }
    sandbox
        .run(&["token", "--json"])
        .fails_in_json(2, "client_rejected");
    assert_eq!(server.machine_requests(), 2);
    // Once the secret is right again, no person has to do anything.
    file(&sandbox, SECRET);
    sandbox.let_waits_pass(&server);
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
    assert_eq!(server.machine_requests(), 3);
}

#[test]
fn a_crowd_with_a_wrong_secret_causes_one_request() {
    let server = server();
    server.allow_mistakes();
    let sandbox = expired(&server);
    file(&sandbox, "cs-SECRET-wrong");
    let lock = HeldLock::take(&sandbox, &server);
    let url = server.url();
    let calls: Vec<Running> = (0..10).map(|_| sandbox.start(&["token", &url])).collect();
    wait_until_queued(&sandbox, &server, &calls);
    lock.release();
    for call in calls {
        is_client_rejected(call.finish());
    }
    assert_eq!(server.machine_requests(), 2);
}

/// Whatever the server calls it: there is no grant that could end.
#[test]
fn no_refusal_ends_the_login() {
    for (status, body) in [
        (400, json!({"error": "invalid_grant"})),
        (400, json!({"error": "unauthorized_client"})),
        (400, json!({"error": "invalid_scope"})),
        (401, json!({"error": "login_required"})),
        (403, json!({"error": "access_denied"})),
        (400, json!({"message": "no"})),
    ] {
        let server = server();
        let sandbox = expired(&server);
        for _ in 0..4 {
            server.script(TOKEN, Behaviour::Answer(Answer::json(status, &body)));
            is_client_rejected(sandbox.run(&["token"]));
            sandbox.let_waits_pass(&server);
        }
        let record = sandbox.record(&server);
        assert_eq!(record["grants"][0]["state"].as_str(), Some("active"));
        assert!(server.is_alive(&sandbox.run(&["token"]).prints()), "{body}");
    }
}

#[test]
fn a_token_that_lives_is_handed_out_in_spite_of_a_refusal() {
    let server = server();
    server.allow_mistakes();
    let sandbox = logged_in(&server);
    let token = sandbox.run(&["token"]).prints();
    sandbox.ends_in(&server, 30);
    file(&sandbox, "cs-SECRET-wrong");
    let done = sandbox.run(&["token"]);
    assert!(done.stderr.contains("warning"), "{done:?}");
    assert_eq!(done.succeeds().trim_end(), token);
}

#[test]
fn a_server_that_is_down_is_exit_4() {
    let server = server();
    let sandbox = expired(&server);
    let url = server.url();
    drop(server);
    sandbox
        .run(&["token", "--json", &url])
        .fails_in_json(4, "unreachable");
    let said = sandbox.run(&["token", &url]).fails(4);
    assert!(!said.contains("log in"), "{said}");
}

#[test]
fn a_lost_answer_costs_one_more_request_and_nothing_else() {
    for behaviour in [
        Behaviour::LoseAnswer,
        Behaviour::Answer(Answer::new(500)),
        Behaviour::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"acc".to_vec()),
    ] {
        let server = server();
        let sandbox = expired(&server);
        server.script(TOKEN, behaviour);
        sandbox.run(&["token"]).fails(4);
        let record = sandbox.record(&server);
        assert_eq!(record["grants"][0]["state"].as_str(), Some("active"));
        sandbox.let_waits_pass(&server);
        assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
        assert_eq!(server.machine_requests(), 3);
    }
}

/// As a process leaves it that died with the request on its way.
#[test]
fn what_a_dead_process_left_pending_is_asked_for_again() {
    let server = server();
    let sandbox = expired(&server);
    sandbox.run(&["refresh"]).succeeds();
    sandbox.ends_in(&server, -5);
    sandbox.edit(&server, |record| {
        let last = record["last_attempt"].as_table_mut().unwrap();
        last.insert("outcome".to_owned(), "pending".into());
        last.remove("finished_at");
    });
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
    let record = sandbox.record(&server);
    assert_eq!(record["grants"][0]["state"].as_str(), Some("active"));
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_nothing_is_sent() {
    let server = server();
    let sandbox = expired(&server);
    std::fs::remove_file(sandbox.path("credentials")).unwrap();
    let said = sandbox.run(&["token"]).fails(2);
    assert!(said.contains("the client secret file `"), "{said}");
    assert!(said.contains("cannot be read: No such file"), "{said}");
    sandbox.run(&["token", "--json"]).fails_in_json(2, "config");
    file(&sandbox, "\n");
    let said = sandbox.run(&["token"]).fails(2);
    assert!(said.contains("holds a secret that "), "{said}");
    assert_eq!(server.machine_requests(), 1);
    // No attempt was made, so no call has to wait.
    file(&sandbox, SECRET);
    sandbox.run(&["token"]).prints();
}

#[test]
fn a_login_with_a_wrong_secret_stores_nothing() {
    let server: AuthorizationServer = server();
    server.allow_mistakes();
    let sandbox = Sandbox::new();
    let path = file(&sandbox, "cs-SECRET-wrong");
    let options = ["--client-secret-file", path.to_str().unwrap()];
    let said = log_in(&sandbox, &server, &options).fails(2);
    assert!(said.contains("--client-credentials"), "{said}");
    assert!(!sandbox.file(&server, "toml").exists());
}
