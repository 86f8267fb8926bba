//! What is explored.

use std::time::Instant;

use super::explore::{Scope, Start};
use super::library::{Left, Library};
use super::steps::{Limits, Mishaps};
use super::world::Command;
use crate::credential::tests::interleavings::search::Explored;
use crate::credential::tests::interleavings::world::ServerKind;
use Command::{Deliver, Exec, Force, Home, Leave, Login, Logout, MinTtl, Move, Token};

/// A rotation kills the old access token, and a replay is harmless.
pub const HARMLESS: ServerKind = ServerKind {
    kills: true,
    revokes: false,
    check: false,
};

/// The same where a replay revokes.
pub const STRICT: ServerKind = ServerKind {
    kills: true,
    revokes: true,
    check: false,
};

/// A replay revokes, and a rotation lets the old access token live out its life.
pub const GENTLE: ServerKind = ServerKind {
    kills: false,
    revokes: true,
    check: false,
};

pub const STALE: &[Left] = &[Left::Nothing];
pub const SHORT: &[Left] = &[Left::Little];
pub const TWO: &[Left] = &[Left::Nothing, Left::Nothing];
/// The token of the first one lives.
pub const ONE_LIVES: &[Left] = &[Left::Much, Left::Nothing];

pub const NOTHING: Mishaps = Mishaps {
    kills: false,
    silence: false,
    failovers: false,
    restores: false,
    answers: false,
    stops: false,
    wipes: false,
};

pub const ORDINARY: Mishaps = Mishaps {
    kills: true,
    silence: true,
    answers: true,
    ..NOTHING
};

/// What can go wrong with a move: the folder's own refresh is not its subject.
pub const SILENCE: Mishaps = Mishaps {
    kills: true,
    silence: true,
    ..NOTHING
};

pub const RESTORED: Mishaps = Mishaps {
    restores: true,
    ..NOTHING
};

pub const STOPS: Mishaps = Mishaps {
    stops: true,
    ..ORDINARY
};

pub const WIPES: Mishaps = Mishaps {
    wipes: true,
    ..ORDINARY
};

pub const FAILOVER_AND_ORDINARY: Mishaps = Mishaps {
    failovers: true,
    ..ORDINARY
};

pub const FAILOVER: Mishaps = Mishaps {
    failovers: true,
    ..NOTHING
};

/// A claim ends after two ticks.
pub const fn limits(mishaps: u8, mishap: Mishaps) -> Limits {
    Limits {
        ticks: 2,
        mishaps,
        mishap,
    }
}

type Row = (&'static [Left], Start, &'static [(u8, Command)], Limits);

const SCOPES: &[Row] = &[
    (
        STALE,
        Start::Known,
        &[(0, Token), (1, Token)],
        limits(2, ORDINARY),
    ),
    (
        STALE,
        Start::New,
        &[(0, Token), (1, Token)],
        limits(1, ORDINARY),
    ),
    (
        STALE,
        Start::Known,
        &[(0, Force), (1, Force)],
        limits(1, ORDINARY),
    ),
    (
        STALE,
        Start::Known,
        &[(0, Token), (0, Deliver), (1, Force)],
        limits(1, ORDINARY),
    ),
    (
        TWO,
        Start::Known,
        &[(0, Token), (1, Force)],
        limits(2, ORDINARY),
    ),
    (
        ONE_LIVES,
        Start::Undelivered,
        &[(0, Force), (1, Force)],
        limits(1, ORDINARY),
    ),
    (
        ONE_LIVES,
        Start::Undelivered,
        &[(0, Force), (1, Force)],
        limits(1, FAILOVER),
    ),
    (
        STALE,
        Start::Known,
        &[(0, Token), (1, Token)],
        limits(1, FAILOVER),
    ),
    (
        STALE,
        Start::Known,
        &[(0, Token), (1, Token)],
        limits(1, RESTORED),
    ),
    (
        STALE,
        Start::Known,
        &[(0, Token), (1, Token)],
        limits(2, STOPS),
    ),
    (
        TWO,
        Start::Known,
        &[(0, Token), (1, Token)],
        limits(2, WIPES),
    ),
    (
        SHORT,
        Start::Known,
        &[(0, Exec), (1, MinTtl)],
        limits(1, ORDINARY),
    ),
    (
        STALE,
        Start::Known,
        &[(0, Token), (1, Login)],
        limits(1, ORDINARY),
    ),
    (
        STALE,
        Start::Known,
        &[(0, Login), (1, Login)],
        limits(1, ORDINARY),
    ),
    (
        STALE,
        Start::Known,
        &[(0, Token), (1, Logout)],
        limits(1, ORDINARY),
    ),
    (
        STALE,
        Start::Known,
        &[(0, Login), (1, Logout)],
        limits(1, ORDINARY),
    ),
    (
        STALE,
        Start::Known,
        &[(0, Token), (1, Login)],
        limits(1, FAILOVER),
    ),
    (
        STALE,
        Start::Home,
        &[(0, Move), (0, Home), (1, Token)],
        limits(1, SILENCE),
    ),
    (
        STALE,
        Start::Home,
        &[(0, Move), (0, Home), (1, Login)],
        limits(1, SILENCE),
    ),
    (
        SHORT,
        Start::Known,
        &[(0, Leave), (0, Home), (1, Force)],
        limits(1, SILENCE),
    ),
];

