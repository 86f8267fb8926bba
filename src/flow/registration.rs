//! The end of a registration: glauth deletes what it registered itself, once no login uses it any more (RFC 7592).

use super::error::FlowError;
use super::session::Session;
use crate::credential::{AccountId, Client, Content};
use crate::oauth;
use crate::store::{Entry, Snapshot, Store};

/// Deletes what the login of `id` was registered as, if no other login uses it; `false`: it is still there, or was
/// never there.
pub(super) fn delete_if_unused(session: &Session<'_>, client: &Client) -> bool {
    let registration = client.login.registration.as_ref();
    let management = registration.and_then(|registration| registration.management.as_ref());
    let Some(management) = management else {
        return false;
    };
    !is_used(session.store, client) && oauth::deregister(session.http, client, management)
}

/// A record that cannot be read may use it.
fn is_used(store: &Store, client: &Client) -> bool {
    let Ok(all) = store.accounts() else {
        return true;
    };
    let uses = |other: &AccountId| match store.snapshot(other) {
        Ok(found) => found.map(Snapshot::into_record).is_some_and(|record| {
            let of_login = record.login().map(|login| &login.client);
            of_login.is_some_and(|other| other.is_registered_as(client))
        }),
        Err(_) => true,
    };
    all.iter().any(uses)
}

/// Deletes what a logout left registered, and what any logout left to know of it.
pub(super) fn delete_after_logout(session: &Session<'_>, id: &AccountId) -> Result<(), FlowError> {
    let Some(record) = session.look(id)? else {
        return Ok(());
    };
    let Content::LoggedOut(tombstone) = &record.content else {
        return Ok(());
    };
    if !delete_if_unused(session, &tombstone.client) {
        return Ok(());
    }
    for id in session.store.accounts()? {
        let record = session.store.snapshot(&id).ok().flatten();
        let client = record.as_ref().and_then(|found| found.record().client());
        if !client.is_some_and(|client| client.is_registered_as(&tombstone.client)) {
            continue;
        }
        let wait = session.wait(session.deadline());
        if let Entry::Occupied(mut locked) = session.store.lock(&id, &wait)?
            && locked.forget_registration(&tombstone.client)
        {
            locked.save()?;
        }
    }
    Ok(())
}
