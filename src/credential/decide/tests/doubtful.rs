//! A doubtful grant (ARCHITECTURE.md, "The states of a grant"), and when its token lives.

use super::*;

const SILENT: CheckVerdict = CheckVerdict::Silent(Outcome::RateLimited);

/// A login whose only grant is doubtful, and whose token lives by the clock.
fn doubtful() -> Case {
    one(token("a").doubtful())
}

/// Every way in which the check endpoint can stand to it.
fn by_endpoint(doubtful: impl Fn() -> Case) -> [(&'static str, Case); 6] {
    [
        ("no endpoint", doubtful().no_check_endpoint()),
        ("not asked", doubtful()),
        ("alive", doubtful().server_says("a", CheckVerdict::Alive)),
        ("dead", doubtful().server_says("a", CheckVerdict::Dead)),
        ("silent", doubtful().server_says("a", SILENT)),
        (
            "as good as none",
            doubtful().server_says("a", CheckVerdict::Unknown),
        ),
    ]
}

#[track_caller]
fn assert_by_endpoint(doubtful: impl Fn() -> Case, expected: &[(Verdict, Option<usize>); 6]) {
    for ((sentence, case), expected) in by_endpoint(doubtful).into_iter().zip(expected) {
        assert_eq!((case.decides(), case.living()), *expected, "{sentence}");
    }
}

#[test]
fn kills_and_harmless_presents_it_again_and_trusts_no_token() {
    assert_by_endpoint(doubtful, &[(expiring(0), None); 6]);
}

#[test]
fn keeps_and_harmless_presents_it_again_and_falls_back_on_its_token() {
    assert_by_endpoint(|| doubtful().rotation_keeps(), &[(expiring(0), Some(0)); 6]);
}

#[test]
fn keeps_and_revokes_lives_by_the_clock_and_asks_no_server() {
    let left_alone = (Verdict::Stop(Stop::LeftAlone), Some(0));
    assert_by_endpoint(
        || doubtful().rotation_keeps().replay_revokes(),
        &[left_alone; 6],
    );
}

#[test]
fn kills_and_revokes_lives_by_the_check_endpoint() {
    let left_alone = (Verdict::Stop(Stop::LeftAlone), Some(0));
    let unverified = Verdict::Stop(Stop::Unverified(Outcome::RateLimited));
    assert_by_endpoint(
        || doubtful().replay_revokes(),
        &[
            left_alone,
            (Verdict::Check(0), None),
            left_alone,
            (expiring(0), None),
            (unverified, None),
            left_alone,
        ],
    );
}

#[test]
fn once_its_token_has_expired_or_is_marked_refused_there_is_nothing_to_lose() {
    for (sentence, dead) in [
        ("expired", one(token("a").left(0).doubtful())),
        ("marked", one(token("a").refused().doubtful())),
    ] {
        for (endpoint, case) in by_endpoint(|| Case {
            login: dead.login.clone(),
            ..doubtful()
        }) {
            let case = case.replay_revokes();
            let presented = matches!(case.decides(), Verdict::Refresh { grant: 0, .. });
            assert!(presented, "{sentence}, {endpoint}");
            assert_eq!(case.living(), None, "{sentence}, {endpoint}");
        }
    }
}

#[test]
fn what_one_caller_says_of_its_token_is_believed_only_without_a_check_endpoint() {
    let refused = Verdict::Refresh {
        grant: 0,
        cause: Cause::Refused,
    };
    let unverified = Verdict::Stop(Stop::Unverified(Outcome::RateLimited));
    let expected = [
        refused,
        Verdict::Check(0),
        Verdict::Stop(Stop::TokenRefused),
        refused,
        unverified,
        refused,
    ]
    .map(|verdict| (verdict, None));
    assert_by_endpoint(|| doubtful().rejects("a").replay_revokes(), &expected);
    let keeps = || doubtful().rejects("a").rotation_keeps().replay_revokes();
    assert_by_endpoint(keeps, &expected);
}

#[test]
fn what_was_said_of_another_token_says_nothing() {
    let case = doubtful()
        .replay_revokes()
        .server_says("b", CheckVerdict::Alive);
    assert_eq!(case.decides(), Verdict::Check(0));
}

#[test]
fn a_standby_is_used_first() {
    let beside = |active: Held| two(token("a").doubtful(), active);
    assert_verdicts([
        (
            "its token is fresh",
            beside(token("b").left(100)),
            Verdict::Use(1),
        ),
        (
            "stale, and a replay of the doubtful one may revoke: the standby is refreshed",
            beside(token("b").left(10)).replay_revokes(),
            expiring(1),
        ),
        (
            "stale, and a replay is harmless: the doubtful one",
            beside(token("b").left(10)),
            expiring(0),
        ),
        (
            "it needs a login: the doubtful one is asked about",
            beside(token("b").login_required()).replay_revokes(),
            Verdict::Check(0),
        ),
    ]);
}

#[test]
fn force_presents_it_whatever_may_be_lost() {
    assert_verdicts([
        (
            "a replay revokes",
            doubtful().replay_revokes().force(),
            asked(0),
        ),
        ("a replay is harmless", doubtful().force(), asked(0)),
    ]);
}

#[test]
fn a_gentle_refresh_leaves_it_alone_while_its_token_lives() {
    assert_verdicts([
        (
            "the server says so",
            doubtful()
                .replay_revokes()
                .server_says("a", CheckVerdict::Alive)
                .refresh(),
            alive_for(3600),
        ),
        (
            "by the clock",
            doubtful().replay_revokes().rotation_keeps().refresh(),
            alive_for(3600),
        ),
        (
            "it is not known",
            doubtful().replay_revokes().refresh(),
            Verdict::Check(0),
        ),
        (
            "it does not count where a replay is harmless",
            doubtful().refresh(),
            asked(0),
        ),
    ]);
}
