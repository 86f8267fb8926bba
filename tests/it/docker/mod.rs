//! `glauth docker-credential` and `glauth setup-docker`: as docker, podman, buildah and skopeo call the one, and in the
//! files of all of them.

pub mod clients;
mod setup;

use std::os::unix::process::CommandExt as _;

use serde_json::{Value, json};

use crate::support::authorization_server::AuthorizationServer;
use crate::support::sandbox::{Finished, Running, Sandbox};

/// What docker and its like know as the answer that there is no login.
const NOT_FOUND: &str = "credentials not found in native keychain\n";

fn call(sandbox: &Sandbox, operation: &str, input: &str) -> Finished {
    sandbox.run_with_input(&["docker-credential", operation], input)
}

fn get(sandbox: &Sandbox, registry: &str) -> Finished {
    call(sandbox, "get", registry)
}

/// What `get` answers, without a word on stderr.
#[track_caller]
fn credentials(finished: Finished) -> Value {
    serde_json::from_str(&finished.prints()).unwrap()
}

#[track_caller]
fn is_not_found(finished: &Finished) {
    assert_eq!(finished.stdout, NOT_FOUND, "{finished:?}");
    assert_eq!(finished.stderr, "", "{finished:?}");
    assert_eq!(finished.code(), Some(1), "{finished:?}");
}

/// That exit code, and one line on both ways out.
#[track_caller]
fn says_why(finished: &Finished, code: i32) -> String {
    assert_eq!(finished.code(), Some(code), "{finished:?}");
    assert_eq!(finished.stdout.lines().count(), 1, "{finished:?}");
    let first = finished.stderr.lines().next().unwrap();
    assert!(finished.stdout.starts_with(first), "{finished:?}");
    assert!(first.starts_with("glauth: "), "{finished:?}");
    assert!(!finished.stdout.contains("SECRET"), "{finished:?}");
    finished.stdout.clone()
}

/// A login that is imported, at a server that is never asked.
fn log_in(sandbox: &Sandbox, host: &str) {
    let response = r#"{"access_token": "at-SECRET", "refresh_token": "rt-SECRET"}"#;
    let args = ["login", "--import", "--client-id", "x", host];
    sandbox.run_with_input(&args, response).succeeds();
}

fn configure(sandbox: &Sandbox, text: &str) {
    let folder = sandbox.path("home/.config/glauth");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), text).unwrap();
}

const REGISTRY_OF_GITLAB: &str =
    "[hosts.\"gitlab.example.com\"]\nregistries = [\"registry.example.com:5000\"]\n";

#[test]
fn the_own_host_of_a_registry_answers_with_its_token_and_gits_user_name() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    for asked in [
        server.host(),
        format!("{}\n", server.host()),
        format!("{}\r\n", server.host()),
        format!("http://{}", server.host()),
        format!("http://{}/v2/", server.host()),
    ] {
        let expected = json!({
            "ServerURL": asked.trim(),
            "Username": "oauth2",
            "Secret": pair.access_token,
        });
        assert_eq!(credentials(get(&sandbox, &asked)), expected, "{asked:?}");
    }
    assert_eq!(server.refresh_requests(), 0);
}

#[test]
fn the_registry_of_gitlab_com_takes_its_login() {
    let sandbox = Sandbox::new();
    log_in(&sandbox, "gitlab.com");
    let found = credentials(get(&sandbox, "registry.gitlab.com\n"));
    assert_eq!(found["Secret"], "at-SECRET");
    // A login of the registry's own goes before.
    let response = r#"{"access_token": "at-SECRET-2", "refresh_token": "rt-SECRET-2"}"#;
    let args = [
        "login",
        "--import",
        "--client-id",
        "x",
        "--provider",
        "generic",
    ];
    let endpoint = ["--token-endpoint", "https://registry.gitlab.com/token"];
    let args = [&args[..], &endpoint, &["registry.gitlab.com"]].concat();
    sandbox.run_with_input(&args, response).succeeds();
    let found = credentials(get(&sandbox, "registry.gitlab.com"));
    assert_eq!(found["Secret"], "at-SECRET-2");
}

