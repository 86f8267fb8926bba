//! Text of a server's, made fit for a terminal (P8).

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
    let harmless = |c: &char| !c.is_control() && !is_invisible(*c);
    let text: String = text.chars().filter(harmless).collect();
    text.trim().to_owned()
}

/// What turns the direction of text around, or hides in it (Unicode, `Bidi_Control` and the
/// byte-order mark).
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}
