//! Storing a login: the old one stays until the new one is in its place.

use super::Session;
use super::error::FlowError;
use crate::credential::{AccountId, Independence, Record};
use crate::oauth;
use crate::secret::Fingerprint;
use crate::store::{Entry, NewLogin, RevocableToken, Stored};

/// A login that is to be stored.
#[derive(Debug)]
pub struct NewAccount {
    /// Of which account.
    pub id: AccountId,
    /// What is stored.
    pub login: NewLogin,
    /// The token that it begins with. One that is known already changes nothing.
    pub origin: Fingerprint,
    /// Whether the grants that it replaces are revoked: not where the new one may be one of them.
    pub revoke_replaced: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct LoggedIn {
    /// The record; `None` where nothing was changed.
    pub record: Option<Record>,
    /// Whether another login was there.
    pub replaced: bool,
    /// What a person should know all the same.
    pub warnings: Vec<String>,
}

/// Stores a login, under the account's lock, and then revokes what it replaced.
pub fn log_in(session: &Session<'_>, new: NewAccount) -> Result<LoggedIn, FlowError> {
    session.log.flush();
    let wait = session.wait(session.deadline());
    let stored = match session.store.lock(&new.id, &wait)? {
        Entry::Vacant(locked) => locked.create(new.login)?,
        Entry::Occupied(locked) if locked.knows(new.origin) => {
            return Ok(LoggedIn {
                record: None,
                replaced: false,
                warnings: Vec::new(),
            });
        }
        Entry::Occupied(locked) => locked.replace(new.login)?,
    };
    let Stored {
        record,
        replaced,
        warnings,
    } = stored;
    let mut warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    let was_there = replaced.is_some();
    if let Some((client, tokens)) = replaced
        && new.revoke_replaced
        && client.grants == Independence::Independent
    {
        let results = tokens.iter().map(|token| revoke(session, &client, token));
        let errors = results.filter_map(Result::err);
        warnings
            .extend(errors.map(|error| format!("the login that was replaced lives on: {error}")));
    }
    Ok(LoggedIn {
        record: Some(record),
        replaced: was_there,
        warnings,
    })
}

pub(super) fn revoke(
    session: &Session<'_>,
    client: &crate::credential::Client,
    token: &RevocableToken,
) -> Result<(), oauth::RevokeError> {
    let (text, hint) = match token {
        RevocableToken::Refresh(token) => (token.expose(), "refresh_token"),
        RevocableToken::Access(token) => (token.expose(), "access_token"),
    };
    oauth::revoke(session.http, client, text, hint)
}
