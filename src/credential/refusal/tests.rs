use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_millis(1_795_428_000_000 + seconds * 1000)
}

#[test]
fn a_wait_doubles_from_a_second_to_a_minute_and_to_two_seconds_where_nothing_was_sent() {
    let waits = |unsent| (1..=9).map(move |failures| wait(failures, unsent).as_secs());
    assert!(waits(false).eq([1, 2, 4, 8, 16, 32, 60, 60, 60]));
    assert!(waits(true).eq([1, 2, 2, 2, 2, 2, 2, 2, 2]));
    for failures in [0, u64::MAX] {
        assert!(wait(failures, false) <= LONGEST_WAIT);
    }
}

#[test]
fn a_wait_holds_until_it_is_over_and_not_where_the_clock_was_set_back() {
    for (now, holds) in [
        (59, true),
        (60, false),
        (61, false),
        (-60, true),
        (-61, false),
    ] {
        assert_eq!(in_force(at(60), at(now)), holds, "{now}");
    }
}

#[test]
fn three_refusals_and_ten_minutes_need_a_person() {
    for (count, seconds, expected) in [
        (1, 6000, false),
        (2, 6000, false),
        (3, 599, false),
        (3, 600, true),
        (4, 600, true),
        (3, -600, false),
    ] {
        let refusals = Refusals {
            count,
            since: at(0),
            next_at: at(0),
            invalid: false,
            said: None,
        };
        let found = refusals.need_person(at(seconds));
        assert_eq!(found, expected, "{count} in {seconds} s");
    }
}
