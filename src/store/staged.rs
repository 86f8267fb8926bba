//! The refresh itself: prepared, marked, sent by the caller, and ended
//! (ARCHITECTURE.md, "Timeline and crash points").

use super::entry::Locked;
use super::error::StoreError;
use super::files::{HandedOver, Room};
use super::record::{Extra, RECORD_LIMIT};
use super::reread::Occupied;
use super::seat::Marked;
use crate::credential::{Attempt, Cause, Client, Ending, IssuedBoot, Record};
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
    /// The lock excludes no other process any more; the error says why.
    LockLost(StoreError),
    /// Another machine was faster: the record is to be read again.
    #[cfg(feature = "postgres")]
    Changed,
    /// The refresh would end a living token on which a command holds a lease; the lock is still held.
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
/// The lock is in it, and comes out of [`commit`](Self::commit) alone, so that no caller lets it go
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
///     println!("{:?}", token.map(|token| token.fingerprint()));
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use = "an attempt must be ended with `commit`"]
pub struct Staged {
    locked: Locked<Occupied>,
    room: Room,
    grant: usize,
    spent: Spent,
}

/// What a request is made with.
#[derive(Debug)]
struct Spent {
    client: Client,
    /// `None`: the client's own credentials are all.
    refresh_token: Option<RefreshToken>,
}

impl Staged {
    /// The one refresh token that may be exchanged. `None`: a machine's login has none, and its credentials bring the
    /// next token.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&RefreshToken> {
        self.spent.refresh_token.as_ref()
    }

    /// How we are known to the server that it is presented to.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.spent.client
    }

    /// Whether so much time has passed since the mark that the request must not leave any more.
    #[must_use]
    pub fn is_overdue(&self) -> bool {
        self.locked.place.is_overdue()
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
            mut room,
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
        let full = &locked.state.full;
        match ending {
            Ending::Rotated(_) => {
                let token = spent.refresh_token.as_ref();
                let warning = locked.place.put_rotation(&mut room, full, token)?;
                locked.state.warnings.extend(warning);
            }
            Ending::Failed(..) => match locked.place.put_failure(&mut room, full) {
                Ok(warning) => locked.state.warnings.extend(warning),
                Err(error) => locked.state.warnings.push(error),
            },
        }
        fault::point("renamed");
        if matches!(ending, Ending::Rotated(_)) {
            locked.place.sweep_leases(locked.record());
        }
        Ok(locked)
    }
}

#[cfg(feature = "postgres")]
impl Staged {
    /// Ends the attempt without a request, which the server has not seen: the record is to be read again.
    ///
    /// Then no refresh token is lent any more, whatever store it is of:
    ///
    /// ```compile_fail,E0382
    /// # use glauth::store::{Staged, StoreError};
    /// fn end(staged: Staged) -> Result<bool, StoreError> {
    ///     staged.give_back()?;
    ///     Ok(staged.refresh_token().is_some())
    /// }
    /// ```
    ///
    /// ```
    /// # use glauth::store::{Staged, StoreError};
    /// fn end(staged: Staged) -> Result<bool, StoreError> {
    ///     let is_lent = staged.refresh_token().is_some();
    ///     staged.give_back()?;
    ///     Ok(is_lent)
    /// }
    /// ```
    pub fn give_back(mut self) -> Result<(), StoreError> {
        memory::free();
        if let Some(login) = self.locked.login_mut() {
            login.take_back_attempt();
        }
        let (place, full) = (&self.locked.place, &self.locked.state.full);
        place.put_failure(&mut self.room, full).map(drop)
    }
}

impl Locked<Occupied> {
    /// Prepares a refresh (P2, I2): proves that the answer can be stored, reserves room
    /// for it, and marks the attempt. Only what comes out lends a refresh token.
    ///
    /// A living token that a command holds a lease on is not refreshed because it ends soon (P6). What was
    /// recovered is first put into the record: only `.toml.answer` or a rescue place may hold it so far.
    pub fn stage(
        self,
        grant: usize,
        cause: Cause,
        now: Timestamp,
        notice: String,
    ) -> Result<Staged, NotStaged> {
        let (mut locked, spent) = self.check(grant, cause, now)?;
        locked.place.announce(notice);
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
        Ok(locked.place.hand_over())
    }

