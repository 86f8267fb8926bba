//! A call of `token`: the look, the lock, what the row says, the decision, and the claim.

use super::database::{BARRIERS, RowState};
use super::library::{Asks, Clock, Id, cache_note};
use super::mutants::Mutant;
use super::steps::{Model, Next, again, knows, over};
use super::world::{Command, Known, Note, Process, Step, World};
use crate::credential::tests::interleavings::promises::kept;
use crate::credential::tests::interleavings::world::Reply;
use crate::credential::{Cause, Outcome, Verdict};
use crate::store::shared::place::HESITATION;
use crate::store::shared::place::rules::{self, Finished};

/// How often a call takes the lock at most (`flow`).
const TURNS: u8 = 8;

impl Model<'_> {
    /// The look without the lock.
    pub fn start(&mut self, mut world: World, index: usize) -> Next {
        let process = *world.process(index);
        let cache = world.machines[usize::from(process.machine)].cache;
        match process.command {
            Command::Login => return Ok(self.begin_login(world, index)),
            Command::Move | Command::Home => return Ok(self.begin_at_home(world, index)),
            Command::Leave => return Ok(self.begin_to_leave(world, index)),
            Command::Deliver if cache.is_none_or(|cache| !cache.note.undelivered) => {
                return Ok(over(world, index));
            }
            _ => {}
        }
        let seen = cache.map_or(Id::NONE, |cache| cache.record);
        world.process_mut(index).seen = seen;
        world.process_mut(index).step = Step::Queued;
        if !self.library.brief(seen).is_login
            || matches!(process.command, Command::Logout | Command::Deliver)
        {
            return Ok(world);
        }
        let asks = self.asks(&world, index, false);
        match self.library.decide(seen, process.machine, world.now, asks) {
            Verdict::Use(grant) if process.command != Command::Exec => {
                self.hand_out(world, index, seen, grant)
            }
            _ => Ok(world),
        }
    }

    fn asks(&self, world: &World, index: usize, under_lock: bool) -> Asks {
        let process = world.process(index);
        Asks {
            command: process.command,
            seen: under_lock.then_some(process.seen),
            leased: None,
        }
    }

    /// The lock is had: what this machine has by now may be enough.
    pub fn lock(&mut self, mut world: World, index: usize) -> Next {
        let process = *world.process(index);
        kept(process.turns < TURNS, "P10", "a call goes round in circles")?;
        let cache = world.machines[usize::from(process.machine)].cache;
        if let Some(cache) = cache
            && self.library.brief(cache.record).is_login
            && matches!(
                process.command,
                Command::Token | Command::MinTtl | Command::Force
            )
        {
            let asks = self.asks(&world, index, true);
            let verdict = self
                .library
                .decide(cache.record, process.machine, world.now, asks);
            if let Verdict::Use(grant) = verdict {
                return self.hand_out(world, index, cache.record, grant);
            }
        }
        let process = world.process_mut(index);
        process.cached = cache;
        process.note = cache.map_or(Note::default(), |cache| cache.note);
        process.step = Step::Opening;
        Ok(world)
    }

    /// A read that came back.
    pub fn read(&mut self, world: World, index: usize) -> Next {
        match world.process(index).step {
            Step::Merging => self.merge(world, index),
            Step::MergingFailure(reply) => self.merge_failure(world, index, reply),
            _ => self.look(world, index),
        }
    }

    pub fn read_in_vain(&mut self, world: World, index: usize) -> World {
        match world.process(index).step {
            Step::Opening => over(world, index),
            _ => self.unanswered(world, index),
        }
    }

    /// Reads the row, and notes which one it is.
    pub fn note_row(&self, world: &mut World, index: usize) -> Option<RowState> {
        let database = world.database;
        let process = world.process_mut(index);
        process.timeline = database.timeline;
        process.known = database.now.row.map(|row| Known {
            login: row.login,
            sequence: row.sequence,
            attempt: row.attempt,
            timeline: row.timeline,
        });
        database.now.row
    }

    /// What stands in the row, after what is in the journal has been delivered.
    fn look(&mut self, mut world: World, index: usize) -> Next {
        let found = self.note_row(&mut world, index);
        let process = *world.process(index);
        let row = found.map(|found| self.library.row(&found));
        let timeline = process.timeline.to_string();
        let is_lost = rules::has_lost_commits(&cache_note(&process.note), row.as_ref(), &timeline)
            && !self.is(Mutant::ForgetsSeen);
        if let Some(next) = self.open_journal(&mut world, index, found, is_lost) {
            return next.map(|()| world);
        }
        let (Some(found), Some(row)) = (found, row) else {
            if !is_lost {
                world.machine_mut(index).cache = None;
            }
            return self.under_lock(world, index);
        };
        let memory = self.library.to_ours(found.record, process.machine);
        if is_lost {
            world.process_mut(index).memory = memory;
            let waits = self
                .library
                .is_left_alone(&row, &process.note, Clock::Database, world.now);
            return Ok(match process.command {
                Command::Login if !waits => self.visit(world, index),
                Command::Login => {
                    world.process_mut(index).queue();
                    world
                }
                _ => over(world, index),
            });
        }
        let ended = self.ended_here(&process, &found, memory);
        let clock = if self.is(Mutant::DeadlineOnWrongClock) {
            Clock::Machine(process.machine)
        } else {
            Clock::Database
        };
        let note = process.note;
        if ended.is_none()
            && self.library.is_left_alone(&row, &note, clock, world.now)
            && !self.is(Mutant::PresentsBeforeDeadline)
        {
            world.process_mut(index).queue();
            return Ok(world);
        }
        self.open(world, index, found, ended)
    }

    /// The end of the pending attempt, where this machine made it and could not tell the database.
    fn ended_here(&self, process: &Process, found: &RowState, memory: Id) -> Option<Id> {
        let (ours, _) = process.note.reservation?;
        let cached = process.cached?.record;
        let (sequence, outcome) = self.library.brief(cached).last?;
        let brief = self.library.brief(memory);
        let is_failure = !matches!(outcome, Outcome::Pending | Outcome::Rotated);
        let is_its_end = brief.pending && brief.last.map(|last| last.0) == Some(sequence);
        (ours == found.attempt && is_failure && is_its_end).then_some(cached)
    }

    /// Brings the row to this machine, and finishes what is left there.
    fn open(&mut self, mut world: World, index: usize, found: RowState, ended: Option<Id>) -> Next {
        let process = *world.process(index);
        let (machine, now) = (process.machine, world.now);
        let row = self.library.row(&found);
        let mut memory = self.library.to_ours(found.record, machine);
        let known = process.cached.filter(|cached| {
            self.library.is_known(cached, &row, memory)
                || self.is(Mutant::BelievesSequence) && cached.note.sequence == found.sequence
        });
        if let Some(known) = known {
            memory = known.record;
        }
        let base = memory;
        let mut how = Finished::Nothing;
        if let Some(ended) = ended {
            memory = if self.is(Mutant::VerdictOverwrites) {
                ended
            } else {
                self.library.merged(memory, ended, ended, true)
            };
            how = Finished::Ended;
        } else if rules::is_pending(&row) && self.library.brief(memory).is_login {
            let finished = self
                .library
                .finish(memory, machine, now, &row, &process.note);
            how = finished.1;
            memory = if self.is(Mutant::TakeOverWithoutDoubt) {
                self.library.without_attempt(memory)
            } else {
                finished.0
            };
        }
        let seen = rules::seen_with(&cache_note(&process.note), &row);
        let generation = self.library.brief(found.record).generation;
        knows(&mut world, index, found.login, generation);
        let process = world.process_mut(index);
        if let (Finished::BarrierOver, Some(known)) = (how, &mut process.known) {
            known.timeline = process.timeline;
        }
        let is_news = process.note.undelivered || process.note.database != process.timeline;
        process.note = Note {
            login: found.login,
            sequence: found.sequence,
            seen: u8::try_from(seen).expect("small"),
            begun: found.begun,
            database: process.timeline,
            undelivered: false,
            reservation: process.note.reservation.filter(|_| found.pending),
        };
        process.memory = memory;
        process.base = base;
        process.unsaved = how != Finished::Nothing;
        if is_news || known.is_none() || process.unsaved {
            world.put_cache(index, memory);
        }
        self.under_lock(world, index)
    }

    fn under_lock(&mut self, mut world: World, index: usize) -> Next {
        let process = *world.process(index);
        match process.command {
            Command::Login | Command::Logout | Command::Move | Command::Home | Command::Leave => {
                Ok(self.visit(world, index))
            }
            Command::Deliver => Ok(over(world, index)),
            _ if process.known.is_none() => Ok(over(world, index)),
            Command::Exec => {
                let asks = self.asks(&world, index, true);
                let (memory, now) = (process.memory, world.now);
                if !self.library.brief(memory).is_login {
                    return Ok(over(world, index));
                }
                let verdict = self.library.decide(memory, process.machine, now, asks);
                let Verdict::Use(grant) = verdict else {
                    return Ok(over(world, index));
                };
                let process = world.process_mut(index);
                process.grant = u8::try_from(grant).expect("small");
                process.write = process.memory;
                process.step = if process.unsaved {
                    Step::Saving
                } else {
                    Step::Leasing
                };
                Ok(world)
            }
            _ => self.decide_under_lock(world, index),
        }
    }

    pub fn leased(&self, mut world: World, index: usize, taken: bool) -> World {
        let process = *world.process(index);
        if taken {
            world
                .process_mut(index)
                .end(Step::Running(self.presented(&process)));
            world
        } else {
            again(world, index)
        }
    }

    fn decide_under_lock(&mut self, mut world: World, index: usize) -> Next {
        let process = *world.process(index);
        let (machine, memory, now) = (process.machine, process.memory, world.now);
        if !self.library.brief(memory).is_login {
            return Ok(over(world, index));
        }
        let mut asks = self.asks(&world, index, true);
        loop {
            match self.library.decide(memory, machine, now, asks) {
                Verdict::Use(grant) => return self.hand_out(world, index, memory, grant),
                Verdict::Refresh { grant, cause } => {
                    let pair = self.library.brief(memory).grants[grant]
                        .expect("a grant")
                        .pair;
                    let heeds = self
                        .library
                        .heeds_leases(memory, machine, now, grant, cause);
                    let is_leased =
                        world.is_held_on(pair, machine) || world.database.is_leased(pair, machine);
                    if heeds && is_leased && asks.leased.is_none() {
                        asks.leased = Some(pair);
                        continue;
                    }
                    let process = world.process_mut(index);
                    process.grant = u8::try_from(grant).expect("small");
                    process.cause = cause as u8;
                    process.heeds = heeds;
                    if process.unsaved {
                        process.write = memory;
                        process.step = Step::Saving;
                        return Ok(world);
                    }
                    return Ok(self.reserve(world, index, cause));
                }
                Verdict::WaitForLeases(grant) => {
                    let pair = self.library.brief(memory).grants[grant]
                        .expect("a grant")
                        .pair;
                    let process = world.process_mut(index);
                    process.queue();
                    process.step = Step::Waiting(pair);
                    return Ok(world);
                }
                _ => return Ok(over(world, index)),
            }
        }
    }

    /// What was finished is in the row, unless that is another one by now.
    pub fn saved(&mut self, mut world: World, index: usize, is_written: bool) -> Next {
        if !is_written && !self.is(Mutant::ClaimsUnread) {
            return Ok(again(world, index));
        }
        if !is_written {
            self.note_row(&mut world, index);
        }
        let process = world.process_mut(index);
        process.unsaved = false;
        let write = process.write;
        world.put_cache(index, write);
        self.under_lock(world, index)
    }

    /// Marks the attempt on this machine (P2).
    fn reserve(&mut self, mut world: World, index: usize, cause: Cause) -> World {
        let process = *world.process(index);
        let known = process.known.expect("a row");
        let is_barrier =
            rules::needs_barrier(&known.timeline.to_string(), &process.timeline.to_string())
                && !self.is(Mutant::ClaimWithoutTimeline);
        let machine = world.machine_mut(index);
        machine.claims += 1;
        let number = process.machine * 40 + machine.claims;
        let attempt = number + if is_barrier { BARRIERS } else { 0 };
        let memory = self.library.begin(
            process.memory,
            process.machine,
            world.now,
            process.grant,
            cause,
        );
        let now = world.now;
        let process = world.process_mut(index);
        process.before = process.memory;
        process.memory = memory;
        process.attempt = attempt;
        process.claimed_at = now;
        process.note.reservation = Some((attempt, is_barrier));
        process.step = if process.heeds {
            Step::Looking
        } else {
            Step::Reserved
        };
        world.put_cache(index, memory);
        world
    }

    /// The claim is in the row, unless another machine was faster.
    pub fn claimed(&mut self, mut world: World, index: usize, is_written: bool) -> Next {
        let process = world.process_mut(index);
        if is_written && process.attempt < BARRIERS {
            process.step = Step::Claimed;
            return Ok(world);
        }
        process.note.reservation = None;
        let before = process.before;
        world.put_cache(index, before);
        Ok(again(world, index))
    }

    /// A call of the database to which no answer came.
    pub fn unanswered(&mut self, mut world: World, index: usize) -> World {
        let process = *world.process(index);
        match process.step {
            Step::Reserved => {
                let before = process.before;
                if let Some(ours) = &mut world.process_mut(index).note.reservation {
                    ours.1 = true;
                }
                world.put_cache(index, before);
                over(world, index)
            }
            // The answer is in the journal.
            Step::Journaled | Step::Merging if !process.opens => {
                self.keep_undelivered(world, index)
            }
            // The verdict is in the cache.
            Step::Failing(_) | Step::MergingFailure(_) => {
                world.put_cache(index, process.memory);
                over(world, index)
            }
            Step::LoggingIn if self.is(Mutant::SilenceIsFailure) => {
                world.server.revoke(process.own);
                world.machine_mut(index).journal = None;
                over(world, index)
            }
            Step::Arriving if self.is(Mutant::SilentMoveIsFailure) => {
                if let Some(home) = &mut world.home {
                    home.moving = 0;
                }
                over(world, index)
            }
            _ => over(world, index),
        }
    }

    /// The request leaves, unless the claim is too old by now.
    pub fn send(&mut self, mut world: World, index: usize) -> Next {
        let process = *world.process(index);
        let age = u64::from(world.now - process.claimed_at) * super::database::TICK;
        let age = std::time::Duration::from_secs(age);
        let is_late = rules::is_overdue(age, HESITATION);
        if is_late && !self.is(Mutant::SendsLate) && process.command != Command::Home {
            let memory = self
                .library
                .take_back(process.memory, process.machine, world.now);
            let process = world.process_mut(index);
            process.memory = memory;
            process.write = memory;
            process.step = Step::Failing(Reply::Unreachable);
            return Ok(world);
        }
        self.may_send(&mut world, index)?;
        world.process_mut(index).step = Step::InTransit;
        Ok(world)
    }

    /// A token is printed.
    pub fn hand_out(&mut self, mut world: World, index: usize, id: Id, grant: usize) -> Next {
        let pair = self.library.brief(id).grants[grant].expect("a grant").pair;
        let stored = world.truth.stored[usize::from(pair.family)];
        kept(
            pair.number <= stored,
            "P3",
            "a token is shown that is stored nowhere",
        )?;
        world.process_mut(index).end(Step::Done);
        Ok(world)
    }
}
