//! Revocation (RFC 7009).

use std::time::Duration;

use zeroize::Zeroizing;

use super::client_auth::authenticate;
use super::exchange::is_unknown_client;
use crate::code::Code;
use crate::credential::Client;
use crate::http::{Body, Http, Request, SendError};

/// How long it may take; nothing is lost where it does not come.
pub const REVOCATION_LIMIT: Duration = Duration::from_secs(30);

/// Why a token may still be alive.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// The record names no revocation endpoint.
    #[error("this server has no revocation endpoint that glauth knows of")]
    NoEndpoint,
    /// No answer.
    #[error(transparent)]
    Send(#[from] SendError),
    /// 429 and 5xx.
    #[error("the server cannot revoke now (status {0})")]
    Unavailable(u16),
    /// Any other status than 200.
    #[error("the server refused the revocation (status {0})")]
    Refused(u16),
}

impl RevokeError {
    /// Its error code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::NoEndpoint => Code::Config,
            Self::Send(error) => error.outcome_of_question().into(),
            Self::Unavailable(status) => Code::of_unavailable(*status),
            Self::Refused(_) => Code::ClientRejected,
        }
    }
}

/// Revokes a token; `hint` is `refresh_token` or `access_token` (RFC 7009 §2.1).
///
/// 200 also answers for a token that is not alive (§2.2).
pub fn revoke(
    http: &dyn Http,
    client: &Client,
    token: &str,
    hint: &str,
) -> Result<(), RevokeError> {
    let endpoint = client
        .revocation_endpoint
        .as_ref()
        .and_then(|endpoint| endpoint.url().ok())
        .ok_or(RevokeError::NoEndpoint)?;
    let mut fields = vec![
        ("token".to_owned(), Zeroizing::new(token.to_owned())),
        ("token_type_hint".to_owned(), hint.to_owned().into()),
    ];
    let authorization = authenticate(client, &mut fields)?;
    let response = http.send(Request {
        url: endpoint,
        body: Body::Form(fields),
        authorization,
        limit: REVOCATION_LIMIT,
        ca_file: client.ca_file.clone(),
        server_user: client.server_user,
        public_only: false,
    })?;
    // A server that has forgotten the client that it registered has forgotten its grants too.
    let is_registered = client.login.registration.is_some();
    let is_forgotten = |status: u16| {
        matches!(status, 400 | 401)
            && is_unknown_client(response.body.as_ref().map(|body| &body[..]))
    };
    match response.status {
        200..300 => Ok(()),
        status if is_registered && is_forgotten(status) => Ok(()),
        status @ (429 | 500..) => Err(RevokeError::Unavailable(status)),
        status => Err(RevokeError::Refused(status)),
    }
}
