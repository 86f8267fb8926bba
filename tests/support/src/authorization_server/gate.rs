//! A gate: where requests wait until the test lets them go.

use std::sync::{Arc, Condvar, Mutex};

use super::LIMIT;

/// Where in a request's life a gate stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// It was received, and nothing was done about it.
    Request,
    /// It has taken effect, and its answer was not sent.
    Answer,
}

/// A closed gate. Requests wait behind it until it is released, or dropped.
pub struct Held {
    gate: Arc<Gate>,
}

impl Held {
    /// Blocks until `count` requests wait. Panics after [`LIMIT`].
    pub fn wait_for(&self, count: usize) {
        let inside = self.gate.inside.lock().unwrap();
        let (inside, timeout) = self
            .gate
            .arrived
            .wait_timeout_while(inside, LIMIT, |inside| inside.waiting < count)
            .unwrap();
        let waiting = inside.waiting;
        // A panic must not poison the gate: its owner still has to open it.
        drop(inside);
        assert!(
            !timeout.timed_out(),
            "waited for {count} requests to be held on {}, there are {waiting}",
            self.gate.path
        );
    }

    /// Lets those that wait and those that come later pass.
    pub fn release(self) {
        drop(self);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.gate.inside.lock().unwrap().open = true;
        self.gate.opened.notify_all();
    }
}

/// All gates of a server.
#[derive(Default)]
pub(super) struct Gates {
    gates: Vec<Arc<Gate>>,
}

impl Gates {
    pub(super) fn close(&mut self, path: &str, moment: Moment) -> Held {
        let gate = Arc::new(Gate {
            path: path.to_owned(),
            moment,
            inside: Mutex::default(),
            arrived: Condvar::new(),
            opened: Condvar::new(),
        });
        self.gates.push(Arc::clone(&gate));
        Held { gate }
    }

    /// The gates that a request comes to. They are passed without the server's lock.
    pub(super) fn on_the_way(&self, path: &str, moment: Moment) -> Vec<Arc<Gate>> {
        let matching = self.gates.iter();
        matching
            .filter(|gate| gate.path == path && gate.moment == moment)
            .cloned()
            .collect()
    }
}

/// Two conditions, so that an arrival does not wake all those who wait to leave.
pub(super) struct Gate {
    path: String,
    moment: Moment,
    inside: Mutex<Inside>,
    arrived: Condvar,
    opened: Condvar,
}

#[derive(Default)]
struct Inside {
    open: bool,
    waiting: usize,
}

impl Gate {
    pub(super) fn pass(&self) {
        let mut inside = self.inside.lock().unwrap();
        inside.waiting += 1;
        self.arrived.notify_all();
        let (mut inside, timeout) = self
            .opened
            .wait_timeout_while(inside, LIMIT, |inside| !inside.open)
            .unwrap();
        inside.waiting -= 1;
        drop(inside);
        assert!(
            !timeout.timed_out(),
            "waited for a held request to {} to be released",
            self.path
        );
    }
}
