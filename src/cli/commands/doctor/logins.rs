//! Each login: whether its record can be read, what its tokens are called, what was left of a refresh,
//! and whether another store may hold the same tokens.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::check::{Check, Topic};
use crate::cli::call::Call;
#[cfg(feature = "postgres")]
use crate::cli::commands::status::report::in_words;
use crate::cli::commands::status::report::{Account, GrantReport, left};
use crate::cli::failure::{self, Error, other_account, other_login};
use crate::cli::shell;
use crate::code::{Code, Exit};
use crate::credential::{
    AccountId, AccountName, Attempt, Content, EndpointName, Grant, Host, Login, Outcome, Record,
};
use crate::env;
use crate::flow::refusals;
use crate::oauth::unusable_credentials;
use crate::secret::Fingerprint;
use crate::store::Store;
use crate::store::examine::{Holder, RescueOutcome};
use crate::time::{Timestamp, ago, human};

/// The records that can be read.
pub(super) fn read(
    store: &Store,
    ids: &[AccountId],
    checks: &mut Vec<Check>,
    call: &Call,
    made_progress: &dyn Fn(),
) -> Vec<Record> {
    let mut records = Vec::new();
    for id in ids {
        made_progress();
        match store.snapshot(id) {
            Ok(Some(snapshot)) => records.push(snapshot.into_record()),
            // Removed since the folder was read.
            Ok(None) => {}
            Err(error) => {
                let error = Error::from(error).about(id);
                checks.push(unreadable(store, Check::error(Topic::Login, &error, call)));
            }
        }
    }
    records
}

/// Owner and mode cannot be changed where it is mounted read-only.
fn unreadable(store: &Store, mut check: Check) -> Check {
    if check.code == Some(Code::Permission) && store.is_read_only() {
        let remedy = "change that where it is mounted from; here the file system is read-only";
        check.remedy = Some(remedy.to_owned());
    }
    check
}

pub(super) fn checks(
    store: &Store,
    host: Option<&Host>,
    records: &[Record],
    call: &Call,
    made_progress: &dyn Fn(),
) -> Vec<Check> {
    let mut checks = Vec::new();
    for record in records {
        made_progress();
        checks.extend(
            of_record(store, record, call)
                .into_iter()
                .map(|check| check.about(&record.id)),
        );
    }
    checks.extend(twins(records, call));
    made_progress();
    checks.extend(passwords(store, host));
    checks
}

pub(super) fn none(
    store: &Store,
    host: Option<&Host>,
    account: Option<&AccountName>,
    call: &Call,
) -> Check {
    let what = match (host, account) {
        (None, None) => "there are no logins yet".to_owned(),
        (Some(host), None) => format!("there is no login for {host}"),
        (None, Some(account)) => format!("there is no login with account {account}"),
        (Some(host), Some(account)) => {
            format!("there is no login for {host} with account {account}")
        }
    };
    let name = host.map_or_else(|| "HOST".to_owned(), ToString::to_string);
    let login = call.command_about("login", account, &name);
    let is_named = host.is_some() || account.is_some();
    if is_named {
        let named = account.cloned().unwrap_or_else(AccountName::default_name);
        let question = match host.cloned() {
            Some(host) => {
                let account = named;
                other_login(&AccountId { host, account }, &store.name())
            }
            None => other_account(&named, &store.name()),
        };
        let remedy = match question {
            Some(question) => format!("{question} if not, run {login}"),
            None => format!("run {login}"),
        };
        return Check::fail(Topic::Login, Code::LoginRequired, what, remedy);
    }
    Check::ok(Topic::Login, format!("{what}; {login} makes one"))
}

/// A move between two stores that was cut off.
#[cfg(feature = "postgres")]
fn way(store: &Store, record: &Record, call: &Call) -> Option<Check> {
    let way = store.way_of(&record.id)?;
    let here = shell::word(&store.name().to_string_lossy());
    let there = shell::word(&way.store);
    let (from, to) = if way.is_leaving {
        (here, there)
    } else {
        (there, here)
    };
    let again = call.command(&format!("store move {from} {to} {}", record.id.host));
    let text = format!("{}: {}", record.id, in_words(&way));
    let remedy = format!("run {again}, which finishes it");
    Some(Check::warn(Topic::Login, text, remedy).about(&record.id))
}

