//! The only code that locks.
//!
//! An account's lock is an advisory `flock` on a file beside the record, never on the record
//! itself, which is replaced by rename. The lock file is never removed, renamed or replaced by
//! glauth; if another program replaces it, path and descriptor no longer name one inode, and the
//! lock counts for nothing: that is checked when it is had and before a refresh token leaves.
//!
//! A lease is the same on a file of its own, shared by the commands that must not lose a token.
//!
//! Waiting happens in the kernel, in a helper thread, while this one watches the deadline: from
//! one holder to the next it takes tens of microseconds, where polling takes milliseconds.

#![expect(clippy::disallowed_methods, reason = "the one place that locks")]

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::permissions;
use crate::store::error::{LockError, StoreError};
use crate::{env, signals::BlockedSignals};

/// After this wait, glauth says which process it waits for.
const SILENCE: Duration = Duration::from_secs(1);

/// How often a waiting process looks whether that is in vain.
const GLANCE: Duration = Duration::from_secs(1);

/// The longest text that a lock file is believed, in bytes.
const HOLDER_LIMIT: u64 = 200;

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub enum Awaited<'a> {
    /// A lock, and its holder where that one has named itself.
    Lock(Option<&'a str>),
    /// What a process on another machine does.
    Elsewhere(&'a str),
}

/// How to wait for a lock.
pub struct Wait<'a> {
    /// Until when.
    pub deadline: Instant,
    /// Called once, after a second, and once for each process of another machine that is waited for. It must not block: a
    /// process that is in it when the lock comes holds it.
    pub on_wait: &'a dyn Fn(Awaited<'_>),
}

impl Wait<'static> {
    /// Until then, without a word.
    #[must_use]
    pub fn in_silence(deadline: Instant) -> Self {
        Self {
            deadline,
            on_wait: &|_| {},
        }
    }
}

/// An account's lock. As long as it lives, signals that would stop or end the process wait (I7).
/// Dropped, it is unlocked, though a copy of its descriptor may be open elsewhere.
#[derive(Debug)]
pub(super) struct AccountLock {
    file: LockedFile,
    path: PathBuf,
    // After the file: signals take effect when the lock is free.
    held: BlockedSignals,
}

/// A lock belongs to the open file, which all copies of its descriptor share: unlocking one unlocks all.
#[derive(Debug)]
struct LockedFile {
    file: File,
    /// The lock is another process's now: this copy is closed, and no more.
    is_handed_over: bool,
}

impl LockedFile {
    fn new(file: File) -> Self {
        Self {
            file,
            is_handed_over: false,
        }
    }
}

impl Drop for LockedFile {
    /// Unlocks the file. Closing it would not be enough: a forked child of a program that embeds the
    /// library has the same open file, and would keep the lock.
    fn drop(&mut self) {
        if !self.is_handed_over {
            unlock(&self.file);
        }
    }
}

/// An account's lock on its way to a process of our own, which gets a copy of the descriptor. Until this
/// is dropped the account stays locked, whatever becomes of that process, and signals wait. Nothing can
/// be read or refreshed with it: the process that has the lock rereads the record (I1).
#[derive(Debug)]
#[must_use = "the process that was started may not have the lock yet"]
pub struct HandedOver {
    file: LockedFile,
    held: BlockedSignals,
}

impl HandedOver {
    /// A copy of the descriptor, for the other process to inherit.
    pub fn descriptor(&self) -> io::Result<File> {
        self.file.file.try_clone()
    }

    /// Closes this process's copy, now that the other one has the lock. Signals still wait, until what is
    /// returned is dropped.
    pub fn let_go(self) -> BlockedSignals {
        let Self { file, held } = self;
        drop(file);
        held
    }
}

impl AccountLock {
    /// Takes the lock at `path`, creating its file where it is missing.
    pub(super) fn acquire(path: &Path, wait: &Wait<'_>) -> Result<Self, LockError> {
        let started = Instant::now();
        loop {
            let held = BlockedSignals::new();
            let file = permissions::open_for_writing(path)?;
            let (file, held) = if try_now(&file, path, Mode::Exclusive)? {
                (file, held)
            } else {
                drop(held);
                wait_in_kernel(file, path, Mode::Exclusive, started, wait, &|| false)?
            };
            let lock = Self {
                file: LockedFile::new(file),
                path: path.to_owned(),
                held,
            };
            if lock.is_ours() {
                sign(&lock.file.file);
                return Ok(lock);
            }
            if Instant::now() >= wait.deadline {
                return Err(timeout(&lock.file.file, started));
            }
        }
    }

    /// The lock that the process which started this one holds, by the descriptor that it left. `None`: it
    /// does not hold it, or not under this path.
    pub(super) fn inherited(path: &Path, file: File) -> Result<Option<Self>, StoreError> {
        Self::again(path, LockedFile::new(file), BlockedSignals::new())
    }

    /// The same lock once more, where the other process did not take it. `None`: it is lost.
    pub(super) fn taken_back(path: &Path, lent: HandedOver) -> Result<Option<Self>, StoreError> {
        let HandedOver { mut file, held } = lent;
        file.is_handed_over = false;
        Self::again(path, file, held)
    }

