//! From the document to the record: every field is checked.

mod client;

use std::borrow::Cow;
use std::fmt;

use toml::value::Datetime;

use super::words::{SCHEMES, Words};
use super::{Full, Problem, wire};
use crate::credential::{
    AccountId, Attempt, Cause, Client, Content, GitPassword, Grant, GrantState, Host, Identity,
    IssuedBoot, Login, LoginKind, Outcome, Record, Refusals, Scheme, Tombstone,
};
use crate::secret::{AccessToken, BadSecret, Fingerprint, Password, RefreshToken};
use crate::time::Timestamp;

/// The most grants that a login has: one, and a standby.
const GRANT_LIMIT: usize = 2;

/// What a record can be.
const KINDS: [&str; 4] = ["oauth", "token", "logged_out", "password"];

/// A field that does not hold what it should.
pub(super) struct Bad {
    /// The table it is in, and which one of several.
    table: (&'static str, usize),
    key: &'static str,
    problem: Cow<'static, str>,
    /// A newer glauth may have written it: it is a word that this one does not know.
    newer: bool,
}

fn bad(table: &'static str, key: &'static str, problem: impl Into<Cow<'static, str>>) -> Bad {
    Bad {
        table: (table, 0),
        key,
        problem: problem.into(),
        newer: false,
    }
}

/// A word that stands for a value, and not for one that this glauth knows.
fn unknown(table: &'static str, key: &'static str) -> Bad {
    Bad {
        newer: true,
        ..bad(table, key, "is not one that this glauth knows")
    }
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.key, self.problem)
    }
}

impl Bad {
    /// What that makes of the text that it is in.
    pub(super) fn in_text(&self, text: &str) -> Problem {
        let line = self.line_in(text);
        let problem = self.to_string();
        if self.newer {
            Problem::Newer {
                line,
                text: problem,
            }
        } else {
            Problem::Corrupt {
                line,
                text: problem,
            }
        }
    }

    /// The line of a field, or of the table that lacks it.
    fn line_in(&self, text: &str) -> Option<usize> {
        let (table, index) = self.table;
        let mut here = table.is_empty();
        let mut header = None;
        let mut seen = 0;
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(name) = line.strip_prefix('[') {
                let name = name.trim_matches(['[', ']']);
                here = name == table && seen == index;
                seen += usize::from(name == table);
                header = header.or(here.then_some(number));
            } else if here
                && line
                    .split('=')
                    .next()
                    .is_some_and(|key| key.trim() == self.key)
            {
                return Some(number);
            }
        }
        header
    }
}

pub(super) fn record(document: wire::Document<'_>, id: &AccountId) -> Result<Full, Bad> {
    let wire::Document {
        version: _,
        kind,
        host,
        scheme,
        account,
        identity,
        client,
        login,
        grants,
        last_attempt,
        logged_out,
        git,
    } = document;
    // First of all: a record of another kind may lack what these have.
    if !KINDS.contains(&&*kind) {
        return Err(unknown("", "kind"));
    }
    check_id(&host, &account, id)?;
    let scheme = choose("", "scheme", &scheme, &SCHEMES)?;
    let identity = identity.map(read_identity).transpose()?;
    let client = client
        .map(|client| client::read(client, login))
        .transpose()?;
    let (grants, refresh_tokens) = read_grants(grants)?;
    let client = || client.ok_or_else(|| bad("client", "provider", "is missing"));
    let login = |kind, client| {
        Ok(Content::Login(checked_login(Login {
            kind,
            client,
            grants,
            last_attempt: last_attempt.map(read_attempt).transpose()?,
        })?))
    };
    let content = match &*kind {
        "oauth" => login(LoginKind::OAuth, client()?)?,
        "token" => login(LoginKind::Token, client()?)?,
        "logged_out" => Content::LoggedOut(read_tombstone(logged_out, client()?)?),
        "password" => {
            let git = git.ok_or_else(|| bad("git", "protocol", "is missing"))?;
            Content::Password(read_git(git)?)
        }
        _ => return Err(unknown("", "kind")),
    };
    check_scheme(scheme, &content, &id.host)?;
    let record = Record {
        id: id.clone(),
        scheme,
        identity,
        content,
    };
    Ok(Full::new(record, refresh_tokens))
}

