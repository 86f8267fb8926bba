//! `status`: what a person and a program are told, and that no server is asked.

use serde_json::{Value, json};

use crate::exit_codes::keys;
use crate::schemas::conforms;
use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, TOKEN, TOKEN_INFO,
};
use crate::support::refresher::refresher_of;
use crate::support::sandbox::{Sandbox, first_grant, from_now};

/// The accounts of `status --json`, which ends with this code.
#[track_caller]
fn accounts(sandbox: &Sandbox, code: i32, args: &[&str]) -> Vec<Value> {
    let finished = sandbox.run(&[&["--json", "status"], args].concat());
    assert_eq!(finished.code(), Some(code), "{finished:?}");
    assert_eq!(finished.stderr, "", "{finished:?}");
    assert_eq!(finished.stdout.lines().count(), 1, "{finished:?}");
    let object: Value = serde_json::from_str(&finished.stdout).unwrap();
    conforms("status", &object);
    assert_eq!(keys(&object), ["accounts", "errors"]);
    object["accounts"].as_array().unwrap().clone()
}

/// The only account of a login with which this was done.
#[track_caller]
fn after(code: i32, change: impl FnOnce(&AuthorizationServer, &Sandbox)) -> Value {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    change(&server, &sandbox);
    let asked = server.requests().len();
    let accounts = accounts(&sandbox, code, &[]);
    assert_eq!(server.requests().len(), asked, "a server was asked");
    let [account] = &accounts[..] else {
        panic!("{accounts:?}");
    };
    account.clone()
}

#[track_caller]
fn has_state(account: &Value, state: &str, needs_login: bool) {
    assert_eq!(account["state"], state, "{account}");
    assert_eq!(account["needs_login"], needs_login, "{account}");
}

fn grant(sandbox: &Sandbox, server: &AuthorizationServer, key: &str, value: toml::Value) {
    sandbox.edit(server, |record| {
        first_grant(record).insert(key.to_owned(), value);
    });
}

#[test]
fn json_has_the_documented_names() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.run(&["refresh", "--force"]).succeeds();
    let account = &accounts(&sandbox, 0, &[])[0];
    assert_eq!(
        keys(account),
        [
            "account",
            "check",
            "client_id",
            "default",
            "error",
            "expires_at",
            "expires_in",
            "generation",
            "grants",
            "host",
            "identity",
            "kind",
            "last_attempt",
            "moving",
            "needs_login",
            "scopes",
            "shared",
            "state"
        ]
    );
    assert_eq!(account["shared"], Value::Null);
    assert_eq!(account["host"], server.host());
    assert_eq!(account["account"], "default");
    assert_eq!(account["kind"], "oauth");
    assert_eq!(account["client_id"], server.client_id());
    assert_eq!(account["scopes"], json!(["api"]));
    assert_eq!(account["generation"], 2);
    let jane = json!({"username": "jane", "subject": "1"});
    assert_eq!(account["identity"], jane);
    assert_eq!(account["check"], Value::Null);
    assert_eq!(account["error"], Value::Null);
    let left = account["expires_in"].as_u64().unwrap();
    assert!((7100..=7200).contains(&left), "{left}");

    let grant = &account["grants"][0];
    assert_eq!(
        keys(grant),
        [
            "access_fingerprint",
            "expires_at",
            "generation",
            "in_use_by",
            "refresh_expires_at",
            "refresh_fingerprint",
            "refusals",
            "refused",
            "state",
            "state_since"
        ]
    );
    let new = server.current_pair(&pair.access_token);
    let named = |token: &str| glauth::secret::Fingerprint::of(token).to_string();
    assert_eq!(grant["access_fingerprint"], named(&new.access_token));
    assert_eq!(grant["refresh_fingerprint"], named(&new.refresh_token));
    assert_eq!(grant["state"], "active");
    assert_eq!(grant["state_since"], Value::Null);
    assert_eq!(grant["refused"], false);

    let attempt = &account["last_attempt"];
    assert_eq!(attempt["outcome"], "rotated");
    assert_eq!(attempt["cause"], "asked");
    assert_eq!(attempt["sequence"], 1);
    assert_eq!(attempt["retry_at"], Value::Null);
    for time in ["started_at", "finished_at"] {
        let text = attempt[time].as_str().unwrap();
        assert!(text.ends_with('Z'), "{text}");
        text.parse::<jiff::Timestamp>().unwrap();
    }
}

#[test]
fn a_token_with_time_is_fresh() {
    has_state(&after(0, |_, _| {}), "fresh", false);
}

#[test]
fn a_token_with_little_time_is_stale() {
    let account = after(0, |server, sandbox| sandbox.ends_in(server, 30));
    has_state(&account, "stale", false);
    let left = account["expires_in"].as_u64().unwrap();
    assert!((1..=30).contains(&left), "{left}");
}

