//! `login --import`.

use super::*;

#[test]
fn gitlabs_own_answer_is_imported() {
    let body = br#"{"access_token":"at","token_type":"Bearer","expires_in":7200,"refresh_token":"rt","scope":"api","created_at":1662028331}"#;
    let ImportedGrant {
        rotation,
        created_at,
    } = import(body).unwrap();
    assert_eq!(rotation.access_token, access_token("at"));
    assert_eq!(rotation.refresh_token, Some(refresh_token("rt")));
    assert_eq!(rotation.expires_in, Some(Duration::from_secs(7200)));
    assert_eq!(rotation.scopes.unwrap(), ["api"]);
    assert_eq!(
        created_at,
        Some(Timestamp::from_unix_millis(1_662_028_331_000))
    );
}

#[test]
fn a_created_at_that_is_no_number_of_seconds_is_as_none() {
    for value in ["null", "\"1662028331\"", "1.5", "-1", "9223372036854775807"] {
        let body = with(&format!(r#""created_at":{value}"#));
        let imported = import(body.as_bytes()).unwrap();
        assert_eq!(imported.created_at, None, "{value}");
    }
}

#[test]
fn what_is_no_token_response_is_not_imported() {
    for (body, expected) in [
        ("", BadImport::NotJson),
        ("glpat-1234", BadImport::NotJson),
        ("[]", BadImport::NotJson),
        ("{}", BadImport::NoToken),
        (r#"{"error":"invalid_grant"}"#, BadImport::Error),
        (
            r#"{"access_token":"new","error":"invalid_grant"}"#,
            BadImport::Error,
        ),
        (r#"{"access_token":""}"#, BadImport::NoToken),
        (
            r#"{"access_token":"new","refresh_token":"a\nb"}"#,
            BadImport::NoToken,
        ),
    ] {
        assert_eq!(import(body.as_bytes()).unwrap_err(), expected, "{body}");
    }
}
