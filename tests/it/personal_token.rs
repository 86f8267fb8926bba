//! `login --with-token`: a token that is printed and never refreshed.

use serde_json::{Value, json};

use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, PERSONAL_TOKEN as CHECK, REVOKE, TOKEN_INFO, USER,
};
use crate::support::sandbox::{Finished, Sandbox, from_now};

const TOKEN: &str = "glpat-SECRET-1";

/// No server knows it.
const UNKNOWN: &str = "glpat-NONE";

fn log_in(sandbox: &Sandbox, url: &str, token: &str) -> Finished {
    sandbox.run_with_input(&["login", "--with-token", url], &format!("{token}\n"))
}

#[test]
fn it_is_printed_and_nothing_is_asked_once_it_is_stored() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server.url(), TOKEN).succeeds();
    assert_eq!(sandbox.run(&["token"]).prints(), TOKEN);
    let long = sandbox.run(&["token", "--min-ttl", "1000h"]).prints();
    assert_eq!(long, TOKEN);
    assert_eq!((server.count(CHECK), server.count(USER)), (1, 1));
    assert_eq!(server.requests().len(), 2);
    let record = sandbox.record(&server);
    assert_eq!(record["kind"].as_str(), Some("token"));
    assert!(record["client"].get("client_id").is_none());
}

#[test]
fn one_that_the_server_does_not_know_is_not_stored() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let said = log_in(&sandbox, &server.url(), UNKNOWN).fails(3);
    assert!(said.contains("does not accept this token"), "{said}");
    assert!(said.contains("`glauth login --with-token "), "{said}");
    assert!(!sandbox.file(&server, "toml").exists());
    // A server that does not know the check endpoint knows its users.
    server.script(CHECK, Behaviour::Answer(Answer::new(404)));
    log_in(&sandbox, &server.url(), UNKNOWN).fails(3);
    assert!(!sandbox.file(&server, "toml").exists());

    // What was there before stays.
    log_in(&sandbox, &server.url(), TOKEN).succeeds();
    let before = sandbox.record_text(&server);
    let url = server.url();
    let args = ["--json", "login", "--with-token", &url];
    let refused = sandbox.run_with_input(&args, UNKNOWN);
    refused.fails_in_json(3, "login_required");
    assert_eq!(sandbox.record_text(&server), before);
    assert_eq!(sandbox.run(&["token"]).prints(), TOKEN);
}

#[test]
fn its_user_and_its_end_come_from_the_server() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let day = from_now(30 * 24 * 3600).to_string()[..10].to_owned();
    let about = json!({"id": 4711, "name": "laptop", "expires_at": day});
    server.script(CHECK, Behaviour::Answer(Answer::json(200, &about)));
    let done = log_in(&sandbox, &server.url(), TOKEN);
    assert!(done.stderr.contains("logged in as jane"), "{done:?}");
    assert!(done.stderr.contains("this token expires at "), "{done:?}");
    done.succeeds();
    let record = sandbox.record(&server);
    let ends = record["grants"][0]["expires_at"].to_string();
    assert!(ends.starts_with(&format!("{day}T00:00:00")), "{ends}");
    assert_eq!(record["identity"]["username"].as_str(), Some("jane"));
    assert_eq!(sandbox.run(&["token"]).prints(), TOKEN);
}

#[test]
fn where_the_check_endpoint_names_the_user_it_is_asked_once() {
    const GITEA: &str = "/api/v1/user";
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let url = server.url();
    let login = |status: u16| {
        let joe = Answer::json(status, &json!({"id": 7, "login": "joe"}));
        server.script(GITEA, Behaviour::Answer(joe));
        let args = ["login", "--with-token", "--provider", "gitea", &url];
        sandbox.run_with_input(&args, "0123456789abcdef")
    };
    login(401).fails(3);
    assert!(!sandbox.file(&server, "toml").exists());
    let before = server.requests().len();
    let done = login(200);
    assert!(done.stderr.contains("logged in as joe"), "{done:?}");
    done.succeeds();
    assert_eq!(server.requests().len(), before + 1);
}

#[test]
fn a_day_that_is_over_does_not_end_a_token_that_the_server_accepts() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let about = json!({"id": 4711, "expires_at": "2020-01-01"});
    server.script(CHECK, Behaviour::Answer(Answer::json(200, &about)));
    log_in(&sandbox, &server.url(), TOKEN).succeeds();
    assert_eq!(sandbox.run(&["token"]).prints(), TOKEN);
}

