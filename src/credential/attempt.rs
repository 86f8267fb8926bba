//! An attempt to refresh a grant, from the mark before the request to its end, and what each end
//! does to the record (ARCHITECTURE.md, "The states of a grant"). Pure: the store writes down what comes out.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::client::RotationEffect;
use super::outcome::{Attempt, Cause, Outcome};
use super::record::{Generation, Grant, GrantState, IssuedBoot, Login, LoginKind, Record};
use super::refusal::wait;
use crate::secret::{AccessToken, RefreshToken};
use crate::time::Timestamp;

/// The longest that a `Retry-After` is believed, whatever the server or the clocks say (P4): a wrong header must not lock a login out for a day.
pub const BACKOFF_LIMIT: Duration = Duration::from_secs(60 * 60);

/// A shorter lifetime is that of an imported token whose age was not known, and says nothing of the next one.
const SHORTEST_LIFETIME: Duration = Duration::from_secs(60);

/// What a process saw of a record before it had the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The highest generation then.
    pub generation: Generation,
    /// The last attempt then.
    pub attempt: Option<Attempt>,
}

impl Seen {
    /// Notes what `record` says now.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        Self {
            generation: record.generation(),
            attempt: record.login().and_then(|login| login.last_attempt.clone()),
        }
    }
}

/// A sound answer of a token endpoint (RFC 6749 §5.1).
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The new access token.
    pub access_token: AccessToken,
    /// The new refresh token; `None`: the old one stays (RFC 6749 §6).
    pub refresh_token: Option<RefreshToken>,
    /// `Bearer` where the server said nothing.
    pub token_type: String,
    /// `None`: as they were (RFC 6749 §5.1).
    pub scopes: Option<Vec<String>>,
    /// How long the access token lives from its issue; `None` where the server does not say: as long as
    /// the one before.
    pub expires_in: Option<Duration>,
    /// How long the refresh token lives, where the server says so.
    pub refresh_expires_in: Option<Duration>,
}

/// How an attempt ends.
#[derive(Debug, Clone)]
pub enum Ending {
    /// With a new generation.
    Rotated(Rotation),
    /// With a verdict, and the server's own words.
    Failed(Failed, Option<String>),
}

impl Ending {
    /// What the server's answer came to, before the grant has its say.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Rotated(_) => Outcome::Rotated,
            Self::Failed(failed, _) => failed.outcome,
        }
    }
}

/// A verdict on an attempt, one row of the table in docs/refusals.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// Which one.
    pub outcome: Outcome,
    /// The server may have rotated all the same.
    pub may_have_rotated: bool,
    /// How long the server asked to be left alone (RFC 9110 §10.2.3).
    pub retry_after: Option<Duration>,
    /// The server has not seen the request.
    pub nothing_sent: bool,
    /// The server does not know the client that it registered for glauth itself. That says nothing of the grant's access
    /// token.
    pub forgot_client: bool,
}

impl Failed {
    /// A verdict that leaves the grant as it was.
    #[must_use]
    pub fn unchanged(outcome: Outcome) -> Self {
        Self {
            outcome,
            may_have_rotated: false,
            retry_after: None,
            nothing_sent: false,
            forgot_client: false,
        }
    }

    /// A verdict on a request that never left.
    #[must_use]
    pub fn unsent(outcome: Outcome) -> Self {
        Self {
            nothing_sent: true,
            ..Self::unchanged(outcome)
        }
    }

    /// The same for a machine's login: whatever the server refuses, it refuses the client, since there is no grant that
    /// could end. A lost answer costs nothing that cannot be asked for again.
    #[must_use]
    pub fn of_a_machine(self) -> Self {
        Self {
            outcome: match self.outcome {
                Outcome::LoginRequired | Outcome::RefreshRefused => Outcome::ClientRejected,
                other => other,
            },
            may_have_rotated: false,
            ..self
        }
    }

    /// A verdict after which it is unknown whether the grant was rotated.
    #[must_use]
    pub fn doubtful(outcome: Outcome) -> Self {
        Self {
            may_have_rotated: true,
            ..Self::unchanged(outcome)
        }
    }
}

