//! How a login through the server can fail.

use std::time::Duration;

use crate::code::Code;
use crate::credential::{AccountId, Outcome};
use crate::env;
use crate::flow::add_standby::NotAdded;
use crate::flow::error::FlowError;
use crate::flow::loopback::NotListening;
use crate::flow::person::NoAnswer;
use crate::flow::plan::ClientError;
use crate::flow::revoke::NewTokens;
use crate::http::SendError;
use crate::oauth::{DeviceError, NoRandomness};
use crate::time::human;

/// Why there is no login.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizeError {
    /// Something is missing, or does not fit.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A login asks for a consent, and there is no person.
    #[error("a login for {id} needs a person who consents")]
    NoPerson {
        /// The login.
        id: AccountId,
    },
    /// What the person answered is of no use.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// A standby grant was brought for a login that has no good grant.
    #[error("{0} has no good login to add a standby grant to")]
    NothingToStandBeside(AccountId),
    /// The account's lock or its record.
    #[error(transparent)]
    Flow(Box<FlowError>),
    /// The system gave no random numbers.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The address of the redirect is taken.
    #[error(transparent)]
    NotListening(#[from] NotListening),
    /// RFC 6749 §4.1.2.1 and RFC 8628 §3.5.
    #[error("{}{}", refusal(error), words.as_ref().map_or_else(String::new, |words| format!(": {}", words.trim_end_matches('.'))))]
    Refused {
        /// The code of the error.
        error: String,
        /// The server's own words.
        words: Option<String>,
    },
    /// RFC 9207 §2.4: another server's answer came to our address.
    #[error(
        "the answer came from another server than was asked: `{issuer}` instead of `{expected}`"
    )]
    OtherIssuer {
        /// What it calls itself.
        issuer: String,
        /// What was asked.
        expected: String,
    },
    /// RFC 9207 §2.4: the server promises its name in each answer.
    #[error(
        "the answer does not say which server it is from, though `{expected}` promises to say it"
    )]
    NoIssuer {
        /// What was asked.
        expected: String,
    },
    /// No consent came in time.
    #[error("no consent within {}", human(*limit))]
    TimedOut {
        /// How long was waited.
        limit: Duration,
        /// The redirect URI, where a browser was to use one.
        redirect_uri: Option<String>,
    },
    /// The server has no device grant, or not for this client.
    #[error("{message}")]
    NoDeviceGrant {
        /// What it said.
        message: String,
    },
    /// The server gave no device code.
    #[error(transparent)]
    Device(DeviceError),
    /// The consent was there, and gave no tokens.
    #[error("{message}")]
    NotRedeemed {
        /// What the server's answer means.
        outcome: Outcome,
        /// What happened, as a sentence.
        message: String,
        /// The server does not know the client that it registered for glauth.
        forgot_client: bool,
        /// The server's own words.
        said: Option<String>,
        /// What went wrong on the way, where no answer came.
        trouble: Option<Box<SendError>>,
    },
    /// The person goes on without a second consent.
    #[error("you skipped it")]
    LeftOut,
    /// A second grant was there, and is not taken.
    #[error(transparent)]
    NotAdded(#[from] NotAdded),
    /// The tokens were there, and could not be kept.
    #[error("the new login could not be stored: {source}; {tokens}")]
    NotStored {
        /// Why they could not be stored.
        source: Box<FlowError>,
        /// What has become of them.
        tokens: NewTokens,
    },
}

impl From<FlowError> for AuthorizeError {
    fn from(error: FlowError) -> Self {
        Self::Flow(error.into())
    }
}

/// An error code as a sentence; an unknown one is quoted.
fn refusal(error: &str) -> String {
    match error {
        "access_denied" => "access was denied".to_owned(),
        "server_error" | "temporarily_unavailable" => {
            format!("the server cannot log users in now (`{error}`)")
        }
        other => format!("the server refused the login (`{other}`)"),
    }
}

impl AuthorizeError {
    /// Its error code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Client(error) => error.code(),
            Self::NoAnswer(error) => error.code(),
            Self::NothingToStandBeside(_) => Code::Usage,
            Self::Flow(error) | Self::NotStored { source: error, .. } => error.code(),
            Self::NoRandomness(_) => Code::Unexpected,
            Self::NotListening(error) if env::is_exhausted(&error.source) => Code::Exhausted,
            Self::NotListening(_) => Code::Unavailable,
            Self::Refused { error, .. } => code_of_refusal(error),
            Self::OtherIssuer { .. } | Self::NoIssuer { .. } => Code::Config,
            Self::NoPerson { .. } | Self::TimedOut { .. } => Code::LoginRequired,
            Self::NoDeviceGrant { .. } => Code::ClientRejected,
            Self::Device(error) => error.code(),
            Self::NotRedeemed { outcome, .. } => (*outcome).into(),
            Self::LeftOut => Code::AccessDenied,
            Self::NotAdded(error) => error.code(),
        }
    }

    /// The account that it is about, where the error itself says it.
    #[must_use]
    pub fn id(&self) -> Option<&AccountId> {
        match self {
            Self::NoPerson { id } | Self::NothingToStandBeside(id) => Some(id),
            _ => None,
        }
    }

    /// The server's own words.
    #[must_use]
    pub fn said(&self) -> Option<&str> {
        match self {
            Self::Flow(error) | Self::NotStored { source: error, .. } => error.said(),
            Self::NotRedeemed { said, .. } => said.as_deref(),
            _ => None,
        }
    }
}

/// RFC 6749 §4.1.2.1, RFC 8628 §3.5, and what OpenID Connect adds (Core §3.1.2.6).
fn code_of_refusal(error: &str) -> Code {
    match error {
        "access_denied" => Code::AccessDenied,
        "login_required"
        | "interaction_required"
        | "consent_required"
        | "account_selection_required" => Code::LoginRequired,
        "server_error" | "temporarily_unavailable" => Code::Unavailable,
        _ => Code::ClientRejected,
    }
}
