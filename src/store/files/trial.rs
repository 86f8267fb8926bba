//! Tries what the store rests on (A1 to A4), in a scratch folder: that a lock excludes another process,
//! that a rename is atomic for readers, that files and folders can be synced and room set aside.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::replace::{self, Room};
use super::scratch::Scratch;
use super::{lock, permissions};
use crate::signals::BlockedSignals;
use crate::store::error::StoreError;
use crate::store::record::RECORD_LIMIT;

/// How often a file is replaced under the eyes of a reader, at least.
const RENAMES: usize = 200;

/// How long that may take on a slow disk.
const RENAME_LIMIT: Duration = Duration::from_secs(2);

/// The size of a version: several pages, so that half of one could be seen.
const VERSION: usize = 16 * 1024;

/// What a second process says of a lock that it tries without waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondProcess {
    /// A process has it.
    Busy,
    /// It was had.
    Free,
}

/// Whether the lock of one process excludes another one (A1).
#[derive(Debug)]
pub enum Exclusion {
    /// It does, and it is free when it is let go.
    Excludes,
    /// Both had it.
    DoesNotExclude,
    /// It was let go, and the other process still did not get it.
    StaysHeld,
    /// The file system does not lock.
    Refused(StoreError),
    /// There was no second process to try it with.
    Untried(String),
}

/// What a reader saw while a file was replaced (A2).
#[derive(Debug)]
pub enum Atomicity {
    /// A whole version each time.
    Atomic {
        /// How often it was replaced.
        renames: usize,
        /// How often it was read meanwhile.
        reads: usize,
    },
    /// Half of one, or none.
    Torn(String),
    /// Replacing failed.
    Failed(StoreError),
}

/// What was tried, and what came of it.
#[derive(Debug)]
pub struct Tried {
    /// A1.
    pub exclusion: Exclusion,
    /// A2.
    pub atomicity: Atomicity,
    /// A3, as far as it can be seen: nothing complained.
    pub sync: Result<(), StoreError>,
    /// A4: as much as the largest record takes.
    pub room: Result<(), StoreError>,
}

/// Tries everything in `folder`. `second` starts another process, which is to call [`second_try`].
///
/// Signals wait meanwhile, so that no scratch folder is left behind.
pub fn try_out(
    folder: &Path,
    second: &dyn Fn(&Path) -> io::Result<SecondProcess>,
) -> Result<Tried, StoreError> {
    permissions::check_usable(folder)?;
    let _held = BlockedSignals::new();
    let scratch = Scratch::new(folder)?;
    Ok(Tried {
        exclusion: exclusion(&scratch.file("lock"), second),
        atomicity: atomicity(&scratch),
        sync: replace::write_new(&scratch.file("synced"), b"synced")
            .and_then(|()| replace::sync_folder(&scratch.folder)),
        room: Room::new(&scratch.file("room"), RECORD_LIMIT as u64).map(drop),
    })
}

/// What the second process does: tries the lock once, and lets it go at once.
pub fn second_try(path: &Path) -> Result<SecondProcess, StoreError> {
    let tried = lock::try_scratch(path)?;
    Ok(tried.map_or(SecondProcess::Busy, |_| SecondProcess::Free))
}

fn exclusion(path: &Path, second: &dyn Fn(&Path) -> io::Result<SecondProcess>) -> Exclusion {
    let taken = replace::write_scratch(path, b"").and_then(|()| lock::try_scratch(path));
    let held = match taken {
        Ok(Some(held)) => held,
        // A new file that no other process knows is locked already.
        Ok(None) => return Exclusion::StaysHeld,
        Err(error) => return Exclusion::Refused(error),
    };
    let while_held = second(path);
    drop(held);
    judge(while_held, || second(path))
}

fn judge(
    while_held: io::Result<SecondProcess>,
    afterwards: impl FnOnce() -> io::Result<SecondProcess>,
) -> Exclusion {
    match while_held {
        Ok(SecondProcess::Free) => Exclusion::DoesNotExclude,
        Ok(SecondProcess::Busy) => match afterwards() {
            Ok(SecondProcess::Free) => Exclusion::Excludes,
            Ok(SecondProcess::Busy) => Exclusion::StaysHeld,
            Err(error) => Exclusion::Untried(error.to_string()),
        },
        Err(error) => Exclusion::Untried(error.to_string()),
    }
}

