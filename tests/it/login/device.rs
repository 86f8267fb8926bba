//! The device grant (RFC 8628).

use std::time::Duration;

use serde_json::{Value, json};

use crate::login::{CLIENT, ends_as};
use crate::support::authorization_server::{
    AUTHORIZE_DEVICE, Answer, AuthorizationServer, Behaviour, ClientAuth, DISCOVERY, Decision,
    DeviceGrant, Settings, TOKEN,
};
use crate::support::sandbox::{Finished, Running, Sandbox};
use crate::support::terminal::Terminal;
use crate::support::watch::next_line;

/// A server that is asked every second, so that no test waits for long.
fn start() -> AuthorizationServer {
    AuthorizationServer::start_with(fast())
}

fn fast() -> Settings {
    let device = DeviceGrant {
        interval: Some(1),
        ..DeviceGrant::default()
    };
    Settings {
        device: Some(device),
        ..Settings::default()
    }
}

/// A login that waits for its code to be entered.
struct Waiting {
    running: Running,
    said: String,
    user_code: String,
}

impl Waiting {
    fn start(sandbox: &Sandbox, server: &AuthorizationServer, options: &[&str]) -> Self {
        let url = server.url();
        let words = [&["login", "--device"], &CLIENT[..], options, &[&url]].concat();
        let mut running = sandbox.start(&words);
        let mut said = String::new();
        let mut is_next = false;
        loop {
            let line = next_line(&mut running);
            assert!(!line.is_empty(), "it ended without a code: {said}");
            said.push_str(&line);
            said.push('\n');
            let object: Value = serde_json::from_str(&line).unwrap_or_default();
            let in_json = object["device_authorization"]["user_code"].as_str();
            let in_text = line.strip_prefix("  ").filter(|_| is_next);
            if let Some(code) = in_json.or(in_text) {
                return Self {
                    running,
                    said,
                    user_code: code.to_owned(),
                };
            }
            is_next = line.contains("enter the code");
        }
    }

    fn finish(self) -> Finished {
        let finished = self.running.finish();
        Finished {
            stderr: self.said + &finished.stderr,
            ..finished
        }
    }
}

#[test]
fn a_person_enters_the_code_somewhere_else() {
    let server = start();
    let sandbox = Sandbox::new();
    let waiting = Waiting::start(&sandbox, &server, &["--scope", "read_user"]);
    let page = format!("\n  {}/oauth/device\n", server.url());
    assert!(waiting.said.contains(&page), "{}", waiting.said);
    server.wait_until(
        |seen| seen.iter().filter(|one| one.status == Some(400)).count() >= 2,
        "two polls",
    );
    server.decide(&waiting.user_code, Decision::Approved);
    let finished = waiting.finish();
    assert!(
        finished.stderr.contains("logged in as jane"),
        "{finished:?}"
    );
    assert_eq!(finished.succeeds(), "");
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
    let scopes = sandbox.record(&server)["grants"][0]["scopes"].clone();
    assert_eq!(scopes.as_array().unwrap()[0].as_str(), Some("read_user"));
    sandbox.run(&["refresh", "--force"]).succeeds();
}

#[test]
fn a_person_who_refuses_or_says_nothing_has_no_login() {
    for (decision, name, to_do) in [
        (Decision::Denied, "access_denied", "run `glauth login "),
        (Decision::Expired, "login_required", "run `glauth login "),
    ] {
        let server = start();
        let (message, hint) = ends_as(3, name, |form| {
            let sandbox = Sandbox::new();
            let waiting = Waiting::start(&sandbox, &server, form);
            server.decide(&waiting.user_code, decision);
            let finished = waiting.finish();
            assert!(!sandbox.file(&server, "toml").exists());
            finished
        });
        assert!(hint.contains(to_do), "{message}: {hint}");
    }
}

