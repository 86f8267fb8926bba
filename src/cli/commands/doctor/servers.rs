//! The servers: whether each answers, over a connection that can be trusted, what time it is there, and
//! whether it knows the tokens. No refresh token is sent, and an access token only to the check endpoint.

use std::collections::HashSet;
use std::path::PathBuf;
use std::thread;

use url::Url;

use super::check::{Check, Topic};
use crate::cli::audible::Audible;
use crate::cli::call::Call;
use crate::cli::failure;
use crate::code::Code;
use crate::credential::{
    AccountId, CheckVerdict, Client, Content, EndpointName, Grant, Login, LoginKind, Outcome,
    Record, handed_out,
};
use crate::flow::why_refresh_failed;
use crate::http::{Network, SendError, origin};
use crate::oauth::{Clock, Reached, check, reach};
use crate::store::Store;
use crate::time::{Timestamp, human};

/// A server that logins rest on.
struct Server {
    origin: String,
    url: Url,
    ca_file: Option<PathBuf>,
    /// The first login that needs it.
    id: AccountId,
}

/// What tells servers apart.
type ServerKey = (String, Option<PathBuf>);

impl Server {
    fn key(&self) -> ServerKey {
        (self.origin.clone(), self.ca_file.clone())
    }
}

fn key(url: &Url, client: &Client) -> ServerKey {
    (origin(url), client.ca_file.clone())
}

type ServerAnswer = Result<Reached, SendError>;

pub(super) fn checks(
    network: &Audible<Network>,
    store: &Store,
    records: &[Record],
    call: &Call,
) -> Vec<Check> {
    let servers = servers(records);
    let answers = ask_all(network, &servers);
    let mut checks: Vec<Check> = Vec::new();
    for (server, answer) in servers.iter().zip(&answers) {
        let found = of_server(server, answer, call);
        checks.extend(found.into_iter().map(|check| check.about(&server.id)));
    }
    let answered = servers.iter().zip(&answers);
    let answered: HashSet<ServerKey> = answered
        .filter(|(_, answer)| answer.is_ok())
        .map(|(server, _)| server.key())
        .collect();
    let is_reached = |client: &Client| {
        let endpoint = client.check_endpoint.as_ref();
        let url = endpoint.and_then(|endpoint| endpoint.url().ok());
        url.is_some_and(|url| answered.contains(&key(&url, client)))
    };
    let reached = |record: &&Record| record.client().is_some_and(is_reached);
    let asked: Vec<&Record> = records.iter().filter(reached).collect();
    let found = side_by_side(&asked, |record| token(network, store, &record.id, call));
    checks.extend(found.into_iter().flatten().flatten());
    checks
}

/// Each origin of the logins' endpoints, once.
fn servers(records: &[Record]) -> Vec<Server> {
    let mut found: Vec<Server> = Vec::new();
    let mut seen = HashSet::new();
    for record in records {
        let Some(login) = record.login() else {
            continue;
        };
        let client = &login.client;
        let endpoints = EndpointName::OF_TOKENS.into_iter();
        for url in endpoints.filter_map(|name| client.endpoint(name)?.url().ok()) {
            let (origin, ca_file) = key(&url, client);
            if seen.insert((origin.clone(), ca_file.clone())) {
                let id = record.id.clone();
                found.push(Server {
                    origin,
                    url,
                    ca_file,
                    id,
                });
            }
        }
    }
    found
}

fn ask_all(network: &Audible<Network>, servers: &[Server]) -> Vec<ServerAnswer> {
    let answers = side_by_side(servers, |server| {
        let ca_file = server.ca_file.as_ref();
        reach(network, &server.url, ca_file, Timestamp::now)
    });
    let lost = |server: &Server| SendError::AnswerLost {
        origin: server.origin.clone(),
        reason: "the thread that asked has ended".to_owned(),
    };
    let answers = answers.into_iter().zip(servers);
    answers
        .map(|(answer, server)| answer.unwrap_or_else(|| Err(lost(server))))
        .collect()
}

/// One that does not answer takes its time, and the others none beside it. `None`: its thread has ended.
fn side_by_side<T: Sync, R: Send>(items: &[T], ask: impl Fn(&T) -> R + Sync) -> Vec<Option<R>> {
    let ask = &ask;
    thread::scope(|scope| {
        let asked: Vec<_> = items
            .iter()
            .map(|item| scope.spawn(move || ask(item)))
            .collect();
        let answers = asked.into_iter();
        answers.map(|thread| thread.join().ok()).collect()
    })
}

