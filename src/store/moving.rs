//! A login from a folder to a shared store, or back. At any moment exactly one of the two can refresh: the row of the
//! database is the switch, and what a folder has says before and after it on which side of it the login is.
//!
//! ```text
//! to a shared store    mark `moving_to_store` ── add the row ── leave a tombstone
//! from a shared store  write `arriving_from_store` ── the row becomes a tombstone ── take the mark away
//! ```

use super::Store;
use super::entry::{Entry, Locked};
use super::error::{LockError, StoreError};
use super::files::Wait;
use super::record::{Direction, Extra, Full, StoreMove};
use super::reread::{Occupied, Put};
use super::seat::Seat;
use super::shared::{SharedError, random_name};
use crate::credential::{AccountId, Content, Grant, GrantState, MOVED, Record, Tombstone};
use crate::fault;
use crate::time::Timestamp;

/// What came of a move.
#[derive(Debug, PartialEq, Eq)]
pub enum Moved {
    /// The login is in the other store.
    Yes,
    /// There is no login to move.
    Nothing,
    /// The other store has a login of that name.
    Taken,
    /// The answer to its last refresh may be in another machine's journal, and comes first.
    InDoubt,
    /// A command uses its token, and its lease cannot go with it.
    Leased,
}

/// What came of giving a move up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenBack {
    /// The login is in the store that it came from.
    Yes,
    /// The same; but the database could not be asked, and may have it too.
    Unasked,
    /// What was on its way into this folder is removed: the login had not left the database.
    Removed,
    /// There is no login on its way, or it has arrived.
    Nothing,
}

impl Store {
    /// Moves a login to another store; one of the two is a shared one.
    pub fn move_to(&self, to: &Self, id: &AccountId, wait: &Wait<'_>) -> Result<Moved, LockError> {
        match (&self.shared, &to.shared) {
            (None, Some(_)) => self.move_into_database(to, id, wait),
            (Some(_), None) => to.take_from_database(self, id, wait),
            _ => {
                let what = "move logins between two stores of one kind".to_owned();
                Err(StoreError::from(SharedError::NotShared { what }).into())
            }
        }
    }

    fn move_into_database(
        &self,
        to: &Self,
        id: &AccountId,
        wait: &Wait<'_>,
    ) -> Result<Moved, LockError> {
        let Entry::Occupied(mut locked) = self.lock(id, wait)? else {
            return Ok(Moved::Nothing);
        };
        if locked.record().login().is_none() {
            return Ok(Moved::Nothing);
        }
        // Looked at before the mark, which is as good as a promise.
        let there = match to.lock(id, wait)? {
            Entry::Vacant(there) => there.place,
            Entry::Occupied(there) if there.record().login().is_some() => return Ok(Moved::Taken),
            Entry::Occupied(there) => there.place,
        };
        if !carry_leases(locked.record(), &locked.place, &there, self.now())? {
            return Ok(Moved::Leased);
        }
        let over = there.login();
        drop(there);
        let way = StoreMove {
            direction: Direction::To,
            store: to.name().display().to_string(),
            id: random_name().ok_or_else(|| StoreError::from(SharedError::NoRandom))?,
            over,
        };
        locked.state.full.extra.begin_move(&way);
        locked.save()?;
        fault::point("move_marked");
        self.finish_move_there(locked, to, &way, wait)?;
        Ok(Moved::Yes)
    }

    /// Puts the login into the row, unless it has arrived there before, and leaves a tombstone. A row that has become another
    /// one without it is left alone: a person has to say which login is meant.
    fn finish_move_there(
        &self,
        locked: Locked<Occupied>,
        to: &Self,
        way: &StoreMove,
        wait: &Wait<'_>,
    ) -> Result<(), LockError> {
        let mut full = moved(&locked.state.full);
        let there = to.lock(locked.place.local().id(), wait)?;
        if let Entry::Occupied(there) = &there {
            full.extra.keep_moves_of(&there.state.full.extra);
        }
        full.extra.note_move(&way.id);
        let has_arrived = has_move(&there, &way.id);
        let seat = match there {
            Entry::Vacant(there) => there.place,
            Entry::Occupied(there) => there.place,
        };
        if let Seat::Shared(shared) = &seat
            && !has_arrived
        {
            // Before the switch: another machine respects a lease as soon as it sees the login.
            shared.bring_leases(&full.record)?;
            let is_as_it_was = shared.login() == way.over;
            if !is_as_it_was || !is_put(&shared.put_login_called(&full, &way.id)?) {
                return Err(StoreError::from(SharedError::Taken {
                    account: locked.record().id.to_string(),
                    store: way.store.clone(),
                    folder: self.root().display().to_string(),
                })
                .into());
            }
        }
        drop(seat);
        fault::point("move_arrived");
        let reason = format!("{MOVED}{}", way.store);
        locked.leave_tombstone(&reason, self.now())?;
        Ok(())
    }

