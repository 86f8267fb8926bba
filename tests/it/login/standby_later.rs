//! `--standby`: a second grant for a login that is there, in every way in; and healing a lost one.

use serde_json::{Value, json};

use crate::login::standby::{Halfway, ends_with_one, grants};
use crate::login::through_browser::{browser_that_notes, noted};
use crate::login::{CLIENT, Waiting, log_in};
use crate::support::authorization_server::{
    AUTHORIZE, Answer, AuthorizationServer, Behaviour, Consent, Decision, DeviceGrant, REVOKE,
    Settings, TOKEN,
};
use crate::support::browser;
use crate::support::sandbox::{Finished, Sandbox};
use crate::support::terminal::Terminal;
use crate::support::watch::next_line;

const STANDBY: [&str; 1] = ["--standby"];

/// Puts the second grant of the record into another state.
fn set_state(sandbox: &Sandbox, server: &AuthorizationServer, state: &str) {
    sandbox.edit(server, |record| {
        let grant = record["grants"][1].as_table_mut().unwrap();
        grant.insert("state".to_owned(), state.into());
        let since = grant["issued_at"].clone();
        grant.insert("state_since".to_owned(), since);
    });
}

fn generations(sandbox: &Sandbox, server: &AuthorizationServer) -> Vec<i64> {
    let grants = grants(sandbox, server);
    let generation = |grant: &toml::Table| grant["generation"].as_integer().unwrap();
    grants.iter().map(generation).collect()
}

#[test]
fn a_login_that_is_there_gets_a_second_grant_and_keeps_its_first() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server, &CLIENT);
    let token = sandbox.run(&["token"]).prints();

    let (seen, finished) = Waiting::start(&sandbox, &server, &STANDBY).consent();

    assert!(seen.next().is_none());
    assert!(seen.body.contains("The standby grant is stored too."));
    let host = server.host();
    for text in [
        format!("{host}: asking for a standby grant beside the login of jane\n"),
        format!("{host}: the standby grant was added\n"),
    ] {
        assert!(finished.stderr.contains(&text), "{text}: {finished:?}");
    }
    finished.succeeds();
    assert_eq!(generations(&sandbox, &server), [1, 2]);
    assert!(server.is_alive(&token));
    assert_eq!(server.count(REVOKE), 0);
    sandbox.run(&["refresh", "--force"]).succeeds();
}

#[test]
fn two_good_grants_are_enough() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::with_standby(&server);
    let before = sandbox.record_text(&server);
    let url = server.url();
    let finished = sandbox.run(&["login", "--standby", &url]);
    assert!(
        finished.stderr.contains("there is a standby grant already"),
        "{finished:?}"
    );
    finished.succeeds();
    let third = server.log_in().response;
    sandbox
        .run_with_input(&["login", "--import", "--standby", &url], &third)
        .succeeds();
    let in_json = sandbox.run(&["login", "--standby", "--json", &url]);
    let end: Value = serde_json::from_str(&in_json.succeeds()).unwrap();
    assert_eq!(
        (&end["outcome"], &end["standby"]),
        (&json!("unchanged"), &json!(true))
    );
    assert_eq!(sandbox.record_text(&server), before);
    assert_eq!(server.count(AUTHORIZE), 0);
}

#[test]
fn without_a_good_login_it_is_a_new_one_with_both() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -5);
    server.revoke_everything();
    sandbox.run(&["token"]).fails(3);
    Halfway::start(&sandbox, &server, &[]).go_on().1.succeeds();
    assert_eq!(grants(&sandbox, &server).len(), 2);
}

