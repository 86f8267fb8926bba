//! The process of its own in which a login is refreshed: it goes on where its caller is killed, has nothing
//! of what that inherited, and where there can be none the caller refreshes by itself.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, Replay, Settings, TOKEN, TOKEN_INFO,
};
use crate::support::mounts::{Mounts, become_other, is_root, skipped};
use crate::support::refresher::refresher_of;
use crate::support::sandbox::{Finished, Running, Sandbox, after, copy_program, program, wrapped};
use crate::support::watch::{HeldLock, eventually, wait_until_queued};

/// What `-v` says where the caller refreshes by itself.
const BY_ITSELF: &str = "this process refreshes";
/// What `-vv` says where it does not.
const APART: &str = " has the lock, and refreshes";

fn server(on_replay: Replay) -> AuthorizationServer {
    AuthorizationServer::start_with(Settings {
        on_replay,
        ..Settings::default()
    })
}

/// A login whose access token has expired.
fn expired(server: &AuthorizationServer) -> Sandbox {
    let (sandbox, _) = Sandbox::logged_in(server);
    sandbox.ends_in(server, -5);
    sandbox
}

/// Tools give up on a helper after a few seconds, and ask once more.
#[test]
fn callers_that_are_killed_lose_nothing_and_the_first_one_that_may_finish_has_the_token() {
    for on_replay in [Replay::Refuse, Replay::RevokeGrant] {
        for with_standby in [false, true] {
            let server = server(on_replay);
            let sandbox = if with_standby {
                let (sandbox, _) = Sandbox::with_standby(&server);
                sandbox.grants_end_in(&server, &[-5, -9]);
                sandbox
            } else {
                expired(&server)
            };
            let answers = server.hold_answers(TOKEN);
            let args = ["token", &server.url()];
            for group in [false, true, false] {
                let call = Running::spawn(sandbox.command(&args).process_group(0));
                answers.wait_for(1);
                if group {
                    let pid = Pid::from_raw(i32::try_from(call.pid()).unwrap());
                    killpg(pid, Signal::SIGKILL).unwrap();
                } else {
                    call.signal(Signal::SIGKILL);
                }
                let ended = call.finish();
                assert_eq!(ended.signal(), Some(Signal::SIGKILL as i32), "{ended:?}");
            }
            let last = sandbox.start(&args);
            wait_until_queued(&sandbox, &server, [&last]);
            answers.release();
            assert!(server.is_alive(&last.finish().prints()));
            assert_eq!(server.refresh_requests(), 1);
            assert_eq!(server.rotations(), 1);
        }
    }
}

/// `refreshed` is about the call, not about the process.
#[test]
fn the_caller_goes_on_as_if_it_had_sent_the_request_itself() {
    let server = server(Replay::Refuse);
    let sandbox = expired(&server);
    let call = sandbox.start(&["token", "-v", "--json", &server.url()]);
    let done = call.finish();
    assert!(
        done.stderr.contains("presented the refresh token "),
        "{done:?}"
    );
    let token: serde_json::Value = serde_json::from_str(&done.succeeds()).unwrap();
    assert_eq!(token["refreshed"], true);
    assert_eq!(token["generation"], 2);

    sandbox.ends_in(&server, -5);
    server.revoke_everything();
    let said = sandbox.run(&["token", &server.url()]).fails(3);
    assert!(said.contains("the login for "), "{said}");
    assert_eq!(server.refresh_requests(), 2);
}

#[test]
fn a_crowd_starts_one_process() {
    let server = AuthorizationServer::start_with(Settings {
        token_delay: Duration::from_millis(300),
        ..Settings::default()
    });
    let sandbox = expired(&server);
    let lock = HeldLock::take(&sandbox, &server);
    let args = ["token", "-vv", &server.url()];
    let calls: Vec<Running> = (0..200).map(|_| sandbox.start(&args)).collect();
    wait_until_queued(&sandbox, &server, &calls);
    lock.release();
    let done: Vec<Finished> = calls.into_iter().map(Running::finish).collect();
    let started = done.iter().filter(|done| done.stderr.contains(APART));
    assert_eq!(started.count(), 1);
    let mut tokens: Vec<String> = done.into_iter().map(Finished::succeeds).collect();
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
    assert_eq!(server.refresh_requests(), 1);
}

