//! The files and folders of a store, one by one: whose they are, which other users may touch them, and what does
//! not belong there.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::folder::{Folder, GIT};
use super::note::ALERT;
#[cfg(feature = "postgres")]
use super::place::MACHINE;
use super::scratch::{SCRATCH, was_left};
use super::{names_in, permissions};
use crate::credential::{AccountName, Host};
use crate::env;
use crate::secret::Fingerprint;
use crate::store::error::StoreError;

/// What was found in a store.
#[derive(Debug, Default)]
pub struct Files {
    /// How many files there are that belong there.
    pub count: usize,
    /// Owner, modes and links that are not as a writer demands.
    pub troubles: Vec<StoreError>,
    /// What glauth never puts there.
    pub strangers: Vec<PathBuf>,
    /// Scratch folders of a `doctor` that was killed.
    pub scratch: Vec<PathBuf>,
}

/// A folder above the store in which another user may put another folder in its place.
#[derive(Debug, PartialEq, Eq)]
pub struct Opening {
    /// The folder that another user can write in.
    pub folder: PathBuf,
    /// Which users can.
    pub to: Openness,
}

/// Which users may replace what is in a folder.
#[derive(Debug, PartialEq, Eq)]
pub enum Openness {
    /// Everybody: it lacks the sticky bit.
    Everybody,
    /// A group.
    Group(u32),
    /// The user that it belongs to, by number.
    User(u32),
}

impl Folder {
    /// Looks at every file, or at those of one host. On a file system that is mounted read-only, owners and modes
    /// are what reading is content with, and reading sees to that.
    pub fn examine(&self, only: Option<&Host>) -> Result<Files, StoreError> {
        let mut found = Files::default();
        let root = self.root().canonicalize();
        let root = root.map_err(|error| StoreError::io("open", self.root(), error))?;
        let as_writer = !permissions::is_read_only(&root);
        if as_writer {
            match permissions::check_folder(&root) {
                // Else nothing in it can be looked at, or be tried.
                Ok(()) => permissions::check_usable(&root)?,
                Err(error) => found.troubles.push(error),
            }
        }
        for name in names_in(&root)? {
            let path = root.join(&name);
            match Host::from_key(&name) {
                Some(host) if path.is_dir() => {
                    if only.is_none_or(|only| *only == host) {
                        found.look_into(&path, as_writer, true);
                    }
                }
                _ if name.starts_with(SCRATCH) => {
                    found.scratch.extend(was_left(&path).then_some(path));
                }
                // The note of a timer, about no single account.
                _ if name == ALERT => {}
                #[cfg(feature = "postgres")]
                _ if name == MACHINE => {}
                _ => found.strangers.push(path),
            }
        }
        Ok(found)
    }

    /// The nearest folder that exists on the way to the store, which may be the store itself.
    pub fn nearest(&self) -> Option<PathBuf> {
        let absolute = std::path::absolute(self.root()).ok()?;
        let mut above = absolute.ancestors();
        above.find_map(|folder| folder.canonicalize().ok())
    }

    /// Whether there is a store at all.
    pub fn exists(&self) -> bool {
        fs::symlink_metadata(self.root()).is_ok()
    }

    /// Whether it is on a file system that is mounted read-only.
    pub fn is_read_only(&self) -> bool {
        permissions::is_read_only(self.root())
    }
}

/// Whether a folder is the user's own.
#[must_use]
pub fn is_own(folder: &Path) -> bool {
    permissions::is_own(folder)
}

impl Files {
    fn look_into(&mut self, folder: &Path, as_writer: bool, is_host: bool) {
        if as_writer {
            match permissions::check_folder(folder).map(|()| permissions::check_usable(folder)) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return self.troubles.push(error),
                Err(error) => self.troubles.push(error),
            }
        }
        let names = match names_in(folder) {
            Ok(names) => names,
            Err(error) => return self.troubles.push(error),
        };
        for name in names {
            let path = folder.join(&name);
            if is_host && name == GIT && path.is_dir() {
                self.look_into(&path, as_writer, false);
            } else if !belongs_there(&name) {
                self.strangers.push(path);
            } else {
                self.count += 1;
                if as_writer {
                    self.troubles.extend(permissions::check_file(&path).err());
                }
            }
        }
    }
}

/// `<account>.toml` and its like, `<account>.alert`, and `<account>.<fingerprint>.lease`.
fn belongs_there(name: &str) -> bool {
    let is_account = |name: &str| name.parse::<AccountName>().is_ok();
    let of_account = [
        ".toml",
        ".toml.new",
        ".toml.answer",
        ".toml.journal",
        ".lock",
        ".alert",
    ];
    let mut accounts = of_account.iter().filter_map(|end| name.strip_suffix(end));
    accounts.any(is_account)
        || name.strip_suffix(".lease").is_some_and(|lease| {
            let parts = lease.rsplit_once('.');
            parts.is_some_and(|(name, token)| {
                is_account(name) && Fingerprint::parse(token).is_some()
            })
        })
}

/// The folders above a resolved path that are open to others than its user and root.
#[must_use]
pub fn ways_in(path: &Path) -> Vec<Opening> {
    const STICKY: u32 = 0o1000;
    let above = path.ancestors().skip(1);
    let opening = |folder: &Path| {
        let found = fs::metadata(folder).ok()?;
        let (mode, user, group) = (found.mode(), found.uid(), found.gid());
        let to = if mode & STICKY == 0 && mode & 0o002 != 0 {
            Openness::Everybody
        } else if user != 0 && user != env::user_id() {
            Openness::User(user)
        // A group of the same number as its user is that user's own, where groups are made so; and
        // the group of root can do what it wants anyway.
        } else if mode & STICKY == 0 && mode & 0o020 != 0 && group != user && group != 0 {
            Openness::Group(group)
        } else {
            return None;
        };
        let folder = folder.to_owned();
        Some(Opening { folder, to })
    };
    above.filter_map(opening).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_into_a_hosts_folder_is_known_by_its_name() {
        for name in [
            "default.toml",
            "default.toml.new",
            "a.b@c.toml.answer",
            "default.lock",
            "default.alert",
            "default.0123456789.lease",
            "0123456789abcdef0123456789abcdef.toml",
        ] {
            assert!(belongs_there(name), "{name}");
        }
        for name in [
            "default.toml~",
            "default.toml.bak",
            ".toml",
            ".default.toml.swp",
            "Default.toml",
            "default.lease",
            "default.012345678.lease",
            "default.0123456789.LEASE",
            "notes",
        ] {
            assert!(!belongs_there(name), "{name}");
        }
    }
}
