//! This program started once more by itself, and what such a process does first.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::env;

/// The most that is read of what another process says, in bytes.
const LIMIT: usize = 1024 * 1024;

/// The first descriptor that no program has by itself.
const FIRST_OTHER: i32 = 3;

/// A process of this program, and what it has said on its standard output so far.
#[derive(Debug)]
pub struct Helper {
    child: Child,
    stdout: ChildStdout,
    said: Vec<u8>,
}

/// How far what was waited for has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It is there.
    Said,
    /// The process closed its output before.
    Ended,
    /// It did not come in time.
    Nothing,
}

impl Helper {
    /// Starts this program with these arguments. The process has `stdin` as its standard input, a pipe to
    /// this process as its standard output, and no standard error.
    pub fn start(arguments: Vec<OsString>, stdin: File) -> io::Result<Self> {
        let mut child = Command::new(env::itself()?)
            .args(arguments)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self {
            child,
            stdout,
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

    /// Waits until it has said a whole line, at most for `limit`.
    pub fn first_line(&mut self, limit: Duration) -> io::Result<Heard> {
        self.listen(limit, |said| said.contains(&b'\n'))
    }

    /// Waits until it has said all that it will, at most for `limit`.
    pub fn until_its_end(&mut self, limit: Duration) -> io::Result<Heard> {
        self.listen(limit, |_| false)
    }

    /// Ends it, if it has not ended, and forgets its process number.
    pub fn end(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.reap()
    }

    /// Waits for its end, which leaves nothing of it in the table of processes.
    pub fn reap(&mut self) -> io::Result<()> {
        self.child.wait().map(drop)
    }

    fn listen(&mut self, limit: Duration, enough: fn(&[u8]) -> bool) -> io::Result<Heard> {
        let deadline = Instant::now() + limit;
        let mut buffer = [0; 4096];
        loop {
            if enough(&self.said) {
                return Ok(Heard::Said);
            }
            if !is_readable(&self.stdout, deadline)? {
                return Ok(Heard::Nothing);
            }
            let count = match self.stdout.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                count => count?,
            };
            if count == 0 || self.said.len() > LIMIT {
                return Ok(Heard::Ended);
            }
            self.said.extend_from_slice(&buffer[..count]);
        }
    }
}

/// Whether there is something to read, or the end of it, before the deadline.
fn is_readable(pipe: &ChildStdout, deadline: Instant) -> io::Result<bool> {
    loop {
        // Up to the next millisecond: the last wait must not be none.
        let left = deadline
            .saturating_duration_since(Instant::now())
            .as_micros();
        let left = PollTimeout::try_from(left.div_ceil(1000)).unwrap_or(PollTimeout::MAX);
        let mut waited_for = [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)];
        match poll(&mut waited_for, left) {
            Ok(0) if Instant::now() >= deadline => return Ok(false),
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(true),
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Leaves the session, the terminal and the process group of the process that started this one, so that
/// no signal meant for those reaches it, and closes all descriptors but the three of every program:
/// what waits for the end of another program must not wait for this one.
pub fn stand_alone() {
    // It fails for the leader of a group, which is alone already.
    nix::unistd::setsid().ok();
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
