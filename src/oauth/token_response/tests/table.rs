//! The table of docs/refusals.md, row by row.

use super::*;
use crate::oauth::refusal::CLIENT_ERRORS;

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
    let body = r#"{"error":"unheard_of","error_description":"Gone."}"#;
    let own = OwnErrors {
        grant: &["unheard_of"],
        client: &[],
    };
    let raw = |own| {
        let raw = Raw {
            status: 400,
            retry_after: None,
            body: Some(body.as_bytes()),
        };
        match classify(raw, own, now()) {
            TokenAnswer::Refused(failed, _) => failed,
            TokenAnswer::Granted(_) => panic!("granted"),
        }
    };
    assert_eq!(raw(own), LOGIN_REQUIRED);
    assert_eq!(raw(OwnErrors::default()), REFUSED);
}

/// Row 3: names that real servers have, and their kin, in each of the places where they are found.
#[test]
fn an_error_that_means_a_new_consent_ends_the_grant_at_every_provider() {
    for name in [
        "invalid_grant",
        "bad_refresh_token",
        "interaction_required",
        "consent_required",
        "login_required",
        "account_selection_required",
        "reauthentication_required",
        "mfa_required",
        "refresh_token_not_found",
        "refresh_token_already_used",
        "refresh_token_expired",
        "refresh_token_revoked",
        "RefreshTokenExpired",
        "REFRESH_TOKEN_EXPIRED",
        "INVALID_REFRESH_TOKEN",
        "TOKEN_EXPIRED",
        "ExpiredTokenException",
        "invalid_token",
        "token_revoked",
        "expired_token",
        "unknown_refresh_token",
        "session_not_found",
        "session_expired",
        "consent_revoked",
        "invalid_session",
        "unrecognized_refresh_token",
        "RefreshTokenReplayed",
        "refresh_token_blacklisted",
        "token_already_refreshed",
        "oauth_token_revoked",
        "stale_refresh_token",
        "session_terminated",
        "authorization_revoked",
        "sso_required",
        "USER_DISABLED",
    ] {
        for body in [
            format!(r#"{{"error":"{name}"}}"#),
            format!(r#"{{"code":400,"error_code":"{name}","msg":"gone"}}"#),
            format!(r#"{{"error":{{"code":"{name}","message":"gone"}}}}"#),
            format!(r#"{{"error":{{"code":400,"message":"{name}"}}}}"#),
            format!(r#"{{"errors":[{{"errorType":"{name}","message":"gone"}}]}}"#),
            format!(r#"{{"error":"invalid_request","error_code":"{name}"}}"#),
            format!(r#"{{"errorCode":"{name}","errorMessage":"gone"}}"#),
            format!(r#"{{"errors":["{name}"]}}"#),
            format!(r#"{{"errors":{{"code":"{name}"}}}}"#),
            format!(r#"{{"error":["{name}"]}}"#),
            format!(r#"{{"success":false,"message":"{name}"}}"#),
            format!(r#"{{"status":"fail","code":"{name}"}}"#),
        ] {
            for status in [200, 400, 401, 403] {
                assert_eq!(
                    verdict(sent(status, &body)),
                    LOGIN_REQUIRED,
                    "{status} {body}"
                );
            }
        }
    }
    let twitch = r#"{"status":400,"message":"Invalid refresh token"}"#;
    assert_eq!(verdict(sent(400, twitch)), LOGIN_REQUIRED);
}

/// Row 5: the server's own word that it cannot answer now.
#[test]
fn an_error_that_passes_is_unavailable() {
    for name in ["temporarily_unavailable", "server_error", "slow_down"] {
        let body = format!(r#"{{"error":"{name}"}}"#);
        for status in [400, 403, 200] {
            assert_eq!(verdict(sent(status, &body)), UNAVAILABLE, "{status} {name}");
        }
    }
}

/// Row 6, whatever its status: never an answer that was lost.
#[test]
fn any_other_error_is_a_refusal() {
    for body in [
        r#"{"error":"unheard_of"}"#,
        r#"{"error":"invalid_target","error_description":"no such resource"}"#,
        r#"{"error":{"code":7}}"#,
        r#"{"error":{"message":"No."}}"#,
        r#"{"error":"access_denied","access_token":null}"#,
        r#"{"error_code":"user_banned","msg":"User is banned"}"#,
        r#"{"error":true}"#,
        r#"{"ok":false,"error":"unheard_of"}"#,
        r#"{"ok":false}"#,
        r#"{"errcode":40013,"errmsg":"no such app"}"#,
        r#"{"success":false,"message":"User is away"}"#,
        // A sentence that begins like such a name.
        r#"{"ok":false,"message":"The refresh token is invalid or was expired or is revoked or bad or the clock of this machine is wrong"}"#,
        // Of a client or a header, and not of a consent.
        r#"{"error":"invalid_authorization"}"#,
        r#"{"error":"Authentication required"}"#,
        r#"{"error":"token_endpoint_not_found"}"#,
    ] {
        for status in [200, 201, 400, 401, 403, 404, 418] {
            assert_eq!(verdict(sent(status, body)), REFUSED, "{status} {body}");
        }
    }
    let problem = r#"{"type":"about:blank","title":"Forbidden","detail":"not you"}"#;
    assert_eq!(verdict(sent(403, problem)), REFUSED);
}

#[test]
fn another_oauth_error_with_200_or_4xx_needs_a_person() {
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
fn an_endpoint_that_is_not_there_needs_a_person() {
    for status in [404, 405] {
        assert_eq!(verdict(sent(status, "404 page not found")), CLIENT_REJECTED);
        assert_eq!(verdict(sent(status, "")), CLIENT_REJECTED);
    }
}

/// Row 5: pages, portals and bot walls.
#[test]
fn a_page_with_a_4xx_is_a_program_in_between() {
    for (status, body) in [
        (400, "<html>portal</html>"),
        (401, "{}"),
        (403, "\u{feff} <!doctype html>Checking your browser"),
        (404, "<h1>no</h1>"),
        (405, "<h1>no</h1>"),
        (407, ""),
        (407, r#"{"error":"proxy_authentication"}"#),
        (403, "blocked"),
        (
            403,
            r#"{"message":"API rate limit exceeded for 192.0.2.1"}"#,
        ),
    ] {
        assert_eq!(verdict(sent(status, body)), UNAVAILABLE, "{status} {body}");
    }
}

#[test]
fn a_page_with_200_may_stand_in_the_place_of_an_answer() {
    let doubtful = Failed {
        may_have_rotated: true,
        ..UNAVAILABLE
    };
    assert_eq!(verdict(sent(200, "<html>welcome</html>")), doubtful);
}

#[test]
fn a_redirect_needs_a_person() {
    for status in [301, 302, 303, 304, 307, 308] {
        let found = verdict(sent(status, r#"{"access_token":"new"}"#));
        assert_eq!(found, unchanged(Outcome::Config), "{status}");
        // A portal's, where it is not for good.
        let page = verdict(sent(status, "<html>Please log in</html>"));
        let portal = matches!(status, 302 | 303 | 307);
        let expected = if portal { UNAVAILABLE } else { found };
        assert_eq!(page, expected, "{status}");
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

/// Row 1: a cache answers 503 with `Retry-After` by itself when the server took too long to rotate.
#[test]
fn any_5xx_may_have_come_after_the_rotation() {
    let doubtful = Failed {
        may_have_rotated: true,
        ..UNAVAILABLE
    };
    for answer in [
        sent(500, r#"{"error":"invalid_grant"}"#),
        sent(502, r#"{"access_token":"new"}"#),
        sent(503, ""),
        sent(599, ""),
        retry_after(503, "soon"),
    ] {
        assert_eq!(verdict(answer), doubtful, "{answer:?}");
    }
    for status in [500, 502, 503, 504] {
        let expected = Failed {
            retry_after: Some(Duration::from_secs(30)),
            ..doubtful
        };
        assert_eq!(verdict(retry_after(status, "30")), expected, "{status}");
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
        "access_token=new&token_type=bearer",
        "{}",
        r#"{"error":null}"#,
        r#"{"errcode":0,"errmsg":"ok","data":{"access_token":"new"}}"#,
        r#"{"success":true,"message":"done"}"#,
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
