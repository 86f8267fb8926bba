//! Calls of `git config --global`.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use crate::cli::failure::{Error, UsageError};

/// What the last word of our command line is.
const OPERATION: &str = "git-credential";

/// `credential.helper` and `credential.<url>.helper`, as git writes keys.
const HELPER_KEYS: &str = r"^credential\.(.*\.)?helper$";

/// Major and minor version of the git in the PATH, where it says so.
pub(in crate::cli::commands) fn version() -> Result<Option<(u32, u32)>, Error> {
    Ok(version_in(&run(&["--version"])?.stdout))
}

/// Makes `ours` the only helper that is asked for `url`; what was changed, line by line.
pub(super) fn put_in(url: &str, ours: &str, below_a_path: bool) -> Result<Vec<String>, Error> {
    let mut changes = Vec::new();
    let key = format!("credential.{url}.helper");
    let before = all(&key)?;
    let mut wanted = without_ours(&before);
    // An empty one resets the list: what stands before it is not asked, and keeps nothing.
    wanted.extend([String::new(), ours.to_owned()]);
    replace(&key, &before, &wanted, &mut changes)?;
    if below_a_path {
        let key = format!("credential.{url}.useHttpPath");
        let before = all(&key)?;
        if before.last().map(String::as_str) != Some("true") {
            replace(&key, &before, &["true".to_owned()], &mut changes)?;
        }
    }
    Ok(changes)
}

/// The same as lines of a configuration file, for another program to write.
pub(super) fn section(url: &str, ours: &str, below_a_path: bool) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', r"\\").replace('"', r#"\""#));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " /._-+@:,=".contains(c);
    let ours = if ours.chars().all(is_plain) {
        ours.to_owned()
    } else {
        quoted(ours)
    };
    let path = if below_a_path {
        "\tuseHttpPath = true\n"
    } else {
        ""
    };
    let url = quoted(url);
    format!("[credential {url}]\n\thelper =\n\thelper = {ours}\n{path}")
}

/// Takes glauth out again; what was changed.
pub(super) fn take_out(url: &str) -> Result<Vec<String>, Error> {
    let mut changes = Vec::new();
    let key = format!("credential.{url}.helper");
    let before = all(&key)?;
    let wanted = without_ours(&before);
    if wanted != before {
        replace(&key, &before, &wanted, &mut changes)?;
        let key = format!("credential.{url}.useHttpPath");
        let before = all(&key)?;
        replace(&key, &before, &[], &mut changes)?;
    }
    Ok(changes)
}

/// Changes what a key has, if that is not what is wanted; values that stay are not touched where
/// others are only added.
fn replace(
    key: &str,
    before: &[String],
    wanted: &[String],
    changes: &mut Vec<String>,
) -> Result<(), Error> {
    let kept = if wanted.starts_with(before) {
        before.len()
    } else {
        config(&["--unset-all", key])?;
        0
    };
    for value in &wanted[kept..] {
        config(&["--add", key, value])?;
    }
    let lines = |sign: &str, from: &[String], without: &[String]| -> Vec<String> {
        let new = from.iter().filter(|value| !without.contains(value));
        new.map(|value| format!("{sign} {key} = {value}").trim_end().to_owned())
            .collect()
    };
    changes.extend(lines("-", before, wanted));
    changes.extend(lines("+", wanted, before));
    Ok(())
}

/// Every value of a key, in order.
fn all(key: &str) -> Result<Vec<String>, Error> {
    let output = run(&["config", "--global", "--null", "--get-all", key])?;
    if !output.status.success() && output.status.code() != Some(1) {
        return Err(unreadable(&output).into());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.split_terminator('\0').map(ToOwned::to_owned).collect())
}

/// Each URL for which git's global configuration names glauth.
pub(super) fn ours() -> Result<BTreeSet<String>, Error> {
    let url = |key: &str| {
        let url = key.strip_prefix("credential.")?.strip_suffix(".helper")?;
        Some(url.to_owned())
    };
    let all = helpers_in(&["--global"])?.into_iter();
    let named = all.filter(|(_, helper)| is_ours(helper));
    Ok(named.filter_map(|(key, _)| url(&key)).collect())
}

/// Every helper that git is told of anywhere, with its key, in the order in which git reads them.
pub(in crate::cli::commands) fn helpers() -> Result<Vec<(String, String)>, Error> {
    helpers_in(&[])
}

