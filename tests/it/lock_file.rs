//! The lock file itself: whichever way it is reached it is one, and if a program takes it away
//! no process goes on without it, and no login is lost.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use glauth::credential::{AccountId, AccountName, Cause, HostArg};
use glauth::store::{Entry, Locked, NotStaged, Occupied, Store, StoreError, Wait};
use glauth::time::Timestamp;
use nix::sys::signal::Signal;

use crate::support::authorization_server::{AuthorizationServer, TOKEN};
use crate::support::refresher::refresher_of;
use crate::support::sandbox::{LIMIT, Sandbox, first_grant};
use crate::support::watch::{HeldLock, eventually, wait_until_queued, wait_until_queued_on};

#[test]
fn two_ways_to_one_store_have_one_lock() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let link = sandbox.path("link");
    symlink(sandbox.store(), &link).unwrap();
    let url = server.url();
    let other_way = ["token", "--store", link.to_str().unwrap(), &url];

    let answer = server.hold_answers(TOKEN);
    let first = sandbox.start(&["token", &url]);
    answer.wait_for(1);
    let second = sandbox.start(&other_way);
    wait_until_queued(&sandbox, &server, [&second]);
    answer.release();
    let new = first.finish().prints();
    assert_eq!(second.finish().prints(), new);
    assert_eq!(server.refresh_requests(), 1);
    // The link is still one, and a refresh that takes the other way is seen from here.
    assert_eq!(fs::read_link(&link).unwrap(), sandbox.store());
    sandbox.ends_in(&server, -5);
    let new = sandbox.run(&other_way).prints();
    assert_eq!(sandbox.run(&["token", &url]).prints(), new);
}

/// Puts a new file in the place of the lock's, as a restored backup does.
fn replace(lock: &Path) {
    let new = lock.with_extension("restored");
    fs::copy(lock, &new).unwrap();
    fs::rename(new, lock).unwrap();
}

#[test]
fn a_call_that_waited_for_a_lock_that_was_replaced_meanwhile_waits_for_the_new_one() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let old = HeldLock::take(&sandbox, &server);
    let waiting = sandbox.start(&["token", "-q", &server.url()]);
    wait_until_queued(&sandbox, &server, [&waiting]);
    replace(&sandbox.file(&server, "lock"));
    let new = HeldLock::take(&sandbox, &server);
    old.release();
    // It has the old one, which excludes no process, and goes on to the new one.
    wait_until_queued(&sandbox, &server, [&waiting]);
    assert_eq!(server.requests().len(), 0);
    new.release();
    assert!(server.is_alive(&waiting.finish().prints()));
    assert_eq!(server.refresh_requests(), 1);
}

/// The library's own way to the lock, so that a test can come between two steps.
fn lock(sandbox: &Sandbox, server: &AuthorizationServer) -> Locked<Occupied> {
    let store = Store::new(sandbox.store(), Timestamp::now);
    let id = AccountId {
        host: HostArg::parse(&server.url()).unwrap().host,
        account: AccountName::default_name(),
    };
    let wait = Wait {
        deadline: std::time::Instant::now() + LIMIT,
        on_wait: &|_| {},
    };
    match store.lock(&id, &wait).unwrap() {
        Entry::Occupied(locked) => locked,
        Entry::Vacant(_) => panic!("there is a login"),
    }
}

#[test]
fn no_refresh_token_is_lent_where_the_lock_file_was_replaced() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let before = sandbox.record_text(&server);
    let path = sandbox.file(&server, "lock");
    let takes: [&dyn Fn(); 2] = [&|| replace(&path), &|| fs::remove_file(&path).unwrap()];
    for take_away in takes {
        let locked = lock(&sandbox, &server);
        take_away();
        match locked.stage(0, Cause::Asked, Timestamp::now(), String::new()) {
            Err(NotStaged::LockLost(StoreError::LockReplaced { path })) => {
                assert!(path.ends_with("default.lock"));
            }
            other => panic!("{other:?}"),
        }
        // A process that has the new one finds nothing of it.
        assert_eq!(sandbox.record_text(&server), before);
    }
    let locked = lock(&sandbox, &server);
    let staged = locked.stage(0, Cause::Asked, Timestamp::now(), String::new());
    assert!(staged.is_ok(), "{staged:?}");
}

/// A cleaner of lock files takes the lock of a refresh that is still running. The next process finds the
/// refresh pending and its room locked, so it waits for the answer instead of presenting the token again.
#[test]
fn a_lock_file_that_is_removed_under_a_refresh_causes_no_second_presentation() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let url = server.url();
    let answers = server.hold_answers(TOKEN);
    let first = sandbox.start(&["token", &url]);
    answers.wait_for(1);
    let new = server.current_pair(&old.access_token);
    let room = sandbox.file(&server, "toml.answer");
    let remove = |lock: &Path| fs::remove_file(lock).unwrap();
    let takes: [&dyn Fn(&Path); 2] = [&remove, &replace];
    for take_away in takes {
        take_away(&sandbox.file(&server, "lock"));
        let impatient = ["token", "--json", "--lock-timeout", "100ms", &url];
        let error = sandbox.run(&impatient).fails_in_json(4, "lock_timeout");
        let by = refresher_of(&first).name();
        assert!(error["message"].as_str().unwrap().contains(&by), "{error}");
    }
    let others = [&["token", &url], &["token", &url]].map(|args| sandbox.start(args));
    wait_until_queued_on(&room, &others);
    // It holds no lock while it waits.
    drop(HeldLock::take(&sandbox, &server));
    answers.release();
    for process in [first].into_iter().chain(others) {
        assert_eq!(process.finish().prints(), new.access_token);
    }
    assert_eq!((server.refresh_requests(), server.rotations()), (1, 1));
}

