//! The one decision that every command asks, before the lock and again under it
//! (ARCHITECTURE.md, "The decision"). Pure: a login, the time and a need go in, a verdict comes out.

use std::time::Duration;

use super::attempt::BACKOFF_LIMIT;
use super::client::{ReuseDetection, RotationEffect};
use super::need::{Asked, CheckVerdict, Checked, Demand, MinTtl};
use super::outcome::{Cause, Outcome};
use super::record::{Grant, GrantState, Login};
use super::refusal::{CLOCK_SLACK, pause};
use super::verdict::{Stop, Verdict};
use crate::time::Timestamp;

/// Two programs that refuse each other's new tokens rotate them no faster than this, where the
/// server cannot be asked (P7).
const REFUSED_AGAIN: Duration = Duration::from_secs(120);

/// Decides (see the module).
#[must_use]
pub fn decide(login: &Login, now: Timestamp, need: &Demand<'_>) -> Verdict {
    View { login, now, need }.verdict()
}

/// The grant whose access token is handed out: the longest-lived of those that are active and not
/// refused, the first one on a tie. It may have expired.
#[must_use]
pub fn handed_out(login: &Login) -> Option<usize> {
    longest(login, |_, grant| {
        grant.state == GrantState::Active && !grant.refused
    })
}

/// The token to fall back on where no fresh one can be had: the longest-lived of those that live,
/// in an active grant rather than in a doubtful one.
#[must_use]
pub fn living(login: &Login, now: Timestamp, need: &Demand<'_>) -> Option<usize> {
    let view = View { login, now, need };
    let active = |grant: &Grant| grant.state == GrantState::Active;
    longest(login, |index, grant| active(grant) && view.lives(index))
        .or_else(|| longest(login, |index, _| view.lives(index)))
}

/// Until when the server wants to be left alone, and with which answer it said so.
#[must_use]
pub fn backoff(login: &Login, now: Timestamp) -> Option<(Timestamp, Outcome)> {
    let last = login.last_attempt.as_ref()?;
    let (until, asked_at) = (last.retry_at?, last.finished_at?);
    // It counts for an hour at most, whatever the clocks say.
    let in_force =
        now < until && now < asked_at.plus(BACKOFF_LIMIT) && now >= asked_at.minus(CLOCK_SLACK);
    in_force.then_some((until, last.outcome))
}

/// The place of the longest-lived token among those that `fits`, the first one on a tie.
fn longest(login: &Login, fits: impl Fn(usize, &Grant) -> bool) -> Option<usize> {
    let mut best: Option<(usize, Option<Timestamp>)> = None;
    for (index, grant) in login.grants.iter().enumerate() {
        let longer = match best {
            None => true,
            Some((_, None)) => false,
            Some((_, Some(end))) => grant.expires_at.is_none_or(|own| own > end),
        };
        if longer && fits(index, grant) {
            best = Some((index, grant.expires_at));
        }
    }
    best.map(|(index, _)| index)
}

/// What could be refreshed.
enum Candidate {
    Grant(usize),
    /// Only after the check endpoint was asked about it.
    Ask(usize),
    /// The check endpoint was asked and could not tell.
    Unverified(Outcome),
    /// There is one, but its token lives and a replay would revoke the grant.
    LeftAlone,
    None,
}

/// What is known of the life of a doubtful grant's token, where a replay revokes.
enum Doubt {
    Lives,
    Dead,
    Unasked,
    Silent(Outcome),
}

struct View<'a> {
    login: &'a Login,
    now: Timestamp,
    need: &'a Demand<'a>,
}

