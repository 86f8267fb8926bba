//! What is wrong with a configuration, in words; and what is wrong with a text that is not TOML. The parser's own
//! message may quote a secret, so glauth looks at the line instead.

use super::keys::{Key, key};
use crate::toml_trouble;

/// A mistake, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// The line, from 1.
    pub line: Option<usize>,
    /// What the file has: the end of a sentence that begins with its name.
    pub said: String,
    /// What to write.
    pub hint: Option<String>,
}

/// Behind the name of the file.
impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(line) = self.line {
            write!(f, ", line {line},")?;
        }
        write!(f, " {}", self.said)
    }
}

/// The header of a host's table.
pub(super) fn header(host: &str) -> String {
    format!("[hosts.\"{host}\"]")
}

/// What is wrong with a text that is not TOML.
pub(super) fn not_toml(text: &str, error: &toml::de::Error) -> Mistake {
    let (line, key) = toml_trouble::place(text, error.span());
    if let Some(open) = line.and_then(|line| unclosed(text, line)) {
        return open;
    }
    let content = line.and_then(|line| text.lines().nth(line - 1));
    let content = content.unwrap_or_default().trim();
    let (said, hint) = if toml_trouble::is_twice(error) {
        twice(content, key)
    } else if let Some(inner) = content.strip_prefix('[') {
        bad_header(inner)
    } else {
        bad_line(content)
    };
    Mistake {
        line,
        said,
        hint: Some(hint),
    }
}

/// A list or a table that begins above the line where the parser gave up, and has no end.
fn unclosed(text: &str, line: usize) -> Option<Mistake> {
    let lines: Vec<&str> = text.lines().take(line).collect();
    let opened = |line: &str| {
        let (name, value) = line.split_once('=')?;
        let end = match value.trim_start().chars().next()? {
            '[' => ']',
            '{' => '}',
            _ => return None,
        };
        is_key(name.trim()).then(|| (name.trim().to_owned(), end))
    };
    let start = lines.iter().rposition(|line| opened(line).is_some())?;
    let (name, end) = opened(lines[start])?;
    if start + 1 == line || lines[start..].iter().any(|line| line.contains(end)) {
        return None;
    }
    Some(Mistake {
        line: Some(start + 1),
        said: format!("has no closing `{end}` for `{name}`"),
        hint: Some(like(key(&name), &name)),
    })
}

fn twice(line: &str, key: Option<String>) -> (String, String) {
    match key {
        Some(key) => (
            format!("has `{key}` twice"),
            "remove one of the two".to_owned(),
        ),
        None if line.starts_with('[') => {
            let hint = "put the keys of both into one table".to_owned();
            ("has a table twice".to_owned(), hint)
        }
        None => (
            "has a key or a table twice".to_owned(),
            "remove one of the two".to_owned(),
        ),
    }
}

/// A line that begins with a bracket, without it.
fn bad_header(inner: &str) -> (String, String) {
    let inner = inner.split('#').next().unwrap_or_default().trim();
    let Some((name, _)) = inner.rsplit_once(']') else {
        let hint = "write it as in `[hosts.\"gitlab.com\"]`".to_owned();
        return ("has a `[` without its `]`".to_owned(), hint);
    };
    let name = name.trim().trim_matches(['[', ']']);
    let host = name.strip_prefix("hosts.").unwrap_or(name);
    let host = host.trim_matches(['"', '\'', '“', '”', ' ']);
    let is_host = |c: char| c.is_ascii_alphanumeric() || ".-_:/".contains(c);
    if host.is_empty() || !host.chars().all(is_host) {
        let hint = "write it as in `[hosts.\"gitlab.com\"]`".to_owned();
        return ("has the name of a table that is not TOML".to_owned(), hint);
    }
    let quotes = match name.matches(['"', '\'']).count() {
        1 => "with only one quote",
        _ => "without quotes",
    };
    let said = format!("has `[{name}]` {quotes} around the host");
    (said, format!("write `{}`", header(host)))
}

/// A line that is no header and not TOML.
fn bad_line(line: &str) -> (String, String) {
    if line.starts_with("//") || line.starts_with(';') {
        let hint = "begin a comment with `#`".to_owned();
        return ("has a comment that is not TOML".to_owned(), hint);
    }
    let Some((name, value)) = line.split_once('=').filter(|(name, _)| is_key(name.trim())) else {
        return bad_pair(line);
    };
    let name = name.trim();
    let example = like(key(name), name);
    let value = value.trim();
    let said = match value.chars().next() {
        None => format!("has no value for `{name}`"),
        Some('"') if value.contains('\\') => {
            let said = format!("has a backslash in the value of `{name}` that is not TOML");
            return (
                said,
                "put the value in single quotes, or write `\\\\`".to_owned(),
            );
        }
        Some(quote @ ('"' | '\'')) if value.matches(quote).count() == 1 => {
            format!("has no closing quote for `{name}`")
        }
        Some(quote @ ('"' | '\'')) if value.matches(quote).count() > 1 => {
            let said = format!("has text after the value of `{name}`");
            return (
                said,
                "write each key on a line of its own, without a comma".to_owned(),
            );
        }
        Some('[' | '{' | '"' | '\'') => format!("has a value for `{name}` that is not TOML"),
        Some('“' | '”' | '„' | '‘' | '’') => {
            format!("has typographic quotes for `{name}`")
        }
        Some(_) => format!("has a value without quotes for `{name}`"),
    };
    (said, example)
}

/// A line without `=`, or with something else than a key before it.
fn bad_pair(line: &str) -> (String, String) {
    let end = line.find(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c));
    let (name, rest) = line.split_at(end.unwrap_or(line.len()));
    match (key(name), rest.trim_start().starts_with(':')) {
        (Some(key), true) => {
            let said = format!("has `:` in place of `=` behind `{name}`");
            (said, like(Some(key), name))
        }
        (Some(key), false) => (format!("has no `=` behind `{name}`"), like(Some(key), name)),
        (None, _) => {
            let hint =
                "write `key = \"value\"`, or a table such as `[hosts.\"gitlab.com\"]`".to_owned();
            ("is not TOML".to_owned(), hint)
        }
    }
}

fn is_key(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b == b'_' || b == b'-';
    !name.is_empty() && name.bytes().all(plain)
}

fn like(known: Option<&Key>, name: &str) -> String {
    match known {
        Some(key) => format!("write it as in `{}`", key.line()),
        None => format!("write it as in `{name} = \"value\"`"),
    }
}
