//! What befalls processes, machines and the database, and what excuses a promise that is broken: the windows that no
//! protocol can close (ARCHITECTURE.md, "A store for several machines"), each as narrow as it is.
//!
//! - A process dies, or its answer is lost, before the answer is in a journal: those tokens are lost, and the record
//!   says so.
//! - A machine loses its folder, with a journal in it.
//! - Where a replay revokes: an answer that is not in the row when its claim ends. Another machine presents the token
//!   once more, marked, and the login is lost.
//! - An owner that was stopped between its last look at the clock and the request presents a token late.
//! - A failover loses the commit of a login. (It loses no answer: that is in a journal.)
//! - An older row of the same timeline is put back: only a machine that has seen more finds out, and no process that
//!   rests on the row from before.

use super::library::Id;
use super::mutants::Mutant;
use super::steps::{Event, Events, Model, Next};
use super::world::{FAMILIES, Machine, Step, Stray, World};
use crate::credential::tests::interleavings::world::{Pair, Reply};

impl Model<'_> {
    /// What no process does.
    pub fn happenings(&mut self, world: &World, out: &mut Events) {
        let event = |what| Event {
            by: None,
            what,
            mishap: true,
        };
        for place in 0..world.strays.len() {
            if let Some(stray) = world.strays[place] {
                let mut next = *world;
                next.strays[place] = None;
                out.push((event("a request never arrives"), Ok(next)));
                self.arrives_unasked(&mut next, stray.pair);
                out.push((event("a request of a dead process arrives"), Ok(next)));
            }
        }
        if world.now < self.limits.ticks && may_pass(world) {
            let mut next = *world;
            next.now += 1;
            out.push((event("time passes"), Ok(next)));
        }
        if let Some(write) = world.late {
            let mut next = *world;
            next.late = None;
            self.commit(&mut next, &write);
            out.push((event("a write commits late"), Ok(next)));
        }
        if world.mishaps == 0 {
            return;
        }
        let mut failed = *world;
        failed.mishaps -= 1;
        if self.limits.mishap.failovers {
            for database in world.database.failovers() {
                let mut next = failed;
                self.fall_back(&mut next, database);
                out.push((event("a standby takes over"), Ok(next)));
            }
        }
        if self.limits.mishap.restores && world.database.now.row != self.first {
            let mut next = failed;
            let mut database = next.database;
            database.now.row = self.first;
            self.fall_back(&mut next, database);
            next.truth.restored = true;
            self.excuse_older(&mut next);
            out.push((event("an older row is put back"), Ok(next)));
        }
        if self.limits.mishap.wipes {
            for machine in [0, 1] {
                if let Some(next) = self.wiped(failed, machine) {
                    out.push((event("a machine loses its folder"), Ok(next)));
                }
            }
        }
    }

    fn fall_back(&self, world: &mut World, database: super::database::DatabaseState) {
        let login = |row: Option<super::database::RowState>| row.map(|row| row.login);
        let (old, new) = (world.database.now.row, database.now.row);
        if let Some(row) = old
            && login(old) != login(new)
        {
            // The commit of a login, or of a move, is lost.
            world.truth.excused |= self.library.brief(row.record).families();
        }
        world.late = None;
        world.database = database;
        world.truth.in_row = [0; FAMILIES];
        world.truth.fell_back = true;
    }

    fn excuse_older(&self, world: &mut World) {
        let Some(row) = world.database.now.row else {
            return;
        };
        if world.living().any(|process| process.known.is_some()) {
            // It rests on a row that is gone, whose sequence can come once more.
            world.truth.excused |= self.library.brief(row.record).families();
        }
        for grant in self.library.brief(row.record).grants() {
            if grant.pair.number < world.server.family(grant.pair).latest {
                world.truth.excused |= 1 << grant.pair.family;
            }
        }
    }

    fn wiped(&self, mut world: World, machine: u8) -> Option<World> {
        let folder = world.machines[usize::from(machine)];
        let is_busy = world
            .living()
            .any(|process| process.machine == machine && process.step != Step::Ready);
        if is_busy || folder.cache.is_none() && folder.journal.is_none() {
            return None;
        }
        if let Some(journal) = folder.journal {
            self.lose_unless_in_row(&mut world, journal.record);
        }
        world.machines[usize::from(machine)] = Machine {
            knows: (0, 0),
            ..Machine::default()
        };
        Some(world)
    }

    fn lose_unless_in_row(&self, world: &mut World, record: Id) {
        let row = world.database.now.row;
        let found = row.map(|row| self.library.brief(row.record));
        for grant in self.library.brief(record).grants() {
            let there = found.and_then(|row| row.of_family(grant.pair.family));
            if there.is_none_or(|there| there.pair.number < grant.pair.number) {
                world.truth.lost |= 1 << grant.pair.family;
            }
        }
    }

    /// A request arrives whose answer reaches no process.
    pub fn arrives_unasked(&self, world: &mut World, pair: Pair) {
        let was_revoked = world.server.family(pair).revoked;
        let reply = world.server.present(pair, self.server);
        let revokes = !was_revoked && world.server.family(pair).revoked;
        if revokes || matches!(reply, Reply::Tokens(_)) {
            world.truth.lost |= 1 << pair.family;
        }
    }

    pub fn kill(&self, mut world: World, index: usize) -> World {
        let process = *world.process(index);
        if process.step == Step::InTransit {
            let stray = Stray {
                pair: self.presented(&process),
                machine: process.machine,
                claimed_at: process.claimed_at,
            };
            let free = world.strays.iter_mut().find(|stray| stray.is_none());
            *free.expect("room for one more request") = Some(stray);
        }
        if let Step::Answered(Reply::Tokens(pair)) = process.step {
            world.truth.lost |= 1 << pair.family;
        }
        world.process_mut(index).end(Step::Dead);
        world
    }

    /// An owner that was stopped just before the request sends it now, whatever has happened since.
    pub fn send_late(&mut self, mut world: World, index: usize) -> Next {
        let process = *world.process(index);
        let pair = self.presented(&process);
        if self.is(Mutant::NoExcuse) || world.now == process.claimed_at {
            self.may_send(&mut world, index)?;
        }
        if world.now > process.claimed_at {
            world.truth.excused |= 1 << pair.family;
        }
        let reply = world.server.present(pair, self.server);
        world.process_mut(index).step = Step::Answered(reply);
        Ok(world)
    }
}

/// No request is under way for longer than its claim.
fn may_pass(world: &World) -> bool {
    let soon = |claimed_at: u8| world.now > claimed_at;
    let mut strays = world.strays.iter().flatten();
    !strays.any(|stray| soon(stray.claimed_at))
        && !world
            .living()
            .any(|process| process.step == Step::InTransit && soon(process.claimed_at))
}
