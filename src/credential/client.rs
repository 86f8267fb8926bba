//! How we are known to a server, and what that server does.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use url::Url;

use super::endpoints::EndpointName;
use super::host::is_loopback;
use crate::secret::{ClientSecret, RegistrationToken};
use crate::time::Timestamp;

/// How the client authenticates at the token endpoint: `token_endpoint_auth_method` of RFC 7591.
#[derive(Debug, Clone, PartialEq)]
pub enum AuthMethod {
    /// A public client: `client_id` alone.
    None,
    /// `client_secret` in the form (RFC 6749 §2.3.1).
    ClientSecretPost(ClientSecret),
    /// `client_secret` in the Authorization header.
    ClientSecretBasic(ClientSecret),
    /// The same as [`ClientSecretPost`](Self::ClientSecretPost), with the secret that is in this file at the time.
    ClientSecretPostFile(PathBuf),
    /// The same as [`ClientSecretBasic`](Self::ClientSecretBasic), with the secret that is in this file at the time.
    ClientSecretBasicFile(PathBuf),
    /// An assertion that is signed with a private key (RFC 7523 §2.2).
    PrivateKeyJwt(ClientKey),
}

impl AuthMethod {
    /// The same, with its secret read from this file for every request.
    #[must_use]
    pub fn kept_in(self, file: PathBuf) -> Self {
        match self {
            Self::ClientSecretPost(_) => Self::ClientSecretPostFile(file),
            Self::ClientSecretBasic(_) => Self::ClientSecretBasicFile(file),
            other => other,
        }
    }

    /// The file that is read for every request.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::ClientSecretPostFile(path) | Self::ClientSecretBasicFile(path) => Some(path),
            Self::PrivateKeyJwt(key) => Some(&key.file),
            Self::None | Self::ClientSecretPost(_) | Self::ClientSecretBasic(_) => None,
        }
    }
}

/// A private key, and what the server has to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientKey {
    /// The file with the key (PEM), which is read for every request.
    pub file: PathBuf,
    /// The name under which the server knows its public half: `kid` (RFC 7515 §4.1.4).
    pub key_id: Option<String>,
    /// What the server calls itself in an assertion: `aud` (RFC 7523 §3).
    pub audience: String,
}

/// What a refresh does to the old access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotationEffect {
    /// It is dead at once.
    Kills,
    /// It lives out its life.
    Keeps,
}

/// What the server does to the grant when a spent refresh token is presented (RFC 9700 §4.14.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReuseDetection {
    /// Refused, nothing else.
    Harmless,
    /// The whole grant is revoked.
    Revokes,
}

/// Whether a user's grants live and die each for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Independence {
    /// Each for itself.
    Independent,
    /// Revoking one may end the others.
    Shared,
}

/// All that a refresh, a revocation and `exec` need to know of server and client.
#[derive(Debug, Clone, PartialEq)]
pub struct Client {
    /// The provider's name in the table.
    pub provider: String,
    /// RFC 6749 §2.2; a bare token has that of the login before it, or none.
    pub client_id: Option<String>,
    /// How it proves itself.
    pub auth: AuthMethod,
    /// Sent with authorization and token requests (RFC 8707 `resource`, `audience` …).
    pub parameters: BTreeMap<String, String>,
    /// RFC 6749 §3.2; `None` for a bare token, unless nothing else would tell it to the next login.
    pub token_endpoint: Option<Endpoint>,
    /// RFC 7009; `None` where the server has none.
    pub revocation_endpoint: Option<Endpoint>,
    /// GET with the token: 200 alive, 401 dead; `None` where the server has none.
    pub check_endpoint: Option<Endpoint>,
    /// The user name that git sends with the token.
    pub git_username: String,
    /// The variables that `exec` sets; `{token}` stands for the token.
    pub environment: BTreeMap<String, String>,
    /// What a refresh does to the old access token.
    pub rotation: RotationEffect,
    /// What a spent refresh token does to the grant.
    pub replay: ReuseDetection,
    /// Whether grants live and die each for itself.
    pub grants: Independence,
    /// A certificate authority of the server's own, as PEM.
    pub ca_file: Option<PathBuf>,
    /// The user that ran the server at the login, where it is on this machine, speaks http, and was run
    /// neither by this user nor by root.
    pub server_user: Option<u32>,
    /// What only the next login needs.
    pub login: LoginMeans,
}

impl Client {
    /// Whether both are one registration of a client, at one issuer.
    #[must_use]
    pub fn is_registered_as(&self, other: &Self) -> bool {
        let (issuer, id) = (&self.login.issuer, &self.client_id);
        id.is_some() && *id == other.client_id && *issuer == other.login.issuer
    }

