//! A state of the world: processes, a disk, a server, requests of the dead, a clock.

use super::disk::Disk;
use super::library::{Id, LIFE};

/// How many families of tokens there are at most: two grants, and a login of two processes each.
pub const FAMILIES: usize = 4;

/// How often a family can be rotated, and one more.
const NUMBERS: usize = 8;

/// An access token and the refresh token that came with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pair {
    pub family: u8,
    /// The first one of a family is 1.
    pub number: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Command {
    Token,
    /// `token --min-ttl`, with more than is left after a tick.
    MinTtl,
    /// `exec`: a token, and a lease on it as long as its command runs.
    Exec,
    /// `token --rejected`.
    Rejected(Pair),
    Refresh,
    Force,
    Login,
    Logout,
}

impl Command {
    pub fn rejected(self) -> Option<Pair> {
        match self {
            Self::Rejected(pair) => Some(pair),
            _ => None,
        }
    }

    pub fn wants_token(self) -> bool {
        matches!(
            self,
            Self::Token | Self::MinTtl | Self::Exec | Self::Rejected(_)
        )
    }
}

/// What kind of server it is, and what the record says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ServerKind {
    /// A rotation kills the old access token.
    pub kills: bool,
    /// A replay revokes the grant.
    pub revokes: bool,
    /// There is a check endpoint.
    pub check: bool,
}

/// What the check endpoint said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Said {
    Alive,
    Dead,
    Nothing,
}

/// How a request ends, as a client sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reply {
    Tokens(Pair),
    InvalidGrant,
    /// The same by mistake: too early, or by a replica that lags.
    Mistaken,
    /// Sent, and nothing came.
    Lost,
    /// 5xx.
    Unavailable,
    /// 429, for a tick.
    RateLimited,
    /// Never sent.
    Unreachable,
}

/// Where a process is. The lock is held from `Settled` to `Buried`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    Ready,
    /// Asks the check endpoint; whether it has had the lock before.
    Asking(Pair, bool),
    /// Its refresh token was called invalid: asks the check endpoint about this access token.
    Doubting(Pair),
    Queued,
    /// Put in place what another process left; the folder is not synced.
    Settled,
    /// A grant is to be refreshed, in a process of its own.
    Starting,
    /// The room for the answer is there.
    Reserved,
    /// `pending` is renamed; the folder is not synced.
    Marked,
    /// All is prepared.
    Staged,
    InTransit,
    Answered(Reply),
    /// The next record is in `.toml.answer`, not synced.
    Written(Reply),
    Synced(Reply),
    /// Renamed; the folder is not synced.
    Renamed(Reply),
    /// The process of its own has let the lock go and said what came of it.
    Reported(Reply),
    /// The process of its own has died, and its caller does not know what came of it.
    Unreported,
    /// Waits, with no lock in hand, for the commands that hold a lease on this token.
    Waiting(Pair),
    /// Its command runs, and holds a lease on this token.
    Running(Pair),
    /// A login is renamed over what was there; the folder is not synced.
    Replaced,
    /// A logout is about to have this grant revoked.
    Ending,
    /// The server has ended this grant; the record does not say so.
    Ended,
    /// The tombstone is renamed; the folder is not synced.
    Buried,
    /// Revokes what its login replaced: this grant is next.
    Revoking,
    Done(End),
    Dead,
}

/// In which process a call refreshes, and whether that is all there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Where {
    /// In the one that was called.
    Here,
    /// In one of its own, for which the caller waits.
    Apart,
    /// In one of its own, whose caller was killed.
    Orphaned,
}

/// How a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum End {
    Good,
    Failed,
}

/// What others did since a process looked at the record. For the promises alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Meanwhile {
    /// They stored a rotation, and the time has not passed since.
    pub rotated: bool,
    /// They stored a verdict on the server as a whole.
    pub server_failed: bool,
    /// They stored a verdict on these grants.
    pub grants_failed: [bool; 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Process {
    pub command: Command,
    pub step: Step,
    /// The record as it was read before the lock.
    pub seen: Id,
    /// The record as it was read or written last.
    pub memory: Id,
    /// The grant that is being refreshed, ended or revoked.
    pub grant: u8,
    /// The family of a login; for a logout, the grants that it has refreshed, as bits.
    pub own: u8,
    pub checked: Option<(Pair, Said)>,
    pub turns: u8,
    pub refreshes: Where,
    /// Its own request may be under way, though it does not wait for it any more.
    pub unreported: bool,
    /// The token that `exec` has, and wants a lease on.
    pub wants_lease: Option<Pair>,
    pub meanwhile: Meanwhile,
}

impl Process {
    pub fn new(command: Command, record: Id) -> Self {
        Self {
            command,
            step: Step::Ready,
            seen: record,
            memory: record,
            grant: 0,
            own: 0,
            checked: None,
            turns: 0,
            refreshes: Where::Here,
            unreported: false,
            wants_lease: None,
            meanwhile: Meanwhile::default(),
        }
    }

    pub fn is_over(&self) -> bool {
        matches!(self.step, Step::Done(_) | Step::Dead)
    }

    pub fn has_looked(&self) -> bool {
        !self.is_over() && self.step != Step::Ready
    }

    pub fn has_lock(&self) -> bool {
        use Step::{
            Answered, Buried, Ended, Ending, InTransit, Marked, Renamed, Replaced, Reserved,
            Settled, Staged, Starting, Synced, Written,
        };
        matches!(
            self.step,
            Settled
                | Starting
                | Reserved
                | Marked
                | Staged
                | InTransit
                | Answered(_)
                | Written(_)
                | Synced(_)
                | Renamed(_)
                | Replaced
                | Ending
                | Ended
                | Buried
        )
    }

    /// From the hand-over on, until the lock is let go.
    pub fn is_refreshing(&self) -> bool {
        use Step::{Answered, InTransit, Marked, Renamed, Reserved, Staged, Synced, Written};
        matches!(
            self.step,
            Reserved
                | Marked
                | Staged
                | InTransit
                | Answered(_)
                | Written(_)
                | Synced(_)
                | Renamed(_)
        )
    }

    /// From the request on until the answer is written.
    pub fn is_in_window(&self) -> bool {
        matches!(
            self.step,
            Step::InTransit | Step::Answered(_) | Step::Written(_)
        )
    }
}

/// Tokens that follow from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Family {
    /// The pair that is good; 0: there is no such family yet.
    pub latest: u8,
    pub revoked: bool,
    /// The first access token died before its time.
    pub first_is_dead: bool,
    /// When each access token ends.
    pub ends: [u8; NUMBERS],
}

