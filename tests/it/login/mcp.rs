//! A login at an MCP server: discovery, registration, `resource`, and what becomes of the registration.

use serde_json::{Map, Value, json};

use crate::login::{Waiting, ends_as};
use crate::support::authorization_server::{
    AUTHORIZE, Answer, AuthorizationServer, Behaviour, MCP, McpServer, REGISTER, RESOURCE_METADATA,
    SERVER_METADATA, Settings, TOKEN, USERINFO,
};
use crate::support::browser;
use crate::support::sandbox::{Finished, Running, Sandbox};
use crate::support::terminal::Terminal;

pub(super) fn start(rules: McpServer) -> AuthorizationServer {
    AuthorizationServer::start_with(Settings {
        mcp: Some(rules),
        ..Settings::default()
    })
}

pub(super) fn object(value: impl Into<Value>) -> Map<String, Value> {
    match value.into() {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

/// The address that a person copies from a page.
pub(super) fn address(server: &AuthorizationServer) -> String {
    format!("{}{MCP}?tenant=a", server.url())
}

pub(super) fn spawn(sandbox: &Sandbox, server: &AuthorizationServer, options: &[&str]) -> Waiting {
    let url = address(server);
    Waiting::spawn(&mut sandbox.command(&[&["login", "--no-browser"], options, &[&url]].concat()))
}

#[track_caller]
pub(super) fn log_in(
    sandbox: &Sandbox,
    server: &AuthorizationServer,
    options: &[&str],
) -> Finished {
    let (seen, finished) = spawn(sandbox, server, options).consent();
    assert!(seen.heading().starts_with("Logged in"), "{seen:?}");
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    finished
}

pub(super) fn record(sandbox: &Sandbox, server: &AuthorizationServer) -> toml::Table {
    let folder = format!("{}%2Fmcp", server.host().replace(':', "%3A"));
    let path = sandbox.store().join(folder).join("default.toml");
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

pub(super) fn client_id(sandbox: &Sandbox, server: &AuthorizationServer) -> Option<String> {
    let record = record(sandbox, server);
    let id = record["client"].get("client_id")?;
    Some(id.as_str().unwrap().to_owned())
}

/// Nothing but the address is known, and `login` ends refused, with its hint.
#[track_caller]
pub(super) fn refused(server: &AuthorizationServer) -> (String, String) {
    refused_with(server, 2, "config")
}

#[track_caller]
pub(super) fn refused_with(
    server: &AuthorizationServer,
    exit: i32,
    code: &str,
) -> (String, String) {
    let url = address(server);
    let ended = ends_as(exit, code, |form| {
        Sandbox::new().run(&[&["login", "--no-browser"], form, &[&url]].concat())
    });
    assert_eq!(server.count(AUTHORIZE) + server.count(TOKEN), 0);
    ended
}

#[test]
fn the_address_is_all_that_a_login_needs_and_the_token_is_for_that_server() {
    let server = start(McpServer::default());
    let sandbox = Sandbox::new();
    let waiting = spawn(&sandbox, &server, &[]);
    assert_eq!(waiting.asked("resource"), format!("{}{MCP}", server.url()));
    assert!(!waiting.page.contains("scope="), "{}", waiting.page);
    waiting.consent().1.succeeds();
    assert_eq!(client_id(&sandbox, &server), Some(server.client_id()));
    // Each request names the resource, or the server would complain.
    sandbox
        .run(&["refresh", "--force", &address(&server)])
        .succeeds();
    let token = sandbox.run(&["token", &address(&server)]).prints();
    assert!(server.is_alive(&token));
    // It has nothing for git.
    let said = sandbox.run(&["setup-git"]).fails(2);
    assert!(said.contains("no HOST was given"), "{said}");
    let registered = server
        .requests()
        .into_iter()
        .find(|one| one.request.path == REGISTER);
    let asked = registered.unwrap().request.json;
    let uri = asked["redirect_uris"][0].as_str().unwrap();
    let port = url::Url::parse(uri).unwrap().port();
    assert!(port.is_some_and(|port| port != 0), "{asked}");
}

#[test]
fn the_scopes_are_those_of_the_challenge_else_those_of_the_resource() {
    let resource = object(json!({"scopes_supported": ["read", "write"]}));
    for (challenge, offline, expected) in [
        (r#", scope="a b""#, false, "a b"),
        (r#", scope="a""#, true, "a offline_access"),
        ("", false, "read write"),
        ("", true, "read write offline_access"),
    ] {
        let listed = if offline {
            json!(["offline_access"])
        } else {
            json!(["read"])
        };
        let server = start(McpServer {
            resource: resource.clone(),
            challenge: challenge.to_owned(),
            server: object(json!({"scopes_supported": listed})),
            ..McpServer::default()
        });
        let sandbox = Sandbox::new();
        let waiting = spawn(&sandbox, &server, &[]);
        assert_eq!(waiting.asked("scope"), expected);
        waiting.consent().1.succeeds();
        // One more scope adds to those that are there.
        let waiting = spawn(&sandbox, &server, &["--scope", "admin"]);
        let asked = waiting.asked("scope");
        let mut words = asked.split(' ');
        assert!(words.any(|scope| scope == "admin"), "{asked}");
        assert!(asked.contains(expected), "{asked}");
        waiting.consent().1.succeeds();
    }
}

/// It refuses a token that is for the MCP server, and such a token works all the same.
#[test]
fn the_authorization_server_is_not_asked_whose_token_it_is() {
    let server = start(McpServer {
        resource: object(json!({"scopes_supported": ["openid"]})),
        ..McpServer::default()
    });
    let userinfo = format!("{}{USERINFO}", server.url());
    server.change(|settings| {
        let rules = settings.mcp.as_mut().unwrap();
        rules.server = object(json!({"userinfo_endpoint": userinfo}));
    });
    let sandbox = Sandbox::new();
    let finished = log_in(&sandbox, &server, &[]);
    assert_eq!(server.count(USERINFO), 0);
    assert_eq!(
        record(&sandbox, &server)["client"].get("check_endpoint"),
        None
    );
    // Nor is there anything to compare with an application that glauth has registered itself.
    assert!(!finished.stderr.contains("compare"), "{finished:?}");
}

#[test]
fn a_registration_is_used_again_with_its_port() {
    let server = start(McpServer::default());
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server, &[]);
    let id = client_id(&sandbox, &server);
    log_in(&sandbox, &server, &[]);
    log_in(&sandbox, &server, &["--account", "other"]);
    assert_eq!(client_id(&sandbox, &server), id);
    assert_eq!(server.count(REGISTER), 1);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "another program that listens")]
fn a_port_that_is_taken_is_registered_anew() {
    let server = start(McpServer::default());
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server, &[]);
    let uri = record(&sandbox, &server)["login"]["redirect_uri"]
        .as_str()
        .unwrap()
        .to_owned();
    let port = url::Url::parse(&uri).unwrap().port().unwrap();
    let _taken = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    log_in(&sandbox, &server, &[]);
    assert_eq!(server.count(REGISTER), 2);
    assert_eq!(client_id(&sandbox, &server), Some(server.client_id()));
}

#[test]
fn a_secret_that_has_ended_is_registered_anew() {
    let server = start(McpServer {
        registration: object(json!({"client_secret_expires_at": 1_000_000_000})),
        ..McpServer::default()
    });
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server, &[]);
    log_in(&sandbox, &server, &[]);
    assert_eq!(server.count(REGISTER), 2);
}

#[test]
fn a_server_that_forgot_its_clients_needs_a_login_which_registers_anew() {
    let server = start(McpServer::default());
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server, &[]);
    server.change(|settings| settings.client_id = "of another life".to_owned());
    server.revoke_everything();
    server.allow_mistakes();
    let host = format!("{}{MCP}", server.host());
    let path = format!("{}%2Fmcp", server.host().replace(':', "%3A"));
    sandbox.ends_in_at(&path, -10);
    // A server that is not there at the moment has forgotten nothing.
    server.script(TOKEN, Behaviour::Answer(Answer::new(404)));
    let absent = sandbox.run(&["--json", "token", &host]);
    absent.fails_in_json(2, "client_rejected");
    sandbox.let_waits_pass_at(&path);
    let ended = sandbox.run(&["--json", "token", &host]);
    ended.fails_in_json(3, "login_required");
    let status = sandbox.run(&["status", "--json", &host]);
    assert!(status.stdout.contains("needs_login"), "{status:?}");
    log_in(&sandbox, &server, &[]);
    assert_eq!(server.count(REGISTER), 2);
    let token = sandbox.run(&["token", &host]).prints();
    assert!(server.is_alive(&token));
}