fn of_record(store: &Store, record: &Record, call: &Call) -> Vec<Check> {
    let login = match &record.content {
        Content::Login(login) => login,
        Content::LoggedOut(tombstone) => {
            let since = tombstone.at.local();
            let text = match tombstone.moved_to() {
                Some(to) => format!("{}: moved to `{to}` at {since}", record.id),
                None if tombstone.was_login() => {
                    format!("{}: logged out since {since}", record.id)
                }
                None => format!("{}: the login of {since} was not completed", record.id),
            };
            return vec![Check::note(Topic::Login, text)];
        }
        Content::Password(_) => return Vec::new(),
    };
    let mut checks = vec![state(record, login, call)];
    #[cfg(feature = "postgres")]
    checks.extend(way(store, record, call));
    let is_ended = checks[0].is_problem();
    checks.extend(endpoints(&record.id, login, call));
    checks.extend(credentials(&record.id, login, call));
    checks.extend(attempt(store, &record.id, login));
    let remedy = format!(
        "nothing needs to be done now; if the login has ended, run {}",
        call.command_for("login", &record.id)
    );
    checks.extend(
        left::doubts(login, Timestamp::now())
            .iter()
            .map(|doubt| Check::warn(Topic::Attempt, format!("{}: {doubt}", record.id), &*remedy)),
    );
    // Else the first line has said it.
    if !is_ended {
        checks.extend(refused(&record.id, login, call));
    }
    checks.extend(leftovers(store, &record.id, login));
    checks.extend(copied(&record.id, login, call));
    checks
}

/// What the server says where it does not refresh, or why the last refresh failed.
fn refused(id: &AccountId, login: &Login, call: &Call) -> Vec<Check> {
    let now = Timestamp::now();
    let remedy = format!("if this lasts, {}", failure::login_command(id, call));
    let texts = refusals(login, now);
    if texts.is_empty() {
        return failed(id, login, remedy, call).into_iter().collect();
    }
    let warn = |text: &String| Check::warn(Topic::Attempt, format!("{id}: {text}"), &*remedy);
    texts.iter().map(warn).collect()
}

/// A failure that no time heals is one of `doctor` too, once no token lives.
fn failed(id: &AccountId, login: &Login, remedy: String, call: &Call) -> Option<Check> {
    let now = Timestamp::now();
    let (outcome, text) = left::last_failure(login, now)?;
    let text = format!("{id}: {text}");
    let remedy = failure::hint_of(outcome, call).unwrap_or(remedy);
    let code = Code::from(outcome);
    let lives = |grant: &Grant| !grant.refused && !grant.has_expired(now);
    let is_final = code.exit() == Exit::Usage && !login.grants.iter().any(lives);
    Some(if is_final {
        Check::fail(Topic::Attempt, code, text, remedy)
    } else {
        Check::warn(Topic::Attempt, text, remedy)
    })
}

fn state(record: &Record, login: &Login, call: &Call) -> Check {
    let account = Account::of(record, None);
    let left = match account.expires_in {
        _ if account.needs_login => String::new(),
        Some(0) if account.state == "expired" => String::new(),
        Some(0) => ", expired".to_owned(),
        Some(seconds) => format!(", {} left", human(Duration::from_secs(seconds))),
        None => ", no expiry".to_owned(),
    };
    let user = account.identity.as_ref();
    let user = user.map_or_else(String::new, |identity| format!("{} at ", identity.username));
    let tokens: Vec<String> = account.grants.iter().map(tokens).collect();
    let state = account.state.replace('_', " ");
    let names = format!("{} (SHA-256, as in GitLab's log)", tokens.join("; "));
    let text = format!("{user}{}: {state}{left}", record.id);
    if account.needs_login {
        let why = left::failures(login, Timestamp::now());
        let text = [vec![text], why, vec![names]].concat().join("; ");
        return Check::fail(
            Topic::Login,
            Code::LoginRequired,
            format!("a login is needed for {text}"),
            failure::login_command(&record.id, call),
        );
    }
    Check::ok(Topic::Login, format!("{text}; {names}"))
}

