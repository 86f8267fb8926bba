//! One refresh of one grant, with the lock in hand: stage → exchange → commit → release
//! (ARCHITECTURE.md, "What a program holds").

use std::time::Instant;

use super::sentences::{describe, sentence};
use super::session::Session;
use super::tried::EndedRefresh;
use crate::credential::{AccountId, Cause, Ending, Outcome};
use crate::fault;
use crate::log::Level;
use crate::oauth::{self, TokenAnswer};
use crate::store::{Staged, StoreError};

/// Sends the request, stores what comes of it, and lets the lock go.
pub(super) fn exchange(
    session: &Session<'_>,
    id: &AccountId,
    staged: Staged,
    cause: Cause,
) -> Result<EndedRefresh, StoreError> {
    let spent = staged.refresh_token().fingerprint();
    let asked_at = Instant::now();
    session.note(Level::Trace, id, || {
        "reserved room for the answer, and marked the attempt as pending".to_owned()
    });
    let client = staged.client().clone();
    let exchanged = {
        let token = oauth::Presented::Refresh(staged.refresh_token());
        oauth::exchange(session.http, &client, token, &|| session.now())
    };
    let took = asked_at.elapsed();
    fault::point("answered");
    let (ending, verdict, said) = match &exchanged.answer {
        TokenAnswer::Granted(rotation) => (Ending::Rotated(rotation.clone()), None, None),
        TokenAnswer::Refused(failed, said) => {
            let ending = Ending::Failed(*failed, said.clone());
            (ending, Some(*failed), said.clone())
        }
    };
    let mut locked = staged.commit(&ending, session.now())?;
    let warnings = locked.take_warnings();
    let record = locked.record().clone();
    let held = locked.release();
    if verdict.is_some() {
        held.until_told();
    } else {
        drop(held);
    }
    let last = record.login().and_then(|login| login.last_attempt.as_ref());
    let outcome = last.map_or_else(|| ending.outcome(), |last| last.outcome);
    let message = describe(id, &client, &exchanged, sentence(outcome));
    session.note(Level::Verbose, id, || {
        format!(
            "presented the refresh token {spent} ({}): {}, after {took:.1?}",
            cause.as_str(),
            outcome.as_str()
        )
    });
    Ok(EndedRefresh {
        record,
        failed: (outcome != Outcome::Rotated).then_some(outcome),
        verdict,
        message,
        said,
        trouble: exchanged.trouble,
        warnings: warnings.iter().map(ToString::to_string).collect(),
    })
}
