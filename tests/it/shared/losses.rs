//! What a database loses that fails over to a standby, or that was restored from a backup; and answers that come too
//! late for their login.

use super::{Machine, dies_at, logged_in, machines};
use crate::support::authorization_server::{AuthorizationServer, REVOKE};
use crate::support::postgres::Postgres;

/// The rows as they are now, to be put back later.
fn save(postgres: &Postgres) {
    postgres.sql("CREATE TABLE saved AS SELECT * FROM glauth.record");
}

/// What a failover to a standby that lags leaves.
fn lose_what_came_since(postgres: &Postgres) {
    postgres.sql("DELETE FROM glauth.record; INSERT INTO glauth.record SELECT * FROM saved");
}

#[test]
fn a_rotation_that_the_database_loses_is_delivered_again_by_its_machine() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    let url = server.url();
    save(&postgres);
    one.run(&["refresh", "--force", &url]).succeeds();
    let new = server.current_pair(&pair.access_token).access_token;
    let refused = ["token", "--rejected", &url];
    let adopted = other.run_with_input(&refused, &pair.access_token);
    assert_eq!(adopted.succeeds().trim_end(), new);
    lose_what_came_since(&postgres);
    // A machine that saw the rotation presents nothing, and still hands out what it has.
    let stopped = other.run(&["refresh", "--force", &url]);
    assert!(
        stopped.stderr.contains("has lost the last refresh"),
        "{stopped:?}"
    );
    stopped.fails(5);
    assert_eq!(other.prints(&["token", &url]), new);
    assert_eq!(server.refresh_requests(), 1);
    // The one that made it has the answer still.
    one.run(&["refresh", "--force", &url]).succeeds();
    // It adopts that one, which came after what it had seen.
    other.run(&["refresh", "--force", &url]).succeeds();
    assert_eq!((server.refresh_requests(), server.replays()), (2, 0));
}

#[test]
fn a_login_that_the_database_loses_is_refused_until_there_is_a_new_one() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    logged_in(&one, &other, &server);
    let url = server.url();
    save(&postgres);
    let log_in = |machine: &Machine| {
        let pair = server.log_in();
        let login = ["login", "--import", &url];
        machine.run_with_input(&login, &pair.response).succeeds();
        pair
    };
    let second = log_in(&other);
    lose_what_came_since(&postgres);
    let asked = server.refresh_requests();
    for args in [&["refresh", "--force", &*url][..], &["logout", &url]] {
        let stopped = other.run(args);
        assert!(
            stopped.stderr.contains("has lost the last refresh"),
            "{stopped:?}"
        );
        stopped.fails(5);
    }
    assert_eq!(server.refresh_requests(), asked);
    assert_eq!(other.prints(&["token", &url]), second.access_token);
    // What the hint says goes.
    let third = log_in(&other);
    other.run(&["refresh", "--force", &url]).succeeds();
    one.run(&["refresh", "--force", &url]).succeeds();
    let new = server.current_pair(&third.access_token).access_token;
    assert_eq!(one.prints(&["token", &url]), new);
    assert_eq!(server.replays(), 0);
}

#[test]
fn an_answer_for_a_login_that_is_gone_is_revoked() {
    let Some((_postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    let url = server.url();
    if !dies_at(&one, "written", &url) {
        return;
    }
    let left = server.current_pair(&pair.access_token);
    other.run(&["logout", &url]).succeeds();
    let revoked = || {
        let requests = server.requests();
        let revoked = requests.iter().filter(|one| one.request.path == REVOKE);
        revoked
            .filter(|one| one.request.parameter("token") == Some(&left.refresh_token))
            .count()
    };
    assert_eq!(revoked(), 0);
    let ended = one.run(&["refresh", "--force", &url]);
    ended.fails(3);
    assert_eq!(revoked(), 1);
    one.run(&["refresh", "--force", &url]).fails(3);
    assert_eq!(revoked(), 1);
}
