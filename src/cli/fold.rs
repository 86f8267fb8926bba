//! Breaks a line at its words where the terminal would break it anywhere. What a person copies stays whole: a
//! command in backticks, and an address, are one word each. If such a word is longer than the screen is wide, the
//! terminal breaks it, and takes the break out of what is copied.

use unicode_width::UnicodeWidthStr as _;

/// The spaces before what follows the first line.
const HANGING: usize = 2;

/// The text with each line at most this wide, where its words allow that. A line that begins with a space stays as it
/// is: it is an address, a code or a line of a configuration.
pub(super) fn folded(text: &str, columns: usize) -> String {
    let lines = text.split('\n').map(|line| {
        if line.starts_with(' ') {
            line.to_owned()
        } else {
            folded_line(line, columns, HANGING)
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// One line, with this many spaces before what follows the first part.
pub(super) fn folded_line(line: &str, columns: usize, hanging: usize) -> String {
    if width(line) <= columns {
        return line.to_owned();
    }
    let mut text = String::with_capacity(line.len() + 16);
    let mut used = 0;
    let mut has_word = false;
    for (gap, word) in words(line) {
        let fits_below = hanging + width(word) <= columns;
        if has_word && fits_below && used + gap.len() + width(word) > columns {
            text.push('\n');
            text += &" ".repeat(hanging);
            used = hanging;
        } else {
            text += gap;
            used += gap.len();
        }
        text += word;
        used += width(word);
        has_word = true;
    }
    text
}

/// The words, each with the spaces before it.
fn words(line: &str) -> Vec<(&str, &str)> {
    let mut words = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let (gap, behind) = rest.split_at(rest.len() - rest.trim_start_matches(' ').len());
        let (word, behind) = behind.split_at(end_of_word(behind));
        words.push((gap, word));
        rest = behind;
    }
    words
}

/// Where the first word ends: at a space that is not in backticks.
fn end_of_word(text: &str) -> usize {
    let mut at = 0;
    while let Some(found) = text[at..].find([' ', '`']) {
        at += found;
        if text[at..].starts_with(' ') {
            return at;
        }
        at += 1;
        // A backtick without a second one is a character like others.
        if let Some(closing) = text[at..].find('`') {
            at += closing + 1;
        }
    }
    text.len()
}

/// How many columns it takes; our own colours take none.
fn width(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().width()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_between_words() {
        for (line, folded_at_20) in [
            ("fits in one line", "fits in one line"),
            ("exactly twenty wide.", "exactly twenty wide."),
            (
                "the words of this line stay whole",
                "the words of this\n  line stay whole",
            ),
            (
                "one two\nthe words of this line",
                "one two\nthe words of this\n  line",
            ),
            (
                "  https://example.com/long/path is copied",
                "  https://example.com/long/path is copied",
            ),
            ("漢字漢字漢字漢字 漢字漢字", "漢字漢字漢字漢字\n  漢字漢字"),
            (
                "\u{1b}[31mglauth:\u{1b}[0m twelve wide",
                "\u{1b}[31mglauth:\u{1b}[0m twelve wide",
            ),
            ("", ""),
        ] {
            assert_eq!(folded(line, 20), folded_at_20);
        }
    }

    #[test]
    fn what_is_copied_stays_whole() {
        for (line, folded_at_20) in [
            (
                "hint: run `glauth a.com`; or not",
                "hint: run\n  `glauth a.com`; or\n  not",
            ),
            (
                "open https://example.com/a/long/path now",
                "open https://example.com/a/long/path\n  now",
            ),
            (
                "the server said ` and nothing else",
                "the server said `\n  and nothing else",
            ),
            (
                "`a b c d e f g h i j k l m n o p` x",
                "`a b c d e f g h i j k l m n o p`\n  x",
            ),
        ] {
            assert_eq!(folded(line, 20), folded_at_20);
        }
    }

    #[test]
    fn a_check_hangs_below_its_message() {
        let line = "  warn  the clock of the server differs";
        assert_eq!(
            folded_line(line, 24, 8),
            "  warn  the clock of the\n        server differs"
        );
    }
}