#[test]
fn another_registry_takes_a_login_only_where_the_configuration_says_so() {
    let sandbox = Sandbox::new();
    log_in(&sandbox, "gitlab.example.com");
    for registry in [
        "registry.example.com:5000",
        "registry.example.com",
        "https://index.docker.io/v1/",
        "gitlab.example.com:5050",
    ] {
        is_not_found(&get(&sandbox, registry));
    }
    configure(&sandbox, REGISTRY_OF_GITLAB);
    let found = credentials(get(&sandbox, "https://Registry.example.com:5000/v2/"));
    assert_eq!(found["Username"], "oauth2");
    assert_eq!(found["Secret"], "at-SECRET");
    is_not_found(&get(&sandbox, "registry.example.com"));
    // Also a registry that glauth knows, if there is no login at the host that it knows.
    let known = "[hosts.\"gitlab.example.com\"]\nregistries = ['registry.gitlab.com']\n";
    configure(&sandbox, known);
    let found = credentials(get(&sandbox, "registry.gitlab.com"));
    assert_eq!(found["Secret"], "at-SECRET");

    let hub = "[hosts.\"gitlab.example.com\"]\nregistries = ['docker.io']\n";
    configure(&sandbox, hub);
    for name in [
        "https://index.docker.io/v1/",
        "docker.io",
        "index.docker.io",
    ] {
        assert_eq!(credentials(get(&sandbox, name))["Secret"], "at-SECRET");
    }
}

#[test]
fn a_registry_takes_the_user_name_that_its_kind_of_server_wants() {
    for (host, registry, user) in [
        ("github.com", "ghcr.io", "x-access-token"),
        ("codeberg.org", "codeberg.org", "oauth2"),
        (
            "accounts.google.com",
            "europe-west1-docker.pkg.dev",
            "oauth2accesstoken",
        ),
    ] {
        let sandbox = Sandbox::new();
        log_in(&sandbox, host);
        configure(
            &sandbox,
            &format!("[hosts.\"{host}\"]\nregistries = ['{registry}']\n"),
        );
        assert_eq!(credentials(get(&sandbox, registry))["Username"], user);
    }
}

#[test]
fn a_configuration_that_cannot_be_read_is_told_on_both_ways_out() {
    let sandbox = Sandbox::new();
    log_in(&sandbox, "gitlab.example.com");
    configure(
        &sandbox,
        "[hosts.\"gitlab.example.com\"]\nregistries = 'registry.example.com'\n",
    );
    let said = says_why(&get(&sandbox, "registry.example.com"), 2);
    assert!(
        said.contains("config.toml`, line 2, has a string for `registries`"),
        "{said}"
    );
    // What needs no configuration works.
    let found = credentials(get(&sandbox, "gitlab.example.com"));
    assert_eq!(found["Secret"], "at-SECRET");
}

#[test]
fn a_token_that_has_little_time_left_is_refreshed_first() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, 240);
    let found = credentials(get(&sandbox, &server.host()));
    let token = found["Secret"].as_str().unwrap();
    assert_ne!(token, pair.access_token);
    assert!(server.is_alive(token));
    assert_eq!(server.rotations(), 1);
    // What comes next has the same one.
    assert_eq!(credentials(get(&sandbox, &server.host())), found);
    assert_eq!(server.rotations(), 1);
}

#[test]
fn a_login_that_has_ended_is_told_on_both_ways_out() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    server.revoke_everything();
    sandbox.ends_in(&server, -5);
    let said = says_why(&get(&sandbox, &server.host()), 3);
    assert!(said.contains("`glauth login http://"), "{said}");
    let finished = sandbox.run_with_input(&["docker-credential", "--json", "get"], &server.host());
    assert_eq!(finished.stdout, said);
    finished.fails_in_json(3, "login_required");

    // One that a person has ended, too.
    sandbox
        .run(&["logout", "--local", &server.url()])
        .succeeds();
    says_why(&get(&sandbox, &server.host()), 3);
    sandbox
        .run(&["logout", "--forget", &server.url()])
        .succeeds();
    is_not_found(&get(&sandbox, &server.host()));
}

#[test]
fn what_names_no_registry_is_refused_and_not_shown() {
    let sandbox = Sandbox::new();
    let long = "a".repeat(9000);
    for input in [
        "",
        "\n",
        "glpat-SECRET secret",
        "registry.example.com\nother.example.com",
        "{\"ServerURL\": \"registry.example.com\"}",
        "http://registry.example.com",
        "https://jane:SECRET@registry.example.com",
        "\u{1b}[31m",
        &long,
    ] {
        says_why(&get(&sandbox, input), 2);
        says_why(&call(&sandbox, "erase", input), 2);
    }
    let finished = sandbox.run_with_input(&["docker-credential", "get"], &[0xff, 0xfe][..]);
    says_why(&finished, 2);
}

#[test]
fn several_accounts_are_told_apart_as_everywhere() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let home = sandbox.log_in_as(&server, "home");
    sandbox.log_in_as(&server, "work");
    let said = says_why(&get(&sandbox, &server.host()), 2);
    assert!(said.contains("home") && said.contains("work"), "{said}");
    let mut command = sandbox.command(&["docker-credential", "get"]);
    command.env("GLAUTH_ACCOUNT", "home");
    let finished = Running::spawn_with_input(&mut command, &server.host()).finish();
    assert_eq!(credentials(finished)["Secret"], home.access_token);
}

