//! `glauth login`.

mod bring;
pub(in crate::cli) mod opener;
mod person;
mod register;
mod report;
mod standby;
mod waiting_line;

use anyhow::Context as _;

use crate::cli::args::Login as Args;
use crate::cli::context::{Context, absolute};
use crate::cli::failure::{About, UsageError};
use crate::code::Exit;
use crate::config::{Config, LoginOptions};
use crate::credential::{
    AccountId, AccountName, Endpoints, GrantState, Identity, LoginKind, Record, Scheme,
};
use crate::env;
use crate::flow::{
    self, Change, ClientError, LoggedIn, NewAccount, Plan, Session, Setup, Tokens, Way,
};
use person::Terminal;
use report::report;

pub(super) fn run(args: &Args, context: &Context<'_>) -> anyhow::Result<Exit> {
    let store = context.store()?;
    let host = context.host(&args.target, &store).map_err(no_host)?;
    let config = context.config()?;
    let session = context.session(&store, host.scheme);
    let (tokens, warning) = match (args.import, args.with_token) {
        (true, _) => bring::imported().map(|(tokens, warning)| (Some(tokens), warning))?,
        (_, true) => (Some(bring::personal_token()?), None),
        (false, false) => (None, None),
    };
    let account = match (&context.global.account, &tokens) {
        (Some(named), _) => named.clone(),
        (None, Some(_)) => AccountName::default_name(),
        (None, None) => flow::account_to_log_in(&store, &host.host)?,
    };
    let id = AccountId {
        host: host.host,
        account,
    };
    let about = || About(id.clone());
    let done = match tokens {
        Some(tokens) if args.standby => standby::bring(args, &session, &id, &config, tokens),
        Some(tokens) => bring(args, &session, &id, &config, tokens),
        None => through_server(args, context, &session, &id, &config),
    };
    let mut done = done.with_context(about)?;
    let is_new = done.change != Change::Unchanged;
    done.warnings.extend(warning.filter(|_| is_new));
    report(&id, &done, context)?;
    Ok(Exit::Done)
}

/// A login is what makes the first one: where there is none, a HOST is missing.
fn no_host(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref() {
        Some(UsageError::NoLogins(_)) => UsageError::NoHost.into(),
        _ => error,
    }
}

fn options(args: &Args) -> anyhow::Result<LoginOptions> {
    Ok(LoginOptions {
        provider: args.provider.clone(),
        url: None,
        client_id: args.client_id.clone(),
        client_secret: None,
        client_secret_file: args.client_secret_file.clone(),
        auth_method: args.auth_method.clone(),
        scopes: Some(args.scope.clone()).filter(|scopes| !scopes.is_empty()),
        parameters: args.parameter.iter().cloned().collect(),
        ca_file: args.ca_file.as_deref().map(absolute).transpose()?,
        redirect_uri: args.redirect_uri.clone(),
        endpoints: Endpoints {
            authorization: args.authorization_endpoint.clone(),
            device_authorization: args.device_endpoint.clone(),
            token: args.token_endpoint.clone(),
            revocation: args.revocation_endpoint.clone(),
            ..Endpoints::NONE
        },
    })
}

/// Stores tokens that came from elsewhere.
fn bring(
    args: &Args,
    session: &Session<'_>,
    id: &AccountId,
    config: &Config,
    tokens: Tokens,
) -> anyhow::Result<LoggedIn> {
    flow::held_by_no_other(session.store, id, &tokens)?;
    let mut plan = Plan::new(session, id, tokens.kind, options(args)?, config)?;
    let renewable = tokens.rotation.refresh_token.is_some();
    if renewable && plan.client_id().is_none() {
        return Err(ClientError::NoClientIdOfTokens(id.host.clone()).into());
    }
    if renewable {
        plan.find_endpoints(session)?;
    }
    let new = NewAccount {
        id: id.clone(),
        scheme: plan.scheme,
        client: plan.client(renewable)?,
        // What a personal token may do nobody has asked for here.
        asked: match tokens.kind {
            LoginKind::OAuth => plan.scopes(),
            LoginKind::Token => Vec::new(),
        },
        // An imported grant may be the very one that it replaces.
        revoke_replaced: tokens.kind == LoginKind::Token,
        brought: true,
        tokens,
    };
    Ok(flow::log_in(session, new)?)
}

