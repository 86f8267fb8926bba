//! `glauth rename`: another name for an account, and one login at any moment.

use std::fs;
use std::path::PathBuf;

use crate::leases::Holder;
use crate::support::authorization_server::{AuthorizationServer, TOKEN};
use crate::support::crash_points::CrashPoint;
use crate::support::sandbox::{Finished, Running, Sandbox};

/// Where a rename can die.
pub const CRASH_POINTS: [&str; 2] = ["rename_marked", "rename_moved"];

fn rename(sandbox: &Sandbox, server: &AuthorizationServer, old: &str, new: &str) -> Finished {
    sandbox.run(&["--json", "rename", &server.url(), old, new])
}

fn token_of(sandbox: &Sandbox, server: &AuthorizationServer, account: &str) -> Finished {
    sandbox.run(&["token", "-a", account, &server.url()])
}

fn file_of(sandbox: &Sandbox, server: &AuthorizationServer, name: &str) -> PathBuf {
    sandbox.file(server, "toml").with_file_name(name)
}

#[test]
fn the_login_has_the_new_name_and_the_old_one_is_free() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let before = sandbox.record(&server);
    let done = rename(&sandbox, &server, "default", "work").prints();
    let object: serde_json::Value = serde_json::from_str(&done).unwrap();
    assert_eq!(object["outcome"], "renamed");
    assert_eq!(object["account"], "work");
    assert_eq!(
        token_of(&sandbox, &server, "work").prints(),
        pair.access_token
    );
    token_of(&sandbox, &server, "default").fails(3);
    let text = fs::read_to_string(file_of(&sandbox, &server, "work.toml")).unwrap();
    let mut after: toml::Table = text.parse().unwrap();
    assert_eq!(after["account"].as_str(), Some("work"));
    after.insert("account".to_owned(), "default".into());
    assert_eq!(after, before, "nothing else has changed");
    assert_eq!(server.requests().len(), 0);
    // It refreshes, and the old name takes a login of its own.
    sandbox
        .run(&["refresh", "--force", "-a", "work", &server.url()])
        .succeeds();
    let other = sandbox.log_in(&server);
    assert_eq!(
        token_of(&sandbox, &server, "default").prints(),
        other.access_token
    );
    assert_eq!(server.replays(), 0);
}

#[test]
fn a_name_that_a_login_has_is_refused_and_one_that_was_logged_out_is_free() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.log_in_as(&server, "work");
    let error = rename(&sandbox, &server, "default", "work").fails_in_json(2, "usage");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains("glauth logout --account work"), "{hint}");
    let url = server.url();
    for _ in 0..2 {
        sandbox
            .run(&["refresh", "--force", "-a", "work", &url])
            .succeeds();
    }
    sandbox.run(&["logout", "-a", "work", &url]).succeeds();
    rename(&sandbox, &server, "default", "work").succeeds();
    assert_eq!(
        token_of(&sandbox, &server, "work").prints(),
        pair.access_token
    );
    // A generation never comes back.
    let text = fs::read_to_string(file_of(&sandbox, &server, "work.toml")).unwrap();
    let record: toml::Table = text.parse().unwrap();
    let generation = record["grants"][0]["generation"].as_integer();
    assert_eq!(generation, Some(4));
}

#[test]
fn what_is_not_there_or_the_same_is_refused() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    rename(&sandbox, &server, "missing", "work").fails_in_json(3, "login_required");
    rename(&sandbox, &server, "default", "default").fails_in_json(2, "usage");
    rename(&sandbox, &server, "default", "No Name").fails_in_json(2, "usage");
}

#[test]
fn what_a_logout_left_can_have_another_name_too() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.run(&["logout"]).succeeds();
    rename(&sandbox, &server, "default", "work").succeeds();
    let status = sandbox.run(&["--json", "status"]).succeeds();
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["accounts"][0]["account"], "work");
    assert_eq!(status["accounts"][0]["state"], "logged_out");
}

#[test]
fn a_choice_in_the_configuration_and_the_word_of_a_timer_go_with_it() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let url = server.url();
    rename(&sandbox, &server, "default", "work").succeeds();
    sandbox.log_in_as(&server, "home");
    sandbox.run(&["switch", &url, "work"]).succeeds();
    let alert = |name: &str| file_of(&sandbox, &server, name);
    fs::write(alert("work.alert"), "[told]\n3 = 2026-01-01T00:00:00Z\n").unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(alert("work.alert"), private).unwrap();
    rename(&sandbox, &server, "work", "office").succeeds();
    assert!(alert("office.alert").exists() && !alert("work.alert").exists());
    let status = sandbox.run(&["status"]).succeeds();
    assert!(status.contains("office (default)"), "{status}");
}

