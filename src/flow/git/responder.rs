//! Whose question it is: the login of a host, an installation and a user, or what git asked to keep.

use super::super::error::FlowError;
use super::super::refresh::logged_out;
use crate::credential::{AccountId, AccountName, Host, Record};
use crate::flow::account::AtHost;
#[cfg(feature = "postgres")]
use crate::flow::delivery;
use crate::flow::session::Session;
use crate::gitcred::Question;
use crate::secret::AccessToken;

/// How deep below a host an installation is looked for.
const DEPTH_LIMIT: usize = 8;

/// What answers a question.
pub(super) enum Responder {
    /// A login.
    Login(Box<Record>),
    /// A login is there, and it is not for this user, or not for this protocol.
    Other(AccountId),
    /// Logins are there, and none that can be read is the one that git means.
    Unnamed(AccountId, FlowError),
    /// No login is there: what git asked to keep at this host; and why none is, where a person has ended it.
    Passwords(Host, Option<FlowError>),
}

/// Finds out what answers; `None`: what the question names is no host, or no place on one.
pub(super) fn responder(
    session: &Session<'_>,
    question: &Question,
    account: Option<&AccountName>,
) -> Result<Option<Responder>, FlowError> {
    let (Some(protocol), Some(host)) = (&question.protocol, &question.host) else {
        return Ok(None);
    };
    let Some(root) = Host::of_git(protocol, host) else {
        return Ok(None);
    };
    let path = question.path().unwrap_or_default();
    let named: Vec<String> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(ToOwned::to_owned)
        .collect();
    // What stands behind a `?` or `#` is no path for curl, and one that was escaped is one for a server.
    let without_query = path.split(['?', '#']).next().unwrap_or_default();
    let readings = [as_servers_read(path), as_servers_read(without_query)];
    // curl goes up and asks for another place than git named, and so does a server that reads it so.
    let goes_elsewhere = |part: &String| part == "." || part == "..";
    let mut parts = named.iter().chain(readings.iter().flatten());
    if parts.any(goes_elsewhere) {
        return Ok(None);
    }
    let at = |segments| responder_below(session, &root, segments, question, account);
    let (place, found) = at(&named)?;
    // A place that is in one installation for git and in another one for the server is in neither.
    for read in &readings {
        if *read != named && at(read)?.0 != place {
            return Ok(None);
        }
    }
    Ok(Some(found))
}

