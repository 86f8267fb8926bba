//! The files of one account (ARCHITECTURE.md, "The files"), and what a process can do with them that has no lock.

mod locked;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use nix::errno::Errno;
use zeroize::Zeroizing;

use super::lease::SharedLocks;
use super::lock::{self, AccountLock, HandedOver, Holder, Wait};
use super::rescue;
#[cfg(feature = "postgres")]
use super::text;
use super::text::Text;
use crate::credential::AccountId;
use crate::secret::{Fingerprint, RefreshToken};
use crate::store::error::{LockError, StoreError};
use crate::store::record::{self, Format, Full};
pub(in crate::store) use locked::LockedPlace;

/// The file with the name of this machine's folder of a shared store.
#[cfg(feature = "postgres")]
pub(super) const MACHINE: &str = "machine";

/// The files of one account.
#[derive(Debug, Clone)]
pub(in crate::store) struct Place {
    id: AccountId,
    format: Format,
    folder: PathBuf,
    /// The credential record; replaced only by rename.
    record: PathBuf,
    /// The next record while it is being written; never read.
    new: PathBuf,
    /// The room that a refresh reserved for its outcome.
    answer: PathBuf,
    /// The answer that is not in the database yet, of a shared login; sealed.
    #[cfg(feature = "postgres")]
    journal: PathBuf,
    /// The advisory lock.
    lock: PathBuf,
}

/// The file by which a refresh that still runs is known.
pub(in crate::store) struct Claim(PathBuf);

impl Claim {
    /// Waits until the process that made it, named `owner`, has ended its refresh.
    pub fn wait_for(&self, owner: &str, wait: &Wait<'_>) -> Result<(), LockError> {
        lock::wait_for_owner(&self.0, owner, wait)
    }
}

impl Place {
    /// In the store in `root`.
    pub(super) fn new(root: &Path, id: &AccountId, format: Format) -> Self {
        Self::in_folder(root.join(id.host.key()), id, format)
    }

    pub(super) fn in_folder(folder: PathBuf, id: &AccountId, format: Format) -> Self {
        let file = |ending: &str| folder.join(format!("{}.{ending}", id.account));
        Self {
            record: record_in(folder.clone(), id),
            new: file("toml.new"),
            answer: file("toml.answer"),
            #[cfg(feature = "postgres")]
            journal: file("toml.journal"),
            lock: file("lock"),
            id: id.clone(),
            format,
            folder,
        }
    }

    /// Whose it is.
    pub fn id(&self) -> &AccountId {
        &self.id
    }

    /// The folder that all of them are in.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The store that this account's folder is in.
    fn root(&self) -> &Path {
        self.folder.parent().unwrap_or(&self.folder)
    }

    /// The record, for a process that reads; `None` where there is none.
    pub fn record(&self) -> Result<Option<Full>, StoreError> {
        let text = Text::at(self.record.clone())?;
        text.map(|text| text.whole_record(&self.id, self.format))
            .transpose()
    }

    /// When the record was written, to be compared.
    pub fn written_at(&self) -> Option<SystemTime> {
        fs::metadata(&self.record)
            .and_then(|found| found.modified())
            .ok()
    }

    /// The record, for a process that will write: it must be that user's own, closed to others. `None` where there is
    /// no record.
    pub fn own_record(&self) -> Result<Option<Full>, StoreError> {
        let text = Text::own(self.record.clone())?;
        text.map(|text| text.whole_record(&self.id, self.format))
            .transpose()
    }

    /// What a refresh wrote into the room for its answer; `None` where that is missing, or was torn before it was
    /// text.
    pub fn answer(&self) -> Result<Option<Text>, StoreError> {
        match Text::own(self.answer.clone()) {
            Err(StoreError::Corrupt { .. }) => Ok(None),
            // It may be whole: a process that cannot read it now must not spend the refresh token again.
            answer => answer,
        }
    }

    /// The random name of this machine's folder of a shared store; a machine that never took a lease has none.
    #[cfg(feature = "postgres")]
    pub fn known_machine(&self) -> Option<String> {
        let found = text::own_bytes(&self.root().join(MACHINE)).ok().flatten()?;
        let name = String::from_utf8_lossy(&found).trim().to_owned();
        (!name.is_empty()).then_some(name)
    }

    /// What the journal of a shared login, and the room for an answer, hold: the older one first.
    #[cfg(feature = "postgres")]
    pub fn journals(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut found = Vec::new();
        for path in [&self.journal, &self.answer] {
            found.extend(text::own_bytes(path)?);
        }
        Ok(found)
    }

    /// What lies in the rescue places as the answer that `spent` was exchanged for, best place first.
    pub fn rescued(&self, spent: &RefreshToken) -> impl Iterator<Item = Result<Text, StoreError>> {
        rescue::find(self.root(), spent)
    }

    /// The claim of a refresh that still runs, whose attempt the record says is pending: on the room for its answer,
    /// or on the record that it marked, where the room was removed.
    pub fn claimed(&self) -> Result<Option<Claim>, StoreError> {
        for path in [&self.answer, &self.record] {
            if lock::is_claimed(path)? {
                return Ok(Some(Claim(path.clone())));
            }
        }
        Ok(None)
    }

