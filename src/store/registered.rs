//! A client that glauth has registered itself, while no login uses it: kept in what a logout leaves, where the next
//! login finds it.

use super::entry::{Entry, Locked};
use super::error::StoreError;
use super::record::{Extra, Full};
use super::reread::{Occupied, Put};
use crate::credential::{AuthMethod, Client, Content, Record, Scheme, Tombstone};
use crate::time::Timestamp;

/// Why there is no login: a consent that is not there yet, or never came.
const REASON: &str = "not completed";

impl Entry {
    /// Keeps this client for the next login, where there is no login. Returns what did not go as it should, and did
    /// no harm.
    pub fn keep_client(
        self,
        client: Client,
        scheme: Scheme,
        now: Timestamp,
    ) -> Result<Vec<StoreError>, StoreError> {
        let unfinished = |client| Tombstone {
            client,
            generation: 0,
            at: now,
            reason: REASON.to_owned(),
        };
        let (place, tombstone, identity, extra) = match self {
            Self::Vacant(locked) => {
                locked.place.local().sync_new_way();
                (locked.place, unfinished(client), None, Extra::default())
            }
            Self::Occupied(locked) => {
                let full = locked.state.full;
                let Content::LoggedOut(left) = full.record.content else {
                    return Ok(Vec::new());
                };
                let tombstone = Tombstone { client, ..left };
                (locked.place, tombstone, full.record.identity, full.extra)
            }
        };
        let full = Full {
            record: Record {
                id: place.local().id().clone(),
                scheme,
                identity,
                content: Content::LoggedOut(tombstone),
            },
            refresh_tokens: Vec::new(),
            extra,
            cache: None,
        };
        match place.put_tombstone(&full)? {
            Put::Done(warning) => Ok(warning.into_iter().collect()),
            // Another machine has logged in meanwhile, or left something itself.
            #[cfg(feature = "postgres")]
            Put::Changed(_) => Ok(Vec::new()),
        }
    }
}

impl Locked<Occupied> {
    /// Drops this client from what a login or a logout has left, since the server knows it no more.
    pub fn forget_client(mut self, client: &Client) -> Result<(), StoreError> {
        let Content::LoggedOut(tombstone) = &mut self.state.full.record.content else {
            return Ok(());
        };
        if !tombstone.client.is_registered_as(client) {
            return Ok(());
        }
        if !tombstone.was_login() {
            return self.forget().map(drop);
        }
        let left = &mut tombstone.client;
        left.client_id = None;
        left.auth = AuthMethod::None;
        left.login.registration = None;
        left.login.redirect_uri = None;
        self.save()
    }
}
