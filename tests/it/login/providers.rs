//! What is known of a server: by its name, by what it says of itself, by what is said.

use serde_json::{Value, json};

use crate::login::{CLIENT, Waiting, ends_as, log_in, words};
use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, DISCOVERY, Settings, TOKEN, USER, USERINFO,
};
use crate::support::browser;
use crate::support::sandbox::Sandbox;
use crate::support::terminal::Terminal;

/// The discovery document of `server`, changed.
fn document(server: &AuthorizationServer, change: impl FnOnce(&mut Value)) -> Answer {
    let url = server.url();
    let mut document = json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/oauth/authorize"),
        "token_endpoint": format!("{url}/oauth/token"),
        "userinfo_endpoint": format!("{url}/oauth/userinfo"),
    });
    change(&mut document);
    Answer::json(200, &document)
}

/// The server answers with this document from now on.
fn says(server: &AuthorizationServer, change: impl FnOnce(&mut Value)) {
    let answer = document(server, change);
    server.always(DISCOVERY, Some(Behaviour::Answer(answer)));
}

fn provider(sandbox: &Sandbox, server: &AuthorizationServer) -> String {
    let record = sandbox.record(server);
    record["client"]["provider"].as_str().unwrap().to_owned()
}

#[test]
fn a_server_that_describes_itself_as_gitlab_does_is_gitlab() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server, &CLIENT);
    assert_eq!(provider(&sandbox, &server), "gitlab");
    // GitLab's userinfo wants a scope of its own.
    assert_eq!((server.count(USER), server.count(USERINFO)), (1, 0));
    // Who is known is not asked again.
    log_in(&sandbox, &server, &[]);
    assert_eq!(server.count(DISCOVERY), 1);
}

#[test]
fn a_server_that_says_nothing_of_use_is_of_no_kind_until_a_person_names_it() {
    for answer in [
        Answer::new(404),
        Answer::new(403),
        Answer::json(200, &"[]"),
        Answer::new(200).body("<html>a page for people</html>"),
        // A document is one only where the server says that it is there.
        document(&AuthorizationServer::start(), |_| {}).with_status(404),
    ] {
        let server = AuthorizationServer::start();
        server.always(DISCOVERY, Some(Behaviour::Answer(answer)));
        let (message, hint) = ends_as(2, "config", |form| {
            Sandbox::new().run(&words(&server, &[&CLIENT[..], form].concat()))
        });
        let tried = format!("there is no discovery document at {}", server.url());
        assert!(message.contains(&tried), "{message}");
        assert!(hint.contains("--provider gitlab"), "{hint}");
        let sandbox = Sandbox::new();
        let mut terminal = Terminal::spawn(&mut sandbox.command(&words(&server, &CLIENT)));
        let screen = terminal.wait_for("which one is it? ");
        assert!(screen.contains(&tried), "{screen}");
        assert!(screen.contains("1. GitLab"), "{screen}");
        terminal.type_line("none of them");
        terminal.type_line("gitlab");
        let screen = terminal.wait_for("Paste the address of that page here");
        browser::open(&screen.lines().find_map(super::page_in).unwrap());
        assert_eq!(terminal.finish().code(), Some(0));
        assert_eq!(provider(&sandbox, &server), "gitlab");
    }
}

#[test]
fn a_server_that_says_that_it_is_another_one_is_taken_for_nothing() {
    let server = AuthorizationServer::start();
    says(&server, |document| {
        document["issuer"] = "https://sso.example/realms/dev".into();
    });
    let (message, hint) = ends_refused(&server, &CLIENT);
    assert!(
        message.contains("https://sso.example/realms/dev"),
        "{message}"
    );
    assert!(hint.contains("--provider"), "{hint}");
    assert_eq!(server.count(TOKEN), 0);
    log_in(
        &Sandbox::new(),
        &server,
        &[&CLIENT[..], &["--provider=gitlab"]].concat(),
    );
}

#[test]
fn a_server_that_cannot_say_now_what_it_is_is_asked_later() {
    let server = AuthorizationServer::start();
    server.always(DISCOVERY, Some(Behaviour::Answer(Answer::new(503))));
    ends_as(4, "unavailable", |form| {
        let options = [&CLIENT, form].concat();
        Sandbox::new().run(&words(&server, &options))
    });
}

