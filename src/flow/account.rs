//! Which login of a host is meant: the named one, else `default`, else the only one that is in use. Who has
//! logged out of `default` means it still, and is never taken for somebody else.

use super::error::FlowError;
use super::login::Tokens;
use crate::credential::{AccountId, AccountName, Content, Host};
use crate::store::{Store, StoreError};

/// Does something to the login that is meant. The folder is read only where nobody named one and
/// `default` is missing (P9).
pub fn on_account<T>(
    store: &Store,
    host: &Host,
    name: Option<&AccountName>,
    mut act: impl FnMut(&AccountId) -> Result<T, FlowError>,
) -> Result<T, FlowError> {
    let id = AccountId {
        host: host.clone(),
        account: name.cloned().unwrap_or_else(AccountName::default_name),
    };
    let done = match act(&id) {
        Err(FlowError::Store(error)) if name.is_none() => {
            return Err(beside_others(store, id, error));
        }
        done => done,
    };
    if name.is_some() || !matches!(done, Err(FlowError::NoLogin(_))) {
        return done;
    }
    let all = store.accounts_of(host)?;
    let (good, bad): (Vec<_>, Vec<_>) = in_use(store, &all)
        .into_iter()
        .partition(|id| store.snapshot(id).is_ok());
    // A record that cannot be read hides no other one.
    match only_one(host, if good.is_empty() { bad } else { good })? {
        Some(only) => act(&only),
        None if all.len() > 1 => Err(FlowError::AllLoggedOut(all)),
        None => all.first().map_or(done, act),
    }
}

/// Names the other accounts of the host where it is the record of `default` that cannot be read: none of
/// them is taken in its place, since it may be another user's.
fn beside_others(store: &Store, id: AccountId, error: StoreError) -> FlowError {
    let is_good = |id: &AccountId| store.snapshot(id).is_ok();
    let all = store.accounts_of(&id.host).unwrap_or_default();
    let used = in_use(store, &all).into_iter().filter(is_good);
    let others: Vec<AccountName> = used.map(|other| other.account).collect();
    if others.is_empty() || is_good(&id) {
        return error.into();
    }
    FlowError::DefaultUnreadable {
        id,
        others,
        source: Box::new(error),
    }
}

/// The account that a new login is for, where none was named.
pub fn account_to_log_in(store: &Store, host: &Host) -> Result<AccountName, FlowError> {
    let default = AccountName::default_name();
    let all = store.accounts_of(host)?;
    if all.iter().any(|id| id.account == default) {
        return Ok(default);
    }
    let used = in_use(store, &all);
    let only = only_one(host, if used.is_empty() { all } else { used })?;
    Ok(only.map_or(default, |only| only.account))
}

/// Refuses a refresh token that another account of the host has, or began with: at each refresh one of the
/// two would lose its login.
pub fn held_by_no_other(store: &Store, id: &AccountId, tokens: &Tokens) -> Result<(), FlowError> {
    if tokens.rotation.refresh_token.is_none() {
        return Ok(());
    }
    let origin = tokens.origin();
    let knows = |other: &AccountId| {
        let snapshot = store.snapshot(other).ok().flatten();
        let login = snapshot.as_ref().and_then(|found| found.record().login());
        login.is_some_and(|login| login.is_known_by(origin))
    };
    let others = store.accounts_of(&id.host)?;
    let mut others = others.into_iter().filter(|other| other != id);
    match others.find(knows) {
        Some(other) => Err(FlowError::HeldElsewhere {
            id: id.clone(),
            other,
        }),
        None => Ok(()),
    }
}

/// `None`: there is none at all.
fn only_one(host: &Host, mut ids: Vec<AccountId>) -> Result<Option<AccountId>, FlowError> {
    if ids.len() > 1 {
        return Err(FlowError::SeveralAccounts {
            host: host.clone(),
            accounts: ids.into_iter().map(|id| id.account).collect(),
        });
    }
    Ok(ids.pop())
}

/// Those that nobody has logged out of. One that cannot be read is in use: its error must be seen.
#[must_use]
pub fn in_use(store: &Store, ids: &[AccountId]) -> Vec<AccountId> {
    let logged_out = |id: &AccountId| {
        let snapshot = store.snapshot(id).ok().flatten();
        snapshot.is_some_and(|found| matches!(found.record().content, Content::LoggedOut(_)))
    };
    ids.iter().filter(|id| !logged_out(id)).cloned().collect()
}
