//! P8: after all that a login goes through, secrets are in the store's records and nowhere else.

use glauth::secret::Fingerprint;

use crate::support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, ClientAuth, Settings, TOKEN,
};
use crate::support::sandbox::Sandbox;

const CLIENT_SECRET: &str = "cs-SECRET-1";

/// A login with a client secret, used, refreshed, refused, failed and looked at, and `-vv` each
/// time. That no token is in argv or on stderr is looked at by the sandbox, every time.
fn session(server: &AuthorizationServer) -> Sandbox {
    let sandbox = Sandbox::new();
    let secret = sandbox.path("client-secret");
    std::fs::write(&secret, CLIENT_SECRET).unwrap();
    let pair = server.log_in();
    let (id, url) = (server.client_id(), server.url());
    let file = secret.to_str().unwrap();
    let login = [
        "-vv",
        "login",
        "--import",
        "--client-id",
        &id,
        "--client-secret-file",
        file,
        &url,
    ];
    sandbox.run_with_input(&login, &pair.response).succeeds();
    std::fs::remove_file(secret).unwrap();

    sandbox.run(&["-vv", "token"]).succeeds();
    sandbox.run(&["-vv", "refresh", "--force"]).succeeds();
    let rejected = ["-vv", "token", "--rejected"];
    sandbox
        .run_with_input(&rejected, &pair.access_token)
        .succeeds();
    let current = server.current_pair(&pair.access_token);
    sandbox
        .run_with_input(&rejected, &current.access_token)
        .fails(6);
    for answer in [
        Answer::new(500),
        Answer::json(400, &r#"{"error":"invalid_client"}"#),
    ] {
        server.script(TOKEN, Behaviour::Answer(answer));
        sandbox.run(&["-vv", "refresh", "--force"]);
    }
    for args in [
        &["-vv", "status", "--check"][..],
        &["status", "--json"],
        &["-vv", "doctor"],
        &["doctor", "--json"],
    ] {
        let text = sandbox.run(args).succeeds();
        assert!(!text.contains("-SECRET-"), "{text}");
    }
    sandbox
}

fn server_with_client_secret() -> AuthorizationServer {
    AuthorizationServer::start_with(Settings {
        client_auth: ClientAuth::SecretBasic(CLIENT_SECRET.to_owned()),
        ..Settings::default()
    })
}

#[test]
fn secrets_are_in_records_and_in_no_other_file() {
    let server = server_with_client_secret();
    let sandbox = session(&server);
    let record = sandbox.file(&server, "toml");
    let secrets = server.every_secret();
    assert!(secrets.len() > 4);
    let files = sandbox.files();
    assert!(files.iter().any(|(path, _)| path.ends_with("default.lock")));
    for (path, text) in files.iter().filter(|(path, _)| *path != record) {
        for secret in &secrets {
            assert!(!text.contains(secret), "{}", path.display());
        }
        assert!(!text.contains("-SECRET-"), "{}", path.display());
        assert!(path.starts_with(sandbox.store()), "{}", path.display());
    }
}

#[test]
fn a_record_holds_the_newest_tokens_and_none_of_the_old_ones() {
    let server = server_with_client_secret();
    let sandbox = session(&server);
    let text = sandbox.record_text(&server);
    let kept = server.every_secret();
    let kept = kept.iter().filter(|secret| text.contains(*secret));
    // The access token, the refresh token, the client's secret.
    assert_eq!(kept.count(), 3);
}

#[test]
fn after_a_logout_only_the_clients_secret_is_left() {
    let server = server_with_client_secret();
    let sandbox = session(&server);
    sandbox.run(&["-vv", "logout"]).succeeds();
    for (path, text) in sandbox.files() {
        let text = text.replace(CLIENT_SECRET, "");
        assert!(!text.contains("-SECRET-"), "{}", path.display());
    }
}

#[test]
fn vv_names_tokens_by_their_fingerprints() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let named = |token: &str| Fingerprint::of(token).to_string();
    let refreshed = sandbox.run(&["-vv", "refresh", "--force"]);
    let name = named(&pair.refresh_token);
    assert!(refreshed.stderr.contains(&name), "{refreshed:?}");
    let current = server.current_pair(&pair.access_token);
    let rejected = ["-vv", "token", "--rejected"];
    let asked = sandbox.run_with_input(&rejected, &current.access_token);
    let name = named(&current.access_token);
    assert!(asked.stderr.contains(&name), "{asked:?}");
    for finished in [&refreshed, &asked] {
        let notes = finished.stderr.lines();
        assert!(notes.count() > 3, "{finished:?}");
    }
    let quiet = sandbox.run(&["-q", "token"]);
    assert_eq!(quiet.stderr, "");
}
