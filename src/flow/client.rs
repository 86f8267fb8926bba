//! How we are to be known to a server: put together at login from what was given, what is
//! remembered, what is configured and what the provider's table says, in this order. All that a
//! refresh needs is in the record afterwards.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::config::HostConfig;
use crate::credential::{AuthMethod, Client, Endpoint, Host, LoginKind, Scheme};
use crate::http::origin;
use crate::oauth::{PROVIDERS, Provider, provider};
use crate::secret::{BadSecret, ClientSecret};

/// What was said on the command line.
#[derive(Debug, Default)]
pub struct Given {
    /// `--provider`
    pub provider: Option<String>,
    /// `--client-id`
    pub client_id: Option<String>,
    /// `--client-secret-file`
    pub client_secret_file: Option<PathBuf>,
    /// `--parameter`
    pub parameters: Vec<(String, String)>,
    /// `--token-endpoint`
    pub token_endpoint: Option<String>,
    /// `--revocation-endpoint`
    pub revocation_endpoint: Option<String>,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody said under which id we are registered.
    #[error("no client id for {host}")]
    NoClientId {
        /// Where it is missing.
        host: Host,
        /// Where an application is registered.
        registration: Option<String>,
    },
    /// Nothing is known of the server.
    #[error("no token endpoint for {host}")]
    NoTokenEndpoint {
        /// Which.
        host: Host,
    },
    /// Not a URL that a token may go to.
    #[error("the {name} `{url}` is not an `https://` URL (or `http://` on loopback)")]
    BadEndpoint {
        /// Which.
        name: &'static str,
        /// As it was given.
        url: String,
    },
    /// Tokens of this host would go elsewhere.
    #[error(
        "the {name} `{url}` is not on {host}; only the provider `generic` sends tokens elsewhere"
    )]
    ForeignEndpoint {
        /// Which.
        name: &'static str,
        /// As it was given.
        url: String,
        /// The host of the login.
        host: Host,
    },
    /// The secret's file.
    #[error("the client secret file `{}` cannot be read: {source}", path.display())]
    SecretFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The secret itself.
    #[error("the client secret {0}")]
    BadSecret(#[from] BadSecret),
    /// Not in the table.
    #[error("the provider `{0}` is not known")]
    UnknownProvider(String),
    /// What would be taken for more than text.
    #[error("{0} has a control character")]
    ControlCharacter(&'static str),
}

/// A login that is about to be stored, as far as it is known.
#[derive(Debug)]
pub struct Plan<'a> {
    /// Where.
    pub host: &'a Host,
    /// How it is reached.
    pub scheme: Scheme,
    /// What kind.
    pub kind: LoginKind,
    /// Whether there is a refresh token, which needs a client id.
    pub renewable: bool,
    /// What was said.
    pub given: &'a Given,
    /// The client of the login that is there, or was there, or of another one at the host.
    pub remembered: Option<&'a Client>,
    /// What the configuration says of the host.
    pub configured: Option<&'a HostConfig>,
}

