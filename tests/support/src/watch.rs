//! What a test waits for where nothing tells it: a process that has come to an account's lock, a
//! line on stderr, a condition. Nothing waits without a limit.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::authorization_server::AuthorizationServer;
use super::sandbox::{LIMIT, Running, Sandbox};

/// How often a condition is looked at that nothing announces.
const GLANCE: Duration = Duration::from_millis(1);

/// Blocks until `condition` holds. Panics after [`LIMIT`].
#[track_caller]
pub fn eventually(what_for: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !condition() {
        assert!(Instant::now() < deadline, "waited for {what_for}");
        thread::park_timeout(GLANCE);
    }
}

/// The lock of the default account in the test's own hand, until it is dropped.
pub struct HeldLock(File);

impl HeldLock {
    /// Takes it, which no process may hold.
    #[track_caller]
    pub fn take(sandbox: &Sandbox, server: &AuthorizationServer) -> Self {
        let lock = Self::try_take(&sandbox.file(server, "lock"));
        lock.expect("no process holds the lock")
    }

    /// `None`: a process holds it.
    pub fn try_take(path: &Path) -> Option<Self> {
        let file = File::options().read(true).write(true).open(path).unwrap();
        file.try_lock().ok().map(|()| Self(file))
    }

    /// Whether no process holds it now.
    pub fn is_free(sandbox: &Sandbox, server: &AuthorizationServer) -> bool {
        let lock = Self::try_take(&sandbox.file(server, "lock"));
        let is_free = lock.is_some();
        lock.into_iter().for_each(Self::release);
        is_free
    }

    /// Lets it go.
    pub fn release(self) {
        drop(self);
    }
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        // Not only closed: a child that another test is just starting may have a copy.
        self.0.unlock().unwrap();
    }
}

/// Blocks until each of these processes waits in the kernel for the default account's lock: it
/// has read the record before, and will read it again when it gets the lock.
#[cfg(target_os = "linux")]
#[track_caller]
pub fn wait_until_queued<'a>(
    sandbox: &Sandbox,
    server: &AuthorizationServer,
    processes: impl IntoIterator<Item = &'a Running>,
) {
    wait_until_queued_on(&sandbox.file(server, "lock"), processes);
}

/// The same for any file that is locked.
#[cfg(target_os = "linux")]
#[track_caller]
pub fn wait_until_queued_on<'a>(file: &Path, processes: impl IntoIterator<Item = &'a Running>) {
    let lock = file.metadata().unwrap();
    let mut missing: Vec<u32> = processes.into_iter().map(Running::pid).collect();
    eventually("processes to wait for the lock", || {
        let queued = queued(lock.ino());
        missing.retain(|pid| !queued.contains(pid));
        missing.is_empty()
    });
}

/// Who waits for a lock on the file with this number, as `/proc/locks` tells:
/// `1: -> FLOCK  ADVISORY  WRITE 4711 fe:00:10013009 0 EOF`.
#[cfg(target_os = "linux")]
fn queued(inode: u64) -> Vec<u32> {
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    let of_file = format!(":{inode}");
    let pid = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [_, "->", "FLOCK", _, _, pid, file, ..] if file.ends_with(&of_file) => pid.parse().ok(),
            _ => None,
        }
    };
    locks.lines().filter_map(pid).collect()
}

/// The next line that a running process writes to stderr, without its end.
#[track_caller]
pub fn next_line(process: &mut Running) -> String {
    let mut stderr = process.child.stderr.take().unwrap();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut line = Vec::new();
        let mut byte = [0];
        while stderr.read(&mut byte).is_ok_and(|read| read == 1) && byte != *b"\n" {
            line.push(byte[0]);
        }
        drop(sender.send((line, stderr)));
    });
    let (line, stderr) = receiver.recv_timeout(LIMIT).expect("a line on stderr");
    process.child.stderr = Some(stderr);
    String::from_utf8(line).unwrap()
}
