//! One refresh of one grant, with the lock in hand: stage → exchange → commit → release
//! (ARCHITECTURE.md, "What a program holds").

use std::time::Instant;

use super::sentences::{describe, sentence};
use super::session::Session;
use super::tried::EndedRefresh;
use crate::credential::{AccountId, Cause, Client, Ending, Failed, Outcome, Record};
use crate::fault;
use crate::log::Level;
use crate::oauth::{self, Exchanged, TokenAnswer};
use crate::store::{Staged, StoreError};

/// Sends the request, stores what comes of it, and lets the lock go. `None`: nothing was sent, since another machine may
/// think by now that the answer is lost, or the login is gone: the record is to be read again.
pub(super) fn exchange(
    session: &Session<'_>,
    id: &AccountId,
    staged: Staged,
    cause: Cause,
) -> Result<Option<EndedRefresh>, StoreError> {
    #[cfg(feature = "postgres")]
    if staged.is_overdue() {
        session.note(Level::Verbose, id, || {
            "was stopped before the request, and sends nothing".to_owned()
        });
        // What cannot be given back ends by itself.
        staged.give_back().ok();
        return Ok(None);
    }
    match send(session, id, staged, cause) {
        #[cfg(feature = "postgres")]
        Err(error) if error.is_changed() => {
            session.note(Level::Verbose, id, || format!("{error}; looks again"));
            Ok(None)
        }
        sent => sent.map(Some),
    }
}

fn send(
    session: &Session<'_>,
    id: &AccountId,
    staged: Staged,
    cause: Cause,
) -> Result<EndedRefresh, StoreError> {
    session.note(Level::Trace, id, || {
        "reserved room for the answer, and marked the attempt as pending".to_owned()
    });
    let what = match staged.refresh_token() {
        Some(token) => format!("presented the refresh token {}", token.fingerprint()),
        None => "asked for the next token with the client's credentials".to_owned(),
    };
    let client = staged.client().clone();
    let asked_at = Instant::now();
    let exchanged = present(session, &client, &staged);
    let took = asked_at.elapsed();
    fault::point("answered");
    let (ending, verdict, said) = judged(&exchanged.answer);
    let (record, warnings) = store(session, staged, &ending)?;
    let last = record.login().and_then(|login| login.last_attempt.as_ref());
    let outcome = last.map_or_else(|| ending.outcome(), |last| last.outcome);
    session.note(Level::Verbose, id, || {
        format!(
            "{what} ({}): {}, after {took:.1?}",
            cause.as_str(),
            outcome.as_str()
        )
    });
    Ok(EndedRefresh {
        record,
        failed: (outcome != Outcome::Rotated).then_some(outcome),
        verdict,
        message: describe(id, &client, &exchanged, sentence(outcome)),
        said,
        trouble: exchanged.trouble,
        warnings,
    })
}

fn present(session: &Session<'_>, client: &Client, staged: &Staged) -> Exchanged {
    let presented = match staged.refresh_token() {
        Some(token) => oauth::Presented::Refresh(token),
        None => oauth::Presented::ClientCredentials {
            scopes: &client.login.scopes,
        },
    };
    oauth::exchange(session.http, client, presented, &|| session.now())
}

/// How the attempt ends, the server's verdict unless it is a rotation, and its own words.
fn judged(answer: &TokenAnswer) -> (Ending, Option<Failed>, Option<String>) {
    match answer {
        TokenAnswer::Granted(rotation) => (Ending::Rotated(rotation.clone()), None, None),
        TokenAnswer::Refused(failed, said) => {
            let ending = Ending::Failed(*failed, said.clone());
            (ending, Some(*failed), said.clone())
        }
    }
}

/// Writes it down, and releases the lock. After a failure, a signal waits until a person was told of it.
fn store(
    session: &Session<'_>,
    staged: Staged,
    ending: &Ending,
) -> Result<(Record, Vec<String>), StoreError> {
    let mut locked = staged.commit(ending, session.now())?;
    let warnings = locked.take_warnings();
    let record = locked.record().clone();
    let held = locked.release();
    match ending {
        Ending::Failed(..) => held.until_told(),
        Ending::Rotated(_) => drop(held),
    }
    Ok((record, warnings.iter().map(ToString::to_string).collect()))
}
