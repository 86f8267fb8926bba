//! What the project exists for.

use crate::support::authorization_server::AuthorizationServer;
use crate::support::sandbox::Sandbox;

#[test]
fn two_processes_that_share_a_login_do_not_destroy_it() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    let url = server.url();

    // Process 1 and process 2 start with the same pair; process 1 refreshes.
    let first = sandbox.run(&["token", &url]).prints();
    assert_eq!(first, old.access_token);
    sandbox.run(&["refresh", "--force", &url]).succeeds();
    let rotations = server.rotations();
    assert_eq!(rotations, 1);
    assert!(!server.is_alive(&old.access_token));

    // Process 2 was refused with its old access token, and gets the new one.
    let rejected = sandbox.run_with_input(&["token", "--rejected", &url], &old.access_token);
    let second = rejected.prints();
    assert_ne!(second, old.access_token);
    assert!(server.is_alive(&second));

    // No second refresh, and no process ever presented the old refresh token again.
    assert_eq!(server.refresh_requests(), 1);
    assert_eq!(server.replays(), 0);
}
