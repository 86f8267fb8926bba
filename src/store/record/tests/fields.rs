//! A value that does not fit: which line, and never a word of what stood there.

use std::path::Path;

use super::*;
use crate::secret::TOKEN_LIMIT;

/// Stands for a token; no key of the format has it in its name.
const SECRET: &str = "zyxwv";

fn line_of(text: &str, part: &str) -> usize {
    text[..text.find(part).unwrap()].matches('\n').count() + 1
}

/// What a person is shown.
fn shown(problem: Problem) -> String {
    problem.in_file(Path::new("default.toml")).to_string()
}

#[test]
fn a_wrong_type_is_found_on_its_line_and_not_shown() {
    for example in EXAMPLES {
        for (number, line) in (1..).zip(example.lines()) {
            let Some((key, value)) = line.split_once(" = ") else {
                continue;
            };
            let wrong = if value.starts_with('"') {
                format!("{key} = [\"{SECRET}\"]")
            } else {
                format!("{key} = \"{SECRET}\"")
            };
            let lines = example.lines().zip(1..);
            let text: String = lines
                .map(|(line, here)| if here == number { &wrong } else { line })
                .flat_map(|line| [line, "\n"])
                .collect();
            let problem = problem_in(&text, example);
            let Problem::Corrupt { line, .. } = &problem else {
                panic!("{wrong}: {problem:?}");
            };
            assert_eq!(*line, Some(number), "{wrong}");
            let shown = shown(problem);
            assert!(!shown.contains(SECRET), "{wrong}: {shown}");
        }
    }
}

#[test]
fn a_token_in_any_wrong_place_is_not_shown() {
    for number in 0..OAUTH.lines().count() - 1 {
        for wrong in [
            SECRET.to_owned(),
            format!("{SECRET} = = 1"),
            format!("{SECRET}=="),
            format!("access_token = {SECRET}"),
            format!("access_token = \"{SECRET}"),
            format!("access_token = \"{SECRET}\" {SECRET}"),
            format!("[{SECRET}"),
            format!("[{SECRET}]\n[{SECRET}]"),
            format!("{SECRET}.{SECRET} = 1\n{SECRET} = 1"),
            format!("version = {{ {SECRET} = 1 }}"),
            format!("\"{SECRET}\" = \"\u{7}\""),
        ] {
            let lines: Vec<&str> = OAUTH.lines().collect();
            let mut lines = lines.clone();
            lines.insert(number, &wrong);
            let text = lines.join("\n") + "\n";
            if let Err(problem) = parse(&text, &id_in(OAUTH), Format::Record) {
                let shown = shown(problem);
                assert!(!shown.contains(SECRET), "{wrong} at {number}: {shown}");
            }
        }
    }
}

/// Replaces a line's value, and expects the complaint about it on that line.
#[track_caller]
fn assert_refused(example: &str, from: &str, to: &str, expected: &str) {
    let text = with(example, from, to);
    let expected = Problem::Corrupt {
        line: Some(line_of(&text, to)),
        text: expected.to_owned(),
    };
    assert_eq!(problem_in(&text, example), expected, "{to}");
}

const UNKNOWN: &str = "is not one that this glauth knows";

#[test]
fn a_word_that_is_not_known_is_of_a_newer_glauth() {
    for (from, key) in [
        ("kind = \"oauth\"", "kind"),
        ("scheme = \"https\"", "scheme"),
        ("auth_method = \"client_secret_basic\"", "auth_method"),
        ("rotation = \"kills\"", "rotation"),
        ("replay = \"harmless\"", "replay"),
        ("grants = \"independent\"", "grants"),
        ("state = \"doubtful\"", "state"),
        ("state = \"active\"", "state"),
        ("cause = \"login\"", "cause"),
        ("cause = \"expiring\"\nby", "cause"),
        ("outcome = \"unavailable\"", "outcome"),
    ] {
        for word in ["", "Active", SECRET] {
            let rest = from.split_once('\n').map_or("", |(_, rest)| rest);
            let separator = if rest.is_empty() { "" } else { "\n" };
            let to = format!("{key} = \"{word}\"{separator}{rest}");
            let text = with(OAUTH, from, &to);
            let expected = Problem::Newer {
                line: Some(line_of(&text, &to)),
                text: format!("`{key}` {UNKNOWN}"),
            };
            assert_eq!(problem_in(&text, OAUTH), expected, "{to}");
        }
    }
}

