//! What the store does not take any more after the server has rotated goes to the rescue place,
//! and comes back from there (P1, P5, I6).
//!
//! The failure is made by moving the account's folder away while the server holds its answer: it
//! fails for root too.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::crash::{END, dead_at};
use crate::support::authorization_server::{Answer, AuthorizationServer, Behaviour, Pair, TOKEN};
use crate::support::mounts::{Mounts, skipped};
use crate::support::refresher::refresher_of;
use crate::support::sandbox::{Finished, Running, Sandbox, first_grant};

/// An expired login whose refresh could not be stored.
struct Failed {
    server: AuthorizationServer,
    sandbox: Sandbox,
    new: Pair,
    said: String,
}

impl Failed {
    /// `before` prepares the sandbox.
    fn new(before: impl FnOnce(&Sandbox)) -> Self {
        Self::with(|sandbox, _| before(sandbox))
    }

    /// The same, with the server.
    fn with(before: impl FnOnce(&Sandbox, &AuthorizationServer)) -> Self {
        let server = AuthorizationServer::start();
        let (sandbox, old) = Sandbox::logged_in(&server);
        sandbox.ends_in(&server, -5);
        before(&sandbox, &server);
        let answer = server.hold_answers(TOKEN);
        let refreshing = sandbox.start(&["token", &server.url()]);
        answer.wait_for(1);
        let folder = folder(&sandbox, &server);
        fs::rename(&folder, sandbox.path("away")).unwrap();
        fs::write(&folder, "not a folder").unwrap();
        answer.release();
        let said = refreshing.finish().fails(5);
        let new = server.current_pair(&old.access_token);
        Self {
            server,
            sandbox,
            new,
            said,
        }
    }

    /// The folder is where it was.
    fn mend(&self) {
        let folder = folder(&self.sandbox, &self.server);
        fs::remove_file(&folder).unwrap();
        fs::rename(self.sandbox.path("away"), folder).unwrap();
    }

    /// The same, without the room that was filled out there.
    fn mend_without_answer(&self) {
        self.mend();
        fs::remove_file(self.sandbox.file(&self.server, "toml.answer")).unwrap();
    }

    fn run(&self) -> Finished {
        self.sandbox.run(&["token", &self.server.url()])
    }
}

fn folder(sandbox: &Sandbox, server: &AuthorizationServer) -> PathBuf {
    sandbox.file(server, "toml").parent().unwrap().to_owned()
}

fn rescue_folder(scratch: &Path) -> PathBuf {
    let user = nix::unistd::geteuid();
    scratch.join(format!("glauth-rescue-{user}"))
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn an_answer_that_cannot_be_stored_is_rescued_and_found_by_the_next_process() {
    let failed = Failed::new(|_| {});
    // Beside the store.
    let rescue = rescue_folder(&failed.sandbox.path(""));
    let [rescued] = &files_in(&rescue)[..] else {
        panic!("one file in {}", rescue.display());
    };
    assert!(
        failed.said.contains(rescued.to_str().unwrap()),
        "{}",
        failed.said
    );
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(&rescue), mode(rescued)), (0o700, 0o600));

    failed.mend_without_answer();
    assert_eq!(failed.run().prints(), failed.new.access_token);
    let mut record = failed.sandbox.record(&failed.server);
    let grant = first_grant(&mut record);
    assert_eq!(
        grant["refresh_token"].as_str(),
        Some(&*failed.new.refresh_token)
    );
    assert_eq!(grant["state"].as_str(), Some("active"));
    assert_eq!(record["last_attempt"]["outcome"].as_str(), Some("rotated"));
    assert_eq!(files_in(&rescue), [] as [PathBuf; 0]);
    // One request altogether: no process presented the spent token again.
    assert_eq!(failed.server.refresh_requests(), 1);
}

#[test]
fn a_failed_store_has_a_code_of_its_own() {
    let failed = Failed::new(|_| {});
    failed.mend_without_answer();
    failed.run().succeeds();
    // Once more, as a script sees it.
    failed.sandbox.ends_in(&failed.server, -5);
    let answer = failed.server.hold_answers(TOKEN);
    let refreshing = failed
        .sandbox
        .start(&["token", "--json", &failed.server.url()]);
    answer.wait_for(1);
    let folder = folder(&failed.sandbox, &failed.server);
    fs::rename(&folder, failed.sandbox.path("away")).unwrap();
    fs::write(&folder, "not a folder").unwrap();
    answer.release();
    refreshing.finish().fails_in_json(5, "store_failed");
}

