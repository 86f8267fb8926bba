//! Storing a login: the old one stays until the new one is in its place.

use super::Session;
use super::error::FlowError;
use crate::credential::{AccountId, Client, Independence, Login, LoginKind};
use crate::oauth;
use crate::secret::Fingerprint;
use crate::store::{Entry, Locked, NewLogin, Occupied, RevocableToken, StoreError, Stored};

/// A login that is to be stored.
#[derive(Debug)]
pub struct NewAccount {
    /// Of which account.
    pub id: AccountId,
    /// What is stored.
    pub login: NewLogin,
    /// The token that it begins with. One that is known already changes no grant.
    pub origin: Fingerprint,
    /// Whether the grants that it replaces are revoked: not where the new one may be one of them.
    pub revoke_replaced: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct LoggedIn {
    /// What was done.
    pub change: Change,
    /// What a person should know all the same.
    pub warnings: Vec<String>,
}

/// What a login changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// There was none.
    Stored,
    /// Another one was there.
    Replaced,
    /// It is the one that is there, and how we are known to the server has changed.
    Updated,
    /// It is the one that is there.
    Unchanged,
}

/// Stores a login, under the account's lock, and then revokes what it replaced.
pub fn log_in(session: &Session<'_>, new: NewAccount) -> Result<LoggedIn, FlowError> {
    session.log.flush();
    let wait = session.wait(session.deadline());
    match session.store.lock(&new.id, &wait)? {
        Entry::Vacant(locked) => Ok(LoggedIn {
            change: Change::Stored,
            warnings: texts(&locked.create(new.login)?.warnings),
        }),
        Entry::Occupied(locked) => {
            session.check_scheme(locked.record())?;
            if locked.knows(new.origin) {
                once_more(locked, new)
            } else {
                let stored = locked.replace(new.login)?;
                Ok(replaced(session, stored, new.revoke_replaced))
            }
        }
    }
}

/// The login that is there is the one that comes: nothing of its grants is changed, but what was
/// said of the client counts, and a personal token that was refused by mistake is good again.
fn once_more(mut locked: Locked<Occupied>, new: NewAccount) -> Result<LoggedIn, FlowError> {
    let refused = |login: &Login| login.grants.iter().any(|grant| grant.refused);
    let is_token = new.login.login.kind == LoginKind::Token;
    if is_token && locked.record().login().is_some_and(refused) {
        return Ok(LoggedIn {
            change: Change::Replaced,
            warnings: texts(&locked.replace(new.login)?.warnings),
        });
    }
    let change = if locked.set_client(new.login.login.client) {
        locked.save()?;
        Change::Updated
    } else {
        Change::Unchanged
    };
    Ok(LoggedIn {
        change,
        warnings: texts(&locked.take_warnings()),
    })
}

fn replaced(session: &Session<'_>, stored: Stored, revoke_replaced: bool) -> LoggedIn {
    let mut warnings = texts(&stored.warnings);
    let mut change = Change::Stored;
    if let Some((client, tokens)) = stored.replaced {
        change = Change::Replaced;
        if revoke_replaced && client.grants == Independence::Independent {
            let results = tokens.iter().map(|token| revoke(session, &client, token));
            let errors = results.filter_map(Result::err);
            let lives_on = |error| format!("the login that was replaced lives on: {error}");
            warnings.extend(errors.map(lives_on));
        }
    }
    LoggedIn { change, warnings }
}

fn texts(warnings: &[StoreError]) -> Vec<String> {
    warnings.iter().map(ToString::to_string).collect()
}

pub(super) fn revoke(
    session: &Session<'_>,
    client: &Client,
    token: &RevocableToken,
) -> Result<(), oauth::RevokeError> {
    let (text, hint) = match token {
        RevocableToken::Refresh(token) => (token.expose(), "refresh_token"),
        RevocableToken::Access(token) => (token.expose(), "access_token"),
    };
    oauth::revoke(session.http, client, text, hint)
}
