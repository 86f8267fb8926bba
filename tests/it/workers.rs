//! Twenty workers that ask for a token whenever they need one, across ten expiries.

use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::support::authorization_server::{AuthorizationServer, Rotation, Settings};
use crate::support::sandbox::{LIMIT, Sandbox};

const WORKERS: usize = 20;
const ROTATIONS: usize = 10;
const LIFETIME: Duration = Duration::from_secs(2);

/// What the workers saw, in numbers of tokens.
#[derive(Debug, Default)]
struct Tally {
    /// Accepted by the server right after they were printed.
    alive: usize,
    /// Dead by then, before their time: another process had rotated them away.
    rotated_away: usize,
    /// Expired between the moment they were printed and the question.
    expired_since: usize,
    /// Not printed, because they had expired by the time that they were stored: on a machine that
    /// has more to do than it can.
    too_late: usize,
}

/// One worker, until the server has rotated often enough.
fn work(server: &AuthorizationServer, sandbox: &Sandbox) -> Tally {
    let mut tally = Tally::default();
    let started = Instant::now();
    while server.rotations() < ROTATIONS {
        assert!(started.elapsed() < LIMIT, "waited for rotations");
        let before = Timestamp::now();
        let args = ["token", "--format", "json", &server.url()];
        let finished = sandbox.run(&args);
        if finished.code() == Some(4) && finished.stderr.contains("is valid for long enough") {
            assert_eq!(finished.stdout, "");
            tally.too_late += 1;
            continue;
        }
        let printed: serde_json::Value = finished.succeeds().parse().unwrap();
        let token = printed["access_token"].as_str().unwrap();
        let expires_at: Timestamp = printed["expires_at"].as_str().unwrap().parse().unwrap();
        assert!(expires_at > before, "an expired token was printed");
        if server.is_alive(token) {
            tally.alive += 1;
        } else if Timestamp::now() >= expires_at {
            tally.expired_since += 1;
        } else {
            let current = server.current_pair(token).access_token;
            assert_ne!(current, token, "a dead token was printed");
            tally.rotated_away += 1;
        }
    }
    tally
}

/// Lets the workers work; returns what all of them saw.
fn all_work(rotation: Rotation, effect: &str) -> Tally {
    let server = AuthorizationServer::start_with(Settings {
        rotation,
        expires_in: Some(LIFETIME),
        ..Settings::default()
    });
    let started = Instant::now();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.edit(&server, |record| {
        record["client"]["rotation"] = effect.into();
    });

    let tallies: Vec<Tally> = thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|_| scope.spawn(|| work(&server, &sandbox)))
            .collect();
        let tallies = workers.into_iter().map(|worker| worker.join().unwrap());
        tallies.collect()
    });

    // Each request was granted, and no token was renewed before a tenth of its life was left; of
    // the first one a second may have passed, to which `created_at` is rounded.
    assert_eq!(server.refresh_requests(), server.rotations());
    assert_eq!(server.replays(), 0);
    let shortest = LIFETIME * 9 / 10;
    let most = started.elapsed().as_millis() / shortest.as_millis() + 1;
    assert!(server.rotations() as u128 <= most, "{most}");
    tallies
        .into_iter()
        .fold(Tally::default(), |sum, one| Tally {
            alive: sum.alive + one.alive,
            rotated_away: sum.rotated_away + one.rotated_away,
            expired_since: sum.expired_since + one.expired_since,
            too_late: sum.too_late + one.too_late,
        })
}

#[test]
fn across_ten_expiries_every_token_was_alive_when_it_was_printed() {
    let tally = all_work(Rotation::Keeps, "keeps");
    assert_eq!(tally.rotated_away, 0, "{tally:?}");
    assert!(
        tally.alive > tally.expired_since + tally.too_late,
        "{tally:?}"
    );
}

/// Where a rotation kills, a token may die between the moment it is printed and the question
/// (docs/in-progress.md): once a worker and rotation, at most.
#[test]
fn ten_expiries_at_a_server_that_kills_break_no_login() {
    let tally = all_work(Rotation::Kills, "kills");
    assert!(tally.rotated_away <= WORKERS * ROTATIONS, "{tally:?}");
    let not_alive = tally.rotated_away + tally.expired_since + tally.too_late;
    assert!(tally.alive > not_alive, "{tally:?}");
}
