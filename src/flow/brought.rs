//! What a login that was brought is worth: a command that leaves one which cannot be used says so.

use super::attempt::{exchange_under_lock, unfit};
use super::error::FlowError;
use super::refresh::{ended, refused_for_long, why_failed};
use super::session::{RefreshesIn, Session};
use super::tried::AttemptedRefresh;
use super::warning::Warning;
use crate::credential::{
    AccountId, Asked, Cause, Demand, GrantState, Login, MinTtl, Outcome, Stop, Verdict, backoff,
    decide,
};
use crate::secret::Fingerprint;
use crate::store::Entry;

/// What is done about a login that was stored, or that was there: if the refresh token that came is the
/// current one of a grant that is taken to have ended, it is presented, once, whatever comes of it.
/// Otherwise the login must be usable. Returns what a person should know all the same.
///
/// The store is looked at only where there is something to present: a login that is stored is a success.
pub(super) fn try_brought(
    session: &Session<'_>,
    id: &AccountId,
    login: &Login,
    refresh_token: Option<Fingerprint>,
) -> Result<Vec<Warning>, FlowError> {
    match refresh_token.filter(|token| ended_grant(login, *token).is_some()) {
        Some(token) => present(session, id, token),
        None => check_usable(session, id, login).map(|()| Vec::new()),
    }
}

pub(super) fn check_usable(
    session: &Session<'_>,
    id: &AccountId,
    login: &Login,
) -> Result<(), FlowError> {
    let now = session.now();
    let need = Demand {
        asked: Asked::Token,
        min_ttl: MinTtl::Preferred(std::time::Duration::ZERO),
        rejected: None,
        checked: None,
        seen: None,
        leased: None,
        impatient: false,
    };
    if decide(login, now, &need) == Verdict::Stop(Stop::LoginRequired) {
        return Err(ended(id, login, None));
    }
    refused_for_long(id, login, now).map_or(Ok(()), Err)
}

/// The place of the ended grant that has this refresh token now.
fn ended_grant(login: &Login, token: Fingerprint) -> Option<usize> {
    login.grants.iter().position(|grant| {
        let current = grant.refresh_token.as_ref();
        let is_it = current.is_some_and(|name| name.fingerprint() == token);
        is_it && matches!(grant.state, GrantState::LoginRequired { .. })
    })
}

fn present(
    session: &Session<'_>,
    id: &AccountId,
    token: Fingerprint,
) -> Result<Vec<Warning>, FlowError> {
    let wait = session.wait(session.deadline());
    let Entry::Occupied(locked) = session.store.lock(id, &wait)? else {
        return Ok(Vec::new());
    };
    let Some(login) = locked.record().login() else {
        return Ok(Vec::new());
    };
    let Some(grant) = ended_grant(login, token) else {
        return Ok(Vec::new());
    };
    if let Some((until, outcome)) = backoff(login, session.now()) {
        return Err(FlowError::Failed {
            id: id.clone(),
            outcome,
            message: format!("{} asks to wait until {}", id.host, until.local()).into(),
            said: None,
            retry_at: Some(until),
            trouble: None,
        });
    }
    let place = session.refreshes;
    let mut tried = exchange_under_lock(session, id, locked, grant, Cause::Asked, place)?;
    if let AttemptedRefresh::NoProcess(Some(locked)) = tried {
        tried = exchange_under_lock(session, id, *locked, grant, Cause::Asked, RefreshesIn::Here)?;
    }
    let done = match tried {
        AttemptedRefresh::Done(done) => *done,
        AttemptedRefresh::InTheStore(warnings) => return Ok(plain(warnings)),
        AttemptedRefresh::Unfit(_, trouble) => return Err(unfit(id, &trouble)),
        AttemptedRefresh::Unknown(error) => return Err(error),
        AttemptedRefresh::LockLost
        | AttemptedRefresh::Leased(_)
        | AttemptedRefresh::NoProcess(_) => {
            return Err(FlowError::TooManyTurns(id.clone()));
        }
    };
    match (done.failed, done.record.login()) {
        (None, _) | (_, None) => Ok(plain(done.warnings)),
        (Some(Outcome::LoginRequired), Some(login)) => Err(ended(id, login, done.said)),
        (Some(outcome), Some(login)) => {
            Err(why_failed(id, login, outcome, done.message, session.now())
                .because_of(done.trouble))
        }
    }
}

fn plain(warnings: Vec<String>) -> Vec<Warning> {
    warnings.into_iter().map(Into::into).collect()
}
