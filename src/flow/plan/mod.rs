//! What is known of a login before it is made: what was given, what is remembered, what is
//! configured, what the server says of itself, and what the provider's table says, in this order.
//! All that a refresh needs, and all that the next login needs, is in the record afterwards.

mod client;
mod detect;
mod error;

use std::path::PathBuf;

use super::error::FlowError;
use super::redirect_uri::RedirectUri;
use super::session::Session;
use crate::config::{Config, HostConfig};
use crate::credential::{
    AccountId, Client, Endpoint, Host, Identity, LoginKind, LoginMeans, Record, Scheme,
};
use crate::oauth::{Metadata, PROVIDERS, Provider, below, provider, provider_of};
use crate::secret::ClientSecret;
use crate::store::{Snapshot, Store, StoreError};

pub use error::{ClientError, ToRegister};

/// What was said on the command line, and typed when it was asked for.
#[derive(Debug, Default)]
pub struct Given {
    /// `--provider`
    pub provider: Option<String>,
    /// `--client-id`
    pub client_id: Option<String>,
    /// `--client-secret-file`
    pub client_secret_file: Option<PathBuf>,
    /// Typed.
    pub client_secret: Option<ClientSecret>,
    /// `--auth-method`
    pub auth_method: Option<String>,
    /// `--scope`
    pub scopes: Vec<String>,
    /// `--parameter`
    pub parameters: Vec<(String, String)>,
    /// `--ca-file`
    pub ca_file: Option<PathBuf>,
    /// `--redirect-uri`
    pub redirect_uri: Option<String>,
    /// `--authorization-endpoint`
    pub authorization_endpoint: Option<String>,
    /// `--device-endpoint`
    pub device_authorization_endpoint: Option<String>,
    /// `--token-endpoint`
    pub token_endpoint: Option<String>,
    /// `--revocation-endpoint`
    pub revocation_endpoint: Option<String>,
}

/// A login that is to be made, as far as it is known.
#[derive(Debug)]
pub struct Plan<'a> {
    /// Of which account.
    pub id: AccountId,
    /// How its server is reached.
    pub scheme: Scheme,
    /// What kind.
    pub kind: LoginKind,
    /// What was said.
    pub given: Given,
    /// The record that is there.
    own: Option<Record>,
    /// The client of the host's other account, where this one has none of use.
    other: Option<Client>,
    configured: Option<&'a HostConfig>,
    /// `None`: nobody says, and the host's name does not tell.
    provider: Option<&'static Provider>,
    discovered: Option<Metadata>,
}

/// All that a login through the server needs.
#[derive(Debug)]
pub struct Setup {
    /// What the record will say of it.
    pub client: Client,
    /// The row of the table.
    pub provider: &'static Provider,
    /// The server's own name, where it is known.
    pub issuer: Option<String>,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// RFC 6749 §3.1.
    pub authorization_endpoint: Option<Endpoint>,
    /// RFC 8628 §3.1.
    pub device_authorization_endpoint: Option<Endpoint>,
    /// Answers who a token's user is.
    pub userinfo_endpoint: Option<Endpoint>,
    /// As it is registered.
    pub redirect_uri: String,
}

impl<'a> Plan<'a> {
    /// Gathers what is known without asking anybody.
    pub fn new(
        session: &Session<'_>,
        id: &AccountId,
        kind: LoginKind,
        given: Given,
        config: &'a Config,
    ) -> Result<Self, PlanError> {
        let own = session.store.snapshot(id)?.map(Snapshot::into_record);
        if let Some(record) = &own {
            session.check_scheme(record)?;
        }
        let other = match &own {
            Some(record) if is_of_use(record, kind) => None,
            _ => another(session.store, id, kind)?,
        };
        let configured = config.host(&id.host);
        // What is reached in the other way than was asked for is of no use.
        let fits = |record: &&Record| session.reaches(record);
        let other = other.as_ref().filter(fits);
        let own_fits = own.as_ref().filter(fits);
        let scheme = session
            .scheme
            .or_else(|| other.or(own_fits).map(|record| record.scheme))
            .or_else(|| scheme_of(configured?, &id.host))
            .unwrap_or(Scheme::Https);
        let other = other.and_then(Record::client).cloned();
        let mut plan = Self {
            id: id.clone(),
            scheme,
            kind,
            given,
            other,
            own,
            configured,
            provider: None,
            discovered: None,
        };
        plan.provider = plan.known_provider()?;
        Ok(plan)
    }

