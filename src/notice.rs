//! Lines on stderr from a thread of their own: who waits for a lock, or holds one, must not be
//! stopped by a terminal or a pipe that takes nothing.

use std::io::Write as _;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use crate::signals::Held;

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

/// Starts a thread that takes no signal: stuck in a write it may live on while a lock is held, and
/// a signal that it took would end the process in the middle of a refresh.
fn start(speak: impl FnOnce() + Send + 'static) {
    let held = Held::new();
    // Without a thread nothing is said, and nothing else is lost.
    thread::Builder::new().spawn(speak).ok();
    drop(held);
}

/// In one write: the lines of a crowd that shares stderr stay whole.
fn write(text: &str) {
    let line = format!("glauth: {text}\n");
    std::io::stderr().write_all(line.as_bytes()).ok();
}
