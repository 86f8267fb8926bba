//! What a process has under a lock: what it reread there, what it can end at the server, and what came of a write.

use super::error::StoreError;
use super::record::Full;
use crate::secret::{AccessToken, RefreshToken};

/// A record with nothing left to finish, and what could not be written down of that: the next process will do it
/// again.
#[derive(Debug)]
pub struct Occupied {
    pub(super) full: Full,
    pub(super) warnings: Vec<StoreError>,
    /// What was recovered is not in the record yet.
    pub(super) unsaved: bool,
}

#[cfg(feature = "postgres")]
impl Occupied {
    /// What was read, as it is.
    pub(super) fn of(full: Full) -> Self {
        Self {
            full,
            warnings: Vec::new(),
            unsaved: false,
        }
    }
}

/// A token that can be revoked, and nothing else.
#[derive(Debug)]
pub enum RevocableToken {
    /// RFC 7009: `token_type_hint=refresh_token`.
    Refresh(RefreshToken),
    /// RFC 7009: `token_type_hint=access_token`.
    Access(AccessToken),
}

/// What came of putting another login in the place of what was read.
pub(super) enum Put {
    /// It is there; with an error, something else is not as it should be.
    Done(Option<StoreError>),
    /// Another machine has written meanwhile: this is there now.
    #[cfg(feature = "postgres")]
    Changed(Option<Box<Full>>),
}
