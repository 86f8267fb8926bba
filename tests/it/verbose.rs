//! What `-v` and `-vv` tell: each line names the login.

use crate::support::authorization_server::AuthorizationServer;
use crate::support::sandbox::Sandbox;

/// The notes on stderr, without the name of the login that begins each.
#[track_caller]
fn notes(sandbox: &Sandbox, server: &AuthorizationServer, args: &[&str]) -> Vec<String> {
    let finished = sandbox.run(args);
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    let begin = format!("glauth: {}: ", server.host());
    let lines = finished.stderr.lines();
    let notes = lines.filter(|line| line.starts_with("glauth: "));
    let named = notes.map(|line| match line.strip_prefix(&begin) {
        Some(note) => note.to_owned(),
        None => panic!("`{line}` does not name the login"),
    });
    named.collect()
}

#[test]
fn a_fresh_token_is_explained_in_one_line() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let notes = |args: &[&str]| notes(&sandbox, &server, args);
    let used = "uses the token of grant 0";
    assert_eq!(notes(&["-v", "token"]), [used]);
    assert_eq!(notes(&["-v", "exec", "--", "true"]), [used]);
    let each = notes(&["-vv", "token"]);
    assert!(each[0].starts_with("read the record: "), "{each:?}");
    assert_eq!(each[1..], [used]);
}

#[test]
fn a_refresh_is_explained_with_its_reason_and_its_result() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let args = ["-v", "refresh", "--force"];
    let [reason, result] = &notes(&sandbox, &server, &args)[..] else {
        panic!("`-v` does not tell two steps");
    };
    assert_eq!(reason, "refreshes grant 0, because you asked for it");
    assert!(
        result.starts_with("presented the refresh token "),
        "{result}"
    );
    assert!(result.contains("rotated"), "{result}");
    let each = notes(&sandbox, &server, &["-vv", "refresh", "--force"]);
    assert!(
        each.iter().any(|note| note.starts_with("got the lock")),
        "{each:?}"
    );
}
