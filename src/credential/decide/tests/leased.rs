//! Leases: whose token is not ended because it ends soon (P6, I9).

use super::*;

#[test]
fn a_leased_token_that_lives_is_handed_out_instead_of_being_refreshed() {
    assert_verdicts([
        (
            "it ends soon",
            one(token("a").left(30)).leased("a"),
            Verdict::Use(0),
        ),
        (
            "another one lives longer, though not for long",
            two(token("a").left(50), token("b").left(30)).leased("b"),
            Verdict::Use(0),
        ),
        (
            "the lease is on the one that is not refreshed",
            two(token("a").left(50), token("b").left(30)).leased("a"),
            refresh_because(Cause::Expiring, 1),
        ),
        (
            "it has expired",
            one(token("a").left(0)).leased("a"),
            refresh_because(Cause::Expiring, 0),
        ),
        (
            "it was refused",
            one(token("a").left(30).refused()).leased("a"),
            refresh_because(Cause::Refused, 0),
        ),
        (
            "a rotation keeps it alive",
            one(token("a").left(30)).rotation_keeps().leased("a"),
            refresh_because(Cause::Expiring, 0),
        ),
        (
            "a rotation is asked for",
            one(token("a").left(30)).force().leased("a"),
            refresh_because(Cause::Asked, 0),
        ),
    ]);
}

#[test]
fn a_caller_that_demands_more_time_than_a_leased_token_has_waits() {
    assert_verdicts([
        (
            "more than it has",
            one(token("a").left(1000)).demands(1001).leased("a"),
            Verdict::WaitForLeases(0),
        ),
        (
            "as much as it has",
            one(token("a").left(1002)).demands(1001).leased("a"),
            Verdict::Use(0),
        ),
        (
            "the standby is refreshed, which no command holds",
            two(token("a").left(1000), token("b").left(-1))
                .demands(1001)
                .leased("a"),
            refresh_because(Cause::Expiring, 1),
        ),
        (
            "it has expired",
            one(token("a").left(0)).demands(1001).leased("a"),
            refresh_because(Cause::Expiring, 0),
        ),
    ]);
}

/// The server wants to be left alone: no process waits for a lease in vain.
#[test]
fn a_server_that_wants_to_be_left_alone_comes_before_a_lease() {
    let until = at(100);
    let case = one(token("a").left(30))
        .attempt_ended(0, Outcome::RateLimited)
        .change_attempt(|last| last.retry_at = Some(until))
        .demands(1000)
        .leased("a");
    let stop = Stop::Backoff {
        until,
        outcome: Outcome::RateLimited,
    };
    assert_eq!(case.decides(), Verdict::Stop(stop));
}
