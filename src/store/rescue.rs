//! The rescue place: where an answer goes that the store could not take, and where the next
//! process finds it (DESIGN, step 8).
//!
//! It is a folder of the user's own, closed to others, in the first of several places that works;
//! all are searched, since whoever wrote it may have had another environment. A file is named
//! after the refresh token that was spent for it, which nobody can guess.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::place::{Place, read_text};
use super::record::{self, Full};
use super::{permissions, replace};
use crate::credential::Outcome;
use crate::env;
use crate::secret::{RefreshToken, sha256_hex};

/// An answer that was found.
pub(super) struct Rescued {
    pub full: Full,
    path: PathBuf,
}

impl Rescued {
    /// Removes it, once it is stored where it belongs.
    pub(super) fn discard(&self) {
        replace::remove(&self.path).ok();
    }
}

fn folders() -> impl Iterator<Item = PathBuf> {
    let name = format!("glauth-rescue-{}", env::user_id());
    env::scratch_folders()
        .into_iter()
        .map(move |folder| folder.join(&name))
}

fn file_name(spent: &RefreshToken) -> String {
    let mut name = sha256_hex(&[spent.expose()]);
    name.truncate(32);
    name
}

/// Keeps `text` in the first place that takes it; `None` where none does.
pub(super) fn keep(text: &str, spent: &RefreshToken) -> Option<PathBuf> {
    let name = file_name(spent);
    folders().find_map(|folder| keep_in(&folder, &name, text).ok())
}

fn keep_in(folder: &Path, name: &str, text: &str) -> Result<PathBuf, StoreError> {
    permissions::private_leaf(folder)?;
    let path = folder.join(name);
    replace::write_new(&path, text.as_bytes())?;
    replace::sync_folder(folder)?;
    Ok(path)
}

/// Looks for the answer that `spent` was exchanged for.
pub(super) fn find(place: &Place, spent: &RefreshToken) -> Option<Rescued> {
    let name = file_name(spent);
    folders().find_map(|folder| find_in(&folder.join(&name), place))
}

fn find_in(path: &Path, place: &Place) -> Option<Rescued> {
    permissions::check_folder(path.parent()?).ok()?;
    let file: File = permissions::open_for_reading(path).ok()??;
    permissions::check_ours(path, &file).ok()?;
    let full = record::parse(&read_text(path, file).ok()?, &place.id).ok()?;
    let rotated = full.record.login()?.last_attempt.as_ref()?.outcome == Outcome::Rotated;
    rotated.then(|| Rescued {
        full,
        path: path.to_owned(),
    })
}

/// Removes what may lie here for a token that no longer matters.
pub(super) fn forget(spent: &RefreshToken) {
    let name = file_name(spent);
    for folder in folders() {
        fs::remove_file(folder.join(&name)).ok();
    }
}
