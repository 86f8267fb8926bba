//! The checks for people: problems first, then how many checks of each group passed, then a summary.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::check::{Check, GROUPS, Judgement};
use crate::cli::args::VERSION;
use crate::cli::call::Call;
use crate::cli::fold::folded_line;
use crate::cli::printer::{ERROR, HINT, WARNING};
use crate::code::Exit;
use crate::env::{PROCESSOR, SYSTEM};
use crate::terminal::clean;

const GOOD: Style = AnsiColor::Green.on_default();
const TITLE: Style = Style::new().bold();

/// How much of what is fine is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Nothing, and no headline: `--quiet`.
    Problems,
    /// How many checks of each group passed.
    Folded,
    /// Every check: `--verbose`.
    Each,
}

/// What is before the message of a check.
const MARGIN: usize = 8;

/// The text with the words of each check whole, below the margin.
pub(super) fn narrowed(text: &str, columns: usize) -> String {
    let lines = text.lines().map(|line| {
        let hanging = if line.starts_with(' ') { MARGIN } else { 0 };
        folded_line(line, columns, hanging) + "\n"
    });
    lines.collect()
}

/// The whole text. `logins` is how many there are.
pub(super) fn text(checks: &[Check], logins: Option<usize>, detail: Detail, call: &Call) -> String {
    let mut text = String::new();
    if detail != Detail::Problems {
        writeln!(text, "glauth {VERSION}, {SYSTEM} {PROCESSOR}").ok();
    }
    let problems: Vec<&Check> = checks.iter().filter(|check| check.is_problem()).collect();
    if !problems.is_empty() {
        let gap = if text.is_empty() { "" } else { "\n" };
        writeln!(text, "{gap}{TITLE}Problems{TITLE:#}").ok();
        text += &lines(&problems);
    }
    let rest = |group| {
        let rest = checks.iter().filter(|check| !check.is_problem());
        let rest: Vec<&Check> = rest.filter(|check| check.topic.group() == group).collect();
        (group, rest)
    };
    let rest = GROUPS.map(rest).into_iter();
    let rest = rest.filter(|(_, rest)| !rest.is_empty());
    match detail {
        Detail::Problems => {}
        Detail::Folded => {
            text.push('\n');
            for (group, rest) in rest {
                writeln!(text, "{group:13} {}", folded(&rest)).ok();
            }
        }
        Detail::Each => {
            for (group, rest) in rest {
                writeln!(text, "\n{TITLE}{group}{TITLE:#}").ok();
                text += &lines(&rest);
            }
        }
    }
    if let (Some(logins), true) = (logins, detail != Detail::Problems) {
        writeln!(text, "\n{}", summary(&problems, logins, detail, call)).ok();
    }
    text
}

/// `3 checks ok, 1 note`
fn folded(checks: &[&Check]) -> String {
    let good = checks.iter().filter(|check| check.is_good()).count();
    let parts = [(good, "check"), (checks.len() - good, "note")];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts = parts.map(|(number, what)| match what {
        "check" => format!("{} {GOOD}ok{GOOD:#}", count(number, what)),
        _ => count(number, what),
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// `30 logins, 2 need you`
fn summary(problems: &[&Check], logins: usize, detail: Detail, call: &Call) -> String {
    let mut waiting: Vec<_> = problems
        .iter()
        .filter(|check| check.needs_person())
        .map(|check| (&check.host, &check.account))
        .collect();
    waiting.sort_unstable();
    waiting.dedup();
    let need = match waiting.len() {
        // A token that the server has refused: whether a refresh helps is not known yet; or what all logins need.
        0 if problems
            .iter()
            .any(|check| check.account.is_some() || check.exit() != Exit::Done) =>
        {
            "see the problems above".to_owned()
        }
        0 => "none needs you".to_owned(),
        1 => "1 needs you".to_owned(),
        many => format!("{many} need you"),
    };
    let all = count(logins, "login");
    let text = if logins == 0 {
        all
    } else {
        format!("{all}, {need}")
    };
    match detail {
        Detail::Each => text,
        _ => format!("{text}; {} shows every check", call.command("doctor -v")),
    }
}

fn count(number: usize, what: &str) -> String {
    match number {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// The checks, each with its hint, which checks in a row share if it is the same.
fn lines(checks: &[&Check]) -> String {
    let mut text = String::new();
    for (index, check) in checks.iter().enumerate() {
        let (style, word) = match check.verdict {
            Judgement::Ok => (GOOD, "ok  "),
            Judgement::Note => (TITLE, "note"),
            Judgement::Warn => (WARNING, "warn"),
            Judgement::Fail => (ERROR, "fail"),
        };
        let message = clean(&check.message);
        writeln!(text, "  {style}{word}{style:#}  {message}").ok();
        let follows = checks.get(index + 1).map(|next| &next.remedy);
        if let Some(remedy) = check
            .remedy
            .as_ref()
            .filter(|_| follows != Some(&check.remedy))
        {
            writeln!(text, "        {HINT}hint:{HINT:#} {}", clean(remedy)).ok();
        }
    }
    text
}