/// The browser would only show an error page.
#[test]
fn a_login_does_not_open_a_page_with_a_client_that_the_server_forgot() {
    let server = start(McpServer::default());
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server, &[]);
    server.change(|settings| settings.client_id = "of another life".to_owned());
    server.allow_mistakes();
    log_in(&sandbox, &server, &[]);
    assert_eq!(server.count(REGISTER), 2);
}

#[test]
fn the_last_login_that_ends_deletes_the_registration() {
    let server = start(McpServer {
        manages: true,
        ..McpServer::default()
    });
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server, &[]);
    log_in(&sandbox, &server, &["--account", "other"]);
    let (id, host) = (server.client_id(), format!("{}{MCP}", server.host()));
    sandbox
        .run(&["logout", "--account", "other", &host])
        .succeeds();
    assert_eq!(server.client_id(), id, "it is in use");
    sandbox.run(&["logout", &host]).succeeds();
    assert_eq!(server.client_id(), "deleted");
    assert_eq!(client_id(&sandbox, &server), None);
    let text = record(&sandbox, &server).to_string();
    assert!(!text.contains("registration"), "{text}");
    log_in(&sandbox, &server, &[]);
    assert_eq!(server.count(REGISTER), 2);
}

#[test]
fn a_registration_without_management_stays_for_the_next_login() {
    let server = start(McpServer::default());
    let sandbox = Sandbox::new();
    log_in(&sandbox, &server, &[]);
    sandbox
        .run(&["logout", &format!("{}{MCP}", server.host())])
        .succeeds();
    log_in(&sandbox, &server, &[]);
    assert_eq!(server.count(REGISTER), 1);
}

