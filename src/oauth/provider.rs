//! Providers are data: what a kind of server does, and where its endpoints are.

mod table;

use super::discovery::Metadata;
use crate::credential::{
    AuthMethod, Client, Endpoint, EndpointName, Endpoints, Host, Independence, ReuseDetection,
    RotationEffect,
};
use crate::secret::ClientSecret;

pub use table::PROVIDERS;

/// The redirect URI of an application that is registered for glauth: on any port (RFC 8252 §7.3).
pub const REDIRECT_URI: &str = "http://127.0.0.1/";

/// The name of the kind that wants tokens of an authorization server of its choice (RFC 9728).
const MCP: &str = "mcp";

/// A kind of server.
///
/// An endpoint is a path below the host's base URL, or a URL of its own; `None`: there is none, or
/// the server's discovery document names it.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a habit of its own")]
pub struct Provider {
    /// As in records, in the configuration and after `--provider`.
    pub name: &'static str,
    /// As people call it.
    pub title: &'static str,
    /// Hosts that are known to be of this kind.
    pub hosts: &'static [&'static str],
    /// Client ids of glauth's own, by host.
    pub client_ids: &'static [(&'static str, &'static str)],
    /// What the server calls itself (RFC 9207): below the base URL, or a URL of its own; `None`: that
    /// is unknown, so nothing is compared.
    pub issuer: Option<&'static str>,
    /// Where they are.
    pub endpoints: Endpoints<&'static str>,
    /// Whether the device grant is for clients of a type of its own: `invalid_client` there is said of
    /// the others too.
    pub device_client_apart: bool,
    /// The check endpoint of personal access tokens.
    pub token_check_endpoint: Option<&'static str>,
    /// What names the user of a personal access token; it can be the same.
    pub token_user_endpoint: Option<&'static str>,
    /// Asked for by default.
    pub scopes: &'static [&'static str],
    /// What separates scopes: a space (RFC 6749 §3.3), and more at some servers.
    pub scope_separators: &'static [char],
    /// Sent with the authorization request, and there only.
    pub authorization_parameters: &'static [(&'static str, &'static str)],
    /// How a secret is sent, where the server does not say.
    pub secret_method: fn(ClientSecret) -> AuthMethod,
    /// What is redeemed with a secret only, PKCE or not.
    pub needs_secret: NeedsSecret,
    /// What is registered for glauth, unless a source says otherwise.
    pub redirect_uri: &'static str,
    /// The user name that goes with a token as git's password.
    pub git_username: &'static str,
    /// Its registry of container images; `None`: glauth knows of none.
    pub images: Option<ImageRegistry>,
    /// What `exec` sets; `{token}` stands for the token.
    pub environment: &'static [(&'static str, &'static str)],
    /// The same for personal access tokens.
    pub token_environment: &'static [(&'static str, &'static str)],
    /// What a refresh does to the old access token.
    pub rotation: RotationEffect,
    /// What a spent refresh token does to the grant.
    pub replay: ReuseDetection,
    /// Whether a user's grants live and die each for itself.
    pub grants: Independence,
    /// Its own names for `invalid_grant`, in answers to a refresh.
    pub refresh_errors: &'static [&'static str],
    /// Its own names for errors that a person mends, in the client or in how it is registered.
    pub client_errors: &'static [&'static str],
    /// How an application is registered.
    pub registration: Option<Registration>,
    /// The public clients that such servers know from the start.
    pub shared_clients: &'static [SharedClient],
    /// Whether a login asks the server where its endpoints are.
    pub discovers: bool,
    /// Whether newer servers have a device grant, and say in their document where.
    pub may_have_device_grant: bool,
    /// Whether endpoints may be given that are not of the host's own origin.
    pub foreign_endpoints: bool,
}

/// A public client of another program that servers of a kind know from the start, and that every program on a user's
/// machine can use. A user has one grant for it, whichever program asked.
#[derive(Debug, PartialEq, Eq)]
pub struct SharedClient {
    /// The client id.
    pub id: &'static str,
    /// What the consent page calls it.
    pub name: &'static str,
    /// The file of that program.
    pub program: &'static str,
}

/// How a kind of server takes its tokens at its registry of container images.
#[derive(Debug, Clone, Copy)]
pub struct ImageRegistry {
    /// Whether it is at the host itself.
    pub is_at_host: bool,
    /// The scopes any of which it wants; none: any token will do.
    pub scopes: &'static [&'static str],
    /// The user name that goes with a token; `None`: git's.
    pub username: Option<&'static str>,
}

