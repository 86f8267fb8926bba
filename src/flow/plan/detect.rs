//! Which kind of server a host is, and where its endpoints are: asked of the server, where neither a
//! person nor its name tells.

use std::path::PathBuf;

use url::Url;

use super::{ClientError, Plan};
use crate::credential::{Endpoint, EndpointName, Host, LoginKind};
use crate::flow::authorize::AuthorizeError;
use crate::flow::person::Person;
use crate::flow::session::Session;
use crate::http::Http;
use crate::log::Level;
use crate::oauth::{
    DiscoveryError, Metadata, Provider, Resource, discover, find_resource, provider_like,
};

/// What a server says of itself.
#[derive(Debug)]
pub enum Detected {
    /// It wants tokens of an authorization server.
    Resource(Box<Resource>),
    /// It gives tokens itself.
    Server(Box<Metadata>),
    /// Nothing, at any of these addresses.
    Nothing(Vec<String>),
}

impl Detected {
    /// Asks the server at `base`: whether it wants tokens, and where not, whether it gives some.
    pub fn at(
        http: &dyn Http,
        base: &str,
        ca_file: Option<&PathBuf>,
    ) -> Result<Self, DiscoveryError> {
        let Ok(url) = Url::parse(base) else {
            return Ok(Self::Nothing(vec![base.to_owned()]));
        };
        let server = discover(http, &url, ca_file);
        // A resource may have a document at this place that is of another name, or be slow there.
        let is_about_server = match &server {
            Ok(found) => provider_like(found, base).is_some_and(|provider| !provider.discovers),
            Err(
                DiscoveryError::Missing { .. }
                | DiscoveryError::Unsound { .. }
                | DiscoveryError::Unavailable { .. },
            ) => false,
            Err(_) => true,
        };
        if !is_about_server {
            let of_server = server.as_ref().ok();
            if let Some(resource) = find_resource(http, &url, of_server, ca_file)? {
                return Ok(Self::Resource(resource.into()));
            }
        }
        match server {
            Err(DiscoveryError::Missing { .. }) => Ok(Self::Nothing(vec![base.to_owned()])),
            found => Ok(Self::Server(found?.into())),
        }
    }
}

impl Plan<'_> {
    /// Asks the server for what is still missing: which kind it is, where no source says, and where
    /// its endpoints are.
    pub fn find_out(
        &mut self,
        session: &Session<'_>,
        person: &dyn Person,
    ) -> Result<(), AuthorizeError> {
        match self.provider {
            // Always anew: what a resource says may have changed.
            Some(provider) if provider.is_mcp() => self.describe(session)?,
            Some(provider) => {
                self.find_endpoints(session)?;
                if provider.may_have_device_grant {
                    self.find_device_endpoint(session);
                }
            }
            None => self.detect(session, person)?,
        }
        Ok(())
    }

    /// The same, but only where a table does not do: what is imported was found out before.
    pub fn find_endpoints(&mut self, session: &Session<'_>) -> Result<(), ClientError> {
        let discovers = self.provider.is_some_and(|provider| provider.discovers);
        if !discovers || !self.lacks_endpoints() {
            return Ok(());
        }
        if self.provider().is_mcp() {
            return self.describe(session);
        }
        self.discovered = Some(self.ask(session)?);
        Ok(())
    }

    /// Without a document, or without an endpoint in it, a login goes on.
    fn find_device_endpoint(&mut self, session: &Session<'_>) {
        let named = self.named_endpoint(EndpointName::DeviceAuthorization);
        if matches!(named, Ok(None)) {
            self.device = self.ask(session).ok().and_then(device_of);
        }
    }

    /// A host that a person says is a protected resource.
    fn describe(&mut self, session: &Session<'_>) -> Result<(), ClientError> {
        let found = if let Some(Detected::Resource(found)) = self.found.take() {
            Some(*found)
        } else {
            let base = self.base();
            let url = Url::parse(&base);
            let url = url.map_err(|_| DiscoveryError::Missing { server: base })?;
            find_resource(session.http, &url, None, self.ca_file().as_ref())?
        };
        let found = found.ok_or_else(|| ClientError::NoResource(self.id.host.clone()))?;
        self.take(found);
        Ok(())
    }

    fn take(&mut self, resource: Resource) {
        self.provider = Some(Provider::mcp());
        self.discovered = Some(resource.server);
        self.resource = Some((resource.uri, resource.scopes));
    }

    fn detect(&mut self, session: &Session<'_>, person: &dyn Person) -> Result<(), AuthorizeError> {
        let found = match self.found.take() {
            Some(found) => found,
            None => self.ask_all(session)?,
        };
        match found {
            Detected::Resource(resource) => self.take(*resource),
            Detected::Server(metadata) => self.take_server(*metadata),
            Detected::Nothing(tried) => self.provider = Some(self.named_kind(tried, person)?),
        }
        let provider = self.provider();
        session.log.note(Level::Verbose, || {
            format!("{} is taken for {}", self.id.host, provider.title)
        });
        session.log.flush();
        Ok(())
    }

    fn ask_all(&self, session: &Session<'_>) -> Result<Detected, ClientError> {
        let found = Detected::at(session.http, &self.base(), self.ca_file().as_ref());
        found.map_err(|error| unknown_kind(&self.id.host, error))
    }

    fn take_server(&mut self, metadata: Metadata) {
        self.provider = provider_like(&metadata, &self.base());
        // What is in the table is known better: GitLab's document names an endpoint for
        // the user's name that wants a scope of its own.
        let Some(provider) = self.provider.filter(|provider| !provider.discovers) else {
            self.discovered = Some(metadata);
            return;
        };
        if provider.may_have_device_grant {
            self.device = device_of(metadata);
        }
    }

    /// The kind that a person names, where the server says nothing.
    fn named_kind(
        &self,
        tried: Vec<String>,
        person: &dyn Person,
    ) -> Result<&'static Provider, AuthorizeError> {
        let host = self.id.host.clone();
        if !person.can_answer() {
            return Err(ClientError::NoDocument { host, tried }.into());
        }
        Ok(person.kind(&tried)?)
    }

    fn ask(&self, session: &Session<'_>) -> Result<Metadata, DiscoveryError> {
        let base = self.base();
        let Ok(issuer) = Url::parse(&base) else {
            return Err(DiscoveryError::Missing { server: base });
        };
        discover(session.http, &issuer, self.ca_file().as_ref())
    }

    fn lacks_endpoints(&self) -> bool {
        let needed = match self.kind {
            LoginKind::ClientCredentials => &[EndpointName::Token][..],
            LoginKind::OAuth | LoginKind::Token => {
                &[EndpointName::Token, EndpointName::Authorization]
            }
        };
        // What is wrong with one that is named comes to light later.
        needed
            .iter()
            .any(|name| matches!(self.named_endpoint(*name), Ok(None)))
    }
}

/// What a document says of a server whose other endpoints are known.
fn device_of(metadata: Metadata) -> Option<Endpoint> {
    metadata.endpoints.device_authorization
}

/// A document that cannot be believed leaves the kind of server open.
pub fn unknown_kind(host: &Host, error: DiscoveryError) -> ClientError {
    match error {
        problem @ DiscoveryError::Unsound { .. } => {
            let host = host.clone();
            ClientError::UnknownKind { host, problem }
        }
        other => other.into(),
    }
}
