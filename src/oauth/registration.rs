//! A client that registers itself (RFC 7591), asks whether it is still known, and deletes its registration (RFC 7592).

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value, json};
use url::Url;
use zeroize::Zeroizing;

use super::authorization::random_text;
use super::body::{object_in, object_of};
use super::client_auth::authenticate;
use super::discovery::{DEVICE_GRANT, Metadata};
use super::shown::shown;
use crate::code::Code;
use crate::credential::{AuthMethod, Client, Endpoint, Management, OwnRegistration};
use crate::http::{Authorization, Body, Http, Request, SendError, origin, origin_of};
use crate::secret::{ClientSecret, RegistrationToken};
use crate::time::Timestamp;

/// How long each request may take.
const LIMIT: Duration = Duration::from_secs(30);

/// What a consent page shows.
const NAME: &str = "glauth";

/// A client that a server has registered.
#[derive(Debug, Clone)]
pub struct Registered {
    /// Its id.
    pub client_id: String,
    /// How it proves itself.
    pub auth: AuthMethod,
    /// The one redirect URI, with its port.
    pub redirect_uri: String,
    /// What else there is to keep.
    pub registration: OwnRegistration,
}

/// Why a server registers no client.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// No answer.
    #[error(transparent)]
    Send(#[from] SendError),
    /// 429 and 5xx.
    #[error("{server} cannot register glauth now (status {status})")]
    Unavailable {
        /// The server that was asked.
        server: String,
        /// 429 or 5xx.
        status: u16,
    },
    /// RFC 7591 §3.2.2.
    #[error("{server} does not register glauth (status {status}){}", words.as_ref().map_or_else(String::new, |words| format!(": {words}")))]
    Refused {
        /// The server that was asked.
        server: String,
        /// The status code.
        status: u16,
        /// The server's own words.
        words: Option<String>,
    },
    /// What it registered is not what was asked for.
    #[error("the registration at {server} {problem}")]
    Unsound {
        /// The server that was asked.
        server: String,
        /// Why, as the end of the sentence.
        problem: String,
    },
}

impl RegistrationError {
    /// Its error code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Send(error) => error.outcome_of_question().into(),
            Self::Unavailable { status, .. } => Code::of_unavailable(*status),
            Self::Refused { .. } => Code::ClientRejected,
            Self::Unsound { .. } => Code::Config,
        }
    }
}

/// Registers glauth with exactly this redirect URI. `None`: the server registers no clients.
pub fn register(
    http: &dyn Http,
    server: &Metadata,
    redirect_uri: &str,
    ca_file: Option<&PathBuf>,
    now: Timestamp,
) -> Result<Option<Registered>, RegistrationError> {
    let Some(endpoint) = &server.registration_endpoint else {
        return Ok(None);
    };
    let name = origin_of(endpoint);
    let unsound = |problem: &str| RegistrationError::Unsound {
        server: name.clone(),
        problem: problem.to_owned(),
    };
    let url = endpoint.url();
    let url = url.map_err(|_| unsound("has no address that glauth may ask"))?;
    let body = Body::Json(asked_for(server, redirect_uri).to_string());
    let request = Request::public(url.clone(), body, LIMIT, ca_file);
    let response = http.send(Request {
        public_only: server.public_only,
        ..request
    })?;
    match response.status {
        200 | 201 => {}
        status @ (429 | 500..) => {
            let server = name;
            return Err(RegistrationError::Unavailable { server, status });
        }
        status => {
            let object = response.body.as_ref().and_then(|body| object_of(body));
            let words = object.as_ref().and_then(words_of);
            let server = name;
            return Err(RegistrationError::Refused {
                server,
                status,
                words,
            });
        }
    }
    let object = object_in(&response, &url)?;
    let object = object.ok_or_else(|| unsound("did not return a JSON object"))?;
    let found = read(&object, &url, redirect_uri, now);
    found.map(Some).map_err(|problem| unsound(&problem))
}

/// RFC 7591 §2. No `scope`: some servers refuse a registration that has one.
fn asked_for(server: &Metadata, redirect_uri: &str) -> Value {
    let mut grant_types = vec!["authorization_code", "refresh_token"];
    if server.has_device_grant {
        grant_types.push(DEVICE_GRANT);
    }
    json!({
        "client_name": NAME,
        "application_type": "native",
        "redirect_uris": [redirect_uri],
        "grant_types": grant_types,
        "response_types": ["code"],
        "token_endpoint_auth_method": auth_method(server.auth_methods.as_deref()),
    })
}

/// A public client, where the server takes one. Some servers list the header for the secret, and read the form alone.
fn auth_method(supported: Option<&[String]>) -> &'static str {
    let takes = |method: &&str| supported.is_none_or(|all| all.iter().any(|one| one == method));
    let known = ["none", "client_secret_post", "client_secret_basic"];
    known.into_iter().find(takes).unwrap_or("none")
}

fn words_of(object: &Map<String, Value>) -> Option<String> {
    let text = |key: &str| object.get(key).and_then(Value::as_str).map(shown);
    let words = text("error_description").or_else(|| text("error"));
    words.filter(|words| !words.is_empty())
}