fn tokens(grant: &GrantReport) -> String {
    let refresh = grant.refresh_fingerprint.as_ref();
    let refresh = refresh.map_or_else(String::new, |name| format!(", refresh token {name}"));
    format!("access token {}{refresh}", grant.access_fingerprint)
}

/// Reading a record looks at their beginnings only.
fn endpoints(id: &AccountId, login: &Login, call: &Call) -> Vec<Check> {
    let bad = EndpointName::OF_TOKENS.into_iter().filter_map(|name| {
        let error = login.client.endpoint(name)?.url().err()?;
        Some(Check::fail(
            Topic::Login,
            Code::Config,
            format!("{id}: the {} {error}", name.key()),
            failure::login_command(id, call),
        ))
    });
    bad.collect()
}

/// A file with a secret or a key is read for every request, so it must be good now.
fn credentials(id: &AccountId, login: &Login, call: &Call) -> Option<Check> {
    let trouble = unusable_credentials(&login.client)?;
    let text = format!("{id}: {trouble}");
    let remedy = failure::of_question(&trouble, Some(id), call);
    Some(Check::fail(Topic::Login, Code::Config, text, remedy))
}

/// A refresh that has no end yet: a process is at it, or its owner died.
fn attempt(store: &Store, id: &AccountId, login: &Login) -> Option<Check> {
    let pending = |attempt: &&Attempt| attempt.outcome == Outcome::Pending;
    let attempt = login.last_attempt.as_ref().filter(pending)?;
    let since = Timestamp::now().since(attempt.started_at);
    let what = format!("{id}: a refresh began {} ({})", ago(since), attempt.by);
    let is_its_own = |by: &Option<String>| by.as_ref().is_none_or(|by| *by == attempt.by);
    let other = match store.holder(id) {
        Err(error) => return Some(Check::store_error(Topic::Attempt, error)),
        Ok(Holder::Taken(by)) if is_its_own(&by) => {
            let by = by.unwrap_or_else(|| "another process".to_owned());
            return Some(Check::ok(
                Topic::Attempt,
                format!("{what} and is under way: {by} holds the lock"),
            ));
        }
        Ok(Holder::Taken(by)) => by,
        Ok(Holder::Free) => None,
    };
    // It may have ended between the look at the record and the one at the lock. No process lets go of the
    // lock with an attempt pending (I3).
    let again = store.snapshot(id).ok().flatten()?.into_record();
    let last = again.login()?.last_attempt.as_ref()?;
    if last.sequence != attempt.sequence || last.outcome != Outcome::Pending {
        return None;
    }
    Some(match other {
        None => cut_off(store, id, &what),
        // The process with the lock finishes it at once, unless it is stopped or hangs.
        Some(by) => Check::warn(
            Topic::Attempt,
            format!("{what} and was cut off; now {by} holds the lock"),
            "that process finds out what came of it; until it ends, no process can refresh",
        ),
    })
}

fn cut_off(store: &Store, id: &AccountId, what: &str) -> Check {
    let warn = |text: String, remedy: &str| Check::warn(Topic::Attempt, text, remedy);
    match store.foresee(id) {
        Ok(Some(RescueOutcome::PutInPlace(path))) => warn(
            format!(
                "{what} and was cut off; its answer is whole in `{}`",
                path.display()
            ),
            "nothing is lost: the next call that needs a new token puts it in place",
        ),
        Ok(Some(RescueOutcome::Ask) | None) => warn(
            format!("{what} and was cut off; the server may have seen it"),
            "the next call that needs a new token finds out; should the login have ended, a person logs in again",
        ),
        Ok(Some(RescueOutcome::Blocked(error))) | Err(error) => {
            Check::store_error(Topic::Attempt, error)
        }
    }
}

