//! Lines on stderr from a thread of their own: a process that waits for a lock, or holds one, must not be
//! stopped by a terminal or a pipe that takes nothing.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::Duration;

use crate::signals::spawn_with_signals_blocked;
use crate::terminal;

/// After this wait, glauth says what it waits for.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// Says something at once.
pub fn say(text: String) {
    start(move || terminal::tell(&text));
}

/// Says something after [`PATIENCE`], unless this is dropped before, or a line moves then.
#[derive(Debug)]
#[must_use = "dropped, it says nothing"]
pub struct Notice(#[expect(dead_code, reason = "dropping it ends the wait")] Sender<()>);

impl Notice {
    /// Starts to wait.
    pub fn after_a_while(text: String) -> Self {
        let (alive, dropped) = mpsc::channel();
        let wait = move || {
            let is_slow = dropped.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout);
            if is_slow && !terminal::is_moving() {
                terminal::tell(&text);
            }
        };
        start(wait);
        Self(alive)
    }
}

/// A thread that speaks may be stuck in a write. Without one nothing is said, and nothing else is lost.
fn start(speak: impl FnOnce() + Send + 'static) {
    spawn_with_signals_blocked(speak).ok();
}
