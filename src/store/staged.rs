//! The refresh itself: prepared, marked, sent by somebody else, and ended
//! (ARCHITECTURE.md, "Timeline and crash points").

use std::path::PathBuf;

use super::entry::{Locked, Occupied};
use super::error::StoreError;
use super::lease;
use super::lock::HandedOver;
use super::record::{self, RECORD_LIMIT};
use super::replace::{self, Reservation};
use super::rescue;
use crate::credential::{Cause, Client, Ending, IssuedBoot, Record};
use crate::env;
use crate::fault;
use crate::memory;
use crate::secret::{RefreshToken, TOKEN_LIMIT};
use crate::time::Timestamp;

/// How much larger an answer can make a record, in bytes: an access and a refresh token in which
/// every character must be escaped, and the limit of scopes, three bytes of TOML for two.
pub(super) const GROWTH: usize = 4 * TOKEN_LIMIT + 16 * 1024;

const _: () = assert!(GROWTH < RECORD_LIMIT);

/// Why a refresh was not prepared; the server has seen nothing.
#[derive(Debug)]
pub enum NotStaged {
    /// The store would not have it; the lock is still held.
    Store(Box<Locked<Occupied>>, StoreError),
    /// Somebody replaced the lock file (here is its path): the lock locks nobody out.
    LockLost(PathBuf),
    /// The refresh would end a living token on which somebody holds a lease; the lock is still held.
    Leased(Box<Locked<Occupied>>),
}

/// A refresh that may be sent: its answer can be stored, and its mark is on disk.
///
/// The only way to it is [`Locked::stage`], from a record that was reread under the lock:
///
/// ```
/// # use glauth::{credential::Cause, store::{Locked, NotStaged, Occupied, Staged}, time::Timestamp};
/// fn prepare(locked: Locked<Occupied>) -> Result<Staged, NotStaged> {
///     locked.stage(0, Cause::Asked, Timestamp::now(), String::new())
/// }
/// ```
///
/// What was read without the lock has no such way, and neither has a record that is not there:
///
/// ```compile_fail,E0599
/// # use glauth::{credential::Cause, store::{NotStaged, Snapshot, Staged}, time::Timestamp};
/// fn prepare(snapshot: Snapshot) -> Result<Staged, NotStaged> {
///     snapshot.stage(0, Cause::Asked, Timestamp::now(), String::new())
/// }
/// ```
///
/// ```compile_fail,E0599
/// # use glauth::{credential::Cause, store::{Locked, NotStaged, Staged, Vacant}, time::Timestamp};
/// fn prepare(locked: Locked<Vacant>) -> Result<Staged, NotStaged> {
///     locked.stage(0, Cause::Asked, Timestamp::now(), String::new())
/// }
/// ```
///
/// The lock is in it, and comes out of [`commit`](Self::commit) alone, so that nobody lets it go
/// while the refresh token is on its way:
///
/// ```
/// # use glauth::{credential::Ending, store::{Staged, StoreError}, time::Timestamp};
/// fn end(staged: Staged, ending: &Ending) -> Result<(), StoreError> {
///     let locked = staged.commit(ending, Timestamp::now())?;
///     drop(locked);
///     Ok(())
/// }
/// ```
///
/// ```compile_fail,E0616
/// # use glauth::store::Staged;
/// fn let_go(staged: Staged) {
///     let locked = staged.locked;
///     drop(locked);
/// }
/// ```
///
/// ```compile_fail,E0382
/// # use glauth::{credential::Cause, store::{Locked, NotStaged, Occupied, Staged}, time::Timestamp};
/// fn prepare(locked: Locked<Occupied>) -> Result<Staged, NotStaged> {
///     let staged = locked.stage(0, Cause::Asked, Timestamp::now(), String::new())?;
///     drop(locked);
///     Ok(staged)
/// }
/// ```
///
/// A lock that was handed over to another process refreshes nothing in this one:
///
/// ```
/// # use glauth::{credential::Cause, store::{HandedOver, Locked, NotStaged, Occupied}, time::Timestamp};
/// fn hand_over(locked: Locked<Occupied>) -> Result<HandedOver, NotStaged> {
///     locked.hand_over(0, Cause::Asked, Timestamp::now())
/// }
/// ```
///
/// ```compile_fail,E0382
/// # use glauth::{credential::Cause, store::{Locked, NotStaged, Occupied, Staged}, time::Timestamp};
/// fn prepare(locked: Locked<Occupied>) -> Result<Staged, NotStaged> {
///     let handed_over = locked.hand_over(0, Cause::Asked, Timestamp::now())?;
///     locked.stage(0, Cause::Asked, Timestamp::now(), String::new())
/// }
/// ```
///
/// ```compile_fail,E0599
/// # use glauth::{credential::Cause, store::{HandedOver, NotStaged, Staged}, time::Timestamp};
/// fn prepare(handed_over: HandedOver) -> Result<Staged, NotStaged> {
///     handed_over.stage(0, Cause::Asked, Timestamp::now(), String::new())
/// }
/// ```
///
/// An attempt ends once, and its refresh token with it:
///
/// ```compile_fail,E0382
/// # use glauth::{credential::Ending, store::{Staged, StoreError}, time::Timestamp};
/// fn end(staged: Staged, ending: &Ending) -> Result<(), StoreError> {
///     let locked = staged.commit(ending, Timestamp::now())?;
///     let again = staged.commit(ending, Timestamp::now())?;
///     Ok(())
/// }
/// ```
///
/// ```compile_fail,E0505
/// # use glauth::{credential::Ending, store::{Staged, StoreError}, time::Timestamp};
/// fn end(staged: Staged, ending: &Ending) -> Result<(), StoreError> {
///     let token = staged.refresh_token();
///     let locked = staged.commit(ending, Timestamp::now())?;
///     println!("{}", token.fingerprint());
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use = "an attempt must be ended with `commit`"]
pub struct Staged {
    locked: Locked<Occupied>,
    reservation: Reservation,
    grant: usize,
    spent: Spent,
}

