//! Surroundings that no user would choose: closed descriptors, clocks that jump, folders that others may write.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
#[cfg(target_os = "linux")]
use std::os::unix::process::ExitStatusExt as _;
#[cfg(target_os = "linux")]
use std::process::Command;

#[cfg(target_os = "linux")]
use nix::sys::signal::Signal;

use crate::support::authorization_server::AuthorizationServer;
use crate::support::sandbox::{Running, Sandbox, after, first_grant, from_now};

#[test]
fn without_standard_descriptors_no_file_is_taken_for_one() {
    for closed in ["exec 0<&-", "exec 1>&-", "exec 2>&-", "exec 0<&- 1>&- 2>&-"] {
        let server = AuthorizationServer::start();
        let (sandbox, old) = Sandbox::logged_in(&server);
        for args in [&["-vv", "refresh", "--force"][..], &["-vv", "token"]] {
            Running::spawn(&mut after(closed, &sandbox.command(args))).finish();
        }
        assert_eq!(server.rotations(), 1, "{closed}");
        let new = server.current_pair(&old.access_token);
        assert_eq!(
            sandbox.run(&["token"]).prints(),
            new.access_token,
            "{closed}"
        );
    }
}

#[test]
fn a_clock_that_jumps_by_a_day_costs_a_refresh_at_most() {
    const DAY: i64 = 24 * 60 * 60;
    // Set back: what was issued is from the future. Set forward: it has long expired.
    for jump in [DAY, -DAY] {
        let server = AuthorizationServer::start();
        let (sandbox, old) = Sandbox::logged_in(&server);
        sandbox.edit(&server, |record| {
            let grant = first_grant(record);
            grant.insert("issued_at".to_owned(), from_now(jump));
            grant.insert("expires_at".to_owned(), from_now(jump + 7200));
        });
        let new = sandbox.run(&["token"]).prints();
        assert_ne!(new, old.access_token);
        assert!(server.is_alive(&new));
        assert_eq!(sandbox.run(&["token"]).prints(), new);
        assert_eq!(server.rotations(), 1);
    }
}

#[test]
fn a_server_is_not_left_alone_for_longer_than_an_hour_whatever_the_clocks_said() {
    const DAY: i64 = 24 * 60 * 60;
    for (asked_at, expected) in [(-10, 4), (-2 * 3600, 0), (DAY, 0)] {
        let server = AuthorizationServer::start();
        let (sandbox, _) = Sandbox::logged_in(&server);
        sandbox.run(&["refresh", "--force"]).succeeds();
        sandbox.ends_in(&server, -10);
        sandbox.edit(&server, |record| {
            let attempt = record["last_attempt"].as_table_mut().unwrap();
            attempt.insert("outcome".to_owned(), "rate_limited".into());
            attempt.insert("started_at".to_owned(), from_now(asked_at));
            attempt.insert("finished_at".to_owned(), from_now(asked_at));
            attempt.insert("retry_at".to_owned(), from_now(asked_at + DAY));
        });
        let finished = sandbox.run(&["token"]);
        assert_eq!(finished.code(), Some(expected), "{asked_at}: {finished:?}");
    }
}

#[test]
fn a_folder_above_the_store_that_all_may_write_is_the_users_own_business() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let above = sandbox.path("above");
    fs::create_dir(&above).unwrap();
    fs::set_permissions(&above, fs::Permissions::from_mode(0o777)).unwrap();
    let store = above.join("store");
    let store = store.to_str().unwrap();
    let pair = server.log_in();
    let url = server.url();
    let login = [
        "--store",
        store,
        "login",
        "--import",
        "--client-id",
        "the-client",
        &url,
    ];
    sandbox.run_with_input(&login, &pair.response).succeeds();
    assert_eq!(
        sandbox.run(&["--store", store, "token"]).prints(),
        pair.access_token
    );
    // But not the store itself.
    fs::set_permissions(store, fs::Permissions::from_mode(0o777)).unwrap();
    sandbox
        .run(&["--store", store, "refresh", "--force"])
        .fails(5);
}

/// A crash writes no token to disk (P8), and a command that glauth becomes has its own core again.
#[cfg(target_os = "linux")]
#[test]
fn a_process_that_crashes_with_a_token_in_hand_leaves_no_core() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let first = format!(
        "ulimit -c unlimited; cd '{}'",
        sandbox.path("tmp").display()
    );
    let in_that_place = |command: &Command| Running::spawn(&mut after(&first, command));
    let crash = [
        "exec",
        &server.url(),
        "--",
        "/bin/sh",
        "-c",
        "kill -ABRT $$",
    ];
    let command = in_that_place(&sandbox.command(&crash)).finish();
    if !command.status.core_dumped() {
        eprintln!("skipped: no process leaves a core here");
        return;
    }

    sandbox.ends_in(&server, -5);
    let requests = server.hold_answers(crate::support::authorization_server::TOKEN);
    let glauth = in_that_place(&sandbox.command(&["token", &server.url()]));
    requests.wait_for(1);
    glauth.signal(Signal::SIGABRT);
    let glauth = glauth.finish();

    assert_eq!(glauth.signal(), Some(Signal::SIGABRT as i32));
    assert!(!glauth.status.core_dumped());
}
