//! The second process: glauth, started by itself, tries a lock that the first one holds.

use std::ffi::OsString;
use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::cli::failure::Error;
use crate::cli::printer;
use crate::code::Exit;
use crate::env;
use crate::signals::spawn_with_signals_blocked;
use crate::store::examine::{SecondProcess, second_try};

/// How long it may take: it does not wait for the lock, but the machine may be busy.
pub(super) const LIMIT: Duration = Duration::from_secs(10);

/// What it says on its standard output.
const BUSY: &str = "busy\n";
const FREE: &str = "free\n";

/// What glauth is started with to be the second process: no option, so that no help and no completion
/// has to hide it.
const CALL: &str = "a-second-process-for-doctor";

/// The file of which the lock is to be tried, where this command line is of a second process.
pub(in crate::cli) fn is_called(args: &[OsString]) -> Option<&Path> {
    match args {
        [_, call, path] if call == CALL => Some(Path::new(path)),
        _ => None,
    }
}

/// What the second process does.
pub(in crate::cli) fn answer(path: &Path) -> Result<Exit, Error> {
    printer::data(match second_try(path)? {
        SecondProcess::Busy => BUSY,
        SecondProcess::Free => FREE,
    })?;
    Ok(Exit::Done)
}

/// Starts it, and gives it up after a while.
pub(super) fn ask(path: &Path) -> io::Result<SecondProcess> {
    let mut child = Command::new(env::itself()?)
        .arg(CALL)
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let (sender, receiver) = mpsc::channel();
    spawn_with_signals_blocked(move || {
        let mut text = String::new();
        let read = stdout.read_to_string(&mut text);
        sender.send(read.map(|_| text)).ok();
    })?;
    let Ok(text) = receiver.recv_timeout(LIMIT) else {
        // Not waited for: it may be in the hands of a file system that never answers.
        child.kill().ok();
        return Err(io::ErrorKind::TimedOut.into());
    };
    child.wait()?;
    match text?.as_str() {
        BUSY => Ok(SecondProcess::Busy),
        FREE => Ok(SecondProcess::Free),
        _ => Err(io::Error::other("it did not say what it found")),
    }
}
