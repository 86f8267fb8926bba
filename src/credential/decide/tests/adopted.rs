//! P4: losers adopt failures, and `Retry-After` holds for everyone.

use super::*;

fn stale() -> Case {
    one(token("a").left(0))
}

#[test]
fn a_verdict_on_the_server_is_adopted_by_all_and_one_on_a_grant_by_its_own() {
    use Outcome as O;
    for (outcome, by_its_own, by_the_other) in [
        (O::Unreachable, true, true),
        (O::Unavailable, true, true),
        (O::RateLimited, true, true),
        (O::ClientRejected, true, true),
        (O::Config, true, true),
        (O::TlsRefused, true, true),
        (O::AnswerLost, true, false),
        (O::LoginRequired, true, false),
        (O::Rotated, false, false),
        (O::CutOff, false, false),
    ] {
        let adopted = |case: Case| case.decides() == Verdict::Stop(Stop::Adopted(outcome));
        let own = stale().waits_for_the_lock().attempt_ended(0, outcome);
        assert_eq!(adopted(own), by_its_own, "{outcome:?}, the same grant");
        let other = two(token("a"), token("b").left(-1))
            .demands(9000)
            .waits_for_the_lock()
            .attempt_ended(0, outcome);
        assert_eq!(adopted(other), by_the_other, "{outcome:?}, another grant");
    }
}

#[test]
fn a_failure_is_adopted_only_by_processes_that_waited_for_it() {
    let adopted = Verdict::Stop(Stop::Adopted(Outcome::Unreachable));
    let failed = |case: Case| case.attempt_ended(0, Outcome::Unreachable);
    assert_verdicts([
        ("it was first", failed(stale()), expiring(0)),
        (
            "it was seen before the lock",
            failed(stale()).waits_for_the_lock(),
            expiring(0),
        ),
        (
            "a newer one",
            failed(failed(stale()).waits_for_the_lock()),
            adopted,
        ),
        (
            "it was pending before",
            stale()
                .pending(0)
                .waits_for_the_lock()
                .change_attempt(|last| {
                    last.outcome = Outcome::Unreachable;
                    last.finished_at = Some(at(-1));
                }),
            adopted,
        ),
        (
            "a refresh was asked for",
            failed(stale().waits_for_the_lock()).refresh(),
            adopted,
        ),
        (
            "force",
            failed(stale().waits_for_the_lock()).force(),
            adopted,
        ),
        (
            "a token is fresh all the same",
            failed(one(token("a")).waits_for_the_lock()),
            Verdict::Use(0),
        ),
    ]);
}

#[test]
fn retry_at_holds_for_everyone_until_it_has_come() {
    let limited = |retry_at, finished_at| {
        stale()
            .attempt_ended(0, Outcome::RateLimited)
            .change_attempt(|last| {
                last.retry_at = Some(at(retry_at));
                last.finished_at = Some(at(finished_at));
            })
    };
    let until = |seconds| {
        Verdict::Stop(Stop::Backoff {
            until: at(seconds),
            outcome: Outcome::RateLimited,
        })
    };
    assert_verdicts([
        ("in force", limited(1, -30), until(1)),
        ("it has come", limited(0, -30), expiring(0)),
        ("for a refresh", limited(1, -30).refresh(), until(1)),
        ("for force", limited(1, -30).force(), until(1)),
        (
            "for the other grant",
            Case {
                login: Login {
                    last_attempt: limited(1, -30).login.last_attempt,
                    ..two(token("a").left(9), token("b").left(0)).login
                },
                ..stale()
            },
            until(1),
        ),
        ("just within the hour", limited(900, -3599), until(900)),
        ("an hour is over", limited(900, -3600), expiring(0)),
        (
            "the clock was set back a little",
            limited(90, 60),
            until(90),
        ),
        ("the clock was set back", limited(90, 61), expiring(0)),
        (
            "no process that waited for it takes it for a failure of its own",
            limited(1, -30).waits_for_the_lock(),
            until(1),
        ),
        (
            "a fresh token is used",
            Case {
                login: Login {
                    last_attempt: limited(1, -30).login.last_attempt,
                    ..one(token("a")).login
                },
                ..stale()
            },
            Verdict::Use(0),
        ),
    ]);
}

/// Another process has rotated meanwhile, and its answer took so long that this much was left.
fn rotated_slowly(case: Case, grant: usize, left: i64) -> Case {
    let mut case = case.waits_for_the_lock().rotated(grant, "new");
    // It came a second ago (`attempt_ended`).
    case.login.grants[grant].expires_at = Some(at(left - 1));
    case.login.grants[grant].issued_at = at(left - 1 - LIFETIME);
    case
}

#[test]
fn what_came_too_short_from_a_slow_server_is_not_rotated_once_more() {
    let too_short = Verdict::Stop(Stop::TooShort);
    let stale = || one(token("a").left(0));
    assert_verdicts([
        (
            "nine tenths are demanded, and less than that came",
            rotated_slowly(stale().demands(9000), 0, 6480),
            too_short,
        ),
        (
            "it came just long enough, and time has passed since",
            rotated_slowly(stale().demands(9000), 0, 6481),
            expiring(0),
        ),
        (
            "less than a minute came, and that will do where nothing is demanded",
            rotated_slowly(stale(), 0, 60),
            Verdict::Use(0),
        ),
        (
            "nothing was left of it",
            rotated_slowly(stale(), 0, 1),
            too_short,
        ),
        (
            "the other grant is no better",
            rotated_slowly(
                two(token("a").left(0), token("b").left(30)).demands(9000),
                0,
                60,
            ),
            too_short,
        ),
        (
            "it was there before this call",
            rotated_slowly(stale().demands(9000), 0, 60).waits_for_the_lock(),
            expiring(0),
        ),
        (
            "it was refused to this caller",
            rotated_slowly(stale().demands(9000), 0, 60)
                .rejects("new")
                .no_check_endpoint(),
            Verdict::Mark(0),
        ),
    ]);
}