/// Both were checked when they became an id.
fn check_id(host: &str, account: &str, id: &AccountId) -> Result<(), Bad> {
    if host != id.host.as_str() {
        return Err(bad(
            "",
            "host",
            "is not the one that the folder is named after",
        ));
    }
    if account != id.account.as_str() {
        return Err(bad(
            "",
            "account",
            "is not the one that the file is named after",
        ));
    }
    Ok(())
}

fn read_tombstone(wire: Option<wire::LoggedOut<'_>>, client: Client) -> Result<Tombstone, Bad> {
    let wire::LoggedOut {
        generation,
        at,
        reason,
    } = wire.ok_or_else(|| bad("logged_out", "at", "is missing"))?;
    Ok(Tombstone {
        client,
        generation: count("logged_out", "generation", generation)?,
        at: time("logged_out", "at", at)?,
        reason: clean("logged_out", "reason", reason)?,
    })
}

/// What git asked to keep may be of any server.
fn check_scheme(scheme: Scheme, content: &Content, host: &Host) -> Result<(), Bad> {
    let over_http = scheme == Scheme::Http && !matches!(content, Content::Password(_));
    if over_http && !is_loopback_host(host) {
        return Err(bad(
            "",
            "scheme",
            "is `http` for a host that is not loopback",
        ));
    }
    Ok(())
}

fn is_loopback_host(host: &Host) -> bool {
    let url = url::Url::parse(&host.base_url(Scheme::Http));
    url.is_ok_and(|url| crate::credential::is_loopback(&url))
}

fn checked_login(login: Login) -> Result<Login, Bad> {
    if login.grants.is_empty() || login.grants.len() > GRANT_LIMIT {
        return Err(bad("", "grants", "must be one or two"));
    }
    let attempted = login.last_attempt.as_ref().map(|attempt| attempt.grant);
    if attempted.is_some_and(|grant| grant >= login.grants.len()) {
        return Err(bad("last_attempt", "grant", "is the place of no grant"));
    }
    let renewable = login.is_renewable();
    if renewable && login.kind == LoginKind::Token {
        return Err(bad(
            "grants",
            "refresh_token",
            "has no place in a `token` record",
        ));
    }
    if renewable && login.client.client_id.is_none() {
        return Err(bad("client", "client_id", "is missing"));
    }
    if renewable && login.client.token_endpoint.is_none() {
        return Err(bad("client", "token_endpoint", "is missing"));
    }
    Ok(login)
}

fn read_identity(identity: wire::Identity<'_>) -> Result<Identity, Bad> {
    let wire::Identity { username, subject } = identity;
    Ok(Identity {
        username: clean("identity", "username", username)?,
        subject: subject
            .map(|subject| clean("identity", "subject", subject))
            .transpose()?,
    })
}

type Grants = (Vec<Grant>, Vec<Option<RefreshToken>>);

fn read_grants(grants: Vec<wire::Grant<'_>>) -> Result<Grants, Bad> {
    let at = |index| {
        move |bad| Bad {
            table: ("grants", index),
            ..bad
        }
    };
    let grants = grants.into_iter().enumerate();
    grants
        .map(|(index, grant)| read_grant(grant).map_err(at(index)))
        .collect()
}