    fn take_from_database(
        &self,
        from: &Self,
        id: &AccountId,
        wait: &Wait<'_>,
    ) -> Result<Moved, LockError> {
        // In the same order as on the way there, or two moves would wait for each other.
        let here = self.lock(id, wait)?;
        let Entry::Occupied(there) = from.lock(id, wait)? else {
            return Ok(Moved::Nothing);
        };
        if there.record().login().is_none() {
            return Ok(Moved::Nothing);
        }
        if let Some(lost) = there.lost() {
            return Err(lost.into());
        }
        if there.is_in_doubt() {
            // An answer that another machine may have would not follow the login.
            return Ok(Moved::InDoubt);
        }
        let (seat, extra) = match here {
            Entry::Occupied(here) if here.record().login().is_some() => return Ok(Moved::Taken),
            Entry::Occupied(here) => (here.place, here.state.full.extra),
            Entry::Vacant(here) => (here.place, Extra::default()),
        };
        if !carry_leases(there.record(), &there.place, &seat, self.now())? {
            return Ok(Moved::Leased);
        }
        let way = StoreMove {
            direction: Direction::From,
            store: from.name().display().to_string(),
            id: random_name().ok_or_else(|| StoreError::from(SharedError::NoRandom))?,
            over: there.place.login(),
        };
        let mut full = moved(&there.state.full);
        full.extra = extra;
        full.extra.begin_move(&way);
        let local = seat.local();
        local.sync_way()?;
        local.replace_checked(&full)?;
        fault::point("move_arriving");
        let reason = format!("{MOVED}{}", self.root().display());
        there.leave_tombstone_called(&reason, from.now(), &way.id)?;
        fault::point("move_left");
        full.extra.end_move();
        seat.replace(&full)?;
        Ok(Moved::Yes)
    }

    /// Finishes a move that a process has not: nothing of such a record is presented before that.
    pub(super) fn finish_move(
        &self,
        mut locked: Locked<Occupied>,
        way: &StoreMove,
        wait: &Wait<'_>,
    ) -> Result<(), LockError> {
        let other = Self::at(way.store.clone().into(), self.clock);
        match way.direction {
            Direction::To => self.finish_move_there(locked, &other, way, wait),
            Direction::From => {
                let there = other.lock(locked.place.local().id(), wait)?;
                if has_move(&there, &way.id) {
                    locked.state.full.extra.end_move();
                    return Ok(locked.save()?);
                }
                match there {
                    // The row is the switch: the login never left, and what is here was never presented.
                    Entry::Occupied(there) if there.place.login() == way.over => {
                        stay_there(there, way)?;
                    }
                    // A row that was forgotten and made anew knows as little as none.
                    _ => return Err(self.strayed(&locked.record().id, way).into()),
                }
                locked.place.remove_record()?;
                Ok(())
            }
        }
    }

    /// That it cannot be found out any more whether a login has left the database.
    fn strayed(&self, id: &AccountId, way: &StoreMove) -> StoreError {
        StoreError::from(SharedError::Strayed {
            account: id.to_string(),
            store: way.store.clone(),
            folder: self.root().display().to_string(),
        })
    }

    /// Gives up the move of a login that has not arrived: it stays in the store that it comes from. A database that
    /// cannot be reached may have it all the same, which a person has to know.
    pub fn take_back_move(&self, id: &AccountId, wait: &Wait<'_>) -> Result<TakenBack, LockError> {
        let place = self.own_place(id)?.lock(wait)?;
        let Some(mut full) = place.own_record()? else {
            return Ok(TakenBack::Nothing);
        };
        let Some(way) = full.extra.store_move() else {
            return Ok(TakenBack::Nothing);
        };
        let there = match (
            Self::at(way.store.clone().into(), self.clock).lock(id, wait),
            way.direction,
        ) {
            (Ok(there), _) => Some(there),
            (Err(LockError::Store(StoreError::Shared(error))), Direction::To)
                if error.is_away() =>
            {
                None
            }
            (Err(error), _) => return Err(error),
        };
        if there.as_ref().is_some_and(|there| has_move(there, &way.id)) {
            return Ok(TakenBack::Nothing);
        }
        let was_asked = there.is_some();
        match there {
            Some(Entry::Occupied(there)) => stay_there(there, &way)?,
            Some(Entry::Vacant(there)) if way.direction == Direction::To => {
                self.keep_away(&there.place, &full)?;
            }
            Some(Entry::Vacant(_)) | None => {}
        }
        match way.direction {
            Direction::To => {
                full.extra.end_move();
                place.replace(&full)?;
                Ok(if was_asked {
                    TakenBack::Yes
                } else {
                    TakenBack::Unasked
                })
            }
            Direction::From => {
                place.remove_record()?;
                Ok(TakenBack::Removed)
            }
        }
    }

