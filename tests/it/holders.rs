//! Who holds the lock: one that is stopped costs the others their own deadline and no more, and
//! one that is not read or whose terminal is stopped costs them nothing.

// /proc/locks tells who waits.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, PipeReader, PipeWriter, Read as _, Write as _};
use std::time::{Duration, Instant};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::openpty;
use nix::sys::signal::Signal;
use nix::sys::termios::{FlowArg, tcflow};

use crate::support::authorization_server::{AuthorizationServer, Held, Rotation, Settings, TOKEN};
use crate::support::refresher::refresher_of;
use crate::support::sandbox::{LIMIT, Running, Sandbox, from_now};
use crate::support::watch::{HeldLock, next_line, wait_until_queued};

/// A login whose access token has expired.
fn expired(server: &AuthorizationServer) -> Sandbox {
    let (sandbox, _) = Sandbox::logged_in(server);
    sandbox.ends_in(server, -5);
    sandbox
}

/// A process in the middle of its refresh: the server has its request.
fn refreshing(server: &AuthorizationServer, sandbox: &Sandbox) -> (Running, Held) {
    let requests = server.hold_requests(TOKEN);
    let holder = sandbox.start(&["token", &server.url()]);
    requests.wait_for(1);
    (holder, requests)
}

#[test]
fn a_stopped_holder_costs_the_others_their_own_deadline() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let (holder, requests) = refreshing(&server, &sandbox);
    let refresher = refresher_of(&holder);
    refresher.signal(Signal::SIGSTOP);
    let args = ["token", "--lock-timeout", "1s", &server.url()];
    let started = Instant::now();

    let others: Vec<Running> = (0..5).map(|_| sandbox.start(&args)).collect();
    let named = refresher.name();
    for other in others {
        let said = other.finish().fails(4);
        assert!(said.contains(&named), "{said}");
        assert!(said.contains("--lock-timeout"), "{said}");
    }
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert!(started.elapsed() < LIMIT);
    let as_json = ["refresh", "--force", "--json", "--lock-timeout", "1s"];
    let error = sandbox.run(&[&as_json[..], &[&server.url()]].concat());
    let error = error.fails_in_json(4, "lock_timeout");
    assert!(error["message"].as_str().unwrap().contains(&named));

    // It goes on where it was, and nothing is lost.
    refresher.signal(Signal::SIGCONT);
    requests.release();
    let token = holder.finish().prints();
    assert!(server.is_alive(&token));
    assert_eq!(server.refresh_requests(), 1);
}

#[test]
fn after_a_second_a_waiting_call_names_the_holder() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let (holder, requests) = refreshing(&server, &sandbox);
    let started = Instant::now();

    let silent = [
        sandbox.start(&["token", "--quiet", &server.url()]),
        sandbox.start(&["token", "--json", &server.url()]),
    ];
    wait_until_queued(&sandbox, &server, &silent);
    let mut waiter = sandbox.start(&["token", &server.url()]);
    let line = next_line(&mut waiter);
    assert!(started.elapsed() >= Duration::from_secs(1));
    let named = format!("which {}", refresher_of(&holder).name());
    assert!(line.starts_with("glauth: waiting for "), "{line}");
    assert!(line.contains(&named), "{line}");

    requests.release();
    let token = waiter.finish().prints();
    assert_eq!(holder.finish().prints(), token);
    for process in silent {
        assert_eq!(process.finish().stderr, "");
    }
}

/// It has two hours yet, and dies in a moment.
#[test]
fn a_token_that_is_just_being_rotated_is_not_printed() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    let requests = server.hold_requests(TOKEN);
    let rotating = sandbox.start(&["refresh", "--force", &server.url()]);
    requests.wait_for(1);

    let args = ["token", "--json", "--lock-timeout", "1s", &server.url()];
    let failed = sandbox.run(&args);
    assert_eq!(failed.stdout, "");
    failed.fails_in_json(4, "lock_timeout");
    sandbox
        .run(&["token", "--no-refresh", &server.url()])
        .fails(4);
    let patient = sandbox.start(&["token", &server.url()]);
    wait_until_queued(&sandbox, &server, [&patient]);
    requests.release();

    let token = patient.finish().succeeds();
    assert_ne!(token.trim_end(), old.access_token);
    assert!(server.is_alive(token.trim_end()));
    rotating.finish().succeeds();
    assert_eq!(server.refresh_requests(), 1);
}

