//! File systems of a test's own, in a mount namespace that ends with the test, however that ends.
//!
//! Root may make one, and an ordinary user where the system has user namespaces for them.
//! Elsewhere a test that wants one says so in one line and passes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use super::sandbox::{LIMIT, Sandbox, wrapped};

/// Does as it is told, stops at the first failure, and then stays until its input ends.
const SHELL: [&str; 3] = ["sh", "-ec", "eval \"$SCRIPT\"; echo ready; exec cat"];

/// Says on the real stderr, where the test harness does not swallow it, what was not tried.
pub fn skipped(why: &str) {
    let line = format!("skipped: {why}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

/// A mount namespace. Everything in it goes when this is dropped.
pub struct Mounts {
    holder: Child,
}

impl Mounts {
    /// A namespace in which `script` was run, with paths as `$NAME`. `None` where there is none to
    /// be had, which is said on stderr.
    pub fn new(script: &str, paths: &[(&str, &Path)]) -> Option<Self> {
        let probe = unshare()
            .args(["sh", "-c", "mount -t tmpfs tmpfs /mnt"])
            .stderr(Stdio::null())
            .status();
        if !probe.is_ok_and(|status| status.success()) {
            skipped("file systems of its own: neither root nor user namespaces");
            return None;
        }
        let holder = unshare()
            .args(SHELL)
            .env("SCRIPT", script)
            .envs(paths.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut mounts = Self { holder };
        let stdout = mounts.holder.stdout.take().unwrap();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
            sender.send(lines.any(|line| line == "ready")).ok();
        });
        let ready = receiver.recv_timeout(LIMIT).expect("the mounts in time");
        assert!(ready, "the mounts failed: {script}");
        Some(mounts)
    }

    /// The same command inside, with its output in pipes.
    pub fn inside(&self, command: &Command) -> Command {
        wrapped(self.enter(), command)
    }

    /// Where a path of the inside is, seen from outside.
    pub fn path(&self, inside: &Path) -> PathBuf {
        let root = format!("/proc/{}/root", self.holder.id());
        Path::new(&root).join(inside.strip_prefix("/").unwrap())
    }

    fn enter(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--mount", "--target", &self.holder.id().to_string()]);
        if !is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg("--");
        command
    }
}

impl Drop for Mounts {
    fn drop(&mut self) {
        drop(self.holder.kill());
        drop(self.holder.wait());
    }
}

fn unshare() -> Command {
    let mut command = Command::new("unshare");
    command.arg("--mount");
    if !is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command
}

/// Whether modes do not bind this process.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Lets a command be another user's, whose everything in the sandbox then is; for root. `false`: not
/// possible here, which is said.
pub fn become_other(sandbox: &Sandbox, command: &mut Command, user: u32) -> bool {
    let mut probe = sandbox.command(&["--version"]);
    let probe = probe.current_dir("/").uid(user).gid(user).status();
    if !probe.is_ok_and(|status| status.success()) {
        skipped("what another user does: the binary is not where others may run it");
        return false;
    }
    own(&sandbox.path(""), user);
    command.current_dir("/").uid(user).gid(user);
    true
}

fn own(path: &Path, user: u32) {
    chown(path, Some(user), Some(user)).unwrap();
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            own(&entry.unwrap().path(), user);
        }
    }
}
