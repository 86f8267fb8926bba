//! What a refusal means (docs/refusals.md), and that a wrong verdict is not final (P5, P10).

use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, Rotation, Settings, TOKEN, TOKEN_INFO,
};
use crate::support::sandbox::{Finished, Sandbox, first_grant, from_now};

/// A login whose access token has expired.
fn expired(server: &AuthorizationServer) -> Sandbox {
    let (sandbox, _) = Sandbox::logged_in(server);
    sandbox.ends_in(server, -5);
    sandbox
}

fn error(status: u16, body: &str) -> Behaviour {
    Behaviour::Answer(Answer::json(status, &body))
}

/// What a grant is called after `token` met this answer with this exit code and name.
#[track_caller]
fn state_after(answer: Behaviour, code: i32, name: &str) -> String {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    server.script(TOKEN, answer);
    let failed = sandbox.run(&["token", "--json"]);
    assert_eq!(failed.stdout, "");
    failed.fails_in_json(code, name);
    assert_eq!(server.refresh_requests(), 1);
    let mut record = sandbox.record(&server);
    let grant = first_grant(&mut record);
    assert!(
        grant.contains_key("refresh_token"),
        "nothing is thrown away"
    );
    grant["state"].as_str().unwrap().to_owned()
}

#[test]
fn row_1_a_429_leaves_the_grant_and_any_5xx_makes_it_doubtful() {
    let body = r#"{"error":"invalid_grant"}"#;
    assert_eq!(state_after(error(429, body), 4, "rate_limited"), "active");
    for status in [500, 502, 503, 504, 520] {
        let state = state_after(error(status, body), 4, "unavailable");
        assert_eq!(state, "doubtful", "{status}");
        let later = Answer::new(status).header("Retry-After", "5");
        let state = state_after(Behaviour::Answer(later), 4, "unavailable");
        assert_eq!(state, "doubtful", "{status} with Retry-After");
    }
}

#[test]
fn row_2_an_error_without_a_token_is_a_refusal_whatever_its_status() {
    let body = r#"{"error":"unheard_of"}"#;
    for status in [200, 201, 400, 401, 403, 404, 418] {
        let state = state_after(error(status, body), 4, "refresh_refused");
        assert_eq!(state, "active", "{status}");
    }
}

