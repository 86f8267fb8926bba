//! `.toml.answer` and `.toml.new`, as a process that died may have left them: what counts is put
//! in place, and nothing else is believed, followed or kept.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};

use crate::crash::{END, dead_at};
use crate::support::authorization_server::{AuthorizationServer, Pair};
use crate::support::mounts::{is_root, skipped};
use crate::support::sandbox::{Running, Sandbox, first_grant};

/// A store in which a refresh died with its answer whole and not yet in place, and which can be
/// put back to that.
struct Left {
    server: AuthorizationServer,
    sandbox: Sandbox,
    old: Pair,
    record: String,
    answer: String,
}

impl Left {
    fn new() -> Option<Self> {
        let (server, sandbox, old) = dead_at("written:kill")?;
        let record = sandbox.record_text(&server);
        let answer = fs::read_to_string(sandbox.file(&server, "toml.answer")).unwrap();
        Some(Self {
            server,
            sandbox,
            old,
            record,
            answer,
        })
    }

    fn path(&self) -> PathBuf {
        self.sandbox.file(&self.server, "toml.answer")
    }

    /// The same record, and this for the answer.
    fn put(&self, answer: &str) {
        put(&self.sandbox.file(&self.server, "toml"), &self.record);
        put(&self.path(), answer);
    }

    fn answer_with(&self, change: impl FnOnce(&mut toml::Table)) -> String {
        let mut table: toml::Table = self.answer.parse().unwrap();
        change(&mut table);
        toml::to_string(&table).unwrap() + END
    }

    /// The answer is not taken for one: the attempt was cut off, and the server says the rest.
    #[track_caller]
    fn is_not_believed(&self, answer: &str) {
        let requests = self.server.refresh_requests();
        self.server.allow_replays(self.server.replays() + 1);
        self.put(answer);
        let said = self.run().fails(3);
        assert!(said.contains("the answer to a refresh was lost"), "{said}");
        assert_eq!(self.server.refresh_requests(), requests + 1);
        let mut record = self.sandbox.record(&self.server);
        let kept = first_grant(&mut record)["refresh_token"].as_str();
        assert_eq!(kept, Some(&*self.old.refresh_token));
        assert!(!self.path().exists());
    }

    /// The store cannot be used as it is; no process touches it or asks the server.
    #[track_caller]
    fn stops_everybody(&self, code: &str) {
        let requests = self.server.requests().len();
        let record = self.sandbox.record_text(&self.server);
        let url = self.server.url();
        for args in [&["token", "--json", &url], &["refresh", "--json", &url]] {
            let error = self.sandbox.run(args).fails_in_json(5, code);
            let message = error["message"].as_str().unwrap();
            assert!(message.contains("default.toml.answer"), "{message}");
        }
        assert_eq!(self.server.requests().len(), requests);
        assert_eq!(self.sandbox.record_text(&self.server), record);
    }

    #[track_caller]
    fn is_finished(&self) {
        let new = self.server.current_pair(&self.old.access_token);
        assert_eq!(self.run().prints(), new.access_token);
        assert_eq!(self.server.refresh_requests(), 1);
        assert!(!self.path().exists());
    }

    fn run(&self) -> crate::support::sandbox::Finished {
        self.sandbox.run(&["token", &self.server.url()])
    }
}

/// Writes a file as the store would have it.
fn put(path: &Path, text: &str) {
    drop(fs::remove_file(path));
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn an_answer_that_is_cut_anywhere_is_not_believed() {
    let Some(left) = Left::new() else { return };
    for tenth in 0..10 {
        let end = left.answer.len() * tenth / 10;
        left.is_not_believed(&left.answer[..end]);
    }
    left.is_not_believed(left.answer.strip_suffix('\n').unwrap());
}

#[test]
fn an_answer_of_another_attempt_is_not_believed() {
    let Some(left) = Left::new() else { return };
    for sequence in [0, 2] {
        left.is_not_believed(&left.answer_with(|answer| {
            answer["last_attempt"]["sequence"] = sequence.into();
        }));
    }
}

#[test]
fn an_answer_that_ends_no_attempt_or_is_another_account_s_is_not_believed() {
    let Some(left) = Left::new() else { return };
    left.is_not_believed(&left.answer_with(|answer| {
        answer["last_attempt"]["outcome"] = "pending".into();
    }));
    left.is_not_believed(&left.answer_with(|answer| {
        answer.remove("last_attempt");
    }));
    left.is_not_believed(&left.answer_with(|answer| {
        answer["account"] = "other".into();
    }));
}

#[test]
fn an_answer_of_a_newer_version_stops_everybody_until_its_writer_comes() {
    let Some(left) = Left::new() else { return };
    let newer = left.answer_with(|answer| {
        answer["version"] = 2.into();
        answer["last_attempt"] = "as that version has it".into();
    });
    let value = left.answer_with(|answer| {
        first_grant(answer).insert("state".to_owned(), "as that version has it".into());
    });
    for newer in [newer, value] {
        left.put(&newer);
        left.stops_everybody("unsupported_version");
        assert_eq!(fs::read_to_string(left.path()).unwrap(), newer);
    }
    left.put(&left.answer);
    left.is_finished();
}

#[test]
fn an_answer_that_is_a_link_is_not_followed() {
    let Some(left) = Left::new() else { return };
    let elsewhere = left.sandbox.path("elsewhere");
    fs::rename(left.path(), &elsewhere).unwrap();
    symlink(&elsewhere, left.path()).unwrap();
    left.stops_everybody("permission");
    assert_eq!(fs::read_link(left.path()).unwrap(), elsewhere);
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), left.answer);
}

