//! What git's questions come to: a token of a login, or what git asked to keep (DESIGN, "git").

use std::time::Duration;

use super::Session;
use super::error::FlowError;
use super::refresh::{Need, Obtained, obtain_from};
use super::refuse::refuse;
use crate::credential::{AccountId, AccountName, DEFAULT_MIN_TTL, Host, Login, Record};
use crate::gitcred::{Answer, Question, answer_with};
use crate::log::Level;
use crate::secret::{AccessToken, Fingerprint};
use crate::store::Snapshot;

/// What a state of ours begins with.
const STATE: &str = "glauth:";

/// How deep below a host an installation is looked for.
const DEPTH_LIMIT: usize = 8;

/// Who answers a question.
enum Keeper {
    /// A login.
    Login(Box<Record>),
    /// A login is there, and it is not for this user, or not for this protocol.
    Nobody,
    /// No login is there: what git asked to keep at this host.
    Passwords(Host),
}

/// An answer, and what a person should know all the same.
#[derive(Debug, Default)]
pub struct Told {
    /// Empty where there is none.
    pub answer: Answer,
    /// Worth a line at a terminal.
    pub warnings: Vec<String>,
}

/// Answers a question; with nothing, where that is not ours to answer. `asks_again`: whether the caller
/// comes back after a 401 when it is told to.
pub fn git_get(
    session: &Session<'_>,
    question: &Question,
    account: Option<&AccountName>,
    asks_again: bool,
) -> Result<Told, FlowError> {
    match keeper(session, question, account)? {
        Some(Keeper::Login(record)) => token(session, question, *record, asks_again),
        Some(Keeper::Passwords(host)) => password(session, question, &host),
        Some(Keeper::Nobody) | None => Ok(Told::default()),
    }
}

/// Keeps what git was given, where no login is; for `limit` at most.
pub fn git_store(
    session: &Session<'_>,
    question: &Question,
    account: Option<&AccountName>,
    limit: Option<Duration>,
) -> Result<(), FlowError> {
    let Some(mut kept) = question.to_keep() else {
        return Ok(());
    };
    // git calls this for what we handed out, too: it would come back as a password after the next
    // rotation.
    let Some(Keeper::Passwords(host)) = keeper(session, question, account)? else {
        return Ok(());
    };
    let now = session.now();
    if let Some(limit) = limit {
        let end = now.plus(limit);
        let sooner = kept.password_expiry_utc.is_none_or(|known| end < known);
        kept.password_expiry_utc = kept.password_expiry_utc.filter(|_| !sooner).or(Some(end));
    }
    if kept.password_expiry_utc.is_some_and(|end| end <= now) {
        return Ok(());
    }
    let wait = session.wait(session.deadline());
    Ok(session.store.keep_password(&host, kept, &wait)?)
}

/// Hears that something was refused: a token of a login is checked and marked, what git asked to keep
/// is forgotten.
pub fn git_erase(
    session: &Session<'_>,
    question: &Question,
    account: Option<&AccountName>,
) -> Result<(), FlowError> {
    match keeper(session, question, account)? {
        Some(Keeper::Login(record)) => {
            let refused = question.credential.as_ref().or(question.password.as_ref());
            let token = refused.map(|secret| AccessToken::new(secret.expose().to_owned()));
            if let Some(Ok(token)) = token {
                let marked = refuse(session, &record, &token)?;
                session.log.note(Level::Verbose, || {
                    let what = if marked { "is dead" } else { "stays as it is" };
                    format!("{}: the refused token {what}", record.id)
                });
            }
            Ok(())
        }
        Some(Keeper::Passwords(host)) => {
            let (all, _) = session.store.passwords(&host)?;
            for kept in all.iter().filter(|kept| question.refuses(kept)) {
                let wait = session.wait(session.deadline());
                session.store.forget_password(&host, kept, &wait)?;
            }
            Ok(())
        }
        Some(Keeper::Nobody) | None => Ok(()),
    }
}

fn token(
    session: &Session<'_>,
    question: &Question,
    record: Record,
    asks_again: bool,
) -> Result<Told, FlowError> {
    // Asked again with our state: the token that it names was refused.
    let mut states = question.states.iter();
    let refused = states.find_map(|state| Fingerprint::parse(state.strip_prefix(STATE)?));
    let is_refused = |token: &&AccessToken| Some(token.fingerprint()) == refused;
    let grants = record.login().map_or(&[][..], |login| &login.grants);
    let mut tokens = grants.iter().map(|grant| &grant.access_token);
    let need = Need {
        rejected: tokens.find(is_refused).cloned(),
        ..Need::token(None, DEFAULT_MIN_TTL)
    };
    let obtained = obtain_from(session, record, &need)?;
    Ok(Told {
        answer: answer(question, &obtained, asks_again && refused.is_none()),
        warnings: obtained.warnings,
    })
}

/// A token as git wants it. Only the first answer asks to be asked again after a 401: a token that
/// stays bad ends after one round.
fn answer(question: &Question, obtained: &Obtained, asks_again: bool) -> Answer {
    let Some(login) = obtained.record.login() else {
        return Answer::default();
    };
    let grant = &login.grants[obtained.grant];
    let token = grant.access_token.expose();
    let asks_again = asks_again && question.takes_state;
    let mut answer = Answer::default();
    if question.takes_authtype {
        answer = answer.with("capability[]", "authtype");
    }
    if asks_again {
        answer = answer.with("capability[]", "state");
    }
    let is_bearer = grant.token_type.eq_ignore_ascii_case("bearer");
    answer = if question.takes_authtype && is_bearer && question.wants_bearer() {
        answer.with("authtype", "Bearer").with("credential", token)
    } else {
        answer
            .with("username", username(question, &obtained.record, login))
            .with("password", token)
    };
    if let Some(end) = grant.expires_at {
        answer = answer.with("password_expiry_utc", end.unix_seconds().to_string());
    }
    if question.takes_authtype {
        answer = answer.with("ephemeral", "1");
    }
    if asks_again {
        let state = format!("{STATE}{}", grant.access_token.fingerprint());
        answer = answer.with("state[]", state).with("continue", "1");
    }
    answer
}

