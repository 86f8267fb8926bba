//! From the plan to the client that the record will hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{ClientError, OwnClient, Plan};
use crate::config::LoginOptions;
use crate::credential::{
    AuthMethod, Client, ClientKey, Endpoint, EndpointName, LoginKind, LoginMeans, ReuseDetection,
    RotationEffect,
};
use crate::http::server_user;
use crate::oauth::{MCP, below};
use crate::secret::{AROUND, ClientSecret, TOKEN_LIMIT, bare};
use crate::user_file;

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
        let token_endpoint = self.endpoint(EndpointName::Token)?;
        if renewable && token_endpoint.is_none() {
            return Err(ClientError::NoEndpoint {
                name: EndpointName::Token,
                host: self.id.host.clone(),
            });
        }
        checked(Client {
            auth: self.auth(client_id.as_deref(), token_endpoint.as_ref())?,
            client_id,
            token_endpoint,
            revocation_endpoint: self.endpoint(EndpointName::Revocation)?,
            check_endpoint: self.endpoint(EndpointName::Check)?,
            environment: pairs(provider.environment),
            login: self.login_means()?,
            ..self.bare_client()
        })
    }

    /// That of a personal token. What a login through the server has to know it keeps from the login
    /// that it replaces; but it is not revoked where OAuth tokens are, and what a document or a table
    /// tells is asked for again.
    fn client_of_a_token(&self) -> Result<Client, ClientError> {
        let provider = self.provider();
        let of_a_token = |client: &&Client| client.token_endpoint.is_none();
        let remembered = self.remembered_endpoints().filter(of_a_token);
        let place = provider.token_check_endpoint;
        let check_endpoint = match remembered.and_then(|client| client.check_endpoint.clone()) {
            Some(check) => Some(check),
            None => place
                .map(|place| self.at_place(EndpointName::Check, place))
                .transpose()?,
        };
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
            if provider.endpoints.token.is_none() && !provider.discovers {
                client.token_endpoint.clone_from(&kept.token_endpoint);
            }
        }
        checked(client)
    }

    /// What does not depend on the kind of login, but for what its tokens do to each other.
    pub(super) fn bare_client(&self) -> Client {
        let provider = self.provider();
        let (rotation, replay) = match self.kind {
            LoginKind::OAuth | LoginKind::Token => (provider.rotation, provider.replay),
            LoginKind::ClientCredentials => (RotationEffect::Keeps, ReuseDetection::Harmless),
        };
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
            rotation,
            replay,
            grants: provider.grants,
            ca_file: self.ca_file(),
            server_user: None,
            login: LoginMeans::default(),
        }
    }

    /// What the next login needs and the table does not tell.
    fn login_means(&self) -> Result<LoginMeans, ClientError> {
        let redirect_uri = self.redirect_uri();
        let issuer = self.discovered.as_ref().map(|found| found.issuer.clone());
        let remembered = self.remembered_endpoints().map(|client| &client.login);
        let endpoint = |name| self.endpoint_but_for_table(name);
        Ok(LoginMeans {
            issuer: issuer.or_else(|| remembered?.issuer.clone()),
            authorization_endpoint: endpoint(EndpointName::Authorization)?,
            device_authorization_endpoint: endpoint(EndpointName::DeviceAuthorization)?,
            userinfo_endpoint: endpoint(EndpointName::Userinfo)?,
            redirect_uri: (redirect_uri != self.provider().redirect_uri).then_some(redirect_uri),
            scopes: self
                .remembered()
                .map(|client| client.login.scopes.clone())
                .unwrap_or_default(),
            promises_issuer: match &self.discovered {
                Some(found) => found.promises_issuer,
                None => remembered.is_some_and(|login| login.promises_issuer),
            },
            registration: self.own_client().and_then(|own| own.registration.clone()),
        })
    }

    /// The client that no person has typed, unless another one was given.
    pub(super) fn own_client(&self) -> Option<&OwnClient> {
        let own = self.own_client.as_ref();
        own.filter(|own| self.client_id().as_deref() == Some(&own.client_id))
    }

    /// The secret that goes with `client_id`, sent as the server wants it; that of another id is
    /// not it.
    fn auth(
        &self,
        client_id: Option<&str>,
        token_endpoint: Option<&Endpoint>,
    ) -> Result<AuthMethod, ClientError> {
        if let Some(key) = self.client_key(client_id, token_endpoint) {
            return Ok(AuthMethod::PrivateKeyJwt(key));
        }
        if let Some(own) = self.own_client() {
            return Ok(own.auth.clone());
        }
        let named = self.given.auth_method.as_deref();
        let named = named.or_else(|| self.configured?.auth_method.as_deref());
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
                let auth = method.unwrap_or_else(|| self.default_method())(known.secret);
                Ok(match known.file {
                    Some(file) if self.kind == LoginKind::ClientCredentials => auth.kept_in(file),
                    _ => auth,
                })
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

    fn secret(&self, client_id: Option<&str>) -> Result<Option<KnownSecret>, ClientError> {
        let client = self.remembered_as(client_id);
        let remembered = match client.map(|client| &client.auth) {
            None | Some(AuthMethod::None | AuthMethod::PrivateKeyJwt(_)) => None,
            Some(AuthMethod::ClientSecretBasic(secret)) => Some((
                Source::Text(secret),
                AuthMethod::ClientSecretBasic as SecretMethod,
            )),
            Some(AuthMethod::ClientSecretPost(secret)) => Some((
                Source::Text(secret),
                AuthMethod::ClientSecretPost as SecretMethod,
            )),
            Some(AuthMethod::ClientSecretBasicFile(path)) => Some((
                Source::File(path),
                AuthMethod::ClientSecretBasic as SecretMethod,
            )),
            Some(AuthMethod::ClientSecretPostFile(path)) => Some((
                Source::File(path),
                AuthMethod::ClientSecretPost as SecretMethod,
            )),
        };
        let method = remembered.as_ref().map(|(_, method)| *method);
        let known = |(secret, file)| KnownSecret {
            secret,
            file,
            method,
        };
        if let Some(found) = secret_of(&self.given)? {
            return Ok(Some(known(found)));
        }
        if let Some(secret) = &self.typed_secret {
            return Ok(Some(known((secret.clone(), None))));
        }
        match remembered {
            Some((Source::Text(secret), _)) => return Ok(Some(known((secret.clone(), None)))),
            Some((Source::File(path), _)) => return secret_in(path).map(|it| Some(known(it))),
            None => {}
        }
        match self.configured_for(client_id) {
            Some(options) => Ok(secret_of(options)?.map(known)),
            None => Ok(None),
        }
    }

    /// The key of a machine that no secret was given to.
    fn client_key(
        &self,
        client_id: Option<&str>,
        token_endpoint: Option<&Endpoint>,
    ) -> Option<ClientKey> {
        let has_secret = self.given.client_secret_file.is_some() || self.typed_secret.is_some();
        if self.kind != LoginKind::ClientCredentials || has_secret {
            return None;
        }
        let remembered = match self.remembered_as(client_id).map(|client| &client.auth) {
            Some(AuthMethod::PrivateKeyJwt(key)) => Some(key),
            // The secret of the login that is there goes before the configuration.
            Some(AuthMethod::None) | None => None,
            Some(_) if self.given.client_key_file.is_none() => return None,
            Some(_) => None,
        };
        let configured = self.configured_for(client_id);
        let first = |option: fn(&LoginOptions) -> Option<&String>, remembered: Option<&String>| {
            let given = option(&self.given).or(remembered);
            given.or_else(|| option(configured?)).cloned()
        };
        let file = self.given.client_key_file.as_ref();
        let file = file.or_else(|| remembered.map(|key| &key.file));
        let file = file.or_else(|| configured?.client_key_file.as_ref())?;
        let is_remembered = remembered.filter(|key| key.file == *file);
        let named = first(|options| options.client_key_audience.as_ref(), None);
        Some(ClientKey {
            file: file.clone(),
            key_id: first(
                |options| options.client_key_id.as_ref(),
                is_remembered.and_then(|key| key.key_id.as_ref()),
            ),
            audience: match (named.as_deref(), is_remembered) {
                (None, Some(key)) => key.audience.clone(),
                (named, _) => self.audience(named, token_endpoint),
            },
        })
    }

    /// What a server calls itself in an assertion: the endpoint that it is sent to, or its name.
    fn audience(&self, named: Option<&str>, token_endpoint: Option<&Endpoint>) -> String {
        let by_name = match named {
            Some(named) => named == "issuer",
            None => self.provider().name == MCP,
        };
        let endpoint = token_endpoint.filter(|_| !by_name);
        let endpoint = endpoint.map(|endpoint| endpoint.as_str().to_owned());
        let discovered = || Some(self.discovered.as_ref()?.issuer.clone());
        let remembered = || self.remembered()?.login.issuer.clone();
        let of_table = || {
            self.provider()
                .issuer
                .map(|place| below(&self.base(), place))
        };
        endpoint
            .or_else(discovered)
            .or_else(remembered)
            .or_else(of_table)
            .unwrap_or_else(|| self.base())
    }

    /// The client of the login that is there, if it has this id.
    fn remembered_as(&self, client_id: Option<&str>) -> Option<&Client> {
        let client = self.remembered()?;
        (client_id.is_some() && client.client_id.as_deref() == client_id).then_some(client)
    }

    /// What is configured, if it is not for another id.
    fn configured_for(&self, client_id: Option<&str>) -> Option<&LoginOptions> {
        let configured = self.configured?;
        let named = configured.client_id.as_deref();
        (named.is_none() || named == client_id).then_some(configured)
    }

    pub(super) fn parameters(&self) -> BTreeMap<String, String> {
        let mut all = self
            .configured
            .map(|host| host.parameters.clone())
            .unwrap_or_default();
        if let Some(client) = self.remembered() {
            all.extend(client.parameters.clone());
        }
        if let Some((uri, _)) = &self.resource {
            all.remove(RESOURCE);
            all.extend(uri.clone().map(|uri| (RESOURCE.to_owned(), uri)));
        }
        all.extend(self.given.parameters.clone());
        all
    }
}

