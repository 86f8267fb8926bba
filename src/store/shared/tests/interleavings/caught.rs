//! Each wrong protocol is found out, by the promise that it breaks; and no window is wider than it has to be.

use super::explore::{Scope, Start};
use super::library::{Left, Library};
use super::mutants::Mutant;
use super::scopes::{
    FAILOVER, GENTLE, HARMLESS, NOTHING, ONE_LIVES, ORDINARY, RESTORED, SHORT, SILENCE, STALE,
    STOPS, STRICT, TWO, limits,
};
use super::steps::Limits;
use super::world::Command;
use crate::credential::tests::interleavings::world::ServerKind;
use Command::{Exec, Force, Home, Leave, Login, MinTtl, Move, Token};

/// Where a mutant is found out, and by which promise.
struct Case {
    mutant: Mutant,
    promise: &'static str,
    server: ServerKind,
    grants: &'static [Left],
    start: Start,
    commands: &'static [(u8, Command)],
    limits: Limits,
}

impl Case {
    fn found(&self) -> Option<&'static str> {
        let scope = Scope {
            server: self.server,
            grants: self.grants,
            start: self.start,
            commands: self.commands,
            limits: self.limits,
        };
        let explore = |mutant| scope.explore(&mut Library::new(self.server), mutant);
        if let Err(trace) = explore(None) {
            panic!("the shipped protocol: {trace}");
        }
        let trace = explore(Some(self.mutant)).err()?;
        println!("{:?} {trace}", self.mutant);
        Some(trace.broken.promise)
    }
}

const TWO_TOKENS: &[(u8, Command)] = &[(0, Token), (1, Token)];

const fn case(
    mutant: Mutant,
    promise: &'static str,
    server: ServerKind,
    commands: &'static [(u8, Command)],
    limits: Limits,
) -> Case {
    Case {
        mutant,
        promise,
        server,
        grants: STALE,
        start: Start::Known,
        commands,
        limits,
    }
}