#[test]
fn a_token_that_a_rotation_leaves_alive_is_printed_at_the_deadline() {
    let server = AuthorizationServer::start_with(Settings {
        rotation: Rotation::Keeps,
        ..Settings::default()
    });
    let (sandbox, old) = Sandbox::logged_in(&server);
    sandbox.edit(&server, |record| {
        record["client"]["rotation"] = "keeps".into();
    });
    let requests = server.hold_requests(TOKEN);
    let rotating = sandbox.start(&["refresh", &server.url()]);
    requests.wait_for(1);

    let printed = sandbox.run(&["token", "--lock-timeout", "1s", &server.url()]);

    let named = refresher_of(&rotating).name();
    assert!(printed.stderr.contains("warning: "), "{printed:?}");
    assert!(printed.stderr.contains(&named), "{printed:?}");
    assert_eq!(printed.succeeds().trim_end(), old.access_token);
    requests.release();
    rotating.finish().succeeds();
}

#[test]
fn at_the_deadline_a_token_that_lives_is_printed_with_a_warning() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, 50);
    let _lock = HeldLock::take(&sandbox, &server);

    let printed = sandbox.run(&["token", "--lock-timeout", "1s", &server.url()]);

    assert!(printed.stderr.contains("warning: "), "{printed:?}");
    assert!(printed.stderr.contains("the token at hand lives for "));
    assert_eq!(printed.succeeds().trim_end(), pair.access_token);

    // Not to one that demands more life than that.
    let args = ["token", "--min-ttl", "1m", "--json", "--lock-timeout", "1s"];
    let failed = sandbox.run(&[&args[..], &[&server.url()]].concat());
    assert_eq!(failed.stdout, "");
    failed.fails_in_json(4, "lock_timeout");
    assert_eq!(server.refresh_requests(), 0);
}

#[test]
fn at_the_deadline_a_token_that_has_become_fresh_is_printed() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let lock = HeldLock::take(&sandbox, &server);

    let args = ["token", "--quiet", "--lock-timeout", "3s", &server.url()];
    let waiters: Vec<Running> = (0..3).map(|_| sandbox.start(&args)).collect();
    wait_until_queued(&sandbox, &server, &waiters);
    sandbox.edit(&server, |record| {
        let grant = record["grants"][0].as_table_mut().unwrap();
        grant.insert("access_token".to_owned(), "stored-meanwhile".into());
        grant.insert("expires_at".to_owned(), from_now(7200));
    });

    for waiter in waiters {
        assert_eq!(waiter.finish().prints(), "stored-meanwhile");
    }
    lock.release();
    assert_eq!(server.refresh_requests(), 0);
}

/// A pipe that takes nothing more until it is read.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = io::pipe().unwrap();
    let nonblocking = FcntlArg::F_SETFL(OFlag::O_NONBLOCK);
    fcntl(&writer, nonblocking).unwrap();
    while writer.write(&[b'.'; 4096]).is_ok() {}
    while writer.write(b".").is_ok() {}
    fcntl(&writer, FcntlArg::F_SETFL(OFlag::empty())).unwrap();
    (reader, writer)
}

/// What was written to it behind what filled it.
fn read_behind_the_dots(mut reader: PipeReader) -> String {
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    text.trim_start_matches('.').to_owned()
}

#[test]
fn a_holder_whose_stdout_is_not_read_blocks_no_other() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let args = ["token", &server.url()];
    let (reader, writer) = full_pipe();
    let requests = server.hold_requests(TOKEN);
    let mut holder = Running::spawn(sandbox.command(&args).stdout(writer));
    requests.wait_for(1);
    let other = sandbox.start(&args);
    wait_until_queued(&sandbox, &server, [&other]);
    requests.release();

    let token = other.finish().succeeds();

    assert!(server.is_alive(token.trim_end()));
    assert_eq!(holder.child.try_wait().unwrap(), None);
    assert_eq!(read_behind_the_dots(reader), token);
    assert_eq!(holder.finish().prints(), "");
    assert_eq!(server.refresh_requests(), 1);
}

