//! A state of the world: processes on two machines, each with a cache and a journal, a database, and a server.

use super::database::{DatabaseState, Pending};
use super::library::Id;
use crate::credential::tests::interleavings::world::{Pair, Reply, ServerKind};

/// How many families of tokens there are at most: two grants, and two more logins.
pub const FAMILIES: usize = 4;

/// The most processes of a scope.
pub const PROCESSES: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Command {
    Token,
    /// `token --min-ttl`, with more than a token has that ends soon.
    MinTtl,
    Force,
    /// `exec`, with a token that is good: a lease on it as long as its command runs.
    Exec,
    /// The process that delivers when the others have ended.
    Deliver,
    Login,
    Logout,
    /// `store move`, from the folder of the first machine.
    Move,
    /// `token` on that folder.
    Home,
    /// `store move`, into that folder.
    Leave,
}

/// Where a process is. The machine's lock is held from `Opening` to `Burying`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    Ready,
    /// Waits for the machine's lock, or for a claim of another machine.
    Queued,
    /// Delivers what is in the journal, and then reads the row.
    Opening,
    /// What it found must be in the row before an attempt.
    Saving,
    /// The database has begun to look whether another machine has a lease.
    Looking,
    /// The attempt is marked on this machine.
    Reserved,
    /// The attempt is in the row.
    Claimed,
    /// Stopped between its last look at the clock and the request.
    Stopped,
    InTransit,
    Answered(Reply),
    /// The answer is in the journal; `true`: as the row was claimed.
    Journaled,
    /// The row is another one than was read: it is read again, to be merged.
    Merging,
    Failing(Reply),
    /// The same for a failure.
    MergingFailure(Reply),
    Leasing,
    Running(Pair),
    LoggingIn,
    Revoking,
    Ending,
    Burying,
    /// The row becomes a tombstone: the login is on its way to the folder.
    Leaving,
    /// The row becomes another one, so that no write of before can commit any more.
    Fencing,
    /// Adds the row of a login that is on its way.
    Arriving,
    /// The row is there.
    Arrived,
    Waiting(Pair),
    Done,
    Dead,
}