#[test]
fn a_server_of_another_kind_is_asked_where_its_endpoints_are_and_they_are_pinned() {
    let server = AuthorizationServer::start();
    let elsewhere = AuthorizationServer::start_with(Settings {
        scope: "openid".to_owned(),
        ..Settings::default()
    });
    // RFC 8414: what the issuer's own document names may be anywhere.
    says(&server, |document| {
        for key in [
            "authorization_endpoint",
            "token_endpoint",
            "userinfo_endpoint",
        ] {
            let here = document[key].as_str().unwrap();
            document[key] = here.replace(&server.url(), &elsewhere.url()).into();
        }
    });
    let sandbox = Sandbox::new();
    let waiting = Waiting::start(&sandbox, &server, &CLIENT);
    assert_eq!(waiting.asked("scope"), "openid offline_access");
    assert_eq!(waiting.asked("prompt"), "consent");
    waiting.consent().1.succeeds();
    assert_eq!(provider(&sandbox, &server), "oidc");
    assert_eq!(elsewhere.count(TOKEN), 1);
    let status = sandbox.run(&["status"]).succeeds();
    assert!(status.contains("jane"), "{status}");
    // Whatever the document says later, tokens go where the login said.
    says(&server, |document| {
        document["token_endpoint"] = "http://127.0.0.1:1/".into();
    });
    sandbox.run(&["refresh", "--force"]).succeeds();
    log_in(&sandbox, &server, &[]);
    assert_eq!(elsewhere.count(TOKEN), 3);
    assert_eq!((server.count(DISCOVERY), server.count(TOKEN)), (1, 0));
    // Who names the provider wants to know anew.
    drop(Waiting::start(&sandbox, &server, &["--provider", "oidc"]));
    assert_eq!(server.count(DISCOVERY), 2);
}

#[test]
fn a_scope_that_the_server_does_not_have_is_not_asked_for_by_itself() {
    let server = AuthorizationServer::start();
    says(&server, |document| {
        document["scopes_supported"] = json!(["openid", "email"]);
    });
    let options = [&CLIENT[..], &["--provider", "oidc"]].concat();
    let waiting = Waiting::start(&Sandbox::new(), &server, &options);
    assert_eq!(waiting.asked("scope"), "openid");
    drop(waiting);
    let options = [&options[..], &["--scope", "offline_access"]].concat();
    let waiting = Waiting::start(&Sandbox::new(), &server, &options);
    assert_eq!(waiting.asked("scope"), "offline_access");
}

#[test]
fn a_document_that_cannot_be_believed_is_refused_where_it_is_needed() {
    for (key, value, in_message) in [
        ("issuer", json!("https://evil.example"), "evil.example"),
        ("issuer", Value::Null, "issuer"),
        (
            "token_endpoint",
            json!("http://192.0.2.1/token"),
            "192.0.2.1",
        ),
        (
            "authorization_endpoint",
            json!("javascript:alert(1)"),
            "javascript",
        ),
    ] {
        let server = AuthorizationServer::start();
        says(&server, |document| document[key] = value);
        let options = [&CLIENT[..], &["--provider", "oidc"]].concat();
        let (message, _) = ends_as(2, "config", |form| {
            let options = [&options, form].concat();
            Sandbox::new().run(&words(&server, &options))
        });
        assert!(message.contains(in_message), "{message}");
        assert_eq!(server.count(TOKEN), 0);
    }
}

#[test]
fn a_server_without_a_document_is_no_issuer_and_one_that_is_down_is_asked_later() {
    for (status, code, name) in [
        (404, 2, "config"),
        (503, 4, "unavailable"),
        (429, 4, "rate_limited"),
    ] {
        let server = AuthorizationServer::start();
        server.always(DISCOVERY, Some(Behaviour::Answer(Answer::new(status))));
        let options = [&CLIENT[..], &["--provider", "oidc"]].concat();
        ends_as(code, name, |form| {
            let options = [&options, form].concat();
            Sandbox::new().run(&words(&server, &options))
        });
    }
}

