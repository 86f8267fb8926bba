//! What can happen next. Each step of a process ends where another one, a crash or a call of the database can tell the
//! difference.

use super::database::{AttemptInRow, Pending, RowState};
use super::library::Library;
use super::mutants::Mutant;
use super::world::{Command, Note, Process, Step, World};
use crate::credential::tests::interleavings::promises::Broken;
use crate::credential::tests::interleavings::world::{Pair, Reply, ServerKind};

pub type Next = Result<World, Broken>;

/// What happened.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    pub by: Option<(u8, Command)>,
    pub what: &'static str,
    /// No process wants it to happen.
    pub mishap: bool,
}

/// What can go wrong, and how long the world lasts.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub ticks: u8,
    pub mishaps: u8,
    pub mishap: Mishaps,
}

/// Which things go wrong.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mishaps {
    /// A process dies.
    pub kills: bool,
    /// The database does not answer, or not in time.
    pub silence: bool,
    /// A standby takes over that has not got the last commits.
    pub failovers: bool,
    /// An older row is put back.
    pub restores: bool,
    /// The answer of the server is lost.
    pub answers: bool,
    /// An owner is stopped between its last look at the clock and the request.
    pub stops: bool,
    /// A machine loses its folder.
    pub wipes: bool,
}

pub struct Model<'a> {
    pub library: &'a mut Library,
    pub server: ServerKind,
    pub mutant: Option<Mutant>,
    pub limits: Limits,
    pub first: Option<RowState>,
}

/// Events of one state.
pub type Events = Vec<(Event, Next)>;