fn read_grant(grant: wire::Grant<'_>) -> Result<(Grant, Option<RefreshToken>), Bad> {
    let wire::Grant {
        generation,
        origin,
        access_token,
        refresh_token,
        token_type,
        scopes,
        issued_at,
        issued_boot,
        expires_at,
        refresh_expires_at,
        cause,
        state,
        state_since,
        refused,
        answer_lost_at,
        refresh_refusals,
        refresh_refused_since,
        refresh_next_at,
        refresh_token_invalid,
        refresh_refusal,
    } = grant;
    let secret = |key, problem: BadSecret| bad("grants", key, problem.to_string());
    let access_token = AccessToken::new(access_token.into_owned())
        .map_err(|problem| secret("access_token", problem))?;
    let refresh_token = refresh_token
        .map(|token| RefreshToken::new(token.into_owned()))
        .transpose()
        .map_err(|problem| secret("refresh_token", problem))?;
    let when = |key, at: Option<Datetime>| at.map(|at| time("grants", key, at)).transpose();
    let generation = count("grants", "generation", generation)?;
    let issued_at = time("grants", "issued_at", issued_at)?;
    let refusals = Refusals {
        count: count("grants", "refresh_refusals", refresh_refusals.unwrap_or(0))?,
        since: when("refresh_refused_since", refresh_refused_since)?.unwrap_or(issued_at),
        next_at: when("refresh_next_at", refresh_next_at)?.unwrap_or(issued_at),
        invalid: refresh_token_invalid,
        said: refresh_refusal
            .map(|text| clean("grants", "refresh_refusal", text))
            .transpose()?,
    };
    let grant = Grant {
        generation,
        origin: read_origin(&origin)?,
        access_token,
        refresh_token: refresh_token.as_ref().map(Into::into),
        token_type: clean("grants", "token_type", token_type)?,
        scopes: read_scopes(scopes)?,
        issued_at,
        issued_boot: read_issued_boot(generation, issued_boot.as_deref())?,
        expires_at: when("expires_at", expires_at)?,
        refresh_expires_at: when("refresh_expires_at", refresh_expires_at)?,
        cause: read_cause("grants", &cause)?,
        state: read_state(&state, when("state_since", state_since)?)?,
        refused,
        answer_lost_at: when("answer_lost_at", answer_lost_at)?,
        // A glauth that does not know these keys keeps them over a rotation, which ends them.
        refusals: (refusals.count > 0 && refusals.since >= issued_at).then_some(refusals),
    };
    Ok((grant, refresh_token))
}

fn read_scopes(scopes: Vec<Cow<'_, str>>) -> Result<Vec<String>, Bad> {
    let scopes = scopes.into_iter();
    scopes
        .map(|scope| clean("grants", "scopes", scope))
        .collect()
}

fn read_origin(origin: &str) -> Result<Fingerprint, Bad> {
    Fingerprint::parse(origin).ok_or_else(|| bad("grants", "origin", "is not a fingerprint"))
}

fn read_state(state: &str, since: Option<Timestamp>) -> Result<GrantState, Bad> {
    let since = || since.ok_or_else(|| bad("grants", "state_since", "is missing"));
    Ok(match state {
        "active" => GrantState::Active,
        "doubtful" => GrantState::Doubtful { since: since()? },
        "login_required" => GrantState::LoginRequired { since: since()? },
        _ => return Err(unknown("grants", "state")),
    })
}

/// `42 4f3c2b1a 5321042`: of which generation, in which start of the machine, milliseconds since then. An
/// older glauth keeps what it does not know, so the generation may be one that is gone.
fn read_issued_boot(generation: u64, text: Option<&str>) -> Result<IssuedBoot, Bad> {
    let Some((of, at)) = text.and_then(|text| text.split_once(' ')) else {
        return Ok(IssuedBoot::default());
    };
    if of.parse() != Ok(generation) {
        return Ok(IssuedBoot::default());
    }
    let at = at.parse();
    let at = at.map_err(|_| bad("grants", "issued_boot", "is not a time since a start"))?;
    Ok(IssuedBoot {
        at: Some(at),
        ..IssuedBoot::default()
    })
}

