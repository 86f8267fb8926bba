mod refusals;

use std::collections::BTreeMap;

use super::*;
use crate::credential::outcome::OUTCOMES;
use crate::credential::{
    AuthMethod, Client, Independence, LoginKind, LoginMeans, ReuseDetection, RotationEffect,
    Standby,
};

const NOW: i64 = 1_795_428_000_000;

/// Seconds from now.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_millis(NOW + seconds * 1000)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn refresh_token(text: &str) -> RefreshToken {
    RefreshToken::new(text.to_owned()).unwrap()
}

fn grant(generation: Generation) -> Grant {
    let token = refresh_token("old refresh token");
    Grant {
        generation,
        origin: token.fingerprint(),
        access_token: AccessToken::new("old access token".to_owned()).unwrap(),
        refresh_token: Some((&token).into()),
        token_type: "MAC".to_owned(),
        scopes: vec!["api".to_owned()],
        issued_at: at(-7200),
        expires_at: Some(at(0)),
        refresh_expires_at: Some(at(9000)),
        cause: Cause::Login,
        state: GrantState::Active,
        refused: true,
        answer_lost_at: None,
        issued_boot: IssuedBoot::default(),
        refusals: None,
    }
}

/// Two grants, of generations 7 and 4, and no attempt yet.
fn login() -> Login {
    Login {
        kind: LoginKind::OAuth,
        client: Client {
            provider: "gitlab".to_owned(),
            client_id: Some("id".to_owned()),
            auth: AuthMethod::None,
            parameters: BTreeMap::new(),
            token_endpoint: None,
            revocation_endpoint: None,
            check_endpoint: None,
            git_username: "oauth2".to_owned(),
            environment: BTreeMap::new(),
            rotation: RotationEffect::Kills,
            replay: ReuseDetection::Harmless,
            grants: Independence::Independent,
            ca_file: None,
            server_user: None,
            login: LoginMeans::default(),
        },
        grants: vec![grant(7), grant(4)],
        last_attempt: None,
    }
}

fn with_state(state: GrantState) -> Login {
    let mut login = login();
    login.grants[0].state = state;
    login
}

/// An answer that says nothing but the access token.
fn bare_answer() -> Rotation {
    Rotation {
        access_token: AccessToken::new("new access token".to_owned()).unwrap(),
        refresh_token: None,
        token_type: "Bearer".to_owned(),
        scopes: None,
        expires_in: None,
        refresh_expires_in: None,
    }
}

fn begun(mut login: Login, grant: usize) -> Login {
    login.begin_attempt(grant, Cause::Expiring, "pid 1 on a".to_owned(), at(0));
    login
}

/// The first grant, after an attempt that began now and ended 5 s later with `rotation`.
fn rotated(rotation: Rotation) -> Grant {
    let mut login = begun(login(), 0);
    login.end_attempt(&Ending::Rotated(rotation), at(5));
    login.grants.remove(0)
}

fn failed(mut login: Login, failed: Failed) -> Login {
    login = begun(login, 0);
    login.end_attempt(&Ending::Failed(failed, None), at(5));
    login
}

fn last(login: &Login) -> &Attempt {
    login.last_attempt.as_ref().unwrap()
}

#[test]
fn every_outcome_reads_what_it_wrote() {
    for (outcome, name) in OUTCOMES {
        assert_eq!(outcome.as_str(), name);
        assert_eq!(Outcome::parse(name), Some(outcome));
    }
    for name in ["Pending", "", "unknown"] {
        assert_eq!(Outcome::parse(name), None);
    }
}

#[test]
fn an_attempt_begins_as_pending_with_the_next_sequence() {
    let first = begun(login(), 1);
    assert_eq!(
        first.last_attempt,
        Some(Attempt {
            sequence: 1,
            grant: 1,
            cause: Cause::Expiring,
            by: "pid 1 on a".to_owned(),
            started_at: at(0),
            outcome: Outcome::Pending,
            finished_at: None,
            retry_at: None,
            failures: 0,
            failing_since: None,
            next_at: None,
            said: None,
        })
    );
    assert_eq!(first.grants, login().grants, "the grants are as they were");
    let second = begun(first, 0);
    assert_eq!((last(&second).sequence, last(&second).grant), (2, 0));
}

