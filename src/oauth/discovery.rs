//! What a server says of itself: the document of OpenID Connect Discovery, or that of RFC 8414.
//!
//! Public, asked for without any secret, and believed only where its `issuer` is the one that was
//! asked and each endpoint is as safe as the issuer.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};
use url::Url;

use super::authorization::same_issuer;
use super::body::object_in;
use super::shown::shown;
use crate::code::Code;
use crate::credential::{Endpoint, EndpointName, Endpoints};
use crate::http::{Body, Http, Request, SendError};

/// RFC 8628 §3.4.
pub(super) const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// How long each question may take.
const LIMIT: Duration = Duration::from_secs(20);

/// What a server says of itself.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word of its own in the document"
)]
pub struct Metadata {
    /// Its own name.
    pub issuer: String,
    /// Where its endpoints are.
    pub endpoints: Endpoints<Endpoint>,
    /// What can be asked for, where it says so (RFC 8414 §2).
    pub scopes_supported: Option<Vec<String>>,
    /// Whether a secret must be sent in the form, since the server takes no header.
    pub post_only: bool,
    /// Where a client registers itself (RFC 7591 §3).
    pub registration_endpoint: Option<Endpoint>,
    /// How clients may authenticate, where it says so (RFC 8414 §2).
    pub auth_methods: Option<Vec<String>>,
    /// Whether a client may have the device grant (RFC 8628).
    pub has_device_grant: bool,
    /// Whether it is the document of an OpenID provider.
    pub is_openid: bool,
    /// Whether glauth asks it only in the internet: a public server has named it.
    pub public_only: bool,
    /// Whether PKCE with S256 is listed (RFC 7636).
    pub lists_s256: bool,
    /// Whether a client id may be the address of a document about the client.
    pub takes_client_documents: bool,
    /// Whether it promises its name in authorization responses (RFC 9207 §3).
    pub promises_issuer: bool,
}

/// Why there is nothing to go by.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// No answer.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The server says neither what is at an address nor that nothing is: 429, 5xx, silence.
    #[error("`{url}` cannot be read now ({reason})")]
    Unavailable {
        /// The address of the document.
        url: String,
        /// 429 or 5xx; `None`: no answer came.
        status: Option<u16>,
        /// The status, or what went wrong.
        reason: String,
    },
    /// There is no such document.
    #[error("{server} has no discovery document")]
    Missing {
        /// The server that was asked.
        server: String,
    },
    /// It cannot be believed.
    #[error("the discovery document of {server} {problem}")]
    Unsound {
        /// The server that was asked.
        server: String,
        /// Why, as the end of the sentence.
        problem: String,
    },
    /// Codes and tokens would go to a server that the document is not about.
    #[error(
        "the discovery document of {server} names `{url}` as its `{key}`, which is on another server"
    )]
    ForeignEndpoint {
        /// The server that was asked.
        server: String,
        /// The name of the endpoint.
        key: &'static str,
        /// The other server's address, as it is shown.
        url: String,
    },
    /// What a protected resource says of itself cannot be believed.
    #[error("the description of {server} {problem}")]
    BadResource {
        /// The server that was asked.
        server: String,
        /// Why, as the end of the sentence.
        problem: String,
    },
}

impl DiscoveryError {
    /// Its error code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Send(error) => error.outcome_of_question().into(),
            Self::Unavailable { status, .. } => {
                status.map_or(Code::Unavailable, Code::of_unavailable)
            }
            Self::Missing { .. }
            | Self::Unsound { .. }
            | Self::ForeignEndpoint { .. }
            | Self::BadResource { .. } => Code::Config,
        }
    }
}

/// Asks the server that has this name where its endpoints are.
pub fn discover(
    http: &dyn Http,
    issuer: &Url,
    ca_file: Option<&PathBuf>,
) -> Result<Metadata, DiscoveryError> {
    let is_asked = |found: &str| same_issuer(found, issuer.as_str());
    discover_at(http, issuer, &places(issuer), &is_asked, ca_file, false)
}

/// Reads the first document at one of these places; `is_asked`: whether this is the name of the server that is asked.
/// No place goes for one before it that gives no document now: it may say less.
pub(super) fn discover_at(
    http: &dyn Http,
    issuer: &Url,
    places: &[Url],
    is_asked: &dyn Fn(&str) -> bool,
    ca_file: Option<&PathBuf>,
    public_only: bool,
) -> Result<Metadata, DiscoveryError> {
    let server = issuer.as_str().trim_end_matches('/').to_owned();
    for url in places {
        if let Some(object) = document(http, url, ca_file, public_only)? {
            let metadata = read(&object, issuer, is_asked);
            let metadata =
                metadata.map_err(|problem| DiscoveryError::Unsound { server, problem })?;
            return Ok(Metadata {
                is_openid: url.path().contains(OPENID),
                public_only,
                ..metadata
            });
        }
    }
    Err(DiscoveryError::Missing { server })
}

