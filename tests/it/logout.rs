//! `logout`: it means it.

use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, REVOKE, Settings, TOKEN,
};
use crate::support::sandbox::Sandbox;
use crate::support::watch::wait_until_queued;

/// No token anywhere in the store.
fn holds_no_token(sandbox: &Sandbox) {
    for (path, text) in sandbox.files() {
        assert!(!text.contains("-SECRET-"), "{}", path.display());
    }
}

#[test]
fn it_revokes_at_the_server_and_leaves_no_token_behind() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let done = sandbox.run(&["logout", &server.url()]);
    assert_eq!(done.succeeds(), "");
    assert_eq!(server.count(REVOKE), 1);
    let request = &server.requests()[0].request;
    assert_eq!(request.parameter("token"), Some(&*pair.refresh_token));
    assert_eq!(request.parameter("token_type_hint"), Some("refresh_token"));
    assert!(!server.is_alive(&pair.access_token));
    holds_no_token(&sandbox);
}

#[test]
fn the_tombstone_keeps_the_client_and_says_when_and_why() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.run(&["refresh", "--force"]).succeeds();
    sandbox.run(&["logout"]).succeeds();
    let record = sandbox.record(&server);
    assert_eq!(record["kind"].as_str(), Some("logged_out"));
    assert_eq!(record["client"]["client_id"].as_str(), Some("the-client"));
    assert!(record.get("grants").is_none(), "{record}");
    let tombstone = &record["logged_out"];
    assert_eq!(tombstone["generation"].as_integer(), Some(2));
    assert_eq!(tombstone["reason"].as_str(), Some("asked"));
    assert!(tombstone["at"].as_datetime().is_some());
}

#[test]
fn after_it_token_exits_3_and_logout_0() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.run(&["logout"]).succeeds();
    let before = sandbox.record_text(&server);
    for args in [
        &["--json", "token"][..],
        &["--json", "token", "--no-refresh"],
        &["--json", "refresh"],
    ] {
        let error = sandbox.run(args).fails_in_json(3, "login_required");
        let hint = format!("run `glauth login {}`", server.url());
        assert_eq!(error["hint"], hint);
    }
    sandbox.run(&["logout"]).succeeds();
    sandbox.run(&["refresh", "--all"]).succeeds();
    assert_eq!(sandbox.record_text(&server), before);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn local_tells_the_server_nothing() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let done = sandbox.run(&["logout", "--local"]);
    assert!(done.stderr.contains("the server was not told"), "{done:?}");
    done.succeeds();
    assert_eq!(server.requests().len(), 0);
    assert!(server.is_alive(&pair.access_token));
    holds_no_token(&sandbox);
}

#[test]
fn all_logs_out_everywhere() {
    let (one, other) = (AuthorizationServer::start(), AuthorizationServer::start());
    let (sandbox, first) = Sandbox::logged_in(&one);
    let second = sandbox.log_in(&other);
    sandbox.run(&["logout", "--all"]).succeeds();
    assert!(!one.is_alive(&first.access_token));
    assert!(!other.is_alive(&second.access_token));
    holds_no_token(&sandbox);
}

#[test]
fn all_goes_on_after_a_server_that_cannot_be_reached() {
    let (gone, other) = (AuthorizationServer::start(), AuthorizationServer::start());
    let (sandbox, _) = Sandbox::logged_in(&gone);
    let second = sandbox.log_in(&other);
    let host = gone.host();
    drop(gone);
    let finished = sandbox.run(&["--json", "logout", "--all"]);
    let error = finished.fails_in_json(4, "unreachable");
    assert_eq!(error["host"], host);
    assert!(!other.is_alive(&second.access_token));
}

#[test]
fn an_expired_login_is_refreshed_first_where_the_server_would_revoke_nothing() {
    let server = AuthorizationServer::start_with(Settings {
        revocation_ignores_expired: true,
        ..Settings::default()
    });
    let (sandbox, old) = Sandbox::logged_in(&server);
    server.expire_access_tokens();
    sandbox.ends_in(&server, -10);
    sandbox.run(&["logout"]).succeeds();
    assert_eq!(server.rotations(), 1);
    let new = server.current_pair(&old.refresh_token);
    assert_ne!(new.access_token, old.access_token);
    assert!(!server.is_alive(&new.access_token));
    // The new refresh token is dead as well: another program cannot go on with it.
    holds_no_token(&sandbox);
    let thief = Sandbox::new();
    thief.import(&server, &new);
    let refused = thief.run(&["--json", "refresh", "--force"]);
    refused.fails_in_json(3, "login_required");
}

#[test]
fn an_expired_login_that_the_server_has_ended_is_just_forgotten() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    server.revoke_everything();
    sandbox.ends_in(&server, -10);
    sandbox.run(&["logout"]).succeeds();
    assert_eq!(server.refresh_requests(), 1);
    assert_eq!(server.count(REVOKE), 0);
    holds_no_token(&sandbox);
}

