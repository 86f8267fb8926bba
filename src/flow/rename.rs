//! Another name for an account.

use super::error::FlowError;
use super::session::Session;
use super::warning::Warning;
use crate::credential::{AccountId, AccountName};
use crate::store::Entry;

/// Gives an account another name, with all that belongs to its login. Returns what a person should know.
pub fn rename(
    session: &Session<'_>,
    from: &AccountId,
    name: &AccountName,
) -> Result<Vec<Warning>, FlowError> {
    let to = AccountId {
        account: name.clone(),
        ..from.clone()
    };
    let wait = session.wait(session.deadline());
    let (old, new) = session.store.lock_both(from, &to, &wait)?;
    let Entry::Occupied(old) = old else {
        return Err(FlowError::NoLogin(from.clone()));
    };
    session.check_scheme(old.record())?;
    let new = new.free_name().ok_or(FlowError::NameTaken(to.clone()))?;
    let warnings = old.rename(&new)?;
    session.store.move_alert(from, &to);
    Ok(Warning::all(&warnings))
}