/// The JSON object at a place, if there is one: a page for people counts as nothing.
pub(super) fn document(
    http: &dyn Http,
    url: &Url,
    ca_file: Option<&PathBuf>,
    public_only: bool,
) -> Result<Option<Map<String, Value>>, DiscoveryError> {
    let unavailable = |status: Option<u16>, reason: String| DiscoveryError::Unavailable {
        url: shown(url.as_str()),
        status,
        reason,
    };
    let request = Request::public(url.clone(), Body::None, LIMIT, ca_file);
    let sent = http.send(Request {
        public_only,
        ..request
    });
    let read = sent.and_then(|response| match response.status {
        200 => object_in(&response, url).map(Ok),
        status => Ok(Err(status)),
    });
    match read {
        Ok(Ok(object)) => Ok(object),
        Ok(Err(status @ (429 | 500..))) => {
            Err(unavailable(Some(status), format!("status {status}")))
        }
        Ok(Err(_)) => Ok(None),
        Err(SendError::AnswerLost { reason, .. }) => Err(unavailable(None, reason)),
        Err(error) => Err(error.into()),
    }
}

/// `<issuer>/.well-known/openid-configuration` (OpenID Connect Discovery §4), then
/// `/.well-known/oauth-authorization-server<path>` (RFC 8414 §3.1).
fn places(issuer: &Url) -> [Url; 2] {
    let path = issuer.path().trim_end_matches('/');
    [
        at(issuer, &format!("{path}{OPENID}")),
        at(
            issuer,
            &format!("/.well-known/oauth-authorization-server{path}"),
        ),
    ]
}

/// Where the document of OpenID Connect Discovery is (§4).
pub(super) const OPENID: &str = "/.well-known/openid-configuration";

/// The same server, at another path.
pub(super) fn at(server: &Url, path: &str) -> Url {
    let mut url = server.clone();
    url.set_path(path);
    url.set_query(None);
    url
}

/// The texts in the list of this name, if there is one.
pub(super) fn texts(object: &Map<String, Value>, key: &str) -> Option<Vec<String>> {
    let all = object.get(key)?.as_array()?.iter();
    Some(all.filter_map(Value::as_str).map(str::to_owned).collect())
}

fn read(
    object: &Map<String, Value>,
    asked: &Url,
    is_asked: &dyn Fn(&str) -> bool,
) -> Result<Metadata, String> {
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    let issuer = text("issuer").ok_or("names no issuer")?;
    if issuer.contains(char::is_control) {
        return Err("names an issuer with a control character".to_owned());
    }
    // RFC 8414 §3.3: else it is another server's document.
    if !is_asked(issuer) {
        return Err(format!("names another issuer, `{}`", shown(issuer)));
    }
    let endpoint = |key: &str| {
        let Some(text) = text(key) else {
            return Ok(None);
        };
        let unsafe_url = || format!("names `{}` as its `{key}`, which is not https", shown(text));
        let endpoint = Endpoint::new(text).map_err(|_| unsafe_url())?;
        if asked.scheme() == "https" && !endpoint.as_str().starts_with("https://") {
            return Err(unsafe_url());
        }
        Ok(Some(endpoint))
    };
    let texts = |key: &str| texts(object, key);
    let methods = texts("token_endpoint_auth_methods_supported");
    let lists =
        |key: &str, word: &str| texts(key).is_some_and(|all| all.iter().any(|one| one == word));
    let takes = |method: &str| lists("token_endpoint_auth_methods_supported", method);
    let is_true = |key: &str| object.get(key).and_then(Value::as_bool) == Some(true);
    Ok(Metadata {
        issuer: issuer.to_owned(),
        // What a document calls a check endpoint is another thing.
        endpoints: Endpoints::find(|name| match name {
            EndpointName::Check => Ok(None),
            name => endpoint(name.key()),
        })?,
        scopes_supported: texts("scopes_supported"),
        post_only: takes("client_secret_post") && !takes("client_secret_basic"),
        registration_endpoint: endpoint("registration_endpoint")?,
        auth_methods: methods,
        has_device_grant: lists("grant_types_supported", DEVICE_GRANT),
        is_openid: false,
        public_only: false,
        lists_s256: lists("code_challenge_methods_supported", "S256"),
        takes_client_documents: is_true("client_id_metadata_document_supported"),
        promises_issuer: is_true("authorization_response_iss_parameter_supported"),
    })
}

#[cfg(test)]
mod tests;
