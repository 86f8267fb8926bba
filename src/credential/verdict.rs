//! What a decision comes to.

use super::outcome::{Cause, Outcome};
use crate::time::Timestamp;

/// What is to be done. Numbers are places in `Login::grants`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// This grant's token is fresh: hand it out.
    Use(usize),
    /// Ask the check endpoint about this grant's token, without the lock, then decide again.
    Check(usize),
    /// This grant's token is dead: mark it refused, then decide again.
    Mark(usize),
    /// Refresh this grant.
    Refresh {
        /// Which.
        grant: usize,
        /// Why.
        cause: Cause,
    },
    /// This grant's token lives and is leased: wait, with no lock in hand, until nobody holds a
    /// lease or it has expired, then decide again.
    WaitForLeases(usize),
    /// Nothing can or need be done.
    Stop(Stop),
}

/// Why nothing is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The refused token is good: something else is wrong.
    TokenRefused,
    /// Whether a token is alive could not be found out.
    Unverified(Outcome),
    /// The server asked to be left alone.
    Backoff {
        /// Until then.
        until: Timestamp,
        /// With which answer.
        outcome: Outcome,
    },
    /// Another process failed meanwhile, with this outcome, which holds for this one too (P4).
    Adopted(Outcome),
    /// No token and nothing to get one with.
    LoginRequired,
    /// There is a token, with less life than was demanded, and nothing to get another one with.
    TooShort,
    /// There is a doubtful grant, and presenting its refresh token once more could end it: not
    /// while its token lives.
    LeftAlone,
    /// A refresh was asked for, and would end a token that is alive, or has time yet.
    Alive {
        /// Until then; `None`: no end is known.
        until: Option<Timestamp>,
    },
    /// A refresh was asked for, and another process has just done it.
    JustRotated,
}
