//! A login that a program leads its own person through.

use std::time::Duration;

use url::Url;

use super::{Error, Login};
use crate::config::{Config, LoginOptions};
use crate::credential::{AccountId, Scheme};
use crate::flow::{
    self, Address, AuthorizeError, ConsentMethod, LoggedIn, LoginRequest, NoAnswer, PageOpening,
    Person, StandbyPolicy, ToRegister, TokenSource, Waiting,
};
use crate::oauth::{DeviceAuthorization, Provider};
use crate::secret::ClientSecret;

/// How a program reaches the person who consents.
pub trait ConsentPrompt {
    /// Whether [`open`](Self::open) opens a browser on this machine. If not, the person enters a code on any device.
    fn has_browser(&self) -> bool;

    /// Opens a browser at this address. The address redirects to the server's page only once, so a process that reads it
    /// in the browser's arguments learns nothing.
    fn open(&self, address: &str);

    /// Shows the person this address, where they enter this code (RFC 8628 §3.2).
    fn enter_code(&self, address: &str, code: &str);

    /// Shows the person a sentence about the login: what to compare if the server's page shows an error, for example.
    fn hear(&self, text: &str);
}

/// The client of a login. What is `None` comes from the login that is there, the configuration, or what glauth knows of
/// such servers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientSettings {
    /// The kind of server, as `glauth login --provider` takes it.
    pub provider: Option<String>,
    /// The client id (RFC 6749 §2.2).
    pub client_id: Option<String>,
    /// The scopes to ask for (RFC 6749 §3.3), in addition to those of the login that is there.
    pub scopes: Option<Vec<String>>,
}

impl Login<'_> {
    /// Logs in: the person consents, and the login is stored for every process on the machine. It blocks until then:
    /// for ten minutes at most in a browser, and for as long as the server's code lives. The login that is there stays
    /// until the new one is stored. Returns what the person should know all the same, a sentence each.
    ///
    /// The login has one grant. `glauth login --standby` adds a second one.
    ///
    /// # Errors
    ///
    /// What each [`ErrorKind`](super::ErrorKind) asks the program to do. `LoginRequired`: the person did not consent.
    pub fn log_in(
        &self,
        client: ClientSettings,
        consent: &dyn ConsentPrompt,
    ) -> Result<Vec<String>, Error> {
        let done = self.in_session(|session| {
            let options = LoginOptions {
                provider: client.provider,
                client_id: client.client_id,
                scopes: client.scopes,
                ..LoginOptions::default()
            };
            let method = if consent.has_browser() {
                ConsentMethod::Browser
            } else {
                ConsentMethod::Device
            };
            let config = Config::of_call(self.logins.config.as_deref())
                .map_err(|error| Error::with_code(error.code(), error.to_string(), None, None))?;
            let source = TokenSource::Consent(Some(method));
            let asked = &self.host.host;
            let Address { host, found } =
                flow::address_of_login(session, &config, asked, &options, false)
                    .map_err(|error| Error::of_login(&error, None, self.host.scheme))?;
            let account = flow::account_of_login(session, &host, self.name.as_ref(), &source)
                .map_err(|error| Error::of(&error, self.host.scheme))?;
            let id = AccountId { host, account };
            let request = LoginRequest {
                id: id.clone(),
                source,
                options,
                standby: StandbyPolicy::Never,
                found,
            };
            flow::log_in(session, &config, request, &Program(consent))
                .map_err(|error| Error::of_login(&error, Some(&id), self.host.scheme))
        });
        let warnings = done?.warnings.into_iter();
        Ok(warnings.map(|warning| warning.text).collect())
    }
}

/// A person whom a program has no questions for: what it knows, it has said.
struct Program<'a>(&'a dyn ConsentPrompt);

impl Person for Program<'_> {
    fn can_answer(&self) -> bool {
        false
    }

    fn has_browser(&self) -> bool {
        self.0.has_browser()
    }

    fn kind(&self, _tried: &[String]) -> Result<&'static Provider, NoAnswer> {
        Err(NoAnswer::NotGiven("kind of server"))
    }

    fn client_id(
        &self,
        _register: Option<&ToRegister>,
        _redirect_uri: &str,
    ) -> Result<String, NoAnswer> {
        Err(NoAnswer::NotGiven("client id"))
    }

    fn client_secret(&self, _title: &str) -> Result<ClientSecret, NoAnswer> {
        Err(NoAnswer::NotGiven("client secret"))
    }

    fn client_id_passed_over(&self, _configured: &str) {}

    fn client_id_typed(&self, _client_id: &str) {}

    fn visit(&self, _page: &Url, door: &Url, opening: PageOpening) {
        // The others belong to a second grant, which is not asked for.
        if opening == PageOpening::Opened {
            self.0.open(door.as_str());
        }
    }

    fn listen(&self, _pasted: Box<dyn Fn(String) + Send>) {}

    fn enter_code(&self, codes: &DeviceAuthorization) {
        let page = codes.verification_uri_complete.as_ref();
        let page = page.unwrap_or(&codes.verification_uri);
        self.0.enter_code(page.as_str(), &codes.user_code);
    }

    fn logged_in(&self, _done: &LoggedIn) {}

    fn expect_code(&self, _own_session: bool) {}

    fn hear(&self, text: &str) {
        self.0.hear(text);
    }

    fn wait(&self, _what: &str, _limit: Duration) -> Box<dyn Waiting> {
        Box::new(Still)
    }
}

/// The program shows by itself that it waits.
struct Still;

impl Waiting for Still {}

impl Error {
    fn of_login(error: &AuthorizeError, id: Option<&AccountId>, scheme: Option<Scheme>) -> Self {
        Self::with_code(error.code(), error.to_string(), id, scheme)
    }
}
