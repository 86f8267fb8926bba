//! What holds of every login, every need and every clock.

use proptest::prelude::*;

use super::*;

fn points() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        4 => (-4000i64..8000).prop_map(at),
        1 => prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0)]
            .prop_map(Timestamp::from_unix_millis),
        1 => any::<i64>().prop_map(Timestamp::from_unix_millis),
    ]
}

fn causes() -> impl Strategy<Value = Cause> {
    prop_oneof![
        Just(Cause::Login),
        Just(Cause::Expiring),
        Just(Cause::Refused),
        Just(Cause::Asked)
    ]
}

fn states() -> impl Strategy<Value = GrantState> {
    prop_oneof![
        3 => Just(GrantState::Active),
        1 => points().prop_map(|since| GrantState::Doubtful { since }),
        1 => points().prop_map(|since| GrantState::LoginRequired { since }),
    ]
}

fn lengths() -> impl Strategy<Value = Duration> {
    prop_oneof![
        4 => (0u64..9000).prop_map(Duration::from_secs),
        1 => Just(Duration::MAX),
    ]
}

fn grants() -> impl Strategy<Value = Grant> {
    (
        prop_oneof![Just("a"), Just("b")],
        points(),
        proptest::option::of(points()),
        causes(),
        states(),
        any::<bool>(),
        prop_oneof![4 => Just(true), 1 => Just(false)],
        0u64..5,
    )
        .prop_map(
            |(name, issued_at, expires_at, cause, state, refused, renewable, generation)| {
                let grant = token(name).0;
                Grant {
                    generation,
                    issued_at,
                    expires_at,
                    cause,
                    state,
                    refused,
                    refresh_token: grant.refresh_token.filter(|_| renewable),
                    ..grant
                }
            },
        )
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Pending),
        Just(Outcome::Rotated),
        Just(Outcome::Unreachable),
        Just(Outcome::RateLimited),
        Just(Outcome::AnswerLost),
        Just(Outcome::LoginRequired),
        Just(Outcome::CutOff),
    ]
}

fn attempts() -> impl Strategy<Value = Attempt> {
    (
        0u64..3,
        0usize..3,
        causes(),
        points(),
        outcomes(),
        proptest::option::of(points()),
        proptest::option::of(points()),
    )
        .prop_map(
            |(sequence, grant, cause, started_at, outcome, finished_at, retry_at)| Attempt {
                sequence,
                grant,
                cause,
                by: String::new(),
                started_at,
                outcome,
                finished_at,
                retry_at,
                failures: 0,
                failing_since: None,
                next_at: None,
                said: None,
            },
        )
}

prop_compose! {
    fn logins()(
        grants in proptest::collection::vec(grants(), 1..=2),
        last_attempt in proptest::option::of(attempts()),
        kills in any::<bool>(),
        revokes in any::<bool>(),
        endpoint in any::<bool>(),
    ) -> Login {
        let mut case = with_grants(grants);
        case.login.last_attempt = last_attempt;
        if !kills {
            case = case.rotation_keeps();
        }
        if revokes {
            case = case.replay_revokes();
        }
        if !endpoint {
            case = case.no_check_endpoint();
        }
        case.login
    }
}

fn verdicts() -> impl Strategy<Value = CheckVerdict> {
    prop_oneof![
        Just(CheckVerdict::Alive),
        Just(CheckVerdict::Dead),
        Just(CheckVerdict::Unknown),
        Just(CheckVerdict::Silent(Outcome::Unavailable)),
    ]
}

prop_compose! {
    fn cases()(
        login in logins(),
        asked in prop_oneof![
            2 => Just(Asked::Token),
            1 => proptest::option::of(lengths()).prop_map(Asked::Refresh),
            1 => Just(Asked::Force),
        ],
        min_ttl in (any::<bool>(), lengths()).prop_map(|(demanded, length)| if demanded {
            MinTtl::Demanded(length)
        } else {
            MinTtl::Preferred(length)
        }),
        rejected in proptest::option::of(prop_oneof![Just("a"), Just("c")]),
        checked in proptest::option::of((prop_oneof![Just("a"), Just("b")], verdicts())),
        seen in proptest::option::of((0u64..5, proptest::option::of(attempts()))),
        leased in proptest::option::of(prop_oneof![Just("a"), Just("b")]),
    ) -> Case {
        Case {
            login,
            asked,
            min_ttl,
            rejected: rejected.map(access_token),
            checked: checked.map(|(name, verdict)| Checked {
                token: access_token(name),
                verdict,
            }),
            seen: seen.map(|(generation, attempt)| Seen { generation, attempt }),
            leased: leased.map(access_token),
        }
    }
}

