//! How the answers of the file system are sorted.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use nix::errno::Errno;

use crate::env;
use crate::store::error::StoreError;

impl StoreError {
    /// Sorts an answer of the file system.
    pub(in crate::store) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { path, source }
            }
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            io::ErrorKind::PermissionDenied => Self::Permission {
                problem: denied(&path),
                path,
                wanted_mode: None,
            },
            _ if is_link(&source) => Self::WrongKind {
                path,
                found: "a symbolic link, which is not followed".into(),
            },
            _ => Self::Io {
                action: action.into(),
                path,
                source,
            },
        }
    }
}

/// Whether opening failed because the path is a symbolic link.
pub(super) fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::ELOOP as i32)
}

/// Why the system does not let this user in: whose the path is, or else the nearest folder above it that can
/// be looked at.
fn denied(path: &Path) -> String {
    let us = env::user_named(env::user_id());
    let mut above = path.ancestors();
    let found = above.find_map(|place| Some((place, fs::symlink_metadata(place).ok()?)));
    let Some((place, metadata)) = found else {
        return format!("is closed to {us}");
    };
    let what = if place == path {
        "it".to_owned()
    } else {
        format!("`{}`", place.display())
    };
    let owner = env::user_named(metadata.uid());
    let mode = metadata.mode() & 0o7777;
    format!("is closed to {us}: {what} is owned by {owner} and has mode {mode:04o}")
}
