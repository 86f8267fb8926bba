//! The missing client id.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::login::through_browser::{browser_that_notes, noted};
use crate::login::words;
use crate::support::authorization_server::{
    AuthorizationServer, ClientAuth, Consent, DISCOVERY, Settings,
};
use crate::support::browser;
use crate::support::sandbox::Sandbox;
use crate::support::terminal::Terminal;

/// `login URL` at a terminal, with a browser.
fn newcomer(sandbox: &Sandbox, server: &AuthorizationServer) -> Terminal {
    let mut command = sandbox.command(&["login", "--no-standby", &server.url()]);
    command.env("BROWSER", browser_that_notes(sandbox));
    Terminal::spawn(&mut command)
}

#[test]
fn three_lines_tell_where_and_how_and_the_id_is_asked_for_and_remembered() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let mut terminal = newcomer(&sandbox, &server);
    let screen = terminal.wait_for("paste the Application ID: ");
    let url = server.url();
    for part in [
        &*format!("{} (GitLab) has to know glauth", server.host()),
        &format!("1. open   {url}/-/user_settings/applications"),
        "Redirect URI: http://127.0.0.1/",
        "scopes: api",
        "\"Confidential\" off",
    ] {
        assert!(screen.contains(part), "{part}: {screen}");
    }
    // Enter opens the page.
    terminal.type_line("");
    let page = noted(&sandbox);
    assert_eq!(page, format!("{url}/-/user_settings/applications"));
    std::fs::remove_file(sandbox.path("visited")).unwrap();

    terminal.type_line("  the-client ");
    let seen = browser::open(&noted(&sandbox));
    assert!(seen.heading().starts_with("Logged in"), "{seen:?}");
    let finished = terminal.finish();
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    // What to do with it is said to a newcomer.
    assert!(finished.stderr.contains("`glauth token "), "{finished:?}");
    assert_eq!(
        sandbox.record(&server)["client"]["client_id"].as_str(),
        Some("the-client")
    );
}

#[test]
fn a_login_without_a_client_id_ends_with_2_and_nothing_stored() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let mut terminal = newcomer(&sandbox, &server);
    terminal.wait_for("paste the Application ID: ");
    terminal.end_of_input();
    let finished = terminal.finish();
    assert_eq!(finished.code(), Some(2), "{finished:?}");
    assert!(!sandbox.file(&server, "toml").exists());
}

#[test]
fn an_id_that_was_typed_is_in_each_command_that_goes_on() {
    let server = AuthorizationServer::start();
    server.change(|settings| settings.consent = Consent::Refused("access_denied", None));
    let sandbox = Sandbox::new();
    let mut terminal = newcomer(&sandbox, &server);
    terminal.wait_for("paste the Application ID: ");
    terminal.type_line("the-client");
    browser::open(&noted(&sandbox));
    let finished = terminal.finish();
    assert_eq!(finished.code(), Some(3), "{finished:?}");
    let command = format!(
        "`glauth login --no-standby --client-id the-client {}`",
        server.url()
    );
    let said = &finished.stderr;
    assert!(
        said.contains(&format!("start again with {command}\n")),
        "{said}"
    );
    let hint = format!("hint: nothing was stored; to consent, run {command}\n");
    assert!(said.contains(&hint), "{said}");
}

#[test]
fn an_id_that_was_typed_survives_ctrl_c_in_quotes() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let words = ["login", "--no-browser", "--no-standby", &server.url()];
    let mut terminal = Terminal::spawn(&mut sandbox.command(&words));
    terminal.wait_for("paste the Application ID: ");
    terminal.type_line("the client");
    terminal.wait_for("Log in to ");
    let pid = i32::try_from(terminal.pid()).unwrap();
    kill(Pid::from_raw(pid), Signal::SIGINT).unwrap();
    let finished = terminal.finish();
    assert_eq!(
        finished.signal(),
        Some(Signal::SIGINT as i32),
        "{finished:?}"
    );
    let command = format!(
        "start again with `glauth login --no-browser --no-standby --client-id 'the client' {}`\n",
        server.url()
    );
    assert!(finished.stderr.contains(&command), "{finished:?}");
}

