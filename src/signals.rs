//! Signals are held back while an account's lock is held (DESIGN, step 5): a stopped or killed
//! process must not keep everybody's lock or lose an answer that is on its way.
//!
//! They are blocked, not handled: what a signal does (also that it is ignored, as under `nohup`)
//! stays as it was, and happens the moment the lock is free.

use std::marker::PhantomData;
use std::os::unix::thread::JoinHandleExt as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::sys::pthread::{Pthread, pthread_kill, pthread_self};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill};
use nix::unistd::Pid;

use crate::terminal;

/// What a person or a supervisor sends to end or to stop a process.
const HELD_BACK: [Signal; 8] = [
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGPIPE,
    Signal::SIGTSTP,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
];

/// Ends the watching thread; ignored by default, and only ever sent to that thread.
const WAKE: Signal = Signal::SIGURG;

fn held_back() -> SigSet {
    HELD_BACK.into_iter().collect()
}

/// Signals are held back as long as this lives. Threads that are started meanwhile hold them back
/// too. When it goes, those that came take effect.
#[derive(Debug)]
#[must_use = "signals are held back only while this lives"]
pub struct Held {
    before: SigSet,
    watcher: Option<Watcher>,
    /// A mask is a thread's: it must be put back where it was changed.
    stays: PhantomData<*const ()>,
}

#[derive(Debug)]
struct Watcher {
    thread: thread::JoinHandle<()>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    signals: Vec<Signal>,
    /// The lock is free: from now on a signal that the watcher catches is sent on at once.
    over: bool,
}

impl Held {
    /// Holds signals back from here on, in this thread and those that it starts.
    pub fn new() -> Self {
        let before = held_back()
            .thread_swap_mask(SigmaskHow::SIG_BLOCK)
            .unwrap_or_else(|_| SigSet::empty());
        Self {
            before,
            watcher: None,
            stays: PhantomData,
        }
    }

    /// From now on, a thread of its own answers the first signal with one line on stderr:
    /// `glauth: NOTICE`. The thread that holds the lock never writes there.
    pub fn announce(&mut self, notice: String) {
        let mut caught = held_back();
        caught.add(WAKE);
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::clone(&seen);
        // `WAKE` must be blocked in the thread before anybody can send it: a thread inherits.
        let Ok(outer) = caught.thread_swap_mask(SigmaskHow::SIG_BLOCK) else {
            return;
        };
        let thread = thread::Builder::new().spawn(move || watch(&caught, &shared, &notice));
        outer.thread_set_mask().ok();
        // Without a thread the signals still wait; only the notice is missing.
        self.watcher = thread.ok().map(|thread| Watcher { thread, seen });
    }
}

/// Starts a thread that takes no signal: it may live on while a lock is held, and a signal that it took
/// would end the process in the middle of that.
pub fn spawn_deaf(work: impl FnOnce() + Send + 'static) -> std::io::Result<thread::JoinHandle<()>> {
    let held = Held::new();
    let thread = thread::Builder::new().spawn(work);
    drop(held);
    thread
}

impl Default for Held {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(watcher) = self.watcher.take() {
            let came = {
                let mut seen = lock(&watcher.seen);
                seen.over = true;
                std::mem::take(&mut seen.signals)
            };
            // To this thread, which takes them when its mask is put back below. What is sent to the
            // process, the watcher could take once more, and this thread go on meanwhile.
            for signal in came {
                pthread_kill(pthread_self(), signal).ok();
            }
            // Not joined: it may be stuck in a write to a pipe that nobody reads.
            pthread_kill(name_of(&watcher.thread), WAKE).ok();
        }
        self.before.thread_set_mask().ok();
    }
}

/// std and libc disagree in musl on what a thread's name is made of: a number, or an address.
#[allow(clippy::unnecessary_cast, reason = "elsewhere they agree")]
fn name_of(thread: &thread::JoinHandle<()>) -> Pthread {
    thread.as_pthread_t() as Pthread
}

/// The watching thread: remembers what came, and speaks once.
fn watch(caught: &SigSet, seen: &Mutex<Seen>, notice: &str) {
    let mut told = false;
    while let Ok(signal) = caught.wait() {
        let over = {
            let mut seen = lock(seen);
            if !seen.over && signal != WAKE {
                seen.signals.push(signal);
            }
            seen.over
        };
        if over {
            if signal != WAKE {
                send_to_self(signal);
            }
            return;
        }
        if signal != WAKE && !told {
            told = true;
            terminal::tell(notice);
        }
    }
}

fn send_to_self(signal: Signal) {
    kill(Pid::this(), signal).ok();
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the process as a closed pipe ends any program that does not ignore SIGPIPE, as Rust's do:
/// for a standard output that nobody reads any more.
pub fn die_of_broken_pipe() {
    signal_hook::low_level::emulate_default_handler(Signal::SIGPIPE as i32).ok();
}
