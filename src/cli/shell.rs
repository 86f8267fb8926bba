//! What a shell reads.

use crate::terminal::is_unfit;

/// Quotes for a POSIX shell: data, never syntax.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A word of a command for a person to paste, in quotes where a shell would read more in it.
pub(super) fn word(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else {
        quote_for_person(text)
    }
}

/// Whether every shell takes it as it stands.
pub(super) fn is_plain(word: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-+@:,=".contains(&b);
    !word.is_empty() && word.bytes().all(plain)
}

/// Quotes for a person to paste: what a terminal would not show stands as an escape, which bash, zsh and
/// ksh turn back into it.
pub(super) fn quote_for_person(text: &str) -> String {
    if !text.contains(is_unfit) {
        return quote(text);
    }
    let mut quoted = "$'".to_owned();
    for c in text.chars() {
        match c {
            '\'' | '\\' => quoted.extend(['\\', c]),
            c if is_unfit(c) => {
                let bytes = c.encode_utf8(&mut [0; 4]).bytes().collect::<Vec<_>>();
                quoted.extend(bytes.iter().map(|byte| format!("\\{byte:03o}")));
            }
            c => quoted.push(c),
        }
    }
    quoted + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_data() {
        assert_eq!(quote("a b"), "'a b'");
        assert_eq!(quote("$(x)'`"), r"'$(x)'\''`'");
    }

    #[test]
    fn what_cannot_be_shown_is_quoted_as_what_a_shell_turns_back_into_it() {
        assert_eq!(quote_for_person("a 'b'"), quote("a 'b'"));
        let odd = "a'\\\n\u{1b}[2J\u{202e}é";
        assert_eq!(quote_for_person(odd), r"$'a\'\\\012\033[2J\342\200\256é'");
    }
}
