//! A second consent right after the first one, for a grant that stands by.

use serde_json::{Value, json};
use toml::Table;

use crate::login::through_browser::{browser_that_notes, noted, page_opened};
use crate::login::{CLIENT, Waiting, page_in};
use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, Consent, REVOKE, TOKEN, USER,
};
use crate::support::browser::{self, Seen};
use crate::support::sandbox::{Finished, Sandbox};
use crate::support::terminal::Terminal;

/// A login that waits for its second consent, and where its browser is.
pub struct Halfway {
    pub waiting: Waiting,
    /// The page of the second consent.
    pub next: String,
    pub first: Seen,
}

impl Halfway {
    /// `login --standby`, with the first consent given.
    #[track_caller]
    pub fn start(sandbox: &Sandbox, server: &AuthorizationServer, options: &[&str]) -> Self {
        let options = [&["--standby"], options].concat();
        let waiting = Waiting::start(sandbox, server, &options);
        let first = browser::open(&waiting.page);
        let next = first.next().unwrap_or_else(|| panic!("it ends: {first:?}"));
        Self {
            waiting,
            next,
            first,
        }
    }

    /// Consents again: what the browser shows then, and how it ends.
    #[track_caller]
    pub fn go_on(self) -> (Seen, Finished) {
        let seen = browser::open(&self.next);
        (seen, self.waiting.finish())
    }
}

pub fn grants(sandbox: &Sandbox, server: &AuthorizationServer) -> Vec<Table> {
    let record = sandbox.record(server);
    let grants = record["grants"].as_array().unwrap().iter();
    grants
        .map(|grant| grant.as_table().unwrap().clone())
        .collect()
}

pub fn text<'a>(grant: &'a Table, key: &str) -> &'a str {
    grant[key].as_str().unwrap()
}

/// The login is good and has one grant, and a person is told why and what to do.
#[track_caller]
pub fn ends_with_one(
    sandbox: &Sandbox,
    server: &AuthorizationServer,
    finished: &Finished,
    why: &str,
) {
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    let said = &finished.stderr;
    assert!(said.contains("there is no standby grant: "), "{said}");
    assert!(said.contains(why), "no `{why}` in {said}");
    let hint = format!(
        "\nhint: `glauth login --standby {}` adds one\n",
        server.url()
    );
    assert!(said.contains(&hint), "{said}");
    assert_eq!(grants(sandbox, server).len(), 1);
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
}

#[test]
fn a_browser_login_asks_for_two_consents_and_has_two_grants() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["login", "--client-id", "the-client", &server.url()]);
    command.env("BROWSER", browser_that_notes(&sandbox));
    let terminal = Terminal::spawn(&mut command);
    let host = server.host();

    let first = browser::open(&noted(&sandbox));

    let done = format!("Step 1 of 2 done: logged in to {host} as jane");
    assert_eq!(first.heading(), done);
    for text in [
        "asks for your consent again",
        "no token stops working while it is in use",
        "Continue to step 2",
        "You can also close this tab",
        "content=\"10; url=",
    ] {
        assert!(first.body.contains(text), "{text}: {first:?}");
    }
    // It is stored before the second question.
    let screen = terminal.wait_for("Press Enter to skip this step");
    assert!(
        screen.contains(&format!("{host}: logged in as jane\n")),
        "{screen}"
    );
    assert!(
        screen.contains("Step 1 of 2 done: the login is stored, and works\nStep 2 of 2: consent to a standby grant. "),
        "{screen}"
    );
    let token = sandbox.run(&["token"]).prints();
    assert_eq!(grants(&sandbox, &server).len(), 1);

    let next = first.next().unwrap();
    assert!(screen.contains(&format!("\n  {next}\n")), "{screen}");
    let last = browser::open(&next);

    let finished = terminal.finish();
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    assert_eq!(last.heading(), format!("Logged in to {host} as jane"));
    assert!(
        last.body.contains("The standby grant is stored too."),
        "{last:?}"
    );
    assert!(last.next().is_none());
    let said = finished.stderr;
    assert!(
        said.contains(&format!("{host}: there is a standby grant too\n")),
        "{said}"
    );
    assert_eq!(said.matches("logged in as jane").count(), 1, "{said}");
    let grants = grants(&sandbox, &server);
    let [one, other] = &grants[..] else {
        panic!("{grants:?}");
    };
    assert_eq!(text(one, "access_token"), token);
    for key in ["origin", "access_token", "refresh_token"] {
        assert_ne!(text(one, key), text(other, key), "{key}");
    }
    assert_eq!(one["generation"].as_integer(), Some(1));
    assert_eq!(other["generation"].as_integer(), Some(2));
    assert!(server.is_alive(&token) && server.is_alive(text(other, "access_token")));
    assert_eq!((server.count(TOKEN), server.count(REVOKE)), (2, 0));
    assert!(sandbox.run(&["status"]).succeeds().contains("STANDBY"));
}

