//! How a login authenticates its client: with which secret or key, and how it is sent.

use std::path::{Path, PathBuf};

use super::{ClientError, Plan};
use crate::config::LoginOptions;
use crate::credential::{AuthMethod, Client, ClientKey, Endpoint, LoginKind};
use crate::oauth::{NoSecret, below, read_secret};
use crate::secret::ClientSecret;

impl Plan<'_> {
    /// The secret that goes with `client_id`, sent as the server wants it; that of another id is
    /// not it.
    pub(super) fn auth(
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
        let remembered = client.map(|client| &client.auth);
        let method: Option<SecretMethod> = match remembered {
            None | Some(AuthMethod::None | AuthMethod::PrivateKeyJwt(_)) => None,
            Some(AuthMethod::ClientSecretBasic(_) | AuthMethod::ClientSecretBasicFile(_)) => {
                Some(AuthMethod::ClientSecretBasic)
            }
            Some(AuthMethod::ClientSecretPost(_) | AuthMethod::ClientSecretPostFile(_)) => {
                Some(AuthMethod::ClientSecretPost)
            }
        };
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
            Some(AuthMethod::ClientSecretBasic(secret) | AuthMethod::ClientSecretPost(secret)) => {
                return Ok(Some(known((secret.clone(), None))));
            }
            Some(
                AuthMethod::ClientSecretBasicFile(path) | AuthMethod::ClientSecretPostFile(path),
            ) => return secret_in(path).map(|it| Some(known(it))),
            None | Some(AuthMethod::None | AuthMethod::PrivateKeyJwt(_)) => {}
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
            None => self.provider().is_mcp(),
        };
        let endpoint = token_endpoint.filter(|_| !by_name);
        let endpoint = endpoint.map(|endpoint| endpoint.as_str().to_owned());
        let discovered = || Some(self.discovered.as_ref()?.issuer.clone());
        let remembered = || self.remembered()?.login.issuer.clone();
        let of_table = || {
            self.provider()
                .issuer
                .map(|place| below(&self.base(), place).trim_end_matches('/').to_owned())
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
}

/// How a secret is sent.
type SecretMethod = fn(ClientSecret) -> AuthMethod;

/// A secret, and how it is sent where that is remembered too.
struct KnownSecret {
    secret: ClientSecret,
    /// Where it was read.
    file: Option<PathBuf>,
    method: Option<SecretMethod>,
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
    let secret = read_secret(path).map_err(|error| match error {
        NoSecret::File(source) => ClientError::File {
            what: "client secret file",
            path: path.to_owned(),
            source,
        },
        NoSecret::Bad(problem) => problem.into(),
    })?;
    Ok((secret, Some(path.to_owned())))
}
