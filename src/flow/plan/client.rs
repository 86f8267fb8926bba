//! From the plan to the client that the record will hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use url::Url;

use super::{ClientError, Plan};
use crate::config::HostConfig;
use crate::credential::{AuthMethod, Client, Endpoint, LoginKind, LoginMeans};
use crate::http::{origin, server_user};
use crate::oauth::{Metadata, Provider, below};
use crate::secret::{AROUND, ClientSecret, TOKEN_LIMIT, bare};
use crate::user_file;

/// One endpoint: what it is called, and where each of those who may know it looks.
struct Wanted {
    name: &'static str,
    option: &'static str,
    given: Option<String>,
    remembered: fn(&Client) -> Option<&Endpoint>,
    configured: fn(&HostConfig) -> Option<&String>,
    discovered: fn(&Metadata) -> Option<&Endpoint>,
    table: Option<&'static str>,
}

impl Plan<'_> {
    /// Puts the client together; with a refresh token it must have an id and a token endpoint.
    pub fn client(&self, renewable: bool) -> Result<Client, ClientError> {
        let provider = self.provider();
        if self.kind == LoginKind::Token {
            return self.client_of_a_token();
        }
        let client_id = self.client_id();
        if renewable && client_id.is_none() {
            return Err(ClientError::NoClientId {
                host: self.id.host.clone(),
                register: self.to_register().map(Box::new),
            });
        }
        let token = self.token_endpoint(provider);
        let token_endpoint = self.endpoint(&token)?;
        if renewable && token_endpoint.is_none() {
            return Err(ClientError::NoEndpoint {
                name: token.name,
                option: token.option,
                host: self.id.host.clone(),
            });
        }
        let mut client = Client {
            auth: self.auth(client_id.as_deref())?,
            client_id,
            token_endpoint,
            revocation_endpoint: self.endpoint(&self.revocation_endpoint(provider))?,
            check_endpoint: self.endpoint(&self.check_endpoint(provider))?,
            environment: pairs(provider.environment),
            login: self.login_means()?,
            ..self.bare_client()
        };
        client.server_user = server_user_of(&client);
        check(&client)?;
        Ok(client)
    }

    /// That of a personal token. What a login through the server has to know it keeps from the login
    /// that it replaces; but it is not revoked where OAuth tokens are, and what a document or a table
    /// tells is asked for again.
    fn client_of_a_token(&self) -> Result<Client, ClientError> {
        let provider = self.provider();
        let check_endpoint = self.endpoint(&Wanted {
            name: "check endpoint",
            option: "",
            given: None,
            remembered: |client| {
                let check = client.check_endpoint.as_ref();
                check.filter(|_| client.token_endpoint.is_none())
            },
            configured: |_| None,
            discovered: |_| None,
            table: provider.token_check_endpoint,
        })?;
        let mut client = Client {
            check_endpoint,
            environment: pairs(provider.token_environment),
            ..self.bare_client()
        };
        if let Some(kept) = self.remembered().filter(|_| self.other.is_none()) {
            client.client_id.clone_from(&kept.client_id);
            client.auth.clone_from(&kept.auth);
            client.login.clone_from(&kept.login);
            if client.login.scopes.is_empty() {
                client.login.scopes = self.granted_scopes().unwrap_or_default();
            }
            if provider.token_endpoint.is_none() && !provider.discovers {
                client.token_endpoint.clone_from(&kept.token_endpoint);
            }
        }
        client.server_user = server_user_of(&client);
        check(&client)?;
        Ok(client)
    }

    /// What does not depend on the kind of login.
    fn bare_client(&self) -> Client {
        let provider = self.provider();
        Client {
            provider: provider.name.to_owned(),
            client_id: None,
            auth: AuthMethod::None,
            parameters: self.parameters(),
            token_endpoint: None,
            revocation_endpoint: None,
            check_endpoint: None,
            git_username: provider.git_username.to_owned(),
            environment: BTreeMap::new(),
            rotation: provider.rotation,
            replay: provider.replay,
            grants: provider.grants,
            ca_file: self.ca_file(),
            server_user: None,
            login: LoginMeans::default(),
        }
    }

    /// What the next login needs and the table does not tell.
    fn login_means(&self) -> Result<LoginMeans, ClientError> {
        let given = &self.given;
        let redirect_uri = self.redirect_uri();
        let issuer = self.discovered.as_ref().map(|found| found.issuer.clone());
        let remembered = self.remembered_endpoints().map(|client| &client.login);
        Ok(LoginMeans {
            issuer: issuer.or_else(|| remembered?.issuer.clone()),
            authorization_endpoint: self.endpoint(&Wanted {
                name: "authorization endpoint",
                option: "--authorization-endpoint",
                given: given.authorization_endpoint.clone(),
                remembered: |client| client.login.authorization_endpoint.as_ref(),
                configured: |host| host.authorization_endpoint.as_ref(),
                discovered: |found| found.authorization_endpoint.as_ref(),
                table: None,
            })?,
            device_authorization_endpoint: self.endpoint(&Wanted {
                name: "device authorization endpoint",
                option: "--device-endpoint",
                given: given.device_authorization_endpoint.clone(),
                remembered: |client| client.login.device_authorization_endpoint.as_ref(),
                configured: |host| host.device_authorization_endpoint.as_ref(),
                discovered: |found| found.device_authorization_endpoint.as_ref(),
                table: None,
            })?,
            userinfo_endpoint: self.endpoint(&Wanted {
                name: "userinfo endpoint",
                option: "",
                given: None,
                remembered: |client| client.login.userinfo_endpoint.as_ref(),
                configured: |host| host.userinfo_endpoint.as_ref(),
                discovered: if self.asks_for_openid() {
                    |found| found.userinfo_endpoint.as_ref()
                } else {
                    |_| None
                },
                table: None,
            })?,
            redirect_uri: (redirect_uri != self.provider().redirect_uri).then_some(redirect_uri),
            scopes: self
                .remembered()
                .map(|client| client.login.scopes.clone())
                .unwrap_or_default(),
        })
    }

    fn token_endpoint(&self, provider: &Provider) -> Wanted {
        Wanted {
            name: "token endpoint",
            option: "--token-endpoint",
            given: self.given.token_endpoint.clone(),
            remembered: |client| client.token_endpoint.as_ref(),
            configured: |host| host.token_endpoint.as_ref(),
            discovered: |found| found.token_endpoint.as_ref(),
            table: provider.token_endpoint,
        }
    }

    fn revocation_endpoint(&self, provider: &Provider) -> Wanted {
        Wanted {
            name: "revocation endpoint",
            option: "--revocation-endpoint",
            given: self.given.revocation_endpoint.clone(),
            remembered: |client| client.revocation_endpoint.as_ref(),
            configured: |host| host.revocation_endpoint.as_ref(),
            discovered: |found| found.revocation_endpoint.as_ref(),
            table: provider.revocation_endpoint,
        }
    }

    /// Without a token endpoint it is the check of a personal token.
    fn check_endpoint(&self, provider: &Provider) -> Wanted {
        let asks_for_openid = self.asks_for_openid();
        let userinfo = provider.userinfo_endpoint.filter(|_| asks_for_openid);
        Wanted {
            name: "check endpoint",
            option: "",
            given: None,
            remembered: |client| {
                let check = client.check_endpoint.as_ref();
                check.filter(|_| client.token_endpoint.is_some())
            },
            configured: |host| host.check_endpoint.as_ref(),
            discovered: if asks_for_openid {
                |found| found.userinfo_endpoint.as_ref()
            } else {
                |_| None
            },
            table: provider.check_endpoint.or(userinfo),
        }
    }

    /// OpenID Connect Core §5.3.1: only then does the userinfo endpoint of a server's document answer
    /// for every living token.
    fn asks_for_openid(&self) -> bool {
        self.scopes().iter().any(|scope| scope == "openid")
    }

    /// The first that anybody knows. What people name must be at home here.
    fn endpoint(&self, wanted: &Wanted) -> Result<Option<Endpoint>, ClientError> {
        if let Some(url) = &wanted.given {
            return self.at_home(wanted.name, url).map(Some);
        }
        if let Some(found) = self.remembered_endpoints().and_then(wanted.remembered) {
            return Ok(Some(found.clone()));
        }
        if let Some(url) = self.configured.and_then(wanted.configured) {
            return self.at_home(wanted.name, url).map(Some);
        }
        if let Some(found) = self.discovered.as_ref().and_then(wanted.discovered) {
            return Ok(Some(found.clone()));
        }
        let Some(place) = wanted.table else {
            return Ok(None);
        };
        let url = below(&self.base(), place);
        Endpoint::new(&url)
            .map(Some)
            .map_err(|_| ClientError::BadEndpoint {
                name: wanted.name,
                url,
            })
    }

    fn at_home(&self, name: &'static str, text: &str) -> Result<Endpoint, ClientError> {
        let bad = || ClientError::BadEndpoint {
            name,
            url: text.to_owned(),
        };
        let endpoint = Endpoint::new(text).map_err(|_| bad())?;
        let url = endpoint.url().map_err(|_| bad())?;
        let home = Url::parse(&self.base()).map_err(|_| bad())?;
        if !self.provider().foreign_endpoints && origin(&url) != origin(&home) {
            return Err(ClientError::ForeignEndpoint {
                name,
                url: text.to_owned(),
                host: self.id.host.clone(),
            });
        }
        Ok(endpoint)
    }

    /// The secret that goes with `client_id`, sent as the server wants it; that of another id is
    /// not it.
    fn auth(&self, client_id: Option<&str>) -> Result<AuthMethod, ClientError> {
        let named = self
            .given
            .auth_method
            .as_deref()
            .or_else(|| self.configured?.auth_method.as_deref());
        let method: Option<SecretMethod> = match named {
            None => None,
            Some("none") => return Ok(AuthMethod::None),
            Some("client_secret_basic") => Some(AuthMethod::ClientSecretBasic),
            Some("client_secret_post") => Some(AuthMethod::ClientSecretPost),
            Some(other) => return Err(ClientError::UnknownAuthMethod(other.to_owned())),
        };
        match (self.secret(client_id)?, named) {
            (Some(known), _) => {
                let method = method.or(known.method);
                Ok(method.unwrap_or_else(|| self.default_method())(
                    known.secret,
                ))
            }
            (None, None) => Ok(AuthMethod::None),
            (None, Some(named)) => Err(ClientError::SecretMissing(named.to_owned())),
        }
    }

    fn default_method(&self) -> SecretMethod {
        match &self.discovered {
            Some(found) if found.post_only => AuthMethod::ClientSecretPost,
            _ => self.provider().secret_method,
        }
    }

    fn secret(&self, client_id: Option<&str>) -> Result<Option<Known>, ClientError> {
        let same_id = |client: &&Client| {
            client.client_id.is_some() && client.client_id.as_deref() == client_id
        };
        let client = self.remembered().filter(same_id);
        let remembered: Option<(&ClientSecret, SecretMethod)> = match client.map(|c| &c.auth) {
            None | Some(AuthMethod::None) => None,
            Some(AuthMethod::ClientSecretBasic(secret)) => {
                Some((secret, AuthMethod::ClientSecretBasic))
            }
            Some(AuthMethod::ClientSecretPost(secret)) => {
                Some((secret, AuthMethod::ClientSecretPost))
            }
        };
        let known = |secret| {
            let method = remembered.map(|(_, method)| method);
            Some(Known { secret, method })
        };
        if let Some(path) = &self.given.client_secret_file {
            return secret_in(path).map(known);
        }
        if let Some(secret) = &self.given.client_secret {
            return Ok(known(secret.clone()));
        }
        if let Some((secret, _)) = remembered {
            return Ok(known(secret.clone()));
        }
        let configured = self
            .configured
            .filter(|host| host.client_id.is_none() || host.client_id.as_deref() == client_id);
        match configured {
            Some(HostConfig {
                client_secret_file: Some(path),
                ..
            }) => secret_in(path).map(known),
            Some(HostConfig {
                client_secret: Some(secret),
                ..
            }) => Ok(known(ClientSecret::new(secret.clone())?)),
            _ => Ok(None),
        }
    }

    fn parameters(&self) -> BTreeMap<String, String> {
        let mut all = self
            .configured
            .map(|host| host.parameters.clone())
            .unwrap_or_default();
        if let Some(client) = self.remembered() {
            all.extend(client.parameters.clone());
        }
        all.extend(self.given.parameters.iter().cloned());
        all
    }
}

