//! One entry of `credHelpers` in a file of docker's or podman's. The text around it stays byte for byte, which no
//! parser that writes the file anew would do: numbers, escapes, spaces and the order of keys are the user's.

use std::ops::Range;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// The object with a helper for each registry.
pub(super) const HELPERS: &str = "credHelpers";

/// The text with this helper for `registry`, or without any. `None`: there is no place for it, or the text is written
/// in a way in which the change would mean something else.
pub(super) fn changed(
    text: &str,
    registry: &str,
    helper: Option<&str>,
) -> Option<Zeroizing<String>> {
    let before: Value = serde_json::from_str(text).ok()?;
    let new = Zeroizing::new(match helper {
        Some(helper) => with(text, registry, helper)?,
        None => without(text, registry)?,
    });
    let after: Value = serde_json::from_str(&new).ok()?;
    (after == wanted(before, registry, helper)?).then_some(new)
}

/// What the whole file must then say.
fn wanted(mut file: Value, registry: &str, helper: Option<&str>) -> Option<Value> {
    let root = file.as_object_mut()?;
    let helpers = root.entry(HELPERS).or_insert_with(|| Map::new().into());
    if helpers.is_null() {
        *helpers = Map::new().into();
    }
    let helpers = helpers.as_object_mut()?;
    match helper {
        Some(helper) => drop(helpers.insert(registry.to_owned(), helper.into())),
        None => drop(helpers.remove(registry)),
    }
    if helpers.is_empty() {
        root.remove(HELPERS);
    }
    Some(file)
}

fn with(text: &str, registry: &str, helper: &str) -> Option<String> {
    let root = Object::at(text, text.find('{')?)?;
    let style = Style::of(text, &root);
    let (registry, helper) = (quoted(registry), quoted(helper));
    let whole = style.object(1, &style.member(&registry, &helper));
    let Some(helpers) = root.member(HELPERS) else {
        return Some(root.and(text, &style, 0, &style.member(&quoted(HELPERS), &whole)));
    };
    let Some(inner) = Object::at(text, helpers.value.start) else {
        return Some(replaced(text, helpers.value.clone(), &whole));
    };
    let name: String = serde_json::from_str(&registry).ok()?;
    Some(match inner.member(&name) {
        Some(old) => replaced(text, old.value.clone(), &helper),
        None => inner.and(text, &style, 1, &style.member(&registry, &helper)),
    })
}

fn without(text: &str, registry: &str) -> Option<String> {
    let root = Object::at(text, text.find('{')?)?;
    let Some(helpers) = root.position(HELPERS) else {
        return Some(text.to_owned());
    };
    let inner = Object::at(text, root.members[helpers].value.start)?;
    match (inner.position(registry), inner.members.len()) {
        (Some(_), 1) | (None, 0) => Some(replaced(text, root.place_of(helpers), "")),
        (Some(index), _) => Some(replaced(text, inner.place_of(index), "")),
        (None, _) => Some(text.to_owned()),
    }
}

fn replaced(text: &str, place: Range<usize>, new: &str) -> String {
    [&text[..place.start], new, &text[place.end..]].concat()
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// How the file is written.
struct Style<'a> {
    /// What ends a line, and one step to the right; `None`: all is on one line.
    lines: Option<(&'static str, &'a str)>,
    /// What stands between a key and its value.
    colon: &'a str,
}

impl<'a> Style<'a> {
    /// As the last key has it. A file without one is written as docker writes it.
    fn of(text: &'a str, root: &Object) -> Self {
        let Some(last) = root.members.last() else {
            return Self {
                lines: Some(("\n", "\t")),
                colon: ": ",
            };
        };
        let lead = root.lead(text);
        let end = if lead.contains("\r\n") { "\r\n" } else { "\n" };
        let lines = lead.rsplit_once('\n').map(|(_, indent)| (end, indent));
        Self {
            lines,
            colon: &text[last.key_end..last.value.start],
        }
    }