/// RFC 8707 §2.
const RESOURCE: &str = "resource";

/// How a secret is sent.
type SecretMethod = fn(ClientSecret) -> AuthMethod;

/// A secret, and how it is sent where that is remembered too.
struct KnownSecret {
    secret: ClientSecret,
    /// Where it was read.
    file: Option<PathBuf>,
    method: Option<SecretMethod>,
}

/// Where the record has a secret.
enum Source<'a> {
    Text(&'a ClientSecret),
    File(&'a Path),
}

/// A secret, and the file that it was read from.
type ReadSecret = (ClientSecret, Option<PathBuf>);

fn secret_of(options: &LoginOptions) -> Result<Option<ReadSecret>, ClientError> {
    match (&options.client_secret_file, &options.client_secret) {
        (Some(path), _) => secret_in(path).map(Some),
        (None, Some(secret)) => Ok(Some((ClientSecret::new(secret.clone())?, None))),
        (None, None) => Ok(None),
    }
}

fn secret_in(path: &Path) -> Result<ReadSecret, ClientError> {
    // A secret, and what may stand around it.
    let limit = (TOKEN_LIMIT + AROUND) as u64;
    let text = user_file::read_text(path, limit).map_err(|source| ClientError::File {
        what: "client secret file",
        path: PathBuf::from(path),
        source,
    })?;
    let secret = ClientSecret::new(bare(&text).to_owned())?;
    Ok((secret, Some(path.to_owned())))
}

fn pairs(table: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    table.iter().map(owned).collect()
}

/// The client with the user that runs the server now: a login trusts the server that it is made at.
fn checked(mut client: Client) -> Result<Client, ClientError> {
    let endpoints = [&client.token_endpoint, &client.check_endpoint];
    let endpoint = endpoints.into_iter().flatten().next();
    let url = endpoint.and_then(|endpoint| endpoint.url().ok());
    client.server_user = url.and_then(|url| server_user(&url));
    check(&client)?;
    Ok(client)
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
            "the name of the client's file",
            client
                .auth
                .file()
                .is_some_and(|p| dirty(&p.to_string_lossy())),
        ),
        (
            "the id of the client's key",
            matches!(&client.auth, AuthMethod::PrivateKeyJwt(key) if key.key_id.as_deref().is_some_and(dirty)),
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

/// Parameters that a question has already (RFC 6749, 7636, 7009, 8628, 7523).
const OURS: [&str; 18] = [
    "client_assertion",
    "client_assertion_type",
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
