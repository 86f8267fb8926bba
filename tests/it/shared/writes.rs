//! Writes whose answer does not come.

use super::*;
use crate::support::authorization_server::REVOKE;

#[test]
fn a_claim_that_was_committed_without_an_answer_stands() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    postgres.hang_commits(true);
    let refreshing = one.start_hastened(1, &["refresh", "--force", &server.url()]);
    postgres.wait_for_glauth("SyncRep");
    // The commit is on disk, and its acknowledgement is lost.
    postgres.cut_glauth();
    postgres.hang_commits(false);
    refreshing.finish().succeeds();
    assert_eq!(server.refresh_requests(), 1);
    let new = server.current_pair(&pair.access_token).access_token;
    let adopted = other.reject(&pair.access_token, &server.url());
    assert_eq!(adopted.succeeds().trim_end(), new);
}

#[test]
fn a_claim_that_was_cut_off_is_made_again() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    logged_in(&one, &other, &server);
    let locked = postgres.lock_rows();
    let refreshing = one.start_hastened(1, &["refresh", "--force", &server.url()]);
    postgres.wait_for_glauth("transactionid");
    postgres.cut_glauth();
    postgres.wait_for_glauth("transactionid");
    drop(locked);
    refreshing.finish().succeeds();
    assert_eq!(server.refresh_requests(), 1);
    assert_eq!(postgres.sql("SELECT outcome FROM glauth.record"), "rotated");
}

#[test]
fn a_claim_of_which_nothing_is_known_sends_nothing_and_is_taken_back() {
    let Some((mut postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    logged_in(&one, &other, &server);
    postgres.hang_commits(true);
    let refreshing = one.start(&["refresh", "--force", &server.url()]);
    postgres.wait_for_glauth("SyncRep");
    postgres.stop();
    let refreshed = refreshing.finish();
    assert!(
        refreshed.stderr.contains("has not said whether"),
        "{refreshed:?}"
    );
    refreshed.fails(4);
    assert_eq!(server.refresh_requests(), 0);
    postgres.set("synchronous_standby_names=");
    postgres.start_server();
    // It was committed; its machine knows that nothing was sent.
    assert_eq!(postgres.sql("SELECT outcome FROM glauth.record"), "pending");
    one.start_hastened(1, &["refresh", "--force", &server.url()])
        .finish()
        .succeeds();
    assert_eq!(server.refresh_requests(), 1);
}

#[test]
fn an_answer_without_an_acknowledgement_is_in_the_row_once() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    let held = server.hold_answers(TOKEN);
    let refreshing = one.start_hastened(1, &["refresh", "--force", &server.url()]);
    held.wait_for(1);
    postgres.hang_commits(true);
    held.release();
    postgres.wait_for_glauth("SyncRep");
    postgres.cut_glauth();
    postgres.hang_commits(false);
    refreshing.finish().succeeds();
    let row = "SELECT generation, outcome, sequence FROM glauth.record";
    assert_eq!(postgres.sql(row), "2|rotated|3");
    let new = server.current_pair(&pair.access_token).access_token;
    let adopted = other.reject(&pair.access_token, &server.url());
    assert_eq!(adopted.succeeds().trim_end(), new);
}

#[test]
fn a_process_that_was_slow_after_its_claim_sends_nothing() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    if !hastens() {
        return;
    }
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    // A millionth of the time in which the request may leave.
    let slow = one.start_hastened(1_000_000, &["refresh", "--force", &server.url()]);
    slow.finish().fails(5);
    assert_eq!(server.refresh_requests(), 0);
    assert_eq!(postgres.sql("SELECT outcome FROM glauth.record"), "cut_off");
    assert_eq!(other.prints(&["token", &server.url()]), pair.access_token);
    other.run(&["refresh", "--force", &server.url()]).succeeds();
}

#[test]
fn a_login_without_an_acknowledgement_is_stored_and_not_revoked() {
    let Some((mut postgres, [one, other])) = machines() else {
        return;
    };
    for is_committed in [true, false] {
        let server = AuthorizationServer::start();
        logged_in(&one, &other, &server);
        let again = server.log_in();
        let login = ["login", "--import", &server.url()];
        let locked = if is_committed {
            postgres.hang_commits(true);
            None
        } else {
            Some(postgres.lock_rows())
        };
        let mut command = one.command(&login);
        let logging_in = Running::spawn_with_input(&mut command, &again.response);
        postgres.wait_for_glauth(if is_committed {
            "SyncRep"
        } else {
            "transactionid"
        });
        postgres.stop();
        drop(locked);
        let logged_in = logging_in.finish();
        assert!(
            logged_in.stderr.contains("has not said whether"),
            "{logged_in:?}"
        );
        logged_in.fails(4);
        assert_eq!(server.count(REVOKE), 0);
        postgres.set("synchronous_standby_names=");
        postgres.start_server();
        // The next process of this machine finds out, and stores it where it was not.
        let deadline = Instant::now() + LIMIT;
        while one.run(&["refresh", "--force", &server.url()]).code() != Some(0) {
            assert!(Instant::now() < deadline);
        }
        let new = server.current_pair(&again.access_token).access_token;
        assert_eq!(one.prints(&["token", &server.url()]), new, "{is_committed}");
    }
}
