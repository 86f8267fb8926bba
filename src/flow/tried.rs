//! What one try to refresh a grant came to, in this process or in one of its own.

use super::error::FlowError;
use super::session::Session;
use crate::credential::{Failed, Outcome, Record};
use crate::http::SendError;
use crate::log::Level;
use crate::store::{Locked, NotStaged, Occupied};

/// A refresh that has ended, with the lock released.
pub(super) struct EndedRefresh {
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
    /// What went wrong on the way, where no answer came.
    pub trouble: Option<SendError>,
    /// What a person should know all the same.
    pub warnings: Vec<String>,
}

/// What a try to refresh came to.
pub(super) enum AttemptedRefresh {
    /// A request was made, and has ended.
    Done(Box<EndedRefresh>),
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

/// What it comes to that a refresh could not be prepared.
pub(super) fn nothing_sent(
    session: &Session<'_>,
    not_staged: NotStaged,
) -> Result<AttemptedRefresh, FlowError> {
    match not_staged {
        NotStaged::Store(locked, error) => {
            drop(locked);
            Err(error.into())
        }
        NotStaged::LockLost(error) => {
            let log = session.log;
            log.note(Level::Verbose, || format!("{error}; tries again"));
            Ok(AttemptedRefresh::LockLost)
        }
        #[cfg(feature = "postgres")]
        NotStaged::Changed => {
            let log = session.log;
            log.note(Level::Verbose, || {
                "another machine was faster, or keeps the token; looks again".to_owned()
            });
            Ok(AttemptedRefresh::LockLost)
        }
        NotStaged::Leased(locked) => Ok(AttemptedRefresh::Leased(locked)),
    }
}
