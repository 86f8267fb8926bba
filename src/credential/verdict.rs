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
    /// This grant's token lives and is leased: wait, with no lock in hand, until no command holds a
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

/// What `-v` tells, behind the name of the login.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Use(grant) => write!(f, "uses the token of grant {grant}"),
            Self::Check(grant) => write!(f, "asks the server about the token of grant {grant}"),
            Self::Mark(grant) => write!(f, "the token of grant {grant} no longer works"),
            Self::End(grant) => write!(f, "the server has ended grant {grant}"),
            Self::Refresh { grant, cause } => {
                let why = match cause {
                    Cause::Login => "you logged in",
                    Cause::Expiring => "its token expires too soon",
                    Cause::Refused => "the server refused its token",
                    Cause::Asked => "you asked for it",
                };
                write!(f, "refreshes grant {grant}, because {why}")
            }
            Self::WaitForLeases(grant) => {
                write!(
                    f,
                    "waits, because a command uses the token of grant {grant}"
                )
            }
            Self::Stop(stop) => stop.fmt(f),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::TokenRefused => "the refused token works",
            Self::Unverified(_) => "cannot find out now whether the token works",
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
            Self::LoginRequired => "has nothing to get a token with",
            Self::TooShort => "no token is valid for long enough, and none can be refreshed",
            Self::LeftAlone => "leaves a doubtful grant alone while its token works",
            Self::Alive { .. } => "a token works, and has time left",
            Self::JustRotated => "another process has just refreshed it",
        };
        f.write_str(text)
    }
}