    /// Whether this grant can be refreshed now; and what with.
    fn check(
        mut self,
        grant: usize,
        cause: Cause,
        now: Timestamp,
    ) -> Result<(Self, Spent), NotStaged> {
        let Some(spent) = self.to_be_spent(grant) else {
            let error = self
                .place
                .local()
                .unusable("it has no refresh token for this grant");
            return Err(NotStaged::Store(Box::new(self), error));
        };
        self.place
            .local()
            .check_ours()
            .map_err(NotStaged::LockLost)?;
        if self.state.unsaved
            && let Err(error) = self.save()
        {
            #[cfg(feature = "postgres")]
            if error.is_changed() {
                return Err(NotStaged::Changed);
            }
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
        let extra = self.state.full.extra.clone();
        if let Some(login) = self.login_mut() {
            login.begin_attempt(grant, cause, env::process_name(), now);
        }
        self.state.full.extra = extra.clone().without_attempt();
        let heeds_leases = {
            let login = self.record().login();
            login.is_some_and(|login| login.heeds_leases(grant, cause, now))
        };
        match self.prepare(grant, heeds_leases) {
            Ok((room, Marked::Yes)) => {
                self.place
                    .local()
                    .check_ours()
                    .map_err(NotStaged::LockLost)?;
                Ok(Staged {
                    locked: self,
                    room,
                    grant,
                    spent,
                })
            }
            #[cfg(feature = "postgres")]
            Ok((_, Marked::No)) => {
                self.undo(before, extra);
                Err(NotStaged::Changed)
            }
            Err(error) => {
                self.undo(before, extra);
                Err(NotStaged::Store(Box::new(self), error))
            }
        }
    }

    fn undo(&mut self, before: Option<Attempt>, extra: Extra) {
        if let Some(login) = self.login_mut() {
            login.last_attempt = before;
        }
        self.state.full.extra = extra;
        self.take_back();
    }

    fn to_be_spent(&self, grant: usize) -> Option<Spent> {
        let login = self.record().login()?;
        let refresh_token = self.state.full.refresh_tokens.get(grant)?.clone();
        login.can_refresh(login.grants.get(grant)?).then(|| Spent {
            client: login.client.clone(),
            refresh_token,
        })
    }

    /// Notes by the other clock, too, when the new generation was issued.
    fn note_issue(&mut self, grant: usize, now: Timestamp) {
        let login = self.login_mut();
        if let Some(grant) = login.and_then(|login| login.grants.get_mut(grant)) {
            grant.issued_boot = IssuedBoot::of(grant.issued_at, now);
        }
    }

    /// Whether a command holds a lease that keeps this grant from being refreshed.
    fn must_wait(&self, grant: usize, cause: Cause, now: Timestamp) -> Result<bool, StoreError> {
        let login = self.record().login();
        let matters = login.is_some_and(|login| login.heeds_leases(grant, cause, now));
        Ok(matters && self.is_leased(grant)?)
    }

    fn prepare(&self, grant: usize, heeds_leases: bool) -> Result<(Room, Marked), StoreError> {
        let text = self.place.local().text_of(&self.state.full)?;
        let bytes = text.len() + GROWTH;
        if bytes > RECORD_LIMIT {
            let problem = "it is so large that an answer may not fit into it";
            return Err(self.place.local().unusable(problem));
        }
        memory::set_aside().map_err(|_| self.place.local().lacks_memory())?;
        let token = self.grant(grant).filter(|_| heeds_leases);
        let token = token.map(|grant| &grant.access_token);
        self.place.mark(&self.state.full, bytes, token)
    }

    /// Undoes a preparation that failed: the server has seen nothing. What cannot be undone is
    /// finished by the next process, which then takes the attempt for one that was cut off.
    fn take_back(&mut self) {
        memory::free();
        self.place.take_back(&self.state.full);
    }
}