#[test]
fn a_token_without_time_is_expired() {
    let account = after(0, |server, sandbox| sandbox.ends_in(server, -10));
    has_state(&account, "expired", false);
    assert_eq!(account["expires_in"], 0);
}

#[test]
fn a_token_without_time_and_without_a_refresh_token_needs_a_login() {
    let account = after(3, |server, sandbox| {
        sandbox.ends_in(server, -10);
        sandbox.edit(server, |record| {
            first_grant(record).remove("refresh_token");
        });
    });
    has_state(&account, "expired", true);
}

#[test]
fn a_token_that_was_refused_is_refused() {
    let account = after(0, |server, sandbox| {
        grant(sandbox, server, "refused", true.into());
    });
    has_state(&account, "refused", false);
    assert_eq!(account["grants"][0]["refused"], true);
}

#[test]
fn a_lost_answer_is_doubtful() {
    let account = after(0, |server, sandbox| {
        sandbox.ends_in(server, -10);
        server.script(TOKEN, Behaviour::LoseAnswer);
        sandbox.run(&["token"]).fails(4);
    });
    has_state(&account, "doubtful", false);
    let grant = &account["grants"][0];
    assert_eq!(grant["state"], "doubtful");
    assert!(grant["state_since"].is_string(), "{grant}");
    assert_eq!(account["last_attempt"]["outcome"], "answer_lost");
}

#[test]
fn what_comes_of_a_lost_answer_depends_on_what_a_replay_does() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    server.script(TOKEN, Behaviour::LoseAnswer);
    sandbox.run(&["refresh", "--force"]).fails(4);
    let record = sandbox.record(&server);
    let by = record["last_attempt"]["by"].as_str().unwrap();
    assert!(by.starts_with("pid "), "{by}");
    let said = || sandbox.run(&["status"]).stderr;
    assert!(
        said().contains("the answer to a refresh may be lost ("),
        "{}",
        said()
    );
    assert!(said().contains(by), "{}", said());
    assert!(said().contains("the next call presents"), "{}", said());
    sandbox.edit(&server, |record| {
        record["client"]["replay"] = "revokes".into();
    });
    assert!(
        said().contains("glauth uses its token for 1h 59m, until it expires, and only then"),
        "{}",
        said()
    );
    sandbox.ends_in(&server, -1);
    assert!(said().contains("the next call presents"), "{}", said());
}

#[test]
fn a_grant_that_the_server_ended_needs_a_login() {
    let account = after(3, |server, sandbox| {
        server.revoke_everything();
        sandbox.ends_in(server, -10);
        sandbox.run(&["token"]).fails(3);
    });
    has_state(&account, "login_required", true);
    assert_eq!(account["grants"][0]["state"], "login_required");
    assert!(account["grants"][0]["state_since"].is_string());
}

#[test]
fn a_logout_is_no_trouble() {
    let account = after(0, |_, sandbox| {
        sandbox.run(&["logout"]).succeeds();
    });
    has_state(&account, "logged_out", false);
    assert_eq!(account["kind"], "logged_out");
    assert_eq!(account["generation"], 1);
    assert_eq!(account["grants"], json!([]));
    assert_eq!(account["expires_at"], Value::Null);
}

#[test]
fn a_record_that_cannot_be_read_says_why() {
    let account = after(5, |server, sandbox| {
        std::fs::write(sandbox.file(server, "toml"), "torn").unwrap();
    });
    has_state(&account, "unreadable", false);
    let error = &account["error"];
    assert_eq!(keys(error), ["code", "hint", "message"]);
    assert_eq!(error["code"], "corrupt");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("default.toml"), "{message}");
}

#[test]
fn a_refresh_under_way_is_stale_and_named() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let held = server.hold_requests(TOKEN);
    let refreshing = sandbox.start(&["refresh", "--force"]);
    held.wait_for(1);
    let account = &accounts(&sandbox, 0, &[])[0];
    has_state(account, "stale", false);
    assert_eq!(account["last_attempt"]["outcome"], "pending");
    assert_eq!(account["last_attempt"]["finished_at"], Value::Null);
    let by = account["last_attempt"]["by"].as_str().unwrap();
    let name = refresher_of(&refreshing).name();
    assert!(by.starts_with(&name), "{by}");
    let shown = sandbox.run(&["status"]);
    let expected = "a refresh began";
    assert!(shown.stderr.contains(expected), "{shown:?}");
    assert!(shown.stderr.contains(&name), "{shown:?}");
    held.release();
    refreshing.finish().succeeds();
}

