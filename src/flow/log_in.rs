//! A login from beginning to end: what a person is asked, and when; how they consent; what becomes of the login
//! that is there.

mod bring;

use super::account::{account_to_log_in, other_users};
use super::add_standby::ExistingLogin;
use super::address::remark;
use super::authorize::{AuthorizeError, ConsentMethod, ServerLogin, StandbyPolicy};
use super::error::FlowError;
use super::person::Person;
use super::plan::{ClientError, Detected, Plan, Setup};
use super::registration;
use super::session::Session;
use super::store_login::{Change, LoggedIn};
use crate::config::{Config, LoginOptions};
use crate::credential::{
    AccountId, AccountName, AuthMethod, Grant, GrantState, Host, Identity, Login, LoginKind, Record,
};
use crate::oauth::{RegistrationError, SharedClient, shared_client};
use crate::store::Store;

pub use bring::BroughtTokens;

/// A login that a caller asks for.
#[derive(Debug)]
pub struct LoginRequest {
    /// The account that it is for.
    pub id: AccountId,
    /// Where the tokens come from.
    pub source: TokenSource,
    /// What goes before the record and the configuration.
    pub options: LoginOptions,
    /// When it gets a standby grant.
    pub standby: StandbyPolicy,
    /// What the server has said of itself, if it was asked already.
    pub found: Option<Detected>,
}

/// Where the tokens of a login come from.
#[derive(Debug)]
pub enum TokenSource {
    /// From the server, once a person has consented by this method; `None`: by the one that suits the person and
    /// the server.
    Consent(Option<ConsentMethod>),
    /// From the server, which takes the client's own credentials for them (RFC 6749 §4.4).
    ClientCredentials,
    /// From the caller.
    Caller(BroughtTokens),
}

/// The account that a login is for: the named one, else `default` for tokens that the caller brings, else the one
/// that a consent at this host renews.
pub fn account_of_login(
    session: &Session<'_>,
    host: &Host,
    named: Option<&AccountName>,
    source: &TokenSource,
) -> Result<AccountName, FlowError> {
    match (named, source) {
        (Some(named), _) => Ok(named.clone()),
        (None, TokenSource::Caller(_) | TokenSource::ClientCredentials) => {
            Ok(AccountName::default_name())
        }
        (None, TokenSource::Consent(_)) => account_to_log_in(session, host),
    }
}

/// Logs in. Whatever fails, the login that was there before is still there.
pub fn log_in(
    session: &Session<'_>,
    config: &Config,
    request: LoginRequest,
    person: &dyn Person,
) -> Result<LoggedIn, AuthorizeError> {
    let LoginRequest {
        id,
        source,
        options,
        standby,
        found,
    } = request;
    match source {
        TokenSource::Caller(brought) => {
            bring::store(session, config, &id, options, standby, brought)
        }
        TokenSource::Consent(method) => {
            let plan = Plan::new(session, &id, LoginKind::OAuth, options, config, found)?;
            through_server(session, plan, method, standby, person)
        }
        TokenSource::ClientCredentials => {
            let kind = LoginKind::ClientCredentials;
            let plan = Plan::new(session, &id, kind, options, config, found)?;
            as_machine(session, plan, person)
        }
    }
}

/// A machine's login. A person may type what no source says.
fn as_machine(
    session: &Session<'_>,
    mut plan: Plan<'_>,
    person: &dyn Person,
) -> Result<LoggedIn, AuthorizeError> {
    plan.find_out(session, person)?;
    let asks = person.can_answer();
    if asks && plan.client_id().is_none() {
        // No browser comes back to a machine.
        let typed = person.client_id(None, "")?;
        person.client_id_typed(&typed);
        plan.set_client_id(typed);
    }
    let mut setup = plan.setup()?;
    if setup.client.auth == AuthMethod::None {
        let title = setup.provider.title;
        if !asks {
            let device = false;
            return Err(ClientError::NoClientSecret { title, device }.into());
        }
        plan.set_client_secret(person.client_secret(title)?);
        setup = plan.setup()?;
    }
    let login = ServerLogin {
        session,
        plan: &plan,
        setup: &setup,
        person,
    };
    let mut done = login.log_in_machine()?;
    done.warnings.extend(remark(&plan.id.host).map(Into::into));
    Ok(done)
}