/// What a request is made with.
#[derive(Debug)]
struct Spent {
    client: Client,
    refresh_token: RefreshToken,
}

impl Staged {
    /// The one refresh token that may be exchanged.
    #[must_use]
    pub fn refresh_token(&self) -> &RefreshToken {
        &self.spent.refresh_token
    }

    /// How we are known to the server that it is presented to.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.spent.client
    }

    /// The record, with the attempt marked as pending.
    #[must_use]
    pub fn record(&self) -> &Record {
        self.locked.record()
    }

    /// Ends the attempt (P3, I6): afterwards the outcome is on disk, safe from a power
    /// loss, or the error says where it is instead.
    ///
    /// The lock is still held. A verdict that could not be written down is a warning: the next
    /// process then takes the attempt for one that was cut off.
    pub fn commit(self, ending: &Ending, now: Timestamp) -> Result<Locked<Occupied>, StoreError> {
        let Self {
            mut locked,
            mut reservation,
            grant,
            spent,
        } = self;
        memory::free();
        if let Some(login) = locked.login_mut() {
            login.end_attempt(ending, now);
        }
        if let Ending::Rotated(rotation) = ending {
            locked.note_issue(grant, now);
            if let Some(token) = &rotation.refresh_token {
                locked.state.full.refresh_tokens[grant] = Some(token.clone());
            }
        }
        let text = locked.text_of(&locked.state.full, locked.state.extra.clone())?;
        let stored = match reservation.fill(text.as_bytes()) {
            Ok(()) => {
                fault::point("written");
                Ok(locked.finish_answer())
            }
            // Where the lock file, the room and the marked record are not the ones of this process, another
            // one has stored something since: that stands, and new tokens go to the rescue place, where the
            // next process finds them.
            Err(gone)
                if !reservation.is_in_place()
                    && !reservation.is_marked()
                    && !locked.lock.is_ours() =>
            {
                Err(gone)
            }
            Err(first) => locked.second_try(&text, first),
        };
        match (stored, ending) {
            (Ok(warning), _) => locked.state.warnings.extend(warning),
            (Err(error), Ending::Failed(..)) => locked.state.warnings.push(error),
            (Err(error), Ending::Rotated(_)) => {
                return Err(StoreError::AnswerNotStored {
                    path: locked.place.record.clone(),
                    rescued: rescue::keep(&locked.place, &text, &spent.refresh_token),
                    reason: error.to_string(),
                });
            }
        }
        fault::point("renamed");
        if matches!(ending, Ending::Rotated(_)) {
            lease::sweep(&locked.place, locked.record());
        }
        Ok(locked)
    }
}

impl Locked<Occupied> {
    /// Prepares a refresh (P2, I2): proves that the answer can be stored, reserves room
    /// for it, and marks the attempt. Only what comes out lends a refresh token.
    ///
    /// A living token that somebody holds a lease on is not refreshed because it ends soon (P6). What was
    /// recovered is first put into the record: only `.toml.answer` or a rescue place may hold it so far.
    pub fn stage(
        self,
        grant: usize,
        cause: Cause,
        now: Timestamp,
        notice: String,
    ) -> Result<Staged, NotStaged> {
        let (mut locked, spent) = self.check(grant, cause, now)?;
        locked.lock.announce(notice);
        locked.stage_checked(grant, cause, now, spent)
    }

    /// Gives the lock to a process that is to refresh this grant, after the same checks: nothing is lent
    /// any more in this one.
    pub fn hand_over(
        self,
        grant: usize,
        cause: Cause,
        now: Timestamp,
    ) -> Result<HandedOver, NotStaged> {
        let (locked, _) = self.check(grant, cause, now)?;
        Ok(locked.lock.hand_over())
    }

