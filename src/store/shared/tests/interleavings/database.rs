//! The database: one row and its leases, a clock, a timeline, and what a standby has not got yet.

use super::library::Id;
use super::mutants::Mutant;
use super::world::Known;
use crate::credential::tests::interleavings::world::Pair;
use crate::store::shared::place::CLAIM;
use crate::store::shared::place::rules::BARRIER;

/// A tick, in seconds: a claim has ended after two, and its owner sends nothing after one.
pub const TICK: u64 = 60;

/// The attempts from this number on are barriers.
pub const BARRIERS: u8 = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowState {
    pub login: u8,
    /// With the times of the database's clock.
    pub record: Id,
    pub sequence: u8,
    pub pending: bool,
    /// 0: none.
    pub attempt: u8,
    /// In seconds of the database's clock.
    pub deadline: Option<u16>,
    pub timeline: u8,
    /// The login's number, in the order in which they began.
    pub begun: u8,
}

/// The name of an attempt.
pub fn name_of(attempt: u8) -> String {
    let prefix = if attempt < BARRIERS { "" } else { BARRIER };
    format!("{prefix}{attempt}")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Tables {
    pub row: Option<RowState>,
    /// The token, and the machine that has the lease.
    pub leases: [Option<(Pair, u8)>; 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DatabaseState {
    pub now: Tables,
    pub timeline: u8,
    /// How many logins have begun.
    pub logins: u8,
    /// What there was before the last commits, the newest first, where a failover may lose them.
    pub before: [Option<Tables>; 3],
    pub keeps: bool,
}

/// What a write does with the attempt in the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptInRow {
    /// It is this one, until a deadline.
    Claim(u8),
    /// It stays as it is.
    Stays,
    /// There is none; `true`: the record calls it pending all the same.
    Gone(bool),
}

/// A write, as it leaves a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pending {
    Record {
        /// `None`: the row is new.
        known: Option<Known>,
        login: u8,
        record: Id,
        attempt: AttemptInRow,
        timeline: u8,
        /// The database must be of this timeline.
        database: u8,
        /// It begins an attempt.
        claims: bool,
        /// No attempt may be pending before its deadline.
        none_pending: bool,
        /// The statement saw the lease of another machine.
        leased: bool,
    },
    Lease {
        known: Known,
        database: u8,
        pair: Pair,
        machine: u8,
    },
}

impl DatabaseState {
    /// Whether another machine has a lease on a token.
    pub fn is_leased(&self, pair: Pair, machine: u8) -> bool {
        let mut leases = self.now.leases.iter().flatten();
        leases.any(|lease| lease.0 == pair && lease.1 != machine)
    }

    /// Commits a write as long as the row is the one that was read; `None`: it is not.
    pub fn commit(
        &mut self,
        write: &Pending,
        tick: u8,
        mutant: Option<Mutant>,
    ) -> Option<RowState> {
        let before = self.now;
        let row = match *write {
            Pending::Record { .. } => self.record_written(write, tick, mutant)?,
            Pending::Lease {
                known,
                database,
                pair,
                machine,
            } => {
                let mut row = self.found(known, true)?;
                if row.pending || database != self.timeline {
                    return None;
                }
                if mutant != Some(Mutant::LeaseBumpsNothing) {
                    row.sequence += 1;
                }
                let free = self.now.leases.iter_mut().find(|lease| lease.is_none());
                *free.expect("room for one more lease") = Some((pair, machine));
                row
            }
        };
        self.now.row = Some(row);
        self.logins = self.logins.max(row.begun);
        if self.keeps {
            self.before.rotate_right(1);
            self.before[0] = Some(before);
        }
        Some(row)
    }

    fn record_written(
        &self,
        write: &Pending,
        tick: u8,
        mutant: Option<Mutant>,
    ) -> Option<RowState> {
        let &Pending::Record {
            known,
            login,
            record,
            attempt,
            timeline,
            database,
            claims,
            none_pending,
            leased,
        } = write
        else {
            return None;
        };
        let now = u64::from(tick) * TICK;
        let found = match known {
            None if self.now.row.is_some() => return None,
            None => None,
            Some(known) => {
                let blind = mutant == Some(Mutant::ClaimWithoutSequence) && claims;
                Some(self.found(known, !blind)?)
            }
        };
        if let Some(row) = found {
            let is_free = !row.pending || row.deadline.is_some_and(|end| u64::from(end) < now);
            let blind = mutant == Some(Mutant::ClaimWithoutTimeline) && claims;
            let is_same = database == self.timeline || blind;
            if none_pending && !is_free || !is_same || leased {
                return None;
            }
        }
        let claim_ends = u16::try_from(now + CLAIM.as_secs());
        let (pending, attempt, deadline) = match attempt {
            AttemptInRow::Claim(attempt) => (true, attempt, claim_ends.ok()),
            AttemptInRow::Stays => found.map_or((false, 0, None), |row| {
                (row.pending, row.attempt, row.deadline)
            }),
            AttemptInRow::Gone(pending) => (pending, 0, None),
        };
        Some(RowState {
            login,
            record,
            sequence: found.map_or(1, |row| row.sequence + 1),
            pending,
            attempt,
            deadline,
            timeline,
            begun: found
                .filter(|row| row.login == login)
                .map_or(self.logins + 1, |row| row.begun),
        })
    }

    fn found(&self, known: Known, by_sequence: bool) -> Option<RowState> {
        let same = |row: &RowState| {
            let is_same = row.sequence == known.sequence && row.attempt == known.attempt;
            row.login == known.login && (!by_sequence || is_same)
        };
        self.now.row.filter(same)
    }

    /// What a standby becomes that has not got the last commits, one to three of them.
    pub fn failovers(&self) -> impl Iterator<Item = Self> {
        let old = self.before.into_iter().flatten();
        let timeline = self.timeline + 1;
        let logins = self.logins;
        old.map(move |now| Self {
            now,
            timeline,
            logins,
            before: [None; 3],
            keeps: false,
        })
    }
}