#[test]
fn an_answer_that_others_may_write_is_not_believed() {
    let Some(left) = Left::new() else { return };
    let mode = |mode| fs::set_permissions(left.path(), fs::Permissions::from_mode(mode)).unwrap();
    for loose in [0o604, 0o660] {
        mode(loose);
        left.stops_everybody("permission");
    }
    mode(0o600);
    left.is_finished();
}

#[test]
fn an_answer_that_belongs_to_another_user_is_not_believed() {
    if !is_root() {
        return skipped("an answer of another user's, which only root can make");
    }
    let Some(left) = Left::new() else { return };
    chown(left.path(), Some(65534), None).unwrap();
    left.stops_everybody("permission");
    chown(left.path(), Some(0), None).unwrap();
    left.is_finished();
}

#[test]
fn an_answer_that_is_a_pipe_blocks_no_call() {
    let Some(left) = Left::new() else { return };
    fs::remove_file(left.path()).unwrap();
    nix::unistd::mkfifo(&left.path(), nix::sys::stat::Mode::S_IRWXU).unwrap();
    left.stops_everybody("permission");
}

/// Where no attempt is pending it means nothing, whatever it says.
#[test]
fn an_answer_that_no_process_waits_for_is_overwritten() {
    let Some(left) = Left::new() else { return };
    left.is_finished();
    // Whole, of the right sequence, and stale: its refresh token would be spent.
    left.sandbox
        .run(&["refresh", "--force", &left.server.url()])
        .succeeds();
    let current = left.server.current_pair(&left.old.access_token);
    put(&left.path(), &left.answer);
    assert_eq!(left.run().prints(), current.access_token);
    left.sandbox.ends_in(&left.server, -5);
    let renewed = left.run().prints();
    assert!(left.server.is_alive(&renewed));
    assert!(!left.path().exists());
}

#[test]
fn a_link_in_the_place_of_the_room_is_replaced_and_not_followed() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let elsewhere = sandbox.path("elsewhere");
    fs::write(&elsewhere, "somebody's").unwrap();
    for ending in ["toml.answer", "toml.new"] {
        symlink(&elsewhere, sandbox.file(&server, ending)).unwrap();
    }
    assert!(server.is_alive(&sandbox.run(&["token", &server.url()]).prints()));
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "somebody's");
    for ending in ["toml.answer", "toml.new"] {
        assert!(fs::symlink_metadata(sandbox.file(&server, ending)).is_err());
    }
}

#[test]
fn a_record_that_was_being_written_is_never_read() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let new = sandbox.file(&server, "toml.new");
    let other = sandbox
        .record_text(&server)
        .replace(&pair.access_token, "another");
    put(&new, &other);
    assert_eq!(
        sandbox.run(&["token", &server.url()]).prints(),
        pair.access_token
    );
    sandbox.ends_in(&server, -5);
    assert!(server.is_alive(&sandbox.run(&["token", &server.url()]).prints()));
    assert!(!new.exists());
}

#[test]
fn a_login_and_a_logout_remove_what_is_left() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let answer = sandbox.file(&server, "toml.answer");
    put(&answer, &sandbox.record_text(&server));
    sandbox.log_in(&server);
    assert!(!answer.exists());
    put(&answer, &sandbox.record_text(&server));
    sandbox
        .run(&["logout", "--local", &server.url()])
        .succeeds();
    assert!(!answer.exists());
}

/// Options of strace's that let these calls fail where they are about `path`.
fn failing<'a>(path: &'a str, calls: &'a str) -> [&'a str; 6] {
    ["-o", "/dev/null", "-P", path, "-e", calls]
}

/// What is handed out must be safe somewhere, and nowhere else.
#[test]
#[cfg(target_os = "linux")]
fn an_answer_that_cannot_be_synced_is_written_anew_and_removed() {
    let Some(left) = Left::new() else { return };
    let path = left.path();
    let options = failing(path.to_str().unwrap(), "inject=fsync:error=EIO");
    let args = ["token", &left.server.url()];
    let Some(mut traced) = left.sandbox.under_strace(&options, &args) else {
        return skipped("strace is not installed");
    };
    let new = left.server.current_pair(&left.old.access_token);
    assert_eq!(
        Running::spawn(&mut traced).finish().prints(),
        new.access_token
    );
    assert!(!path.exists());
}

#[test]
#[cfg(target_os = "linux")]
fn a_login_that_cannot_be_put_in_place_leaves_no_tokens_beside_it() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    let new = server.log_in();
    let path = sandbox.file(&server, "toml.new");
    let options = failing(path.to_str().unwrap(), "inject=rename:error=EIO");
    let (id, url) = (server.client_id(), server.url());
    let args = ["login", "--import", "--client-id", &id, &url];
    let Some(mut traced) = sandbox.under_strace(&options, &args) else {
        return skipped("strace is not installed");
    };
    Running::spawn_with_input(&mut traced, &new.response)
        .finish()
        .fails(5);
    assert!(!path.exists());
    assert_eq!(sandbox.run(&["token", &url]).prints(), old.access_token);
}