/// How a secret is sent.
type SecretMethod = fn(ClientSecret) -> AuthMethod;

/// A secret, and how it is sent where that is remembered too.
struct Known {
    secret: ClientSecret,
    method: Option<SecretMethod>,
}

fn secret_in(path: &Path) -> Result<ClientSecret, ClientError> {
    // A secret, and what may stand around it.
    let limit = (TOKEN_LIMIT + AROUND) as u64;
    let text = user_file::read_text(path, limit).map_err(|source| ClientError::File {
        what: "client secret file",
        path: PathBuf::from(path),
        source,
    })?;
    Ok(ClientSecret::new(bare(&text).to_owned())?)
}

fn pairs(table: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    table.iter().map(owned).collect()
}

/// The user who runs the server now: a login trusts the server that it is made at.
fn server_user_of(client: &Client) -> Option<u32> {
    let endpoints = [&client.token_endpoint, &client.check_endpoint];
    let endpoint = endpoints.into_iter().flatten().next()?;
    server_user(&endpoint.url().ok()?)
}

/// What a record would refuse to hold, and what would change a question that is ours.
pub(super) fn check(client: &Client) -> Result<(), ClientError> {
    let dirty = |text: &str| text.chars().any(char::is_control);
    let parameters = &client.parameters;
    for (what, is_bad) in [
        (
            "the client id",
            client.client_id.as_deref().is_some_and(dirty),
        ),
        (
            "a parameter",
            parameters.iter().any(|(k, v)| dirty(k) || dirty(v)),
        ),
        (
            "a scope",
            client.login.scopes.iter().any(|scope| dirty(scope)),
        ),
        (
            "the CA file's name",
            client
                .ca_file
                .as_deref()
                .is_some_and(|p| dirty(&p.to_string_lossy())),
        ),
    ] {
        if is_bad {
            return Err(ClientError::ControlCharacter(what));
        }
    }
    if let Some(path) = &client.ca_file {
        // A file that is missing may still come; what others can write is never trusted.
        match user_file::check(path) {
            Err(source) if !source.is_missing() => {
                let (what, path) = ("CA file", path.clone());
                return Err(ClientError::File { what, path, source });
            }
            _ => {}
        }
    }
    if client.client_id.as_deref() == Some("") {
        return Err(ClientError::EmptyClientId);
    }
    match parameters.keys().find(|name| OURS.contains(&&***name)) {
        Some(name) => Err(ClientError::OurParameter(name.clone())),
        None => Ok(()),
    }
}

/// Parameters that a question has already (RFC 6749, 7636, 7009, 8628).
const OURS: [&str; 16] = [
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "device_code",
    "grant_type",
    "redirect_uri",
    "refresh_token",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "token",
    "token_type_hint",
];
