//! The search itself: breadth first, so that the first trace that breaks a promise is a shortest one. What is explored is
//! the caller's.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::promises::Broken;

/// What can happen next, with what comes of it.
pub type Found<W, E> = Vec<(E, Result<W, Broken>)>;

/// A model whose states are visited.
pub trait Explorable {
    type World: Copy + Eq + Hash;
    type Event: Copy;

    /// What can happen in this state, and what comes of it.
    fn events(&mut self, world: &Self::World, out: &mut Found<Self::World, Self::Event>);

    /// Whether what must hold in every state does.
    fn check(&mut self, world: &Self::World) -> Result<(), Broken>;

    /// Whether a process waits and none can go on; `moves` is how many events some process wants.
    fn is_stuck(world: &Self::World, moves: usize) -> Result<(), Broken>;

    /// Whether no process wants this to happen.
    fn is_mishap(event: &Self::Event) -> bool;

    /// The state that stands for all that differ only in the order of the processes.
    fn in_order(world: Self::World) -> Self::World;
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Explored {
    pub states: usize,
    pub steps: usize,
}

/// The states in the order in which they were found: each with the one that it was found from, and the event between.
type States<W, E> = Vec<(W, usize, Option<E>)>;

/// Visits every state that can be reached; the error has the events that led to the broken promise.
pub fn search<M: Explorable>(
    model: &mut M,
    start: M::World,
) -> Result<Explored, (Broken, Vec<M::Event>)> {
    let start = M::in_order(start);
    let mut seen: HashSet<M::World, BuildHasherDefault<Quick>> = HashSet::default();
    let mut states: States<M::World, M::Event> = vec![(start, 0, None)];
    seen.insert(start);
    let mut explored = Explored::default();
    let mut events = Vec::new();
    let mut next = 0;
    while next < states.len() {
        let world = states[next].0;
        model.events(&world, &mut events);
        let moves = events.iter().filter(|(event, _)| !M::is_mishap(event));
        let stuck = M::is_stuck(&world, moves.count());
        stuck.map_err(|broken| (broken, way_to(&states, next, None)))?;
        for (event, result) in events.drain(..) {
            explored.steps += 1;
            let found = result
                .map(M::in_order)
                .and_then(|found| {
                    if seen.contains(&found) {
                        return Ok(None);
                    }
                    model.check(&found).map(|()| Some(found))
                })
                .map_err(|broken| (broken, way_to(&states, next, Some(event))))?;
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

/// The events that led to a state, and the last one from there.
fn way_to<W, E: Copy>(states: &States<W, E>, mut from: usize, last: Option<E>) -> Vec<E> {
    let mut events: Vec<E> = last.into_iter().collect();
    while let (_, parent, Some(event)) = states[from] {
        events.push(event);
        from = parent;
    }
    events.reverse();
    events
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