    /// Whether this grant can be refreshed now; and what with.
    fn check(
        mut self,
        grant: usize,
        cause: Cause,
        now: Timestamp,
    ) -> Result<(Self, Spent), NotStaged> {
        let Some(spent) = self.to_be_spent(grant) else {
            let error = StoreError::Corrupt {
                path: self.place.record.clone(),
                line: None,
                problem: "it has no refresh token for this grant".to_owned(),
            };
            return Err(NotStaged::Store(Box::new(self), error));
        };
        if !self.lock.is_ours() {
            return Err(NotStaged::LockLost(self.place.lock));
        }
        if self.state.unsaved
            && let Err(error) = self.save()
        {
            return Err(NotStaged::Store(Box::new(self), error));
        }
        match self.must_wait(grant, cause, now) {
            Ok(false) => Ok((self, spent)),
            Ok(true) => Err(NotStaged::Leased(Box::new(self))),
            Err(error) => Err(NotStaged::Store(Box::new(self), error)),
        }
    }

    fn stage_checked(
        mut self,
        grant: usize,
        cause: Cause,
        now: Timestamp,
        spent: Spent,
    ) -> Result<Staged, NotStaged> {
        let before = self
            .record()
            .login()
            .and_then(|login| login.last_attempt.clone());
        let extra = self.state.extra.clone();
        if let Some(login) = self.login_mut() {
            login.begin_attempt(grant, cause, env::process_name(), now);
        }
        self.state.extra = extra.clone().without_attempt();
        match self.prepare() {
            Ok(reservation) if self.lock.is_ours() => Ok(Staged {
                locked: self,
                reservation,
                grant,
                spent,
            }),
            Ok(_) => Err(NotStaged::LockLost(self.place.lock)),
            Err(error) => {
                if let Some(login) = self.login_mut() {
                    login.last_attempt = before;
                }
                self.state.extra = extra;
                self.take_back();
                Err(NotStaged::Store(Box::new(self), error))
            }
        }
    }

    fn to_be_spent(&self, grant: usize) -> Option<Spent> {
        Some(Spent {
            client: self.record().client()?.clone(),
            refresh_token: self.state.full.refresh_tokens.get(grant)?.clone()?,
        })
    }

    /// Notes by the other clock, too, when the new generation was issued.
    fn note_issue(&mut self, grant: usize, now: Timestamp) {
        let login = self.login_mut();
        if let Some(grant) = login.and_then(|login| login.grants.get_mut(grant)) {
            grant.issued_boot = IssuedBoot::of(grant.issued_at, now);
        }
    }

    /// Whether somebody holds a lease that keeps this grant from being refreshed.
    fn must_wait(&self, grant: usize, cause: Cause, now: Timestamp) -> Result<bool, StoreError> {
        let login = self.record().login();
        let matters = login.is_some_and(|login| login.heeds_leases(grant, cause, now));
        Ok(matters && self.is_leased(grant)?)
    }

    fn prepare(&mut self) -> Result<Reservation, StoreError> {
        let text = self.text_of(&self.state.full, self.state.extra.clone())?;
        let room = text.len() + GROWTH;
        if room > RECORD_LIMIT {
            return Err(StoreError::Corrupt {
                path: self.place.record.clone(),
                line: None,
                problem: "it is so large that an answer may not fit into it".to_owned(),
            });
        }
        memory::set_aside().map_err(|_| StoreError::no_memory(&self.place.record))?;
        replace::sync_folder(&self.place.folder)?;
        let mut reservation = Reservation::new(&self.place.answer, room as u64)?;
        reservation.claim()?;
        fault::point("reserved");
        match self.put(&text)? {
            None => {}
            Some(uncertain) => return Err(uncertain),
        }
        reservation.claim_mark(&self.place.record)?;
        fault::point("pending");
        Ok(reservation)
    }

    /// Undoes a preparation that failed: the server has seen nothing. What cannot be undone is
    /// finished by the next process, which then takes the attempt for one that was cut off.
    fn take_back(&mut self) {
        memory::free();
        self.remove_answer();
        replace::remove(&self.place.new).ok();
        let on_disk = self.place.read_for_writing().ok().flatten();
        let marked = on_disk
            .and_then(|text| record::parse(&text, &self.place.id).ok())
            .is_some_and(|full| full.record != *self.record());
        if marked {
            self.save().ok();
        }
    }

    /// Puts a synced `.toml.answer` in place. If that fails nothing is lost: the next process
    /// does it.
    fn finish_answer(&self) -> Option<StoreError> {
        match self.place.put_in_place(&self.place.answer) {
            Ok(warning) => warning,
            Err(error) => Some(error),
        }
    }

    /// What failed to sync is never trusted again: once more in a new file, whose name is made
    /// safe before it is renamed.
    fn second_try(&self, text: &str, first: StoreError) -> Result<Option<StoreError>, StoreError> {
        let answer = &self.place.answer;
        let again = replace::remove(answer)
            .and_then(|()| replace::write_new(answer, text.as_bytes()))
            .and_then(|()| replace::sync_folder(&self.place.folder));
        match again {
            Ok(()) => {
                let warning = self.finish_answer();
                Ok(warning.or(Some(first)))
            }
            Err(error) => {
                self.remove_answer();
                Err(error)
            }
        }
    }
}
