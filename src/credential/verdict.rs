//! What a decision comes to.

use std::fmt;

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
    /// The server called this grant's refresh token invalid, and its access token dead: mark the
    /// grant as ended, then decide again.
    End(usize),
    /// Refresh this grant.
    Refresh {
        /// The grant's place in the login.
        grant: usize,
        /// The reason for the request.
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
    /// A request failed a moment ago, and none is sent before the time that goes with that.
    Paused {
        /// Until then.
        until: Timestamp,
        /// How it failed.
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

/// For who wants to be told each step.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Use(grant) => write!(f, "the token of grant {grant} will do"),
            Self::Check(grant) => write!(f, "the server is asked about the token of grant {grant}"),
            Self::Mark(grant) => write!(f, "the token of grant {grant} is dead"),
            Self::End(grant) => write!(f, "the server has ended grant {grant}"),
            Self::Refresh { grant, cause } => {
                let why = match cause {
                    Cause::Login => "of a login",
                    Cause::Expiring => "its token ends too soon",
                    Cause::Refused => "its token was refused",
                    Cause::Asked => "that was asked for",
                };
                write!(f, "grant {grant} is to be refreshed, because {why}")
            }
            Self::WaitForLeases(grant) => {
                write!(f, "the token of grant {grant} is held by somebody: wait")
            }
            Self::Stop(stop) => stop.fmt(f),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::TokenRefused => "the refused token is good",
            Self::Unverified(_) => "whether the token is alive cannot be found out now",
            Self::Backoff { until, .. } => {
                let until = until.local();
                return write!(f, "the server asks to wait until {until}");
            }
            Self::Paused { until, outcome } => {
                let (outcome, until) = (outcome.as_str(), until.local());
                return write!(
                    f,
                    "the last request failed ({outcome}); the next one waits until {until}"
                );
            }
            Self::Adopted(outcome) => {
                return write!(
                    f,
                    "another process has just found out: {}",
                    outcome.as_str()
                );
            }
            Self::LoginRequired => "there is nothing to get a token with",
            Self::TooShort => "no token is valid for long enough, and none can be refreshed",
            Self::LeftAlone => "a grant in doubt is left alone while its token lives",
            Self::Alive { .. } => "a token lives, and has time yet",
            Self::JustRotated => "another process has just refreshed it",
        };
        f.write_str(text)
    }
}
