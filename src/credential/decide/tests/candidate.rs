//! Which grant is refreshed (ARCHITECTURE.md, "The decision").

use super::*;

/// Neither is fresh for a caller that demands nine tenths.
fn stale(first: Held, second: Held) -> Case {
    two(first, second).demands(9000)
}

#[test]
fn the_grant_with_the_least_life_left_is_refreshed_and_the_last_on_a_tie() {
    assert_verdicts([
        (
            "the first has less",
            stale(token("a").left(10), token("b").left(20)),
            expiring(0),
        ),
        (
            "the second has less",
            stale(token("a").left(20), token("b").left(10)),
            expiring(1),
        ),
        (
            "a tie",
            stale(token("a").left(20), token("b").left(20)),
            expiring(1),
        ),
        (
            "both have expired, however long ago",
            stale(token("a").left(-900), token("b").left(-1)),
            expiring(1),
        ),
        (
            "expired is less than any life",
            stale(token("a").left(0), token("b").left(1)),
            expiring(0),
        ),
    ]);
}

#[test]
fn endless_is_more_than_any_life() {
    assert_verdicts([
        (
            "the second is endless",
            two(token("a"), token("b").endless()).force(),
            asked(0),
        ),
        (
            "the first is endless",
            two(token("a").endless(), token("b")).force(),
            asked(1),
        ),
        (
            "both are",
            two(token("a").endless(), token("b").endless()).force(),
            asked(1),
        ),
    ]);
}

#[test]
fn a_refused_token_counts_as_no_life() {
    assert_verdicts([
        (
            "refused before expiring",
            stale(token("a").refused(), token("b").left(1)),
            refused(0),
        ),
        (
            "refused is like expired: the last on a tie",
            stale(token("a").refused(), token("b").left(-1)),
            expiring(1),
        ),
        (
            "refused to this caller alone",
            stale(token("a").left(20), token("b").left(10)).rejects("a"),
            Verdict::Check(0),
        ),
        (
            "the standby's, refused to this caller alone",
            stale(token("a").left(20), token("b").left(10)).rejects("b"),
            refused(1),
        ),
    ]);
}

#[test]
fn where_a_replay_is_harmless_a_doubtful_grant_counts_as_no_life() {
    assert_verdicts([
        (
            "doubtful before expiring",
            stale(token("a").doubtful(), token("b").left(1)),
            expiring(0),
        ),
        (
            "an active one before a doubtful one where they are equal",
            stale(token("a").left(-1), token("b").doubtful()),
            expiring(0),
        ),
        (
            "the order of the grants does not matter for that",
            stale(token("a").doubtful(), token("b").left(-1)),
            expiring(1),
        ),
        (
            "two doubtful ones: the last",
            stale(token("a").doubtful(), token("b").doubtful()),
            expiring(1),
        ),
    ]);
}

#[test]
fn what_has_no_refresh_token_or_needs_a_login_is_never_refreshed() {
    assert_verdicts([
        (
            "no refresh token",
            stale(token("a").left(10).without_refresh_token(), token("b")),
            expiring(1),
        ),
        (
            "login required",
            stale(token("a").left(10).login_required(), token("b")),
            expiring(1),
        ),
        (
            "login required, and force",
            two(token("a").left(10).login_required(), token("b")).force(),
            asked(1),
        ),
        (
            "both need a login",
            stale(token("a").login_required(), token("b").login_required()),
            Verdict::Stop(Stop::LoginRequired),
        ),
    ]);
}

#[test]
fn the_cause_is_the_callers_or_that_of_the_token_that_is_replaced() {
    assert_verdicts([
        ("no life left", one(token("a").left(-1)), expiring(0)),
        ("marked", one(token("a").refused()), refused(0)),
        (
            "expired, and refused to this caller",
            one(token("a").left(-1)).rejects("a"),
            refused(0),
        ),
        (
            "expired, and an older one was refused to this caller",
            one(token("b").left(-1)).rejects("a"),
            expiring(0),
        ),
        (
            "asked, whatever the token's fate",
            one(token("a").refused()).refresh(),
            asked(0),
        ),
    ]);
}
