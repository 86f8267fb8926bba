//! What is known of a login before it is made: what was given, what is remembered, what is
//! configured, what the server says of itself, and what the provider's table says, in this order.
//! All that a refresh needs, and all that the next login needs, is in the record afterwards.

mod check;
mod client;
mod credentials;
mod detect;
mod endpoint;
mod error;
mod own_client;
mod scopes;

use std::cell::RefCell;
use std::path::PathBuf;

use url::Url;

use super::authorize::AuthorizeError;
use super::error::FlowError;
use super::loopback::BoundPort;
use super::session::Session;
use super::warning::{Step, Warning};
use crate::config::{Config, LoginOptions};
use crate::credential::{
    AccountId, Client, Endpoint, Endpoints, Host, LoginKind, Record, RedirectUri, Scheme,
};
use crate::oauth::{
    Metadata, PROVIDERS, Provider, below, provider, provider_of, title_by_endpoints,
};
use crate::secret::ClientSecret;
use crate::store::{Snapshot, Store, StoreError};

pub use detect::Detected;
pub(in crate::flow) use detect::unknown_kind;
pub use error::{ClientError, ToRegister};
use own_client::OwnClient;

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
    /// `None`: no source says, and the host's name does not tell.
    provider: Option<&'static Provider>,
    discovered: Option<Metadata>,
    /// What the server has said before there was a plan.
    found: Option<Detected>,
    /// A protected resource: its name for itself, and the scopes that it names.
    resource: Option<(Option<String>, Vec<String>)>,
    /// The device authorization endpoint of a server whose other endpoints are in the table.
    device: Option<Endpoint>,
    /// A client that no person has typed.
    own_client: Option<OwnClient>,
    /// Whether it is for a grant beside those of the login that is there.
    adds_grant: bool,
    /// The document about glauth that the configuration names.
    client_document: Option<&'a str>,
    /// The port that such a client is registered with.
    port: RefCell<Option<BoundPort>>,
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
        found: Option<Detected>,
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
            .or_else(|| scheme_of(&given, &id.host))
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
            found,
            resource: None,
            device: None,
            own_client: None,
            adds_grant: false,
            client_document: config.client_metadata_url.as_deref(),
            port: RefCell::new(None),
        };
        plan.provider = plan.known_provider()?;
        Ok(plan)
    }

    /// Whose login it takes the place of; `None`: there is none.
    #[must_use]
    pub fn replaces(&self) -> Option<&Record> {
        self.own.as_ref().filter(|record| record.login().is_some())
    }

    /// Says that the login that is there gets one more grant: for the same client, and for what the login asked for.
    pub fn add_grant(&mut self) {
        self.adds_grant = true;
    }

    /// The kind of server.
    #[must_use]
    pub fn provider(&self) -> &'static Provider {
        self.provider.unwrap_or(&PROVIDERS[0])
    }

    /// What a person should know of tokens that they bring: no source says which kind of server gave them.
    #[must_use]
    pub fn unknown_kind(&self) -> Option<Warning> {
        let (host, title) = (&self.id.host, self.provider().title);
        self.provider.is_none().then(|| Warning {
            text: format!("glauth takes {host} for {title}, since nothing says what it is"),
            step: Some(Step::NameKind(self.id.clone())),
        })
    }

    /// Under which id we are registered, if anybody knows.
    #[must_use]
    pub fn client_id(&self) -> Option<String> {
        if self.provider().is_mcp() && self.kind != LoginKind::ClientCredentials {
            let configured = || self.configured?.client_id.clone();
            let own = || Some(self.own_client.as_ref()?.client_id.clone());
            return self
                .given
                .client_id
                .clone()
                .or_else(own)
                .or_else(configured);
        }
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

    /// Whether a login with this client id was made here before.
    #[must_use]
    pub fn has_used(&self, client_id: Option<&str>) -> bool {
        let used = self
            .any_client()
            .and_then(|client| client.client_id.as_deref());
        // What glauth has registered itself needs no comparison.
        let own = self.own_client();
        let is_registered = own.is_some_and(|own| own.registration.is_some());
        is_registered || (client_id.is_some() && used == client_id)
    }

    /// The configured client id, where another one goes before it that the call did not give.
    #[must_use]
    pub fn passed_over(&self) -> Option<&str> {
        let configured = self.configured?.client_id.as_deref()?;
        let is_other = self.client_id().as_deref() != Some(configured);
        (is_other && self.given.client_id.is_none()).then_some(configured)
    }

    /// The user whom the server is asked to log in (OpenID Connect Core §3.1.2.1), if the person names one.
    #[must_use]
    pub fn user_wanted(&self) -> Option<String> {
        self.parameters().remove("login_hint")
    }

    /// The authorization server of a resource, if it is another server than the resource.
    #[must_use]
    pub fn issuer_elsewhere(&self) -> Option<&str> {
        self.resource.as_ref()?;
        let issuer = &self.discovered.as_ref()?.issuer;
        let at = |url: &str| Url::parse(url).ok().map(|url| url.origin());
        (at(issuer) != at(&self.base())).then_some(issuer)
    }

    /// How a person registers an application with this server.
    #[must_use]
    pub fn to_register(&self) -> Option<ToRegister> {
        let provider = self.provider();
        let registration = provider.registration.as_ref()?;
        // What it says is for people's logins.
        if self.kind == LoginKind::ClientCredentials {
            return None;
        }
        let title = match self.known_provider() {
            Ok(None) => title_by_endpoints(provider),
            _ => provider.title.to_owned(),
        };
        Some(ToRegister {
            title,
            page: below(&self.base(), registration.page),
            redirect_uri: (registration.redirect_uri, self.redirect_uri()),
            scopes: self.scopes().join(" "),
            remark: registration.remark,
            client_id: registration.client_id,
            shared: provider.shared_clients,
        })
    }

    /// All that a login through the server needs.
    pub fn setup(&self) -> Result<Setup, ClientError> {
        let mut client = self.client(true)?;
        RedirectUri::parse(&self.redirect_uri())?;
        let provider = self.provider();
        let scopes = self.scopes();
        client.login.scopes.clone_from(&scopes);
        check::check(&client)?;
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
        let configured = self.configured.and_then(|host| host.url.as_ref());
        let url = self.given.url.as_ref().or(configured);
        url.map_or_else(
            || self.id.host.base_url(self.scheme),
            |url| url.host.base_url(url.scheme.unwrap_or(Scheme::Https)),
        )
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

    /// The same for endpoints: a call that names the provider wants them anew.
    fn remembered_endpoints(&self) -> Option<&Client> {
        self.remembered().filter(|_| self.given.provider.is_none())
    }

    fn any_client(&self) -> Option<&Client> {
        let own = self.own.as_ref();
        let own = own.filter(|it| it.scheme == self.scheme && is_alike(it, self.kind));
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

fn scheme_of(options: &LoginOptions, host: &Host) -> Option<Scheme> {
    let url = options.url.as_ref()?;
    url.scheme.filter(|_| url.host == *host)
}

/// Whether what is remembered of the client is of use: a login through the server wants an id.
fn is_of_use(record: &Record, kind: LoginKind) -> bool {
    let client = record.client();
    let has_id = client.is_some_and(|client| client.client_id.is_some());
    is_alike(record, kind) && (has_id || client.is_some() && kind == LoginKind::Token)
}

/// People and machines have clients of their own.
fn is_alike(record: &Record, kind: LoginKind) -> bool {
    let is_machine = |kind| kind == LoginKind::ClientCredentials;
    let login = record.login();
    login.is_none_or(|login| is_machine(login.kind) == is_machine(kind))
}

/// Another login at the host that is of use. A broken record is left out.
fn another(store: &Store, id: &AccountId, kind: LoginKind) -> Result<Option<Record>, StoreError> {
    let all = store.accounts_of(&id.host)?;
    let readable = all.iter().filter_map(|id| store.snapshot(id).ok()?);
    let mut records = readable.map(Snapshot::into_record);
    Ok(records.find(|record| record.id != *id && is_of_use(record, kind)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Form, HOST_KEYS};

    #[test]
    fn the_configuration_takes_every_kind_of_server() {
        let names: Vec<&str> = PROVIDERS.iter().map(|provider| provider.name).collect();
        let key = HOST_KEYS.iter().find(|key| key.name == "provider").unwrap();
        let Form::OneOf(known) = key.form else {
            panic!("`provider` takes {}", key.form.words());
        };
        assert_eq!(known, names);
    }
}
