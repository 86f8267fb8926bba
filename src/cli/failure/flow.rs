//! What a person does about a token, a refresh or a logout that failed.

use super::{Failure, LOCK_FILES, hint_of, login_command, of_store, plain};
use crate::credential::{AccountId, AccountName, Host, Outcome, Scheme};
use crate::flow::FlowError;
use crate::store::{LockError, StoreError};
use crate::time::Timestamp;

pub(super) fn of_flow(error: &FlowError) -> Failure {
    let failure = Failure {
        hint: next_step(error),
        ..plain(error.code(), error.to_string()).said(error.said())
    };
    match error.id() {
        Some(id) => failure.about(id),
        None => failure,
    }
}

fn next_step(error: &FlowError) -> Option<String> {
    Some(match error {
        FlowError::NoLogin(id)
        | FlowError::LoggedOut { id, .. }
        | FlowError::NotRenewable(id)
        | FlowError::StandbyLost { id, .. }
        | FlowError::RefusesToRefresh { id, .. } => login_command(id),
        FlowError::LoginRequired { id, lost_at, .. } => ended(id, *lost_at),
        FlowError::AllLoggedOut(ids) => any_login(ids),
        FlowError::UnknownToken(id) => {
            format!("run {} with another one", id.command("login --with-token"))
        }
        FlowError::SeveralAccounts { .. } => {
            "name one with --account, or set GLAUTH_ACCOUNT".to_owned()
        }
        FlowError::DefaultUnreadable { others, source, .. } => another_account(others, source),
        FlowError::NotNamedByGit {
            host,
            scheme,
            accounts,
            ..
        } => name_for_git(host, *scheme, accounts),
        FlowError::OtherScheme { id, .. } => format!(
            "leave the scheme out; or, if that login is a mistake, {} first",
            id.command("logout --local")
        ),
        FlowError::HeldElsewhere { id, other } => format!(
            "use that account with `--account {}`, or get tokens of its own with {}",
            other.account,
            id.command("login")
        ),
        FlowError::NothingFresh(_) => "without --no-refresh it would be refreshed".to_owned(),
        FlowError::TokenRefused(_) => {
            "look at the token's scopes, at the account and at its permissions".to_owned()
        }
        FlowError::TooShort { .. } => {
            "ask for less with --min-ttl, or let it be refreshed".to_owned()
        }
        FlowError::Failed {
            id,
            outcome,
            retry_at,
            advice,
            ..
        } => return try_again(id, *outcome, *retry_at, advice.as_deref()),
        FlowError::Leased { .. } => {
            "try again later, wait longer with --lock-timeout, or ask for less with --min-ttl"
                .to_owned()
        }
        FlowError::Lock(LockError::Timeout { .. }) => {
            "try again later, or wait longer with --lock-timeout".to_owned()
        }
        FlowError::Lock(LockError::Store(error)) | FlowError::Store(error) => {
            return of_store(error).hint;
        }
        FlowError::TooManyTurns(_) => LOCK_FILES.to_owned(),
        FlowError::NotRefreshed { id, .. } | FlowError::NotRevoked { id, .. } => format!(
            "{} forgets it here, without telling the server",
            id.command("logout --local")
        ),
    })
}

/// The server has ended the login. `lost_at`: an answer was lost before, which explains it.
fn ended(id: &AccountId, lost_at: Option<Timestamp>) -> String {
    let hint = login_command(id);
    match lost_at {
        Some(_) => hint,
        None => format!(
            "{hint}; it may have been revoked at the server, or refreshed by another program with the same tokens (a copied store, a restored backup)"
        ),
    }
}

/// Which login to choose among several, where none is better than another.
fn any_login(ids: &[AccountId]) -> String {
    let commands: Vec<String> = ids.iter().map(|id| id.command("login")).collect();
    format!("run {}", commands.join(" or "))
}

fn another_account(others: &[AccountName], unreadable: &StoreError) -> String {
    let name = others.first().map_or("NAME", AccountName::as_str);
    let cure = of_store(unreadable).hint.unwrap_or_default();
    format!("use another account with `--account {name}`; for this one: {cure}")
}

/// How git is told which of several logins is meant.
fn name_for_git(host: &Host, scheme: Scheme, accounts: &[AccountName]) -> String {
    let account = accounts.first().cloned();
    let id = AccountId {
        host: host.clone(),
        account: account.unwrap_or_else(AccountName::default_name),
    };
    format!(
        "put the account into the address, `{}://{}@{host}/…`, or run {}",
        scheme.as_str(),
        // RFC 3986 §3.2.1
        id.account.as_str().replace('@', "%40"),
        id.command("setup-git")
    )
}

/// What a person does about a refresh that failed.
fn try_again(
    id: &AccountId,
    outcome: Outcome,
    retry_at: Option<Timestamp>,
    advice: Option<&str>,
) -> Option<String> {
    if let Some(at) = retry_at {
        return Some(format!("try again after {at}"));
    }
    if let Some(advice) = advice {
        return Some(advice.to_owned());
    }
    match (outcome, hint_of(outcome)) {
        (Outcome::ClientRejected, Some(hint)) => Some(format!(
            "{hint}; to log in again, run {}, and to change the client, {}",
            id.command("login"),
            id.command("login --client-id ID")
        )),
        (Outcome::RefreshRefused, _) => Some(format!(
            "if this lasts, run {}; until then glauth keeps the tokens and asks again",
            id.command("login")
        )),
        (_, hint) => hint.map(ToOwned::to_owned),
    }
}