#[test]
fn only_the_grant_of_a_pending_attempt_is_pending() {
    let mut login = begun(login(), 1);
    assert!(login.is_pending(1));
    assert!(!login.is_pending(0));
    login.end_attempt(&Ending::Rotated(bare_answer()), at(5));
    assert!(!login.is_pending(1));
}

#[test]
fn a_lease_is_heeded_only_on_a_token_that_lives_and_only_by_a_call_that_wants_more_time() {
    let heeds = |change: fn(&mut Login), cause| {
        let mut login = login();
        login.grants[0].refused = false;
        login.grants[0].expires_at = Some(at(60));
        change(&mut login);
        login.heeds_leases(0, cause, at(0))
    };
    assert!(heeds(|_| {}, Cause::Expiring));
    assert!(!heeds(|_| {}, Cause::Asked));
    assert!(!heeds(|_| {}, Cause::Refused));
    let dead: [fn(&mut Login); 4] = [
        |login| login.grants[0].refused = true,
        |login| login.grants[0].expires_at = Some(at(0)),
        |login| login.grants[0].state = GrantState::Doubtful { since: at(0) },
        |login| login.client.rotation = RotationEffect::Keeps,
    ];
    for change in dead {
        assert!(!heeds(change, Cause::Expiring));
    }
}

#[test]
fn a_rotation_makes_one_generation_more_than_any_grant_has() {
    let mut login = begun(login(), 1);
    login.end_attempt(&Ending::Rotated(bare_answer()), at(5));
    let generations: Vec<_> = login.grants.iter().map(|g| g.generation).collect();
    assert_eq!(generations, [7, 8]);
}

#[test]
fn a_rotation_replaces_what_the_answer_says() {
    let new = refresh_token("new refresh token");
    let rotation = Rotation {
        refresh_token: Some(new.clone()),
        scopes: Some(vec!["read_api".to_owned(), "openid".to_owned()]),
        expires_in: Some(seconds(7200)),
        refresh_expires_in: Some(seconds(90_000)),
        ..bare_answer()
    };
    assert_eq!(
        rotated(rotation.clone()),
        Grant {
            generation: 8,
            origin: grant(7).origin,
            access_token: rotation.access_token,
            refresh_token: Some((&new).into()),
            token_type: "Bearer".to_owned(),
            scopes: vec!["read_api".to_owned(), "openid".to_owned()],
            // By our clock before the request left, not after the answer came.
            issued_at: at(0),
            expires_at: Some(at(7200)),
            refresh_expires_at: Some(at(90_000)),
            cause: Cause::Expiring,
            state: GrantState::Active,
            refused: false,
            answer_lost_at: None,
            issued_boot: IssuedBoot::default(),
            refusals: None,
        }
    );
}

#[test]
fn a_rotation_keeps_what_the_answer_does_not_say() {
    let kept = rotated(bare_answer());
    assert_eq!(kept.refresh_token, grant(7).refresh_token);
    assert_eq!(kept.scopes, grant(7).scopes);
    assert_eq!(kept.refresh_expires_at, grant(7).refresh_expires_at);
}

#[test]
fn a_lifetime_that_the_answer_does_not_say_is_that_of_the_token_before() {
    for (issued_at, expires_at, kept) in [
        (Some(-7200), Some(-60), Some(7140)),
        (Some(-60), Some(0), Some(60)),
        // Imported with little life left, or with none: that says nothing of the next one.
        (Some(-59), Some(0), None),
        (Some(0), Some(0), None),
        (Some(0), None, None),
    ] {
        let mut login = login();
        let grant = &mut login.grants[0];
        grant.issued_at = issued_at.map(at).unwrap();
        grant.expires_at = expires_at.map(at);
        let mut login = begun(login, 0);
        login.end_attempt(&Ending::Rotated(bare_answer()), at(1));
        assert_eq!(login.grants[0].expires_at, kept.map(at));
    }
}

#[test]
fn a_new_refresh_token_without_an_end_has_none() {
    let rotation = Rotation {
        refresh_token: Some(refresh_token("new refresh token")),
        ..bare_answer()
    };
    assert_eq!(rotated(rotation).refresh_expires_at, None);
}

#[test]
fn a_refresh_token_that_is_kept_takes_a_new_end() {
    let rotation = Rotation {
        refresh_expires_in: Some(seconds(60)),
        ..bare_answer()
    };
    assert_eq!(rotated(rotation).refresh_expires_at, Some(at(60)));
}

