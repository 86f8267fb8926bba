//! What is known of a login before it is made: what was given, what is remembered, what is
//! configured, what the server says of itself, and what the provider's table says, in this order.
//! All that a refresh needs, and all that the next login needs, is in the record afterwards.

mod client;
mod detect;
mod endpoint;
mod error;

use std::path::PathBuf;

use super::authorize::AuthorizeError;
use super::error::FlowError;
use super::session::Session;
use crate::config::{Config, LoginOptions};
use crate::credential::RedirectUri;
use crate::credential::{AccountId, Client, Endpoint, Endpoints, Host, LoginKind, Record, Scheme};
use crate::oauth::{Metadata, PROVIDERS, Provider, below, provider, provider_of};
use crate::secret::ClientSecret;
use crate::store::{Snapshot, Store, StoreError};

pub use error::{ClientError, ToRegister};

/// A login that is to be made, as far as it is known.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The account that it is for.
    pub id: AccountId,
    /// How its server is reached.
    pub scheme: Scheme,
    /// The kind of login: a grant, or a personal token.
    pub kind: LoginKind,
    /// What was given with the call, and the client id that a person typed.
    given: LoginOptions,
    /// The client secret that a person typed.
    typed_secret: Option<ClientSecret>,
    /// The record that is there.
    own: Option<Record>,
    /// The client of the host's other account, where this one has none of use.
    other: Option<Client>,
    configured: Option<&'a LoginOptions>,
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
    /// Where the server's endpoints are.
    pub endpoints: Endpoints<Endpoint>,
    /// As it is registered.
    pub redirect_uri: String,
}

impl<'a> Plan<'a> {
    /// Gathers what is known without asking anybody.
    pub fn new(
        session: &Session<'_>,
        id: &AccountId,
        kind: LoginKind,
        given: LoginOptions,
        config: &'a Config,
    ) -> Result<Self, AuthorizeError> {
        let own = session.store.snapshot(id).map_err(FlowError::from)?;
        let own = own.map(Snapshot::into_record);
        if let Some(record) = &own {
            session.check_scheme(record)?;
        }
        let other = match &own {
            Some(record) if is_of_use(record, kind) => None,
            _ => another(session.store, id, kind).map_err(FlowError::from)?,
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
            typed_secret: None,
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
            |options| options.client_id.clone(),
            |client| client.client_id.clone(),
        )
        .or_else(|| own().map(ToOwned::to_owned))
    }

    /// Takes the client id that a person typed.
    pub fn set_client_id(&mut self, typed: String) {
        self.given.client_id = Some(typed);
    }

    /// Takes the client secret that a person typed.
    pub fn set_client_secret(&mut self, typed: ClientSecret) {
        self.typed_secret = Some(typed);
    }

    /// The configured client id, where another one goes before it that nobody gave just now.
    #[must_use]
    pub fn passed_over(&self) -> Option<&str> {
        let configured = self.configured?.client_id.as_deref()?;
        let is_other = self.client_id().as_deref() != Some(configured);
        (is_other && self.given.client_id.is_none()).then_some(configured)
    }

    /// The scopes that were given with the call.
    #[must_use]
    pub fn given_scopes(&self) -> Option<&[String]> {
        let given = self.given.scopes.as_deref();
        given.filter(|scopes| !scopes.is_empty())
    }

    /// What is asked for.
    #[must_use]
    pub fn scopes(&self) -> Vec<String> {
        if let Some(scopes) = self.given_scopes() {
            return scopes.to_vec();
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
        let scopes = self.scopes();
        client.login.scopes.clone_from(&scopes);
        client::check(&client)?;
        let issuer = client.login.issuer.clone();
        Ok(Setup {
            provider,
            scopes,
            endpoints: Endpoints::find(|name| match client.endpoint(name) {
                Some(found) => Ok(Some(found.clone())),
                None => self.endpoint_of_table(name),
            })?,
            issuer: issuer.or_else(|| Some(below(&self.base(), provider.issuer?))),
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
            |options| options.redirect_uri.clone(),
            |client| client.login.redirect_uri.clone(),
        )
        .unwrap_or_else(|| self.provider().redirect_uri.to_owned())
    }

    /// What was given goes before what is remembered, and that before what is configured.
    fn first<T>(
        &self,
        option: impl Fn(&LoginOptions) -> Option<T>,
        remembered: impl Fn(&Client) -> Option<T>,
    ) -> Option<T> {
        option(&self.given)
            .or_else(|| remembered(self.remembered()?))
            .or_else(|| option(self.configured?))
    }

    fn ca_file(&self) -> Option<PathBuf> {
        self.first(
            |options| options.ca_file.clone(),
            |client| client.ca_file.clone(),
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
        let named = |name: &str| {
            provider(name).ok_or_else(|| ClientError::UnknownProvider(name.to_owned()))
        };
        let configured = self.configured.and_then(|host| host.provider.as_deref());
        // Looked up first: a mistake there would stay unseen as long as another one goes before it.
        let configured = configured.map(named).transpose()?;
        let given = self.given.provider.as_deref();
        match given.or_else(|| Some(&*self.any_client()?.provider)) {
            Some(name) => named(name).map(Some),
            None => Ok(configured.or_else(|| provider_of(&self.id.host))),
        }
    }
}

fn scheme_of(configured: &LoginOptions, host: &Host) -> Option<Scheme> {
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
