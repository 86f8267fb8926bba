//! A login with tokens that the caller has already: a token response, or a personal token.

use super::has_room;
use crate::config::{Config, LoginOptions};
use crate::credential::{
    AccountId, CheckVerdict, Client, EndpointName, LoginKind, Outcome, Record, Rotation,
};
use crate::flow::account::{held_by_no_other, user_twice};
use crate::flow::add_standby::{CandidateGrant, ExistingLogin, add_standby};
use crate::flow::authorize::{AuthorizeError, StandbyPolicy};
use crate::flow::error::FlowError;
use crate::flow::plan::{ClientError, Plan};
use crate::flow::sentences::sentence;
use crate::flow::session::Session;
use crate::flow::store_login::{Change, LoggedIn, NewAccount, Tokens, store_login};
use crate::oauth::{self, BadImport, Identified, TokenReport};
use crate::secret::{AccessToken, RefreshToken};
use crate::time::{Timestamp, human};

/// Tokens that the caller of a login has.
#[derive(Debug)]
pub struct BroughtTokens {
    tokens: Tokens,
    /// What a person should know of their lifetime, if they become a login.
    warning: Option<String>,
}

impl BroughtTokens {
    /// Those of a token response (RFC 6749 §5.1), which may be older than now.
    pub fn of_response(response: &[u8], now: Timestamp) -> Result<Self, BadImport> {
        let imported = oauth::import(response, now)?;
        let warning = match imported.rotation.expires_in {
            _ if imported.age_is_known => None,
            Some(life) => Some(format!(
                "the token response does not say when it was issued; its token is taken to live for {} from now",
                human(life)
            )),
            None => Some("the token response says when its token ends in words that glauth cannot read; it is used until the server refuses it".to_owned()),
        };
        Ok(Self {
            tokens: Tokens {
                kind: LoginKind::OAuth,
                rotation: imported.rotation,
                issued_at: imported.issued_at,
            },
            warning,
        })
    }

    /// A personal access token.
    #[must_use]
    pub fn personal(access_token: AccessToken, now: Timestamp) -> Self {
        Self {
            tokens: Tokens {
                kind: LoginKind::Token,
                rotation: Rotation {
                    access_token,
                    refresh_token: None,
                    token_type: "Bearer".to_owned(),
                    scopes: None,
                    expires_in: None,
                    refresh_expires_in: None,
                },
                issued_at: now,
            },
            warning: None,
        }
    }
}

/// Stores them as a login, or as the standby grant of the login that is there.
pub(super) fn store(
    session: &Session<'_>,
    config: &Config,
    id: &AccountId,
    options: LoginOptions,
    policy: StandbyPolicy,
    brought: BroughtTokens,
) -> Result<LoggedIn, AuthorizeError> {
    let BroughtTokens { tokens, warning } = brought;
    held_by_no_other(session.store, id, &tokens)?;
    // What is given says what the tokens have: nothing is asked for.
    let options = LoginOptions {
        replace_scopes: true,
        ..options
    };
    let plan = Plan::new(session, id, tokens.kind, options, config, None)?;
    let mut done = match policy {
        StandbyPolicy::Always => store_standby(session, plan, tokens),
        StandbyPolicy::Never | StandbyPolicy::WhereItHelps => store_alone(session, plan, tokens),
    }?;
    let is_new = done.change != Change::Unchanged;
    let warning = warning.filter(|_| is_new);
    done.warnings.extend(warning.map(Into::into));
    Ok(done)
}

fn store_alone(
    session: &Session<'_>,
    mut plan: Plan<'_>,
    mut tokens: Tokens,
) -> Result<LoggedIn, AuthorizeError> {
    let renewable = tokens.rotation.refresh_token.is_some();
    if renewable && plan.client_id().is_none() {
        return Err(ClientError::NoClientIdOfTokens(plan.id.host).into());
    }
    let unknown = plan.unknown_kind();
    if renewable {
        plan.find_endpoints(session)?;
    }
    let mut client = plan.client(renewable)?;
    let TokenReport {
        verdict,
        identity,
        ends_at,
    } = ask_about(session, &plan, &mut client, &tokens)?;
    let kind = tokens.kind;
    if kind == LoginKind::Token {
        if verdict == CheckVerdict::Dead {
            return Err(FlowError::UnknownToken(plan.id).into());
        }
        // A server that accepts it knows better than a day that is over.
        let end = ends_at.filter(|end| *end > session.now());
        tokens.rotation.expires_in = end.map(|end| end.since(tokens.issued_at));
    }
    let unchecked = unchecked(verdict).filter(|_| kind == LoginKind::Token);
    let unchecked =
        unchecked.map(|why| format!("the token could not be checked: {} {why}", plan.id.host));
    let twice = identity
        .as_ref()
        .and_then(|user| user_twice(session.store, &plan.id, user));
    let new = NewAccount {
        scheme: plan.scheme,
        client,
        identity,
        // The person chose at the server what a personal token may do.
        asked: match tokens.kind {
            LoginKind::OAuth | LoginKind::ClientCredentials => plan.scopes(),
            LoginKind::Token => Vec::new(),
        },
        // An imported grant may be the very one that it replaces.
        revoke_replaced: tokens.kind == LoginKind::Token,
        brought: true,
        tokens,
        id: plan.id,
    };
    let mut done = store_login(session, new)?;
    done.warnings.extend(unknown);
    done.warnings.extend(unchecked.map(Into::into));
    done.warnings.extend(twice);
    Ok(done)
}