/// A token of ten seconds, nine of which are demanded, from a server that takes longer than one.
#[test]
fn calls_that_start_together_behind_a_slow_server_cause_one_rotation_and_end_alike() {
    let server = AuthorizationServer::start_with(Settings {
        token_delay: Duration::from_millis(300),
        ..Settings::default()
    });
    let sandbox = expired(&server);
    server.set_expires_in(Some(Duration::from_secs(2)));
    let lock = HeldLock::take(&sandbox, &server);
    let args = ["token", "--json", "--min-ttl", "1h", &server.url()];
    let calls: Vec<Running> = (0..3).map(|_| sandbox.start(&args)).collect();
    wait_until_queued(&sandbox, &server, &calls);
    lock.release();
    for call in calls {
        call.finish().fails_in_json(4, "stale");
    }
    assert_eq!(server.rotations(), 1);
    assert_eq!(server.refresh_requests(), 1);
}

/// No call that has sent a request sends a second one, which could run beside the first in the server.
#[test]
fn a_process_that_is_killed_in_mid_request_is_exit_4_and_the_next_call_finds_out() {
    let server = server(Replay::RevokeGrant);
    let sandbox = expired(&server);
    server.script(TOKEN, Behaviour::LoseRequest);
    let requests = server.hold_requests(TOKEN);
    let call = sandbox.start(&["token", "--json", &server.url()]);
    requests.wait_for(1);
    refresher_of(&call).signal(Signal::SIGKILL);
    let error = call.finish().fails_in_json(4, "answer_lost");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("ended before it said what came of it"),
        "{message}"
    );
    requests.release();
    assert_eq!(server.refresh_requests(), 1);

    assert!(server.is_alive(&sandbox.run(&["token", &server.url()]).prints()));
    assert_eq!(server.refresh_requests(), 2);
    assert_eq!(server.rotations(), 1);
}

#[test]
fn beside_a_process_that_is_killed_a_standby_s_living_token_is_printed() {
    let server = server(Replay::Refuse);
    let (sandbox, pairs) = Sandbox::with_standby(&server);
    sandbox.grants_end_in(&server, &[30, -5]);
    server.script(TOKEN, Behaviour::LoseRequest);
    let requests = server.hold_requests(TOKEN);
    let call = sandbox.start(&["token", &server.url()]);
    requests.wait_for(1);
    refresher_of(&call).signal(Signal::SIGKILL);
    let done = call.finish();
    assert!(done.stderr.contains("warning: pid "), "{done:?}");
    assert_eq!(done.succeeds().trim(), pairs[0].access_token);
    requests.release();
}

/// The mark is in the record before the other process reads it.
#[test]
fn a_refused_token_is_not_handed_out_again_after_a_refresh_that_failed() {
    let server = server(Replay::Refuse);
    let (sandbox, pair) = Sandbox::logged_in(&server);
    server.expire_access_tokens();
    server.always(TOKEN, Some(Behaviour::Answer(Answer::new(429))));
    let rejected = ["token", "--rejected", &server.url()];
    sandbox
        .run_with_input(&rejected, &pair.access_token)
        .fails(4);
    sandbox.let_waits_pass(&server);
    sandbox.run(&["token", &server.url()]).fails(4);
    server.always(TOKEN, None);
    sandbox.let_waits_pass(&server);
    let checks = server.count(TOKEN_INFO);
    assert!(server.is_alive(&sandbox.run(&["token", &server.url()]).prints()));
    assert_eq!(server.count(TOKEN_INFO), checks);
}

/// A `flock 9` of a script, a pipe, a terminal: what waits for the end of the call must not wait for this.
#[test]
fn the_process_has_no_descriptor_of_its_caller_and_a_session_of_its_own() {
    let server = server(Replay::Refuse);
    let sandbox = expired(&server);
    let requests = server.hold_requests(TOKEN);
    let guard = sandbox.path("guard");
    fs::write(&guard, "").unwrap();
    let script = format!(
        "exec 9<>'{}' 8<'{}'; flock 9",
        guard.display(),
        sandbox.path("home").display()
    );
    let call = Running::spawn(&mut after(
        &script,
        &sandbox.command(&["token", &server.url()]),
    ));
    requests.wait_for(1);
    let refresher = refresher_of(&call);
    let links: Vec<PathBuf> = refresher.descriptors();
    let lock = fs::canonicalize(sandbox.file(&server, "lock")).unwrap();
    assert_eq!(links[0], lock);
    assert!(
        links[1].to_str().unwrap().starts_with("socket:"),
        "{links:?}"
    );
    assert_eq!(links[2], Path::new("/dev/null"));
    assert!(
        !links.iter().any(|link| link.ends_with("guard")),
        "{links:?}"
    );
    assert!(
        !links.iter().any(|link| link.ends_with("home")),
        "{links:?}"
    );
    assert_eq!(refresher.session(), refresher.pid());
    call.signal(Signal::SIGKILL);

    // `finish` waits for the ends of both pipes.
    call.finish();
    let file = fs::File::open(&guard).unwrap();
    file.try_lock().expect("the script's lock is free");
    assert!(
        !HeldLock::is_free(&sandbox, &server),
        "the refresh is under way"
    );
    requests.release();
    eventually("the process to end", || refresher.is_over());
    assert!(HeldLock::is_free(&sandbox, &server));
}

