//! How `token` prints: each form read by what it is meant for.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::exit_codes::keys;
use crate::support::authorization_server::{AuthorizationServer, Settings, USER};
use crate::support::mounts::skipped;
use crate::support::sandbox::{Running, Sandbox, first_grant};

/// What shells, curl and JSON take for syntax.
const NASTY: &[&str] = &[
    r#"at-SECRET-"double"'single'"#,
    r"at-SECRET-\back\\slash\n\t\",
    "at-SECRET-$HOME-${HOME}-$(id)-`id`",
    "at-SECRET- a  b ;|&<>()*?[]{}~!#%^",
    "at-SECRET-'; echo gone; '",
    "-at-SECRET-=--header",
];

/// A login with this access token, which no server has given.
fn holding(server: &AuthorizationServer, token: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let response = json!({"access_token": token, "token_type": "bearer", "expires_in": 7200});
    let login = ["login", "--import", &server.url()];
    let done = sandbox.run_with_input(&login, &response.to_string());
    done.succeeds();
    sandbox
}

fn printed(sandbox: &Sandbox, server: &AuthorizationServer, format: &str) -> String {
    let finished = sandbox.run(&["token", "--format", format, &server.url()]);
    assert_eq!(finished.stderr, "");
    finished.succeeds()
}

/// What `program` prints that gets `input`.
fn filtered(program: &str, args: &[&str], input: &str) -> String {
    let mut command = Command::new(program);
    command
        .args(args)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let finished = Running::spawn_with_input(&mut command, input).finish();
    assert_eq!(finished.stderr, "", "{program}");
    finished.succeeds()
}

/// Whether a program is there; a missing one is said.
fn has(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if found.is_err() {
        skipped(&format!("{program}, which is not here"));
    }
    found.is_ok()
}

#[test]
fn plain_is_the_token_and_a_newline() {
    let server = AuthorizationServer::start();
    for token in NASTY {
        let sandbox = holding(&server, token);
        assert_eq!(printed(&sandbox, &server, "plain"), format!("{token}\n"));
        let default = sandbox.run(&["token", &server.url()]).succeeds();
        assert_eq!(default, format!("{token}\n"));
    }
}

#[test]
fn header_is_what_rfc_6750_writes() {
    let server = AuthorizationServer::start();
    for token in NASTY {
        let sandbox = holding(&server, token);
        let expected = format!("Authorization: Bearer {token}\n");
        assert_eq!(printed(&sandbox, &server, "header"), expected);
    }
}

#[test]
fn a_token_type_of_the_servers_own_is_kept() {
    let server = AuthorizationServer::start();
    let sandbox = holding(&server, "at-SECRET-1");
    sandbox.edit(&server, |record| {
        first_grant(record).insert("token_type".to_owned(), "DPoP".into());
    });
    let expected = "Authorization: DPoP at-SECRET-1\n";
    assert_eq!(printed(&sandbox, &server, "header"), expected);
}

#[test]
fn bearer_is_the_value_of_the_header() {
    let server = AuthorizationServer::start();
    for token in NASTY {
        let sandbox = holding(&server, token);
        assert_eq!(
            printed(&sandbox, &server, "bearer"),
            format!("Bearer {token}\n")
        );
    }
}

/// What claude-code and codex read from a helper: one line, one object of headers.
#[test]
fn headers_json_is_one_object_with_the_header() {
    let server = AuthorizationServer::start();
    for token in NASTY {
        let text = printed(&holding(&server, token), &server, "headers-json");
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        let headers: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(headers, json!({"Authorization": format!("Bearer {token}")}));
    }
}

#[test]
fn kubectl_gets_an_exec_credential_with_its_end() {
    let server = AuthorizationServer::start();
    for token in NASTY {
        let sandbox = holding(&server, token);
        let text = printed(&sandbox, &server, "kubectl");
        let found: Value = serde_json::from_str(&text).unwrap();
        let json: Value = serde_json::from_str(&printed(&sandbox, &server, "json")).unwrap();
        let expected = json!({
            "apiVersion": "client.authentication.k8s.io/v1",
            "kind": "ExecCredential",
            "status": {"token": token, "expirationTimestamp": json["expires_at"]},
        });
        assert_eq!(found, expected);
    }
}

#[test]
fn kubectl_is_told_no_end_where_none_is_known() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let login = ["login", "--with-token", &server.url()];
    sandbox.run_with_input(&login, "glpat-SECRET-1").succeeds();
    let found: Value = serde_json::from_str(&printed(&sandbox, &server, "kubectl")).unwrap();
    assert_eq!(found["status"], json!({"token": "glpat-SECRET-1"}));
}

/// `go help goauth`: the URL that the header is for, an empty line, the header, an empty line.
#[test]
fn goauth_is_the_url_and_the_header_with_a_blank_line_behind_each() {
    let server = AuthorizationServer::start();
    for token in NASTY {
        let sandbox = holding(&server, token);
        let host = server.host();
        let expected = format!("https://{host}\n\nAuthorization: Bearer {token}\n\n");
        assert_eq!(printed(&sandbox, &server, "goauth"), expected);
    }
}

