//! What a command's help says around its options, in the parts that a man page has.

use clap_mangen::roff::{Roff, bold, roman};

/// A list of the help: its title, and each term with what it means.
type List = (String, Vec<(String, String)>);

/// The text of a command's help.
#[derive(Debug, Default)]
pub(super) struct Prose {
    /// The line of NAME.
    pub about: String,
    /// The paragraphs of DESCRIPTION.
    pub description: Vec<String>,
    /// Lines to paste.
    pub examples: Vec<String>,
    /// Lists with a title, such as the states of `status`.
    pub lists: Vec<List>,
    /// What the command's exit codes mean.
    pub exits: Vec<String>,
}

impl Prose {
    pub fn of(command: &clap::Command) -> Self {
        let text = |text: Option<&clap::builder::StyledStr>| {
            text.map(ToString::to_string).unwrap_or_default()
        };
        let mut prose = Self {
            about: text(command.get_about()),
            ..Self::default()
        };
        // Its first paragraph is the line of NAME.
        let long = text(command.get_long_about());
        let described = long.split("\n\n").skip(1);
        prose.description.extend(described.map(ToOwned::to_owned));
        for paragraph in text(command.get_after_long_help()).split("\n\n") {
            prose.take(paragraph);
        }
        prose
    }

    fn take(&mut self, paragraph: &str) {
        let indented = |rest: &str| rest.lines().all(|line| line.starts_with("  "));
        let titled = paragraph
            .split_once(":\n")
            .filter(|(_, rest)| indented(rest));
        match titled {
            Some(("Examples", rest)) => {
                let lines = rest.lines().map(|line| line[2..].to_owned());
                self.examples.extend(lines);
            }
            // Each exit code is in a section of its own, with the codes of JSON errors.
            Some(("Exit codes", _)) => {}
            Some((title, rest)) => {
                let rows = rest
                    .lines()
                    .filter_map(|line| line.trim_start().split_once("  "));
                let rows = rows.map(|(term, text)| (term.to_owned(), text.trim_start().to_owned()));
                self.lists.push((title.to_owned(), rows.collect()));
            }
            None if paragraph.starts_with("Exit code") => self.exits.push(paragraph.to_owned()),
            None if paragraph.is_empty() => {}
            None => self.description.push(paragraph.to_owned()),
        }
    }
}

/// A paragraph.
pub(super) fn paragraph(roff: &mut Roff, text: &str) {
    roff.text([roman(text)]);
}

/// Paragraphs, with a line between them.
pub(super) fn paragraphs(roff: &mut Roff, all: &[String]) {
    for (index, text) in all.iter().enumerate() {
        if index > 0 {
            roff.control("PP", []);
        }
        paragraph(roff, text);
    }
}

/// The rows of a list.
pub(super) fn rows(roff: &mut Roff, rows: &[(String, String)]) {
    for (term, text) in rows {
        roff.control("TP", []);
        roff.text([bold(&**term)]);
        paragraph(roff, text);
    }
}