#[test]
fn a_login_that_fails_leaves_no_registration() {
    let server = start(McpServer {
        manages: true,
        ..McpServer::default()
    });
    let sandbox = Sandbox::new();
    let waiting = spawn(&sandbox, &server, &[]);
    server.script(TOKEN, Behaviour::Answer(Answer::new(503)));
    let (_, finished) = waiting.consent();
    assert_eq!(finished.code(), Some(4), "{finished:?}");
    assert_eq!(server.client_id(), "deleted");
}

#[test]
fn a_client_that_is_given_or_a_document_that_is_configured_goes_before_a_registration() {
    let server = start(McpServer {
        server: object(json!({"client_id_metadata_document_supported": true})),
        ..McpServer::default()
    });
    let waiting = spawn(&Sandbox::new(), &server, &["--client-id", "the-client"]);
    assert_eq!(waiting.asked("client_id"), "the-client");
    interrupt(waiting);
    let document = "https://jane.example/glauth.json";
    let sandbox = Sandbox::new();
    let config = sandbox.path("config.toml");
    std::fs::write(&config, format!("client_metadata_url = '{document}'")).unwrap();
    let url = address(&server);
    let mut command = sandbox.command(&["login", "--no-browser", &url]);
    let waiting = Waiting::spawn(command.env("GLAUTH_CONFIG", config));
    assert_eq!(waiting.asked("client_id"), document);
    interrupt(waiting);
    assert_eq!(server.count(REGISTER), 0);
}

pub(super) fn interrupt(waiting: Waiting) {
    waiting.running.signal(nix::sys::signal::Signal::SIGINT);
    waiting.finish();
}

