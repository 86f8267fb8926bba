//! One refresh of one grant, with the lock in hand: stage → exchange → commit → release
//! (ARCHITECTURE.md, "What a program holds").

use std::time::Instant;

use super::apart;
use super::error::FlowError;
use super::session::{Session, Where};
use crate::credential::{AccountId, Cause, Client, Ending, Failed, Outcome, Record};
use crate::fault;
use crate::http::{CONNECT_LIMIT, SendError, origin_of};
use crate::log::Level;
use crate::oauth::{self, Answer, Exchanged};
use crate::store::{Locked, NotStaged, Occupied, Staged, StoreError};
use crate::time::human;

/// A refresh that has ended, with the lock released.
pub(super) struct Done {
    /// The record as it is now.
    pub record: Record,
    /// The verdict as it counts for this grant, unless it was rotated.
    pub failed: Option<Outcome>,
    /// The verdict as the server gave it.
    pub verdict: Option<Failed>,
    /// What happened, for a person.
    pub message: String,
    /// The server's own words.
    pub said: Option<String>,
    /// The next step, where the cause has one of its own.
    pub advice: Option<Box<str>>,
    /// What a person should know all the same.
    pub warnings: Vec<String>,
}

/// What a try to refresh came to.
pub(super) enum Tried {
    /// A request was made, and has ended.
    Done(Box<Done>),
    /// Another process replaced the lock file, and nothing was sent: once more from the lock on.
    LockLost,
    /// Another process holds a lease on the token that would end; nothing was sent.
    Leased(Box<Locked<Occupied>>),
    /// This process cannot send a request, by its own environment. Nothing was sent or marked: others, whose
    /// environment may be good, have nothing to adopt (P4).
    Unfit(Box<Locked<Occupied>>, SendError),
    /// No process of its own could do it, and nothing was sent: once more in this one, with the lock if it is
    /// still there.
    NoProcess(Option<Box<Locked<Occupied>>>),
    /// It was rotated, and the answer is safe beside the record, where the next look under the lock finds
    /// it; what a person should know all the same.
    InTheStore(Vec<String>),
    /// A request was made, and what came of it is not known here, for this reason.
    Unknown(FlowError),
}

/// Refreshes one grant, once, and lets the lock go.
pub(super) fn exchange_under_lock(
    session: &Session<'_>,
    id: &AccountId,
    locked: Locked<Occupied>,
    grant: usize,
    cause: Cause,
    place: Where,
) -> Result<Tried, FlowError> {
    let client = locked.record().client();
    if let Some(trouble) = client.and_then(|client| oauth::obstacle(session.http, client)) {
        return Ok(Tried::Unfit(Box::new(locked), trouble));
    }
    if place == Where::Apart {
        return apart::exchange(session, id, locked, grant, cause);
    }
    match locked.stage(grant, cause, session.now(), when_interrupted(id)) {
        Ok(staged) => Ok(match exchange(session, id, staged, cause) {
            Ok(done) => Tried::Done(Box::new(done)),
            Err(error) => Tried::Unknown(error.into()),
        }),
        Err(not_staged) => nothing_sent(session, not_staged),
    }
}

/// What [`Tried::Unfit`] is for the caller.
pub(super) fn unfit(id: &AccountId, trouble: &SendError) -> FlowError {
    FlowError::Failed {
        id: id.clone(),
        outcome: trouble.outcome(),
        message: trouble.to_string().into(),
        said: None,
        retry_at: None,
        advice: trouble.advice(),
    }
}

/// What it comes to that a refresh could not be prepared.
pub(super) fn nothing_sent(
    session: &Session<'_>,
    not_staged: NotStaged,
) -> Result<Tried, FlowError> {
    match not_staged {
        NotStaged::Store(locked, error) => {
            drop(locked);
            Err(error.into())
        }
        NotStaged::LockLost(path) => {
            session.log.note(Level::Verbose, || {
                format!("`{}` was replaced; once more", path.display())
            });
            Ok(Tried::LockLost)
        }
        NotStaged::Leased(locked) => Ok(Tried::Leased(locked)),
    }
}

/// Sends the request, stores what comes of it, and lets the lock go.
pub(super) fn exchange(
    session: &Session<'_>,
    id: &AccountId,
    staged: Staged,
    cause: Cause,
) -> Result<Done, StoreError> {
    let spent = staged.refresh_token().fingerprint();
    let asked_at = Instant::now();
    session.log.note(Level::Trace, || {
        "reserved room for the answer, and marked the attempt as pending".to_owned()
    });
    let client = staged.client().clone();
    let exchanged = {
        let _slow = session.slow(waiting_for(id));
        let token = oauth::Presented::Refresh(staged.refresh_token());
        oauth::exchange(session.http, &client, token, session.clock)
    };
    let took = asked_at.elapsed();
    fault::point("answered");
    let advice = exchanged.advice();
    let (ending, verdict, said) = match &exchanged.answer {
        Answer::Granted(rotation) => (Ending::Rotated(rotation.clone()), None, None),
        Answer::Refused(failed, said) => {
            let ending = Ending::Failed(*failed, said.clone());
            (ending, Some(*failed), said.clone())
        }
    };
    let mut locked = staged.commit(&ending, session.now())?;
    let warnings = locked.take_warnings();
    let record = locked.record().clone();
    drop(locked);
    let last = record.login().and_then(|login| login.last_attempt.as_ref());
    let outcome = last.map_or(Outcome::Pending, |last| last.outcome);
    let message = describe(id, &client, &exchanged, sentence(outcome));
    session.log.note(Level::Verbose, || {
        format!(
            "presented the refresh token {spent} ({}): {}, after {took:.1?}",
            cause.as_str(),
            outcome.as_str()
        )
    });
    Ok(Done {
        record,
        failed: (outcome != Outcome::Rotated).then_some(outcome),
        verdict,
        message,
        said,
        advice,
        warnings: warnings.iter().map(ToString::to_string).collect(),
    })
}

/// What a person who watches is told after a second.
pub(super) fn waiting_for(id: &AccountId) -> String {
    format!("waiting for {} to refresh the login", id.host)
}

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
        Answer::Granted(_) => None,
        Answer::Refused(_, said) => said.as_deref(),
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