/// Who waits for an owner whose lock file is gone, and that owner dies: its attempt is finished then.
#[test]
fn the_owner_of_a_removed_lock_file_that_dies_is_followed_by_the_waiting_processes() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let url = server.url();
    server.allow_replays(1);
    let answers = server.hold_answers(TOKEN);
    let first = sandbox.start(&["token", &url]);
    answers.wait_for(1);
    fs::remove_file(sandbox.file(&server, "lock")).unwrap();
    let second = sandbox.start(&["token", &url]);
    wait_until_queued_on(&sandbox.file(&server, "toml.answer"), [&second]);
    refresher_of(&first).signal(Signal::SIGKILL);
    answers.release();
    let said = second.finish().fails(3);
    assert!(said.contains("the answer to a refresh was lost"), "{said}");
    drop(first.finish());
}

/// The room is removed too: other processes know the refresh by the record that it marked, and the answer
/// is stored all the same.
#[test]
fn a_lock_file_that_is_removed_with_the_room_under_a_refresh_causes_no_second_presentation() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let url = server.url();
    let answers = server.hold_answers(TOKEN);
    let first = sandbox.start(&["token", &url]);
    answers.wait_for(1);
    let new = server.current_pair(&old.access_token);
    for file in ["lock", "toml.answer"] {
        fs::remove_file(sandbox.file(&server, file)).unwrap();
    }
    let impatient = ["token", "--json", "--lock-timeout", "100ms", &url];
    let error = sandbox.run(&impatient).fails_in_json(4, "lock_timeout");
    let by = refresher_of(&first).name();
    assert!(error["message"].as_str().unwrap().contains(&by), "{error}");
    let others = [&["token", &url], &["token", &url]].map(|args| sandbox.start(args));
    wait_until_queued_on(&sandbox.file(&server, "toml"), &others);
    answers.release();
    // The first one says that its room was gone.
    let first = first.finish();
    assert_eq!(first.code(), Some(0), "{first:?}");
    assert_eq!(first.stdout.trim_end(), new.access_token);
    for process in others {
        assert_eq!(process.finish().prints(), new.access_token);
    }
    assert_eq!((server.refresh_requests(), server.rotations()), (1, 1));
}

/// The marked record is replaced, too, by a copy of itself, as a backup tool or an editor does it: the
/// second process takes the first one for dead, and presents the token that the first one has spent. The
/// first one finds that it is not alone and puts its answer into the rescue place. Whichever of the two
/// stores last, the login survives: the next call finds it there.
#[track_caller]
fn without_a_lock(first_stores_last: bool) {
    let server = AuthorizationServer::start();
    server.allow_replays(1);
    let (sandbox, old) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let url = server.url();
    let answers = server.hold_answers(TOKEN);
    let first = sandbox.start(&["token", &url]);
    answers.wait_for(1);
    let new = server.current_pair(&old.access_token);
    for file in ["lock", "toml.answer"] {
        fs::remove_file(sandbox.file(&server, file)).unwrap();
    }
    replace(&sandbox.file(&server, "toml"));
    let second = sandbox.start(&["token", &url]);
    answers.wait_for(2);

    let last = if first_stores_last { &first } else { &second };
    let last = refresher_of(last);
    last.signal(Signal::SIGSTOP);
    eventually("the process to stop", || last.state() == Some('T'));
    answers.release();
    let mut processes = vec![(first, Some(5)), (second, Some(3))];
    let last_code = if first_stores_last { Some(5) } else { Some(3) };
    if first_stores_last {
        processes.reverse();
    }
    for (process, code) in processes {
        if code == last_code {
            last.signal(Signal::SIGCONT);
        }
        let finished = process.finish();
        assert_eq!(finished.code(), code, "{finished:?}");
    }
    assert_eq!(sandbox.run(&["token", &url]).prints(), new.access_token);
    let mut record = sandbox.record(&server);
    let kept = first_grant(&mut record)["refresh_token"].as_str();
    assert_eq!(kept, Some(&*new.refresh_token));
    assert_eq!(server.rotations(), 1);
}

#[test]
fn a_marked_record_that_is_replaced_while_the_lock_and_the_room_are_gone_loses_no_login() {
    without_a_lock(true);
}

#[test]
fn what_one_stores_whose_lock_file_was_removed_is_not_undone_by_another() {
    without_a_lock(false);
}