fn read(
    object: &Map<String, Value>,
    asked: &Url,
    redirect_uri: &str,
    now: Timestamp,
) -> Result<Registered, String> {
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    let client_id = text("client_id").filter(|id| !id.is_empty());
    let client_id = client_id.ok_or("has no client id")?;
    let uris = object.get("redirect_uris").and_then(Value::as_array);
    let is_ours = |uri: &Value| uri.as_str() == Some(redirect_uri);
    if let Some(other) = uris.and_then(|uris| uris.iter().find(|uri| !is_ours(uri))) {
        let other = shown(other.as_str().unwrap_or_default());
        return Err(format!("is for another redirect URI, `{other}`"));
    }
    let secret = text("client_secret").map(|secret| ClientSecret::new(secret.to_owned()));
    let secret = secret
        .transpose()
        .map_err(|bad| format!("has a secret that {bad}"))?;
    let auth = match (text("token_endpoint_auth_method"), secret) {
        (Some("none"), _) | (None, None) => AuthMethod::None,
        (Some("client_secret_post"), Some(secret)) => AuthMethod::ClientSecretPost(secret),
        // RFC 7591 §2: where it is left out.
        (Some("client_secret_basic") | None, Some(secret)) => AuthMethod::ClientSecretBasic(secret),
        (Some(method), _) => {
            return Err(format!(
                "wants the client authentication `{}`",
                shown(method)
            ));
        }
    };
    // RFC 7591 §3.2.1: 0 for a secret that does not end.
    let expires = object
        .get("client_secret_expires_at")
        .and_then(Value::as_i64);
    let expires = expires.filter(|seconds| *seconds > 0);
    let of_unix = |seconds: i64| Timestamp::from_unix_millis(seconds.saturating_mul(1000));
    Ok(Registered {
        client_id: client_id.to_owned(),
        auth,
        redirect_uri: redirect_uri.to_owned(),
        registration: OwnRegistration {
            at: now,
            secret_expires_at: expires.map(of_unix),
            management: management(object, asked),
        },
    })
}

/// Where the registration is deleted: at the server that made it, or nowhere.
fn management(object: &Map<String, Value>, asked: &Url) -> Option<Management> {
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    let uri = Endpoint::new(text("registration_client_uri")?).ok()?;
    let is_home = origin(&uri.url().ok()?) == origin(asked);
    let token = RegistrationToken::new(text("registration_access_token")?.to_owned()).ok()?;
    is_home.then_some(Management { uri, token })
}

/// Whether the server still knows a client: it is asked to refresh a grant that no server has, and says
/// `invalid_client` where it is the client that it does not know. What is no clear answer says nothing.
pub fn is_known(http: &dyn Http, client: &Client) -> bool {
    let endpoint = client.token_endpoint.as_ref();
    let Some(url) = endpoint.and_then(|endpoint| endpoint.url().ok()) else {
        return true;
    };
    let Ok(nothing) = random_text() else {
        return true;
    };
    let field = |name: &str, value: &str| (name.to_owned(), Zeroizing::new(value.to_owned()));
    let mut fields = vec![
        field("grant_type", "refresh_token"),
        field("refresh_token", &nothing),
    ];
    // `resource` is one of them (RFC 8707 §2.2).
    let parameters = client.parameters.iter();
    fields.extend(parameters.map(|(name, value)| field(name, value)));
    let Ok(authorization) = authenticate(client, &mut fields) else {
        return true;
    };
    let sent = http.send(Request {
        url,
        body: Body::Form(fields),
        authorization,
        limit: LIMIT,
        ca_file: client.ca_file.clone(),
        server_user: client.server_user,
        public_only: false,
    });
    let Ok(response) = sent else { return true };
    let object = response.body.as_ref().and_then(|body| object_of(body));
    let error = object.as_ref().and_then(|object| object.get("error"));
    // The second one is what some servers say of an unknown client, and others of the grant, with 400.
    !matches!(
        (response.status, error.and_then(Value::as_str)),
        (400 | 401, Some("invalid_client")) | (401, Some("unauthorized_client"))
    )
}

/// Deletes a registration (RFC 7592 §2.3). The error says why it may still be there.
pub fn deregister(http: &dyn Http, client: &Client, management: &Management) -> Result<(), String> {
    let url = management.uri.url().map_err(|bad| bad.to_string())?;
    let token = Zeroizing::new(management.token.expose().to_owned());
    let sent = http.send(Request {
        url,
        body: Body::Delete,
        authorization: Some(Authorization::Bearer(token)),
        limit: LIMIT,
        ca_file: client.ca_file.clone(),
        server_user: client.server_user,
        public_only: false,
    });
    match sent.map_err(|error| error.to_string())?.status {
        // RFC 7592 §2.3: 401 and 404 for one that is not there any more.
        200 | 202 | 204 | 401 | 404 => Ok(()),
        status => Err(format!("status {status}")),
    }
}

#[cfg(test)]
mod tests;
