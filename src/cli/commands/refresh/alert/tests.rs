use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const QUARTER: Duration = Duration::from_secs(15 * 60);

fn start() -> Timestamp {
    Timestamp::from_unix_millis(1_795_428_000_000)
}

/// At which runs, a quarter of an hour apart, something is told where each ends as `exit` says.
fn told_at(runs: u32, exit: impl Fn(u32) -> Exit) -> Vec<u32> {
    let mut alert = Alert::default();
    let run = |number: &u32| match exit(*number) {
        Exit::Done => {
            alert = Alert::default();
            false
        }
        exit => note(&mut alert, exit, None, DAY, start().plus(QUARTER * *number)),
    };
    (0..runs).filter(run).collect()
}

#[test]
fn a_failure_that_may_pass_is_told_after_a_day_and_then_once_a_day() {
    assert_eq!(told_at(96 * 3 + 1, |_| Exit::TryAgain), [96, 192, 288]);
    // It has passed in between.
    let passing = |run| {
        if run == 90 {
            Exit::Done
        } else {
            Exit::TryAgain
        }
    };
    assert_eq!(told_at(200, passing), [91 + 96]);
}

#[test]
fn what_needs_a_person_is_told_at_once_and_then_once_a_day() {
    for exit in [
        Exit::Unexpected,
        Exit::Usage,
        Exit::LoginRequired,
        Exit::Store,
    ] {
        assert_eq!(told_at(200, |_| exit), [0, 96, 192], "{exit:?}");
    }
    // Another trouble is news, and the network beside it is none.
    let changing = |run| match run {
        10..20 => Exit::TryAgain,
        20..30 => Exit::Store,
        _ => Exit::LoginRequired,
    };
    assert_eq!(told_at(96, changing), [0, 20]);
}

#[test]
fn the_record_knows_since_when_the_server_fails() {
    let mut alert = Alert::default();
    let since = Some(start());
    let now = start().plus(DAY);
    assert!(note(&mut alert, Exit::TryAgain, since, DAY, now));
    let now = start().plus(DAY + QUARTER);
    assert!(!note(&mut alert, Exit::TryAgain, since, DAY, now));
}

#[test]
fn new_tokens_end_what_was_told_but_for_a_warning_beside_a_token_that_works() {
    let told = [Exit::Done, Exit::LoginRequired].map(|exit| (exit.code(), start()));
    let mut alert = Alert {
        since: Some(start()),
        told: told.into(),
    };
    for issued_at in [None, Some(start().minus(DAY)), Some(start())] {
        let before = alert.clone();
        forget(&mut alert, issued_at);
        assert_eq!(alert, before, "{issued_at:?}");
    }
    forget(&mut alert, Some(start().plus(QUARTER)));
    assert_eq!(alert.since, None);
    assert_eq!(alert.told.keys().collect::<Vec<_>>(), [&0]);
}