#[test]
fn the_second_question_has_nothing_of_the_first_and_its_answer_counts_alone() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let halfway = Halfway::start(&sandbox, &server, &CLIENT);
    let page = url::Url::parse(&halfway.next).unwrap();
    let asked = |name: &str| {
        let mut pairs = page.query_pairs();
        pairs.find(|(key, _)| key == name).unwrap().1.into_owned()
    };
    for name in ["state", "code_challenge"] {
        assert_ne!(halfway.waiting.asked(name), asked(name), "{name}");
    }
    assert_eq!(halfway.waiting.asked("redirect_uri"), asked("redirect_uri"));
    // The first answer once more, as by going back.
    assert_eq!(browser::get(halfway.first.url.as_str()).status, 404);
    assert_eq!(server.count(TOKEN), 1);
    halfway.go_on().1.succeeds();
    assert_eq!(grants(&sandbox, &server).len(), 2);
}

#[test]
fn no_standby_takes_one_consent_and_so_does_a_login_without_a_browser_here() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let url = server.url();
    let words = ["login", "--no-standby", "--client-id", "the-client", &url];
    let mut command = sandbox.command(&words);
    command.env("BROWSER", browser_that_notes(&sandbox));
    let terminal = Terminal::spawn(&mut command);
    let seen = browser::open(&noted(&sandbox));
    assert!(seen.next().is_none(), "{seen:?}");
    assert_eq!(terminal.finish().code(), Some(0));

    let (seen, finished) = Waiting::start(&sandbox, &server, &[]).consent();
    assert!(seen.next().is_none(), "{seen:?}");
    finished.succeeds();
    assert_eq!(grants(&sandbox, &server).len(), 1);
}

#[test]
fn an_address_that_was_pasted_ends_the_login_without_standby() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["login", "--client-id", "the-client", &server.url()]);
    command.env("BROWSER", browser_that_notes(&sandbox));
    let mut terminal = Terminal::spawn(&mut command);
    let address = browser::open_but_stay(&page_opened(&sandbox));
    terminal.wait_for("Paste the address of that page here");
    terminal.type_line(&address);
    assert_eq!(terminal.finish().code(), Some(0));
    assert_eq!(grants(&sandbox, &server).len(), 1);
}

#[test]
fn both_addresses_can_be_pasted() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let url = server.url();
    let words = [
        &["login", "--no-browser", "--standby"],
        &CLIENT[..],
        &[&url],
    ]
    .concat();
    let mut terminal = Terminal::spawn(&mut sandbox.command(&words));
    let screen = terminal.wait_for("Paste the address of that page here");
    let page = screen.lines().find_map(page_in).unwrap();
    // An early Enter is not meant for the second one.
    terminal.type_line("");
    terminal.type_line(&browser::open_but_stay(&page));
    let screen = terminal.wait_for("Press Enter to skip this step");
    let next = screen.lines().filter_map(page_in).next_back().unwrap();
    assert_ne!(page, next);
    terminal.type_line(&browser::open_but_stay(&next));
    assert_eq!(terminal.finish().code(), Some(0));
    assert_eq!(grants(&sandbox, &server).len(), 2);
}

#[test]
fn enter_goes_on_without_the_second() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["login", "--client-id", "the-client", &server.url()]);
    command.env("BROWSER", browser_that_notes(&sandbox));
    let mut terminal = Terminal::spawn(&mut command);
    let first = browser::open(&noted(&sandbox));
    assert!(first.next().is_some());
    terminal.wait_for("Press Enter to skip this step");
    terminal.type_line("");
    let finished = terminal.finish();
    ends_with_one(&sandbox, &server, &finished, "you skipped it");
    assert!(!finished.stderr.contains("warning"), "{finished:?}");
    assert_eq!(server.count(TOKEN), 1);
}

#[test]
fn a_refusal_of_the_second_leaves_a_login_with_one() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let halfway = Halfway::start(&sandbox, &server, &CLIENT);
    server.change(|rules| rules.consent = Consent::Refused("access_denied", None));
    let (seen, finished) = halfway.go_on();
    assert!(seen.heading().starts_with("Logged in"), "{seen:?}");
    assert!(
        seen.body
            .contains("There is no standby grant: access was denied."),
        "{seen:?}"
    );
    ends_with_one(&sandbox, &server, &finished, "access was denied");
}

#[test]
fn a_second_grant_of_another_user_is_revoked_again() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let halfway = Halfway::start(&sandbox, &server, &CLIENT);
    server.change(|rules| rules.username = "joe".to_owned());
    let (seen, finished) = halfway.go_on();
    assert!(seen.body.contains("it belongs to joe"), "{seen:?}");
    let why = "it belongs to joe, but the login belongs to jane; it was revoked";
    ends_with_one(&sandbox, &server, &finished, why);
    assert_eq!(server.count(REVOKE), 1);
}