#[test]
fn a_rescued_answer_is_found_for_a_doubtful_grant_too() {
    let failed = Failed::new(|_| {});
    failed.mend_without_answer();
    // A process that does not look there, and that the server puts off.
    let unavailable = Behaviour::Answer(Answer::new(503));
    failed.server.script(TOKEN, unavailable);
    let rescue = rescue_folder(&failed.sandbox.path(""));
    let out_of_sight = failed.sandbox.path("out of sight");
    fs::rename(&rescue, &out_of_sight).unwrap();
    failed.run().fails(4);
    fs::rename(&out_of_sight, &rescue).unwrap();
    let mut record = failed.sandbox.record(&failed.server);
    assert_eq!(first_grant(&mut record)["state"].as_str(), Some("doubtful"));

    assert_eq!(failed.run().prints(), failed.new.access_token);
    let mut record = failed.sandbox.record(&failed.server);
    assert_eq!(first_grant(&mut record)["state"].as_str(), Some("active"));
    assert_eq!(failed.server.rotations(), 1);
}

/// The room was filled out of our sight: it counts, and the copy of it goes.
#[test]
fn no_copy_stays_behind_where_the_answer_itself_turns_up_again() {
    let failed = Failed::new(|_| {});
    failed.mend();
    assert_eq!(failed.run().prints(), failed.new.access_token);
    assert_eq!(failed.server.refresh_requests(), 1);
    assert_eq!(
        files_in(&rescue_folder(&failed.sandbox.path(""))),
        [] as [PathBuf; 0]
    );
}

/// Not: it is not there. No process presents the spent token because a file was hard to read.
#[test]
fn an_answer_that_cannot_be_read_now_is_waited_for() {
    let failed = Failed::new(|_| {});
    failed.mend_without_answer();
    let [rescued] = &files_in(&rescue_folder(&failed.sandbox.path("")))[..] else {
        panic!("one file");
    };
    fs::set_permissions(rescued, fs::Permissions::from_mode(0o644)).unwrap();
    let said = failed.run().fails(5);
    assert!(said.contains(rescued.to_str().unwrap()), "{said}");
    assert_eq!(failed.server.refresh_requests(), 1);

    fs::set_permissions(rescued, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(failed.run().prints(), failed.new.access_token);
    assert_eq!(failed.server.refresh_requests(), 1);
}

/// What is there under our name and not ours says nothing of our answers.
#[test]
fn a_link_or_a_file_in_place_of_a_rescue_folder_is_passed_over() {
    let link = |folder: &Path| symlink(folder.with_file_name("elsewhere"), folder).unwrap();
    let file = |folder: &Path| fs::write(folder, "").unwrap();
    let makers: [&dyn Fn(&Path); 2] = [&link, &file];
    for make in makers {
        let failed = Failed::new(|sandbox| {
            fs::create_dir(sandbox.path("elsewhere")).unwrap();
            make(&rescue_folder(&sandbox.path("")));
        });
        let home = rescue_folder(&failed.sandbox.path("home"));
        assert!(
            failed.said.contains(home.to_str().unwrap()),
            "{}",
            failed.said
        );
        assert_eq!(
            files_in(&failed.sandbox.path("elsewhere")),
            [] as [PathBuf; 0]
        );
        failed.mend_without_answer();
        assert_eq!(failed.run().prints(), failed.new.access_token);
        assert_eq!(failed.server.refresh_requests(), 1);
    }
}

/// Others could have put an answer there, and ours may be among them: neither is it read, nor is the
/// spent token presented.
#[test]
fn a_rescue_folder_of_ours_that_is_open_to_others_is_an_error_with_its_chmod() {
    let failed = Failed::new(|_| {});
    failed.mend_without_answer();
    let rescue = rescue_folder(&failed.sandbox.path(""));
    fs::set_permissions(&rescue, fs::Permissions::from_mode(0o755)).unwrap();
    let args = ["token", "--json", &failed.server.url()];
    let error = failed.sandbox.run(&args).fails_in_json(5, "permission");
    let hint = error["hint"].as_str().unwrap();
    assert_eq!(failed.server.refresh_requests(), 1);

    let command = hint.split('`').nth(1).unwrap();
    assert!(command.contains(rescue.to_str().unwrap()), "{hint}");
    let mended = Command::new("sh").args(["-c", command]).status().unwrap();
    assert!(mended.success(), "{command}");
    assert_eq!(failed.run().prints(), failed.new.access_token);
    assert_eq!(failed.server.refresh_requests(), 1);
}

/// Nothing but /var/tmp takes it: the folder there has a name that no other user can occupy before.
#[test]
fn where_store_and_home_take_nothing_the_answer_goes_to_a_folder_that_no_other_user_can_occupy() {
    let failed = Failed::new(|sandbox| {
        fs::write(rescue_folder(&sandbox.path("")), "").unwrap();
        fs::write(rescue_folder(&sandbox.path("home")), "").unwrap();
    });
    let Some(rescued) = failed.said.split('`').find(|word| word.contains("rescue")) else {
        panic!("{}", failed.said);
    };
    let rescued = PathBuf::from(rescued);
    let folder = rescued.parent().unwrap().to_owned();
    if !folder.starts_with("/var/tmp") {
        return skipped("the rescue place in /var/tmp: it is in memory here, or closed");
    }
    let name = folder.file_name().unwrap().to_str().unwrap();
    let user = nix::unistd::geteuid();
    assert!(
        name.starts_with(&format!("glauth-rescue-{user}-")),
        "{name}"
    );
    let mode = folder.metadata().unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode, 0o700);
    failed.mend_without_answer();
    assert_eq!(failed.run().prints(), failed.new.access_token);
    assert!(!rescued.exists());
    drop(fs::remove_dir(folder));
    assert_eq!(failed.server.refresh_requests(), 1);
}

