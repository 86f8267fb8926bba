//! `glauth login --client-credentials`: a machine gets its tokens with its own credentials, and no person is needed.

mod commands;
mod failures;
mod first;
mod keys;

use std::path::PathBuf;

use crate::support::authorization_server::{AuthorizationServer, ClientAuth, Settings};
use crate::support::sandbox::{Finished, Sandbox};

/// Every secret has this in it, so that no output may.
const SECRET: &str = "cs-SECRET-1";

/// A server at which the client gets tokens by itself.
fn server_with(client_auth: ClientAuth) -> AuthorizationServer {
    AuthorizationServer::start_with(Settings {
        client_auth,
        client_credentials: true,
        ..Settings::default()
    })
}

fn server() -> AuthorizationServer {
    server_with(ClientAuth::SecretBasic(SECRET.to_owned()))
}

/// A file in the sandbox with this text.
fn file(sandbox: &Sandbox, text: &str) -> PathBuf {
    let path = sandbox.path("credentials");
    std::fs::write(&path, text).unwrap();
    path
}

fn log_in(sandbox: &Sandbox, server: &AuthorizationServer, options: &[&str]) -> Finished {
    let url = server.url();
    let args = ["login", "--client-credentials", "--client-id", "the-client"];
    sandbox.run(&[&args, options, &[&url]].concat())
}

/// A login whose secret is in a file.
#[track_caller]
fn logged_in(server: &AuthorizationServer) -> Sandbox {
    let sandbox = Sandbox::new();
    let path = file(&sandbox, &format!("{SECRET}\n"));
    let options = ["--client-secret-file", path.to_str().unwrap()];
    log_in(&sandbox, server, &options).succeeds();
    sandbox
}

/// The same, with a token that has expired.
#[track_caller]
fn expired(server: &AuthorizationServer) -> Sandbox {
    let sandbox = logged_in(server);
    sandbox.ends_in(server, -5);
    sandbox
}
