//! What is explored: which processes meet, where, and what may go wrong meanwhile.

use std::time::Instant;

use super::explore::{Scope, Trouble};
use super::library::Library;
use super::search::Explored;
use super::steps::Limits;
use super::world::{Command, Pair, ServerKind};

/// As GitLab: a rotation kills, a replay is harmless, and the server can be asked.
pub const GITLAB: ServerKind = ServerKind {
    kills: true,
    revokes: false,
    check: true,
};

/// Reuse detection, and no server to ask.
pub const STRICT: ServerKind = ServerKind {
    kills: true,
    revokes: true,
    check: false,
};

/// Reuse detection, and the server can be asked.
pub const CAREFUL: ServerKind = ServerKind {
    kills: true,
    revokes: true,
    check: true,
};

/// Reuse detection, and a rotation lets the old access token live out its life.
pub const GENTLE: ServerKind = ServerKind {
    kills: false,
    revokes: true,
    check: true,
};

/// The first access token of the first grant, and one that was replaced before.
pub const CURRENT: Command = Command::Rejected(Pair {
    family: 0,
    number: 1,
});
const OLD: Command = Command::Rejected(Pair {
    family: 0,
    number: 0,
});

const COMMANDS: [Command; 9] = [
    Command::Token,
    Command::Exec,
    Command::MinTtl,
    CURRENT,
    OLD,
    Command::Refresh,
    Command::Force,
    Command::Login,
    Command::Logout,
];

/// One crash, power loss, lost request or lost answer, and one tick.
const ONE_MISHAP: Limits = Limits {
    ticks: 1,
    mishaps: 1,
};

fn every_server() -> impl Iterator<Item = ServerKind> {
    (0..8u8).map(|bits| ServerKind {
        kills: bits & 1 == 0,
        revokes: bits & 2 != 0,
        check: bits & 4 == 0,
    })
}

/// Every two commands, each pair once.
fn every_pair() -> impl Iterator<Item = Vec<Command>> {
    let pairs = |place: usize| {
        let others = COMMANDS[place..].iter();
        others.map(move |other| vec![COMMANDS[place], *other])
    };
    (0..COMMANDS.len()).flat_map(pairs)
}

/// Where the first trouble matters to a process.
fn troubles(commands: &[Command], ends: &[u8]) -> Vec<Trouble> {
    let mut troubles = vec![Trouble::None];
    if commands.contains(&CURRENT) && ends[0] > 0 {
        troubles.push(Trouble::FirstTokenIsDead);
    }
    if ends.len() > 1 && commands.contains(&Command::Token) {
        troubles.push(Trouble::LastGrantHasEnded);
    }
    if ends.len() > 1 && commands.contains(&CURRENT) {
        troubles.push(Trouble::FirstGrantHasEnded);
    }
    troubles
}

/// Explores what these processes can do on this server, and says how much that was.
fn explore(
    server: ServerKind,
    ends: &[u8],
    groups: impl Iterator<Item = Vec<Command>>,
    limits: Limits,
) -> Explored {
    let start = Instant::now();
    let mut library = Library::new(server, None);
    let mut all = Explored::default();
    for commands in groups {
        for trouble in troubles(&commands, ends) {
            let scope = Scope {
                server,
                ends: ends.to_vec(),
                trouble,
                commands: commands.clone(),
                limits,
            };
            match scope.explore(&mut library, None) {
                Ok(found) => {
                    all.states += found.states;
                    all.steps += found.steps;
                }
                Err(trace) => panic!("{trace}"),
            }
        }
    }
    println!(
        "{server:?} {ends:?} {limits:?}: {} states, {} steps, {:?}",
        all.states,
        all.steps,
        start.elapsed()
    );
    all
}

#[test]
fn two_processes_keep_every_promise_whatever_they_do() {
    let mut states = 0;
    for (server, ends) in [
        (GITLAB, &[0][..]),
        (GITLAB, &[2, 1]),
        (STRICT, &[1]),
        (GENTLE, &[1, 2]),
        (GENTLE, &[0]),
    ] {
        states += explore(server, ends, every_pair(), ONE_MISHAP).states;
    }
    assert!(states > 400_000, "only {states} states: what is left out?");
}

#[test]
fn three_processes_keep_every_promise() {
    use Command::{Exec, Force, Login, Logout, Refresh, Token};
    let groups = [
        [Token, Token, Token],
        [Token, Refresh, Force],
        [Token, CURRENT, Force],
        [Token, Login, Logout],
        [Command::MinTtl, Refresh, Force],
        [Exec, Command::MinTtl, Command::MinTtl],
        [Exec, Exec, Command::MinTtl],
        [Token, Token, Logout],
    ];
    let groups = groups.iter().map(|group| group.to_vec());
    let no_time = Limits {
        ticks: 0,
        mishaps: 1,
    };
    let found = explore(GITLAB, &[0], groups, no_time);
    assert!(found.states > 20_000, "{found:?}");
}

/// `cargo test --release --lib -- --ignored --nocapture interleavings`
#[test]
#[ignore = "minutes, and better with --release"]
fn a_larger_scope_keeps_every_promise() {
    let starts: [&[u8]; 7] = [&[0], &[1], &[2], &[0, 0], &[0, 1], &[1, 2], &[2, 1]];
    for server in every_server() {
        for ends in starts {
            explore(server, ends, every_pair(), ONE_MISHAP);
        }
        let two = Limits {
            ticks: 2,
            mishaps: 2,
        };
        explore(server, &[0], every_pair(), two);
        explore(server, &[1], every_pair(), two);
        let some = [
            Command::Token,
            Command::MinTtl,
            CURRENT,
            Command::Refresh,
            Command::Force,
        ];
        let threes = some.iter().flat_map(|first| {
            let seconds = some.iter();
            seconds.map(move |second| vec![Command::Token, *first, *second])
        });
        explore(server, &[1], threes, ONE_MISHAP);
    }
}
