//! A refused token (P7).

use super::*;

#[test]
fn what_is_not_handed_out_now_was_replaced_already() {
    assert_verdicts([
        (
            "an older token: the current one, and no server is asked",
            one(token("b")).rejects("a"),
            Verdict::Use(0),
        ),
        (
            "the standby's",
            two(token("a"), token("b").left(100)).rejects("b"),
            Verdict::Use(0),
        ),
        (
            "a marked one: it is known already",
            one(token("a").refused()).rejects("a"),
            refused(0),
        ),
        (
            "a marked one, and a standby",
            two(token("a").refused(), token("b")).rejects("a"),
            Verdict::Use(1),
        ),
        (
            "an expired one is dead anyway",
            one(token("a").left(0)).rejects("a"),
            refused(0),
        ),
    ]);
}

#[test]
fn the_token_that_is_handed_out_is_checked_before_anything_else() {
    let claim = || one(token("a")).rejects("a");
    let silent = CheckVerdict::Silent(Outcome::Unreachable);
    assert_verdicts([
        ("not asked yet", claim(), Verdict::Check(0)),
        (
            "200: the token is good",
            claim().server_says("a", CheckVerdict::Alive),
            Verdict::Stop(Stop::TokenRefused),
        ),
        (
            "401: it is marked",
            claim().server_says("a", CheckVerdict::Dead),
            Verdict::Mark(0),
        ),
        (
            "no answer: nothing is marked",
            claim().server_says("a", silent),
            Verdict::Stop(Stop::Unverified(Outcome::Unreachable)),
        ),
        (
            "any other answer is as good as no endpoint",
            claim().server_says("a", CheckVerdict::Unknown),
            Verdict::Mark(0),
        ),
        ("no endpoint", claim().no_check_endpoint(), Verdict::Mark(0)),
        (
            "what was said of another token says nothing",
            claim().server_says("b", CheckVerdict::Alive),
            Verdict::Check(0),
        ),
        (
            "it is stale: checked all the same",
            one(token("a").left(1)).rejects("a"),
            Verdict::Check(0),
        ),
        (
            "the other grant is fresh: checked all the same",
            two(token("a"), token("b").left(900)).rejects("a"),
            Verdict::Check(0),
        ),
    ]);
}

#[test]
fn a_verdict_counts_only_while_that_token_is_handed_out() {
    let asked = |verdict| one(token("a")).rejects("a").server_says("a", verdict);
    for verdict in [CheckVerdict::Alive, CheckVerdict::Dead] {
        let raced = asked(verdict).waits_for_the_lock().rotated(0, "b");
        assert_eq!(raced.decides(), Verdict::Use(0), "{verdict:?}");
    }
}

#[test]
fn a_silent_server_leaves_the_other_grants_token() {
    let silent = CheckVerdict::Silent(Outcome::Unreachable);
    let case = two(token("a"), token("b").left(30))
        .rejects("a")
        .server_says("a", silent);
    assert_eq!(case.living(), Some(1));
}

#[test]
fn once_it_is_marked_the_other_grant_is_used_or_this_one_refreshed() {
    let marked = |other| two(token("a").refused(), other).rejects("a");
    assert_verdicts([
        ("the other is fresh", marked(token("b")), Verdict::Use(1)),
        ("the other is stale", marked(token("b").left(9)), refused(0)),
        (
            "the other needs a login",
            marked(token("b").login_required()),
            refused(0),
        ),
    ]);
}

#[test]
fn a_token_that_a_refusal_made_is_not_rotated_again_at_once() {
    let refused_again = |age: i64, lifetime: i64| {
        one(token("a")
            .left_of(lifetime - age, lifetime)
            .made_because(Cause::Refused))
        .no_check_endpoint()
        .rejects("a")
    };
    let good = Verdict::Stop(Stop::TokenRefused);
    assert_verdicts([
        ("119 s old of 10 min", refused_again(119, 600), good),
        (
            "120 s old of 10 min",
            refused_again(120, 600),
            Verdict::Mark(0),
        ),
        ("719 s old of 2 h", refused_again(719, 7200), good),
        (
            "720 s old of 2 h",
            refused_again(720, 7200),
            Verdict::Mark(0),
        ),
        (
            "119 s old, no lifetime",
            one(token("a")
                .endless()
                .issued_in(-119)
                .made_because(Cause::Refused))
            .no_check_endpoint()
            .rejects("a"),
            good,
        ),
        (
            "an endpoint whose answer says nothing",
            Case {
                login: Login {
                    client: client(),
                    ..refused_again(119, 600).login
                },
                ..refused_again(119, 600)
            }
            .server_says("a", CheckVerdict::Unknown),
            good,
        ),
        (
            "a server that says it is dead knows better",
            Case {
                login: Login {
                    client: client(),
                    ..refused_again(119, 600).login
                },
                ..refused_again(119, 600)
            }
            .server_says("a", CheckVerdict::Dead),
            Verdict::Mark(0),
        ),
    ]);
    for cause in [Cause::Login, Cause::Expiring, Cause::Asked] {
        let case = one(token("a").left(7199).made_because(cause))
            .no_check_endpoint()
            .rejects("a");
        assert_eq!(case.decides(), Verdict::Mark(0), "{cause:?}");
    }
}

#[test]
fn a_bare_token_that_is_refused_needs_a_login() {
    let bare = || token("a").endless().without_refresh_token();
    assert_verdicts([
        (
            "it is checked first",
            one(bare()).rejects("a"),
            Verdict::Check(0),
        ),
        (
            "marked",
            one(bare().refused()).rejects("a"),
            Verdict::Stop(Stop::LoginRequired),
        ),
    ]);
}
