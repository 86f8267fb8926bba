//! `glauth proxy`: a command's requests go through a reverse proxy on loopback, which gives each the token that is fresh
//! at that moment.

mod attacks;
mod command;
mod failures;
mod in_flight;
mod many;
mod requests;
mod rotations;
mod secure;
mod streams;
mod upstream;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};

use crate::support::authorization_server::{AuthorizationServer, Pair};
use crate::support::sandbox::{Finished, LIMIT, Running, Sandbox};

/// A command that runs until its standard input ends, and the proxy beside it.
pub struct Proxied {
    running: Running,
    /// What the command finds in `GLAUTH_PROXY_URL`.
    pub url: String,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Proxied {
    pub fn start(sandbox: &Sandbox, host: &str) -> Self {
        Self::spawn(&mut sandbox.command(&Self::args(host)))
    }

    pub fn args(host: &str) -> [&str; 6] {
        let script = "echo $GLAUTH_PROXY_URL; read -r end; true";
        ["proxy", host, "--", "/bin/sh", "-c", script]
    }

    pub fn spawn(command: &mut Command) -> Self {
        let mut running = Running::spawn(command.stdin(Stdio::piped()));
        let mut stdout = BufReader::new(running.child.stdout.take().unwrap());
        let mut url = String::new();
        stdout.read_line(&mut url).unwrap();
        assert!(
            url.starts_with("http://"),
            "no address: {:?}",
            running.finish()
        );
        running.child.stdout = Some(stdout.into_inner());
        let url = url.trim_end().to_owned();
        Self { running, url }
    }

    /// `127.0.0.1:PORT`
    pub fn authority(&self) -> &str {
        self.url.split('/').nth(2).unwrap()
    }

    pub fn address(&self) -> SocketAddr {
        self.authority().parse().unwrap()
    }

    /// The path of the address, which begins with the secret.
    pub fn path(&self) -> &str {
        &self.url["http://".len() + self.authority().len()..]
    }

    pub fn secret(&self) -> &str {
        self.url.split('/').nth(3).unwrap()
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream
    }

    pub fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, "", b"")
    }

    /// A request as a program writes it. `headers`: lines with their ends.
    pub fn ask(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Reply {
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let (before, host) = (self.path(), self.authority());
        let head = format!(
            "{method} {before}{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}{length}\r\n"
        );
        self.send(&[head.as_bytes(), body].concat())
    }

    /// These bytes, and what comes back until the connection ends.
    pub fn send(&self, bytes: &[u8]) -> Reply {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        Reply::read(&mut stream)
    }

    /// Lets the command end.
    pub fn end(mut self) -> Finished {
        drop(self.running.child.stdin.take());
        self.running.finish()
    }
}

impl Reply {
    pub fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        Self {
            status: status.unwrap_or_default(),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    }
}

/// A login at a server of the test's own, with tokens of the authorization server's.
pub fn log_in_at(host: &str, server: &AuthorizationServer) -> (Sandbox, Pair) {
    let sandbox = Sandbox::new();
    let pair = server.log_in();
    let token = format!("{}/oauth/token", server.url());
    let authorize = format!("{}/oauth/authorize", server.url());
    let id = server.client_id();
    let options = ["--provider", "generic", "--client-id", &id];
    let endpoints = [
        "--token-endpoint",
        &token,
        "--authorization-endpoint",
        &authorize,
    ];
    let login = ["login", "--import"];
    let args = [&login[..], &options, &endpoints, &[host]].concat();
    sandbox.run_with_input(&args, &pair.response).succeeds();
    (sandbox, pair)
}
