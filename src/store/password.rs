//! What git asked to keep: a record of its own for each protocol, path and user of a host, in a folder
//! that nothing else looks into.

use super::error::{LockError, StoreError};
use super::lock::{AccountLock, Wait};
use super::place::{Place, read_record};
use super::record::{self, Full};
use super::{Store, names_in, permissions, replace};
use crate::credential::{AccountId, AccountName, Content, GitPassword, Host, Record, Scheme};
use crate::secret::sha256_hex;

/// The folder below that of the host.
const FOLDER: &str = "git";

/// How much of the digest names a file, in hex digits.
const NAME_LENGTH: usize = 32;

impl Store {
    /// All that git asked to keep for a host, the latest first. One that cannot be read hides no other:
    /// its error comes with them.
    pub fn passwords(
        &self,
        host: &Host,
    ) -> Result<(Vec<GitPassword>, Vec<StoreError>), StoreError> {
        let folder = self.root().join(host.key()).join(FOLDER);
        let mut found = Vec::new();
        let mut errors = Vec::new();
        for name in names_in(&folder)? {
            let account = name
                .strip_suffix(".toml")
                .and_then(|name| name.parse().ok());
            let Some(account) = account else { continue };
            let id = AccountId {
                host: host.clone(),
                account,
            };
            let place = Place::in_folder(folder.clone(), &id);
            match password_at(&place) {
                Ok(Some(kept)) => {
                    let changed = std::fs::metadata(&place.record).and_then(|m| m.modified());
                    found.push((changed.ok(), kept));
                }
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
        let (place, lock) = self.lock_password(host, &kept, wait)?;
        let full = Full {
            record: Record {
                id: place.id.clone(),
                scheme: scheme_of(&kept),
                identity: None,
                content: Content::Password(kept),
            },
            refresh_tokens: Vec::new(),
        };
        let in_file = |problem: record::Problem| problem.in_file(&place.record);
        let text = record::render(&full, record::Extra::default()).map_err(in_file)?;
        // What people and servers say must not make a record that nobody can read.
        record::parse(&text, &place.id).map_err(in_file)?;
        if lock.is_ours() {
            if !place.record.exists() {
                // The first one in a folder that may be new; git asks again for what is lost.
                replace::sync_way_to(&place.folder).ok();
            }
            place.put(&text)?;
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
        let (place, _lock) = self.lock_password(host, kept, wait)?;
        if password_at(&place)?.as_ref() == Some(kept) {
            replace::remove(&place.record)?;
            replace::sync_folder(&place.folder)?;
        }
        Ok(())
    }

    fn lock_password(
        &self,
        host: &Host,
        kept: &GitPassword,
        wait: &Wait<'_>,
    ) -> Result<(Place, AccountLock), LockError> {
        let id = AccountId {
            host: host.clone(),
            account: name_of(kept),
        };
        let host_folder = self.writable_place(&id)?.folder;
        let folder = host_folder.join(FOLDER);
        permissions::private_leaf(&folder)?;
        let place = Place::in_folder(folder, &id);
        let lock = AccountLock::acquire(&place.lock, wait)?;
        Ok((place, lock))
    }
}

fn password_at(place: &Place) -> Result<Option<GitPassword>, StoreError> {
    let Some(text) = read_record(&place.record)? else {
        return Ok(None);
    };
    let full = record::parse(&text, &place.id).map_err(|problem| problem.in_file(&place.record))?;
    Ok(match full.record.content {
        Content::Password(kept) => Some(kept),
        Content::Login(_) | Content::LoggedOut(_) => None,
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
    digest[..NAME_LENGTH]
        .parse()
        .unwrap_or_else(|_| AccountName::default_name())
}

/// Only `http` is none of the others'.
fn scheme_of(kept: &GitPassword) -> Scheme {
    if kept.protocol == "http" {
        Scheme::Http
    } else {
        Scheme::Https
    }
}
