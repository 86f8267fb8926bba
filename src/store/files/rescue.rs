//! The rescue places: where an answer goes that the store could not take, and where the next process
//! finds it (docs/refresh.md, "The rescue places").
//!
//! Each is a folder of the user's own, closed to others. Places that last come first, file systems in
//! memory last. All are searched, also those of older versions, since the process that wrote the answer
//! may have had another environment. A file is named after the refresh token that was spent for it,
//! which no other user can guess.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(feature = "postgres")]
use super::text;
use super::text::Text;
use super::{permissions, replace};
use crate::env;
use crate::secret::{RefreshToken, sha256_hex};
use crate::store::error::{Kept, Lasts, StoreError};

/// Where every user may keep files over a restart. Another user could occupy a name there that is known,
/// so ours ends in digits that only the owner of the token can work out.
const LASTING_SCRATCH: &str = "/var/tmp";

/// A folder that may hold rescued answers.
struct Spot {
    folder: PathBuf,
    lasts: Lasts,
}

/// A file in a rescue place.
pub(in crate::store) struct RescuedFile {
    pub path: PathBuf,
}

impl RescuedFile {
    /// Whether it is the answer that this token was spent for.
    pub fn is_for(&self, spent: &RefreshToken) -> bool {
        self.path.ends_with(file_name(spent))
    }

    /// What it says, where it can be read.
    pub fn text(&self) -> Option<Text> {
        text_at(&self.path)
    }
}

/// Every file in the rescue places, and what is wrong with a place that cannot be used.
pub(super) fn everything(root: &Path) -> (Vec<RescuedFile>, Vec<StoreError>) {
    let (mut files, mut troubles) = (Vec::new(), Vec::new());
    for Spot { folder, .. } in spots(root) {
        match permissions::check_folder(&folder) {
            Err(StoreError::Io { source, .. }) if is_missing(&source) => {}
            Err(error) => troubles.push(error),
            Ok(()) => match fs::read_dir(&folder) {
                Ok(entries) => {
                    let entries = entries.flatten().filter(|entry| !is_note(entry));
                    files.extend(entries.map(|entry| RescuedFile { path: entry.path() }));
                }
                Err(error) => troubles.push(StoreError::io("read", &folder, error)),
            },
        }
    }
    (files, troubles)
}

/// What a note's name begins with: no answer, and no secret in it.
const NOTE: &str = "alert-";

fn is_note(entry: &fs::DirEntry) -> bool {
    entry.file_name().to_string_lossy().starts_with(NOTE)
}

/// Where notes go that the store in `root` does not take: a folder of the session first, and `/tmp` last, of
/// which a service may get a new one for each run.
fn note_folders(root: &Path) -> Vec<PathBuf> {
    let mut spots = spots(root);
    spots.sort_by_key(|spot| spot.lasts != Lasts::UntilLogout);
    spots.into_iter().map(|spot| spot.folder).collect()
}

/// Keeps a note of no secret for the store in `root` in the first place that takes it; whether one did.
pub(super) fn keep_note(root: &Path, name: &str, text: &str) -> bool {
    let name = format!("{NOTE}{name}");
    let mut folders = note_folders(root).into_iter();
    folders.any(|folder| keep_in(&folder, &name, text.as_bytes()).is_ok())
}

/// What such a note says.
pub(super) fn note(root: &Path, name: &str) -> Option<Text> {
    let paths = note_folders(root).into_iter();
    paths
        .map(|folder| folder.join(format!("{NOTE}{name}")))
        .find_map(|path| text_at(&path))
}

/// Removes such a note, and the folder that was made for it.
pub(super) fn forget_note(root: &Path, name: &str) {
    for folder in note_folders(root) {
        if fs::remove_file(folder.join(format!("{NOTE}{name}"))).is_ok() {
            // Only where it is empty.
            fs::remove_dir(&folder).ok();
        }
    }
}

/// The text of a file in a rescue place, where it can be read.
fn text_at(path: &Path) -> Option<Text> {
    text_of(path.parent()?, path).ok().flatten()
}

/// The name of our folder in a place that we need not share.
fn own_name() -> String {
    format!("glauth-rescue-{}", env::user_id())
}

/// Every folder that may hold an answer of the store in `root`, best first.
fn spots(root: &Path) -> Vec<Spot> {
    let lasting = |folder: PathBuf| Spot {
        folder,
        lasts: Lasts::OverRestart,
    };
    let beside = root.parent().map(Path::to_owned);
    let near = beside.into_iter().chain(env::home_folder());
    let mut spots: Vec<Spot> = near
        .map(|folder| Spot {
            // A store may lie in a folder that is every user's.
            lasts: if permissions::is_own(&folder) {
                Lasts::OverRestart
            } else {
                Lasts::UntilRestart
            },
            folder: folder.join(own_name()),
        })
        .chain(own_in_lasting_scratch().into_iter().map(lasting))
        .collect();
    spots.extend(env::session_folders().into_iter().map(|folder| Spot {
        folder: folder.join(own_name()),
        lasts: Lasts::UntilLogout,
    }));
    spots.extend(env::scratch_folders().into_iter().map(|folder| Spot {
        folder: folder.join(own_name()),
        lasts: Lasts::UntilRestart,
    }));
    let mut seen = std::collections::HashSet::new();
    spots.retain(|spot| seen.insert(spot.folder.clone()));
    spots
}