/// What a machine notes beside its cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Note {
    pub login: u8,
    pub sequence: u8,
    pub seen: u8,
    /// The login's number, in the order in which they began.
    pub begun: u8,
    /// The database's timeline.
    pub database: u8,
    pub undelivered: bool,
    /// The attempt, and whether nothing of it was sent.
    pub reservation: Option<(u8, bool)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cache {
    pub record: Id,
    pub note: Note,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Journal {
    pub login: u8,
    pub what: What,
    pub record: Id,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum What {
    /// The answer to an attempt.
    Answer(u8),
    /// A login that takes the place of this one; 0: none.
    Login(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Machine {
    pub cache: Option<Cache>,
    pub journal: Option<Journal>,
    /// How many attempts were begun here.
    pub claims: u8,
    /// For the promises alone: the highest generation of a login that was seen here.
    pub knows: (u8, u8),
}

/// The row as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Known {
    pub login: u8,
    pub sequence: u8,
    pub attempt: u8,
    pub timeline: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Process {
    pub machine: u8,
    pub command: Command,
    pub step: Step,
    /// The record as it was read before the lock.
    pub seen: Id,
    /// The record in this process's hands.
    pub memory: Id,
    /// What it writes, with what others have written merged into it.
    pub write: Id,
    /// The record before the attempt.
    pub before: Id,
    /// The record in the row when it was read or written last.
    pub base: Id,
    pub cached: Option<Cache>,
    pub note: Note,
    pub known: Option<Known>,
    /// The database's timeline at the last read.
    pub timeline: u8,
    pub grant: u8,
    pub cause: u8,
    /// The family of a login; the id of a move.
    pub own: u8,
    pub attempt: u8,
    /// The moment of the claim, by the clock that cannot be set; of a login, that of its tokens.
    pub claimed_at: u8,
    pub unsaved: bool,
    /// It delivers what it found in the journal.
    pub opens: bool,
    /// The claim matters to a lease, and whether there was one when the database looked.
    pub heeds: bool,
    pub leased: bool,
    pub turns: u8,
}

impl Process {
    pub fn new(machine: u8, command: Command) -> Self {
        Self {
            machine,
            command,
            step: Step::Ready,
            seen: Id::NONE,
            memory: Id::NONE,
            write: Id::NONE,
            before: Id::NONE,
            base: Id::NONE,
            cached: None,
            note: Note::default(),
            known: None,
            timeline: 0,
            grant: 0,
            cause: 0,
            own: 0,
            attempt: 0,
            claimed_at: 0,
            unsaved: false,
            opens: false,
            heeds: false,
            leased: false,
            turns: 0,
        }
    }

    /// Forgets what it does not look at any more, so that equal states are one.
    pub fn tidy(&mut self) {
        let is_sent = matches!(
            self.step,
            Step::Claimed | Step::Stopped | Step::InTransit | Step::Answered(_)
        );
        if is_sent
            || matches!(
                self.step,
                Step::Failing(_) | Step::Journaled | Step::Merging
            )
        {
            (self.cause, self.heeds, self.leased) = (0, false, false);
            self.before = Id::NONE;
            if !self.opens {
                self.cached = None;
            }
        }
        match self.step {
            _ if is_sent => self.write = Id::NONE,
            Step::Opening => (self.memory, self.write, self.base) = (Id::NONE, Id::NONE, Id::NONE),
            Step::Journaled | Step::Merging => self.base = Id::NONE,
            Step::Reserved | Step::Looking | Step::Saving => self.cached = None,
            _ => {}
        }
        if self.step == Step::Merging {
            (self.write, self.known) = (Id::NONE, None);
        }
    }

    /// Ends, and is forgotten but for how.
    pub fn end(&mut self, step: Step) {
        *self = Self {
            step,
            own: if matches!(step, Step::Revoking) {
                self.own
            } else {
                0
            },
            ..Self::new(self.machine, self.command)
        };
    }

    /// Lets the lock go, and waits for it again.
    pub fn queue(&mut self) {
        *self = Self {
            step: Step::Queued,
            seen: self.seen,
            own: self.own,
            turns: self.turns,
            claimed_at: if self.command == Command::Login {
                self.claimed_at
            } else {
                0
            },
            ..Self::new(self.machine, self.command)
        };
    }

    pub fn is_over(&self) -> bool {
        matches!(self.step, Step::Done | Step::Dead)
    }

    pub fn has_lock(&self) -> bool {
        !matches!(
            self.step,
            Step::Ready
                | Step::Queued
                | Step::Running(_)
                | Step::Revoking
                | Step::Waiting(_)
                | Step::Done
                | Step::Dead
        )
    }
}

/// Tokens that follow from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Family {
    /// The pair that is good; 0: there is no such family yet.
    pub latest: u8,
    pub revoked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct TokenServer {
    pub families: [Family; FAMILIES],
}

impl TokenServer {
    pub fn family(&self, pair: Pair) -> Family {
        self.families[usize::from(pair.family)]
    }

    /// A refresh token arrives.
    pub fn present(&mut self, pair: Pair, kind: ServerKind) -> Reply {
        let family = &mut self.families[usize::from(pair.family)];
        if !family.revoked && pair.number == family.latest {
            family.latest += 1;
            let number = family.latest;
            return Reply::Tokens(Pair { number, ..pair });
        }
        family.revoked |= kind.revokes;
        Reply::InvalidGrant
    }

    pub fn revoke(&mut self, family: u8) {
        self.families[usize::from(family)].revoked = true;
    }
}

/// A request that no process waits for any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stray {
    pub pair: Pair,
    pub machine: u8,
    pub claimed_at: u8,
}

/// The folder of the first machine, where a login is moved from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Home {
    pub record: Id,
    /// The id that it has in the database after it; 0: it is on no way.
    pub moving: u8,
    /// The id of the row that it takes the place of; 0: none.
    pub over: u8,
    /// It comes from the database.
    pub arrives: bool,
    pub is_tombstone: bool,
}

/// What has happened, as no process knows it. For the promises alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Truth {
    /// The last pair of each family that was stored in a journal, the row or the folder.
    pub stored: [u8; FAMILIES],
    /// The last pair of each family that the database has had.
    pub in_row: [u8; FAMILIES],
    /// The families whose newest pair can reach no process any more, as bits.
    pub lost: u8,
    /// The families that a process has begun to end, and those whose login has been replaced.
    pub ending: u8,
    pub gone: u8,
    /// The families for which a window that cannot be closed was open (see `windows.rs`).
    pub excused: u8,
    /// The last commits were lost, by a failover or by an older row that was put back.
    pub fell_back: bool,
    pub restored: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct World {
    pub processes: [Option<Process>; PROCESSES],
    pub machines: [Machine; 2],
    pub database: DatabaseState,
    /// A write whose answer did not come, and that may still commit.
    pub late: Option<Pending>,
    pub server: TokenServer,
    pub strays: [Option<Stray>; 2],
    pub home: Option<Home>,
    pub now: u8,
    /// How many things may still go wrong.
    pub mishaps: u8,
    pub truth: Truth,
}

impl World {
    pub fn process(&self, index: usize) -> &Process {
        self.processes[index].as_ref().expect("a process")
    }

    pub fn process_mut(&mut self, index: usize) -> &mut Process {
        self.processes[index].as_mut().expect("a process")
    }

    pub fn machine_mut(&mut self, index: usize) -> &mut Machine {
        let machine = self.process(index).machine;
        &mut self.machines[usize::from(machine)]
    }

    pub fn living(&self) -> impl Iterator<Item = &Process> {
        self.processes.iter().flatten().filter(|p| !p.is_over())
    }

    /// Processes that do the same on one machine are interchangeable.
    pub fn in_order(mut self) -> Self {
        self.processes.iter_mut().flatten().for_each(Process::tidy);
        self.processes.sort_unstable();
        self
    }

    /// Whether a command holds a lease on this token.
    pub fn is_held(&self, pair: Pair) -> bool {
        self.living()
            .any(|process| process.step == Step::Running(pair))
    }

    /// The same on this machine.
    pub fn is_held_on(&self, pair: Pair, machine: u8) -> bool {
        let mut here = self.living().filter(|process| process.machine == machine);
        here.any(|process| process.step == Step::Running(pair))
    }

    /// Writes the cache of a process's machine.
    pub fn put_cache(&mut self, index: usize, record: Id) {
        let note = self.process(index).note;
        self.machine_mut(index).cache = Some(Cache { record, note });
    }
}
