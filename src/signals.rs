//! Signals are held back while an account's lock is held (I7): a stopped or killed process must not
//! keep everybody's lock or lose an answer that is on its way.
//!
//! They are blocked, not handled: what a signal does (also that it is ignored, as under `nohup`)
//! stays as it was, and happens the moment the lock is free. All signals are, but for those that say
//! that the program itself is broken and those that do nothing by default. The C library keeps a few
//! for itself (32 to 34 on Linux), which no program can block.

use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::marker::PhantomData;
use std::os::unix::thread::JoinHandleExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, Once};
use std::thread;

use nix::sys::pthread::{Pthread, pthread_kill, pthread_self};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill};
use nix::unistd::Pid;

use crate::mutex::locked;
use crate::terminal;

#[cfg(feature = "proxy")]
mod pass_on;

#[cfg(feature = "proxy")]
pub use pass_on::SignalsForChild;

/// The program's own faults, which blocked would be the end all the same, and without a trace.
const FAULTS: [Signal; 7] = [
    Signal::SIGSEGV,
    Signal::SIGBUS,
    Signal::SIGFPE,
    Signal::SIGILL,
    Signal::SIGTRAP,
    Signal::SIGSYS,
    Signal::SIGABRT,
];

/// What neither ends nor stops a process that says nothing of it.
const HARMLESS: [Signal; 4] = [
    Signal::SIGCHLD,
    Signal::SIGCONT,
    Signal::SIGURG,
    Signal::SIGWINCH,
];

/// Ends the watching thread; ignored by default, and only ever sent to that thread.
const WAKE: Signal = Signal::SIGURG;

/// Every signal, real-time ones too, but for those above.
fn held_back() -> SigSet {
    let mut signals = SigSet::all();
    for signal in FAULTS.into_iter().chain(HARMLESS) {
        signals.remove(signal);
    }
    signals
}

/// Those of them that have a name. A real-time signal has none, and `SigSet::wait` panics on one: it
/// waits, pending, until signals take effect again.
fn named() -> SigSet {
    let held_back = |signal: &Signal| !FAULTS.contains(signal) && !HARMLESS.contains(signal);
    Signal::iterator().filter(held_back).collect()
}

/// Lets a write beyond the limit on file sizes be an error (EFBIG) that is reported, and not the end of
/// the process. A command that this process becomes has SIGXFSZ as it was: the kernel resets a
/// handler, and a signal that was ignored is left so.
fn outlive_the_limit_on_file_sizes() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if !is_ignored(Signal::SIGXFSZ) {
            let unread = Arc::new(AtomicBool::new(false));
            signal_hook::flag::register(Signal::SIGXFSZ as i32, unread).ok();
        }
    });
}

/// Whether this process ignores a signal, as far as the system says so.
fn is_ignored(signal: Signal) -> bool {
    ignored().is_some_and(|mask| mask & bit(signal) != 0)
}

/// The signals that this process ignores; `None`: the system does not say.
fn ignored() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    u64::from_str_radix(line?.trim(), 16).ok()
}

/// The bit of a signal in such a mask.
fn bit(signal: Signal) -> u64 {
    1 << (signal as i32 - 1)
}

/// Signals are held back as long as this lives. Threads that are started meanwhile hold them back
/// too. When it goes, those that came take effect.
#[derive(Debug)]
#[must_use = "signals are held back only while this lives"]
pub struct BlockedSignals {
    watcher: Option<Watcher>,
    /// A mask is a thread's: it must be put back where it was changed.
    stays: PhantomData<*const ()>,
}

#[derive(Debug)]
struct Watcher {
    thread: thread::JoinHandle<()>,
    seen: Arc<Mutex<SeenSignal>>,
}

#[derive(Debug, Default)]
struct SeenSignal {
    signals: Vec<Signal>,
    /// The lock is free: from now on a signal that the watcher catches is sent on at once.
    over: bool,
}

impl BlockedSignals {
    /// Holds signals back from here on, in this thread and those that it starts.
    pub fn new() -> Self {
        outlive_the_limit_on_file_sizes();
        let before = held_back()
            .thread_swap_mask(SigmaskHow::SIG_BLOCK)
            .unwrap_or_else(|_| SigSet::empty());
        let guards = GUARDS.get();
        if guards == 0 {
            BEFORE.set(Some(before));
            *locked(&HOLDERS) += 1;
        }
        GUARDS.set(guards + 1);
        Self {
            watcher: None,
            stays: PhantomData,
        }
    }