/// The folders that may take an answer of the store in `root`, best first.
pub(super) fn folders(root: &Path) -> Vec<PathBuf> {
    let spots = by_how_long_they_last(spots(root));
    spots.into_iter().map(|spot| spot.folder).collect()
}

/// With file systems in memory last.
fn by_how_long_they_last(mut spots: Vec<Spot>) -> Vec<Spot> {
    for spot in &mut spots {
        let in_memory = spot.folder.parent().is_some_and(permissions::is_in_memory);
        if in_memory && spot.lasts == Lasts::OverRestart {
            spot.lasts = Lasts::UntilRestart;
        }
    }
    spots.sort_by_key(|spot| spot.lasts != Lasts::OverRestart);
    spots
}

/// Our folders in [`LASTING_SCRATCH`], which are found by listing: their names are no other's to know.
fn own_in_lasting_scratch() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(LASTING_SCRATCH) else {
        return Vec::new();
    };
    let prefix = format!("{}-", own_name());
    let is_ours = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        name.to_string_lossy().starts_with(&prefix) && permissions::is_own(&entry.path())
    };
    let entries = entries.flatten().filter(is_ours);
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    folders.sort();
    folders
}

/// A folder there that is not there yet.
fn new_in_lasting_scratch(spent: &RefreshToken) -> PathBuf {
    let mut digits = sha256_hex(&["glauth-rescue", spent.expose()]);
    digits.truncate(16);
    Path::new(LASTING_SCRATCH).join(format!("{}-{digits}", own_name()))
}

/// The name of the answer that a refresh token was spent for.
fn file_name(spent: &RefreshToken) -> String {
    let mut name = sha256_hex(&[spent.expose()]);
    name.truncate(32);
    name
}

/// Keeps an answer in the first place that takes it; `None` where none does.
pub(super) fn keep(root: &Path, answer: &[u8], spent: &RefreshToken) -> Option<Kept> {
    let name = file_name(spent);
    let mut spots = spots(root);
    spots.push(Spot {
        folder: new_in_lasting_scratch(spent),
        lasts: Lasts::OverRestart,
    });
    by_how_long_they_last(spots)
        .into_iter()
        .find_map(|Spot { folder, lasts }| {
            let path = keep_in(&folder, &name, answer).ok()?;
            Some(Kept { path, lasts })
        })
}

fn keep_in(folder: &Path, name: &str, content: &[u8]) -> Result<PathBuf, StoreError> {
    permissions::private_leaf(folder)?;
    let path = folder.join(name);
    replace::write_new(&path, content).inspect_err(|_| {
        // Only where it is empty.
        fs::remove_dir(folder).ok();
    })?;
    replace::sync_folder(folder)?;
    // The folder may be new; what is above it may be closed to us.
    replace::sync_way_to(folder).ok();
    Ok(path)
}

/// What lies under the name of the answer that `spent` was exchanged for, in the order of the places. One that cannot
/// be read now is an error: the spent token must not be presented again.
pub(super) fn find(
    root: &Path,
    spent: &RefreshToken,
) -> impl Iterator<Item = Result<Text, StoreError>> {
    let name = file_name(spent);
    let spots = spots(root).into_iter();
    spots.filter_map(move |Spot { folder, .. }| text_of(&folder, &folder.join(&name)).transpose())
}

/// The same as bytes: an answer of a shared login is sealed.
#[cfg(feature = "postgres")]
pub(super) fn find_bytes(root: &Path, spent: &RefreshToken) -> Vec<Result<Vec<u8>, StoreError>> {
    let name = file_name(spent);
    let spots = spots(root).into_iter();
    let found = spots.filter_map(|Spot { folder, .. }| {
        let path = folder.join(&name);
        match is_usable(&folder) {
            Ok(true) => text::own_bytes(&path).transpose(),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    });
    found.collect()
}

/// The text of a file in a folder that is ours. Where that is not there, or is another's, none of
/// ours can be in it. One of ours that is open to others is an error: the answer in it may be whole, but
/// others may have put it there.
fn text_of(folder: &Path, path: &Path) -> Result<Option<Text>, StoreError> {
    if !is_usable(folder)? {
        return Ok(None);
    }
    match Text::own(path.to_owned()) {
        Err(StoreError::Corrupt { .. }) => Ok(None),
        text => text,
    }
}

/// Whether a folder can have an answer of ours in it.
fn is_usable(folder: &Path) -> Result<bool, StoreError> {
    match permissions::check_folder(folder) {
        Err(
            StoreError::WrongKind { .. }
            | StoreError::Permission {
                wanted_mode: None, ..
            },
        ) => Ok(false),
        Err(StoreError::Io { source, .. }) if is_missing(&source) => Ok(false),
        checked => checked.map(|()| true),
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Removes what may lie here for a token that no longer matters.
pub(super) fn forget(root: &Path, spent: &RefreshToken) {
    let name = file_name(spent);
    for Spot { folder, .. } in spots(root) {
        fs::remove_file(folder.join(&name)).ok();
    }
}
