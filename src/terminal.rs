//! What a terminal is given (I8): the one filter for text that may have come from anywhere, and the one
//! writer of standard error.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

/// Whether each line of standard error is a JSON object.
static AS_JSON: AtomicBool = AtomicBool::new(false);

/// Whether the last line of the terminal moves, which says by itself that something is waited for.
static MOVES: AtomicBool = AtomicBool::new(false);

/// Notes whether it does.
#[cfg(feature = "cli")]
pub fn set_moving(moves: bool) {
    MOVES.store(moves, Ordering::Relaxed);
}

/// Whether it does.
#[must_use]
pub fn is_moving() -> bool {
    MOVES.load(Ordering::Relaxed)
}

/// From now on each line of standard error is a JSON object (`--json`), whichever thread writes it.
#[cfg(feature = "cli")]
pub fn speak_json() {
    AS_JSON.store(true, Ordering::Relaxed);
}

/// Whether it is.
#[cfg(feature = "cli")]
#[must_use]
pub fn speaks_json() -> bool {
    AS_JSON.load(Ordering::Relaxed)
}

/// Whether a character does more than show itself: controls, the separators that end a line for some
/// programs, what turns the direction of text around (Unicode, `Bidi_Control`), and what is not seen.
#[must_use]
pub fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// The text on one line, with each unfit character as Rust writes it: `\n`, `\u{1b}`, `\u{202e}`.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unfit) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unfit(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// The value on one line. An unfit character can only stand inside a string, and becomes the escape that
/// every reader of JSON turns back into it.
#[must_use]
pub fn json_text(value: &Value) -> String {
    let text = value.to_string();
    if !text.contains(is_unfit) {
        return text;
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unfit(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                write!(shown, "\\u{unit:04x}").ok();
            }
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Tells what is under way, in one line: `glauth: TEXT`, or an object under `--json`.
pub fn tell(text: &str) {
    let mut line = if AS_JSON.load(Ordering::Relaxed) {
        json_text(&json!({"note": {"message": text}}))
    } else {
        format!("glauth: {}", clean(text))
    };
    line.push('\n');
    write(line.as_bytes());
}

/// In one write: the lines of a crowd that shares stderr stay whole. A failure cannot be told to anybody.
pub fn write(bytes: &[u8]) {
    io::stderr().write_all(bytes).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_takes_for_more_than_text_is_shown_as_an_escape() {
        for (text, shown) in [
            ("gitlab.com, é, 漢字, 🦀", "gitlab.com, é, 漢字, 🦀"),
            ("a\nhint: b", r"a\nhint: b"),
            ("\u{1b}[2J\u{9b}2J\u{7f}", r"\u{1b}[2J\u{9b}2J\u{7f}"),
            ("a\u{2028}b\u{2029}c", r"a\u{2028}b\u{2029}c"),
            (
                "\u{202e}moc\u{2066}\u{61c}\u{200f}",
                r"\u{202e}moc\u{2066}\u{61c}\u{200f}",
            ),
            ("a\tb\r", r"a\tb\r"),
        ] {
            assert_eq!(clean(text), shown);
        }
    }

    #[test]
    fn json_stays_the_same_value_without_an_unfit_character() {
        let value = json!({"a\u{202e}": "\u{1b}\n\u{9b}\u{2028}\u{e0001}é"});
        let text = json_text(&value);
        assert!(!text.contains(is_unfit), "{text}");
        assert_eq!(text.parse::<Value>().unwrap(), value);
    }
}
