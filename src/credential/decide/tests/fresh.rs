//! Which token is fresh, and which one is handed out (ARCHITECTURE.md, "The decision").

use super::*;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_preference_is_a_tenth_of_the_lifetime_at_most_and_a_demand_nine_tenths() {
    let minute = MinTtl::Preferred(seconds(60));
    let demand = MinTtl::Demanded(seconds(60));
    for (sentence, min_ttl, lifetime, expected) in [
        ("an hour", minute, Some(3600), 60),
        ("ten minutes", minute, Some(600), 60),
        ("nine minutes", minute, Some(540), 54),
        ("nothing", minute, Some(0), 0),
        ("unknown", minute, None, 60),
        ("a demand, an hour", demand, Some(3600), 60),
        ("a demand, ten minutes", demand, Some(600), 60),
        ("a demand, a minute", demand, Some(60), 54),
        ("a demand, unknown", demand, None, 60),
    ] {
        let lifetime = lifetime.map(seconds);
        assert_eq!(min_ttl.within(lifetime), seconds(expected), "{sentence}");
    }
}

#[test]
fn a_token_is_fresh_with_more_left_than_the_preferred_min_ttl() {
    assert_verdicts([
        ("61 s left", one(token("a").left(61)), Verdict::Use(0)),
        ("60 s left", one(token("a").left(60)), expiring(0)),
        (
            "31 s left of 5 min",
            one(token("a").left_of(31, 300)),
            Verdict::Use(0),
        ),
        (
            "30 s left of 5 min",
            one(token("a").left_of(30, 300)),
            expiring(0),
        ),
        (
            "61 s left of 10 min",
            one(token("a").left_of(61, 600)),
            Verdict::Use(0),
        ),
        (
            "60 s left of 10 min",
            one(token("a").left_of(60, 600)),
            expiring(0),
        ),
        ("expires now", one(token("a").left(0)), expiring(0)),
        ("no lifetime", one(token("a").endless()), Verdict::Use(0)),
    ]);
}

#[test]
fn a_token_is_fresh_with_more_left_than_the_demanded_min_ttl() {
    assert_verdicts([
        (
            "601 s left, 600 s demanded",
            one(token("a").left(601)).demands(600),
            Verdict::Use(0),
        ),
        (
            "600 s left, 600 s demanded",
            one(token("a").left(600)).demands(600),
            expiring(0),
        ),
        (
            "a demand is not cut to a tenth",
            one(token("a").left_of(60, 300)).demands(60),
            expiring(0),
        ),
        (
            "more demanded than the lifetime, more than nine tenths left",
            one(token("a").left_of(901, 1000)).demands(5000),
            Verdict::Use(0),
        ),
        (
            "more demanded than the lifetime, nine tenths left",
            one(token("a").left_of(900, 1000)).demands(5000),
            expiring(0),
        ),
        (
            "no lifetime",
            one(token("a").endless()).demands(5000),
            Verdict::Use(0),
        ),
        (
            "nothing demanded, a second left",
            one(token("a").left(1)).demands(0),
            Verdict::Use(0),
        ),
        (
            "nothing demanded, nothing left",
            one(token("a").left(0)).demands(0),
            expiring(0),
        ),
    ]);
}

#[test]
fn a_clock_that_was_set_back_by_more_than_a_minute_makes_a_token_stale() {
    assert_verdicts([
        ("60 s", one(token("a").issued_in(60)), Verdict::Use(0)),
        ("61 s", one(token("a").issued_in(61)), expiring(0)),
    ]);
}

#[test]
fn a_token_that_is_just_being_rotated_is_stale() {
    assert_verdicts([
        ("a rotation kills", one(token("a")).pending(0), expiring(0)),
        (
            "a rotation keeps",
            one(token("a")).pending(0).rotation_keeps(),
            expiring(0),
        ),
        (
            "the other one is",
            two(token("a"), token("b").left(10)).pending(1),
            Verdict::Use(0),
        ),
        (
            "the longer one is",
            two(token("a"), token("b").left(3700)).pending(1),
            Verdict::Use(0),
        ),
    ]);
}