fn through_server(
    session: &Session<'_>,
    mut plan: Plan<'_>,
    method: Option<ConsentMethod>,
    policy: StandbyPolicy,
    person: &dyn Person,
) -> Result<LoggedIn, AuthorizeError> {
    let existing = match plan.replaces() {
        Some(record) if policy == StandbyPolicy::Always => {
            let existing = ExistingLogin::of(record, session.now());
            if existing.is_some() && !has_room(record) {
                return Ok(LoggedIn::as_it_is(record, Change::StandbyThere));
            }
            existing
        }
        _ => None,
    };
    if existing.is_some() {
        plan.add_grant();
    }
    let asks = person.can_answer();
    let is_consent_possible = asks || method.is_some();
    plan.find_out(session, person)?;
    if !is_consent_possible && plan.can_find_client() {
        return Err(AuthorizeError::NoPerson { id: plan.id });
    }
    find_client(&mut plan, session, person)?;
    let (method, setup) = complete(&mut plan, method, person)?;
    check_standby(&setup, &plan.id.host, policy)?;
    let login = ServerLogin {
        session,
        plan: &plan,
        setup: &setup,
        person,
    };
    if !is_consent_possible {
        login.check_without_person()?;
        return Err(AuthorizeError::NoPerson { id: plan.id });
    }
    say_before_the_consent(&login, existing.is_some());
    let mut done = keep_new_client(&login).and_then(|()| match existing {
        Some(existing) => login.add_standby(method, existing),
        None => login.log_in(method, policy),
    });
    let unused = plan.unused_client(done.is_ok(), &setup.client);
    let left = unused.and_then(|unused| registration::delete_if_unused(session, unused));
    match &mut done {
        Ok(done) => {
            let remark = remark(&plan.id.host).into_iter();
            done.warnings.extend(remark.chain(left).map(Into::into));
        }
        Err(_) => left.into_iter().for_each(|text| person.hear(&text)),
    }
    done
}

/// A person may break off the login, which ends this process: the next one uses what was registered for it.
fn keep_new_client(login: &ServerLogin<'_>) -> Result<(), AuthorizeError> {
    let (session, plan) = (login.session, login.plan);
    if let Some(client) = plan.new_client(&login.setup.client) {
        registration::keep_for_next_login(session, &plan.id, plan.scheme, client)?;
    }
    Ok(())
}

/// What a person should know before they consent.
fn say_before_the_consent(login: &ServerLogin<'_>, gets_standby: bool) {
    let ServerLogin {
        session,
        plan,
        setup,
        person,
    } = login;
    let doubts = scopes_in_doubt(setup).into_iter();
    for text in doubts.chain(sharing(setup, &plan.id)) {
        person.hear(&text);
    }
    if let Some(text) = plan.change_of_scopes() {
        person.hear(&format!("{}: {text}", plan.id));
    }
    if let Some(issuer) = plan.issuer_elsewhere() {
        let host = &plan.id.host;
        person.hear(&format!(
            "{host} takes tokens of {issuer}: you consent there, and {host} gets the token"
        ));
    }
    if let Some(text) = becomes_of_login(session.store, plan, gets_standby) {
        person.hear(&text);
    }
}

/// Finds a client that no person has to type. Where the server does not register glauth, a person may know one.
fn find_client(
    plan: &mut Plan<'_>,
    session: &Session<'_>,
    person: &dyn Person,
) -> Result<(), AuthorizeError> {
    match plan.find_client(session) {
        Err(AuthorizeError::Client(ClientError::Registration(
            refused @ RegistrationError::Refused { .. },
        ))) if person.can_answer() => {
            person.hear(&refused.to_string());
            Ok(())
        }
        done => done,
    }
}

/// Where programs share a client, they share its only grant.
fn check_standby(setup: &Setup, host: &Host, policy: StandbyPolicy) -> Result<(), ClientError> {
    match shared_client(&setup.client) {
        Some(SharedClient { name, .. }) if policy == StandbyPolicy::Always => {
            let host = host.clone();
            Err(ClientError::SharedClient { host, name })
        }
        _ => Ok(()),
    }
}

