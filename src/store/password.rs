//! What git asked to keep: a record of its own for each protocol, path and user of a host, in a folder
//! that nothing else looks into.

use super::Store;
use super::error::{LockError, StoreError};
use super::files::{LockedPlace, Place, Wait};
use super::record::Full;
use crate::credential::{AccountId, AccountName, Content, GitPassword, Host, Record, Scheme};
use crate::secret::sha256_hex;

/// How much of the digest names a file, in hex digits.
const NAME_LENGTH: usize = 32;

impl Store {
    /// All that git asked to keep for a host, the latest first. One that cannot be read hides no other:
    /// its error comes with them.
    pub fn passwords(
        &self,
        host: &Host,
    ) -> Result<(Vec<GitPassword>, Vec<StoreError>), StoreError> {
        let mut found = Vec::new();
        let mut errors = Vec::new();
        for place in self.folder.places_of_git(host)? {
            match password_at(&place) {
                Ok(Some(kept)) => found.push((place.written_at(), kept)),
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        found.sort_by_key(|(changed, _)| std::cmp::Reverse(*changed));
        Ok((found.into_iter().map(|(_, kept)| kept).collect(), errors))
    }

    /// Keeps a password in place of the one of the same protocol, path and user.
    pub fn keep_password(
        &self,
        host: &Host,
        kept: GitPassword,
        wait: &Wait<'_>,
    ) -> Result<(), LockError> {
        let place = self.lock_password(host, &kept, wait)?;
        let record = Record {
            id: place.id().clone(),
            scheme: scheme_of(&kept),
            identity: None,
            content: Content::Password(kept),
        };
        if place.is_ours() {
            // The first one may be in a folder that is new; git asks again for what is lost.
            place.sync_new_way();
            place.replace_checked(&Full::new(record, Vec::new()))?;
        }
        Ok(())
    }

    /// Forgets a password, if it is still what it was.
    pub fn forget_password(
        &self,
        host: &Host,
        kept: &GitPassword,
        wait: &Wait<'_>,
    ) -> Result<(), LockError> {
        let place = self.lock_password(host, kept, wait)?;
        if password_at(&place)?.as_ref() == Some(kept) {
            place.remove_record()?;
        }
        Ok(())
    }

    fn lock_password(
        &self,
        host: &Host,
        kept: &GitPassword,
        wait: &Wait<'_>,
    ) -> Result<LockedPlace, LockError> {
        let id = AccountId {
            host: host.clone(),
            account: name_of(kept),
        };
        self.folder.own_place_for_git(&id)?.lock(wait)
    }
}

fn password_at(place: &Place) -> Result<Option<GitPassword>, StoreError> {
    Ok(match place.record()?.map(|full| full.record.content) {
        Some(Content::Password(kept)) => Some(kept),
        Some(Content::Login(_) | Content::LoggedOut(_)) | None => None,
    })
}

/// The name of its file. An absent part is not an empty one.
fn name_of(kept: &GitPassword) -> AccountName {
    let part = |part: &Option<String>| part.as_ref().map_or_else(String::new, |p| format!("={p}"));
    let digest = sha256_hex(&[
        &kept.protocol,
        "\0",
        &part(&kept.path),
        "\0",
        &part(&kept.username),
    ]);
    AccountName::of_digest(&digest[..NAME_LENGTH])
}

/// Only `http` is none of the others'.
fn scheme_of(kept: &GitPassword) -> Scheme {
    if kept.protocol == "http" {
        Scheme::Http
    } else {
        Scheme::Https
    }
}
