//! Text of a server's, made fit for a terminal (P8).

use crate::terminal::is_unfit;

/// The longest text of a server's that is shown, in characters.
pub(super) const SHOWN_LIMIT: usize = 300;

/// The same text on one line, without what a terminal would take for more than words, and of
/// bounded length.
#[must_use]
pub fn shown(text: &str) -> String {
    clean(text).chars().take(SHOWN_LIMIT).collect()
}

/// The same at its full length.
pub(super) fn clean(text: &str) -> String {
    let text: String = text.chars().filter(|c| !is_unfit(*c)).collect();
    text.trim().to_owned()
}
