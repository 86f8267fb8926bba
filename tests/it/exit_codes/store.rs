//! Exit code 5 without a mount, and the lock's deadline.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use super::{Said, args, expired, fails_as};
use crate::support::authorization_server::{AuthorizationServer, TOKEN};
use crate::support::mounts::skipped;
use crate::support::refresher::refresher_of;
use crate::support::sandbox::{Running, Sandbox};

/// `token` with a record that this was done to; it is left as it is.
#[track_caller]
fn with_record(name: &str, spoil: impl Fn(&str) -> String) -> Said {
    fails_as(5, name, |form| {
        let server = AuthorizationServer::start();
        let (sandbox, _) = Sandbox::logged_in(&server);
        let spoilt = spoil(&sandbox.record_text(&server));
        std::fs::write(sandbox.file(&server, "toml"), &spoilt).unwrap();
        let finished = sandbox.run(&args(form, &["token", &server.url()]));
        assert_eq!(sandbox.record_text(&server), spoilt);
        assert_eq!(server.requests().len(), 0);
        finished
    })
}

#[test]
fn a_record_that_is_torn_or_damaged_is_corrupt() {
    let half = |text: &str| text[..text.len() / 2].to_owned();
    let said = with_record("corrupt", half);
    assert!(said.message.contains("default.toml"), "{}", said.message);
    assert!(said.message.contains("last line"), "{}", said.message);
    assert_eq!(said.account.as_deref(), Some("default"));

    let said = with_record("corrupt", |text| text.replace("\"active\"", "7"));
    assert!(said.message.contains("`state`"), "{}", said.message);
    assert!(said.message.contains("line "), "{}", said.message);

    let said = with_record("corrupt", |text| {
        text.replace("access_token", "acces_token")
    });
    assert!(!said.message.contains("SECRET"), "{}", said.message);

    with_record("corrupt", |_| String::new());
}

#[test]
fn a_record_of_a_newer_glauth_is_an_unsupported_version() {
    let newer = |text: &str| text.replace("version = 1", "version = 2");
    let said = with_record("unsupported_version", newer);
    assert!(said.message.contains("version 2"), "{}", said.message);
    assert!(said.hint.contains("newer"), "{}", said.hint);

    let newer = |text: &str| text.replace("\"active\"", "\"asleep\"");
    let said = with_record("unsupported_version", newer);
    assert!(said.message.contains("`state`"), "{}", said.message);
    assert!(said.message.contains("line "), "{}", said.message);
    assert!(said.hint.contains("newer"), "{}", said.hint);
}

#[test]
fn a_record_that_others_can_read_is_refused_with_the_remedy() {
    for mode in [0o644, 0o640, 0o602] {
        let said = fails_as(5, "permission", |form| {
            let server = AuthorizationServer::start();
            let (sandbox, _) = Sandbox::logged_in(&server);
            let path = sandbox.file(&server, "toml");
            std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
            sandbox.run(&args(form, &["token", &server.url()]))
        });
        assert!(said.hint.contains("chmod 600 "), "{}", said.hint);
        assert!(said.hint.contains("default.toml"), "{}", said.hint);
    }
}

#[test]
fn the_remedy_works() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let path = sandbox.file(&server, "toml");
    std::fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
    let refused = sandbox.run(&["--json", "token", &server.url()]);
    let error = refused.fails_in_json(5, "permission");
    let hint = error["hint"].as_str().unwrap();
    let command = hint.split('`').nth(1).unwrap();
    let status = std::process::Command::new("sh")
        .args(["-c", command])
        .status();
    assert!(status.unwrap().success());
    let token = sandbox.run(&["token", &server.url()]).prints();
    assert_eq!(token, pair.access_token);
}

#[test]
fn a_lock_that_is_not_had_in_time_is_lock_timeout_and_names_the_holder() {
    fails_as(4, "lock_timeout", |form| {
        let server = AuthorizationServer::start();
        let sandbox = expired(&server);
        let held = server.hold_requests(TOKEN);
        let holder = sandbox.start(&["token", &server.url()]);
        held.wait_for(1);
        let rest = ["--lock-timeout", "10ms", "token", &server.url()];
        let finished = sandbox.run(&args(form, &rest));
        let name = refresher_of(&holder).name();
        assert!(finished.stderr.contains(&name), "{finished:?}");
        held.release();
        holder.finish().succeeds();
        assert_eq!(server.refresh_requests(), 1);
        finished
    });
}

#[test]
fn a_broken_record_hides_no_other_account() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let pair = server.log_in();
    let url = server.url();
    let login = ["login", "--import", "-a", "work", &url];
    sandbox.run_with_input(&login, &pair.response).succeeds();
    std::fs::write(sandbox.file(&server, "toml"), "").unwrap();
    let token = sandbox.run(&["token", "-a", "work", &url]).prints();
    assert_eq!(token, pair.access_token);
    let refused = sandbox.run(&["--json", "token", &url]);
    refused.fails_in_json(5, "corrupt");
}

/// A file system that refuses to lock, played by strace.
#[test]
fn a_file_system_that_does_not_lock_is_locking_unsupported() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -10);
    let log = sandbox.path("strace").display().to_string();
    for refusal in ["ENOLCK", "EOPNOTSUPP"] {
        let inject = format!("inject=flock:error={refusal}");
        let options = ["-o", &log, "-e", "trace=flock", "-e", &inject];
        let args = ["--json", "token", &server.url()];
        let Some(mut traced) = sandbox.under_strace(&options, &args) else {
            skipped("strace is not installed");
            return;
        };
        let refused = Running::spawn(&mut traced).finish();
        let error = refused.fails_in_json(5, "locking_unsupported");
        assert!(error["hint"].as_str().unwrap().contains("--store"));
    }
    assert_eq!(server.requests().len(), 0);
}