/// What a person should know of a client that another program has too.
fn sharing(setup: &Setup, id: &AccountId) -> Option<String> {
    let name = shared_client(&setup.client)?.name;
    Some(format!(
        "{id}: this login shares the client id of {name}, and the consent page shows that name; it can end a login with {name} as the same user"
    ))
}

/// Scopes that look like several: a comma separates at some servers only.
fn scopes_in_doubt(setup: &Setup) -> Vec<String> {
    let doubtful = setup.scopes.iter().filter(|scope| scope.contains(','));
    let sentence = |scope: &String| {
        format!(
            "the scope `{scope}` has a comma in it, and {} takes that for one scope; separate scopes by spaces",
            setup.provider.title
        )
    };
    doubtful.map(sentence).collect()
}

/// Asks the person for what the plan lacks. Returns how they consent, and all that this needs.
fn complete(
    plan: &mut Plan<'_>,
    method: Option<ConsentMethod>,
    person: &dyn Person,
) -> Result<(ConsentMethod, Setup), AuthorizeError> {
    let asks = person.can_answer();
    if asks && plan.client_id().is_none() {
        let register = plan.to_register();
        let typed = person.client_id(register.as_ref(), &plan.redirect_uri())?;
        // A shared one is offered again.
        let offered = register.is_some_and(|it| it.shared.iter().any(|shared| shared.id == typed));
        if !offered && !typed.contains(char::is_control) {
            person.client_id_typed(&typed);
        }
        plan.set_client_id(typed);
    }
    if let Some(configured) = plan.passed_over() {
        person.client_id_passed_over(configured);
    }
    let method = |setup: &Setup| method.unwrap_or_else(|| suitable_method(setup, person));
    match plan.setup() {
        Err(ClientError::SecretMissing(_)) if asks => {}
        Ok(setup) if asks && setup.lacks_secret(method(&setup)) => {}
        complete => {
            let setup = complete?;
            return Ok((method(&setup), setup));
        }
    }
    let typed = person.client_secret(plan.provider().title)?;
    plan.set_client_secret(typed);
    let setup = plan.setup()?;
    Ok((method(&setup), setup))
}

/// How this person consents, if the caller does not say it.
fn suitable_method(setup: &Setup, person: &dyn Person) -> ConsentMethod {
    if !person.has_browser() {
        ConsentMethod::DeviceIfPossible
    } else if setup.lacks_secret(ConsentMethod::Browser) && setup.can_use_device() {
        ConsentMethod::Device
    } else {
        ConsentMethod::Browser
    }
}

/// What becomes of the login that is there, and whose login the consent should be.
fn becomes_of_login(store: &Store, plan: &Plan<'_>, gets_standby: bool) -> Option<String> {
    let id = &plan.id;
    let wanted = plan.user_wanted();
    let wanted = wanted.as_deref();
    let Some(record) = plan.replaces() else {
        let others = other_users(store, id).into_iter();
        let mut others = others.filter(|(_, user)| wanted.is_none_or(|it| it == user.username));
        let (account, user) = others.next()?;
        let name = &user.username;
        return Some(format!(
            "{id}: account {account} is logged in as {name} already; log in as another user, or {name} has two logins"
        ));
    };
    let whose = of(record.identity.as_ref());
    let other_user = match (&record.identity, wanted) {
        (Some(user), Some(wanted)) if user.username != wanted => {
            format!("; then it is the login of {wanted}")
        }
        _ => String::new(),
    };
    Some(if gets_standby {
        format!("{id}: asking for a standby grant beside the login{whose}")
    } else if has_ended(record.login()?) {
        format!("{id}: the login{whose} has ended; this one takes its place{other_user}")
    } else {
        format!("{id}: the login{whose} stays until the new one is complete{other_user}")
    })
}

/// Whether only a new login helps.
fn has_ended(login: &Login) -> bool {
    let ended = |grant: &Grant| matches!(grant.state, GrantState::LoginRequired { .. });
    login.grants.iter().all(ended)
}

fn has_room(record: &Record) -> bool {
    record.login().and_then(Login::room_for_standby).is_some()
}

fn of(identity: Option<&Identity>) -> String {
    identity.map_or_else(String::new, |found| format!(" of {}", found.username))
}
