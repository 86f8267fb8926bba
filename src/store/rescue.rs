//! The rescue place: where an answer goes that the store could not take, and where the next
//! process finds it (DESIGN, step 8).
//!
//! It is a folder of the user's own, closed to others, in the first of several places that works;
//! all are searched, since whoever wrote it may have had another environment. A file is named
//! after the refresh token that was spent for it, which nobody can guess.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::StoreError;
use super::place::{Place, read_text};
use super::record::{self, Full, Problem};
use super::{permissions, replace};
use crate::credential::Outcome;
use crate::env;
use crate::secret::{RefreshToken, sha256_hex};

/// An answer that was found.
pub(super) struct Rescued {
    pub full: Full,
    pub path: PathBuf,
}

impl Rescued {
    /// Removes it, once it is stored where it belongs.
    pub(super) fn discard(&self) {
        replace::remove(&self.path).ok();
    }
}

/// Every file in the rescue places, and what is wrong with a place that cannot be used.
pub(super) fn everything() -> (Vec<PathBuf>, Vec<StoreError>) {
    let (mut files, mut troubles) = (Vec::new(), Vec::new());
    for folder in folders() {
        match permissions::check_folder(&folder) {
            Err(StoreError::Io { source, .. }) if is_missing(&source) => {}
            Err(error) => troubles.push(error),
            Ok(()) => match fs::read_dir(&folder) {
                Ok(entries) => files.extend(entries.flatten().map(|entry| entry.path())),
                Err(error) => troubles.push(StoreError::io("read", &folder, error)),
            },
        }
    }
    (files, troubles)
}

/// The text of a file in a rescue place, where it can be read.
pub(super) fn text_at(path: &Path) -> Option<Zeroizing<String>> {
    text_of(path.parent()?, path).ok().flatten()
}

fn folders() -> impl Iterator<Item = PathBuf> {
    let name = format!("glauth-rescue-{}", env::user_id());
    env::scratch_folders()
        .into_iter()
        .map(move |folder| folder.join(&name))
}

/// The name of the answer that a refresh token was spent for.
pub(super) fn file_name(spent: &RefreshToken) -> String {
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
    replace::write_new(&path, text.as_bytes()).inspect_err(|_| {
        // Only where it is empty.
        fs::remove_dir(folder).ok();
    })?;
    replace::sync_folder(folder)?;
    // The folder may be new; what is above it may be closed to us.
    replace::sync_way_to(folder).ok();
    Ok(path)
}

/// Looks for the answer that `spent` was exchanged for. One of a version that this glauth does not
/// know is an error, and so is one that cannot be read now: the spent token must not be presented
/// again.
pub(super) fn find(place: &Place, spent: &RefreshToken) -> Result<Option<Rescued>, StoreError> {
    let name = file_name(spent);
    for folder in folders() {
        let path = folder.join(&name);
        let Some(text) = text_of(&folder, &path)? else {
            continue;
        };
        match record::parse(&text, &place.id) {
            Ok(full) if ends_in_rotation(&full) => return Ok(Some(Rescued { full, path })),
            Err(problem @ Problem::Version(_)) => return Err(problem.in_file(&path)),
            Ok(_) | Err(Problem::Corrupt { .. }) => {}
        }
    }
    Ok(None)
}

/// The text of a file in a folder that is ours. Where that is not there, or is another's, none of
/// ours can be in it.
fn text_of(folder: &Path, path: &Path) -> Result<Option<Zeroizing<String>>, StoreError> {
    match permissions::check_folder(folder) {
        Err(StoreError::Permission { .. } | StoreError::OpenFolder { .. }) => return Ok(None),
        Err(StoreError::Io { source, .. }) if is_missing(&source) => return Ok(None),
        checked => checked?,
    }
    let Some(file) = permissions::open_for_reading(path)? else {
        return Ok(None);
    };
    permissions::check_ours(path, &file)?;
    match read_text(path, file) {
        Err(StoreError::Corrupt { .. }) => Ok(None),
        text => text.map(Some),
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn ends_in_rotation(full: &Full) -> bool {
    let last = full
        .record
        .login()
        .and_then(|login| login.last_attempt.as_ref());
    last.is_some_and(|last| last.outcome == Outcome::Rotated)
}

/// Removes what may lie here for a token that no longer matters.
pub(super) fn forget(spent: &RefreshToken) {
    let name = file_name(spent);
    for folder in folders() {
        fs::remove_file(folder.join(&name)).ok();
    }
}
