//! What a server that wants a token says of itself (RFC 9728), and the authorization server that it names: how a login
//! at an MCP server begins.
//!
//! glauth does not trust any address in these documents. It asks no server that they name without TLS or in a private
//! network, unless the person has named a server there.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value, json};
use url::Url;

use super::challenge::Challenge;
use super::discovery::{DiscoveryError, Metadata, OPENID, at, discover_at, document, texts};
use super::shown::shown;
use crate::credential::{Endpoint, EndpointName, Endpoints};
use crate::http::{Body, Http, Request, SendError, origin};

/// How long the request without a token may take.
const LIMIT: Duration = Duration::from_secs(20);

/// A resource that wants a token, and the server that gives it.
#[derive(Debug, Clone, Default)]
pub struct Resource {
    /// Its name for itself, for RFC 8707; `None`: it has none.
    pub uri: Option<String>,
    /// What a token needs, as far as it says so.
    pub scopes: Vec<String>,
    /// The authorization server.
    pub server: Metadata,
}

/// Asks the server at `url` for its description. `None`: it is not a protected resource. `server`: what it says of
/// itself as an authorization server.
pub fn find_resource(
    http: &dyn Http,
    url: &Url,
    server: Option<&Metadata>,
    ca_file: Option<&PathBuf>,
) -> Result<Option<Resource>, DiscoveryError> {
    let asked = ResourceProbe { http, url, ca_file };
    let greeting = asked.greet()?;
    let document = match asked.description(&greeting) {
        // It gives tokens, and nothing says that it wants any.
        Err(DiscoveryError::Unavailable { .. }) if !greeting.wants_token && server.is_some() => {
            None
        }
        found => found?,
    };
    let challenge = greeting.challenge;
    let Some(document) = document else {
        // An OpenID provider may refuse an unknown request with a challenge, and is no MCP server for that.
        let challenge = challenge.filter(|_| !server.is_some_and(|server| server.is_openid));
        return challenge
            .map(|challenge| asked.of_2025_03(&challenge).map_err(of_resource))
            .transpose();
    };
    let described = asked
        .read(&document)
        .map_err(|problem| asked.unsound(problem))?;
    let server = asked.authorization_server(described.issuer.as_deref());
    let server = server.map_err(of_resource)?;
    let scope = challenge.and_then(|challenge| challenge.scope);
    let scopes = scope.map(|scope| words(&scope)).or(described.scopes);
    Ok(Some(Resource {
        uri: Some(described.uri),
        scopes: with_offline_access(scopes.unwrap_or_default(), &server),
        server,
    }))
}

/// A server that a resource names is not one that a person has named by its kind.
fn of_resource(error: DiscoveryError) -> DiscoveryError {
    match error {
        DiscoveryError::Unsound { server, problem } => {
            DiscoveryError::BadResource { server, problem }
        }
        other => other,
    }
}

/// What a resource says of itself.
struct Described {
    uri: String,
    issuer: Option<String>,
    scopes: Option<Vec<String>>,
}

/// How a server answers a request without a token.
struct Greeting {
    /// Whether it wants a token, or answers as an MCP server does.
    wants_token: bool,
    /// Whether it may want one all the same: it is too busy to say.
    is_unclear: bool,
    challenge: Option<Challenge>,
}

/// The server that a person has named.
struct ResourceProbe<'a> {
    http: &'a dyn Http,
    url: &'a Url,
    ca_file: Option<&'a PathBuf>,
}

