//! Why a login cannot be planned.

use std::path::PathBuf;

use crate::code::Code;
use crate::credential::{BadRedirectUri, EndpointName, Host};
use crate::oauth::{DiscoveryError, RegistrationError, SharedClient};
use crate::secret::BadSecret;
use crate::user_file::Unusable;

/// Where an application is registered, and with what, for a person to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToRegister {
    /// Which kind of server, as people call it.
    pub title: String,
    /// The page where the person registers it.
    pub page: String,
    /// What the page calls the redirect URI, and what to enter there.
    pub redirect_uri: (&'static str, String),
    /// What to allow; empty where the server's own choice will do.
    pub scopes: String,
    /// What else matters.
    pub remark: &'static str,
    /// What the page calls the client id.
    pub client_id: &'static str,
    /// The clients of other programs that will do instead.
    pub shared: &'static [SharedClient],
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No source says under which id glauth is registered.
    #[error("no client id for {host}")]
    NoClientId {
        /// Where it is missing.
        host: Host,
        /// What a person does about it, where that is known.
        register: Option<Box<ToRegister>>,
    },
    /// The same for tokens that are there already: only one application can refresh them.
    #[error("no client id for the refresh token for {0}")]
    NoClientIdOfTokens(Host),
    /// This kind of server wants a secret for what was asked.
    #[error("{title} wants a client secret for this login, and none is known")]
    NoClientSecret {
        /// The kind of server, as people call it.
        title: &'static str,
        /// Whether the device grant would do.
        device: bool,
    },
    /// There is one grant for each user and application, and another program has a claim to it.
    #[error(
        "a standby grant needs an application of its own at {host}: this login shares that of {name}"
    )]
    SharedClient {
        /// The server.
        host: Host,
        /// The other program.
        name: &'static str,
    },
    /// Nothing is known of the server.
    #[error("no {} is known for {host}", name.words())]
    NoEndpoint {
        /// The endpoint that is missing.
        name: EndpointName,
        /// Of which server.
        host: Host,
    },
    /// Not a URL that a token may go to.
    #[error("the {name} `{url}` is not an `https://` URL (or `http://` on loopback)")]
    BadEndpoint {
        /// The endpoint, as a message calls it.
        name: &'static str,
        /// As it was given.
        url: String,
    },
    /// Tokens of this host would go elsewhere.
    #[error(
        "the {name} `{url}` is not on {host}; only the provider `generic` sends tokens elsewhere"
    )]
    ForeignEndpoint {
        /// The endpoint, as a message calls it.
        name: &'static str,
        /// As it was given.
        url: String,
        /// The host of the login.
        host: Host,
    },
    /// glauth cannot listen there.
    #[error(transparent)]
    BadRedirectUri(#[from] BadRedirectUri),
    /// A file that was named.
    #[error("the {what} `{}` {source}", path.display())]
    File {
        /// What it should be.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it cannot be used.
        source: Unusable,
    },
    /// The secret itself.
    #[error("the client secret {0}")]
    BadSecret(#[from] BadSecret),
    /// A method without what it needs.
    #[error("the client authentication method `{0}` needs a client secret")]
    SecretMissing(String),
    /// A word that is none of RFC 7591's.
    #[error(
        "the client authentication method `{0}` is not known; known are `none`, `client_secret_basic`, `client_secret_post`"
    )]
    UnknownAuthMethod(String),
    /// Not in the table.
    #[error("the provider `{0}` is not known")]
    UnknownProvider(String),
    /// No application has it.
    #[error("the client id is empty")]
    EmptyClientId,
    /// It would take the place of what the question says already.
    #[error("the parameter `{0}` is glauth's own")]
    OurParameter(String),
    /// A document that says that the host is another one.
    #[error("{host} is of an unknown kind: {problem}")]
    UnknownKind {
        /// The host that was asked.
        host: Host,
        /// Why its own word cannot be believed.
        problem: DiscoveryError,
    },
    /// A host that says nothing of itself.
    #[error("the kind of server at {host} is unknown: there is no discovery document at {}", tried.join(", "))]
    NoDocument {
        /// The host that was asked.
        host: Host,
        /// Where.
        tried: Vec<String>,
    },
    /// A host that a person says is a protected resource.
    #[error("{0} does not say which authorization server issues its tokens (RFC 9728)")]
    NoResource(Host),
    /// The server does not register glauth.
    #[error(transparent)]
    Registration(#[from] RegistrationError),
    /// What would be taken for more than text.
    #[error("{0} has a control character")]
    ControlCharacter(&'static str),
    /// The server does not say where its endpoints are.
    #[error(transparent)]
    Discovery(#[from] DiscoveryError),
}

impl ClientError {
    /// Its error code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Discovery(error) => error.code(),
            Self::Registration(error) => error.code(),
            Self::File { source, .. } if source.is_exhausted() => Code::Exhausted,
            Self::NoClientId { .. }
            | Self::NoClientIdOfTokens(_)
            | Self::NoClientSecret { .. }
            | Self::SharedClient { .. }
            | Self::NoEndpoint { .. }
            | Self::BadEndpoint { .. }
            | Self::ForeignEndpoint { .. }
            | Self::BadRedirectUri(_)
            | Self::File { .. }
            | Self::BadSecret(_)
            | Self::SecretMissing(_)
            | Self::UnknownAuthMethod(_)
            | Self::UnknownProvider(_)
            | Self::EmptyClientId
            | Self::OurParameter(_)
            | Self::UnknownKind { .. }
            | Self::NoDocument { .. }
            | Self::NoResource(_)
            | Self::ControlCharacter(_) => Code::Config,
        }
    }
}