    fn member(&self, key: &str, value: &str) -> String {
        format!("{key}{}{value}", self.colon)
    }

    /// The beginning of a line, so many steps to the right.
    fn line(&self, depth: usize) -> String {
        let line = |(end, indent): (&str, &str)| format!("{end}{}", indent.repeat(depth));
        self.lines.map(line).unwrap_or_default()
    }

    /// An object with one member, which itself is so many steps to the right.
    fn object(&self, depth: usize, member: &str) -> String {
        format!("{{{}{member}{}}}", self.line(depth + 1), self.line(depth))
    }
}

/// Where an object's members are in a text that is JSON.
struct Object {
    /// Behind the `{`.
    start: usize,
    members: Vec<Member>,
    /// Before the `}`.
    end: usize,
}

struct Member {
    key: String,
    start: usize,
    key_end: usize,
    value: Range<usize>,
}

impl Object {
    /// The object that begins at `place`; `None`: another value does.
    fn at(text: &str, place: usize) -> Option<Self> {
        if text.as_bytes().get(place) != Some(&b'{') {
            return None;
        }
        let mut members = Vec::new();
        let mut rest = skip_blanks(text, place + 1);
        while text.as_bytes().get(rest)? != &b'}' {
            let start = rest;
            let key_end = value_end(text, start)?;
            let colon = skip_blanks(text, key_end);
            let value = skip_blanks(text, colon + 1);
            let value = value..value_end(text, value)?;
            rest = skip_blanks(text, value.end);
            if text.as_bytes().get(rest)? == &b',' {
                rest = skip_blanks(text, rest + 1);
            }
            members.push(Member {
                key: serde_json::from_str(&text[start..key_end]).ok()?,
                start,
                key_end,
                value,
            });
        }
        Some(Self {
            start: place + 1,
            members,
            end: rest,
        })
    }

    /// Of several with one name, the last counts.
    fn position(&self, key: &str) -> Option<usize> {
        self.members.iter().rposition(|member| member.key == key)
    }

    fn member(&self, key: &str) -> Option<&Member> {
        Some(&self.members[self.position(key)?])
    }

    /// What stands before the last key, from the brace or the comma on.
    fn lead<'t>(&self, text: &'t str) -> &'t str {
        let Some(last) = self.members.last() else {
            return "";
        };
        let before = text[..last.start].trim_end_matches(is_blank).len();
        &text[before..last.start]
    }

    /// The text with one more member at the end of this object, which itself is so many steps to the right.
    fn and(&self, text: &str, style: &Style<'_>, depth: usize, member: &str) -> String {
        let Some(last) = self.members.last() else {
            let place = self.start - 1..self.end + 1;
            return replaced(text, place, &style.object(depth, member));
        };
        let end = last.value.end;
        replaced(text, end..end, &format!(",{}{member}", self.lead(text)))
    }

    /// What goes with a member: its comma, and the blanks before it.
    fn place_of(&self, index: usize) -> Range<usize> {
        let before = index.checked_sub(1).map(|before| &self.members[before]);
        match (before, self.members.get(index + 1)) {
            (_, Some(next)) => self.members[index].start..next.start,
            (Some(before), None) => before.value.end..self.members[index].value.end,
            (None, None) => self.start..self.end,
        }
    }
}

/// RFC 8259 §2.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn skip_blanks(text: &str, place: usize) -> usize {
    let rest = &text[place..];
    place + (rest.len() - rest.trim_start_matches(is_blank).len())
}

