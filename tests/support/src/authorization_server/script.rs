//! The scripts: what the server does instead of the usual.

use std::collections::{HashMap, VecDeque};

use super::message::Answer;

/// What is done about one request.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// Nothing is done; this is the answer.
    Answer(Answer),
    /// Nothing is done; the connection is closed, as if the request had never arrived.
    LoseRequest,
    /// What was asked is done; the connection is closed without an answer.
    LoseAnswer,
    /// What was asked is done (a token request rotates); this is the answer all the same.
    RotateThen(Answer),
    /// What was asked is done; these bytes are made of its answer.
    Rewrap(fn(&Answer) -> Vec<u8>),
    /// Nothing is done; these bytes are sent, HTTP or not.
    Raw(Vec<u8>),
}

#[derive(Default)]
pub(super) struct Scripts {
    by_path: HashMap<String, Script>,
}

#[derive(Default)]
struct Script {
    queue: VecDeque<Behaviour>,
    always: Option<Behaviour>,
}

impl Scripts {
    pub(super) fn queue(&mut self, path: &str, behaviour: Behaviour) {
        self.of(path).queue.push_back(behaviour);
    }

    pub(super) fn always(&mut self, path: &str, behaviour: Option<Behaviour>) {
        self.of(path).always = behaviour;
    }

    /// `None`: the usual.
    pub(super) fn next(&mut self, path: &str) -> Option<Behaviour> {
        let script = self.by_path.get_mut(path)?;
        script.queue.pop_front().or_else(|| script.always.clone())
    }

    fn of(&mut self, path: &str) -> &mut Script {
        self.by_path.entry(path.to_owned()).or_default()
    }
}
