//! The authorization server's own tests: what it promises to the tests that use it.

mod commands;
mod login;
mod mistakes;
mod scripts;
mod tokens;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

use crate::support::authorization_server::{AuthorizationServer, LIMIT, REVOKE, Settings, TOKEN};

/// Status, head and body of an answer; all empty when the connection was closed without one.
#[derive(Debug, Default)]
struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn error(&self) -> (u16, String) {
        (
            self.status,
            self.json()["error"].as_str().unwrap().to_owned(),
        )
    }
}

fn send(server: &AuthorizationServer, request: &str) -> Reply {
    let mut stream = TcpStream::connect(server.host()).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Reply {
            body: answer,
            ..Reply::default()
        };
    };
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    Reply {
        status: head[9..12].parse().unwrap(),
        body: answer[end + 4..].to_vec(),
        head,
    }
}

fn post(server: &AuthorizationServer, path: &str, headers: &str, form: &str) -> Reply {
    let length = form.len();
    send(
        server,
        &format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n{headers}\
             Content-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {length}\r\n\r\n{form}"
        ),
    )
}

fn refresh(server: &AuthorizationServer, refresh_token: &str) -> Reply {
    let form =
        format!("grant_type=refresh_token&client_id=the-client&refresh_token={refresh_token}");
    post(server, TOKEN, "", &form)
}

fn revoke(server: &AuthorizationServer, token: &str) -> Reply {
    post(
        server,
        REVOKE,
        "",
        &format!("client_id=the-client&token={token}"),
    )
}

fn get(server: &AuthorizationServer, path: &str, header: &str) -> Reply {
    send(
        server,
        &format!("GET {path} HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n"),
    )
}

fn get_with_token(server: &AuthorizationServer, path: &str, access_token: &str) -> Reply {
    get(
        server,
        path,
        &format!("Authorization: Bearer {access_token}"),
    )
}

fn start_with(change: impl FnOnce(&mut Settings)) -> AuthorizationServer {
    let mut settings = Settings::default();
    change(&mut settings);
    AuthorizationServer::start_with(settings)
}