    /// Leaves a tombstone where a login was to arrive: an insert that was not answered finds it, and does nothing.
    fn keep_away(&self, seat: &Seat, full: &Full) -> Result<(), StoreError> {
        let Some(login) = full.record.login() else {
            return Ok(());
        };
        let mut tombstone = moved(full);
        tombstone.refresh_tokens = Vec::new();
        tombstone.record.content = Content::LoggedOut(Tombstone {
            client: login.client.clone(),
            generation: full.record.generation(),
            at: self.now(),
            reason: format!("{MOVED}{}", self.root().display()),
        });
        match seat.put_tombstone(&tombstone)? {
            Put::Done(_) => Ok(()),
            // It has arrived in this moment.
            Put::Changed(_) => Err(SharedError::Changed {
                account: full.record.id.to_string(),
            }
            .into()),
        }
    }
}

/// Whether a move went into the row, or out of it.
fn has_move(there: &Entry, id: &str) -> bool {
    match there {
        Entry::Occupied(there) => there.state.full.extra.has_move(id),
        Entry::Vacant(_) => false,
    }
}

/// A write to the row that was not answered cannot commit any more, once the row is another one. Where it has another
/// login than before the move, it is.
fn stay_there(mut there: Locked<Occupied>, way: &StoreMove) -> Result<(), StoreError> {
    if there.place.login() == way.over {
        there.save()?;
    }
    Ok(())
}

/// Lets commands of this machine keep the tokens that they use: their leases count where the login goes, too. They take
/// no other one meanwhile, since the account is locked; one of another machine changes the row. `false`: not possible, for
/// a command on another machine, or between two file systems.
fn carry_leases(
    record: &Record,
    from: &Seat,
    to: &Seat,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let grants = record.login().map_or(&[][..], |login| &login.grants);
    let is_over = |grant: &&Grant| grant.left(now).is_some_and(|left| left.is_zero());
    for grant in grants.iter().filter(|grant| !is_over(grant)) {
        let token = &grant.access_token;
        let is_elsewhere = match from {
            Seat::Folder(_) => false,
            Seat::Shared(from) => from.is_leased_elsewhere(token)?,
        };
        let (from, to) = (from.local(), to.local());
        if is_elsewhere || from.share_lease(token.fingerprint(), to).is_err() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_put(put: &Put) -> bool {
    matches!(put, Put::Done(_))
}

/// What is moved: a record without the mark of its way.
fn moved(full: &Full) -> Full {
    let mut extra = full.extra.clone();
    extra.end_move();
    Full {
        record: full.record.clone(),
        refresh_tokens: full.refresh_tokens.clone(),
        extra,
        cache: None,
    }
}

impl Locked<Occupied> {
    /// Whether the answer to a refresh of a grant may be lost, or on its way.
    fn is_in_doubt(&self) -> bool {
        let login = self.record().login();
        login.is_some_and(|login| {
            let mut grants = login.grants.iter();
            grants.any(|grant| matches!(grant.state, GrantState::Doubtful { .. }))
        })
    }

    fn leave_tombstone(mut self, reason: &str, now: Timestamp) -> Result<(), StoreError> {
        self.state.full.extra.end_move();
        self.log_out(reason, now).map(drop)
    }

    /// The same in a database, where the row gets this id: by it the other side knows that the login has left.
    fn leave_tombstone_called(
        self,
        reason: &str,
        now: Timestamp,
        login: &str,
    ) -> Result<(), StoreError> {
        let Some(mut full) = self.tombstone(reason, now) else {
            return Ok(());
        };
        full.extra = moved(&self.state.full).extra;
        full.extra.note_move(login);
        let Seat::Shared(shared) = &self.place else {
            return Ok(());
        };
        match shared.put_login_called(&full, login)? {
            Put::Done(_) => Ok(()),
            Put::Changed(_) => Err(SharedError::Changed {
                account: self.record().id.to_string(),
            }
            .into()),
        }
    }
}