/// Where nothing lasts, the message says how long the copy does.
#[test]
fn a_place_in_memory_comes_last_and_the_message_says_how_long_it_lasts() {
    let sandbox = Sandbox::new();
    let script = "for place in \"$HOME_FOLDER\" \"$SCRATCH\" /var/tmp; do mount -t tmpfs tmpfs \"$place\"; done";
    let (home, scratch) = (sandbox.path("home"), sandbox.path("run"));
    let paths = [("HOME_FOLDER", &*home), ("SCRATCH", &*scratch)];
    let Some(mounts) = Mounts::new(script, &paths) else {
        return;
    };
    for (beside_is_there, said) in [
        (true, "`, where the next call finds them"),
        (false, "only until "),
    ] {
        let server = AuthorizationServer::start();
        let old = sandbox.log_in(&server);
        sandbox.ends_in(&server, -5);
        let beside = rescue_folder(&sandbox.path(""));
        if !beside_is_there {
            fs::write(&beside, "").unwrap();
        }
        let answer = server.hold_answers(TOKEN);
        let mut command = mounts.inside(&sandbox.command(&["token", &server.url()]));
        let refreshing = Running::spawn(&mut command);
        answer.wait_for(1);
        let folder = folder(&sandbox, &server);
        fs::rename(&folder, sandbox.path("away")).unwrap();
        fs::write(&folder, "not a folder").unwrap();
        answer.release();
        let message = refreshing.finish().fails(5);
        assert!(message.contains(said), "{message}");
        fs::remove_file(&folder).unwrap();
        fs::rename(sandbox.path("away"), &folder).unwrap();
        fs::remove_file(sandbox.file(&server, "toml.answer")).unwrap();
        let new = server.current_pair(&old.access_token).access_token;
        let mut command = mounts.inside(&sandbox.command(&["token", &server.url()]));
        assert_eq!(Running::spawn(&mut command).finish().prints(), new);
        assert_eq!(server.refresh_requests(), 1);
        drop(fs::remove_dir(&beside));
    }
}

/// Another version, or a process with another environment, may have put it there.
#[test]
fn every_place_is_searched() {
    for place in ["home", "run", "tmp"] {
        let failed = Failed::new(|_| {});
        failed.mend_without_answer();
        let there = rescue_folder(&failed.sandbox.path(place));
        fs::rename(rescue_folder(&failed.sandbox.path("")), &there).unwrap();
        assert_eq!(failed.run().prints(), failed.new.access_token, "{place}");
        assert_eq!(failed.server.refresh_requests(), 1);
        assert_eq!(files_in(&there), [] as [PathBuf; 0]);
    }
}

/// The restored record is active and knows of no attempt: its refresh token is spent all the same.
#[test]
fn a_rescued_answer_is_found_for_a_record_that_was_restored_from_a_copy() {
    let mut copy = String::new();
    let failed = Failed::with(|sandbox, server| copy = sandbox.record_text(server));
    failed.mend_without_answer();
    fs::write(failed.sandbox.file(&failed.server, "toml"), copy).unwrap();
    assert_eq!(failed.run().prints(), failed.new.access_token);
    assert_eq!(failed.server.refresh_requests(), 1);
    let rescue = rescue_folder(&failed.sandbox.path(""));
    assert_eq!(files_in(&rescue), [] as [PathBuf; 0]);
}

