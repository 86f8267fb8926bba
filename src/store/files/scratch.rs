//! The scratch folder in which `doctor` tries what the store rests on.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::{io, iter};

use super::lock::{self, Holder};
use super::{permissions, replace};
use crate::store::error::StoreError;

/// What the name of a scratch folder of `doctor`'s begins with: no host's does.
pub(super) const SCRATCH: &str = ".doctor-";

/// The files of the scratch folder, as they are removed.
const NAMES: [&str; 6] = ["lock", "shown", "next", "synced", "room", ALIVE];

/// The file that is locked from before it has this name until it is gone: found and free, it was left.
const ALIVE: &str = "alive";

/// How many names are tried for the scratch folder: another container's process may have our number.
const PLACES: u32 = 1000;

/// A folder with a name that no host's has, removed when this goes.
pub(super) struct Scratch {
    pub folder: PathBuf,
    /// Held until the folder is gone, as far as locks work here.
    alive: Option<File>,
}

/// Whether a scratch folder was left by a process that died. Where locks do not work none is said to be.
pub(super) fn was_left(scratch: &Path) -> bool {
    let alive = scratch.join(ALIVE);
    // In this order: no process holds a file that is gone.
    matches!(lock::holder_of(&alive), Ok(Holder::Free)) && alive.exists()
}

/// Makes a folder that no other process uses.
fn new_folder(within: &Path) -> Result<PathBuf, StoreError> {
    let name = format!("{SCRATCH}{}", std::process::id());
    let first = within.join(&name);
    let others = (2..=PLACES).map(|number| within.join(format!("{name}-{number}")));
    for folder in iter::once(first.clone()).chain(others) {
        if permissions::new_leaf(&folder)? {
            return Ok(folder);
        }
    }
    let taken = io::Error::from(io::ErrorKind::AlreadyExists);
    Err(StoreError::io("create", &first, taken))
}

impl Scratch {
    pub(super) fn new(folder: &Path) -> Result<Self, StoreError> {
        let mut scratch = Self {
            folder: new_folder(folder)?,
            alive: None,
        };
        let new = scratch.file("next");
        let locked = replace::write_scratch(&new, b"").and_then(|()| lock::try_scratch(&new));
        if let Ok(Some(held)) = locked {
            replace::rename(&new, &scratch.file(ALIVE)).ok();
            scratch.alive = Some(held);
        }
        Ok(scratch)
    }

    pub(super) fn file(&self, name: &'static str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        for name in NAMES {
            replace::remove(&self.file(name)).ok();
        }
        std::fs::remove_dir(&self.folder).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_with_one_number_have_a_scratch_folder_each_and_none_is_called_left() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = || Scratch::new(folder.path()).unwrap();
        let (one, other) = (scratch(), scratch());
        assert_ne!(one.folder, other.folder);
        assert!(!was_left(&one.folder) && !was_left(&other.folder));
        drop(one);
        assert!(other.file(ALIVE).exists());
        // As if its process had died.
        let left = other.folder.clone();
        drop(std::mem::ManuallyDrop::new(other).alive.take());
        assert!(was_left(&left));
    }
}