/// Asks a person to consent.
fn through_server(
    args: &Args,
    context: &Context<'_>,
    session: &Session<'_>,
    id: &AccountId,
    config: &Config,
) -> anyhow::Result<LoggedIn> {
    let mut plan = Plan::new(session, id, LoginKind::OAuth, options(args)?, config)?;
    let beside = match standby::what_is_there(args, &plan) {
        standby::There::Both(done) => return Ok(done),
        standby::There::One => true,
        standby::There::None => false,
    };
    let asks = context.can_ask();
    let waits = args.device || args.no_browser;
    if !asks && !waits && plan.client_id().is_some() {
        return Err(UsageError::NoPerson(id.clone()).into());
    }
    if asks || waits {
        plan.find_out(session)?;
    }
    let person = Terminal {
        context,
        id,
        opens: asks && !args.no_browser && env::has_browser(),
        moves: std::cell::Cell::new(true),
        browser: std::cell::RefCell::default(),
    };
    let is_unknown = plan.client_id().is_none() && asks;
    let way = complete(&mut plan, args, &person, asks)?;
    tell_what_is_there(&plan, id, beside, context);
    let done = if beside {
        flow::add_standby_through_server(session, &plan, way, &person)
    } else {
        let wish = standby::wish(args, person.opens);
        flow::log_in_through_server(session, &plan, way, wish, &person)
    };
    person.leave_browser();
    if let (Err(_), true, Some(client_id)) = (&done, is_unknown, plan.client_id()) {
        // It was typed, and nothing remembers it.
        let host = match plan.scheme {
            Scheme::Https => id.host.to_string(),
            Scheme::Http => id.host.base_url(Scheme::Http),
        };
        let command = id.command_at(&format!("login --client-id {client_id}"), &host);
        context
            .printer
            .tell(&format!("to go on with that application: {command}"));
    }
    Ok(done?)
}

/// Asks for what the plan lacks, where there is a person to be asked, and says how they can consent.
fn complete(
    plan: &mut Plan<'_>,
    args: &Args,
    person: &Terminal<'_>,
    asks: bool,
) -> anyhow::Result<Way> {
    if plan.client_id().is_none() && asks {
        plan.set_client_id(register::ask_for_client_id(plan, person)?);
    }
    if let Some(configured) = plan.passed_over() {
        person.context.printer.warn(&format!(
            "the configuration's client id `{configured}` is not used, since another one is remembered; --client-id changes it"
        ));
    }
    let mut setup = plan.setup();
    if asks && matches!(setup, Err(ClientError::SecretMissing(_))) {
        plan.set_client_secret(register::ask_for_secret(plan)?);
        setup = plan.setup();
    }
    let setup = setup?;
    let way = way(args, &setup, person);
    if asks && setup.lacks_secret(way) {
        plan.set_client_secret(register::ask_for_secret(plan)?);
    }
    Ok(way)
}

/// Says what becomes of the login that is there, if one is.
fn tell_what_is_there(plan: &Plan<'_>, id: &AccountId, beside: bool, context: &Context<'_>) {
    let Some(record) = plan.replaces() else {
        return;
    };
    let who = of(plan.replaced_identity());
    context.printer.tell(&if beside {
        format!("{id}: a standby grant is asked for, beside the login{who} that is there")
    } else if has_ended(record) {
        format!("{id}: the login{who} has ended; this one takes its place")
    } else {
        format!("{id}: the login{who} stays until the new one is complete")
    });
}

/// How this person can consent.
fn way(args: &Args, setup: &Setup, person: &Terminal<'_>) -> Way {
    let has_device_grant = setup.endpoints.device_authorization.is_some();
    if args.device {
        Way::Device
    } else if args.no_browser {
        Way::Browser
    } else if !person.opens {
        Way::DeviceIfPossible
    } else if has_device_grant
        && setup.lacks_secret(Way::Browser)
        && !setup.lacks_secret(Way::Device)
    {
        Way::Device
    } else {
        Way::Browser
    }
}

/// Whether only a new login is of use.
fn has_ended(record: &Record) -> bool {
    let grants = record.login().map_or(&[][..], |login| &login.grants);
    grants
        .iter()
        .all(|grant| matches!(grant.state, GrantState::LoginRequired { .. }))
}

fn of(identity: Option<&Identity>) -> String {
    identity.map_or_else(String::new, |found| format!(" of {}", found.username))
}
