//! P1: however many processes find a token stale at the same moment, or ask for a refresh, the
//! server sees one refresh request.

use std::time::Duration;

#[cfg(target_os = "linux")]
use nix::sys::signal::Signal;

use crate::support::authorization_server::{AuthorizationServer, Replay, Settings};
use crate::support::crash_points::CrashPoint;
use crate::support::refresher::refresher_of;
use crate::support::sandbox::{Running, Sandbox};
#[cfg(target_os = "linux")]
use crate::support::{
    authorization_server::{Behaviour, TOKEN},
    watch::{HeldLock, wait_until_queued},
};

/// As slow as a real server is.
fn slow_server(on_replay: Replay) -> AuthorizationServer {
    AuthorizationServer::start_with(Settings {
        token_delay: Duration::from_millis(300),
        on_replay,
        ..Settings::default()
    })
}

/// A login whose access token has expired, here and at the server.
fn expired(server: &AuthorizationServer) -> Sandbox {
    let (sandbox, _) = Sandbox::logged_in(server);
    sandbox.ends_in(server, -5);
    server.expire_access_tokens();
    sandbox
}

fn start_many(sandbox: &Sandbox, count: usize, args: &[&str]) -> Vec<Running> {
    (0..count).map(|_| sandbox.start(args)).collect()
}

/// Each has printed the one token that the server has for this login now, and exits with 0.
fn all_print_the_same_new_token(server: &AuthorizationServer, processes: Vec<Running>) {
    let printed: Vec<String> = processes
        .into_iter()
        .map(|process| process.finish().succeeds())
        .collect();
    let token = printed[0].trim_end();
    assert!(server.is_alive(token));
    assert!(printed.iter().all(|one| *one == printed[0]), "{printed:?}");
}

#[test]
fn of_200_processes_that_find_a_token_expired_one_refreshes_it() {
    let server = slow_server(Replay::Refuse);
    let sandbox = expired(&server);

    let processes = start_many(&sandbox, 200, &["token", &server.url()]);

    all_print_the_same_new_token(&server, processes);
    assert_eq!(server.refresh_requests(), 1);
    assert_eq!(server.rotations(), 1);
    assert_eq!(server.replays(), 0);
}

/// Here one second presentation would end the login. None of the 200 has seen the rotation before
/// it came to the lock: all have read the expired token.
#[cfg(target_os = "linux")]
#[test]
fn at_a_server_with_reuse_detection_200_processes_keep_their_login() {
    let server = slow_server(Replay::RevokeGrant);
    let sandbox = expired(&server);
    sandbox.edit(&server, |record| {
        record["client"]["replay"] = "revokes".into();
    });
    let lock = HeldLock::take(&sandbox, &server);

    let processes = start_many(&sandbox, 200, &["token", &server.url()]);
    wait_until_queued(&sandbox, &server, &processes);
    lock.release();

    all_print_the_same_new_token(&server, processes);
    assert_eq!(server.refresh_requests(), 1);
    assert_eq!(server.rotations(), 1);
    assert_eq!(server.replays(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn of_20_forced_refreshes_at_one_moment_one_rotates() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    let lock = HeldLock::take(&sandbox, &server);

    let args = ["refresh", "--force", "--json", &server.url()];
    let processes = start_many(&sandbox, 20, &args);
    // Each of them has noted what there was before any of them rotates it.
    wait_until_queued(&sandbox, &server, &processes);
    lock.release();

    let outcomes: Vec<serde_json::Value> = processes
        .into_iter()
        .map(|process| serde_json::from_str(&process.finish().prints()).unwrap())
        .collect();
    let count = |name| {
        let with_name = outcomes.iter().filter(|one| one["outcome"] == name);
        with_name.count()
    };
    assert_eq!(count("refreshed"), 1, "{outcomes:?}");
    assert_eq!(count("refreshed_elsewhere"), 19, "{outcomes:?}");
    assert!(outcomes.iter().all(|one| one["generation"] == 2));
    assert_eq!(server.refresh_requests(), 1);
    assert!(!server.is_alive(&old.access_token));

    // One that starts later means it anew.
    sandbox.run(&args).succeeds();
    assert_eq!(server.rotations(), 2);
}

/// Who wants a token, the next one ready, or a rotation now: one request serves them all.
#[cfg(target_os = "linux")]
#[test]
fn processes_of_every_kind_are_served_by_one_rotation() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let url = server.url();
    let lock = HeldLock::take(&sandbox, &server);

    let tokens = start_many(&sandbox, 8, &["token", &url]);
    let mut others = start_many(&sandbox, 8, &["refresh", &url]);
    others.extend(start_many(&sandbox, 8, &["refresh", "--force", &url]));
    others.extend(start_many(
        &sandbox,
        8,
        &["refresh", "--if-expiring", "5m", &url],
    ));
    wait_until_queued(&sandbox, &server, tokens.iter().chain(&others));
    lock.release();

    all_print_the_same_new_token(&server, tokens);
    for process in others {
        assert_eq!(process.finish().succeeds(), "");
    }
    assert_eq!(server.refresh_requests(), 1);
    assert_eq!(server.rotations(), 1);
}

/// The one that refreshes is killed before its request leaves: no verdict for any process (P5), and
/// still one rotation.
#[cfg(target_os = "linux")]
#[test]
fn of_50_that_find_what_a_killed_process_began_one_refreshes() {
    let Some(point) = CrashPoint::of_the_binary("pending:kill") else {
        return;
    };
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let args = ["token", &server.url()];
    let killed = Running::spawn(point.set(&mut sandbox.command(&args)));
    killed.finish().fails(4);
    assert_eq!(server.refresh_requests(), 0);
    let record = sandbox.record(&server);
    assert_eq!(record["last_attempt"]["outcome"].as_str(), Some("pending"));
    let lock = HeldLock::take(&sandbox, &server);

    let processes = start_many(&sandbox, 50, &args);
    wait_until_queued(&sandbox, &server, &processes);
    lock.release();

    all_print_the_same_new_token(&server, processes);
    assert_eq!(server.refresh_requests(), 1);
    assert_eq!(server.rotations(), 1);
}

/// The same with the 50 already waiting behind it when it is killed. Its request has left, and
/// the server has not acted on it: so it is presented once more, once.
#[cfg(target_os = "linux")]
#[test]
fn of_50_that_wait_behind_a_process_that_is_killed_one_refreshes() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let args = ["token", &server.url()];
    server.script(TOKEN, Behaviour::LoseRequest);
    let requests = server.hold_requests(TOKEN);
    let holder = sandbox.start(&args);
    requests.wait_for(1);
    let processes = start_many(&sandbox, 50, &args);
    wait_until_queued(&sandbox, &server, &processes);

    refresher_of(&holder).signal(Signal::SIGKILL);

    // That the lock is free needs no help: the second request comes while the first one
    // still waits at the server.
    requests.wait_for(2);
    requests.release();
    all_print_the_same_new_token(&server, processes);
    assert_eq!(server.refresh_requests(), 2);
    assert_eq!(server.rotations(), 1);
    // By then the others have refreshed, and this call has looked once more.
    let said = holder.finish();
    assert!(matches!(said.code(), Some(0 | 4)), "{said:?}");
}
