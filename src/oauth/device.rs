//! The device grant (RFC 8628): a code that a person types on another device, and the polls until
//! they have.

use std::time::Duration;

use serde_json::{Map, Value};
use url::Url;
use zeroize::Zeroizing;

use super::body::{object_in, object_of};
use super::client_auth::{Proof, authenticate};
use super::exchange::{Exchanged, Presented, judge, never_sent, post, unproven};
use super::refusal::{OwnErrors, is_page, meaning, name, said};
use super::shown::shown;
use super::token_response::{TokenAnswer, lifetime};
use crate::code::Code;
use crate::credential::{Client, Endpoint, Failed, Outcome, is_loopback};
use crate::http::{Body, Http, Request, Response, SendError};
use crate::secret::DeviceCode;
use crate::time::Timestamp;

/// How long each question may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Between polls, where the server does not say (RFC 8628 §3.2).
const INTERVAL: Duration = Duration::from_secs(5);

/// What `slow_down` adds (RFC 8628 §3.5).
const SLOWER: Duration = Duration::from_secs(5);

/// The longest wait between polls that a server can ask for: more would outlast most codes.
const INTERVAL_LIMIT: Duration = Duration::from_secs(60);

/// The longest that a code is waited for, whatever the server says: RFC 8628 has 1800 s as its
/// example.
const LIFE_LIMIT: Duration = Duration::from_secs(30 * 60);

/// The longest user code that is shown, in characters; real ones have eight or nine.
const USER_CODE_LIMIT: usize = 64;

/// RFC 8628 §3.2.
#[derive(Debug)]
pub struct DeviceAuthorization {
    /// Presented at each poll.
    pub device_code: DeviceCode,
    /// What the person types.
    pub user_code: String,
    /// Where they type it: https, or http on loopback.
    pub verification_uri: Url,
    /// The same with the code in it, where the server has that.
    pub verification_uri_complete: Option<Url>,
    /// How long the codes live.
    pub expires_in: Duration,
    /// Between polls, at least.
    pub interval: Duration,
}

/// Why there is no code to show.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// No answer.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The server has no such thing, or not for us: another way may work.
    #[error("{server} gives no device code{}", why(*status, words.as_deref()))]
    Refused {
        /// The server that was asked.
        server: String,
        /// Of the answer, where there was one.
        status: Option<u16>,
        /// The server's own words.
        words: Option<String>,
    },
    /// RFC 6749 §5.2, `invalid_client`: no other way would take this client either.
    #[error("{server} refuses the client (`invalid_client`){}", words.as_ref().map_or_else(String::new, |words| format!(": {}", words.trim_end_matches('.'))))]
    UnknownClient {
        /// The server that was asked.
        server: String,
        /// The server's own words.
        words: Option<String>,
    },
    /// 429, 5xx, and what stands between us and the server.
    #[error("{server} cannot give a device code now (status {status}){}", words.as_ref().map_or_else(String::new, |words| format!(": {}", words.trim_end_matches('.'))))]
    Unavailable {
        /// The server that was asked.
        server: String,
        /// What it said.
        status: u16,
        /// The server's own words.
        words: Option<String>,
    },
    /// The answer is not one of RFC 8628 §3.2.
    #[error("{server} gave an answer (status {status}) without {what}")]
    BadAnswer {
        /// The server that was asked.
        server: String,
        /// Of the answer.
        status: u16,
        /// What it lacks.
        what: &'static str,
    },
}

impl DeviceError {
    /// Its error code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Send(error) => error.outcome_of_question().into(),
            Self::Unavailable { status, .. } => Code::of_unavailable(*status),
            Self::Refused { .. } | Self::UnknownClient { .. } | Self::BadAnswer { .. } => {
                Code::ClientRejected
            }
        }
    }
}

/// The server's own words, or the status: a wall against robots answers with a page.
fn why(status: Option<u16>, words: Option<&str>) -> String {
    match (words, status) {
        (Some(words), _) => format!(": {words}"),
        (None, Some(status)) => format!(" (status {status})"),
        (None, None) => String::new(),
    }
}

/// What a poll brought.
#[derive(Debug)]
pub enum Polled {
    /// The person has not decided; once more after so long.
    Wait(Duration),
    /// RFC 8628 §3.5: the person said no.
    Denied,
    /// RFC 8628 §3.5: no decision in time.
    Expired,
    /// Tokens, or what the token endpoint says otherwise.
    Ended(Box<Exchanged>),
}

/// Asks for codes (RFC 8628 §3.1).
pub fn authorize_device(
    http: &dyn Http,
    client: &Client,
    endpoint: &Endpoint,
    scopes: &[String],
) -> Result<DeviceAuthorization, DeviceError> {
    let server = crate::http::origin_of(endpoint);
    let Ok(url) = endpoint.url() else {
        return Err(DeviceError::Refused {
            server,
            status: None,
            words: None,
        });
    };
    let parameters = client.parameters.iter();
    let mut fields: Vec<_> = parameters
        .map(|(name, value)| (name.clone(), Zeroizing::new(value.clone())))
        .collect();
    if !scopes.is_empty() {
        fields.push(("scope".to_owned(), scopes.join(" ").into()));
    }
    let authorization = authenticate(client, &mut fields)?;
    let response = http.send(Request {
        url: url.clone(),
        body: Body::Form(fields),
        authorization,
        limit: LIMIT,
        ca_file: client.ca_file.clone(),
        server_user: client.server_user,
        public_only: false,
    })?;
    codes_in(&response, &url, server)
}