    /// Where this endpoint is, if the record says it.
    #[must_use]
    pub fn endpoint(&self, name: EndpointName) -> Option<&Endpoint> {
        match name {
            EndpointName::Authorization => self.login.authorization_endpoint.as_ref(),
            EndpointName::DeviceAuthorization => self.login.device_authorization_endpoint.as_ref(),
            EndpointName::Token => self.token_endpoint.as_ref(),
            EndpointName::Revocation => self.revocation_endpoint.as_ref(),
            EndpointName::Check => self.check_endpoint.as_ref(),
            EndpointName::Userinfo => self.login.userinfo_endpoint.as_ref(),
        }
    }
}

/// What the next login needs to know, so that it needs no flags, where neither the host nor the
/// provider's table tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoginMeans {
    /// The server's own name (RFC 8414), which an authorization response may repeat (RFC 9207).
    pub issuer: Option<String>,
    /// RFC 6749 §3.1.
    pub authorization_endpoint: Option<Endpoint>,
    /// RFC 8628 §3.1.
    pub device_authorization_endpoint: Option<Endpoint>,
    /// Names a token's user (OpenID Connect Core §5.3, or the provider's own).
    pub userinfo_endpoint: Option<Endpoint>,
    /// As it is registered, where that is not `http://127.0.0.1/`.
    pub redirect_uri: Option<String>,
    /// What was asked for (RFC 6749 §3.3).
    pub scopes: Vec<String>,
    /// Whether the issuer promises its name in authorization responses (RFC 9207 §3).
    pub promises_issuer: bool,
    /// That glauth registered the client id itself, at the issuer.
    pub registration: Option<OwnRegistration>,
}

/// What a server answered when glauth registered itself (RFC 7591 §3.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnRegistration {
    /// When it was.
    pub at: Timestamp,
    /// When the client secret ends; `None`: never.
    pub secret_expires_at: Option<Timestamp>,
    /// How it is deleted; `None`: the server does not let its clients.
    pub management: Option<Management>,
}

/// Where a client manages its registration, and with what (RFC 7592).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Management {
    /// The client configuration endpoint.
    pub uri: Endpoint,
    /// The registration access token.
    pub token: RegistrationToken,
}

/// A URL that a token may be sent to: https, or http on loopback; no user, no fragment.
///
/// Reading a record looks at the text alone, since a fresh token goes nowhere (P9);
/// [`url`](Self::url) reads it in full.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(String);

/// A text that is no [`Endpoint`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not an `https://` URL (or `http://` on loopback) without user and fragment")]
pub struct BadEndpoint;

impl Endpoint {
    /// Takes a URL that was read in full.
    pub fn new(text: &str) -> Result<Self, BadEndpoint> {
        let url = Self(text.to_owned()).url()?;
        Ok(Self(url.into()))
    }

    /// Takes what a record holds, after a look at its beginning.
    pub fn from_record(text: String) -> Result<Self, BadEndpoint> {
        let printable = text.bytes().all(|b| b.is_ascii_graphic());
        let scheme = text.starts_with("https://") || text.starts_with("http://");
        (printable && scheme)
            .then_some(Self(text))
            .ok_or(BadEndpoint)
    }

    /// The URL, checked in full.
    pub fn url(&self) -> Result<Url, BadEndpoint> {
        let url = Url::parse(&self.0).map_err(|_| BadEndpoint)?;
        let safe = match url.scheme() {
            "https" => true,
            "http" => is_loopback(&url),
            _ => false,
        };
        let plain = url.username().is_empty() && url.password().is_none();
        if safe && plain && url.has_host() && url.fragment().is_none() {
            Ok(url)
        } else {
            Err(BadEndpoint)
        }
    }

    /// As in a record.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_https_or_loopback() {
        for good in [
            "https://gitlab.com/oauth/token",
            "http://127.0.0.1:3000/oauth/token",
            "http://localhost:3000/t",
        ] {
            assert!(Endpoint::new(good).is_ok(), "{good}");
        }
        for bad in [
            "http://gitlab.com/oauth/token",
            "https://u:p@gitlab.com/",
            "https://gitlab.com/#x",
            "ftp://gitlab.com/",
            "gitlab.com",
            "https://",
        ] {
            assert!(Endpoint::new(bad).is_err(), "{bad}");
        }
        assert!(
            Endpoint::from_record("http://gitlab.com/".to_owned())
                .unwrap()
                .url()
                .is_err()
        );
    }
}