fn of_server(server: &Server, answer: &ServerAnswer, call: &Call) -> Vec<Check> {
    let origin = &server.origin;
    let reached = match answer {
        Ok(reached) => reached,
        Err(error) => {
            let advice = match error {
                SendError::Unreachable { .. } | SendError::UnknownName { .. } => {
                    failure::proxy_of_git(&server.url)
                }
                _ => None,
            };
            let usual = || failure::of_question(error, Some(&server.id), call);
            return vec![Check::fail(
                Topic::Server,
                error.outcome_of_question().into(),
                error.to_string(),
                advice.unwrap_or_else(usual),
            )];
        }
    };
    let answers = match reached.status {
        status @ (429 | 500..) => Check::warn(
            Topic::Server,
            format!("`{origin}` answers with {status}: a refresh may fail now"),
            "try again later",
        ),
        _ if server.url.scheme() == "https" => Check::ok(
            Topic::Server,
            format!("`{origin}` answers, and its certificate holds"),
        ),
        _ => Check::ok(Topic::Server, format!("`{origin}` answers")),
    };
    vec![answers, clock(origin, reached.clock)]
}

/// Only a warning: how long a token lives is counted from our own clock's time of the request.
fn clock(origin: &str, clock: Clock) -> Check {
    let (off, how) = match clock {
        Clock::Unknown => {
            return Check::note(
                Topic::Clock,
                format!("`{origin}` does not say what time it is"),
            );
        }
        Clock::Same => {
            return Check::ok(
                Topic::Clock,
                format!("this machine's clock agrees with that of `{origin}`"),
            );
        }
        Clock::Ahead(off) => (off, "ahead of"),
        Clock::Behind(off) => (off, "behind"),
    };
    Check::warn(
        Topic::Clock,
        format!(
            "this machine's clock is {} {how} that of `{origin}`",
            human(off)
        ),
        "set the clock: certificates and the server's dates are judged by it, and when it jumps, tokens look older or younger than they are",
    )
}

/// The login as it is now, and the grant whose token would be handed out.
fn current(store: &Store, id: &AccountId) -> Option<(Login, Grant)> {
    let record = store.snapshot(id).ok()??.into_record();
    let Content::Login(login) = record.content else {
        return None;
    };
    let grant = login.grants.get(handed_out(&login)?)?.clone();
    Some((login, grant))
}

/// Whether the server knows the access token that would be handed out.
fn token(network: &Audible<Network>, store: &Store, id: &AccountId, call: &Call) -> Option<Check> {
    let (login, grant) = current(store, id)?;
    if grant.has_expired(Timestamp::now()) || login.client.check_endpoint.is_none() {
        return None;
    }
    let verdict = check(network, &login.client, &grant.access_token);
    // Not where another process rotates it meanwhile, or has done so: nothing is wrong with the new one.
    let stays = |(login, now): (Login, Grant)| {
        now.access_token == grant.access_token && login.pending_sequence().is_none()
    };
    if verdict == CheckVerdict::Dead && !current(store, id).is_some_and(stays) {
        return None;
    }
    let name = grant.access_token.fingerprint();
    let warn = |text: String, remedy: String| Check::warn(Topic::Token, text, remedy);
    let check = match verdict {
        CheckVerdict::Alive => Check::ok(
            Topic::Token,
            format!("{id}: the server knows access token {name}"),
        ),
        CheckVerdict::Dead if login.kind == LoginKind::Token => Check::fail(
            Topic::Token,
            Code::LoginRequired,
            format!("{id}: the server does not know access token {name} any more"),
            failure::login_command(id, call),
        ),
        CheckVerdict::Dead => warn(
            format!(
                "{id}: the server does not know access token {name} any more: perhaps a person revoked it, or another program refreshes with the same tokens (a copied store, a restored backup)"
            ),
            format!(
                "{} gets another one, or says that a login is needed",
                call.command_for("refresh --force", id)
            ),
        ),
        CheckVerdict::Silent(outcome) => {
            let why = match outcome {
                Outcome::Unavailable => "cannot answer now",
                other => why_refresh_failed(other),
            };
            warn(
                format!("{id}: the server {why}, so access token {name} was not checked"),
                "try again later".to_owned(),
            )
        }
        CheckVerdict::Unknown => warn(
            format!("{id}: the server does not say whether it knows access token {name}"),
            "look at the `check_endpoint` of this login".to_owned(),
        ),
    };
    Some(check.about(id))
}
