//! Whose login it is: said before the consent where glauth can know it, and right after it.

use crate::login::{CLIENT, Waiting, log_in};
use crate::support::authorization_server::AuthorizationServer;
use crate::support::sandbox::Sandbox;

#[test]
fn a_user_who_has_a_login_already_is_named_before_and_after() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let options = ["--account", "work", "--no-standby"];
    let waiting = Waiting::start(&sandbox, &server, &options);
    let before = format!(
        "{} (account work): account default is logged in as jane already; log in as another user, or jane has two \
         logins\n",
        server.host()
    );
    assert!(waiting.said.contains(&before), "{}", waiting.said);
    let (_, done) = waiting.consent();
    let after = format!(
        "jane is now logged in to {} twice: account default is theirs too; `glauth logout --account work {}` removes \
         this one\n",
        server.host(),
        server.url()
    );
    assert!(done.stderr.contains(&after), "{done:?}");
    done.succeeds();
}

#[test]
fn a_user_who_is_asked_for_by_name_is_told_apart() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    // Another one than the user of the other account: nothing is in doubt.
    let options = ["--account", "work", "--parameter", "login_hint=joe"];
    let waiting = Waiting::start(&sandbox, &server, &options);
    assert!(!waiting.said.contains("already"), "{}", waiting.said);
    drop(waiting);
    let waiting = Waiting::start(&sandbox, &server, &["--parameter", "login_hint=joe"]);
    let before = format!(
        "{}: the login of jane stays until the new one is complete; then it is the login of joe\n",
        server.host()
    );
    assert!(waiting.said.contains(&before), "{}", waiting.said);
}

#[test]
fn another_user_in_ones_place_is_named() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let options = [&CLIENT[..], &["--no-standby"]].concat();
    log_in(&sandbox, &server, &options);
    server.change(|settings| settings.username = "joe".to_owned());
    let done = log_in(&sandbox, &server, &["--no-standby"]);
    let said = format!(
        "glauth: warning: the login of jane was replaced; `glauth login --account jane {}` keeps both \
         users, each in an account of its own\n",
        server.url()
    );
    assert!(done.stderr.contains(&said), "{done:?}");
}
