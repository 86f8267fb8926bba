//! Exit codes 2, 3 and 4 as answers of a server lead to them, one after the other.

use super::{Said, args, expired, fails_as};
use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, REVOKE, TOKEN, TOKEN_INFO,
};
use crate::support::sandbox::{Finished, Running, Sandbox, after, first_grant};

/// `token` with a token that has expired, at a server that does this with the refresh.
#[track_caller]
fn refresh_gets(code: i32, name: &str, behaviour: &Behaviour) -> Said {
    let said = fails_as(code, name, |form| {
        let server = AuthorizationServer::start();
        let sandbox = expired(&server);
        server.script(TOKEN, behaviour.clone());
        let finished = token(&sandbox, &server, form);
        assert_eq!(server.refresh_requests(), 1);
        finished
    });
    assert!(
        said.host
            .as_deref()
            .is_some_and(|host| host.starts_with("127.0.0.1:"))
    );
    assert_eq!(said.account.as_deref(), Some("default"));
    said
}

fn token(sandbox: &Sandbox, server: &AuthorizationServer, form: &[&str]) -> Finished {
    sandbox.run(&args(form, &["token", &server.url()]))
}

fn answer(answer: Answer) -> Behaviour {
    Behaviour::Answer(answer)
}

fn oauth_error(status: u16, name: &str) -> Behaviour {
    let body = format!(r#"{{"error":"{name}","error_description":"Words of the server."}}"#);
    answer(Answer::json(status, &body))
}

#[test]
fn an_error_of_the_client_is_client_rejected() {
    for (status, name) in [
        (401, "invalid_client"),
        (400, "unauthorized_client"),
        (400, "unsupported_grant_type"),
        (400, "invalid_scope"),
        (200, "invalid_request"),
    ] {
        let said = refresh_gets(2, "client_rejected", &oauth_error(status, name));
        assert!(
            said.message.contains("Words of the server"),
            "{}",
            said.message
        );
        let command = "`glauth login --client-id ID http://127.0.0.1:";
        assert!(said.hint.contains(command), "{}", said.hint);
        let plain = "`glauth login http://127.0.0.1:";
        assert!(said.hint.contains(plain), "{}", said.hint);
    }
}

#[test]
fn an_endpoint_that_is_not_there_is_client_rejected() {
    for status in [404, 405] {
        refresh_gets(2, "client_rejected", &answer(Answer::new(status)));
    }
}

#[test]
fn a_redirect_from_the_token_endpoint_is_a_matter_of_configuration() {
    let elsewhere = Answer::new(302).header("Location", "/elsewhere");
    let said = refresh_gets(2, "config", &answer(elsewhere));
    assert!(said.hint.contains("token endpoint"), "{}", said.hint);
}

#[test]
fn the_end_of_a_grant_is_login_required() {
    for (status, name) in [
        (400, "invalid_grant"),
        (401, "invalid_grant"),
        (200, "invalid_grant"),
    ] {
        let said = refresh_gets(3, "login_required", &oauth_error(status, name));
        assert!(
            said.message.contains("Words of the server"),
            "{}",
            said.message
        );
        assert!(said.hint.contains("`glauth login "), "{}", said.hint);
    }
}

#[test]
fn a_429_is_rate_limited_and_says_until_when() {
    let said = refresh_gets(4, "rate_limited", &answer(Answer::new(429)));
    assert_eq!(said.hint, "try again later");
    let wait = Answer::new(429).header("Retry-After", "600");
    let said = refresh_gets(4, "rate_limited", &answer(wait));
    assert!(said.hint.starts_with("try again after "), "{}", said.hint);
}

#[test]
fn a_server_that_cannot_now_is_unavailable() {
    let wait = Answer::new(503).header("Retry-After", "600");
    let said = refresh_gets(4, "unavailable", &answer(wait));
    assert!(said.hint.starts_with("try again after "), "{}", said.hint);
    for status in [500, 502, 503] {
        refresh_gets(4, "unavailable", &answer(Answer::new(status)));
    }
    // A proxy, a portal, a firewall.
    let portal = Answer::new(403).body("<html>log in</html>");
    refresh_gets(4, "unavailable", &answer(portal));
    refresh_gets(4, "unavailable", &answer(Answer::new(407)));
    for status in [200, 404] {
        let page = Answer::new(status).body("<html>welcome</html>");
        refresh_gets(4, "unavailable", &answer(page));
    }
    refresh_gets(
        4,
        "unavailable",
        &oauth_error(400, "temporarily_unavailable"),
    );
}

#[test]
fn a_refusal_without_a_reason_is_refresh_refused_and_quotes_the_server() {
    for status in [200, 400, 403] {
        let said = refresh_gets(4, "refresh_refused", &oauth_error(status, "invalid_target"));
        let words = "invalid_target: Words of the server; the next try is in ";
        assert!(said.message.contains(words), "{}", said.message);
        assert!(said.hint.contains("`glauth login "), "{}", said.hint);
    }
}

#[test]
fn a_request_without_a_sound_answer_is_answer_lost() {
    for behaviour in [
        Behaviour::LoseAnswer,
        Behaviour::LoseRequest,
        Behaviour::Raw(b"no HTTP".to_vec()),
        answer(Answer::json(200, &r#"{"access_token": ""}"#)),
    ] {
        let said = refresh_gets(4, "answer_lost", &behaviour);
        assert!(said.hint.starts_with("try again: "), "{}", said.hint);
    }
}

/// A process that may open no more files has a bad moment, and its configuration is not wrong.
#[test]
fn a_process_that_runs_out_of_descriptors_for_a_connection_may_try_again() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    // Streams, lock, room, and one more: enough for the store.
    let command = sandbox.command(&["token", "--json", &server.url()]);
    let refreshing = Running::spawn(&mut after("ulimit -n 6", &command));
    let error = refreshing.finish().fails_in_json(4, "unreachable");
    let message = error["message"].as_str().unwrap();
    // EMFILE, which each C library calls something else.
    assert!(message.contains("(os error 24)"), "{message}");
    assert_eq!(server.requests().len(), 0);
    sandbox.let_waits_pass(&server);
    sandbox.run(&["token", &server.url()]).prints();
}

#[test]
fn a_server_that_is_not_there_is_unreachable() {
    let said = fails_as(4, "unreachable", |form| {
        let server = AuthorizationServer::start();
        let sandbox = expired(&server);
        let url = server.url();
        drop(server);
        sandbox.run(&args(form, &["token", &url]))
    });
    assert!(
        said.message.contains("http://127.0.0.1:"),
        "{}",
        said.message
    );
}

#[test]
fn nothing_stored_is_login_required() {
    for command in ["token", "refresh", "logout"] {
        let said = fails_as(3, "login_required", |form| {
            let rest = args(form, &[command, "--account", "work", "gitlab.example"]);
            Sandbox::new().run(&rest)
        });
        assert_eq!(said.host.as_deref(), Some("gitlab.example"));
        assert_eq!(said.account.as_deref(), Some("work"));
        let hint = match command {
            // Who wants to end a login has no use for another one.
            "logout" => "`glauth status` shows your logins",
            _ => {
                "run `glauth login --account work gitlab.example`; \
                 if you have logins, check HOME, GLAUTH_STORE and XDG_DATA_HOME"
            }
        };
        assert_eq!(said.hint, hint);
    }
}

#[test]
fn no_refresh_with_nothing_stored_is_login_required_and_with_something_stale_it_is_stale() {
    fails_as(3, "login_required", |form| {
        let rest = args(form, &["token", "--no-refresh", "gitlab.example"]);
        Sandbox::new().run(&rest)
    });
    let said = fails_as(4, "stale", |form| {
        let server = AuthorizationServer::start();
        let (sandbox, _) = Sandbox::logged_in(&server);
        sandbox.ends_in(&server, 30);
        let url = server.url();
        let rest = args(form, &["token", "--no-refresh", &url]);
        let finished = sandbox.run(&rest);
        assert_eq!(server.requests().len(), 0);
        finished
    });
    assert_eq!(said.account.as_deref(), Some("default"));
}

#[test]
fn a_token_that_cannot_live_as_long_as_asked_is_stale() {
    fails_as(4, "stale", |form| {
        let server = AuthorizationServer::start();
        let (sandbox, _) = Sandbox::logged_in(&server);
        // Nothing to refresh with, and ten minutes left.
        sandbox.edit(&server, |record| {
            first_grant(record).remove("refresh_token");
        });
        sandbox.ends_in(&server, 600);
        let url = server.url();
        let rest = args(form, &["token", "--min-ttl", "30m", &url]);
        sandbox.run(&rest)
    });
}

#[test]
fn a_login_without_a_refresh_token_cannot_be_refreshed() {
    let sandbox_without = |server: &AuthorizationServer| {
        let (sandbox, _) = Sandbox::logged_in(server);
        sandbox.edit(server, |record| {
            first_grant(record).remove("refresh_token");
        });
        sandbox
    };
    fails_as(3, "login_required", |form| {
        let server = AuthorizationServer::start();
        let sandbox = sandbox_without(&server);
        sandbox.run(&args(form, &["refresh", &server.url()]))
    });
    // With --all it is skipped.
    let server = AuthorizationServer::start();
    let sandbox = sandbox_without(&server);
    sandbox.run(&["refresh", "--all"]).succeeds();
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_refused_token_that_the_server_calls_good_is_token_refused() {
    let said = fails_as(6, "token_refused", |form| {
        let server = AuthorizationServer::start();
        let (sandbox, pair) = Sandbox::logged_in(&server);
        let url = server.url();
        let rest = args(form, &["token", "--rejected", &url]);
        let finished = sandbox.run_with_input(&rest, &pair.access_token);
        assert_eq!(server.count(TOKEN_INFO), 1);
        assert_eq!(server.refresh_requests(), 0);
        finished
    });
    assert!(said.hint.contains("scopes"), "{}", said.hint);
}

#[test]
fn a_check_without_an_answer_is_not_now() {
    for (status, name) in [(429, "rate_limited"), (500, "unavailable")] {
        fails_as(4, name, |form| {
            let server = AuthorizationServer::start();
            let (sandbox, pair) = Sandbox::logged_in(&server);
            server.script(TOKEN_INFO, answer(Answer::new(status)));
            let url = server.url();
            let rest = args(form, &["token", "--rejected", &url]);
            let finished = sandbox.run_with_input(&rest, &pair.access_token);
            assert_eq!(server.refresh_requests(), 0);
            finished
        });
    }
}

#[test]
fn a_logout_that_the_server_does_not_grant_keeps_the_login_and_names_local() {
    for (status, code, name) in [
        (403, 2, "client_rejected"),
        (429, 4, "rate_limited"),
        (500, 4, "unavailable"),
    ] {
        let said = fails_as(code, name, |form| {
            let server = AuthorizationServer::start();
            let (sandbox, pair) = Sandbox::logged_in(&server);
            let before = sandbox.record_text(&server);
            server.script(REVOKE, answer(Answer::new(status)));
            let finished = sandbox.run(&args(form, &["logout", &server.url()]));
            assert_eq!(sandbox.record_text(&server), before);
            assert!(server.is_alive(&pair.access_token));
            finished
        });
        assert!(said.hint.contains("--local"), "{}", said.hint);
    }
}

#[test]
fn of_several_accounts_the_most_urgent_one_decides_the_code() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let other = AuthorizationServer::start();
    sandbox.log_in(&other);
    sandbox.ends_in(&other, -10);
    // 4 here, 3 there: 3, and both are tried, and both are named.
    server.script(TOKEN, answer(Answer::new(429)));
    other.script(TOKEN, oauth_error(400, "invalid_grant"));
    let finished = sandbox.run(&["--json", "refresh", "--all"]);
    assert_eq!(finished.code(), Some(3), "{finished:?}");
    assert_eq!(finished.stderr.lines().count(), 2, "{finished:?}");
    for (server, name) in [(&server, "rate_limited"), (&other, "login_required")] {
        let host = format!(r#""host":"{}""#, server.host());
        let line = finished.stderr.lines().find(|line| line.contains(&host));
        let code = format!(r#""code":"{name}""#);
        assert!(line.unwrap().contains(&code), "{finished:?}");
        assert_eq!(server.refresh_requests(), 1);
    }
}
