//! The shipped rules, asked once for each question, on records that are kept once and named by a number. A record has
//! the times of one clock: a machine's, or the database's.

use std::collections::HashMap;
use std::time::Duration;

use super::brief::Brief;
use super::database::{RowState, TICK, name_of};
use super::world::{Cache, Command, Note};
use crate::credential::tests::interleavings::library as one_machine;
use crate::credential::tests::interleavings::world::{Pair, Reply, ServerKind};
use crate::credential::{
    self, Ahead, Asked, Cause, Content, Demand, IssuedBoot, Login, LoginKind, MOVED, MinTtl,
    Record, Seen, Tombstone, Verdict,
};
use crate::secret::RefreshToken;
use crate::store::record::{CacheNote, Full, Reservation};
use crate::store::shared::place::merge;
use crate::store::shared::place::rules::{self, Finished};
use crate::store::shared::rows::SharedRow;
use crate::time::Timestamp;

/// More than a token has that ends soon, and less than a new one has.
const DEMANDED: Duration = Duration::from_secs(1500);

/// What every access token lives, in seconds (`one_machine::LIFE`).
const LIFE: i64 = 2000;

/// How far the machines' clocks are from that of the database, in seconds.
const OFFSETS: [i64; 2] = [-500, 600];

/// What every lock and every start of a machine is called.
const HERE: u64 = 1;

/// Whose clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Clock {
    Machine(u8),
    Database,
}

impl Clock {
    pub fn at(self, tick: u8) -> Timestamp {
        let offset = match self {
            Self::Machine(machine) => OFFSETS[usize::from(machine)],
            Self::Database => 0,
        };
        seconds(offset).plus(Duration::from_secs(u64::from(tick) * TICK))
    }
}

fn seconds(since: i64) -> Timestamp {
    let start = one_machine::at(0).unix_millis();
    Timestamp::from_unix_millis(start + since * 1000)
}

/// What an access token has left in the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Left {
    Nothing,
    /// Less than is demanded.
    Little,
    Much,
}

/// A record's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(u16);

impl Id {
    pub const NONE: Self = Self(0);
}

/// What is done to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Change {
    Begin(u8, u8),
    End(Reply),

    LogIn(u8),
    Bury(bool),
    ToOurs,
    ToTheirs,
    Merge(Id, Id, bool),
    TakeBack,
    Recount(u8),
}

/// What `decide` is told beside the record and the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Asks {
    pub command: Command,
    pub seen: Option<Id>,
    pub leased: Option<Pair>,
}

type Question = (Id, u8, u8, Asks);

pub struct Library {
    pub server: ServerKind,
    records: Vec<(Record, Brief)>,
    ids: HashMap<String, Id>,
    verdicts: HashMap<Question, Verdict>,
    changes: HashMap<(Id, u8, u8, Change), Id>,
}

impl Library {
    pub fn new(server: ServerKind) -> Self {
        let nothing = one_machine::record(Content::LoggedOut(tombstone(server, 0, seconds(0))));
        Self {
            server,
            records: vec![(nothing, Brief::default())],
            ids: HashMap::new(),
            verdicts: HashMap::new(),
            changes: HashMap::new(),
        }
    }

    /// The first login, with the database's times.
    pub fn first_login(&mut self, grants: &[Left]) -> Id {
        let mut login = self.empty_login();
        for (family, first) in (0..).zip(grants) {
            let left = match first {
                Left::Nothing => 0,
                Left::Little => 1000,
                Left::Much => LIFE,
            };
            let issued_at = seconds(left - LIFE);
            let grant = one_machine::grant(Pair { family, number: 1 }, issued_at);
            login.grants.push(grant);
        }
        login.count_on_from(0);
        self.keep(&one_machine::record(Content::Login(login)))
    }

    fn empty_login(&self) -> Login {
        Login {
            kind: LoginKind::OAuth,
            client: one_machine::client(self.server),
            grants: Vec::new(),
            last_attempt: None,
        }
    }

    fn keep(&mut self, record: &Record) -> Id {
        let text = format!("{record:?}");
        if let Some(id) = self.ids.get(&text) {
            return *id;
        }
        let id = Id(u16::try_from(self.records.len()).expect("fewer records"));
        self.records.push((record.clone(), Brief::of(record)));
        self.ids.insert(text, id);
        id
    }

    pub fn brief(&self, id: Id) -> Brief {
        self.records[usize::from(id.0)].1
    }

    fn record(&self, id: Id) -> &Record {
        &self.records[usize::from(id.0)].0
    }

    fn login(&self, id: Id) -> &Login {
        self.record(id).login().expect("a login")
    }

    fn full(&self, id: Id) -> Full {
        let record = self.record(id).clone();
        let grants = self.brief(id);
        let tokens = grants.grants().map(|grant| token_of(grant.pair));
        Full::new(record, tokens.collect())
    }

    pub fn decide(&mut self, id: Id, machine: u8, tick: u8, asks: Asks) -> Verdict {
        let key = (id, machine, tick, asks);
        if let Some(known) = self.verdicts.get(&key) {
            return *known;
        }
        let now = Clock::Machine(machine).at(tick);
        let verdict = self.ask(id, asks, |login, need| credential::decide(login, now, need));
        self.verdicts.insert(key, verdict);
        verdict
    }