/// What the answer with the codes says.
fn codes_in(
    response: &Response,
    url: &Url,
    server: String,
) -> Result<DeviceAuthorization, DeviceError> {
    let status = response.status;
    let object = match status {
        // That there is no such endpoint is said in the first line.
        404 | 405 => response.body.as_ref().and_then(|body| object_of(body)),
        _ => object_in(response, url)?,
    };
    let good = (200..300).contains(&status);
    // GitHub answers errors with 200.
    let error = object
        .as_ref()
        .and_then(|object| meaning(object, good, OwnErrors::default()));
    if good && error.is_none() && !response.body.as_ref().is_some_and(|body| is_page(body)) {
        return read(object.unwrap_or_default()).map_err(|what| DeviceError::BadAnswer {
            server,
            status,
            what,
        });
    }
    let words = object.as_ref().and_then(said).map(|words| shown(&words));
    // A page with 404 or 405 is how servers say that they have no such endpoint.
    let is_wall = response.body.as_ref().is_some_and(|body| is_page(body));
    let is_away = match status {
        404 | 405 => false,
        407 | 429 | 500.. => true,
        _ => is_wall || error == Some(Outcome::Unavailable),
    };
    Err(if is_away {
        DeviceError::Unavailable {
            server,
            status,
            words,
        }
    } else if object.as_ref().and_then(name).as_deref() == Some("invalid_client") {
        let words =
            words.and_then(|words| Some(words.strip_prefix("invalid_client: ")?.to_owned()));
        DeviceError::UnknownClient { server, words }
    } else {
        DeviceError::Refused {
            server,
            status: Some(status),
            words,
        }
    })
}

fn read(mut object: Map<String, Value>) -> Result<DeviceAuthorization, &'static str> {
    let text = |object: &Map<String, Value>, key: &str| {
        object
            .get(key)
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
    };
    let page = |text: Option<String>| {
        let url = Url::parse(&text?).ok()?;
        let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        // `https://gitlab.com@evil.example` is not what it looks like.
        let plain = url.username().is_empty() && url.password().is_none();
        (safe && plain).then_some(url)
    };
    let device_code = match object.remove("device_code") {
        Some(Value::String(code)) => DeviceCode::new(code).ok(),
        _ => None,
    };
    let user_code = text(&object, "user_code").map(|code| shown(&code));
    let user_code = user_code.filter(|code| (1..=USER_CODE_LIMIT).contains(&code.chars().count()));
    // Google's name for it is older than the RFC.
    let verification_uri =
        text(&object, "verification_uri").or_else(|| text(&object, "verification_url"));
    Ok(DeviceAuthorization {
        device_code: device_code.ok_or("a usable `device_code`")?,
        user_code: user_code.ok_or("a usable `user_code`")?,
        verification_uri: page(verification_uri).ok_or("an https `verification_uri`")?,
        verification_uri_complete: page(text(&object, "verification_uri_complete")),
        expires_in: lifetime(&object, "expires_in")
            .ok_or("a usable `expires_in`")?
            .min(LIFE_LIMIT),
        interval: lifetime(&object, "interval").map_or(INTERVAL, bounded),
    })
}

fn bounded(interval: Duration) -> Duration {
    interval.clamp(Duration::from_secs(1), INTERVAL_LIMIT)
}

/// Asks once whether the person has decided (RFC 8628 §3.4).
pub fn poll(
    http: &dyn Http,
    client: &Client,
    code: &DeviceCode,
    interval: Duration,
    now: &dyn Fn() -> Timestamp,
) -> Polled {
    let presented = Presented::Device(code);
    let proof = match Proof::of(client) {
        Ok(proof) => proof,
        Err(trouble) => return Polled::Ended(Box::new(unproven(trouble))),
    };
    let Some(sent) = post(http, client, presented, &proof) else {
        return Polled::Ended(Box::new(never_sent(Failed::unsent(Outcome::Config))));
    };
    match &sent {
        // RFC 8628 §3.5: on a time-out, less often.
        Err(trouble)
            if matches!(
                trouble.outcome(),
                Outcome::Unreachable | Outcome::AnswerLost
            ) =>
        {
            return Polled::Wait(bounded(interval * 2));
        }
        Ok(response) if response.status == 429 || response.status >= 500 => {
            return Polled::Wait(bounded(interval * 2));
        }
        Ok(response) => {
            let object = response.body.as_ref().and_then(|body| object_of(body));
            let error = object.as_ref().and_then(name);
            match error.as_deref() {
                Some("authorization_pending") => return Polled::Wait(interval),
                Some("slow_down") => return Polled::Wait(bounded(interval + SLOWER)),
                Some("access_denied") => return Polled::Denied,
                Some("expired_token") => return Polled::Expired,
                _ => {}
            }
        }
        Err(_) => {}
    }
    let exchanged = judge(sent, client, presented, &proof, now);
    match &exchanged.answer {
        // Nothing has been decided: a wall or a portal was in between.
        TokenAnswer::Refused(failed, _) if failed.outcome == Outcome::Unavailable => {
            Polled::Wait(bounded(interval * 2))
        }
        _ => Polled::Ended(Box::new(exchanged)),
    }
}

#[cfg(test)]
mod tests;
