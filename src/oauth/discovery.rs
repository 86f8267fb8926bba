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

/// How long each question may take.
const LIMIT: Duration = Duration::from_secs(20);

/// What a server says of itself.
#[derive(Debug, Clone)]
pub struct Metadata {
    /// Its own name.
    pub issuer: String,
    /// Where its endpoints are.
    pub endpoints: Endpoints<Endpoint>,
    /// What can be asked for, where it says so (RFC 8414 §2).
    pub scopes_supported: Option<Vec<String>>,
    /// Whether a secret must be sent in the form, since the server takes no header.
    pub post_only: bool,
}

/// Why there is nothing to go by.
#[derive(Debug, thiserror::Error)]
pub enum DiscoveryError {
    /// No answer.
    #[error(transparent)]
    Send(#[from] SendError),
    /// 429 and 5xx.
    #[error("{server} cannot say now where its endpoints are (status {status})")]
    Unavailable {
        /// The server that was asked.
        server: String,
        /// 429 or 5xx.
        status: u16,
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
}

impl DiscoveryError {
    /// Its error code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Send(error) => error.outcome_of_question().into(),
            Self::Unavailable { status, .. } => Code::of_unavailable(*status),
            Self::Missing { .. } | Self::Unsound { .. } => Code::Config,
        }
    }
}

/// Asks the server that has this name where its endpoints are.
pub fn discover(
    http: &dyn Http,
    issuer: &Url,
    ca_file: Option<&PathBuf>,
) -> Result<Metadata, DiscoveryError> {
    let server = issuer.as_str().trim_end_matches('/').to_owned();
    for url in places(issuer) {
        let response = http.send(Request {
            url: url.clone(),
            body: Body::None,
            authorization: None,
            limit: LIMIT,
            ca_file: ca_file.cloned(),
            server_user: None,
        })?;
        match response.status {
            status @ (429 | 500..) => return Err(DiscoveryError::Unavailable { server, status }),
            200 => {
                if let Some(object) = object_in(&response, &url)? {
                    return read(&object, issuer)
                        .map_err(|problem| DiscoveryError::Unsound { server, problem });
                }
            }
            // Not here; a page for people counts as nothing.
            _ => {}
        }
    }
    Err(DiscoveryError::Missing { server })
}

/// `<issuer>/.well-known/openid-configuration` (OpenID Connect Discovery §4), then
/// `/.well-known/oauth-authorization-server<path>` (RFC 8414 §3.1).
fn places(issuer: &Url) -> [Url; 2] {
    let path = issuer.path().trim_end_matches('/');
    let at = |path: String| {
        let mut url = issuer.clone();
        url.set_path(&path);
        url
    };
    [
        at(format!("{path}/.well-known/openid-configuration")),
        at(format!("/.well-known/oauth-authorization-server{path}")),
    ]
}

fn read(object: &Map<String, Value>, asked: &Url) -> Result<Metadata, String> {
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    let issuer = text("issuer").ok_or("names no issuer")?;
    // RFC 8414 §3.3: else it is somebody else's document.
    if !same_issuer(issuer, asked.as_str()) {
        return Err(format!("is of another issuer, `{}`", shown(issuer)));
    }
    let endpoint = |name: EndpointName| {
        let key = name.key();
        // What a document calls so is another thing.
        let Some(text) = text(key).filter(|_| name != EndpointName::Check) else {
            return Ok(None);
        };
        let unsafe_url = || format!("names `{}` as its `{key}`, which is not https", shown(text));
        let endpoint = Endpoint::new(text).map_err(|_| unsafe_url())?;
        if asked.scheme() == "https" && !endpoint.as_str().starts_with("https://") {
            return Err(unsafe_url());
        }
        Ok(Some(endpoint))
    };
    let texts = |key: &str| -> Option<Vec<String>> {
        let all = object.get(key)?.as_array()?.iter();
        Some(all.filter_map(Value::as_str).map(str::to_owned).collect())
    };
    let methods = texts("token_endpoint_auth_methods_supported").unwrap_or_default();
    let takes = |method: &str| methods.iter().any(|one| one == method);
    Ok(Metadata {
        issuer: issuer.to_owned(),
        endpoints: Endpoints::find(endpoint)?,
        scopes_supported: texts("scopes_supported"),
        post_only: takes("client_secret_post") && !takes("client_secret_basic"),
    })
}

#[cfg(test)]
mod tests;
