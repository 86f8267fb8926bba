//! How a flow can fail. Each variant is something that the caller does differently.

use std::time::Duration;

use crate::code::Code;
use crate::config::ConfigError;
use crate::credential::{AccountId, AccountName, Host, Login, LoginKind, Outcome, Scheme, Standby};
use crate::http::SendError;
use crate::oauth::RevokeError;
use crate::store::{LockError, StoreError};
use crate::time::{Timestamp, human};

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// Nothing is stored.
    #[error("no login for {0}")]
    NoLogin(AccountId),
    /// None was named, and there is no `default` one.
    #[error("{host} has several accounts: {}", list(accounts))]
    SeveralAccounts {
        /// The host that was named.
        host: Host,
        /// Those in use.
        accounts: Vec<AccountName>,
    },
    /// The record of the login that is meant cannot be read.
    #[error("{source}")]
    Unreadable {
        /// The login that it is about.
        id: AccountId,
        /// The others of the host that can be used, where none was named.
        others: Vec<AccountName>,
        /// What went wrong.
        source: Box<StoreError>,
    },
    /// git names no user, and there is no `default` login.
    #[error("{} ({})", unnamed(host, *is_ended), list(accounts))]
    NotNamedByGit {
        /// The host that was named.
        host: Host,
        /// How the server is reached.
        scheme: Scheme,
        /// Those in use.
        accounts: Vec<AccountName>,
        /// Whether a person has logged out of the `default` one.
        is_ended: bool,
    },
    /// None was named, and each is logged out.
    #[error("all logins are logged out: {}", list(.0))]
    AllLoggedOut(Vec<AccountId>),
    /// The login is logged out.
    #[error("the login for {id} was logged out at {}", at.local())]
    LoggedOut {
        /// Of what.
        id: AccountId,
        /// Since when.
        at: Timestamp,
    },
    /// The login is in another store now.
    #[error("the login for {id} was moved to `{to}` at {}", at.local())]
    MovedAway {
        /// The login that it is about.
        id: AccountId,
        /// The address of a database, or a folder of one of the machines.
        to: Box<str>,
        /// Since when.
        at: Timestamp,
    },
    /// The server ended the grant, or there is nothing to refresh it with.
    #[error("the login for {id} has ended{}", because(*lost_at, said.as_deref()))]
    LoginRequired {
        /// The login that it is about.
        id: AccountId,
        /// When the answer to a refresh was lost, if one was.
        lost_at: Option<Timestamp>,
        /// Whether glauth has registered the client itself, so that the server may have forgotten it.
        is_registered: bool,
        /// What the server said.
        said: Option<String>,
    },
    /// The server refuses to refresh, again and again, and does not say that a person is needed.
    #[error("{id} has refused to refresh since {}{}{next}", since.local(), words_of(said.as_deref()))]
    RefusesToRefresh {
        /// The login that it is about.
        id: AccountId,
        /// Since when.
        since: Timestamp,
        /// What the server said.
        said: Option<Box<str>>,
        /// When it is asked again, as the end of a sentence.
        next: Box<str>,
    },
    /// The server ended one of two grants, and the other one goes on.
    #[error("the server has ended one of the two grants for {id}{}", because(*lost_at, said.as_deref()))]
    StandbyLost {
        /// The login that it is about.
        id: AccountId,
        /// When the answer to a refresh was lost, if one was.
        lost_at: Option<Timestamp>,
        /// What the server said.
        said: Option<String>,
    },
    /// A caller reports a token as refused, and the server says that it is good.
    #[error("the token for {0} works; the server refused the request for another reason")]
    TokenRefused(AccountId),
    /// The server calls a personal token dead, so that it is not stored.
    #[error(
        "{0} does not accept this token, so glauth did not store it: it may have expired, be revoked, or belong to another server"
    )]
    UnknownToken(AccountId),
    /// HOST was a URL, and the login is reached in another way.
    #[error("the login for {id} is for `{}`", scheme.as_str())]
    OtherScheme {
        /// The login that it is about.
        id: AccountId,
        /// The scheme of the login.
        scheme: Scheme,
    },
    /// Two accounts with one grant would end each other's tokens.
    #[error("{other} has this refresh token already, so {id} cannot have it too")]
    HeldElsewhere {
        /// The account that was to have it.
        id: AccountId,
        /// The one that has it.
        other: AccountId,
    },
    /// A login has the name that an account was to get.
    #[error("there is a login for {0} already")]
    NameTaken(AccountId),
    /// The token is of no use any more, and there is nothing to get another one with.
    #[error("the token for {id} cannot be refreshed: there is no refresh token")]
    NotRenewable {
        /// The login that it is about.
        id: AccountId,
        /// How the login was made.
        kind: LoginKind,
    },
    /// Nothing that is stored can be handed out as it is.
    #[error("nothing fresh is stored for {0}")]
    NothingFresh(AccountId),
    /// No token with as much life as was asked for.
    #[error("no token for {id} is valid for long enough{}", until.map_or_else(String::new, |until| format!("; the stored one expires at {}", until.local())))]
    TooShort {
        /// The login that it is about.
        id: AccountId,
        /// When the longest-lived one ends.
        until: Option<Timestamp>,
    },
    /// The server could not be asked, or did not give a token.
    #[error("{message}")]
    Failed {
        /// The login that it is about.
        id: AccountId,
        /// What the attempt came to.
        outcome: Outcome,
        /// What happened, as a sentence.
        message: Box<str>,
        /// What the server said.
        said: Option<Box<str>>,
        /// The server asked that no request comes before this.
        retry_at: Option<Timestamp>,
        /// What went wrong on the way, where no answer came.
        trouble: Option<Box<SendError>>,
    },
    /// The lock was not had, or the store cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A token with as much life as was asked for would end one that another program holds.
    #[error("the token for {id} is in use by {}, and could not be refreshed within {}{}", holder.as_deref().unwrap_or("another process"), human(*waited), until.map_or_else(String::new, |until| format!("; it expires at {}", until.local())))]
    Leased {
        /// The login that it is about.
        id: AccountId,
        /// The command that took the last lease on it.
        holder: Option<String>,
        /// When it expires.
        until: Option<Timestamp>,
        /// How long this process waited.
        waited: Duration,
    },
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The configuration may choose the account, and cannot be used.
    #[error(transparent)]
    Config(#[from] Box<ConfigError>),
    /// The login had to be refreshed before it could be revoked, and that failed.
    #[error("the login for {id} is not revoked: {message}")]
    NotRefreshed {
        /// The login that it is about.
        id: AccountId,
        /// What the attempt came to.
        outcome: Outcome,
        /// What happened, as a sentence.
        message: String,
    },
    /// Whatever was done under the lock was undone by a program that replaces its file.
    #[error("the login for {0} changed each time that glauth locked it")]
    TooManyTurns(AccountId),
    /// The server could not be made to forget the login.
    #[error("the login for {id} is not revoked: {source}")]
    NotRevoked {
        /// The login that it is about.
        id: AccountId,
        /// What went wrong.
        source: RevokeError,
    },
}

