//! The history: what the server was after each request, to be put back to.

use super::grants::Grants;
use super::state::State;

/// All that the server had issued, revoked and counted at one moment.
#[derive(Clone)]
pub struct Past {
    grants: Grants,
    rotations: usize,
    replays: usize,
}

/// Empty until a test wants it.
#[derive(Default)]
pub(super) struct History {
    pub(super) moments: Vec<Past>,
    is_written: bool,
}

impl State {
    /// From now on every request is followed by a moment in the history, which begins here.
    pub(super) fn begin_history(&mut self) {
        self.history.is_written = true;
        self.remember();
    }

    /// The history, which ends here.
    pub(super) fn end_history(&mut self) -> Vec<Past> {
        self.history.is_written = false;
        std::mem::take(&mut self.history.moments)
    }

    pub(super) fn remember(&mut self) {
        if self.history.is_written {
            self.history.moments.push(Past {
                grants: self.grants.clone(),
                rotations: self.journal.rotations,
                replays: self.journal.replays,
            });
        }
    }

    /// As if nothing had been since. The journal keeps its requests.
    pub(super) fn go_back(&mut self, past: &Past) {
        self.grants = past.grants.clone();
        self.journal.rotations = past.rotations;
        self.journal.replays = past.replays;
    }
}