#[test]
fn a_lost_standby_is_healed_in_its_place() {
    let server = AuthorizationServer::start();
    let (sandbox, pairs) = Sandbox::with_standby(&server);
    sandbox.edit(&server, |record| {
        record["grants"][0]
            .as_table_mut()
            .unwrap()
            .insert("from_later".to_owned(), 1.into());
        record["grants"][1]
            .as_table_mut()
            .unwrap()
            .insert("from_later".to_owned(), 2.into());
    });
    set_state(&sandbox, &server, "login_required");
    let status = sandbox.run(&["status"]);
    let hint = format!(
        "standby lost; `glauth login --standby {}` adds another",
        server.url()
    );
    assert!(status.stderr.contains(&hint), "{status:?}");
    status.succeeds();

    let (_, finished) = Waiting::start(&sandbox, &server, &STANDBY).consent();

    finished.succeeds();
    assert_eq!(generations(&sandbox, &server), [1, 3]);
    // What others wrote of the old grant is not said of the new one.
    let grants = grants(&sandbox, &server);
    assert!(grants[0].contains_key("from_later") && !grants[1].contains_key("from_later"));
    assert!(!sandbox.run(&["token"]).prints().is_empty());
    assert!(server.is_alive(&pairs[0].access_token));
    assert_eq!(server.count(REVOKE), 0);
    assert!(!sandbox.run(&["status"]).stderr.contains("standby lost"));
}

#[test]
fn a_doubtful_standby_is_healed_and_revoked() {
    let server = AuthorizationServer::start();
    let (sandbox, pairs) = Sandbox::with_standby(&server);
    set_state(&sandbox, &server, "doubtful");
    Waiting::start(&sandbox, &server, &STANDBY)
        .consent()
        .1
        .succeeds();
    assert_eq!(generations(&sandbox, &server), [1, 3]);
    assert!(!server.is_alive(&pairs[1].access_token));
    assert!(server.is_alive(&pairs[0].access_token));
}

/// P4: no process takes a verdict on the grant that went for one on the grant that came.
#[test]
fn what_was_tried_on_a_grant_that_is_replaced_is_forgotten() {
    let server = AuthorizationServer::start();
    let (sandbox, pairs) = Sandbox::with_standby(&server);
    sandbox.grants_end_in(&server, &[-5, -9]);
    server.allow_replays(1);
    // Another program presents the refresh token of the second.
    exchange(&server, &pairs[1].refresh_token);
    sandbox.run(&["token"]).succeeds();
    let record = sandbox.record(&server);
    assert!(record.contains_key("last_attempt"));
    sandbox.edit(&server, |record| {
        record["last_attempt"]["grant"] = 1.into();
        record["last_attempt"]["outcome"] = "login_required".into();
    });
    Waiting::start(&sandbox, &server, &STANDBY)
        .consent()
        .1
        .succeeds();
    assert!(!sandbox.record(&server).contains_key("last_attempt"));
    sandbox.run(&["refresh", "--force"]).succeeds();
}

fn exchange(server: &AuthorizationServer, refresh_token: &str) {
    let url = url::Url::parse(&format!("{}{TOKEN}", server.url())).unwrap();
    let body =
        format!("grant_type=refresh_token&client_id=the-client&refresh_token={refresh_token}");
    let request = format!(
        "POST {TOKEN} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        server.host(),
        body.len()
    );
    let answer = browser::send(&url, request.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_missing_consent_leaves_the_login_and_is_told_with_an_exit_code() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server, &CLIENT);
    let before = sandbox.record_text(&server);
    server.change(|rules| rules.consent = Consent::Refused("access_denied", None));
    let (seen, finished) = Waiting::start(&sandbox, &server, &STANDBY).consent();
    assert!(seen.heading().starts_with("Logged in"), "{seen:?}");
    assert_eq!(finished.code(), Some(3), "{finished:?}");
    server.change(|rules| {
        rules.consent = Consent::Given;
        rules.username = "joe".to_owned();
    });
    let (_, finished) = Waiting::start(&sandbox, &server, &STANDBY).consent();
    assert_eq!(finished.code(), Some(3), "{finished:?}");
    let said = finished.stderr;
    assert!(
        said.contains("it belongs to joe, but the login belongs to jane"),
        "{said}"
    );
    assert!(said.contains("\nhint: log in as jane"), "{said}");
    assert_eq!(server.count(REVOKE), 1);
    assert_eq!(sandbox.record_text(&server), before);
}

