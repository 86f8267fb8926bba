//! What befalls processes, and what is noted of it for the promises.

use super::disk::Disk;
use super::library::{Id, LIFE};
use super::steps::Model;
use super::world::{Meanwhile, Pair, Reply, Step, Where, World};
use crate::credential::Outcome;

impl Model<'_> {
    pub fn arrives_unasked(&self, world: &mut World, pair: Pair) {
        let before = world.server.family(pair).revoked;
        let answer = world.server.present(pair, world.now, self.server);
        let revoked = !before && world.server.family(pair).revoked;
        if revoked || matches!(answer, Reply::Tokens(_)) {
            world.truth.lose(pair.family);
        }
    }

    pub fn kill(&self, world: &mut World, index: usize) {
        let process = *world.process(index);
        match process.step {
            Step::InTransit => world.stray(self.presented(&process)),
            Step::Answered(Reply::Tokens(pair)) => world.truth.lose(pair.family),
            _ => {}
        }
        let process = world.process_mut(index);
        process.step = match process.refreshes {
            Where::Apart if process.is_refreshing() => Step::Unreported,
            _ => Step::Dead,
        };
    }

    pub fn power_loss(&self, mut world: World, disk: Disk) -> World {
        world.mishaps -= 1;
        // What was never synced was still in the window that cannot be closed.
        if let Some(id) = world.disk.unsynced() {
            for grant in self.library.brief(id).grants() {
                let stored = world.truth.stored[usize::from(grant.pair.family)];
                if grant.pair.number > stored {
                    world.truth.lose(grant.pair.family);
                }
            }
        }
        for index in 0..world.processes.len() {
            if world.processes[index].is_some_and(|process| process.has_looked()) {
                self.kill(&mut world, index);
                world.process_mut(index).step = Step::Dead;
            }
        }
        world.disk = disk;
        world
    }

    /// What a record that is safe now holds.
    pub fn note_stored(&self, world: &mut World, id: Id) {
        for grant in self.library.brief(id).grants() {
            let stored = &mut world.truth.stored[usize::from(grant.pair.family)];
            *stored = (*stored).max(grant.pair.number);
        }
    }

    /// An attempt has ended: all that looked before can know. `by`: its own process.
    pub fn note_ended(&self, world: &mut World, id: Id, by: Option<usize>) {
        let brief = self.library.brief(id);
        let mut meanwhile = Meanwhile::default();
        if let Some((grant, outcome)) = brief.last {
            match outcome {
                // A token's life counts from before its request.
                Outcome::Rotated => {
                    let ends = brief.grants[grant].expect("a grant").ends;
                    meanwhile.rotated = ends == world.now + LIFE;
                }
                Outcome::AnswerLost | Outcome::RefreshRefused | Outcome::LoginRequired => {
                    meanwhile.grants_failed[grant] = true;
                }
                Outcome::CutOff | Outcome::Pending => {}
                _ => meanwhile.server_failed = true,
            }
        }
        for (index, process) in world.processes.iter_mut().enumerate() {
            if let Some(process) = process.as_mut().filter(|process| process.has_looked()) {
                // Its own verdicts hold for the rest of its call, too.
                process.meanwhile = Meanwhile {
                    rotated: meanwhile.rotated && by != Some(index),
                    ..meanwhile
                };
            }
        }
    }
}