impl FlowError {
    /// Whether what was to be stored may be in the database of a shared store all the same: nothing of it is to be ended
    /// at the server.
    pub(super) fn may_be_stored(&self) -> bool {
        match self {
            Self::Store(error) | Self::Lock(LockError::Store(error)) => error.may_be_stored(),
            _ => false,
        }
    }

    /// Another program's request, with the token of this login, got no answer.
    #[must_use]
    pub fn no_answer(id: AccountId, trouble: SendError) -> Self {
        Self::Failed {
            id,
            outcome: trouble.outcome_of_question(),
            message: trouble.to_string().into(),
            said: None,
            retry_at: None,
            trouble: Some(Box::new(trouble)),
        }
    }

    /// The server refused a token in a request that glauth cannot repeat.
    #[must_use]
    pub fn not_repeated(id: AccountId) -> Self {
        let message = format!(
            "{} refused the token of a request, and glauth could not repeat the request, because it had not kept the \
             whole body; the next request uses a new token",
            id.host
        );
        Self::Failed {
            id,
            outcome: Outcome::Unavailable,
            message: message.into(),
            said: None,
            retry_at: None,
            trouble: None,
        }
    }

    /// The server asked that no request comes before this.
    #[must_use]
    pub fn retry_at(&self) -> Option<Timestamp> {
        match self {
            Self::Failed { retry_at, .. } => *retry_at,
            _ => None,
        }
    }

