//! The table of DESIGN, step 7, row by row.

use super::*;

#[test]
fn a_sound_token_response_is_granted() {
    let rotation = granted(
        r#"{"access_token":"new","token_type":"Bearer","expires_in":7200,
            "refresh_token":"next","scope":"api read_user","created_at":1662028331}"#,
    );
    assert_eq!(rotation.access_token, access_token("new"));
    assert_eq!(rotation.refresh_token, Some(refresh_token("next")));
    assert_eq!(rotation.token_type, "Bearer");
    assert_eq!(rotation.scopes.unwrap(), ["api", "read_user"]);
    assert_eq!(rotation.expires_in, Some(Duration::from_secs(7200)));
    assert_eq!(rotation.refresh_expires_in, None);
}

#[test]
fn invalid_grant_with_any_4xx_or_200_ends_the_grant() {
    for status in [200, 400, 401, 403, 404, 405, 422] {
        let answer = sent(status, r#"{"error":"invalid_grant"}"#);
        assert_eq!(verdict(answer), LOGIN_REQUIRED, "{status}");
    }
}

#[test]
fn the_providers_own_name_for_invalid_grant_counts() {
    let body = r#"{"error":"bad_refresh_token","error_description":"The refresh token passed is incorrect or expired."}"#;
    assert_eq!(verdict(sent(200, body)), LOGIN_REQUIRED);
    let elsewhere = Raw {
        status: 200,
        retry_after: None,
        body: Some(body.as_bytes()),
    };
    let answer = classify(elsewhere, OwnErrors::default(), now());
    assert!(matches!(answer, Answer::Refused(failed, _) if failed == ANSWER_LOST));
}

#[test]
fn another_oauth_error_with_200_or_4xx_is_for_somebody_to_mend() {
    let own = ["incorrect_client_credentials"];
    for error in CLIENT_ERRORS.iter().chain(&own) {
        for status in [200, 400, 401, 403] {
            let body = format!(r#"{{"error":"{error}"}}"#);
            let found = verdict(sent(status, &body));
            assert_eq!(found, CLIENT_REJECTED, "{status} {error}");
        }
    }
}

#[test]
fn an_endpoint_that_is_not_there_is_for_somebody_to_mend() {
    for status in [404, 405] {
        assert_eq!(verdict(sent(status, "<h1>no</h1>")), CLIENT_REJECTED);
    }
}

#[test]
fn another_4xx_is_somebody_in_between() {
    for (status, body) in [
        (400, "<html>portal</html>"),
        (401, "{}"),
        (403, r#"{"error":"blocked_by_firewall"}"#),
        (407, ""),
        (418, r#"{"error":{"code":7}}"#),
    ] {
        assert_eq!(verdict(sent(status, body)), UNAVAILABLE, "{status} {body}");
    }
}

#[test]
fn a_redirect_is_for_somebody_to_mend() {
    for status in [301, 302, 303, 304, 307, 308] {
        let found = verdict(sent(status, r#"{"access_token":"new"}"#));
        assert_eq!(found, unchanged(Outcome::Config), "{status}");
    }
}

#[test]
fn too_many_requests_is_judged_by_its_status_alone() {
    let body = r#"{"error":"invalid_grant"}"#;
    assert_eq!(verdict(sent(429, body)), unchanged(Outcome::RateLimited));
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    for (text, seconds) in [
        ("30", Some(30)),
        (" 30 ", Some(30)),
        ("0", Some(0)),
        ("86400", Some(86_400)),
        ("Mon, 23 Nov 2026 10:02:00 GMT", Some(120)),
        ("Mon, 23 Nov 2026 09:00:00 GMT", Some(0)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("99999999999999999999", None),
    ] {
        let expected = Failed {
            retry_after: seconds.map(Duration::from_secs),
            ..unchanged(Outcome::RateLimited)
        };
        assert_eq!(verdict(retry_after(429, text)), expected, "{text}");
    }
}

#[test]
fn a_503_that_says_when_to_come_back_has_rotated_nothing() {
    let expected = Failed {
        retry_after: Some(Duration::from_secs(30)),
        ..UNAVAILABLE
    };
    assert_eq!(verdict(retry_after(503, "30")), expected);
}

#[test]
fn any_other_5xx_may_have_come_after_the_rotation() {
    let doubtful = Failed {
        may_have_rotated: true,
        ..UNAVAILABLE
    };
    for answer in [
        sent(500, r#"{"error":"invalid_grant"}"#),
        sent(502, r#"{"access_token":"new"}"#),
        sent(503, ""),
        sent(599, ""),
        retry_after(500, "30"),
        retry_after(503, "soon"),
    ] {
        assert_eq!(verdict(answer), doubtful, "{answer:?}");
    }
}

#[test]
fn garbage_with_200_may_hide_a_rotation() {
    for body in [
        "",
        "{",
        "[]",
        "null",
        "true",
        r#""new""#,
        r#"[{"access_token":"new"}]"#,
        "<html>welcome</html>",
        "access_token=new&token_type=bearer",
        "{}",
        r#"{"error":"unheard_of"}"#,
        r#"{"error":null}"#,
        r#"{"access_token":null}"#,
        r#"{"access_token":7}"#,
        r#"{"access_token":""}"#,
        r#"{"access_token":"a\nb"}"#,
        r#"{"access_token":"ü"}"#,
    ] {
        assert_eq!(verdict(sent(200, body)), ANSWER_LOST, "{body}");
    }
}

#[test]
fn a_body_that_broke_off_or_was_too_large_may_hide_a_rotation() {
    let answer = Sent {
        status: 200,
        retry_after: None,
        body: None,
    };
    assert_eq!(verdict(answer), ANSWER_LOST);
}

#[test]
fn a_status_below_200_may_hide_a_rotation() {
    assert_eq!(verdict(sent(102, "")), ANSWER_LOST);
}
