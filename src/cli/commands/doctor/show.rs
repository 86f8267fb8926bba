//! The checks for people: problems first, then how many checks of each group passed, then a summary.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::check::{Check, GROUPS, Judgement};
use crate::cli::args::VERSION;
use crate::cli::call::Call;
use crate::cli::printer::{ERROR, HINT, WARNING};
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

/// The whole text. `logins` is how many there are.
pub(super) fn text(checks: &[Check], logins: usize, detail: Detail, call: &Call) -> String {
    let mut text = String::new();
    if detail != Detail::Problems {
        writeln!(text, "glauth {VERSION}, {SYSTEM} {PROCESSOR}").ok();
    }
    let problems: Vec<&Check> = checks.iter().filter(|check| !check.is_good()).collect();
    if !problems.is_empty() {
        let gap = if text.is_empty() { "" } else { "\n" };
        writeln!(text, "{gap}{TITLE}Problems{TITLE:#}").ok();
        text.extend(problems.iter().map(|check| line(check)));
    }
    let good = |group| {
        let good = checks.iter().filter(|check| check.is_good());
        let good: Vec<&Check> = good.filter(|check| check.topic.group() == group).collect();
        (group, good)
    };
    let good = GROUPS.map(good).into_iter();
    let good = good.filter(|(_, good)| !good.is_empty());
    match detail {
        Detail::Problems => {}
        Detail::Folded => {
            text.push('\n');
            for (group, good) in good {
                let checks = count(good.len(), "check");
                writeln!(text, "{group:13} {checks} {GOOD}ok{GOOD:#}").ok();
            }
        }
        Detail::Each => {
            for (group, good) in good {
                writeln!(text, "\n{TITLE}{group}{TITLE:#}").ok();
                text.extend(good.into_iter().map(line));
            }
        }
    }
    if detail != Detail::Problems {
        writeln!(text, "\n{}", summary(&problems, logins, detail, call)).ok();
    }
    text
}

/// `30 logins, 2 need you`
fn summary(problems: &[&Check], logins: usize, detail: Detail, call: &Call) -> String {
    let mut waiting: Vec<_> = problems
        .iter()
        .filter(|check| check.needs_login())
        .map(|check| (&check.host, &check.account))
        .collect();
    waiting.sort_unstable();
    waiting.dedup();
    let need = match waiting.len() {
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

fn line(check: &Check) -> String {
    let (style, word) = match check.verdict {
        Judgement::Ok => (GOOD, "ok  "),
        Judgement::Warn => (WARNING, "warn"),
        Judgement::Fail => (ERROR, "fail"),
    };
    let hint = check.remedy.as_ref().map_or_else(String::new, |remedy| {
        format!("        {HINT}hint:{HINT:#} {}\n", clean(remedy))
    });
    let message = clean(&check.message);
    format!("  {style}{word}{style:#}  {message}\n{hint}")
}
