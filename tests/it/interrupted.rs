//! Signals, and readers that are gone, in the middle of a refresh: its answer is stored first, and
//! what the signal does is done when the lock is free.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::support::authorization_server::{AuthorizationServer, Held, TOKEN};
use crate::support::sandbox::{Running, Sandbox, wrapped};
use crate::support::terminal::at_a_terminal;
use crate::support::watch::{HeldLock, eventually, next_line};

/// A login whose access token has expired.
fn expired(server: &AuthorizationServer) -> Sandbox {
    let (sandbox, _) = Sandbox::logged_in(server);
    sandbox.ends_in(server, -5);
    sandbox
}

/// Starts a process, and waits until the server has its refresh request.
fn refreshing(server: &AuthorizationServer, command: &mut Command) -> (Running, Held) {
    let request = server.hold_requests(TOKEN);
    let process = Running::spawn(command);
    request.wait_for(1);
    (process, request)
}

/// The rotation is in the record, nobody holds the lock, and the next process finds the token.
#[track_caller]
fn assert_stored_and_free(server: &AuthorizationServer, sandbox: &Sandbox) -> String {
    let record = sandbox.record(server);
    assert_eq!(record["grants"][0]["generation"].as_integer(), Some(2));
    assert_eq!(record["last_attempt"]["outcome"].as_str(), Some("rotated"));
    let lock = HeldLock::try_take(&sandbox.file(server, "lock"));
    lock.expect("a lock that is free").release();
    let token = sandbox.run(&["token", &server.url()]).prints();
    assert!(server.is_alive(&token));
    assert_eq!(server.refresh_requests(), 1);
    token
}

/// A process that is asked to end in the middle of its refresh, three times, as people do who
/// lose patience.
#[track_caller]
fn ends_after_the_refresh(signal: Signal) {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let args = ["token", &server.url()];
    let (mut process, request) = refreshing(&server, &mut sandbox.command(&args));

    process.signal(signal);
    let line = next_line(&mut process);
    process.signal(signal);
    process.signal(signal);
    assert_eq!(process.child.try_wait().unwrap(), None);
    request.release();

    let finished = process.finish();
    assert_eq!(finished.signal(), Some(signal as i32), "{finished:?}");
    let told = format!("glauth: finishing the refresh of {} first, ", server.host());
    assert!(line.starts_with(&told), "{line}");
    assert!(
        line.contains("so that the login is not lost (up to "),
        "{line}"
    );
    assert_eq!(finished.stderr, "", "one line is enough");
    assert_eq!(finished.stdout, "");
    assert_stored_and_free(&server, &sandbox);
}

#[test]
fn a_sigint_in_the_middle_of_a_refresh_ends_the_process_after_it() {
    ends_after_the_refresh(Signal::SIGINT);
}

#[test]
fn a_sigterm_in_the_middle_of_a_refresh_ends_the_process_after_it() {
    ends_after_the_refresh(Signal::SIGTERM);
}

#[test]
fn a_sighup_in_the_middle_of_a_refresh_ends_the_process_after_it() {
    ends_after_the_refresh(Signal::SIGHUP);
}

#[test]
fn a_sigquit_in_the_middle_of_a_refresh_ends_the_process_after_it() {
    ends_after_the_refresh(Signal::SIGQUIT);
}

/// Ctrl-Z. The process has a group of its own: in one that is orphaned, as that of a test may be,
/// the kernel drops this signal.
#[test]
fn a_sigtstp_in_the_middle_of_a_refresh_stops_the_process_after_it() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let args = ["token", &server.url()];
    let (mut process, request) = refreshing(&server, sandbox.command(&args).process_group(0));
    let pid = Pid::from_raw(i32::try_from(process.pid()).unwrap());
    let state = || {
        let flags = WaitPidFlag::WUNTRACED | WaitPidFlag::WNOHANG;
        waitpid(pid, Some(flags)).unwrap()
    };

    process.signal(Signal::SIGTSTP);
    let line = next_line(&mut process);
    assert!(line.starts_with("glauth: finishing the refresh"), "{line}");
    assert_eq!(state(), WaitStatus::StillAlive);
    request.release();

    eventually("the process to stop", || {
        state() == WaitStatus::Stopped(pid, Signal::SIGTSTP)
    });
    let token = assert_stored_and_free(&server, &sandbox);
    process.signal(Signal::SIGCONT);
    assert_eq!(process.finish().prints(), token);
}

