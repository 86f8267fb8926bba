//! The client of a login at a server that registers its clients itself. In this order: the one that was given, the one
//! that is remembered for this issuer, the document that the configuration names, a new registration.

use super::check::check;
use super::{ClientError, Plan};
use crate::credential::{AuthMethod, Client, OwnRegistration, Record, RedirectUri};
use crate::flow::add_standby::{NotAdded, Refusal};
use crate::flow::authorize::AuthorizeError;
use crate::flow::error::FlowError;
use crate::flow::loopback::BoundPort;
use crate::flow::session::Session;
use crate::oauth::{self, REDIRECT_URI};
use crate::store::Snapshot;

/// A client that no person has typed.
#[derive(Debug)]
pub(super) struct OwnClient {
    pub client_id: String,
    pub auth: AuthMethod,
    pub redirect_uri: String,
    pub registration: Option<OwnRegistration>,
    /// Whether it was registered for this login.
    pub is_new: bool,
}

impl Plan<'_> {
    /// Finds a client where none was given: nothing, where a person has to be asked.
    pub fn find_client(&mut self, session: &Session<'_>) -> Result<(), AuthorizeError> {
        let is_given = self.given.client_id.is_some();
        let is_configured = self.configured.is_some_and(|host| host.client_id.is_some());
        if !self.provider().is_mcp() || is_given || is_configured {
            return Ok(());
        }
        if self.remember(session)? {
            return Ok(());
        }
        if self.adds_grant {
            let (why, tokens, imported) = (Refusal::NoClient, None, false);
            return Err(NotAdded {
                why,
                tokens,
                imported,
            }
            .into());
        }
        let takes_documents = self
            .discovered
            .as_ref()
            .is_some_and(|server| server.takes_client_documents);
        if let Some(url) = self.client_document.filter(|_| takes_documents) {
            self.own_client = Some(OwnClient {
                client_id: url.to_owned(),
                auth: AuthMethod::None,
                redirect_uri: self.wanted_redirect_uri(),
                registration: None,
                is_new: false,
            });
            return Ok(());
        }
        self.register(session)
    }

    /// Whether [`find_client`](Self::find_client) may find one.
    #[must_use]
    pub fn can_find_client(&self) -> bool {
        self.provider().is_mcp()
    }

    /// Takes the client of any login at this issuer, if the server still knows it and its port is free.
    fn remember(&mut self, session: &Session<'_>) -> Result<bool, AuthorizeError> {
        for client in self.known_clients(session)? {
            let Some(client_id) = client.client_id.clone() else {
                continue;
            };
            let redirect_uri = client.login.redirect_uri.clone();
            let redirect_uri = redirect_uri.unwrap_or_else(|| REDIRECT_URI.to_owned());
            if let Some(registration) = &client.login.registration {
                let given = self.given.redirect_uri.as_deref();
                if given.is_some_and(|given| given != REDIRECT_URI && given != redirect_uri) {
                    continue;
                }
                let ends = registration.secret_expires_at;
                let Ok(port) = bind(&redirect_uri) else {
                    continue;
                };
                if ends.is_some_and(|at| at <= session.now()) || !self.is_known(session, &client) {
                    continue;
                }
                self.port.replace(Some(port));
            }
            self.own_client = Some(OwnClient {
                client_id,
                auth: client.auth,
                redirect_uri,
                registration: client.login.registration,
                is_new: false,
            });
            return Ok(true);
        }
        Ok(false)
    }

    /// The clients of this issuer: of this login, then of all others.
    fn known_clients(&self, session: &Session<'_>) -> Result<Vec<Client>, AuthorizeError> {
        let Some(issuer) = self.discovered.as_ref().map(|server| &server.issuer) else {
            return Ok(Vec::new());
        };
        let is_of_issuer = |client: &&Client| {
            oauth::is_for_mcp(client) && client.login.issuer.as_ref() == Some(issuer)
        };
        let own = self.any_client().filter(is_of_issuer);
        let mut clients: Vec<Client> = own.into_iter().cloned().collect();
        if self.adds_grant {
            // The grant must be for the client of the login.
            return Ok(clients);
        }
        let store = session.store;
        for id in store.accounts().map_err(FlowError::from)? {
            let record = store
                .snapshot(&id)
                .ok()
                .flatten()
                .map(Snapshot::into_record);
            let client = record.as_ref().and_then(Record::client);
            // The server is asked about each of them once.
            let is_another = |client: &&Client| {
                client.login.registration.is_some()
                    && !clients.iter().any(|known| known.is_registered_as(client))
            };
            let another = client.filter(is_of_issuer).filter(is_another);
            clients.extend(another.cloned());
        }
        Ok(clients)
    }

    /// Asks where the token endpoint is now, which may be another place than the record says.
    fn is_known(&self, session: &Session<'_>, client: &Client) -> bool {
        let server = self.discovered.as_ref();
        let endpoint = server.and_then(|server| server.endpoints.token.clone());
        let client = Client {
            token_endpoint: endpoint.or_else(|| client.token_endpoint.clone()),
            ..client.clone()
        };
        oauth::is_known(session.http, &client)
    }

    fn register(&mut self, session: &Session<'_>) -> Result<(), AuthorizeError> {
        let Some(server) = &self.discovered else {
            return Ok(());
        };
        if server.registration_endpoint.is_none() {
            return Ok(());
        }
        // What keeps the login from going on must not leave a registration behind.
        let mut client = self.bare_client();
        client.login.scopes = self.scopes();
        check(&client)?;
        let port = bind(&self.wanted_redirect_uri())?;
        let (http, now, ca_file) = (session.http, session.now(), self.ca_file());
        let uri = port.redirect_uri();
        let registered = oauth::register(http, server, uri, ca_file.as_ref(), now);
        let registered = registered.map_err(ClientError::from)?;
        self.port.replace(Some(port));
        self.own_client = registered.map(|registered| OwnClient {
            client_id: registered.client_id,
            auth: registered.auth,
            redirect_uri: registered.redirect_uri,
            registration: Some(registered.registration),
            is_new: true,
        });
        Ok(())
    }

    /// The redirect URI that a person gave or configured, else any port.
    fn wanted_redirect_uri(&self) -> String {
        let configured = self.configured.and_then(|host| host.redirect_uri.clone());
        let wanted = self.given.redirect_uri.clone().or(configured);
        wanted.unwrap_or_else(|| REDIRECT_URI.to_owned())
    }

    /// Takes the port that is kept for this login, once.
    pub(in crate::flow) fn take_port(&self) -> Option<BoundPort> {
        self.port.take()
    }

    /// The client that this login leaves without a use: the one that it had before, or the one that was registered
    /// for it in vain.
    pub(in crate::flow) fn unused_client<'c>(
        &'c self,
        is_logged_in: bool,
        client: &'c Client,
    ) -> Option<&'c Client> {
        if is_logged_in {
            let before = self.own.as_ref()?.client()?;
            return (before.client_id != client.client_id).then_some(before);
        }
        self.new_client(client)
    }

    /// The client of this login, if it was registered for it.
    pub(in crate::flow) fn new_client<'c>(&self, client: &'c Client) -> Option<&'c Client> {
        self.own_client().filter(|own| own.is_new).map(|_| client)
    }
}

fn bind(redirect_uri: &str) -> Result<BoundPort, AuthorizeError> {
    let uri = RedirectUri::parse(redirect_uri).map_err(ClientError::from)?;
    Ok(BoundPort::at(&uri)?)
}
