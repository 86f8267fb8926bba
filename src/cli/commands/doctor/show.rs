//! The checks for people: in groups, the word in front, the remedy below.

use anstyle::{AnsiColor, Style};

use super::check::{Check, GROUPS, Verdict};
use crate::cli::printer::{ERROR, HINT, WARNING};
use crate::terminal::clean;

const GOOD: Style = AnsiColor::Green.on_default();
const TITLE: Style = Style::new().bold();

/// The whole text; with `quiet` only what is not as it should be.
pub(super) fn text(checks: &[Check], quiet: bool) -> String {
    let mut text = String::new();
    for group in GROUPS {
        let lines = checks
            .iter()
            .filter(|check| check.topic.group() == group)
            .filter(|check| !quiet || check.verdict != Verdict::Ok);
        let lines: String = lines.map(line).collect();
        if !lines.is_empty() {
            let gap = if text.is_empty() { "" } else { "\n" };
            text.extend([gap, &format!("{TITLE}{group}{TITLE:#}\n"), &lines]);
        }
    }
    text
}

fn line(check: &Check) -> String {
    let (style, word) = match check.verdict {
        Verdict::Ok => (GOOD, "ok  "),
        Verdict::Warn => (WARNING, "warn"),
        Verdict::Fail => (ERROR, "fail"),
    };
    let hint = check.remedy.as_ref().map_or_else(String::new, |remedy| {
        format!("        {HINT}hint:{HINT:#} {}\n", clean(remedy))
    });
    let message = clean(&check.message);
    format!("  {style}{word}{style:#}  {message}\n{hint}")
}
