//! Room is found out before the server rotates, and is there when the answer comes (P2). Each
//! test has a small disk of its own, which it fills.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, Pair, TOKEN, USER,
};
use crate::support::mounts::Mounts;
use crate::support::sandbox::{Finished, Running, Sandbox};

/// What the disk gives and takes, in bytes.
const BLOCK: usize = 4096;

/// How many files the disk has room for.
const FILES: usize = 64;

/// A login whose store is a disk of 256 KiB.
struct Disk {
    server: AuthorizationServer,
    sandbox: Sandbox,
    old: Pair,
    store: PathBuf,
    mounts: Mounts,
}

impl Disk {
    /// With a token that ends so many seconds from now. `None`: not possible here, which is said.
    fn new(ends_in: i64) -> Option<Self> {
        let server = AuthorizationServer::start();
        let (sandbox, old) = Sandbox::logged_in(&server);
        sandbox.ends_in(&server, ends_in);
        let store = sandbox.path("disk");
        fs::create_dir(&store).unwrap();
        let script = format!(
            "mount -t tmpfs -o size=256k,nr_inodes={FILES},mode=700 tmpfs \"$DISK\"
             cp -a \"$STORE/.\" \"$DISK\""
        );
        let paths = [("STORE", &*sandbox.store()), ("DISK", &*store)];
        let mounts = Mounts::new(&script, &paths)?;
        Some(Self {
            server,
            sandbox,
            old,
            store,
            mounts,
        })
    }

    fn start(&self, args: &[&str]) -> Running {
        let mut command = self.sandbox.command(args);
        command.env("GLAUTH_STORE", &self.store);
        Running::spawn(&mut self.mounts.inside(&command))
    }

    fn token(&self) -> Finished {
        self.start(&["token", &self.server.url()]).finish()
    }

    /// A path below the store, as we see it from outside.
    fn seen(&self, path: impl AsRef<Path>) -> PathBuf {
        self.mounts.path(&self.store).join(path)
    }

    /// A file of the default account.
    fn file(&self, ending: &str) -> PathBuf {
        let file = self.sandbox.file(&self.server, ending);
        self.seen(file.strip_prefix(self.sandbox.store()).unwrap())
    }

    fn record(&self) -> String {
        fs::read_to_string(self.file("toml")).unwrap()
    }

    /// Leaves room for so many blocks.
    fn leave(&self, blocks: usize) {
        let mut ballast = File::create(self.seen("ballast")).unwrap();
        let mut written = 0;
        while ballast.write_all(&[0; BLOCK]).is_ok() {
            written += BLOCK;
        }
        ballast.set_len((written - blocks * BLOCK) as u64).unwrap();
    }

    /// Leaves room for so many files.
    fn leave_files(&self, files: usize) {
        let name = |number: usize| self.seen(format!("ballast-{number}"));
        let fails = |number: &usize| File::create(name(*number)).is_err();
        let full = (0..FILES).find(fails).expect("as many files as it has");
        for number in full - files..full {
            fs::remove_file(name(number)).unwrap();
        }
    }

    fn remove_ballast(&self) {
        for entry in fs::read_dir(self.seen("")).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::remove_file(path).unwrap();
            }
        }
    }

    /// No server was asked, and all is as it was.
    #[track_caller]
    fn nothing_happened(&self, before: &str) {
        assert_eq!(self.server.requests().len(), 0);
        assert_eq!(self.record(), before);
        assert!(!self.file("toml.answer").exists());
        assert!(!self.file("toml.new").exists());
    }
}

#[test]
fn a_full_disk_is_found_out_before_the_server_is_asked() {
    let Some(disk) = Disk::new(-5) else { return };
    let before = disk.record();
    disk.leave(0);
    let url = disk.server.url();
    let json = disk.start(&["token", "--json", &url]).finish();
    let error = json.fails_in_json(5, "disk_full");
    assert_eq!(error["hint"], "free some space and try again");
    disk.nothing_happened(&before);

    disk.remove_ballast();
    assert!(disk.server.is_alive(&disk.token().prints()));
}

#[test]
fn a_token_that_lives_is_printed_from_a_full_disk_with_a_warning() {
    let Some(disk) = Disk::new(30) else { return };
    let before = disk.record();
    disk.leave(0);
    let token = disk.token();
    assert!(
        token
            .stderr
            .starts_with("glauth: warning: no space left for `"),
        "{token:?}"
    );
    assert_eq!(token.succeeds(), disk.old.access_token.clone() + "\n");
    disk.nothing_happened(&before);
}