/// The segments of a path as a server may take them: decoded once more than git has, with the other slash, and
/// without the parameters of a segment (RFC 3986 §3.3).
fn as_servers_read(path: &str) -> Vec<String> {
    let path = decoded(path).replace('\\', "/");
    let parts = path
        .split('/')
        .map(|part| part.split(';').next().unwrap_or_default());
    parts
        .filter(|part| !part.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}

/// Percent-encoding (RFC 3986 §2.1) undone, once.
fn decoded(path: &str) -> String {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = match tail {
            [high, low, ..] if first == b'%' => digit(high).zip(digit(low)),
            _ => None,
        };
        let byte = code.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The longest installation that these segments are below, and what answers there.
fn responder_below(
    session: &Session<'_>,
    root: &Host,
    segments: &[String],
    question: &Question,
    account: Option<&AccountName>,
) -> Result<(Host, Responder), FlowError> {
    let mut ended = None;
    for depth in (0..=segments.len().min(DEPTH_LIMIT)).rev() {
        let Some(host) = root.below(&segments[..depth].join("/")) else {
            continue;
        };
        match responder_at(session, host.clone(), question, account)? {
            FoundLogin::Responder(responder) => return Ok((host, responder)),
            FoundLogin::Ended(error) => ended = ended.or(Some(error)),
            FoundLogin::Nothing => {}
        }
    }
    Ok((root.clone(), Responder::Passwords(root.clone(), ended)))
}

/// What is at one place.
enum FoundLogin {
    Responder(Responder),
    /// The login that is meant, which a person has ended.
    Ended(FlowError),
    Nothing,
}

/// The login at this place that answers: what the call and the record of `default` say, else the configuration, else
/// the only one there.
fn responder_at(
    session: &Session<'_>,
    host: Host,
    question: &Question,
    account: Option<&AccountName>,
) -> Result<FoundLogin, FlowError> {
    let mut meant = AccountId {
        account: account.cloned().unwrap_or_else(AccountName::default_name),
        host,
    };
    let user = question.username.as_deref();
    // Nearly always: one file is read, and no folder.
    let found = read(session, &meant);
    // Also where it was logged out of, or cannot be read: then no other one is in its place.
    let is_there = !matches!(found, Ok(None));
    let mut unreadable = match found {
        Ok(Some(record))
            if is_login(&record) && user.is_none_or(|user| is_called(&record, user)) =>
        {
            return Ok(FoundLogin::Responder(if_reached_so(record, question)));
        }
        Ok(_) => None,
        Err(error) => Some(error),
    };
    let there = AtHost::read(session.store, &meant.host)?;
    let mut may_be_another = account.is_none() && !is_there;
    if may_be_another
        && !there.is_empty()
        && let Some(chosen) = session.chosen_account(&meant.host)?
    {
        meant.account = chosen;
        may_be_another = false;
    }
    let by_rule = there.position(&meant, may_be_another);
    // One that cannot be read is told of where no other one is meant.
    let others = there.unreadable.into_iter().next();
    unreadable = unreadable.or(others.map(|(_, error)| error.into()));
    let mut logins = there.logins;
    if logins.is_empty() {
        return match unreadable {
            Some(error) => Err(error),
            None => Ok(all_ended(&meant, account, question, &there.ended)),
        };
    }
    let chosen = answering(&logins, by_rule, account, user);
    Ok(FoundLogin::Responder(match (chosen, unreadable) {
        (Some(index), _) => if_reached_so(logins.swap_remove(index), question),
        (None, Some(error)) => Responder::Unnamed(meant, error),
        (None, None) => unnamed(meant, is_there, account, question, &logins),
    }))
}

/// Which of several logins answers: the one that the rule of all commands chooses, but git's user name goes before.
fn answering(
    logins: &[Record],
    by_rule: Option<usize>,
    account: Option<&AccountName>,
    user: Option<&str>,
) -> Option<usize> {
    let Some(user) = user else {
        return by_rule;
    };
    match logins.iter().position(|record| is_named(record, user)) {
        Some(owner) => Some(owner).filter(|owner| account.is_none() || by_rule == Some(*owner)),
        // No login has that name: it may be that of a login whose user is not known.
        None => by_rule
            .filter(|index| logins[*index].identity.is_none() || is_called(&logins[*index], user)),
    }
}

/// Why none of several logins answers. A user whom git names and no login has may be another helper's.
fn unnamed(
    meant: AccountId,
    is_ended: bool,
    account: Option<&AccountName>,
    question: &Question,
    logins: &[Record],
) -> Responder {
    let named_by_all = |user: &str| logins.iter().all(|login| is_providers(login, user));
    let is_unnamed = question.username.as_deref().is_none_or(named_by_all);
    let reached = logins.iter().filter(|login| is_reached_so(login, question));
    let accounts: Vec<AccountName> = reached.map(|login| login.id.account.clone()).collect();
    if account.is_some() || !is_unnamed || accounts.is_empty() {
        return Responder::Other(meant);
    }
    let error = FlowError::NotNamedByGit {
        scheme: logins[0].scheme,
        host: meant.host.clone(),
        accounts,
        is_ended,
    };
    Responder::Unnamed(meant, error)
}

/// Nothing but what logouts left is at this place.
fn all_ended(
    meant: &AccountId,
    account: Option<&AccountName>,
    question: &Question,
    ended: &[Record],
) -> FoundLogin {
    let user = question.username.as_deref();
    let may_be_meant = |record: &&Record| {
        is_reached_so(record, question)
            && account.is_none_or(|account| *account == record.id.account)
            && user.is_none_or(|user| record.identity.is_none() || is_called(record, user))
    };
    let ended: Vec<&Record> = ended.iter().filter(may_be_meant).collect();
    match ended
        .iter()
        .find(|record| record.id == *meant)
        .or(ended.first())
    {
        Some(record) => logged_out(record).map_or(FoundLogin::Nothing, FoundLogin::Ended),
        None => FoundLogin::Nothing,
    }
}

/// The login of this host that has the token, first of all the one that is meant.
pub(super) fn holder(
    session: &Session<'_>,
    meant: &AccountId,
    question: &Question,
    token: &AccessToken,
) -> Result<Option<Record>, FlowError> {
    let has_it = |record: &Record| {
        let grants = record.login().map_or(&[][..], |login| &login.grants);
        is_reached_so(record, question) && grants.iter().any(|grant| grant.access_token == *token)
    };
    let mut unreadable = None;
    let mut read = |id: &AccountId| {
        let found = read(session, id);
        let found = found.map_err(|error| unreadable.get_or_insert(error));
        found.ok().flatten().filter(&has_it)
    };
    let mut found = read(meant);
    if found.is_none() {
        found = session
            .store
            .accounts_of(&meant.host)?
            .iter()
            .find_map(read);
    }
    match (found, unreadable) {
        (None, Some(error)) => Err(error),
        (found, _) => Ok(found),
    }
}

fn read(session: &Session<'_>, id: &AccountId) -> Result<Option<Record>, FlowError> {
    let snapshot = session.store.snapshot(id)?;
    #[cfg(feature = "postgres")]
    if let Some(seen) = &snapshot {
        delivery::if_due(session.store, seen, session.delivered_by());
    }
    Ok(snapshot.map(crate::store::Snapshot::into_record))
}

fn is_login(record: &Record) -> bool {
    record.login().is_some()
}

/// A login is for its own protocol only.
fn is_reached_so(record: &Record, question: &Question) -> bool {
    let protocol = question.protocol.as_deref();
    protocol.is_some_and(|protocol| record.is_reached_by(protocol))
}

fn if_reached_so(record: Record, question: &Question) -> Responder {
    if is_reached_so(&record, question) {
        Responder::Login(Box::new(record))
    } else {
        Responder::Other(record.id)
    }
}

/// Whether the user may be this login's: it is named so, or that is what its server calls every user.
fn is_called(record: &Record, user: &str) -> bool {
    is_named(record, user) || is_providers(record, user)
}

/// Whether that is what the login's server calls every user beside a token.
fn is_providers(record: &Record, user: &str) -> bool {
    let client = record.client();
    client.is_some_and(|client| is_same(&client.git_username, user))
}

/// Whether that is a name of this login and of no other one at its host.
fn is_named(record: &Record, user: &str) -> bool {
    let identity = record.identity.as_ref();
    is_same(record.id.account.as_str(), user)
        || identity.is_some_and(|identity| is_same(&identity.username, user))
}

/// User names are compared without case, as the servers do.
fn is_same(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_what_a_server_may_read_in_it() {
        for (path, read) in [
            ("a/b.git", &["a", "b.git"][..]),
            ("a/%2e%2e/b", &["a", "..", "b"]),
            ("a%2f..%2Fb", &["a", "..", "b"]),
            ("a\\..%5cb", &["a", "..", "b"]),
            ("a/..;x=1/b;c/;d", &["a", "..", "b"]),
            ("a/%252e/%/%zz/100%", &["a", "%2e", "%", "%zz", "100%"]),
            ("%ff/ü", &["\u{fffd}", "ü"]),
        ] {
            assert_eq!(as_servers_read(path), read, "{path}");
        }
    }
}
