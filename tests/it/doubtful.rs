//! P5: a refresh whose answer may be lost leaves its mark, and the next process finds out; a
//! login that the server has ended keeps its tokens.

use crate::support::authorization_server::{
    AuthorizationServer, Behaviour, Replay, Rotation, Settings, TOKEN, TOKEN_INFO,
};
use crate::support::sandbox::{Sandbox, first_grant};

fn state(record: &mut toml::Table) -> String {
    first_grant(record)["state"].as_str().unwrap().to_owned()
}

fn tokens(record: &mut toml::Table) -> [String; 2] {
    let grant = first_grant(record);
    ["access_token", "refresh_token"].map(|name| grant[name].as_str().unwrap().to_owned())
}

#[test]
fn a_lost_answer_makes_the_grant_doubtful_and_the_next_call_finds_out() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    server.script(TOKEN, Behaviour::LoseAnswer);
    server.allow_replays(1);
    let args = ["token", &server.url()];

    let failed = sandbox.run(&["token", "--json", &server.url()]);

    assert_eq!(failed.stdout, "");
    failed.fails_in_json(4, "answer_lost");
    assert_eq!(server.rotations(), 1);
    let mut record = sandbox.record(&server);
    assert_eq!(state(&mut record), "doubtful");
    assert_eq!(
        tokens(&mut record),
        [pair.access_token.clone(), pair.refresh_token.clone()]
    );
    assert!(first_grant(&mut record)["state_since"].is_datetime());

    sandbox.let_waits_pass(&server);
    // The server had rotated: now it is known, and the message says what happened, and when.
    let said = sandbox.run(&args).fails(3);
    assert!(
        said.contains("the answer to a refresh was lost at "),
        "{said}"
    );
    assert!(said.contains("\nhint: run `glauth login "), "{said}");
    assert_eq!(server.replays(), 1);
    let mut record = sandbox.record(&server);
    assert_eq!(state(&mut record), "login_required");
    assert_eq!(tokens(&mut record), [pair.access_token, pair.refresh_token]);

    // And no process asks again, but each is told why.
    let said_again = sandbox.run(&args).fails(3);
    assert!(said_again.contains("was lost at "), "{said_again}");
    assert_eq!(server.refresh_requests(), 2);
}

#[test]
fn a_lost_request_costs_nothing_but_a_second_call() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    server.script(TOKEN, Behaviour::LoseRequest);
    let url = server.url();

    sandbox
        .run(&["token", "--json", &url])
        .fails_in_json(4, "answer_lost");
    assert_eq!(state(&mut sandbox.record(&server)), "doubtful");

    sandbox.let_waits_pass(&server);
    let token = sandbox.run(&["token", &url]).prints();
    assert_eq!(token, server.current_pair(&pair.access_token).access_token);
    assert!(server.is_alive(&token));
    assert_eq!(server.rotations(), 1);
    assert_eq!(server.replays(), 0);
    let mut record = sandbox.record(&server);
    let grant = first_grant(&mut record);
    assert_eq!(grant["generation"].as_integer(), Some(2));
    assert!(grant.get("state_since").is_none());
}

#[test]
fn a_login_that_the_server_ended_keeps_its_tokens_and_is_not_tried_again() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    server.revoke_everything();
    let url = server.url();

    let said = sandbox.run(&["token", &url]).fails(3);

    // In the server's own words.
    let words = "The provided authorization grant is invalid, expired, revoked";
    assert!(said.contains(words), "{said}");
    assert!(said.contains("\nhint: run `glauth login "), "{said}");
    assert!(!said.contains("was lost"), "{said}");
    let mut record = sandbox.record(&server);
    assert_eq!(state(&mut record), "login_required");
    assert_eq!(
        tokens(&mut record),
        [pair.access_token.clone(), pair.refresh_token.clone()]
    );
    for command in [
        &["token"][..],
        &["token", "--min-ttl", "1m"],
        &["token", "--no-refresh"],
        &["refresh"],
        &["refresh", "--all"],
    ] {
        let host: &[&str] = if command.contains(&"--all") {
            &[]
        } else {
            &[&url]
        };
        let again = sandbox.run(&[command, &["--json"], host].concat());
        assert_eq!(again.stdout, "", "{command:?}");
        again.fails_in_json(3, "login_required");
    }
    let rejected = ["token", "--rejected", "--json", &url];
    let again = sandbox.run_with_input(&rejected, &pair.access_token);
    assert_eq!(again.stdout, "");
    again.fails_in_json(3, "login_required");
    assert_eq!(server.refresh_requests(), 1);
    assert_eq!(sandbox.record(&server), record);

    // Who insists presents it once more, once a call.
    let forced = sandbox.run(&["refresh", "--force", "--json", &url]);
    forced.fails_in_json(3, "login_required");
    assert_eq!(server.refresh_requests(), 2);

    // A new login heals it.
    sandbox.log_in(&server);
    let token = sandbox.run(&["token", &url]).prints();
    assert!(server.is_alive(&token));
}

