//! What a failure comes to for the caller that met it. Pure, as the decision is.

use super::decide::{decide, living};
use super::need::{Asked, Need};
use super::record::Login;
use super::verdict::Verdict;
use crate::time::Timestamp;

/// The token that is handed out all the same, with a warning: one that lives. Who asked for a
/// refresh gets an error, unless the server `ended` a grant beside one that lives on: a login that
/// cannot be refreshed any more is what a timer must hear of in time.
#[must_use]
pub fn fall_back(login: &Login, now: Timestamp, need: &Need<'_>, ended: bool) -> Option<usize> {
    let asked_token = need.asked == Asked::Token;
    if !asked_token && !ended {
        return None;
    }
    let alive = living(login, now, need)?;
    (asked_token || login.grants[alive].refresh_token.is_some()).then_some(alive)
}

/// Whether the other grant is asked for a token, now that the server has ended one: only where
/// none that lives is left.
#[must_use]
pub fn goes_on(login: &Login, now: Timestamp, need: &Need<'_>) -> bool {
    let alive = living(login, now, need).is_some();
    let renewable = matches!(decide(login, now, need), Verdict::Refresh { .. });
    !alive && renewable
}
