//! A database that does not answer, and does not say so: each call has a limit of glauth's own.

use super::wire::Wire;
use super::*;

#[test]
fn a_commit_that_hangs_keeps_a_refresh_no_longer_than_its_limit() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    postgres.hang_commits(true);
    // Nothing is cut, and the commits hang to the end.
    let refreshed = one.run(&["refresh", "--force", &server.url()]);
    assert!(
        refreshed.stderr.contains("has not answered for"),
        "{refreshed:?}"
    );
    refreshed.fails(4);
    assert_eq!(server.refresh_requests(), 0);
    assert_eq!(one.prints(&["token", &server.url()]), pair.access_token);
    postgres.hang_commits(false);
    postgres.wait_for(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'glauth'",
        "0",
    );
    one.start_hastened(1, &["refresh", "--force", &server.url()])
        .finish()
        .succeeds();
    assert_eq!(server.refresh_requests(), 1);
    assert_eq!(server.replays(), 0);
}

#[test]
fn an_answer_is_printed_and_delivered_later_where_the_commit_hangs() {
    let Some((postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    let held = server.hold_answers(TOKEN);
    let refreshing = one.start_hastened(5, &["refresh", "--force", &server.url()]);
    held.wait_for(1);
    postgres.hang_commits(true);
    held.release();
    let refreshed = refreshing.finish();
    assert!(
        refreshed.stderr.contains("has not answered for"),
        "{refreshed:?}"
    );
    refreshed.succeeds();
    let new = server.current_pair(&pair.access_token).access_token;
    assert_eq!(one.prints(&["token", &server.url()]), new);
    postgres.hang_commits(false);
    postgres.wait_for("SELECT generation, outcome FROM glauth.record", "2|rotated");
    let adopted = other.reject(&pair.access_token, &server.url());
    assert_eq!(adopted.succeeds().trim_end(), new);
    assert_eq!(server.refresh_requests(), 1);
}

#[test]
fn a_wire_that_goes_silent_keeps_no_call_longer_than_its_limit() {
    let Some((postgres, [mut one, other])) = machines() else {
        return;
    };
    let wire = Wire::to(postgres.port());
    let (from, to) = (postgres.port().to_string(), wire.port().to_string());
    one.store = one.store.replace(&from, &to);
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    let held = server.hold_answers(TOKEN);
    let refreshing = one.start_hastened(5, &["refresh", "--force", &server.url()]);
    held.wait_for(1);
    wire.go_silent(true);
    held.release();
    let refreshed = refreshing.finish();
    assert!(
        refreshed.stderr.contains("cannot reach the shared store"),
        "{refreshed:?}"
    );
    refreshed.succeeds();
    let again = one.run(&["refresh", "--force", &server.url()]);
    again.fails(4);
    let new = server.current_pair(&pair.access_token).access_token;
    assert_eq!(one.prints(&["token", &server.url()]), new);
    wire.go_silent(false);
    postgres.wait_for("SELECT outcome FROM glauth.record", "rotated");
    let adopted = other.reject(&pair.access_token, &server.url());
    assert_eq!(adopted.succeeds().trim_end(), new);
    assert_eq!(server.refresh_requests(), 1);
}
