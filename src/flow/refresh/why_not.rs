//! Why there is no token, or none as was wished for, in words that a person can read.

use super::super::error::FlowError;
use super::super::exchange::sentence;
use super::What;
use crate::credential::{AccountId, Login, MinTtl, Outcome, Record, Stop};
use crate::time::human;

pub(super) fn login_required(id: &AccountId, login: &Login, words: Option<String>) -> FlowError {
    if login
        .grants
        .iter()
        .all(|grant| grant.refresh_token.is_none())
    {
        return FlowError::NotRenewable(id.clone());
    }
    let lost = login.grants.iter().filter_map(|grant| grant.answer_lost_at);
    FlowError::LoginRequired {
        id: id.clone(),
        lost_at: lost.max(),
        words,
    }
}

pub(super) fn too_short(id: &AccountId, login: &Login) -> FlowError {
    let ends = login.grants.iter().filter_map(|grant| grant.expires_at);
    FlowError::TooShort {
        id: id.clone(),
        until: ends.max(),
    }
}

/// A wish that the server can never meet was cut to what it can.
pub(super) fn cut_short(record: &Record, grant: usize, min_ttl: MinTtl) -> Option<String> {
    let MinTtl::Demanded(wish) = min_ttl else {
        return None;
    };
    let lifetime = record.login()?.grants.get(grant)?.lifetime()?;
    (min_ttl.within(Some(lifetime)) < wish).then(|| {
        format!(
            "a life of {} cannot be had: tokens of {} live for {}; nine tenths of that were asked for instead",
            human(wish),
            record.id.host,
            human(lifetime)
        )
    })
}

/// What a verdict to do nothing comes to.
pub(super) fn of_stop(id: &AccountId, login: &Login, stop: Stop) -> Result<What, FlowError> {
    let failed = |outcome, message: String, retry_at| FlowError::Failed {
        id: id.clone(),
        outcome,
        message,
        retry_at,
        advice: None,
    };
    Err(match stop {
        Stop::JustRotated => return Ok(What::JustRotated),
        Stop::Alive { .. } => return Ok(What::Alive),
        Stop::TokenRefused => FlowError::TokenRefused(id.clone()),
        Stop::LoginRequired => login_required(id, login, None),
        Stop::TooShort => too_short(id, login),
        Stop::LeftAlone => failed(
            Outcome::AnswerLost,
            format!(
                "the answer to a refresh of {id} may be lost; asking again while its token lives could end the login"
            ),
            None,
        ),
        Stop::Unverified(outcome) => failed(
            outcome,
            format!("{} could not say whether the token is alive", id.host),
            None,
        ),
        Stop::Backoff { until, outcome } => failed(
            outcome,
            format!("{} asked to be left alone until {until}", id.host),
            Some(until),
        ),
        Stop::Adopted(outcome) => {
            let last = login.last_attempt.as_ref();
            let by = last.map_or("another process", |last| last.by.as_str());
            let message = format!(
                "{by} has just asked {}, which {}",
                id.host,
                match outcome {
                    // No status came along that would tell the one from the others.
                    Outcome::Config => {
                        "is no token endpoint, or has a CA file or a proxy that cannot be used"
                    }
                    other => sentence(other),
                }
            );
            failed(outcome, message, last.and_then(|last| last.retry_at))
        }
    })
}
