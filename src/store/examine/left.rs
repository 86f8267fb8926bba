//! What processes that died have left: attempts without an end, files beside a record, answers in the
//! rescue places.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::credential::{AccountId, AccountName, Host};
use crate::store::error::StoreError;
use crate::store::place::{Place, read_record};
use crate::store::record::{self, Full};
use crate::store::settle::{self, Next};
use crate::store::{Store, lock, rescue};

use super::Holder;

/// A file in a rescue place.
#[derive(Debug)]
pub struct RescuedAnswer {
    /// Where.
    pub path: PathBuf,
    /// The account of this store whose current refresh token was spent for it.
    pub waits_for: Option<AccountId>,
    /// Whose it says it is.
    pub names: Option<AccountId>,
}

impl Store {
    /// The process that has an account's lock now, or a claim on its pending attempt: that one lives too,
    /// though its lock file was removed.
    pub fn holder(&self, id: &AccountId) -> Result<Holder, StoreError> {
        let place = self.place(id);
        let holder = lock::holder_of(&place.lock)?;
        if holder != Holder::Nobody || place.claimed().ok().flatten().is_none() {
            return Ok(holder);
        }
        let owner = full(&place)?.and_then(|full| settle::owner(&full));
        Ok(Holder::Somebody(owner))
    }

    /// What comes of an attempt that is pending, if its owner is dead; `None` where there is none.
    pub fn foresee(&self, id: &AccountId) -> Result<Option<Next>, StoreError> {
        let place = self.place(id);
        let Some(full) = full(&place)? else {
            return Ok(None);
        };
        let login = full.record.login();
        let is_pending = login.is_some_and(|login| login.pending_sequence().is_some());
        Ok(is_pending.then(|| settle::foresee(&place, &full)))
    }

    /// The files beside a record that no process needs, as long as none holds the lock and no attempt
    /// is pending: they may hold tokens.
    #[must_use]
    pub fn leftovers(&self, id: &AccountId) -> Vec<PathBuf> {
        let place = self.place(id);
        let files = [place.new, place.answer];
        files.into_iter().filter(|path| path.exists()).collect()
    }

    /// Every file in the rescue places, and what is wrong with those places.
    pub fn rescued(&self) -> Result<(Vec<RescuedAnswer>, Vec<StoreError>), StoreError> {
        // As a writer names it, whichever way leads there.
        let root = self.root().canonicalize();
        let root = root.unwrap_or_else(|_| self.root().to_owned());
        let (paths, troubles) = rescue::everything(&root);
        let mut waiting = HashMap::new();
        if !paths.is_empty() {
            for id in self.accounts()? {
                // One that cannot be read is told of elsewhere.
                let Ok(Some(full)) = full(&self.place(&id)) else {
                    continue;
                };
                for spent in full.refresh_tokens.iter().flatten() {
                    waiting.insert(rescue::file_name(spent), id.clone());
                }
            }
        }
        let found = paths.into_iter().map(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            RescuedAnswer {
                waits_for: name.and_then(|name| waiting.get(name).cloned()),
                names: named(&path),
                path,
            }
        });
        Ok((found.collect(), troubles))
    }

    fn place(&self, id: &AccountId) -> Place {
        Place::new(self.root(), id)
    }
}

fn full(place: &Place) -> Result<Option<Full>, StoreError> {
    let Some(text) = read_record(&place.record)? else {
        return Ok(None);
    };
    let full = record::parse(&text, &place.id);
    full.map(Some)
        .map_err(|problem| problem.in_file(&place.record))
}

/// Whose record it is, as it says itself.
fn named(path: &std::path::Path) -> Option<AccountId> {
    let text = rescue::text_at(path)?;
    // The head of a record, before any token: it need not be of a version that we know.
    let value = |key: &str| {
        let mut lines = text.lines().take_while(|line| !line.starts_with('['));
        lines.find_map(|line| {
            let (name, value) = line.split_once(" = ")?;
            (name == key).then(|| value.trim_matches('"').to_owned())
        })
    };
    Some(AccountId {
        host: Host::from_record(&value("host")?)?,
        account: value("account")?.parse::<AccountName>().ok()?,
    })
}