/// What a kind of server gives tokens for only to a client that has a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeedsSecret {
    /// For nothing: public clients are welcome.
    Nothing,
    /// For an authorization code; the device grant needs none.
    Code,
    /// For anything.
    Everything,
}

/// How an application is registered, in the words of the server's own form.
#[derive(Debug)]
pub struct Registration {
    /// The page: a path below the base URL, or a URL.
    pub page: &'static str,
    /// What the form calls the redirect URI; empty: it asks for none.
    pub redirect_uri: &'static str,
    /// What the page calls the client id.
    pub client_id: &'static str,
    /// What else matters.
    pub remark: &'static str,
}

impl Provider {
    /// The kind of MCP servers.
    #[must_use]
    pub fn mcp() -> &'static Self {
        &table::MCP_SERVER
    }

    /// Whether it is that of MCP servers: each describes itself anew at every login, and its authorization server
    /// registers glauth.
    #[must_use]
    pub fn is_mcp(&self) -> bool {
        self.name == MCP
    }

    /// Whether people run such servers themselves, so that one may be at any host.
    #[must_use]
    pub fn is_self_hosted(&self) -> bool {
        let is_below = |place: Option<&str>| place.is_some_and(|place| place.starts_with('/'));
        is_below(self.endpoints.token) && is_below(self.token_check_endpoint)
    }

    /// glauth's own client id at `host`, where there is one.
    #[must_use]
    pub fn client_id_at(&self, host: &Host) -> Option<&'static str> {
        let host = host.to_string();
        let found = self.client_ids.iter().find(|(known, _)| *known == host);
        found.map(|(_, id)| *id)
    }
}

/// The program that this client belongs to, if it is not glauth's alone.
#[must_use]
pub fn shared_client(client: &Client) -> Option<&'static SharedClient> {
    let id = client.client_id.as_deref()?;
    let mut known = provider(&client.provider)?.shared_clients.iter();
    known.find(|shared| shared.id == id)
}

/// Whether this is how glauth is known for an MCP server.
#[must_use]
pub fn is_for_mcp(client: &Client) -> bool {
    provider(&client.provider).is_some_and(Provider::is_mcp)
}

/// Below `base`, which has no slash at its end, or a URL as it is.
#[must_use]
pub fn below(base: &str, place: &str) -> String {
    if place.starts_with('/') {
        format!("{base}{place}")
    } else {
        place.to_owned()
    }
}

/// What people call a server of which only the endpoints are known: some kinds have the same ones.
#[must_use]
pub fn title_by_endpoints(provider: &Provider) -> String {
    let is_alike = |other: &&Provider| other.endpoints == provider.endpoints;
    let titles: Vec<&str> = PROVIDERS
        .iter()
        .filter(is_alike)
        .map(|other| other.title)
        .collect();
    titles.join(" or ")
}

/// The provider of that name.
#[must_use]
pub fn provider(name: &str) -> Option<&'static Provider> {
    PROVIDERS.iter().find(|provider| provider.name == name)
}

/// The provider of a host that is known by its name.
#[must_use]
pub fn provider_of(host: &Host) -> Option<&'static Provider> {
    let host = host.to_string();
    PROVIDERS
        .iter()
        .find(|provider| provider.hosts.contains(&host.as_str()))
}

/// The provider whose endpoints a server at `base` names as its own; another one that has a sound
/// document is `oidc`.
#[must_use]
pub fn provider_like(metadata: &Metadata, base: &str) -> Option<&'static Provider> {
    let is_like = |provider: &&Provider| {
        let named = [EndpointName::Authorization, EndpointName::Token];
        named.into_iter().all(|name| {
            let place = provider.endpoints.get(name);
            let place = place.map(|place| below(base, place));
            let named = metadata.endpoints.get(name);
            place.is_some() && place.as_deref() == named.map(Endpoint::as_str)
        })
    };
    PROVIDERS.iter().find(is_like).or_else(|| provider("oidc"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_with_the_same_endpoints_are_named_together() {
        for (name, title) in [
            ("gitea", "Gitea or Forgejo"),
            ("forgejo", "Gitea or Forgejo"),
            ("gitlab", "GitLab"),
            ("github", "GitHub"),
        ] {
            assert_eq!(title_by_endpoints(provider(name).unwrap()), title);
        }
    }
}