/// Life left as it counts where a grant to refresh is chosen, a replay is harmless and this
/// caller has rejected no token.
fn life(grant: &Grant, now: Timestamp) -> u128 {
    let none = grant.refused || matches!(grant.state, GrantState::Doubtful { .. });
    match grant.expires_at {
        _ if none => 0,
        Some(end) => end.since(now).as_millis(),
        None => u128::MAX,
    }
}

proptest! {
    #[test]
    fn decide_always_has_an_answer(case in cases(), now in points()) {
        let verdict = decide(&case.login, now, &case.need());
        let places = [living(&case.login, now, &case.need()), handed_out(&case.login)];
        let exists = |index: usize| index < case.login.grants.len();
        prop_assert!(places.into_iter().flatten().all(exists));
        if let Verdict::Use(index) | Verdict::Check(index) | Verdict::Mark(index) = verdict {
            prop_assert!(exists(index));
        }
    }

    #[test]
    fn no_dead_token_is_used(case in cases(), now in points()) {
        if let Verdict::Use(index) = decide(&case.login, now, &case.need()) {
            let grant = &case.login.grants[index];
            // Where a lease or a slow server leaves no other, a doubtful token that lives will do.
            let is_left = living(&case.login, now, &case.need()) == Some(index);
            let is_good = grant.state == GrantState::Active && !case.login.is_pending(index);
            prop_assert!(is_good || is_left);
            prop_assert!(!grant.refused);
            prop_assert!(case.rejected.as_ref() != Some(&grant.access_token));
            prop_assert!(grant.expires_at.is_none_or(|end| end > now));
        }
    }

    #[test]
    fn no_dead_token_is_fallen_back_on(case in cases(), now in points()) {
        if let Some(index) = living(&case.login, now, &case.need()) {
            let grant = &case.login.grants[index];
            let kills = case.login.client.rotation == RotationEffect::Kills;
            prop_assert!(!grant.refused);
            prop_assert!(case.rejected.as_ref() != Some(&grant.access_token));
            prop_assert!(grant.expires_at.is_none_or(|end| end > now));
            prop_assert!(!(kills && grant.state == GrantState::Active
                && case.login.is_pending(index)));
        }
    }

    #[test]
    fn what_is_refreshed_can_be_refreshed(case in cases(), now in points()) {
        if let Verdict::Refresh { grant, .. } = decide(&case.login, now, &case.need()) {
            let grant = &case.login.grants[grant];
            prop_assert!(grant.refresh_token.is_some());
            let ended = matches!(grant.state, GrantState::LoginRequired { .. });
            prop_assert!(!ended || case.asked == Asked::Force);
        }
    }

    #[test]
    fn a_gentle_refresh_ends_no_living_token(case in cases(), now in points()) {
        let mut case = case.refresh();
        case.min_ttl = MinTtl::Preferred(DEFAULT_MIN_TTL);
        case.login.client.rotation = RotationEffect::Kills;
        if let Verdict::Refresh { grant: index, .. } = decide(&case.login, now, &case.need()) {
            let grant = &case.login.grants[index];
            let dead = grant.refused
                || case.rejected.as_ref() == Some(&grant.access_token)
                || grant.expires_at.is_some_and(|end| end <= now);
            let in_doubt = grant.state != GrantState::Active || case.login.is_pending(index);
            let from_the_future = now < grant.issued_at.minus(CLOCK_SLACK);
            prop_assert!(dead || in_doubt || from_the_future);
        }
    }

    #[test]
    fn with_two_grants_the_one_with_less_life_is_refreshed(
        case in cases(),
        mut pair in proptest::collection::vec(grants(), 2),
        now in points(),
    ) {
        for grant in &mut pair {
            let token = RefreshToken::new("any".to_owned()).unwrap();
            grant.refresh_token = Some((&token).into());
            if matches!(grant.state, GrantState::LoginRequired { .. }) {
                grant.state = GrantState::Active;
            }
        }
        let mut case = case.asks(Asked::Token);
        case.rejected = None;
        case.login.client.replay = ReuseDetection::Harmless;
        case.login.grants = pair;
        if let Verdict::Refresh { grant, .. } = decide(&case.login, now, &case.need()) {
            let [own, other] = [grant, 1 - grant].map(|index| &case.login.grants[index]);
            prop_assert!(life(own, now) <= life(other, now));
        }
    }
}
