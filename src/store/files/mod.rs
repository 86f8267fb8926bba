//! The files of a store: the only code of the store that knows paths (ARCHITECTURE.md, "The files").
//!
//! The states of a record, one level up, speak of places: they call the verbs of [`Folder`] (the store as a whole),
//! [`Place`] (one account, for a process that reads) and [`LockedPlace`] (the same under its lock: nothing else can
//! write, I1). What is read comes out as a [`Text`], which knows where it was found.

mod file_system;
mod folder;
mod inventory;
mod lease;
mod lock;
mod note;
mod permissions;
mod place;
mod replace;
mod rescue;
mod scratch;
mod system;
mod text;
mod trial;

use std::fs;
use std::io;
use std::path::Path;

use super::error::StoreError;

pub use file_system::{FileSystem, Nature};
pub(super) use folder::Folder;
pub use inventory::{Files, Opening, Openness, is_own, ways_in};
pub use lease::Lease;
pub(super) use lease::SharedLocks;
pub use lock::{Awaited, HandedOver, Holder, Wait};
pub(super) use place::{Claim, LockedPlace, Place};
pub(super) use replace::Room;
pub(super) use rescue::RescuedFile;
pub(super) use text::Text;
pub use trial::{Atomicity, Exclusion, SecondProcess, Tried, second_try, try_out};

/// The names in a folder; none where there is no folder.
fn names_in(folder: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| StoreError::io("read", folder, error))?,
    };
    let names = entries
        .map(|entry| entry.map(|entry| entry.file_name().into_string().ok()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| StoreError::io("read", folder, error))?;
    Ok(names.into_iter().flatten().collect())
}