#[test]
fn a_server_that_cannot_be_reached_keeps_the_record_and_the_hint_is_local() {
    // Whether the token is alive, or is to be refreshed first.
    for seconds in [3600, -10] {
        let server = AuthorizationServer::start();
        let (sandbox, _) = Sandbox::logged_in(&server);
        sandbox.ends_in(&server, seconds);
        let before = sandbox.record(&server);
        let path = sandbox.file(&server, "toml");
        let url = server.url();
        drop(server);
        let refused = sandbox.run(&["--json", "logout", &url]);
        let error = refused.fails_in_json(4, "unreachable");
        let hint = error["hint"].as_str().unwrap();
        assert!(hint.contains("--local"), "{hint}");
        let text = std::fs::read_to_string(path).unwrap();
        let after: toml::Table = text.parse().unwrap();
        assert_eq!(after["grants"], before["grants"]);
        sandbox.run(&["logout", "--local", &url]).succeeds();
        holds_no_token(&sandbox);
    }
}

#[test]
fn a_refresh_that_the_server_puts_off_keeps_the_record() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -10);
    server.script(TOKEN, Behaviour::Answer(Answer::new(429)));
    let refused = sandbox.run(&["--json", "logout"]);
    refused.fails_in_json(4, "rate_limited");
    assert_eq!(sandbox.record(&server)["kind"].as_str(), Some("oauth"));
    // Later it works.
    sandbox.run(&["logout"]).succeeds();
    holds_no_token(&sandbox);
}

#[test]
fn a_server_that_wants_to_be_left_alone_is_not_asked_to_refresh_for_a_logout() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -10);
    let answer = Answer::new(429).header("Retry-After", "30");
    server.script(TOKEN, Behaviour::Answer(answer));
    let token = sandbox.run(&["--json", "token"]);
    token.fails_in_json(4, "rate_limited");
    let refused = sandbox.run(&["--json", "logout"]);
    let error = refused.fails_in_json(4, "rate_limited");
    assert!(error["hint"].as_str().unwrap().contains("--local"));
    let token = sandbox.run(&["--json", "token"]);
    token.fails_in_json(4, "rate_limited");
    assert_eq!(server.refresh_requests(), 1);
}

#[test]
fn a_hint_names_the_account_that_it_is_about() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let url = server.url();
    let id = server.client_id();
    let login = ["login", "--import", "--client-id", &id, "-a", "work", &url];
    let response = server.log_in().response;
    sandbox.run_with_input(&login, &response).succeeds();
    server.script(REVOKE, Behaviour::Answer(Answer::new(503)));
    let refused = sandbox.run(&["--json", "logout", "-a", "work", &url]);
    let error = refused.fails_in_json(4, "unavailable");
    let command = format!("`glauth logout --local --account work {url}`");
    assert!(
        error["hint"].as_str().unwrap().contains(&command),
        "{error}"
    );
    let doctor = sandbox.run(&["doctor", "-a", "work", "gitlab.example"]);
    let command = "`glauth login --account work gitlab.example`";
    assert!(doctor.stdout.contains(command), "{doctor:?}");
    let git = sandbox.run(&["setup-git", "-a", "work", "gitlab.example"]);
    assert!(git.stderr.contains(command), "{git:?}");
}

#[test]
fn without_a_revocation_endpoint_it_is_local_with_a_warning() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.edit(&server, |record| {
        let client = record["client"].as_table_mut().unwrap();
        client.remove("revocation_endpoint").unwrap();
    });
    let done = sandbox.run(&["logout"]);
    assert!(done.stderr.contains("warning: "), "{done:?}");
    done.succeeds();
    assert_eq!(server.requests().len(), 0);
    assert!(server.is_alive(&pair.access_token));
    holds_no_token(&sandbox);
}

#[test]
fn a_personal_token_is_forgotten() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let login = ["login", "--with-token", &server.url()];
    sandbox.run_with_input(&login, "glpat-SECRET-1").succeeds();
    sandbox.run(&["logout"]).succeeds();
    holds_no_token(&sandbox);
    sandbox
        .run(&["--json", "token"])
        .fails_in_json(3, "login_required");
}

#[test]
fn a_refresh_under_way_is_waited_for_and_its_pair_is_revoked() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -10);
    let held = server.hold_answers(TOKEN);
    let refreshing = sandbox.start(&["token"]);
    held.wait_for(1);
    let leaving = sandbox.start(&["logout"]);
    wait_until_queued(&sandbox, &server, [&leaving]);
    held.release();
    leaving.finish().succeeds();
    // The logout may have the lock before the caller has looked at the new tokens.
    let refreshed = refreshing.finish();
    match refreshed.code() {
        Some(0) => assert_ne!(refreshed.stdout.trim(), old.access_token),
        _ => assert_eq!(refreshed.code(), Some(3), "{refreshed:?}"),
    }
    let new = server.current_pair(&old.refresh_token);
    assert!(!server.is_alive(&new.access_token));
    assert_eq!(server.rotations(), 1);
    holds_no_token(&sandbox);
}

