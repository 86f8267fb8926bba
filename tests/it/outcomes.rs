//! A signal during a request of a login or a logout waits for its end, and so does every later one. What
//! came of it is told before the signal ends the process.

use nix::sys::signal::Signal;

use crate::login::Waiting;
use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, DeviceGrant, REVOKE, Settings, TOKEN,
};
use crate::support::browser;
use crate::support::sandbox::{Finished, Running, Sandbox};
use crate::support::watch::next_line;

const INTERRUPT: Signal = Signal::SIGINT;

/// Sends it twice: the second one changes nothing.
#[track_caller]
fn interrupt(process: &mut Running, notice: &str) {
    process.signal(INTERRUPT);
    let line = next_line(process);
    assert!(line.starts_with(notice), "{line}");
    assert!(line.contains("(up to "), "{line}");
    process.signal(INTERRUPT);
}

#[track_caller]
fn assert_told(ended: &Finished, outcome: &str) {
    assert_eq!(ended.signal(), Some(INTERRUPT as i32), "{ended:?}");
    assert!(ended.stderr.contains(outcome), "{ended:?}");
}

/// A login whose page was opened, and whose code the server has, at a server that then answers so.
fn log_in(
    options: &[&str],
    behaviour: Option<Behaviour>,
) -> (AuthorizationServer, Sandbox, Finished) {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let options = [&["--client-id", "the-client", "--no-standby"], options].concat();
    let request = server.hold_requests(TOKEN);
    if let Some(behaviour) = behaviour {
        server.script(TOKEN, behaviour);
    }
    let mut login = Waiting::start(&sandbox, &server, &options);
    let page = login.page.clone();
    let browser = std::thread::spawn(move || browser::open(&page));
    request.wait_for(1);
    // What was said on paper is read first.
    let process = &mut login.running;
    process.signal(INTERRUPT);
    let mut line = next_line(process);
    while !line.contains("finishing the login for") {
        assert!(!line.is_empty(), "no word on the signal");
        line = next_line(process);
    }
    process.signal(INTERRUPT);
    request.release();
    let ended = login.finish();
    browser.join().unwrap();
    (server, sandbox, ended)
}

#[test]
fn a_login_that_fails_after_a_signal_says_so() {
    let away = || Some(Behaviour::Answer(Answer::new(503)));
    let (_, _, ended) = log_in(&[], away());
    assert_told(&ended, "cannot give tokens now (status 503)");
    assert_told(&ended, "hint: nothing was stored");
    let (_, _, ended) = log_in(&["--json"], away());
    let last = ended.stderr.lines().last().unwrap();
    let error: serde_json::Value = serde_json::from_str(last).unwrap();
    assert_eq!(error["error"]["code"], "unavailable", "{ended:?}");
}

#[test]
fn a_login_that_is_stored_after_a_signal_says_so() {
    let (server, sandbox, ended) = log_in(&[], None);
    assert_told(&ended, &format!("{}: logged in", server.host()));
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
}

#[test]
fn a_device_login_says_that_no_consent_came() {
    let server = AuthorizationServer::start_with(Settings {
        device: Some(DeviceGrant {
            interval: Some(1),
            ..DeviceGrant::default()
        }),
        ..Settings::default()
    });
    let sandbox = Sandbox::new();
    let poll = server.hold_requests(TOKEN);
    let url = server.url();
    let args = ["login", "--device", "--client-id", "the-client", &url];
    let mut login = sandbox.start(&args);
    poll.wait_for(1);
    while !next_line(&mut login).contains("enter the code") {}
    next_line(&mut login);
    interrupt(&mut login, "glauth: finishing the login for ");
    poll.release();
    assert_told(&login.finish(), "glauth: no consent within ");
}

#[test]
fn a_logout_says_after_a_signal_whether_the_login_is_revoked() {
    for (behaviour, outcome) in [
        (
            Some(Behaviour::Answer(Answer::new(503))),
            "is not revoked: ",
        ),
        (None, ": logged out\n"),
    ] {
        let server = AuthorizationServer::start();
        let (sandbox, _) = Sandbox::logged_in(&server);
        let request = server.hold_requests(REVOKE);
        let is_revoked = behaviour.is_none();
        if let Some(behaviour) = behaviour {
            server.script(REVOKE, behaviour);
        }
        let mut logout = sandbox.start(&["logout"]);
        request.wait_for(1);
        interrupt(&mut logout, "glauth: ending the login for ");
        request.release();
        assert_told(&logout.finish(), outcome);
        let code = sandbox.run(&["token"]).code();
        assert_eq!(code, Some(if is_revoked { 3 } else { 0 }));
    }
}

/// The person has left: the other logins stay.
#[test]
fn a_logout_of_all_ends_with_the_one_that_a_signal_came_in() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let pair = server.log_in();
    let url = server.url();
    let args = [
        "login",
        "--import",
        "--account",
        "zoe",
        "--client-id",
        "the-client",
        &url,
    ];
    sandbox.run_with_input(&args, &pair.response).succeeds();
    let request = server.hold_requests(REVOKE);
    let mut logout = sandbox.start(&["logout", "--all"]);
    request.wait_for(1);
    interrupt(&mut logout, "glauth: ending the login for ");
    request.release();
    assert_told(&logout.finish(), ": logged out\n");
    assert_eq!(server.count(REVOKE), 1);
    assert!(server.is_alive(&pair.access_token));
}
