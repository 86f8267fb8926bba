//! What is no record at all, or not this account's.

use super::*;

#[track_caller]
fn assert_corrupt(text: &str, example: &str, expected: &str) {
    match problem_in(text, example) {
        Problem::Corrupt { text, .. } => assert_eq!(text, expected),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_record_that_was_cut_anywhere_is_refused() {
    for example in EXAMPLES {
        for end in 0..example.len() {
            let cut = parse(&example[..end], &id_in(example), Format::Record);
            assert!(cut.is_err(), "{end} bytes of\n{example}");
        }
    }
}

#[test]
fn a_record_with_a_hole_of_zeros_is_refused() {
    for example in EXAMPLES {
        for start in (0..example.len() - 16).step_by(5) {
            let mut bytes = example.as_bytes().to_vec();
            bytes[start..start + 16].fill(0);
            let text = String::from_utf8(bytes).unwrap();
            let holed = parse(&text, &id_in(example), Format::Record);
            assert!(holed.is_err(), "zeros at {start} in\n{example}");
        }
    }
}

#[test]
fn room_that_was_reserved_after_the_record_makes_it_torn() {
    let text = format!("{OAUTH}\0\0\0\0");
    assert_corrupt(&text, OAUTH, "its last line is not `# end of record`");
}

#[test]
fn a_record_of_256_kib_is_the_largest() {
    let padded = |length: usize| {
        let comment = format!("# {}\n{END}", "x".repeat(length - OAUTH.len() - 3));
        with(OAUTH, END, &comment)
    };
    let largest = padded(RECORD_LIMIT);
    assert_eq!(largest.len(), RECORD_LIMIT);
    read(&largest);
    let text = padded(RECORD_LIMIT + 1);
    assert_corrupt(&text, OAUTH, "it is larger than 256 KiB");
}

#[test]
fn a_record_that_would_be_too_large_is_not_written() {
    let mut full = read(OAUTH);
    login_of(&mut full).client.provider = "x".repeat(RECORD_LIMIT);
    let expected = Problem::Corrupt {
        line: None,
        text: "it would be larger than 256 KiB".to_owned(),
    };
    assert_eq!(render(&full).unwrap_err(), expected);
}

#[test]
fn a_login_has_one_grant_or_two() {
    let start = OAUTH.find("[[grants]]\ngeneration = 41").unwrap();
    let end = OAUTH.find("[last_attempt]").unwrap();
    let second = &OAUTH[start..end];
    let three = with(OAUTH, second, &second.repeat(2));
    assert_corrupt(&three, OAUTH, "`grants` must be one or two");
    let start = TOKEN.find("[[grants]]").unwrap();
    let end = TOKEN.find("# end").unwrap();
    let none = with(TOKEN, &TOKEN[start..end], "");
    assert_corrupt(&none, TOKEN, "`grants` must be one or two");
}

#[test]
fn a_record_says_what_its_path_says() {
    let host = "`host` is not the one that the folder is named after";
    let account = "`account` is not the one that the file is named after";
    for (id, expected) in [
        (id_of("gitlab.com", "default"), host),
        (id_of("gitlab.example.com:8443", "default"), host),
        (id_of("gitlab.example.com/gitlab", "default"), host),
        (id_of("gitlab.example.com", "jane"), account),
    ] {
        let problem = parse(OAUTH, &id, Format::Record).unwrap_err();
        let Problem::Corrupt { line, text } = problem else {
            panic!("{problem:?}");
        };
        assert_eq!(text, expected);
        assert_eq!(line, Some(if text == host { 3 } else { 5 }));
    }
}

#[test]
fn http_is_for_loopback_and_for_gits_passwords() {
    let http = "`scheme` is `http` for a host that is not loopback";
    for example in [OAUTH, TOKEN, LOGGED_OUT] {
        let text = with(example, "scheme = \"https\"", "scheme = \"http\"");
        assert_corrupt(&text, example, http);
        for loopback in ["127.0.0.1:3000", "[::1]:3000", "localhost"] {
            read(&with(
                &text,
                "host = \"gitlab.example.com\"",
                &format!("host = \"{loopback}\""),
            ));
        }
    }
    read(PASSWORD);
}

#[test]
fn what_can_be_refreshed_says_how() {
    for (from, expected) in [
        ("client_id = \"5ab1d5ea\"\n", "`client_id` is missing"),
        (
            "token_endpoint = \"https://gitlab.example.com/oauth/token\"\n",
            "`token_endpoint` is missing",
        ),
    ] {
        assert_corrupt(&with(OAUTH, from, ""), OAUTH, expected);
        let bare = with(OAUTH, from, "");
        read(&with(
            &bare,
            "refresh_token = \"refresh-token-of-grant-0\"\n",
            "",
        ));
    }
    let renewable = with(
        TOKEN,
        "token_type = ",
        "refresh_token = \"x\"\ntoken_type = ",
    );
    assert_corrupt(
        &renewable,
        TOKEN,
        "`refresh_token` has a place in an `oauth` record only",
    );
    for (from, expected) in [
        ("client_id = \"ci-runner\"\n", "`client_id` is missing"),
        (
            "token_endpoint = \"https://sso.example.com/token\"\n",
            "`token_endpoint` is missing",
        ),
        (
            "client_key_file = \"/run/secrets/client.key\"\n",
            "`client_key_file` is missing",
        ),
    ] {
        assert_corrupt(&with(MACHINE, from, ""), MACHINE, expected);
    }
}

#[test]
fn each_kind_has_its_tables() {
    for (example, kind, expected) in [
        (LOGGED_OUT, "oauth", "`grants` must be one or two"),
        (PASSWORD, "oauth", "`provider` is missing"),
        (TOKEN, "logged_out", "`at` is missing"),
        (TOKEN, "password", "`protocol` is missing"),
    ] {
        let line = example.lines().nth(1).unwrap();
        let text = with(example, line, &format!("kind = \"{kind}\""));
        assert_corrupt(&text, example, expected);
    }
}
