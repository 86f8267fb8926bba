//! Programs of several ages share a store: what a newer one wrote is kept, unless its version says
//! that keeping it would do harm.

use super::tables::known;
use super::*;

/// A record that a later glauth wrote: something new at every level.
fn of_a_later_glauth() -> String {
    let mut text = with(OAUTH, "\n[identity]\n", "later = 1\n\n[identity]\n");
    for (from, to) in [
        ("subject = \"248289761001\"\n", "later = 2\n"),
        ("server_user = 998\n", "later = \"3\"\n"),
        (
            "GLAB_IS_OAUTH2 = \"true\"\n",
            "\n[client.later_table]\nlater = 4\n",
        ),
        (
            "refresh_refusal = \"invalid_grant: too early\"\n",
            "later = 2030-01-01T00:00:05Z\n",
        ),
        ("state = \"active\"\n", "later = 6\n"),
        ("said = \"invalid_grant: too early\"\n", "later = 7\n"),
    ] {
        text = with(&text, from, &format!("{from}{to}"));
    }
    with(
        &text,
        "# end of record",
        "\n[later_table]\nlater = 8\n\n[[later_tables]]\nlater = 9\n# end of record",
    )
}

#[track_caller]
fn rewritten(text: &str, extra: impl FnOnce(Extra) -> Extra) -> String {
    let mut full = read(text);
    full.extra = extra(full.extra);
    render(&full).unwrap().to_string()
}

#[test]
fn what_a_later_glauth_wrote_is_kept_in_its_place() {
    let text = of_a_later_glauth();
    assert_eq!(rewritten(&text, |extra| extra), text);
}

#[test]
fn what_a_later_glauth_wrote_is_kept_in_each_kind() {
    for (example, last_line) in [
        (TOKEN, "state = \"active\"\n"),
        (PASSWORD, "credential = \"git-credential\"\n"),
        (LOGGED_OUT, "reason = \"asked\"\n"),
    ] {
        let text = with(example, last_line, &format!("{last_line}later = 1\n"));
        assert_eq!(rewritten(&text, |extra| extra), text);
    }
}

#[test]
fn a_new_attempt_keeps_nothing_of_the_last_one() {
    let text = of_a_later_glauth();
    let expected = with(&text, "later = 7\n", "");
    assert_eq!(rewritten(&text, Extra::without_attempt), expected);
}

#[test]
fn another_login_keeps_only_what_is_the_accounts() {
    let mut expected = of_a_later_glauth();
    for gone in [
        "later = 2\n",
        "later = \"3\"\n",
        "\n[client.later_table]\nlater = 4\n",
        "later = 2030-01-01T00:00:05Z\n",
        "later = 6\n",
        "later = 7\n",
    ] {
        expected = with(&expected, gone, "");
    }
    let text = of_a_later_glauth();
    assert_eq!(rewritten(&text, Extra::of_the_account), expected);
}

#[cfg(feature = "postgres")]
#[test]
fn what_is_written_by_this_glauth_is_known_to_it() {
    let mut written: Vec<(String, Vec<String>)> = known()
        .iter()
        .map(|(name, _)| ((*name).to_owned(), Vec::new()))
        .collect();
    let mut texts: Vec<_> = EXAMPLES
        .map(|example| render(&read(example)).unwrap())
        .into();
    texts.push(render_cache(&read(OAUTH), &cache::note()).unwrap());
    for document in texts {
        let document: toml::Table = document.parse().unwrap();
        for (name, keys) in &mut written {
            let tables = match document.get(name) {
                _ if name.is_empty() => vec![&document],
                Some(toml::Value::Table(table)) => vec![table],
                Some(toml::Value::Array(tables)) => {
                    tables.iter().filter_map(toml::Value::as_table).collect()
                }
                _ => Vec::new(),
            };
            keys.extend(tables.iter().flat_map(|table| table.keys().cloned()));
        }
    }
    for ((name, mut written), (_, known)) in written.into_iter().zip(known()) {
        let mut known = known;
        known.sort_unstable();
        written.sort_unstable();
        written.dedup();
        assert_eq!(written, known, "[{name}]");
    }
}

#[test]
fn an_unknown_version_is_named_whatever_else_has_changed() {
    for (text, version) in [
        (with(OAUTH, "version = 1", "version = 2"), "2"),
        (with(OAUTH, "version = 1", "version = 0"), "0"),
        (with(OAUTH, "version = 1", "version = -1"), "-1"),
        (
            "kind = 7\ngrants = \"moved\"\nversion = 3\n# end of record\n".to_owned(),
            "3",
        ),
        ("version = 2\n# end of record\n".to_owned(), "2"),
    ] {
        assert_eq!(
            problem_in(&text, OAUTH),
            Problem::Version(version.to_owned())
        );
    }
}

#[test]
fn a_record_without_a_version_is_corrupt() {
    for to in ["", "version = \"1\"\n", "version = 1.0\n"] {
        let text = with(OAUTH, "version = 1\n", to);
        let corrupt = matches!(problem_in(&text, OAUTH), Problem::Corrupt { .. });
        assert!(corrupt, "{to}");
    }
}
