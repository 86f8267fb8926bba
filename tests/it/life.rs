//! P6 and P9: a token that lives is not rotated away, and one that is fresh costs a look into a
//! file; who demands more life than there is gets that or nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, Pair, Rotation, Settings, TOKEN,
};
use crate::support::mounts::skipped;
use crate::support::sandbox::{Running, Sandbox, first_grant};
use crate::support::watch::HeldLock;

/// A login at a server where the old access token outlives a refresh.
fn logged_in_where_tokens_are_kept() -> (AuthorizationServer, Sandbox, Pair) {
    let server = AuthorizationServer::start_with(Settings {
        rotation: Rotation::Keeps,
        ..Settings::default()
    });
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.edit(&server, |record| {
        record["client"]["rotation"] = "keeps".into();
    });
    (server, sandbox, pair)
}

/// No server listens on port 1, and no other test can be given it.
fn take_off_the_network(server: &AuthorizationServer, sandbox: &Sandbox) {
    sandbox.edit(server, |record| {
        let client = record["client"].as_table_mut().unwrap();
        client["token_endpoint"] = "http://127.0.0.1:1/oauth/token".into();
        client["check_endpoint"] = "http://127.0.0.1:1/oauth/token/info".into();
    });
}

fn expires_at(server: &AuthorizationServer, sandbox: &Sandbox) -> String {
    first_grant(&mut sandbox.record(server))["expires_at"].to_string()
}

#[test]
fn a_refresh_of_a_token_that_lives_sends_nothing_where_a_rotation_would_kill_it() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let url = server.url();
    for seconds in [7100, 30] {
        sandbox.ends_in(&server, seconds);
        let record = sandbox.record_text(&server);
        let until = expires_at(&server, &sandbox);
        for args in [
            &["refresh", &url][..],
            &["refresh", "--if-expiring", "3h", &url],
            &["refresh", "--all"],
        ] {
            let done = sandbox.run(args);
            assert!(
                done.stderr.contains("; the token is valid for "),
                "{done:?}"
            );
            assert_eq!(done.succeeds(), "");
        }
        let as_json = sandbox.run(&["refresh", "--json", &url]).prints();
        let done: serde_json::Value = serde_json::from_str(&as_json).unwrap();
        assert_eq!(done["outcome"], "alive");
        assert_eq!(done["expires_at"], until);
        assert_eq!(sandbox.record_text(&server), record);
    }
    assert_eq!(server.requests().len(), 0);
    assert!(server.is_alive(&pair.access_token));
}

#[test]
fn a_refresh_of_a_token_that_lives_rotates_where_that_ends_no_token_in_use() {
    let (server, sandbox, pair) = logged_in_where_tokens_are_kept();

    let done = sandbox.run(&["refresh", &server.url()]);

    assert!(
        done.stderr
            .contains("refreshed; the token is valid for 1h 59m"),
        "{done:?}"
    );
    done.succeeds();
    assert_eq!(server.rotations(), 1);
    assert!(server.is_alive(&pair.access_token));
    let token = sandbox.run(&["token", &server.url()]).prints();
    assert_ne!(token, pair.access_token);
}

#[test]
fn a_refresh_of_an_expired_token_rotates_where_a_rotation_kills() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    for args in [&["refresh"][..], &["refresh", "--if-expiring", "10m"]] {
        sandbox.ends_in(&server, -5);
        let before = server.rotations();
        sandbox.run(&[args, &[&server.url()]].concat()).succeeds();
        assert_eq!(server.rotations(), before + 1);
    }
}

#[test]
fn if_expiring_leaves_alone_what_has_more_time_than_that() {
    let (server, sandbox, _) = logged_in_where_tokens_are_kept();
    let args = ["refresh", "--if-expiring", "30m", &server.url()];

    sandbox.ends_in(&server, 31 * 60);
    let done = sandbox.run(&args);
    assert!(
        done.stderr
            .contains("nothing to do; the token is valid for 30m"),
        "{done:?}"
    );
    done.succeeds();
    assert_eq!(server.requests().len(), 0);

    sandbox.ends_in(&server, 29 * 60);
    sandbox.run(&args).succeeds();
    assert_eq!(server.rotations(), 1);
}

