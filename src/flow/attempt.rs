//! One try to refresh a grant, with the lock in hand: whether this process can send a request at all, and which
//! process sends it.

use super::apart;
#[cfg(feature = "postgres")]
use super::delivery;
use super::error::FlowError;
use super::exchange::exchange;
use super::sentences::when_interrupted;
use super::session::{RefreshesIn, Session};
use super::tried::{AttemptedRefresh, nothing_sent};
use crate::credential::{AccountId, Cause};
use crate::http::SendError;
use crate::oauth;
use crate::store::{Locked, Occupied};

/// Refreshes one grant, once, and lets the lock go.
pub(super) fn exchange_under_lock(
    session: &Session<'_>,
    id: &AccountId,
    locked: Locked<Occupied>,
    grant: usize,
    cause: Cause,
    place: RefreshesIn,
) -> Result<AttemptedRefresh, FlowError> {
    let client = locked.record().client();
    if let Some(trouble) = client.and_then(|client| oauth::obstacle(session.http, client)) {
        return Ok(AttemptedRefresh::Unfit(Box::new(locked), trouble));
    }
    if place == RefreshesIn::Apart {
        return apart::exchange(session, id, locked, grant, cause);
    }
    match locked.stage(grant, cause, session.now(), when_interrupted(id)) {
        Ok(staged) => {
            let exchanged = exchange(session, id, staged, cause);
            #[cfg(feature = "postgres")]
            delivery::after_answer(session.store, id, session.delivered_by());
            Ok(match exchanged {
                Ok(Some(done)) => AttemptedRefresh::Done(Box::new(done)),
                Ok(None) => AttemptedRefresh::LockLost,
                Err(error) => AttemptedRefresh::Unknown(error.into()),
            })
        }
        Err(not_staged) => nothing_sent(session, not_staged),
    }
}

/// What [`AttemptedRefresh::Unfit`] is for the caller.
pub(super) fn unfit(id: &AccountId, trouble: &SendError) -> FlowError {
    FlowError::Failed {
        id: id.clone(),
        outcome: trouble.outcome(),
        message: trouble.to_string().into(),
        said: None,
        retry_at: None,
        trouble: Some(Box::new(trouble.clone())),
    }
}
