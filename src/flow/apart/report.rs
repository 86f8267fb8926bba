//! What the process says of its refresh: no token, which the caller reads from the record.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::credential::{AccountId, Content, Ending, Failed, Outcome};
use crate::flow::exchange::{Done, Tried};
use crate::flow::refresh::read;
use crate::flow::{FlowError, Session};
use crate::store::StoreError;

/// What came of an order, and what `-v` tells of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Report {
    pub end: End,
    pub notes: Vec<String>,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum End {
    /// The refresh could not be prepared.
    NotPrepared(StoreError),
    /// Another process has replaced the lock file, or taken a lease; nothing was sent.
    NothingSent,
    /// A request was made, and has ended.
    Ended {
        sequence: u64,
        failed: Option<Verdict>,
        message: String,
        words: Option<String>,
        warnings: Vec<String>,
    },
    /// A request was made, and what came of it could not be stored.
    NotStored(StoreError),
}

/// A [`Failed`], with its outcome as in a record.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Verdict {
    outcome: String,
    may_have_rotated: bool,
    retry_after: Option<Duration>,
}

impl End {
    pub(super) fn of(exchanged: Result<Done, StoreError>, sequence: u64) -> Self {
        match exchanged {
            Ok(done) => Self::Ended {
                sequence,
                failed: done.failed.map(Verdict::of),
                message: done.message,
                words: done.words,
                warnings: done.warnings,
            },
            Err(error) => Self::NotStored(error),
        }
    }
}

impl Verdict {
    fn of(failed: Failed) -> Self {
        Self {
            outcome: failed.outcome.as_str().to_owned(),
            may_have_rotated: failed.may_have_rotated,
            retry_after: failed.retry_after,
        }
    }

    fn read(&self) -> Option<Failed> {
        Some(Failed {
            outcome: Outcome::parse(&self.outcome)?,
            may_have_rotated: self.may_have_rotated,
            retry_after: self.retry_after,
        })
    }
}

impl Report {
    /// What it comes to for the caller, as if it had sent the request itself.
    pub(super) fn take_up(self, session: &Session<'_>, id: &AccountId) -> Result<Tried, FlowError> {
        session.log.add(self.notes);
        let (sequence, failed, message, words, warnings) = match self.end {
            End::NotPrepared(error) => return Err(error.into()),
            End::NothingSent => return Ok(Tried::LockLost),
            End::NotStored(error) => return Ok(Tried::Unknown(error.into())),
            End::Ended {
                sequence,
                failed,
                message,
                words,
                warnings,
            } => (sequence, failed, message, words, warnings),
        };
        let failed = failed.as_ref().and_then(Verdict::read);
        let mut record = match read(session, id) {
            Ok(record) => record,
            Err(error) => return Ok(Tried::Unknown(error)),
        };
        if let Content::Login(login) = &mut record.content
            && login.pending_sequence() == Some(sequence)
        {
            // The record could not be replaced.
            match failed {
                None => return Ok(Tried::InTheStore(warnings)),
                Some(failed) => login.end_attempt(&Ending::Failed(failed), session.now()),
            }
        }
        Ok(Tried::Done(Box::new(Done {
            record,
            failed,
            message,
            words,
            warnings,
        })))
    }
}
