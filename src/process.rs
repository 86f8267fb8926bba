//! This program started once more by itself, and what such a process does first.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
#[cfg(feature = "postgres")]
use std::thread;
use std::time::{Duration, Instant};

use crate::env;

/// The most that is read of what another process says, in bytes.
const LIMIT: usize = 1024 * 1024;

/// The first descriptor that no program has by itself.
#[cfg(feature = "cli")]
const FIRST_OTHER: i32 = 3;

/// The name that other processes see, where the kernel would show that of `/proc/self/exe`.
#[cfg(all(feature = "cli", target_os = "linux"))]
const NAME: &std::ffi::CStr = c"glauth";

/// A process of this program, and what it has said so far.
#[derive(Debug)]
pub struct Helper {
    child: Child,
    stream: UnixStream,
    said: Vec<u8>,
}

/// How far what was waited for has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It is there.
    Said,
    /// The process has ended, or closed its side, before.
    Ended,
    /// It did not come in time.
    Nothing,
}

impl Helper {
    /// Starts this program with these arguments. The process has `stdin` as its standard input, a socket to
    /// this process as its standard output, and no standard error.
    pub fn start(arguments: Vec<OsString>, stdin: File) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let child = Command::new(env::itself()?)
            .arg0("glauth")
            .args(arguments)
            .stdin(stdin)
            .stdout(OwnedFd::from(theirs))
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self {
            child,
            stream: ours,
            said: Vec::new(),
        })
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said so far.
    pub fn said(&self) -> &[u8] {
        &self.said
    }

    /// Says something to it.
    pub fn tell(&mut self, text: &[u8]) -> io::Result<()> {
        self.stream.write_all(text)
    }

    /// Waits until it has said a whole line, at most for `limit`.
    pub fn first_line(&mut self, limit: Duration) -> io::Result<Heard> {
        self.listen(limit, |said| said.contains(&b'\n'))
    }

    /// Waits until it has said all that it will, at most for `limit`.
    pub fn until_its_end(&mut self, limit: Duration) -> io::Result<Heard> {
        self.listen(limit, |_| false)
    }

    /// Ends it, if it has not ended, and leaves nothing of it in the table of processes.
    pub fn end(&mut self) {
        self.child.kill().ok();
        self.reap();
    }

    /// Waits for its end, which leaves nothing of it in the table of processes. Where this process's own
    /// parent has it ignore SIGCHLD, the kernel has done so.
    pub fn reap(&mut self) {
        self.child.wait().ok();
    }

    fn listen(&mut self, limit: Duration, enough: fn(&[u8]) -> bool) -> io::Result<Heard> {
        let deadline = Instant::now() + limit;
        let mut buffer = [0; 4096];
        while !enough(&self.said) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.said.len() > LIMIT {
                return Ok(Heard::Nothing);
            }
            self.stream.set_read_timeout(Some(left))?;
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(Heard::Ended),
                Ok(count) => self.said.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                    return Ok(Heard::Ended);
                }
                // The loop looks at the clock.
                Err(error) if is_no_failure(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Heard::Said)
    }
}

/// Starts this program with these arguments, in a group of its own and with none of this process's descriptors for
/// input and output. What comes of it is waited for by a thread alone: a process that lives on keeps no zombie.
#[cfg(feature = "postgres")]
pub fn start_alone(arguments: Vec<OsString>) {
    let Ok(program) = env::itself() else { return };
    let started = Command::new(program)
        .arg0("glauth")
        .args(arguments)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Ok(mut child) = started {
        thread::Builder::new().spawn(move || child.wait()).ok();
    }
}

/// A signal, or the time that was given is over.
fn is_no_failure(error: &io::Error) -> bool {
    let kinds = [io::ErrorKind::Interrupted, io::ErrorKind::WouldBlock];
    kinds.contains(&error.kind())
}

/// The process that has started this one.
#[derive(Debug)]
pub struct Caller(UnixStream);

/// What the caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// That this process goes on.
    GoOn,
    /// Nothing is known of it: it is stopped, or slow.
    Unknown,
}

impl Caller {
    /// At the other end of this process's standard output.
    pub fn at(stdout: OwnedFd) -> Self {
        Self(stdout.into())
    }

    /// Says something to it. That it does not listen any more is not for this process to mend.
    pub fn tell(&mut self, text: &[u8]) {
        self.0.write_all(text).ok();
    }

    /// Waits until it has said that this process is to go on, or has gone: then what is to be done is worth as
    /// much to the next call.
    pub fn wish(&mut self, limit: Duration) -> Wish {
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.0.set_read_timeout(Some(left)).is_err() {
                return Wish::Unknown;
            }
            match self.0.read(&mut [0]) {
                Ok(_) => return Wish::GoOn,
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Wish::GoOn,
                Err(error) if is_no_failure(&error) => {}
                Err(_) => return Wish::Unknown,
            }
        }
    }
}

/// Leaves the session, the terminal and the process group of the process that started this one, so that
/// no signal meant for those reaches it, and closes all descriptors but the three of every program:
/// what waits for the end of another program must not wait for this one. `false`: it has no session of its
/// own.
#[cfg(feature = "cli")]
#[must_use]
pub fn stand_alone() -> bool {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_name(NAME).ok();
    let folder = if cfg!(target_os = "linux") {
        "/proc/self/fd"
    } else {
        "/dev/fd"
    };
    let open: Vec<i32> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|number| *number >= FIRST_OTHER)
        .collect();
    for number in open {
        // The one that read the folder is closed already.
        nix::unistd::close(number).ok();
    }
    nix::unistd::setsid().is_ok()
}

/// Whether a process that this one starts may be ended before its time because another one ends: in a pid
/// namespace all processes go with the first one. Where the kernel has such and does not say, it may.
#[must_use]
pub fn ends_with_others() -> bool {
    /// That of the machine (`PROC_PID_INIT_INO` in the kernel's `include/linux/proc_ns.h`).
    const OF_THE_MACHINE: &str = "pid:[4026531836]";
    if !cfg!(target_os = "linux") {
        return false;
    }
    let namespace = fs::read_link("/proc/self/ns/pid");
    !namespace.is_ok_and(|name| name.as_os_str() == OF_THE_MACHINE)
}