#[test]
fn row_3_an_error_that_means_a_new_consent_is_login_required() {
    for (status, body) in [
        (400, r#"{"error":"invalid_grant"}"#),
        (200, r#"{"error":"bad_refresh_token"}"#),
        (
            400,
            r#"{"code":400,"error_code":"refresh_token_not_found","msg":"Invalid Refresh Token: Refresh Token Not Found"}"#,
        ),
        (401, r#"{"error":"invalid_token"}"#),
        (400, r#"{"error":"interaction_required"}"#),
        (400, r#"{"error":"consent_required"}"#),
        (
            403,
            r#"{"error":{"code":"REFRESH_TOKEN_EXPIRED","message":"gone"}}"#,
        ),
    ] {
        let state = state_after(error(status, body), 3, "login_required");
        assert_eq!(state, "login_required", "{body}");
    }
}

#[test]
fn row_4_an_error_of_the_client_is_for_a_person_to_mend() {
    for name in ["invalid_client", "unauthorized_client", "invalid_scope"] {
        let body = format!(r#"{{"error":"{name}"}}"#);
        let state = state_after(error(401, &body), 2, "client_rejected");
        assert_eq!(state, "active", "{name}");
    }
}

#[test]
fn row_5_a_page_a_407_and_a_word_that_passes_are_unavailable() {
    for (status, body) in [
        (403, "<html>Checking your browser</html>"),
        (404, "<!doctype html><title>portal</title>"),
        (407, ""),
        (400, r#"{"error":"temporarily_unavailable"}"#),
        (403, r#"{"error":"server_error"}"#),
        (400, r#"{"error":"slow_down"}"#),
    ] {
        let answer = Behaviour::Answer(Answer::new(status).body(body));
        let state = state_after(answer, 4, "unavailable");
        assert_eq!(state, "active", "{status} {body}");
    }
    // In the place of an answer it may hide one.
    let page = Behaviour::Answer(Answer::new(200).body("<html>welcome</html>"));
    assert_eq!(state_after(page, 4, "unavailable"), "doubtful");
}

/// Row 6: kept, tried again, and after three requests and ten minutes a matter for a person.
#[test]
fn row_6_a_refusal_without_end_needs_a_person_and_heals_by_itself() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let refusal = r#"{"error":"unheard_of","message":"Not today."}"#;
    server.always(TOKEN, Some(error(403, refusal)));
    for count in 1..=3 {
        sandbox
            .run(&["token", "--json"])
            .fails_in_json(4, "refresh_refused");
        sandbox.let_waits_pass(&server);
        let mut record = sandbox.record(&server);
        let refusals = first_grant(&mut record)["refresh_refusals"].as_integer();
        assert_eq!(refusals, Some(count));
    }
    // What is neither refusal nor success neither counts nor clears.
    server.script(TOKEN, Behaviour::Answer(Answer::new(503)));
    sandbox
        .run(&["token", "--json"])
        .fails_in_json(4, "unavailable");
    sandbox.let_waits_pass(&server);
    sandbox.edit(&server, |record| {
        first_grant(record).insert("refresh_refused_since".to_owned(), from_now(-601));
    });

    let said = sandbox.run(&["token"]).fails(3);
    let host = server.host();
    let start = format!("glauth: {host} has refused to refresh since ");
    assert!(said.starts_with(&start), "{said}");
    assert!(
        said.contains(": unheard_of: Not today; the next try is in "),
        "{said}"
    );
    assert!(said.contains("\nhint: run `glauth login "), "{said}");
    let failed = sandbox.run(&["refresh", "--json"]);
    assert_eq!(
        failed.fails_in_json(3, "login_required")["said"],
        "unheard_of: Not today."
    );
    let status = sandbox.run(&["status", "--json"]);
    assert_eq!(status.code(), Some(3));
    let status: serde_json::Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(status["accounts"][0]["needs_login"], true);
    // What is no refusal does not end that.
    sandbox.let_waits_pass(&server);
    server.script(TOKEN, Behaviour::Answer(Answer::new(503)));
    for _ in 0..2 {
        let said = sandbox.run(&["token"]).fails(3);
        assert!(said.starts_with(&start), "{said}");
        assert!(said.contains("; this time "), "{said}");
        assert!(said.contains("; the next try is in "), "{said}");
    }
    // All along the tokens were kept, and the server was asked.
    assert_eq!(server.refresh_requests(), 6);

    server.always(TOKEN, None);
    sandbox.let_waits_pass(&server);
    let token = sandbox.run(&["token"]).prints();
    assert!(server.is_alive(&token));
    sandbox.run(&["status"]).succeeds();
    let mut record = sandbox.record(&server);
    assert!(!first_grant(&mut record).contains_key("refresh_refusals"));
    assert!(
        !record["last_attempt"]
            .as_table()
            .unwrap()
            .contains_key("failures")
    );
}

/// In the message, in JSON, in `status` and in `doctor`, for those who come later too.
#[test]
fn the_servers_own_words_are_shown_everywhere() {
    for (status, body, code) in [
        (
            400,
            r#"{"error":"unheard_of","error_description":"Not today."}"#,
            4,
        ),
        (
            400,
            r#"{"error":"invalid_client","error_description":"Not today."}"#,
            2,
        ),
        (
            400,
            r#"{"error":"invalid_grant","error_description":"Not today."}"#,
            3,
        ),
        (
            503,
            r#"{"error":"unheard_of","error_description":"Not today."}"#,
            4,
        ),
        (
            429,
            r#"{"error":{"code":"unheard_of","message":"Not today."}}"#,
            4,
        ),
    ] {
        let server = AuthorizationServer::start();
        let sandbox = expired(&server);
        server.script(TOKEN, error(status, body));
        let words = ": Not today";
        for _ in 0..2 {
            let said = sandbox.run(&["token"]).fails(code);
            assert!(said.contains(words), "{said}");
        }
        assert_eq!(server.refresh_requests(), 1);
        let shown = sandbox.run(&["status"]);
        assert!(shown.stderr.contains(words), "{shown:?}");
        let shown = sandbox.run(&["status", "--json"]);
        assert!(shown.stdout.contains("Not today."), "{shown:?}");
        let shown = sandbox.run(&["doctor", "--offline"]);
        assert!(shown.stdout.contains(words), "{shown:?}");
    }
}

#[test]
fn words_that_echo_the_refresh_token_are_not_shown() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    // Also where shortening would leave the beginning of it, and where something hides in it.
    let token = &pair.refresh_token;
    let (a, b) = token.split_at(12);
    for words in [
        format!("{token} is unknown"),
        format!("{}{token}", "x".repeat(285)),
        format!("{a}\u{200b}{b} is unknown"),
        format!("{}… is unknown", &token[..token.len() - 1]),
    ] {
        let body = serde_json::json!({"error": "unheard_of", "message": words}).to_string();
        server.script(TOKEN, error(400, &body));
        let said = sandbox.run(&["token", "--json"]);
        said.fails_in_json(4, "refresh_refused");
        let beginning = &token[..12];
        let shown = sandbox.run(&["status", "--json"]);
        assert!(!shown.stdout.contains(beginning), "{shown:?}");
        sandbox.let_waits_pass(&server);
    }
}

/// A server that refuses an early refresh, or a replica that lags: the living token is printed, and the
/// refresh token works later.
#[test]
fn an_invalid_grant_for_a_grant_whose_token_lives_is_not_final() {
    for rotation in [Rotation::Kills, Rotation::Keeps] {
        let server = AuthorizationServer::start_with(Settings {
            rotation,
            ..Settings::default()
        });
        let (sandbox, pair) = Sandbox::logged_in(&server);
        sandbox.ends_in(&server, 50);
        if rotation == Rotation::Keeps {
            sandbox.edit(&server, |record| {
                record["client"]["rotation"] = "keeps".into();
            });
        }
        server.script(TOKEN, error(400, r#"{"error":"invalid_grant"}"#));
        for _ in 0..3 {
            let printed = sandbox.run(&["token"]);
            assert!(printed.stderr.contains("invalid_grant"), "{printed:?}");
            assert!(
                printed.stderr.contains("; the next try is in "),
                "{printed:?}"
            );
            assert_eq!(printed.succeeds().trim_end(), pair.access_token);
        }
        assert_eq!(server.refresh_requests(), 1);
        // Where a rotation kills the server was asked whether the token lives.
        let asked = usize::from(rotation == Rotation::Kills);
        assert_eq!(server.count(TOKEN_INFO), asked);
        let shown = sandbox.run(&["status"]);
        assert!(shown.stderr.contains("has refused to refresh"), "{shown:?}");
        shown.succeeds();

        sandbox.let_waits_pass(&server);
        let token = sandbox.run(&["token"]).prints();
        assert_eq!(token, server.current_pair(&pair.access_token).access_token);
        assert_eq!(server.rotations(), 1);
    }
}

/// A timer reports it while the token still lives.
#[test]
fn a_living_token_is_printed_and_a_refresh_says_that_a_person_is_needed() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, 600);
    server.always(TOKEN, Some(error(403, r#"{"error":"unheard_of"}"#)));
    for _ in 0..3 {
        sandbox.run(&["token", "--min-ttl", "1h"]).fails(4);
        sandbox.let_waits_pass(&server);
    }
    sandbox.edit(&server, |record| {
        first_grant(record).insert("refresh_refused_since".to_owned(), from_now(-601));
    });
    let requests = server.refresh_requests();
    for args in [&["refresh", "--json"][..], &["refresh", "--all", "--json"]] {
        sandbox.run(args).fails_in_json(3, "login_required");
    }
    assert_eq!(
        server.refresh_requests(),
        requests,
        "a living token is not ended"
    );
    assert_eq!(sandbox.run(&["status"]).code(), Some(3));
    assert_eq!(sandbox.run(&["token"]).prints(), pair.access_token);
    // A caller that demands more life than it has gets none.
    sandbox.run(&["token", "--min-ttl", "1h"]).fails(3);
}

#[test]
fn after_the_tokens_end_one_more_invalid_grant_is_final() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, 50);
    server.always(TOKEN, Some(error(400, r#"{"error":"invalid_grant"}"#)));
    sandbox.run(&["token"]).succeeds();
    sandbox.let_waits_pass(&server);
    sandbox.ends_in(&server, -1);
    sandbox
        .run(&["token", "--json"])
        .fails_in_json(3, "login_required");
    sandbox
        .run(&["token", "--json"])
        .fails_in_json(3, "login_required");
    assert_eq!(server.refresh_requests(), 2);
}

#[test]
fn a_refused_access_token_makes_one_more_invalid_grant_final() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, 50);
    server.script(TOKEN, error(400, r#"{"error":"invalid_grant"}"#));
    sandbox.run(&["token"]).succeeds();
    server.revoke_everything();
    // The check endpoint calls it dead, and that is enough.
    let rejected = ["token", "--rejected", "--json"];
    let failed = sandbox.run_with_input(&rejected, &pair.access_token);
    failed.fails_in_json(3, "login_required");
    assert_eq!(server.refresh_requests(), 1);
}

#[test]
fn a_refresh_of_a_living_token_that_is_refused_says_so() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    server.script(TOKEN, error(400, r#"{"error":"invalid_grant"}"#));
    let failed = sandbox.run(&["refresh", "--force", "--json"]);
    failed.fails_in_json(4, "refresh_refused");
    assert_eq!(server.count(TOKEN_INFO), 1);
    // Who insists does not wait.
    sandbox.run(&["refresh", "--force"]).succeeds();
    assert_eq!(server.rotations(), 1);
}

/// A login that a wrong verdict has ended.
fn ended(server: &AuthorizationServer) -> Sandbox {
    let sandbox = expired(server);
    server.script(TOKEN, error(400, r#"{"error":"invalid_grant"}"#));
    sandbox.run(&["token"]).fails(3);
    sandbox
}

#[test]
fn force_presents_an_ended_grant_once_and_a_wrong_verdict_is_mended_by_it() {
    let server = AuthorizationServer::start();
    let sandbox = ended(&server);
    server.script(TOKEN, error(400, r#"{"error":"invalid_grant"}"#));
    sandbox
        .run(&["refresh", "--force", "--json"])
        .fails_in_json(3, "login_required");
    assert_eq!(server.refresh_requests(), 2);
    sandbox.run(&["refresh", "--force"]).succeeds();
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
}

fn import(sandbox: &Sandbox, server: &AuthorizationServer, response: &str) -> Finished {
    let url = server.url();
    let args = [
        "login",
        "--import",
        "--json",
        "--client-id",
        "the-client",
        &url,
    ];
    sandbox.run_with_input(&args, response)
}

#[test]
fn an_import_of_an_ended_grants_refresh_token_presents_it_once() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    server.script(TOKEN, error(400, r#"{"error":"invalid_grant"}"#));
    sandbox.run(&["token"]).fails(3);
    server.script(TOKEN, error(400, r#"{"error":"invalid_grant"}"#));
    import(&sandbox, &server, &pair.response).fails_in_json(3, "login_required");
    assert_eq!(server.refresh_requests(), 2);
    server.script(TOKEN, Behaviour::Answer(Answer::new(503)));
    import(&sandbox, &server, &pair.response).fails_in_json(4, "unavailable");
    import(&sandbox, &server, &pair.response).succeeds();
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
    assert_eq!((server.refresh_requests(), server.replays()), (4, 0));
}

#[test]
fn an_import_of_an_ended_grants_refresh_token_waits_as_long_as_the_server_asked() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    server.script(TOKEN, error(400, r#"{"error":"invalid_grant"}"#));
    sandbox.run(&["token"]).fails(3);
    let busy = Answer::new(429).header("Retry-After", "60");
    server.script(TOKEN, Behaviour::Answer(busy));
    sandbox.run(&["refresh", "--force"]).fails(4);
    import(&sandbox, &server, &pair.response).fails_in_json(4, "rate_limited");
    assert_eq!(server.refresh_requests(), 2);
}

/// A provisioning script in a loop replays no spent token.
#[test]
fn an_import_of_what_an_ended_login_began_with_sends_nothing() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.run(&["refresh", "--force"]).succeeds();
    server.revoke_everything();
    sandbox.ends_in(&server, -5);
    sandbox.run(&["token"]).fails(3);
    let requests = server.refresh_requests();
    for _ in 0..3 {
        import(&sandbox, &server, &pair.response).fails_in_json(3, "login_required");
    }
    assert_eq!(server.refresh_requests(), requests);
}

#[test]
fn an_import_with_another_client_clears_refusals_and_waits() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    server.always(TOKEN, Some(error(403, r#"{"error":"unheard_of"}"#)));
    for _ in 0..3 {
        sandbox.run(&["token"]).fails(4);
        sandbox.let_waits_pass(&server);
    }
    sandbox.edit(&server, |record| {
        first_grant(record).insert("refresh_refused_since".to_owned(), from_now(-601));
    });
    sandbox.run(&["token"]).fails(3);
    // The same once more leaves a login that needs a person, and says so.
    import(&sandbox, &server, &pair.response).fails_in_json(3, "login_required");
    server.always(TOKEN, None);
    server.change(|settings| settings.client_id = "another".to_owned());
    let url = server.url();
    let args = ["login", "--import", "--client-id", "another", &url];
    sandbox.run_with_input(&args, &pair.response).succeeds();
    // At once.
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
}

/// One grant of two is refused: the other one is tried, in the same call where no token lives.
#[test]
fn beside_a_grant_that_is_refused_a_good_standby_is_tried() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::with_standby(&server);
    sandbox.grants_end_in(&server, &[-5, -10]);
    server.script(TOKEN, error(403, r#"{"error":"unheard_of"}"#));
    let printed = sandbox.run(&["token"]);
    assert!(printed.stderr.contains("unheard_of"), "{printed:?}");
    assert!(server.is_alive(printed.succeeds().trim_end()));
    assert_eq!((server.refresh_requests(), server.rotations()), (2, 1));
}