#[test]
fn a_server_that_is_asked_too_often_is_asked_less_often() {
    let server = start();
    let sandbox = Sandbox::new();
    let slower = Answer::json(400, &json!({"error": "slow_down"}));
    server.script(TOKEN, Behaviour::Answer(slower));
    let waiting = Waiting::start(&sandbox, &server, &[]);
    server.decide(&waiting.user_code, Decision::Approved);
    waiting.finish().succeeds();
    let requests = server.requests();
    let polls: Vec<_> = requests
        .iter()
        .filter(|one| one.request.path == TOKEN)
        .collect();
    let [first, second] = polls[..] else {
        panic!("{polls:?}");
    };
    // RFC 8628 §3.5: five seconds more.
    assert!(second.at - first.at >= Duration::from_secs(6));
}

#[test]
fn a_server_that_stumbles_meanwhile_is_asked_again() {
    let stumbles = [
        Behaviour::Answer(Answer::new(503)),
        Behaviour::Answer(Answer::new(429)),
        Behaviour::LoseRequest,
        // A bot wall, a proxy, and a server that says so.
        Behaviour::Answer(Answer::new(403).body("<html>Checking your browser</html>")),
        Behaviour::Answer(Answer::new(407)),
        Behaviour::Answer(Answer::json(
            400,
            &json!({"error": "temporarily_unavailable"}),
        )),
    ];
    let worlds = stumbles.map(|stumble| {
        let (server, sandbox) = (start(), Sandbox::new());
        server.script(TOKEN, stumble);
        let waiting = Waiting::start(&sandbox, &server, &[]);
        server.decide(&waiting.user_code, Decision::Approved);
        (server, sandbox, waiting)
    });
    for (_server, _sandbox, waiting) in worlds {
        waiting.finish().succeeds();
    }
}

/// What the token endpoint says of a device code, by the same table as of a refresh token
/// (docs/refusals.md).
#[test]
fn a_refusal_means_what_it_means_for_a_refresh() {
    for (status, body, code, name) in [
        (400, json!({"error": "invalid_grant"}), 3, "login_required"),
        (
            200,
            json!({"error_code": "session_expired"}),
            3,
            "login_required",
        ),
        (
            401,
            json!({"error": "invalid_client"}),
            2,
            "client_rejected",
        ),
        (
            200,
            json!({"error": {"code": "unheard_of"}}),
            4,
            "refresh_refused",
        ),
    ] {
        let server = start();
        server.script(TOKEN, Behaviour::Answer(Answer::json(status, &body)));
        let waiting = Waiting::start(&Sandbox::new(), &server, &["--json"]);
        let finished = waiting.finish();
        let error = finished.fails_in_json(code, name);
        assert!(error["said"].is_string(), "{error}");
    }
}

#[test]
fn codes_that_end_are_not_waited_for_any_longer() {
    let server = AuthorizationServer::start_with(Settings {
        device: Some(DeviceGrant {
            interval: Some(1),
            expires_in: Duration::from_secs(2),
        }),
        ..Settings::default()
    });
    let (message, _) = ends_as(3, "login_required", |form| {
        Waiting::start(&Sandbox::new(), &server, form).finish()
    });
    assert!(message.contains("no consent within 2s"), "{message}");
}

#[test]
fn in_json_the_code_is_an_object() {
    let server = start();
    let sandbox = Sandbox::new();
    let waiting = Waiting::start(&sandbox, &server, &["--json"]);
    let line: Value = serde_json::from_str(waiting.said.lines().last().unwrap()).unwrap();
    crate::schemas::conforms("errors", &line);
    let shown = &line["device_authorization"];
    assert_eq!(shown["expires_in"], 300);
    let page = format!("{}/oauth/device", server.url());
    assert_eq!(shown["verification_uri"], page);
    let complete = format!("{page}?user_code={}", waiting.user_code);
    assert_eq!(shown["verification_uri_complete"], complete);
    server.decide(&waiting.user_code, Decision::Approved);
    let end: Value = serde_json::from_str(&waiting.finish().succeeds()).unwrap();
    assert_eq!(end["outcome"], "stored");
}

