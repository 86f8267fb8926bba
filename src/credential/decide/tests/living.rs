//! Which token lives (ARCHITECTURE.md, "The decision").

use super::*;

#[track_caller]
fn assert_living(rows: impl IntoIterator<Item = (&'static str, Case, Option<usize>)>) {
    for (sentence, case, expected) in rows {
        assert_eq!(case.living(), expected, "{sentence}");
    }
}

#[test]
fn a_token_lives_until_it_expires_or_is_refused() {
    assert_living([
        ("a second left", one(token("a").left(1)), Some(0)),
        ("nothing left", one(token("a").left(0)), None),
        ("no lifetime", one(token("a").endless()), Some(0)),
        ("marked", one(token("a").refused()), None),
        ("refused to this caller", one(token("a")).rejects("a"), None),
        (
            "another one was refused to this caller",
            one(token("a")).rejects("b"),
            Some(0),
        ),
        (
            "the clock was set back by a minute",
            one(token("a").issued_in(60)),
            Some(0),
        ),
        (
            "the clock was set back by more",
            one(token("a").issued_in(61)),
            None,
        ),
        ("login required", one(token("a").login_required()), None),
    ]);
}

#[test]
fn a_preference_does_not_count_and_a_demand_does() {
    assert_living([
        ("60 s preferred", one(token("a").left(1)), Some(0)),
        (
            "60 s demanded, 61 s left",
            one(token("a").left(61)).demands(60),
            Some(0),
        ),
        (
            "60 s demanded, 60 s left",
            one(token("a").left(60)).demands(60),
            None,
        ),
        (
            "nine tenths are all that can be demanded",
            one(token("a").left_of(901, 1000)).demands(5000),
            Some(0),
        ),
    ]);
}

#[test]
fn while_it_is_rotated_a_token_lives_only_where_a_rotation_keeps() {
    assert_living([
        ("kills", one(token("a")).pending(0), None),
        (
            "keeps",
            one(token("a")).pending(0).rotation_keeps(),
            Some(0),
        ),
        (
            "the other one is rotated",
            two(token("a"), token("b")).pending(1),
            Some(0),
        ),
    ]);
}

#[test]
fn the_longest_lived_is_taken_an_active_one_before_a_doubtful_one() {
    assert_living([
        (
            "the longer one",
            two(token("a").left(5), token("b").left(6)),
            Some(1),
        ),
        (
            "the first on a tie",
            two(token("a").left(5), token("b").left(5)),
            Some(0),
        ),
        (
            "the active one, though it is shorter",
            two(token("a").doubtful(), token("b").left(5)).rotation_keeps(),
            Some(1),
        ),
        (
            "the doubtful one, where the active one is dead",
            two(token("a").doubtful(), token("b").left(0)).rotation_keeps(),
            Some(0),
        ),
    ]);
}
