//! P7: who was refused with a token says so, and never gets that one again; what is rotated for it
//! is rotated once, and only where the server does not say that the token is good.

use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, Pair, Settings, TOKEN, TOKEN_INFO,
};
use crate::support::sandbox::{Finished, Running, Sandbox, from_now};
use crate::support::watch::HeldLock;

/// A login whose token has time by the clock, and is dead at the server.
fn revoked(server: &AuthorizationServer) -> (Sandbox, Pair) {
    let (sandbox, pair) = Sandbox::logged_in(server);
    server.expire_access_tokens();
    (sandbox, pair)
}

fn reject(sandbox: &Sandbox, server: &AuthorizationServer, token: &str) -> Finished {
    let args = ["token", "--rejected", &server.url()];
    sandbox.run_with_input(&args, token)
}

#[track_caller]
fn reject_fails(
    sandbox: &Sandbox,
    server: &AuthorizationServer,
    token: &str,
    code: i32,
    name: &str,
) {
    let args = ["token", "--rejected", "--json", &server.url()];
    let failed = sandbox.run_with_input(&args, token);
    assert_eq!(failed.stdout, "");
    failed.fails_in_json(code, name);
}

/// A server that cannot be asked about a token, in each of the ways there are.
fn servers_without_a_check_endpoint() -> impl Iterator<Item = (AuthorizationServer, Sandbox, Pair)>
{
    [true, false].into_iter().map(|exists_for_us| {
        let server = AuthorizationServer::start_with(Settings {
            check_endpoint: false,
            ..Settings::default()
        });
        let (sandbox, pair) = revoked(&server);
        if !exists_for_us {
            sandbox.edit(&server, |record| {
                let client = record["client"].as_table_mut().unwrap();
                client.remove("check_endpoint").unwrap();
            });
        }
        (server, sandbox, pair)
    })
}

#[test]
fn a_crowd_that_was_refused_with_one_token_causes_one_rotation() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = revoked(&server);
    let args = ["token", "--rejected", &server.url()];
    // No process rotates before all have asked about the token that they hold.
    let checks = server.hold_answers(TOKEN_INFO);
    let crowd: Vec<Running> = (0..20)
        .map(|_| sandbox.start_with_input(&args, &pair.access_token))
        .collect();
    checks.wait_for(20);
    checks.release();

    for process in crowd {
        let token = process.finish().succeeds();
        assert!(server.is_alive(token.trim_end()));
    }
    assert_eq!(server.count(TOKEN_INFO), 20);
    assert_eq!(server.refresh_requests(), 1);
    assert_eq!(server.rotations(), 1);
    let record = sandbox.record(&server);
    assert_eq!(record["grants"][0]["cause"].as_str(), Some("refused"));
}

#[test]
fn a_refused_token_that_is_good_is_not_rotated() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let record = sandbox.record_text(&server);

    let said = reject(&sandbox, &server, &pair.access_token).fails(6);

    assert!(
        said.contains("\nhint: look at the token's scopes"),
        "{said}"
    );
    reject_fails(&sandbox, &server, &pair.access_token, 6, "token_refused");
    assert_eq!(sandbox.record_text(&server), record);
    assert_eq!(server.count(TOKEN_INFO), 2);
    assert_eq!(server.refresh_requests(), 0);
    assert!(server.is_alive(&pair.access_token));
    // It is good for everybody else, as it was.
    let printed = sandbox.run(&["token", &server.url()]).prints();
    assert_eq!(printed, pair.access_token);
}

#[test]
fn a_server_that_cannot_say_whether_the_token_is_good_changes_nothing() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = revoked(&server);
    let record = sandbox.record_text(&server);
    for (silence, name) in [
        (Behaviour::Answer(Answer::new(503)), "unavailable"),
        (Behaviour::Answer(Answer::new(500)), "unavailable"),
        (Behaviour::Answer(Answer::new(429)), "rate_limited"),
        (Behaviour::LoseAnswer, "unavailable"),
    ] {
        server.script(TOKEN_INFO, silence);
        reject_fails(&sandbox, &server, &pair.access_token, 4, name);
        assert_eq!(sandbox.record_text(&server), record);
    }
    sandbox.edit(&server, |record| {
        let nowhere = "http://127.0.0.1:1/oauth/token/info";
        record["client"]["check_endpoint"] = nowhere.into();
    });
    reject_fails(&sandbox, &server, &pair.access_token, 4, "unreachable");
    sandbox.edit(&server, |edited| *edited = record.parse().unwrap());

    assert_eq!(server.refresh_requests(), 0);
    // Not even a mark: the next one that asks for nothing in particular gets it.
    let printed = sandbox.run(&["token", &server.url()]).prints();
    assert_eq!(printed, pair.access_token);

    // When it can say so again, the token is replaced.
    let token = reject(&sandbox, &server, &pair.access_token).prints();
    assert!(server.is_alive(&token));
}