#[test]
fn a_second_grant_of_an_unknown_user_is_taken_only_where_the_first_is_too() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let halfway = Halfway::start(&sandbox, &server, &CLIENT);
    server.script(USER, Behaviour::Answer(Answer::new(503)));
    let (_, finished) = halfway.go_on();
    let why =
        "cannot say now which user it belongs to, and the login belongs to jane; it was revoked";
    ends_with_one(&sandbox, &server, &finished, why);

    let sandbox = Sandbox::new();
    let halfway = Halfway::start(&sandbox, &server, &CLIENT);
    server.script(USER, Behaviour::Answer(Answer::new(403)));
    let (_, finished) = halfway.go_on();
    let why =
        "does not say which user it belongs to, and the login belongs to jane; it was revoked";
    ends_with_one(&sandbox, &server, &finished, why);

    server.always(USER, Some(Behaviour::Answer(Answer::new(403))));
    let sandbox = Sandbox::new();
    let (_, finished) = Halfway::start(&sandbox, &server, &CLIENT).go_on();
    assert!(
        finished
            .stderr
            .contains("does not say whether both grants are of the same user"),
        "{finished:?}"
    );
    assert_eq!(grants(&sandbox, &server).len(), 2);
    finished.succeeds();
}

#[test]
fn a_first_grant_whose_user_was_not_told_is_asked_about_once_more() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    server.script(USER, Behaviour::Answer(Answer::new(503)));
    let halfway = Halfway::start(&sandbox, &server, &CLIENT);
    server.change(|rules| rules.username = "joe".to_owned());
    let (_, finished) = halfway.go_on();
    ends_with_one(&sandbox, &server, &finished, "it belongs to joe");
}

#[test]
fn a_second_grant_with_other_scopes_or_nothing_to_refresh_is_revoked_again() {
    for (change, why) in [
        (
            json!({"scope": "api read_user"}),
            "it has the scopes `api read_user`",
        ),
        (json!({"refresh_token": null}), "it has no refresh token"),
    ] {
        let server = AuthorizationServer::start();
        let sandbox = Sandbox::new();
        let halfway = Halfway::start(&sandbox, &server, &CLIENT);
        let mut answer = json!({
            "access_token": "at-SECRET-x",
            "refresh_token": "rt-SECRET-x",
            "token_type": "Bearer",
            "scope": "api",
        });
        for (key, value) in change.as_object().unwrap() {
            answer[key] = value.clone();
        }
        answer.as_object_mut().unwrap().retain(|_, v| !v.is_null());
        server.script(TOKEN, Behaviour::Answer(Answer::json(200, &answer)));
        let (_, finished) = halfway.go_on();
        ends_with_one(&sandbox, &server, &finished, why);
        assert_eq!(server.count(REVOKE), 1);
    }
}

#[test]
fn the_same_tokens_again_are_no_second_grant_and_are_not_revoked() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let halfway = Halfway::start(&sandbox, &server, &CLIENT);
    let pair = server.current_pair(text(&grants(&sandbox, &server)[0], "access_token"));
    let answer: Value = serde_json::from_str(&pair.response).unwrap();
    server.script(TOKEN, Behaviour::Answer(Answer::json(200, &answer)));
    let (_, finished) = halfway.go_on();
    ends_with_one(
        &sandbox,
        &server,
        &finished,
        "returned tokens that the login already has",
    );
    assert_eq!(server.count(REVOKE), 0);
}

#[test]
fn a_second_token_request_that_fails_leaves_the_login_as_it_is() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let halfway = Halfway::start(&sandbox, &server, &CLIENT);
    server.script(TOKEN, Behaviour::Answer(Answer::new(503)));
    let (seen, finished) = halfway.go_on();
    assert!(seen.heading().starts_with("Logged in"), "{seen:?}");
    ends_with_one(&sandbox, &server, &finished, "cannot give tokens now");
}

#[test]
fn a_second_grant_that_cannot_be_stored_is_revoked_again() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let halfway = Halfway::start(&sandbox, &server, &CLIENT);
    std::fs::create_dir(sandbox.file(&server, "toml.new")).unwrap();
    let (_, finished) = halfway.go_on();
    std::fs::remove_dir(sandbox.file(&server, "toml.new")).unwrap();
    ends_with_one(&sandbox, &server, &finished, "it could not be stored");
    assert_eq!(server.count(REVOKE), 1);
}

#[test]
fn in_json_the_second_page_is_an_object_too_and_the_end_says_standby() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let options = [&CLIENT[..], &["--json"]].concat();
    let (_, finished) = Halfway::start(&sandbox, &server, &options).go_on();
    let pages: Vec<Value> = finished
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let standby: Vec<_> = pages
        .iter()
        .map(|page| &page["authorization"]["standby"])
        .collect();
    assert_eq!(standby, [&json!(false), &json!(true)]);
    let end: Value = serde_json::from_str(&finished.succeeds()).unwrap();
    assert_eq!(
        (&end["outcome"], &end["standby"]),
        (&json!("stored"), &json!(true))
    );
}
