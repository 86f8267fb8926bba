//! Logins, standby grants and logouts beside what another machine does at the same time.

use super::*;
use crate::support::authorization_server::REVOKE;

#[test]
fn a_login_waits_for_the_refresh_of_another_machine() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    let held = server.hold_answers(TOKEN);
    let refreshing = one.start_hastened(2, &["refresh", "--force", &server.url()]);
    held.wait_for(1);
    let again = server.log_in();
    let login = ["login", "--import", &server.url()];
    let mut command = other.command(&login);
    let logging_in = Running::spawn_with_input(&mut command, &again.response);
    let looks = "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'glauth'";
    postgres.wait_for(looks, "t");
    assert_eq!(postgres.sql("SELECT outcome FROM glauth.record"), "pending");
    held.release();
    refreshing.finish().succeeds();
    logging_in.finish().succeeds();
    one.reject(&pair.access_token, &server.url());
    for machine in [&one, &other] {
        machine
            .run(&["refresh", "--force", &server.url()])
            .succeeds();
        let new = server.current_pair(&again.access_token).access_token;
        assert_eq!(machine.prints(&["token", &server.url()]), new);
    }
    assert_eq!(server.replays(), 0);
}

#[test]
fn of_two_logins_at_once_the_later_one_stands_on_both_machines() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    let pairs = [server.log_in(), server.log_in()];
    let login = ["login", "--import", &server.url()];
    let locked = postgres.lock_rows();
    let both: Vec<Running> = [&one, &other]
        .into_iter()
        .zip(&pairs)
        .map(|(machine, pair)| {
            Running::spawn_with_input(&mut machine.command(&login), &pair.response)
        })
        .collect();
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'glauth' \
        AND wait_event_type = 'Lock'";
    postgres.wait_for(waiting, "2");
    drop(locked);
    for running in both {
        running.finish().succeeds();
    }
    for machine in [&one, &other, &one] {
        machine
            .run(&["refresh", "--force", &server.url()])
            .succeeds();
    }
    let token = one.prints(&["token", &server.url()]);
    let current = |pair: &Pair| server.current_pair(&pair.access_token).access_token;
    let stored = pairs.iter().find(|pair| current(pair) == token).unwrap();
    other.run(&["refresh", "--force", &server.url()]).succeeds();
    assert_eq!(
        other.prints(&["token", &server.url()]),
        current(stored),
        "instead of {}",
        pair.access_token
    );
    assert_eq!(server.replays(), 0);
}

/// Both machines have a login with two grants.
fn with_standby(one: &Machine, other: &Machine, server: &AuthorizationServer) -> [Pair; 2] {
    let first = logged_in(one, other, server);
    let second = server.log_in();
    let standby = ["login", "--standby", "--import", &server.url()];
    other.run_with_input(&standby, &second.response).succeeds();
    [first, second]
}

#[test]
fn a_standby_grant_that_one_machine_adds_is_refreshed_by_the_other() {
    let Some((_postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pairs = with_standby(&one, &other, &server);
    // The first look finds what the other machine has added.
    for _ in 0..3 {
        one.run(&["refresh", "--force", &server.url()]).succeeds();
    }
    for pair in &pairs {
        assert_ne!(
            server.current_pair(&pair.access_token).access_token,
            pair.access_token
        );
    }
    assert_eq!(server.replays(), 0);
}

#[test]
fn a_logout_ends_what_another_machine_refreshes_meanwhile() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pairs = with_standby(&one, &other, &server);
    let held = server.hold_requests(REVOKE);
    let logging_out = one.start(&["logout", &server.url()]);
    held.wait_for(1);
    // The row is another one when the first grant has ended.
    let before = postgres.sql("SELECT generation FROM glauth.record");
    other.run(&["refresh", "--force", &server.url()]);
    assert_ne!(postgres.sql("SELECT generation FROM glauth.record"), before);
    held.release();
    logging_out.finish().succeeds();
    for pair in &pairs {
        let newest = server.current_pair(&pair.access_token).access_token;
        assert!(!server.is_alive(&newest));
    }
    other.run(&["refresh", &server.url()]).fails(3);
    assert_eq!(server.replays(), 0);
    one.run(&["logout", "--forget", &server.url()]).succeeds();
    assert_eq!(postgres.sql("SELECT count(*) FROM glauth.record"), "0");
    other.run(&["token", &server.url()]).fails(3);
    assert!(!other.file(&server, "toml").exists());
}
