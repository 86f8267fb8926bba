//! Two logins at once, and a login while others refresh: one whole record in the end.

use crate::login::{CLIENT, Waiting};
use crate::support::authorization_server::{AuthorizationServer, REVOKE, TOKEN};
use crate::support::browser;
use crate::support::sandbox::{Running, Sandbox};
use crate::support::watch::wait_until_queued;

#[test]
fn of_two_logins_at_once_the_later_one_stays_and_the_other_grant_is_revoked() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let logins = [(), ()].map(|()| Waiting::start(&sandbox, &server, &CLIENT));
    let held = server.hold_answers(TOKEN);
    std::thread::scope(|scope| {
        let browsers = logins.map(|login| scope.spawn(|| login.consent()));
        held.wait_for(2);
        held.release();
        for browser in browsers {
            let (seen, finished) = browser.join().unwrap();
            assert!(seen.heading().starts_with("Logged in"), "{seen:?}");
            finished.succeeds();
        }
    });
    let token = sandbox.run(&["token"]).prints();
    assert!(server.is_alive(&token));
    assert_eq!(server.count(REVOKE), 1);
    let secrets = server.every_secret();
    let alive = secrets.iter().filter(|secret| server.is_alive(secret));
    assert_eq!(alive.count(), 1);
    sandbox.run(&["refresh", "--force"]).succeeds();
}

#[test]
fn a_refresh_during_a_login_is_not_in_the_way() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let waiting = Waiting::start(&sandbox, &server, &[]);
    // One is in the middle of its refresh when the consent comes.
    let held = server.hold_answers(TOKEN);
    let refresh = sandbox.start(&["refresh", "--force"]);
    held.wait_for(1);
    let crowd: Vec<Running> = (0..5)
        .map(|_| sandbox.start(&["refresh", "--force"]))
        .collect();
    #[cfg(target_os = "linux")]
    wait_until_queued(&sandbox, &server, &crowd);
    std::thread::scope(|scope| {
        let login = scope.spawn(|| waiting.consent());
        held.wait_for(2);
        held.release();
        let (_, finished) = login.join().unwrap();
        finished.succeeds();
    });
    refresh.finish().succeeds();
    for process in crowd {
        process.finish().succeeds();
    }
    // The new login won, or was refreshed by one of the crowd: it lives, and the old one is gone.
    let token = sandbox.run(&["token"]).prints();
    assert!(server.is_alive(&token));
    assert_eq!(server.replays(), 0);
    let secrets = server.every_secret();
    let alive = secrets.iter().filter(|secret| server.is_alive(secret));
    assert_eq!(alive.count(), 1);
}

#[test]
fn a_reader_gets_the_old_login_until_the_new_one_is_there() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    let waiting = Waiting::start(&sandbox, &server, &[]);
    let held = server.hold_answers(TOKEN);
    std::thread::scope(|scope| {
        let login = scope.spawn(|| {
            browser::open(&waiting.page);
            waiting.finish()
        });
        held.wait_for(1);
        assert_eq!(sandbox.run(&["token"]).prints(), old.access_token);
        held.release();
        login.join().unwrap().succeeds();
    });
    assert_ne!(sandbox.run(&["token"]).prints(), old.access_token);
}
