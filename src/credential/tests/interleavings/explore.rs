//! Breadth first, so that the first trace that breaks a promise is a shortest one.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};

use super::library::Library;
use super::mutants::Mutant;
use super::promises::{Broken, is_stuck};
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

#[derive(Debug, Clone, Copy, Default)]
pub struct Explored {
    pub states: usize,
    pub steps: usize,
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
        .in_order()
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
        let mut seen: HashSet<World, BuildHasherDefault<Quick>> = HashSet::default();
        let mut states = vec![(start, 0, None)];
        seen.insert(start);
        let mut explored = Explored::default();
        let mut events = Vec::new();
        let mut next = 0;
        while next < states.len() {
            let world = states[next].0;
            model.events(&world, &mut events);
            let moves = events.iter().filter(|(event, _)| !event.mishap).count();
            let stuck = is_stuck(&world, moves);
            stuck.map_err(|broken| Box::new(self.trace(&states, next, None, broken)))?;
            for (event, result) in events.drain(..) {
                explored.steps += 1;
                let found = result
                    .map(World::in_order)
                    .and_then(|found| {
                        if seen.contains(&found) {
                            return Ok(None);
                        }
                        model.check(&found).map(|()| Some(found))
                    })
                    .map_err(|broken| Box::new(self.trace(&states, next, Some(event), broken)))?;
                if let Some(found) = found {
                    seen.insert(found);
                    states.push((found, next, Some(event)));
                }
            }
            next += 1;
        }
        explored.states = states.len();
        Ok(explored)
    }

    fn trace(
        &self,
        states: &[(World, usize, Option<Event>)],
        mut from: usize,
        last: Option<Event>,
        broken: Broken,
    ) -> Trace {
        let mut events: Vec<Event> = last.into_iter().collect();
        while let (_, parent, Some(event)) = states[from] {
            events.push(event);
            from = parent;
        }
        events.reverse();
        Trace {
            broken,
            scope: self.clone(),
            events,
        }
    }
}

/// A hash that is quick without optimization too; no attacker chooses these keys.
#[derive(Default)]
pub struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, n: u8) {
        self.write_u64(u64::from(n));
    }

    fn write_u16(&mut self, n: u16) {
        self.write_u64(u64::from(n));
    }

    fn write_u64(&mut self, n: u64) {
        // The constant of Fibonacci hashing: 2^64 over the golden ratio.
        self.0 = (self.0.rotate_left(5) ^ n).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}