/// The one that git asks for, where it is one of the login's; else the one that the server takes.
fn username(question: &Question, record: &Record, login: &Login) -> String {
    let identity = record.identity.as_ref().map(|found| &found.username);
    let asked = question.username.as_ref();
    match asked {
        Some(name) if Some(name) == identity => name.clone(),
        _ => login.client.git_username.clone(),
    }
}

fn password(session: &Session<'_>, question: &Question, host: &Host) -> Result<Told, FlowError> {
    let (all, errors) = session.store.passwords(host)?;
    let now = session.now();
    let kept = all.iter().find(|kept| question.is_answered_by(kept, now));
    Ok(Told {
        answer: kept.map_or_else(Answer::default, |kept| answer_with(kept, question)),
        warnings: errors.iter().map(ToString::to_string).collect(),
    })
}

/// Finds out who answers; `None`: what the question names is no host, or no place on one.
fn keeper(
    session: &Session<'_>,
    question: &Question,
    account: Option<&AccountName>,
) -> Result<Option<Keeper>, FlowError> {
    let (Some(protocol), Some(host)) = (&question.protocol, &question.host) else {
        return Ok(None);
    };
    let path = question.path().unwrap_or_default();
    let mut segments: Vec<&str> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    // curl goes up and asks for another place than git named.
    let (Some(root), false) = (
        Host::of_git(protocol, host, ""),
        segments
            .iter()
            .any(|segment| matches!(*segment, "." | "..")),
    ) else {
        return Ok(None);
    };
    segments.truncate(DEPTH_LIMIT);
    loop {
        let host = Host::of_git(protocol, host, &segments.join("/"));
        let found = host.map(|host| keeper_at(session, host, question, account));
        if let Some(keeper) = found.transpose()?.flatten() {
            return Ok(Some(keeper));
        }
        if segments.pop().is_none() {
            return Ok(Some(Keeper::Passwords(root)));
        }
    }
}

/// `None`: there is no login.
fn keeper_at(
    session: &Session<'_>,
    host: Host,
    question: &Question,
    account: Option<&AccountName>,
) -> Result<Option<Keeper>, FlowError> {
    let meant = AccountId {
        account: account.cloned().unwrap_or_else(AccountName::default_name),
        host,
    };
    // One that cannot be read is told of where no other one is meant.
    let mut unreadable = None;
    let mut read = |id: &AccountId| match session.store.snapshot(id) {
        Ok(found) => found.map(Snapshot::into_record),
        Err(error) => {
            unreadable.get_or_insert((id.clone(), error));
            None
        }
    };
    let is_login = |record: &Record| record.login().is_some();
    let user = question.username.as_deref();
    // Nearly always: one file is read, and no folder.
    let found = read(&meant);
    let was_read = found.is_some();
    if let Some(record) = found
        && is_login(&record)
        && user.is_none_or(|user| is_called(&record, user))
    {
        return Ok(Some(if_reached_so(record, question)));
    }
    let mut logins = Vec::new();
    for id in session.store.accounts_of(&meant.host)? {
        logins.extend(read(&id).filter(is_login));
    }
    // Also where it was logged out of, or cannot be read: then no other one is in its place.
    let is_there = was_read || unreadable.as_ref().is_some_and(|(id, _)| *id == meant);
    if logins.is_empty() {
        return unreadable.map_or(Ok(None), |(_, error)| Err(error.into()));
    }
    let owner = user.and_then(|user| logins.iter().position(|record| is_named(record, user)));
    let is_meant = |record: &Record| record.id == meant;
    let by_rule = match logins.iter().position(is_meant) {
        None if account.is_none() && !is_there && logins.len() == 1 => Some(0),
        found => found,
    };
    let chosen = match (owner, user) {
        (Some(owner), _) => {
            Some(owner).filter(|owner| account.is_none() || by_rule == Some(*owner))
        }
        (None, None) => by_rule,
        // Nobody has that name: it may be that of a login of which nobody knows whose it is.
        (None, Some(user)) => by_rule
            .filter(|index| logins[*index].identity.is_none() || is_called(&logins[*index], user)),
    };
    match (chosen, unreadable) {
        (Some(index), _) => Ok(Some(if_reached_so(logins.swap_remove(index), question))),
        (None, Some((_, error))) => Err(error.into()),
        (None, None) => Ok(Some(Keeper::Nobody)),
    }
}

/// A login is for its own protocol only.
fn if_reached_so(record: Record, question: &Question) -> Keeper {
    if question.protocol.as_deref() == Some(record.scheme.as_str()) {
        Keeper::Login(Box::new(record))
    } else {
        Keeper::Nobody
    }
}

/// Whether the user may be this login's: it is named so, or that is what its server calls every user.
fn is_called(record: &Record, user: &str) -> bool {
    is_named(record, user)
        || record
            .client()
            .is_some_and(|client| client.git_username == user)
}

/// Whether that is a name of this login and of no other one at its host.
fn is_named(record: &Record, user: &str) -> bool {
    record.id.account.as_str() == user
        || record
            .identity
            .as_ref()
            .is_some_and(|identity| identity.username == user)
}
