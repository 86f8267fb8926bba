//! What the process that holds an account's lock can do with its files.

use std::ops::Deref;
use std::path::Path;

#[cfg(feature = "postgres")]
use super::MACHINE;
use super::Place;
use crate::credential::{GrantState, Record};
use crate::fault;
use crate::secret::{Fingerprint, RefreshToken};
use crate::signals::BlockedSignals;
use crate::store::error::StoreError;
use crate::store::files::lease::Lease;
use crate::store::files::lock::{self, AccountLock, HandedOver};
use crate::store::files::replace::{self, Room};
use crate::store::files::{names_in, rescue};
use crate::store::record::{self, Full, RECORD_LIMIT};

/// The files of one account under the account's lock: the only way to change them (I1). Dropping it releases the lock.
#[derive(Debug)]
#[must_use = "the lock is released when this is dropped"]
pub(in crate::store) struct LockedPlace {
    place: Place,
    lock: AccountLock,
}

impl Deref for LockedPlace {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.place
    }
}

/// The lock itself.
impl LockedPlace {
    pub(super) fn new(place: Place, lock: AccountLock) -> Self {
        Self { place, lock }
    }

    /// Whether the lock still locks others out.
    pub fn is_ours(&self) -> bool {
        self.lock.is_ours()
    }

    /// Refuses to go on with a lock that excludes no other process.
    pub fn check_ours(&self) -> Result<(), StoreError> {
        if self.is_ours() {
            return Ok(());
        }
        let path = self.place.lock.clone();
        Err(StoreError::LockReplaced { path })
    }

    /// From now on the first signal is answered with a line on stderr.
    pub fn announce(&mut self, notice: String) {
        self.lock.announce(notice);
    }

    /// Unlocks it. Signals still wait, until what is returned is dropped.
    pub fn release(self) -> BlockedSignals {
        self.lock.release()
    }

    /// Gives the lock to another process.
    pub fn hand_over(self) -> HandedOver {
        self.lock.hand_over()
    }

    /// Takes a lease on a token. `None`: another process waits for the leases on it, and has just got there.
    pub fn lease(&self, token: Fingerprint) -> Result<Option<Lease>, StoreError> {
        self.check_ours()?;
        Lease::take(&self.lease_file(token))
    }

    /// Whether a process holds a lease on a token.
    pub fn is_leased(&self, token: Fingerprint) -> Result<bool, StoreError> {
        lock::is_held(&self.lease_file(token))
    }

    /// Lets the lease on a token count for `other` too, which is to get the token: it stays held, by whatever process.
    pub fn share_lease(&self, token: Fingerprint, other: &Self) -> Result<(), StoreError> {
        let (from, to) = (self.lease_file(token), other.lease_file(token));
        if !lock::is_held(&from)? {
            return Ok(());
        }
        replace::remove(&to)?;
        replace::link(&from, &to)
    }

    /// Removes the name of a lease on a token that this account has no more. It stays held under its other name.
    pub fn remove_lease(&self, token: Fingerprint) {
        replace::remove(&self.lease_file(token)).ok();
    }

    /// Removes the leases on tokens that `record` has no more, or whose grant has ended. A process that holds one of
    /// them goes on without harm.
    pub fn sweep_leases(&self, record: &Record) {
        let ended = |state| matches!(state, GrantState::LoginRequired { .. });
        let grants = record.login().map_or(&[][..], |login| &login.grants);
        let current: Vec<_> = grants
            .iter()
            .filter(|grant| !ended(grant.state))
            .map(|grant| grant.access_token.fingerprint())
            .collect();
        for name in names_in(&self.folder).unwrap_or_default() {
            let token = self.leased_by(&name);
            if token.is_some_and(|token| !current.contains(&token)) {
                // One that stays has no secret in it, and goes with the next rotation.
                replace::remove(&self.folder.join(name)).ok();
            }
        }
    }
}

/// The record.
impl LockedPlace {
    /// Puts a record in place, by way of `.toml.new`, as long as the lock locks others out. `Ok` with an error: it is
    /// in place, but a power loss may undo that. Where it is not, no tokens are left beside it.
    pub fn replace(&self, full: &Full) -> Result<Option<StoreError>, StoreError> {
        self.put(&self.text_of(full)?)
    }