#[test]
fn a_server_that_promises_its_name_and_does_not_give_it_is_refused() {
    for (sends, code) in [(true, 0), (false, 2)] {
        let server = start(McpServer {
            server: object(json!({"authorization_response_iss_parameter_supported": true})),
            ..McpServer::default()
        });
        server.change(|settings| settings.sends_issuer = sends);
        let sandbox = Sandbox::new();
        let (_, finished) = spawn(&sandbox, &server, &[]).consent();
        assert_eq!(finished.code(), Some(code), "{finished:?}");
        assert_eq!(server.count(TOKEN), usize::from(sends));
    }
}

#[test]
fn an_authorization_server_on_another_host_is_named_before_the_consent() {
    let server = start(McpServer::default());
    let sandbox = Sandbox::new();
    let waiting = spawn(&sandbox, &server, &[]);
    assert!(
        !waiting.said.contains("takes tokens of"),
        "{}",
        waiting.said
    );
    interrupt(waiting);

    let issuer = start(McpServer::default());
    let server = start(McpServer {
        resource: object(json!({"authorization_servers": [issuer.url()]})),
        ..McpServer::default()
    });
    let waiting = spawn(&sandbox, &server, &[]);
    let (host, issuer) = (server.host(), issuer.url());
    let named = format!("{host}{MCP} takes tokens of {issuer}: you consent there");
    assert!(waiting.said.contains(&named), "{}", waiting.said);
    interrupt(waiting);
}