/// A login whose access token expired an hour ago, under a name of its own.
fn import_expired(sandbox: &Sandbox, server: &AuthorizationServer, account: &str) {
    let mut response: serde_json::Value = server.log_in().response.parse().unwrap();
    let created_at = response["created_at"].as_u64().unwrap();
    response["created_at"] = (created_at - 3 * 3600).into();
    import(sandbox, server, account, &response.to_string());
}

fn import(sandbox: &Sandbox, server: &AuthorizationServer, account: &str, response: &str) {
    let (id, url) = (server.client_id(), server.url());
    let args = ["login", "--import", "--client-id", &id, "-a", account, &url];
    sandbox.run_with_input(&args, response).succeeds();
}

#[test]
fn refresh_all_skips_what_cannot_be_refreshed_and_goes_on_after_a_failure() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let url = server.url();
    for account in ["a", "b", "c", "gone"] {
        import_expired(&sandbox, &server, account);
    }
    sandbox
        .run(&["logout", "--local", "-a", "gone", &url])
        .succeeds();
    import(&sandbox, &server, "bare", r#"{"access_token":"bare"}"#);
    let with_token = ["login", "--with-token", "-a", "personal", &url];
    sandbox
        .run_with_input(&with_token, "glpat-SECRET-1")
        .succeeds();

    // One after the other, in the order of their names.
    server.script(TOKEN, Behaviour::Answer(Answer::new(429)));
    let ended = Answer::json(400, &r#"{"error":"invalid_grant"}"#);
    server.script(TOKEN, Behaviour::Answer(ended));
    let all = sandbox.run(&["refresh", "--all", "--json"]);

    assert_eq!(server.refresh_requests(), 3);
    let json = |text: &str| -> Vec<serde_json::Value> {
        text.lines().map(|line| line.parse().unwrap()).collect()
    };
    let (done, failed) = (json(&all.stdout), json(&all.stderr));
    assert_eq!((done.len(), failed.len()), (1, 2), "{all:?}");
    assert_eq!(failed[0]["error"]["account"], "a");
    assert_eq!(failed[0]["error"]["code"], "rate_limited");
    assert_eq!(failed[1]["error"]["account"], "b");
    assert_eq!(failed[1]["error"]["code"], "login_required");
    assert_eq!(done[0]["account"], "c");
    assert_eq!(done[0]["outcome"], "refreshed");
    // What needs a person counts for more than what passes by itself.
    assert_eq!(all.code(), Some(3));
}

#[test]
fn refresh_all_ends_with_the_most_urgent_code() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    import_expired(&sandbox, &server, "a");
    import_expired(&sandbox, &server, "b");
    let all = || {
        server.script(TOKEN, Behaviour::Answer(Answer::new(429)));
        sandbox.run(&["refresh", "--all"]).code()
    };
    assert_eq!(all(), Some(4));
    let record = sandbox.file(&server, "toml").with_file_name("b.toml");
    std::fs::write(&record, "version = ").unwrap();
    assert_eq!(all(), Some(5));
    assert_eq!(server.rotations(), 1);
}