const CAUGHT: &[Case] = &[
    case(
        Mutant::DeadlineOnWrongClock,
        "P1",
        HARMLESS,
        TWO_TOKENS,
        limits(0, NOTHING),
    ),
    case(
        Mutant::ClaimWithoutTimeline,
        "P1",
        HARMLESS,
        TWO_TOKENS,
        limits(1, FAILOVER),
    ),
    case(
        Mutant::ClaimWithoutSequence,
        "P5",
        HARMLESS,
        TWO_TOKENS,
        limits(0, NOTHING),
    ),
    case(
        Mutant::TakeOverWithoutDoubt,
        "P1",
        HARMLESS,
        TWO_TOKENS,
        limits(0, NOTHING),
    ),
    Case {
        grants: TWO,
        ..case(
            Mutant::DeliveryOverwrites,
            "P5",
            HARMLESS,
            &[(0, Token), (1, Token), (1, Force)],
            limits(0, NOTHING),
        )
    },
    Case {
        grants: ONE_LIVES,
        start: Start::Undelivered,
        ..case(
            Mutant::DeliveryLiftsBarrier,
            "P1",
            GENTLE,
            &[(0, Force), (1, Force)],
            limits(1, FAILOVER),
        )
    },
    Case {
        grants: ONE_LIVES,
        start: Start::Undelivered,
        ..case(
            Mutant::DeliveryEndsClaim,
            "P1",
            GENTLE,
            &[(0, Force), (1, Force)],
            limits(0, NOTHING),
        )
    },
    case(
        Mutant::DeliveryIgnoresLogin,
        "I5",
        HARMLESS,
        &[(0, Token), (1, Login)],
        Limits {
            ticks: 3,
            ..limits(0, NOTHING)
        },
    ),
    case(
        Mutant::PresentsBeforeDeadline,
        "P1",
        HARMLESS,
        TWO_TOKENS,
        limits(0, NOTHING),
    ),
    case(
        Mutant::SendsLate,
        "P1",
        HARMLESS,
        TWO_TOKENS,
        limits(0, NOTHING),
    ),
    Case {
        grants: SHORT,
        ..case(
            Mutant::LeaseBumpsNothing,
            "P6",
            HARMLESS,
            &[(0, Exec), (1, MinTtl)],
            limits(0, NOTHING),
        )
    },
    case(
        Mutant::SilenceIsFailure,
        "P5",
        HARMLESS,
        &[(0, Login)],
        limits(1, SILENCE),
    ),
    Case {
        start: Start::Home,
        ..case(
            Mutant::SilentMoveIsFailure,
            "P1",
            HARMLESS,
            &[(0, Move), (0, Home), (1, Token)],
            limits(1, SILENCE),
        )
    },
    Case {
        start: Start::Home,
        ..case(
            Mutant::MoveDeletesFirst,
            "P5",
            HARMLESS,
            &[(0, Move)],
            limits(1, SILENCE),
        )
    },
    Case {
        start: Start::Home,
        ..case(
            Mutant::MoveOverwrites,
            "P5",
            HARMLESS,
            &[(0, Move), (1, Login)],
            limits(1, SILENCE),
        )
    },
    case(
        Mutant::ForgetsSeen,
        "P1",
        HARMLESS,
        &[(0, Token), (1, Token), (1, Force)],
        Limits {
            ticks: 0,
            ..limits(1, RESTORED)
        },
    ),
    case(
        Mutant::BelievesSequence,
        "P5",
        HARMLESS,
        TWO_TOKENS,
        limits(1, RESTORED),
    ),
    case(
        Mutant::ClaimsUnread,
        "P5",
        HARMLESS,
        TWO_TOKENS,
        limits(0, NOTHING),
    ),
    case(
        Mutant::JournalGoes,
        "P5",
        HARMLESS,
        &[(0, Token)],
        limits(1, FAILOVER),
    ),
    case(
        Mutant::RevokesMoved,
        "P5",
        HARMLESS,
        &[(1, Token), (0, Leave), (1, Force)],
        limits(0, NOTHING),
    ),
    case(
        Mutant::VerdictOverwrites,
        "P5",
        HARMLESS,
        TWO_TOKENS,
        limits(1, FAILOVER),
    ),
    Case {
        grants: SHORT,
        ..case(
            Mutant::MoveWithoutFence,
            "P5",
            HARMLESS,
            &[(0, Leave), (0, Home)],
            limits(1, SILENCE),
        )
    },
    case(
        Mutant::MovesInDoubt,
        "P5",
        HARMLESS,
        &[(1, Token), (0, Leave)],
        limits(0, NOTHING),
    ),
];

#[test]
fn every_wrong_protocol_between_machines_breaks_a_promise() {
    let found = CAUGHT.iter().map(|case| (case, case.found()));
    let wrong: Vec<_> = found
        .filter(|(case, found)| *found != Some(case.promise))
        .map(|(case, found)| (case.mutant, case.promise, found))
        .collect();
    assert!(wrong.is_empty(), "mutant, expected, found: {wrong:?}");
}

/// What no protocol can keep (`windows.rs`): each window is there, and without it the exploration is clean.
#[test]
fn each_window_that_is_named_is_there() {
    let windows = [
        // A database that is away from one machine for longer than the deadline, where a replay revokes.
        case(
            Mutant::NoExcuse,
            "P5",
            STRICT,
            TWO_TOKENS,
            limits(1, ORDINARY),
        ),
        // An owner that is stopped between its last look at the clock and the request.
        case(
            Mutant::NoExcuse,
            "P1",
            HARMLESS,
            TWO_TOKENS,
            limits(1, STOPS),
        ),
        // A failover that loses the commit of a login.
        case(
            Mutant::NoExcuse,
            "P5",
            HARMLESS,
            &[(0, Login)],
            limits(1, FAILOVER),
        ),
        // An older row that is put back, and a machine that has seen no other.
        case(
            Mutant::NoExcuse,
            "P1",
            HARMLESS,
            TWO_TOKENS,
            limits(1, RESTORED),
        ),
    ];
    for window in windows {
        assert_eq!(window.found(), Some(window.promise), "{:?}", window.limits);
    }
}