#[test]
fn check_asks_each_server_whether_the_token_is_alive() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let check = || accounts(&sandbox, 0, &["--check"])[0]["check"].clone();
    assert_eq!(check(), "alive");
    server.script(TOKEN_INFO, Behaviour::Answer(Answer::new(500)));
    assert_eq!(check(), "no_answer");
    server.script(TOKEN_INFO, Behaviour::Answer(Answer::new(404)));
    assert_eq!(check(), "unknown");
    server.revoke_everything();
    assert_eq!(check(), "dead");
    assert_eq!(server.count(TOKEN_INFO), 4);
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn check_asks_about_the_last_token_of_a_login_in_doubt() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    server.script(TOKEN, Behaviour::LoseAnswer);
    sandbox.run(&["refresh", "--force"]).fails(4);
    let check = || {
        let account = &accounts(&sandbox, 0, &["--check"])[0];
        has_state(account, "doubtful", false);
        account["check"].clone()
    };
    // The refresh that lost its answer has ended this token.
    assert_eq!(check(), "dead");
    server.script(TOKEN_INFO, Behaviour::Answer(Answer::new(500)));
    assert_eq!(check(), "no_answer");
}

#[test]
fn a_client_id_is_told_to_a_person_who_asks_for_more() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let expected = format!("client id {}\n", server.client_id());
    assert!(!sandbox.run(&["status"]).stderr.contains(&expected));
    let finished = sandbox.run(&["status", "-v"]);
    assert!(finished.stderr.contains(&expected), "{finished:?}");
    sandbox.run(&["logout"]).succeeds();
    let finished = sandbox.run(&["status", "-v"]);
    assert!(finished.stderr.contains(&expected), "{finished:?}");
}

#[test]
fn a_check_says_the_same_to_people() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    server.revoke_everything();
    let finished = sandbox.run(&["status", "--check"]);
    let hint = format!("hint: run `glauth refresh --force {}`", server.url());
    assert!(finished.stderr.contains(&hint), "{finished:?}");
    let text = finished.succeeds();
    assert!(
        text.contains("  dead  ") && !text.contains("fresh"),
        "{text}"
    );
}

#[test]
fn status_is_a_line_an_account() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let work = server.log_in().response;
    let login = ["login", "--import", "--account", "work", &server.url()];
    sandbox.run_with_input(&login, &work).succeeds();
    sandbox.run(&["refresh", "--force"]).succeeds();
    let text = sandbox.run(&["status"]).prints();
    let lines: Vec<&str> = text.lines().collect();
    let [head, default, work] = lines[..] else {
        panic!("{text}");
    };
    let columns = |line: &str| -> Vec<String> {
        let cells = line.split("  ").map(str::trim);
        let cells = cells.filter(|cell| !cell.is_empty());
        cells.map(ToOwned::to_owned).collect()
    };
    let titles = [
        "HOST",
        "ACCOUNT",
        "USER",
        "STATE",
        "EXPIRES",
        "SCOPES",
        "LAST REFRESH",
    ];
    assert_eq!(columns(head), titles, "{text}");
    let host = server.host();
    let cells = columns(default);
    assert_eq!(cells[..4], [&*host, "default", "jane", "fresh"], "{text}");
    assert!(cells[4].starts_with("in 1h 59m"), "{text}");
    assert_eq!(cells[5], "api", "{text}");
    assert!(cells[6].starts_with("rotated "), "{text}");
    let cells = columns(work);
    assert_eq!(cells[..4], [&*host, "work", "jane", "fresh"], "{text}");
    assert_eq!(cells[5..], ["api"], "{text}");
}

#[test]
fn an_expired_token_that_the_next_use_refreshes_is_idle_to_people() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -6 * 24 * 3600);
    let text = sandbox.run(&["status"]).succeeds();
    let [head, account] = text.lines().collect::<Vec<_>>()[..] else {
        panic!("{text}");
    };
    assert!(!head.contains("ACCOUNT"), "{text}");
    let words: Vec<&str> = account.split_whitespace().collect();
    let wanted = "jane idle (refreshes on use) 6d ago api";
    assert_eq!(words[1..].join(" "), wanted, "{text}");
}

