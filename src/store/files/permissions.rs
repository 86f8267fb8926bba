//! Which users may read and write what (P8). Writers demand that everything is the user's own and closed
//! to others; readers also take what root put there, and on a file system that is mounted
//! read-only (a container's mounted secret) links and group-readable files.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{AccessFlags, access};

use super::system::is_link;
use crate::env;
use crate::store::error::StoreError;

/// The modes of folders and files, from birth.
pub(super) const FOLDER_MODE: u32 = 0o700;
pub(super) const FILE_MODE: u32 = 0o600;

/// Group and others.
const FOREIGN: u32 = 0o077;
const WORLD: u32 = 0o007;
/// Their right to write.
const FOREIGN_WRITE: u32 = 0o022;
/// All that a folder's owner may do in it.
const OWNER: u32 = 0o700;

/// Opens a record for reading and checks it. `Ok(None)`: there is none.
pub(super) fn open_for_reading(path: &Path) -> Result<Option<File>, StoreError> {
    let file = match no_follow().read(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if is_link(&error) && is_mounted_read_only(path) => {
            // Not blocking: it may lead to a pipe.
            let mut options = OpenOptions::new();
            options.read(true).custom_flags(OFlag::O_NONBLOCK.bits());
            let opened = options.open(path);
            opened.map_err(|error| StoreError::io("open", path, error))?
        }
        opened => opened.map_err(|error| StoreError::io("open", path, error))?,
    };
    let metadata = metadata(&file, path)?;
    check_regular(path, &metadata)?;
    check_owner(path, &metadata, &[env::user_id(), 0])?;
    let foreign = metadata.mode() & FOREIGN;
    if foreign & WORLD != 0 || foreign != 0 && !is_mounted_read_only(path) {
        return Err(too_open(path, &metadata, FILE_MODE));
    }
    Ok(Some(file))
}

/// Opens a file of ours for writing, and creates it where it is missing.
pub(super) fn open_for_writing(path: &Path) -> Result<File, StoreError> {
    let file = no_follow()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .open(path)
        .map_err(|error| StoreError::io("write", path, error))?;
    check_ours(path, &file)?;
    ensure_mode(&file, path)?;
    Ok(file)
}

/// Lets the owner of a file of ours read and write it, whatever the umask took away when it was created.
pub(super) fn ensure_mode(file: &File, path: &Path) -> Result<(), StoreError> {
    if metadata(file, path)?.mode() & FILE_MODE == FILE_MODE {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(FILE_MODE))
        .map_err(|error| StoreError::io("change the mode of", path, error))
}

/// The same, and creates nothing: `Ok(None)` where nothing is.
pub(super) fn open_if_there(path: &Path) -> Result<Option<File>, StoreError> {
    let file = match no_follow().read(true).write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| StoreError::io("write", path, error))?,
    };
    check_ours(path, &file)?;
    Ok(Some(file))
}

/// Opens a file of ours that is there, for writing.
pub(super) fn open_existing(path: &Path) -> Result<File, StoreError> {
    let missing = || io::Error::from(io::ErrorKind::NotFound);
    open_if_there(path)?.ok_or_else(|| StoreError::io("open", path, missing()))
}

/// The same as [`check_ours`] of a file that is not open.
pub(super) fn check_file(path: &Path) -> Result<(), StoreError> {
    let found = fs::symlink_metadata(path).map_err(|error| StoreError::io("read", path, error))?;
    if found.is_symlink() {
        let error = io::Error::from_raw_os_error(nix::errno::Errno::ELOOP as i32);
        return Err(StoreError::io("open", path, error));
    }
    check_regular(path, &found)?;
    check_owner(path, &found, &[env::user_id()])?;
    check_closed(path, &found, FILE_MODE)
}

/// Checks a file that a writer relies on: regular, the user's own, closed to others.
pub(super) fn check_ours(path: &Path, file: &File) -> Result<(), StoreError> {
    let metadata = metadata(file, path)?;
    check_regular(path, &metadata)?;
    check_owner(path, &metadata, &[env::user_id()])?;
    check_closed(path, &metadata, FILE_MODE)
}

/// Refuses to make a folder where root works in another user's home: what root makes there, that user could
/// not open.
pub(super) fn check_home(path: &Path) -> Result<(), StoreError> {
    let Some(owner) = env::owner_of_foreign_home(path) else {
        return Ok(());
    };
    let owner = env::user_named(owner);
    Err(StoreError::Permission {
        path: path.to_owned(),
        problem: format!(
            "was not made: {owner}, whose home that is in, could not open what root makes"
        ),
        wanted_mode: None,
    })
}

/// Makes a folder, and those above it, where they are missing; checks it where it is there.
pub(super) fn private_folder(path: &Path) -> Result<(), StoreError> {
    make_way_to(path)?;
    check_folder(path)
}

/// One by one: below a folder that the umask has closed no other can be made.
fn make_way_to(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    let above = path.parent();
    if let Some(above) = above.filter(|above| !above.as_os_str().is_empty()) {
        make_way_to(above)?;
    }
    new_leaf(path).map(drop)
}

/// Makes one folder where it is missing, and none above it; checks it where it is there.
pub(super) fn private_leaf(path: &Path) -> Result<(), StoreError> {
    new_leaf(path)?;
    check_folder(path)
}

/// Makes one folder, and none above it; `false`: there is something already.
pub(super) fn new_leaf(path: &Path) -> Result<bool, StoreError> {
    match DirBuilder::new().mode(FOLDER_MODE).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        made => {
            made.map_err(|error| StoreError::io("create", path, error))?;
            open_to_owner(path)?;
            Ok(true)
        }
    }
}

