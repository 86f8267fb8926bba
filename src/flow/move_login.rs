//! A login to another store.

use super::error::FlowError;
use super::session::Session;
use crate::credential::AccountId;
use crate::store::{Moved, Store};

/// Moves a login from the session's store to another one (docs/fleet.md).
pub fn move_login(session: &Session<'_>, to: &Store, id: &AccountId) -> Result<Moved, FlowError> {
    Ok(session.store.move_to(to, id, &session.wait_for_lock())?)
}