impl Login {
    /// Marks the beginning of an attempt on the grant at `grant`.
    pub fn begin_attempt(&mut self, grant: usize, cause: Cause, by: String, now: Timestamp) {
        let last = self.last_attempt.as_ref();
        self.last_attempt = Some(Attempt {
            sequence: last.map_or(0, |last| last.sequence).saturating_add(1),
            grant,
            cause,
            by,
            started_at: now,
            outcome: Outcome::Pending,
            finished_at: None,
            retry_at: None,
            failures: last.map_or(0, |last| last.failures),
            failing_since: last.and_then(|last| last.failing_since),
            next_at: None,
            said: None,
        });
    }

    /// Writes down how the pending attempt ended. The refresh token of a rotation is not looked
    /// at but for its name: the store keeps it.
    pub fn end_attempt(&mut self, ending: &Ending, now: Timestamp) {
        let is_machine = self.kind == LoginKind::ClientCredentials;
        let next_generation = self.grants.iter().map(|g| g.generation).max().unwrap_or(0) + 1;
        let Some(attempt) = &mut self.last_attempt else {
            return;
        };
        let Some(grant) = self.grants.get_mut(attempt.grant) else {
            return;
        };
        attempt.finished_at = Some(now);
        match ending {
            Ending::Rotated(rotation) => {
                attempt.outcome = Outcome::Rotated;
                attempt.failures = 0;
                attempt.failing_since = None;
                grant.rotate(rotation, next_generation, attempt);
            }
            Ending::Failed(failed, said) => {
                let failed = if is_machine {
                    failed.of_a_machine()
                } else {
                    *failed
                };
                fail(grant, attempt, failed, said.as_ref(), now);
            }
        }
    }

    /// Ends an attempt whose process died, and whose answer is nowhere to be found: it may be
    /// lost. Does nothing unless an attempt is pending.
    pub fn cut_off(&mut self, now: Timestamp) {
        let pending = |attempt: &Attempt| attempt.outcome == Outcome::Pending;
        if self.last_attempt.as_ref().is_some_and(pending) {
            let cut_off = Ending::Failed(Failed::doubtful(Outcome::CutOff), None);
            self.end_attempt(&cut_off, now);
        }
    }

    /// Takes back an attempt of which nothing was sent: the server has seen nothing.
    #[cfg(feature = "postgres")]
    pub fn take_back_attempt(&mut self) {
        // Says nothing of the server, so no process waits because of it.
        let unsent = Failed::unsent(Outcome::CutOff);
        let is_pending = |attempt: &Attempt| attempt.outcome == Outcome::Pending;
        if self.last_attempt.as_ref().is_some_and(is_pending) {
            let finished = self.last_attempt.as_ref().map(|attempt| attempt.started_at);
            let unsent = Ending::Failed(unsent, None);
            self.end_attempt(&unsent, finished.unwrap_or_else(Timestamp::now));
        }
    }

    /// Whether the grant at `index` is being rotated at this moment, or its process died over it.
    #[must_use]
    pub fn is_pending(&self, index: usize) -> bool {
        self.last_attempt
            .as_ref()
            .is_some_and(|last| last.outcome == Outcome::Pending && last.grant == index)
    }

    /// Whether a lease on the token of the grant at `index` keeps it from being refreshed for this
    /// cause (P6): only where that would end a living token, and only because it ends
    /// soon. A refused one is dead already, and a caller that asks for a rotation means it.
    #[must_use]
    pub fn heeds_leases(&self, index: usize, cause: Cause, now: Timestamp) -> bool {
        let kills = self.client.rotation == RotationEffect::Kills;
        let alive = |grant: &Grant| {
            grant.state == GrantState::Active && !grant.refused && !grant.has_expired(now)
        };
        kills && cause == Cause::Expiring && self.grants.get(index).is_some_and(alive)
    }

    /// Whether the server no longer knew the client at the last attempt: the tokens of living grants are good until
    /// they expire, and none of them can be refreshed.
    #[must_use]
    pub fn has_lost_client(&self) -> bool {
        let last = self.last_attempt.as_ref();
        let last = last.filter(|last| last.outcome == Outcome::LoginRequired);
        let grant = last.and_then(|last| self.grants.get(last.grant));
        grant.is_some_and(|grant| grant.state == GrantState::Active)
    }

    /// Which attempt has not ended yet.
    #[must_use]
    pub fn pending_sequence(&self) -> Option<u64> {
        let last = self.last_attempt.as_ref()?;
        (last.outcome == Outcome::Pending).then_some(last.sequence)
    }

