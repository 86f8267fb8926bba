//! Every disk that a power loss can leave: a refresh, a login and a logout are recorded call by
//! call, and from whatever the file system may have kept at each moment, with the server as it was
//! then, `status` and `token` go on (P2, P3, P5).

mod disks;
mod file_system;
mod judge;
mod recording;
mod strace;

use disks::Extent;
use judge::{End, Scenario};
use recording::Run;

use crate::support::authorization_server::AuthorizationServer;
use crate::support::crash_points::CrashPoint;
use crate::support::sandbox::Sandbox;

/// Set to `full`, more disks are tried.
const EXTENT: &str = "GLAUTH_POWER_LOSS";

fn extent() -> Extent {
    match std::env::var(EXTENT).as_deref() {
        Ok("full") => Extent::Full,
        Ok(other) => panic!("{EXTENT} is `full` or not set, and not `{other}`"),
        Err(_) => Extent::Usual,
    }
}

/// A login whose token ends so many seconds from now.
fn ends_in(seconds: i64) -> (AuthorizationServer, Sandbox) {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, seconds);
    (server, sandbox)
}

#[test]
fn a_power_loss_in_a_refresh_costs_nothing_outside_its_window() {
    let (server, sandbox) = ends_in(-5);
    let url = server.url();
    let run = Run {
        args: &["token", &url],
        ..Run::default()
    };
    Scenario::new("a refresh", &server, &sandbox).survives(&[run], End::LoggedIn);
}

/// What was left by one that died with the answer written, and not renamed.
#[test]
fn a_power_loss_while_an_answer_is_put_in_place_costs_nothing() {
    after_a_crash_at(
        "written:kill",
        "a refresh whose answer the next one finishes",
    );
}

/// What was left by one that died before its request.
#[test]
fn a_power_loss_after_a_refresh_was_cut_off_costs_nothing_outside_its_window() {
    after_a_crash_at("pending:kill", "a refresh after one that was cut off");
}

fn after_a_crash_at(point: &str, name: &'static str) {
    let Some(point) = CrashPoint::of_the_binary(point) else {
        return;
    };
    let (server, sandbox) = ends_in(-5);
    let url = server.url();
    let next = Run {
        args: &["token", &url],
        ..Run::default()
    };
    let crash_at = Some(point);
    let dying = Run { crash_at, ..next };
    Scenario::new(name, &server, &sandbox).survives(&[dying, next], End::LoggedIn);
}

#[test]
fn a_power_loss_in_a_first_login_leaves_it_whole_or_absent() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    log_in("a first login", &server, &sandbox);
}

#[test]
fn a_power_loss_in_a_login_leaves_the_old_one_or_the_new_one() {
    let (server, sandbox) = ends_in(3600);
    log_in("a login over a login", &server, &sandbox);
}

fn log_in(name: &'static str, server: &AuthorizationServer, sandbox: &Sandbox) {
    let (pair, client_id, url) = (server.log_in(), server.client_id(), server.url());
    let run = Run {
        args: &["login", "--import", "--client-id", &client_id, &url],
        input: &pair.response,
        ..Run::default()
    };
    Scenario::new(name, server, sandbox).survives(&[run], End::LoggedIn);
}

#[test]
fn a_power_loss_while_a_standby_is_added_leaves_one_grant_or_two() {
    let (server, sandbox) = ends_in(3600);
    let (pair, url) = (server.log_in(), server.url());
    let run = Run {
        args: &["login", "--import", "--standby", &url],
        input: &pair.response,
        ..Run::default()
    };
    let name = "a standby that is added";
    Scenario::new(name, &server, &sandbox).survives(&[run], End::WithStandby);
}

/// The window that cannot be closed costs a grant, and not the login.
#[test]
fn a_power_loss_in_a_refresh_beside_a_standby_costs_no_login() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::with_standby(&server);
    sandbox.grants_end_in(&server, &[3600, -5]);
    let url = server.url();
    let run = Run {
        args: &["refresh", &url],
        ..Run::default()
    };
    let name = "a refresh beside a standby";
    Scenario::new(name, &server, &sandbox).survives(&[run], End::WithStandby);
}

/// Under one name or the other, and never under both.
#[test]
fn a_power_loss_in_a_rename_leaves_one_login() {
    let (server, sandbox) = ends_in(3600);
    let url = server.url();
    let run = Run {
        args: &["rename", &url, "default", "work"],
        ..Run::default()
    };
    Scenario::new("a rename", &server, &sandbox).survives(&[run], End::Renamed);
}

/// What the one before left, which died with the record under its new name, is finished.
#[test]
fn a_power_loss_after_a_rename_died_leaves_one_login() {
    for name in ["rename_marked:kill", "rename_moved:kill"] {
        let Some(point) = CrashPoint::of_the_binary(name) else {
            return;
        };
        let (server, sandbox) = ends_in(3600);
        let url = server.url();
        let dying = Run {
            args: &["rename", &url, "default", "work"],
            crash_at: Some(point),
            ..Run::default()
        };
        let next = Run {
            args: &["refresh", &url],
            ..Run::default()
        };
        Scenario::new("after a rename", &server, &sandbox).survives(&[dying, next], End::Renamed);
    }
}

#[test]
fn a_power_loss_in_a_logout_leaves_the_login_or_its_end() {
    let (server, sandbox) = ends_in(3600);
    log_out("a logout", &server, &sandbox);
}

/// It is refreshed first, because some servers revoke nothing once the access token has expired.
#[test]
fn a_power_loss_in_the_logout_of_an_expired_login_leaves_the_login_or_its_end() {
    let (server, sandbox) = ends_in(-5);
    log_out("a logout that refreshes first", &server, &sandbox);
}

fn log_out(name: &'static str, server: &AuthorizationServer, sandbox: &Sandbox) {
    let url = server.url();
    let run = Run {
        args: &["logout", &url],
        ..Run::default()
    };
    Scenario::new(name, server, sandbox).survives(&[run], End::LoggedOut);
}
