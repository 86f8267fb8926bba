//! What can be had without the lock: a look at the record, and at the server.

use super::super::error::FlowError;
use super::why_not::login_required;
use super::{Need, Obtained, What};
use crate::credential::{
    self, AccountId, CheckVerdict, Content, Grant, GrantState, Login, Record, Stop, Verdict, decide,
};
use crate::flow::session::Session;
use crate::oauth;

/// What is stored and fresh, without the lock and without the server. The error tells why it is
/// not handed out.
pub fn stored(session: &Session<'_>, record: Record, need: &Need) -> Result<Obtained, FlowError> {
    let id = &record.id;
    let login = login_of(&record)?;
    match decide(login, session.now(), &need.at_first()) {
        Verdict::Use(grant) => Obtained::of(record, grant, What::Found, need, Vec::new()),
        Verdict::Stop(Stop::LoginRequired) => Err(login_required(id, login, None)),
        _ => Err(FlowError::NothingFresh(id.clone())),
    }
}

/// Asks the server whether the token that is handed out now is alive; where none is, since the answer to a refresh
/// may be lost, whether the last token that was is.
#[must_use]
pub fn check_now(session: &Session<'_>, login: &Login) -> Option<CheckVerdict> {
    let is_doubtful = |grant: &Grant| matches!(grant.state, GrantState::Doubtful { .. });
    let doubtful = || login.grants.iter().position(is_doubtful);
    let grant = credential::handed_out(login).or_else(doubtful)?;
    login.client.check_endpoint.as_ref()?;
    let token = &login.grants[grant].access_token;
    Some(oauth::check(session.http, &login.client, token))
}

pub(in crate::flow) fn read(session: &Session<'_>, id: &AccountId) -> Result<Record, FlowError> {
    let record = session.look(id)?;
    let record = record.ok_or_else(|| FlowError::NoLogin(id.clone()))?;
    login_of(&record)?;
    Ok(record)
}

pub(super) fn login_of(record: &Record) -> Result<&Login, FlowError> {
    record
        .login()
        .ok_or_else(|| logged_out(record).unwrap_or_else(|| FlowError::NoLogin(record.id.clone())))
}

/// The same, taken out of its record.
pub(super) fn login_in(record: Record) -> Result<(AccountId, Login), FlowError> {
    match record.content {
        Content::Login(login) => Ok((record.id, login)),
        Content::LoggedOut(_) | Content::Password(_) => Err(FlowError::NoLogin(record.id)),
    }
}

/// Since when a person has logged out of this account, or moved its login away; `None`: that is not so.
pub(in crate::flow) fn logged_out(record: &Record) -> Option<FlowError> {
    let Content::LoggedOut(tombstone) = &record.content else {
        return None;
    };
    let (id, at) = (record.id.clone(), tombstone.at);
    tombstone.was_login().then(|| match tombstone.moved_to() {
        Some(to) => FlowError::MovedAway {
            id,
            to: to.into(),
            at,
        },
        None => FlowError::LoggedOut { id, at },
    })
}

/// What a record says, for `-vv`.
pub(super) fn in_brief(record: &Record) -> String {
    let grants = record.login().map_or(&[][..], |login| &login.grants);
    let grants = grants.iter().enumerate().map(|(number, grant)| {
        let token = grant.access_token.fingerprint();
        let end = grant.expires_at;
        let end = end.map_or_else(String::new, |end| format!(" expires at {}", end.local()));
        let state = grant.state.as_str();
        format!("grant {number} is {state}, its token {token}{end}")
    });
    let grants: Vec<String> = grants.collect();
    format!("generation {}, {}", record.generation(), grants.join("; "))
}
