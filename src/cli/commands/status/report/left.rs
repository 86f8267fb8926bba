//! What a process left that did not end its refresh, or could not know how that ended: when, by whom,
//! which generation, and what comes next.

use std::time::Duration;

use crate::credential::{Attempt, Grant, GrantState, Login, Outcome, ReuseDetection};
use crate::flow::{refusals, why_refresh_failed};
use crate::time::{Timestamp, ago, human};

/// A sentence for each, without the account's name.
pub(super) fn remarks(login: &Login, now: Timestamp) -> Vec<String> {
    let pending = login
        .last_attempt
        .as_ref()
        .filter(|attempt| attempt.outcome == Outcome::Pending);
    let mut all: Vec<String> = pending
        .into_iter()
        .map(|attempt| under_way(login, attempt, now))
        .collect();
    all.extend(doubts(login, now));
    all
}

/// The same of the grants whose answer may be lost.
pub(in crate::cli::commands) fn doubts(login: &Login, now: Timestamp) -> Vec<String> {
    let grants = login.grants.iter().enumerate();
    let doubts = grants.filter_map(|(index, grant)| match grant.state {
        GrantState::Doubtful { since } => Some(doubtful(login, index, grant, since, now)),
        GrantState::Active | GrantState::LoginRequired { .. } => None,
    });
    doubts.collect()
}

/// What the server says where it does not refresh, and otherwise why the last refresh failed.
pub(in crate::cli::commands) fn failures(login: &Login, now: Timestamp) -> Vec<String> {
    let mut texts = refusals(login, now);
    if texts.is_empty() {
        texts.extend(last_failure(login, now).map(|(_, text)| text));
    }
    texts
}

/// Why the last refresh failed. What [`doubts`] tells is not told again.
pub(in crate::cli::commands) fn last_failure(
    login: &Login,
    now: Timestamp,
) -> Option<(Outcome, String)> {
    let last = login.last_attempt.as_ref()?;
    let outcome = last.outcome;
    let why = match (&last.said, outcome) {
        (_, Outcome::Pending | Outcome::Rotated) => return None,
        (Some(said), _) => said.clone(),
        (None, Outcome::AnswerLost | Outcome::CutOff) if !doubts(login, now).is_empty() => {
            return None;
        }
        (None, _) => format!("the server {}", why_refresh_failed(outcome)),
    };
    let when = last
        .finished_at
        .map_or_else(String::new, |end| format!(" {}", ago(now.since(end))));
    let code = outcome.as_str();
    Some((
        outcome,
        format!("the last refresh failed{when} (`{code}`): {why}"),
    ))
}

fn under_way(login: &Login, attempt: &Attempt, now: Timestamp) -> String {
    let which = which(login, attempt.grant);
    format!(
        "a refresh{which} began {} ({}) and has not ended; if that process is dead, the next call recovers its answer, or finds out whether it is lost",
        ago(now.since(attempt.started_at)),
        attempt.by,
    )
}

fn doubtful(
    login: &Login,
    index: usize,
    grant: &Grant,
    since: Timestamp,
    now: Timestamp,
) -> String {
    let by = login
        .last_attempt
        .as_ref()
        .filter(|attempt| attempt.grant == index);
    let by = by.map_or_else(String::new, |attempt| format!(", {}", attempt.by));
    let left = grant.left(now);
    let next = match (login.client.replay, left) {
        (ReuseDetection::Revokes, left) if left != Some(Duration::ZERO) => {
            let until = left.map_or_else(String::new, |left| format!(" for {}", human(left)));
            format!(
                "a second presentation could end the login at this server, so glauth uses its token{until}, until it expires, and only then presents the refresh token once more"
            )
        }
        _ => {
            "the next call presents the refresh token once more: that works, or the login has ended"
                .to_owned()
        }
    };
    format!(
        "the answer to a refresh{} may be lost ({}{by}); {next}",
        which(login, index),
        ago(now.since(since)),
    )
}

/// Which grant of two; nothing where there is one.
fn which(login: &Login, grant: usize) -> &'static str {
    match (login.grants.len(), grant) {
        (0 | 1, _) => "",
        (_, 0) => " of the first grant",
        (..) => " of the second grant",
    }
}