    /// The same with a record into which something new has come: what people and servers say must not make one that
    /// no process can read.
    pub fn replace_checked(&self, full: &Full) -> Result<Option<StoreError>, StoreError> {
        let text = self.text_of(full)?;
        record::parse(&text, &self.id, self.format)
            .map_err(|problem| problem.in_file(&self.record))?;
        self.put(&text)
    }

    fn put(&self, text: &str) -> Result<Option<StoreError>, StoreError> {
        self.check_ours()?;
        replace::write_new(&self.new, text.as_bytes())?;
        self.put_in_place(&self.new).inspect_err(|_| {
            replace::remove(&self.new).ok();
        })
    }

    /// Renames a synced file over the record.
    fn put_in_place(&self, from: &Path) -> Result<Option<StoreError>, StoreError> {
        replace::rename(from, &self.record)?;
        Ok(replace::sync_folder(&self.folder).err())
    }

    /// Makes the way to the record safe from a power loss, where its folders may be new.
    pub fn sync_way(&self) -> Result<(), StoreError> {
        replace::sync_way_to(&self.folder)
    }

    /// The same, where there is no record yet.
    pub fn sync_new_way(&self) {
        if !self.place.record.exists() {
            self.sync_way().ok();
        }
    }

    /// Gives the record, which says so, and what is beside it to another account: one rename, so that one of the two
    /// has it at any moment. `Ok` with an error: as for [`replace`](Self::replace).
    pub fn move_record(&self, to: &Self) -> Result<Option<StoreError>, StoreError> {
        self.check_ours()?;
        to.check_ours()?;
        self.remove_answer();
        to.remove_answer();
        replace::rename(&self.place.record, &to.place.record)?;
        Ok(replace::sync_folder(&self.folder).err())
    }

    /// Removes the record, for good.
    pub fn remove_record(&self) -> Result<(), StoreError> {
        self.check_ours()?;
        replace::remove(&self.place.record)?;
        replace::sync_folder(&self.folder)
    }

    /// Finds out whether a record could be put here (P2): writes as much as the largest one and takes it away again.
    pub fn prove(&self) -> Result<(), StoreError> {
        Room::new(&self.new, RECORD_LIMIT as u64)?;
        replace::remove(&self.new)
    }
}

/// The cache and the journal of a shared login.
#[cfg(feature = "postgres")]
impl LockedPlace {
    /// Puts the text of a cache in place, as [`replace`](Self::replace) does.
    pub fn put_cache(&self, text: &str) -> Result<Option<StoreError>, StoreError> {
        self.put(text)
    }

    /// The random name of this machine's folder: names of machines repeat in containers.
    pub fn machine(
        &self,
        new: impl FnOnce() -> Result<String, StoreError>,
    ) -> Result<String, StoreError> {
        if let Some(found) = self.known_machine() {
            return Ok(found);
        }
        let path = self.root().join(MACHINE);
        // The locks are those of accounts: a process with another account may do the same at this moment.
        let name = new()?;
        let own = self.root().join(format!("{MACHINE}.{name}"));
        replace::write_new(&own, name.as_bytes())?;
        let made = replace::link(&own, &path).and_then(|()| replace::sync_folder(self.root()));
        replace::remove(&own)?;
        match self.known_machine() {
            Some(first) => Ok(first),
            None => made.map(|()| name),
        }
    }

    /// The inode of the lock, by which the next process knows that this one's attempt has no owner any more.
    pub fn lock_inode(&self) -> u64 {
        self.lock.inode()
    }

    /// Puts a sealed answer into its room, and makes it the journal (P3): it is safe there until the database has it.
    pub fn keep_in_journal(&self, room: &mut Room, sealed: &[u8]) -> Result<(), StoreError> {
        room.fill(sealed)?;
        fault::point("written");
        replace::rename(&self.place.answer, &self.place.journal)?;
        replace::sync_folder(&self.folder)
    }

    /// The same, where there is no room for it any more.
    pub fn write_journal(&self, sealed: &[u8]) -> Result<(), StoreError> {
        replace::write_new(&self.place.journal, sealed)?;
        replace::sync_folder(&self.folder)
    }

    /// Makes the answer that a process has left the journal.
    pub fn keep_answer_as_journal(&self) {
        if self.place.answer.exists() {
            replace::rename(&self.place.answer, &self.place.journal).ok();
        }
    }

