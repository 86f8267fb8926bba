//! The rules of one server.

use std::time::Duration;

use super::assertion::RegisteredKey;

/// The rules of one server; the default ones are GitLab's.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Settings {
    /// The only client that is registered.
    pub client_id: String,
    /// How that client proves who it is.
    pub client_auth: ClientAuth,
    /// What is registered; at `127.0.0.1` and `[::1]` any port will do (RFC 8252 §7.3).
    pub redirect_uri: String,
    /// Who logs in from now on.
    pub username: String,
    /// What they say when they are asked in a browser.
    pub consent: Consent,
    /// What a grant covers that no client asked for, separated by spaces (RFC 6749 §3.3).
    pub scope: String,
    /// How long an access token lives. Exact here, rounded up to a second in answers; `None`: for
    /// ever, and answers have no `expires_in`.
    pub expires_in: Option<Duration>,
    /// What a refresh does to the tokens before it.
    pub rotation: Rotation,
    /// What happens to a grant whose spent refresh token is presented.
    pub on_replay: Replay,
    /// Whether answers to authorization requests name the server (RFC 9207).
    pub sends_issuer: bool,
    /// Whether there is a discovery document.
    pub discovery: bool,
    /// The device grant; `None`: there is none.
    pub device: Option<DeviceGrant>,
    /// Whether the client gets tokens by itself (RFC 6749 §4.4).
    pub client_credentials: bool,
    /// Whether [`TOKEN_INFO`](super::TOKEN_INFO) exists.
    pub check_endpoint: bool,
    /// Doorkeeper before 5.8.1: a revocation by refresh token is answered with 200 and does nothing
    /// when the access token has expired. (By an expired *access* token no Doorkeeper revokes.)
    pub revocation_ignores_expired: bool,
    /// The protected resource as an MCP server, whose clients register themselves; `None`: there is none.
    pub mcp: Option<McpServer>,
    /// How long the token endpoint takes from the rotation to its answer.
    pub token_delay: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            client_id: "the-client".to_owned(),
            client_auth: ClientAuth::None,
            redirect_uri: "http://127.0.0.1/".to_owned(),
            username: "jane".to_owned(),
            consent: Consent::Given,
            scope: "api".to_owned(),
            expires_in: Some(Duration::from_secs(7200)),
            rotation: Rotation::Kills,
            on_replay: Replay::Refuse,
            sends_issuer: false,
            discovery: true,
            device: Some(DeviceGrant::default()),
            client_credentials: false,
            check_endpoint: true,
            revocation_ignores_expired: false,
            mcp: None,
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
    /// An assertion that is signed with a private key (RFC 7523).
    Key(RegisteredKey),
}

impl ClientAuth {
    pub(super) fn secret(&self) -> Option<&str> {
        match self {
            Self::None | Self::Key(_) => None,
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

/// What a user says who is asked in a browser.
#[derive(Clone, Debug)]
pub enum Consent {
    /// Yes.
    Given,
    /// An error of RFC 6749 §4.1.2.1, with its description.
    Refused(&'static str, Option<&'static str>),
}

/// RFC 8628; the default one is GitLab's.
#[derive(Clone, Debug)]
pub struct DeviceGrant {
    /// How long the codes live, as the answer says.
    pub expires_in: Duration,
    /// Seconds between polls; `None`: the answer does not say, and five are meant (§3.2).
    pub interval: Option<u64>,
}

impl Default for DeviceGrant {
    fn default() -> Self {
        Self {
            expires_in: Duration::from_secs(300),
            interval: Some(5),
        }
    }
}

/// What an MCP server and its authorization server say of themselves, over the answers that are sound.
#[derive(Clone, Debug, Default)]
pub struct McpServer {
    /// Put into the description of the resource (RFC 9728).
    pub resource: serde_json::Map<String, serde_json::Value>,
    /// Put into the metadata of the authorization server (RFC 8414); `null` removes a key.
    pub server: serde_json::Map<String, serde_json::Value>,
    /// Put into the answer to a registration (RFC 7591).
    pub registration: serde_json::Map<String, serde_json::Value>,
    /// What the challenge says besides.
    pub challenge: String,
    /// Whether clients can delete their registration (RFC 7592).
    pub manages: bool,
}
