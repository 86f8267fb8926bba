//! `glauth login`.

mod bring;
pub(in crate::cli) mod opener;
mod person;
mod register;
mod report;
mod standby;
mod waiting_line;

use crate::cli::args::Login as Args;
use crate::cli::context::{Context, absolute};
use crate::cli::failure::{Error, UsageError};
use crate::cli::shell;
use crate::code::Exit;
use crate::config::Config;
use crate::credential::{AccountId, AccountName, GrantState, Identity, LoginKind, Record};
use crate::env;
use crate::flow::{
    self, Change, ClientError, Given, LoggedIn, NewAccount, Plan, Session, Setup, Tokens, Way,
};
use person::Terminal;
use report::report;

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
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
    let done = match tokens {
        Some(tokens) if args.standby => standby::bring(args, &session, &id, &config, tokens),
        Some(tokens) => bring(args, &session, &id, &config, tokens),
        None => through_server(args, context, &session, &id, &config),
    };
    let mut done = done.map_err(|error| error.about(&id))?;
    let is_new = done.change != Change::Unchanged;
    let warning = warning.filter(|_| is_new);
    done.warnings.extend(warning.map(Into::into));
    report(&id, &done, context)?;
    Ok(Exit::Done)
}

/// A login is what makes the first one: where there is none, a HOST is missing.
fn no_host(error: Error) -> Error {
    match error {
        Error::Usage(UsageError::NoLogins(_)) => UsageError::NoHost.into(),
        other => other,
    }
}

fn given(args: &Args) -> Result<Given, Error> {
    Ok(Given {
        provider: args.provider.clone(),
        client_id: args.client_id.clone(),
        client_secret_file: args.client_secret_file.clone(),
        client_secret: None,
        auth_method: args.auth_method.clone(),
        scopes: args.scope.clone(),
        parameters: args.parameter.clone(),
        ca_file: args.ca_file.as_deref().map(absolute).transpose()?,
        redirect_uri: args.redirect_uri.clone(),
        authorization_endpoint: args.authorization_endpoint.clone(),
        device_authorization_endpoint: args.device_endpoint.clone(),
        token_endpoint: args.token_endpoint.clone(),
        revocation_endpoint: args.revocation_endpoint.clone(),
    })
}

/// Stores tokens that came from elsewhere.
fn bring(
    args: &Args,
    session: &Session<'_>,
    id: &AccountId,
    config: &Config,
    tokens: Tokens,
) -> Result<LoggedIn, Error> {
    flow::held_by_no_other(session.store, id, &tokens)?;
    let mut plan = Plan::new(session, id, tokens.kind, given(args)?, config)?;
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
) -> Result<LoggedIn, Error> {
    let mut plan = Plan::new(session, id, LoginKind::OAuth, given(args)?, config)?;
    let beside = match standby::what_is_there(args, &plan) {
        standby::There::Both(done) => return Ok(done),
        standby::There::One => true,
        standby::There::None => false,
    };
    let asks = context.can_ask();
    let waits = args.device || args.no_browser;
    if !asks && !waits && plan.client_id().is_some() {
        return Err(UsageError::NoPerson {
            id: id.clone(),
            scheme: plan.scheme,
        }
        .into());
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
        let words = format!("login --client-id {}", shell::word(&client_id));
        let command = context.call().command_at(&words, id, plan.scheme);
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
) -> Result<Way, Error> {
    if plan.client_id().is_none() && asks {
        plan.given.client_id = Some(register::ask_for_client_id(plan, person)?);
    }
    if let Some(configured) = plan.passed_over() {
        person.context.printer.warn(&format!(
            "the configuration's client id `{configured}` is not used, since another one is remembered; --client-id changes it"
        ));
    }
    let mut setup = plan.setup();
    if asks && matches!(setup, Err(ClientError::SecretMissing(_))) {
        plan.given.client_secret = Some(register::ask_for_secret(plan)?);
        setup = plan.setup();
    }
    let setup = setup?;
    let way = way(args, &setup, person);
    if asks && setup.lacks_secret(way) {
        plan.given.client_secret = Some(register::ask_for_secret(plan)?);
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
    let has_device_grant = setup.device_authorization_endpoint.is_some();
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
