//! The person who logs in, as a login sees them: what glauth asks and shows them, and what they answer. A program that
//! embeds a login implements this trait.

use std::time::Duration;

use url::Url;

use super::plan::ToRegister;
use super::store_login::LoggedIn;
use crate::code::Code;
use crate::oauth::{DeviceAuthorization, Provider};
use crate::secret::ClientSecret;

/// The person who logs in.
pub trait Person {
    /// Whether the person can be asked for what is missing: if not, a login that lacks something fails.
    fn can_answer(&self) -> bool;

    /// Whether a browser opens pages for the person.
    fn has_browser(&self) -> bool;

    /// Asks for the kind of server, where none of the addresses in `tried` says it.
    fn kind(&self, tried: &[String]) -> Result<&'static Provider, NoAnswer>;

    /// Asks for the id of an application that is registered at the server with this redirect URI, which is empty for a
    /// machine's. `register` says how the person registers one, if that is known.
    fn client_id(
        &self,
        register: Option<&ToRegister>,
        redirect_uri: &str,
    ) -> Result<String, NoAnswer>;

    /// Asks for the secret of the application, which this kind of server wants too.
    fn client_secret(&self, title: &str) -> Result<ClientSecret, NoAnswer>;

    /// Says that the client id of the configuration is not used, since the record holds another one.
    fn client_id_passed_over(&self, configured: &str);

    /// Repeats the client id that the person has just typed: no record holds it until the login is complete, and
    /// the person may break it off.
    fn client_id_typed(&self, client_id: &str);

    /// Shows the address of a page, and opens it through `door`, an address that others may read.
    fn visit(&self, page: &Url, door: &Url, opening: PageOpening);

    /// What the person pastes goes to `pasted` from now on, line by line.
    fn listen(&self, pasted: Box<dyn Fn(String) + Send>);

    /// Shows where to enter which code.
    fn enter_code(&self, codes: &DeviceAuthorization);

    /// Says that the login is stored, before a second consent.
    fn logged_in(&self, done: &LoggedIn);

    /// Says that another code follows, for a second grant; `own_session`: in a browser session of its own.
    fn expect_code(&self, own_session: bool);

    /// Says something.
    fn hear(&self, text: &str);

    /// Shows that the login waits, until the caller drops what this returns.
    fn wait(&self, what: &str, limit: Duration) -> Box<dyn Waiting>;
}

/// Why a person's answer is of no use.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    /// The person gave none.
    #[error("no {0} was given")]
    NotGiven(&'static str),
    /// The answer cannot be read, or does not fit.
    #[error("{0}")]
    Unfit(String),
}

impl NoAnswer {
    /// Its error code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::NotGiven(_) => Code::Usage,
            Self::Unfit(_) => Code::BadInput,
        }
    }
}

/// How a person comes to a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageOpening {
    /// It is opened, where there is a browser.
    Opened,
    /// The page of the first consent leads there, for a second grant.
    FromPage,
    /// By hand, for a second grant.
    ByHand,
    /// By hand, for a second grant, in a browser session of its own: the server would end both
    /// grants of one session at once.
    OwnSession,
}

/// As long as it lives, a person sees that the login waits.
pub trait Waiting {}
