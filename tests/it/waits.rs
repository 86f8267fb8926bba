//! At a terminal no request waits in silence, whichever command sends it.

use crate::support::authorization_server::{
    AUTHORIZE_DEVICE, AuthorizationServer, DISCOVERY, REVOKE, TOKEN, TOKEN_INFO,
};
use crate::support::sandbox::Sandbox;
use crate::support::terminal::Terminal;

/// Starts the command, and expects the line while the server has not answered.
#[track_caller]
fn says_for_whom_it_waits(args: &[&str], path: &str) {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let url = server.url();
    let args: Vec<&str> = args
        .iter()
        .map(|arg| if *arg == "URL" { &*url } else { *arg })
        .collect();
    let request = server.hold_requests(path);
    let terminal = Terminal::spawn(&mut sandbox.command(&args));
    request.wait_for(1);
    terminal.wait_for(&format!("waiting for {} to answer\n", server.host()));
    drop(terminal);
}

#[test]
fn a_login_says_for_whom_it_waits() {
    let oidc = [
        "login",
        "--device",
        "--provider",
        "oidc",
        "--client-id",
        "the-client",
        "URL",
    ];
    says_for_whom_it_waits(&oidc, DISCOVERY);
    let device = [
        "login",
        "--device",
        "--provider",
        "gitlab",
        "--client-id",
        "the-client",
        "URL",
    ];
    says_for_whom_it_waits(&device, AUTHORIZE_DEVICE);
}

#[test]
fn doctor_and_status_say_for_whom_they_wait() {
    says_for_whom_it_waits(&["doctor"], "/");
    says_for_whom_it_waits(&["doctor"], TOKEN_INFO);
    says_for_whom_it_waits(&["status", "--check"], TOKEN_INFO);
}

#[test]
fn a_logout_says_for_whom_it_waits() {
    says_for_whom_it_waits(&["logout", "URL"], REVOKE);
}

/// The refresh is another process's, which has no terminal.
#[test]
fn a_refresh_says_for_whom_it_waits() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    let request = server.hold_requests(TOKEN);
    let terminal = Terminal::spawn(&mut sandbox.command(&["token"]));
    request.wait_for(1);
    let line = format!("waiting for {} to refresh the login\n", server.host());
    terminal.wait_for(&line);
    request.release();
    assert_eq!(terminal.finish().code(), Some(0));
}
