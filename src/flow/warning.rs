//! What a person should know although all went well.

use super::error::FlowError;
use crate::credential::{AccountId, Host};
use crate::store::StoreError;

/// A sentence, and the step that it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The sentence.
    pub text: String,
    /// What a person can do about it.
    pub step: Option<Step>,
}

/// What a person can do about a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Adds a standby grant to this login.
    AddStandby(AccountId),
    /// Logs in anew with one grant alone.
    TakeOneGrant(AccountId),
    /// Undoes the choice of an account at this host.
    ChooseDefault(Host),
    /// Logs out of this account.
    LogOut(AccountId),
    /// Says which kind of server this login is at.
    NameKind(AccountId),
}

impl<T: Into<String>> From<T> for Warning {
    fn from(text: T) -> Self {
        Self {
            text: text.into(),
            step: None,
        }
    }
}

impl Warning {
    /// An error that did not keep a token from the caller, with how that goes on.
    pub(super) fn of(error: &FlowError, rest: &str) -> Self {
        Self {
            text: format!("{error}{rest}"),
            step: match error {
                FlowError::StandbyLost { id, .. } => Some(Step::AddStandby(id.clone())),
                _ => None,
            },
        }
    }

    /// What the store says, where it did not keep the caller from what was wanted.
    pub(super) fn all(errors: &[StoreError]) -> Vec<Self> {
        errors
            .iter()
            .map(|error| error.to_string().into())
            .collect()
    }
}