#[test]
fn a_slow_process_cannot_resurrect_a_login() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -10);
    let held = server.hold_answers(REVOKE);
    let leaving = sandbox.start(&["logout"]);
    // It has refreshed, and waits for the answer to its revocation, with the lock.
    held.wait_for(1);
    let rotations = server.rotations();
    let slow = sandbox.start(&["--json", "refresh", "--force"]);
    wait_until_queued(&sandbox, &server, [&slow]);
    held.release();
    leaving.finish().succeeds();
    slow.finish().fails_in_json(3, "login_required");
    assert_eq!(server.rotations(), rotations);
    holds_no_token(&sandbox);
}

#[test]
fn two_grants_end_one_by_one_and_each_is_marked_at_once() {
    let server = AuthorizationServer::start();
    let (sandbox, first) = Sandbox::logged_in(&server);
    let second = server.log_in();
    sandbox.edit(&server, |record| {
        let grants = record["grants"].as_array_mut().unwrap();
        let mut grant = grants[0].clone();
        grant["access_token"] = second.access_token.clone().into();
        grant["refresh_token"] = second.refresh_token.clone().into();
        grants.push(grant);
    });
    let done = Answer::json(200, &"{}");
    server.script(REVOKE, Behaviour::RotateThen(done));
    server.script(REVOKE, Behaviour::Answer(Answer::new(500)));
    let refused = sandbox.run(&["--json", "logout"]);
    refused.fails_in_json(4, "unavailable");
    let record = sandbox.record(&server);
    let state = |grant: usize| record["grants"][grant]["state"].as_str().unwrap();
    assert_eq!((state(0), state(1)), ("login_required", "active"));
    // The one that lives is still handed out, and the next logout ends only that.
    assert_eq!(sandbox.run(&["token"]).prints(), second.access_token);
    sandbox.run(&["logout"]).succeeds();
    let sent: Vec<_> = server.requests();
    let sent = sent
        .iter()
        .map(|one| one.request.parameter("token").unwrap());
    let (one, two) = (&*first.refresh_token, &*second.refresh_token);
    assert_eq!(sent.collect::<Vec<_>>(), [one, two, two]);
    assert!(!server.is_alive(&first.access_token));
    assert!(!server.is_alive(&second.access_token));
    holds_no_token(&sandbox);
}

#[test]
fn forget_leaves_nothing_but_the_lock_file_after_a_logout_or_with_it() {
    let server = AuthorizationServer::start();
    for logged_out_before in [false, true] {
        let (sandbox, pair) = Sandbox::logged_in(&server);
        if logged_out_before {
            sandbox.run(&["logout"]).succeeds();
        }
        let done = sandbox.run(&["--json", "logout", "--forget", &server.url()]);
        let object: serde_json::Value = serde_json::from_str(&done.prints()).unwrap();
        assert_eq!(object["outcome"], "forgotten");
        assert!(!server.is_alive(&pair.access_token));
        let left = sandbox.files();
        let names = left
            .iter()
            .map(|(path, _)| path.extension().unwrap().to_str());
        assert_eq!(names.collect::<Vec<_>>(), [Some("lock")], "{left:?}");
        sandbox.run(&["token", &server.url()]).fails(3);
        let offered = sandbox.run(&["completions", "--list", "hosts"]).succeeds();
        assert_eq!(offered, "");
        // The next login begins from nothing.
        let response = server.log_in().response;
        let login = ["login", "--import", &server.url()];
        sandbox.run_with_input(&login, &response).fails(2);
    }
}

#[test]
fn forget_keeps_a_login_whose_logout_failed() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    server.script(REVOKE, Behaviour::Answer(Answer::new(503)));
    sandbox.run(&["logout", "--forget"]).fails(4);
    assert_eq!(sandbox.run(&["token"]).prints(), pair.access_token);
}

#[test]
fn all_of_a_host_is_about_no_other_host() {
    let (here, there) = (AuthorizationServer::start(), AuthorizationServer::start());
    let (sandbox, _) = Sandbox::logged_in(&here);
    let other = sandbox.log_in(&there);
    let work = here.log_in().response;
    let login = ["login", "--import", "-a", "work", &here.url()];
    sandbox.run_with_input(&login, &work).succeeds();
    sandbox.ends_in(&here, -5);
    sandbox.ends_in(&there, -5);

    sandbox.run(&["refresh", "--all", &here.url()]).succeeds();
    assert_eq!([here.rotations(), there.rotations()], [1, 0]);
    sandbox.run(&["logout", "--all", &here.url()]).succeeds();
    assert_eq!([here.count(REVOKE), there.count(REVOKE)], [2, 0]);
    assert!(there.is_alive(&other.access_token));
    for command in ["refresh", "logout"] {
        let none = sandbox.run(&[command, "--all", "elsewhere.example"]);
        none.fails(3);
    }
}