/// Asks the server about tokens, before they are stored: once they are, programs use them. Tokens that have expired
/// or that the login began with are not asked about. A personal token that only the check endpoint of OAuth tokens
/// knows keeps that as its own.
fn ask_about(
    session: &Session<'_>,
    plan: &Plan<'_>,
    client: &mut Client,
    tokens: &Tokens,
) -> Result<TokenReport, AuthorizeError> {
    let now = session.now();
    let token = &tokens.rotation.access_token;
    let user_endpoint = plan.user_endpoint()?;
    let ask =
        |client: &Client| oauth::report(session.http, client, user_endpoint.as_ref(), token, now);
    if tokens.kind == LoginKind::OAuth {
        let life = tokens.rotation.expires_in;
        let is_over = life.is_some_and(|life| tokens.issued_at.plus(life) <= now);
        let login = plan.replaces().and_then(Record::login);
        let is_known = login.is_some_and(|login| login.is_known_by(tokens.origin()));
        let user = user_endpoint.as_ref().filter(|_| !is_over && !is_known);
        let asked = user.map(|user| oauth::identify(session.http, client, user, token));
        return Ok(TokenReport {
            verdict: CheckVerdict::Unknown,
            identity: match asked {
                Some(Identified::As(identity)) => Some(identity),
                _ => None,
            },
            ends_at: None,
        });
    }
    let report = ask(client);
    let check_endpoint = plan.endpoint_of_table(EndpointName::Check)?;
    let doubts = matches!(report.verdict, CheckVerdict::Dead | CheckVerdict::Unknown);
    if doubts && check_endpoint.is_some() && check_endpoint != client.check_endpoint {
        let as_oauth = Client {
            check_endpoint,
            ..client.clone()
        };
        let report = ask(&as_oauth);
        if report.verdict == CheckVerdict::Alive {
            *client = as_oauth;
            return Ok(report);
        }
    }
    Ok(report)
}

/// Why it is not known whether the server accepts a token, as the end of a sentence about that server.
fn unchecked(verdict: CheckVerdict) -> Option<&'static str> {
    match verdict {
        CheckVerdict::Alive | CheckVerdict::Dead => None,
        CheckVerdict::Unknown => Some("does not say whether it knows the token"),
        CheckVerdict::Silent(Outcome::Unavailable) => Some("gave no answer to that"),
        CheckVerdict::Silent(Outcome::Config) => Some(
            "cannot be asked: its check endpoint, the CA file or the proxy is unusable, or another user runs it",
        ),
        CheckVerdict::Silent(other) => Some(sentence(other)),
    }
}

fn store_standby(
    session: &Session<'_>,
    mut plan: Plan<'_>,
    tokens: Tokens,
) -> Result<LoggedIn, AuthorizeError> {
    let found = plan
        .replaces()
        .and_then(|record| Some((ExistingLogin::of(record, session.now())?, record.clone())));
    let Some((existing, record)) = found else {
        return Err(AuthorizeError::NothingToStandBeside(plan.id));
    };
    let token = tokens.rotation.refresh_token.as_ref();
    let token = token.map(RefreshToken::fingerprint);
    let login = record.login();
    if token.is_some_and(|token| login.is_some_and(|login| login.is_known_by(token))) {
        return Ok(LoggedIn::as_it_is(&record, Change::Unchanged));
    }
    if !has_room(&record) {
        return Ok(LoggedIn::as_it_is(&record, Change::StandbyThere));
    }
    plan.find_endpoints(session)?;
    let setup = plan.setup()?;
    let new = CandidateGrant {
        id: plan.id,
        client: setup.client,
        userinfo_endpoint: setup.endpoints.userinfo,
        tokens,
        asked: setup.scopes,
        imported: true,
    };
    let warnings = add_standby(session, new, &existing)?;
    Ok(LoggedIn::with_standby(existing.identity, warnings))
}
