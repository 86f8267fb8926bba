mod import;
mod sound;
mod table;
mod words;

use proptest::prelude::*;

use super::*;

/// 2026-11-23T10:00:00Z.
const NOW: i64 = 1_795_428_000_000;

fn now() -> Timestamp {
    Timestamp::from_unix_millis(NOW)
}

fn access_token(text: &str) -> AccessToken {
    AccessToken::new(text.to_owned()).unwrap()
}

fn refresh_token(text: &str) -> RefreshToken {
    RefreshToken::new(text.to_owned()).unwrap()
}

/// An answer as a server sends it.
#[derive(Debug, Clone, Copy)]
struct Sent<'a> {
    status: u16,
    retry_after: Option<&'a str>,
    body: Option<&'a str>,
}

fn sent(status: u16, body: &str) -> Sent<'_> {
    Sent {
        status,
        retry_after: None,
        body: Some(body),
    }
}

fn retry_after(status: u16, text: &str) -> Sent<'_> {
    Sent {
        status,
        retry_after: Some(text),
        body: Some("busy"),
    }
}

fn judge(sent: Sent<'_>) -> TokenAnswer {
    let raw = Raw {
        status: sent.status,
        retry_after: sent.retry_after,
        body: sent.body.map(str::as_bytes),
    };
    classify(
        raw,
        OwnErrors {
            grant: &["bad_refresh_token"],
            client: &["incorrect_client_credentials"],
        },
        now(),
    )
}

#[track_caller]
fn granted(body: &str) -> Rotation {
    match judge(sent(200, body)) {
        TokenAnswer::Granted(rotation) => rotation,
        TokenAnswer::Refused(failed, _) => panic!("{body}: {failed:?}"),
    }
}

#[track_caller]
fn verdict(sent: Sent<'_>) -> Failed {
    match judge(sent) {
        TokenAnswer::Refused(failed, _) => failed,
        TokenAnswer::Granted(_) => panic!("{sent:?}: granted"),
    }
}

fn words(status: u16, body: &str) -> Option<String> {
    match judge(sent(status, body)) {
        TokenAnswer::Refused(_, words) => words,
        TokenAnswer::Granted(_) => panic!("{body}: granted"),
    }
}

/// The only thing that a test says about a sound answer.
fn with(field: &str) -> String {
    format!(r#"{{"access_token":"new",{field}}}"#)
}

const LOGIN_REQUIRED: Failed = unchanged(Outcome::LoginRequired);
const CLIENT_REJECTED: Failed = unchanged(Outcome::ClientRejected);
const REFUSED: Failed = unchanged(Outcome::RefreshRefused);
const UNAVAILABLE: Failed = unchanged(Outcome::Unavailable);
const ANSWER_LOST: Failed = Failed {
    may_have_rotated: true,
    ..unchanged(Outcome::AnswerLost)
};

const fn unchanged(outcome: Outcome) -> Failed {
    Failed {
        outcome,
        may_have_rotated: false,
        retry_after: None,
        nothing_sent: false,
        forgot_client: false,
    }
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        "[ \\[\\]{}:,\"a-z0-9.\\\\-]{0,80}".prop_map(String::into_bytes),
        (
            prop_oneof![
                Just("access_token"),
                Just("refresh_token"),
                Just("expires_in"),
                Just("scope"),
                Just("error")
            ],
            "[\"0-9a-zE.\\\\\\-]{0,20}",
        )
            .prop_map(|(key, value)| {
                format!(r#"{{"access_token":"new","{key}":{value}}}"#).into_bytes()
            }),
    ]
}

proptest! {
    #[test]
    fn any_answer_is_judged_and_only_a_json_object_with_2xx_is_granted(
        status in prop_oneof![4 => Just(200u16), 1 => any::<u16>()],
        retry_after in proptest::option::of(".{0,40}"),
        body in proptest::option::of(bodies()),
    ) {
        let raw = Raw {
            status,
            retry_after: retry_after.as_deref(),
            body: body.as_deref(),
        };
        if let TokenAnswer::Granted(_) = classify(raw, OwnErrors::default(), now()) {
            let json: Value = serde_json::from_slice(&body.unwrap()).unwrap();
            prop_assert!(json.is_object());
            prop_assert!((200..300).contains(&status));
        }
    }

    #[test]
    fn anything_can_be_offered_for_import(body in bodies()) {
        if import(&body, now()).is_ok() {
            prop_assert!(serde_json::from_slice::<Value>(&body).is_ok());
        }
    }
}