/// Files that hold tokens and have no use.
fn leftovers(store: &Store, id: &AccountId, login: &Login) -> Vec<Check> {
    let found = store.leftovers(id);
    let is_free = || matches!(store.holder(id), Ok(Holder::Free));
    if found.is_empty() || login.pending_sequence().is_some() || !is_free() {
        return Vec::new();
    }
    // Only what was there before the lock was seen free, and is there still.
    let still = store.leftovers(id);
    let left = found
        .iter()
        .filter(|path| still.contains(path))
        .map(|path| {
            Check::warn(
                Topic::Attempt,
                format!(
                    "{id}: `{}` was left by a process that was killed, and means nothing",
                    path.display()
                ),
                format!(
                    "the next refresh replaces it; it may hold tokens: `rm {}`",
                    shell::quote_for_person(&path.to_string_lossy())
                ),
            )
        });
    left.collect()
}

/// The only trace of another place that a record has is the process that made its last attempt.
fn copied(id: &AccountId, login: &Login, call: &Call) -> Option<Check> {
    let by = &login.last_attempt.as_ref()?.by;
    let (_, machine) = by.split_once(" on ")?;
    let here = env::machine_name();
    (machine != here).then(|| {
        Check::warn(
            Topic::Copy,
            format!("{id}: the last refresh was made by `{by}`, and this is `{here}`: if that is another machine with a store of its own, one of the two is a copy, and each ends the other's tokens"),
            format!("log in anew on one of them ({}); if the machine or container `{machine}` was renamed or is gone, all is well", call.command_for("login", id)),
        )
    })
}

/// How many accounts one line names.
const NAMED: usize = 3;

/// Accounts that hold the same grant: a line for each grant, not for each pair of accounts.
fn twins(records: &[Record], call: &Call) -> Vec<Check> {
    let mut holders: BTreeMap<Fingerprint, Vec<&AccountId>> = BTreeMap::new();
    for record in records {
        let grants = record.login().map_or(&[][..], |login| &login.grants);
        // A bare token may well be used under two names.
        let names = grants.iter().filter_map(|grant| {
            let now = grant.refresh_token.as_ref()?.fingerprint();
            Some([grant.origin, now])
        });
        for name in names.flatten().collect::<BTreeSet<_>>() {
            holders.entry(name).or_default().push(&record.id);
        }
    }
    let groups: BTreeSet<Vec<&AccountId>> =
        holders.into_values().filter(|ids| ids.len() > 1).collect();
    groups.iter().map(|ids| shared(ids, call)).collect()
}

fn shared(ids: &[&AccountId], call: &Call) -> Check {
    let (first, others) = ids.split_at(ids.len().min(NAMED));
    let mut names: Vec<String> = first.iter().map(ToString::to_string).collect();
    match others.len() {
        0 => {}
        1 => names.push(others[0].to_string()),
        more => names.push(format!("{more} others")),
    }
    let last = names.pop().unwrap_or_default();
    let text = format!(
        "{} and {last} began with the same refresh token: each ends the others' tokens",
        names.join(", ")
    );
    let which = if ids.len() == 2 {
        "one of them"
    } else {
        "all of them but one"
    };
    let other = ids[1];
    let remedy = format!("{} for {which}", failure::login_command(other, call));
    Check::warn(Topic::Copy, text, remedy).about(other)
}

/// What git asked to keep and cannot be read, also for hosts without a login.
fn passwords(store: &Store, host: Option<&Host>) -> Vec<Check> {
    let hosts = match host {
        Some(host) => vec![host.clone()],
        // A root that cannot be read is told of elsewhere.
        None => store.hosts().unwrap_or_default(),
    };
    let errors = hosts.iter().flat_map(|host| match store.passwords(host) {
        Ok((_, errors)) => errors,
        Err(error) => vec![error],
    });
    let check = |error| Check::store_error(Topic::Login, error);
    errors
        .map(|error| unreadable(store, check(error)))
        .collect()
}
