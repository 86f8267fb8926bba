//! Which processes meet on which machine, and how a broken promise is told.

use std::fmt;

use super::database::{DatabaseState, RowState, Tables};
use super::library::{Id, Left, Library};
use super::mutants::Mutant;
use super::promises::is_stuck;
use super::steps::{Event, Limits, Model};
use super::world::{
    Cache, Command, Family, Home, Journal, Machine, Note, PROCESSES, Process, TokenServer, Truth,
    World,
};
use crate::credential::Cause;
use crate::credential::tests::interleavings::promises::Broken;
use crate::credential::tests::interleavings::search::{Explorable, Explored, Found, search};
use crate::credential::tests::interleavings::world::{Pair, Reply, ServerKind};

/// Which processes meet, and where.
#[derive(Debug, Clone)]
pub struct Scope {
    pub server: ServerKind,
    pub grants: &'static [Left],
    pub start: Start,
    /// On which machine, and what.
    pub commands: &'static [(u8, Command)],
    pub limits: Limits,
}

/// Where the login is in the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// In the row, and both machines have a cache of it.
    Known,
    /// In the row, and the machines know nothing.
    New,
    /// The same, and the second machine has an answer for the first grant that the row has not.
    Undelivered,
    /// In a folder of the first machine.
    Home,
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
                Some((machine, by)) => writeln!(f, "  {by:?} on {machine} {}", event.what)?,
                None => writeln!(f, "  {}", event.what)?,
            }
        }
        Ok(())
    }
}

impl Scope {
    fn first(&self, library: &mut Library) -> World {
        let record = library.first_login(self.grants);
        let mut server = TokenServer::default();
        let mut truth = Truth::default();
        for family in 0..self.grants.len() {
            server.families[family] = Family {
                latest: 1,
                revoked: false,
            };
            truth.stored[family] = 1;
        }
        let row = RowState {
            login: 1,
            record,
            sequence: 1,
            pending: false,
            attempt: 0,
            deadline: None,
            timeline: 1,
            begun: 1,
        };
        let mut processes = [None; PROCESSES];
        for (place, (machine, command)) in processes.iter_mut().zip(self.commands) {
            *place = Some(Process::new(*machine, *command));
        }
        let mut world = World {
            processes,
            machines: [Machine::default(); 2],
            database: DatabaseState {
                now: Tables {
                    row: Some(row),
                    leases: [None; 2],
                },
                timeline: 1,
                logins: 1,
                before: [None; 3],
                keeps: self.limits.mishap.failovers,
            },
            late: None,
            server,
            strays: [None; 2],
            home: None,
            now: 0,
            mishaps: self.limits.mishaps,
            truth,
        };
        match self.start {
            Start::New => {}
            Start::Known => know(&mut world, library, record),
            Start::Undelivered => {
                know(&mut world, library, record);
                leave_journal(&mut world, library);
            }
            Start::Home => {
                world.database.now.row = None;
                world.home = Some(Home {
                    record: library.to_ours(record, 0),
                    moving: 0,
                    over: 0,
                    arrives: false,
                    is_tombstone: false,
                });
            }
        }
        world
    }

    /// Visits every state that can be reached.
    pub fn explore(
        &self,
        library: &mut Library,
        mutant: Option<Mutant>,
    ) -> Result<Explored, Box<Trace>> {
        let start = self.first(library);
        let mut model = Model {
            library,
            server: self.server,
            mutant,
            limits: self.limits,
            first: start.database.now.row,
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

fn know(world: &mut World, library: &mut Library, record: Id) {
    let note = Note {
        login: 1,
        sequence: 1,
        begun: 1,
        database: 1,
        seen: library.brief(record).generation,
        ..Note::default()
    };
    for machine in [0, 1] {
        let place = &mut world.machines[usize::from(machine)];
        place.knows = (note.login, note.seen);
        place.cache = Some(Cache {
            record: library.to_ours(record, machine),
            note,
        });
    }
}

/// The second machine has refreshed the first grant, the database was away, and the first machine has cut that off.
fn leave_journal(world: &mut World, library: &mut Library) {
    let place = &mut world.machines[1];
    let mut cache = place.cache.expect("a cache");
    let pair = Pair {
        family: 0,
        number: 2,
    };
    let begun = library.begin(cache.record, 1, 0, 0, Cause::Expiring);
    let answer = library.end(begun, 1, 0, Reply::Tokens(pair));
    let row = world.database.now.row.as_mut().expect("a row");
    let cut_off = library.cut_off(begun);
    row.record = library.to_theirs(cut_off, 1);
    row.sequence += 1;
    place.journal = Some(Journal {
        login: 1,
        what: super::world::What::Answer(99),
        record: answer,
    });
    cache.record = answer;
    cache.note.undelivered = true;
    place.cache = Some(cache);
    world.server.families[0].latest = 2;
    world.truth.stored[0] = 2;
}
