//! Which login of a host is meant: the named one, else `default`, else the only one that is in use. A logout of
//! `default` leaves its name taken: no other login is meant by it.

use super::error::FlowError;
use super::session::Session;
use super::store_login::Tokens;
use crate::credential::{AccountId, AccountName, Content, Host, Record};
use crate::store::{Store, StoreError};

/// Finds the login that is meant, or what a logout left of it, and returns the record that it read. The folder is
/// read only if no account is named and `default` is missing (P9).
pub fn find(
    session: &Session<'_>,
    host: &Host,
    name: Option<&AccountName>,
) -> Result<Record, FlowError> {
    let meant = AccountId {
        host: host.clone(),
        account: name.cloned().unwrap_or_else(AccountName::default_name),
    };
    match (session.look(&meant), name) {
        (Ok(Some(record)), _) => Ok(record),
        (Ok(None), Some(_)) => Err(FlowError::NoLogin(meant)),
        (Ok(None), None) => only_one(session, meant),
        (Err(FlowError::Store(error)), name) => {
            let others = match name {
                Some(_) => Vec::new(),
                None => others(session.store, &meant),
            };
            Err(unreadable(meant, others, error))
        }
        (Err(error), _) => Err(error),
    }
}

/// The only login of a host, where the one that is meant is not there.
fn only_one(session: &Session<'_>, meant: AccountId) -> Result<Record, FlowError> {
    let mut there = AtHost::read(session.store, &meant.host)?;
    if let Some(index) = there.position(&meant, true) {
        let record = there.logins.swap_remove(index);
        return session.check_scheme(&record).map(|()| record);
    }
    // A record that cannot be read hides no other one.
    let candidates = if there.logins.is_empty() {
        names(there.unreadable.iter().map(|(id, _)| id))
    } else {
        names(there.logins.iter().map(|login| &login.id))
    };
    at_most_one(&meant.host, candidates)?;
    if let Some((id, error)) = there.unreadable.pop() {
        return Err(unreadable(id, Vec::new(), error));
    }
    if there.ended.len() > 1 {
        let ended = there.ended.into_iter();
        return Err(FlowError::AllLoggedOut(ended.map(|one| one.id).collect()));
    }
    there.ended.pop().ok_or(FlowError::NoLogin(meant))
}

/// The other accounts of a host that can be used, where a record cannot be read: none of them is taken in its
/// place, since it may be another user's.
fn others(store: &Store, meant: &AccountId) -> Vec<AccountName> {
    let there = AtHost::read(store, &meant.host).unwrap_or_default();
    let others = there.logins.iter().map(|login| &login.id);
    names(others.filter(|id| *id != meant))
}

fn unreadable(id: AccountId, others: Vec<AccountName>, error: StoreError) -> FlowError {
    FlowError::Unreadable {
        id,
        others,
        source: Box::new(error),
    }
}

fn names<'a>(ids: impl Iterator<Item = &'a AccountId>) -> Vec<AccountName> {
    ids.map(|id| id.account.clone()).collect()
}

/// `None`: there is none at all.
fn at_most_one(
    host: &Host,
    mut accounts: Vec<AccountName>,
) -> Result<Option<AccountName>, FlowError> {
    if accounts.len() > 1 {
        let host = host.clone();
        return Err(FlowError::SeveralAccounts { host, accounts });
    }
    Ok(accounts.pop())
}

/// Every account of a host, read once.
#[derive(Debug, Default)]
pub(super) struct AtHost {
    pub logins: Vec<Record>,
    /// What logouts left.
    pub ended: Vec<Record>,
    pub unreadable: Vec<(AccountId, StoreError)>,
}

impl AtHost {
    pub(super) fn read(store: &Store, host: &Host) -> Result<Self, StoreError> {
        let mut there = Self::default();
        for id in store.accounts_of(host)? {
            match store.snapshot(&id) {
                Ok(Some(snapshot)) => {
                    let record = snapshot.into_record();
                    match &record.content {
                        Content::Login(_) => there.logins.push(record),
                        Content::LoggedOut(_) => there.ended.push(record),
                        Content::Password(_) => {}
                    }
                }
                // Removed since the folder was read.
                Ok(None) => {}
                Err(error) => there.unreadable.push((id, error)),
            }
        }
        Ok(there)
    }

    /// Which of the logins is meant: the one of that name, else the only one, if another one may be meant.
    pub(super) fn position(&self, meant: &AccountId, may_be_another: bool) -> Option<usize> {
        let named = self.logins.iter().position(|login| login.id == *meant);
        named.or_else(|| (may_be_another && self.logins.len() == 1).then_some(0))
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
    let candidates = if used.is_empty() { &all } else { &used };
    let only = at_most_one(host, names(candidates.iter()))?;
    Ok(only.unwrap_or(default))
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

/// Those that nobody has logged out of. One that cannot be read is in use: its error must be seen.
#[must_use]
pub fn in_use(store: &Store, ids: &[AccountId]) -> Vec<AccountId> {
    let logged_out = |id: &AccountId| {
        let snapshot = store.snapshot(id).ok().flatten();
        snapshot.is_some_and(|found| matches!(found.record().content, Content::LoggedOut(_)))
    };
    ids.iter().filter(|id| !logged_out(id)).cloned().collect()
}
