//! A second grant beside the first: while one is refreshed, callers hold the token of the other, and
//! a login that loses one still has the other (P6). Pure.

use super::outcome::Attempt;
use super::record::{Generation, Grant, GrantState, Login};

/// The most grants that a login has: one, and a standby.
const GRANTS: usize = 2;

/// How a login stands that may have two grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standby {
    /// There is one grant.
    None,
    /// There are two, and both are good.
    Ready,
    /// There are two, and the answer to a refresh of one may be lost.
    Doubtful,
    /// There are two, and the server has ended one.
    Lost,
}

impl Login {
    /// How its standby stands. A login whose grants have all ended has none.
    #[must_use]
    pub fn standby(&self) -> Standby {
        let ended = |grant: &&Grant| matches!(grant.state, GrantState::LoginRequired { .. });
        let active = |grant: &Grant| grant.state == GrantState::Active;
        let ended = self.grants.iter().filter(ended).count();
        if self.grants.len() < GRANTS || ended == self.grants.len() {
            Standby::None
        } else if ended > 0 {
            Standby::Lost
        } else if self.grants.iter().all(active) {
            Standby::Ready
        } else {
            Standby::Doubtful
        }
    }

    /// The place of a grant that is added: beside the only one, else that of the grant which has
    /// ended, else of the doubtful one. `None`: both are good.
    #[must_use]
    pub fn room_for_standby(&self) -> Option<usize> {
        if self.grants.len() < GRANTS {
            return Some(self.grants.len());
        }
        let place = |fits: fn(&Grant) -> bool| self.grants.iter().position(fits);
        place(|grant| matches!(grant.state, GrantState::LoginRequired { .. }))
            .or_else(|| place(|grant| matches!(grant.state, GrantState::Doubtful { .. })))
    }

    /// Puts a grant in such a place, with the next generation. Places are names
    /// ([`Attempt::grant`](super::Attempt)), so the other grant keeps its own. What was tried last
    /// on the grant that goes is no verdict on the one that comes (P4), unless the server
    /// asked to be left alone, which concerns all; whether it was dropped.
    pub fn add_grant(&mut self, place: usize, mut grant: Grant) -> bool {
        let reached: Option<Generation> = self.grants.iter().map(|grant| grant.generation).max();
        grant.generation = reached.unwrap_or(0) + 1;
        if place >= self.grants.len() {
            self.grants.push(grant);
            return false;
        }
        self.grants[place] = grant;
        let about_it = |last: &mut Attempt| last.grant == place && last.retry_at.is_none();
        self.last_attempt.take_if(about_it).is_some()
    }
}