#[test]
fn a_rotation_makes_any_grant_active() {
    for state in [
        GrantState::Active,
        GrantState::Doubtful { since: at(-1) },
        GrantState::LoginRequired { since: at(-1) },
    ] {
        let mut login = begun(with_state(state), 0);
        login.end_attempt(&Ending::Rotated(bare_answer()), at(5));
        assert_eq!(login.grants[0].state, GrantState::Active);
    }
}

#[test]
fn an_attempt_ends_with_its_outcome_and_the_time() {
    let mut rotated = begun(login(), 0);
    rotated.end_attempt(&Ending::Rotated(bare_answer()), at(5));
    let outcome = |login: &Login| (last(login).outcome, last(login).finished_at);
    assert_eq!(outcome(&rotated), (Outcome::Rotated, Some(at(5))));
    let failed = failed(login(), Failed::unchanged(Outcome::Unreachable));
    assert_eq!(outcome(&failed), (Outcome::Unreachable, Some(at(5))));
}

#[test]
fn the_other_grant_stays_as_it_was() {
    let mut rotated = begun(login(), 0);
    rotated.end_attempt(&Ending::Rotated(bare_answer()), at(5));
    let failed = failed(login(), Failed::doubtful(Outcome::AnswerLost));
    for login in [rotated, failed] {
        assert_eq!(login.grants[1], grant(4));
    }
}

#[test]
fn a_verdict_moves_the_state_and_notes_a_lost_answer_and_nothing_else() {
    use GrantState::{Active, Doubtful, LoginRequired};
    let (before, now) = (at(-60), at(5));
    let unchanged = Failed::unchanged(Outcome::Unavailable);
    let doubtful = Failed::doubtful(Outcome::Unavailable);
    let ended = Failed::unchanged(Outcome::LoginRequired);
    for (state, verdict, expected) in [
        (Active, unchanged, Active),
        (Active, doubtful, Doubtful { since: now }),
        (Active, ended, LoginRequired { since: now }),
        (
            Doubtful { since: before },
            unchanged,
            Doubtful { since: before },
        ),
        (
            Doubtful { since: before },
            doubtful,
            Doubtful { since: before },
        ),
        (
            Doubtful { since: before },
            ended,
            LoginRequired { since: now },
        ),
        (
            LoginRequired { since: before },
            doubtful,
            LoginRequired { since: before },
        ),
    ] {
        let ended = failed(with_state(state), verdict);
        let expected = Grant {
            state: expected,
            answer_lost_at: verdict.may_have_rotated.then_some(now),
            refusals: ended.grants[0].refusals.clone(),
            ..grant(7)
        };
        assert_eq!(ended.grants[0], expected, "{state:?}, {verdict:?}");
        let is_refusal = verdict.outcome == Outcome::LoginRequired;
        assert_eq!(
            ended.grants[0].refusals.is_some(),
            is_refusal,
            "{verdict:?}"
        );
    }
}

#[test]
fn retry_at_is_an_hour_away_at_most() {
    for (asked, expected) in [
        (None, None),
        (Some(seconds(0)), Some(at(5))),
        (Some(seconds(30)), Some(at(35))),
        (Some(seconds(3600)), Some(at(3605))),
        (Some(seconds(3601)), Some(at(3605))),
        (Some(Duration::MAX), Some(at(3605))),
    ] {
        let verdict = Failed {
            retry_after: asked,
            ..Failed::unchanged(Outcome::RateLimited)
        };
        let ended = failed(login(), verdict);
        assert_eq!(last(&ended).retry_at, expected, "{asked:?}");
    }
}

#[test]
fn the_next_attempt_forgets_retry_at() {
    let verdict = Failed {
        retry_after: Some(seconds(30)),
        ..Failed::unchanged(Outcome::RateLimited)
    };
    let next = begun(failed(login(), verdict), 0);
    assert_eq!(last(&next).retry_at, None);
}

