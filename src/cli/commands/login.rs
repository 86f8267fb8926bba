//! `glauth login`.

use anyhow::Context as _;
use zeroize::Zeroizing;

use super::report_outcome;
use crate::cli::args::Login as Args;
use crate::cli::context::{Context, absolute, read_stdin};
use crate::cli::exit::Exit;
use crate::cli::failure::{About, UsageError};
use crate::credential::{
    AccountId, Cause, Client, Grant, GrantState, Login, LoginKind, Record, Rotation, Scheme,
};
use crate::flow::{self, Change, Given, LoggedIn, NewAccount, Plan, Session};
use crate::http::ANSWER_LIMIT;
use crate::oauth;
use crate::secret::{AccessToken, RefreshToken, TOKEN_LIMIT};
use crate::store::{NewLogin, Snapshot, Store};
use crate::time::Timestamp;

pub(super) fn run(args: &Args, context: &Context<'_>) -> anyhow::Result<Exit> {
    let store = context.store()?;
    let host = context.host(&args.target, &store)?;
    let id = AccountId {
        host: host.host.clone(),
        account: context.account_name(),
    };
    let tokens = match (args.import, args.with_token) {
        (true, _) => imported()?,
        (_, true) => personal_token()?,
        (false, false) => return Err(UsageError::NoSource.into()),
    };
    let session = context.session(&store, host.scheme);
    let about = || About(id.clone());
    let new = new_account(args, context, &session, &id, tokens).with_context(about)?;
    let done = flow::log_in(&session, new).with_context(about)?;
    report(&id, &done, context)?;
    Ok(Exit::Done)
}

/// Tokens that came from elsewhere.
struct Tokens {
    kind: LoginKind,
    rotation: Rotation,
    issued_at: Timestamp,
}

fn imported() -> anyhow::Result<Tokens> {
    let text = read_stdin("the token response", ANSWER_LIMIT)?;
    let imported = oauth::import(text.as_bytes())
        .map_err(|problem| UsageError::BadInput(format!("the token response {problem}")))?;
    Ok(Tokens {
        kind: LoginKind::OAuth,
        rotation: imported.rotation,
        issued_at: imported.created_at.unwrap_or_else(Timestamp::now),
    })
}

fn personal_token() -> anyhow::Result<Tokens> {
    let text: Zeroizing<String> = read_stdin("the token", TOKEN_LIMIT + 2)?;
    let text = text.trim_end_matches(['\n', '\r']);
    let access_token = AccessToken::new(text.to_owned())
        .map_err(|problem| UsageError::BadInput(format!("the token {problem}")))?;
    Ok(Tokens {
        kind: LoginKind::Token,
        rotation: Rotation {
            access_token,
            refresh_token: None,
            token_type: "Bearer".to_owned(),
            scopes: None,
            expires_in: None,
            refresh_expires_in: None,
        },
        issued_at: Timestamp::now(),
    })
}