    /// Whether `answer` is the end of the attempt that is pending here (I4): then nothing was lost,
    /// and it takes this login's place.
    #[must_use]
    pub fn is_ended_by(&self, answer: &Self) -> bool {
        let ended = answer.last_attempt.as_ref();
        let ended = ended.filter(|last| last.outcome != Outcome::Pending);
        ended.is_some_and(|last| self.pending_sequence() == Some(last.sequence))
    }

    /// Numbers the generations of a new login on from the last one of what it replaces (I5).
    pub fn count_on_from(&mut self, before: Generation) {
        for (grant, generation) in self.grants.iter_mut().zip(before + 1..) {
            grant.generation = generation;
        }
    }
}

/// Writes down a verdict.
fn fail(
    grant: &mut Grant,
    attempt: &mut Attempt,
    failed: Failed,
    said: Option<&String>,
    now: Timestamp,
) {
    let invalid = failed.outcome == Outcome::LoginRequired;
    let lives_on = failed.forgot_client && grant.may_be_refused_by_mistake(attempt.started_at);
    attempt.outcome = if failed.forgot_client {
        failed.outcome
    } else {
        grant.judge(failed.outcome, attempt)
    };
    attempt.retry_at = failed
        .retry_after
        .map(|wait| now.plus(wait.min(BACKOFF_LIMIT)));
    attempt.said = said.cloned();
    match attempt.outcome {
        // A death of ours says nothing of the server.
        Outcome::CutOff => {}
        Outcome::LoginRequired => grant.note_refusal(invalid, said.cloned(), now),
        outcome => {
            attempt.note_failure(failed.nothing_sent, now);
            if outcome == Outcome::RefreshRefused {
                grant.note_refusal(invalid, said.cloned(), now);
            }
        }
    }
    // A process died some time after it started.
    let since = match attempt.outcome {
        Outcome::CutOff => attempt.started_at,
        _ => now,
    };
    if !lives_on {
        grant.fail(attempt.outcome, failed.may_have_rotated, since);
    }
}

impl Attempt {
    /// Counts a failure, and says when the next request may leave.
    fn note_failure(&mut self, nothing_sent: bool, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.failing_since.get_or_insert(now);
        self.next_at = Some(now.plus(wait(self.failures, nothing_sent)));
    }
}

impl Grant {
    fn rotate(&mut self, rotation: &Rotation, generation: Generation, attempt: &Attempt) {
        self.generation = generation;
        self.access_token = rotation.access_token.clone();
        if let Some(token) = &rotation.refresh_token {
            self.refresh_token = Some(token.into());
        }
        self.token_type.clone_from(&rotation.token_type);
        if let Some(scopes) = &rotation.scopes {
            self.scopes.clone_from(scopes);
        }
        let expires_in = rotation.expires_in.or_else(|| self.kept_lifetime());
        self.issued_at = attempt.started_at;
        // The store notes it, since only that knows when this is.
        self.issued_boot = IssuedBoot::default();
        self.expires_at = expires_in.map(|life| self.issued_at.plus(life));
        if let Some(life) = rotation.refresh_expires_in {
            self.refresh_expires_at = Some(self.issued_at.plus(life));
        } else if rotation.refresh_token.is_some() {
            self.refresh_expires_at = None;
        }
        self.cause = attempt.cause;
        self.state = GrantState::Active;
        self.refused = false;
        self.answer_lost_at = None;
        self.refusals = None;
    }

    /// The lifetime of a next token of which the server says none: that of the token before
    /// (RFC 6749 §5.1 lets it leave out what it said once).
    fn kept_lifetime(&self) -> Option<Duration> {
        self.lifetime().filter(|life| *life >= SHORTEST_LIFETIME)
    }

    /// The verdict as it counts for this grant: one `invalid_grant` does not end what may have been
    /// refused by mistake.
    fn judge(&self, outcome: Outcome, attempt: &Attempt) -> Outcome {
        let ends = outcome == Outcome::LoginRequired && attempt.cause != Cause::Refused;
        if ends && self.may_be_refused_by_mistake(attempt.started_at) {
            Outcome::RefreshRefused
        } else {
            outcome
        }
    }

    fn fail(&mut self, outcome: Outcome, may_have_rotated: bool, since: Timestamp) {
        if may_have_rotated {
            self.answer_lost_at.get_or_insert(since);
        }
        if outcome == Outcome::LoginRequired {
            self.state = GrantState::LoginRequired { since };
        } else if may_have_rotated && self.state == GrantState::Active {
            self.state = GrantState::Doubtful { since };
        }
    }
}

#[cfg(test)]
mod tests;