/// The end of the value that begins at `start`.
fn value_end(text: &str, start: usize) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (place, byte) in text.bytes().enumerate().skip(start) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => {
                in_string = !in_string;
                if !in_string && depth == 0 {
                    return Some(place + 1);
                }
            }
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return Some(place),
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(place + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRY: &str = "registry.gitlab.com";

    fn set(text: &str) -> String {
        changed(text, REGISTRY, Some("glauth")).unwrap().to_string()
    }

    fn unset(text: &str) -> String {
        changed(text, REGISTRY, None).unwrap().to_string()
    }

    #[test]
    fn a_helper_is_put_in_as_the_file_is_written_and_taken_out_again() {
        for (before, after) in [
            (
                "{}",
                "{\n\t\"credHelpers\": {\n\t\t\"registry.gitlab.com\": \"glauth\"\n\t}\n}",
            ),
            (
                "{\n\t\"auths\": {}\n}",
                "{\n\t\"auths\": {},\n\t\"credHelpers\": {\n\t\t\"registry.gitlab.com\": \"glauth\"\n\t}\n}",
            ),
            (
                "{\r\n  \"a\" : 1.0e2,\r\n  \"b\" : [1, {\"}\": \"\\\"{\"}]\r\n}\r\n",
                "{\r\n  \"a\" : 1.0e2,\r\n  \"b\" : [1, {\"}\": \"\\\"{\"}],\r\n  \"credHelpers\" : {\r\n    \"registry.gitlab.com\" : \"glauth\"\r\n  }\r\n}\r\n",
            ),
            (
                "{\"a\":true,\"b\":null}",
                "{\"a\":true,\"b\":null,\"credHelpers\":{\"registry.gitlab.com\":\"glauth\"}}",
            ),
            (
                "{ \"a\": 1, \"b\": 12345678901234567890123 }\n",
                "{ \"a\": 1, \"b\": 12345678901234567890123, \"credHelpers\": {\"registry.gitlab.com\": \"glauth\"} }\n",
            ),
            (
                "{\n    \"credHelpers\": {\n        \"gcr.io\": \"gcloud\"\n    },\n    \"z\": \"\\u00fc\"\n}\n",
                "{\n    \"credHelpers\": {\n        \"gcr.io\": \"gcloud\",\n        \"registry.gitlab.com\": \"glauth\"\n    },\n    \"z\": \"\\u00fc\"\n}\n",
            ),
        ] {
            assert_eq!(set(before), after);
            assert_eq!(set(after), after);
            assert_eq!(unset(after), before);
            assert_eq!(unset(before), before);
        }
    }

    #[test]
    fn another_helper_of_the_registry_is_replaced() {
        let other = |helper| {
            format!("{{\"credHelpers\":{{\"a\":\"b\",\"{REGISTRY}\":{helper}, \"c\":\"d\"}}}}")
        };
        assert_eq!(set(&other("\"pass\"")), other("\"glauth\""));
        assert_eq!(
            unset(&other("\"glauth\"")),
            "{\"credHelpers\":{\"a\":\"b\",\"c\":\"d\"}}"
        );
    }

    #[test]
    fn helpers_that_are_empty_or_null_are_filled_in() {
        for empty in ["{}", "{ }", "{\n }", "null"] {
            assert_eq!(
                set(&format!("{{\"credHelpers\": {empty}}}")),
                "{\"credHelpers\": {\"registry.gitlab.com\": \"glauth\"}}"
            );
        }
    }

    #[test]
    fn a_key_may_be_escaped() {
        let text = "{\"cred\\u0048elpers\":{\"registry\\u002egitlab.com\":\"pass\"}}";
        assert_eq!(
            set(text),
            "{\"cred\\u0048elpers\":{\"registry\\u002egitlab.com\":\"glauth\"}}"
        );
    }

    #[test]
    fn a_change_that_would_mean_something_else_is_not_made() {
        // The first one would count again.
        let twice = "{\"credHelpers\":{\"registry.gitlab.com\":\"glauth\"},\"credHelpers\":{\"registry.gitlab.com\":\"glauth\"}}";
        assert!(changed(twice, REGISTRY, None).is_none());
    }

    #[test]
    fn what_has_no_place_for_a_helper_is_left_alone() {
        for text in [
            "",
            "[]",
            "{\"credHelpers\": []}",
            "{\"credHelpers\": \"glauth\"}",
            "{\"credHelpers\": {}",
            "{} {}",
        ] {
            assert!(changed(text, REGISTRY, Some("glauth")).is_none(), "{text}");
        }
    }
}
