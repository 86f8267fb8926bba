//! The rules of one server.

use std::time::Duration;

/// The rules of one server; the default ones are GitLab's.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The only client that is registered.
    pub client_id: String,
    /// How that client proves who it is.
    pub client_auth: ClientAuth,
    /// What every grant covers, separated by spaces (RFC 6749 §3.3).
    pub scope: String,
    /// How long an access token lives. Exact here, rounded up to a second in answers; `None`: for
    /// ever, and answers have no `expires_in`.
    pub expires_in: Option<Duration>,
    /// What a refresh does to the tokens before it.
    pub rotation: Rotation,
    /// What happens to a grant whose spent refresh token is presented.
    pub on_replay: Replay,
    /// Whether [`TOKEN_INFO`](super::TOKEN_INFO) exists.
    pub check_endpoint: bool,
    /// Doorkeeper before 5.8.1: a revocation by refresh token is answered with 200 and does nothing
    /// when the access token has expired. (By an expired *access* token no Doorkeeper revokes.)
    pub revocation_ignores_expired: bool,
    /// How long the token endpoint takes from the rotation to its answer.
    pub token_delay: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            client_id: "the-client".to_owned(),
            client_auth: ClientAuth::None,
            scope: "api".to_owned(),
            expires_in: Some(Duration::from_secs(7200)),
            rotation: Rotation::Kills,
            on_replay: Replay::Refuse,
            check_endpoint: true,
            revocation_ignores_expired: false,
            token_delay: Duration::ZERO,
        }
    }
}

/// `token_endpoint_auth_method` (RFC 7591 §2), with the secret where there is one.
#[derive(Clone, Debug)]
pub enum ClientAuth {
    /// A public client: `client_id` in the form, and no secret anywhere.
    None,
    /// `client_id` and `client_secret` in the form.
    SecretPost(String),
    /// Both in the `Authorization` header.
    SecretBasic(String),
}

impl ClientAuth {
    pub(super) fn secret(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::SecretPost(secret) | Self::SecretBasic(secret) => Some(secret),
        }
    }
}

/// What a refresh does to the tokens before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// Both die at once: GitLab.
    Kills,
    /// The refresh token dies, the access token lives out its life: oidc-provider.
    Keeps,
    /// Both live on, and the answer has no `refresh_token` (RFC 6749 §6): Bitbucket, Google.
    KeepsRefreshToken,
}

/// What happens to a grant whose spent refresh token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// `invalid_grant`, and nothing else: GitLab.
    Refuse,
    /// All tokens of the grant die: reuse detection (RFC 9700 §4.14.2).
    RevokeGrant,
}