#[test]
fn only_an_active_and_unrefused_grant_is_fresh() {
    assert_verdicts([
        ("doubtful", one(token("a").doubtful()), expiring(0)),
        ("refused", one(token("a").refused()), refused(0)),
        (
            "refused, no lifetime",
            one(token("a").endless().refused()),
            refused(0),
        ),
        (
            "login required",
            one(token("a").login_required()),
            Verdict::Stop(Stop::LoginRequired),
        ),
    ]);
}

#[test]
fn of_two_fresh_tokens_the_longer_one_is_used_and_the_first_on_a_tie() {
    assert_verdicts([
        (
            "the first is longer",
            two(token("a").left(200), token("b").left(100)),
            Verdict::Use(0),
        ),
        (
            "the second is longer",
            two(token("a").left(100), token("b").left(200)),
            Verdict::Use(1),
        ),
        (
            "a tie",
            two(token("a").left(200), token("b").left(200)),
            Verdict::Use(0),
        ),
        (
            "the second is endless",
            two(token("a"), token("b").endless()),
            Verdict::Use(1),
        ),
        (
            "both are endless",
            two(token("a").endless(), token("b").endless()),
            Verdict::Use(0),
        ),
        (
            "the longer one is refused",
            two(token("a").left(100), token("b").left(200).refused()),
            Verdict::Use(0),
        ),
        (
            "the longer one is doubtful",
            two(token("a").left(100), token("b").left(200).doubtful()),
            Verdict::Use(0),
        ),
        (
            "the longer one needs a login",
            two(token("a").left(100), token("b").left(200).login_required()),
            Verdict::Use(0),
        ),
    ]);
}

#[test]
fn handed_out_is_the_longest_lived_of_the_active_and_unrefused() {
    for (sentence, case, expected) in [
        ("alone", one(token("a")), Some(0)),
        ("expired", one(token("a").left(-1)), Some(0)),
        ("refused", one(token("a").refused()), None),
        ("doubtful", one(token("a").doubtful()), None),
        ("login required", one(token("a").login_required()), None),
        (
            "the first on a tie",
            two(token("a").left(9), token("b").left(9)),
            Some(0),
        ),
        (
            "the longer one",
            two(token("a").left(9), token("b").left(10)),
            Some(1),
        ),
        (
            "the endless one",
            two(token("a").endless(), token("b")),
            Some(0),
        ),
        (
            "the one that is not refused",
            two(token("a"), token("b").left(1).refused()),
            Some(0),
        ),
        (
            "the active one",
            two(token("a").doubtful(), token("b").left(1)),
            Some(1),
        ),
    ] {
        assert_eq!(handed_out(&case.login), expected, "{sentence}");
    }
}

#[test]
fn what_cannot_be_refreshed_is_used_while_fresh_and_ends_as_too_short_or_as_a_login() {
    let bare = |left| token("a").left(left).without_refresh_token();
    assert_verdicts([
        ("fresh", one(bare(3600)), Verdict::Use(0)),
        ("stale", one(bare(60)), Verdict::Stop(Stop::TooShort)),
        ("expired", one(bare(0)), Verdict::Stop(Stop::LoginRequired)),
        (
            "refused",
            one(bare(3600).refused()),
            Verdict::Stop(Stop::LoginRequired),
        ),
        (
            "too short for a demand",
            one(bare(3600)).demands(3600),
            Verdict::Stop(Stop::TooShort),
        ),
        (
            "one is stale, the other one has ended",
            two(bare(60), token("b").login_required()),
            Verdict::Stop(Stop::TooShort),
        ),
        (
            "one has expired, the other one has ended",
            two(bare(0), token("b").login_required()),
            Verdict::Stop(Stop::LoginRequired),
        ),
    ]);
}
