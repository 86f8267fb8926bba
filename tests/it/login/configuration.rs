//! `config.toml`, the environment's proxies, and that a record needs neither afterwards.

use std::net::{Ipv4Addr, TcpListener};

use crate::login::{Waiting, words};
use crate::support::authorization_server::{
    AuthorizationServer, ClientAuth, Settings, TOKEN, read_some,
};
use crate::support::sandbox::{LIMIT, Running, Sandbox};

/// `login --no-browser` with this configuration.
fn command(sandbox: &Sandbox, server: &AuthorizationServer, config: &str) -> std::process::Command {
    let path = sandbox.path("config.toml");
    std::fs::write(&path, config).unwrap();
    let mut command = sandbox.command(&words(server, &[]));
    command.env("GLAUTH_CONFIG", path);
    command
}

#[test]
fn all_that_a_login_needs_can_be_configured_and_is_in_the_record_afterwards() {
    let server = AuthorizationServer::start_with(Settings {
        redirect_uri: "http://127.0.0.1/from/config".to_owned(),
        client_auth: ClientAuth::SecretPost("cs-SECRET".to_owned()),
        ..Settings::default()
    });
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("the-secret"), "cs-SECRET\n").unwrap();
    let url = server.url();
    let config = format!(
        r#"
        [hosts."{url}"]
        provider = "generic"
        client_id = "the-client"
        client_secret_file = "the-secret"
        auth_method = "client_secret_post"
        scopes = ["openid", "read_user"]
        parameters = {{ audience = "y" }}
        redirect_uri = "http://127.0.0.1/from/config"
        authorization_endpoint = "{url}/oauth/authorize"
        device_authorization_endpoint = "{url}/oauth/authorize_device"
        token_endpoint = "{url}/oauth/token"
        revocation_endpoint = "{url}/oauth/revoke"
        check_endpoint = "{url}/oauth/token/info"
        userinfo_endpoint = "{url}/oauth/userinfo"
        "#
    );
    let waiting = Waiting::spawn(&mut command(&sandbox, &server, &config));
    assert_eq!(waiting.asked("scope"), "openid read_user");
    assert_eq!(waiting.asked("audience"), "y");
    assert!(waiting.asked("redirect_uri").ends_with("/from/config"));
    waiting.consent().1.succeeds();
    assert!(sandbox.run(&["status"]).succeeds().contains("jane"));

    for file in ["config.toml", "the-secret"] {
        std::fs::remove_file(sandbox.path(file)).unwrap();
    }
    sandbox.run(&["refresh", "--force"]).succeeds();
    sandbox.run(&["status", "--check"]).succeeds();
    let waiting = Waiting::start(&sandbox, &server, &[]);
    assert_eq!(waiting.asked("audience"), "y");
    waiting.consent().1.succeeds();
    let device = ["login", "--device", "--lock-timeout=1s", &url];
    let mut waiting = sandbox.start(&device);
    let line = std::iter::repeat_with(|| crate::support::watch::next_line(&mut waiting));
    assert!(line.take(5).any(|line| line.contains("enter the code")));
    drop(waiting);
    sandbox.run(&["logout"]).succeeds();
}

#[test]
fn a_secret_in_the_configuration_itself_will_do() {
    let server = AuthorizationServer::start_with(Settings {
        client_auth: ClientAuth::SecretBasic("cs-SECRET".to_owned()),
        ..Settings::default()
    });
    let sandbox = Sandbox::new();
    let host = server.host();
    let config =
        format!("[hosts.\"{host}\"]\nclient_id = \"the-client\"\nclient_secret = \"cs-SECRET\"\n");
    let waiting = Waiting::spawn(&mut command(&sandbox, &server, &config));
    waiting.consent().1.succeeds();
}

#[test]
fn a_secret_that_is_configured_later_is_used() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let host = server.host();
    let config = format!("[hosts.\"{host}\"]\nclient_id = \"the-client\"\n");
    let waiting = Waiting::spawn(&mut command(&sandbox, &server, &config));
    waiting.consent().1.succeeds();
    // The old grant is revoked as it was made, which this server does not take any more.
    server.allow_mistakes();
    server.change(|settings| {
        settings.client_auth = ClientAuth::SecretBasic("cs-SECRET".to_owned());
    });
    let config = config + "client_secret = \"cs-SECRET\"\n";
    let waiting = Waiting::spawn(&mut command(&sandbox, &server, &config));
    waiting.consent().1.succeeds();
}

#[test]
fn a_client_id_that_is_passed_over_is_told() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let config = format!("[hosts.\"{}\"]\nclient_id = \"another\"\n", server.host());
    let waiting = Waiting::spawn(&mut command(&sandbox, &server, &config));
    assert!(
        waiting.said.contains("`another` is not used"),
        "{}",
        waiting.said
    );
    assert_eq!(waiting.asked("client_id"), "the-client");
}

