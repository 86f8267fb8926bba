//! Why there is no token, or none as was wished for, in words that a person can read.

use super::super::error::FlowError;
use super::What;
use crate::flow::sentences::sentence;
use std::time::Duration;

use crate::credential::{AccountId, Grant, GrantState, Login, MinTtl, Outcome, Stop};
use crate::time::{Timestamp, ago, human};

pub(in crate::flow) fn login_required(
    id: &AccountId,
    login: &Login,
    said: Option<String>,
) -> FlowError {
    if !login.is_renewable() {
        return FlowError::NotRenewable {
            id: id.clone(),
            kind: login.kind,
        };
    }
    let lost = login.grants.iter().filter_map(|grant| grant.answer_lost_at);
    FlowError::LoginRequired {
        id: id.clone(),
        lost_at: lost.max(),
        is_registered: login.client.login.registration.is_some(),
        said: said.or_else(|| login.said().map(ToOwned::to_owned)),
    }
}

/// A refresh that failed, with the time of the next try. One that the server has refused for long
/// needs a person.
pub(in crate::flow) fn failed(
    id: &AccountId,
    login: &Login,
    outcome: Outcome,
    message: String,
    now: Timestamp,
) -> FlowError {
    let last = login.last_attempt.as_ref();
    let next_at = last.and_then(|last| last.next_at);
    with_next(id, login, outcome, message, next_at, now)
}

/// That a person is needed, since the server has refused every request for long.
pub(in crate::flow) fn refused_for_long(
    id: &AccountId,
    login: &Login,
    now: Timestamp,
) -> Option<FlowError> {
    let since = login.refused_since(now)?;
    let refusals = login
        .grants
        .iter()
        .filter_map(|grant| grant.refusals.as_ref());
    let next_at = refusals.map(|refusals| refusals.next_at).max();
    Some(FlowError::RefusesToRefresh {
        id: id.clone(),
        since,
        said: login.said().map(Into::into),
        next: next_try(next_at, now).into(),
    })
}

/// What the server has refused, a sentence for each grant, without the account's name.
#[must_use]
pub fn refusals(login: &Login, now: Timestamp) -> Vec<String> {
    let sentence = |(place, grant): (usize, &Grant)| {
        let refusals = grant.refusals.as_ref()?;
        let said = refusals.said.as_deref().map_or_else(String::new, |said| {
            format!(": {}", said.trim_end_matches('.'))
        });
        let since = refusals.since;
        let which = match (login.grants.len(), place) {
            (0 | 1, _) => "the grant",
            (_, 0) => "the first grant",
            (..) => "the second grant",
        };
        if let GrantState::LoginRequired { since } = grant.state {
            return Some(format!(
                "the server ended {which} {}{said}",
                ago(now.since(since))
            ));
        }
        let times = match refusals.count {
            1 => "once".to_owned(),
            count => format!("{count} times in a row"),
        };
        let ago = ago(now.since(since));
        let next = next_try(Some(refusals.next_at), now);
        Some(format!(
            "the server has refused to refresh {which} since {} ({ago}), {times}{said}{next}",
            since.local()
        ))
    };
    login
        .grants
        .iter()
        .enumerate()
        .filter_map(sentence)
        .collect()
}

fn with_next(
    id: &AccountId,
    login: &Login,
    outcome: Outcome,
    message: String,
    next_at: Option<Timestamp>,
    now: Timestamp,
) -> FlowError {
    let last = login.last_attempt.as_ref();
    let asked = last.and_then(|last| last.retry_at).filter(|at| now < *at);
    let said = match outcome {
        Outcome::RefreshRefused => login.said(),
        _ => last.and_then(|last| last.said.as_deref()),
    };
    let next = next_try(asked.max(next_at), now);
    if may_pass(outcome)
        && let Some(FlowError::RefusesToRefresh {
            id, since, said, ..
        }) = refused_for_long(id, login, now)
    {
        // What is no refusal does not end that a person is needed.
        let trouble = match outcome {
            Outcome::RefreshRefused => String::new(),
            _ => format!("; this time {message}"),
        };
        return FlowError::RefusesToRefresh {
            id,
            since,
            said,
            next: (trouble + &next).into(),
        };
    }
    let next = if asked.is_some() { "" } else { &*next };
    FlowError::Failed {
        id: id.clone(),
        outcome,
        message: (message + next).into(),
        said: said.map(Into::into),
        retry_at: asked,
        trouble: None,
    }
}

/// Whether another request may succeed without a person.
fn may_pass(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::RefreshRefused
            | Outcome::Unavailable
            | Outcome::RateLimited
            | Outcome::AnswerLost
            | Outcome::Unreachable
    )
}

