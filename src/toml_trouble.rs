//! Where a TOML text is wrong. The parser's own message may quote what it found, a token for one,
//! so only the place is taken from it, and whether it is the one mistake that is no value's fault.

use std::ops::Range;

/// The line, from 1, and the key whose value does not fit, as far as they are known.
#[must_use]
pub fn place(text: &str, span: Option<Range<usize>>) -> (Option<usize>, Option<String>) {
    let line = span.and_then(|span| line_of(text, span.start));
    let key = line
        .and_then(|line| text.lines().nth(line - 1))
        .and_then(|line| line.split_once('='))
        .map(|(key, _)| key.trim().to_owned())
        .filter(|key| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
    (line, key)
}

/// The line of this byte, from 1.
#[must_use]
pub fn line_of(text: &str, byte: usize) -> Option<usize> {
    Some(text.get(..byte)?.matches('\n').count() + 1)
}

/// Whether a key or a table appears a second time. The parser tells that in words only.
#[must_use]
pub fn is_twice(error: &toml::de::Error) -> bool {
    error.message() == "duplicate key"
}
