//! What a server's refusals and failures in a row come to: how long the next request waits, and when
//! a person is needed although the server never said so (P4, P10). Pure.

use std::time::Duration;

use super::outcome::Outcome;
use super::record::{Grant, GrantState, Login, Refusals};
use crate::time::Timestamp;

/// A clock may be this far behind the one that wrote a record before it counts as set back.
pub const CLOCK_SLACK: Duration = Duration::from_secs(60);

/// The first wait after a failure. Each failure in a row doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait where the server may have seen the request: twelve looping callers send it at
/// most one request a minute then.
pub const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The longest wait where nothing was sent: there is no server to spare, and the network may be back
/// at any moment.
pub const LONGEST_WAIT_UNSENT: Duration = Duration::from_secs(2);

/// How long the next request waits after so many failures in a row.
pub(super) fn wait(failures: u64, nothing_sent: bool) -> Duration {
    let longest = if nothing_sent {
        LONGEST_WAIT_UNSENT
    } else {
        LONGEST_WAIT
    };
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    let factor = 2u32.checked_pow(doublings).unwrap_or(u32::MAX);
    FIRST_WAIT.saturating_mul(factor).min(longest)
}

/// Whether a wait until then is in force: not where the clock was set back since.
fn in_force(until: Timestamp, now: Timestamp) -> bool {
    now < until && now >= until.minus(LONGEST_WAIT).minus(CLOCK_SLACK)
}

/// Until when no request for this grant is sent after failures without `Retry-After`, and which
/// failure that was. The wait after a refusal or a lost answer is the grant's, any other the login's.
#[must_use]
pub fn pause(login: &Login, grant: usize, now: Timestamp) -> Option<(Timestamp, Outcome)> {
    let refused = login.grants.get(grant)?.refusals.as_ref();
    let refused = refused.map(|refusals| (refusals.next_at, Outcome::RefreshRefused));
    let last = login.last_attempt.as_ref().filter(|last| {
        last.outcome != Outcome::RefreshRefused && last.outcome.is_adopted(last.grant == grant)
    });
    let failed = last.and_then(|last| Some((last.next_at?, last.outcome)));
    let waits = [refused, failed].into_iter().flatten();
    waits
        .filter(|(until, _)| in_force(*until, now))
        .max_by_key(|(until, _)| *until)
}

impl Grant {
    /// Whether the server's `invalid_grant` may be a mistake (an early refresh refused, a replica that
    /// lags): nothing but that word speaks against a grant whose access token lives. Where an answer
    /// may be lost, or a caller was refused the access token, the word counts at once.
    pub(super) fn may_be_refused_by_mistake(&self, now: Timestamp) -> bool {
        self.state == GrantState::Active
            && self.answer_lost_at.is_none()
            && !self.refused
            && !self.has_expired(now)
    }

    /// Notes one more refused request.
    pub(super) fn note_refusal(&mut self, invalid: bool, said: Option<String>, now: Timestamp) {
        let before = self.refusals.as_ref();
        let count = before
            .map_or(0, |refusals| refusals.count)
            .saturating_add(1);
        self.refusals = Some(Refusals {
            count,
            since: before.map_or(now, |refusals| refusals.since),
            next_at: now.plus(wait(count, false)),
            invalid,
            said,
        });
    }
}

impl Login {
    /// Since when the server has refused every request, so that a person is needed. `None`: a grant
    /// is good, or nothing is known of it.
    #[must_use]
    pub fn refused_since(&self, now: Timestamp) -> Option<Timestamp> {
        let ended = |grant: &&Grant| matches!(grant.state, GrantState::LoginRequired { .. });
        let mut left = self.grants.iter().filter(|grant| !ended(grant)).peekable();
        left.peek()?;
        let since = left.map(|grant| {
            let refusals = grant.refusals.as_ref();
            let lasting = refusals.filter(|refusals| refusals.need_person(now));
            lasting.map(|refusals| refusals.since)
        });
        since.collect::<Option<Vec<_>>>()?.into_iter().min()
    }

    /// The server's own words at the last request that it refused.
    #[must_use]
    pub fn said(&self) -> Option<&str> {
        let refusals = self
            .grants
            .iter()
            .filter_map(|grant| grant.refusals.as_ref());
        let latest = refusals.max_by_key(|refusals| refusals.next_at)?;
        latest.said.as_deref()
    }

    /// Forgets what the server said of the client that is replaced; its `Retry-After` holds for all.
    pub fn forget_refusals(&mut self) {
        let lost_client = self.has_lost_client();
        for grant in &mut self.grants {
            grant.refusals = None;
        }
        if let Some(last) = &mut self.last_attempt {
            if lost_client {
                last.outcome = Outcome::ClientRejected;
            }
            last.failures = 0;
            last.failing_since = None;
            last.next_at = None;
        }
    }
}

#[cfg(test)]
mod tests;