    /// Whose login it takes the place of; `None`: nobody's.
    #[must_use]
    pub fn replaces(&self) -> Option<&Record> {
        self.own.as_ref().filter(|record| record.login().is_some())
    }

    /// Who the login is that it takes the place of, as far as that is known.
    #[must_use]
    pub fn replaced_identity(&self) -> Option<&Identity> {
        self.replaces()?.identity.as_ref()
    }

    /// The kind of server.
    #[must_use]
    pub fn provider(&self) -> &'static Provider {
        self.provider.unwrap_or(&PROVIDERS[0])
    }

    /// Under which id we are registered, if anybody knows.
    #[must_use]
    pub fn client_id(&self) -> Option<String> {
        let own = || self.provider().client_id_at(&self.id.host);
        self.first(
            self.given.client_id.clone(),
            |client| client.client_id.clone(),
            |host| host.client_id.clone(),
        )
        .or_else(|| own().map(ToOwned::to_owned))
    }

    /// The configured client id, where another one goes before it that nobody gave just now.
    #[must_use]
    pub fn passed_over(&self) -> Option<&str> {
        let configured = self.configured?.client_id.as_deref()?;
        let is_other = self.client_id().as_deref() != Some(configured);
        (is_other && self.given.client_id.is_none()).then_some(configured)
    }

    /// What is asked for.
    #[must_use]
    pub fn scopes(&self) -> Vec<String> {
        if !self.given.scopes.is_empty() {
            return self.given.scopes.clone();
        }
        let remembered = self.remembered().map(|client| &client.login.scopes);
        if let Some(scopes) = remembered.filter(|scopes| !scopes.is_empty()) {
            return scopes.clone();
        }
        if let Some(scopes) = self.granted_scopes() {
            return scopes;
        }
        let configured = self.configured.and_then(|host| host.scopes.clone());
        configured.unwrap_or_else(|| {
            let described = self.discovered.as_ref();
            let offered = described.and_then(|found| found.scopes_supported.as_ref());
            let default = self
                .provider()
                .scopes
                .iter()
                .map(|scope| (*scope).to_owned());
            default
                .filter(|scope| offered.is_none_or(|offered| offered.contains(scope)))
                .collect()
        })
    }

    /// What the login that is there got from the server, where that says it.
    fn granted_scopes(&self) -> Option<Vec<String>> {
        self.remembered()?;
        let login = self.own.as_ref()?.login()?;
        let scopes = &login.grants.first()?.scopes;
        (login.kind == LoginKind::OAuth && !scopes.is_empty()).then(|| scopes.clone())
    }

    /// How a person registers an application with this server.
    #[must_use]
    pub fn to_register(&self) -> Option<ToRegister> {
        let provider = self.provider();
        let registration = provider.registration.as_ref()?;
        Some(ToRegister {
            title: provider.title,
            page: below(&self.base(), registration.page),
            redirect_uri: (registration.redirect_uri, self.redirect_uri()),
            scopes: self.scopes().join(" "),
            remark: registration.remark,
            client_id: registration.client_id,
        })
    }

    /// All that a login through the server needs.
    pub fn setup(&self) -> Result<Setup, ClientError> {
        let mut client = self.client(true)?;
        RedirectUri::parse(&self.redirect_uri())?;
        let provider = self.provider();
        let base = self.base();
        let scopes = self.scopes();
        client.login.scopes.clone_from(&scopes);
        client::check(&client)?;
        let LoginMeans {
            issuer,
            authorization_endpoint,
            device_authorization_endpoint,
            userinfo_endpoint,
            redirect_uri: _,
            scopes: _,
        } = client.login.clone();
        let or_table = |found: Option<Endpoint>, place: Option<&str>| {
            found.or_else(|| Endpoint::new(&below(&base, place?)).ok())
        };
        Ok(Setup {
            provider,
            scopes,
            authorization_endpoint: or_table(
                authorization_endpoint,
                provider.authorization_endpoint,
            ),
            device_authorization_endpoint: or_table(
                device_authorization_endpoint,
                provider.device_authorization_endpoint,
            ),
            userinfo_endpoint: or_table(userinfo_endpoint, provider.userinfo_endpoint),
            issuer: issuer.or_else(|| Some(below(&base, provider.issuer?))),
            redirect_uri: self.redirect_uri(),
            client,
        })
    }

    /// The root of the server's own places, without a slash at the end.
    fn base(&self) -> String {
        let url = self.configured.and_then(|host| host.url.as_ref());
        url.map_or_else(
            || self.id.host.base_url(self.scheme),
            |url| url.host.base_url(url.scheme.unwrap_or(Scheme::Https)),
        )
    }

    /// What is registered, and listened at.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        self.first(
            self.given.redirect_uri.clone(),
            |client| client.login.redirect_uri.clone(),
            |host| host.redirect_uri.clone(),
        )
        .unwrap_or_else(|| self.provider().redirect_uri.to_owned())
    }

    /// What was given goes before what is remembered, and that before what is configured.
    fn first<T>(
        &self,
        given: Option<T>,
        remembered: impl Fn(&Client) -> Option<T>,
        configured: impl Fn(&HostConfig) -> Option<T>,
    ) -> Option<T> {
        given
            .or_else(|| remembered(self.remembered()?))
            .or_else(|| configured(self.configured?))
    }

    fn ca_file(&self) -> Option<PathBuf> {
        self.first(
            self.given.ca_file.clone(),
            |client| client.ca_file.clone(),
            |host| host.ca_file.clone(),
        )
    }

    /// The client of the login that is there, or was there, or of another one at the host. Of
    /// another provider than the one that is meant nothing holds.
    fn remembered(&self) -> Option<&Client> {
        let client = self.any_client()?;
        let given = self.given.provider.as_ref();
        given
            .is_none_or(|name| *name == client.provider)
            .then_some(client)
    }

    /// The same for endpoints: who names the provider wants them anew.
    fn remembered_endpoints(&self) -> Option<&Client> {
        self.remembered().filter(|_| self.given.provider.is_none())
    }

    fn any_client(&self) -> Option<&Client> {
        let own = self.own.as_ref();
        let own = own.filter(|record| record.scheme == self.scheme);
        self.other.as_ref().or_else(|| own?.client())
    }

    fn known_provider(&self) -> Result<Option<&'static Provider>, ClientError> {
        let configured = self.configured.and_then(|host| host.provider.as_deref());
        // A mistake there would stay unseen as long as another one goes before it.
        if let Some(name) = configured
            && provider(name).is_none()
        {
            return Err(ClientError::UnknownProvider(name.to_owned()));
        }
        let name = self
            .given
            .provider
            .as_deref()
            .or_else(|| Some(self.any_client()?.provider.as_str()))
            .or(configured);
        match name {
            None => Ok(provider_of(&self.id.host)),
            Some(name) => provider(name)
                .map(Some)
                .ok_or_else(|| ClientError::UnknownProvider(name.to_owned())),
        }
    }
}

/// Why a login cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The record that is there.
    #[error(transparent)]
    Flow(Box<FlowError>),
    /// The client.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl From<FlowError> for PlanError {
    fn from(error: FlowError) -> Self {
        Self::Flow(error.into())
    }
}

impl From<StoreError> for PlanError {
    fn from(error: StoreError) -> Self {
        FlowError::from(error).into()
    }
}

fn scheme_of(configured: &HostConfig, host: &Host) -> Option<Scheme> {
    let url = configured.url.as_ref()?;
    url.scheme.filter(|_| url.host == *host)
}

/// Whether what is remembered of the client is of use: a login through the server wants an id.
fn is_of_use(record: &Record, kind: LoginKind) -> bool {
    let client = record.client();
    client.is_some_and(|client| client.client_id.is_some() || kind == LoginKind::Token)
}

/// Another login at the host that is of use. A broken record hinders nobody.
fn another(store: &Store, id: &AccountId, kind: LoginKind) -> Result<Option<Record>, StoreError> {
    let all = store.accounts_of(&id.host)?;
    let readable = all.iter().filter_map(|id| store.snapshot(id).ok()?);
    let mut records = readable.map(Snapshot::into_record);
    Ok(records.find(|record| record.id != *id && is_of_use(record, kind)))
}
