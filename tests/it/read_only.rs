//! A store that is mounted read-only: what is fresh comes out of it without a lock, what is being
//! refreshed elsewhere is waited for, and nothing is refreshed from there (P2, P9). It may also be
//! looser than a store that is written to: a container's mounted secret is made of links, and
//! readable for a group.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::PathBuf;
use std::process::Command;

use crate::support::authorization_server::{AuthorizationServer, Pair, TOKEN};
use crate::support::crash_points::CrashPoint;
use crate::support::mounts::{Mounts, is_root, skipped};
use crate::support::refresher::refresher_of;
use crate::support::sandbox::{Finished, Running, Sandbox, wrapped};
use crate::support::watch::{HeldLock, wait_until_queued};

/// A login, and its store mounted once more, read-only.
struct Mirror {
    server: AuthorizationServer,
    sandbox: Sandbox,
    pair: Pair,
    path: PathBuf,
    mounts: Mounts,
}

impl Mirror {
    /// With a token that ends so many seconds from now. `None`: not possible here, which is said.
    fn new(ends_in: i64) -> Option<Self> {
        let server = AuthorizationServer::start();
        let (sandbox, pair) = Sandbox::logged_in(&server);
        sandbox.ends_in(&server, ends_in);
        let path = sandbox.path("mirror");
        fs::create_dir(&path).unwrap();
        let script = "mount --bind \"$STORE\" \"$MIRROR\"
                      mount -o remount,bind,ro \"$MIRROR\"";
        let paths = [("STORE", &*sandbox.store()), ("MIRROR", &*path)];
        let mounts = Mounts::new(script, &paths)?;
        Some(Self {
            server,
            sandbox,
            pair,
            path,
            mounts,
        })
    }

    /// The binary, looking into the mirror.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.sandbox.command(args);
        command.env("GLAUTH_STORE", &self.path);
        self.mounts.inside(&command)
    }

    fn start(&self, args: &[&str]) -> Running {
        Running::spawn(&mut self.command(args))
    }

    fn token(&self) -> Finished {
        self.start(&["token", &self.server.url()]).finish()
    }

    /// The same through the store itself, which can be written.
    fn token_where_it_can_be_written(&self) -> Finished {
        self.sandbox.run(&["token", &self.server.url()])
    }

    fn file(&self, ending: &str) -> PathBuf {
        self.sandbox.file(&self.server, ending)
    }

    fn record_mode(&self, mode: u32) {
        fs::set_permissions(self.file("toml"), Permissions::from_mode(mode)).unwrap();
    }

    #[track_caller]
    fn fails(&self, code: &str) -> String {
        let url = self.server.url();
        let failed = self.start(&["token", "--json", &url]).finish();
        let error = failed.fails_in_json(5, code);
        error["message"].as_str().unwrap().to_owned()
    }
}

#[test]
fn an_expired_token_in_a_read_only_store_is_not_refreshed() {
    let Some(mirror) = Mirror::new(-5) else {
        return;
    };
    let before = mirror.sandbox.record_text(&mirror.server);
    mirror.fails("read_only");
    assert_eq!(mirror.server.requests().len(), 0);
    assert_eq!(mirror.sandbox.record_text(&mirror.server), before);
}

#[test]
fn a_token_that_lives_is_printed_from_a_read_only_store_with_a_warning() {
    let Some(mirror) = Mirror::new(30) else {
        return;
    };
    let token = mirror.token();
    assert!(
        token.stderr.contains("is on a read-only file system"),
        "{token:?}"
    );
    assert_eq!(token.succeeds(), mirror.pair.access_token.clone() + "\n");
    assert_eq!(mirror.server.requests().len(), 0);
}

#[test]
fn a_fresh_token_comes_from_a_read_only_store_without_a_lock() {
    let Some(mirror) = Mirror::new(600) else {
        return;
    };
    let lock = HeldLock::take(&mirror.sandbox, &mirror.server);
    assert_eq!(mirror.token().prints(), mirror.pair.access_token);
    lock.release();
    fs::remove_file(mirror.file("lock")).unwrap();
    assert_eq!(mirror.token().prints(), mirror.pair.access_token);
}

#[test]
fn a_refresh_in_progress_is_waited_for_in_a_read_only_store() {
    let Some(mirror) = Mirror::new(-5) else {
        return;
    };
    let url = mirror.server.url();
    let answer = mirror.server.hold_answers(TOKEN);
    let refreshing = mirror.sandbox.start(&["token", &url]);
    answer.wait_for(1);
    let looking_on = [
        mirror.start(&["token", &url]),
        mirror.start(&["token", &url]),
    ];
    wait_until_queued(&mirror.sandbox, &mirror.server, &looking_on);
    answer.release();
    let new = refreshing.finish().prints();
    for process in looking_on {
        assert_eq!(process.finish().prints(), new);
    }
    assert_eq!(mirror.server.refresh_requests(), 1);
}