#[track_caller]
fn is_not_taken(later: i64) {
    let failed = Failed::new(|_| {});
    failed.mend_without_answer();
    let rescue = rescue_folder(&failed.sandbox.path(""));
    let [rescued] = &files_in(&rescue)[..] else {
        panic!("one file in {}", rescue.display());
    };
    let copy = fs::read_to_string(rescued).unwrap();
    failed.run().succeeds();
    // The record has gone on to this very refresh token.
    let mut spent = String::new();
    failed.sandbox.edit(&failed.server, |record| {
        let grant = first_grant(record);
        grant["refresh_token"]
            .as_str()
            .unwrap()
            .clone_into(&mut spent);
        let generation = grant["generation"].as_integer().unwrap() + later;
        grant["generation"] = generation.into();
    });
    failed.sandbox.ends_in(&failed.server, -5);
    let old = rescue.join(&glauth::secret::sha256_hex(&[&spent])[..32]);
    fs::write(&old, copy).unwrap();
    fs::set_permissions(&old, fs::Permissions::from_mode(0o600)).unwrap();
    let new = failed.run().prints();
    assert!(failed.server.is_alive(&new));
    assert_ne!(new, failed.new.access_token);
    assert_eq!(failed.server.refresh_requests(), 2);
}

/// Where refresh tokens do not rotate, an old copy has the name of the current token.
#[test]
fn a_rescued_answer_that_is_no_newer_than_the_login_is_not_taken() {
    for later in [0, 7] {
        is_not_taken(later);
    }
}

/// The answer of a dead process cannot be put in place. A new refresh would remove it, so none is sent.
#[test]
fn a_recovery_that_does_not_reach_the_disk_ends_the_attempt() {
    let Some((server, sandbox, old)) = dead_at("written:kill") else {
        return;
    };
    // Its token has ended meanwhile.
    let answer = sandbox.file(&server, "toml.answer");
    let mut table: toml::Table = fs::read_to_string(&answer).unwrap().parse().unwrap();
    let past = || -> toml::Value {
        "2026-01-01T00:00:00Z"
            .parse::<toml::value::Datetime>()
            .unwrap()
            .into()
    };
    for key in ["issued_at", "expires_at"] {
        first_grant(&mut table).insert(key.to_owned(), past());
    }
    // The answer came before that.
    let attempt = table["last_attempt"].as_table_mut().unwrap();
    for key in ["started_at", "finished_at"] {
        attempt.insert(
            key.to_owned(),
            "2025-01-01T00:00:00Z"
                .parse::<toml::value::Datetime>()
                .unwrap()
                .into(),
        );
    }
    let whole = toml::to_string(&table).unwrap() + END;
    fs::write(&answer, &whole).unwrap();

    let url = server.url();
    let options = [
        "-o",
        "/dev/null",
        "-e",
        "inject=rename,renameat,renameat2:error=EIO",
    ];
    let Some(mut command) = sandbox.under_strace(&options, &["token", &url]) else {
        return skipped("a rename that fails: there is no strace");
    };
    Running::spawn(&mut command).finish().fails(5);
    assert_eq!(fs::read_to_string(&answer).unwrap(), whole);
    assert_eq!(server.refresh_requests(), 1);
    let after_next = sandbox.run(&["token", &url]).prints();
    assert!(server.is_alive(&after_next));
    let replaced = server.current_pair(&old.access_token);
    assert_eq!(after_next, replaced.access_token);
    assert_eq!(server.refresh_requests(), 2);
}

#[test]
fn the_room_is_removed_while_the_answer_is_on_its_way_and_nothing_is_lost() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let answer = server.hold_answers(TOKEN);
    let refreshing = sandbox.start(&["token", &server.url()]);
    answer.wait_for(1);
    fs::remove_file(sandbox.file(&server, "toml.answer")).unwrap();
    answer.release();
    let new = server.current_pair(&old.access_token).access_token;
    assert_eq!(refreshing.finish().succeeds().trim_end(), new);
    assert_eq!(sandbox.run(&["token", &server.url()]).prints(), new);
    assert_eq!(server.refresh_requests(), 1);
}

/// Where no file takes anything any more it is said, and the next process says what was lost.
#[test]
fn an_answer_that_no_place_takes_is_lost_and_that_is_said() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let answer = server.hold_answers(TOKEN);
    // A write beyond the limit fails, and does not end the process.
    let refreshing = sandbox.start(&["token", &server.url()]);
    answer.wait_for(1);
    let pid = refresher_of(&refreshing).pid().to_string();
    let limited = Command::new("prlimit")
        .args(["--pid", &pid, "--fsize=0"])
        .status();
    if !limited.is_ok_and(|status| status.success()) {
        return skipped("a file system that takes nothing any more: there is no `prlimit`");
    }
    answer.release();
    let said = refreshing.finish().fails(5);
    assert!(said.contains("they are lost"), "{said}");

    server.allow_replays(1);
    let said = sandbox.run(&["token", &server.url()]).fails(3);
    assert!(
        said.contains("the answer to a refresh was lost at "),
        "{said}"
    );
    let mut record = sandbox.record(&server);
    let kept = first_grant(&mut record)["refresh_token"].as_str();
    assert_eq!(kept, Some(&*old.refresh_token));
}
