//! Authorization code and PKCE, through a browser.

use std::os::unix::fs::PermissionsExt;

use crate::login::{CLIENT, Waiting, ends_as, log_in, words};
use crate::support::authorization_server::{
    AUTHORIZE, Answer, AuthorizationServer, Behaviour, ClientAuth, REVOKE, Settings, TOKEN, USER,
};
use crate::support::browser;
use crate::support::sandbox::{Running, Sandbox};
use crate::support::terminal::Terminal;

#[test]
fn a_login_through_a_browser_ends_with_a_login_and_a_page_that_says_so() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();

    let (seen, finished) = Waiting::start(&sandbox, &server, &CLIENT).consent();

    let host = server.host();
    assert_eq!(seen.status, 200);
    assert_eq!(seen.heading(), format!("Logged in to {host} as jane"));
    assert!(seen.body.contains("You can close this tab."), "{seen:?}");
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert_eq!(finished.stdout, "");
    assert!(
        finished
            .stderr
            .contains(&format!("{host}: logged in as jane\n")),
        "{finished:?}"
    );
    let token = sandbox.run(&["token"]).prints();
    assert!(server.is_alive(&token));
    let status = sandbox.run(&["status", "--json"]).prints();
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["accounts"][0]["identity"]["username"], "jane");
    assert!(sandbox.run(&["status"]).prints().contains("jane"));
    // And it is a login as any other one.
    sandbox.run(&["refresh", "--force"]).succeeds();
    assert_eq!(server.rotations(), 1);
}

#[test]
fn what_is_asked_for_is_what_was_given() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let options = [
        "--scope",
        "read_user",
        "--scope",
        "api",
        "--parameter",
        "audience=https://api.example/x?y=1&z",
    ];
    let waiting = Waiting::start(&sandbox, &server, &[&CLIENT[..], &options].concat());
    assert_eq!(waiting.asked("scope"), "read_user api");
    assert_eq!(waiting.asked("audience"), "https://api.example/x?y=1&z");
    waiting.consent().1.succeeds();
    let requests = server.requests();
    let sent = requests.iter().find(|one| one.request.path == TOKEN);
    let sent = &sent.unwrap().request;
    assert_eq!(
        sent.parameter("audience"),
        Some("https://api.example/x?y=1&z")
    );
    // A refresh sends it too (RFC 8707 §2.2).
    sandbox.run(&["refresh", "--force"]).succeeds();
    let last = server.requests().pop().unwrap().request;
    assert_eq!(last.parameter("grant_type"), Some("refresh_token"));
    assert_eq!(
        last.parameter("audience"),
        Some("https://api.example/x?y=1&z")
    );
}

#[test]
fn two_questions_have_nothing_in_common_that_could_be_guessed() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let one = Waiting::start(&sandbox, &server, &CLIENT);
    let other = Waiting::start(&sandbox, &server, &CLIENT);
    for name in ["state", "code_challenge", "redirect_uri"] {
        assert_ne!(one.asked(name), other.asked(name), "{name}");
    }
    // An answer to the one is none to the other.
    let answer = browser::open_but_stay(&other.page);
    let query = answer.split_once('?').unwrap().1;
    let strayed = format!("{}?{query}", one.asked("redirect_uri"));
    assert_eq!(browser::get(&strayed).status, 404);
    one.consent().1.succeeds();
    browser::get(&answer);
    other.finish().succeeds();
}

#[test]
fn a_confidential_client_proves_itself_in_the_way_that_it_is_registered_with() {
    // What a form would take for syntax.
    let secret = "s+e c%r&e=t/SECRET";
    for (method, client_auth) in [
        (
            "client_secret_basic",
            ClientAuth::SecretBasic(secret.to_owned()),
        ),
        (
            "client_secret_post",
            ClientAuth::SecretPost(secret.to_owned()),
        ),
    ] {
        let server = AuthorizationServer::start_with(Settings {
            client_auth,
            ..Settings::default()
        });
        let sandbox = Sandbox::new();
        let path = sandbox.path("secret");
        std::fs::write(&path, format!("{secret}\n")).unwrap();
        let path = path.to_str().unwrap();
        let options = ["--client-secret-file", path, "--auth-method", method];
        log_in(&sandbox, &server, &[&CLIENT[..], &options].concat());
        std::fs::remove_file(path).unwrap();
        sandbox.run(&["refresh", "--force"]).succeeds();
        // The second login needs neither.
        log_in(&sandbox, &server, &[]);
        assert_eq!(server.count(REVOKE), 1);
    }
}