    fn again(
        path: &Path,
        file: LockedFile,
        held: BlockedSignals,
    ) -> Result<Option<Self>, StoreError> {
        let is_locked = try_now(&file.file, path, Mode::Exclusive)?;
        let lock = Self {
            file,
            path: path.to_owned(),
            held,
        };
        if !is_locked || !lock.is_ours() {
            return Ok(None);
        }
        sign(&lock.file.file);
        Ok(Some(lock))
    }

    /// Gives the lock to another process.
    pub(super) fn hand_over(self) -> HandedOver {
        let Self {
            mut file,
            path: _,
            held,
        } = self;
        file.is_handed_over = true;
        HandedOver { file, held }
    }

    /// Whether the path still names the file that is locked.
    pub(super) fn is_ours(&self) -> bool {
        permissions::is_at(&self.file.file, &self.path)
    }

    /// The inode that is locked; zero: it cannot be told.
    #[cfg(feature = "postgres")]
    pub(super) fn inode(&self) -> u64 {
        use std::os::unix::fs::MetadataExt as _;
        self.file.file.metadata().map_or(0, |found| found.ino())
    }

    /// Unlocks it. Signals still wait, until what is returned is dropped.
    pub(super) fn release(self) -> BlockedSignals {
        let Self {
            file,
            path: _,
            held,
        } = self;
        drop(file);
        held
    }

    /// From now on the first signal is answered with a line on stderr.
    pub(super) fn announce(&mut self, notice: String) {
        self.held.announce(notice);
    }
}

/// Unlocks a file, for every descriptor and process that shares the open file.
pub(super) fn unlock(file: &File) {
    // A file that cannot be unlocked is unlocked when it is closed.
    fs4::FileExt::unlock(file).ok();
}

/// Locks a file that a refresh has just created, the room for its answer or its mark: other processes can
/// then tell a refresh that is still running from one that died, even where the lock file was removed.
pub(super) fn claim(file: &File, path: &Path) -> Result<(), StoreError> {
    // It can only be held by a process that looks whether it is held, for a moment.
    lock_in_kernel(file, Mode::Exclusive).map_err(|error| refused(path, error))
}

/// Whether the process that has claimed this file still runs.
pub(super) fn is_claimed(path: &Path) -> Result<bool, StoreError> {
    let Some(file) = permissions::open_for_reading(path)? else {
        return Ok(false);
    };
    Ok(!try_now(&file, path, Mode::Shared)?)
}

/// Waits until the process that has claimed this file, named `owner`, has ended its refresh.
pub(super) fn wait_for_owner(path: &Path, owner: &str, wait: &Wait<'_>) -> Result<(), LockError> {
    let on_wait = |_: Awaited<'_>| (wait.on_wait)(Awaited::Lock(Some(owner)));
    let named = Wait {
        deadline: wait.deadline,
        on_wait: &on_wait,
    };
    let Some(file) = permissions::open_for_reading(path)? else {
        return Ok(());
    };
    wait_while_there(file, path, Mode::Shared, &named).map_err(|error| match error {
        // The file holds no name.
        LockError::Timeout { waited, .. } => LockError::Timeout {
            holder: Some(owner.to_owned()),
            waited,
        },
        error @ LockError::Store(_) => error,
    })
}

/// Names the holder in the file, for messages of others. On a full disk it stays empty.
fn sign(mut file: &File) {
    let name = env::process_name();
    file.set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| file.write_all(name.as_bytes()))
        .ok();
}

/// Waits until no process holds the lock at `path` exclusively, without the right to write there: for
/// a store that is mounted read-only here, and in which another process is refreshing.
pub(super) fn wait_until_free(path: &Path, wait: &Wait<'_>) -> Result<(), LockError> {
    let Some(file) = permissions::open_for_reading(path)? else {
        return Ok(());
    };
    let started = Instant::now();
    if try_now(&file, path, Mode::Shared)? {
        return Ok(());
    }
    wait_in_kernel(file, path, Mode::Shared, started, wait, &|| false).map(drop)
}

/// Takes a shared lock on `path`, which is created where it is missing, and names the holder in it.
/// `None`: a process has it exclusively, or has replaced it meanwhile.
pub(super) fn try_shared(path: &Path) -> Result<Option<File>, StoreError> {
    let file = permissions::open_for_writing(path)?;
    if !try_now(&file, path, Mode::Shared)? || !permissions::is_at(&file, path) {
        return Ok(None);
    }
    sign(&file);
    Ok(Some(file))
}

/// Whether a process holds the lock at `path`, shared or not.
pub(super) fn is_held(path: &Path) -> Result<bool, StoreError> {
    let Some(file) = permissions::open_if_there(path)? else {
        return Ok(false);
    };
    Ok(!try_now(&file, path, Mode::Exclusive)?)
}

/// Waits until no process holds the lock at `path`, and lets it go at once; or until its file is gone, of
/// which the kernel sends no word.
pub(super) fn wait_until_unshared(path: &Path, wait: &Wait<'_>) -> Result<(), LockError> {
    match permissions::open_if_there(path)? {
        Some(file) => wait_while_there(file, path, Mode::Exclusive, wait),
        None => Ok(()),
    }
}

