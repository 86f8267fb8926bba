//! What a person does about a token, a refresh or a logout that failed.

use super::send::of_cause;
use super::{
    Failure, LOCK_FILES, another_token, hint_of, login_command, of_config, other_credentials,
    plain, remedy_of_store,
};
use crate::cli::call::Call;
use crate::cli::shell;
use crate::credential::{AccountId, AccountName, Host, LoginKind, Outcome, Scheme};
use crate::flow::FlowError;
use crate::http::SendError;
use crate::store::{LockError, StoreError};
use crate::time::Timestamp;

/// What to do where a command holds a lease on the token.
const LEASED: &str = "try again later, set a longer --lock-timeout, or ask for less with --min-ttl";

/// What to do where the token ends too soon.
const TOO_SHORT: &str = "ask for less with --min-ttl, or let it be refreshed";

pub(super) fn of_flow(error: &FlowError, id: Option<&AccountId>, call: &Call) -> Failure {
    let id = error.id().or(id);
    let failure = Failure {
        hint: next_step(error, id, call),
        ..plain(error.code(), error.to_string()).said(error.said())
    };
    match id {
        Some(id) => failure.about(id),
        None => failure,
    }
}

fn next_step(error: &FlowError, about: Option<&AccountId>, call: &Call) -> Option<String> {
    Some(match error {
        FlowError::NoLogin(id)
        | FlowError::LoggedOut { id, .. }
        | FlowError::RefusesToRefresh { id, .. } => login_command(id, call),
        FlowError::MovedAway { id, to, .. } => moved_away(id, to, call),
        FlowError::StandbyLost { id, .. } => {
            format!(
                "run {}, which adds another",
                call.command_for("login --standby", id)
            )
        }
        FlowError::NotRenewable { id, kind } => match kind {
            LoginKind::OAuth | LoginKind::ClientCredentials => login_command(id, call),
            LoginKind::Token => another_token(id, call),
        },
        FlowError::LoginRequired { .. } => return ended(error, call),
        FlowError::AllLoggedOut(ids) => any_login(ids, call),
        FlowError::UnknownToken(id) => another_token(id, call),
        FlowError::SeveralAccounts { host, .. } => format!(
            "name one with --account, or choose one for all calls: {}",
            call.command(&format!("switch {host} ACCOUNT"))
        ),
        FlowError::Unreadable { others, source, .. } => {
            another_account(others, source, about, call)
        }
        FlowError::NotNamedByGit {
            host,
            scheme,
            accounts,
            ..
        } => name_for_git(host, *scheme, accounts, call),
        FlowError::OtherScheme { id, .. } => other_scheme(id, call),
        FlowError::HeldElsewhere { id, other } => own_tokens(id, other, call),
        FlowError::NameTaken(id) => another_name(id, call),
        FlowError::NothingFresh(_) => "leave out --no-refresh to refresh it".to_owned(),
        FlowError::TokenRefused(_) => {
            "look at the token's scopes, at the account and at its permissions".to_owned()
        }
        FlowError::TooShort { .. } => TOO_SHORT.to_owned(),
        FlowError::Failed {
            id,
            outcome,
            retry_at,
            trouble,
            ..
        } => return try_again(id, *outcome, *retry_at, trouble.as_deref(), call),
        FlowError::Leased { .. } => LEASED.to_owned(),
        FlowError::Lock(LockError::Timeout { .. }) => {
            "try again later, or set a longer --lock-timeout".to_owned()
        }
        FlowError::Lock(LockError::Store(error)) | FlowError::Store(error) => {
            remedy_of_store(error, about, call)
        }
        FlowError::Config(error) => return of_config(error),
        FlowError::TooManyTurns(_) => LOCK_FILES.to_owned(),
        FlowError::NotRefreshed { id, .. } | FlowError::NotRevoked { id, .. } => {
            forget_here(id, call)
        }
    })
}

/// Where a login is that was moved.
fn moved_away(id: &AccountId, to: &str, call: &Call) -> String {
    if to.contains("://") {
        return format!(
            "run `export GLAUTH_STORE={}`, and try again",
            shell::quote_for_person(to)
        );
    }
    format!(
        "use it on the machine that has that folder, or get another one: {}",
        login_command(id, call)
    )
}

fn another_name(taken: &AccountId, call: &Call) -> String {
    let log_out = call.command_for("logout", taken);
    format!("choose another name, or run {log_out} first")
}

fn forget_here(id: &AccountId, call: &Call) -> String {
    format!(
        "{} deletes the tokens without revoking them",
        call.command_for("logout --local", id)
    )
}

fn other_scheme(id: &AccountId, call: &Call) -> String {
    format!(
        "leave the scheme out; or, if that login is a mistake, {} first",
        call.command_for("logout --local", id)
    )
}

fn own_tokens(id: &AccountId, other: &AccountId, call: &Call) -> String {
    format!(
        "use that account with `--account {}`, or get tokens of its own with {}",
        other.account,
        call.command_for("login", id)
    )
}

/// The server has ended the login.
fn ended(error: &FlowError, call: &Call) -> Option<String> {
    let FlowError::LoginRequired {
        id,
        lost_at,
        is_registered,
        ..
    } = error
    else {
        return None;
    };
    let hint = login_command(id, call);
    Some(match lost_at {
        // That explains it.
        Some(_) => hint,
        None if *is_registered => {
            format!("{hint}, which registers glauth again if the server has forgotten it")
        }
        None => format!(
            "{hint}; it may have been revoked at the server, or refreshed by another program with the same tokens (a copied store, a restored backup)"
        ),
    })
}

/// Which login to choose among several, where none is better than another.
fn any_login(ids: &[AccountId], call: &Call) -> String {
    let commands: Vec<String> = ids.iter().map(|id| call.command_for("login", id)).collect();
    format!("run {}", commands.join(" or "))
}

fn another_account(
    others: &[AccountName],
    unreadable: &StoreError,
    about: Option<&AccountId>,
    call: &Call,
) -> String {
    let cure = remedy_of_store(unreadable, about, call);
    let Some(name) = others.first() else {
        return cure;
    };
    format!("use another account with `--account {name}`; for this one: {cure}")
}

/// How git is told which of several logins is meant.
fn name_for_git(host: &Host, scheme: Scheme, accounts: &[AccountName], call: &Call) -> String {
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
        call.command_at("setup-git", &id, scheme)
    )
}

/// What a person does about a refresh that failed.
fn try_again(
    id: &AccountId,
    outcome: Outcome,
    retry_at: Option<Timestamp>,
    trouble: Option<&SendError>,
    call: &Call,
) -> Option<String> {
    if let Some(at) = retry_at {
        return Some(format!("try again after {}", at.local()));
    }
    if let Some(advice) = trouble.and_then(|error| of_cause(error, Some(id), call)) {
        return Some(advice);
    }
    if outcome == Outcome::ClientRejected
        && let Some(auth) = call.machine_at(id)
    {
        return Some(other_credentials(id, &auth, call));
    }
    match (outcome, hint_of(outcome, call)) {
        (Outcome::ClientRejected, Some(hint)) => Some(format!(
            "{hint}; to log in again, run {}, and to change the client, {}",
            call.command_for("login", id),
            call.command_for("login --client-id ID", id)
        )),
        (Outcome::RefreshRefused, _) => Some(format!(
            "if this lasts, run {}; until then glauth keeps the tokens and asks again",
            call.command_for("login", id)
        )),
        (_, hint) => hint,
    }
}
