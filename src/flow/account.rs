//! Which login of a host is meant: the named one, else `default`, else the one that the configuration chooses, else the
//! only one that is in use. A logout leaves a name taken: no other login is meant by it.

use super::error::FlowError;
use super::session::Session;
use super::store_login::Tokens;
use super::warning::{Step, Warning};
use crate::credential::{AccountId, AccountName, Content, Host, Identity, Record};
use crate::store::{Store, StoreError};

/// Finds the login that is meant, or what a logout left of it, and returns the record that it read: at the host, else
/// at the longest path that it is below. The folder and the configuration are read only if no account is named and
/// `default` is missing (P9).
pub fn find(
    session: &Session<'_>,
    host: &Host,
    name: Option<&AccountName>,
) -> Result<Record, FlowError> {
    let is_missing = |found: &Result<_, FlowError>| matches!(found, Err(FlowError::NoLogin(_)));
    let found = find_at(session, host, name);
    if !is_missing(&found) {
        return found;
    }
    let mut above = host.parents().map(|host| find_at(session, &host, name));
    above.find(|found| !is_missing(found)).unwrap_or(found)
}

/// The host that the accounts of a named host are at: itself, else the longest path that it is below and that has
/// any.
pub fn stored_host(store: &Store, host: &Host) -> Result<Host, StoreError> {
    for one in std::iter::once(host.clone()).chain(host.parents()) {
        if !store.accounts_of(&one)?.is_empty() {
            return Ok(one);
        }
    }
    Ok(host.clone())
}

/// The folder is read only if no account is named and `default` is missing (P9).
fn find_at(
    session: &Session<'_>,
    host: &Host,
    name: Option<&AccountName>,
) -> Result<Record, FlowError> {
    let meant = AccountId {
        host: host.clone(),
        account: name.cloned().unwrap_or_else(AccountName::default_name),
    };
    let found = session.look(&meant);
    let found = found.map(|found| found.filter(|record| !record.is_unfinished()));
    match (found, name) {
        (Ok(Some(record)), _) => Ok(record),
        (Ok(None), Some(_)) => Err(FlowError::NoLogin(meant)),
        (Ok(None), None) => without_default(session, meant),
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

/// The login that the configuration chooses, else the only login of a host, where no account is called `default`.
fn without_default(session: &Session<'_>, meant: AccountId) -> Result<Record, FlowError> {
    let mut there = AtHost::read(session.store, &meant.host)?;
    if !there.is_empty()
        && let Some(chosen) = session.chosen_account(&meant.host)?
    {
        return find_at(session, &meant.host, Some(&chosen));
    }
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
                        Content::LoggedOut(_) if record.is_unfinished() => {}
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

    /// Whether nothing is there, not even what a logout left.
    pub(super) fn is_empty(&self) -> bool {
        self.logins.is_empty() && self.ended.is_empty() && self.unreadable.is_empty()
    }

    /// Which of the logins is meant: the one of that name, else the only one, if another one may be meant.
    pub(super) fn position(&self, meant: &AccountId, may_be_another: bool) -> Option<usize> {
        let named = self.logins.iter().position(|login| login.id == *meant);
        named.or_else(|| (may_be_another && self.logins.len() == 1).then_some(0))
    }
}

/// The account that `host` alone means, and whether it has another one; `None`: nothing says which.
#[must_use]
pub fn account_meant(session: &Session<'_>, host: &Host) -> Option<(AccountName, bool)> {
    let store = session.store;
    let all = store.accounts_of(host).unwrap_or_default();
    let is_one_of_several = all.len() > 1;
    let default = AccountName::default_name();
    if all.iter().any(|id| id.account == default) {
        return Some((default, is_one_of_several));
    }
    let chosen = session.chosen_account(host).ok()?;
    let meant = chosen.or_else(|| match <[_; 1]>::try_from(in_use(store, &all)) {
        Ok([only]) => Some(only.account),
        Err(_) => None,
    });
    Some((meant?, is_one_of_several))
}

/// A warning where the configuration chooses this account, which is there no more.
#[must_use]
pub fn still_chosen(session: &Session<'_>, id: &AccountId) -> Option<Warning> {
    let chosen = session.chosen_account(&id.host).ok().flatten();
    (chosen.as_ref() == Some(&id.account)).then(|| Warning {
        text: format!("config.toml still chooses {id}"),
        step: Some(Step::ChooseDefault(id.host.clone())),
    })
}

/// The account that a new login is for, where none was named.
pub fn account_to_log_in(session: &Session<'_>, host: &Host) -> Result<AccountName, FlowError> {
    let default = AccountName::default_name();
    let store = session.store;
    let all = store.accounts_of(host)?;
    if all.iter().any(|id| id.account == default) {
        return Ok(default);
    }
    if let Some(chosen) = session.chosen_account(host)? {
        return Ok(chosen);
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

/// The users of the host's other logins, where they are known. A record that cannot be read hinders no login.
pub fn other_users(store: &Store, id: &AccountId) -> Vec<(AccountName, Identity)> {
    let all = store.accounts_of(&id.host).unwrap_or_default();
    let others = all.into_iter().filter(|other| other != id);
    let user_of = |other: AccountId| {
        let snapshot = store.snapshot(&other).ok().flatten()?;
        let record = snapshot.record();
        record.login()?;
        Some((other.account, record.identity.clone()?))
    };
    others.filter_map(user_of).collect()
}

/// That the user of a login has another one at the host, in another account.
pub fn user_twice(store: &Store, id: &AccountId, user: &Identity) -> Option<Warning> {
    let mut others = other_users(store, id).into_iter();
    let (other, _) = others.find(|(_, other)| other.is_same_user(user))?;
    let (name, host) = (&user.username, &id.host);
    Some(Warning {
        text: format!("{name} is now logged in to {host} twice: account {other} is theirs too"),
        step: Some(Step::LogOut(id.clone())),
    })
}

/// Those that are not logged out. One that cannot be read is in use: its error must be seen.
#[must_use]
pub fn in_use(store: &Store, ids: &[AccountId]) -> Vec<AccountId> {
    let logged_out = |id: &AccountId| {
        let snapshot = store.snapshot(id).ok().flatten();
        snapshot.is_some_and(|found| matches!(found.record().content, Content::LoggedOut(_)))
    };
    ids.iter().filter(|id| !logged_out(id)).cloned().collect()
}