fn wait_while_there(file: File, path: &Path, mode: Mode, wait: &Wait<'_>) -> Result<(), LockError> {
    let watched = duplicate(&file, path)?;
    let is_gone = || !permissions::is_at(&watched, path);
    let started = Instant::now();
    match wait_in_kernel(file, path, mode, started, wait, &is_gone) {
        Err(LockError::Timeout { .. }) if is_gone() => Ok(()),
        waited => waited.map(drop),
    }
}

/// Tries, without waiting, to lock a file that is there and is no account's: dropping it lets it go.
/// `None`: another process has it.
pub(super) fn try_scratch(path: &Path) -> Result<Option<File>, StoreError> {
    let file = permissions::open_existing(path)?;
    Ok(try_now(&file, path, Mode::Exclusive)?.then_some(file))
}

/// Whether a process has a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// It could be had.
    Free,
    /// Another process, as it named itself.
    Taken(Option<String>),
}

/// Finds out which process holds the lock at `path` exclusively, by trying to share it for a moment, without the
/// right to write there.
pub(super) fn holder_of(path: &Path) -> Result<Holder, StoreError> {
    let Some(file) = permissions::open_for_reading(path)? else {
        return Ok(Holder::Free);
    };
    Ok(if try_now(&file, path, Mode::Shared)? {
        Holder::Free
    } else {
        Holder::Taken(holder(&file))
    })
}

#[derive(Clone, Copy)]
enum Mode {
    Exclusive,
    Shared,
}

/// Takes the lock if it is free; whether that was so.
fn try_now(file: &File, path: &Path, mode: Mode) -> Result<bool, StoreError> {
    let tried = match mode {
        Mode::Exclusive => fs4::FileExt::try_lock(file),
        Mode::Shared => fs4::FileExt::try_lock_shared(file),
    };
    match tried {
        Ok(()) => Ok(true),
        Err(fs4::TryLockError::WouldBlock) => Ok(false),
        Err(fs4::TryLockError::Error(error)) => Err(refused(path, error)),
    }
}

/// Blocks in the lock call in a thread of its own, and gives up at the deadline, or when the lock is
/// found to be `in_vain`: the thread then drops a lock that comes too late.
///
/// While it waits, signals do what they always do; they are held back again the moment the lock
/// is there.
fn wait_in_kernel(
    file: File,
    path: &Path,
    mode: Mode,
    started: Instant,
    wait: &Wait<'_>,
    in_vain: &dyn Fn() -> bool,
) -> Result<(File, BlockedSignals), LockError> {
    let watched = duplicate(&file, path)?;
    let (sender, receiver) = mpsc::channel();
    let while_spawning = BlockedSignals::new();
    thread::Builder::new()
        .name("lock".to_owned())
        .spawn(move || {
            let result = lock_in_kernel(&file, mode);
            // The caller has gone after the deadline: then the file is closed here.
            sender.send(result.map(|()| file)).ok();
        })
        .map_err(|error| StoreError::io("start a thread to lock", path, error))?;
    drop(while_spawning);
    let left = || wait.deadline.saturating_duration_since(Instant::now());
    let mut answer = receiver.recv_timeout(left().min(SILENCE));
    if matches!(answer, Err(RecvTimeoutError::Timeout)) && !left().is_zero() {
        (wait.on_wait)(Awaited::Lock(holder(&watched).as_deref()));
    }
    while matches!(answer, Err(RecvTimeoutError::Timeout)) && !left().is_zero() && !in_vain() {
        answer = receiver.recv_timeout(left().min(GLANCE));
    }
    match answer {
        Ok(Ok(file)) => Ok((file, BlockedSignals::new())),
        Ok(Err(error)) => Err(refused(path, error).into()),
        Err(_) => Err(timeout(&watched, started)),
    }
}

/// Locks a file, however long that takes.
fn lock_in_kernel(file: &File, mode: Mode) -> io::Result<()> {
    loop {
        let result = match mode {
            Mode::Exclusive => fs4::FileExt::lock(file),
            Mode::Shared => fs4::FileExt::lock_shared(file),
        };
        match result {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn duplicate(file: &File, path: &Path) -> Result<File, StoreError> {
    let copy = file.try_clone();
    copy.map_err(|error| StoreError::io("open", path, error))
}

fn timeout(file: &File, started: Instant) -> LockError {
    LockError::Timeout {
        holder: holder(file),
        waited: started.elapsed(),
    }
}

/// The process that the lock file names as its holder.
fn holder(mut file: &File) -> Option<String> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(HOLDER_LIMIT).read_to_string(&mut text).ok()?;
    let printable = |c: &char| c.is_ascii_graphic() || *c == ' ';
    let name: String = text.chars().filter(printable).collect();
    (!name.is_empty()).then_some(name)
}

fn refused(path: &Path, source: io::Error) -> StoreError {
    StoreError::LockingUnsupported {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests;
