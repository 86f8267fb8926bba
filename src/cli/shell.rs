//! What a shell reads.

/// Quotes for a POSIX shell: data, never syntax.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_data() {
        assert_eq!(quote("a b"), "'a b'");
        assert_eq!(quote("$(x)'`"), r"'$(x)'\''`'");
    }
}