/// As nohup does.
#[test]
fn a_sighup_that_the_parent_ignores_stays_ignored() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let glauth = sandbox.command(&["token", &server.url()]);
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", r#"trap "" HUP; exec "$0" "$@""#])
        .arg(glauth.get_program())
        .args(glauth.get_args())
        .env_clear()
        .envs(
            glauth
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let (process, request) = refreshing(&server, &mut command);

    process.signal(Signal::SIGHUP);
    request.release();

    let printed = process.finish().succeeds();
    assert_eq!(
        printed.trim_end(),
        assert_stored_and_free(&server, &sandbox)
    );
}

/// Nothing is held back from a process that only waits.
#[test]
fn a_signal_ends_a_process_that_waits_for_the_lock_at_once() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let _lock = HeldLock::take(&sandbox, &server);
    let mut process = sandbox.start(&["token", &server.url()]);
    let line = next_line(&mut process);
    assert!(line.contains("waiting for the lock"), "{line}");

    process.signal(Signal::SIGTERM);

    let finished = process.finish();
    assert_eq!(finished.signal(), Some(Signal::SIGTERM as i32));
    assert_eq!(finished.stderr, "");
    assert_eq!(server.refresh_requests(), 0);
}

/// A pipe whose reader is gone.
fn unread() -> io::PipeWriter {
    let (_reader, writer) = io::pipe().unwrap();
    writer
}

#[test]
fn a_process_whose_stdout_is_closed_stores_what_it_rotated_and_dies_of_sigpipe() {
    for command in [&["token"][..], &["refresh", "--json"]] {
        let server = AuthorizationServer::start();
        let sandbox = expired(&server);
        let url = server.url();
        let args = [command, &[&url]].concat();
        let (process, request) = refreshing(&server, sandbox.command(&args).stdout(unread()));
        request.release();
        let finished = process.finish();
        assert_eq!(
            finished.signal(),
            Some(Signal::SIGPIPE as i32),
            "{finished:?}"
        );
        assert_eq!(finished.stderr, "");
        assert_stored_and_free(&server, &sandbox);
    }
}

/// Whether it has nothing to say, or a notice on a signal: nobody can be told, and nothing else
/// is lost.
#[test]
fn a_process_whose_stderr_is_closed_stores_what_it_rotated() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let args = ["refresh", &server.url()];
    let (process, request) = refreshing(&server, sandbox.command(&args).stderr(unread()));
    request.release();
    assert_eq!(process.finish().succeeds(), "");
    assert_stored_and_free(&server, &sandbox);

    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let args = ["token", "-vv", &server.url()];
    let (process, request) = refreshing(&server, sandbox.command(&args).stderr(unread()));
    process.signal(Signal::SIGTERM);
    request.release();
    let finished = process.finish();
    assert_eq!(
        finished.signal(),
        Some(Signal::SIGTERM as i32),
        "{finished:?}"
    );
    assert_stored_and_free(&server, &sandbox);
}

#[test]
fn a_sigpipe_in_the_middle_of_a_refresh_ends_nothing_before_the_answer_is_stored() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let args = ["token", &server.url()];
    let (process, request) = refreshing(&server, &mut sandbox.command(&args));
    process.signal(Signal::SIGPIPE);
    request.release();
    process.finish();
    assert_stored_and_free(&server, &sandbox);
}

/// `timeout` sends SIGTERM and goes on waiting.
#[test]
fn a_time_limit_of_a_second_loses_nothing_at_a_server_that_takes_longer() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let mut timeout = Command::new("timeout");
    timeout.args(["--preserve-status", "1"]);
    let mut command = wrapped(timeout, &sandbox.command(&["token", &server.url()]));
    let (mut process, request) = refreshing(&server, &mut command);
    let line = next_line(&mut process);
    assert!(line.starts_with("glauth: finishing the refresh"), "{line}");
    request.release();
    let finished = process.finish();
    assert_eq!(finished.code(), Some(128 + 15), "{finished:?}");
    assert_stored_and_free(&server, &sandbox);
}

/// As when a window is closed, or a connection breaks off: SIGHUP, and writes that fail.
#[test]
fn a_terminal_that_is_closed_in_the_middle_of_a_refresh_loses_nothing() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let mut setsid = Command::new("setsid");
    setsid.args(["--ctty", "--wait"]);
    let mut command = wrapped(setsid, &sandbox.command(&["-vv", "token", &server.url()]));
    let request = server.hold_requests(TOKEN);
    let (running, terminal) = at_a_terminal(&mut command);
    request.wait_for(1);
    drop(terminal);
    request.release();
    running.finish();
    eventually("the lock to be let go", || {
        let lock = HeldLock::try_take(&sandbox.file(&server, "lock"));
        let is_free = lock.is_some();
        lock.into_iter().for_each(HeldLock::release);
        is_free && sandbox.record_text(&server).contains("generation = 2")
    });
    assert_stored_and_free(&server, &sandbox);
}
