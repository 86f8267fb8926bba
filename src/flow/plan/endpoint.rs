//! Where the server's endpoints are: the first source that knows one says it. What is given goes before what is
//! remembered, that before what is configured, then comes the server's document, then the provider's table.

use url::Url;

use super::{ClientError, Plan};
use crate::credential::{Client, Endpoint, EndpointName, LoginKind};
use crate::http::origin;
use crate::oauth::below;

impl Plan<'_> {
    /// Where this endpoint is, if any source knows it.
    pub(super) fn endpoint(&self, name: EndpointName) -> Result<Option<Endpoint>, ClientError> {
        match self.endpoint_but_for_table(name)? {
            Some(found) => Ok(Some(found)),
            None => self.endpoint_of_table(name),
        }
    }

    /// The same without the table, which the next login has too.
    pub(super) fn endpoint_but_for_table(
        &self,
        name: EndpointName,
    ) -> Result<Option<Endpoint>, ClientError> {
        let named = self.named_endpoint(name)?;
        Ok(named.or_else(|| self.discovered_endpoint(name).cloned()))
    }

    /// What people said, with an option, in a login before, or in the configuration.
    pub(super) fn named_endpoint(
        &self,
        name: EndpointName,
    ) -> Result<Option<Endpoint>, ClientError> {
        if let Some(url) = self.given.endpoints.get(name) {
            return self.at_home(name, url).map(Some);
        }
        // Without a token endpoint it is the check of a personal token.
        let fits =
            |client: &&Client| name != EndpointName::Check || client.token_endpoint.is_some();
        let remembered = self.remembered_endpoints().filter(fits);
        // What a resource says now goes before what it said.
        let remembered = remembered.filter(|_| self.resource.is_none());
        if let Some(found) = remembered.and_then(|client| client.endpoint(name)) {
            return Ok(Some(found.clone()));
        }
        let configured = self
            .configured
            .and_then(|options| options.endpoints.get(name));
        configured.map(|url| self.at_home(name, url)).transpose()
    }

    /// What the server's document says. Its userinfo endpoint is the check as well.
    fn discovered_endpoint(&self, name: EndpointName) -> Option<&Endpoint> {
        if name == EndpointName::DeviceAuthorization && self.device.is_some() {
            return self.device.as_ref();
        }
        let found = &self.discovered.as_ref()?.endpoints;
        match name {
            EndpointName::Check | EndpointName::Userinfo => {
                let userinfo = found.userinfo.as_ref();
                userinfo.filter(|_| self.asks_for_openid())
            }
            other => found.get(other),
        }
    }

    /// What the provider's table says.
    pub fn endpoint_of_table(&self, name: EndpointName) -> Result<Option<Endpoint>, ClientError> {
        let places = &self.provider().endpoints;
        let place = match places.get(name) {
            None if name == EndpointName::Check && self.asks_for_openid() => places.userinfo,
            place => place.copied(),
        };
        place.map(|place| self.at_place(name, place)).transpose()
    }

    /// What names the user of tokens that a person brings.
    pub fn user_endpoint(&self) -> Result<Option<Endpoint>, ClientError> {
        match self.kind {
            LoginKind::OAuth | LoginKind::ClientCredentials => {
                self.endpoint(EndpointName::Userinfo)
            }
            LoginKind::Token => {
                let place = self.provider().token_user_endpoint;
                place
                    .map(|place| self.at_place(EndpointName::Userinfo, place))
                    .transpose()
            }
        }
    }

    /// The endpoint at a place of the table.
    pub(super) fn at_place(
        &self,
        name: EndpointName,
        place: &str,
    ) -> Result<Endpoint, ClientError> {
        let url = below(&self.base(), place);
        Endpoint::new(&url).map_err(|_| bad(name, &url))
    }

    /// OpenID Connect Core §5.3.1: only then does the userinfo endpoint of a server's document answer
    /// for every living token.
    fn asks_for_openid(&self) -> bool {
        self.scopes().iter().any(|scope| scope == "openid")
    }

    /// What people name must be on the host itself, unless this kind of server allows others.
    fn at_home(&self, name: EndpointName, text: &str) -> Result<Endpoint, ClientError> {
        let endpoint = Endpoint::new(text).map_err(|_| bad(name, text))?;
        let url = endpoint.url().map_err(|_| bad(name, text))?;
        let home = Url::parse(&self.base()).map_err(|_| bad(name, text))?;
        if !self.provider().foreign_endpoints && origin(&url) != origin(&home) {
            return Err(ClientError::ForeignEndpoint {
                name: name.words(),
                url: text.to_owned(),
                host: self.id.host.clone(),
            });
        }
        Ok(endpoint)
    }
}