#[test]
fn after_the_call_no_process_of_it_is_left() {
    let server = server(Replay::Refuse);
    let sandbox = expired(&server);
    let requests = server.hold_requests(TOKEN);
    let call = sandbox.start(&["token", &server.url()]);
    requests.wait_for(1);
    let refresher = refresher_of(&call);
    requests.release();
    call.finish().prints();
    assert_eq!(refresher.state(), None);
}

/// `exec` becomes its command, and that has no child that it does not know.
#[test]
fn a_command_has_no_child_that_it_did_not_start() {
    let server = server(Replay::Refuse);
    let sandbox = expired(&server);
    let url = server.url();
    let script = "cat /proc/$$/task/$$/children; echo done";
    let done = sandbox.run(&["exec", &url, "--", "/bin/sh", "-c", script]);
    // The shell's own `cat` is not there yet, or the only one.
    assert!(done.succeeds().split_whitespace().count() <= 2);
    assert_eq!(server.rotations(), 1);
}

/// A caller that is stopped before it has closed its copy of the lock: the process unlocks at its end.
#[test]
fn a_caller_that_is_stopped_keeps_no_lock() {
    let server = server(Replay::Refuse);
    let sandbox = expired(&server);
    let requests = server.hold_requests(TOKEN);
    let call = sandbox.start(&["token", &server.url()]);
    requests.wait_for(1);
    call.signal(Signal::SIGSTOP);
    requests.release();
    let token = sandbox.run(&["token", &server.url()]).prints();
    assert!(server.is_alive(&token));
    call.signal(Signal::SIGCONT);
    assert_eq!(call.finish().prints(), token);
    assert_eq!(server.refresh_requests(), 1);
}

/// A copy of the binary in a folder of its own, and a call by it that waits for the lock.
fn waiting_copy(
    server: &AuthorizationServer,
    sandbox: &Sandbox,
    copy: &Path,
) -> (Running, HeldLock) {
    copy_program(copy);
    let lock = HeldLock::take(sandbox, server);
    let call = sandbox.command(&["token", "-vv", &server.url()]);
    let call = Running::spawn(&mut by_copy(copy, &call));
    wait_until_queued(sandbox, server, [&call]);
    (call, lock)
}

/// The same command, by a copy of the binary.
fn by_copy(copy: &Path, command: &Command) -> Command {
    let mut same = Command::new(copy);
    same.args(command.get_args())
        .env_clear()
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    same
}

#[test]
fn an_upgrade_of_the_binary_in_the_middle_changes_nothing() {
    let server = server(Replay::Refuse);
    let sandbox = expired(&server);
    let copy = sandbox.path("glauth");
    let (call, lock) = waiting_copy(&server, &sandbox, &copy);
    let newer = sandbox.path("newer");
    fs::write(&newer, "#!/bin/sh\nexit 9\n").unwrap();
    fs::set_permissions(&newer, fs::Permissions::from_mode(0o700)).unwrap();
    fs::rename(&newer, &copy).unwrap();
    lock.release();
    let done = call.finish();
    assert!(done.stderr.contains(APART), "{done:?}");
    assert!(server.is_alive(done.succeeds().trim()));
}

/// The caller refreshes by itself, and says so to who wants to know.
#[track_caller]
fn refreshed_by_itself(done: Finished, server: &AuthorizationServer) {
    assert!(done.stderr.contains(BY_ITSELF), "{done:?}");
    assert!(server.is_alive(done.succeeds().trim()));
    assert_eq!(server.refresh_requests(), 1);
}

