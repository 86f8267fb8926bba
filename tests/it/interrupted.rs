//! Signals, and readers that are gone, in the middle of a refresh. They end the call, and the process of
//! its own that refreshes goes on; where there is no such process, the answer is stored first.

use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::Command;

use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::support::authorization_server::{Answer, AuthorizationServer, Behaviour, Held, TOKEN};
use crate::support::mounts::{Mounts, is_root, skipped};
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

/// The rotation comes into the record, no process holds the lock, and the next one finds the token.
#[track_caller]
fn assert_stored_and_free(server: &AuthorizationServer, sandbox: &Sandbox) -> String {
    eventually("the rotation to be stored", || {
        HeldLock::is_free(sandbox, server) && sandbox.record_text(server).contains("generation = 2")
    });
    let record = sandbox.record(server);
    assert_eq!(record["grants"][0]["generation"].as_integer(), Some(2));
    assert_eq!(record["last_attempt"]["outcome"].as_str(), Some("rotated"));
    let token = sandbox.run(&["token", &server.url()]).prints();
    assert!(server.is_alive(&token));
    assert_eq!(server.refresh_requests(), 1);
    token
}

/// A person who presses Ctrl-C has their prompt back, and the login is not lost.
#[test]
fn a_call_that_is_to_end_ends_while_the_server_still_has_the_request_or_the_answer() {
    for signal in [
        Signal::SIGINT,
        Signal::SIGTERM,
        Signal::SIGHUP,
        Signal::SIGQUIT,
    ] {
        for hold in [
            AuthorizationServer::hold_requests,
            AuthorizationServer::hold_answers,
        ] {
            let server = AuthorizationServer::start();
            let sandbox = expired(&server);
            let held = hold(&server, TOKEN);
            let call = sandbox.start(&["token", &server.url()]);
            held.wait_for(1);

            call.signal(signal);

            let ended = call.finish();
            assert_eq!(ended.signal(), Some(signal as i32), "{ended:?}");
            assert_eq!((ended.stdout, ended.stderr), (String::new(), String::new()));
            assert!(
                !HeldLock::is_free(&sandbox, &server),
                "the refresh is under way"
            );
            held.release();
            assert_stored_and_free(&server, &sandbox);
        }
    }
}

/// Ctrl-Z. The process has a group of its own: in one that is orphaned, as that of a test may be,
/// the kernel drops this signal.
#[test]
fn a_call_that_is_stopped_in_the_middle_of_a_refresh_delays_no_other() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let args = ["token", &server.url()];
    let (process, request) = refreshing(&server, sandbox.command(&args).process_group(0));
    let pid = Pid::from_raw(i32::try_from(process.pid()).unwrap());

    process.signal(Signal::SIGTSTP);
    let stopped = waitpid(pid, Some(WaitPidFlag::WUNTRACED)).unwrap();
    assert_eq!(stopped, WaitStatus::Stopped(pid, Signal::SIGTSTP));
    request.release();

    let token = assert_stored_and_free(&server, &sandbox);
    process.signal(Signal::SIGCONT);
    assert_eq!(process.finish().prints(), token);
}

/// The signals of this system that can be caught, but for those that the C libraries keep for
/// themselves, by number.
fn catchable() -> impl Iterator<Item = i32> {
    let reserved = [Signal::SIGKILL as i32, Signal::SIGSTOP as i32, 32, 33, 34];
    (1..=64).filter(move |number| !reserved.contains(number))
}

/// Whether a call lives on: what it ignores or stops for, what does nothing by default, and the two whose
/// handler, which Rust has for a stack that overflows, finds no such overflow.
fn survived(number: i32) -> bool {
    [
        Signal::SIGSEGV,
        Signal::SIGBUS,
        Signal::SIGPIPE,
        Signal::SIGXFSZ,
        Signal::SIGCHLD,
        Signal::SIGCONT,
        Signal::SIGURG,
        Signal::SIGWINCH,
        Signal::SIGTSTP,
        Signal::SIGTTIN,
        Signal::SIGTTOU,
    ]
    .iter()
    .any(|signal| *signal as i32 == number)
}

/// Sends a signal by its number, to a process or, with a minus before it, to a group.
fn send(number: i32, to: &str) {
    let kill = format!("kill -{number} {to}");
    let sent = Command::new("/bin/sh").args(["-c", &kill]).status();
    assert!(sent.unwrap().success(), "{kill}");
}

/// One refresh after the other, each with a signal in its middle: how many were sent.
fn signals_in_refreshes(
    numbers: impl Iterator<Item = i32>,
    call: impl Fn(&Sandbox, &[&str]) -> Command,
    to: impl Fn(u32) -> String,
) -> usize {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let url = server.url();
    let mut sent = 0;
    for number in numbers {
        sandbox.ends_in(&server, -5);
        let request = server.hold_requests(TOKEN);
        let mut process = Running::spawn(call(&sandbox, &["token", &url]).process_group(0));
        request.wait_for(1);
        send(number, &to(process.pid()));
        request.release();
        sent += 1;
        eventually("the refresh to be stored", || {
            HeldLock::is_free(&sandbox, &server) && server.rotations() == sent
        });
        let mut ended = None;
        eventually("the call to end", || {
            // It may be stopped, now or in a moment.
            process.signal(Signal::SIGCONT);
            ended = process.child.try_wait().unwrap();
            ended.is_some()
        });
        let by = (!survived(number)).then_some(number);
        assert_eq!(ended.unwrap().signal(), by, "after signal {number}");
        let token = sandbox.run(&["token", &url]).prints();
        assert!(server.is_alive(&token), "after signal {number}");
        assert_eq!(server.refresh_requests(), sent, "after signal {number}");
    }
    sent
}