fn helpers_in(place: &[&str]) -> Result<Vec<(String, String)>, Error> {
    let words = ["--null", "--get-regexp", HELPER_KEYS];
    let output = run(&[&["config"], place, &words].concat())?;
    if !output.status.success() && output.status.code() != Some(1) {
        return Err(unreadable(&output).into());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let pairs = text.split_terminator('\0');
    // A key without a value has no newline either.
    let pair = |pair: &str| {
        let (key, value) = pair.split_once('\n').unwrap_or((pair, ""));
        (key.to_owned(), value.to_owned())
    };
    Ok(pairs.map(pair).collect())
}

/// Whether git tells its helpers the path of `url`.
pub(in crate::cli::commands) fn tells_paths(url: &str) -> Result<bool, Error> {
    let key = "credential.useHttpPath";
    let output = run(&["config", "--type=bool", "--get-urlmatch", key, url])?;
    Ok(output.stdout.trim_ascii() == b"true")
}

fn config(args: &[&str]) -> Result<(), Error> {
    let output = run(&[&["config", "--global"], args].concat())?;
    if output.status.success() {
        return Ok(());
    }
    Err(UsageError::GitNotWritten(words_of(&output)).into())
}

fn run(args: &[&str]) -> Result<Output, Error> {
    let output = Command::new("git").args(args).output();
    Ok(output.map_err(|source| UsageError::NotRun {
        program: "git".to_owned(),
        source,
    })?)
}

fn unreadable(output: &Output) -> UsageError {
    let words = words_of(output);
    UsageError::Call(format!("git's configuration cannot be read: {words}"))
}

fn words_of(output: &Output) -> String {
    let words = String::from_utf8_lossy(&output.stderr);
    words.trim().replace(char::is_control, " ")
}

/// `git version 2.47.3`
fn version_in(text: &[u8]) -> Option<(u32, u32)> {
    let text = str::from_utf8(text).ok()?;
    let mut numbers = text.trim().strip_prefix("git version ")?.split('.');
    let mut number = || numbers.next()?.parse().ok();
    Some((number()?, number()?))
}

/// The values without any glauth, and without the resets that came with it.
fn without_ours(values: &[String]) -> Vec<String> {
    let mut rest: Vec<String> = Vec::new();
    for value in values {
        if is_ours(value) {
            if rest.last().is_some_and(String::is_empty) {
                rest.pop();
            }
        } else {
            rest.push(value.clone());
        }
    }
    rest
}

/// Whether it calls glauth, wherever that is or was, with whatever options.
pub(in crate::cli::commands) fn is_ours(helper: &str) -> bool {
    let unquoted = helper.trim_start_matches('!').replace('\'', "");
    let mut words = unquoted.split_ascii_whitespace();
    words.next_back() == Some(OPERATION) && unquoted.contains("glauth")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn only_what_is_ours_is_taken_out() {
        let ours = "/usr/bin/glauth git-credential";
        for (before, after) in [
            (&["", ours][..], &[][..]),
            (&["store", "", ours], &["store"]),
            (&["", "store", "", ours], &["", "store"]),
            (&["", ours, "cache"], &["cache"]),
            (
                &["", "!'/a b/glauth' '--account' 'x' 'git-credential'"],
                &[],
            ),
            (&["", "store"], &["", "store"]),
            (
                &["/usr/bin/git-credential-glauth"],
                &["/usr/bin/git-credential-glauth"],
            ),
        ] {
            assert_eq!(without_ours(&owned(before)), owned(after), "{before:?}");
        }
    }

    #[test]
    fn the_lines_to_add_are_what_git_reads_back() {
        let plain = section(
            "https://gitlab.com",
            "/usr/bin/glauth git-credential",
            false,
        );
        let expected = "[credential \"https://gitlab.com\"]\n\thelper =\n\thelper = /usr/bin/glauth git-credential\n";
        assert_eq!(plain, expected);
        let odd = section(
            "https://a/b",
            r#"!'/a "b"\c;#/glauth' 'git-credential'"#,
            true,
        );
        let expected =
            "\thelper = \"!'/a \\\"b\\\"\\\\c;#/glauth' 'git-credential'\"\n\tuseHttpPath = true\n";
        assert!(odd.ends_with(expected), "{odd}");
    }

    #[test]
    fn a_version_is_read_as_git_writes_it() {
        assert_eq!(version_in(b"git version 2.39.5\n"), Some((2, 39)));
        assert_eq!(
            version_in(b"git version 2.50.1 (Apple Git-155)\n"),
            Some((2, 50))
        );
        assert_eq!(version_in(b"hg 1.2"), None);
    }
}