fn new_account(
    args: &Args,
    context: &Context<'_>,
    session: &Session<'_>,
    id: &AccountId,
    tokens: Tokens,
) -> anyhow::Result<NewAccount> {
    let own = session.store.snapshot(id)?.map(Snapshot::into_record);
    if let Some(record) = &own {
        session.check_scheme(record)?;
    }
    let other = match &own {
        Some(record) if is_of_kind(record, tokens.kind) => None,
        _ => another(session.store, id, tokens.kind)?,
    };
    let remembered = other
        .as_ref()
        .or(own.as_ref())
        // Endpoints of the other scheme would be of no use.
        .filter(|record| session.scheme.is_none_or(|scheme| scheme == record.scheme));
    let scheme = session
        .scheme
        .or_else(|| remembered.map(|record| record.scheme))
        .unwrap_or(Scheme::Https);
    let given = Given {
        provider: args.provider.clone(),
        client_id: args.client_id.clone(),
        client_secret_file: args.client_secret_file.clone(),
        parameters: args.parameter.clone(),
        token_endpoint: args.token_endpoint.clone(),
        revocation_endpoint: args.revocation_endpoint.clone(),
    };
    let config = context.config()?;
    let plan = Plan {
        host: &id.host,
        scheme,
        kind: tokens.kind,
        renewable: tokens.rotation.refresh_token.is_some(),
        given: &given,
        remembered: remembered.and_then(Record::client),
        configured: config.host(&id.host),
    };
    let mut client = plan.client()?;
    client.ca_file = client.ca_file.as_deref().map(absolute).transpose()?;
    let before = own.as_ref().and_then(Record::login);
    let before = before.filter(|login| login.kind == tokens.kind);
    let asked: Vec<String> = if !args.scope.is_empty() {
        args.scope.clone()
    } else if let Some(grant) = before.and_then(|login| login.grants.first()) {
        grant.scopes.clone()
    } else {
        let configured = plan.configured.and_then(|host| host.scopes.clone());
        configured.unwrap_or_default()
    };
    Ok(account(id.clone(), scheme, client, tokens, asked))
}

/// Whether what is remembered of the client is of use for this kind: a personal token has none.
fn is_of_kind(record: &Record, kind: LoginKind) -> bool {
    let has_client_id = record.client().is_some_and(|c| c.client_id.is_some());
    has_client_id == (kind == LoginKind::OAuth)
}

/// Another login at the host that is of use. A broken record hinders nobody.
fn another(store: &Store, id: &AccountId, kind: LoginKind) -> anyhow::Result<Option<Record>> {
    let all = store.accounts_of(&id.host)?;
    let readable = all.iter().filter_map(|id| store.snapshot(id).ok()?);
    let mut records = readable.map(Snapshot::into_record);
    Ok(records.find(|record| record.id != *id && is_of_kind(record, kind)))
}

fn account(
    id: AccountId,
    scheme: Scheme,
    client: Client,
    tokens: Tokens,
    asked: Vec<String>,
) -> NewAccount {
    let Tokens {
        kind,
        rotation,
        issued_at,
    } = tokens;
    let refresh_token = rotation.refresh_token;
    let origin = refresh_token.as_ref().map_or_else(
        || rotation.access_token.fingerprint(),
        RefreshToken::fingerprint,
    );
    let grant = Grant {
        // Counted on from the record that it replaces, when it is stored.
        generation: 1,
        origin,
        access_token: rotation.access_token,
        refresh_token: refresh_token.as_ref().map(RefreshToken::fingerprint),
        token_type: rotation.token_type,
        scopes: rotation.scopes.unwrap_or(asked),
        issued_at,
        expires_at: rotation.expires_in.map(|life| issued_at.plus(life)),
        refresh_expires_at: rotation.refresh_expires_in.map(|life| issued_at.plus(life)),
        cause: Cause::Login,
        state: GrantState::Active,
        refused: false,
        answer_lost_at: None,
    };
    NewAccount {
        id,
        origin,
        login: NewLogin {
            scheme,
            identity: None,
            login: Login {
                kind,
                client,
                grants: vec![grant],
                last_attempt: None,
            },
            refresh_tokens: vec![refresh_token],
        },
        // An imported grant may be the very one that it replaces.
        revoke_replaced: kind == LoginKind::Token,
    }
}

fn report(id: &AccountId, done: &LoggedIn, context: &Context<'_>) -> anyhow::Result<()> {
    for warning in &done.warnings {
        context.printer.warn(warning);
    }
    let (outcome, text) = match done.change {
        Change::Stored => ("stored", "stored"),
        Change::Replaced => ("replaced", "stored, in place of the login that was there"),
        Change::Updated => (
            "updated",
            "is what this login began with; its client was updated",
        ),
        Change::Unchanged => (
            "unchanged",
            "is what this login began with; nothing was changed",
        ),
    };
    report_outcome(id, outcome, text, context)
}
