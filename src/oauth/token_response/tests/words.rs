//! What is shown of a server's own words.

use super::*;

#[test]
fn the_servers_own_words_come_without_control_characters() {
    let body =
        r#"{"error":"invalid_grant","error_description":"was \u001b[31mrevoked\u0007\r\n\u009b!"}"#;
    assert_eq!(
        words(400, body).as_deref(),
        Some("invalid_grant: was [31mrevoked!")
    );
}

/// Whatever the row, and wherever the server puts them.
#[test]
fn the_servers_name_for_the_error_and_its_words_are_always_there() {
    for (status, body, expected) in [
        (401, r#"{"error":"invalid_client"}"#, Some("invalid_client")),
        (
            401,
            r#"{"error":"invalid_client","error_description":"no such client"}"#,
            Some("invalid_client: no such client"),
        ),
        (
            400,
            r#"{"code":400,"error_code":"refresh_token_not_found","msg":"Invalid Refresh Token"}"#,
            Some("refresh_token_not_found: Invalid Refresh Token"),
        ),
        (
            400,
            r#"{"error":{"code":"unheard_of","message":"No."}}"#,
            Some("unheard_of: No."),
        ),
        (
            200,
            r#"{"error":"unheard_of","error_code":17,"message":"hello"}"#,
            Some("unheard_of (17): hello"),
        ),
        (403, r#"{"message":"not you"}"#, Some("not you")),
        (
            429,
            r#"{"error":"too_many","message":"slowly"}"#,
            Some("too_many: slowly"),
        ),
        (500, r#"{"error":"oops","message":"oops"}"#, Some("oops")),
        (302, r#"{"error":"moved"}"#, Some("moved")),
        (500, "<html>", None),
        (400, "{}", None),
    ] {
        assert_eq!(words(status, body).as_deref(), expected, "{status} {body}");
    }
}