#[test]
fn a_time_since_no_start_is_refused() {
    let good = "issued_boot = \"42 4f3c2b1a 5321042\"";
    for at in ["x 5321042", "4f3c2b1a", "4f3c2b1a 1.5", "4f3c2b1a 1 2"] {
        let bad = format!("issued_boot = \"42 {at}\"");
        assert_refused(
            OAUTH,
            good,
            &bad,
            "`issued_boot` is not a time since a start",
        );
    }
}

#[test]
fn a_control_character_is_refused() {
    for (example, from, key) in [
        (OAUTH, "username = \"jane\"", "username"),
        (OAUTH, "subject = \"248289761001\"", "subject"),
        (OAUTH, "provider = \"gitlab\"", "provider"),
        (OAUTH, "client_id = \"5ab1d5ea\"", "client_id"),
        (OAUTH, "git_username = \"oauth2\"", "git_username"),
        (OAUTH, "ca_file = \"/etc/ssl/corp.pem\"", "ca_file"),
        (OAUTH, "by = \"pid 4711 on build7\"", "by"),
        (LOGGED_OUT, "reason = \"asked\"", "reason"),
        (PASSWORD, "protocol = \"http\"", "protocol"),
        (PASSWORD, "path = \"team/project.git\"", "path"),
        (PASSWORD, "\nusername = \"jane\"", "username"),
        (PASSWORD, "authtype = \"Bearer\"", "authtype"),
    ] {
        for character in ["\\n", "\\u0000", "\\u001b", "\\u009b"] {
            let newline = if from.starts_with('\n') { "\n" } else { "" };
            let text = with(
                example,
                from,
                &format!("{newline}{key} = \"a{character}b\""),
            );
            let expected = Problem::Corrupt {
                line: Some(line_of(&text, character)),
                text: format!("`{key}` has a control character"),
            };
            assert_eq!(problem_in(&text, example), expected);
        }
    }
}

#[test]
fn a_control_character_in_a_list_or_a_map_is_refused() {
    for (from, to, key) in [
        (
            "scopes = [\"api\", \"read_user\"]",
            "scopes = [\"a\\nb\"]",
            "scopes",
        ),
        ("\"read_user\"]", "\n\"read_user\",\n\"a\\nb\"]", "scopes"),
        (
            "resource = \"https://gitlab.example.com/api\"",
            "resource = \"a\\nb\"",
            "parameters",
        ),
        (
            "GITLAB_TOKEN = \"{token}\"",
            "GITLAB_TOKEN = \"a\\nb\"",
            "environment",
        ),
        (
            "GITLAB_TOKEN = \"{token}\"",
            "\"a\\nb\" = \"{token}\"",
            "environment",
        ),
    ] {
        let text = with(OAUTH, from, to);
        let expected = Problem::Corrupt {
            line: Some(line_of(&text, "a\\nb")),
            text: format!("`{key}` has a control character"),
        };
        assert_eq!(problem_in(&text, OAUTH), expected);
    }
}

