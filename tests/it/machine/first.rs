//! The login itself, and what it leaves.

use super::{SECRET, file, log_in, logged_in, server, server_with};
use crate::support::authorization_server::{Answer, Behaviour, ClientAuth, REVOKE, TOKEN};
use crate::support::sandbox::Sandbox;
use crate::support::terminal::Terminal;

#[test]
fn it_needs_no_terminal_and_the_record_names_the_file_of_the_secret() {
    for (client_auth, method) in [
        (ClientAuth::SecretPost(SECRET.to_owned()), "post"),
        (ClientAuth::SecretBasic(SECRET.to_owned()), "basic"),
    ] {
        let server = server_with(client_auth);
        let sandbox = Sandbox::new();
        let path = file(&sandbox, &format!("{SECRET}\n"));
        let options = [
            "--client-secret-file",
            path.to_str().unwrap(),
            "--auth-method",
            &format!("client_secret_{method}"),
        ];
        let said = log_in(&sandbox, &server, &options);
        assert!(said.stderr.contains(": logged in\n"), "{said:?}");
        assert!(!said.stderr.contains("warning"), "{said:?}");
        said.succeeds();

        let token = sandbox.run(&["token"]).prints();
        assert!(server.is_alive(&token));
        assert_eq!(server.machine_requests(), 1);
        let record = sandbox.record(&server);
        assert_eq!(record["kind"].as_str(), Some("client_credentials"));
        let client = record["client"].as_table().unwrap();
        let named = format!("client_secret_{method}_file");
        assert_eq!(client["auth_method"].as_str(), Some(&*named));
        assert_eq!(client["client_secret_file"].as_str(), path.to_str());
        assert!(!sandbox.record_text(&server).contains(SECRET));
    }
}

#[test]
fn scopes_resource_and_parameters_go_along_with_every_request() {
    let server = server();
    let sandbox = Sandbox::new();
    let path = file(&sandbox, SECRET);
    let options = [
        "--client-secret-file",
        path.to_str().unwrap(),
        "--scope",
        "read write",
        "--parameter",
        "resource=https://api.example.com",
    ];
    log_in(&sandbox, &server, &options).succeeds();
    sandbox.ends_in(&server, -5);
    sandbox.run(&["token"]).prints();
    // Once more without a flag: what was said before counts.
    log_in(&sandbox, &server, &[]).succeeds();
    let requests = server.requests();
    let asked: Vec<_> = requests
        .iter()
        .filter(|recorded| recorded.request.path == TOKEN)
        .map(|recorded| {
            let parameter = |name| recorded.request.parameter(name).map(str::to_owned);
            (parameter("scope"), parameter("resource"))
        })
        .collect();
    let one = (
        Some("read write".to_owned()),
        Some("https://api.example.com".to_owned()),
    );
    assert_eq!(asked, vec![one; 3]);
}

#[test]
fn without_scopes_the_server_chooses_them() {
    let server = server();
    let sandbox = logged_in(&server);
    let requests = server.requests();
    let request = requests.iter().find(|it| it.request.path == TOKEN).unwrap();
    assert_eq!(request.request.parameter("scope"), None);
    let record = sandbox.record(&server);
    assert_eq!(record["grants"][0]["scopes"][0].as_str(), Some("api"));
}

#[test]
fn a_refresh_token_that_comes_along_is_not_kept() {
    let server = server();
    let body = serde_json::json!({
        "access_token": "at-SECRET-1",
        "refresh_token": "rt-SECRET-1",
        "expires_in": 3600,
    });
    server.script(TOKEN, Behaviour::Answer(Answer::json(200, &body)));
    let sandbox = logged_in(&server);
    assert!(!sandbox.record_text(&server).contains("rt-SECRET-1"));
    sandbox.ends_in(&server, -5);
    sandbox.run(&["token"]).prints();
    assert_eq!(server.refresh_requests(), 0);
    assert_eq!(server.machine_requests(), 2);
}

#[test]
fn a_second_login_leaves_the_token_alone_that_programs_use() {
    let server = server();
    let sandbox = logged_in(&server);
    let token = sandbox.run(&["token"]).prints();
    log_in(&sandbox, &server, &[]).succeeds();
    assert!(server.is_alive(&token));
    assert_eq!(server.count(REVOKE), 0);
    let generation = &sandbox.record(&server)["grants"][0]["generation"];
    assert_eq!(generation.as_integer(), Some(2));
}

/// A secret that is typed is nowhere else.
#[test]
fn at_a_terminal_the_id_and_the_secret_are_asked_for_and_the_record_keeps_them() {
    let server = server();
    let sandbox = Sandbox::new();
    let args = ["login", "--client-credentials", &server.url()];
    let mut terminal = Terminal::spawn(&mut sandbox.command(&args));
    terminal.wait_for("client id");
    terminal.type_line("the-client");
    terminal.wait_for("client secret");
    terminal.type_line(SECRET);
    let finished = terminal.finish();
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    let record = sandbox.record(&server);
    assert_eq!(record["client"]["client_secret"].as_str(), Some(SECRET));
    sandbox.ends_in(&server, -5);
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
}

#[test]
fn without_a_terminal_what_is_missing_is_named() {
    let server = server();
    let sandbox = Sandbox::new();
    let said = log_in(&sandbox, &server, &[]).fails(2);
    assert!(said.contains("wants a client secret"), "{said}");
    assert!(
        said.contains("--client-secret-file FILE --client-credentials --client-id the-client"),
        "{said}"
    );
    let said = sandbox
        .run(&["login", "--client-credentials", &server.url()])
        .fails(2);
    assert!(said.contains("no client id"), "{said}");
    assert!(!said.contains("Redirect"), "{said}");
    assert_eq!(server.machine_requests(), 0);
}

#[test]
fn the_configuration_says_it_all() {
    let server = server();
    let sandbox = Sandbox::new();
    file(&sandbox, SECRET);
    let config = sandbox.path("config.toml");
    let text = format!(
        "[hosts.\"{}\"]\nclient_id = \"the-client\"\nclient_secret_file = \"credentials\"\nscopes = [\"read\"]\n",
        server.host()
    );
    std::fs::write(&config, text).unwrap();
    let url = server.url();
    let config = config.to_str().unwrap();
    let args = ["login", "--client-credentials", "--config", config, &url];
    sandbox.run(&args).succeeds();
    let record = sandbox.record(&server);
    let path = record["client"]["client_secret_file"].as_str().unwrap();
    assert_eq!(path, sandbox.path("credentials").to_str().unwrap());
}

/// A person's login and a machine's stand side by side, and neither takes the client of the other.
#[test]
fn a_person_and_a_machine_have_accounts_and_clients_of_their_own() {
    let server = server();
    let sandbox = logged_in(&server);
    for account in ["jane", "default"] {
        let args = ["login", "--account", account, &server.url()];
        let said = sandbox.run(&args).fails(2);
        assert!(said.contains("no client id"), "{said}");
    }
    let pair = server.log_in();
    let url = server.url();
    let import = [
        "login",
        "--import",
        "--account",
        "joe",
        "--client-id",
        "x",
        &url,
    ];
    sandbox.run_with_input(&import, &pair.response).succeeds();
    let args = ["login", "--client-credentials", "--account", "ci", &url];
    sandbox.run(&args).succeeds();
    sandbox.run(&["logout", "--local", &url]).succeeds();
    sandbox
        .run(&["logout", "--local", "--account", "ci", &url])
        .succeeds();
    assert_eq!(server.machine_requests(), 2);
}
