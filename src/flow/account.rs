//! Which login of a host is meant: the named one, else `default`, else the only one that is in use.

use super::error::FlowError;
use crate::credential::{AccountId, AccountName, Content, Host};
use crate::store::Store;

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
    let done = act(&id);
    let nothing = matches!(
        done,
        Err(FlowError::NoLogin(_) | FlowError::LoggedOut { .. })
    );
    if !nothing || name.is_some() {
        return done;
    }
    match only_one(store, host, store.accounts_of(host)?)? {
        Some(only) if only != id => act(&only),
        _ => done,
    }
}

/// The account that a new login is for, where none was named.
pub fn account_to_log_in(store: &Store, host: &Host) -> Result<AccountName, FlowError> {
    let default = AccountName::default_name();
    let all = store.accounts_of(host)?;
    if all.iter().any(|id| id.account == default) {
        return Ok(default);
    }
    let only = only_one(store, host, all)?;
    Ok(only.map_or(default, |only| only.account))
}

/// `None`: there is none at all.
fn only_one(
    store: &Store,
    host: &Host,
    all: Vec<AccountId>,
) -> Result<Option<AccountId>, FlowError> {
    let mut used = in_use(store, all);
    if used.len() > 1 {
        return Err(FlowError::SeveralAccounts {
            host: host.clone(),
            accounts: used.into_iter().map(|id| id.account).collect(),
        });
    }
    Ok(used.pop())
}

/// Those that somebody uses; where nobody uses any, all. One that cannot be read is in use: its
/// error must be seen.
#[must_use]
pub fn in_use(store: &Store, ids: Vec<AccountId>) -> Vec<AccountId> {
    let logged_out = |id: &AccountId| {
        let snapshot = store.snapshot(id).ok().flatten();
        snapshot.is_some_and(|found| matches!(found.record().content, Content::LoggedOut(_)))
    };
    let used: Vec<_> = ids.iter().filter(|id| !logged_out(id)).cloned().collect();
    if used.is_empty() { ids } else { used }
}
