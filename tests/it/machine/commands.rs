//! What the commands do with a machine's login.

use serde_json::Value;

use super::{SECRET, expired, file, logged_in, server};
use crate::doctor::{checks_of, only};
use crate::schemas::conforms;
use crate::support::authorization_server::{REVOKE, Settings};
use crate::support::sandbox::{Finished, Running, Sandbox};
use crate::support::watch::{HeldLock, wait_until_queued};

#[test]
fn a_crowd_that_finds_the_token_expired_causes_one_request() {
    let server = server();
    let sandbox = expired(&server);
    let lock = HeldLock::take(&sandbox, &server);
    let url = server.url();
    let calls: Vec<Running> = (0..20).map(|_| sandbox.start(&["token", &url])).collect();
    wait_until_queued(&sandbox, &server, &calls);
    lock.release();
    let done: Vec<Finished> = calls.into_iter().map(Running::finish).collect();
    let mut tokens: Vec<String> = done.into_iter().map(Finished::succeeds).collect();
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    assert!(server.is_alive(tokens[0].trim_end()));
    assert_eq!(server.machine_requests(), 2);
    assert_eq!(server.refresh_requests(), 0);
}

#[test]
fn a_secret_that_was_replaced_counts_from_the_next_request_on() {
    let server = server();
    let sandbox = expired(&server);
    let change = |settings: &mut Settings| {
        settings.client_auth =
            crate::support::authorization_server::ClientAuth::SecretBasic("cs-SECRET-2".to_owned());
    };
    server.change(change);
    file(&sandbox, "cs-SECRET-2\n");
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
    assert_eq!(server.machine_requests(), 2);
}

#[test]
fn a_refresh_leaves_the_old_token_alive_and_all_includes_it() {
    let server = server();
    let sandbox = logged_in(&server);
    let before = sandbox.run(&["token"]).prints();
    for args in [
        &["refresh"][..],
        &["refresh", "--all"],
        &["refresh", "--force"],
    ] {
        let done = sandbox.run(args);
        assert!(done.stderr.contains(": refreshed; "), "{args:?}: {done:?}");
        done.succeeds();
    }
    assert_eq!(server.machine_requests(), 4);
    assert!(server.is_alive(&before));
}

#[test]
fn git_and_exec_get_its_token() {
    let server = server();
    let sandbox = expired(&server);
    let asked = format!("protocol=http\nhost={}\n\n", server.host());
    let answer = sandbox.run_with_input(&["git-credential", "get"], &asked);
    let answer = answer.succeeds();
    let password = answer
        .lines()
        .find_map(|line| line.strip_prefix("password="));
    assert!(server.is_alive(password.unwrap()), "{answer}");
    sandbox.ends_in(&server, -5);
    let args = ["exec", "--", "sh", "-c", "echo $GITLAB_TOKEN"];
    assert!(server.is_alive(&sandbox.run(&args).prints()));
    assert_eq!(server.machine_requests(), 3);
}

#[test]
fn a_refused_token_is_replaced() {
    let server = server();
    let sandbox = logged_in(&server);
    let token = sandbox.run(&["token"]).prints();
    server.expire_access_tokens();
    let next = sandbox.run_with_input(&["token", "--rejected"], &token);
    assert!(server.is_alive(&next.prints()));
    assert_eq!(server.machine_requests(), 2);
}

#[track_caller]
fn status(sandbox: &Sandbox) -> Value {
    let status: Value = sandbox
        .run(&["status", "--json"])
        .succeeds()
        .parse()
        .unwrap();
    conforms("status", &status);
    status["accounts"][0].clone()
}

#[test]
fn status_says_what_it_is_and_asks_for_no_login() {
    let server = server();
    let sandbox = logged_in(&server);
    let account = status(&sandbox);
    assert_eq!(account["kind"], "client_credentials");
    assert_eq!(account["needs_login"], false);
    sandbox.ends_in(&server, -5);
    assert_eq!(status(&sandbox)["needs_login"], false);
    let shown = sandbox.run(&["status"]).succeeds();
    assert!(!shown.contains("login"), "{shown}");
}

#[test]
fn logout_revokes_the_token_and_the_next_login_needs_no_other_flag() {
    let server = server();
    let sandbox = logged_in(&server);
    let token = sandbox.run(&["token"]).prints();
    sandbox.run(&["logout"]).succeeds();
    assert!(!server.is_alive(&token));
    assert_eq!(server.count(REVOKE), 1);
    let said = sandbox.run(&["token", &server.url()]).fails(3);
    assert!(
        said.contains("`glauth login --client-credentials "),
        "{said}"
    );
    let args = ["login", "--client-credentials", &server.url()];
    sandbox.run(&args).succeeds();
    let generation = &sandbox.record(&server)["grants"][0]["generation"];
    assert_eq!(generation.as_integer(), Some(2));
}

#[test]
fn doctor_finds_a_file_that_cannot_be_used() {
    let server = server();
    let sandbox = logged_in(&server);
    let good = sandbox.run(&["--json", "doctor"]);
    checks_of(&good, 0);
    std::fs::remove_file(sandbox.path("credentials")).unwrap();
    let bad = sandbox.run(&["--json", "doctor"]);
    let checks = checks_of(&bad, 2);
    let (check, remedy) = only(&checks, "login", "fail", "the client secret file");
    assert_eq!(check["code"], "config");
    assert!(remedy.contains("put the client secret"), "{remedy}");
    file(&sandbox, SECRET);
    checks_of(&sandbox.run(&["--json", "doctor"]), 0);
}
