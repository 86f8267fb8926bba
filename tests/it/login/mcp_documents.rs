//! Which documents a login at an MCP server reads, and what it makes of those that are missing, slow or unfit.

use serde_json::json;

use super::Waiting;
use super::mcp::{address, interrupt, object, refused, refused_with, spawn, start};
use crate::support::authorization_server::{
    AUTHORIZE, Answer, AuthorizationServer, Behaviour, MCP, McpServer, RESOURCE_METADATA,
    SERVER_METADATA, TOKEN,
};
use crate::support::sandbox::Sandbox;

const OPENID: &str = "/.well-known/openid-configuration";

#[test]
fn a_place_that_answers_5xx_or_not_at_all_hides_neither_the_challenge_nor_the_next_place() {
    let below = format!("{MCP}{OPENID}");
    for answer in [Behaviour::Answer(Answer::new(503)), Behaviour::LoseRequest] {
        let server = start(McpServer::default());
        let of_server = format!("{OPENID}{MCP}");
        for path in [&*below, OPENID, &*of_server] {
            server.always(path, Some(answer.clone()));
        }
        interrupt(spawn(&Sandbox::new(), &server, &[]));
    }
}

#[test]
fn a_document_that_cannot_be_read_now_is_named_and_the_login_is_to_be_repeated() {
    for path in [RESOURCE_METADATA, SERVER_METADATA] {
        let server = start(McpServer::default());
        server.always(path, Some(Behaviour::Answer(Answer::new(503))));
        let (message, hint) = refused_with(&server, 4, "unavailable");
        let named = format!("`{}{path}` cannot be read now (status 503)", server.url());
        assert_eq!(message, named);
        assert!(hint.contains("then run `glauth login"), "{hint}");
    }
}

/// RFC 9110 §11.6.1 and RFC 6750 §3.1: a challenge may come with any status.
#[test]
fn a_challenge_with_another_status_leads_to_the_document_at_the_root() {
    for status in [400, 403] {
        let server = start(McpServer::default());
        let wants_token = Answer::new(status).header("WWW-Authenticate", "Bearer scope=\"x\"");
        let url = server.url();
        let description =
            json!({"resource": format!("{url}{MCP}"), "authorization_servers": [url]});
        for (path, answer) in [
            (MCP, wants_token),
            (RESOURCE_METADATA, Answer::new(404)),
            (
                "/.well-known/oauth-protected-resource",
                Answer::json(200, &description),
            ),
        ] {
            server.always(path, Some(Behaviour::Answer(answer)));
        }
        let waiting = spawn(&Sandbox::new(), &server, &[]);
        assert_eq!(waiting.asked("resource"), format!("{url}{MCP}"));
        assert_eq!(waiting.asked("scope"), "x");
        interrupt(waiting);
    }
}

/// MCP demands S256 in the metadata; OpenID providers need not list it.
#[test]
fn an_openid_provider_that_answers_with_a_challenge_is_no_mcp_server() {
    let server = AuthorizationServer::start();
    let url = server.url();
    let document = json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}{AUTHORIZE}?tenant=a"),
        "token_endpoint": format!("{url}{TOKEN}"),
    });
    server.always(
        OPENID,
        Some(Behaviour::Answer(Answer::json(200, &document))),
    );
    let wants_token = Answer::new(401).header("WWW-Authenticate", "Bearer");
    server.always("/", Some(Behaviour::Answer(wants_token)));
    let sandbox = Sandbox::new();
    super::log_in(&sandbox, &server, &["--client-id", "the-client"]);
    assert_eq!(
        sandbox.record(&server)["client"]["provider"].as_str(),
        Some("oidc")
    );
}

/// Such as an issuer of Amazon Cognito, whose endpoints are on a domain of the customer's.
#[test]
fn endpoints_on_another_host_are_refused_and_the_way_that_the_hint_names_works() {
    let server = start(McpServer::default());
    let resource = format!("{}{MCP}", server.url());
    let other = AuthorizationServer::start();
    let (authorize, token) = (
        format!("{}{AUTHORIZE}", other.url()),
        format!("{}{TOKEN}", other.url()),
    );
    server.change(|settings| {
        let rules = settings.mcp.as_mut().unwrap();
        rules.server =
            object(json!({"authorization_endpoint": authorize, "token_endpoint": token}));
    });
    let (message, hint) = refused(&server);
    assert!(message.contains("which is on another server"), "{message}");
    let way = "--provider generic --client-id ID --authorization-endpoint URL --token-endpoint URL --parameter resource=URL";
    assert!(hint.contains(way), "{hint}");
    assert_eq!(other.requests().len(), 0);
    let (url, parameter) = (address(&server), format!("resource={resource}"));
    let way = way
        .replacen("URL", &authorize, 1)
        .replacen("URL", &token, 1);
    let way = way
        .replace("resource=URL", &parameter)
        .replace("ID", "the-client");
    let mut words = vec!["login", "--no-browser"];
    words.extend(way.split(' '));
    words.push(&url);
    let sandbox = Sandbox::new();
    let waiting = Waiting::spawn(&mut sandbox.command(&words));
    assert_eq!(waiting.asked("resource"), resource);
    let (_, finished) = waiting.consent();
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    sandbox.run(&["refresh", "--force", &url]).succeeds();
    let token = sandbox.run(&["token", &url]).prints();
    assert!(other.is_alive(&token));
    let requests = other.requests().into_iter().map(|one| one.request);
    let mut requests = requests.filter(|request| request.path == TOKEN);
    assert!(requests.all(|request| request.parameter("resource") == Some(&resource)));
}