fn read_attempt(attempt: wire::Attempt<'_>) -> Result<Attempt, Bad> {
    const TABLE: &str = "last_attempt";
    let wire::Attempt {
        sequence,
        grant,
        cause,
        by,
        started_at,
        outcome,
        code,
        finished_at,
        retry_at,
        failures,
        failing_since,
        next_at,
        said,
    } = attempt;
    let when = |key, at: Option<Datetime>| at.map(|at| time(TABLE, key, at)).transpose();
    Ok(Attempt {
        sequence: count(TABLE, "sequence", sequence)?,
        grant: usize::try_from(grant)
            .ok()
            .ok_or_else(|| bad(TABLE, "grant", "is the place of no grant"))?,
        cause: read_cause(TABLE, &cause)?,
        by: clean(TABLE, "by", by)?,
        started_at: time(TABLE, "started_at", started_at)?,
        outcome: read_outcome(&outcome, code.as_deref())
            .ok_or_else(|| unknown(TABLE, "outcome"))?,
        finished_at: when("finished_at", finished_at)?,
        retry_at: when("retry_at", retry_at)?,
        failures: count(TABLE, "failures", failures.unwrap_or(0))?,
        failing_since: when("failing_since", failing_since)?,
        next_at: when("next_at", next_at)?,
        said: said.map(|text| clean(TABLE, "said", text)).transpose()?,
    })
}

/// Older readers know no other word for a refusal than `unavailable`; `code` says what it was.
fn read_outcome(outcome: &str, code: Option<&str>) -> Option<Outcome> {
    let outcome = Outcome::parse(outcome)?;
    let exact = code.and_then(Outcome::parse);
    Some(match (outcome, exact) {
        (Outcome::Unavailable, Some(Outcome::RefreshRefused)) => Outcome::RefreshRefused,
        _ => outcome,
    })
}

fn read_git(git: wire::Git<'_>) -> Result<GitPassword, Bad> {
    const TABLE: &str = "git";
    let wire::Git {
        protocol,
        path,
        username,
        password,
        password_expiry_utc,
        oauth_refresh_token,
        authtype,
        credential,
    } = git;
    let text = |key, value: Option<Cow<'_, str>>| value.map(|v| clean(TABLE, key, v)).transpose();
    let secret = |key, value: Option<Cow<'_, str>>| {
        value
            .map(|value| Password::new(value.into_owned()))
            .transpose()
            .map_err(|problem| bad(TABLE, key, problem.to_string()))
    };
    Ok(GitPassword {
        protocol: clean(TABLE, "protocol", protocol)?,
        path: text("path", path)?,
        username: text("username", username)?,
        password: secret("password", password)?,
        password_expiry_utc: password_expiry_utc
            .map(|at| time(TABLE, "password_expiry_utc", at))
            .transpose()?,
        oauth_refresh_token: secret("oauth_refresh_token", oauth_refresh_token)?,
        authtype: text("authtype", authtype)?,
        credential: secret("credential", credential)?,
    })
}

fn read_cause(table: &'static str, word: &str) -> Result<Cause, Bad> {
    Cause::parse(word).ok_or_else(|| unknown(table, "cause"))
}

/// The most that a count is believed: the next one must still fit every reader's integers.
const COUNT_LIMIT: u64 = 1 << 53;

fn count(table: &'static str, key: &'static str, number: u64) -> Result<u64, Bad> {
    if number > COUNT_LIMIT {
        return Err(bad(table, key, "is too large for a count"));
    }
    Ok(number)
}

/// Names and texts for people: no control characters, or a terminal, a header or a line of git's
/// protocol would take them for more than text.
fn clean(table: &'static str, key: &'static str, text: Cow<'_, str>) -> Result<String, Bad> {
    // Nearly all are ASCII, and letters need no decoding there.
    let is_plain = text.bytes().all(|b| (0x20..0x7f).contains(&b));
    if !is_plain && text.chars().any(char::is_control) {
        return Err(bad(table, key, "has a control character"));
    }
    Ok(text.into_owned())
}

fn time(table: &'static str, key: &'static str, at: Datetime) -> Result<Timestamp, Bad> {
    // A person may write any offset; it is UTC that is written back.
    let problem = "is not a date with a time and an offset, such as `2026-11-23T10:00:00Z`";
    Timestamp::from_toml(&at).ok_or_else(|| bad(table, key, problem))
}

fn choose<T: Copy, const N: usize>(
    table: &'static str,
    key: &'static str,
    word: &str,
    words: &Words<T, N>,
) -> Result<T, Bad> {
    let found = words.iter().find(|(known, _)| *known == word);
    found
        .map(|(_, value)| *value)
        .ok_or_else(|| unknown(table, key))
}
