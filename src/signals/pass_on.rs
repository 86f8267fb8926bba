//! Signals for a command that runs as a child: this process takes each of them and passes it on, and ends only
//! after the command has, with no lock in hand (I7).

use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::AsFd as _;
#[cfg(target_os = "linux")]
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

#[cfg(target_os = "linux")]
use nix::errno::Errno;
#[cfg(target_os = "linux")]
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill};
#[cfg(target_os = "linux")]
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;
#[cfg(not(target_os = "linux"))]
use nix::unistd::{getpgrp, tcgetpgrp};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithRawSiginfo;

use super::{ARE_PASSED_ON, HOLDERS, NONE_HOLDS, bit, held_back, ignored, named, send_to_self};
use crate::mutex::locked;

/// What stops a job.
const STOPS: [Signal; 3] = [Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU];

/// All signals are held back from this process's threads, and wait for a child.
#[derive(Debug)]
pub struct SignalsForChild {
    source: SignalSource,
    /// What the child begins with.
    before: SigSet,
    taken: SigSet,
    /// Those of them that end this process by default, as they come while the child is started.
    caught: SignalsInfo<WithRawSiginfo>,
}

impl SignalsForChild {
    /// Takes all signals from here on. All other threads of this process hold signals back already, and those that this
    /// one starts inherit that. Real-time signals, which have no name, go nowhere.
    pub fn take() -> io::Result<Self> {
        // Without a handler, the kernel of macOS throws it away; and a parent may have it ignored.
        signal_hook::flag::register(Signal::SIGCHLD as i32, Arc::default())?;
        let mut taken = held_back();
        taken.add(Signal::SIGCHLD);
        let before = taken.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        ARE_PASSED_ON.store(true, Ordering::Relaxed);
        let mut awaited = named();
        awaited.add(Signal::SIGCHLD);
        Ok(Self {
            source: SignalSource::of(&awaited)?,
            before,
            taken,
            caught: catch()?,
        })
    }

    /// Starts the child, with the signals held back that this process's caller holds back. That is for a moment so
    /// in this process too: what comes then is caught, and not the end of it.
    pub fn start(&mut self, command: &mut Command) -> io::Result<Child> {
        self.before.thread_set_mask()?;
        let started = command.spawn();
        self.taken.thread_block()?;
        let child = started?;
        for came in self.caught.pending() {
            let signal = Signal::try_from(came.si_signo)?;
            if !is_of_the_group(signal, came.si_code) {
                kill(pid_of(&child)?, signal).ok();
            }
        }
        Ok(child)
    }

    /// Passes signals on until the child has ended, and says how. From then on no thread takes a lock any more.
    pub fn pass_to(&self, child: &mut Child) -> io::Result<ExitStatus> {
        let ended = loop {
            // Before the first signal too: SIGCHLD comes once for several ends.
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if let Some((signal, is_of_the_group)) = self.source.next()? {
                pass(signal, is_of_the_group, child)?;
            }
        };
        std::mem::forget(none_holds());
        Ok(ended)
    }
}

/// A key at a terminal reaches each process of the job: such a signal the child has already.
fn pass(signal: Signal, is_of_the_group: bool, child: &Child) -> io::Result<()> {
    let child = pid_of(child)?;
    if !is_of_the_group {
        kill(child, signal).ok();
    }
    if STOPS.contains(&signal) {
        stop(signal);
        // What woke this process may not have reached the child.
        kill(child, Signal::SIGCONT).ok();
    }
    Ok(())
}

fn pid_of(child: &Child) -> io::Result<Pid> {
    let id = i32::try_from(child.id()).map_err(io::Error::other)?;
    Ok(Pid::from_raw(id))
}