#[test]
fn the_browser_that_is_named_is_opened_and_the_page_is_printed_all_the_same() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&one_consent(&server.url()));
    command.env("BROWSER", browser_that_notes(&sandbox));
    let terminal = Terminal::spawn(&mut command);

    let door = noted(&sandbox);
    let page = browser::open_but_stay(&door);
    let again = browser::get(&door);
    let seen = browser::open(&page);
    let finished = terminal.finish();

    assert!(seen.heading().starts_with("Logged in"), "{seen:?}");
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert!(
        finished.stderr.contains(&format!("\n  {page}\n")),
        "{finished:?}"
    );
    // What stands in the browser's command line is of no use to those who read it there.
    assert!(door.starts_with("http://127.0.0.1:"), "{door}");
    let url = url::Url::parse(&page).unwrap();
    for (name, value) in url.query_pairs() {
        let secret = name == "state" || name == "code_challenge";
        assert!(!(secret && door.contains(&*value)), "{name} in {door}");
    }
    assert!(!door.contains('?'), "{door}");
    assert_eq!(again.status, 410, "it leads on once: {again:?}");
}

#[test]
fn a_browser_that_does_not_start_leaves_the_page_to_be_opened_by_hand() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&one_consent(&server.url()));
    command.env("BROWSER", "/nowhere/browser");
    let terminal = Terminal::spawn(&mut command);
    let screen = terminal.wait_for("Paste the address of that page here");
    assert!(screen.contains("no browser could be opened"), "{screen}");
    let page = screen.lines().find_map(super::page_in).unwrap();
    browser::open(&page);
    let finished = terminal.finish();
    assert_eq!(finished.code(), Some(0), "{finished:?}");
}

/// `login` at a terminal, where one consent is the subject.
pub fn one_consent(url: &str) -> [&str; 5] {
    ["login", "--no-standby", "--client-id", "the-client", url]
}

/// A BROWSER that notes where it was sent.
pub fn browser_that_notes(sandbox: &Sandbox) -> String {
    let script = sandbox.path("browser");
    let note = sandbox.path("visited");
    let text = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$1\" > {note}.new && mv {note}.new {note}\n",
        note = note.display()
    );
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
    format!("{} %s", script.display())
}

/// The server's page that this browser comes to.
pub fn page_opened(sandbox: &Sandbox) -> String {
    browser::open_but_stay(&noted(sandbox))
}

/// Where that browser was sent, once it was.
pub fn noted(sandbox: &Sandbox) -> String {
    let note = sandbox.path("visited");
    crate::support::watch::eventually("a browser to be opened", || note.exists());
    std::fs::read_to_string(note).unwrap().trim().to_owned()
}

#[test]
fn the_server_may_name_itself_and_must_then_be_the_one_that_was_asked() {
    let server = AuthorizationServer::start_with(Settings {
        sends_issuer: true,
        ..Settings::default()
    });
    log_in(&Sandbox::new(), &server, &CLIENT);
    let tokens = server.count(TOKEN);
    let (message, hint) = ends_as(2, "config", |form| {
        let sandbox = Sandbox::new();
        let waiting = Waiting::start(&sandbox, &server, &[&CLIENT, form].concat());
        let answer = browser::open_but_stay(&waiting.page);
        let (before, _) = answer.split_once("&iss=").unwrap();
        let seen = browser::get(&format!("{before}&iss=https%3A%2F%2Fevil.example"));
        assert!(seen.heading().starts_with("Not logged in"), "{seen:?}");
        waiting.finish()
    });
    assert!(message.contains("https://evil.example"), "{message}");
    assert!(hint.contains("was not used"), "{hint}");
    assert_eq!(server.count(TOKEN), tokens, "the code was presented");
}

#[test]
fn a_store_that_cannot_keep_a_login_is_found_out_before_anybody_is_asked() {
    type Break = fn(&Sandbox, &AuthorizationServer);
    let server = AuthorizationServer::start();
    let breaks: [Break; 3] = [
        |sandbox, _| std::fs::write(sandbox.store(), "no folder").unwrap(),
        |sandbox, server| std::fs::create_dir_all(sandbox.file(server, "lock")).unwrap(),
        |sandbox, server| std::fs::create_dir_all(sandbox.file(server, "toml.new")).unwrap(),
    ];
    for make_unusable in breaks {
        let sandbox = Sandbox::new();
        make_unusable(&sandbox, &server);
        restrict(&sandbox);
        let finished = sandbox.run(&words(&server, &CLIENT));
        let said = finished.fails(5);
        assert!(!said.contains("http://127.0.0.1"), "{said}");
    }
    assert_eq!(server.count(AUTHORIZE) + server.count(TOKEN), 0);
}

