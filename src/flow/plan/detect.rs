//! Which kind of server a host is, and where its endpoints are: asked of the server, where neither a
//! person nor its name tells.

use url::Url;

use super::{ClientError, Plan};
use crate::credential::EndpointName;
use crate::flow::session::Session;
use crate::log::Level;
use crate::oauth::{DiscoveryError, Metadata, discover, provider_like};

impl Plan<'_> {
    /// Asks the server for what is still missing: which kind it is, where no source says, and where
    /// its endpoints are.
    pub fn find_out(&mut self, session: &Session<'_>) -> Result<(), ClientError> {
        match self.provider {
            Some(provider) if provider.discovers && self.lacks_endpoints() => {
                self.discovered = Some(self.ask(session)?);
            }
            Some(_) => {}
            None => self.detect(session)?,
        }
        Ok(())
    }

    /// The same, but only where a table does not do: what is imported was found out before.
    pub fn find_endpoints(&mut self, session: &Session<'_>) -> Result<(), ClientError> {
        if self.provider.is_some_and(|provider| provider.discovers) {
            self.find_out(session)?;
        }
        Ok(())
    }

    /// A server without a document is taken for the default.
    fn detect(&mut self, session: &Session<'_>) -> Result<(), ClientError> {
        match self.ask(session) {
            Ok(metadata) => {
                self.provider = provider_like(&metadata, &self.base());
                // What is in the table is known better: GitLab's document names an endpoint for
                // the user's name that wants a scope of its own.
                let is_in_table = self.provider.is_some_and(|provider| !provider.discovers);
                self.discovered = (!is_in_table).then_some(metadata);
            }
            Err(error @ DiscoveryError::Missing { .. }) => {
                session.log.note(Level::Verbose, || error.to_string());
            }
            Err(problem @ DiscoveryError::Unsound { .. }) => {
                let host = self.id.host.clone();
                return Err(ClientError::UnknownKind { host, problem });
            }
            Err(error) => return Err(error.into()),
        }
        let provider = self.provider();
        session.log.note(Level::Verbose, || {
            format!("{} is taken for {}", self.id.host, provider.title)
        });
        session.log.flush();
        self.provider = Some(provider);
        Ok(())
    }

    fn ask(&self, session: &Session<'_>) -> Result<Metadata, DiscoveryError> {
        let base = self.base();
        let Ok(issuer) = Url::parse(&base) else {
            return Err(DiscoveryError::Missing { server: base });
        };
        discover(session.http, &issuer, self.ca_file().as_ref())
    }

    fn lacks_endpoints(&self) -> bool {
        let needed = [EndpointName::Token, EndpointName::Authorization];
        // What is wrong with one that is named comes to light later.
        needed
            .into_iter()
            .any(|name| matches!(self.named_endpoint(name), Ok(None)))
    }
}
