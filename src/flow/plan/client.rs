//! From the plan to the client that the record will hold.

use std::collections::BTreeMap;

use super::check::check;
use super::{ClientError, OwnClient, Plan};
use crate::credential::{
    AuthMethod, Client, EndpointName, LoginKind, LoginMeans, ReuseDetection, RotationEffect,
};
use crate::http::server_user;

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

    /// The client that no person has typed, unless another one was given, or another proof of one that a person
    /// registered.
    pub(super) fn own_client(&self) -> Option<&OwnClient> {
        let given = &self.given;
        let gives_proof = given.client_secret_file.is_some() || given.auth_method.is_some();
        let own = self.own_client.as_ref();
        let own = own.filter(|own| own.registration.is_some() || !gives_proof);
        own.filter(|own| self.client_id().as_deref() == Some(&own.client_id))
    }

    /// What is registered, and listened at.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        if let Some(own) = self.own_client() {
            let given = self.given.redirect_uri.as_ref();
            let given = given.filter(|_| own.registration.is_none());
            return given.unwrap_or(&own.redirect_uri).clone();
        }
        self.first(
            |options| options.redirect_uri.clone(),
            // That of a registered client is its alone.
            |client| match client.login.registration {
                Some(_) => None,
                None => client.login.redirect_uri.clone(),
            },
        )
        .unwrap_or_else(|| self.provider().redirect_uri.to_owned())
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