#[test]
fn what_cannot_be_a_secret_is_refused() {
    let too_long = format!("is longer than {TOKEN_LIMIT} bytes");
    let unprintable = "has a character that is not printable ASCII";
    for (example, from, key) in [
        (OAUTH, "client_secret = \"client-secret\"", "client_secret"),
        (
            OAUTH,
            "access_token = \"access-token-of-grant-0\"",
            "access_token",
        ),
        (
            OAUTH,
            "access_token = \"access-token-of-grant-1\"",
            "access_token",
        ),
        (
            OAUTH,
            "refresh_token = \"refresh-token-of-grant-0\"",
            "refresh_token",
        ),
    ] {
        for (value, problem) in [
            (String::new(), "is empty"),
            ("a\\nb".to_owned(), unprintable),
            ("zyxwvü".to_owned(), unprintable),
            ("x".repeat(TOKEN_LIMIT + 1), &*too_long),
        ] {
            let to = format!("{key} = \"{value}\"");
            assert_refused(example, from, &to, &format!("`{key}` {problem}"));
        }
    }
}

/// What people type for git may be empty, and have any letters.
#[test]
fn what_git_cannot_have_asked_to_keep_is_refused() {
    let too_long = format!("is longer than {TOKEN_LIMIT} bytes");
    for (from, key) in [
        ("password = \"git-password\"", "password"),
        (
            "oauth_refresh_token = \"git-refresh-token\"",
            "oauth_refresh_token",
        ),
        ("credential = \"git-credential\"", "credential"),
    ] {
        for (value, problem) in [
            (
                "a\\nb".to_owned(),
                "has a newline, a carriage return or a NUL",
            ),
            (
                "a\\u0000b".to_owned(),
                "has a newline, a carriage return or a NUL",
            ),
            ("x".repeat(TOKEN_LIMIT + 1), &*too_long),
        ] {
            let to = format!("{key} = \"{value}\"");
            assert_refused(PASSWORD, from, &to, &format!("`{key}` {problem}"));
        }
    }
}

#[test]
fn what_is_no_endpoint_is_refused() {
    for key in ["token_endpoint", "revocation_endpoint", "check_endpoint"] {
        let line = OAUTH.lines().find(|line| line.starts_with(key)).unwrap();
        for url in ["", "ftp://gitlab.example.com/", "https://a b/"] {
            let text = with(OAUTH, line, &format!("{key} = \"{url}\""));
            let problem = problem_in(&text, OAUTH);
            let Problem::Corrupt { line, text: shown } = problem else {
                panic!("{problem:?}");
            };
            assert_eq!(line, Some(line_of(&text, key)));
            assert!(shown.starts_with(&format!("`{key}` is not an `https://` URL")));
        }
    }
}

#[test]
fn a_time_without_an_offset_is_refused() {
    for (example, from, key) in [
        (OAUTH, "issued_at = 2026-11-23T10:00:00Z", "issued_at"),
        (OAUTH, "expires_at = 2026-11-23T12:00:00Z", "expires_at"),
        (
            OAUTH,
            "refresh_expires_at = 2027-05-23T10:00:00Z",
            "refresh_expires_at",
        ),
        (
            OAUTH,
            "state_since = 2026-11-23T11:59:59.999Z",
            "state_since",
        ),
        (OAUTH, "started_at = 2026-11-23T11:59:59Z", "started_at"),
        (
            OAUTH,
            "finished_at = 2026-11-23T12:00:00.21Z",
            "finished_at",
        ),
        (OAUTH, "retry_at = 2026-11-23T12:00:30.21Z", "retry_at"),
        (LOGGED_OUT, "at = 2026-11-23T12:00:00Z", "at"),
        (
            PASSWORD,
            "password_expiry_utc = 2026-11-23T12:00:00Z",
            "password_expiry_utc",
        ),
    ] {
        for time in ["2026-11-23T10:00:00", "2026-11-23", "10:00:00"] {
            let to = format!("{key} = {time}");
            let expected = format!(
                "`{key}` is not a date with a time and an offset, such as `2026-11-23T10:00:00Z`"
            );
            assert_refused(example, from, &to, &expected);
        }
    }
}