#[test]
fn a_refresh_that_takes_too_long_is_not_waited_for_for_ever_in_a_read_only_store() {
    let Some(mirror) = Mirror::new(-5) else {
        return;
    };
    let url = mirror.server.url();
    let answer = mirror.server.hold_answers(TOKEN);
    let refreshing = mirror.sandbox.start(&["token", &url]);
    answer.wait_for(1);
    let impatient = mirror.start(&["token", "--json", "--lock-timeout", "10ms", &url]);
    let error = impatient.finish().fails_in_json(4, "lock_timeout");
    let holder = refresher_of(&refreshing).name();
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(&holder), "{message}");
    answer.release();
    refreshing.finish().prints();
}

/// No process holds the lock: one that can write there finishes it, and a reader does not pretend to.
#[test]
fn what_a_dead_process_left_is_not_finished_from_a_read_only_store() {
    let Some(point) = CrashPoint::of_the_binary("written:kill") else {
        return;
    };
    let Some(mirror) = Mirror::new(-5) else {
        return;
    };
    let mut dying = mirror.sandbox.command(&["token", &mirror.server.url()]);
    let dying = Running::spawn(point.set(&mut dying));
    dying.finish().fails(4);
    let before = mirror.sandbox.record_text(&mirror.server);
    mirror.fails("read_only");
    assert_eq!(mirror.sandbox.record_text(&mirror.server), before);
    let new = mirror.token_where_it_can_be_written().prints();
    assert_eq!(mirror.token().prints(), new);
    assert_eq!(mirror.server.refresh_requests(), 1);
}

#[test]
fn a_record_that_a_group_may_read_is_read_where_it_is_mounted_read_only_and_nowhere_else() {
    let Some(mirror) = Mirror::new(600) else {
        return;
    };
    mirror.record_mode(0o640);
    assert_eq!(mirror.token().prints(), mirror.pair.access_token);
    let said = mirror.token_where_it_can_be_written().fails(5);
    assert!(
        said.contains("is open to other users (mode 0640)"),
        "{said}"
    );
}

#[test]
fn a_record_that_everybody_may_read_is_refused_everywhere() {
    let Some(mirror) = Mirror::new(600) else {
        return;
    };
    for mode in [0o644, 0o604, 0o602, 0o601] {
        mirror.record_mode(mode);
        let message = mirror.fails("permission");
        assert!(message.contains("is open to other users"), "{message}");
        mirror.token_where_it_can_be_written().fails(5);
    }
}

#[test]
fn a_record_that_is_a_link_is_read_where_it_is_mounted_read_only_and_nowhere_else() {
    let Some(mirror) = Mirror::new(600) else {
        return;
    };
    let record = mirror.file("toml");
    fs::rename(&record, record.with_file_name("..data")).unwrap();
    symlink("..data", &record).unwrap();
    assert_eq!(mirror.token().prints(), mirror.pair.access_token);
    let said = mirror.token_where_it_can_be_written().fails(5);
    assert!(
        said.contains("is a symbolic link, which is not followed"),
        "{said}"
    );
}

#[test]
fn a_link_to_a_pipe_blocks_no_call() {
    let Some(mirror) = Mirror::new(600) else {
        return;
    };
    let record = mirror.file("toml");
    fs::remove_file(&record).unwrap();
    let pipe = record.with_file_name("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    symlink("pipe", &record).unwrap();
    let message = mirror.fails("permission");
    assert!(message.contains("is not a regular file"), "{message}");
}

#[test]
fn a_record_may_be_root_s_and_no_other_user_s() {
    if !is_root() {
        return skipped("records of other users', which only root can make");
    }
    let Some(mirror) = Mirror::new(600) else {
        return;
    };
    let nobody = 65534;
    for folder in [mirror.sandbox.path(""), mirror.sandbox.store()] {
        fs::set_permissions(folder, Permissions::from_mode(0o711)).unwrap();
    }
    let folder = mirror.file("toml").parent().unwrap().to_owned();
    fs::set_permissions(folder, Permissions::from_mode(0o711)).unwrap();
    chown(mirror.file("toml"), Some(0), Some(nobody)).unwrap();
    mirror.record_mode(0o640);

    let mut other = Command::new("setpriv");
    other.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
    let mut command = mirror.sandbox.command(&["token", &mirror.server.url()]);
    command.env("GLAUTH_STORE", &mirror.path);
    let command = wrapped(other, &command);
    let as_other = || Running::spawn(&mut mirror.mounts.inside(&command)).finish();
    let token = as_other();
    if token.code() == Some(127) || token.code() == Some(126) {
        return skipped("another user's look: the binary is not where others may run it");
    }
    assert_eq!(token.prints(), mirror.pair.access_token);

    chown(mirror.file("toml"), Some(4711), Some(nobody)).unwrap();
    let said = as_other().fails(5);
    assert!(
        said.contains("is owned by user 4711, but glauth runs as user nobody (65534)"),
        "{said}"
    );
    let said = mirror.token().fails(5);
    assert!(
        said.contains("is owned by user 4711, but glauth runs as user root (0)"),
        "{said}"
    );
}
