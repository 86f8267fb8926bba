//! Every error that a command ends with. What is none of these cannot be one.

use std::io;

use super::UsageError;
use crate::code::Code;
use crate::config::ConfigError;
use crate::credential::AccountId;
use crate::env;
use crate::flow::{AuthorizeError, FlowError};
use crate::store::StoreError;

/// Why a command does not do what it was called for.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum Error {
    /// The call, and what it was given.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A token, a refresh, a logout, and the store.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// A login: its client, the server, a standby grant.
    #[error(transparent)]
    Login(#[from] AuthorizeError),
    /// The system has too little of something.
    #[error("{0:#}")]
    Exhausted(anyhow::Error),
    /// What glauth does not foresee, with its causes.
    #[error("{0:#}")]
    Unexpected(anyhow::Error),
    /// One of these, about one login.
    #[error("{1}")]
    About(AccountId, Box<Error>),
}

impl Error {
    /// What the system refused, and what it was asked for.
    pub(in crate::cli) fn system(
        doing: impl std::fmt::Display + Send + Sync + 'static,
    ) -> impl FnOnce(io::Error) -> Self {
        move |error| {
            let is_exhausted = env::is_exhausted(&error);
            let error = anyhow::Error::new(error).context(doing);
            if is_exhausted {
                Self::Exhausted(error)
            } else {
                Self::Unexpected(error)
            }
        }
    }

    /// The same, about `id`.
    pub(in crate::cli) fn about(self, id: &AccountId) -> Self {
        Self::About(id.clone(), Box::new(self))
    }

    /// The account that it is about; `None`: no single one.
    pub(in crate::cli) fn id(&self) -> Option<AccountId> {
        match self {
            Self::Usage(error) => error.id().cloned(),
            Self::Flow(error) => error.id().cloned(),
            Self::About(id, _) => Some(id.clone()),
            Self::Login(error) => error.id().cloned(),
            Self::Config(_) | Self::Exhausted(_) | Self::Unexpected(_) => None,
        }
    }

    /// Its error code.
    pub(in crate::cli) fn code(&self) -> Code {
        match self {
            Self::Usage(error) => error.code(),
            Self::Config(error) => error.code(),
            Self::Flow(error) => error.code(),
            Self::Login(error) => error.code(),
            Self::Exhausted(_) => Code::Exhausted,
            Self::Unexpected(_) => Code::Unexpected,
            Self::About(_, error) => error.code(),
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Flow(error.into())
    }
}
