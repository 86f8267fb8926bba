//! Without a person nothing prompts, opens a browser or waits (P10).

use crate::login::through_browser::browser_that_notes;
use crate::support::authorization_server::{AuthorizationServer, DISCOVERY};
use crate::support::sandbox::{Running, Sandbox};
use crate::support::terminal::Terminal;

#[test]
fn without_a_terminal_a_login_ends_with_3_and_the_command_to_run() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let url = server.url();
    let args = ["login", "--client-id", "the-client", &url];
    let mut command = sandbox.command(&args);
    command.env("BROWSER", browser_that_notes(&sandbox));
    let said = Running::spawn(&mut command).finish().fails(3);
    assert!(said.contains("glauth login"), "{said}");
    assert!(said.contains("--device"), "{said}");
    // The server was asked whether it is there, and for nothing else.
    assert_eq!(
        server.count(DISCOVERY) + server.count("/"),
        server.requests().len()
    );
    assert!(!sandbox.path("visited").exists(), "a browser was opened");
    let words = ["--json", "login", "--client-id", "the-client", &url];
    sandbox.run(&words).fails_in_json(3, "login_required");
}

#[test]
fn a_program_that_reads_json_is_no_person_even_at_a_terminal() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let url = server.url();
    let args = ["--json", "login", "--client-id", "the-client", &url];
    let mut command = sandbox.command(&args);
    command.env("BROWSER", browser_that_notes(&sandbox));
    let finished = Terminal::spawn(&mut command).finish();
    assert_eq!(finished.code(), Some(3), "{finished:?}");
    assert!(!sandbox.path("visited").exists(), "a browser was opened");
}

#[test]
fn a_known_login_is_no_reason_to_ask_either() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let before = sandbox.record_text(&server);
    sandbox.run(&["login", &server.url()]).fails(3);
    let said = sandbox.run(&["login", "--account", "work"]).fails(3);
    let command = format!(
        "run `glauth login --account work {}` in a terminal",
        server.url()
    );
    assert!(said.contains(&command), "{said}");
    sandbox.run(&["login"]).fails(3);
    assert_eq!(sandbox.record_text(&server), before);
    assert_eq!(server.count("/"), server.requests().len());
}

#[test]
fn what_can_be_checked_is_checked_before_a_terminal_is_missed() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let url = server.url();
    let run = |options: &[&str], host: &str| {
        let args = [&["--json", "login", "--client-id", "x"], options, &[host]].concat();
        sandbox.run(&args)
    };
    let bad = run(&["--redirect-uri", "https://127.0.0.1/"], &url);
    bad.fails_in_json(2, "config");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://127.0.0.1:{}/", taken.local_addr().unwrap().port());
    run(&["--redirect-uri", &uri], &url).fails_in_json(4, "unavailable");
    // A name of a kind that is known, which no name server knows (RFC 6761 §6.4).
    let gone = run(&["--provider", "gitlab"], "gitlab.invalid");
    gone.fails_in_json(4, "unreachable");
    run(&["--provider", "oidc"], "http://127.0.0.1:1").fails_in_json(4, "unreachable");
    run(&[], &url).fails_in_json(3, "login_required");
    // A code is of no use without a secret here, and the device grant needs none.
    let device = format!("--device-endpoint={url}/oauth/authorize_device");
    let github = ["--provider", "github", &device];
    run(&github, &url).fails_in_json(3, "login_required");
}

/// How a login at a terminal goes about it, in this environment.
fn way(environment: &[(&str, &str)]) -> &'static str {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["login", "--client-id", "the-client", &server.url()]);
    command.envs(environment.iter().copied());
    let terminal = Terminal::spawn(&mut command);
    let screen = terminal.wait_for("Log in to ");
    let line = screen
        .lines()
        .find(|line| line.contains("Log in to "))
        .unwrap();
    if line.contains("on any device") {
        "device"
    } else if line.contains("in your browser") {
        "browser"
    } else {
        panic!("{screen}")
    }
}

#[test]
fn a_browser_is_opened_where_a_person_would_see_it() {
    let display = ("DISPLAY", ":99");
    let ssh = ("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22");
    let is_root = nix::unistd::geteuid().is_root();
    let marks = ["/.dockerenv", "/run/.containerenv"];
    let is_container = marks.iter().any(|mark| std::path::Path::new(mark).exists());
    let unless = |hidden: bool| if hidden { "device" } else { "browser" };
    let usually = unless(is_root && is_container);
    assert_eq!(way(&[]), "device");
    assert_eq!(way(&[display]), usually);
    assert_eq!(way(&[("WAYLAND_DISPLAY", "wayland-0")]), usually);
    assert_eq!(way(&[("WSL_DISTRO_NAME", "Debian")]), usually);
    assert_eq!(way(&[display, ssh]), "device");
    assert_eq!(way(&[ssh, ("BROWSER", "true %s")]), "browser");
    assert_eq!(way(&[display, ("container", "docker")]), unless(is_root));
}