#[test]
fn an_id_that_the_server_refused_is_not_offered_again() {
    for refusal in ["unauthorized_client", "invalid_client"] {
        let server = AuthorizationServer::start();
        server.change(|settings| settings.consent = Consent::Refused(refusal, None));
        let sandbox = Sandbox::new();
        let mut terminal = newcomer(&sandbox, &server);
        terminal.wait_for("paste the Application ID: ");
        terminal.type_line("the-client");
        browser::open(&noted(&sandbox));
        let finished = terminal.finish();
        assert_eq!(finished.code(), Some(2), "{finished:?}");
        let hint = finished.stderr.lines().last().unwrap();
        assert!(hint.starts_with("hint: "), "{finished:?}");
        assert!(!hint.contains("the-client"), "{hint}");
        let command = format!(
            "`glauth login --client-id ID --no-standby {}`",
            server.url()
        );
        assert!(hint.contains(&command), "{hint}");
    }
}

#[test]
fn an_id_that_is_none_is_refused() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let mut terminal = newcomer(&sandbox, &server);
    terminal.wait_for("paste the Application ID: ");
    terminal.type_line("a\u{1}b");
    let finished = terminal.finish();
    assert_eq!(finished.code(), Some(2), "{finished:?}");
    assert!(
        finished.stderr.contains("control character"),
        "{finished:?}"
    );
}

#[test]
fn without_a_terminal_the_same_is_said_in_a_hint() {
    let server = AuthorizationServer::start();
    let said = Sandbox::new().run(&["login", &server.url()]).fails(2);
    let page = format!("{}/-/user_settings/applications", server.url());
    for part in [&*page, "`http://127.0.0.1/`", "--client-id"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(server.requests().len(), server.count(DISCOVERY));
    // It is no GitLab's page where nothing says that it is GitLab.
    server.change(|settings| settings.discovery = false);
    let said = Sandbox::new().run(&["login", &server.url()]).fails(2);
    assert!(said.contains("there is no discovery document at"), "{said}");
    assert!(!said.contains(&page), "{said}");
    server.change(|settings| settings.discovery = true);
    // Who asks for the address all the same may have found out what the server is.
    let said = Sandbox::new().run(&words(&server, &[])).fails(2);
    assert!(said.contains(&page), "{said}");
}

#[test]
fn the_hint_names_what_will_be_asked_for() {
    let server = AuthorizationServer::start();
    let uri = "http://localhost:8976/cb";
    let options = ["--redirect-uri", uri, "--scope", "read_user"];
    let said = Sandbox::new().run(&words(&server, &options)).fails(2);
    assert!(said.contains(uri), "{said}");
    assert!(said.contains("`read_user`"), "{said}");
}

#[test]
fn a_secret_that_the_kind_of_server_wants_is_asked_for_without_being_seen() {
    let server = AuthorizationServer::start_with(Settings {
        client_auth: ClientAuth::SecretPost("cs-SECRET".to_owned()),
        device: None,
        ..Settings::default()
    });
    let sandbox = Sandbox::new();
    let url = server.url();
    let at = |path: &str| format!("{url}{path}");
    let mut command = sandbox.command(&[
        "login",
        "--provider=bitbucket",
        "--client-id=the-client",
        "--auth-method=client_secret_post",
        "--redirect-uri=http://127.0.0.1/",
        &format!("--authorization-endpoint={}", at("/oauth/authorize")),
        &format!("--token-endpoint={}", at("/oauth/token")),
        &url,
    ]);
    command.env("BROWSER", browser_that_notes(&sandbox));
    let mut terminal = Terminal::spawn(&mut command);
    terminal.wait_for("paste the client secret, which is not shown, and press Enter\n");
    terminal.wait_until_hidden();
    terminal.type_line("cs-SECRET");
    browser::open(&noted(&sandbox));
    let finished = terminal.finish();
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert!(!finished.stderr.contains("cs-SECRET"), "{finished:?}");
    assert!(sandbox.record_text(&server).contains("cs-SECRET"));
}

#[test]
fn a_token_in_the_place_of_the_id_goes_nowhere() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let mut terminal = newcomer(&sandbox, &server);
    terminal.wait_for("paste the Application ID: ");
    terminal.type_line("glpat-0123");
    let finished = terminal.finish();
    assert_eq!(finished.code(), Some(2), "{finished:?}");
    assert!(finished.stderr.contains("--with-token"), "{finished:?}");
    // As it was typed, and no more.
    assert_eq!(
        finished.stderr.matches("glpat-0123").count(),
        1,
        "{finished:?}"
    );
}