impl View<'_> {
    fn verdict(&self) -> Verdict {
        if let Some(ended) = self.called_dead() {
            return Verdict::End(ended);
        }
        match self.need.asked {
            Asked::Token => {
                if let Some(verdict) = self.claim() {
                    return verdict;
                }
                let fresh = longest(self.login, |index, _| self.is_fresh(index));
                fresh.map_or_else(|| self.renew(), Verdict::Use)
            }
            Asked::Refresh(_) | Asked::Force => self.renew(),
        }
    }

    /// The grant whose refresh token the server called invalid while its access token was taken to
    /// live, and whose access token it calls dead now: that was no mistake. Of one that has expired
    /// meanwhile the server would say so in any case.
    fn called_dead(&self) -> Option<usize> {
        let dead = |checked: &&Checked| checked.verdict == CheckVerdict::Dead;
        let token = &self.need.checked.filter(dead)?.token;
        self.login.grants.iter().position(|grant| {
            let invalid = grant.refusals.as_ref().is_some_and(|found| found.invalid);
            let in_time = grant.state == GrantState::Active && !self.is_expired(grant);
            invalid && in_time && grant.access_token == *token
        })
    }

    /// What a caller's 401 comes to: only a token that is handed out, alive by the clock and
    /// unmarked, is a claim that must be checked.
    fn claim(&self) -> Option<Verdict> {
        let rejected = self.need.rejected?;
        let index = handed_out(self.login)?;
        let grant = &self.login.grants[index];
        if grant.access_token != *rejected || self.is_expired(grant) {
            return None;
        }
        let Some(verdict) = self.check_of(grant) else {
            return Some(Verdict::Check(index));
        };
        Some(match verdict {
            CheckVerdict::Alive => Verdict::Stop(Stop::TokenRefused),
            CheckVerdict::Silent(outcome) => Verdict::Stop(Stop::Unverified(outcome)),
            CheckVerdict::Unknown if self.is_refused_again(grant) => {
                Verdict::Stop(Stop::TokenRefused)
            }
            CheckVerdict::Dead | CheckVerdict::Unknown => Verdict::Mark(index),
        })
    }

    /// What the check endpoint said of this grant's token; `None`: it was not asked yet. Where
    /// there is no endpoint, it is unknown.
    fn check_of(&self, grant: &Grant) -> Option<CheckVerdict> {
        if self.login.client.check_endpoint.is_none() {
            return Some(CheckVerdict::Unknown);
        }
        let checked = self.need.checked?;
        (checked.token == grant.access_token).then_some(checked.verdict)
    }

    fn is_refused_again(&self, grant: &Grant) -> bool {
        let pause = REFUSED_AGAIN.max(grant.lifetime().unwrap_or_default() / 10);
        grant.cause == Cause::Refused && self.now < grant.issued_at.plus(pause)
    }

    fn renew(&self) -> Verdict {
        if self.need.asked != Asked::Token && self.rotated_meanwhile() {
            return Verdict::Stop(Stop::JustRotated);
        }
        if self.need.asked == Asked::Token && self.server_gives_no_more() {
            let alive = living(self.login, self.now, self.need);
            return alive.map_or(Verdict::Stop(Stop::TooShort), Verdict::Use);
        }
        let grant = match self.candidate() {
            Candidate::Grant(grant) => grant,
            Candidate::Ask(grant) => return Verdict::Check(grant),
            Candidate::Unverified(outcome) => return Verdict::Stop(Stop::Unverified(outcome)),
            Candidate::LeftAlone if self.need.asked == Asked::Token => {
                let good = self.need.checked.is_some_and(|checked| {
                    checked.verdict == CheckVerdict::Alive
                        && self.need.rejected == Some(&checked.token)
                });
                return Verdict::Stop(if good {
                    Stop::TokenRefused
                } else {
                    Stop::LeftAlone
                });
            }
            Candidate::LeftAlone | Candidate::None => return Verdict::Stop(self.no_candidate()),
        };
        if let Some(stop) = self.reason_to_wait(grant) {
            return Verdict::Stop(stop);
        }
        let cause = self.cause(grant);
        if self.must_wait(grant, cause) {
            return match (self.need.min_ttl, living(self.login, self.now, self.need)) {
                (MinTtl::Preferred(_), Some(alive)) => Verdict::Use(alive),
                _ => Verdict::WaitForLeases(grant),
            };
        }
        Verdict::Refresh { grant, cause }
    }

    /// Whether what another process has rotated since this one looked had too little life already when it
    /// came, as behind a slow server: a rotation more would end it for nothing (P1).
    fn server_gives_no_more(&self) -> bool {
        let (Some(seen), Some(last)) = (self.need.seen, &self.login.last_attempt) else {
            return false;
        };
        let (Outcome::Rotated, Some(came_at)) = (last.outcome, last.finished_at) else {
            return false;
        };
        self.login.grants.get(last.grant).is_some_and(|grant| {
            let wanted = self.need.min_ttl.within(grant.lifetime());
            let too_short = |end: Timestamp| end.since(came_at) <= wanted;
            grant.generation > seen.generation
                && !self.is_refused(grant)
                && grant.expires_at.is_some_and(too_short)
        })
    }

    /// Which grant is refreshed: the one whose access token has the least life left, after those that
    /// wait for nothing. Where they are equal, an active one before a doubtful one, then the last. One
    /// that has ended is presented where a person insists, and only where there is no other.
    fn candidate(&self) -> Candidate {
        let insists = self.need.asked == Asked::Force;
        let mut other = Candidate::None;
        let mut best: Option<(usize, Rank)> = None;
        for (index, grant) in self.login.grants.iter().enumerate() {
            let ended = matches!(grant.state, GrantState::LoginRequired { .. });
            // Once a call.
            let is_out = ended && !(insists && self.is_as_seen());
            if is_out || !self.login.can_refresh(grant) {
                continue;
            }
            let doubtful = matches!(grant.state, GrantState::Doubtful { .. });
            if doubtful && self.replay_revokes() && !insists {
                match self.doubt(grant) {
                    Doubt::Dead => {}
                    Doubt::Lives => {
                        other = Candidate::LeftAlone;
                        continue;
                    }
                    Doubt::Unasked => {
                        other = Candidate::Ask(index);
                        continue;
                    }
                    Doubt::Silent(outcome) => {
                        other = Candidate::Unverified(outcome);
                        continue;
                    }
                }
            }
            let waits = pause(self.login, index, self.now).is_some();
            let rank = (ended, waits, self.life(grant), doubtful);
            if best.is_none_or(|(_, least)| rank <= least) {
                best = Some((index, rank));
            }
        }
        best.map_or(other, |(index, _)| Candidate::Grant(index))
    }

    /// Why there is nothing to refresh.
    fn no_candidate(&self) -> Stop {
        if self.need.asked != Asked::Token {
            let alive = living(self.login, self.now, self.need);
            let renewable = |grant: &&Grant| self.login.can_refresh(grant);
            return match alive
                .map(|index| &self.login.grants[index])
                .filter(renewable)
            {
                Some(grant) => Stop::Alive {
                    until: grant.expires_at,
                },
                None => Stop::LoginRequired,
            };
        }
        let ended = |grant: &Grant| matches!(grant.state, GrantState::LoginRequired { .. });
        let has_life = |grant: &Grant| !ended(grant) && !self.is_spent(grant);
        if self.login.grants.iter().any(has_life) {
            Stop::TooShort
        } else {
            Stop::LoginRequired
        }
    }

    /// Why the grant that would be refreshed is not refreshed now.
    fn reason_to_wait(&self, grant: usize) -> Option<Stop> {
        if let Asked::Refresh(only_below) = self.need.asked {
            let token = &self.login.grants[grant];
            let has_time = only_below
                .is_some_and(|limit| self.life(token) != Life::None && self.has_left(token, limit));
            if has_time || self.rotation_kills() && self.lives(grant) {
                return Some(Stop::Alive {
                    until: token.expires_at,
                });
            }
        }
        if let Some((until, outcome)) = backoff(self.login, self.now) {
            return Some(Stop::Backoff { until, outcome });
        }
        if let Some(outcome) = self.failed_meanwhile(grant) {
            return Some(Stop::Adopted(outcome));
        }
        if self.need.impatient {
            return None;
        }
        let (until, outcome) = pause(self.login, grant, self.now)?;
        Some(Stop::Paused { until, outcome })
    }

    /// The verdict of another process since this one looked, where it holds for this grant (P4).
    fn failed_meanwhile(&self, grant: usize) -> Option<Outcome> {
        let last = self.login.last_attempt.as_ref()?;
        (!self.is_as_seen() && last.outcome.is_adopted(last.grant == grant)).then_some(last.outcome)
    }

    /// Whether no attempt was made since this process looked; `true` before it has the lock.
    fn is_as_seen(&self) -> bool {
        let last = self.login.last_attempt.as_ref();
        self.need
            .seen
            .is_none_or(|seen| seen.attempt.as_ref() == last)
    }

    /// P6: a living token that a command holds a lease on is not ended because it ends soon.
    fn must_wait(&self, grant: usize, cause: Cause) -> bool {
        let leased = self.need.leased == Some(&self.login.grants[grant].access_token);
        leased && self.login.heeds_leases(grant, cause, self.now)
    }

    fn cause(&self, grant: usize) -> Cause {
        match self.need.asked {
            Asked::Refresh(_) | Asked::Force => Cause::Asked,
            Asked::Token if self.is_refused(&self.login.grants[grant]) => Cause::Refused,
            Asked::Token => Cause::Expiring,
        }
    }

    fn rotated_meanwhile(&self) -> bool {
        self.need.seen.is_some_and(|seen| {
            let now = self.login.grants.iter().map(|grant| grant.generation).max();
            now != Some(seen.generation)
        })
    }

    /// ARCHITECTURE.md, "The decision": whether the token is handed out without a refresh.
    fn is_fresh(&self, index: usize) -> bool {
        let grant = &self.login.grants[index];
        grant.state == GrantState::Active
            && !self.is_refused(grant)
            && !self.login.is_pending(index)
            && !self.is_from_the_future(grant)
            && self.is_long_enough(grant)
    }

    /// ARCHITECTURE.md, "The decision": whether the token can be fallen back on.
    fn lives(&self, index: usize) -> bool {
        let grant = &self.login.grants[index];
        let long_enough = match self.need.min_ttl {
            MinTtl::Preferred(_) => true,
            MinTtl::Demanded(_) => self.is_long_enough(grant),
        };
        let good = match grant.state {
            GrantState::LoginRequired { .. } => false,
            _ if !self.rotation_kills() => true,
            GrantState::Active => !self.login.is_pending(index),
            GrantState::Doubtful { .. } => {
                self.replay_revokes() && matches!(self.doubt(grant), Doubt::Lives)
            }
        };
        good && long_enough && !self.is_spent(grant) && !self.is_from_the_future(grant)
    }

    /// Whether a doubtful grant's token lives, where a replay revokes: by the clock, and where a
    /// rotation kills by the check endpoint too.
    fn doubt(&self, grant: &Grant) -> Doubt {
        if self.is_expired(grant) || grant.refused {
            return Doubt::Dead;
        }
        // One caller's 401 is a claim here too: believed only where there is no server to ask.
        let claimed = self.is_refused(grant);
        if !self.rotation_kills() && !claimed {
            return Doubt::Lives;
        }
        match self.check_of(grant) {
            None => Doubt::Unasked,
            Some(CheckVerdict::Unknown) if claimed => Doubt::Dead,
            Some(CheckVerdict::Alive | CheckVerdict::Unknown) => Doubt::Lives,
            Some(CheckVerdict::Dead) => Doubt::Dead,
            Some(CheckVerdict::Silent(outcome)) => Doubt::Silent(outcome),
        }
    }

    /// What counts as left when the grant to refresh is chosen.
    fn life(&self, grant: &Grant) -> Life {
        let doubtful = matches!(grant.state, GrantState::Doubtful { .. });
        if self.is_spent(grant) || doubtful && !self.replay_revokes() {
            return Life::None;
        }
        grant.expires_at.map_or(Life::Endless, Life::Until)
    }

    fn is_long_enough(&self, grant: &Grant) -> bool {
        self.has_left(grant, self.need.min_ttl.within(grant.lifetime()))
    }

    fn has_left(&self, grant: &Grant, least: Duration) -> bool {
        grant.left(self.now).is_none_or(|left| left > least)
    }

    /// The clock was set back, so it is not known how long ago the token was issued.
    fn is_from_the_future(&self, grant: &Grant) -> bool {
        self.now < grant.issued_at.minus(CLOCK_SLACK)
    }

    fn is_spent(&self, grant: &Grant) -> bool {
        self.is_expired(grant) || self.is_refused(grant)
    }

    fn is_expired(&self, grant: &Grant) -> bool {
        grant.has_expired(self.now)
    }

    fn is_refused(&self, grant: &Grant) -> bool {
        grant.refused || self.need.rejected == Some(&grant.access_token)
    }

    fn rotation_kills(&self) -> bool {
        self.login.client.rotation == RotationEffect::Kills
    }

    fn replay_revokes(&self) -> bool {
        self.login.client.replay == ReuseDetection::Revokes
    }
}

/// What goes first where a grant is chosen: not ended, not waiting, the least life left, not doubtful.
type Rank = (bool, bool, Life, bool);

/// Life left, in the order in which grants are refreshed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Life {
    None,
    Until(Timestamp),
    Endless,
}

#[cfg(test)]
mod tests;
