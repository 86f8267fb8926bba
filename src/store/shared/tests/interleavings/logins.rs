//! A login in another's place, a logout, and a move from a folder into the database.

use super::brief::{Brief, BriefGrant};
use super::library::Id;
use super::mutants::Mutant;
use super::steps::{Model, again, over};
use super::world::{Command, Family, Home, Journal, Step, What, World};
use crate::credential::{Cause, GrantState, Verdict};

impl Model<'_> {
    /// A person logs in: the server has a new family of tokens.
    pub fn begin_login(&self, mut world: World, index: usize) -> World {
        let free = world.server.families.iter().position(|f| f.latest == 0);
        let free = free.expect("one more family");
        let now = world.now;
        world.server.families[free] = Family {
            latest: 1,
            revoked: false,
        };
        let process = world.process_mut(index);
        process.own = u8::try_from(free).expect("small");
        process.claimed_at = now;
        process.step = Step::Queued;
        world
    }

    /// A login is to go from the database into the folder, which has none.
    pub fn begin_to_leave(&self, mut world: World, index: usize) -> World {
        if world.home.is_some() {
            return over(world, index);
        }
        let process = world.process_mut(index);
        process.own = 40 + u8::try_from(index).expect("small");
        process.step = Step::Queued;
        world
    }

    /// Whether no other process has the lock of the folder.
    pub fn is_home_free(&self, world: &World, index: usize) -> bool {
        let is_there = |command| matches!(command, Command::Move | Command::Home | Command::Leave);
        let mut others = (0..world.processes.len()).filter(|other| *other != index);
        !is_there(world.process(index).command)
            || !others.any(|other| {
                world.processes[other].is_some_and(|other| {
                    is_there(other.command) && !other.is_over() && other.step != Step::Ready
                })
            })
    }

    /// A call on the folder: a move that a process has left is finished first.
    pub fn begin_at_home(&mut self, mut world: World, index: usize) -> World {
        let Some(home) = world.home.filter(|home| !home.is_tombstone) else {
            return over(world, index);
        };
        let process = *world.process(index);
        if home.moving == 0 && process.command == Command::Home {
            return self.refresh_at_home(world, index, home);
        }
        let mut moving = home.moving;
        if moving == 0 {
            let row = world.database.now.row;
            let over_it = row.map_or(0, |row| row.login);
            if row.is_some_and(|row| self.library.brief(row.record).is_login) {
                return over(world, index);
            }
            moving = 30 + u8::try_from(index).expect("small");
            let home = Home {
                moving,
                over: over_it,
                ..home
            };
            world.home = Some(home);
            if self.is(Mutant::MoveDeletesFirst) {
                world.home = Some(Home {
                    is_tombstone: true,
                    ..home
                });
            }
        }
        let process = world.process_mut(index);
        process.own = moving;
        process.before = home.record;
        process.step = Step::Queued;
        world
    }

    fn refresh_at_home(&mut self, mut world: World, index: usize, home: Home) -> World {
        let asks = super::library::Asks {
            command: Command::Token,
            seen: None,
            leased: None,
        };
        let verdict = self.library.decide(home.record, 0, world.now, asks);
        let Verdict::Refresh { grant, .. } = verdict else {
            return over(world, index);
        };
        let grant = u8::try_from(grant).expect("small");
        let memory = self
            .library
            .begin(home.record, 0, world.now, grant, Cause::Expiring);
        let now = world.now;
        let process = world.process_mut(index);
        process.memory = memory;
        process.grant = grant;
        process.claimed_at = now;
        process.step = Step::Claimed;
        world
    }

    /// What such a call does with the row.
    pub fn visit(&mut self, mut world: World, index: usize) -> World {
        let process = *world.process(index);
        let found = if process.known.is_some() {
            process.memory
        } else {
            Id::NONE
        };
        let brief = self.library.brief(found);
        match process.command {
            Command::Login => {
                let write =
                    self.library
                        .log_in(found, process.machine, process.claimed_at, process.own);
                world.machine_mut(index).journal = Some(Journal {
                    login: 10 + process.own,
                    what: What::Login(process.known.map_or(0, |known| known.login)),
                    record: write,
                });
                let process = world.process_mut(index);
                process.write = write;
                process.before = found;
                process.step = Step::LoggingIn;
            }
            Command::Logout if brief.is_login => {
                world.truth.ending |= brief.families();
                world.process_mut(index).step = Step::Ending;
            }
            Command::Leave if self.is_sure(&brief) => {
                world.home = Some(Home {
                    record: found,
                    moving: process.own,
                    over: process.known.map_or(0, |known| known.login),
                    arrives: true,
                    is_tombstone: false,
                });
                let write = self.library.bury(found, process.machine, world.now, true);
                let process = world.process_mut(index);
                process.write = write;
                process.step = Step::Leaving;
            }
            Command::Move | Command::Home => return self.finish_move(world, index),
            _ => return over(world, index),
        }
        world
    }

    /// Whether no answer for one of its grants can be under way: it would not follow the login.
    fn is_sure(&self, brief: &Brief) -> bool {
        let is_active = |grant: BriefGrant| grant.state == GrantState::Active;
        brief.is_login && (brief.grants().all(is_active) || self.is(Mutant::MovesInDoubt))
    }

    /// A call on the folder finishes a move, if the row is the one from before it.
    fn finish_move(&self, mut world: World, index: usize) -> World {
        let login = world.process(index).known.map_or(0, |known| known.login);
        let Some(home) = world.home else {
            return over(world, index);
        };
        if home.arrives && login == home.over && !self.is(Mutant::MoveWithoutFence) {
            let process = world.process_mut(index);
            process.write = process.memory;
            process.step = Step::Fencing;
            return world;
        }
        if home.arrives {
            world.home = (login != home.over).then_some(Home { moving: 0, ..home });
            return over(world, index);
        }
        let process = world.process_mut(index);
        process.write = home.record;
        if login == home.moving {
            process.step = Step::Arrived;
        } else if login == home.over || self.is(Mutant::MoveOverwrites) {
            process.step = Step::Arriving;
        } else {
            // A person has to say which login is meant.
            return over(world, index);
        }
        world
    }

    /// Revokes what a login has replaced, or what a logout ends.
    pub fn revoke(&mut self, mut world: World, index: usize) -> World {
        let process = *world.process(index);
        let is_logout = process.step == Step::Ending;
        let old = if is_logout {
            process.memory
        } else {
            process.before
        };
        for grant in self.library.brief(old).grants() {
            world.server.revoke(grant.pair.family);
        }
        if !is_logout {
            return over(world, index);
        }
        let write = self
            .library
            .bury(process.memory, process.machine, world.now, false);
        let process = world.process_mut(index);
        process.write = write;
        process.step = Step::Burying;
        world
    }

    /// Another record is in the row, or the row is not the one that was read.
    pub fn replaced(&mut self, mut world: World, index: usize, is_written: bool) -> World {
        let process = *world.process(index);
        if !is_written {
            return match process.step {
                Step::LoggingIn if !process.opens => {
                    world.machine_mut(index).journal = None;
                    again(world, index)
                }
                Step::Burying => again(world, index),
                _ => over(world, index),
            };
        }
        if process.step == Step::Fencing {
            world.home = None;
            return over(world, index);
        }
        world.machine_mut(index).journal = None;
        let process = world.process_mut(index);
        (process.note.reservation, process.note.undelivered) = (None, false);
        let (write, before) = (process.write, process.before);
        world.put_cache(index, write);
        let process = world.process_mut(index);
        match process.step {
            Step::LoggingIn if process.opens => {
                process.opens = false;
                process.write = Id::NONE;
                process.step = Step::Opening;
            }
            Step::LoggingIn => {
                process.end(Step::Revoking);
                process.before = before;
                world.truth.ending |= self.library.brief(before).families();
            }
            Step::Arriving => process.step = Step::Arrived,
            Step::Leaving => {
                if let Some(home) = &mut world.home {
                    home.moving = 0;
                }
                return over(world, index);
            }
            _ => return over(world, index),
        }
        world
    }

    /// The row is known: the folder's record goes.
    pub fn moved(&self, mut world: World, index: usize) -> World {
        if let Some(home) = &mut world.home {
            home.is_tombstone = true;
        }
        over(world, index)
    }
}
