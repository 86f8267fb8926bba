//! What becomes of a client that glauth registered itself: where a login is broken off or fails, where the server
//! forgets it, and where it cannot be deleted.

use serde_json::json;

use super::mcp::{address, client_id, interrupt, log_in, spawn, start};
use crate::support::authorization_server::{
    AUTHORIZE, Answer, AuthorizationServer, Behaviour, MCP, McpServer, REGISTER, TOKEN,
};
use crate::support::sandbox::Sandbox;

fn unknown_client() -> Behaviour {
    Behaviour::Answer(Answer::json(401, &json!({"error": "invalid_client"})))
}

/// The registration would stay at the server, one for each login that a person breaks off.
#[test]
fn a_login_that_is_broken_off_leaves_its_registration_to_the_next_one() {
    for manages in [false, true] {
        let server = start(McpServer {
            manages,
            ..McpServer::default()
        });
        let sandbox = Sandbox::new();
        for _ in 0..2 {
            interrupt(spawn(&sandbox, &server, &[]));
        }
        let url = address(&server);
        let said = sandbox.run(&["token", &url]).fails(3);
        assert!(said.contains("no login for"), "{said}");
        // It is no login to anybody else either.
        let status = sandbox.run(&["status"]).succeeds();
        assert_eq!(status, "", "{status}");
        log_in(&sandbox, &server, &[]);
        assert_eq!(server.count(REGISTER), 1);
        sandbox.run(&["logout", &url]).succeeds();
        interrupt(spawn(&sandbox, &server, &[]));
        let said = sandbox.run(&["token", &url]).fails(3);
        assert!(said.contains("was logged out at"), "{said}");
        log_in(&sandbox, &server, &[]);
        assert_eq!(server.count(REGISTER), if manages { 2 } else { 1 });
    }
}

#[test]
fn a_login_that_is_broken_off_hides_no_login_above_it() {
    let server = start(McpServer::default());
    let (sandbox, pair) = Sandbox::logged_in(&server);
    interrupt(spawn(&sandbox, &server, &[]));
    let token = sandbox.run(&["token", &address(&server)]).prints();
    assert_eq!(token, pair.access_token);
}

#[test]
fn a_login_that_fails_leaves_a_registration_that_cannot_be_deleted_to_the_next_one() {
    let server = start(McpServer::default());
    let sandbox = Sandbox::new();
    let waiting = spawn(&sandbox, &server, &[]);
    server.script(TOKEN, Behaviour::Answer(Answer::new(503)));
    assert_eq!(waiting.consent().1.code(), Some(4));
    log_in(&sandbox, &server, &[]);
    assert_eq!(server.count(REGISTER), 1);
}

#[test]
fn what_keeps_a_login_from_going_on_is_found_before_glauth_registers() {
    let server = start(McpServer::default());
    let sandbox = Sandbox::new();
    let url = address(&server);
    let login = ["login", "--no-browser", "--parameter", "state=x", &url];
    sandbox.run(&login).fails(2);
    assert_eq!(server.count(REGISTER), 0);
}

fn cannot_delete(server: &AuthorizationServer) -> String {
    let id = server.client_id();
    let path = format!("{REGISTER}/{id}");
    server.always(&path, Some(Behaviour::Answer(Answer::new(500))));
    format!(
        "glauth could not delete its registration `{id}` at {}: status 500",
        server.url()
    )
}

#[test]
fn a_registration_that_could_not_be_deleted_is_said_once() {
    let server = start(McpServer {
        manages: true,
        ..McpServer::default()
    });
    let sandbox = Sandbox::new();
    let waiting = spawn(&sandbox, &server, &[]);
    let warning = cannot_delete(&server);
    server.script(TOKEN, Behaviour::Answer(Answer::new(503)));
    let (_, failed) = waiting.consent();
    assert_eq!(failed.stderr.matches(&warning).count(), 1, "{failed:?}");
    log_in(&sandbox, &server, &[]);
    let logout = sandbox.run(&["logout", &address(&server)]);
    assert_eq!(logout.code(), Some(0), "{logout:?}");
    assert_eq!(logout.stderr.matches(&warning).count(), 1, "{logout:?}");
    // The next login uses it again.
    log_in(&sandbox, &server, &[]);
    assert_eq!(server.count(REGISTER), 1);
}

