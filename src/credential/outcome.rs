//! An attempt as a record keeps it: why, by whom, and how it ended.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Why a generation was made, or an attempt started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A person logged in.
    Login,
    /// The token had too little life left.
    Expiring,
    /// A caller got a 401 for the token.
    Refused,
    /// `glauth refresh`.
    Asked,
}

/// Every cause with its name in a record.
const CAUSES: [(Cause, &str); 4] = [
    (Cause::Login, "login"),
    (Cause::Expiring, "expiring"),
    (Cause::Refused, "refused"),
    (Cause::Asked, "asked"),
];

impl Cause {
    /// As in a record.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let found = CAUSES.iter().find(|(cause, _)| *cause == self);
        found.map_or("", |(_, name)| name)
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let found = CAUSES.iter().find(|(_, known)| *known == name);
        found.map(|(cause, _)| *cause)
    }
}

/// The last try to refresh a grant of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// +1 at every attempt.
    pub sequence: u64,
    /// Which grant, by its place.
    pub grant: usize,
    /// The reason for the request.
    pub cause: Cause,
    /// The process, for people: `pid 4711 on build7`.
    pub by: String,
    /// Before the request left.
    pub started_at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// When; `None` while it is pending.
    pub finished_at: Option<Timestamp>,
    /// The server asked that no request comes before this (`Retry-After`).
    pub retry_at: Option<Timestamp>,
    /// How many attempts have failed in a row, this one included.
    pub failures: u64,
    /// When the first of them failed.
    pub failing_since: Option<Timestamp>,
    /// No request leaves before this, since this one failed.
    pub next_at: Option<Timestamp>,
    /// The server's own words, fit to be shown.
    pub said: Option<String>,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// It has not: the mark from before the request.
    Pending,
    /// A new generation.
    Rotated,
    /// Never sent: DNS, connect.
    Unreachable,
    /// The server, or something before it, cannot answer now.
    Unavailable,
    /// 429.
    RateLimited,
    /// Sent, and no sound answer came.
    AnswerLost,
    /// The server refuses this client or this request; a person must correct the configuration.
    ClientRejected,
    /// The endpoint is not where the record says, such as a redirect.
    Config,
    /// The server's certificate does not hold.
    TlsRefused,
    /// The server refuses to refresh, and does not say that a person is needed.
    RefreshRefused,
    /// `invalid_grant`.
    LoginRequired,
    /// Written by the next process: the one that tried died.
    CutOff,
}

/// Every outcome with its name in a record.
pub(crate) const OUTCOMES: [(Outcome, &str); 12] = [
    (Outcome::Pending, "pending"),
    (Outcome::Rotated, "rotated"),
    (Outcome::Unreachable, "unreachable"),
    (Outcome::Unavailable, "unavailable"),
    (Outcome::RateLimited, "rate_limited"),
    (Outcome::AnswerLost, "answer_lost"),
    (Outcome::ClientRejected, "client_rejected"),
    (Outcome::Config, "config"),
    (Outcome::TlsRefused, "tls_refused"),
    (Outcome::RefreshRefused, "refresh_refused"),
    (Outcome::LoginRequired, "login_required"),
    (Outcome::CutOff, "cut_off"),
];

impl Outcome {
    /// As in a record.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        OUTCOMES
            .iter()
            .find(|(outcome, _)| *outcome == self)
            .map_or("", |(_, name)| name)
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        OUTCOMES
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(outcome, _)| *outcome)
    }

    /// Whether the processes that queued behind this attempt take its verdict for their own (P4), when they
    /// would refresh `own_grant`: a verdict on the server as a whole, or on that very grant.
    /// A process that died leaves no verdict.
    #[must_use]
    pub fn is_adopted(self, same_grant: bool) -> bool {
        match self {
            Self::Unreachable
            | Self::Unavailable
            | Self::RateLimited
            | Self::ClientRejected
            | Self::Config
            | Self::TlsRefused => true,
            Self::AnswerLost | Self::RefreshRefused | Self::LoginRequired => same_grant,
            Self::Pending | Self::Rotated | Self::CutOff => false,
        }
    }
}