#[test]
fn a_refused_token_that_is_not_the_current_one_brings_that_without_a_request() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox
        .run(&["refresh", "--force", &server.url()])
        .succeeds();
    let current = server.current_pair(&pair.access_token).access_token;
    let (record, requests) = (sandbox.record_text(&server), server.requests().len());
    let _lock = HeldLock::take(&sandbox, &server);

    for foreign in [&pair.access_token, "of-another-login", "with-a-newline\n"] {
        assert_eq!(reject(&sandbox, &server, foreign).prints(), current);
    }

    assert_eq!(server.requests().len(), requests);
    assert_eq!(sandbox.record_text(&server), record);
}

#[test]
fn without_a_check_endpoint_a_refused_token_is_rotated_once_and_its_successor_not_at_once() {
    for (server, sandbox, pair) in servers_without_a_check_endpoint() {
        let next = reject(&sandbox, &server, &pair.access_token).prints();
        assert_ne!(next, pair.access_token);
        assert!(server.is_alive(&next));
        assert_eq!(server.rotations(), 1);

        // Two programs must not rotate each other for ever.
        for _ in 0..2 {
            reject_fails(&sandbox, &server, &next, 6, "token_refused");
        }
        assert_eq!(server.refresh_requests(), 1);
        let printed = sandbox.run(&["token", &server.url()]).prints();
        assert_eq!(printed, next);

        // A tenth of its two hours later it may have died of something else.
        sandbox.edit(&server, |record| {
            let grant = record["grants"][0].as_table_mut().unwrap();
            grant.insert("issued_at".to_owned(), from_now(-721));
            grant.insert("expires_at".to_owned(), from_now(7200 - 721));
        });
        let third = reject(&sandbox, &server, &next).prints();
        assert!(server.is_alive(&third));
        assert_eq!(server.rotations(), 2);
    }
}

#[test]
fn a_token_that_was_not_made_for_a_refusal_may_be_refused_at_once() {
    for (server, sandbox, pair) in servers_without_a_check_endpoint() {
        sandbox
            .run(&["refresh", "--force", &server.url()])
            .succeeds();
        let current = server.current_pair(&pair.access_token).access_token;
        let next = reject(&sandbox, &server, &current).prints();
        assert_ne!(next, current);
        assert_eq!(server.rotations(), 2);
    }
}

/// Whatever fails, and although any other caller would get it with a warning.
#[test]
fn a_refused_token_is_not_printed_when_the_refresh_fails() {
    for (answer, name) in [
        (Behaviour::Answer(Answer::new(503)), "unavailable"),
        (Behaviour::Answer(Answer::new(429)), "rate_limited"),
        (Behaviour::LoseRequest, "answer_lost"),
    ] {
        let server = AuthorizationServer::start();
        let (sandbox, pair) = revoked(&server);
        server.script(TOKEN, answer);
        reject_fails(&sandbox, &server, &pair.access_token, 4, name);
        assert_eq!(server.refresh_requests(), 1);

        sandbox.let_waits_pass(&server);
        // Now it is marked, so that no call gets it again.
        let token = sandbox.run(&["token", &server.url()]).prints();
        assert!(server.is_alive(&token));
        assert_eq!(server.refresh_requests(), 2);
    }
}

#[test]
fn a_refused_token_is_not_printed_when_there_is_no_network() {
    for (server, sandbox, pair) in servers_without_a_check_endpoint() {
        sandbox.edit(&server, |record| {
            record["client"]["token_endpoint"] = "http://127.0.0.1:1/oauth/token".into();
        });
        reject_fails(&sandbox, &server, &pair.access_token, 4, "unreachable");
        sandbox.run(&["token", &server.url()]).fails(4);
        assert_eq!(server.refresh_requests(), 0);
    }
}

#[test]
fn a_refused_token_is_not_printed_when_the_lock_is_not_to_be_had() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = revoked(&server);
    let _lock = HeldLock::take(&sandbox, &server);
    let args = ["token", "--rejected", "--json", "--lock-timeout", "1s"];

    let failed =
        sandbox.run_with_input(&[&args[..], &[&server.url()]].concat(), &pair.access_token);

    assert_eq!(failed.stdout, "");
    failed.fails_in_json(4, "lock_timeout");
    assert_eq!(server.refresh_requests(), 0);
}

#[test]
fn a_refused_token_is_not_printed_without_a_refresh() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = revoked(&server);
    let args = ["token", "--rejected", "--no-refresh", &server.url()];
    sandbox.run_with_input(&args, &pair.access_token).fails(4);
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn rejected_without_a_token_is_a_wrong_call() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    for nothing in ["", "\n", "\r\n"] {
        reject(&sandbox, &server, nothing).fails(2);
        reject_fails(&sandbox, &server, nothing, 2, "usage");
    }
    assert_eq!(server.requests().len(), 0);
}
