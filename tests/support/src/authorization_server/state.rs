//! The state: everything that the threads of one server share.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::LIMIT;
use super::assertion::id_of_assertion;
use super::codes::Codes;
use super::devices::Devices;
use super::endpoints;
use super::gate::{Gates, Moment};
use super::grants::Grants;
use super::history::History;
use super::journal::{Journal, Recorded};
use super::message::{Answer, Request};
use super::script::{Behaviour, Scripts};
use super::settings::Settings;
use super::strictness;

/// What one mutex guards.
pub(super) struct State {
    /// `http://127.0.0.1:PORT`, which is also the server's name.
    pub(super) url: String,
    pub(super) settings: Settings,
    pub(super) grants: Grants,
    pub(super) codes: Codes,
    pub(super) devices: Devices,
    pub(super) journal: Journal,
    pub(super) scripts: Scripts,
    pub(super) gates: Gates,
    pub(super) history: History,
    /// The ids of the assertions that were presented (RFC 7523 §3).
    pub(super) assertions: HashSet<String>,
    /// What manages the registration of the client (RFC 7592).
    pub(super) registration_token: String,
}

pub(super) struct Shared {
    state: Mutex<State>,
    journal_changed: Condvar,
    stopped: AtomicBool,
}

/// What a connection gets.
pub(super) enum Reply {
    Answer(Answer),
    Raw(Vec<u8>),
    Nothing,
}

impl Shared {
    pub(super) fn new(url: String, settings: Settings) -> Self {
        Self {
            state: Mutex::new(State {
                url,
                settings,
                grants: Grants::default(),
                codes: Codes::default(),
                devices: Devices::default(),
                journal: Journal::default(),
                scripts: Scripts::default(),
                gates: Gates::default(),
                history: History::default(),
                assertions: HashSet::new(),
                registration_token: String::new(),
            }),
            journal_changed: Condvar::new(),
            stopped: AtomicBool::new(false),
        }
    }

    /// A test that failed with the lock in hand still has a server to drop: no second panic.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// A request has arrived: it gets its number, and the next behaviour of its path.
    pub(super) fn receive(&self, request: &Request) -> (usize, Option<Behaviour>) {
        let mut state = self.lock();
        let mistakes = strictness::mistakes(request, &state.settings, &state.url);
        state.journal.mistakes.extend(mistakes);
        if let Some(id) = id_of_assertion(request)
            && (id.is_empty() || !state.assertions.insert(id))
        {
            let mistake = "an assertion without an id of its own";
            state.journal.mistakes.push(mistake.to_owned());
        }
        let number = state.journal.record(request.clone());
        let behaviour = state.scripts.next(&request.path);
        self.journal_changed.notify_all();
        (number, behaviour)
    }

    pub(super) fn act(&self, request: &Request, behaviour: Option<Behaviour>) -> Reply {
        let mut state = self.lock();
        let reply = match behaviour {
            None => Reply::Answer(endpoints::act(&mut state, request)),
            Some(Behaviour::Answer(answer)) => Reply::Answer(answer),
            Some(Behaviour::LoseRequest) => Reply::Nothing,
            Some(Behaviour::LoseAnswer) => {
                endpoints::act(&mut state, request);
                Reply::Nothing
            }
            Some(Behaviour::RotateThen(answer)) => {
                endpoints::act(&mut state, request);
                Reply::Answer(answer)
            }
            Some(Behaviour::Rewrap(bytes)) => {
                Reply::Raw(bytes(&endpoints::act(&mut state, request)))
            }
            Some(Behaviour::Raw(bytes)) => Reply::Raw(bytes),
        };
        state.remember();
        reply
    }

    /// Before the answer is sent: who has seen it must find it in the journal.
    pub(super) fn answered(&self, number: usize, reply: &Reply) {
        let status = match reply {
            Reply::Answer(answer) => Some(answer.status),
            Reply::Raw(_) | Reply::Nothing => None,
        };
        self.lock().journal.answered(number, status);
        self.journal_changed.notify_all();
    }

    pub(super) fn pass_gates(&self, path: &str, moment: Moment) {
        let gates = self.lock().gates.on_the_way(path, moment);
        for gate in gates {
            gate.pass();
        }
    }

    pub(super) fn wait_until(&self, condition: impl Fn(&[Recorded]) -> bool, what_for: &str) {
        let state = self.lock();
        let (state, timeout) = self
            .journal_changed
            .wait_timeout_while(state, LIMIT, |state| !condition(&state.journal.requests()))
            .unwrap();
        drop(state);
        assert!(!timeout.timed_out(), "waited for {what_for}");
    }
}
