//! Which processes meet where, and how a broken promise is told.

use std::fmt;

use super::library::Library;
use super::mutants::Mutant;
use super::promises::{Broken, is_stuck};
use super::search::{Explorable, Explored, Found, search};
use super::steps::{Event, Limits, Model};
use super::world::{Command, Family, PROCESSES, Process, Server, ServerKind, Truth, World};

/// Which processes meet, and where.
#[derive(Debug, Clone)]
pub struct Scope {
    pub server: ServerKind,
    /// When the access token of each grant ends.
    pub ends: Vec<u8>,
    pub trouble: Trouble,
    pub commands: Vec<Command>,
    pub limits: Limits,
}

/// What the server knows, and the record does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// The access token of the first grant is dead before its time.
    FirstTokenIsDead,
    /// A process has ended the last grant.
    LastGrantHasEnded,
    /// A process has ended the first grant.
    FirstGrantHasEnded,
}

/// How a promise is broken.
#[derive(Debug)]
pub struct Trace {
    pub broken: Broken,
    scope: Scope,
    events: Vec<Event>,
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Broken { promise, what } = self.broken;
        writeln!(f, "{promise}: {what}\n  in {:?}", self.scope)?;
        for event in &self.events {
            match event.by {
                Some(by) => writeln!(f, "  {by:?} {}", event.what)?,
                None => writeln!(f, "  {}", event.what)?,
            }
        }
        Ok(())
    }
}

impl Scope {
    fn start(&self, library: &mut Library) -> World {
        let record = library.first_login(&self.ends);
        let mut families = [Family::default(); 4];
        let mut truth = Truth::default();
        for (family, end) in self.ends.iter().enumerate() {
            families[family] = Family::new(*end);
            truth.stored[family] = 1;
        }
        families[0].first_is_dead = self.trouble == Trouble::FirstTokenIsDead;
        let ended = match self.trouble {
            Trouble::LastGrantHasEnded => Some(self.ends.len() - 1),
            Trouble::FirstGrantHasEnded => Some(0),
            Trouble::None | Trouble::FirstTokenIsDead => None,
        };
        if let Some(ended) = ended {
            families[ended].revoked = true;
            truth.lose(u8::try_from(ended).expect("small"));
        }
        let mut processes = [None; PROCESSES];
        for (place, command) in processes.iter_mut().zip(&self.commands) {
            *place = Some(Process::new(*command, record));
        }
        World {
            processes,
            disk: super::disk::Disk::new(record),
            server: Server { families },
            stray: [None; 2],
            now: 0,
            mishaps: self.limits.mishaps,
            truth,
        }
    }

    /// Visits every state that can be reached.
    pub fn explore(
        &self,
        library: &mut Library,
        mutant: Option<Mutant>,
    ) -> Result<Explored, Box<Trace>> {
        let start = self.start(library);
        let mut model = Model {
            library,
            server: self.server,
            mutant,
            limits: self.limits,
        };
        search(&mut model, start).map_err(|(broken, events)| {
            Box::new(Trace {
                broken,
                scope: self.clone(),
                events,
            })
        })
    }
}

impl Explorable for Model<'_> {
    type World = World;
    type Event = Event;

    fn events(&mut self, world: &World, out: &mut Found<World, Event>) {
        Model::events(self, world, out);
    }

    fn check(&mut self, world: &World) -> Result<(), Broken> {
        Model::check(self, world)
    }

    fn is_stuck(world: &World, moves: usize) -> Result<(), Broken> {
        is_stuck(world, moves)
    }

    fn is_mishap(event: &Event) -> bool {
        event.mishap
    }

    fn in_order(world: World) -> World {
        world.in_order()
    }
}
