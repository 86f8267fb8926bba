//! Each wrong rule is found out, by the promise that it breaks.

use super::explore::{Scope, Trouble};
use super::library::Library;
use super::mutants::Mutant;
use super::scopes::{CAREFUL, CURRENT, GENTLE, GITLAB, STRICT};
use super::steps::Limits;
use super::world::{Command, ServerKind};
use Command::{Exec, Force, Login, MinTtl, Refresh, Token};

/// Where a mutant is found out, and by which promise.
type Row = (
    Mutant,
    &'static str,
    ServerKind,
    &'static [u8],
    &'static [Command],
    u8,
);

const CAUGHT: [Row; 32] = [
    (Mutant::NoReread, "P5", GITLAB, &[0], &[Token, Token], 0),
    (Mutant::NoPendingMark, "P5", GITLAB, &[0], &[Token], 0),
    (Mutant::NoReservation, "P2", GITLAB, &[0], &[Token], 0),
    (Mutant::NoFirstSync, "P5", GITLAB, &[0], &[Force, Force], 1),
    (Mutant::NoSyncAfterMark, "P5", GITLAB, &[0], &[Token], 0),
    (Mutant::NoAnswerSync, "P5", GITLAB, &[0], &[Token], 0),
    (Mutant::PrintsBeforeCommit, "P3", GITLAB, &[0], &[Token], 0),
    (
        Mutant::ReleasesBeforeCommit,
        "P5",
        GITLAB,
        &[0],
        &[Token, Token],
        0,
    ),
    (Mutant::NoSettling, "P5", GITLAB, &[0], &[Token, Token], 1),
    (Mutant::LoginRevokesFirst, "P5", GITLAB, &[1], &[Login], 0),
    (
        Mutant::CutOffIsForgotten,
        "P5",
        GITLAB,
        &[1],
        &[Force, Token],
        1,
    ),
    (
        Mutant::LostAnswerIsForgotten,
        "P5",
        GITLAB,
        &[1],
        &[Force],
        1,
    ),
    (Mutant::DeathDeletes, "P5", GITLAB, &[0], &[Token, Token], 1),
    (
        Mutant::LoginCountsAnew,
        "I5",
        GITLAB,
        &[0],
        &[Token, Login],
        0,
    ),
    (
        Mutant::CutOffIsAVerdict,
        "P4",
        GITLAB,
        &[0],
        &[Token, Token],
        1,
    ),
    (
        Mutant::AdoptsDeath,
        "P4",
        GITLAB,
        &[0, 0],
        &[Token, Token],
        0,
    ),
    (
        Mutant::AdoptsNothing,
        "P1",
        GITLAB,
        &[1],
        &[Force, Force],
        0,
    ),
    (
        Mutant::RefreshesHandedOut,
        "P6",
        GITLAB,
        &[2, 1],
        &[Force],
        0,
    ),
    (
        Mutant::PresentsAtOnce,
        "P5",
        GENTLE,
        &[1],
        &[Force, MinTtl],
        1,
    ),
    (Mutant::IgnoresRejected, "P7", GITLAB, &[1], &[CURRENT], 0),
    (Mutant::BelievesClaims, "P7", GITLAB, &[1], &[CURRENT], 0),
    (
        Mutant::IgnoresRetryAt,
        "P4",
        GITLAB,
        &[0],
        &[Force, Force],
        1,
    ),
    (Mutant::NoWait, "P4", GITLAB, &[0], &[Token, Token], 1),
    (Mutant::OneWordEnds, "P5", GITLAB, &[1], &[Force], 1),
    (
        Mutant::GoesOnToRefreshesOnly,
        "P10",
        CAREFUL,
        &[1, 1],
        &[Force, CURRENT],
        1,
    ),
    (Mutant::RefreshIsForce, "P6", GITLAB, &[1], &[Refresh], 0),
    (
        Mutant::PendingIsFresh,
        "P6",
        GITLAB,
        &[1],
        &[Force, Token],
        0,
    ),
    (
        Mutant::IgnoresLeases,
        "P6",
        GITLAB,
        &[1],
        &[Exec, MinTtl],
        0,
    ),
    (
        Mutant::HandOverUnlocks,
        "P5",
        GITLAB,
        &[0],
        &[Token, Token],
        0,
    ),
    (
        Mutant::NoLookAfterReport,
        "P6",
        GITLAB,
        &[0],
        &[Token, Force],
        0,
    ),
    (Mutant::AsksOnceMore, "P1", STRICT, &[0], &[Token], 1),
    (
        Mutant::LeasesWithoutLock,
        "P6",
        GITLAB,
        &[1],
        &[Exec, MinTtl],
        0,
    ),
];

/// What is found out with these processes, where one more thing may go wrong.
fn promise_broken(row: Row) -> Option<&'static str> {
    let (mutant, _, server, ends, commands, mishaps) = row;
    let scope = |mutant: Option<Mutant>| {
        let scope = Scope {
            server,
            ends: ends.to_vec(),
            trouble: match row.0 {
                Mutant::AdoptsDeath => Trouble::LastGrantHasEnded,
                Mutant::GoesOnToRefreshesOnly => Trouble::FirstGrantHasEnded,
                _ => Trouble::None,
            },
            commands: commands.to_vec(),
            // After a failure others wait for a tick.
            limits: Limits {
                ticks: mishaps.min(1),
                mishaps,
            },
        };
        scope.explore(&mut Library::new(server, mutant), mutant)
    };
    if let Err(trace) = scope(None) {
        panic!("the shipped rules: {trace}");
    }
    let trace = scope(Some(mutant)).err()?;
    println!("{mutant:?} {trace}");
    Some(trace.broken.promise)
}

#[test]
fn every_wrong_rule_breaks_a_promise() {
    let wrong: Vec<_> = CAUGHT
        .into_iter()
        .map(|row| (row, promise_broken(row)))
        .filter(|(row, broken)| *broken != Some(row.1))
        .map(|((mutant, expected, ..), broken)| (mutant, expected, broken))
        .collect();
    assert!(wrong.is_empty(), "mutant, expected, found: {wrong:?}");
}

/// What the next refresh syncs first, and what a reader may see before that, can be restored from
/// the answer: the last sync only spares the next process that work.
#[test]
fn the_sync_after_the_last_rename_is_a_second_line_of_defence() {
    for server in [GITLAB, STRICT] {
        let row = (
            Mutant::NoLastSync,
            "",
            server,
            &[0][..],
            &[Token, Login][..],
            2,
        );
        assert_eq!(promise_broken(row), None);
    }
}

/// The one place where P3 does not hold to the letter (ARCHITECTURE.md, I6): a process that reads between the
/// rename of a login and the sync of its folder has tokens that a power loss takes back. The old login
/// is back then, and good: it is revoked only after the sync.
#[test]
fn a_login_is_seen_before_it_is_safe() {
    let row = (
        Mutant::P3ToTheLetter,
        "P3",
        GITLAB,
        &[0][..],
        &[Token, Login][..],
        0,
    );
    assert_eq!(promise_broken(row), Some("P3"));
}
