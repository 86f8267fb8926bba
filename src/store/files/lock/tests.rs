//! The lock and processes that share its open file.

use std::process::{Command, Stdio};

use super::*;

/// A fork shares the open file, as a child does that gets a copy of the descriptor.
#[test]
fn a_lock_that_is_dropped_is_free_though_a_child_has_its_descriptor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("default.lock");
    let wait = Wait::in_silence(Instant::now() + Duration::from_secs(20));
    let lock = AccountLock::acquire(&path, &wait).unwrap();
    let shared = lock.file.file.try_clone().unwrap();
    let mut child = Command::new("sleep")
        .arg("60")
        .stdout(Stdio::from(shared))
        .spawn()
        .unwrap();
    drop(lock);
    let free = !is_held(&path).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(free, "the child keeps the lock");
}
