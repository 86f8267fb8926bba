//! What refusals and failures in a row leave in a login.

use super::*;

/// `invalid_grant` for a grant whose access token lives until then.
fn called_invalid(change: fn(&mut Login), cause: Cause) -> Login {
    let mut login = login();
    login.grants[0].refused = false;
    login.grants[0].expires_at = Some(at(600));
    change(&mut login);
    login.begin_attempt(0, cause, "pid 1 on a".to_owned(), at(0));
    let invalid = Failed::unchanged(Outcome::LoginRequired);
    login.end_attempt(&Ending::Failed(invalid, Some("no".to_owned())), at(5));
    login
}

#[test]
fn one_invalid_grant_is_a_refusal_while_nothing_else_speaks_against_the_grant() {
    let is_final = |change, cause| last(&called_invalid(change, cause)).outcome;
    assert_eq!(is_final(|_| {}, Cause::Expiring), Outcome::RefreshRefused);
    assert_eq!(is_final(|_| {}, Cause::Asked), Outcome::RefreshRefused);
    let against: [fn(&mut Login); 4] = [
        |login| login.grants[0].refused = true,
        |login| login.grants[0].expires_at = Some(at(0)),
        |login| login.grants[0].state = GrantState::Doubtful { since: at(-1) },
        |login| login.grants[0].answer_lost_at = Some(at(-1)),
    ];
    for change in against {
        assert_eq!(is_final(change, Cause::Expiring), Outcome::LoginRequired);
    }
    assert_eq!(is_final(|_| {}, Cause::Refused), Outcome::LoginRequired);
}

#[test]
fn refusals_in_a_row_are_counted_until_a_rotation_and_nothing_else_counts_or_clears() {
    let mut login = called_invalid(|_| {}, Cause::Expiring);
    let counted = |login: &Login| {
        let refusals = login.grants[0].refusals.as_ref();
        refusals.map(|found| (found.count, found.since, found.next_at, found.invalid))
    };
    assert_eq!(counted(&login), Some((1, at(5), at(6), true)));
    let end = |login: &mut Login, ending: &Ending, now| {
        login.begin_attempt(0, Cause::Expiring, String::new(), now);
        login.end_attempt(ending, now);
    };
    let failed = |failed| Ending::Failed(failed, None);
    for (outcome, seconds) in [
        (Outcome::Unreachable, 10),
        (Outcome::Unavailable, 20),
        (Outcome::RateLimited, 30),
        (Outcome::ClientRejected, 40),
    ] {
        end(&mut login, &failed(Failed::unchanged(outcome)), at(seconds));
        assert_eq!(
            counted(&login),
            Some((1, at(5), at(6), true)),
            "{outcome:?}"
        );
    }
    let refused = failed(Failed::unchanged(Outcome::RefreshRefused));
    end(&mut login, &refused, at(50));
    assert_eq!(counted(&login), Some((2, at(5), at(52), false)));
    // All of them are failures in a row.
    assert_eq!(
        (last(&login).failures, last(&login).failing_since),
        (6, Some(at(5)))
    );
    end(&mut login, &Ending::Rotated(bare_answer()), at(60));
    assert_eq!(counted(&login), None);
    assert_eq!(
        (last(&login).failures, last(&login).failing_since),
        (0, None)
    );
    assert_eq!(last(&login).next_at, None);
}

#[test]
fn a_process_that_died_says_nothing_of_the_server() {
    let mut login = called_invalid(|_| {}, Cause::Expiring);
    login.begin_attempt(0, Cause::Expiring, String::new(), at(10));
    login.cut_off(at(20));
    let last = last(&login);
    assert_eq!((last.failures, last.next_at), (1, None));
}

/// Six failures in a row, the last of them the first refusal of this grant.
fn refused_after_failures() -> Login {
    let mut login = login();
    let unavailable = Ending::Failed(Failed::unchanged(Outcome::Unavailable), None);
    let refused = Ending::Failed(Failed::unchanged(Outcome::RefreshRefused), None);
    for ending in [&unavailable; 5].into_iter().chain([&refused]) {
        login.begin_attempt(0, Cause::Expiring, String::new(), at(0));
        login.end_attempt(ending, at(0));
    }
    login
}

#[test]
fn the_wait_after_a_refusal_is_the_grants_own() {
    let login = refused_after_failures();
    assert_eq!(last(&login).next_at, Some(at(32)));
    let paused = |grant, now| crate::credential::refusal::pause(&login, grant, at(now));
    assert_eq!(paused(0, 0), Some((at(1), Outcome::RefreshRefused)));
    assert_eq!(paused(0, 1), None);
    assert_eq!(paused(1, 0), None);
}

/// What was said of a client does not hold for the next one, but for `Retry-After`.
#[test]
fn a_new_client_begins_without_refusals_and_failures() {
    let mut login = refused_after_failures();
    let asked = Some(at(30));
    login.last_attempt.as_mut().unwrap().retry_at = asked;
    login.forget_refusals();
    assert_eq!(login.grants[0].refusals, None);
    let last = last(&login);
    assert_eq!((last.failures, last.failing_since), (0, None));
    assert_eq!((last.next_at, last.retry_at), (None, asked));
}

/// A machine has no grant that could end, and no answer whose loss would cost it anything.
#[test]
fn no_failure_changes_the_grant_of_a_machine() {
    for outcome in [
        Outcome::LoginRequired,
        Outcome::RefreshRefused,
        Outcome::ClientRejected,
        Outcome::AnswerLost,
        Outcome::Unavailable,
    ] {
        for failed in [Failed::unchanged(outcome), Failed::doubtful(outcome)] {
            let mut login = login();
            login.kind = LoginKind::ClientCredentials;
            login.grants[0].state = GrantState::Active;
            login.grants[0].answer_lost_at = None;
            login.grants[0].refusals = None;
            let before = login.grants[0].clone();
            login.begin_attempt(0, Cause::Expiring, String::new(), at(0));
            login.end_attempt(&Ending::Failed(failed, None), at(5));
            assert_eq!(login.grants[0], before, "{outcome:?}");
            let is_refusal = matches!(outcome, Outcome::LoginRequired | Outcome::RefreshRefused);
            let counts = if is_refusal {
                Outcome::ClientRejected
            } else {
                outcome
            };
            assert_eq!(last(&login).outcome, counts);
            assert!(last(&login).next_at.is_some());
        }
    }
    let mut login = login();
    login.kind = LoginKind::ClientCredentials;
    login.grants[0].state = GrantState::Active;
    login.begin_attempt(0, Cause::Expiring, String::new(), at(0));
    login.cut_off(at(5));
    assert_eq!(login.grants[0].state, GrantState::Active);
}