    pub fn goes_on(&self, id: Id, machine: u8, tick: u8, asks: Asks) -> bool {
        let now = Clock::Machine(machine).at(tick);
        self.ask(id, asks, |login, need| {
            credential::goes_on(login, now, need, true)
        })
    }

    fn ask<T>(&self, id: Id, asks: Asks, rule: impl FnOnce(&Login, &Demand<'_>) -> T) -> T {
        let leased = asks.leased.map(one_machine::access_token);
        let seen = asks.seen.filter(|seen| *seen != Id::NONE);
        let seen = seen.map(|seen| Seen::of(self.record(seen)));
        let (asked, min_ttl) = match asks.command {
            Command::Force => (Asked::Force, MinTtl::Preferred(Duration::ZERO)),
            Command::MinTtl => (Asked::Token, MinTtl::Demanded(DEMANDED)),
            _ => (Asked::Token, MinTtl::Preferred(credential::DEFAULT_MIN_TTL)),
        };
        let need = Demand {
            asked,
            min_ttl,
            rejected: None,
            checked: None,
            seen: seen.as_ref(),
            leased: leased.as_ref(),
            impatient: asks.command == Command::Force,
        };
        rule(self.login(id), &need)
    }

    pub fn heeds_leases(&self, id: Id, machine: u8, tick: u8, grant: usize, cause: Cause) -> bool {
        let now = Clock::Machine(machine).at(tick);
        self.login(id).heeds_leases(grant, cause, now)
    }

    fn change(
        &mut self,
        id: Id,
        machine: u8,
        tick: u8,
        key: Change,
        change: impl FnOnce(&Self) -> Record,
    ) -> Id {
        let key = (id, machine, tick, key);
        if let Some(known) = self.changes.get(&key) {
            return *known;
        }
        let changed = self.keep(&change(self));
        self.changes.insert(key, changed);
        changed
    }

    fn change_login(
        &mut self,
        id: Id,
        machine: u8,
        tick: u8,
        key: Change,
        change: impl FnOnce(&mut Login, Timestamp),
    ) -> Id {
        let now = Clock::Machine(machine).at(tick);
        self.change(id, machine, tick, key, |library| {
            let mut login = library.login(id).clone();
            change(&mut login, now);
            one_machine::record(Content::Login(login))
        })
    }

    pub fn begin(&mut self, id: Id, machine: u8, tick: u8, grant: u8, cause: Cause) -> Id {
        let key = Change::Begin(grant, cause as u8);
        self.change_login(id, machine, tick, key, |login, now| {
            let by = format!("a process on {machine}");
            login.begin_attempt(usize::from(grant), cause, by, now);
        })
    }

    pub fn end(&mut self, id: Id, machine: u8, tick: u8, reply: Reply) -> Id {
        self.change_login(id, machine, tick, Change::End(reply), |login, now| {
            login.end_attempt(&one_machine::ending(reply, None), now);
        })
    }

    /// A login of this family in the place of `before`.
    pub fn log_in(&mut self, before: Id, machine: u8, tick: u8, family: u8) -> Id {
        self.change(before, machine, tick, Change::LogIn(family), |library| {
            let mut login = library.empty_login();
            let now = Clock::Machine(machine).at(tick);
            login
                .grants
                .push(one_machine::grant(Pair { family, number: 1 }, now));
            login.count_on_from(library.record(before).generation());
            one_machine::record(Content::Login(login))
        })
    }

    /// What a logout leaves, or a move.
    pub fn bury(&mut self, id: Id, machine: u8, tick: u8, moves: bool) -> Id {
        self.change(id, machine, tick, Change::Bury(moves), |library| {
            let now = Clock::Machine(machine).at(tick);
            let generation = library.record(id).generation();
            let mut left = tombstone(library.server, generation, now);
            if moves {
                left.reason = format!("{MOVED}a folder");
            }
            one_machine::record(Content::LoggedOut(left))
        })
    }

    /// The same with generations that count on from another one.
    pub fn recount(&mut self, id: Id, generation: u8) -> Id {
        self.change_login(id, 0, 0, Change::Recount(generation), |login, _| {
            login.count_on_from(u64::from(generation));
        })
    }

    /// From the database's times to those of a machine.
    pub fn to_ours(&mut self, id: Id, machine: u8) -> Id {
        self.change(id, machine, 0, Change::ToOurs, |library| {
            let mut record = library.record(id).clone();
            let now = Clock::Machine(machine).at(0);
            record.to_our_clock(ahead_of(machine), now);
            without_boot(record)
        })
    }

    /// And back.
    pub fn to_theirs(&mut self, id: Id, machine: u8) -> Id {
        self.change(id, machine, 0, Change::ToTheirs, |library| {
            let mut record = library.record(id).clone();
            record.to_their_clock(ahead_of(machine));
            without_boot(record)
        })
    }

    /// What another machine has written, with what this process has made of `base`.
    pub fn merged(&mut self, theirs: Id, base: Id, ours: Id, ends: bool) -> Id {
        let key = Change::Merge(base, ours, ends);
        self.change(theirs, 0, 0, key, |library| {
            let (theirs, base) = (library.full(theirs), library.full(base));
            merge::merged(theirs, &base, &library.full(ours), ends).record
        })
    }

    /// Whether an answer is newer than what is in the row.
    pub fn has_news(&self, theirs: Id, answer: Id) -> bool {
        merge::has_news(&self.full(theirs), &self.full(answer))
    }

    /// Takes back an attempt of which nothing was sent.
    pub fn take_back(&mut self, id: Id, machine: u8, tick: u8) -> Id {
        self.change_login(id, machine, tick, Change::TakeBack, |login, _| {
            login.take_back_attempt();
        })
    }

    /// The row, with what the rules look at.
    pub fn row(&self, row: &RowState) -> SharedRow {
        SharedRow {
            login: row.login.to_string(),
            begun: seconds(i64::from(row.begun)),
            generation: u64::from(self.brief(row.record).generation),
            sequence: u64::from(row.sequence),
            outcome: Some(if row.pending { "pending" } else { "rotated" }.to_owned()),
            attempt_id: (row.attempt != 0).then(|| name_of(row.attempt)),
            deadline: row.deadline.map(|deadline| seconds(i64::from(deadline))),
            written_by: String::new(),
            timeline: row.timeline.to_string(),
            sealed: Vec::new(),
            leased_here: Vec::new(),
        }
    }

    /// Whether an answer without a login is to be ended at the server.
    pub fn is_orphan(&self, note: &Note, attempt: u8, found: Option<Id>) -> bool {
        let found = found.map(|found| self.record(found));
        rules::is_orphan(&cache_note(note), &name_of(attempt), found)
    }

    /// Whether a cache was written from a row.
    pub fn is_known(&self, cached: &Cache, row: &SharedRow, found: Id) -> bool {
        let note = cache_note(&cached.note);
        rules::is_known(&note, self.record(cached.record), row, self.record(found))
    }

    /// Until when an attempt must be left alone, by a clock.
    pub fn is_left_alone(&self, row: &SharedRow, note: &Note, clock: Clock, tick: u8) -> bool {
        let ours = note.reservation.map(reservation);
        let dead = ours.filter(|ours| rules::is_proven_dead(ours, row, HERE, Some(HERE)));
        let is_harmless = !self.server.revokes;
        rules::left_alone_until(row, clock.at(tick), dead.as_ref(), is_harmless).is_some()
    }

    /// The attempt of a process that died.
    pub fn cut_off(&mut self, id: Id) -> Id {
        let mut login = self.login(id).clone();
        login.cut_off(seconds(0));
        self.keep(&one_machine::record(Content::Login(login)))
    }

    /// As if no attempt had been made.
    pub fn without_attempt(&mut self, id: Id) -> Id {
        let mut login = self.login(id).clone();
        login.last_attempt = None;
        self.keep(&one_machine::record(Content::Login(login)))
    }

    /// Ends an attempt of which no process is left.
    pub fn finish(
        &mut self,
        id: Id,
        machine: u8,
        tick: u8,
        row: &SharedRow,
        note: &Note,
    ) -> (Id, Finished) {
        let ours = note.reservation.map(reservation);
        let mut login = self.login(id).clone();
        let now = Clock::Machine(machine).at(tick);
        let finished = rules::finish(row, ours.as_ref(), &mut login, now);
        (
            self.keep(&one_machine::record(Content::Login(login))),
            finished,
        )
    }
}

/// What a machine notes, as the shipped rules see it.
pub fn cache_note(note: &Note) -> CacheNote {
    CacheNote {
        login: if note.login == 0 {
            String::new()
        } else {
            note.login.to_string()
        },
        begun: (note.login != 0).then(|| seconds(i64::from(note.begun))),
        database: (note.login != 0).then(|| note.database.to_string()),
        sequence: u64::from(note.sequence),
        seen: u64::from(note.seen),
        undelivered: note.undelivered,
        reservation: note.reservation.map(reservation),
        ..CacheNote::default()
    }
}

fn reservation((attempt, unsent): (u8, bool)) -> Reservation {
    Reservation {
        attempt: name_of(attempt),
        unsent,
        boot: HERE,
        lock: HERE,
    }
}

fn ahead_of(machine: u8) -> Ahead {
    Ahead::of(Clock::Database.at(0), Clock::Machine(machine).at(0))
}

fn token_of(pair: Pair) -> Option<RefreshToken> {
    Some(one_machine::refresh_token(pair))
}

/// The clock that cannot be set is the one of this test.
fn without_boot(mut record: Record) -> Record {
    if let Content::Login(login) = &mut record.content {
        for grant in &mut login.grants {
            grant.issued_boot = IssuedBoot::default();
        }
    }
    record
}

fn tombstone(server: ServerKind, generation: u64, at: Timestamp) -> Tombstone {
    Tombstone {
        client: one_machine::client(server),
        generation,
        at,
        reason: "asked".to_owned(),
    }
}