#[test]
fn where_there_is_no_proc_the_caller_refreshes_by_itself() {
    let server = server(Replay::Refuse);
    let sandbox = expired(&server);
    let Some(mounts) = Mounts::new("mount -t tmpfs tmpfs /proc", &[]) else {
        return;
    };
    let command = sandbox.command(&["token", "-v", &server.url()]);
    let done = Running::spawn(&mut mounts.inside(&command)).finish();
    refreshed_by_itself(done, &server);
}

#[test]
fn where_the_binary_may_not_be_run_any_more_the_caller_refreshes_by_itself() {
    let server = server(Replay::Refuse);
    let sandbox = expired(&server);
    let folder = sandbox.path("bin");
    fs::create_dir(&folder).unwrap();
    let binary = program();
    let script = "mount -t tmpfs tmpfs \"$BIN\"; cp \"$GLAUTH_COPY\" \"$BIN/glauth\"";
    let paths = [("BIN", &*folder), ("GLAUTH_COPY", &*binary)];
    let Some(mounts) = Mounts::new(script, &paths) else {
        return;
    };
    let plain = sandbox.command(&["token", "-v", &server.url()]);
    let copy = by_copy(&folder.join("glauth"), &plain);
    let lock = HeldLock::take(&sandbox, &server);
    let call = Running::spawn(&mut mounts.inside(&copy));
    wait_until_queued(&sandbox, &server, [&call]);
    let mut remount = Command::new("/bin/mount");
    remount.args(["-o", "remount,noexec"]).arg(&folder);
    Running::spawn(&mut mounts.inside(&remount))
        .finish()
        .succeeds();
    lock.release();
    refreshed_by_itself(call.finish(), &server);
}

/// The program that the kernel runs is the loader then, which knows no such command.
#[test]
fn where_the_loader_was_started_by_hand_the_caller_refreshes_by_itself() {
    let loader = Path::new("/lib64/ld-linux-x86-64.so.2");
    let verified = Command::new(loader).arg("--verify").arg(program()).status();
    if !verified.is_ok_and(|status| status.success()) {
        return skipped("a loader that is started by hand: there is none, or the binary is static");
    }
    let server = server(Replay::Refuse);
    let sandbox = expired(&server);
    let command = sandbox.command(&["token", "-v", &server.url()]);
    let done = Running::spawn(&mut wrapped(Command::new(loader), &command)).finish();
    refreshed_by_itself(done, &server);
}

#[test]
fn a_process_that_does_not_become_ready_is_ended_and_the_caller_refreshes_by_itself() {
    let server = server(Replay::Refuse);
    let sandbox = expired(&server);
    let delay = ["-e", "trace=setsid", "-e", "inject=setsid:delay_enter=10s"];
    let options = [&["-o", "/dev/null"][..], &delay].concat();
    let args = ["token", "-v", &server.url()];
    let Some(mut traced) = sandbox.under_strace(&options, &args) else {
        return skipped("a process that is slow to start: there is no strace");
    };
    let done = Running::spawn(&mut traced).finish();
    assert!(done.stderr.contains("did not become ready"), "{done:?}");
    refreshed_by_itself(done, &server);
    let store = sandbox.store().display().to_string();
    let is_ours = |entry: &fs::DirEntry| {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&store)
    };
    let mut left = fs::read_dir("/proc").unwrap().flatten();
    assert!(
        !left.any(|entry| is_ours(&entry)),
        "the silent process is left"
    );
}

/// The process, started by the test, which is at the other end of its socket and has opened the lock.
fn by_hand(
    server: &AuthorizationServer,
    sandbox: &Sandbox,
    sequence: &str,
) -> (Running, UnixStream) {
    let store = sandbox.store();
    let key = server.host().replace(':', "%3A");
    let call = ["a-process-for-a-refresh", env!("CARGO_PKG_VERSION"), "0"];
    let rest = [
        store.to_str().unwrap(),
        &key,
        "default",
        "0",
        "asked",
        sequence,
        "as-glauth",
    ];
    let lock = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(sandbox.file(server, "lock"));
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut command = sandbox.command(&[&call[..], &rest].concat());
    command.stdin(lock.unwrap()).stdout(OwnedFd::from(theirs));
    (Running::spawn(&mut command), ours)
}