#[test]
fn an_attempt_that_was_cut_off_leaves_its_grant_doubtful() {
    let mut login = begun(login(), 1);
    login.cut_off(at(60));
    // Not when it was found: the answer was lost after the request left.
    assert_eq!(login.grants[1].state, GrantState::Doubtful { since: at(0) });
    assert_eq!(login.grants[0], grant(7));
    let last = last(&login);
    assert_eq!(last.outcome, Outcome::CutOff);
    assert_eq!(last.finished_at, Some(at(60)));
    assert_eq!((last.sequence, last.started_at), (1, at(0)));
}

#[test]
fn only_a_pending_attempt_can_be_cut_off() {
    let ended = failed(login(), Failed::unchanged(Outcome::Unreachable));
    for before in [login(), ended] {
        let mut after = before.clone();
        after.cut_off(at(60));
        assert_eq!(after, before);
    }
}

#[test]
fn what_is_seen_is_the_highest_generation_and_the_last_attempt() {
    let record = Record {
        id: crate::credential::AccountId {
            host: crate::credential::HostArg::parse("gitlab.com")
                .unwrap()
                .host,
            account: crate::credential::AccountName::default_name(),
        },
        scheme: crate::credential::Scheme::Https,
        identity: None,
        content: crate::credential::Content::Login(begun(login(), 1)),
    };
    let seen = Seen::of(&record);
    assert_eq!(seen.generation, 7);
    assert_eq!(seen.attempt, begun(login(), 1).last_attempt);
}

#[test]
fn when_an_answer_was_lost_is_known_until_the_next_rotation() {
    let lost = Failed::doubtful(Outcome::AnswerLost);
    let doubtful = failed(login(), lost);
    let since = doubtful.grants[0].answer_lost_at;
    assert!(since.is_some());
    let ended = failed(doubtful.clone(), Failed::unchanged(Outcome::LoginRequired));
    assert_eq!(ended.grants[0].answer_lost_at, since);
    let again = failed(doubtful.clone(), lost);
    assert_eq!(again.grants[0].answer_lost_at, since);
    let mut rotated = begun(doubtful, 0);
    rotated.end_attempt(&Ending::Rotated(bare_answer()), at(10));
    assert_eq!(rotated.grants[0].answer_lost_at, None);
    let ended = failed(login(), Failed::unchanged(Outcome::LoginRequired));
    assert_eq!(ended.grants[0].answer_lost_at, None);
}

#[test]
fn a_grant_is_added_beside_the_only_one_or_in_the_place_of_one_that_is_not_good() {
    let (ended, doubtful) = (
        GrantState::LoginRequired { since: at(0) },
        GrantState::Doubtful { since: at(0) },
    );
    for (states, room, standby) in [
        (&[GrantState::Active][..], Some(1), Standby::None),
        (&[ended], Some(1), Standby::None),
        (
            &[GrantState::Active, GrantState::Active],
            None,
            Standby::Ready,
        ),
        (&[ended, GrantState::Active], Some(0), Standby::Lost),
        (&[GrantState::Active, doubtful], Some(1), Standby::Doubtful),
        (&[doubtful, ended], Some(1), Standby::Lost),
        (&[ended, ended], Some(0), Standby::None),
    ] {
        let mut login = login();
        login.grants = states
            .iter()
            .map(|&state| Grant { state, ..grant(3) })
            .collect();
        assert_eq!(login.room_for_standby(), room, "{states:?}");
        assert_eq!(login.standby(), standby, "{states:?}");
    }
}

/// P4, and I5.
#[test]
fn a_grant_that_is_added_has_the_next_generation_and_no_verdict_on_the_one_that_went() {
    let tried = |place: usize, retry_after: Option<u64>| {
        let mut login = login();
        login.begin_attempt(place, Cause::Expiring, String::new(), at(0));
        let failed = Failed {
            retry_after: retry_after.map(seconds),
            ..Failed::unchanged(Outcome::LoginRequired)
        };
        login.end_attempt(&Ending::Failed(failed, None), at(0));
        login
    };
    for (place, retry_after, is_dropped) in
        [(0, None, true), (1, None, false), (0, Some(60), false)]
    {
        let mut login = tried(place, retry_after);
        assert_eq!(login.add_grant(0, grant(1)), is_dropped);
        assert_eq!(login.last_attempt.is_none(), is_dropped);
        let generations: Vec<_> = login.grants.iter().map(|grant| grant.generation).collect();
        assert_eq!(generations, [8, 4]);
        assert_eq!(login.grants[0].state, GrantState::Active);
    }
}