#[test]
fn a_broken_record_hides_no_other_account_and_its_remedy_is_on_stderr() {
    let (broken, ended) = (AuthorizationServer::start(), AuthorizationServer::start());
    let (sandbox, _) = Sandbox::logged_in(&broken);
    sandbox.log_in(&ended);
    std::fs::write(sandbox.file(&broken, "toml"), "torn").unwrap();
    grant(&sandbox, &ended, "state", "login_required".into());
    grant(&sandbox, &ended, "state_since", from_now(-60));
    let finished = sandbox.run(&["status"]);
    // 5 before 3.
    assert_eq!(finished.code(), Some(5), "{finished:?}");
    assert_eq!(finished.stdout.lines().count(), 3, "{finished:?}");
    assert!(finished.stdout.contains("unreadable"), "{finished:?}");
    assert!(finished.stdout.contains("login required"), "{finished:?}");
    let command = format!("run `glauth login {}`", ended.url());
    assert!(finished.stderr.contains(&command), "{finished:?}");
    assert!(finished.stderr.contains("default.toml"), "{finished:?}");
    let names: Vec<Value> = accounts(&sandbox, 5, &[]);
    assert_eq!(names.len(), 2);
}

#[test]
fn host_and_account_choose_what_is_shown() {
    let (one, other) = (AuthorizationServer::start(), AuthorizationServer::start());
    let (sandbox, _) = Sandbox::logged_in(&one);
    sandbox.log_in(&other);
    let shown = |args: &[&str]| accounts(&sandbox, 0, args).len();
    assert_eq!(shown(&[]), 2);
    assert_eq!(shown(&[&one.url()]), 1);
    assert_eq!(shown(&["--host", &one.host()]), 1);
    assert_eq!(shown(&["--account", "default"]), 2);
}

#[test]
fn a_host_without_a_login_is_an_empty_list_and_exit_3() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let finished = sandbox.run(&["--json", "status", "gitlab.example"]);
    let object: Value = serde_json::from_str(&finished.stdout).unwrap();
    conforms("status", &object);
    assert_eq!(object, json!({"accounts": [], "errors": []}));
    assert_eq!(finished.code(), Some(3), "{finished:?}");
    let error: Value = serde_json::from_str(&finished.stderr).unwrap();
    conforms("errors", &error);
    assert_eq!(error["error"]["code"], "login_required");
}

#[test]
fn a_dead_token_that_nothing_refreshes_needs_a_login() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    server.revoke_everything();
    let account = &accounts(&sandbox, 0, &["--check"])[0];
    assert_eq!(account["needs_login"], false, "{account}");
    sandbox.edit(&server, |record| {
        first_grant(record).remove("refresh_token");
    });
    let account = &accounts(&sandbox, 3, &["--check"])[0];
    assert_eq!(account["needs_login"], true, "{account}");
    accounts(&sandbox, 0, &[]);
}

#[test]
fn without_logins_there_is_an_empty_list_and_a_hint() {
    let sandbox = Sandbox::new();
    assert_eq!(accounts(&sandbox, 0, &[]), Vec::<Value>::new());
    let finished = sandbox.run(&["status"]);
    assert!(finished.stderr.contains("glauth login"), "{finished:?}");
    assert_eq!(finished.succeeds(), "");
    assert!(!sandbox.store().exists(), "a look creates nothing");
}

#[test]
fn an_identity_is_shown_where_it_is_known() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.edit(&server, |record| {
        let identity = toml::toml! {
            username = "jane"
            subject = "4711"
        };
        record.insert("identity".to_owned(), identity.into());
    });
    let account = &accounts(&sandbox, 0, &[])[0];
    let expected = json!({"username": "jane", "subject": "4711"});
    assert_eq!(account["identity"], expected);
    assert!(sandbox.run(&["status"]).prints().contains("jane"));
}

#[test]
fn names_are_in_the_order_in_which_people_count() {
    let sandbox = Sandbox::new();
    for (account, host) in [
        ("account10", "gitlab9.example"),
        ("account2", "gitlab9.example"),
        ("a", "gitlab10.example"),
    ] {
        sandbox.import_expired(&["-a", account], host);
    }
    let shown = accounts(&sandbox, 0, &[]);
    let names: Vec<&str> = shown
        .iter()
        .map(|one| one["account"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["account2", "account10", "a"]);
}

#[test]
fn the_commands_that_use_a_token_are_named() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let in_use = || accounts(&sandbox, 0, &[])[0]["grants"][0]["in_use_by"].clone();
    assert_eq!(in_use(), json!([]));
    let holders = [(), ()].map(|()| crate::leases::Holder::start(&sandbox, &server));
    let mut pids = holders.each_ref().map(crate::leases::Holder::pid);
    pids.sort_unstable();
    assert_eq!(in_use(), json!(pids));
    let told = sandbox.run(&["status", "-v"]).stderr;
    let expected = format!("in use by `glauth exec`, pid {}, {}", pids[0], pids[1]);
    assert!(told.contains(&expected), "{told}");
    let told = sandbox.run(&["status"]).stderr;
    assert!(!told.contains("in use"), "{told}");
    holders.into_iter().for_each(crate::leases::Holder::end);
    assert_eq!(in_use(), json!([]));
}
