//! A page is opened by a second process, glauth started by itself: a browser inherits which signals
//! are blocked, and the threads that may live on while a lock is held have them blocked.

use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use nix::sys::wait::{WaitStatus, waitpid};

use crate::code::Exit;
use crate::env;
use crate::signals::{self, spawn_with_signals_blocked};

/// What glauth is started with to open a page: no option, so that no help and no completion has to
/// hide it.
const CALL: &str = "a-second-process-for-a-browser";

/// A browser with a window of its own is started sooner than that.
const OPENING: Duration = Duration::from_secs(2);

/// A browser that cannot start ends sooner than that.
const STARTING: Duration = Duration::from_millis(500);

/// What has become of a page.
pub(super) enum Opened {
    /// There is no browser that opens it.
    Not,
    /// It has a window of its own.
    Elsewhere,
    /// The browser may be in this terminal, and the keyboard is its own until it is left.
    Here(OpenedBrowser),
}

/// A browser that runs in this terminal.
#[derive(Clone)]
pub(super) struct OpenedBrowser(Arc<OnceLock<bool>>);

impl OpenedBrowser {
    /// Waits until the person has left it.
    pub(super) fn wait(&self) {
        self.0.wait();
    }
}

/// The page to open, where this command line is of such a process.
pub(in crate::cli) fn is_called(args: &[OsString]) -> Option<&str> {
    match args {
        [_, call, page] if call == CALL => page.to_str(),
        _ => None,
    }
}

/// What that process does. A browser in a terminal stays in the foreground until it is left.
#[expect(clippy::disallowed_methods, reason = "the one place that opens one")]
pub(in crate::cli) fn answer(page: &str) -> Exit {
    signals::unblock();
    match webbrowser::open(page) {
        Ok(()) if !ends_at_once() => Exit::Done,
        Ok(()) | Err(_) => Exit::Unexpected,
    }
}

/// Whether what was started for the page has failed already, as without a display. One that hands the page to
/// a browser that runs ends without a failure.
fn ends_at_once() -> bool {
    let (sender, ended) = mpsc::channel();
    thread::spawn(move || sender.send(waitpid(None, None)));
    match ended.recv_timeout(STARTING) {
        Ok(Ok(WaitStatus::Exited(_, code))) => code != 0,
        Ok(Ok(WaitStatus::Signaled(..))) => true,
        // A browser in the terminal was waited for.
        _ => false,
    }
}

/// What a person should know of the variable that names a browser: that none of its programs can be run.
pub(super) fn trouble() -> Option<String> {
    let named = env::unusable_browser()?;
    Some(format!(
        "BROWSER names no program that can be run: `{named}`"
    ))
}

/// Opens a page, and says where.
pub(super) fn open(page: &str) -> Opened {
    let child = env::itself().and_then(|program| {
        Command::new(program)
            .arg(CALL)
            .arg(page)
            .stdin(Stdio::inherit())
            .spawn()
    });
    let Ok(mut child) = child else {
        return Opened::Not;
    };
    let browser = OpenedBrowser(Arc::new(OnceLock::new()));
    let left = Arc::clone(&browser.0);
    let (sender, ended) = mpsc::channel();
    let watched = spawn_with_signals_blocked(move || {
        let opened = child.wait().is_ok_and(|status| status.success());
        left.set(opened).ok();
        sender.send(opened).ok();
    });
    match (watched, ended.recv_timeout(OPENING)) {
        (Ok(_), Ok(true)) => Opened::Elsewhere,
        (Ok(_), Err(_)) => Opened::Here(browser),
        // Without a thread it cannot be known when it is left.
        (Ok(_), Ok(false)) | (Err(_), _) => Opened::Not,
    }
}