/// With ten minutes left of two hours no call that asks for less needs the server.
#[test]
fn a_call_that_demands_more_time_than_can_be_had_gets_no_token() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, 600);
    take_off_the_network(&server, &sandbox);
    let url = server.url();

    sandbox.run(&["token", "--min-ttl", "30m", &url]).fails(4);
    let failed = sandbox.run(&["token", "--min-ttl", "30m", "--json", &url]);
    assert_eq!(failed.stdout, "");
    failed.fails_in_json(4, "unreachable");
    let printed = sandbox.run(&["token", &url]).prints();
    assert_eq!(printed, pair.access_token);
    let printed = sandbox.run(&["token", "--min-ttl", "9m", &url]).prints();
    assert_eq!(printed, pair.access_token);

    // With less left than `token` wants by itself: still better than nothing.
    sandbox.ends_in(&server, 50);
    sandbox.let_waits_pass(&server);
    let printed = sandbox.run(&["token", &url]);
    assert!(printed.stderr.contains("warning: "), "{printed:?}");
    assert!(printed.stderr.contains("cannot connect to "), "{printed:?}");
    assert_eq!(printed.succeeds().trim_end(), pair.access_token);
    sandbox.run(&["token", "--min-ttl", "1m", &url]).fails(4);

    // And nothing at all of one that has ended.
    sandbox.ends_in(&server, -1);
    sandbox.run(&["token", &url]).fails(4);
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn no_refresh_prints_what_is_fresh_or_nothing() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let args = ["token", "--no-refresh", "--json", &server.url()];
    sandbox.ends_in(&server, 600);
    let printed = sandbox.run(&["token", "--no-refresh", &server.url()]);
    assert_eq!(printed.prints(), pair.access_token);
    let failed = sandbox.run(&[&args[..], &["--min-ttl", "30m"]].concat());
    assert_eq!(failed.stdout, "");
    failed.fails_in_json(4, "stale");
    sandbox.ends_in(&server, 50);
    sandbox.run(&args).fails_in_json(4, "stale");
    assert_eq!(server.requests().len(), 0);
}

/// A tenth of the lifetime may pass before a wish that can never be met rotates again.
#[test]
fn a_min_ttl_beyond_the_lifetime_warns_and_does_not_rotate_at_every_call() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let args = ["token", "--min-ttl", "3h", &server.url()];
    let ask = || {
        let printed = sandbox.run(&args);
        assert!(
            printed
                .stderr
                .contains("warning: a life of 3h cannot be had"),
            "{printed:?}"
        );
        printed.succeeds().trim_end().to_owned()
    };

    assert_eq!(ask(), pair.access_token);
    sandbox.ends_in(&server, 6600);
    assert_eq!(ask(), pair.access_token);
    assert_eq!(server.requests().len(), 0);

    sandbox.ends_in(&server, 6400);
    let next = ask();
    assert_ne!(next, pair.access_token);
    assert_eq!(ask(), next);
    assert_eq!(server.rotations(), 1);
}

/// Everything in a folder: content and time of the last change of each file.
fn files(folder: &Path) -> BTreeMap<String, (SystemTime, String)> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let changed = path.metadata().unwrap().modified().unwrap();
        let content = if path.is_dir() {
            format!("{:?}", files(&path))
        } else {
            std::fs::read_to_string(&path).unwrap()
        };
        found.insert(path.display().to_string(), (changed, content));
    }
    found
}

#[test]
fn a_fresh_token_is_printed_without_the_lock_the_network_or_a_trace() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, 600);
    let print = || {
        let before = files(&sandbox.store());
        let args = ["token", "--lock-timeout", "0s", &server.url()];
        assert_eq!(sandbox.run(&args).prints(), pair.access_token);
        assert_eq!(files(&sandbox.store()), before);
    };

    let lock = HeldLock::take(&sandbox, &server);
    print();
    lock.release();
    std::fs::remove_file(sandbox.file(&server, "lock")).unwrap();
    print();
    assert_eq!(server.requests().len(), 0);
}

/// What `strace` saw: the system calls that a fresh token costs, beyond starting the program.
#[test]
#[cfg(target_os = "linux")]
fn a_fresh_token_costs_one_open_in_the_store_and_no_lock_thread_or_socket() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let log = sandbox.path("strace").display().to_string();
    let options = [
        "-o",
        &log,
        "-e",
        "trace=open,openat,flock,socket,clone,clone3",
    ];
    let Some(mut traced) = sandbox.under_strace(&options, &["token", &server.url()]) else {
        skipped("strace is not installed");
        return;
    };
    assert_eq!(
        Running::spawn(&mut traced).finish().prints(),
        pair.access_token
    );
    let calls = std::fs::read_to_string(log).unwrap();
    let store = sandbox.store().display().to_string();
    let in_store: Vec<&str> = calls.lines().filter(|call| call.contains(&store)).collect();
    assert_eq!(in_store.len(), 1, "{in_store:?}");
    assert!(in_store[0].contains("default.toml\""), "{in_store:?}");
    for forbidden in ["flock(", "socket(", "clone(", "clone3("] {
        assert!(!calls.contains(forbidden), "{calls}");
    }
}
