//! What is shown of a server's own words.

use super::*;
use crate::oauth::shown::SHOWN_LIMIT;

#[test]
fn the_servers_own_words_come_without_control_characters() {
    let body =
        r#"{"error":"invalid_grant","error_description":"was \u001b[31mrevoked\u0007\r\n\u009b!"}"#;
    assert_eq!(words(400, body).as_deref(), Some("was [31mrevoked!"));
}

#[test]
fn the_servers_own_words_are_cut() {
    let body = format!(
        r#"{{"error":"invalid_grant","error_description":"{}"}}"#,
        "ä".repeat(SHOWN_LIMIT + 1)
    );
    let shown = words(400, &body).unwrap();
    assert_eq!(shown.chars().count(), SHOWN_LIMIT);
}

#[test]
fn an_error_that_somebody_must_mend_is_named_before_its_description() {
    let bare = r#"{"error":"invalid_client"}"#;
    assert_eq!(words(401, bare).as_deref(), Some("invalid_client"));
    let described = r#"{"error":"invalid_client","error_description":"no such client"}"#;
    assert_eq!(
        words(401, described).as_deref(),
        Some("invalid_client: no such client")
    );
}

#[test]
fn what_is_no_oauth_error_has_no_words() {
    for status in [200, 403, 429, 500] {
        let body = r#"{"error":"unheard_of","error_description":"hello"}"#;
        assert_eq!(words(status, body), None, "{status}");
    }
}