fn bad(name: EndpointName, url: &str) -> ClientError {
    ClientError::BadEndpoint {
        name: name.words(),
        url: url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LoginOptions;
    use crate::credential::{AccountId, AccountName, Endpoints, HostArg, LoginMeans, Scheme};
    use crate::oauth::{Metadata, provider};

    const HOME: &str = "https://gitlab.example.com";

    fn said_by(source: &str, name: EndpointName) -> String {
        format!("{HOME}/{source}/{}", name.key())
    }

    fn all_by(source: &str) -> Endpoints<String> {
        Endpoints::find(|name| Ok::<_, ()>(Some(said_by(source, name)))).unwrap()
    }

    fn plan() -> Plan<'static> {
        Plan {
            id: AccountId {
                host: HostArg::parse(HOME).unwrap().host,
                account: AccountName::default_name(),
            },
            scheme: Scheme::Https,
            kind: LoginKind::OAuth,
            given: LoginOptions {
                scopes: Some(vec!["openid".to_owned()]),
                endpoints: all_by("given"),
                ..LoginOptions::default()
            },
            typed_secret: None,
            own: None,
            other: None,
            configured: None,
            provider: provider("gitlab"),
            discovered: Some(Metadata {
                issuer: HOME.to_owned(),
                endpoints: Endpoints::find(|name| {
                    Endpoint::new(&said_by("discovered", name)).map(Some)
                })
                .unwrap(),
                ..Metadata::default()
            }),
            found: None,
            resource: None,
            device: None,
            own_client: None,
            adds_grant: false,
            client_document: None,
            port: std::cell::RefCell::new(None),
        }
    }

    fn recorded(plan: &Plan<'_>) -> Client {
        let at = |name| Endpoint::new(&said_by("recorded", name)).ok();
        Client {
            token_endpoint: at(EndpointName::Token),
            revocation_endpoint: at(EndpointName::Revocation),
            check_endpoint: at(EndpointName::Check),
            login: LoginMeans {
                authorization_endpoint: at(EndpointName::Authorization),
                device_authorization_endpoint: at(EndpointName::DeviceAuthorization),
                userinfo_endpoint: at(EndpointName::Userinfo),
                ..LoginMeans::default()
            },
            ..plan.bare_client()
        }
    }

    #[test]
    fn each_endpoint_comes_from_the_first_source_that_knows_it() {
        let configured = LoginOptions {
            endpoints: all_by("configured"),
            ..LoginOptions::default()
        };
        let mut plan = plan();
        plan.other = Some(recorded(&plan));
        plan.configured = Some(&configured);
        let found = |plan: &Plan<'_>, name| plan.endpoint(name).unwrap().unwrap();
        for name in EndpointName::ALL {
            assert_eq!(found(&plan, *name).as_str(), said_by("given", *name));
        }
        plan.given.endpoints = Endpoints::NONE;
        for name in EndpointName::ALL {
            assert_eq!(found(&plan, *name).as_str(), said_by("recorded", *name));
        }
        plan.other = None;
        for name in EndpointName::ALL {
            assert_eq!(found(&plan, *name).as_str(), said_by("configured", *name));
        }
        plan.configured = None;
        for name in EndpointName::ALL {
            // What says whose a token is tells whether it works, too.
            let said = match name {
                EndpointName::Check => EndpointName::Userinfo,
                other => *other,
            };
            assert_eq!(found(&plan, *name).as_str(), said_by("discovered", said));
        }
        plan.discovered = None;
        for name in EndpointName::ALL {
            let place = plan.provider().endpoints.get(*name).unwrap();
            assert_eq!(found(&plan, *name).as_str(), below(HOME, place));
            assert_eq!(plan.endpoint_but_for_table(*name).unwrap(), None);
        }
    }

    #[test]
    fn without_openid_the_userinfo_endpoint_of_a_document_is_no_check() {
        let mut plan = plan();
        plan.given.endpoints = Endpoints::NONE;
        plan.given.scopes = Some(vec!["api".to_owned()]);
        plan.provider = provider("oidc");
        for name in [EndpointName::Check, EndpointName::Userinfo] {
            assert_eq!(plan.endpoint(name).unwrap(), None);
        }
    }
}
