//! What the store does not take any more after the server has rotated goes to the rescue place,
//! and comes back from there (P1, P5; DESIGN, step 8).
//!
//! The failure is made by moving the account's folder away while the server holds its answer: it
//! fails for root too.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::authorization_server::{Answer, AuthorizationServer, Behaviour, Pair, TOKEN};
use crate::support::mounts::skipped;
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
        let server = AuthorizationServer::start();
        let (sandbox, old) = Sandbox::logged_in(&server);
        sandbox.ends_in(&server, -5);
        before(&sandbox);
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
    let rescue = rescue_folder(&failed.sandbox.path("run"));
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
    // One request altogether: nobody presented the spent token again.
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
    let mut elsewhere = failed.sandbox.command(&["token", &failed.server.url()]);
    elsewhere.env("XDG_RUNTIME_DIR", failed.sandbox.path("home"));
    Running::spawn(&mut elsewhere).finish().fails(4);
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
        files_in(&rescue_folder(&failed.sandbox.path("run"))),
        [] as [PathBuf; 0]
    );
}

/// Not: it is not there. Nobody presents the spent token because a file was hard to read.
#[test]
fn an_answer_that_cannot_be_read_now_is_waited_for() {
    let failed = Failed::new(|_| {});
    failed.mend_without_answer();
    let [rescued] = &files_in(&rescue_folder(&failed.sandbox.path("run")))[..] else {
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

#[test]
fn a_rescue_folder_that_others_could_have_made_is_passed_over() {
    let loose = |folder: &Path| {
        fs::create_dir(folder).unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let link = |folder: &Path| symlink(folder.with_file_name("elsewhere"), folder).unwrap();
    let makers: [&dyn Fn(&Path); 2] = [&loose, &link];
    for make in makers {
        let failed = Failed::new(|sandbox| {
            fs::create_dir(sandbox.path("run/elsewhere")).unwrap();
            make(&rescue_folder(&sandbox.path("run")));
        });
        assert!(failed.said.contains("safe in `"), "{}", failed.said);
        assert_eq!(
            files_in(&rescue_folder(&failed.sandbox.path("run"))),
            [] as [PathBuf; 0]
        );
        failed.mend_without_answer();
        assert_eq!(failed.run().prints(), failed.new.access_token);
    }
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
        said.contains("the answer to a refresh was lost at 2"),
        "{said}"
    );
    let mut record = sandbox.record(&server);
    let kept = first_grant(&mut record)["refresh_token"].as_str();
    assert_eq!(kept, Some(&*old.refresh_token));
}