/// Handlers for the signals that end this process by default, which a command that it starts does not inherit. One
/// that is ignored, as under `nohup`, stays so; where the system does not say which those are, there are none.
fn catch() -> io::Result<SignalsInfo<WithRawSiginfo>> {
    let ignored = ignored().unwrap_or(u64::MAX);
    let fatal = |signal: &Signal| {
        let cannot_be_caught = [Signal::SIGKILL, Signal::SIGSTOP].contains(signal);
        !cannot_be_caught && !STOPS.contains(signal) && ignored & bit(*signal) == 0
    };
    let fatal = Signal::iterator().filter(|signal| named().contains(*signal) && fatal(signal));
    SignalsInfo::new(fatal.map(|signal| signal as i32))
}

/// Stops this process as the signal would have, as soon as it holds no lock. The kernel decides whether it does:
/// where no shell controls jobs, nothing would wake it.
fn stop(signal: Signal) {
    let _free = none_holds();
    let only: SigSet = [signal].into_iter().collect();
    send_to_self(signal);
    only.thread_unblock().ok();
    only.thread_block().ok();
}

/// Waits until no thread holds signals back; none begins while what is returned lives.
fn none_holds() -> impl Drop {
    let mut holders = locked(&HOLDERS);
    while *holders > 0 {
        holders = NONE_HOLDS
            .wait(holders)
            .unwrap_or_else(PoisonError::into_inner);
    }
    holders
}

/// Whether the terminal has sent a signal, which then each process of the job has. At a hangup the kernel tells the
/// session's leader alone.
#[cfg(target_os = "linux")]
fn is_of_the_group(signal: Signal, code: i32) -> bool {
    /// `SI_KERNEL` (sigaction(2)): no process has sent it.
    const OF_THE_KERNEL: i32 = 0x80;
    let is_of_a_key = matches!(signal, Signal::SIGINT | Signal::SIGQUIT);
    code == OF_THE_KERNEL && (is_of_a_key || STOPS.contains(&signal))
}

/// Elsewhere nothing says where a signal came from: in the foreground, a key is likely.
#[cfg(not(target_os = "linux"))]
fn is_of_the_group(signal: Signal, _: i32) -> bool {
    let has_key = [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTSTP].contains(&signal);
    has_key && tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp())
}

/// Where signals are read, each with whether the terminal has sent it to the whole job. `None`: the child may have
/// ended.
#[derive(Debug)]
struct SignalSource {
    #[cfg(target_os = "linux")]
    signals: SignalFd,
    #[cfg(not(target_os = "linux"))]
    signals: SigSet,
    /// Where the handler of SIGCHLD writes: a thread that began before this may have taken the signal.
    #[cfg(target_os = "linux")]
    ends: UnixStream,
}

#[cfg(target_os = "linux")]
impl SignalSource {
    fn of(signals: &SigSet) -> io::Result<Self> {
        let (ends, handler) = UnixStream::pair()?;
        signal_hook::low_level::pipe::register(Signal::SIGCHLD as i32, handler)?;
        ends.set_nonblocking(true)?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let signals = SignalFd::with_flags(signals, flags)?;
        Ok(Self { signals, ends })
    }

    fn next(&self) -> io::Result<Option<(Signal, bool)>> {
        let one_of = [self.signals.as_fd(), self.ends.as_fd()];
        let mut one_of = one_of.map(|source| PollFd::new(source, PollFlags::POLLIN));
        match poll(&mut one_of, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        io::copy(&mut &self.ends, &mut io::sink()).ok();
        match self.signals.read_signal() {
            Ok(Some(read)) => {
                let number = i32::try_from(read.ssi_signo).map_err(io::Error::other)?;
                let signal = Signal::try_from(number)?;
                let is_of_the_group = is_of_the_group(signal, read.ssi_code);
                Ok(Some((signal, is_of_the_group)).filter(|_| signal != Signal::SIGCHLD))
            }
            Ok(None) | Err(Errno::EINTR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl SignalSource {
    fn of(signals: &SigSet) -> io::Result<Self> {
        Ok(Self { signals: *signals })
    }

    fn next(&self) -> io::Result<Option<(Signal, bool)>> {
        let signal = self.signals.wait()?;
        if signal == Signal::SIGCHLD {
            return Ok(None);
        }
        Ok(Some((signal, is_of_the_group(signal, 0))))
    }
}