#[test]
fn an_imported_login_is_asked_whose_it_is() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    server.change(|rules| rules.username = "joe".to_owned());
    let (_, finished) = Waiting::start(&sandbox, &server, &STANDBY).consent();
    assert_eq!(finished.code(), Some(3), "{finished:?}");
    server.change(|rules| rules.username = "jane".to_owned());
    let (_, finished) = Waiting::start(&sandbox, &server, &STANDBY).consent();
    finished.succeeds();
    let identity = &sandbox.record(&server)["identity"]["username"];
    assert_eq!(identity.as_str(), Some("jane"));
}

#[test]
fn another_client_or_other_scopes_are_refused_before_anybody_is_asked() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let url = server.url();
    for options in [["--client-id", "another"], ["--scope", "read_user"]] {
        let words = [
            &["login", "--no-browser", "--standby"],
            &options[..],
            &[&url],
        ]
        .concat();
        let finished = sandbox.run(&words);
        assert_eq!(finished.code(), Some(2), "{finished:?}");
        let said = finished.stderr;
        assert!(said.contains("no standby grant was added"), "{said}");
    }
    sandbox
        .run(&["login", "--standby", "--no-standby", &url])
        .fails(2);
    sandbox
        .run(&["login", "--standby", "--with-token", &url])
        .fails(2);
    assert_eq!(server.count(AUTHORIZE), 0);
}

/// The code that a running login shows next.
fn next_code(running: &mut crate::support::sandbox::Running, said: &mut String) -> String {
    let mut is_next = false;
    loop {
        let line = next_line(running);
        assert!(!line.is_empty(), "it ended without a code: {said}");
        said.push_str(&line);
        said.push('\n');
        match line.strip_prefix("  ").filter(|_| is_next) {
            Some(code) => return code.to_owned(),
            None => is_next = line.contains("enter the code"),
        }
    }
}

fn with_device_grant() -> AuthorizationServer {
    AuthorizationServer::start_with(Settings {
        device: Some(DeviceGrant {
            interval: Some(1),
            ..DeviceGrant::default()
        }),
        ..Settings::default()
    })
}

#[test]
fn the_device_grant_shows_a_second_code_once_the_first_login_is_stored() {
    for (second, count) in [(Decision::Approved, 2), (Decision::Denied, 1)] {
        let server = with_device_grant();
        let sandbox = Sandbox::new();
        let url = server.url();
        let words = [&["login", "--device", "--standby"], &CLIENT[..], &[&url]].concat();
        let mut running = sandbox.start(&words);
        let mut said = String::new();
        server.decide(&next_code(&mut running, &mut said), Decision::Approved);
        let code = next_code(&mut running, &mut said);
        assert!(said.contains("logged in as jane"), "{said}");
        assert!(
            said.contains("Step 1 of 2 done: the login is stored, and works"),
            "{said}"
        );
        assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
        server.decide(&code, second);
        let finished = running.finish();
        assert_eq!(finished.code(), Some(0), "{finished:?}");
        assert_eq!(grants(&sandbox, &server).len(), count);
        if count == 1 {
            ends_with_one(&sandbox, &server, &finished, "access was denied");
        }
    }
}

#[test]
fn a_device_login_that_is_there_gets_a_second_grant() {
    let server = with_device_grant();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let mut running = sandbox.start(&["login", "--device", "--standby", &server.url()]);
    let code = next_code(&mut running, &mut String::new());
    server.decide(&code, Decision::Approved);
    running.finish().succeeds();
    assert_eq!(grants(&sandbox, &server).len(), 2);
}

fn import(sandbox: &Sandbox, options: &[&str], url: &str, response: &str) -> Finished {
    let words = [&["login", "--import", "--standby"], options, &[url]].concat();
    sandbox.run_with_input(&words, response)
}

#[test]
fn an_imported_grant_becomes_the_standby_once() {
    let server = AuthorizationServer::start();
    let url = server.url();
    let sandbox = Sandbox::new();
    let second = server.log_in();
    let said = import(&sandbox, &CLIENT, &url, &second.response).fails(2);
    assert!(said.contains("\nhint: import the first one"), "{said}");

    let first = sandbox.log_in(&server);
    let said = import(&sandbox, &["--client-id", "other"], &url, &second.response).fails(2);
    assert!(said.contains("another client"), "{said}");
    let finished = import(&sandbox, &[], &url, &second.response);
    assert!(
        finished.stderr.contains("the standby grant was added"),
        "{finished:?}"
    );
    finished.succeeds();
    let before = sandbox.record_text(&server);
    for known in [&first, &second] {
        import(&sandbox, &[], &url, &known.response).succeeds();
        // And a script that knows nothing of this may run again too.
        sandbox.import(&server, known);
    }
    assert_eq!(sandbox.record_text(&server), before);
    assert_eq!(generations(&sandbox, &server), [1, 2]);
    assert_eq!(server.count(REVOKE), 0);
}