/// Replaces a file again and again while a thread reads it.
fn atomicity(scratch: &Scratch) -> Atomicity {
    let (shown, next) = (scratch.file("shown"), scratch.file("next"));
    if let Err(error) = replace::write_scratch(&shown, &version(0)) {
        return Atomicity::Failed(error);
    }
    let (stop, reads) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let reader = thread::Builder::new().spawn_scoped(scope, || watch(&shown, &stop, &reads));
        let replaced = replace_often(&next, &shown, &reads, reader.is_ok());
        stop.store(true, Ordering::Relaxed);
        let seen = reader.map(thread::ScopedJoinHandle::join);
        match (replaced, seen) {
            (Err(error), _) => Atomicity::Failed(error),
            (Ok(_), Ok(Ok(Some(torn)))) => Atomicity::Torn(torn),
            (Ok(renames), _) => Atomicity::Atomic {
                renames,
                reads: reads.load(Ordering::Relaxed),
            },
        }
    })
}

fn replace_often(
    next: &Path,
    shown: &Path,
    reads: &AtomicUsize,
    is_watched: bool,
) -> Result<usize, StoreError> {
    let begin = Instant::now();
    let mut renames = 0;
    let wanted = || is_watched && reads.load(Ordering::Relaxed) < RENAMES;
    while (renames < RENAMES || wanted()) && begin.elapsed() < RENAME_LIMIT {
        renames += 1;
        replace::write_scratch(next, &version(renames))?;
        replace::rename(next, shown)?;
    }
    Ok(renames)
}

/// What a reader sees until it is told to stop; the first thing that is not a whole version.
fn watch(shown: &Path, stop: &AtomicBool, reads: &AtomicUsize) -> Option<String> {
    while !stop.load(Ordering::Relaxed) {
        if let Some(torn) = torn(std::fs::read(shown)) {
            return Some(torn);
        }
        reads.fetch_add(1, Ordering::Relaxed);
    }
    None
}

fn version(number: usize) -> Vec<u8> {
    let letter = b"abcdefghijklmnopqrstuvwxyz"[number % 26];
    vec![letter; VERSION]
}

/// What is wrong with what was read; `None`: it is one whole version.
fn torn(read: io::Result<Vec<u8>>) -> Option<String> {
    match read {
        Err(error) => Some(format!("a reader was told: {error}")),
        Ok(bytes) if bytes.len() != VERSION => {
            Some(format!("a reader saw {} bytes of {VERSION}", bytes.len()))
        }
        Ok(bytes) if bytes.iter().any(|byte| *byte != bytes[0]) => {
            Some("a reader saw two versions in one".to_owned())
        }
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// What is found where the second process says these words, one after the other.
    fn found(words: &[SecondProcess]) -> Exclusion {
        let folder = tempfile::tempdir().unwrap();
        let words = RefCell::new(words.iter());
        let none_left = || io::Error::other("it does not start");
        let second = |_: &Path| words.borrow_mut().next().copied().ok_or_else(none_left);
        let tried = try_out(folder.path(), &second).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        tried.exclusion
    }

    #[test]
    fn a_lock_that_does_not_do_its_work_is_seen() {
        use SecondProcess::{Busy, Free};
        let both = found(&[Free]);
        assert!(matches!(both, Exclusion::DoesNotExclude), "{both:?}");
        let stays = found(&[Busy, Busy]);
        assert!(matches!(stays, Exclusion::StaysHeld), "{stays:?}");
        let good = found(&[Busy, Free]);
        assert!(matches!(good, Exclusion::Excludes), "{good:?}");
        for unknown in [&[][..], &[Busy]] {
            let unknown = found(unknown);
            assert!(matches!(unknown, Exclusion::Untried(_)), "{unknown:?}");
        }
    }

    #[test]
    fn a_second_try_sees_the_holder() {
        let folder = tempfile::tempdir().unwrap();
        let tried = try_out(folder.path(), &|path| {
            second_try(path).map_err(io::Error::other)
        });
        let exclusion = tried.unwrap().exclusion;
        assert!(matches!(exclusion, Exclusion::Excludes), "{exclusion:?}");
    }

    #[test]
    fn half_a_version_and_none_are_seen() {
        assert_eq!(torn(Ok(version(3))), None);
        let gone = io::Error::from(io::ErrorKind::NotFound);
        let two = [&version(1)[..VERSION / 2], &version(2)[..VERSION / 2]].concat();
        for read in [
            Ok(Vec::new()),
            Ok(version(1)[1..].to_vec()),
            Ok(two),
            Err(gone),
        ] {
            assert!(torn(read).is_some());
        }
    }

    #[test]
    fn every_version_is_seen_whole_on_this_disk() {
        let folder = tempfile::tempdir().unwrap();
        let tried = try_out(folder.path(), &|_| Ok(SecondProcess::Busy)).unwrap();
        let Atomicity::Atomic { renames, reads } = tried.atomicity else {
            panic!("{:?}", tried.atomicity);
        };
        assert!(renames >= RENAMES && reads > 0, "{renames} {reads}");
        assert!(tried.sync.is_ok() && tried.room.is_ok(), "{:?}", tried.room);
    }
}
