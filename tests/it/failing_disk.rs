//! A file system that fails for good in the one window: after the server has rotated, and before
//! the answer is stored (P5, I6). It is ext4 on a loop device that is shut down: from
//! then on each call says EIO, and what was synced before is there again after the next mount.

use std::path::PathBuf;
use std::process::Command;

use crate::support::authorization_server::{AuthorizationServer, Held, Pair, TOKEN};
use crate::support::mounts::{Mounts, is_root, skipped};
use crate::support::sandbox::{Finished, Running, Sandbox};

/// A login whose store is a disk of its own.
struct Disk {
    server: AuthorizationServer,
    sandbox: Sandbox,
    old: Pair,
    store: PathBuf,
    mounts: Mounts,
}

impl Disk {
    /// With an expired login. `None`: not possible here, which is said.
    fn new() -> Option<Self> {
        let there = |name: &str| Command::new(name).arg("-V").output().is_ok();
        if !is_root() || !there("xfs_io") || !there("mkfs.ext4") || !has_loop_devices() {
            skipped(
                "a disk that fails for good: it takes root, loop devices, mkfs.ext4 and xfs_io",
            );
            return None;
        }
        let server = AuthorizationServer::start();
        let (sandbox, old) = Sandbox::logged_in(&server);
        sandbox.ends_in(&server, -5);
        let store = sandbox.path("disk");
        std::fs::create_dir(&store).unwrap();
        let script = "truncate -s 16M \"$IMAGE\"
             mkfs.ext4 -q \"$IMAGE\"
             mount -o loop \"$IMAGE\" \"$DISK\"
             chmod 0700 \"$DISK\"
             cp -a \"$STORE/.\" \"$DISK\"
             sync";
        let image = sandbox.path("image");
        let source = sandbox.store();
        let paths = [("STORE", &*source), ("DISK", &*store), ("IMAGE", &*image)];
        let mounts = Mounts::new(script, &paths)?;
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

    /// A command of the system's, inside.
    fn system(&self, program: &str, args: &[&str]) {
        let mut command = Command::new(program);
        command.args(args).arg(&self.store);
        command.env("PATH", std::env::var_os("PATH").unwrap());
        let done = Running::spawn(&mut self.mounts.inside(&command)).finish();
        assert!(done.status.success(), "{program}: {done:?}");
    }

    fn fail(&self) {
        self.system("xfs_io", &["-x", "-c", "shutdown"]);
    }

    /// The same disk, mounted anew.
    fn mend(&self) {
        self.system("umount", &[]);
        let image = self.sandbox.path("image");
        self.system("mount", &["-o", "loop", image.to_str().unwrap()]);
    }

    /// A refresh that the server has answered, and whose answer it keeps.
    fn rotated(&self, command: &str) -> (Held, Running) {
        let answer = self.server.hold_answers(TOKEN);
        let refreshing = self.start(&[command, "--json", &self.server.url()]);
        answer.wait_for(1);
        (answer, refreshing)
    }
}

fn has_loop_devices() -> bool {
    let found = Command::new("losetup").arg("-f").output();
    found.is_ok_and(|found| found.status.success())
}

#[test]
fn a_disk_that_fails_for_good_after_the_rotation_loses_nothing() {
    let Some(disk) = Disk::new() else { return };
    let (answer, refreshing) = disk.rotated("token");
    disk.fail();
    answer.release();
    let error = refreshing.finish().fails_in_json(5, "store_failed");
    let said = error["message"].as_str().unwrap();
    let new = disk.server.current_pair(&disk.old.access_token);
    assert_ne!(new.access_token, disk.old.access_token);
    let rescued = said.split('`').find(|word| word.contains("glauth-rescue-"));
    let rescued = PathBuf::from(rescued.expect("the name of a file"));
    let text = std::fs::read_to_string(&rescued).unwrap();
    assert!(text.contains(&new.refresh_token), "{said}");

    // As long as it is broken no server is asked, and nothing is made worse.
    disk.token().fails(5);
    assert!(rescued.exists());

    disk.mend();
    assert_eq!(disk.token().prints(), new.access_token);
    assert_eq!(disk.token().prints(), new.access_token);
    assert!(!rescued.exists());
    assert_eq!(disk.server.refresh_requests(), 1);
}

/// What has expired is refreshed before it is revoked.
#[test]
fn a_logout_whose_refresh_cannot_be_stored_says_where_the_tokens_are() {
    let Some(disk) = Disk::new() else { return };
    let (answer, ending) = disk.rotated("logout");
    disk.fail();
    answer.release();
    let error = ending.finish().fails_in_json(5, "store_failed");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("glauth-rescue-")
    );
    let new = disk.server.current_pair(&disk.old.access_token);
    assert!(disk.server.is_alive(&new.access_token));

    disk.mend();
    disk.start(&["logout", &disk.server.url()])
        .finish()
        .succeeds();
    assert!(!disk.server.is_alive(&new.access_token));
    assert_eq!(disk.server.refresh_requests(), 1);
}

#[test]
fn a_disk_that_has_failed_is_found_out_before_the_server_is_asked() {
    let Some(disk) = Disk::new() else { return };
    disk.fail();
    disk.token().fails(5);
    assert_eq!(disk.server.requests().len(), 0);
    disk.mend();
    assert!(disk.server.is_alive(&disk.token().prints()));
    assert_eq!(disk.server.refresh_requests(), 1);
}
