//! The only code that writes, renames and syncs.
//!
//! A file is replaced as a whole: written beside its place under a fixed name (so that a killed
//! process leaves no secrets under unknown names), synced, renamed over it, and then
//! the folder is synced, without which a power loss may undo the rename.

#![expect(
    clippy::disallowed_methods,
    reason = "the one place for writing, renaming and syncing"
)]

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::lock;
use super::permissions::{self, FILE_MODE, no_follow};
use crate::store::error::StoreError;

/// Makes a rename, a creation or a removal in `folder` safe from a power loss.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| StoreError::io("sync", folder, error))
}

/// Makes the names of `folder` and of those above it safe, as far up as they are the user's own: any
/// of them may be new, and a folder's own sync does not reach its name (A3).
pub(super) fn sync_way_to(folder: &Path) -> Result<(), StoreError> {
    let parents = folder.ancestors().skip(1);
    for (folder, parent) in folder.ancestors().zip(parents) {
        if !permissions::is_own(folder) {
            break;
        }
        match sync_folder(parent) {
            Err(error) if permissions::is_own(parent) => return Err(error),
            // One that others own may be closed to us.
            _ => {}
        }
    }
    Ok(())
}

/// Syncs a file that another process wrote.
pub(super) fn sync_file(path: &Path) -> Result<(), StoreError> {
    no_follow()
        .read(true)
        .open(path)
        .and_then(|file| file.sync_all())
        .map_err(|error| StoreError::io("sync", path, error))
}

/// Creates `path` anew, whatever was there, readable for its owner alone from birth.
fn create(path: &Path) -> Result<File, StoreError> {
    remove(path)?;
    let file = no_follow()
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(path)
        .map_err(|error| StoreError::io("create", path, error))?;
    permissions::ensure_mode(&file, path)?;
    Ok(file)
}

/// Removes a file; that it is not there is as good.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", path, error))
        }
        _ => Ok(()),
    }
}

/// Writes a new file and syncs it; what is written halfway is removed again.
pub(super) fn write_new(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let mut file = create(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    written.map_err(|error| {
        fs::remove_file(path).ok();
        StoreError::io("write", path, error)
    })
}

/// Writes a new file that may be gone after a power loss.
pub(super) fn write_scratch(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let written = create(path)?.write_all(content);
    written.map_err(|error| StoreError::io("write", path, error))
}

/// Renames within a folder; atomic, but safe only after [`sync_folder`].
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(|error| StoreError::io("replace", to, error))
}

/// Gives a file another name beside the one that it has.
pub(super) fn link(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::hard_link(from, to).map_err(|error| StoreError::io("create", to, error))
}

/// A file with room for what is to be written into it (P2).
#[derive(Debug)]
pub(in crate::store) struct Room {
    file: File,
    path: PathBuf,
    /// The record that says what the room is for, and its path.
    mark: Option<(File, PathBuf)>,
}

impl Room {
    /// Creates `path` anew with `bytes` bytes that the file system has set aside, and syncs it.
    pub(super) fn new(path: &Path, bytes: u64) -> Result<Self, StoreError> {
        let file = create(path)?;
        let reserved = allocate(&file, bytes).and_then(|()| file.sync_all());
        if let Err(error) = reserved {
            fs::remove_file(path).ok();
            return Err(StoreError::io("reserve room in", path, error));
        }
        Ok(Self {
            file,
            path: path.to_owned(),
            mark: None,
        })
    }

    /// Locks the room as long as this lives, so that other processes can tell that its owner is alive.
    pub(super) fn claim(&self) -> Result<(), StoreError> {
        lock::claim(&self.file, &self.path)
    }

    /// The same with the record that was marked, in case the room is removed together with the lock file.
    pub(super) fn claim_mark(&mut self, record: &Path) -> Result<(), StoreError> {
        let file = permissions::open_existing(record)?;
        lock::claim(&file, record)?;
        self.mark = Some((file, record.to_owned()));
        Ok(())
    }

    /// Whether the record is the one that was marked: then no other process has changed it, and those that
    /// want to wait.
    pub(super) fn is_marked(&self) -> bool {
        let mark = self.mark.as_ref();
        mark.is_some_and(|(file, path)| permissions::is_at(file, path))
    }

    /// Writes `content` in place of all that is there, and syncs it.
    pub(super) fn fill(&mut self, content: &[u8]) -> Result<(), StoreError> {
        let length = content.len() as u64;
        let filled = self
            .file
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.file.write_all(content))
            .and_then(|()| self.file.set_len(length))
            .and_then(|()| self.file.sync_all());
        filled.map_err(|error| StoreError::io("write", &self.path, error))?;
        if self.is_in_place() {
            return Ok(());
        }
        let gone = io::Error::from(io::ErrorKind::NotFound);
        Err(StoreError::io("find", &self.path, gone))
    }

    /// Whether its path still names it: a program that removes it, or the folder, leaves a file without a
    /// name.
    pub(super) fn is_in_place(&self) -> bool {
        permissions::is_at(&self.file, &self.path)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        lock::unlock(&self.file);
        if let Some((file, _)) = &self.mark {
            lock::unlock(file);
        }
    }
}

/// Sets room aside; where the file system has no call for that, by writing zeros.
fn allocate(mut file: &File, bytes: u64) -> io::Result<()> {
    match fs4::FileExt::allocate(file, bytes) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {
            io::copy(&mut io::Read::take(io::repeat(0), bytes), &mut file)?;
            file.seek(SeekFrom::Start(0)).map(drop)
        }
        result => result,
    }
}