    /// What lies in the rescue places as the answer that `spent` was exchanged for.
    pub fn rescued_bytes(&self, spent: &RefreshToken) -> Vec<Result<Vec<u8>, StoreError>> {
        rescue::find_bytes(self.root(), spent)
    }

    /// Removes a login from the journal, which the database has; an answer beside it stays.
    pub fn remove_login_journal(&self) {
        replace::remove(&self.place.journal).ok();
    }

    /// Removes the journal, once nothing in it is needed any more.
    pub fn remove_journal(&self) {
        self.remove_answer();
        replace::remove(&self.place.journal).ok();
    }
}

/// The answer.
impl LockedPlace {
    /// Reserves and claims room for an answer of that many bytes. The folder is synced first: that makes a rename safe
    /// whose owner died before it synced.
    pub fn make_room(&self, bytes: usize) -> Result<Room, StoreError> {
        replace::sync_folder(&self.folder)?;
        let room = Room::new(&self.place.answer, bytes as u64)?;
        room.claim()?;
        fault::point("reserved");
        Ok(room)
    }

    /// Replaces the record by one that says what the room is for, safe from a power loss, and claims that one, too.
    pub fn mark(&self, room: &mut Room, text: &str) -> Result<(), StoreError> {
        if let Some(uncertain) = self.put(text)? {
            return Err(uncertain);
        }
        room.claim_mark(&self.place.record)?;
        fault::point("pending");
        Ok(())
    }

    /// Takes away what a preparation that failed has left.
    pub fn clear_room(&self) {
        self.remove_answer();
        replace::remove(&self.new).ok();
    }

    /// Puts an answer into its room, and the room in the record's place (P3). `Ok` with an error: it is in place, or
    /// it is safe beside the record and the next process puts it there.
    pub fn put_answer(
        &self,
        room: &mut Room,
        text: &str,
    ) -> Result<Option<StoreError>, StoreError> {
        match room.fill(text.as_bytes()) {
            Ok(()) => {
                fault::point("written");
                Ok(self.finish_answer())
            }
            // Where the lock file, the room and the marked record are not the ones of this process, another
            // one has stored something since: that stands, and new tokens go to the rescue place, where the
            // next process finds them.
            Err(gone) if !room.is_in_place() && !room.is_marked() && !self.is_ours() => Err(gone),
            Err(first) => self.second_try(text, first),
        }
    }

    /// Puts a synced answer in place. If that fails nothing is lost: the next process does it.
    fn finish_answer(&self) -> Option<StoreError> {
        self.put_answer_in_place().unwrap_or_else(Some)
    }

    /// What failed to sync is never trusted again: once more in a new file, whose name is made
    /// safe before it is renamed.
    fn second_try(&self, text: &str, first: StoreError) -> Result<Option<StoreError>, StoreError> {
        let answer = &self.place.answer;
        let again = replace::remove(answer)
            .and_then(|()| replace::write_new(answer, text.as_bytes()))
            .and_then(|()| replace::sync_folder(&self.folder));
        match again {
            Ok(()) => Ok(self.finish_answer().or(Some(first))),
            Err(error) => {
                self.remove_answer();
                Err(error)
            }
        }
    }

    /// Whether the answer of a process that died is safe from a power loss now.
    pub fn sync_answer(&self) -> bool {
        replace::sync_file(&self.place.answer).is_ok()
    }

    /// Puts a synced answer in the record's place. `Ok` with an error: as for [`replace`](Self::replace).
    pub fn put_answer_in_place(&self) -> Result<Option<StoreError>, StoreError> {
        self.put_in_place(&self.place.answer)
    }

    /// Removes an answer that no attempt waits for: it means nothing, but it holds tokens.
    pub fn remove_answer(&self) {
        replace::remove(&self.place.answer).ok();
    }

    /// Keeps an answer that could not be put in place in a rescue place, and says where it is and why.
    pub fn rescue(&self, answer: &[u8], spent: &RefreshToken, reason: &StoreError) -> StoreError {
        StoreError::AnswerNotStored {
            path: self.record.clone(),
            rescued: rescue::keep(self.root(), answer, spent),
            reason: reason.to_string(),
        }
    }

    /// Removes what may lie in the rescue places for a token that no longer matters.
    pub fn forget_rescued(&self, spent: &RefreshToken) {
        rescue::forget(self.root(), spent);
    }
}
