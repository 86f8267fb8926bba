//! The journal: what happened, and whether the test may be content with it.

use std::time::Instant;

use super::message::Request;

/// One request and what became of it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// 1 for the first that arrived.
    pub number: usize,
    /// When it had arrived whole.
    pub at: Instant,
    /// The request.
    pub request: Request,
    /// The status of the answer, once that is on its way; `None` also for one that was lost or
    /// that is not HTTP.
    pub status: Option<u16>,
    /// Whether the test took it out of the count.
    is_forgotten: bool,
}

#[derive(Default)]
pub(super) struct Journal {
    requests: Vec<Recorded>,
    pub(super) mistakes: Vec<String>,
    pub(super) rotations: usize,
    pub(super) replays: usize,
    pub(super) allowed_replays: usize,
    pub(super) mistakes_are_allowed: bool,
}

impl Journal {
    /// Returns the request's number.
    pub(super) fn record(&mut self, request: Request) -> usize {
        let number = self.requests.len() + 1;
        self.requests.push(Recorded {
            number,
            at: Instant::now(),
            request,
            status: None,
            is_forgotten: false,
        });
        number
    }

    pub(super) fn answered(&mut self, number: usize, status: Option<u16>) {
        self.requests[number - 1].status = status;
    }

    /// Every request that counts.
    pub(super) fn requests(&self) -> Vec<Recorded> {
        let counts = |one: &&Recorded| !one.is_forgotten;
        self.requests.iter().filter(counts).cloned().collect()
    }

    /// The requests to this path up to now do not count.
    pub(super) fn forget(&mut self, path: &str) {
        let of_path = |one: &&mut Recorded| one.request.path == path;
        for one in self.requests.iter_mut().filter(of_path) {
            one.is_forgotten = true;
        }
    }

    /// What the test did not declare.
    pub(super) fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.replays > self.allowed_replays {
            complaints.push(format!(
                "spent refresh tokens were presented {} times, {} times allowed",
                self.replays, self.allowed_replays
            ));
        }
        if !self.mistakes_are_allowed {
            complaints.extend_from_slice(&self.mistakes);
        }
        complaints
    }
}