#[test]
fn a_confidential_client_proves_itself_here_too() {
    let server = AuthorizationServer::start_with(Settings {
        client_auth: ClientAuth::SecretBasic("cs-SECRET".to_owned()),
        ..fast()
    });
    let sandbox = Sandbox::new();
    let path = sandbox.path("secret");
    std::fs::write(&path, "cs-SECRET").unwrap();
    let options = ["--client-secret-file", path.to_str().unwrap()];
    let waiting = Waiting::start(&sandbox, &server, &options);
    server.decide(&waiting.user_code, Decision::Approved);
    waiting.finish().succeeds();
}

/// `login --device` that ends before a code was shown.
fn without_a_code(answer: &Answer, code: i32, name: &str) -> (String, String) {
    let server = start();
    let said = ends_as(code, name, |form| {
        server.script(AUTHORIZE_DEVICE, Behaviour::Answer(answer.clone()));
        let url = server.url();
        let words = [&["login", "--device"], &CLIENT[..], form, &[&url]].concat();
        let finished = Sandbox::new().run(&words);
        assert!(!finished.stderr.contains("enter the code"), "{finished:?}");
        finished
    });
    assert_eq!(server.count(TOKEN), 0);
    said
}

#[test]
fn a_server_without_the_grant_or_with_a_broken_one_is_told_apart_from_one_that_is_down() {
    let error = json!({"error": "unauthorized_client", "error_description": "Not \u{1b}for you."});
    let (message, hint) = without_a_code(&Answer::json(400, &error), 2, "client_rejected");
    assert!(message.contains("for you"), "{message}");
    assert!(hint.contains("`glauth login --no-browser "), "{hint}");
    without_a_code(&Answer::new(404), 2, "client_rejected");
    without_a_code(&Answer::new(302), 2, "client_rejected");
    without_a_code(&Answer::new(429), 4, "rate_limited");
    // A page with 404 is how servers say it; with another status it is a wall's.
    let page = |status| Answer::new(status).body("<html>no</html>");
    without_a_code(&page(404), 2, "client_rejected");
    without_a_code(&page(403), 4, "unavailable");
    let passing = json!({"error": "temporarily_unavailable"});
    without_a_code(&Answer::json(400, &passing), 4, "unavailable");
    let (_, hint) = without_a_code(&Answer::new(500), 4, "unavailable");
    assert!(hint.contains("later"), "{hint}");
}

/// Where no browser would take it either, glauth sends no person to one.
#[test]
fn a_client_that_the_server_does_not_know_ends_the_login_at_once() {
    let said = |finished: &Finished| {
        assert_eq!(finished.code(), Some(2), "{finished:?}");
        assert!(finished.stderr.contains("`invalid_client`"), "{finished:?}");
        assert!(
            finished.stderr.contains("hint: check the client id")
                && !finished.stderr.contains(CLIENT[1]),
            "{finished:?}"
        );
    };
    let (server, sandbox) = (start(), Sandbox::new());
    let error = json!({"error": "invalid_client", "error_description": "Unknown client."});
    for _ in 0..2 {
        let answer = Answer::json(401, &error);
        server.script(AUTHORIZE_DEVICE, Behaviour::Answer(answer));
    }
    let url = server.url();
    let words = ["login", "--client-id", "the-client", &url];
    said(&Terminal::spawn(&mut sandbox.command(&words)).finish());
    said(&sandbox.run(&[&words[..], &["--device"]].concat()));
}

/// Google says it of a desktop app's client too, which its page takes.
#[test]
fn where_the_device_grant_wants_a_client_of_its_own_there_is_another_way() {
    let server = AuthorizationServer::start_with(Settings {
        client_auth: ClientAuth::SecretPost("cs-SECRET".to_owned()),
        ..fast()
    });
    let sandbox = Sandbox::new();
    let error = Answer::json(401, &json!({"error": "invalid_client"}));
    server.script(AUTHORIZE_DEVICE, Behaviour::Answer(error));
    let secret = sandbox.path("secret");
    std::fs::write(&secret, "cs-SECRET").unwrap();
    let url = server.url();
    let endpoint = format!("{url}{AUTHORIZE_DEVICE}");
    let refused = sandbox.run(&[
        "--json",
        "login",
        "--device",
        "--provider",
        "google",
        "--client-id",
        "the-client",
        "--client-secret-file",
        secret.to_str().unwrap(),
        "--device-endpoint",
        &endpoint,
        &url,
    ]);
    let error = refused.fails_in_json(2, "client_rejected");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains("`glauth login --no-browser "), "{hint}");
}

