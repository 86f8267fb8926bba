//! The one way to change a file of the user's own.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use zeroize::Zeroizing;

use super::{Unusable, text_at};

/// Of a new file: there may be a secret in it one day.
const NEW_MODE: u32 = 0o600;

/// How often a change starts again, because the file has changed meanwhile.
const ATTEMPTS: usize = 5;

/// How long one process waits for the change of another.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the name of the next text ends in: a name that no person gives a file.
const NEW: &str = ".glauth-new";

/// Why a file has not changed.
#[derive(Debug)]
pub enum Unchanged<E> {
    /// It is not read.
    Unread(Unusable),
    /// The system refuses the new text.
    Unwritten(io::Error),
    /// The change itself does not go.
    Refused(E),
}

/// Changes a text file, safe from a power loss, and keeps its mode; `false`: `edit` says that nothing is to change.
/// A link stays a link: what it leads to is replaced, or made. The file and its folder may be missing.
///
/// Of several processes of glauth one after the other does this. `edit` gets what the file says at that time. It is
/// called again if another program writes the file before the new text is in its place.
pub fn change<E>(
    path: &Path,
    limit: u64,
    mut edit: impl FnMut(&str) -> Result<Option<Zeroizing<String>>, E>,
) -> Result<bool, Unchanged<E>> {
    let mut next = || {
        let before = text_at(path, limit).map_err(Unchanged::Unread)?;
        let new = edit(&before).map_err(Unchanged::Refused)?;
        Ok(new.map(|new| (before, new)))
    };
    // Without a change, no folder is made.
    if next()?.is_none() {
        return Ok(false);
    }
    let target = TextFile::of(path).map_err(Unchanged::Unwritten)?;
    let lock = lock(&target.folder).map_err(Unchanged::Unwritten)?;
    if lock.is_some() {
        target.sweep();
    }
    for _ in 0..ATTEMPTS {
        let Some((before, new)) = next()? else {
            return Ok(false);
        };
        let is_as_before = || text_at(path, limit).is_ok_and(|now| now == before);
        let replaced = target.replace(&new, is_as_before);
        if replaced.map_err(Unchanged::Unwritten)? {
            return Ok(true);
        }
    }
    let error = io::Error::other("another program changes it again and again");
    Err(Unchanged::Unwritten(error))
}

/// Where a file is, or will be, behind all links.
struct TextFile {
    file: PathBuf,
    folder: PathBuf,
}

impl TextFile {
    /// Makes the folder where it is missing.
    fn of(path: &Path) -> io::Result<Self> {
        let file = match path.canonicalize() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::read_link(path) {
                Ok(target) => path.parent().unwrap_or(Path::new("")).join(target),
                Err(_) => path.to_owned(),
            },
            resolved => resolved?,
        };
        let folder = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        fs::create_dir_all(&folder)?;
        Ok(Self { file, folder })
    }

    /// Puts a text in the file's place, if nothing was written there; whether that is so.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that writes a file of the user's own"
    )]
    fn replace(&self, text: &str, is_as_before: impl Fn() -> bool) -> io::Result<bool> {
        let mode = fs::metadata(&self.file).map_or(NEW_MODE, |found| found.mode() & 0o777);
        let mut new = self.file.clone();
        // Random, so that a process never writes, renames or removes what another one has made.
        let own = RandomState::new().hash_one(&new);
        new.as_mut_os_string().push(format!(".{own:016x}{NEW}"));
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(NEW_MODE)
            .open(&new)?;
        let written = file
            .write_all(text.as_bytes())
            .and_then(|()| file.set_permissions(fs::Permissions::from_mode(mode)))
            .and_then(|()| file.sync_all())
            .and_then(|()| {
                let is_ours = is_as_before();
                if is_ours {
                    fs::rename(&new, &self.file)?;
                }
                Ok(is_ours)
            });
        if !matches!(written, Ok(true)) {
            drop(fs::remove_file(&new));
            return written;
        }
        File::open(&self.folder)?.sync_all()?;
        Ok(true)
    }

    /// Removes what processes that were killed have left. Only the one with the lock may: every other has ended.
    fn sweep(&self) {
        let Some(name) = self.file.file_name() else {
            return;
        };
        let start = [name.as_encoded_bytes(), b"."].concat();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let found = entry.file_name();
            let found = found.as_encoded_bytes();
            if found.starts_with(&start) && found.ends_with(NEW.as_bytes()) {
                drop(fs::remove_file(entry.path()));
            }
        }
    }
}

/// Locks a folder, in which no lock file is left then, against other processes of glauth. `None`: this file system
/// has no such locks.
#[expect(
    clippy::disallowed_methods,
    reason = "the user's own files are locked where they are written"
)]
fn lock(folder: &Path) -> io::Result<Option<File>> {
    let file = File::open(folder)?;
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new().spawn(move || {
        let is_locked = file.lock().is_ok();
        // After the deadline the file is closed here, and with it the lock.
        drop(sender.send(is_locked.then_some(file)));
    })?;
    let locked = receiver.recv_timeout(PATIENCE);
    locked.map_err(|_| io::Error::other("another process keeps its folder locked"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: u64 = 100;

    type Edited = Result<Option<Zeroizing<String>>, ()>;

    #[expect(clippy::unnecessary_wraps, reason = "what `change` expects")]
    fn add(text: &str) -> Edited {
        Ok(Some(Zeroizing::new(format!("{text}+"))))
    }

    fn files(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    #[expect(clippy::disallowed_methods, reason = "another program writes")]
    fn write(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
    }

    #[test]
    fn what_another_program_writes_meanwhile_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.json");
        write(&path, "a");
        let mut calls = 0;
        let changed = change(&path, LIMIT, |text| {
            calls += 1;
            if calls == 2 {
                write(&path, "ab");
            }
            add(text)
        });
        assert!(changed.unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "ab+");
        assert_eq!(files(folder.path()), ["auth.json"]);
    }

    #[test]
    fn a_file_that_changes_all_the_time_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.json");
        let changed = change(&path, LIMIT, |text| {
            write(&path, &format!("{text}a"));
            add(text)
        });
        assert!(matches!(changed, Err(Unchanged::Unwritten(_))));
        assert!(!fs::read_to_string(&path).unwrap().contains('+'));
        assert_eq!(files(folder.path()), ["auth.json"]);
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.json");
        write(&folder.path().join("auth.json.0123.glauth-new"), "half");
        write(&folder.path().join("other.json.0123.glauth-new"), "half");
        assert!(change(&path, LIMIT, add).unwrap());
        let mut left = files(folder.path());
        left.sort();
        assert_eq!(left, ["auth.json", "other.json.0123.glauth-new"]);
    }

    #[test]
    fn without_a_change_nothing_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("containers/auth.json");
        let edit = |_: &str| -> Edited { Ok(None) };
        assert!(!change(&path, LIMIT, edit).unwrap());
        assert!(files(folder.path()).is_empty());
    }

    #[test]
    fn several_that_change_one_file_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.json");
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert!(change(&path, LIMIT, add).unwrap()));
            }
        });
        assert_eq!(fs::read_to_string(&path).unwrap(), "++++++++");
    }
}
