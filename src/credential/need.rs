//! What a caller needs, and what is known meanwhile: what goes into a decision.

use std::time::Duration;

use super::attempt::Seen;
use super::outcome::Outcome;
use crate::secret::AccessToken;

/// How much life `token` wants to hand out by default: enough to start a command and let
/// it make its request.
pub const DEFAULT_MIN_TTL: Duration = Duration::from_secs(60);

/// How much life `exec` wants by default: a command works for longer than a request takes.
pub const EXEC_MIN_TTL: Duration = Duration::from_secs(5 * 60);

/// What a caller needs.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    /// A token, or the next one made ready.
    pub asked: Asked,
    /// How long the token must still live.
    pub min_ttl: MinTtl,
    /// The token that a server refused to this caller: never handed out to it again (P7).
    pub rejected: Option<&'a AccessToken>,
    /// What the check endpoint said of a token.
    pub checked: Option<&'a Checked>,
    /// What this process saw before it had the lock; `None` until it has it.
    pub seen: Option<&'a Seen>,
    /// The token on which a command was found to hold a lease, under this very lock: the one that
    /// would have been refreshed.
    pub leased: Option<&'a AccessToken>,
    /// Whether the next request leaves at once after a failure; what the server asked for
    /// (`Retry-After`) holds all the same.
    pub impatient: bool,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A working access token.
    Token,
    /// The next token, without ending one that is alive; with a length of time only where less
    /// than that is left.
    Refresh(Option<Duration>),
    /// A rotation now, even if a command holds the token.
    Force,
}

/// How long a token must still live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MinTtl {
    /// This or a tenth of the lifetime, whichever is less; one with less is better than none.
    Preferred(Duration),
    /// At least this, or no token; nine tenths of the lifetime count as all that can be had.
    Demanded(Duration),
}

impl MinTtl {
    /// What it comes to for a token with this lifetime.
    #[must_use]
    pub fn within(self, lifetime: Option<Duration>) -> Duration {
        match (self, lifetime) {
            (Self::Preferred(wish) | Self::Demanded(wish), None) => wish,
            (Self::Preferred(wish), Some(lifetime)) => wish.min(lifetime / 10),
            (Self::Demanded(wish), Some(lifetime)) => wish.min(lifetime * 9 / 10),
        }
    }
}

/// A token, and what the server said when it was asked whether that is alive.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Which one.
    pub token: AccessToken,
    /// The answer.
    pub verdict: CheckVerdict,
}

/// What a check endpoint said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckVerdict {
    /// 200.
    Alive,
    /// 401.
    Dead,
    /// No answer, 429, 5xx: it cannot tell now, and this is why.
    Silent(Outcome),
    /// Any other answer: as good as no endpoint.
    Unknown,
}

/// Behind the token that was asked about.
impl std::fmt::Display for CheckVerdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Alive => f.write_str("works"),
            Self::Dead => f.write_str("no longer works"),
            Self::Silent(outcome) => write!(f, "cannot be checked now ({})", outcome.as_str()),
            Self::Unknown => f.write_str("cannot be checked"),
        }
    }
}
