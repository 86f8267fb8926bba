//! An answer on its way: into the journal, into the row, and into what other machines have written there.

use super::database::RowState;
use super::library::Id;
use super::mutants::Mutant;
use super::steps::{Model, Next, again, over};
use super::world::{Command, Journal, Step, What, World};
use crate::credential::tests::interleavings::promises::Broken;
use crate::credential::tests::interleavings::world::Reply;

impl Model<'_> {
    /// The server has answered: tokens go into the journal first (P3).
    pub fn answered(&mut self, mut world: World, index: usize) -> World {
        let process = *world.process(index);
        let Step::Answered(reply) = process.step else {
            return world;
        };
        let Reply::Tokens(pair) = reply else {
            if process.command == Command::Home {
                return over(world, index);
            }
            world.process_mut(index).step = Step::Failing(reply);
            return self.failed(world, index);
        };
        let memory = self
            .library
            .end(process.memory, process.machine, world.now, reply);
        world.truth.stored[usize::from(pair.family)] = pair.number;
        if process.command == Command::Home {
            world.home.as_mut().expect("a folder").record = memory;
            return over(world, index);
        }
        world.machine_mut(index).journal = Some(Journal {
            login: process.note.login,
            what: What::Answer(process.attempt),
            record: memory,
        });
        let process = world.process_mut(index);
        process.memory = memory;
        process.write = memory;
        process.step = Step::Journaled;
        world
    }

    /// What a failure makes of the record.
    pub fn failed(&mut self, mut world: World, index: usize) -> World {
        let process = *world.process(index);
        if let Step::Failing(reply) = process.step {
            let ended = self
                .library
                .end(process.memory, process.machine, world.now, reply);
            let process = world.process_mut(index);
            process.memory = ended;
            process.write = ended;
        }
        world
    }

    /// A failure is in the row, or the claim was another one's by then.
    pub fn told(&mut self, mut world: World, index: usize, is_written: bool, reply: Reply) -> Next {
        if !is_written {
            world.process_mut(index).step = Step::MergingFailure(reply);
            return Ok(world);
        }
        let process = world.process_mut(index);
        process.note.reservation = None;
        let write = process.write;
        world.put_cache(index, write);
        Ok(self.after_failure(world, index, reply))
    }

    /// The same after another machine has written under the claim.
    pub fn merge_failure(&mut self, mut world: World, index: usize, reply: Reply) -> Next {
        let process = *world.process(index);
        let before = process.known.expect("a row");
        let row = self.note_row(&mut world, index);
        let row = row.filter(|row| row.login == before.login && row.attempt == process.attempt);
        let Some(row) = row else {
            world.process_mut(index).note.reservation = None;
            return Ok(self.after_failure(world, index, reply));
        };
        let theirs = self.library.to_ours(row.record, process.machine);
        let merged = self
            .library
            .merged(theirs, process.base, process.memory, true);
        let process = world.process_mut(index);
        process.base = theirs;
        process.write = merged;
        process.step = Step::Failing(reply);
        Ok(world)
    }

    fn after_failure(&mut self, world: World, index: usize, reply: Reply) -> World {
        let process = *world.process(index);
        let asks = super::library::Asks {
            command: process.command,
            seen: Some(process.seen),
            leased: None,
        };
        let (memory, now) = (process.memory, world.now);
        let goes_on = match reply {
            // Nothing was sent.
            Reply::Unreachable => true,
            Reply::InvalidGrant => self.library.goes_on(memory, process.machine, now, asks),
            _ => false,
        };
        if goes_on {
            again(world, index)
        } else {
            over(world, index)
        }
    }

    /// What a process has left in the journal goes into the row; `None`: there is nothing to be done about it.
    pub fn open_journal(
        &mut self,
        world: &mut World,
        index: usize,
        found: Option<RowState>,
        is_lost: bool,
    ) -> Option<Result<(), Broken>> {
        let process = *world.process(index);
        let journal = world.machine_mut(index).journal?;
        let theirs = found.map(|row| self.library.to_ours(row.record, process.machine));
        let login = found.map_or(0, |row| row.login);
        if login == journal.login || self.is(Mutant::DeliveryIgnoresLogin) && login != 0 {
            let theirs = theirs.expect("a row");
            let What::Answer(attempt) = journal.what else {
                return None;
            };
            if !self.library.has_news(theirs, journal.record) {
                return None;
            }
            let process = world.process_mut(index);
            process.attempt = attempt;
            process.opens = true;
            let write = self.delivered_on(world, index, theirs);
            let process = world.process_mut(index);
            process.write = write;
            process.step = Step::Journaled;
            return Some(Ok(()));
        }
        if is_lost {
            return None;
        }
        if journal.what == What::Login(login) {
            let generation = theirs.map_or(0, |theirs| self.library.brief(theirs).generation);
            let write = self.library.recount(journal.record, generation);
            let process = world.process_mut(index);
            process.write = write;
            process.opens = true;
            process.step = Step::LoggingIn;
            return Some(Ok(()));
        }
        let is_orphan = match journal.what {
            What::Login(_) => true,
            What::Answer(attempt) => self.library.is_orphan(&process.note, attempt, theirs),
        };
        if is_orphan || self.is(Mutant::RevokesMoved) {
            for family in self.library.brief(journal.record).grants() {
                world.server.revoke(family.pair.family);
            }
            world.machine_mut(index).journal = None;
        }
        None
    }

    /// What the row becomes with the answer in the journal.
    fn delivered_on(&mut self, world: &World, index: usize, theirs: Id) -> Id {
        let process = world.process(index);
        let journal = world.machines[usize::from(process.machine)].journal;
        let answer = journal.expect("a journal").record;
        if self.is(Mutant::DeliveryOverwrites) {
            return answer;
        }
        let attempt = world.database.now.row.map_or(0, |row| row.attempt);
        let ends = attempt != 0 && attempt == process.attempt;
        self.library.merged(theirs, answer, answer, ends)
    }

    /// The row is read again, and the answer is merged into it.
    pub fn merge(&mut self, mut world: World, index: usize) -> Next {
        let process = *world.process(index);
        let row = self.note_row(&mut world, index);
        let journal = world.machine_mut(index).journal.expect("a journal");
        let is_same = |login: u8| login == journal.login || self.is(Mutant::DeliveryIgnoresLogin);
        let Some(row) = row.filter(|row| is_same(row.login)) else {
            return Ok(over(world, index));
        };
        let theirs = self.library.to_ours(row.record, process.machine);
        let ends = row.attempt != 0 && row.attempt == process.attempt;
        if !ends
            && !self.library.has_news(theirs, journal.record)
            && !self.is(Mutant::DeliveryOverwrites)
        {
            if process.opens {
                let process = world.process_mut(index);
                process.opens = false;
                process.attempt = 0;
                process.step = Step::Opening;
                return Ok(world);
            }
            world.put_cache(index, theirs);
            return Ok(over(world, index));
        }
        let write = self.delivered_on(&world, index, theirs);
        world.process_mut(index).write = write;
        world.process_mut(index).step = Step::Journaled;
        Ok(world)
    }

    /// The answer is in the row, unless that was another one than was read.
    pub fn delivered(&mut self, mut world: World, index: usize, is_written: bool) -> Next {
        if !is_written {
            world.process_mut(index).step = Step::Merging;
            return Ok(world);
        }
        if self.is(Mutant::JournalGoes) {
            world.machine_mut(index).journal = None;
        }
        let process = world.process_mut(index);
        process.note.reservation = None;
        process.note.undelivered = false;
        let write = process.write;
        if process.opens {
            process.opens = false;
            process.attempt = 0;
            process.write = Id::NONE;
            process.step = Step::Opening;
            return Ok(world);
        }
        world.put_cache(index, write);
        let grant = usize::from(world.process(index).grant);
        self.hand_out(world, index, write, grant)
    }

    /// The database is away: the tokens are printed on the journal alone.
    pub fn keep_undelivered(&mut self, mut world: World, index: usize) -> World {
        let process = world.process_mut(index);
        process.note.undelivered = true;
        let memory = process.memory;
        world.put_cache(index, memory);
        over(world, index)
    }
}
