//! `glauth login`.

use anyhow::Context as _;
use zeroize::Zeroizing;

use crate::cli::args::Login as Args;
use crate::cli::context::{Context, absolute, check_scheme, read_stdin};
use crate::cli::exit::Exit;
use crate::cli::failure::{About, UsageError};
use crate::credential::{
    AccountId, Cause, Client, Grant, GrantState, HostArg, Login, LoginKind, Record, Rotation,
    Scheme,
};
use crate::flow::{self, Given, LoggedIn, NewAccount, Plan};
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
    let tokens = if args.import {
        imported()?
    } else {
        personal_token()?
    };
    let about = || About(id.clone());
    let new = new_account(args, context, &store, &host, &id, tokens).with_context(about)?;
    let session = context.session(&store);
    let done = flow::log_in(&session, new).with_context(about)?;
    report(&id, &done, context);
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
    store: &Store,
    host: &HostArg,
    id: &AccountId,
    tokens: Tokens,
) -> anyhow::Result<NewAccount> {
    let before = remembered(store, id)?;
    if let Some(record) = before.as_ref().filter(|record| record.id == *id) {
        check_scheme(host, record)?;
    }
    let remembered = before.as_ref();
    let scheme = host
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
        host: &host.host,
        scheme,
        kind: tokens.kind,
        renewable: tokens.rotation.refresh_token.is_some(),
        given: &given,
        remembered: remembered.and_then(Record::client),
        configured: config.host(&host.host),
    };
    let mut client = plan.client()?;
    client.ca_file = client.ca_file.as_deref().map(absolute).transpose()?;
    let asked: Vec<String> = if args.scope.is_empty() {
        plan.configured
            .and_then(|host| host.scopes.clone())
            .unwrap_or_default()
    } else {
        args.scope.clone()
    };
    Ok(account(id.clone(), scheme, client, tokens, asked))
}

/// The login that is there or was there, else another one at the host.
fn remembered(store: &Store, id: &AccountId) -> anyhow::Result<Option<Record>> {
    if let Some(snapshot) = store.snapshot(id)? {
        return Ok(Some(snapshot.into_record()));
    }
    // A broken record of another account hinders nobody; the first one with a client id helps most.
    let others = store.accounts_of(&id.host)?;
    let readable = others.iter().filter_map(|id| store.snapshot(id).ok()?);
    let has_client_id = |record: &Record| record.client().is_some_and(|c| c.client_id.is_some());
    Ok(readable
        .map(Snapshot::into_record)
        .min_by_key(|record| !has_client_id(record)))
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

fn report(id: &AccountId, done: &LoggedIn, context: &Context<'_>) {
    for warning in &done.warnings {
        context.printer.warn(warning);
    }
    let what = match (&done.record, done.replaced) {
        (None, _) => "is what this login began with; nothing was changed",
        (Some(_), true) => "stored, in place of the login that was there",
        (Some(_), false) => "stored",
    };
    context.printer.tell(&format!("{id}: {what}"));
}