/// Those that take long.
const LARGE: &[Row] = &[
    (
        STALE,
        Start::Known,
        &[(1, Token), (0, Leave), (1, Force)],
        limits(1, SILENCE),
    ),
    (
        STALE,
        Start::Known,
        &[(0, Token), (0, Token), (1, Token), (1, Token)],
        limits(0, NOTHING),
    ),
    (
        STALE,
        Start::Known,
        &[(0, Token), (0, Token), (1, Token)],
        limits(1, ORDINARY),
    ),
    (
        STALE,
        Start::Known,
        &[(0, Token), (0, Token), (1, Token)],
        limits(1, FAILOVER),
    ),
    (
        TWO,
        Start::Known,
        &[(0, Token), (0, Force), (1, Force)],
        limits(1, FAILOVER),
    ),
    (
        TWO,
        Start::Known,
        &[(0, Token), (0, Deliver), (1, Force)],
        limits(1, ORDINARY),
    ),
    (
        STALE,
        Start::Known,
        &[(0, Token), (1, Token)],
        limits(2, FAILOVER_AND_ORDINARY),
    ),
    (
        ONE_LIVES,
        Start::Undelivered,
        &[(0, Force), (1, Token), (1, Force)],
        limits(1, FAILOVER),
    ),
    (
        STALE,
        Start::Known,
        &[(0, Token), (1, Token), (1, Force)],
        limits(1, RESTORED),
    ),
    (
        SHORT,
        Start::Known,
        &[(0, Exec), (0, MinTtl), (1, MinTtl)],
        limits(1, ORDINARY),
    ),
    (
        STALE,
        Start::Known,
        &[(0, Token), (0, Token), (1, Login)],
        limits(1, ORDINARY),
    ),
    (
        STALE,
        Start::Home,
        &[(0, Move), (0, Home), (1, Token), (1, Login)],
        limits(1, SILENCE),
    ),
    (
        SHORT,
        Start::Known,
        &[(1, Force), (0, Leave), (0, Home), (1, Token)],
        limits(1, SILENCE),
    ),
];

/// Explores what these processes can do, and says how much that was.
fn explore(server: ServerKind, row: &Row) -> Explored {
    let begun = Instant::now();
    let scope = Scope {
        server,
        grants: row.0,
        start: row.1,
        commands: row.2,
        limits: row.3,
    };
    match scope.explore(&mut Library::new(server), None) {
        Ok(found) => {
            println!("{scope:?}: {found:?}, {:?}", begun.elapsed());
            found
        }
        Err(trace) => panic!("{trace}"),
    }
}

#[test]
fn two_machines_keep_every_promise_whatever_they_do() {
    let mut states = 0;
    for row in SCOPES {
        for server in [HARMLESS, STRICT] {
            states += explore(server, row).states;
        }
    }
    println!("{states} states");
    assert!(states > 400_000, "only {states} states: what is left out?");
}

/// `cargo test --release --lib -- --ignored --nocapture shared::tests::interleavings`
#[test]
#[ignore = "minutes, and better with --release"]
fn more_processes_on_two_machines_keep_every_promise() {
    let mut states = 0;
    for row in SCOPES.iter().chain(LARGE) {
        for server in [HARMLESS, STRICT, GENTLE] {
            states += explore(server, row).states;
        }
    }
    println!("{states} states");
}
