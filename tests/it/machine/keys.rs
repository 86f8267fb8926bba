//! Clients with a private key (RFC 7523): the server checks the signature and each claim.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{log_in, server_with};
use crate::support::authorization_server::{
    AuthorizationServer, ClientAuth, McpServer, RegisteredKey, Settings,
};
use crate::support::sandbox::Sandbox;

/// The file of a key. They were made for these tests alone, and stand in the repository without the lines that would
/// make them look like somebody's.
fn key(name: &str) -> PathBuf {
    let label = match name {
        "rsa-pkcs1" => "RSA PRIVATE KEY",
        "p256-sec1" => "EC PRIVATE KEY",
        "locked" => "ENCRYPTED PRIVATE KEY",
        _ => "PRIVATE KEY",
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/keys");
    let text = std::fs::read_to_string(folder.join(format!("{name}.base64"))).unwrap();
    let pem = format!("-----BEGIN {label}-----\n{text}-----END {label}-----\n");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.pem"));
    // Tests run side by side, each perhaps in the middle of reading it.
    let mut new = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    new.write_all(pem.as_bytes()).unwrap();
    new.persist(&path).unwrap();
    path
}

/// The keys that `openssl genpkey` writes, and the forms of before.
const KEYS: [(&str, &str, &str); 5] = [
    ("RS256", "rsa", "rsa"),
    ("RS256", "rsa", "rsa-pkcs1"),
    ("ES256", "p256", "p256"),
    ("ES256", "p256", "p256-sec1"),
    ("EdDSA", "ed25519", "ed25519"),
];

fn registered(algorithm: &'static str, name: &str) -> RegisteredKey {
    RegisteredKey::of(algorithm, &std::fs::read_to_string(key(name)).unwrap())
}

#[test]
fn every_kind_of_key_signs_each_request_anew() {
    for (algorithm, public, private) in KEYS {
        let server = server_with(ClientAuth::Key(registered(algorithm, public)));
        let sandbox = Sandbox::new();
        let path = key(private);
        let options = ["--client-key-file", path.to_str().unwrap()];
        log_in(&sandbox, &server, &options).succeeds();
        let record = sandbox.record(&server);
        let client = record["client"].as_table().unwrap();
        assert_eq!(client["auth_method"].as_str(), Some("private_key_jwt"));
        assert_eq!(client["client_key_file"].as_str(), path.to_str());
        for _ in 0..3 {
            sandbox.ends_in(&server, -5);
            let token = sandbox.run(&["token"]).prints();
            assert!(server.is_alive(&token), "{private}");
        }
        let token = sandbox.run(&["token"]).prints();
        sandbox.run(&["logout"]).succeeds();
        assert!(!server.is_alive(&token), "{private}");
    }
}

#[test]
fn the_server_is_told_which_key_and_in_which_name() {
    let server = server_with(ClientAuth::Key(RegisteredKey {
        key_id: Some("2026-11".to_owned()),
        names_issuer: true,
        ..registered("ES256", "p256")
    }));
    let sandbox = Sandbox::new();
    let path = key("p256");
    let options = [
        "--client-key-file",
        path.to_str().unwrap(),
        "--client-key-id",
        "2026-11",
        "--client-key-audience",
        "issuer",
    ];
    log_in(&sandbox, &server, &options).succeeds();
    // The next login needs no flags.
    log_in(&sandbox, &server, &[]).succeeds();
    sandbox.ends_in(&server, -5);
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
}

/// Where the authorization server is found by its resource, it is called by its name.
#[test]
fn at_an_mcp_server_the_audience_is_the_issuer() {
    let server = AuthorizationServer::start_with(Settings {
        client_auth: ClientAuth::Key(RegisteredKey {
            names_issuer: true,
            ..registered("EdDSA", "ed25519")
        }),
        client_credentials: true,
        mcp: Some(McpServer::default()),
        ..Settings::default()
    });
    let sandbox = Sandbox::new();
    let path = key("ed25519");
    let url = format!("{}/mcp", server.url());
    let login = ["login", "--client-credentials", "--client-id", "the-client"];
    let options = ["--client-key-file", path.to_str().unwrap(), &url];
    sandbox.run(&[&login[..], &options].concat()).succeeds();
    assert!(server.is_alive(&sandbox.run(&["token"]).prints()));
    let requests = server.requests();
    let machine = requests.iter().find(|it| it.request.path == "/oauth/token");
    let resource = machine.unwrap().request.parameter("resource");
    assert_eq!(resource, Some(&*url));
    // The next login needs no flags, and no login registers a client.
    let again = ["login", "--client-credentials", &url];
    sandbox.run(&again).succeeds();
    assert_eq!(server.count("/oauth/register"), 0);
}

#[test]
fn a_key_that_cannot_be_used_is_named_with_what_it_lacks() {
    let server = server_with(ClientAuth::Key(registered("ES256", "p256")));
    for (name, problem) in [
        ("locked", "holds a key with a passphrase"),
        ("p384", "holds a key that is none of RSA"),
    ] {
        let sandbox = Sandbox::new();
        let path = key(name);
        let options = ["--client-key-file", path.to_str().unwrap()];
        let said = log_in(&sandbox, &server, &options).fails(2);
        assert!(said.contains(problem), "{said}");
        assert!(said.contains("hint: put the private key into"), "{said}");
    }
    assert_eq!(server.machine_requests(), 0);
}

#[test]
fn a_key_that_the_server_does_not_know_is_client_rejected() {
    let server = server_with(ClientAuth::Key(registered("ES256", "p256")));
    let sandbox = Sandbox::new();
    let path = key("p256");
    let options = ["--client-key-file", path.to_str().unwrap()];
    log_in(&sandbox, &server, &options).succeeds();
    server.change(|settings| settings.client_auth = ClientAuth::Key(registered("RS256", "rsa")));
    server.allow_mistakes();
    sandbox.ends_in(&server, -5);
    let said = sandbox.run(&["token"]).fails(2);
    assert!(said.contains("hint: register the public key of "), "{said}");
    assert!(!said.contains("glauth login"), "{said}");
}

#[test]
fn a_key_needs_the_flag_of_machines_and_excludes_a_secret() {
    let sandbox = Sandbox::new();
    let key = key("p256");
    let key = key.to_str().unwrap();
    sandbox
        .run(&[
            "login",
            "--client-key-file",
            key,
            "https://gitlab.example.com",
        ])
        .fails(2);
    let args = [
        "login",
        "--client-credentials",
        "--client-key-file",
        key,
        "--client-secret-file",
        key,
        "https://gitlab.example.com",
    ];
    sandbox.run(&args).fails(2);
}