#[test]
fn a_page_that_is_not_safe_is_never_shown() {
    let good = json!({
        "device_code": "dc-SECRET",
        "user_code": "AB-CD",
        "verification_uri": "https://example.com/device",
        "expires_in": 60,
    });
    for (key, value) in [
        ("verification_uri", json!("http://example.com/device")),
        ("verification_uri", json!("javascript:alert(1)")),
        ("verification_uri", json!(7)),
        (
            "verification_uri",
            json!("https://gitlab.com@evil.example/device"),
        ),
        ("user_code", json!("")),
        ("user_code", json!("x".repeat(65))),
        ("device_code", Value::Null),
        ("expires_in", json!(-1)),
    ] {
        let mut body = good.clone();
        body[key] = value;
        let answer = Answer::json(200, &body);
        let (message, _) = without_a_code(&answer, 2, "client_rejected");
        assert!(message.contains(&format!("`{key}`")), "{message}");
        assert!(!message.contains("SECRET"), "{message}");
    }
}

#[test]
fn without_a_browser_it_is_the_way_that_is_taken_with_a_code_for_the_phone() {
    for (no_color, ink) in [("1", Ink::Light), ("", Ink::Dark)] {
        shows_a_code_for_the_phone(no_color, ink);
    }
}

fn shows_a_code_for_the_phone(no_color: &str, ink: Ink) {
    let server = start();
    let sandbox = Sandbox::new();
    let url = server.url();
    let mut command = sandbox.command(&["login", "--client-id", "the-client", &url]);
    let terminal = Terminal::spawn(command.env("NO_COLOR", no_color));
    let screen = terminal.wait_for(" left)");
    let lines: Vec<&str> = screen.lines().collect();
    let at = lines
        .iter()
        .position(|line| line.contains("enter the code"));
    let user_code = lines[at.unwrap() + 1].trim().to_owned();
    let page = format!("{}/oauth/device?user_code={user_code}", server.url());
    assert_eq!(read_by_a_phone(&screen, ink), page);
    server.decide(&user_code, Decision::Approved);
    let finished = terminal.finish();
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert!(
        finished.stderr.contains("logged in as jane"),
        "{finished:?}"
    );
}

#[test]
fn a_page_instead_of_a_code_is_told_by_its_status() {
    for status in [403, 503, 302, 200] {
        let page = Answer::new(status)
            .header("Content-Type", "text/html")
            .body("<html>Are you a robot?</html>".to_owned());
        let server = start();
        server.script(AUTHORIZE_DEVICE, Behaviour::Answer(page));
        let sandbox = Sandbox::new();
        let url = server.url();
        let finished = sandbox.run(&["login", "--device", "--client-id", "the-client", &url]);
        assert_ne!(finished.code(), Some(0), "{finished:?}");
        let shown = format!("(status {status})");
        assert!(finished.stderr.contains(&shown), "{finished:?}");
        assert!(!finished.stderr.contains("robot"), "{finished:?}");
    }
}

#[test]
fn a_terminal_that_cannot_draw_shows_words_alone() {
    for (name, value) in [
        ("TERM", "dumb"),
        ("LANG", "C"),
        ("LC_ALL", "en_US.ISO-8859-1"),
    ] {
        let server = start();
        let sandbox = Sandbox::new();
        let url = server.url();
        let mut command =
            sandbox.command(&["login", "--device", "--client-id", "the-client", &url]);
        let terminal = Terminal::spawn(command.env(name, value));
        let screen = terminal.wait_for("enter the code\n  ");
        let mut lines = screen.lines();
        lines.find(|line| line.contains("enter the code")).unwrap();
        server.decide(lines.next().unwrap().trim(), Decision::Approved);
        let (finished, raw) = terminal.finish_raw();
        assert_eq!(finished.code(), Some(0), "{finished:?}");
        assert!(
            !finished.stderr.contains(['█', '▀', '⠋']),
            "{name}: {finished:?}"
        );
        assert!(!finished.stderr.contains(" left)"), "{name}: {finished:?}");
        assert!(name != "TERM" || !raw.contains('\u{1b}'), "{raw:?}");
    }
}