    /// From now on, a thread of its own answers the first signal with one line on stderr:
    /// `glauth: NOTICE`. The thread that holds the lock never writes there.
    pub fn announce(&mut self, notice: String) {
        if ARE_PASSED_ON.load(Ordering::Relaxed) {
            return;
        }
        let mut caught = named();
        caught.add(WAKE);
        let seen = Arc::new(Mutex::new(SeenSignal::default()));
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

thread_local! {
    /// How many there are in this thread: a rename holds two locks, and releases them in any order.
    static GUARDS: Cell<usize> = const { Cell::new(0) };
    /// The mask before the first of them.
    static BEFORE: Cell<Option<SigSet>> = const { Cell::new(None) };
    /// Until what came of it is told.
    static UNTIL_TOLD: RefCell<Option<BlockedSignals>> = const { RefCell::new(None) };
}

/// How many threads of this process hold signals back, and what tells that none does any more.
static HOLDERS: Mutex<usize> = Mutex::new(0);
static NONE_HOLDS: Condvar = Condvar::new();

/// Whether a thread passes every signal on to a child: no other one may take any.
static ARE_PASSED_ON: AtomicBool = AtomicBool::new(false);

/// Whether any thread has used that: the first look at it costs a thousand instructions (P9).
static IS_USED: AtomicBool = AtomicBool::new(false);

impl BlockedSignals {
    /// Whether a signal has come, as far as [`BlockedSignals::announce`] has answered it.
    #[must_use]
    pub fn has_come(&self) -> bool {
        let seen = self.watcher.as_ref().map(|watcher| &watcher.seen);
        seen.is_some_and(|seen| !locked(seen).signals.is_empty())
    }

    /// Signals that came take effect only at [`told`]: if glauth has told a person that it finishes something first, it
    /// also says how that ended.
    pub fn until_told(self) {
        if self.has_come() {
            IS_USED.store(true, Ordering::Relaxed);
            UNTIL_TOLD.with_borrow_mut(|first| {
                first.get_or_insert(self);
            });
        }
    }
}

/// What came of it was told: signals that waited for that take effect.
pub fn told() {
    if IS_USED.load(Ordering::Relaxed) {
        drop(UNTIL_TOLD.take());
    }
}

/// As [`Read::read`], and again after a signal: on a socket with a time limit the system does not go on by itself.
pub fn read_some(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// Starts a thread that takes no signal: it may live on while a lock is held, and a signal that it took
/// would end the process in the middle of that.
pub fn spawn_with_signals_blocked(
    work: impl FnOnce() + Send + 'static,
) -> io::Result<thread::JoinHandle<()>> {
    let held = BlockedSignals::new();
    let thread = thread::Builder::new().spawn(work);
    drop(held);
    thread
}

impl Default for BlockedSignals {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        if let Some(watcher) = self.watcher.take() {
            let came = {
                let mut seen = locked(&watcher.seen);
                seen.over = true;
                std::mem::take(&mut seen.signals)
            };
            // To this thread, which takes them when its mask is put back below. What is sent to the
            // process, the watcher could take once more, and this thread go on meanwhile.
            for signal in came {
                pthread_kill(pthread_self(), signal).ok();
            }
            // Not joined: it may be stuck in a write to a pipe without a reader.
            pthread_kill(name_of(&watcher.thread), WAKE).ok();
        }
        let guards = GUARDS.get() - 1;
        GUARDS.set(guards);
        if guards == 0 {
            if let Some(before) = BEFORE.take() {
                before.thread_set_mask().ok();
            }
            *locked(&HOLDERS) -= 1;
            NONE_HOLDS.notify_all();
        }
    }
}

/// std and libc disagree in musl on what a thread's name is made of: a number, or an address.
#[allow(clippy::unnecessary_cast, reason = "elsewhere they agree")]
fn name_of(thread: &thread::JoinHandle<()>) -> Pthread {
    thread.as_pthread_t() as Pthread
}

/// The watching thread: remembers what came, and speaks once.
fn watch(caught: &SigSet, seen: &Mutex<SeenSignal>, notice: &str) {
    let mut told = false;
    while let Ok(signal) = caught.wait() {
        let over = {
            let mut seen = locked(seen);
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

/// Lets this thread, and what it starts, take every signal, whatever was blocked before.
#[cfg(feature = "cli")]
pub fn unblock() {
    SigSet::empty().thread_set_mask().ok();
}

/// Ends the process as Ctrl-C ends any program that does not ignore SIGINT: for one that was read as a key.
#[cfg(feature = "cli")]
pub fn interrupt() {
    signal_hook::low_level::emulate_default_handler(Signal::SIGINT as i32).ok();
}

/// Ends the process as this signal has ended its child; comes back where it cannot.
#[cfg(feature = "proxy")]
pub fn end_as(signal: i32) {
    signal_hook::low_level::emulate_default_handler(signal).ok();
}

/// Ends the process as a closed pipe ends any program that does not ignore SIGPIPE, as Rust's do:
/// for a standard output whose reader has gone.
#[cfg(feature = "cli")]
pub fn die_of_broken_pipe() {
    signal_hook::low_level::emulate_default_handler(Signal::SIGPIPE as i32).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks_sigterm() -> bool {
        let mask = SigSet::thread_get_mask().unwrap();
        mask.contains(Signal::SIGTERM)
    }

    #[test]
    fn signals_wait_until_the_last_guard_goes_in_whichever_order_they_go() {
        for last_in_first_out in [true, false] {
            let before = blocks_sigterm();
            let (first, second) = (BlockedSignals::new(), BlockedSignals::new());
            let (one, other) = if last_in_first_out {
                (second, first)
            } else {
                (first, second)
            };
            drop(one);
            assert!(blocks_sigterm());
            drop(other);
            assert_eq!(blocks_sigterm(), before);
        }
    }
}