#[test]
fn an_imported_grant_of_another_user_is_refused_and_left_alone() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    server.change(|rules| rules.username = "joe".to_owned());
    let of_joe = server.log_in();
    let finished = import(&sandbox, &["--json"], &server.url(), &of_joe.response);
    finished.fails_in_json(2, "bad_input");
    assert!(server.is_alive(&of_joe.access_token));
    assert_eq!(grants(&sandbox, &server).len(), 1);
}

fn share(sandbox: &Sandbox, server: &AuthorizationServer) -> String {
    sandbox.edit(server, |record| {
        record["client"]["provider"] = "generic".into();
        record["client"]["grants"] = "shared".into();
        // Such a server does not say whose a grant is.
        record.remove("identity");
    });
    format!("--authorization-endpoint={}{AUTHORIZE}", server.url())
}

#[test]
fn where_grants_are_shared_a_session_of_its_own_is_asked_for_and_nothing_leads_there() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let endpoint = share(&sandbox, &server);
    let options = ["--standby", &endpoint];
    let url = server.url();
    let words = [&["login"], &options[..], &[&url]].concat();
    let mut command = sandbox.command(&words);
    command.env("BROWSER", browser_that_notes(&sandbox));
    let terminal = Terminal::spawn(&mut command);
    let screen = terminal.wait_for("Paste the address of that page here");
    assert!(
        screen.contains("browser session of its own (a private window, another profile)"),
        "{screen}"
    );
    assert!(!sandbox.path("visited").exists(), "it was opened");
    let page = screen.lines().find_map(super::page_in).unwrap();
    browser::open(&page);
    assert_eq!(terminal.finish().code(), Some(0));
    assert_eq!(grants(&sandbox, &server).len(), 2);
}

#[test]
fn where_grants_are_shared_the_first_page_ends_and_nothing_is_revoked() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let endpoint = share(&sandbox, &server);
    let url = server.url();
    server.revoke_everything();
    sandbox.ends_in(&server, -5);
    sandbox.run(&["token"]).fails(3);
    let words = ["login", "--no-browser", "--standby", &endpoint, &url];
    let terminal = Terminal::spawn(&mut sandbox.command(&words));
    let screen = terminal.wait_for("Paste the address of that page here");
    let first = browser::open(&screen.lines().find_map(super::page_in).unwrap());
    assert!(first.next().is_none(), "{first:?}");
    let screen = terminal.wait_for("Press Enter to skip this step");
    assert!(screen.contains("session of its own"), "{screen}");
    let next = screen.lines().filter_map(super::page_in).next_back();
    let other =
        json!({"access_token": "at-SECRET-x", "refresh_token": "rt-SECRET-x", "scope": "x"});
    server.script(TOKEN, Behaviour::Answer(Answer::json(200, &other)));
    browser::open(&next.unwrap());
    let finished = terminal.finish();
    let why = "it has the scopes `x`, but the login has `api`; glauth left these tokens to expire";
    ends_with_one(&sandbox, &server, &finished, why);
    assert_eq!(server.count(REVOKE), 0);
}

#[test]
fn a_login_that_replaces_one_where_grants_are_shared_asks_for_one_by_itself() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let endpoint = share(&sandbox, &server);
    let mut command = sandbox.command(&["login", &endpoint, &server.url()]);
    command.env("BROWSER", browser_that_notes(&sandbox));
    let terminal = Terminal::spawn(&mut command);
    let seen = browser::open(&noted(&sandbox));
    assert!(seen.next().is_none(), "{seen:?}");
    assert_eq!(terminal.finish().code(), Some(0));
    assert_eq!(grants(&sandbox, &server).len(), 1);
}
