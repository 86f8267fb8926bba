//! Lines on stderr from a thread of their own: who waits for a lock, or holds one, must not be
//! stopped by a terminal or a pipe that takes nothing.

use std::io::Write as _;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;

use crate::signals::spawn_deaf;

/// Who waits longer than this is told what for.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// Says something at once.
pub fn say(text: String) {
    start(move || write(&text));
}

/// Says something after [`PATIENCE`], unless this is dropped before.
#[derive(Debug)]
#[must_use = "dropped, it says nothing"]
pub struct Notice(#[expect(dead_code, reason = "dropping it ends the wait")] Sender<()>);

impl Notice {
    /// Starts to wait.
    pub fn after_a_while(text: String) -> Self {
        let (alive, dropped) = mpsc::channel();
        let wait = move || {
            if dropped.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                write(&text);
            }
        };
        start(wait);
        Self(alive)
    }
}

/// A thread that speaks may be stuck in a write. Without one nothing is said, and nothing else is lost.
fn start(speak: impl FnOnce() + Send + 'static) {
    spawn_deaf(speak).ok();
}

/// In one write: the lines of a crowd that shares stderr stay whole.
fn write(text: &str) {
    let line = format!("glauth: {text}\n");
    std::io::stderr().write_all(line.as_bytes()).ok();
}