#[test]
fn no_signal_to_a_call_costs_the_login() {
    let sent = signals_in_refreshes(catchable(), Sandbox::command, |pid| pid.to_string());
    assert!(sent > 50, "{sent}");
}

/// As a terminal sends them, and a shell that ends its jobs.
#[test]
fn no_signal_to_the_group_of_a_call_costs_the_login() {
    let sent = signals_in_refreshes(catchable(), Sandbox::command, |pid| format!("-{pid}"));
    assert!(sent > 50, "{sent}");
}

/// Where glauth cannot start itself: there is no `/proc`. `None`: not possible here, which is said.
pub fn alone() -> Option<Mounts> {
    Mounts::new("mount -t tmpfs tmpfs /proc", &[])
}

/// Those that end the process for a fault of its own do so there.
#[test]
fn where_no_process_can_be_started_signals_wait_for_the_answer() {
    let Some(alone) = alone() else { return };
    let faults = [
        Signal::SIGSEGV,
        Signal::SIGBUS,
        Signal::SIGFPE,
        Signal::SIGILL,
        Signal::SIGTRAP,
        Signal::SIGSYS,
        Signal::SIGABRT,
    ];
    let others = catchable().filter(|number| !faults.iter().any(|fault| *fault as i32 == *number));
    let call = |sandbox: &Sandbox, args: &[&str]| alone.inside(&sandbox.command(args));
    let sent = signals_in_refreshes(others, call, |pid| pid.to_string());
    assert!(sent > 44, "{sent}");
}

/// A person who loses patience sends it three times, and is told once why nothing happens.
#[test]
fn where_no_process_can_be_started_the_first_signal_is_answered_with_a_line() {
    let Some(alone) = alone() else { return };
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let mut command = alone.inside(&sandbox.command(&["token", &server.url()]));
    let (mut process, request) = refreshing(&server, &mut command);

    process.signal(Signal::SIGINT);
    let line = next_line(&mut process);
    process.signal(Signal::SIGINT);
    process.signal(Signal::SIGINT);
    assert_eq!(process.child.try_wait().unwrap(), None);
    request.release();

    let finished = process.finish();
    assert_eq!(
        finished.signal(),
        Some(Signal::SIGINT as i32),
        "{finished:?}"
    );
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
fn where_no_process_can_be_started_a_refresh_that_fails_after_a_signal_says_so() {
    let Some(alone) = alone() else { return };
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    server.script(TOKEN, Behaviour::Answer(Answer::new(429)));
    let mut command = alone.inside(&sandbox.command(&["token", &server.url()]));
    let (mut process, request) = refreshing(&server, &mut command);
    process.signal(Signal::SIGINT);
    next_line(&mut process);
    request.release();
    let ended = process.finish();
    assert_eq!(ended.signal(), Some(Signal::SIGINT as i32), "{ended:?}");
    assert!(
        ended.stderr.contains("asks for fewer requests"),
        "{ended:?}"
    );
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

/// Whether it has nothing to say, or a notice on a signal: no person can be told, and nothing else
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

/// As `docker stop` does: when the first process of a container ends, the kernel ends all others in it.
#[test]
fn in_a_container_a_signal_waits_for_the_answer() {
    for proc_of_its_own in [&[][..], &["--mount-proc"]] {
        let server = AuthorizationServer::start();
        let sandbox = expired(&server);
        let mut unshare = Command::new("unshare");
        if !is_root() {
            unshare.args(["--user", "--map-root-user"]);
        }
        unshare.args(["--pid", "--fork"]).args(proc_of_its_own);
        let works = unshare.arg("true").status();
        if !works.is_ok_and(|status| status.success()) {
            return skipped("a pid namespace: neither root nor user namespaces");
        }
        let mut unshare = Command::new(unshare.get_program());
        if !is_root() {
            unshare.args(["--user", "--map-root-user"]);
        }
        unshare.args(["--pid", "--fork"]).args(proc_of_its_own);
        // The shell is the first process, and ends when `timeout` has ended.
        unshare.args(["sh", "-c", "timeout .7 \"$@\"; exit $?", "sh"]);
        let mut command = wrapped(unshare, &sandbox.command(&["token", &server.url()]));
        let (mut container, request) = refreshing(&server, &mut command);
        let line = next_line(&mut container);
        assert!(line.starts_with("glauth: finishing the refresh"), "{line}");
        assert_eq!(container.child.try_wait().unwrap(), None);
        request.release();
        let ended = container.finish();
        assert_eq!(ended.code(), Some(124), "{ended:?}");
        assert_stored_and_free(&server, &sandbox);
    }
}

/// `timeout` sends SIGTERM, or SIGKILL.
#[test]
fn a_time_limit_of_a_second_loses_nothing_at_a_server_that_takes_longer() {
    for (options, code) in [
        (&["--preserve-status"][..], 128 + 15),
        (&["-s", "KILL"], 128 + 9),
    ] {
        let server = AuthorizationServer::start();
        let sandbox = expired(&server);
        let limited = || {
            let mut timeout = Command::new("timeout");
            timeout.args(options).arg("1");
            wrapped(timeout, &sandbox.command(&["token", &server.url()]))
        };
        let (process, request) = refreshing(&server, &mut limited());
        let ended = process.finish();
        assert!(
            ended.code() == Some(code) || ended.signal() == Some(9),
            "{ended:?}"
        );
        // The next call waits for the same refresh, and is ended too.
        let again = Running::spawn(&mut limited()).finish();
        assert_eq!(again.stdout, "");
        request.release();
        assert_stored_and_free(&server, &sandbox);
    }
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
    assert_stored_and_free(&server, &sandbox);
}
