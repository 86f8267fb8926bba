//! What a failure comes to for the caller that met it. Pure, as the decision is.

use super::client::RotationEffect;
use super::decide::{decide, living};
use super::need::{Asked, Demand};
use super::record::{GrantState, Login};
use super::verdict::{Stop, Verdict};
use crate::time::Timestamp;

/// The token that is handed out all the same, with a warning: one that lives. A caller that asked for a
/// refresh gets an error, unless the server `ended` a grant beside one that lives on: a login that
/// cannot be refreshed any more is what a timer must hear of in time, also where its token still lives.
#[must_use]
pub fn fall_back(login: &Login, now: Timestamp, need: &Demand<'_>, ended: bool) -> Option<usize> {
    let asked_token = need.asked == Asked::Token;
    if !asked_token && !ended {
        return None;
    }
    let alive = living(login, now, need)?;
    let is_good = login.can_refresh(&login.grants[alive]) && !login.has_lost_client();
    (asked_token || is_good).then_some(alive)
}

/// Whether the call goes on to the other grant, now that the server has refused one or (`ended`) has
/// ended it: only where no token that lives is left, and something can be done about the other one.
/// After a death also where that has to wait: then no person is needed.
#[must_use]
pub fn goes_on(login: &Login, now: Timestamp, need: &Demand<'_>, ended: bool) -> bool {
    if living(login, now, need).is_some() {
        return false;
    }
    match decide(login, now, need) {
        Verdict::Stop(Stop::LoginRequired | Stop::Adopted(_)) => false,
        Verdict::Stop(_) => ended,
        _ => true,
    }
}

/// Whether the check endpoint is asked about the access token of a grant whose refresh token was just
/// called invalid: only where a rotation kills, so that a dead access token means a dead login.
#[must_use]
pub fn asks_first(login: &Login, grant: usize, now: Timestamp) -> bool {
    let Some(grant) = login.grants.get(grant) else {
        return false;
    };
    let invalid = grant.refusals.as_ref().is_some_and(|found| found.invalid);
    let kills = login.client.rotation == RotationEffect::Kills;
    let can_ask = login.client.check_endpoint.is_some();
    invalid && kills && can_ask && grant.state == GrantState::Active && !grant.has_expired(now)
}