#[test]
fn other_values_that_mean_nothing_are_refused() {
    for (from, to, expected) in [
        (
            "origin = \"5b4c3d2e1f\"",
            "origin = \"5B4C3D2E1F\"",
            "`origin` is not a fingerprint",
        ),
        (
            "client_secret = \"client-secret\"\n",
            "",
            "`client_secret` is missing",
        ),
        (
            "auth_method = \"client_secret_basic\"",
            "auth_method = \"none\"",
            "`client_secret` is of no use with this `auth_method`",
        ),
        ("grant = 0", "grant = 2", "`grant` is the place of no grant"),
        (
            "state_since = 2026-11-23T11:59:59.999Z\n",
            "",
            "`state_since` is missing",
        ),
        (
            "generation = 42",
            "generation = 9223372036854775807",
            "`generation` is too large for a count",
        ),
        (
            "sequence = 57",
            "sequence = 9223372036854775807",
            "`sequence` is too large for a count",
        ),
    ] {
        let problem = problem_in(&with(OAUTH, from, to), OAUTH);
        let Problem::Corrupt { text, line } = problem else {
            panic!("{problem:?}");
        };
        assert_eq!(text, expected);
        assert!(line.is_some(), "{expected}");
    }
}

#[test]
fn a_negative_number_is_refused() {
    for (from, key) in [
        ("generation = 42", "generation"),
        ("sequence = 57", "sequence"),
        ("grant = 0", "grant"),
    ] {
        let expected = format!("the value of `{key}` does not fit");
        assert_refused(OAUTH, from, &format!("{key} = -1"), &expected);
    }
}

/// Where the line itself does not name a key of ours.
#[test]
fn a_value_that_does_not_fit_is_called_by_the_key_that_it_belongs_to() {
    for (from, to, wrong, key) in [
        (
            "GLAB_IS_OAUTH2 = \"true\"",
            "GLAB_IS_OAUTH2 = true",
            "GLAB_IS_OAUTH2",
            "environment",
        ),
        ("\"read_user\"]", "\n7,\n]", "7,", "scopes"),
        (
            "[last_attempt]",
            "[[last_attempt]]",
            "[[last_attempt]]",
            "last_attempt",
        ),
    ] {
        let text = with(OAUTH, from, to);
        let expected = Problem::Corrupt {
            line: Some(line_of(&text, wrong)),
            text: format!("the value of `{key}` does not fit"),
        };
        assert_eq!(problem_in(&text, OAUTH), expected);
    }
}

#[test]
fn a_key_that_appears_twice_is_found_where_it_comes_again() {
    for (before, again, what) in [
        ("account = \"default\"", "kind = \"token\"", "`kind`"),
        ("sequence = 57", "sequence = 58", "`sequence`"),
        ("zyxwv = 1", "zyxwv = 2", "a key or a table"),
        ("zyxwv = 1", "[client]", "a key or a table"),
    ] {
        let text = with(OAUTH, "sequence = 57", "sequence = 57\nzyxwv = 1");
        let text = with(&text, before, &format!("{before}\n{again}"));
        let expected = Problem::Corrupt {
            line: Some(text[..text.rfind(again).unwrap()].matches('\n').count() + 1),
            text: format!("{what} appears twice"),
        };
        assert_eq!(problem_in(&text, OAUTH), expected);
    }
}

#[test]
fn a_key_that_is_missing_is_found_in_its_table() {
    for (line, table) in [
        ("provider = \"gitlab\"\n", "[client]"),
        ("git_username = \"oauth2\"\n", "[client]"),
        (
            "access_token = \"access-token-of-grant-0\"\n",
            "[[grants]]\ngeneration = 42",
        ),
        (
            "access_token = \"access-token-of-grant-1\"\n",
            "[[grants]]\ngeneration = 41",
        ),
        ("sequence = 57\n", "[last_attempt]"),
    ] {
        let text = with(OAUTH, line, "");
        let expected = Problem::Corrupt {
            line: Some(line_of(&text, table)),
            text: format!("`{}` is missing", line.split(' ').next().unwrap()),
        };
        assert_eq!(problem_in(&text, OAUTH), expected, "{line}");
    }
}