    /// The process that holds the lock.
    pub fn holder(&self) -> Result<Holder, StoreError> {
        lock::holder_of(&self.lock)
    }

    /// The files beside the record that may hold tokens, and that no process needs as long as none holds the lock and
    /// no attempt is pending.
    pub fn leftovers(&self) -> Vec<PathBuf> {
        let files = [&self.new, &self.answer].into_iter();
        files.filter(|path| path.exists()).cloned().collect()
    }

    /// Waits until no process holds the lock, without the right to write here.
    pub fn wait_until_free(&self, wait: &Wait<'_>) -> Result<(), LockError> {
        lock::wait_until_free(&self.lock, wait)
    }

    /// The processes that hold a lease on this token.
    pub fn lease_holders(&self, token: Fingerprint, locks: &SharedLocks) -> Vec<u32> {
        locks.holders(&self.lease_file(token))
    }

    /// Waits until no process holds a lease on this token.
    pub fn wait_for_leases(&self, token: Fingerprint, wait: &Wait<'_>) -> Result<(), LockError> {
        lock::wait_until_unshared(&self.lease_file(token), wait)
    }

    /// Takes the lock.
    pub fn lock(&self, wait: &Wait<'_>) -> Result<LockedPlace, LockError> {
        let lock = AccountLock::acquire(&self.lock, wait)?;
        Ok(LockedPlace::new(self.clone(), lock))
    }

    /// The lock that the process which started this one holds, by the descriptor that it left; `None`: it does not.
    pub fn lock_inherited(self, file: File) -> Result<Option<LockedPlace>, StoreError> {
        let lock = AccountLock::inherited(&self.lock, file)?;
        Ok(lock.map(|lock| LockedPlace::new(self, lock)))
    }

    /// The lock that the process to which it was handed over did not take; `None`: it is lost.
    pub fn take_back(self, lent: HandedOver) -> Result<Option<LockedPlace>, StoreError> {
        let lock = AccountLock::taken_back(&self.lock, lent)?;
        Ok(lock.map(|lock| LockedPlace::new(self, lock)))
    }

    /// What the record is to be as text.
    pub fn text_of(&self, full: &Full) -> Result<Zeroizing<String>, StoreError> {
        record::render(full).map_err(|problem| problem.in_file(&self.record))
    }

    /// That the record cannot be used, for this reason.
    pub fn unusable(&self, problem: &str) -> StoreError {
        StoreError::Corrupt {
            path: self.record.clone(),
            line: None,
            problem: problem.to_owned(),
        }
    }

    /// Too little memory to store what would come.
    pub fn lacks_memory(&self) -> StoreError {
        StoreError::io("set memory aside for", &self.record, Errno::ENOMEM.into())
    }

    /// The file that processes lock which must not lose this token.
    fn lease_file(&self, token: Fingerprint) -> PathBuf {
        let name = format!("{}.{token}.lease", self.id.account);
        self.folder.join(name)
    }

    /// Whose lease a file of this name in this account's folder is for; `None`: another account's,
    /// or something else.
    fn leased_by(&self, name: &str) -> Option<Fingerprint> {
        let (account, token) = name.strip_suffix(".lease")?.rsplit_once('.')?;
        let ours = account == self.id.account.as_str();
        ours.then(|| Fingerprint::parse(token)).flatten()
    }
}

/// The record of an account alone, for a process that looks at no other of its files.
pub(super) fn record_of(root: &Path, id: &AccountId) -> PathBuf {
    record_in(root.join(id.host.key()), id)
}

fn record_in(folder: PathBuf, id: &AccountId) -> PathBuf {
    let mut path = folder;
    path.push(id.account.as_str());
    // An account's name may have a dot in it, so this is no extension to be set.
    path.as_mut_os_string().push(".toml");
    path
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use std::sync::Barrier;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::credential::HostArg;
    use crate::store::files::Folder;

    #[test]
    fn processes_that_name_a_machine_at_the_same_time_give_it_one_name() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("cache");
        let barrier = Barrier::new(8);
        let name_by = |account: usize| {
            let id = AccountId {
                host: HostArg::parse("gitlab.example.com").unwrap().host,
                account: format!("a{account}").parse().unwrap(),
            };
            let place = Folder::new(root.clone(), Format::Cache).own_place(&id);
            let wait = Wait::in_silence(Instant::now() + Duration::from_secs(60));
            let locked = place.unwrap().lock(&wait).unwrap();
            barrier.wait();
            locked
                .machine(|| {
                    // Each has found out that there is none.
                    barrier.wait();
                    Ok(format!("name-{account}"))
                })
                .unwrap()
        };
        let names: Vec<String> = std::thread::scope(|scope| {
            let name_by = &name_by;
            let threads: Vec<_> = (0..8)
                .map(|account| scope.spawn(move || name_by(account)))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert!(names.iter().all(|name| *name == names[0]), "{names:?}");
        let files = fs::read_dir(&root).unwrap().flatten();
        let files = files.filter(|entry| entry.path().is_file());
        assert_eq!(files.count(), 1);
    }
}