/// What half blocks are drawn with: as most terminals are, or in colours of the drawing's own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    Light,
    Dark,
}

/// What a phone reads off the screen: two rows of the code are one line of half blocks.
pub fn read_by_a_phone(screen: &str, ink: Ink) -> String {
    const SCALE: usize = 4;
    let is_drawn = |line: &&str| !line.is_empty() && line.chars().all(|c| " ▀▄█".contains(c));
    let rows: Vec<Vec<char>> = screen
        .lines()
        .filter(is_drawn)
        .map(|line| line.chars().collect())
        .collect();
    let side = rows[0].len();
    let is_inked = |x: usize, y: usize| match rows[y / 2][x] {
        '█' => true,
        '▀' => y.is_multiple_of(2),
        '▄' => !y.is_multiple_of(2),
        _ => false,
    };
    let grey = |x: usize, y: usize| {
        let is_light = is_inked(x / SCALE, y / SCALE) == (ink == Ink::Light);
        if is_light { 255 } else { 0 }
    };
    let (width, height) = (side * SCALE, rows.len() * 2 * SCALE);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
    let grids = image.detect_grids();
    let [grid] = &grids[..] else {
        panic!("{} codes on the screen", grids.len());
    };
    grid.decode().unwrap().1
}
#[test]
fn a_person_is_told_how_a_standby_grant_is_added_later() {
    for (option, is_told) in [(None, true), (Some("--no-standby"), false)] {
        let server = start();
        let sandbox = Sandbox::new();
        let url = server.url();
        let mut args = vec!["login", "--device", "--client-id", "the-client", &url];
        args.extend(option);
        let terminal = Terminal::spawn(&mut sandbox.command(&args));
        let screen = terminal.wait_for(" left)");
        let mut lines = screen.lines();
        lines.find(|line| line.contains("enter the code")).unwrap();
        server.decide(lines.next().unwrap().trim(), Decision::Approved);
        let finished = terminal.finish();
        assert_eq!(finished.code(), Some(0), "{finished:?}");
        let said = &finished.stderr;
        assert_eq!(said.contains("login --standby"), is_told, "{said}");
    }
}

#[test]
fn a_server_of_a_known_kind_may_say_where_its_device_endpoint_is() {
    let server = start();
    let sandbox = Sandbox::new();
    let at = |path: &str| format!("{}{path}", server.url());
    let (token, page) = (at(TOKEN), at("/oauth/authorize"));
    let gitea = [
        "--provider=gitea",
        "--token-endpoint",
        &token,
        "--authorization-endpoint",
        &page,
    ];
    let waiting = Waiting::start(&sandbox, &server, &gitea);
    server.decide(&waiting.user_code, Decision::Approved);
    waiting.finish().succeeds();
    let record = sandbox.record(&server);
    let endpoint = record["login"]["device_authorization_endpoint"].as_str();
    assert_eq!(endpoint, Some(&*at(AUTHORIZE_DEVICE)));
    assert_eq!(record["client"]["provider"].as_str(), Some("gitea"));
    // The rest of its document is not better than the table.
    assert_eq!(record["client"].get("revocation_endpoint"), None);
    // Tokens that are there already need none.
    let (asked, url) = (server.count(DISCOVERY), server.url());
    let import = [
        &["login", "--import", "-a", "other"],
        &CLIENT[..],
        &gitea,
        &[&url],
    ]
    .concat();
    sandbox
        .run_with_input(&import, &server.log_in().response)
        .succeeds();
    assert_eq!(server.count(DISCOVERY), asked);
}
