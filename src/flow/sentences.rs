//! What people are told of a token request: while it lasts, and when it has failed.

use crate::credential::{AccountId, Client, Outcome};
use crate::http::{CONNECT_LIMIT, origin_of};
use crate::oauth::{self, Exchanged, TokenAnswer};
use crate::time::human;

/// What the first Ctrl-C is told.
pub(super) fn when_interrupted(id: &AccountId) -> String {
    let limit = CONNECT_LIMIT + oauth::ANSWER_LIMIT_TIME;
    format!(
        "finishing the refresh of {id} first, so that the login is not lost (up to {})",
        human(limit)
    )
}

/// What a person is told about a token request that failed.
pub(super) fn describe(
    id: &AccountId,
    client: &Client,
    exchanged: &Exchanged,
    sentence: &str,
) -> String {
    if let Some(trouble) = &exchanged.trouble {
        return trouble.to_string();
    }
    let words = match &exchanged.answer {
        TokenAnswer::Granted(_) => None,
        TokenAnswer::Refused(_, said) => said.as_deref(),
    };
    let server = client
        .token_endpoint
        .as_ref()
        .map_or_else(|| id.host.to_string(), origin_of);
    let status = exchanged
        .status
        .map_or_else(String::new, |status| format!(" (status {status})"));
    let words = words.map_or_else(String::new, |words| {
        format!(": {}", words.trim_end_matches('.'))
    });
    format!("{server} {sentence}{status}{words}")
}

/// An outcome as the end of a sentence about a server.
pub(super) fn sentence(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pending => "has not answered yet",
        Outcome::Rotated => "answered with new tokens",
        Outcome::Unreachable => "could not be reached",
        Outcome::Unavailable => "cannot refresh now",
        Outcome::RateLimited => "asks for fewer requests",
        Outcome::AnswerLost => "gave no usable answer",
        Outcome::ClientRejected => "refused the request",
        Outcome::Config => "is not a token endpoint",
        Outcome::TlsRefused => "could not be reached over TLS",
        Outcome::RefreshRefused => "refused to refresh",
        Outcome::LoginRequired => "has ended the login",
        Outcome::CutOff => "was asked by a process that died",
    }
}
