//! P6: with two grants a rotation never touches the token that callers hold, and who loses one has a
//! login all the same.

use serde_json::Value;

use crate::support::authorization_server::{Answer, AuthorizationServer, Behaviour, REVOKE, TOKEN};
use crate::support::crash_points::CrashPoint;
use crate::support::sandbox::{Running, Sandbox, first_grant};

/// The table of `status`, and what is said beside it.
fn status(sandbox: &Sandbox) -> (String, String) {
    let finished = sandbox.run(&["status"]);
    let said = finished.stderr.clone();
    (finished.succeeds(), said)
}

fn states(sandbox: &Sandbox, server: &AuthorizationServer) -> Vec<String> {
    let record = sandbox.record(server);
    let grants = record["grants"].as_array().unwrap().iter();
    let state = |grant: &toml::Value| grant["state"].as_str().unwrap().to_owned();
    grants.map(state).collect()
}

#[test]
fn a_rotation_does_not_touch_the_token_that_callers_hold() {
    let server = AuthorizationServer::start();
    let (sandbox, pairs) = Sandbox::with_standby(&server);
    sandbox.grants_end_in(&server, &[7000, 3000]);
    let held = sandbox.run(&["token"]).prints();
    assert_eq!(held, pairs[0].access_token);
    // Its end comes near: the other one is refreshed.
    sandbox.grants_end_in(&server, &[30, -3000]);
    let next = sandbox.run(&["token"]).prints();
    assert_ne!(next, held);
    assert!(server.is_alive(&held) && server.is_alive(&next));
    assert_eq!(server.rotations(), 1);

    // With one grant the same ends the token under its users' hands.
    let (alone, pair) = Sandbox::logged_in(&server);
    alone.ends_in(&server, 30);
    alone.run(&["token"]).prints();
    assert!(!server.is_alive(&pair.access_token));
}

#[test]
fn status_shows_both_grants() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::with_standby(&server);
    let (table, said) = status(&sandbox);
    let (titles, line) = table.split_once('\n').unwrap();
    assert!(
        titles.contains("STANDBY") && line.contains("yes"),
        "{table}"
    );
    assert_eq!(said, "");
    let json: Value = serde_json::from_str(&sandbox.run(&["status", "--json"]).prints()).unwrap();
    let account = &json["accounts"][0];
    assert_eq!(account["generation"], 2);
    let grants = account["grants"].as_array().unwrap();
    assert_eq!(grants.len(), 2);
    for (grant, generation) in grants.iter().zip([1, 2]) {
        assert_eq!(
            (&grant["state"], &grant["generation"]),
            (&"active".into(), &generation.into())
        );
    }
    let (alone, _) = Sandbox::logged_in(&server);
    assert!(!status(&alone).0.contains("STANDBY"));
}

#[test]
fn a_grant_that_the_server_has_ended_leaves_the_other_and_is_told_once() {
    let server = AuthorizationServer::start();
    let (sandbox, pairs) = Sandbox::with_standby(&server);
    sandbox.grants_end_in(&server, &[30, -5]);
    end_grant(&server, &pairs[1].access_token);

    let found_out = sandbox.run(&["token"]);

    assert_eq!(found_out.stdout.trim(), pairs[0].access_token);
    let host = server.host();
    let warning = format!("warning: the server has ended one of the two grants for {host}");
    assert!(found_out.stderr.contains(&warning), "{found_out:?}");
    let command = format!("`glauth login --standby {}` adds another", server.url());
    assert!(found_out.stderr.contains(&command), "{found_out:?}");
    found_out.succeeds();
    assert_eq!(states(&sandbox, &server), ["active", "login_required"]);
    let (table, said) = status(&sandbox);
    assert!(table.contains("lost"), "{table}");
    assert!(
        said.ends_with(&format!("{host}: standby lost; {command}\n")),
        "{said}"
    );
    assert!(said.contains(": invalid_grant: "), "{said}");
    // From now on it is a login with one grant, and no call is told again.
    let later = sandbox.run(&["token"]);
    assert_ne!(later.stdout.trim(), pairs[0].access_token);
    assert_eq!(later.stderr, "");
    assert!(server.is_alive(later.stdout.trim()));
}