/// No refresh can succeed any more, which a timer must hear of in time; the token is good until it expires.
#[test]
fn a_refresh_for_a_forgotten_client_needs_a_login_while_the_token_lives_on() {
    let server = start(McpServer::default());
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server, &[]);
    let host = format!("{}{MCP}", server.host());
    let before = sandbox.run(&["token", &host]).prints();
    server.always(TOKEN, Some(unknown_client()));
    for _ in 0..2 {
        let ended = sandbox.run(&["refresh", "--force", "--json", &host]);
        ended.fails_in_json(3, "login_required");
        assert_eq!(sandbox.run(&["token", &host]).prints(), before);
    }
    for args in [&["refresh"][..], &["refresh", "--all"], &["status"]] {
        let ended = sandbox.run(&[args, &[&host]].concat());
        assert_eq!(ended.code(), Some(3), "{ended:?}");
        assert!(ended.stderr.contains("glauth login http"), "{ended:?}");
    }
    let said = sandbox.run(&["refresh", "--force", &host]).fails(3);
    assert!(said.contains("which registers glauth again"), "{said}");
    // A call that cannot do with that token hears of it too, also while the next request has to wait.
    let path = format!("{}%2Fmcp", server.host().replace(':', "%3A"));
    sandbox.ends_in_at(&path, 600);
    for _ in 0..2 {
        let longer = sandbox.run(&["--json", "token", "--min-ttl", "1h", &host]);
        longer.fails_in_json(3, "login_required");
    }
    server.always(TOKEN, None);
    sandbox.run(&["refresh", "--force", &host]).succeeds();
    assert_eq!(server.rotations(), 1);
}

#[test]
fn a_login_with_a_client_that_the_server_forgot_says_that_the_next_one_registers_again() {
    let server = start(McpServer::default());
    let sandbox = Sandbox::new();
    let waiting = spawn(&sandbox, &server, &[]);
    server.script(TOKEN, unknown_client());
    let (_, finished) = waiting.consent();
    assert_eq!(finished.code(), Some(3), "{finished:?}");
    let hint = "nothing was stored; run `glauth login --no-browser";
    assert!(finished.stderr.contains(hint), "{finished:?}");
    assert!(
        finished.stderr.contains("which registers glauth again"),
        "{finished:?}"
    );
    log_in(&sandbox, &server, &[]);
    assert_eq!(server.count(REGISTER), 2);
    assert_eq!(client_id(&sandbox, &server), Some(server.client_id()));
}

/// A server that says so of the grant, too: glauth believes what it said of the client.
#[test]
fn a_client_that_the_server_calls_unauthorized_is_not_used_again() {
    let server = start(McpServer::default());
    let sandbox = Sandbox::new();
    let waiting = spawn(&sandbox, &server, &[]);
    let unauthorized = json!({"error": "unauthorized_client"});
    let unauthorized = || Behaviour::Answer(Answer::json(400, &unauthorized));
    server.script(TOKEN, unauthorized());
    assert_eq!(waiting.consent().1.code(), Some(3));
    log_in(&sandbox, &server, &[]);
    assert_eq!(server.count(REGISTER), 2);
}

/// A consent whose grant glauth could not keep would be wasted.
#[test]
fn a_standby_grant_is_asked_for_with_the_scopes_and_the_client_of_its_login_or_not_at_all() {
    let server = start(McpServer {
        challenge: r#", scope="a""#.to_owned(),
        ..McpServer::default()
    });
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server, &["--no-standby"]);
    // The resource wants more by now.
    server.change(|settings| {
        let rules = settings.mcp.as_mut().unwrap();
        rules.challenge = r#", scope="a b""#.to_owned();
    });
    let waiting = spawn(&sandbox, &server, &["--standby"]);
    assert_eq!(waiting.asked("scope"), "a");
    let (_, finished) = waiting.consent();
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert!(finished.stderr.contains("standby"), "{finished:?}");
    // Without the login's own client none is asked for, and none is registered.
    let other = Sandbox::new();
    log_in(&other, &server, &[]);
    let asked = (server.count(AUTHORIZE), server.count(REGISTER));
    server.change(|settings| settings.client_id = "of another life".to_owned());
    server.allow_mistakes();
    let url = address(&server);
    let said = other
        .run(&["login", "--standby", "--no-browser", &url])
        .fails(3);
    assert!(said.contains("does not know the login's client"), "{said}");
    assert!(said.contains("run `glauth login http"), "{said}");
    assert_eq!((server.count(AUTHORIZE), server.count(REGISTER)), asked);
}
