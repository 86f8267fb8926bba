//! The refresh request (RFC 6749 §6).

use std::time::Duration;

use zeroize::Zeroizing;

use super::provider::provider;
use super::token_response::{Answer, Raw, classify};
use crate::credential::{AuthMethod, Client, Failed, Outcome};
use crate::http::{Authorization, Body, Http, Request, SendError};
use crate::secret::RefreshToken;
use crate::time::Timestamp;

/// How long a refresh may take once there is a connection. Not short: GitLab has been seen to take
/// 60 s and succeed, and giving up early loses the login.
pub const ANSWER_LIMIT_TIME: Duration = Duration::from_secs(90);

/// The outcome of a refresh request, with what can be told a person about it.
#[derive(Debug)]
pub struct Exchanged {
    /// The judged answer.
    pub answer: Answer,
    /// What went wrong on the way, where no answer came.
    pub trouble: Option<SendError>,
    /// The status code, where one came.
    pub status: Option<u16>,
}

/// Presents a refresh token, once.
pub fn refresh(
    http: &dyn Http,
    client: &Client,
    token: &RefreshToken,
    now: fn() -> Timestamp,
) -> Exchanged {
    let Some(request) = request(client, token) else {
        return never_sent(Failed::unchanged(Outcome::Config));
    };
    let response = match http.send(request) {
        Ok(response) => response,
        Err(trouble) => {
            let failed = match trouble {
                SendError::Unreachable { .. } => Failed::unchanged(Outcome::Unreachable),
                SendError::TlsRefused { .. } => Failed::unchanged(Outcome::TlsRefused),
                SendError::CaFile { .. } => Failed::unchanged(Outcome::Config),
                SendError::AnswerLost { .. } => Failed::doubtful(Outcome::AnswerLost),
            };
            return Exchanged {
                trouble: Some(trouble),
                ..never_sent(failed)
            };
        }
    };
    let raw = Raw {
        status: response.status,
        retry_after: response.retry_after.as_deref(),
        body: response.body.as_ref().map(|body| body.as_slice()),
    };
    let grant_errors = provider(&client.provider).map_or(&[][..], |known| known.grant_errors);
    Exchanged {
        answer: without_secrets(classify(raw, grant_errors, now()), client, token),
        trouble: None,
        status: Some(response.status),
    }
}

/// A server's words are shown; one that echoes what it was sent is not quoted.
fn without_secrets(answer: Answer, client: &Client, token: &RefreshToken) -> Answer {
    let secret = match &client.auth {
        AuthMethod::None => None,
        AuthMethod::ClientSecretPost(secret) | AuthMethod::ClientSecretBasic(secret) => {
            Some(secret.expose())
        }
    };
    let echoes = |words: &String| {
        words.contains(token.expose()) || secret.is_some_and(|secret| words.contains(secret))
    };
    match answer {
        Answer::Refused(failed, words) => {
            Answer::Refused(failed, words.filter(|words| !echoes(words)))
        }
        granted @ Answer::Granted(_) => granted,
    }
}

fn never_sent(failed: Failed) -> Exchanged {
    Exchanged {
        answer: Answer::Refused(failed, None),
        trouble: None,
        status: None,
    }
}

fn request(client: &Client, token: &RefreshToken) -> Option<Request> {
    let mut fields = vec![
        ("grant_type".to_owned(), "refresh_token".to_owned().into()),
        (
            "refresh_token".to_owned(),
            Zeroizing::new(token.expose().to_owned()),
        ),
    ];
    for (name, value) in &client.parameters {
        fields.push((name.clone(), value.clone().into()));
    }
    let authorization = authenticate(client, &mut fields);
    Some(Request {
        url: client.token_endpoint.as_ref()?.url().ok()?,
        body: Body::Form(fields),
        authorization,
        answer_limit: ANSWER_LIMIT_TIME,
        ca_file: client.ca_file.clone(),
    })
}

/// Shows who the client is (RFC 6749 §2.3): adds to the form, or returns the header.
pub(super) fn authenticate(
    client: &Client,
    fields: &mut Vec<(String, Zeroizing<String>)>,
) -> Option<Authorization> {
    let id = client.client_id.clone().unwrap_or_default();
    let encoded =
        |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    match &client.auth {
        AuthMethod::None => {
            fields.push(("client_id".to_owned(), id.into()));
            None
        }
        AuthMethod::ClientSecretPost(secret) => {
            fields.push(("client_id".to_owned(), id.into()));
            let secret = Zeroizing::new(secret.expose().to_owned());
            fields.push(("client_secret".to_owned(), secret));
            None
        }
        AuthMethod::ClientSecretBasic(secret) => Some(Authorization::Basic(
            encoded(&id),
            encoded(secret.expose()).into(),
        )),
    }
}