#[test]
fn the_process_refreshes_only_the_record_that_its_caller_has_seen() {
    let server = server(Replay::Refuse);
    let sandbox = expired(&server);
    let (process, mut caller) = by_hand(&server, &sandbox, "7");
    let mut said = String::new();
    caller.read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
    process.finish();
    assert_eq!(server.refresh_requests(), 0);
}

/// It waits for the word, so that a caller which gives it up can refresh by itself; and a caller that has
/// gone gives none.
#[test]
fn the_process_sends_nothing_before_its_caller_has_heard_it_or_has_gone() {
    for speaks in [true, false] {
        let server = server(Replay::Refuse);
        let sandbox = expired(&server);
        let (process, mut caller) = by_hand(&server, &sandbox, "0");
        let mut ready = [0; 6];
        caller.read_exact(&mut ready).unwrap();
        assert_eq!(&ready, b"ready\n");
        assert_eq!(server.refresh_requests(), 0);
        let record = sandbox.record(&server);
        assert!(record.get("last_attempt").is_none(), "nothing is marked");
        let mut report = String::new();
        if speaks {
            caller.write_all(b"g").unwrap();
            caller.read_to_string(&mut report).unwrap();
            assert!(report.contains("\"Ended\""), "{report}");
            assert!(!report.contains("-SECRET-"), "{report}");
        } else {
            drop(caller);
        }
        process.finish();
        assert_eq!(server.rotations(), 1);
        assert!(server.is_alive(&sandbox.run(&["token", &server.url()]).prints()));
    }
}

#[test]
fn without_a_process_or_a_thread_left_nothing_is_sent_and_nothing_lost() {
    let server = server(Replay::Refuse);
    let sandbox = expired(&server);
    let plain = sandbox.command(&["token", "--json", &server.url()]);
    let mut prlimit = Command::new("prlimit");
    prlimit.arg("--nproc=1");
    let mut limited = wrapped(prlimit, &plain);
    if !is_root() || !become_other(&sandbox, &mut limited, 54_321) {
        return skipped("the limit on processes, which is for users that have none: not root");
    }
    let failed = Running::spawn(&mut limited).finish();
    failed.fails_in_json(4, "unreachable");
    assert_eq!(server.refresh_requests(), 0);

    let mut unlimited = sandbox.command(&["token", &server.url()]);
    sandbox.let_waits_pass(&server);
    assert!(become_other(&sandbox, &mut unlimited, 54_321));
    let token = Running::spawn(&mut unlimited).finish().prints();
    assert!(server.is_alive(&token));
}

/// SIGXFSZ ends what does not expect it.
#[test]
fn a_limit_on_file_sizes_is_an_error_and_not_a_death() {
    let server = server(Replay::Refuse);
    let sandbox = expired(&server);
    let before = sandbox.record_text(&server);
    for command in [&["token"][..], &["exec", "--env", "T"], &["logout"]] {
        let rest: &[&str] = match command[0] {
            "exec" => &["--", "/bin/true"],
            _ => &[],
        };
        let url = server.url();
        let args = [command, &[&url], rest].concat();
        let mut limited = after("ulimit -f 0", &sandbox.command(&args));
        let done = Running::spawn(&mut limited).finish();
        let code = if command[0] == "exec" { 125 } else { 5 };
        assert_eq!(done.code(), Some(code), "{done:?}");
    }
    assert_eq!(sandbox.record_text(&server), before);
    assert_eq!(server.refresh_requests(), 0);
    assert!(server.is_alive(&sandbox.run(&["token", &server.url()]).prints()));
}

/// No person is to call it, so nothing names it.
#[test]
fn the_process_s_own_command_line_does_nothing_without_a_lock() {
    let server = server(Replay::Refuse);
    let sandbox = expired(&server);
    let store = sandbox.store();
    let key = server.host().replace(':', "%3A");
    let call = ["a-process-for-a-refresh", env!("CARGO_PKG_VERSION"), "0"];
    let rest = [store.to_str().unwrap(), &key, "default", "0", "asked", "0"];
    let done = sandbox.run(&[&call[..], &rest].concat());
    assert_eq!((done.stdout, done.stderr), (String::new(), String::new()));
    assert_eq!(server.refresh_requests(), 0);
    for help in [&["--help"][..], &["completions", "bash"], &["man"]] {
        let text = sandbox.run(help).succeeds();
        assert!(!text.contains("a-process-for"), "{help:?}");
    }
}