impl Family {
    pub fn new(end: u8) -> Self {
        let mut ends = [0; NUMBERS];
        ends[1] = end;
        Self {
            latest: 1,
            ends,
            ..Self::default()
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Server {
    pub families: [Family; FAMILIES],
}

impl Server {
    pub fn family(&self, pair: Pair) -> &Family {
        &self.families[usize::from(pair.family)]
    }

    pub fn is_alive(&self, pair: Pair, now: u8, kind: ServerKind) -> bool {
        let family = self.family(pair);
        let dead = family.revoked
            || kills_it(kind, family, pair)
            || family.first_is_dead && pair.number == 1;
        !dead && family.ends[usize::from(pair.number)] > now
    }

    /// By the clock alone.
    pub fn has_expired(&self, pair: Pair, now: u8) -> bool {
        self.family(pair).ends[usize::from(pair.number)] <= now
    }

    /// A refresh token arrives.
    pub fn present(&mut self, pair: Pair, now: u8, kind: ServerKind) -> Reply {
        let family = &mut self.families[usize::from(pair.family)];
        if family.revoked {
            return Reply::InvalidGrant;
        }
        if pair.number < family.latest {
            family.revoked = kind.revokes;
            return Reply::InvalidGrant;
        }
        family.latest += 1;
        family.ends[usize::from(family.latest)] = now + LIFE;
        Reply::Tokens(Pair {
            number: family.latest,
            ..pair
        })
    }

    /// As Doorkeeper up to 5.5: 200 always, and nothing where the token is spent or has expired.
    pub fn revoke(&mut self, pair: Pair, now: u8) {
        let family = &mut self.families[usize::from(pair.family)];
        if pair.number == family.latest && family.ends[usize::from(pair.number)] > now {
            family.revoked = true;
        }
    }
}

fn kills_it(kind: ServerKind, family: &Family, pair: Pair) -> bool {
    kind.kills && pair.number < family.latest
}

/// What has happened, as no process in the world knows it. For the promises alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Truth {
    /// The last pair of each family that was synced under a name; 0: none.
    pub stored: [u8; FAMILIES],
    /// The families whose newest pair can reach no process any more, as bits.
    pub lost: u8,
    /// The families that a process has begun to end, by a login or a logout.
    pub ending: u8,
    /// Those of them that no record may have again.
    pub gone: u8,
    /// The highest generation that was handed out.
    pub shown: u64,
    /// Until when the server asked to be left alone, as far as it was stored.
    pub quiet_until: u8,
    /// Until when failures keep requests back: of the login, and of each family by a lost answer and
    /// by a refusal.
    pub paused_until: u8,
    pub lost_until: [u8; FAMILIES],
    pub refused_until: [u8; FAMILIES],
}

impl Truth {
    pub fn is_lost(&self, family: u8) -> bool {
        self.lost & 1 << family != 0
    }

    /// Whether a request for this family has to wait.
    pub fn is_paused(&self, family: u8, now: u8) -> bool {
        let family = usize::from(family);
        let until = [
            self.paused_until,
            self.lost_until[family],
            self.refused_until[family],
        ];
        until.into_iter().any(|until| until > now)
    }

    /// A new attempt takes the place of the one before.
    pub fn begin(&mut self) {
        self.paused_until = 0;
        self.lost_until = [0; FAMILIES];
    }

    /// Forgets waits that are over, so that equal states are one.
    pub fn pass(&mut self, now: u8) {
        let families = self.lost_until.iter_mut().chain(&mut self.refused_until);
        for until in families.chain([&mut self.paused_until]) {
            if *until <= now {
                *until = 0;
            }
        }
    }

    pub fn lose(&mut self, family: u8) {
        self.lost |= 1 << family;
    }
}

/// The most processes of a scope.
pub const PROCESSES: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct World {
    pub processes: [Option<Process>; PROCESSES],
    pub disk: Disk,
    pub server: Server,
    /// Requests whose process does not wait for them any more, and that may still arrive.
    pub stray: [Option<Pair>; 2],
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

    /// Whether a command holds a lease on this token.
    pub fn is_leased(&self, pair: Pair) -> bool {
        self.living()
            .any(|process| process.step == Step::Running(pair))
    }

    pub fn living(&self) -> impl Iterator<Item = &Process> {
        self.processes.iter().flatten().filter(|p| !p.is_over())
    }

    /// A request that no process waits for any more; of more than two, none arrives.
    pub fn stray(&mut self, pair: Pair) {
        if let Some(free) = self.stray.iter_mut().find(|place| place.is_none()) {
            *free = Some(pair);
        }
        self.stray.sort();
    }

    /// Processes that do the same are interchangeable.
    pub fn in_order(mut self) -> Self {
        self.processes.sort_unstable();
        self
    }
}
