//! What errors come to.

mod table;
mod variants;

use std::fmt::Write as _;
use std::iter;

use super::*;
use crate::cli::commands::exec;
use table::groups;
use usage::sentences;

#[test]
fn what_clap_says_becomes_one_line_and_a_hint() {
    let text = "error: unexpected argument '--foo' found\n\n  tip: a similar argument exists: '--force'\n\nUsage: glauth refresh --force [HOST]\n\nFor more information, try '--help'.\n";
    let (message, hint) = sentences(text, Some("refresh"));
    assert_eq!(message, "unexpected argument `--foo` found");
    assert_eq!(hint, "a similar argument exists: `--force`");
    let text = "error: the following required arguments were not provided:\n  --import\n\nUsage: glauth login --import [HOST]\n";
    let (message, hint) = sentences(text, None);
    assert_eq!(
        message,
        "the following required arguments were not provided: --import"
    );
    assert_eq!(hint, "see `glauth login --help`");
}

/// The rows of a subject: how the process ends, and what is said.
type Rows = (&'static str, Vec<(u8, Failure)>);

/// All that is in the table.
fn rows() -> impl Iterator<Item = Rows> {
    let row = |error: Error| {
        let failure = Failure::of(&error, &Call::default());
        let exit = match error {
            Error::Usage(UsageError::NotRun { .. }) => exec::exit_code(&error),
            _ => failure.code.exit().code(),
        };
        (exit, failure)
    };
    let arguments = |failure: Failure| (failure.code.exit().code(), failure);
    let arguments = table::arguments().into_iter().map(arguments).collect();
    let groups = groups().into_iter();
    iter::once(("An argument", arguments))
        .chain(groups.map(move |(title, errors)| (title, errors.into_iter().map(row).collect())))
}

fn text() -> String {
    let mut text = "\
# Errors

Every error of glauth, with its exit code, its `code` in JSON errors, its message, and its hint: the next step. `exec`
and `proxy` end with exit code 125 for each of them, unless they cannot run their command.
`GLAUTH_UPDATE=1 cargo test --lib failure` generates this page.
"
    .to_owned();
    for (title, rows) in rows() {
        write!(
            text,
            "\n## {title}\n\n| | `code` | says | hint |\n| --- | --- | --- | --- |\n"
        )
        .unwrap();
        for (exit, failure) in rows {
            let cell = |text: &str| text.replace('|', "\\|");
            writeln!(
                text,
                "| {exit} | `{}` | {} | {} |",
                failure.code,
                cell(&failure.message),
                cell(failure.hint.as_deref().unwrap_or_default()),
            )
            .unwrap();
        }
    }
    // People read times in their own zone, and this file is the same everywhere.
    text.replace(&table::at().local(), "2026-11-23 10:00")
}

/// On Linux: each system has words of its own for what it refuses.
#[test]
#[cfg(target_os = "linux")]
#[expect(
    clippy::disallowed_methods,
    reason = "a file of the documentation, compared or written"
)]
fn the_table_of_errors_is_what_they_say_now() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md");
    if std::env::var_os("GLAUTH_UPDATE").is_some() {
        std::fs::write(path, text()).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == text(),
        "`GLAUTH_UPDATE=1 cargo test --lib failure` writes docs/errors.md anew"
    );
}

/// One line, a sentence without a full stop, and a way on wherever there is one.
#[test]
fn an_error_is_a_line_and_a_hint_another_one() {
    for (_, failure) in rows().flat_map(|(_, rows)| rows) {
        let lines = [Some(failure.message.as_str()), failure.hint.as_deref()];
        for line in lines.into_iter().flatten() {
            assert!(!line.contains('\n') && !line.ends_with('.'), "{line}");
        }
    }
}
