//! A record's times, from one machine's clock to another one's: a shared store keeps them as its database counts.

use std::time::Duration;

use super::record::{Content, Grant, GrantState, IssuedBoot, Record};
use crate::time::Timestamp;

/// How far another clock is ahead of this machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    /// In milliseconds; negative: it is behind.
    millis: i64,
}

impl Ahead {
    /// The other clock said `theirs` when this machine's said `ours`.
    #[must_use]
    pub fn of(theirs: Timestamp, ours: Timestamp) -> Self {
        Self {
            millis: theirs.unix_millis().saturating_sub(ours.unix_millis()),
        }
    }

    /// How far apart the two are.
    #[must_use]
    pub fn distance(self) -> Duration {
        Duration::from_millis(self.millis.unsigned_abs())
    }

    /// A time of the other clock as this machine counts.
    #[must_use]
    pub fn to_ours(self, theirs: Timestamp) -> Timestamp {
        moved(theirs, self.millis.saturating_neg())
    }

    /// A time of this machine's clock as the other one counts.
    #[must_use]
    pub fn to_theirs(self, ours: Timestamp) -> Timestamp {
        moved(ours, self.millis)
    }
}

fn moved(at: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(at.unix_millis().saturating_add(millis))
}

impl Record {
    /// From the other clock to this machine's, on which it is `now`.
    pub fn to_our_clock(&mut self, ahead: Ahead, now: Timestamp) {
        self.each_time(&|at| ahead.to_ours(at));
        self.each_grant(&|grant| grant.issued_boot = IssuedBoot::of(grant.issued_at, now));
    }

    /// From this machine's clock to the other one. What the clock says that cannot be set is this machine's alone.
    pub fn to_their_clock(&mut self, ahead: Ahead) {
        self.each_time(&|at| ahead.to_theirs(at));
        self.each_grant(&|grant| grant.issued_boot = IssuedBoot::default());
    }

    fn each_grant(&mut self, change: &dyn Fn(&mut Grant)) {
        if let Content::Login(login) = &mut self.content {
            login.grants.iter_mut().for_each(change);
        }
    }

    fn each_time(&mut self, moved: &dyn Fn(Timestamp) -> Timestamp) {
        let each = |at: &mut Timestamp| *at = moved(*at);
        let each_of = |at: &mut Option<Timestamp>| *at = at.map(moved);
        let client = match &mut self.content {
            Content::Login(login) => {
                for grant in &mut login.grants {
                    grant.each_time(moved);
                }
                if let Some(attempt) = &mut login.last_attempt {
                    each(&mut attempt.started_at);
                    each_of(&mut attempt.finished_at);
                    each_of(&mut attempt.retry_at);
                    each_of(&mut attempt.failing_since);
                    each_of(&mut attempt.next_at);
                }
                &mut login.client
            }
            Content::LoggedOut(tombstone) => {
                each(&mut tombstone.at);
                &mut tombstone.client
            }
            // What git asks to keep stays on its machine.
            Content::Password(_) => return,
        };
        if let Some(registration) = &mut client.login.registration {
            each(&mut registration.at);
            each_of(&mut registration.secret_expires_at);
        }
    }
}

impl Grant {
    fn each_time(&mut self, moved: &dyn Fn(Timestamp) -> Timestamp) {
        self.issued_at = moved(self.issued_at);
        self.expires_at = self.expires_at.map(moved);
        self.refresh_expires_at = self.refresh_expires_at.map(moved);
        self.answer_lost_at = self.answer_lost_at.map(moved);
        match &mut self.state {
            GrantState::Active => {}
            GrantState::Doubtful { since } | GrantState::LoginRequired { since } => {
                *since = moved(*since);
            }
        }
        if let Some(refusals) = &mut self.refusals {
            refusals.since = moved(refusals.since);
            refusals.next_at = moved(refusals.next_at);
        }
    }
}
