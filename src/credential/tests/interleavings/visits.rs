//! Login and logout: how a family of tokens comes, and how it goes.

use super::brief::{Brief, Kind};
use super::library::LIFE;
use super::mutants::Mutant;
use super::steps::{Model, done};
use super::world::{Command, End, Meanwhile, Step, World};
use crate::credential::{Cause, GrantState};

impl Model<'_> {
    /// Stores the new login in the place of what is there.
    pub fn log_in(&mut self, mut world: World, index: usize) -> World {
        let process = *world.process(index);
        let old = self.library.brief(process.memory);
        if self.is(Mutant::LoginRevokesFirst) && process.grant == 0 {
            for grant in old.grants() {
                world.server.revoke(grant.pair, world.now);
            }
            let process = world.process_mut(index);
            process.grant = 1;
            process.step = Step::Settled;
            return world;
        }
        // A token's life counts from before its request.
        let ends = world.server.families[usize::from(process.own)].ends[1];
        let issued = ends - LIFE;
        let new = self.library.log_in(process.memory, issued, process.own);
        world.disk.put(new);
        world.truth.ending |= families(&old);
        let process = world.process_mut(index);
        process.grant = 0;
        process.step = Step::Replaced;
        world
    }

    pub fn replaced(&self, mut world: World, index: usize) -> World {
        let process = *world.process(index);
        let old = self.library.brief(process.memory);
        world.disk.sync_folder();
        world.disk.remove_answer();
        world.truth.gone |= families(&old);
        world.truth.stored[usize::from(process.own)] = 1;
        world.truth.quiet_until = 0;
        world.truth.begin();
        forget_attempts(&mut world);
        world.process_mut(index).step = Step::Revoking;
        self.skip_ended(world, index)
    }

    pub fn revoke_next(&self, mut world: World, index: usize, arrives: bool) -> World {
        let pair = self.presented(world.process(index));
        if arrives {
            world.server.revoke(pair, world.now);
        }
        world.process_mut(index).grant += 1;
        self.skip_ended(world, index)
    }

    fn skip_ended(&self, mut world: World, index: usize) -> World {
        let process = world.process_mut(index);
        let old = self.library.brief(process.memory);
        let first = usize::from(process.grant);
        let mut rest = (first..).zip(&old.grants[first.min(2)..]);
        let next = rest.find(|(_, grant)| grant.is_some_and(|grant| !has_ended(grant.state)));
        match next {
            Some((grant, _)) => process.grant = u8::try_from(grant).expect("small"),
            None => process.step = Step::Done(End::Good),
        }
        world
    }

    /// One step of a logout, under the lock.
    pub fn log_out(&mut self, mut world: World, index: usize) -> World {
        let process = *world.process(index);
        let (memory, now) = (process.memory, world.now);
        let brief = self.library.brief(memory);
        if brief.kind == Kind::LoggedOut {
            return done(world, index, End::Good);
        }
        let mut grants = (0..).zip(brief.grants());
        let Some((grant, _)) = grants.find(|(_, grant)| !has_ended(grant.state)) else {
            world.disk.put(self.library.bury(memory, now));
            world.truth.ending |= families(&brief);
            world.process_mut(index).step = Step::Buried;
            return world;
        };
        let refreshed = process.own & 1 << grant != 0;
        if refreshed || !self.library.is_refreshed_to_be_revoked(memory, now, grant) {
            let process = world.process_mut(index);
            process.grant = u8::try_from(grant).expect("small");
            process.step = Step::Ending;
            return world;
        }
        if self.library.asks_for_quiet(memory, now) {
            return done(world, index, End::Failed);
        }
        let memory = self.library.begin(memory, now, grant, Cause::Asked);
        Self::begin(world, index, grant, memory)
    }

    pub fn buried(&self, mut world: World, index: usize) -> World {
        let old = self.library.brief(world.process(index).memory);
        world.disk.sync_folder();
        world.disk.remove_answer();
        world.truth.gone |= families(&old);
        forget_attempts(&mut world);
        debug_assert_eq!(world.process(index).command, Command::Logout);
        done(world, index, End::Good)
    }
}

fn has_ended(state: GrantState) -> bool {
    matches!(state, GrantState::LoginRequired { .. })
}

fn families(brief: &Brief) -> u8 {
    brief
        .grants()
        .fold(0, |bits, grant| bits | 1 << grant.pair.family)
}

/// What is there now says nothing of attempts.
fn forget_attempts(world: &mut World) {
    for process in world.processes.iter_mut().flatten() {
        process.meanwhile = Meanwhile::default();
    }
}
