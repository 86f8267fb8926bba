//! `glauth refresh`: gentle, `--if-expiring`, `--force` (P6).

use super::*;

#[test]
fn a_gentle_refresh_ends_no_token_that_lives_where_a_rotation_kills() {
    assert_verdicts([
        (
            "a second left",
            one(token("a").left(1)).refresh(),
            alive_for(1),
        ),
        ("expired", one(token("a").left(0)).refresh(), asked(0)),
        ("refused", one(token("a").refused()).refresh(), asked(0)),
        (
            "no end is known",
            one(token("a").endless()).refresh(),
            Verdict::Stop(Stop::Alive { until: None }),
        ),
        (
            "the grant with less left lives",
            two(token("a"), token("b").left(50)).refresh(),
            alive_for(50),
        ),
        (
            "the standby has expired",
            two(token("a"), token("b").left(-1)).refresh(),
            asked(1),
        ),
        (
            "a rotation keeps",
            one(token("a")).rotation_keeps().refresh(),
            asked(0),
        ),
    ]);
}

#[test]
fn if_expiring_leaves_alone_what_has_more_left() {
    assert_verdicts([
        (
            "301 s left",
            one(token("a").left(301))
                .rotation_keeps()
                .refresh_if_expiring(300),
            alive_for(301),
        ),
        (
            "300 s left",
            one(token("a").left(300))
                .rotation_keeps()
                .refresh_if_expiring(300),
            asked(0),
        ),
        (
            "300 s left, and a rotation kills",
            one(token("a").left(300)).refresh_if_expiring(300),
            alive_for(300),
        ),
        (
            "no end is known",
            one(token("a").endless())
                .rotation_keeps()
                .refresh_if_expiring(300),
            Verdict::Stop(Stop::Alive { until: None }),
        ),
        (
            "a refused token has nothing left",
            one(token("a").refused()).refresh_if_expiring(300),
            asked(0),
        ),
        (
            "nor has a doubtful one, where a replay is harmless",
            one(token("a").doubtful()).refresh_if_expiring(300),
            asked(0),
        ),
    ]);
}

#[test]
fn force_rotates_a_token_that_a_command_holds() {
    assert_verdicts([
        ("it lives", one(token("a")).force(), asked(0)),
        (
            "no end is known",
            one(token("a").endless()).force(),
            asked(0),
        ),
        (
            "of two the one with less left",
            two(token("a"), token("b").left(50)).force(),
            asked(1),
        ),
    ]);
}

#[test]
fn an_asked_refresh_ends_where_a_rotation_ended_meanwhile() {
    let just_rotated = Verdict::Stop(Stop::JustRotated);
    let raced = || one(token("a").left(0)).waits_for_the_lock().rotated(0, "b");
    assert_verdicts([
        ("gentle", raced().refresh(), just_rotated),
        ("if expiring", raced().refresh_if_expiring(9), just_rotated),
        ("force", raced().force(), just_rotated),
        ("a token is just used", raced(), Verdict::Use(0)),
        (
            "the other grant was rotated",
            two(token("a").left(0), token("b").left(0))
                .waits_for_the_lock()
                .rotated(1, "c")
                .force(),
            just_rotated,
        ),
        (
            "it was rotated before",
            one(token("a").left(0))
                .rotated(0, "b")
                .waits_for_the_lock()
                .force(),
            asked(0),
        ),
    ]);
}

#[test]
fn what_has_no_refresh_token_needs_a_login_for_a_refresh() {
    let required = Verdict::Stop(Stop::LoginRequired);
    let bare = || one(token("a").without_refresh_token());
    assert_verdicts([
        ("gentle", bare().refresh(), required),
        ("if expiring", bare().refresh_if_expiring(9), required),
        ("force", bare().force(), required),
        (
            "login required",
            one(token("a").login_required()).refresh(),
            required,
        ),
    ]);
}