/// Lets the owner use a folder that was just made, whatever the umask took away.
fn open_to_owner(path: &Path) -> Result<(), StoreError> {
    let made = fs::symlink_metadata(path).map_err(|error| StoreError::io("open", path, error))?;
    if !made.is_dir() || made.mode() & OWNER == OWNER {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(FOLDER_MODE))
        .map_err(|error| StoreError::io("change the mode of", path, error))
}

/// Checks a folder that a writer relies on: no link, the user's own, closed to others.
pub(super) fn check_folder(path: &Path) -> Result<(), StoreError> {
    let metadata =
        fs::symlink_metadata(path).map_err(|error| StoreError::io("open", path, error))?;
    if !metadata.is_dir() {
        return Err(StoreError::WrongKind {
            path: path.to_owned(),
            found: "not a folder".into(),
        });
    }
    check_owner(path, &metadata, &[env::user_id()])?;
    check_not_open(path, &metadata)?;
    check_closed(path, &metadata, FOLDER_MODE)
}

/// What [`check_folder`] would say to a writer, where that is more than that a reader's folder is not its own:
/// one of root's, or on a file system that is mounted read-only, as a container's mounted secret is.
pub(super) fn trouble_of_folder(path: &Path) -> Option<StoreError> {
    let metadata = fs::symlink_metadata(path).ok()?;
    let is_given = metadata.uid() == 0 && env::user_id() != 0;
    if is_read_only(path) {
        None
    } else if is_given && metadata.is_dir() {
        check_not_open(path, &metadata).err()
    } else {
        check_folder(path).err()
    }
}

fn check_not_open(path: &Path, metadata: &Metadata) -> Result<(), StoreError> {
    let mode = metadata.mode() & 0o7777;
    if mode & FOREIGN_WRITE == 0 {
        return Ok(());
    }
    let path = path.to_owned();
    Err(StoreError::OpenFolder { path, mode })
}

/// Checks that a folder lets us read and write in it, which its owner's own mode may forbid.
pub(super) fn check_usable(path: &Path) -> Result<(), StoreError> {
    let Err(errno) = access(path, AccessFlags::all()) else {
        return Ok(());
    };
    match fs::symlink_metadata(path) {
        Ok(found) if found.uid() == env::user_id() && found.mode() & OWNER != OWNER => {
            Err(StoreError::Permission {
                path: path.to_owned(),
                problem: format!(
                    "is closed to its owner (mode {:04o})",
                    found.mode() & 0o7777
                ),
                wanted_mode: Some(found.mode() & 0o7777 | OWNER),
            })
        }
        _ => Err(StoreError::io("write in", path, errno.into())),
    }
}

/// Whether the user owns what is there.
pub(super) fn is_own(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.uid() == env::user_id())
}

/// Whether a folder is on a file system that is gone after a restart.
#[cfg(target_os = "linux")]
pub(super) fn is_in_memory(folder: &Path) -> bool {
    use nix::sys::statfs::{FsType, TMPFS_MAGIC, statfs};
    // linux/magic.h
    const RAMFS_MAGIC: FsType = FsType(0x8584_58f6);
    statfs(folder).is_ok_and(|found| [TMPFS_MAGIC, RAMFS_MAGIC].contains(&found.filesystem_type()))
}

/// Elsewhere no folder is in memory unless an administrator made it so.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_in_memory(_folder: &Path) -> bool {
    false
}

/// Whether `path` names this very file, and not another one or none.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    match (fs::symlink_metadata(path), file.metadata()) {
        (Ok(there), Ok(ours)) => there.dev() == ours.dev() && there.ino() == ours.ino(),
        _ => false,
    }
}

/// Opening that follows no link and waits for no other end of a pipe.
pub(super) fn no_follow() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits());
    options
}

fn metadata(file: &File, path: &Path) -> Result<Metadata, StoreError> {
    file.metadata()
        .map_err(|error| StoreError::io("read", path, error))
}

fn check_regular(path: &Path, metadata: &Metadata) -> Result<(), StoreError> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(StoreError::WrongKind {
        path: path.to_owned(),
        found: "not a regular file".into(),
    })
}

fn check_owner(path: &Path, metadata: &Metadata, allowed: &[u32]) -> Result<(), StoreError> {
    if allowed.contains(&metadata.uid()) {
        return Ok(());
    }
    Err(StoreError::Permission {
        path: path.to_owned(),
        problem: format!(
            "is owned by {}, but glauth runs as {}",
            env::user_named(metadata.uid()),
            env::user_named(env::user_id())
        ),
        wanted_mode: None,
    })
}

fn check_closed(path: &Path, metadata: &Metadata, wanted: u32) -> Result<(), StoreError> {
    if metadata.mode() & FOREIGN == 0 {
        return Ok(());
    }
    Err(too_open(path, metadata, wanted))
}

fn too_open(path: &Path, metadata: &Metadata, wanted: u32) -> StoreError {
    StoreError::Permission {
        path: path.to_owned(),
        problem: format!(
            "is open to other users (mode {:04o})",
            metadata.mode() & 0o7777
        ),
        wanted_mode: Some(wanted),
    }
}

fn is_mounted_read_only(path: &Path) -> bool {
    is_read_only(path.parent().unwrap_or(path))
}

/// Whether a folder is on a file system that is mounted read-only.
pub(super) fn is_read_only(folder: &Path) -> bool {
    statvfs(folder).is_ok_and(|found| found.flags().contains(FsFlags::ST_RDONLY))
}
