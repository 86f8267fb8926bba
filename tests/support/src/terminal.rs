//! A process at a terminal: stdin and stderr are one, stdout is a pipe.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::pty::{Winsize, openpty};
use nix::sys::termios::{LocalFlags, tcgetattr};

use super::sandbox::{Finished, LIMIT, Running};
use super::watch::eventually;

/// Wide enough that no line is broken.
const SIZE: Winsize = Winsize {
    ws_row: 50,
    ws_col: 400,
    ws_xpixel: 0,
    ws_ypixel: 0,
};

/// What was written to the terminal so far.
#[derive(Default)]
struct Screen {
    inside: Mutex<Inside>,
    changed: Condvar,
}

#[derive(Default)]
struct Inside {
    bytes: Vec<u8>,
    is_over: bool,
}

/// A process, and the person at its terminal.
pub struct Terminal {
    running: Running,
    keyboard: File,
    screen: Arc<Screen>,
}

impl Terminal {
    /// Starts the command at a new terminal.
    pub fn spawn(command: &mut Command) -> Self {
        Self::of(at_a_terminal(command))
    }

    /// The same at one of this size.
    pub fn spawn_sized(command: &mut Command, rows: u16, columns: u16) -> Self {
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ..SIZE
        };
        Self::of(at_a_terminal_of(command, size))
    }

    fn of((running, keyboard): (Running, File)) -> Self {
        let screen = Arc::new(Screen::default());
        let (output, seen) = (keyboard.try_clone().unwrap(), Arc::clone(&screen));
        thread::spawn(move || watch(output, &seen));
        Self {
            running,
            keyboard,
            screen,
        }
    }

    pub fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// Types a line.
    pub fn type_line(&mut self, text: &str) {
        writeln!(self.keyboard, "{text}").unwrap();
    }

    /// Types empty lines until `text` is on the screen: a shell runs a trap when its `read` ends, and a signal that
    /// comes just before `read` begins does not end it.
    #[track_caller]
    pub fn type_lines_until(&mut self, text: &str) {
        eventually("the terminal to show the text", || {
            self.type_line("");
            let inside = self.screen.inside.lock().unwrap();
            plain(&inside.bytes).contains(text)
        });
    }

    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        self.running.signal(signal);
    }

    /// Blocks until what is typed is not shown.
    #[track_caller]
    pub fn wait_until_hidden(&self) {
        eventually("the terminal to hide what is typed", || {
            let settings = tcgetattr(&self.keyboard).unwrap();
            !settings.local_flags.contains(LocalFlags::ECHO)
        });
    }

    /// Blocks until the terminal shows what is typed, line by line.
    #[track_caller]
    pub fn wait_until_shown(&self) {
        eventually("the terminal to show what is typed", || {
            let settings = tcgetattr(&self.keyboard).unwrap();
            let shown = LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG;
            settings.local_flags.contains(shown)
        });
    }

    /// Ctrl-C.
    pub fn interrupt(&mut self) {
        self.keyboard.write_all(b"\x03").unwrap();
    }

    /// Ctrl-Z.
    pub fn suspend(&mut self) {
        self.keyboard.write_all(b"\x1a").unwrap();
    }

    /// Ends the input, as Ctrl-D does.
    pub fn end_of_input(&mut self) {
        self.keyboard.write_all(b"\x04").unwrap();
    }

    /// Blocks until `text` is on the screen, and returns all that is. Panics after [`LIMIT`].
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        let shows = |inside: &Inside| plain(&inside.bytes).contains(text);
        let inside = self.screen.inside.lock().unwrap();
        let (inside, _) = self
            .screen
            .changed
            .wait_timeout_while(inside, LIMIT, |inside| !inside.is_over && !shows(inside))
            .unwrap();
        let screen = plain(&inside.bytes);
        drop(inside);
        assert!(screen.contains(text), "no `{text}` on {screen}");
        screen
    }

    /// Waits for the end; `stderr` is what was on the screen.
    #[track_caller]
    pub fn finish(self) -> Finished {
        self.finish_raw().0
    }

    /// The same, with all that came, escapes too.
    #[track_caller]
    pub fn finish_raw(self) -> (Finished, String) {
        let finished = self.running.finish();
        let inside = self.screen.inside.lock().unwrap();
        let (inside, timeout) = self
            .screen
            .changed
            .wait_timeout_while(inside, LIMIT, |inside| !inside.is_over)
            .unwrap();
        assert!(!timeout.timed_out(), "a process still has the terminal");
        let raw = String::from_utf8_lossy(&inside.bytes).into_owned();
        let stderr = plain(&inside.bytes);
        (Finished { stderr, ..finished }, raw)
    }
}

/// Starts the command at a terminal that is not looked at, and that is closed with what comes back.
pub fn at_a_terminal(command: &mut Command) -> (Running, File) {
    at_a_terminal_of(command, SIZE)
}

fn at_a_terminal_of(command: &mut Command, size: Winsize) -> (Running, File) {
    let pty = openpty(Some(&size), None).unwrap();
    // A process that had it too would keep its own terminal open.
    fcntl(&pty.master, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
    let [stdin, stderr] = [(), ()].map(|()| Stdio::from(pty.slave.try_clone().unwrap()));
    drop(pty.slave);
    let set: Vec<_> = command
        .get_envs()
        .map(|(name, _)| name.to_owned())
        .collect();
    for (name, value) in [("TERM", "xterm"), ("LANG", "C.UTF-8")] {
        if !set.iter().any(|other| other == name) {
            command.env(name, value);
        }
    }
    let running = Running::spawn(command.stdin(stdin).stderr(stderr));
    // The command keeps its copies of the slave, with which the terminal would never end.
    command.stdin(Stdio::null()).stderr(Stdio::null());
    (running, File::from(pty.master))
}

/// Reads what comes until no process has the other end, which is an error here.
fn watch(mut output: File, screen: &Screen) {
    let mut chunk = [0; 4096];
    while let Ok(length @ 1..) = output.read(&mut chunk) {
        let mut inside = screen.inside.lock().unwrap();
        inside.bytes.extend_from_slice(&chunk[..length]);
        screen.changed.notify_all();
    }
    screen.inside.lock().unwrap().is_over = true;
    screen.changed.notify_all();
}

/// Without colours and movements.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let stripped = anstream::adapter::strip_str(&text).to_string();
    stripped.replace("\r\n", "\n")
}