/// The folders of the store as glauth makes them.
fn restrict(sandbox: &Sandbox) {
    let mut folders = vec![sandbox.store()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o700)).unwrap();
        folders.extend(entries.map(|entry| entry.unwrap().path()));
    }
}

/// Signals that come while tokens are on their way wait until these are stored.
#[test]
fn an_interrupted_login_is_stored_first_whatever_is_connected() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&words(&server, &CLIENT));
    let mut running = Running::spawn(command.stdin(std::process::Stdio::piped()));
    let keyboard = running.child.stdin.take();
    let waiting = Waiting::reading(running);
    let address = url::Url::parse(&waiting.asked("redirect_uri")).unwrap();
    let preconnect =
        std::net::TcpStream::connect(&*address.socket_addrs(|| None).unwrap()).unwrap();
    let held = server.hold_answers(TOKEN);
    std::thread::scope(|scope| {
        let seen = scope.spawn(|| browser::open(&waiting.page));
        held.wait_for(1);
        waiting.running.signal(nix::sys::signal::Signal::SIGINT);
        waiting.running.signal(nix::sys::signal::Signal::SIGTSTP);
        held.release();
        // Nothing is promised to a browser whose login was interrupted.
        drop(seen.join());
    });
    waiting.running.signal(nix::sys::signal::Signal::SIGCONT);
    let finished = waiting.finish();
    assert_eq!(finished.signal(), Some(2), "{finished:?}");
    assert!(
        finished.stderr.contains("finishing the login"),
        "{finished:?}"
    );
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
    drop((keyboard, preconnect));
}

#[test]
fn the_user_is_asked_for_when_nothing_can_be_lost_any_more() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let waiting = Waiting::start(&sandbox, &server, &CLIENT);
    let held = server.hold_requests(USER);
    std::thread::scope(|scope| {
        let seen = scope.spawn(|| browser::open(&waiting.page));
        held.wait_for(1);
        assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
        waiting.running.signal(nix::sys::signal::Signal::SIGINT);
        drop(seen.join());
    });
    let finished = waiting.finish();
    assert_eq!(finished.signal(), Some(2), "{finished:?}");
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
    held.release();
}

#[test]
fn a_login_that_cannot_be_stored_is_not_revoked_where_that_could_end_the_old_one() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    sandbox.edit(&server, |record| {
        record["client"]["provider"] = "generic".into();
        record["client"]["grants"] = "shared".into();
    });
    let authorization = format!("--authorization-endpoint={}{AUTHORIZE}", server.url());
    let waiting = Waiting::start(&sandbox, &server, &[&authorization]);
    std::fs::create_dir(sandbox.file(&server, "toml.new")).unwrap();
    let (_, finished) = waiting.consent();
    assert_eq!(finished.code(), Some(5), "{finished:?}");
    assert!(
        finished.stderr.contains("left these tokens to expire"),
        "{finished:?}"
    );
    assert_eq!(server.count(REVOKE), 0);
    assert!(server.is_alive(&old.access_token));
}

/// As `w3m` is: it has the terminal until it is left.
#[test]
fn a_browser_that_stays_in_the_foreground_is_not_waited_for() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let script = sandbox.path("w3m");
    let pid = sandbox.path("pid");
    let text = format!(
        "#!/bin/sh\necho $$ > {pid}.new && mv {pid}.new {pid}\nexec sleep 600\n",
        pid = pid.display()
    );
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = sandbox.command(&one_consent(&server.url()));
    command.env("BROWSER", script.to_str().unwrap());
    command.env("PATH", "/usr/bin:/bin");
    let terminal = Terminal::spawn(&mut command);
    let screen = terminal.wait_for("Log in to");
    let page = screen.lines().find_map(super::page_in);
    let page = page.unwrap_or_else(|| {
        let screen = terminal.wait_for("Paste the address of that page here");
        screen.lines().find_map(super::page_in).unwrap()
    });
    crate::support::watch::eventually("the browser to start", || pid.exists());
    let seen = browser::open(&page);
    assert!(seen.heading().starts_with("Logged in"), "{seen:?}");
    let browser = std::fs::read_to_string(&pid)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let browser = nix::unistd::Pid::from_raw(browser);
    nix::sys::signal::kill(browser, nix::sys::signal::Signal::SIGKILL).unwrap();
    assert_eq!(terminal.finish().code(), Some(0));
}

