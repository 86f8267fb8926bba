//! Between the document and the record: what each kind has, and what must fit together.

#[cfg(feature = "postgres")]
use super::VERSION_OF_CACHE;
use super::extra::{FROM_STORE, MOVING_TO, TO_STORE};
use super::table::{Keyed, Misfit, Table, Value};
use super::tables::{Document, Kind};
use super::{CacheNote, Full, VERSION};
use crate::credential::{
    AccountId, Client, Content, Host, Login, LoginKind, LoginMeans, Record, Scheme,
};
use crate::secret::RefreshToken;

/// The most grants that a login has: one, and a standby.
const GRANT_LIMIT: usize = 2;

/// The record that a document is, which is to be `id`'s.
pub(super) fn record(table: &Table<'_, '_>, id: &AccountId) -> Result<Record, Misfit> {
    // First of all: a record of another kind may lack what these have.
    let kind: Kind = table.need("kind")?;
    let document = Document::from_table(table)?;
    check_id(table, &document, id)?;
    let Document {
        version: _,
        kind: _,
        host: _,
        scheme,
        account: _,
        identity,
        client,
        login,
        grants,
        last_attempt,
        logged_out,
        git,
        shared: _,
    } = document;
    let client = || {
        let client = client.map(|client| Client { login, ..client });
        client.ok_or_else(|| table.missing_in("client", "provider"))
    };
    let login = |kind, client| Login {
        kind,
        client,
        grants,
        last_attempt,
    };
    let content = match kind {
        Kind::OAuth => checked_login(login(LoginKind::OAuth, client()?), table)?,
        Kind::Token => checked_login(login(LoginKind::Token, client()?), table)?,
        Kind::ClientCredentials => {
            checked_login(login(LoginKind::ClientCredentials, client()?), table)?
        }
        Kind::LoggedOut => {
            let client = client()?;
            let missing = || table.missing_in("logged_out", "at");
            Content::LoggedOut(logged_out.ok_or_else(missing)?.with(client))
        }
        Kind::Password => {
            let missing = || table.missing_in("git", "protocol");
            Content::Password(git.ok_or_else(missing)?)
        }
    };
    check_scheme(table, scheme, &content, &id.host)?;
    Ok(Record {
        id: id.clone(),
        scheme,
        identity,
        content,
    })
}

/// The refresh token of each grant, which the record has no more than the names of. A cache has no token either.
pub(super) fn refresh_tokens(table: &Table<'_, '_>) -> Result<Vec<Option<RefreshToken>>, Misfit> {
    let grants = table.tables("grants");
    if is_cache(table) {
        return Ok(grants.map(|_| None).collect());
    }
    grants.map(|grant| grant.get(REFRESH_TOKEN)).collect()
}

/// What a cache notes of the shared store; `None`: it is no cache.
pub(super) fn cache_note(table: &Table<'_, '_>) -> Result<Option<CacheNote>, Misfit> {
    table.get(SHARED)
}

/// Whether the document is the cache of a shared login.
pub(super) fn is_cache(table: &Table<'_, '_>) -> bool {
    table.tables(SHARED).next().is_some()
}

const REFRESH_TOKEN: &str = "refresh_token";
const SHARED: &str = "shared";

/// Both were checked when they became an id.
fn check_id(table: &Table<'_, '_>, document: &Document, id: &AccountId) -> Result<(), Misfit> {
    if document.host != id.host.as_str() {
        return Err(table.bad("host", "is not the one that the folder is named after"));
    }
    if document.account != id.account.as_str() && moving_to(table)? != Some(id.account.to_string())
    {
        return Err(table.bad("account", "is not the one that the file is named after"));
    }
    Ok(())
}

/// The account that a record is on its way to: under that name it is good, too.
fn moving_to(table: &Table<'_, '_>) -> Result<Option<String>, Misfit> {
    table.get(MOVING_TO)
}

/// Whether the record is on its way to another account, or between two stores.
pub(super) fn is_moving(table: &Table<'_, '_>) -> bool {
    let has = |key| matches!(table.get::<String>(key), Ok(Some(_)));
    has(MOVING_TO) || has(TO_STORE) || has(FROM_STORE)
}