#[test]
fn a_hostile_description_is_refused_with_the_reason_and_nothing_is_sent_there() {
    let other = AuthorizationServer::start();
    let elsewhere = other.url();
    for (resource, server, registration, reason) in [
        (
            json!({"resource": elsewhere}),
            json!({}),
            json!({}),
            "another resource",
        ),
        (
            json!({"resource": 1}),
            json!({}),
            json!({}),
            "no `resource`",
        ),
        (
            json!({"authorization_servers": ["http://intranet.example"]}),
            json!({}),
            json!({}),
            "not https",
        ),
        (
            json!({}),
            json!({"issuer": elsewhere}),
            json!({}),
            "another issuer",
        ),
        (
            json!({}),
            json!({"code_challenge_methods_supported": ["plain"]}),
            json!({}),
            "S256",
        ),
        (
            json!({}),
            json!({"code_challenge_methods_supported": null}),
            json!({}),
            "S256",
        ),
        (
            json!({}),
            json!({"token_endpoint": format!("{elsewhere}/t")}),
            json!({}),
            "another server",
        ),
        (
            json!({}),
            json!({"registration_endpoint": format!("{elsewhere}/r")}),
            json!({}),
            "another server",
        ),
        (
            json!({}),
            json!({"authorization_endpoint": format!("{elsewhere}/a")}),
            json!({}),
            "another server",
        ),
        (
            json!({}),
            json!({"token_endpoint": "http://a.example/t"}),
            json!({}),
            "not https",
        ),
        (
            json!({}),
            json!({}),
            json!({"redirect_uris": ["http://127.0.0.1:1/"]}),
            "another redirect URI",
        ),
        (
            json!({}),
            json!({}),
            json!({"client_id": ""}),
            "no client id",
        ),
    ] {
        let server = start(McpServer {
            resource: object(resource),
            server: object(server),
            registration: object(registration),
            ..McpServer::default()
        });
        let (message, _) = refused(&server);
        assert!(message.contains(reason), "{reason}: {message}");
    }
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn an_answer_without_end_or_with_a_redirect_is_no_description() {
    let other = AuthorizationServer::start();
    let endless = Answer::new(200).body(vec![b' '; 10 * 1024 * 1024]);
    let away = Answer::new(302).header("Location", &other.url());
    for path in [RESOURCE_METADATA, SERVER_METADATA] {
        for answer in [endless.clone(), away.clone()] {
            let server = start(McpServer {
                server: object(json!({"issuer": null})),
                ..McpServer::default()
            });
            server.always(path, Some(Behaviour::Answer(answer)));
            refused(&server);
        }
    }
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn a_server_that_registers_no_client_needs_a_client_id() {
    let server = start(McpServer {
        server: object(json!({"registration_endpoint": null})),
        ..McpServer::default()
    });
    let (_, hint) = refused(&server);
    assert!(hint.contains("--client-id"), "{hint}");
    let server = start(McpServer::default());
    let closed = Answer::json(403, &json!({"error_description": "ask an administrator"}));
    server.always(REGISTER, Some(Behaviour::Answer(closed)));
    let (message, hint) = refused_with(&server, 2, "client_rejected");
    assert!(message.contains("ask an administrator"), "{message}");
    assert!(hint.contains("--client-id"), "{hint}");
}

/// At a terminal a person may know what an administrator has registered.
#[test]
fn a_person_is_asked_where_the_server_does_not_register_glauth() {
    let server = start(McpServer::default());
    let closed = Answer::json(403, &json!({"error_description": "ask an administrator"}));
    server.always(REGISTER, Some(Behaviour::Answer(closed)));
    let sandbox = Sandbox::new();
    let url = address(&server);
    let mut terminal = Terminal::spawn(&mut sandbox.command(&["login", "--no-browser", &url]));
    let screen = terminal.wait_for("paste the client id: ");
    assert!(screen.contains("ask an administrator"), "{screen}");
    assert!(!screen.contains("add its path"), "{screen}");
    terminal.type_line("the-client");
    let screen = terminal.wait_for("Paste the address of that page here");
    assert!(screen.contains("client_id=the-client&"), "{screen}");
    let pid = nix::unistd::Pid::from_raw(terminal.pid().cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    terminal.finish();
}

/// The page of GitLab's MCP server is at a host that glauth may know by its name.
#[test]
fn a_login_at_the_mcp_server_of_gitlab_says_that_git_needs_another_one() {
    let server = start(McpServer::default());
    let resource = format!("{}/api/v4/mcp", server.url());
    server.change(|settings| {
        let rules = settings.mcp.as_mut().unwrap();
        rules.resource = object(json!({"resource": resource}));
    });
    let wants_token = Answer::new(401).header("WWW-Authenticate", "Bearer");
    let description = json!({"resource": resource, "authorization_servers": [server.url()]});
    for (path, answer) in [
        ("/api/v4/mcp", wants_token),
        (
            "/.well-known/oauth-protected-resource/api/v4/mcp",
            Answer::json(200, &description),
        ),
    ] {
        server.always(path, Some(Behaviour::Answer(answer)));
    }
    let sandbox = Sandbox::new();
    let login = ["login", "--no-browser", &resource];
    let (_, finished) = Waiting::spawn(&mut sandbox.command(&login)).consent();
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    let remark = format!("git and the API need a login at {}", server.host());
    assert!(finished.stderr.contains(&remark), "{finished:?}");
}

#[test]
fn without_a_terminal_an_address_alone_needs_a_person() {
    let server = start(McpServer::default());
    let sandbox = Sandbox::new();
    let url = address(&server);
    let ended = Running::spawn(&mut sandbox.command(&["--json", "login", &url])).finish();
    ended.fails_in_json(3, "login_required");
    assert_eq!(server.count(REGISTER), 0);
}

#[test]
fn a_page_of_a_project_is_a_login_at_its_server() {
    let server = AuthorizationServer::start();
    for path in [
        "/group/repo",
        "/group/repo.git",
        "/group/repo/-/issues?page=2",
        "/",
    ] {
        let sandbox = Sandbox::new();
        let url = format!("{}{path}", server.url());
        let login = ["login", "--no-browser", "--client-id", "the-client", &url];
        let waiting = Waiting::spawn(&mut sandbox.command(&login));
        browser::open(&waiting.page);
        waiting.finish().succeeds();
        assert_eq!(
            sandbox.record(&server)["client"]["provider"].as_str(),
            Some("gitlab")
        );
    }
}