#[test]
fn an_address_can_be_pasted_even_where_a_browser_seems_to_have_opened() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&one_consent(&server.url()));
    command.env("BROWSER", browser_that_notes(&sandbox));
    let mut terminal = Terminal::spawn(&mut command);
    let address = browser::open_but_stay(&page_opened(&sandbox));
    terminal.wait_for("Paste the address of that page here");
    terminal.type_line(&address);
    let finished = terminal.finish();
    assert_eq!(finished.code(), Some(0), "{finished:?}");
}

#[test]
fn what_cannot_be_stored_is_revoked_again() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    let waiting = Waiting::start(&sandbox, &server, &CLIENT);
    // The store fails while the person is at it.
    std::fs::create_dir(sandbox.file(&server, "toml.new")).unwrap();

    let (seen, finished) = waiting.consent();

    assert!(seen.heading().starts_with("Not logged in"), "{seen:?}");
    assert_eq!(finished.code(), Some(5), "{finished:?}");
    assert!(finished.stderr.contains("it was revoked"), "{finished:?}");
    assert_eq!(server.count(REVOKE), 1);
    // The old login is as good as it was.
    assert_eq!(sandbox.run(&["token"]).prints(), old.access_token);
    assert!(server.is_alive(&old.access_token));
}

#[test]
fn a_server_that_cannot_be_told_is_named_with_what_lives_on() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    server.always(REVOKE, Some(Behaviour::Answer(Answer::new(503))));
    let waiting = Waiting::start(&sandbox, &server, &CLIENT);
    std::fs::create_dir(sandbox.file(&server, "toml.new")).unwrap();
    let (_, finished) = waiting.consent();
    assert_eq!(finished.code(), Some(5), "{finished:?}");
    assert!(
        finished
            .stderr
            .contains("its tokens remain valid at the server"),
        "{finished:?}"
    );
}

#[test]
fn a_login_that_is_given_up_leaves_nothing_and_blocks_no_other() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    let before = sandbox.record_text(&server);
    let waiting = Waiting::start(&sandbox, &server, &CLIENT);
    // While it waits, others go on.
    sandbox.ends_in(&server, -10);
    let token = sandbox.run(&["token"]).prints();
    assert_ne!(token, old.access_token);
    waiting.running.signal(nix::sys::signal::Signal::SIGINT);
    let finished = waiting.finish();
    assert_eq!(finished.signal(), Some(2), "{finished:?}");
    assert_eq!(sandbox.run(&["token"]).prints(), token);
    assert_ne!(sandbox.record_text(&server), before);
}

