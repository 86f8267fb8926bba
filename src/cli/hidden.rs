//! What a person types or pastes without seeing it. The terminal hands over each byte as it comes: a line of its
//! own making ends at 4095 of them.

use std::io;
use std::os::fd::AsFd as _;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::termios::{
    LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

use super::printer;
use crate::signals::{self, BlockedSignals};

/// Where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// At Enter: it is one line.
    Enter,
    /// At Ctrl-D: it may have several lines.
    CtrlD,
}

impl Until {
    /// As a person types it.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Enter => "Enter",
            Self::CtrlD => "Ctrl-D",
        }
    }
}

/// The keys that a terminal would have acted on.
const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const CTRL_U: u8 = 0x15;
const DELETE: u8 = 0x7f;

/// How often glauth looks whether a signal has come, in milliseconds: a person does not notice it.
const LOOK: u8 = 100;

/// Reads what is typed at standard input, a terminal, and hides it; at most one byte more than `limit`.
pub(super) fn read(until: Until, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut held = BlockedSignals::new();
    held.announce("the terminal shows what you type again".to_owned());
    let hidden = Hidden::start()?;
    // Allocated once: a buffer that grows leaves copies behind.
    let mut typed = Zeroizing::new(Vec::with_capacity(limit + 1));
    loop {
        if held.has_come() {
            // It ends the process, and the terminal has to show what is typed by then.
            drop(hidden);
            drop(held);
            return Err(io::ErrorKind::Interrupted.into());
        }
        if !is_typed()? {
            continue;
        }
        let mut key = [0];
        match nix::unistd::read(io::stdin(), &mut key) {
            Ok(0) => break,
            Ok(_) => {}
            Err(Errno::EINTR) => continue,
            Err(errno) => return Err(errno.into()),
        }
        match key[0] {
            CTRL_C => {
                drop(hidden);
                drop(held);
                printer::plain("");
                signals::interrupt();
                return Err(io::ErrorKind::Interrupted.into());
            }
            CTRL_D => break,
            b'\n' | b'\r' if until == Until::Enter => break,
            BACKSPACE | DELETE => drop(typed.pop()),
            CTRL_U => typed.clear(),
            // The rest of what is too long is read too: else the shell would get it.
            key if typed.len() <= limit => typed.push(key),
            _ => {}
        }
    }
    drop(hidden);
    printer::plain("");
    Ok(typed)
}

/// Waits a while for a key, so that a signal is noticed meanwhile.
fn is_typed() -> io::Result<bool> {
    let stdin = io::stdin();
    let mut polled = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    match poll(&mut polled, LOOK) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::EINTR) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

/// The terminal shows nothing of what is typed, until this is dropped.
struct Hidden(Termios);

impl Hidden {
    fn start() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut settings = before.clone();
        settings
            .local_flags
            .remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
        settings.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
        settings.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        tcsetattr(io::stdin(), SetArg::TCSANOW, &settings)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        tcsetattr(io::stdin(), SetArg::TCSANOW, &self.0).ok();
    }
}