/// What git asked to keep may be of any server.
fn check_scheme(
    table: &Table<'_, '_>,
    scheme: Scheme,
    content: &Content,
    host: &Host,
) -> Result<(), Misfit> {
    let over_http = scheme == Scheme::Http && !matches!(content, Content::Password(_));
    if over_http && !is_loopback_host(host) {
        return Err(table.bad("scheme", "is `http` for a host that is not loopback"));
    }
    Ok(())
}

fn is_loopback_host(host: &Host) -> bool {
    let url = url::Url::parse(&host.base_url(Scheme::Http));
    url.is_ok_and(|url| crate::credential::is_loopback(&url))
}

fn checked_login(login: Login, table: &Table<'_, '_>) -> Result<Content, Misfit> {
    if login.grants.is_empty() || login.grants.len() > GRANT_LIMIT {
        return Err(table.bad("grants", "must be one or two"));
    }
    let attempted = login.last_attempt.as_ref().map(|attempt| attempt.grant);
    if attempted.is_some_and(|grant| grant >= login.grants.len()) {
        return Err(table.bad_in("last_attempt", "grant", "is the place of no grant"));
    }
    let renewable = login.is_renewable();
    let has_refresh_token = login
        .grants
        .iter()
        .any(|grant| grant.refresh_token.is_some());
    if has_refresh_token && login.kind != LoginKind::OAuth {
        let problem = "has a place in an `oauth` record only";
        return Err(table.bad_in("grants", "refresh_token", problem));
    }
    if renewable && login.client.client_id.is_none() {
        return Err(table.missing_in("client", "client_id"));
    }
    if renewable && login.client.token_endpoint.is_none() {
        return Err(table.missing_in("client", "token_endpoint"));
    }
    Ok(Content::Login(login))
}

/// The document that a record is.
pub(super) fn document(full: &Full) -> toml::Table {
    let mut table = document_of(&full.record, VERSION).to_table();
    if let Some(toml::Value::Array(grants)) = table.get_mut("grants") {
        // A grant without its token would be written as one that cannot be refreshed.
        assert_eq!(grants.len(), full.refresh_tokens.len());
        let grants = grants.iter_mut().filter_map(toml::Value::as_table_mut);
        for (grant, token) in grants.zip(&full.refresh_tokens) {
            match token {
                Some(token) => drop(grant.insert(REFRESH_TOKEN.to_owned(), token.to_toml())),
                None => drop(grant.remove(REFRESH_TOKEN)),
            }
        }
    }
    table
}

/// That of a cache, without its note. The tokens of a shared login are in the database: here are their names.
#[cfg(feature = "postgres")]
pub(super) fn cache(full: &Full) -> toml::Table {
    document_of(&full.record, VERSION_OF_CACHE).to_table()
}

/// What a cache notes of the shared store.
#[cfg(feature = "postgres")]
pub(super) fn note(note: &CacheNote) -> toml::Value {
    toml::Value::Table(note.to_table())
}

fn document_of(record: &Record, version: i64) -> Document {
    let client = record.client().cloned();
    let login = record.login();
    Document {
        version,
        kind: match &record.content {
            Content::Login(login) => match login.kind {
                LoginKind::OAuth => Kind::OAuth,
                LoginKind::Token => Kind::Token,
                LoginKind::ClientCredentials => Kind::ClientCredentials,
            },
            Content::LoggedOut(_) => Kind::LoggedOut,
            Content::Password(_) => Kind::Password,
        },
        host: record.id.host.to_string(),
        scheme: record.scheme,
        account: record.id.account.to_string(),
        identity: record.identity.clone(),
        login: client
            .as_ref()
            .map_or_else(LoginMeans::default, |client| client.login.clone()),
        client,
        grants: login.map_or_else(Vec::new, |login| login.grants.clone()),
        last_attempt: login.and_then(|login| login.last_attempt.clone()),
        logged_out: match &record.content {
            Content::LoggedOut(tombstone) => Some(tombstone.into()),
            Content::Login(_) | Content::Password(_) => None,
        },
        git: match &record.content {
            Content::Password(password) => Some(password.clone()),
            Content::Login(_) | Content::LoggedOut(_) => None,
        },
        shared: None,
    }
}
