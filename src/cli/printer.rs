//! What goes out: data on stdout, words for people on stderr, colour on a terminal only. Each text that
//! is not a literal of ours goes through the one filter on its way (I8).

use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};

use anstyle::{AnsiColor, Style};
use nix::errno::Errno;
use serde_json::{Value, json};

use super::args::Global;
use super::failure::{Error, Failure};
use super::fold::folded;
use crate::terminal::{self, clean};
use crate::{env, signals};

pub(super) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const HINT: Style = AnsiColor::Cyan.on_default();

/// Prints in the way that was asked for.
#[derive(Debug, Clone)]
pub(super) struct Printer {
    json: bool,
    quiet: bool,
}

impl Printer {
    pub(super) fn new(global: &Global) -> Self {
        if global.json {
            terminal::speak_json();
        }
        Self {
            json: global.json,
            quiet: global.quiet,
        }
    }

    /// Tells a person what was done.
    pub(super) fn tell(&self, text: &str) {
        if !self.quiet && !self.json {
            plain(text);
        }
    }

    /// Shows what nothing goes on without, line by line, with `--quiet` too.
    pub(super) fn show(&self, lines: &[&str], as_json: &Value) {
        if self.json {
            object(as_json);
        } else {
            let lines: Vec<_> = lines.iter().map(|line| clean(line)).collect();
            write(&lines.join("\n"));
        }
    }

    /// Tells a person what they should know all the same.
    pub(super) fn warn(&self, text: &str) {
        if self.quiet {
            return;
        }
        if self.json {
            object(&json!({"warning": {"message": text}}));
        } else {
            write(&format!(
                "glauth: {WARNING}warning:{WARNING:#} {}",
                clean(text)
            ));
        }
    }

    /// An error line that does not end the command.
    pub(super) fn error(&self, message: &str, hint: Option<&str>) {
        if !self.json {
            error_lines(message, hint);
        }
    }

    /// Tells why it failed, and what to do.
    pub(super) fn failure(&self, failure: &Failure) {
        let advice = failure.proxy_of_git();
        print_advised(failure, advice.as_deref(), self.json);
    }
}

/// Copies of the descriptors of standard input and output, for a process that has others there than a
/// person's.
pub(super) fn stdin_and_stdout() -> io::Result<(OwnedFd, OwnedFd)> {
    let stdin = io::stdin().as_fd().try_clone_to_owned()?;
    let stdout = io::stdout().as_fd().try_clone_to_owned()?;
    Ok((stdin, stdout))
}

/// Writes data, by the system call itself: the standard library takes a descriptor that cannot be written
/// for one that takes everything. A reader that has gone ends the process by SIGPIPE, as it ends `cat`.
pub(super) fn data(text: &str) -> Result<(), Error> {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        match nix::unistd::write(io::stdout(), rest) {
            Ok(written) => rest = &rest[written..],
            Err(Errno::EINTR) => {}
            Err(errno) => {
                if errno == Errno::EPIPE {
                    signals::die_of_broken_pipe();
                }
                return Err(Error::system("cannot write to standard output")(
                    errno.into(),
                ));
            }
        }
    }
    Ok(())
}

/// Writes data that is coloured where a terminal shows it.
pub(super) fn coloured_data(text: &str) -> Result<(), Error> {
    let choice = anstream::AutoStream::choice(&io::stdout());
    let mut whole = anstream::AutoStream::new(Vec::new(), choice);
    // Into memory.
    whole.write_all(text.as_bytes()).ok();
    data(&String::from_utf8_lossy(&whole.into_inner()))
}

/// Writes a line of JSON as data.
pub(super) fn json_line(value: &Value) -> Result<(), Error> {
    data(&(terminal::json_text(value) + "\n"))
}

/// The same before the command line is understood.
pub(super) fn print_failure(failure: &Failure, as_json: bool) {
    print_advised(failure, None, as_json);
}

/// The same with another hint, where there is a better one.
fn print_advised(failure: &Failure, advice: Option<&str>, as_json: bool) {
    let hint = advice.or(failure.hint.as_deref());
    if as_json {
        object(&json!({"error": {
            "code": failure.code,
            "message": failure.message,
            "hint": hint,
            "said": failure.said,
            "host": failure.host,
            "account": failure.account,
        }}));
        return;
    }
    error_lines(&failure.message, hint);
}

fn error_lines(message: &str, hint: Option<&str>) {
    write(&format!("{ERROR}glauth:{ERROR:#} {}", clean(message)));
    if let Some(hint) = hint {
        write(&format!("{HINT}hint:{HINT:#} {}", clean(hint)));
    }
}

/// Writes a note of `-v`, or what a person should know before an answer.
pub(super) fn note(text: &str) {
    match width_of_words() {
        Some(columns) if !terminal::speaks_json() => {
            let line = format!("glauth: {}", clean(text));
            terminal::write((folded(&line, columns) + "\n").as_bytes());
        }
        _ => terminal::tell(text),
    }
}

/// A line for a person.
pub(super) fn plain(text: &str) {
    write(&clean(text));
}

/// A line that glauth itself has drawn, with its colours.
pub(super) fn drawing(line: &str) {
    write_as_it_is(line);
}

/// Asks for something on the same line.
pub(super) fn prompt(text: &str) {
    terminal::write(clean(text).as_bytes());
}

/// Puts the text in the place of the terminal's last line, as far as it fits in there.
pub(super) fn redraw(text: &str) {
    let text: String = clean(text)
        .chars()
        .take(size().0.saturating_sub(1))
        .collect();
    terminal::write(format!("\r\x1b[2K{text}").as_bytes());
}

/// Whether colours are seen on stderr.
pub(super) fn is_coloured() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

/// Whether stderr shows characters beyond ASCII, and takes the escapes that move and erase.
pub(super) fn can_draw() -> bool {
    env::has_utf8() && env::has_escapes()
}

/// How many columns and rows stderr shows.
pub(super) fn size() -> (usize, usize) {
    let size = terminal_size::terminal_size_of(io::stderr());
    size.map_or((80, 24), |(width, height)| {
        (width.0.into(), height.0.into())
    })
}

/// How many columns stdout shows; `None`: it is no terminal.
pub(super) fn width_of_data() -> Option<usize> {
    let size = terminal_size::terminal_size_of(io::stdout());
    size.map(|(width, _)| width.0.into())
}

/// How many columns stderr shows; `None`: it is no terminal.
fn width_of_words() -> Option<usize> {
    let size = terminal_size::terminal_size_of(io::stderr());
    size.map(|(width, _)| width.0.into())
}

/// Whether a person sees stderr.
pub(super) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// An object as a line on stderr.
fn object(value: &Value) {
    terminal::write((terminal::json_text(value) + "\n").as_bytes());
}

/// A line on stderr, which a terminal shows with its words whole.
fn write(line: &str) {
    match width_of_words() {
        Some(columns) => write_as_it_is(&folded(line, columns)),
        None => write_as_it_is(line),
    }
}

/// A line on stderr, in one write. What is in it has been through the filter, but for our own colours.
fn write_as_it_is(line: &str) {
    let choice = anstream::AutoStream::choice(&io::stderr());
    let mut whole = anstream::AutoStream::new(Vec::new(), choice);
    writeln!(whole, "{line}").ok();
    terminal::write(&whole.into_inner());
}