/// Also one whose token has time yet: the server has ended both.
#[test]
fn a_token_of_a_login_that_has_ended_is_not_printed() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, 50);
    server.revoke_everything();
    for _ in 0..2 {
        sandbox.run(&["token", &server.url()]).fails(3);
    }
    assert_eq!(server.refresh_requests(), 1);
}

/// A login at a server with reuse detection, whose refresh got no answer while its token has
/// 50 seconds left.
fn doubtful_where_a_replay_revokes(
    rotation: Rotation,
    lost: Behaviour,
) -> (AuthorizationServer, Sandbox, String) {
    let server = AuthorizationServer::start_with(Settings {
        rotation,
        on_replay: Replay::RevokeGrant,
        ..Settings::default()
    });
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, 50);
    let effect = if rotation == Rotation::Kills {
        "kills"
    } else {
        "keeps"
    };
    sandbox.edit(&server, |record| {
        record["client"]["replay"] = "revokes".into();
        record["client"]["rotation"] = effect.into();
    });
    server.script(TOKEN, lost);
    (server, sandbox, pair.access_token)
}

#[test]
fn where_a_replay_revokes_a_doubtful_grant_is_left_alone_while_its_token_lives() {
    let (server, sandbox, old) =
        doubtful_where_a_replay_revokes(Rotation::Keeps, Behaviour::LoseAnswer);
    let args = ["token", &server.url()];
    for _ in 0..3 {
        let printed = sandbox.run(&args);
        assert!(printed.stderr.contains("warning: "), "{printed:?}");
        assert_eq!(printed.succeeds().trim_end(), old);
        assert!(server.is_alive(&old));
    }
    // `refresh` presents nothing either: it says until when the token lives.
    sandbox.run(&["refresh", &server.url()]).succeeds();
    assert_eq!(server.refresh_requests(), 1);
    assert_eq!(state(&mut sandbox.record(&server)), "doubtful");

    // When there is nothing left to lose, the refresh token is presented once more.
    sandbox.ends_in(&server, -1);
    sandbox.let_waits_pass(&server);
    server.allow_replays(1);
    let said = sandbox.run(&args).fails(3);
    assert!(said.contains("was lost at "), "{said}");
    assert_eq!(server.refresh_requests(), 2);
}

/// Where a rotation kills the clock is not enough: the check endpoint says that the token lives,
/// and so that the request was lost.
#[test]
fn where_a_rotation_kills_too_a_doubtful_token_is_printed_when_the_server_says_that_it_lives() {
    let (server, sandbox, old) =
        doubtful_where_a_replay_revokes(Rotation::Kills, Behaviour::LoseRequest);
    let args = ["token", &server.url()];
    sandbox.run(&args).fails(4);
    sandbox.let_waits_pass(&server);
    let printed = sandbox.run(&args);
    assert!(printed.stderr.contains("warning: "), "{printed:?}");
    assert_eq!(printed.succeeds().trim_end(), old);
    assert_eq!(server.count(TOKEN_INFO), 1);
    assert_eq!(server.refresh_requests(), 1);

    sandbox.ends_in(&server, -1);
    let token = sandbox.run(&args).prints();
    assert!(server.is_alive(&token));
    assert_eq!(server.replays(), 0);
}

#[test]
fn where_a_rotation_kills_too_a_doubtful_token_that_is_dead_is_not_printed() {
    let (server, sandbox, _) =
        doubtful_where_a_replay_revokes(Rotation::Kills, Behaviour::LoseAnswer);
    let args = ["token", &server.url()];
    sandbox.run(&args).fails(4);
    sandbox.let_waits_pass(&server);
    server.allow_replays(1);
    let said = sandbox.run(&args).fails(3);
    assert!(said.contains("was lost at "), "{said}");
    assert_eq!(server.count(TOKEN_INFO), 1);
}