#[test]
fn a_server_that_does_not_name_the_user_has_a_login_all_the_same() {
    let server = AuthorizationServer::start();
    for answer in [
        Answer::new(503),
        Answer::json(403, &"{}"),
        Answer::json(200, &r#"{"username": ["jane"]}"#),
        Answer::json(200, &r#"{"username": ""}"#),
    ] {
        let sandbox = Sandbox::new();
        server.script(USER, Behaviour::Answer(answer));
        let (seen, finished) = Waiting::start(&sandbox, &server, &CLIENT).consent();
        let host = server.host();
        assert_eq!(seen.heading(), format!("Logged in to {host}"));
        assert!(
            finished.stderr.contains(&format!("{host}: logged in\n")),
            "{finished:?}"
        );
        sandbox.run(&["token"]).prints();
    }
}

#[test]
fn a_name_that_would_move_the_cursor_or_the_page_does_neither() {
    let server = AuthorizationServer::start();
    let name = "<b>ja\u{1b}[31mne\u{7}\n\u{202e}</b>";
    let body = serde_json::json!({"id": 1, "username": name});
    server.script(USER, Behaviour::Answer(Answer::json(200, &body)));
    let sandbox = Sandbox::new();
    let (seen, finished) = Waiting::start(&sandbox, &server, &CLIENT).consent();
    assert!(!seen.body.contains("<b>"), "{seen:?}");
    for text in [&finished.stderr, &sandbox.run(&["status"]).succeeds()] {
        let is_dirty = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(is_dirty), "{text:?}");
    }
    assert!(finished.stderr.contains("ja"), "{finished:?}");
}

#[test]
fn a_token_answer_that_is_none_stores_nothing() {
    let redirect = Answer::new(302).header("Location", "http://127.0.0.1:1/");
    for (answer, code) in [
        (Answer::json(200, &"[]"), 4),
        (Answer::json(200, &r#"{"access_token": "a\nb"}"#), 4),
        (redirect, 2),
    ] {
        let server = AuthorizationServer::start();
        let sandbox = Sandbox::new();
        server.script(TOKEN, Behaviour::Answer(answer));
        let (seen, finished) = Waiting::start(&sandbox, &server, &CLIENT).consent();
        assert!(seen.heading().starts_with("Not logged in"), "{seen:?}");
        assert_eq!(finished.code(), Some(code), "{finished:?}");
        assert!(!sandbox.file(&server, "toml").exists());
    }
}

#[test]
fn without_a_refresh_token_the_end_of_the_login_is_told() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let body = r#"{"access_token": "at-SECRET-x", "token_type": "Bearer", "expires_in": 600}"#;
    server.script(TOKEN, Behaviour::Answer(Answer::json(200, &body)));
    let (_, finished) = Waiting::start(&sandbox, &server, &CLIENT).consent();
    assert!(
        finished
            .stderr
            .contains("warning: the server gave no refresh token"),
        "{finished:?}"
    );
    assert_eq!(sandbox.run(&["token"]).prints(), "at-SECRET-x");
}

#[test]
fn in_json_the_page_is_an_object_and_so_is_the_end() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let options = [&CLIENT[..], &["--json"]].concat();
    let (_, finished) = Waiting::start(&sandbox, &server, &options).consent();
    for line in finished.stderr.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    let end: serde_json::Value = serde_json::from_str(&finished.succeeds()).unwrap();
    assert_eq!(
        end,
        serde_json::json!({
            "host": server.host(),
            "account": "default",
            "outcome": "stored",
            "username": "jane",
            "standby": false,
        })
    );
}

#[test]
fn quiet_still_shows_the_page_since_nothing_goes_on_without_it() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let options = [&CLIENT[..], &["-q"]].concat();
    let waiting = Waiting::start(&sandbox, &server, &options);
    let said = waiting.said.clone();
    let (_, finished) = waiting.consent();
    assert_eq!(finished.stderr, said, "more than the page");
    finished.succeeds();
}

#[test]
fn no_output_has_a_secret_in_it() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let options = [&CLIENT[..], &["-vv"]].concat();
    let (seen, finished) = Waiting::start(&sandbox, &server, &options).consent();
    for secret in server.every_secret() {
        assert!(!finished.stderr.contains(&secret), "{finished:?}");
        assert!(!seen.body.contains(&secret), "{seen:?}");
    }
    let verifier = server.requests().into_iter().find_map(|one| {
        let verifier = one.request.parameter("code_verifier");
        verifier.map(ToOwned::to_owned)
    });
    assert!(
        !finished.stderr.contains(&verifier.unwrap()),
        "{finished:?}"
    );
}

#[test]
fn a_second_call_with_the_same_answer_ends_nothing() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let waiting = Waiting::start(&sandbox, &server, &CLIENT);
    let held = server.hold_answers(TOKEN);
    let answer = browser::open_but_stay(&waiting.page);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| browser::get(&answer));
        held.wait_for(1);
        // A reload, while the code is being redeemed.
        assert_eq!(browser::get(&answer).status, 404);
        held.release();
        let seen = first.join().unwrap();
        assert!(seen.heading().starts_with("Logged in"), "{seen:?}");
    });
    waiting.finish().succeeds();
    assert_eq!(server.count(TOKEN), 1);
}

#[test]
fn a_browser_that_goes_before_it_was_answered_can_come_again() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let waiting = Waiting::start(&sandbox, &server, &CLIENT);
    let answer = url::Url::parse(&browser::open_but_stay(&waiting.page)).unwrap();
    let target = &answer[url::Position::BeforePath..];
    let address = answer.socket_addrs(|| None).unwrap();
    let mut stream = std::net::TcpStream::connect(&*address).unwrap();
    std::io::Write::write_all(
        &mut stream,
        format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes(),
    )
    .unwrap();
    drop(stream);
    // Unless it was still there when it was read.
    browser::get(answer.as_str());
    waiting.finish().succeeds();
    sandbox.run(&["token"]).prints();
    assert_eq!(server.count(TOKEN), 1);
}

#[test]
fn a_closed_stderr_does_not_end_a_login() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let mut waiting = Waiting::start(&sandbox, &server, &CLIENT);
    drop(waiting.running.child.stderr.take());
    browser::open(&waiting.page);
    let mut running: Running = waiting.running;
    running.child.wait().unwrap();
    sandbox.run(&["token"]).prints();
}
