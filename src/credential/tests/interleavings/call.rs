//! A call of `token` or `refresh`, as `flow` makes it: look, lock, finish what was left, decide again,
//! stage, commit, and what comes of it.

use super::brief::{Brief, Kind};
use super::disk::Answer;
use super::library::{Asks, Id, LIFE};
use super::mutants::Mutant;
use super::promises::{Broken, kept};
use super::steps::{Model, Next, done};
use super::world::{Command, End, Family, Pair, Process, Reply, Said, Step, Where, World};
use crate::credential::{Outcome, Stop, Verdict};

/// How often a call takes the lock at most (`flow`).
const TURNS: u8 = 8;

impl Model<'_> {
    /// The look without the lock.
    pub fn start(&mut self, mut world: World, index: usize) -> Next {
        let record = world.disk.now().record;
        let families = world.server.families;
        let now = world.now;
        let process = world.process_mut(index);
        process.seen = record;
        process.memory = record;
        process.step = Step::Queued;
        match process.command {
            Command::Login => {
                let free = families.iter().position(|family| family.latest == 0);
                let free = free.expect("one more family");
                process.own = u8::try_from(free).expect("small");
                let new = Family::new(now + LIFE);
                world.server.families[free] = new;
                Ok(world)
            }
            Command::Logout => Ok(world),
            _ => self.decide_without_lock(world, index),
        }
    }

    fn decide_without_lock(&mut self, mut world: World, index: usize) -> Next {
        let process = *world.process(index);
        let brief = self.whole(process.memory)?;
        if brief.kind == Kind::LoggedOut {
            return Ok(done(world, index, End::Failed));
        }
        let asks = asks(&process, false);
        match self.library.decide(process.memory, world.now, asks) {
            Verdict::Use(grant) => self.hand_out(world, index, grant),
            Verdict::Check(grant) => {
                let pair = brief.grants[grant].expect("a grant").pair;
                world.process_mut(index).step = Step::Asking(pair, false);
                Ok(world)
            }
            _ => {
                world.process_mut(index).step = Step::Queued;
                Ok(world)
            }
        }
    }

    fn whole(&self, id: Id) -> Result<Brief, Broken> {
        let brief = self.library.brief(id);
        kept(
            brief.kind != Kind::Torn,
            "P3",
            "a reader sees a torn record",
        )?;
        Ok(brief)
    }

    pub fn asked(&mut self, mut world: World, index: usize, pair: Pair, said: Said) -> Next {
        let process = world.process_mut(index);
        process.checked = Some((pair, said));
        if process.step == Step::Asking(pair, true) {
            process.step = Step::Queued;
            return Ok(world);
        }
        self.decide_without_lock(world, index)
    }

    /// The lock is had: rereads, and finishes what another process left.
    pub fn turn(&mut self, mut world: World, index: usize) -> Next {
        let folder = world.disk.now();
        let now = world.now;
        let process = world.process_mut(index);
        process.turns += 1;
        kept(
            process.turns <= TURNS,
            "P10",
            "a call goes round in circles",
        )?;
        process.memory = folder.record;
        if self.is(Mutant::NoReread) {
            process.memory = process.seen;
            return self.under_lock(world, index);
        }
        let record = folder.record;
        let brief = self.whole(record)?;
        if brief.pending.is_none() {
            return self.under_lock(world, index);
        }
        if let Answer::Whole(answer) = folder.answer
            && self.library.is_ended_by(record, answer)
            && !self.is(Mutant::NoSettling)
        {
            world.disk.sync_answer();
            world.disk.install();
            self.note_stored(&mut world, answer);
            self.note_ended(&mut world, answer, None);
            let process = world.process_mut(index);
            process.memory = answer;
            process.step = Step::Settled;
            return Ok(world);
        }
        let memory = self.library.cut_off(record, now);
        world.process_mut(index).memory = memory;
        world.disk.put(memory);
        world.disk.sync_folder();
        self.note_ended(&mut world, memory, None);
        self.under_lock(world, index)
    }

    pub fn under_lock(&mut self, world: World, index: usize) -> Next {
        match world.process(index).command {
            Command::Login => Ok(self.log_in(world, index)),
            Command::Logout => Ok(self.log_out(world, index)),
            Command::Exec if world.process(index).wants_lease.is_some() => {
                self.take_lease(world, index)
            }
            _ => self.decide_under_lock(world, index),
        }
    }

    fn decide_under_lock(&mut self, mut world: World, index: usize) -> Next {
        let mut unsaved = false;
        let mut leased = None;
        loop {
            let process = *world.process(index);
            let (memory, now) = (process.memory, world.now);
            let brief = self.library.brief(memory);
            if brief.kind == Kind::LoggedOut {
                return Ok(done(world, index, End::Failed));
            }
            let asks = Asks {
                leased,
                ..asks(&process, true)
            };
            let verdict = self.library.decide(memory, now, asks);
            if let Verdict::Mark(grant) = verdict {
                world.process_mut(index).memory = self.library.mark_refused(memory, now, grant);
                unsaved = true;
                continue;
            }
            if let Verdict::End(grant) = verdict {
                world.process_mut(index).memory = self.library.mark_ended(memory, now, grant);
                unsaved = true;
                continue;
            }
            if let Verdict::Refresh { grant, cause } = verdict {
                let pair = brief.grants[grant].expect("a grant").pair;
                let heeds = self.library.heeds_leases(memory, now, grant, cause);
                if heeds && world.is_leased(pair) && !self.is(Mutant::IgnoresLeases) {
                    leased = Some(pair);
                    continue;
                }
                self.may_begin(&world, &process, pair)?;
                let memory = self.library.begin(memory, now, grant, cause);
                return Ok(Self::begin(world, index, grant, memory));
            }
            if unsaved {
                world.disk.put(memory);
                world.disk.sync_folder();
            }
            return match verdict {
                Verdict::Use(grant) => self.hand_out(world, index, grant),
                Verdict::Check(grant) => {
                    let pair = brief.grants[grant].expect("a grant").pair;
                    world.process_mut(index).step = Step::Asking(pair, true);
                    Ok(world)
                }
                Verdict::WaitForLeases(grant) => {
                    let pair = brief.grants[grant].expect("a grant").pair;
                    world.process_mut(index).step = Step::Waiting(pair);
                    Ok(world)
                }
                Verdict::Stop(stop) => self.stop(world, index, stop),
                Verdict::Mark(_) | Verdict::End(_) | Verdict::Refresh { .. } => {
                    unreachable!("done above")
                }
            };
        }
    }

    pub fn begin(mut world: World, index: usize, grant: usize, memory: Id) -> World {
        let process = world.process_mut(index);
        process.memory = memory;
        process.grant = u8::try_from(grant).expect("small");
        process.step = Step::Starting;
        world
    }

    pub fn reserve(&self, mut world: World, index: usize, refreshes: Where) -> World {
        if !self.is(Mutant::NoFirstSync) {
            world.disk.sync_folder();
        }
        if !self.is(Mutant::NoReservation) {
            world.disk.reserve();
        }
        let process = world.process_mut(index);
        process.refreshes = refreshes;
        process.step = Step::Reserved;
        world
    }

    /// The caller goes on with what it finds in the record.
    pub fn take_up(&mut self, mut world: World, index: usize, answer: Reply) -> Next {
        if !self.is(Mutant::NoLookAfterReport) {
            let record = world.disk.now().record;
            world.process_mut(index).memory = record;
            if self.whole(record)?.kind == Kind::LoggedOut {
                return Ok(done(world, index, End::Failed));
            }
        }
        self.after(world, index, answer)
    }

    /// The caller looks once more, and presents nothing: its request may be under way.
    pub fn unreported(&mut self, mut world: World, index: usize) -> Next {
        let record = world.disk.now().record;
        let process = world.process_mut(index);
        process.memory = record;
        process.unreported = true;
        if process.command == Command::Logout {
            return Ok(done(world, index, End::Failed));
        }
        if self.is(Mutant::AsksOnceMore) {
            process.step = Step::Queued;
            return Ok(world);
        }
        let asks = asks(process, true);
        if self.whole(record)?.kind == Kind::LoggedOut {
            return Ok(done(world, index, End::Failed));
        }
        match self.library.decide(record, world.now, asks) {
            Verdict::Use(grant) => self.hand_out(world, index, grant),
            Verdict::Stop(Stop::JustRotated) => Ok(done(world, index, End::Good)),
            _ => self.fail(world, index, false),
        }
    }

    pub fn mark(&self, mut world: World, index: usize) -> World {
        if !self.is(Mutant::NoPendingMark) {
            let memory = world.process(index).memory;
            world.disk.put(memory);
        }
        world.truth.begin();
        world.process_mut(index).step = Step::Marked;
        world
    }

    pub fn write(&mut self, mut world: World, index: usize, answer: Reply) -> World {
        let memory = world.process(index).memory;
        let ended = self.library.end(memory, world.now, answer);
        world.disk.write(ended);
        let process = world.process_mut(index);
        process.memory = ended;
        process.step = Step::Written(answer);
        world
    }

    pub fn sync_answer(&self, mut world: World, index: usize, answer: Reply) -> World {
        if !self.is(Mutant::NoAnswerSync) {
            world.disk.sync_answer();
        }
        let memory = world.process(index).memory;
        self.note_stored(&mut world, memory);
        if answer == Reply::RateLimited && self.library.asks_for_quiet(memory, world.now) {
            world.truth.quiet_until = world.now + 1;
        }
        self.note_wait(&mut world, memory);
        world.process_mut(index).step = Step::Synced(answer);
        world
    }

    /// The lock is released after a refresh.
    pub fn after(&mut self, mut world: World, index: usize, answer: Reply) -> Next {
        let process = *world.process(index);
        let (memory, now) = (process.memory, world.now);
        let asks = asks(&process, true);
        if process.command == Command::Logout {
            world.process_mut(index).own |= 1 << process.grant;
            let goes_on = matches!(
                answer,
                Reply::Tokens(_) | Reply::InvalidGrant | Reply::Mistaken
            );
            let step = if goes_on {
                Step::Queued
            } else {
                Step::Done(End::Failed)
            };
            world.process_mut(index).step = step;
            return Ok(world);
        }
        match answer {
            Reply::Tokens(_) if !process.command.wants_token() => Ok(done(world, index, End::Good)),
            Reply::InvalidGrant if self.is(Mutant::DeathDeletes) => {
                world.disk.put(self.library.bury(memory, now));
                world.disk.sync_folder();
                Ok(done(world, index, End::Failed))
            }
            Reply::InvalidGrant | Reply::Mistaken => {
                let last = self.library.brief(memory).last;
                if last.is_some_and(|(_, outcome)| outcome == Outcome::RefreshRefused) {
                    return self.after_refusal(world, index);
                }
                if self.library.goes_on(memory, now, asks, true) {
                    world.process_mut(index).step = Step::Queued;
                    return Ok(world);
                }
                self.fail(world, index, true)
            }
            _ => self.fail(world, index, false),
        }
    }

    /// The server called the refresh token of a grant invalid that is not in doubt.
    fn after_refusal(&mut self, mut world: World, index: usize) -> Next {
        let process = *world.process(index);
        let grant = usize::from(process.grant);
        if self.library.asks_first(process.memory, world.now, grant) {
            let pair = self.presented(&process);
            world.process_mut(index).step = Step::Doubting(pair);
            return Ok(world);
        }
        self.refused(world, index)
    }

    /// What the check endpoint says of its access token.
    pub fn told(&mut self, mut world: World, index: usize, pair: Pair, said: Said) -> Next {
        world.process_mut(index).checked = Some((pair, said));
        let process = *world.process(index);
        let verdict = self
            .library
            .decide(process.memory, world.now, asks(&process, true));
        if let Verdict::End(_) = verdict {
            world.process_mut(index).step = Step::Queued;
            return Ok(world);
        }
        self.refused(world, index)
    }

    fn refused(&mut self, mut world: World, index: usize) -> Next {
        let process = *world.process(index);
        let asks = asks(&process, true);
        if self.library.goes_on(process.memory, world.now, asks, false) {
            world.process_mut(index).step = Step::Queued;
            return Ok(world);
        }
        self.fail(world, index, false)
    }

    fn stop(&mut self, world: World, index: usize, stop: Stop) -> Next {
        match stop {
            Stop::JustRotated | Stop::Alive { .. } => Ok(done(world, index, End::Good)),
            Stop::TokenRefused => Ok(done(world, index, End::Failed)),
            Stop::LoginRequired => self.fail(world, index, true),
            Stop::Adopted(outcome) => {
                let meanwhile = world.process(index).meanwhile;
                let failed = meanwhile.server_failed || meanwhile.grants_failed != [false; 2];
                kept(
                    failed,
                    "P4",
                    "a verdict is adopted that no process recorded",
                )?;
                self.fail(world, index, outcome == Outcome::LoginRequired)
            }
            Stop::Unverified(_)
            | Stop::Backoff { .. }
            | Stop::Paused { .. }
            | Stop::TooShort
            | Stop::LeftAlone => self.fail(world, index, false),
        }
    }

    /// Takes a lease on the token that is handed out now, or on the one that was good enough before, if
    /// that lives; else looks for another one.
    fn take_lease(&mut self, mut world: World, index: usize) -> Next {
        let process = *world.process(index);
        let (memory, now) = (process.memory, world.now);
        let asks = asks(&process, false);
        let brief = self.library.brief(memory);
        let found = match brief.kind {
            Kind::LoggedOut => None,
            _ => match self.library.decide(memory, now, asks) {
                Verdict::Use(grant) => Some(grant),
                _ => self.library.living(memory, now, asks).filter(|grant| {
                    brief.grants[*grant].map(|grant| grant.pair) == process.wants_lease
                }),
            },
        };
        let Some(grant) = found else {
            let process = world.process_mut(index);
            *process = Process::new(Command::Exec, process.memory);
            return Ok(world);
        };
        self.may_hand_out(&world, index, grant)?;
        let pair = brief.grants[grant].expect("a grant").pair;
        self.may_show(&world, pair)?;
        world.process_mut(index).step = Step::Running(pair);
        Ok(world)
    }

    /// A failure: a token that lives is handed out all the same.
    pub fn fail(&mut self, world: World, index: usize, ended: bool) -> Next {
        let process = *world.process(index);
        let asks = asks(&process, true);
        let found = self
            .library
            .fall_back(process.memory, world.now, asks, ended);
        match found {
            Some(grant) if process.command.wants_token() => self.hand_out(world, index, grant),
            Some(_) => Ok(done(world, index, End::Good)),
            None if ended => {
                self.may_give_up(&world, index)?;
                Ok(done(world, index, End::Failed))
            }
            None => Ok(done(world, index, End::Failed)),
        }
    }

    fn hand_out(&mut self, mut world: World, index: usize, grant: usize) -> Next {
        let brief = self.library.brief(world.process(index).memory);
        let pair = brief.grants[grant].expect("a grant").pair;
        self.may_hand_out(&world, index, grant)?;
        self.may_show(&world, pair)?;
        if world.process(index).command == Command::Exec {
            let process = world.process_mut(index);
            process.wants_lease = Some(pair);
            process.step = Step::Queued;
            if self.is(Mutant::LeasesWithoutLock) {
                process.step = Step::Running(pair);
            }
            return Ok(world);
        }
        if world.truth.stored[usize::from(pair.family)] != 0 {
            world.truth.shown = world.truth.shown.max(brief.generation);
        }
        Ok(done(world, index, End::Good))
    }
}

fn asks(process: &Process, under_lock: bool) -> Asks {
    Asks {
        command: process.command,
        checked: process.checked,
        seen: under_lock.then_some(process.seen),
        leased: None,
    }
}
