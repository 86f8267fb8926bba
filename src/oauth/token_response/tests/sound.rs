//! What is in a sound answer.

use super::*;

#[test]
fn a_content_type_or_an_unknown_error_does_not_make_an_answer_unsound() {
    for body in [
        r#"{"access_token":"new"}"#,
        r#"{"access_token":"new","error":null}"#,
        r#"{"access_token":"new","error":"unheard_of"}"#,
        " {\"access_token\": \"new\"}\r\n",
    ] {
        assert_eq!(granted(body).access_token, access_token("new"), "{body}");
    }
    assert!(matches!(
        judge(sent(201, r#"{"access_token":"new"}"#)),
        TokenAnswer::Granted(_)
    ));
}

#[test]
fn a_token_counts_whatever_error_stands_beside_it() {
    let rotation = granted(r#"{"access_token":"new","error":"invalid_grant"}"#);
    assert_eq!(rotation.access_token, access_token("new"));
    // One that cannot be used is none.
    let body = r#"{"access_token":"","error":"invalid_grant"}"#;
    assert_eq!(verdict(sent(200, body)), LOGIN_REQUIRED);
}

#[test]
fn a_token_counts_with_a_4xx_too_where_no_error_stands_beside_it() {
    let answer = judge(sent(400, r#"{"access_token":"new"}"#));
    assert!(matches!(answer, TokenAnswer::Granted(_)), "{answer:?}");
    let body = r#"{"access_token":"new","error":"invalid_grant"}"#;
    assert_eq!(verdict(sent(400, body)), LOGIN_REQUIRED);
}

#[test]
fn blanks_and_line_ends_around_a_token_do_not_make_it_unusable() {
    let rotation = granted(r#"{"access_token":"new\r\n","refresh_token":"\ufeff next\n"}"#);
    assert_eq!(rotation.access_token, access_token("new"));
    assert_eq!(rotation.refresh_token, Some(refresh_token("next")));
}

#[test]
fn of_a_key_that_comes_twice_the_last_one_counts() {
    let rotation = granted(r#"{"access_token":"old","access_token":"new"}"#);
    assert_eq!(rotation.access_token, access_token("new"));
}

#[test]
fn a_token_is_as_long_as_its_limit_at_most() {
    let of_length = |length| format!(r#"{{"access_token":"{}"}}"#, "x".repeat(length));
    let limit = crate::secret::TOKEN_LIMIT;
    granted(&of_length(limit));
    assert_eq!(verdict(sent(200, &of_length(limit + 1))), ANSWER_LOST);
}

#[test]
fn a_lifetime_is_a_positive_number_or_not_known() {
    let ten_years = LIFETIME_LIMIT.as_secs_f64();
    for (value, seconds) in [
        ("7200", Some(7200.0)),
        ("\"7200\"", Some(7200.0)),
        ("1.5", Some(1.5)),
        ("7.2e3", Some(7200.0)),
        ("315360000", Some(ten_years)),
        ("315360001", Some(ten_years)),
        ("1e300", Some(ten_years)),
        ("18446744073709551616", Some(ten_years)),
        ("0", None),
        ("-1", None),
        ("-1e300", None),
        ("\"\"", None),
        ("\"soon\"", None),
        ("\"NaN\"", None),
        ("\"-inf\"", None),
        ("null", None),
        ("true", None),
        ("[7200]", None),
    ] {
        let expected = seconds.map(Duration::from_secs_f64);
        let rotation = granted(&with(&format!(r#""expires_in":{value}"#)));
        assert_eq!(rotation.expires_in, expected, "{value}");
    }
}

#[test]
fn the_end_of_the_refresh_token_has_two_names() {
    for (field, seconds) in [
        (r#""refresh_token_expires_in":15897600"#, Some(15_897_600)),
        (r#""refresh_expires_in":1800"#, Some(1800)),
        (
            r#""refresh_expires_in":1800,"refresh_token_expires_in":60"#,
            Some(60),
        ),
        // Keycloak's word for an offline session, which does not end.
        (r#""refresh_expires_in":0"#, None),
    ] {
        let expected = seconds.map(Duration::from_secs);
        assert_eq!(
            granted(&with(field)).refresh_expires_in,
            expected,
            "{field}"
        );
    }
}

#[test]
fn no_refresh_token_means_the_old_one() {
    for field in [
        r#""refresh_token":null"#,
        r#""refresh_token":"""#,
        r#""scope":"api""#,
    ] {
        assert_eq!(granted(&with(field)).refresh_token, None, "{field}");
    }
}

#[test]
fn an_unusable_refresh_token_does_not_pass_for_the_old_one() {
    for value in [r#""a\u0000b""#, r#""a\nb""#, "\"ü\"", "7", "{}", "[]"] {
        let body = with(&format!(r#""refresh_token":{value}"#));
        assert_eq!(verdict(sent(200, &body)), ANSWER_LOST, "{value}");
    }
}

#[test]
fn a_token_type_is_a_word_or_bearer() {
    for (value, expected) in [
        ("\"Bearer\"", "Bearer"),
        ("\"bearer\"", "bearer"),
        ("\"DPoP\"", "DPoP"),
        ("\"\"", "Bearer"),
        ("\"a b\"", "Bearer"),
        ("\"a\\nb\"", "Bearer"),
        ("null", "Bearer"),
        ("7", "Bearer"),
    ] {
        let rotation = granted(&with(&format!(r#""token_type":{value}"#)));
        assert_eq!(rotation.token_type, expected, "{value}");
    }
    assert_eq!(granted(r#"{"access_token":"new"}"#).token_type, "Bearer");
}

#[test]
fn scopes_are_separated_by_spaces_or_commas() {
    for (value, expected) in [
        ("\"api\"", Some(vec!["api"])),
        ("\"api read_user\"", Some(vec!["api", "read_user"])),
        ("\"repo,gist\"", Some(vec!["repo", "gist"])),
        ("\" api,  ,gist \"", Some(vec!["api", "gist"])),
        ("\"\"", Some(vec![])),
        ("\"api\\nx\"", None),
        ("\"äpi\"", None),
        ("null", None),
        ("[\"api\"]", None),
    ] {
        let rotation = granted(&with(&format!(r#""scope":{value}"#)));
        let found = rotation.scopes.as_ref();
        let found: Option<Vec<&str>> =
            found.map(|scopes| scopes.iter().map(String::as_str).collect());
        assert_eq!(found, expected, "{value}");
    }
}

#[test]
fn a_list_of_scopes_that_is_too_long_is_as_none() {
    let of_length = |length| with(&format!(r#""scope":"{}""#, "x".repeat(length)));
    assert!(granted(&of_length(SCOPES_LIMIT)).scopes.is_some());
    assert_eq!(granted(&of_length(SCOPES_LIMIT + 1)).scopes, None);
}