impl Model<'_> {
    pub fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// Everything that can happen next.
    pub fn events(&mut self, world: &World, out: &mut Events) {
        for index in 0..world.processes.len() {
            if world.processes[index].is_some_and(|process| !process.is_over()) {
                self.steps(world, index, out);
            }
        }
        self.happenings(world, out);
    }

    fn steps(&mut self, world: &World, index: usize, out: &mut Events) {
        let process = *world.process(index);
        let by = Some((process.machine, process.command));
        let may_fail = world.mishaps > 0;
        let mut failed = *world;
        failed.mishaps = failed.mishaps.saturating_sub(1);
        let mut push = |what, mishap, next| {
            let event = Event { by, what, mishap };
            out.push((event, next));
        };
        let is_sent_at_home = process.command == Command::Home
            && !matches!(
                process.step,
                Step::Opening | Step::Arriving | Step::Arrived | Step::Fencing
            );
        if may_fail && self.limits.mishap.kills && process.has_lock() && !is_sent_at_home {
            push("dies", true, Ok(self.kill(failed, index)));
        }
        match process.step {
            Step::Ready => {
                if self.is_home_free(world, index) {
                    push("starts", false, self.start(*world, index));
                }
            }
            Step::Queued => {
                let is_free = !world
                    .living()
                    .any(|other| other.machine == process.machine && other.has_lock());
                if is_free {
                    push("takes the lock", false, self.lock(*world, index));
                }
                if process.turns > 0 || process.seen != super::library::Id::NONE {
                    push("comes to its deadline", false, Ok(over(*world, index)));
                }
            }
            Step::Opening | Step::Merging | Step::MergingFailure(_) => {
                push("reads the row", false, self.read(*world, index));
                if may_fail && self.limits.mishap.silence {
                    push("reads in vain", true, Ok(self.read_in_vain(failed, index)));
                }
            }
            Step::Looking => {
                let mut next = *world;
                let pair = self.presented(&process);
                let process = next.process_mut(index);
                process.leased = world.database.is_leased(pair, process.machine);
                process.step = Step::Reserved;
                push("looks for leases", false, Ok(next));
            }
            Step::Saving
            | Step::Reserved
            | Step::Journaled
            | Step::Failing(_)
            | Step::Leasing
            | Step::LoggingIn
            | Step::Burying
            | Step::Leaving
            | Step::Fencing
            | Step::Arriving => self.writes(world, index, out),
            Step::Claimed => {
                push("sends the request", false, self.send(*world, index));
                if may_fail && self.limits.mishap.stops && world.now == process.claimed_at {
                    let mut next = failed;
                    next.process_mut(index).step = Step::Stopped;
                    push("is stopped before the request", true, Ok(next));
                }
            }
            Step::Stopped => push(
                "is continued, and sends",
                false,
                self.send_late(*world, index),
            ),
            Step::InTransit => {
                let mut next = *world;
                let pair = self.presented(&process);
                let reply = next.server.present(pair, self.server);
                next.process_mut(index).step = Step::Answered(reply);
                push("is answered", false, Ok(next));
                if may_fail && self.limits.mishap.answers {
                    let mut lost = failed;
                    self.arrives_unasked(&mut lost, pair);
                    lost.process_mut(index).step = Step::Failing(Reply::Lost);
                    push("loses the answer", true, Ok(self.failed(lost, index)));
                }
            }
            Step::Answered(_) => push("has the answer", false, Ok(self.answered(*world, index))),
            Step::Waiting(pair) => {
                let is_leased =
                    world.is_held(pair) || world.database.is_leased(pair, process.machine);
                if !is_leased {
                    let mut next = *world;
                    next.process_mut(index).queue();
                    push("has waited for a lease", false, Ok(next));
                }
                push("comes to its deadline", false, Ok(over(*world, index)));
            }
            Step::Running(pair) => push("its command ends", false, Ok(ended(*world, index, pair))),
            Step::Revoking | Step::Ending => {
                push("revokes", false, Ok(self.revoke(*world, index)));
            }
            Step::Arrived => push("leaves the tombstone", false, Ok(self.moved(*world, index))),
            Step::Done | Step::Dead => {}
        }
    }

    /// A write: it is answered, or commits unseen, or late, or never.
    fn writes(&mut self, world: &World, index: usize, out: &mut Events) {
        let write = self.write_of(world, index);
        let process = world.process(index);
        let by = Some((process.machine, process.command));
        let mut push = |what, mishap, next| out.push((Event { by, what, mishap }, next));
        let mut next = *world;
        let row = self.commit(&mut next, &write);
        push(
            if row.is_some() {
                "writes the row"
            } else {
                "finds another row than it read"
            },
            false,
            self.written(next, index, row),
        );
        if world.mishaps == 0 || !self.limits.mishap.silence {
            return;
        }
        let mut failed = *world;
        failed.mishaps -= 1;
        push("writes in vain", true, Ok(self.unanswered(failed, index)));
        if world.late.is_none() {
            let mut late = failed;
            late.late = Some(write);
            push(
                "writes, and may commit late",
                true,
                Ok(self.unanswered(late, index)),
            );
        }
        if self.commit(&mut failed, &write).is_some() {
            let next = self.unanswered(failed, index);
            push("writes, and hears nothing", true, Ok(next));
        }
    }

    fn write_of(&mut self, world: &World, index: usize) -> Pending {
        let process = *world.process(index);
        if process.step == Step::Leasing {
            return Pending::Lease {
                known: process.known.expect("a row"),
                database: process.timeline,
                pair: self.presented(&process),
                machine: process.machine,
            };
        }
        let claims = process.step == Step::Reserved;
        let record = if claims {
            process.memory
        } else {
            process.write
        };
        let pending = self.library.brief(record).pending;
        let is_delivery = process.step == Step::Journaled;
        let attempt = match process.step {
            Step::Reserved => AttemptInRow::Claim(process.attempt),
            _ if is_delivery && self.is(Mutant::DeliveryEndsClaim) => AttemptInRow::Gone(pending),
            _ if pending => AttemptInRow::Stays,
            _ => AttemptInRow::Gone(false),
        };
        let known = process.known;
        let is_new = matches!(
            process.step,
            Step::LoggingIn | Step::Burying | Step::Arriving | Step::Leaving
        );
        let lifts = is_delivery && self.is(Mutant::DeliveryLiftsBarrier);
        Pending::Record {
            known,
            login: match known {
                Some(known) if !is_new => known.login,
                _ => self.login_id(world, index),
            },
            record: self.library.to_theirs(record, process.machine),
            attempt,
            timeline: match known {
                Some(known) if !lifts && !is_new => known.timeline,
                _ => process.timeline,
            },
            database: process.timeline,
            claims,
            none_pending: claims,
            leased: process.heeds && process.leased,
        }
    }

    /// Commits a write, and notes what that means.
    pub fn commit(&mut self, world: &mut World, write: &Pending) -> Option<RowState> {
        let before = world.database.now.row;
        let row = world.database.commit(write, world.now, self.mutant)?;
        let brief = self.library.brief(row.record);
        if before.is_none_or(|before| before.login != row.login) {
            let old = before.map_or(0, |before| self.library.brief(before.record).families());
            // A move ends no login.
            if !is_of_move(row.login) {
                world.truth.gone |= old & !brief.families();
            }
        }
        for grant in brief.grants() {
            let stored = &mut world.truth.stored[usize::from(grant.pair.family)];
            *stored = (*stored).max(grant.pair.number);
            let in_row = &mut world.truth.in_row[usize::from(grant.pair.family)];
            *in_row = (*in_row).max(grant.pair.number);
        }
        Some(row)
    }

    /// What a write has come to; `None`: the row is not the one that was read.
    fn written(&mut self, mut world: World, index: usize, row: Option<RowState>) -> Next {
        if let Some(row) = row {
            let record = self.library.brief(row.record);
            let process = world.process_mut(index);
            process.known = Some(super::world::Known {
                login: row.login,
                sequence: row.sequence,
                attempt: row.attempt,
                timeline: row.timeline,
            });
            process.base = if process.step == Step::Reserved {
                process.memory
            } else {
                process.write
            };
            let is_same = process.note.login == row.login;
            process.note = Note {
                login: row.login,
                sequence: row.sequence,
                begun: row.begun,
                database: process.timeline,
                seen: record
                    .generation
                    .max(if is_same { process.note.seen } else { 0 }),
                ..process.note
            };
            if process.step != Step::Reserved {
                knows(&mut world, index, row.login, record.generation);
            }
        }
        match world.process(index).step {
            Step::Reserved => self.claimed(world, index, row.is_some()),
            Step::Saving => self.saved(world, index, row.is_some()),
            Step::Journaled => self.delivered(world, index, row.is_some()),
            Step::Failing(reply) => self.told(world, index, row.is_some(), reply),
            Step::Leasing => Ok(self.leased(world, index, row.is_some())),
            _ => Ok(self.replaced(world, index, row.is_some())),
        }
    }

    /// The id that another login gets in the row.
    fn login_id(&self, world: &World, index: usize) -> u8 {
        let process = world.process(index);
        let journal = world.machines[usize::from(process.machine)].journal;
        match (process.command, journal) {
            (_, Some(journal)) if process.step == Step::LoggingIn => journal.login,
            (Command::Logout, _) => 20 + process.machine,
            (Command::Login, _) => 10 + process.own,
            _ => process.own,
        }
    }

    /// The pair whose refresh token a process presents, or is about to.
    pub fn presented(&self, process: &Process) -> Pair {
        let brief = self.library.brief(process.memory);
        brief.grants[usize::from(process.grant)]
            .expect("a grant")
            .pair
    }
}

/// Whether this is the id of a login that was moved into the database, or of what a move out of it has left.
fn is_of_move(login: u8) -> bool {
    (30..50).contains(&login)
}

/// A machine has seen this generation of a login.
pub fn knows(world: &mut World, index: usize, login: u8, generation: u8) {
    let known = &mut world.machine_mut(index).knows;
    if known.0 == login {
        known.1 = known.1.max(generation);
    } else {
        *known = (login, generation);
    }
}

/// Lets the lock go, and takes it once more: another process was faster.
pub fn again(mut world: World, index: usize) -> World {
    let process = world.process_mut(index);
    process.turns += 1;
    process.queue();
    world
}

pub fn over(mut world: World, index: usize) -> World {
    world.process_mut(index).end(Step::Done);
    world
}

/// A command ends, and its lease with it.
fn ended(mut world: World, index: usize, pair: Pair) -> World {
    let machine = world.process(index).machine;
    let mut leases = world.database.now.leases.iter_mut();
    if let Some(lease) = leases.find(|lease| **lease == Some((pair, machine))) {
        *lease = None;
    }
    over(world, index)
}