    /// The same, with what went wrong on the way.
    pub(super) fn because_of(mut self, cause: Option<SendError>) -> Self {
        if let Self::Failed { trouble, .. } = &mut self {
            *trouble = cause.map(Box::new);
        }
        self
    }

    /// Its error code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::NoLogin(_)
            | Self::AllLoggedOut(_)
            | Self::LoggedOut { .. }
            | Self::MovedAway { .. }
            | Self::LoginRequired { .. }
            | Self::NotRenewable { .. }
            | Self::RefusesToRefresh { .. }
            | Self::StandbyLost { .. }
            | Self::UnknownToken(_) => Code::LoginRequired,
            Self::SeveralAccounts { .. }
            | Self::NotNamedByGit { .. }
            | Self::OtherScheme { .. }
            | Self::HeldElsewhere { .. }
            | Self::NameTaken(_) => Code::Usage,
            Self::TokenRefused(_) => Code::TokenRefused,
            Self::NothingFresh(_) | Self::TooShort { .. } => Code::Stale,
            Self::Failed { outcome, .. } | Self::NotRefreshed { outcome, .. } => (*outcome).into(),
            Self::Leased { .. } => Code::LeaseTimeout,
            Self::TooManyTurns(_) => Code::StoreFailed,
            Self::Lock(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Config(error) => error.code(),
            Self::Unreadable { source, .. } => source.code(),
            Self::NotRevoked { source, .. } => source.code(),
        }
    }

    /// The account that it is about; `None`: no single one.
    #[must_use]
    pub fn id(&self) -> Option<&AccountId> {
        match self {
            Self::NoLogin(id)
            | Self::Unreadable { id, .. }
            | Self::LoggedOut { id, .. }
            | Self::MovedAway { id, .. }
            | Self::LoginRequired { id, .. }
            | Self::RefusesToRefresh { id, .. }
            | Self::StandbyLost { id, .. }
            | Self::TokenRefused(id)
            | Self::UnknownToken(id)
            | Self::NameTaken(id)
            | Self::OtherScheme { id, .. }
            | Self::HeldElsewhere { id, .. }
            | Self::NotRenewable { id, .. }
            | Self::NothingFresh(id)
            | Self::TooShort { id, .. }
            | Self::Failed { id, .. }
            | Self::Leased { id, .. }
            | Self::NotRefreshed { id, .. }
            | Self::TooManyTurns(id)
            | Self::NotRevoked { id, .. } => Some(id),
            Self::SeveralAccounts { .. }
            | Self::NotNamedByGit { .. }
            | Self::AllLoggedOut(_)
            | Self::Lock(_)
            | Self::Store(_)
            | Self::Config(_) => None,
        }
    }

    /// The server's own words.
    #[must_use]
    pub fn said(&self) -> Option<&str> {
        match self {
            Self::LoginRequired { said, .. } | Self::StandbyLost { said, .. } => said.as_deref(),
            Self::RefusesToRefresh { said, .. } | Self::Failed { said, .. } => said.as_deref(),
            _ => None,
        }
    }

    /// A death that leaves a grant of `login` is not the login's.
    pub(super) fn of_one_grant(self, login: &Login) -> Self {
        match self {
            Self::LoginRequired {
                id, lost_at, said, ..
            } if login.standby() == Standby::Lost => Self::StandbyLost { id, lost_at, said },
            other => other,
        }
    }
}

fn unnamed(host: &Host, is_ended: bool) -> String {
    if is_ended {
        format!("the default login at {host} is logged out, and git names no other one")
    } else {
        format!("git names none of the logins at {host}")
    }
}

/// Names, as a sentence has them.
pub(crate) fn list<T: ToString>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    items.join(", ")
}

fn because(lost_at: Option<Timestamp>, said: Option<&str>) -> String {
    let lost = lost_at.map_or_else(String::new, |at| {
        format!(
            "; the answer to a refresh was lost at {}, and the server may have rotated then",
            at.local()
        )
    });
    lost + &words_of(said)
}

fn words_of(said: Option<&str>) -> String {
    said.map_or_else(String::new, |said| {
        format!(": {}", said.trim_end_matches('.'))
    })
}
