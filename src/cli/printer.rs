//! What goes out: data on stdout, words for people on stderr, colour on a terminal only.

use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};

use anstyle::{AnsiColor, Style};
use serde_json::json;

use super::args::Global;
use super::failure::Failure;
use crate::{env, signals};

pub(super) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const HINT: Style = AnsiColor::Cyan.on_default();

/// Prints in the way that was asked for.
#[derive(Debug)]
pub(super) struct Printer {
    json: bool,
    quiet: bool,
}

impl Printer {
    pub(super) fn new(global: &Global) -> Self {
        Self {
            json: global.json,
            quiet: global.quiet,
        }
    }

    /// Tells a person what was done.
    pub(super) fn tell(&self, text: &str) {
        if !self.quiet && !self.json {
            line(format_args!("{text}"));
        }
    }

    /// Shows what nothing goes on without, also to who wants to hear nothing.
    pub(super) fn show(&self, text: &str, as_json: &serde_json::Value) {
        if self.json {
            line(format_args!("{as_json}"));
        } else {
            line(format_args!("{text}"));
        }
    }

    /// Tells a person what they should know all the same.
    pub(super) fn warn(&self, text: &str) {
        if self.quiet {
            return;
        }
        if self.json {
            line(format_args!("{}", json!({"warning": {"message": text}})));
        } else {
            line(format_args!("glauth: {WARNING}warning:{WARNING:#} {text}"));
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
        print_failure(failure, self.json);
    }
}

/// Copies of the descriptors of standard input and output, for a process that has others there than a
/// person's.
pub(super) fn stdin_and_stdout() -> io::Result<(OwnedFd, OwnedFd)> {
    let stdin = io::stdin().as_fd().try_clone_to_owned()?;
    let stdout = io::stdout().as_fd().try_clone_to_owned()?;
    Ok((stdin, stdout))
}

/// Writes data. A reader that has gone ends the process by SIGPIPE, as it ends `cat`.
pub(super) fn data(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    if let Err(error) = &written
        && error.kind() == io::ErrorKind::BrokenPipe
    {
        signals::die_of_broken_pipe();
    }
    written
}

/// Writes data that is coloured where a terminal shows it.
pub(super) fn coloured_data(text: &str) -> io::Result<()> {
    let choice = anstream::AutoStream::choice(&io::stdout());
    let mut whole = anstream::AutoStream::new(Vec::new(), choice);
    whole.write_all(text.as_bytes())?;
    data(&String::from_utf8_lossy(&whole.into_inner()))
}

/// Writes a line of JSON as data.
pub(super) fn json_line(value: &impl serde::Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string(value)?;
    text.push('\n');
    Ok(data(&text)?)
}

/// The same before the command line is understood.
pub(super) fn print_failure(failure: &Failure, as_json: bool) {
    if as_json {
        let error = json!({"error": {
            "code": failure.name,
            "message": failure.message,
            "hint": failure.hint,
            "said": failure.said,
            "host": failure.host,
            "account": failure.account,
        }});
        line(format_args!("{error}"));
        return;
    }
    error_lines(&failure.message, failure.hint.as_deref());
}

fn error_lines(message: &str, hint: Option<&str>) {
    line(format_args!("{ERROR}glauth:{ERROR:#} {message}"));
    if let Some(hint) = hint {
        line(format_args!("{HINT}hint:{HINT:#} {hint}"));
    }
}

/// Writes a note of `-v`.
pub(super) fn note(text: &str) {
    line(format_args!("glauth: {text}"));
}

/// A line for a person, as it is.
pub(super) fn plain(text: &str) {
    line(format_args!("{text}"));
}

/// Asks for something on the same line.
pub(super) fn prompt(text: &str) {
    io::stderr().write_all(text.as_bytes()).ok();
}

/// Puts the text in the place of the terminal's last line, as far as it fits in there.
pub(super) fn redraw(text: &str) {
    let text: String = text.chars().take(width().saturating_sub(1)).collect();
    io::stderr()
        .write_all(format!("\r\x1b[2K{text}").as_bytes())
        .ok();
}

/// Whether colours are seen on stderr.
pub(super) fn is_coloured() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

/// Whether stderr shows characters beyond ASCII, and takes the escapes that move and erase.
pub(super) fn can_draw() -> bool {
    env::has_utf8() && env::has_escapes()
}

/// How wide a line on stderr can be, in columns.
pub(super) fn width() -> usize {
    let size = terminal_size::terminal_size_of(io::stderr());
    size.map_or(80, |(width, _)| usize::from(width.0))
}

/// Whether somebody sees stderr.
pub(super) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// One line on stderr, in one write: the lines of a crowd that shares stderr stay whole. Nobody can
/// be told that it failed.
fn line(text: std::fmt::Arguments<'_>) {
    let choice = anstream::AutoStream::choice(&io::stderr());
    let mut whole = anstream::AutoStream::new(Vec::new(), choice);
    writeln!(whole, "{text}").ok();
    io::stderr().write_all(&whole.into_inner()).ok();
}
