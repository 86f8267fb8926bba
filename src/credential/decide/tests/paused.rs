//! P4: a failure without `Retry-After` keeps the next request back, of the login or of one grant.

use super::*;
use crate::credential::Refusals;

/// The last attempt, on the first grant, failed so, and the next request leaves in five seconds.
fn failed(case: Case, outcome: Outcome) -> Case {
    case.attempt_ended(0, outcome)
        .change_attempt(|last| last.next_at = Some(at(5)))
}

fn refused(mut case: Case, grant: usize, invalid: bool) -> Case {
    case.login.grants[grant].refusals = Some(Refusals {
        count: 1,
        since: at(-1),
        next_at: at(5),
        invalid,
        said: None,
    });
    case
}

fn paused(outcome: Outcome) -> Verdict {
    Verdict::Stop(Stop::Paused {
        until: at(5),
        outcome,
    })
}

fn stale() -> Case {
    one(token("a").left(0))
}

#[test]
fn the_wait_after_a_failure_of_the_server_is_the_logins_and_any_other_the_grants() {
    use Outcome as O;
    for (outcome, of_the_other) in [
        (O::Unreachable, true),
        (O::Unavailable, true),
        (O::RateLimited, true),
        (O::ClientRejected, true),
        (O::Config, true),
        (O::TlsRefused, true),
        (O::AnswerLost, false),
    ] {
        assert_eq!(failed(stale(), outcome).decides(), paused(outcome));
        let two = two(token("a"), token("b").left(-1)).demands(9000);
        let waits = failed(two, outcome).decides() == paused(outcome);
        assert_eq!(waits, of_the_other, "{outcome:?}");
    }
    for outcome in [O::Rotated, O::CutOff] {
        let case = failed(stale(), outcome);
        assert!(
            matches!(case.decides(), Verdict::Refresh { .. }),
            "{outcome:?}"
        );
    }
}

#[test]
fn a_caller_that_insists_waits_for_retry_after_alone() {
    let until = |seconds| {
        Verdict::Stop(Stop::Backoff {
            until: at(seconds),
            outcome: Outcome::Unavailable,
        })
    };
    let limited =
        failed(stale(), Outcome::Unavailable).change_attempt(|last| last.retry_at = Some(at(3)));
    assert_verdicts([
        (
            "force",
            failed(stale(), Outcome::Unavailable).force(),
            asked(0),
        ),
        ("a refusal", refused(stale(), 0, false).force(), asked(0)),
        (
            "a timer",
            failed(stale(), Outcome::Unavailable).refresh(),
            paused(Outcome::Unavailable),
        ),
        ("force, and the server said when", limited.force(), until(3)),
    ]);
}

#[test]
fn a_grant_that_waits_ranks_behind_the_other() {
    assert_verdicts([
        (
            "both have expired: the other one is tried",
            refused(two(token("a").left(-9), token("b").left(0)), 0, false),
            expiring(1),
        ),
        (
            "alone it waits",
            refused(stale(), 0, false),
            paused(Outcome::RefreshRefused),
        ),
        (
            "both wait",
            refused(
                refused(two(token("a").left(-9), token("b").left(0)), 0, false),
                1,
                false,
            ),
            paused(Outcome::RefreshRefused),
        ),
        (
            "a fresh token is used",
            refused(one(token("a")), 0, false),
            Verdict::Use(0),
        ),
    ]);
}

#[test]
fn a_grant_ends_where_both_of_its_tokens_are_called_dead() {
    let dead = |case: Case| case.server_says("a", CheckVerdict::Dead);
    assert_verdicts([
        (
            "both",
            dead(refused(one(token("a")), 0, true)),
            Verdict::End(0),
        ),
        (
            "for a refresh",
            dead(refused(one(token("a")), 0, true)).refresh(),
            Verdict::End(0),
        ),
        (
            "the refresh token was not",
            dead(refused(one(token("a")), 0, false)),
            Verdict::Use(0),
        ),
        (
            "the access token was not",
            refused(one(token("a")), 0, true).server_says("a", CheckVerdict::Alive),
            Verdict::Use(0),
        ),
        (
            "it would have expired in any case",
            dead(refused(stale(), 0, true)),
            paused(Outcome::RefreshRefused),
        ),
    ]);
}

#[test]
fn force_presents_a_grant_that_has_ended_once_a_call_and_only_where_there_is_no_other() {
    let ended = || one(token("a").left(-1).login_required());
    let login_required = Verdict::Stop(Stop::LoginRequired);
    assert_verdicts([
        ("at first", ended().force(), asked(0)),
        (
            "under the lock",
            ended().waits_for_the_lock().force(),
            asked(0),
        ),
        (
            "it was tried since",
            ended()
                .waits_for_the_lock()
                .attempt_ended(0, Outcome::LoginRequired)
                .force(),
            login_required,
        ),
        ("no other command does", ended().refresh(), login_required),
        (
            "beside a good one",
            two(token("a").left(-1).login_required(), token("b")).force(),
            asked(1),
        ),
    ]);
}
