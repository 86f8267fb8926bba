//! The small file beside a record in which a timer notes what it has told: no secret is in it. Where the store takes no
//! file, it lies in a rescue place and counts instead of the one in the store, until the store takes one again.

use std::path::PathBuf;

use super::folder::Folder;
use super::text::Text;
use super::{permissions, replace, rescue};
use crate::credential::AccountId;
use crate::secret::sha256_hex;
use crate::store::error::StoreError;

/// The file of what a timer has told of no single account.
pub(super) const ALERT: &str = ".alert";

impl Folder {
    /// What is noted of this account; without one, of the store as a whole. `None`: nothing that can be read.
    pub fn note(&self, id: Option<&AccountId>) -> Option<Text> {
        let in_store = || Text::at(self.note_file(id)).ok().flatten();
        rescue::note(self.root(), &self.note_name(id)).or_else(in_store)
    }

    /// Notes this; with `None` there is nothing to note any more.
    pub fn keep_note(&self, id: Option<&AccountId>, text: Option<&str>) -> Result<(), StoreError> {
        let name = self.note_name(id);
        let Err(error) = self.keep_in_store(id, text) else {
            rescue::forget_note(self.root(), &name);
            return Ok(());
        };
        if text.is_none() && !self.note_file(id).exists() {
            rescue::forget_note(self.root(), &name);
            return Ok(());
        }
        let kept = rescue::keep_note(self.root(), &name, text.unwrap_or_default());
        if kept { Ok(()) } else { Err(error) }
    }

    fn keep_in_store(&self, id: Option<&AccountId>, text: Option<&str>) -> Result<(), StoreError> {
        let path = self.note_file(id);
        let Some(text) = text else {
            return replace::remove(&path);
        };
        permissions::private_folder(path.parent().unwrap_or(self.root()))?;
        let mut new = path.clone();
        new.as_mut_os_string().push(".new");
        replace::write_scratch(&new, text.as_bytes()).inspect_err(|_| {
            replace::remove(&new).ok();
        })?;
        replace::rename(&new, &path)
    }

    /// Its name in a rescue place, where each store of the user's keeps its own.
    fn note_name(&self, id: Option<&AccountId>) -> String {
        let file = self.note_file(id);
        let mut digits = sha256_hex(&["glauth-alert", &file.to_string_lossy()]);
        digits.truncate(32);
        digits
    }

    fn note_file(&self, id: Option<&AccountId>) -> PathBuf {
        match id {
            Some(id) => {
                let name = format!("{}.alert", id.account);
                self.root().join(id.host.key()).join(name)
            }
            None => self.root().join(ALERT),
        }
    }
}