#[test]
fn a_user_who_is_logged_in_already_is_named() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let url = server.url();
    let args = ["login", "--with-token", "--account", "work", &url];
    let done = sandbox.run_with_input(&args, TOKEN);
    let warning = format!(
        "glauth: warning: jane is now logged in to {} twice: account default is theirs too; \
         `glauth logout --account work {url}` removes this one\n",
        server.host()
    );
    assert!(done.stderr.contains(&warning), "{done:?}");
    done.succeeds();
}

#[test]
fn another_user_in_ones_place_is_named() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let bob = Answer::json(200, &json!({"id": 2, "username": "bob"}));
    server.script(USER, Behaviour::Answer(bob));
    let done = log_in(&sandbox, &server.url(), TOKEN);
    let warning = format!(
        "glauth: warning: the login of jane was replaced; `glauth login --account jane {}` keeps both users",
        server.url()
    );
    assert!(done.stderr.contains(&warning), "{done:?}");
    done.succeeds();
}

#[test]
fn one_whose_time_is_over_is_replaced_by_another_token() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server.url(), TOKEN).succeeds();
    sandbox.ends_in(&server, -60);
    let command = format!("`glauth login --with-token {}`", server.url());
    for args in [&["token"][..], &["refresh"], &["status"]] {
        let done = sandbox.run(args);
        let said = format!("{}{}", done.stdout, done.stderr);
        assert!(said.contains(&command), "{args:?}: {said}");
    }
}

#[test]
fn an_oauth_token_keeps_the_check_endpoint_that_knows_it() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let pair = server.log_in();
    let done = log_in(&sandbox, &server.url(), &pair.access_token);
    assert!(done.stderr.contains("logged in as jane"), "{done:?}");
    done.succeeds();
    let record = sandbox.record(&server);
    let check = record["client"]["check_endpoint"].as_str().unwrap();
    assert_eq!(check, format!("{}{TOKEN_INFO}", server.url()));
    assert!(record["grants"][0].get("expires_at").is_some());
}

#[test]
fn one_that_cannot_be_checked_is_stored_with_a_warning() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    for (behaviour, why) in [
        (Behaviour::LoseRequest, "gave no answer to that"),
        (
            Behaviour::Answer(Answer::new(503)),
            "gave no answer to that",
        ),
        (
            Behaviour::Answer(Answer::new(429)),
            "asks for fewer requests",
        ),
    ] {
        server.script(CHECK, behaviour);
        let done = log_in(&sandbox, &server.url(), UNKNOWN);
        let warning = format!(
            "glauth: warning: the token could not be checked: {} {why}\n",
            server.host()
        );
        assert!(done.stderr.contains(&warning), "{done:?}");
        done.succeeds();
    }
    for (path, status) in [(CHECK, 403), (USER, 404)] {
        server.script(path, Behaviour::Answer(Answer::new(status)));
    }
    let done = log_in(&sandbox, &server.url(), UNKNOWN);
    let warning = "does not say whether it knows the token\n";
    assert!(done.stderr.contains(warning), "{done:?}");
    done.succeeds();
    let done = log_in(&sandbox, "http://127.0.0.1:1", TOKEN);
    let warning = "the token could not be checked: 127.0.0.1:1 could not be reached\n";
    assert!(done.stderr.contains(warning), "{done:?}");
    done.succeeds();
}

#[test]
fn its_environment_has_no_word_of_oauth() {
    let sandbox = Sandbox::new();
    log_in(&sandbox, "gitlab.example", TOKEN).succeeds();
    let exports = sandbox.run(&["token", "--format", "env"]).prints();
    assert_eq!(exports, format!("export GITLAB_TOKEN='{TOKEN}'"));
}

#[test]
fn it_cannot_be_refreshed() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server.url(), TOKEN).succeeds();
    for args in [
        &["--json", "refresh"][..],
        &["--json", "refresh", "--force"],
    ] {
        sandbox.run(args).fails_in_json(3, "login_required");
    }
    sandbox.run(&["refresh", "--all"]).succeeds();
    assert_eq!((server.count(CHECK), server.requests().len()), (1, 2));
}

#[test]
fn status_knows_it() {
    let sandbox = Sandbox::new();
    log_in(&sandbox, "gitlab.example", TOKEN).succeeds();
    let shown = sandbox.run(&["--json", "status"]).prints();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let account = &shown["accounts"][0];
    assert_eq!(account["kind"], "token");
    assert_eq!(account["state"], "fresh");
    assert_eq!(account["expires_at"], Value::Null);
    assert_eq!(account["grants"][0]["refresh_fingerprint"], Value::Null);
    assert_eq!(account["needs_login"], json!(false));
}

