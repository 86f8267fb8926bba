//! What the process says of its refresh: no token, which the caller reads from the record.

use serde::{Deserialize, Serialize};

use crate::credential::{AccountId, Content, Ending, Failed, Outcome};
use crate::flow::error::FlowError;
use crate::flow::refresh::look::read;
use crate::flow::session::Session;
use crate::flow::tried::{AttemptedRefresh, EndedRefresh};
use crate::http::SendError;
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
    /// Another machine was faster: the record is to be read again.
    Changed,
    /// A request was made, and has ended.
    Ended {
        sequence: u64,
        failed: Option<Outcome>,
        verdict: Option<Failed>,
        message: String,
        said: Option<String>,
        trouble: Option<SendError>,
        warnings: Vec<String>,
    },
    /// A request was made, and what came of it could not be stored.
    NotStored(StoreError),
}

impl End {
    pub(super) fn of(exchanged: Result<Option<EndedRefresh>, StoreError>, sequence: u64) -> Self {
        match exchanged {
            Ok(None) => Self::Changed,
            Ok(Some(done)) => Self::Ended {
                sequence,
                failed: done.failed,
                verdict: done.verdict,
                message: done.message,
                said: done.said,
                trouble: done.trouble,
                warnings: done.warnings,
            },
            Err(error) => Self::NotStored(error),
        }
    }
}

impl Report {
    /// What it comes to for the caller, as if it had sent the request itself.
    pub(super) fn take_up(
        self,
        session: &Session<'_>,
        id: &AccountId,
    ) -> Result<AttemptedRefresh, FlowError> {
        session.log.add(self.notes);
        let (sequence, mut done) = match self.end {
            End::NotPrepared(error) => return Err(error.into()),
            End::Changed => return Ok(AttemptedRefresh::LockLost),
            End::NothingSent => return Ok(AttemptedRefresh::NoProcess(None)),
            End::NotStored(error) => return Ok(AttemptedRefresh::Unknown(error.into())),
            End::Ended {
                sequence,
                failed,
                verdict,
                message,
                said,
                trouble,
                warnings,
            } => match read(session, id) {
                Err(error) => return Ok(AttemptedRefresh::Unknown(error)),
                Ok(record) => {
                    let done = EndedRefresh {
                        record,
                        failed,
                        verdict,
                        message,
                        said,
                        trouble,
                        warnings,
                    };
                    (sequence, done)
                }
            },
        };
        if let Content::Login(login) = &mut done.record.content
            && login.pending_sequence() == Some(sequence)
        {
            // The record could not be replaced.
            let Some(verdict) = done.verdict else {
                return Ok(AttemptedRefresh::InTheStore(done.warnings));
            };
            let ending = Ending::Failed(verdict, done.said.clone());
            login.end_attempt(&ending, session.now());
        }
        Ok(AttemptedRefresh::Done(Box::new(done)))
    }
}