#[test]
fn what_no_login_could_keep_is_refused_before_a_person_is_asked() {
    let server = AuthorizationServer::start();
    let host = server.host();
    for (config, words) in [
        ("provider = 'gitlba'", "gitlba"),
        ("scopes = ['a\\tb']", "a scope"),
        ("redirect_uri = 'https://evil.example/'", "`redirect_uri`"),
        ("client_id = ''", "client id"),
        ("parameters = { state = 'x' }", "`state`"),
        ("parameters = { redirect_uri = 'x' }", "`redirect_uri`"),
        ("client_secret_file = '/dev/zero'", "client secret"),
        ("client_secret_file = '/nowhere'", "/nowhere"),
        ("auth_method = 'x'", "`x`"),
        ("auth_method = 'client_secret_post'", "client secret"),
    ] {
        let sandbox = Sandbox::new();
        let id = if config.contains("client_id") {
            ""
        } else {
            "client_id = 'x'\n"
        };
        let config = format!("[hosts.'{host}']\n{id}{config}\n").replace("\\t", "\t");
        let finished = Running::spawn(&mut command(&sandbox, &server, &config)).finish();
        let said = finished.fails(2);
        assert!(said.contains(words), "{words}: {said}");
        assert!(!said.contains("Log in to "), "{said}");
    }
}

#[test]
fn a_configuration_that_is_named_must_be_there() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let args = [
        "--config",
        "/nowhere/config.toml",
        "login",
        "--no-browser",
        &server.url(),
    ];
    let said = sandbox.run(&args).fails(2);
    assert!(said.contains("/nowhere/config.toml"), "{said}");
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    let server = AuthorizationServer::start();
    for (config, words) in [
        ("default_hosts = 'x'", "`default_host`"),
        ("[host.'x']", "`hosts`"),
        ("[hosts.'x']\nclientid = 'x'", "`client_id`"),
        ("[hosts.'x']\nredirect_url = 'x'", "`redirect_uri`"),
        ("[hosts.'x']\nscope = ['x']", "`scopes`"),
        ("[hosts.'x']\nscopes = 'x'", "line 2"),
        ("[hosts.'x'\n", "line 1"),
        ("[hosts.'x']\nclient_id = 'x'\nclient = 'x'", "line 3"),
        (
            "[hosts.'x.example']\n[hosts.'https://x.example']\n",
            "twice",
        ),
    ] {
        let sandbox = Sandbox::new();
        let finished = Running::spawn(&mut command(&sandbox, &server, config)).finish();
        let said = finished.fails(2);
        assert!(said.contains(words), "{words}: {said}");
        assert!(said.contains("config.toml"), "{said}");
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn the_url_says_where_the_server_is() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let path = sandbox.path("config.toml");
    let (host, url) = (server.host(), server.url());
    std::fs::write(
        &path,
        format!(
            "default_host = '{host}'\n[hosts.'{host}']\nurl = '{url}'\nclient_id = 'the-client'\n"
        ),
    )
    .unwrap();
    let mut command = sandbox.command(&["login", "--no-browser"]);
    command.env("GLAUTH_CONFIG", &path);
    Waiting::spawn(&mut command).consent().1.succeeds();
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
}

#[test]
fn a_proxy_never_sees_what_goes_to_loopback() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    // A connection there is heard.
    let proxy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let options = ["--client-id", "the-client"];
    let mut command = sandbox.command(&words(&server, &options));
    let address = format!("http://{}", proxy.local_addr().unwrap());
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        command.env(name, &address);
    }
    Waiting::spawn(&mut command).consent().1.succeeds();
    assert_eq!(server.count(TOKEN), 1);
    proxy.set_nonblocking(true).unwrap();
    let visitor = proxy.accept();
    assert!(visitor.is_err(), "the proxy was asked: {visitor:?}");
}

#[test]
fn a_proxy_of_the_environment_is_the_way_to_other_machines() {
    let sandbox = Sandbox::new();
    let proxy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let words = [
        "login",
        "--no-browser",
        "--client-id",
        "x",
        "gitlab.example",
    ];
    let mut command = sandbox.command(&words);
    command.env("HTTPS_PROXY", &address);
    let running = Running::spawn(&mut command);
    let (mut stream, _) = proxy.accept().unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut request = [0; 1024];
    let length = read_some(&mut stream, &mut request).unwrap();
    let request = String::from_utf8_lossy(&request[..length]);
    assert!(
        request.starts_with("CONNECT gitlab.example:443 "),
        "{request}"
    );
    drop(stream);
    let finished = running.finish();
    assert_eq!(finished.code(), Some(4), "{finished:?}");
}
