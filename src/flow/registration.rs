//! The life of a registration that glauth made itself: kept for the next login as long as the server has it, and
//! deleted once no login uses it any more (RFC 7592).

use super::error::FlowError;
use super::session::Session;
use crate::credential::{AccountId, Client, Content, Scheme};
use crate::http::origin_of;
use crate::oauth;
use crate::store::{Entry, Snapshot, Store};

/// Keeps the client of a login that is not complete yet, where there is none: whatever ends this process, the next
/// login uses it again.
pub(super) fn keep_for_next_login(
    session: &Session<'_>,
    id: &AccountId,
    scheme: Scheme,
    client: &Client,
) -> Result<(), FlowError> {
    let before = session.look(id).ok().flatten();
    let before = before.and_then(|record| record.client().cloned());
    let wait = session.wait(session.deadline());
    let entry = session.store.lock(id, &wait)?;
    entry.keep_client(client.clone(), scheme, session.now())?;
    // The registration in whose place this one is kept: after this no record says how to delete it.
    if let Some(before) = before.filter(|before| !before.is_registered_as(client)) {
        delete_if_unused(session, &before);
    }
    Ok(())
}

/// Deletes what a login was registered as, if no other login uses it and the server lets glauth. Returns what a person
/// should know: that it is still there.
pub(super) fn delete_if_unused(session: &Session<'_>, client: &Client) -> Option<String> {
    let registration = client.login.registration.as_ref()?;
    let management = registration.management.as_ref()?;
    if is_used(session.store, client) {
        return None;
    }
    let deleted = oauth::deregister(session.http, client, management);
    let forgotten = deleted.and_then(|()| forget(session, client).map_err(|it| it.to_string()));
    let why = forgotten.err()?;
    let server = origin_of(&management.uri);
    let id = client.client_id.as_deref().unwrap_or_default();
    Some(format!(
        "glauth could not delete its registration `{id}` at {server}: {why}"
    ))
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

/// Drops a client that the server does not know any more from what logins and logouts have left.
pub(super) fn forget(session: &Session<'_>, client: &Client) -> Result<(), FlowError> {
    for id in session.store.accounts()? {
        let record = session.store.snapshot(&id).ok().flatten();
        let left = record.as_ref().and_then(|found| found.record().client());
        if !left.is_some_and(|left| left.is_registered_as(client)) {
            continue;
        }
        let wait = session.wait(session.deadline());
        if let Entry::Occupied(locked) = session.store.lock(&id, &wait)? {
            locked.forget_client(client)?;
        }
    }
    Ok(())
}

/// Deletes what a logout left registered. Returns what a person should know: that it is still there.
pub(super) fn delete_after_logout(session: &Session<'_>, id: &AccountId) -> Option<String> {
    let record = session.look(id).ok()??;
    match &record.content {
        Content::LoggedOut(tombstone) => delete_if_unused(session, &tombstone.client),
        Content::Login(_) | Content::Password(_) => None,
    }
}
