//! The line that moves while a person logs in. The crates that draw such lines load libm, and that is a
//! tenth of the time of a fresh token (P9).

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::cli::printer;
use crate::signals::spawn_with_signals_blocked;
use crate::terminal;
use crate::time::human;

/// What turns.
const STEPS: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// How often it does.
const TICK: Duration = Duration::from_millis(120);

/// Says what is waited for, and how long that can take yet. Dropped, it is gone.
pub(super) struct WaitingLine {
    /// Dropped, it ends the thread.
    lives: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl WaitingLine {
    pub(super) fn new(what: &str, limit: Duration) -> Self {
        let what = what.to_owned();
        let deadline = Instant::now() + limit;
        let (lives, ended) = mpsc::channel();
        let draw = move || {
            for step in STEPS.iter().cycle() {
                let left = human(deadline.saturating_duration_since(Instant::now()));
                printer::redraw(&format!("{step} {what} ({left} left)"));
                if ended.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
            printer::redraw("");
        };
        let thread = spawn_with_signals_blocked(draw).ok();
        terminal::set_moving(thread.is_some());
        Self {
            lives: Some(lives),
            // Without a thread nothing moves.
            thread,
        }
    }
}

impl Drop for WaitingLine {
    fn drop(&mut self) {
        drop(self.lives.take());
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
        terminal::set_moving(false);
    }
}
