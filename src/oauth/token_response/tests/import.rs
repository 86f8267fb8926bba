//! `login --import`.

use super::age::ENDS;
use super::*;

#[test]
fn gitlabs_own_answer_is_imported() {
    let body = br#"{"access_token":"at","token_type":"Bearer","expires_in":7200,"refresh_token":"rt","scope":"api","created_at":1662028331}"#;
    let ImportedGrant {
        rotation,
        issued_at,
        age_is_known,
    } = import(body, now()).unwrap();
    assert_eq!(rotation.access_token, access_token("at"));
    assert_eq!(rotation.refresh_token, Some(refresh_token("rt")));
    assert_eq!(rotation.expires_in, Some(Duration::from_secs(7200)));
    assert_eq!(rotation.scopes.unwrap(), ["api"]);
    assert_eq!(issued_at, Timestamp::from_unix_millis(1_662_028_331_000));
    assert!(age_is_known);
}

/// Seconds from now at which the life of a token begins and ends; the end is `None` where it is not known.
#[track_caller]
fn assert_life(fields: &str, begins: i64, ends: Option<i64>, is_known: bool) {
    let imported = import(with(fields).as_bytes(), now()).unwrap();
    let seconds = |at: Timestamp| (at.unix_millis() - NOW) / 1000;
    let end = imported.rotation.expires_in;
    let end = end.map(|life| seconds(imported.issued_at.plus(life)));
    let found = (seconds(imported.issued_at), end, imported.age_is_known);
    assert_eq!(found, (begins, ends, is_known), "{fields}");
}

#[test]
fn a_beginning_is_read_in_every_form_that_people_have() {
    // An hour before.
    let at = NOW / 1000 - 3600;
    for value in [
        format!("{at}"),
        format!("{at}.0"),
        format!("\"{at}\""),
        format!("\" {at} \""),
        format!("{at}000"),
        format!("\"{at}000\""),
        format!("{at}000000"),
        format!("{at}000000000"),
        format!("{at}e0"),
        "\"2026-11-23T09:00:00Z\"".to_owned(),
        "\"2026-11-23T10:00:00.000456+01:00\"".to_owned(),
        "\"Mon, 23 Nov 2026 09:00:00 GMT\"".to_owned(),
    ] {
        for key in ["created_at", "issued_at", "iat", "obtainedAt"] {
            let fields = format!(r#""expires_in":7200,"{key}":{value}"#);
            assert_life(&fields, -3600, Some(3600), true);
        }
    }
}

#[test]
fn an_end_that_cannot_be_read_is_not_known() {
    for text in ["2026-11-23 11:00:00", "2026-11-23T11:00:00.000001", "soon"] {
        assert_life(&format!(r#""expiresOn":"{text}""#), 0, None, false);
    }
    // What programs write for none.
    for value in ["null", "0", r#""""#, r#""0001-01-01T00:00:00Z""#] {
        assert_life(&format!(r#""expiry":{value}"#), 0, None, true);
    }
}

#[test]
fn an_end_is_read_under_its_usual_names() {
    let at = NOW / 1000 + 3600;
    for key in ENDS {
        let number = format!(r#""{key}":{at}"#);
        assert_life(&number, 0, Some(3600), true);
        let text = format!(r#""{key}":"2026-11-23T11:00:00Z""#);
        assert_life(&text, 0, Some(3600), true);
        // Both: the beginning is known.
        let both = format!(r#""expires_in":7200,"{key}":{at}000"#);
        assert_life(&both, -3600, Some(3600), true);
    }
    // It has ended.
    assert_life(
        r#""expiry":"2026-11-23T09:00:00Z""#,
        -3600,
        Some(-3600),
        true,
    );
    // The earlier of two ends is the safer one.
    let created = NOW / 1000 - 60;
    let fields = format!(r#""created_at":{created},"expires_in":7200,"exp":{at}"#);
    assert_life(&fields, -60, Some(3600), true);
}

#[test]
fn a_lifetime_whose_beginning_is_not_known_begins_now_and_that_is_said() {
    assert_life(r#""expires_in":7200"#, 0, Some(7200), false);
    assert_life(r#""expires":7200"#, 0, Some(7200), false);
    assert_life(r#""scope":"api""#, 0, None, true);
    for value in [
        "null",
        "\"\"",
        "\"soon\"",
        "-1",
        "0",
        "true",
        "[]",
        "1e300",
        "\"0001-01-01T00:00:00Z\"",
    ] {
        let fields = format!(r#""expires_in":7200,"created_at":{value},"expiry":{value}"#);
        assert_life(&fields, 0, Some(7200), false);
    }
}

#[test]
fn what_stands_around_an_imported_token_is_removed() {
    let body = br#"{"access_token":" at\r\n","refresh_token":"\ufeffrt\n"}"#;
    let rotation = import(body, now()).unwrap().rotation;
    assert_eq!(rotation.access_token, access_token("at"));
    assert_eq!(rotation.refresh_token, Some(refresh_token("rt")));
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
        assert_eq!(
            import(body.as_bytes(), now()).unwrap_err(),
            expected,
            "{body}"
        );
    }
}