#[test]
fn an_issuer_with_a_path_is_named_as_it_was_asked() {
    for (status, code) in [(404, 2), (503, 4)] {
        let server = AuthorizationServer::start();
        let issuer = format!("{}/realms/x", server.url());
        let document = format!("/realms/x{DISCOVERY}");
        server.always(&document, Some(Behaviour::Answer(Answer::new(status))));
        let args = [
            "login",
            "--no-browser",
            "--provider",
            "oidc",
            "--client-id",
            "x",
            &issuer,
        ];
        let said = Sandbox::new().run(&args).fails(code);
        let named = match status {
            404 => format!("glauth: {issuer} "),
            _ => format!("glauth: `{issuer}{DISCOVERY}` "),
        };
        assert!(said.starts_with(&named), "{said}");
    }
}

#[test]
fn endpoints_elsewhere_are_only_for_generic_servers() {
    let server = AuthorizationServer::start();
    let elsewhere = ["--token-endpoint", "https://example.com/token"];
    let options = [&CLIENT[..], &elsewhere].concat();
    let (message, _) = ends_refused(&server, &options);
    assert!(message.contains("`generic`"), "{message}");
    let insecure = ["--provider=generic", "--token-endpoint=http://example.com/"];
    let options = [&CLIENT[..], &insecure].concat();
    let (message, _) = ends_refused(&server, &options);
    assert!(message.contains("https://"), "{message}");
    assert_eq!(server.count(TOKEN), 0);
}

fn ends_refused(server: &AuthorizationServer, options: &[&str]) -> (String, String) {
    let finished = Sandbox::new().run(&words(server, options));
    let said = finished.fails(2);
    let (message, hint) = said.split_once('\n').unwrap();
    (message.to_owned(), hint.to_owned())
}

#[test]
fn what_a_generic_server_needs_is_asked_for_by_name() {
    let server = AuthorizationServer::start();
    let options = [&CLIENT[..], &["--provider=generic"]].concat();
    let (message, hint) = ends_refused(&server, &options);
    assert!(message.contains("no token endpoint"), "{message}");
    assert!(hint.contains("--token-endpoint"), "{hint}");
    let token = format!("--token-endpoint={}/oauth/token", server.url());
    let options = [&options[..], &[&*token]].concat();
    let (message, hint) = ends_refused(&server, &options);
    assert!(message.contains("no authorization endpoint"), "{message}");
    assert!(hint.contains("--authorization-endpoint"), "{hint}");
}

#[test]
fn a_server_that_wants_a_secret_says_so_before_anybody_is_asked() {
    let server = AuthorizationServer::start();
    let options = [&CLIENT[..], &["--provider=github-enterprise"]].concat();
    let (message, hint) = ends_refused(&server, &options);
    assert!(message.contains("client secret"), "{message}");
    assert!(hint.contains("--client-secret-file"), "{hint}");
    assert!(hint.contains("--device"), "{hint}");
}

#[test]
fn a_comma_separates_scopes_at_github_and_is_told_of_elsewhere() {
    let server = AuthorizationServer::start();
    let with = |provider: &str| {
        let sandbox = Sandbox::new();
        let endpoint = format!("--authorization-endpoint={}/oauth/authorize", server.url());
        let options = [
            "--provider",
            provider,
            "--scope",
            "a,b",
            "--scope",
            "c",
            &endpoint,
        ];
        let secret = sandbox.path("secret");
        std::fs::write(&secret, "cs-SECRET").unwrap();
        let secret = ["--client-secret-file", secret.to_str().unwrap()];
        let options = [&CLIENT[..], &options, &secret].concat();
        let waiting = Waiting::start(&sandbox, &server, &options);
        (
            waiting.asked("scope"),
            waiting.said.contains("the scope `a,b` has a comma in it"),
        )
    };
    assert_eq!(with("github"), ("a b c".to_owned(), false));
    assert_eq!(with("gitlab"), ("a,b c".to_owned(), true));
}

/// Its path is missing, and its root describes the authorization server alone.
#[test]
fn a_person_who_is_asked_for_a_client_id_learns_how_to_name_an_mcp_server() {
    let server = AuthorizationServer::start();
    let url = server.url();
    says(&server, |document| {
        document["authorization_endpoint"] = format!("{url}/authorize").into();
        document["token_endpoint"] = format!("{url}/token").into();
    });
    let sandbox = Sandbox::new();
    let terminal = Terminal::spawn(&mut sandbox.command(&["login", "--no-browser", &url]));
    let screen = terminal.wait_for("paste the client id: ");
    assert!(screen.contains("add its path to the address"), "{screen}");
}