#[test]
fn the_same_one_again_changes_nothing() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server.url(), TOKEN).succeeds();
    let before = sandbox.record_text(&server);
    log_in(&sandbox, &server.url(), TOKEN).succeeds();
    assert_eq!(sandbox.record_text(&server), before);
    log_in(&sandbox, &server.url(), "glpat-SECRET-2").succeeds();
    assert_eq!(sandbox.run(&["token"]).prints(), "glpat-SECRET-2");
}

#[test]
fn the_login_that_it_replaces_is_revoked() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    log_in(&sandbox, &server.url(), TOKEN).succeeds();
    assert_eq!(server.count(REVOKE), 1);
    assert!(!server.is_alive(&pair.access_token));
    assert_eq!(sandbox.run(&["token"]).prints(), TOKEN);
}

#[test]
fn a_login_that_cannot_be_revoked_is_replaced_with_a_warning() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let url = server.url();
    drop(server);
    let done = log_in(&sandbox, &url, TOKEN);
    assert!(done.stderr.contains("warning: "), "{done:?}");
    done.succeeds();
    assert_eq!(sandbox.run(&["token"]).prints(), TOKEN);
}

#[test]
fn an_oauth_login_takes_its_place_and_has_to_name_its_client() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server.url(), TOKEN).succeeds();
    let pair = server.log_in();
    let url = server.url();
    let import = ["--json", "login", "--import", &url];
    let refused = sandbox.run_with_input(&import, &pair.response);
    refused.fails_in_json(2, "config");
    sandbox.import(&server, &pair);
    sandbox.run(&["refresh", "--force"]).succeeds();
    assert_eq!(server.rotations(), 1);
    // The check endpoint is that of OAuth tokens again.
    let record = sandbox.record(&server);
    let check = record["client"]["check_endpoint"].as_str().unwrap();
    assert_eq!(check, format!("{url}/oauth/token/info"));
}

#[test]
fn the_login_that_comes_after_it_knows_what_the_one_before_it_knew() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let before = sandbox.record(&server);
    for _ in 0..2 {
        log_in(&sandbox, &server.url(), TOKEN).succeeds();
    }
    let text = sandbox.record_text(&server);
    for gone in [&pair.access_token, &pair.refresh_token] {
        assert!(!text.contains(&**gone), "{text}");
    }
    let refused = sandbox.run(&["--json", "login", "--standby", &server.url()]);
    refused.fails_in_json(3, "login_required");
    sandbox.run(&["logout"]).succeeds();
    assert_eq!(server.count(REVOKE), 1, "the login that was replaced");
    let url = server.url();
    let import = ["login", "--import", &url];
    let response = server.log_in().response;
    sandbox.run_with_input(&import, &response).succeeds();
    let after = sandbox.record(&server);
    assert_eq!(after["client"], before["client"]);
    sandbox.run(&["refresh", "--force"]).succeeds();
}

#[test]
fn a_token_that_was_refused_by_mistake_is_good_again_when_a_person_brings_it_once_more() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let token = server.log_in().access_token;
    let login = [
        "login",
        "--with-token",
        "--provider",
        "generic",
        &server.url(),
    ];
    sandbox.run_with_input(&login, &token).succeeds();
    let rejected = sandbox.run_with_input(&["token", "--rejected"], &token);
    rejected.fails(3);
    sandbox.run(&["token"]).fails(3);
    sandbox.run_with_input(&login, &token).succeeds();
    assert_eq!(sandbox.run(&["token"]).prints(), token);
}

#[test]
fn a_token_in_the_place_of_host_is_refused_and_not_shown() {
    let sandbox = Sandbox::new();
    let said = sandbox
        .run(&["login", "--with-token", "glpat-0123456789"])
        .fails(2);
    assert!(said.contains("HOST looks like a token"), "{said}");
    assert!(!said.contains("0123456789"), "{said}");
    assert!(!sandbox.store().exists());
}

#[test]
fn where_nothing_can_be_refreshed_refresh_all_says_so() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let login = ["login", "--with-token", &server.url()];
    sandbox.run_with_input(&login, "glpat-SECRET-1").succeeds();
    let done = sandbox.run(&["refresh", "--all"]);
    assert!(
        done.stderr.contains("there is nothing to refresh"),
        "{done:?}"
    );
    done.succeeds();
    // A timer hears nothing.
    let timer = sandbox.run(&["refresh", "--all", "--alert-after", "1d"]);
    assert_eq!(timer.stderr, "");
    timer.succeeds();
}
