//! What becomes of tokens: rotation, reuse detection, lifetimes, revocation.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Reply, get, get_with_token, post, refresh, revoke, start_with};
use crate::support::authorization_server::{
    AuthorizationServer, REVOKE, Replay, Rotation, TOKEN_INFO, USER,
};

#[test]
fn a_refresh_answers_as_gitlab_does_and_kills_both_old_tokens() {
    let server = AuthorizationServer::start();
    let old = server.log_in();

    let reply = refresh(&server, &old.refresh_token);

    let new = server.current_pair(&old.access_token);
    let answer = reply.json();
    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("Cache-Control: no-store"));
    assert_eq!(answer["access_token"], json!(new.access_token));
    assert_eq!(answer["refresh_token"], json!(new.refresh_token));
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 7200);
    assert_eq!(answer["scope"], "api");
    assert!(answer["created_at"].is_u64());
    assert_eq!(
        answer,
        serde_json::from_str::<Value>(&new.response).unwrap()
    );
    assert!(server.is_alive(&new.access_token));
    assert!(!server.is_alive(&old.access_token));
    assert_eq!((server.refresh_requests(), server.rotations()), (1, 1));
}

#[test]
fn a_replay_is_refused_and_recorded_and_costs_nothing_else() {
    let server = AuthorizationServer::start();
    server.allow_replays(1);
    let old = server.log_in();
    refresh(&server, &old.refresh_token);

    let reply = refresh(&server, &old.refresh_token);

    assert_eq!(reply.error(), (400, "invalid_grant".to_owned()));
    assert!(reply.head.contains(r#"WWW-Authenticate: Bearer realm="Doorkeeper", error="invalid_grant", error_description="The provided"#));
    assert_eq!((server.replays(), server.rotations()), (1, 1));
    assert!(server.is_alive(&server.current_pair(&old.access_token).access_token));
}

#[test]
fn reuse_detection_kills_the_grant_and_no_other() {
    let server = start_with(|settings| settings.on_replay = Replay::RevokeGrant);
    server.allow_replays(1);
    let (old, other) = (server.log_in(), server.log_in());
    refresh(&server, &old.refresh_token);
    refresh(&server, &old.refresh_token);

    let new = server.current_pair(&old.access_token);

    assert!(!server.is_alive(&new.access_token));
    assert!(server.is_alive(&other.access_token));
    assert_eq!(refresh(&server, &new.refresh_token).status, 400);
    assert_eq!(
        server.replays(),
        1,
        "a revoked refresh token is no spent one"
    );
}

#[test]
fn a_rotation_that_keeps_leaves_the_old_access_token_alive() {
    let server = start_with(|settings| settings.rotation = Rotation::Keeps);
    server.allow_replays(1);
    let old = server.log_in();

    refresh(&server, &old.refresh_token);

    assert!(server.is_alive(&old.access_token));
    assert_eq!(refresh(&server, &old.refresh_token).status, 400);
}

#[test]
fn a_refresh_token_that_is_kept_is_not_sent_and_works_again() {
    let server = start_with(|settings| settings.rotation = Rotation::KeepsRefreshToken);
    let old = server.log_in();

    let first = refresh(&server, &old.refresh_token);
    let second = refresh(&server, &old.refresh_token);

    assert_eq!(first.json().get("refresh_token"), None);
    assert_eq!(second.status, 200);
    assert!(server.is_alive(&old.access_token));
    assert_eq!(
        server.current_pair(&old.access_token).refresh_token,
        old.refresh_token
    );
    assert_eq!(revoke(&server, &old.refresh_token).status, 200);
    assert!(!server.is_alive(&old.access_token));
}

#[test]
fn a_token_without_a_lifetime_has_no_expires_in() {
    let server = start_with(|settings| settings.expires_in = None);
    let pair = server.log_in();

    let answer: Value = serde_json::from_str(&pair.response).unwrap();

    assert_eq!(answer.get("expires_in"), None);
    let info = get_with_token(&server, TOKEN_INFO, &pair.access_token).json();
    assert_eq!(info["expires_in"], Value::Null);
}

#[test]
fn a_lifetime_is_exact_and_rounded_up_in_the_answer() {
    let server = AuthorizationServer::start();
    server.set_expires_in(Some(Duration::from_nanos(1)));

    let pair = server.log_in();

    assert!(!server.is_alive(&pair.access_token));
    assert!(pair.response.contains(r#""expires_in":1"#));
}

#[test]
fn the_resource_says_why_a_token_is_refused() {
    let server = AuthorizationServer::start();
    let old = server.log_in();
    let user = |token: &str| get_with_token(&server, USER, token);
    assert_eq!(
        user(&old.access_token).json(),
        json!({"id": 1, "username": "jane"})
    );

    refresh(&server, &old.refresh_token);
    let revoked = user(&old.access_token);
    let new = server.current_pair(&old.access_token);
    server.expire_access_tokens();
    let expired = user(&new.access_token);

    assert_eq!(revoked.error(), (401, "invalid_token".to_owned()));
    assert!(revoked.head.contains(r#"error="invalid_token""#));
    let description = |reply: &Reply| reply.json()["error_description"].clone();
    assert_eq!(
        description(&revoked),
        "Token was revoked. You have to re-authorize from the user."
    );
    assert_eq!(
        description(&expired),
        "Token is expired. You can either do re-authorization or token refresh."
    );
    assert_eq!(user("unknown").status, 401);
    assert_eq!(get(&server, USER, "X: y").status, 401);
    assert_eq!(server.refused_resource_requests(), 4);
    assert_eq!(
        refresh(&server, &new.refresh_token).status,
        200,
        "expiry ends no grant"
    );
}

#[test]
fn an_oauth_token_as_private_token_is_refused_and_a_mistake() {
    let server = AuthorizationServer::start();
    server.allow_mistakes();
    let pair = server.log_in();

    let reply = get(
        &server,
        USER,
        &format!("Private-Token: {}", pair.access_token),
    );

    assert_eq!(reply.status, 401);
    assert_eq!(
        server.mistakes(),
        ["GET /api/v4/user: an OAuth token as `Private-Token`"]
    );
}

#[test]
fn token_info_tells_the_living_from_the_dead() {
    let server = AuthorizationServer::start();
    let pair = server.log_in();

    let alive = get_with_token(&server, TOKEN_INFO, &pair.access_token);
    server.revoke_everything();
    let dead = get_with_token(&server, TOKEN_INFO, &pair.access_token);

    assert_eq!(alive.json()["scope"], json!(["api"]));
    assert_eq!(alive.json()["application"]["uid"], "the-client");
    assert!((7100..=7200).contains(&alive.json()["expires_in"].as_u64().unwrap()));
    assert_eq!(dead.error(), (401, "invalid_token".to_owned()));
}

#[test]
fn token_info_can_be_missing() {
    let server = start_with(|settings| settings.check_endpoint = false);
    let pair = server.log_in();

    assert_eq!(
        get_with_token(&server, TOKEN_INFO, &pair.access_token).status,
        404
    );
    assert_eq!(get_with_token(&server, "/", &pair.access_token).status, 404);
}

#[test]
fn either_token_revokes_its_grant_and_an_unknown_one_nothing() {
    let server = AuthorizationServer::start();
    let (by_access, by_refresh, other) = (server.log_in(), server.log_in(), server.log_in());

    for token in [
        &by_access.access_token,
        &by_refresh.refresh_token,
        "unknown",
    ] {
        let reply = revoke(&server, token);
        assert_eq!((reply.status, reply.json()), (200, json!({})));
    }

    assert_eq!(refresh(&server, &by_access.refresh_token).status, 400);
    assert!(!server.is_alive(&by_refresh.access_token));
    assert!(server.is_alive(&other.access_token));
}

#[test]
fn a_revocation_without_the_client_is_refused() {
    let server = AuthorizationServer::start();
    server.allow_mistakes();
    let pair = server.log_in();

    let reply = post(&server, REVOKE, "", &format!("token={}", pair.access_token));

    assert_eq!(reply.error(), (403, "unauthorized_client".to_owned()));
    assert!(server.is_alive(&pair.access_token));
}

#[test]
fn an_old_engine_revokes_nothing_once_the_access_token_has_expired() {
    for (ignores, status_afterwards) in [(true, 200), (false, 400)] {
        let server = start_with(|settings| settings.revocation_ignores_expired = ignores);
        let pair = server.log_in();
        server.expire_access_tokens();

        assert_eq!(revoke(&server, &pair.refresh_token).status, 200);

        assert_eq!(
            refresh(&server, &pair.refresh_token).status,
            status_afterwards
        );
    }
}
