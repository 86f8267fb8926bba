//! Answers that come late, or that cannot be kept where they belong.

use super::*;
use crate::support::authorization_server::REVOKE;

#[test]
fn an_answer_whose_login_is_gone_is_revoked() {
    let Some((_postgres, [one, other])) = machines() else {
        return;
    };
    if !hastens() {
        return;
    }
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    let held = server.hold_answers(TOKEN);
    let refreshing = one.start(&["refresh", "--force", &server.url()]);
    held.wait_for(1);
    // It waits for the claim's end, and does not tell the server.
    other.run(&["logout", "--local", &server.url()]).succeeds();
    held.release();
    refreshing.finish().fails(3);
    let new = server.current_pair(&pair.access_token).access_token;
    assert_eq!(server.count(REVOKE), 1);
    assert!(!server.is_alive(&new));
    assert!(!one.file(&server, "toml.journal").exists());
    one.run(&["token", &server.url()]).fails(3);
}

#[test]
fn an_answer_that_comes_after_the_claim_heals_what_another_machine_found() {
    let Some((_postgres, [one, other])) = machines() else {
        return;
    };
    if !hastens() {
        return;
    }
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    let held = server.hold_answers(TOKEN);
    let refreshing = one.start(&["refresh", "--force", &server.url()]);
    held.wait_for(1);
    server.allow_replays(1);
    let taking_over = other.start(&["refresh", "--force", &server.url()]);
    held.wait_for(2);
    held.release();
    refreshing.finish().succeeds();
    // Refused, since the server had rotated; the row has the answer of the first machine all the same.
    taking_over.finish();
    let new = server.current_pair(&pair.access_token).access_token;
    let adopted = other.reject(&pair.access_token, &server.url());
    assert_eq!(adopted.succeeds().trim_end(), new);
    for machine in [&one, &other] {
        machine
            .run(&["refresh", "--force", &server.url()])
            .succeeds();
    }
}

#[test]
fn an_answer_that_no_journal_takes_is_sealed_in_a_rescue_place_and_found_there() {
    let Some((mut postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    let pair = logged_in(&one, &other, &server);
    let held = server.hold_answers(TOKEN);
    let refreshing = one.start_hastened(2, &["refresh", "--force", &server.url()]);
    held.wait_for(1);
    postgres.stop();
    let journal = one.file(&server, "toml.journal");
    std::fs::create_dir(&journal).unwrap();
    held.release();
    let refreshed = refreshing.finish();
    assert!(
        refreshed.stderr.contains("could not be stored"),
        "{refreshed:?}"
    );
    refreshed.fails(5);
    let new = server.current_pair(&pair.access_token);
    for (path, text) in one.sandbox.files() {
        assert!(!text.contains(&new.access_token), "{}", path.display());
    }
    std::fs::remove_dir(&journal).unwrap();
    postgres.start_server();
    let deadline = Instant::now() + LIMIT;
    let found = loop {
        let found = one.reject(&pair.access_token, &server.url());
        if found.code() == Some(0) {
            break found;
        }
        assert!(Instant::now() < deadline, "{found:?}");
    };
    assert_eq!(found.succeeds().trim_end(), new.access_token);
    assert_eq!(server.refresh_requests(), 1);
    let adopted = other.reject(&pair.access_token, &server.url());
    assert_eq!(adopted.succeeds().trim_end(), new.access_token);
}

#[test]
fn a_failure_that_the_database_was_not_told_of_counts_on_its_machine() {
    let Some((mut postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    logged_in(&one, &other, &server);
    server.script(TOKEN, Behaviour::Answer(Answer::new(429)));
    let held = server.hold_answers(TOKEN);
    let refreshing = one.start_hastened(2, &["refresh", "--force", &server.url()]);
    held.wait_for(1);
    postgres.stop();
    held.release();
    refreshing.finish().fails(4);
    postgres.start_server();
    assert_eq!(postgres.sql("SELECT outcome FROM glauth.record"), "pending");
    let deadline = Instant::now() + LIMIT;
    loop {
        let refresh = one.run(&["refresh", "--force", &server.url()]);
        if refresh.code() == Some(0) {
            break;
        }
        assert!(Instant::now() < deadline, "{refresh:?}");
    }
    // The grant was never taken for doubtful: the server said that it did nothing.
    assert_eq!(server.refresh_requests(), 2);
    assert_eq!(server.replays(), 0);
}

#[test]
fn a_token_that_is_spent_names_the_process_that_may_have_the_answer() {
    let Some((_postgres, [one, other])) = machines() else {
        return;
    };
    let server = AuthorizationServer::start();
    logged_in(&one, &other, &server);
    if !dies_at(&one, "sent", &server.url()) {
        return;
    }
    server.allow_replays(1);
    let ended = other.run(&["refresh", "--force", &server.url()]);
    let said = &ended.stderr;
    assert!(
        said.contains("pid ") && said.contains("may have the answer"),
        "{said}"
    );
    ended.fails(3);
}