/// The go command adds the URL of the refused request to its helper's arguments, and writes the answer to its
/// standard input.
#[test]
fn goauth_is_asked_again_with_a_url_as_the_go_command_does() {
    let server = AuthorizationServer::start();
    let sandbox = holding(&server, "at-SECRET-1");
    let url = server.url();
    let module = format!("{url}/go/example.com/first/@v/list");
    let again = ["--host", &url, "token", "--format", "goauth", &module];
    let said = sandbox.run_with_input(&again, "HTTP/1.1 401 Unauthorized\n\n");
    assert_eq!(said.succeeds(), printed(&sandbox, &server, "goauth"));
}

#[test]
fn env_is_data_to_every_shell() {
    let server = AuthorizationServer::start();
    let shells = ["sh", "bash", "zsh"].into_iter().filter(|shell| {
        // dash knows no --version, and sh is everywhere.
        *shell == "sh" || has(shell)
    });
    for shell in shells {
        for token in NASTY {
            let exports = printed(&holding(&server, token), &server, "env");
            let script = r#"eval "$(cat)"; printf %s "$GITLAB_TOKEN""#;
            assert_eq!(filtered(shell, &["-c", script], &exports), *token);
        }
    }
}

#[test]
fn env_exports_all_that_the_provider_needs() {
    let server = AuthorizationServer::start();
    let sandbox = holding(&server, "at-SECRET-1");
    let exports = printed(&sandbox, &server, "env");
    let script = r#"eval "$(cat)"; env | grep -e ^GITLAB -e ^GLAB | sort"#;
    let expected = "GITLAB_TOKEN=at-SECRET-1\nGLAB_IS_OAUTH2=true\n";
    assert_eq!(filtered("sh", &["-c", script], &exports), expected);
}

#[test]
fn curl_sends_exactly_the_token() {
    if !has("curl") {
        return;
    }
    let server = AuthorizationServer::start();
    for token in NASTY {
        let config = printed(&holding(&server, token), &server, "curl");
        server.forget(USER);
        let url = format!("{}{USER}", server.url());
        filtered("curl", &["--silent", "--config", "-", &url], &config);
        let requests = server.requests();
        let request = &requests.last().unwrap().request;
        let expected = format!("Bearer {token}");
        assert_eq!(request.header("Authorization"), Some(&*expected));
        assert_eq!(server.count(USER), 1);
    }
}

#[test]
fn curl_takes_the_header_of_a_real_token_and_the_server_takes_it_too() {
    if !has("curl") {
        return;
    }
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let config = printed(&sandbox, &server, "curl");
    let url = format!("{}{USER}", server.url());
    let body = filtered("curl", &["--silent", "--fail", "-K", "-", &url], &config);
    assert!(body.contains("jane"), "{body}");
}

/// The object that `token` prints.
fn object(sandbox: &Sandbox, args: &[&str]) -> Value {
    let text = sandbox.run(args).prints();
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn json_is_what_design_promises() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let url = server.url();
    let found = object(&sandbox, &["token", "--format", "json", &url]);
    let names = [
        "access_token",
        "account",
        "expires_at",
        "expires_in",
        "generation",
        "host",
        "refreshed",
        "scopes",
        "token_type",
    ];
    assert_eq!(keys(&found), names);
    assert_eq!(found["host"], server.host());
    assert_eq!(found["account"], "default");
    assert_eq!(found["access_token"], pair.access_token);
    assert_eq!(found["token_type"], "Bearer");
    assert_eq!(found["scopes"], json!(["api"]));
    assert_eq!(found["generation"], 1);
    assert_eq!(found["refreshed"], false);
    let left = found["expires_in"].as_u64().unwrap();
    assert!((7100..=7200).contains(&left), "{left}");
    let end: jiff::Timestamp = found["expires_at"].as_str().unwrap().parse().unwrap();
    let record = sandbox.record(&server);
    let stored = record["grants"][0]["expires_at"].to_string();
    assert_eq!(end, stored.parse().unwrap());

    let same = object(&sandbox, &["--json", "token", &url]);
    assert_eq!(same["access_token"], found["access_token"]);
    assert_eq!(keys(&same), names);
}

#[test]
fn json_says_that_it_refreshed_and_which_generation_it_is() {
    let server = AuthorizationServer::start();
    let (sandbox, old) = Sandbox::logged_in(&server);
    sandbox.ends_in(&server, -10);
    let found = object(&sandbox, &["token", "--format", "json", &server.url()]);
    assert_eq!(found["refreshed"], true);
    assert_eq!(found["generation"], 2);
    let new = server.current_pair(&old.access_token);
    assert_eq!(found["access_token"], new.access_token);
}

#[test]
fn json_says_null_where_no_end_is_known() {
    let server = AuthorizationServer::start_with(Settings {
        expires_in: None,
        ..Settings::default()
    });
    let (sandbox, _) = Sandbox::logged_in(&server);
    let found = object(&sandbox, &["token", "--format", "json", &server.url()]);
    assert_eq!(found["expires_at"], Value::Null);
    assert_eq!(found["expires_in"], Value::Null);
}

#[test]
fn json_reads_back_every_token() {
    let server = AuthorizationServer::start();
    for token in NASTY {
        let sandbox = holding(&server, token);
        let found = object(&sandbox, &["token", "--format", "json", &server.url()]);
        assert_eq!(found["access_token"], *token);
    }
}