/// The lease of a command that runs goes with the login (P6).
#[test]
fn a_command_that_runs_keeps_its_token() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let holder = Holder::start(&sandbox, &server);
    sandbox.ends_in(&server, 60);
    rename(&sandbox, &server, "default", "work").succeeds();
    let url = server.url();
    let wanted = [
        "--lock-timeout",
        "1s",
        "--json",
        "token",
        "--min-ttl",
        "30m",
        "-a",
        "work",
        &url,
    ];
    sandbox.run(&wanted).fails_in_json(4, "lease_timeout");
    assert!(server.is_alive(&holder.token));
    // And once more under its first name.
    rename(&sandbox, &server, "work", "default").succeeds();
    let wanted = [&wanted[..6], &[&*url]].concat();
    sandbox.run(&wanted).fails_in_json(4, "lease_timeout");
    assert_eq!(server.count(TOKEN), 0);
    holder.end();
    sandbox.run(&wanted).succeeds();
    assert_eq!((server.rotations(), server.replays()), (1, 0));
}

/// What a process that died left under the old name is finished first.
#[test]
fn an_unfinished_refresh_is_recovered_first() {
    let Some(point) = CrashPoint::of_the_binary("written:kill") else {
        return;
    };
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let mut dying = sandbox.command(&["token", &server.url()]);
    point.set(&mut dying);
    Running::spawn(&mut dying).finish();
    rename(&sandbox, &server, "default", "work").succeeds();
    let token = token_of(&sandbox, &server, "work").prints();
    assert!(server.is_alive(&token));
    assert_eq!((server.rotations(), server.replays()), (1, 0));
    assert!(!file_of(&sandbox, &server, "default.toml.answer").exists());
}

/// One that died leaves the login under one of the two names, whole, and the next process goes on.
#[test]
fn a_rename_that_dies_leaves_one_login() {
    for name in CRASH_POINTS {
        let Some(point) = CrashPoint::of_the_binary(name) else {
            return;
        };
        let server = AuthorizationServer::start();
        let (sandbox, pair) = Sandbox::logged_in(&server);
        let mut dying = sandbox.command(&["rename", &server.url(), "default", "work"]);
        point.set(&mut dying);
        assert_ne!(Running::spawn(&mut dying).finish().code(), Some(0));
        let (there, free) = match name {
            "rename_marked" => ("default", "work"),
            _ => ("work", "default"),
        };
        // Read without the lock.
        assert_eq!(
            token_of(&sandbox, &server, there).prints(),
            pair.access_token
        );
        token_of(&sandbox, &server, free).fails(3);
        // The record says that an older glauth cannot read it.
        let path = file_of(&sandbox, &server, &format!("{there}.toml"));
        let version = |path| {
            let text = fs::read_to_string(path).unwrap();
            text.parse::<toml::Table>().unwrap()["version"].as_integer()
        };
        assert_eq!(version(&path), Some(2));
        // The next one that has the lock makes it an ordinary record.
        let url = server.url();
        sandbox
            .run(&["refresh", "--force", "-a", there, &url])
            .succeeds();
        assert_eq!(version(&path), Some(1));
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("moving_to"), "{text}");
        assert!(text.contains(&format!("account = \"{there}\"")), "{text}");
        // And the rename can be made again, or be undone.
        rename(&sandbox, &server, there, free).succeeds();
        token_of(&sandbox, &server, free).prints();
        assert_eq!(server.replays(), 0);
    }
}

/// A record that was copied under another name is still none: it would be a second holder of its tokens.
#[test]
fn a_copy_under_another_name_is_refused() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let copy = file_of(&sandbox, &server, "work.toml");
    fs::copy(sandbox.file(&server, "toml"), &copy).unwrap();
    token_of(&sandbox, &server, "work").fails(5);
}

/// Two that want the same two locks in the other order end both.
#[test]
fn renames_against_each_other_do_not_block() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let url = server.url();
    let there = |old: &str, new: &str| {
        let mut command = sandbox.command(&["rename", &url, old, new]);
        Running::spawn(&mut command)
    };
    let all: Vec<Running> = (0..5)
        .flat_map(|_| [there("default", "work"), there("work", "default")])
        .collect();
    let ended: Vec<Finished> = all.into_iter().map(Running::finish).collect();
    assert!(
        ended.iter().all(|one| matches!(one.code(), Some(0 | 3))),
        "{ended:?}"
    );
    let found = ["default", "work"].map(|name| {
        let found = token_of(&sandbox, &server, name);
        found.code() == Some(0)
    });
    assert_eq!(found.iter().filter(|there| **there).count(), 1);
    assert_eq!(server.replays(), 0);
}