/// With all that `-vv` has to say: what is written under the lock goes out after it.
#[test]
fn a_process_whose_stderr_is_not_read_blocks_no_other() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let args = ["token", "-vv", &server.url()];
    let (reader, writer) = full_pipe();
    let mut stuck = Running::spawn(sandbox.command(&args).stderr(writer));

    // Both ways round: it may have come to the lock before or after this one.
    let token = sandbox.run(&["token", &server.url()]).succeeds();
    assert_eq!(stuck.child.try_wait().unwrap(), None);
    sandbox
        .run(&["refresh", "--force", &server.url()])
        .succeeds();

    let said = read_behind_the_dots(reader);
    assert!(said.contains("refreshes grant 0"), "{said}");
    assert!(!said.contains("-SECRET-"), "{said}");
    let printed = stuck.finish().succeeds();
    assert!(printed == token || server.is_alive(printed.trim_end()));
    assert_eq!(server.replays(), 0);
}

/// A notice about the wait is written by a thread of its own.
#[test]
fn one_that_waits_and_whose_stderr_is_not_read_gets_the_token_all_the_same() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let args = ["token", &server.url()];
    let (holder, requests) = refreshing(&server, &sandbox);
    let (_reader, writer) = full_pipe();
    let mute = Running::spawn(sandbox.command(&args).stderr(writer));
    wait_until_queued(&sandbox, &server, [&mute]);
    // This one starts to wait later, so when it speaks, the other one has tried to.
    let mut witness = sandbox.start(&args);
    assert!(next_line(&mut witness).contains("waiting for the lock"));

    requests.release();

    let token = mute.finish().succeeds();
    assert_eq!(witness.finish().succeeds(), token);
    assert_eq!(holder.finish().succeeds(), token);
    assert_eq!(server.refresh_requests(), 1);
}

/// The notice that a signal gets is stuck; the refresh, the lock and the signal are not.
#[test]
fn a_holder_that_is_to_end_and_whose_stderr_is_not_read_blocks_no_other() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let args = ["token", &server.url()];
    let (_reader, writer) = full_pipe();
    let requests = server.hold_requests(TOKEN);
    let holder = Running::spawn(sandbox.command(&args).stderr(writer));
    requests.wait_for(1);
    let other = sandbox.start(&args);
    wait_until_queued(&sandbox, &server, [&other]);

    holder.signal(Signal::SIGTERM);
    requests.release();

    let token = other.finish().succeeds();
    assert!(server.is_alive(token.trim_end()));
    assert_eq!(holder.finish().signal(), Some(Signal::SIGTERM as i32));
    assert_eq!(server.refresh_requests(), 1);
}

/// Ctrl-S, or a terminal that is gone in all but name.
#[test]
fn a_holder_whose_terminal_is_stopped_blocks_no_other() {
    let server = AuthorizationServer::start();
    let sandbox = expired(&server);
    let args = ["token", &server.url()];
    let terminal = openpty(None, None).unwrap();
    tcflow(&terminal.slave, FlowArg::TCOOFF).unwrap();
    let requests = server.hold_requests(TOKEN);
    let mut holder = Running::spawn(
        sandbox
            .command(&args)
            .stdout(terminal.slave.try_clone().unwrap())
            .stderr(terminal.slave.try_clone().unwrap()),
    );
    requests.wait_for(1);
    // When this one speaks, the holder, which started to wait earlier, has tried to tell its
    // terminal that the server is slow.
    let mut other = sandbox.start(&args);
    assert!(next_line(&mut other).contains("waiting for the lock"));
    requests.release();

    let token = other.finish().succeeds();

    assert!(server.is_alive(token.trim_end()));
    assert_eq!(holder.child.try_wait().unwrap(), None);
    tcflow(&terminal.slave, FlowArg::TCOON).unwrap();
    let finished = holder.finish();
    assert_eq!(finished.code(), Some(0));
    // Its word about the slow server, if it had time to begin it, and the token.
    let mut shown = BufReader::new(File::from(terminal.master)).lines();
    let mut next = || shown.next().unwrap().unwrap();
    let mut line = next();
    if line.contains("waiting for 127.0.0.1") {
        line = next();
    }
    assert_eq!(line.trim_end(), token.trim_end());
    assert_eq!(server.refresh_requests(), 1);
}