impl Plan<'_> {
    /// Puts the client together.
    pub fn client(&self) -> Result<Client, ClientError> {
        let provider = self.provider()?;
        // Another provider than before: nothing that is remembered holds.
        let remembered = self
            .remembered
            .filter(|client| client.provider == provider.name);
        let configured = self.configured;
        let is_token = self.kind == LoginKind::Token;
        let client_id = self
            .given
            .client_id
            .clone()
            .or_else(|| remembered?.client_id.clone())
            .or_else(|| configured?.client_id.clone());
        if self.renewable && client_id.is_none() {
            return Err(self.no_client_id(provider));
        }
        let endpoint = Endpoints {
            plan: self,
            provider,
        };
        let token_endpoint = endpoint.choose(
            "token endpoint",
            self.given.token_endpoint.as_ref(),
            remembered.and_then(|client| client.token_endpoint.as_ref()),
            configured.and_then(|host| host.token_endpoint.as_ref()),
            provider.token_path,
        )?;
        if self.renewable && token_endpoint.is_none() {
            let host = self.host.clone();
            return Err(ClientError::NoTokenEndpoint { host });
        }
        // A personal token has no token endpoint, and another check.
        let same_kind = remembered.filter(|client| client.token_endpoint.is_none() == is_token);
        let (check_path, environment) = if is_token {
            (provider.token_check_path, provider.token_environment)
        } else {
            (provider.check_path, provider.environment)
        };
        let client = Client {
            provider: provider.name.to_owned(),
            client_id: client_id.clone().filter(|_| !is_token),
            auth: if is_token {
                AuthMethod::None
            } else {
                self.auth(client_id.as_deref(), remembered)?
            },
            parameters: self.parameters(remembered),
            token_endpoint: token_endpoint.filter(|_| !is_token),
            revocation_endpoint: endpoint
                .choose(
                    "revocation endpoint",
                    self.given.revocation_endpoint.as_ref(),
                    remembered.and_then(|client| client.revocation_endpoint.as_ref()),
                    configured.and_then(|host| host.revocation_endpoint.as_ref()),
                    provider.revocation_path,
                )?
                .filter(|_| !is_token),
            check_endpoint: endpoint.choose(
                "check endpoint",
                None,
                same_kind.and_then(|client| client.check_endpoint.as_ref()),
                configured
                    .filter(|_| !is_token)
                    .and_then(|host| host.check_endpoint.as_ref()),
                check_path,
            )?,
            git_username: provider.git_username.to_owned(),
            environment: pairs(environment),
            rotation: provider.rotation,
            replay: provider.replay,
            grants: provider.grants,
            ca_file: configured
                .and_then(|host| host.ca_file.clone())
                .or_else(|| remembered?.ca_file.clone()),
        };
        no_control_characters(&client)?;
        Ok(client)
    }

    fn provider(&self) -> Result<&'static Provider, ClientError> {
        let name = self
            .given
            .provider
            .as_deref()
            .or_else(|| Some(self.remembered?.provider.as_str()))
            .or_else(|| self.configured?.provider.as_deref());
        match name {
            None => Ok(&PROVIDERS[0]),
            Some(name) => {
                provider(name).ok_or_else(|| ClientError::UnknownProvider(name.to_owned()))
            }
        }
    }

    fn no_client_id(&self, provider: &Provider) -> ClientError {
        let base = self.host.base_url(self.scheme);
        ClientError::NoClientId {
            host: self.host.clone(),
            registration: provider
                .registration_path
                .map(|path| format!("{base}{path}")),
        }
    }

    /// The secret that goes with `client_id`; that of another id is not it.
    fn auth(
        &self,
        client_id: Option<&str>,
        remembered: Option<&Client>,
    ) -> Result<AuthMethod, ClientError> {
        // RFC 6749 §2.3.1: the method that every server must take.
        let basic = AuthMethod::ClientSecretBasic;
        if let Some(path) = &self.given.client_secret_file {
            return secret_in(path).map(basic);
        }
        let same_id = |client: &&Client| {
            client.client_id.is_some() && client.client_id.as_deref() == client_id
        };
        if let Some(client) = remembered.filter(same_id) {
            return Ok(client.auth.clone());
        }
        let configured = self
            .configured
            .filter(|host| host.client_id.is_none() || host.client_id.as_deref() == client_id);
        match configured {
            Some(HostConfig {
                client_secret_file: Some(path),
                ..
            }) => secret_in(path).map(basic),
            Some(HostConfig {
                client_secret: Some(secret),
                ..
            }) => Ok(basic(ClientSecret::new(secret.clone())?)),
            _ => Ok(AuthMethod::None),
        }
    }

    fn parameters(&self, remembered: Option<&Client>) -> BTreeMap<String, String> {
        let mut all = self
            .configured
            .map(|host| host.parameters.clone())
            .unwrap_or_default();
        if let Some(client) = remembered {
            all.extend(client.parameters.clone());
        }
        all.extend(self.given.parameters.iter().cloned());
        all
    }
}

struct Endpoints<'a> {
    plan: &'a Plan<'a>,
    provider: &'a Provider,
}

impl Endpoints<'_> {
    fn choose(
        &self,
        name: &'static str,
        given: Option<&String>,
        remembered: Option<&Endpoint>,
        configured: Option<&String>,
        path: Option<&str>,
    ) -> Result<Option<Endpoint>, ClientError> {
        let base = self.plan.host.base_url(self.plan.scheme);
        let text = given
            .cloned()
            .or_else(|| remembered.map(|endpoint| endpoint.as_str().to_owned()))
            .or_else(|| configured.cloned())
            .or_else(|| path.map(|path| format!("{base}{path}")));
        let Some(text) = text else {
            return Ok(None);
        };
        let bad = || ClientError::BadEndpoint {
            name,
            url: text.clone(),
        };
        let endpoint = Endpoint::new(&text).map_err(|_| bad())?;
        let url = endpoint.url().map_err(|_| bad())?;
        let home = url::Url::parse(&base).map_err(|_| bad())?;
        if !self.provider.foreign_endpoints && origin(&url) != origin(&home) {
            return Err(ClientError::ForeignEndpoint {
                name,
                url: text,
                host: self.plan.host.clone(),
            });
        }
        Ok(Some(endpoint))
    }
}

fn secret_in(path: &PathBuf) -> Result<ClientSecret, ClientError> {
    let text = std::fs::read_to_string(path).map_err(|source| ClientError::SecretFile {
        path: path.clone(),
        source,
    })?;
    Ok(ClientSecret::new(
        text.trim_end_matches(['\n', '\r']).to_owned(),
    )?)
}

fn pairs(table: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    table.iter().map(owned).collect()
}

/// What a record would refuse to hold.
fn no_control_characters(client: &Client) -> Result<(), ClientError> {
    let dirty = |text: &str| text.chars().any(char::is_control);
    if client.client_id.as_deref().is_some_and(dirty) {
        return Err(ClientError::ControlCharacter("the client id"));
    }
    let parameters = client.parameters.iter();
    if parameters.into_iter().any(|(k, v)| dirty(k) || dirty(v)) {
        return Err(ClientError::ControlCharacter("a parameter"));
    }
    Ok(())
}