#[test]
fn a_grant_that_has_ended_is_told_of_even_where_the_other_had_to_be_refreshed() {
    let server = AuthorizationServer::start();
    let (sandbox, pairs) = Sandbox::with_standby(&server);
    sandbox.grants_end_in(&server, &[-5, -9]);
    end_grant(&server, &pairs[1].access_token);
    let finished = sandbox.run(&["token"]);
    assert!(
        finished.stderr.contains("has ended one of the two grants"),
        "{finished:?}"
    );
    let current = server.current_pair(&pairs[0].access_token);
    assert_eq!(finished.stdout.trim(), current.access_token);
    finished.succeeds();
}

/// The user ends one of them at the server.
fn end_grant(server: &AuthorizationServer, access_token: &str) {
    let url = url::Url::parse(&format!("{}{REVOKE}", server.url())).unwrap();
    let body = format!("client_id=the-client&token={access_token}");
    let request = format!(
        "POST {REVOKE} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        server.host(),
        body.len()
    );
    crate::support::browser::send(&url, request.as_bytes());
    assert!(!server.is_alive(access_token));
}

#[test]
fn logout_revokes_both_and_marks_each_as_it_ends() {
    let server = AuthorizationServer::start();
    let (sandbox, pairs) = Sandbox::with_standby(&server);
    // The second one fails.
    let good = Answer::json(200, &"{}");
    server.script(REVOKE, Behaviour::RotateThen(good));
    server.script(REVOKE, Behaviour::Answer(Answer::new(503)));
    sandbox.run(&["logout"]).fails(4);
    assert_eq!(states(&sandbox, &server), ["login_required", "active"]);
    assert!(!server.is_alive(&pairs[0].access_token));
    assert_eq!(sandbox.run(&["token"]).prints(), pairs[1].access_token);
    sandbox.run(&["logout"]).succeeds();
    assert!(!server.is_alive(&pairs[1].access_token));
    assert_eq!(server.count(REVOKE), 3);
    sandbox.run(&["token"]).fails(3);
}

#[test]
fn a_new_login_in_place_of_two_grants_revokes_both() {
    let server = AuthorizationServer::start();
    let (sandbox, pairs) = Sandbox::with_standby(&server);
    crate::login::log_in(&sandbox, &server, &[]);
    for pair in &pairs {
        assert!(!server.is_alive(&pair.access_token));
    }
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
}

/// The one window that cannot be closed.
#[test]
fn a_process_that_dies_over_one_grant_leaves_a_login_with_the_other() {
    for point in ["sent:kill", "answered:kill"] {
        let Some(crash) = CrashPoint::of_the_binary(point) else {
            return;
        };
        let server = AuthorizationServer::start();
        let (sandbox, pairs) = Sandbox::with_standby(&server);
        server.allow_replays(1);
        sandbox.grants_end_in(&server, &[30, -5]);
        let mut command = sandbox.command(&["token"]);
        let dead = Running::spawn(crash.set(&mut command)).finish();
        assert_eq!(dead.succeeds().trim(), pairs[0].access_token);

        let next = sandbox.run(&["token"]);

        assert_eq!(next.stdout.trim(), pairs[0].access_token, "{point}");
        assert!(next.stderr.contains("warning: "), "{next:?}");
        assert!(server.is_alive(next.stdout.trim()));
        let command = format!("`glauth login --standby {}` adds another", server.url());
        assert!(next.stderr.contains(&command), "{next:?}");
        next.succeeds();
        assert!(status(&sandbox).1.contains(&command));
        assert_eq!(server.count(TOKEN), 2);
    }
}

#[test]
fn a_login_whose_grants_have_both_ended_is_no_lost_standby() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::with_standby(&server);
    sandbox.grants_end_in(&server, &[-5, -9]);
    server.revoke_everything();
    sandbox.run(&["token"]).fails(3);
    assert_eq!(
        first_grant(&mut sandbox.record(&server))["state"].as_str(),
        Some("login_required")
    );
    let finished = sandbox.run(&["status"]);
    assert!(!finished.stderr.contains("standby"), "{finished:?}");
    assert_eq!(finished.code(), Some(3), "{finished:?}");
}