/// P7: whatever fails. The mark cannot be written either, and the caller is not served the token.
#[test]
fn a_refused_token_is_not_printed_from_a_full_disk() {
    let Some(disk) = Disk::new(3600) else { return };
    disk.server.revoke_everything();
    disk.leave(0);
    let args = ["token", "--rejected", &disk.server.url()];
    let mut command = disk.sandbox.command(&args);
    command.env("GLAUTH_STORE", &disk.store);
    let mut inside = disk.mounts.inside(&command);
    let refused = Running::spawn_with_input(&mut inside, &disk.old.access_token).finish();
    refused.fails(5);
    assert_eq!(disk.server.refresh_requests(), 0);
}

#[test]
fn a_token_that_lives_too_briefly_for_a_demand_is_not_printed_from_a_full_disk() {
    let Some(disk) = Disk::new(30) else { return };
    let before = disk.record();
    disk.leave(0);
    let url = disk.server.url();
    disk.start(&["token", "--min-ttl", "10m", &url])
        .finish()
        .fails(5);
    disk.nothing_happened(&before);
    // What is fresh enough costs no room.
    let enough = disk.start(&["token", "--min-ttl", "10s", &url]).finish();
    assert_eq!(enough.prints(), disk.old.access_token);
}

#[test]
fn however_little_room_is_left_a_refresh_happens_as_a_whole_or_not_at_all() {
    let Some(disk) = Disk::new(-5) else { return };
    let before = disk.record();
    let mut failures = 0;
    for blocks in 0.. {
        disk.leave(blocks);
        let token = disk.token();
        if token.code() == Some(0) {
            assert!(disk.server.is_alive(&token.prints()));
            break;
        }
        let said = token.fails(5);
        assert!(said.contains("no space left for `"), "{said}");
        disk.nothing_happened(&before);
        failures += 1;
    }
    // Room for the largest answer, and not only for a record.
    assert!(failures > 64 * 1024 / BLOCK, "{failures}");
    assert_eq!(disk.server.refresh_requests(), 1);
}

#[test]
fn with_files_used_up_a_refresh_happens_as_a_whole_or_not_at_all() {
    let Some(disk) = Disk::new(-5) else { return };
    let before = disk.record();
    for files in 0..2 {
        disk.leave_files(files);
        let said = disk.token().fails(5);
        assert!(said.contains("no space left for `"), "{said}");
        disk.nothing_happened(&before);
        disk.remove_ballast();
    }
    disk.leave_files(2);
    assert!(disk.server.is_alive(&disk.token().prints()));
}

#[test]
fn a_disk_that_fills_up_before_the_answer_comes_still_takes_it() {
    let Some(disk) = Disk::new(-5) else { return };
    let answer = disk.server.hold_answers(TOKEN);
    let refreshing = disk.start(&["token", &disk.server.url()]);
    answer.wait_for(1);
    disk.leave(0);
    answer.release();
    let new = disk.server.current_pair(&disk.old.access_token);
    assert_eq!(refreshing.finish().prints(), new.access_token);
    assert!(disk.record().contains(&new.refresh_token));
    assert_eq!(disk.token().prints(), new.access_token);
    assert_eq!(disk.server.refresh_requests(), 1);
}

/// The largest answer that is taken: every character of its tokens must be escaped.
#[test]
fn the_room_is_enough_for_the_largest_answer() {
    let Some(disk) = Disk::new(-5) else { return };
    // With three quotes in it TOML has no form for it that needs no escapes.
    let token = |length: usize| "'''".to_owned() + &"\\".repeat(length - 3);
    let large = json!({
        "access_token": token(16 * 1024),
        "refresh_token": token(15 * 1024),
        "expires_in": 7200,
    });
    let large = Behaviour::RotateThen(Answer::json(200, &large));
    disk.server.script(TOKEN, large);
    let answer = disk.server.hold_answers(TOKEN);
    let refreshing = disk.start(&["token", &disk.server.url()]);
    answer.wait_for(1);
    disk.leave(0);
    answer.release();
    assert_eq!(refreshing.finish().prints().len(), 16 * 1024);
    assert!(disk.record().len() > 2 * 31 * 1024);
}

#[test]
fn a_login_that_a_full_disk_does_not_take_leaves_the_old_one() {
    let Some(disk) = Disk::new(600) else { return };
    let before = disk.record();
    disk.leave(0);
    let pair = disk.server.log_in();
    let url = disk.server.url();
    let args = ["login", "--import", "--client-id", "the-client", &url];
    let mut command = disk.sandbox.command(&args);
    command.env("GLAUTH_STORE", &disk.store);
    let mut command = disk.mounts.inside(&command);
    let login = Running::spawn_with_input(&mut command, &pair.response).finish();
    login.fails(5);
    disk.server.forget(USER);
    disk.nothing_happened(&before);
}
