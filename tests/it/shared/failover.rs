//! A database that fails over to a standby which lacks the last commits.

use super::*;

/// Keeps the rows as they are, as a standby does that is behind.
fn fall_behind(postgres: &Postgres) {
    postgres.sql("CREATE TABLE behind AS TABLE glauth.record");
}

/// Fails over to that standby.
fn fail_over(postgres: &mut Postgres) {
    postgres.fail_over();
    postgres.sql(
        "DELETE FROM glauth.record; INSERT INTO glauth.record TABLE behind; DROP TABLE behind",
    );
}

#[test]
fn an_answer_that_a_failover_lost_is_refused_elsewhere_and_delivered_again_by_its_machine() {
    let Some((mut postgres, [one, other])) = machines() else {
        return;
    };
    if !hastens() {
        return;
    }
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    fall_behind(&postgres);
    one.run(&["refresh", "--force", &server.url()]).succeeds();
    let new = server.current_pair(&pair.access_token).access_token;
    let adopted = other.reject(&pair.access_token, &server.url());
    assert_eq!(adopted.succeeds().trim_end(), new);
    fail_over(&mut postgres);
    let refused = other.run(&["refresh", "--force", &server.url()]);
    assert!(
        refused.stderr.contains("has lost the last refresh"),
        "{refused:?}"
    );
    refused.fails(5);
    assert_eq!(server.refresh_requests(), 1);
    // The machine that rotated has the answer in its journal; what else is missing has its time first.
    one.run(&["refresh", "--force", &server.url()]).succeeds();
    assert_eq!(server.refresh_requests(), 2);
    let newest = server.current_pair(&pair.access_token).access_token;
    let adopted = other.reject(&new, &server.url());
    assert_eq!(adopted.succeeds().trim_end(), newest);
    assert_eq!(server.replays(), 0);
}

#[test]
fn after_a_lost_refresh_a_person_can_log_in_again() {
    let Some((mut postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    fall_behind(&postgres);
    one.run(&["refresh", "--force", &server.url()]).succeeds();
    other.reject(&pair.access_token, &server.url()).succeeds();
    fail_over(&mut postgres);
    server.allow_replays(1);
    let again = server.log_in();
    let login = ["login", "--import", &server.url()];
    other.run_with_input(&login, &again.response).succeeds();
    assert_eq!(other.prints(&["token", &server.url()]), again.access_token);
    // No barrier is left, and the machine with the journal takes the new login.
    one.run(&["refresh", "--force", &server.url()]).succeeds();
    let new = server.current_pair(&again.access_token).access_token;
    assert_eq!(one.prints(&["token", &server.url()]), new);
    assert_eq!(server.replays(), 0);
}

#[test]
fn a_login_that_a_failover_lost_is_not_taken_for_a_logout() {
    let Some((mut postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    logged_in(&one, &other, &server);
    for empty in [false, true] {
        if empty {
            postgres.sql("CREATE TABLE behind AS TABLE glauth.record WITH NO DATA");
        } else {
            fall_behind(&postgres);
        }
        let again = server.log_in();
        let login = ["login", "--import", &server.url()];
        one.run_with_input(&login, &again.response).succeeds();
        fail_over(&mut postgres);
        assert_eq!(one.prints(&["token", &server.url()]), again.access_token);
        let refused = one.run(&["refresh", "--force", &server.url()]);
        assert!(
            refused.stderr.contains("has lost the last refresh"),
            "{refused:?}"
        );
        refused.fails(5);
        one.run_with_input(&login, &again.response).succeeds();
        one.run(&["refresh", "--force", &server.url()]).succeeds();
    }
    assert_eq!(server.replays(), 0);
}

#[test]
fn a_claim_that_a_failover_lost_has_its_time_before_another_machine_presents_the_token() {
    let Some((mut postgres, [one, other])) = machines() else {
        return;
    };
    if !hastens() {
        return;
    }
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    fall_behind(&postgres);
    let held = server.hold_answers(TOKEN);
    let refresh = ["refresh", "--force", &server.url()];
    let owner = one.start_hastened(11, &refresh);
    held.wait_for(1);
    fail_over(&mut postgres);
    let waiting = other.start_hastened(11, &refresh);
    let barrier = "SELECT coalesce(attempt_id LIKE 'barrier-%', false) FROM glauth.record";
    postgres.wait_for(barrier, "t");
    held.release();
    owner.finish().succeeds();
    // The delivery leaves the barrier standing: other claims may be missing too.
    let delivered = "SELECT generation FROM glauth.record";
    assert_eq!(postgres.sql(delivered), "2");
    assert_eq!(postgres.sql(barrier), "t");
    assert_eq!(server.refresh_requests(), 1);
    waiting.finish().succeeds();
    let adopted = other.reject(&pair.access_token, &server.url());
    let new = server.current_pair(&pair.access_token).access_token;
    assert_eq!(adopted.succeeds().trim_end(), new);
    assert_eq!(server.replays(), 0);
}

#[test]
fn the_machine_that_refreshed_looks_once_more_and_delivers_what_a_failover_lost() {
    let Some((mut postgres, [one, other])) = machines() else {
        return;
    };
    if !hastens() {
        return;
    }
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    let url = server.url();
    let standby = postgres.standby();
    let held = server.hold_answers(TOKEN);
    let refreshing = one.start(&["refresh", "--force", &url]);
    held.wait_for(1);
    postgres.wait_for_standby();
    let standby = standby.stop();
    held.release();
    refreshing.finish().succeeds();
    postgres.fail_over_to(standby);
    assert_eq!(postgres.sql("SELECT generation FROM glauth.record"), "1");
    // No command runs.
    postgres.wait_for("SELECT generation FROM glauth.record", "2");
    let new = server.current_pair(&pair.access_token).access_token;
    assert_eq!(
        other.reject(&pair.access_token, &url).succeeds().trim_end(),
        new
    );
    assert_eq!((server.refresh_requests(), server.replays()), (1, 0));
}