/// A request failed a moment ago, and the next one waits.
fn paused(
    id: &AccountId,
    login: &Login,
    outcome: Outcome,
    until: Timestamp,
    now: Timestamp,
) -> FlowError {
    let last = login.last_attempt.as_ref();
    let last = last.filter(|last| last.outcome == outcome);
    let tried = last.and_then(|last| last.finished_at);
    let tried = tried.map_or_else(String::new, |at| format!(" (tried {})", ago(now.since(at))));
    let said = match outcome {
        Outcome::RefreshRefused => login.said(),
        _ => last.and_then(|last| last.said.as_deref()),
    };
    let words = said.map_or_else(String::new, |said| {
        format!(": {}", said.trim_end_matches('.'))
    });
    let message = format!("{} {}{tried}{words}", id.host, sentence_alone(outcome));
    with_next(id, login, outcome, message, Some(until), now)
}

/// An outcome as the end of a sentence about a server, where no status or cause came along that would
/// tell the ones from the others.
#[must_use]
pub fn sentence_alone(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Config => {
            "is no token endpoint, is run by another user, or has a CA file or a proxy that cannot be used"
        }
        other => sentence(other),
    }
}

/// When the server is asked again, as the end of a sentence.
fn next_try(at: Option<Timestamp>, now: Timestamp) -> String {
    let left = at.map(|at| at.since(now)).filter(|left| !left.is_zero());
    left.map_or_else(String::new, |left| {
        // Rounded up: at the time that is named it is over.
        let seconds = left.as_millis().div_ceil(1000);
        let left = Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX));
        format!("; the next try is in {}", human(left))
    })
}

pub(super) fn too_short(id: &AccountId, login: &Login) -> FlowError {
    let ends = login.grants.iter().filter_map(|grant| grant.expires_at);
    FlowError::TooShort {
        id: id.clone(),
        until: ends.max(),
    }
}

/// A wish that the server can never meet was cut to what it can.
pub(super) fn cut_short(id: &AccountId, grant: &Grant, min_ttl: MinTtl) -> Option<String> {
    let MinTtl::Demanded(wish) = min_ttl else {
        return None;
    };
    let lifetime = grant.lifetime()?;
    (min_ttl.within(Some(lifetime)) < wish).then(|| {
        format!(
            "a life of {} cannot be had: tokens of {} live for {}; nine tenths of that were asked for instead",
            human(wish),
            id.host,
            human(lifetime)
        )
    })
}

/// What a verdict to do nothing comes to.
pub(super) fn of_stop(
    id: &AccountId,
    login: &Login,
    stop: Stop,
    now: Timestamp,
) -> Result<What, FlowError> {
    let plain = |outcome, message: String, retry_at| FlowError::Failed {
        id: id.clone(),
        outcome,
        message: message.into(),
        said: None,
        retry_at,
        trouble: None,
    };
    Err(match stop {
        Stop::JustRotated => return Ok(What::JustRotated),
        // The next request waits, and would not help.
        Stop::Alive { .. } | Stop::Paused { .. } if login.has_lost_client() => {
            login_required(id, login, None)
        }
        // The token has time yet, and the server has refused the next one for long.
        Stop::Alive { .. } => match refused_for_long(id, login, now) {
            None => return Ok(What::Alive),
            Some(refused) => refused,
        },
        Stop::TokenRefused => FlowError::TokenRefused(id.clone()),
        Stop::LoginRequired | Stop::Adopted(Outcome::LoginRequired) => {
            login_required(id, login, None)
        }
        Stop::TooShort => too_short(id, login),
        Stop::LeftAlone => plain(
            Outcome::AnswerLost,
            format!(
                "the answer to a refresh of {id} may be lost; asking again while its token lives could end the login"
            ),
            None,
        ),
        Stop::Unverified(outcome) => plain(
            outcome,
            format!("{} could not say whether the token is alive", id.host),
            None,
        ),
        Stop::Backoff { until, outcome } => plain(
            outcome,
            format!("{} asks to wait until {}", id.host, until.local()),
            Some(until),
        ),
        Stop::Adopted(outcome) => {
            let last = login.last_attempt.as_ref();
            let by = last.map_or("another process", |last| last.by.as_str());
            let message = format!(
                "{by} has just asked {}, which {}",
                id.host,
                sentence_alone(outcome)
            );
            failed(id, login, outcome, message, now)
        }
        Stop::Paused { until, outcome } => paused(id, login, outcome, until, now),
    })
}