impl ResourceProbe<'_> {
    /// Sends a request without a token. A challenge counts with any status (RFC 9110 §11.6.1): RFC 6750 §3.1 has it with
    /// 400, 401 and 403.
    fn greet(&self) -> Result<Greeting, DiscoveryError> {
        let hello = json!({
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": {"name": "glauth", "version": env!("CARGO_PKG_VERSION")},
            },
        });
        let body = Body::Json(hello.to_string());
        let request = Request::public(self.url.clone(), body, LIMIT, self.ca_file);
        match self.http.send(request) {
            Ok(response) => {
                let challenge = Challenge::of(&response.challenges);
                let is_answer = matches!(response.status, 200..300 | 401);
                Ok(Greeting {
                    wants_token: is_answer || challenge.is_some(),
                    is_unclear: matches!(response.status, 429 | 500..),
                    challenge,
                })
            }
            // It may wait for more to say.
            Err(SendError::AnswerLost { .. }) => Ok(Greeting {
                wants_token: false,
                is_unclear: true,
                challenge: None,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// The description, where the challenge says that it is, else at the well-known places (RFC 9728 §3.1). A server
    /// that is not known to want a token is asked at its own path alone.
    fn description(
        &self,
        greeting: &Greeting,
    ) -> Result<Option<Map<String, Value>>, DiscoveryError> {
        let challenge = greeting.challenge.as_ref();
        let named = challenge.and_then(|challenge| challenge.resource_metadata.as_deref());
        if let Some(named) = named {
            let place = self.place(named).map_err(|problem| self.unsound(problem))?;
            let found = document(self.http, &place, self.ca_file, false)?;
            let problem = || format!("should be at {}, and is not", shown(named));
            return found.map(Some).ok_or_else(|| self.unsound(problem()));
        }
        let path = self.url.path().trim_end_matches('/');
        let mut places = vec![format!("{WELL_KNOWN}{path}"), WELL_KNOWN.to_owned()];
        places.dedup();
        if !greeting.wants_token {
            places.retain(|place| place != WELL_KNOWN);
        }
        let mut unavailable = None;
        for place in places {
            match document(self.http, &at(self.url, &place), self.ca_file, false) {
                Ok(None) => {}
                // The other place may have one.
                Err(error @ DiscoveryError::Unavailable { .. }) => {
                    unavailable.get_or_insert(error);
                }
                found => return found,
            }
        }
        let may_be_there = greeting.wants_token || greeting.is_unclear;
        unavailable.filter(|_| may_be_there).map_or(Ok(None), Err)
    }

    /// A resource is described at its own server.
    fn place(&self, named: &str) -> Result<Url, String> {
        let place = Url::parse(named).ok();
        let place = place.filter(|place| origin(place) == origin(self.url));
        place.ok_or_else(|| format!("should be at {}, which is another server", shown(named)))
    }

    fn read(&self, object: &Map<String, Value>) -> Result<Described, String> {
        let uri = object.get("resource").and_then(Value::as_str);
        let uri = uri.ok_or("names no `resource`")?;
        if !self.is_below(uri) {
            return Err(format!("names another resource, {}", shown(uri)));
        }
        Ok(Described {
            uri: uri.to_owned(),
            issuer: texts(object, "authorization_servers")
                .unwrap_or_default()
                .into_iter()
                .next(),
            scopes: texts(object, "scopes_supported"),
        })
    }

    /// Whether the address that was asked is the resource's, or below it.
    fn is_below(&self, uri: &str) -> bool {
        let Ok(uri) = Url::parse(uri) else {
            return false;
        };
        let path = uri.path().trim_end_matches('/');
        let rest = self.url.path().strip_prefix(path);
        origin(&uri) == origin(self.url)
            && uri.query().is_none()
            && uri.fragment().is_none()
            && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn authorization_server(&self, named: Option<&str>) -> Result<Metadata, DiscoveryError> {
        let Some(named) = named else {
            return self.server_of_2025_03();
        };
        let issuer = self
            .issuer(named)
            .map_err(|problem| self.unsound(problem))?;
        let same = |found: &str| found == named;
        let public_only = !self.is_home(&issuer) && !self.http.is_inside(self.url);
        let places = places(&issuer);
        match discover_at(
            self.http,
            &issuer,
            &places,
            &same,
            self.ca_file,
            public_only,
        ) {
            Err(DiscoveryError::Missing { .. }) if self.is_home(&issuer) => {
                self.server_of_2025_03()
            }
            found => sound(found?),
        }
    }

    /// The address of the authorization server that the description names.
    fn issuer(&self, named: &str) -> Result<Url, String> {
        let bad = |why: &str| format!("names the authorization server {}, {why}", shown(named));
        let endpoint = Endpoint::new(named);
        let url = endpoint.ok().and_then(|endpoint| endpoint.url().ok());
        let url = url.ok_or_else(|| bad("which is not https"))?;
        if self.is_home(&url) {
            return Ok(url);
        }
        if self.url.scheme() == "https" && url.scheme() != "https" {
            return Err(bad("which is not https"));
        }
        if self.http.is_inside(&url) && !self.http.is_inside(self.url) {
            return Err(bad("which is in a private network"));
        }
        Ok(url)
    }

    /// A server of MCP's revision of March 2025, which has no description.
    fn of_2025_03(&self, challenge: &Challenge) -> Result<Resource, DiscoveryError> {
        let server = self.server_of_2025_03()?;
        let scopes = challenge.scope.as_deref().map(words).unwrap_or_default();
        Ok(Resource {
            uri: None,
            scopes: with_offline_access(scopes, &server),
            server,
        })
    }

    /// There the authorization server is the server itself, whose document may be of a name below it; and one without
    /// a document has its endpoints at fixed places.
    fn server_of_2025_03(&self) -> Result<Metadata, DiscoveryError> {
        let root = at(self.url, "/");
        let here = |found: &str| Url::parse(found).is_ok_and(|url| origin(&url) == origin(&root));
        match discover_at(self.http, &root, &places(&root), &here, self.ca_file, false) {
            Err(DiscoveryError::Missing { .. }) => {
                let endpoint = |path: &str| Endpoint::new(at(&root, path).as_str()).ok();
                Ok(Metadata {
                    issuer: origin(&root),
                    endpoints: Endpoints {
                        authorization: endpoint("/authorize"),
                        token: endpoint("/token"),
                        ..Endpoints::NONE
                    },
                    registration_endpoint: endpoint("/register"),
                    ..Metadata::default()
                })
            }
            found => sound(found?),
        }
    }

    /// Whether it is at the server that the person has named.
    fn is_home(&self, url: &Url) -> bool {
        origin(url) == origin(self.url)
    }

    fn name(&self) -> String {
        self.url.as_str().trim_end_matches('/').to_owned()
    }

    fn unsound(&self, problem: String) -> DiscoveryError {
        DiscoveryError::BadResource {
            server: self.name(),
            problem,
        }
    }
}

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The places that MCP names, in its order: RFC 8414 and OpenID with the path inserted, OpenID with it in front.
fn places(issuer: &Url) -> Vec<Url> {
    let path = issuer.path().trim_end_matches('/');
    let mut places = vec![
        at(
            issuer,
            &format!("/.well-known/oauth-authorization-server{path}"),
        ),
        at(issuer, &format!("{OPENID}{path}")),
        at(issuer, &format!("{path}{OPENID}")),
    ];
    places.dedup();
    places
}

/// Refuses a server that would let a stolen code be redeemed, or sends codes and tokens to another server.
fn sound(mut server: Metadata) -> Result<Metadata, DiscoveryError> {
    if !server.lists_s256 {
        let problem = "does not list S256 among its `code_challenge_methods_supported`".to_owned();
        let server = server.issuer;
        return Err(DiscoveryError::Unsound { server, problem });
    }
    let home = Url::parse(&server.issuer).map(|url| origin(&url)).ok();
    let is_foreign = |endpoint: &Endpoint| endpoint.url().map(|url| origin(&url)).ok() != home;
    let named = [
        EndpointName::Authorization,
        EndpointName::DeviceAuthorization,
        EndpointName::Token,
        EndpointName::Revocation,
    ]
    .map(|name| (name.key(), server.endpoints.get(name)));
    let registration = (
        "registration_endpoint",
        server.registration_endpoint.as_ref(),
    );
    for (key, endpoint) in named.into_iter().chain([registration]) {
        if let Some(foreign) = endpoint.filter(|endpoint| is_foreign(endpoint)) {
            return Err(DiscoveryError::ForeignEndpoint {
                url: shown(foreign.as_str()),
                server: server.issuer,
                key,
            });
        }
    }
    // It refuses tokens that are for the resource, so it says nothing of them.
    server.endpoints.userinfo = None;
    Ok(server)
}

/// The scopes with `offline_access`, where the server lists it: without it many servers give no refresh token. What asks
/// for nothing gets what the server thinks right.
#[must_use]
pub fn with_offline_access(mut scopes: Vec<String>, server: &Metadata) -> Vec<String> {
    const OFFLINE: &str = "offline_access";
    let lists = |all: &[String]| all.iter().any(|scope| scope == OFFLINE);
    let is_offered = server.scopes_supported.as_deref().is_some_and(lists);
    if is_offered && !scopes.is_empty() && !lists(&scopes) {
        scopes.push(OFFLINE.to_owned());
    }
    scopes
}

fn words(scope: &str) -> Vec<String> {
    scope.split_whitespace().map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests;