fn stored(server_url: &str, secret: &str) -> String {
    json!({"ServerURL": server_url, "Username": "oauth2", "Secret": secret}).to_string()
}

#[test]
fn store_keeps_nothing_and_takes_what_glauth_gave_out() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let before = sandbox.files();
    let same = stored(&server.host(), &pair.access_token);
    assert_eq!(call(&sandbox, "store", &same).prints(), "");

    let other = stored(&server.host(), "SECRET-password");
    let finished = call(&sandbox, "store", &other);
    assert!(
        finished.stderr.contains("glauth keeps no password"),
        "{finished:?}"
    );
    assert!(!finished.stderr.contains("SECRET"), "{finished:?}");
    assert_eq!(finished.succeeds(), "");

    let finished = call(&sandbox, "store", &stored("registry.example.com", "SECRET"));
    let said = says_why(&finished, 3);
    assert!(said.contains("run `glauth login HOST`"), "{said}");
    assert!(
        said.contains("registries = [\"registry.example.com\"]"),
        "{said}"
    );

    let finished = call(&sandbox, "store", &stored("registry.gitlab.com", "SECRET"));
    let said = says_why(&finished, 3);
    assert!(said.contains("run `glauth login gitlab.com`"), "{said}");
    assert!(!said.contains("registries"), "{said}");

    for garbage in [
        "",
        "SECRET",
        "{}",
        "[\"SECRET\"]",
        "{\"ServerURL\": 5, \"Secret\": \"SECRET\"}",
    ] {
        says_why(&call(&sandbox, "store", garbage), 2);
    }
    assert_eq!(sandbox.files(), before);
}

#[test]
fn erase_ends_no_login_and_says_how_to() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let finished = call(&sandbox, "erase", &server.host());
    assert_eq!(finished.stderr.lines().count(), 1, "{finished:?}");
    let logout = format!("stays; `glauth logout {}` ends it", server.url());
    assert!(finished.stderr.contains(&logout), "{finished:?}");
    assert_eq!(finished.succeeds(), "");
    let found = credentials(get(&sandbox, &server.host()));
    assert_eq!(found["Secret"], pair.access_token);
    is_not_found(&call(&sandbox, "erase", "registry.example.com"));
}

#[test]
fn list_names_the_registries_with_a_login_and_asks_no_server() {
    let sandbox = Sandbox::new();
    assert_eq!(call(&sandbox, "list", "").prints(), "{}");
    for host in [
        "gitlab.com",
        "gitlab.example.com",
        "codeberg.org",
        "other.example.com",
        "ended.example.com",
    ] {
        log_in(&sandbox, host);
    }
    sandbox
        .run(&["logout", "--local", "ended.example.com"])
        .succeeds();
    configure(
        &sandbox,
        &format!(
            "{REGISTRY_OF_GITLAB}[hosts.\"ended.example.com\"]\nregistries = ['a.example.com']\n"
        ),
    );
    let listed: Value = call(&sandbox, "list", "").prints().parse().unwrap();
    let expected = json!({
        "codeberg.org": "oauth2",
        "registry.example.com:5000": "oauth2",
        "registry.gitlab.com": "oauth2",
    });
    assert_eq!(listed, expected);
    for (registry, _) in expected.as_object().unwrap() {
        get(&sandbox, registry).prints();
    }
}

#[test]
fn it_answers_by_the_name_that_docker_calls() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    for name in [
        "docker-credential-glauth",
        "/usr/local/bin/docker-credential-glauth",
    ] {
        let mut command = sandbox.command(&["get"]);
        command.arg0(name);
        let finished = Running::spawn_with_input(&mut command, &server.host()).finish();
        assert_eq!(credentials(finished)["Secret"], pair.access_token);
    }
    let link = sandbox.path("docker-credential-glauth");
    std::os::unix::fs::symlink(crate::support::sandbox::program(), &link).unwrap();
    sandbox.ends_in(&server, -5);
    let plain = sandbox.command(&["get"]);
    let mut command = std::process::Command::new(link);
    command.arg("get").env_clear();
    command.stdin(std::process::Stdio::piped());
    command.stdout(std::process::Stdio::piped());
    command.stderr(std::process::Stdio::piped());
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    // Also where it has to start itself to refresh.
    let finished = Running::spawn_with_input(&mut command, &server.host()).finish();
    let token = credentials(finished)["Secret"].clone();
    assert!(server.is_alive(token.as_str().unwrap()));
    assert_eq!(server.rotations(), 1);

    let mut command = sandbox.command(&["frobnicate"]);
    command.arg0("docker-credential-glauth");
    let said = Running::spawn(&mut command).finish().fails(2);
    assert!(said.contains("frobnicate"), "{said}");
}
