//! `glauth login`.

mod bring;
pub(in crate::cli) mod opener;
mod person;
mod qr_code;
mod register;
mod report;
mod waiting_line;

use crate::cli::args::Login as Args;
use crate::cli::context::{Context, absolute};
use crate::cli::failure::{Error, UsageError};
use crate::code::Exit;
use crate::config::LoginOptions;
use crate::credential::{AccountId, Endpoints};
use crate::flow::{self, Address, ConsentMethod, LoginRequest, StandbyPolicy, TokenSource};
use person::Terminal;
use report::report;

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    let store = context.store()?;
    let host = context.host(&args.target, &store).map_err(no_host)?;
    if args.with_token && bring::is_like_a_token(&host.host.to_string()) {
        return Err(UsageError::TokenAsHost.into());
    }
    let config = context.config()?;
    let session = context.session(&store, host.scheme);
    let (source, options) = (source(args)?, options(args)?);
    let brings_tokens = matches!(source, TokenSource::Caller(_));
    let Address { host, found } =
        flow::address_of_login(&session, config, &host.host, &options, brings_tokens)
            .map_err(|error| Error::from(error).about(&context.login_at(&host.host)))?;
    let named = context.global.account.as_ref();
    let id = AccountId {
        account: flow::account_of_login(&session, &host, named, &source)?,
        host,
    };
    let request = LoginRequest {
        id: id.clone(),
        source,
        options,
        found,
        standby: match (args.standby, args.no_standby) {
            (true, _) => StandbyPolicy::Always,
            (false, true) => StandbyPolicy::Never,
            (false, false) => StandbyPolicy::WhereItHelps,
        },
    };
    let person = Terminal::new(context, &id, !args.no_browser);
    let done = flow::log_in(&session, config, request, &person);
    person.leave_browser();
    let done = done.map_err(|error| Error::from(error).about(&id))?;
    report(&id, &done, args.with_token, context)?;
    Ok(Exit::Done)
}

/// Where the tokens come from; those that come from standard input are read here.
fn source(args: &Args) -> Result<TokenSource, Error> {
    Ok(match (args.import, args.with_token) {
        (true, _) => TokenSource::Caller(bring::imported()?),
        (_, true) => TokenSource::Caller(bring::personal_token()?),
        _ if args.client_credentials => TokenSource::ClientCredentials,
        _ if args.device => TokenSource::Consent(Some(ConsentMethod::Device)),
        _ if args.no_browser => TokenSource::Consent(Some(ConsentMethod::Browser)),
        _ => TokenSource::Consent(None),
    })
}

/// A login is what makes the first one: where there is none, a HOST is missing.
fn no_host(error: Error) -> Error {
    match error {
        Error::Usage(UsageError::NoLogins(_)) => UsageError::NoHost.into(),
        other => other,
    }
}

fn options(args: &Args) -> Result<LoginOptions, Error> {
    Ok(LoginOptions {
        account: None,
        registries: Vec::new(),
        provider: args.provider.clone(),
        url: None,
        client_id: args.client_id.clone(),
        client_secret: None,
        client_secret_file: args
            .client_secret_file
            .as_deref()
            .map(absolute)
            .transpose()?,
        client_key_file: args.client_key_file.as_deref().map(absolute).transpose()?,
        client_key_id: args.client_key_id.clone(),
        client_key_audience: args.client_key_audience.clone(),
        auth_method: args.auth_method.clone(),
        scopes: Some(args.scope.clone()).filter(|scopes| !scopes.is_empty()),
        replace_scopes: args.replace_scopes,
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
