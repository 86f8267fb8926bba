//! Requests to the token endpoint: a refresh (RFC 6749 §6), and what a login has in hand: an
//! authorization code (§4.1.3), a device code (RFC 8628 §3.4) or nothing but its own credentials (§4.4).

use std::borrow::Cow;
use std::time::Duration;

use zeroize::Zeroizing;

use super::body::object_of;
use super::client_auth::{Proof, unusable_credentials};
use super::discovery::DEVICE_GRANT;
use super::provider::provider;
use super::refusal::OwnErrors;
use super::shown::shown;
use super::token_response::{Raw, TokenAnswer, classify};
use crate::credential::{Client, Failed, Outcome, Rotation};
use crate::http::{Body, CONNECT_LIMIT, Http, Request, Response, SendError};
use crate::secret::{AuthorizationCode, CodeVerifier, DeviceCode, RefreshToken};
use crate::time::Timestamp;

/// How long a refresh may take once there is a connection. Not short: GitLab has been seen to take
/// 60 s and succeed, and giving up early loses the login.
pub const ANSWER_LIMIT_TIME: Duration = Duration::from_secs(90);

/// What is presented for tokens.
#[derive(Debug, Clone, Copy)]
pub enum Presented<'a> {
    /// RFC 6749 §6.
    Refresh(&'a RefreshToken),
    /// RFC 6749 §4.1.3, with RFC 7636 §4.5.
    Code {
        /// What the browser brought.
        code: &'a AuthorizationCode,
        /// The same as in the authorization request.
        redirect_uri: &'a str,
        /// Shows that glauth is the one that asked.
        verifier: &'a CodeVerifier,
    },
    /// RFC 8628 §3.4.
    Device(&'a DeviceCode),
    /// RFC 6749 §4.4: nothing but the client's own credentials.
    ClientCredentials {
        /// What the token is for; empty where the server's own choice will do.
        scopes: &'a [String],
    },
}

/// The outcome of a token request, with what can be told a person about it.
#[derive(Debug)]
pub struct Exchanged {
    /// The judged answer.
    pub answer: TokenAnswer,
    /// What went wrong on the way, where no answer came.
    pub trouble: Option<SendError>,
    /// The status code, where one came.
    pub status: Option<u16>,
}

/// Why this process could not present anything to the client's server, whatever the server says: its proxy,
/// its certificate authorities, or the file with the client's own credentials.
pub fn obstacle(http: &dyn Http, client: &Client) -> Option<SendError> {
    let url = client.token_endpoint.as_ref()?.url().ok()?;
    let way = http.check(&url, client.ca_file.as_deref()).err();
    way.or_else(|| unusable_credentials(client))
}

/// Presents it, once.
pub fn exchange(
    http: &dyn Http,
    client: &Client,
    presented: Presented<'_>,
    now: &dyn Fn() -> Timestamp,
) -> Exchanged {
    let proof = match Proof::of(client) {
        Ok(proof) => proof,
        Err(trouble) => return unproven(trouble),
    };
    match post(http, client, presented, &proof) {
        None => never_sent(Failed::unsent(Outcome::Config)),
        Some(sent) => judge(sent, client, presented, &proof, now),
    }
}

/// The client has nothing to prove itself with.
pub(super) fn unproven(trouble: SendError) -> Exchanged {
    Exchanged {
        trouble: Some(trouble),
        ..never_sent(Failed::unsent(Outcome::Config))
    }
}

/// Sends the request as it is; `None`: there is no token endpoint to send it to.
pub(super) fn post(
    http: &dyn Http,
    client: &Client,
    presented: Presented<'_>,
    proof: &Proof,
) -> Option<Result<Response, SendError>> {
    Some(http.send(request(client, presented, proof)?))
}

/// What came of it.
pub(super) fn judge(
    sent: Result<Response, SendError>,
    client: &Client,
    presented: Presented<'_>,
    proof: &Proof,
    now: &dyn Fn() -> Timestamp,
) -> Exchanged {
    let response = match sent {
        Ok(response) => response,
        Err(trouble) => {
            let failed = match trouble.outcome() {
                lost @ Outcome::AnswerLost => Failed::doubtful(lost),
                other => Failed::unsent(other),
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
    let forgets_client = is_unknown_client(raw.body);
    let answer = classify(raw, own_errors(client, presented), now());
    let answer = without_secrets(answer, presented, proof);
    let answer = if forgets_client {
        of_forgotten_client(answer, client)
    } else {
        answer
    };
    Exchanged {
        answer: of_client_credentials(answer, presented),
        trouble: None,
        status: Some(response.status),
    }
}

/// Whether a server says that it does not know the client (RFC 6749 §5.2).
pub(super) fn is_unknown_client(body: Option<&[u8]>) -> bool {
    let object = body.and_then(object_of);
    let error = object.as_ref().and_then(|object| object.get("error"));
    let error = error.and_then(serde_json::Value::as_str);
    matches!(error, Some("invalid_client" | "unauthorized_client"))
}

/// A server that forgot what it registered has no use for the grant either: no person can mend that client, and a login
/// registers another one.
fn of_forgotten_client(answer: TokenAnswer, client: &Client) -> TokenAnswer {
    let is_ours = client.login.registration.is_some();
    match answer {
        TokenAnswer::Refused(failed, said)
            if is_ours && failed.outcome == Outcome::ClientRejected =>
        {
            let failed = Failed {
                outcome: Outcome::LoginRequired,
                forgot_client: true,
                ..failed
            };
            TokenAnswer::Refused(failed, said)
        }
        answer => answer,
    }
}

/// A client alone has no grant that could end, and no refresh token (RFC 6749 §4.4.3): it asks again instead.
fn of_client_credentials(answer: TokenAnswer, presented: Presented<'_>) -> TokenAnswer {
    if !matches!(presented, Presented::ClientCredentials { .. }) {
        return answer;
    }
    match answer {
        TokenAnswer::Granted(rotation) => TokenAnswer::Granted(Rotation {
            refresh_token: None,
            refresh_expires_in: None,
            ..rotation
        }),
        TokenAnswer::Refused(failed, said) => TokenAnswer::Refused(failed.of_a_machine(), said),
    }
}

fn own_errors(client: &Client, presented: Presented<'_>) -> OwnErrors<'static> {
    let Some(known) = provider(&client.provider) else {
        return OwnErrors::default();
    };
    OwnErrors {
        // Gitea says of a spent refresh token what it says of a wrong secret with a code.
        grant: match presented {
            Presented::Refresh(_) => known.refresh_errors,
            Presented::Code { .. } | Presented::Device(_) | Presented::ClientCredentials { .. } => {
                &[]
            }
        },
        client: known.client_errors,
    }
}

impl Presented<'_> {
    /// What must not be seen of it.
    fn secrets(&self) -> Vec<&str> {
        match self {
            Self::Refresh(token) => vec![token.expose()],
            Self::Code { code, verifier, .. } => vec![code.expose(), verifier.expose()],
            Self::Device(code) => vec![code.expose()],
            Self::ClientCredentials { .. } => Vec::new(),
        }
    }

    fn fields(&self) -> Vec<(&'static str, Cow<'_, str>)> {
        let fields = match self {
            Self::Refresh(token) => vec![
                ("grant_type", "refresh_token"),
                ("refresh_token", token.expose()),
            ],
            Self::ClientCredentials { scopes } => {
                let scope = (!scopes.is_empty()).then(|| ("scope", scopes.join(" ").into()));
                let grant_type = ("grant_type", "client_credentials".into());
                return [grant_type].into_iter().chain(scope).collect();
            }
            Self::Code {
                code,
                redirect_uri,
                verifier,
            } => vec![
                ("grant_type", "authorization_code"),
                ("code", code.expose()),
                ("redirect_uri", redirect_uri),
                ("code_verifier", verifier.expose()),
            ],
            Self::Device(code) => {
                vec![("grant_type", DEVICE_GRANT), ("device_code", code.expose())]
            }
        };
        let fields = fields.into_iter();
        fields.map(|(name, value)| (name, value.into())).collect()
    }
}

/// A server's words are shown, shortened; one that echoes what it was sent is not quoted.
fn without_secrets(answer: TokenAnswer, presented: Presented<'_>, proof: &Proof) -> TokenAnswer {
    let mut secrets = presented.secrets();
    secrets.extend(proof.secret());
    let echoes = |words: &String| secrets.iter().any(|secret| words.contains(secret));
    match answer {
        TokenAnswer::Refused(failed, words) => {
            let words = words.filter(|words| !echoes(words));
            let words = words.map(|words| shown(&words));
            let is_free = |words: &String| !secrets.iter().any(|secret| has_part_of(words, secret));
            TokenAnswer::Refused(failed, words.filter(is_free))
        }
        granted @ TokenAnswer::Granted(_) => granted,
    }
}

/// Whether a part of a secret is in it that could not be there by chance: servers shorten and encode what
/// they quote.
fn has_part_of(words: &str, secret: &str) -> bool {
    const PART: usize = 16;
    let mut parts = secret.as_bytes().windows(PART);
    parts.any(|part| str::from_utf8(part).is_ok_and(|part| words.contains(part)))
}

pub(super) fn never_sent(failed: Failed) -> Exchanged {
    Exchanged {
        answer: TokenAnswer::Refused(failed, None),
        trouble: None,
        status: None,
    }
}

fn request(client: &Client, presented: Presented<'_>, proof: &Proof) -> Option<Request> {
    let own = presented.fields().into_iter();
    let parameters = client.parameters.iter().map(|(k, v)| (&**k, v.into()));
    let mut fields: Vec<_> = own
        .chain(parameters)
        .map(|(name, value)| (name.to_owned(), Zeroizing::new(value.into_owned())))
        .collect();
    let authorization = proof.add_to(client, &mut fields);
    Some(Request {
        url: client.token_endpoint.as_ref()?.url().ok()?,
        body: Body::Form(fields),
        authorization,
        limit: CONNECT_LIMIT + ANSWER_LIMIT_TIME,
        ca_file: client.ca_file.clone(),
        server_user: client.server_user,
        public_only: false,
    })
}
