//! A forge for tests: `git http-backend` below `/git/`, for who has a token that the authorization
//! server calls alive in that very moment, beside the user name that goes with tokens. Everything else is passed on to the authorization server,
//! so that both have one address, as GitLab has.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use rustls::ServerConfig;

use super::authorization_server::AuthorizationServer;
use super::received::Received;
use super::sandbox::LIMIT;
use super::site::{Asked, Shared, Site};

/// The first git that asks again after a 401.
pub const ASKS_AGAIN: (u32, u32) = (2, 46);

/// What is served.
const GIT: &str = "/git/";

/// A running forge. Dropped, it takes no more requests.
pub struct GitServer {
    site: Site,
    /// With TLS, the name that its certificate is for.
    name: Option<String>,
}

/// What is served, and how.
struct Repositories {
    git: PathBuf,
    root: PathBuf,
    /// What `WWW-Authenticate` says.
    challenge: String,
}

impl GitServer {
    /// Serves the bare repositories in `root` with this git; `challenge` is what it says with a 401.
    pub fn start(
        authorization: AuthorizationServer,
        git: &Path,
        root: &Path,
        challenge: &str,
    ) -> Self {
        Self::start_with(authorization, git, root, challenge, None)
    }

    /// The same with TLS, for a name that only a proxy knows the address of.
    pub fn start_with(
        authorization: AuthorizationServer,
        git: &Path,
        root: &Path,
        challenge: &str,
        tls: Option<(String, Arc<ServerConfig>)>,
    ) -> Self {
        let (name, tls) = tls.unzip();
        let repositories = Repositories {
            git: git.to_owned(),
            root: root.to_owned(),
            challenge: challenge.to_owned(),
        };
        let answer =
            move |received: &Received, shared: &Shared| match received.path.strip_prefix(GIT) {
                None => pass_on(&received.raw, shared),
                Some(place) => answer(received, place, &repositories, shared),
            };
        Self {
            site: Site::start(authorization, tls, |_| answer),
            name,
        }
    }

    /// `http://127.0.0.1:PORT`, or `https://NAME`
    pub fn url(&self) -> String {
        match &self.name {
            Some(name) => format!("https://{name}"),
            None => format!("http://{}", self.site.address),
        }
    }

    /// `127.0.0.1:PORT`, or the name
    pub fn host(&self) -> String {
        let address = || self.site.address.to_string();
        self.name.clone().unwrap_or_else(address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.site.address
    }

    /// The address of a repository.
    pub fn repository(&self, name: &str) -> String {
        format!("{}{GIT}{name}", self.url())
    }

    pub fn authorization(&self) -> &AuthorizationServer {
        self.site.authorization()
    }

    /// Every request for a repository, in the order of the answers.
    pub fn asked(&self) -> Vec<Asked> {
        self.site.asked()
    }

    /// Does something when an answer is ready, before it is sent.
    pub fn before_answer(&self, hook: impl Fn(&Asked) + Send + Sync + 'static) {
        self.site.before_answer(hook);
    }
}

/// The first git of the PATH that is right, and can serve.
pub fn find_git(is_right: impl Fn((u32, u32)) -> bool) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut gits = std::env::split_paths(&path).map(|folder| folder.join("git"));
    gits.find(|git| version(git).is_some_and(&is_right) && has_backend(git))
}

fn says(git: &Path, arg: &str) -> Option<String> {
    let output = Command::new(git).arg(arg).output().ok()?;
    String::from_utf8(output.stdout).ok()
}

fn version(git: &Path) -> Option<(u32, u32)> {
    let text = says(git, "--version")?;
    let mut numbers = text.strip_prefix("git version ")?.split('.');
    let mut number = || numbers.next()?.parse().ok();
    Some((number()?, number()?))
}

fn has_backend(git: &Path) -> bool {
    let folder = says(git, "--exec-path").unwrap_or_default();
    Path::new(folder.trim()).join("git-http-backend").exists()
}

fn pass_on(raw: &[u8], shared: &Shared) -> Vec<u8> {
    let mut onward = TcpStream::connect(shared.authorization.host()).unwrap();
    onward.set_read_timeout(Some(LIMIT)).unwrap();
    onward.write_all(raw).unwrap();
    let mut answer = Vec::new();
    onward.read_to_end(&mut answer).unwrap();
    answer
}

fn answer(
    received: &Received,
    place: &str,
    repositories: &Repositories,
    shared: &Shared,
) -> Vec<u8> {
    let (status, headers, body) = if shared.living_token(received).is_some() {
        run_backend(received, place, repositories)
    } else {
        let challenge = format!("WWW-Authenticate: {}\r\n", repositories.challenge);
        (401, challenge, b"401 Unauthorized".to_vec())
    };
    shared.note(received, status);
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} \r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    [head.into_bytes(), body].concat()
}

/// RFC 3875.
fn run_backend(
    received: &Received,
    place: &str,
    repositories: &Repositories,
) -> (u16, String, Vec<u8>) {
    let mut backend = Command::new(&repositories.git)
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", &repositories.root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REMOTE_USER", "jane")
        .env("REMOTE_ADDR", "127.0.0.1")
        .env("REQUEST_METHOD", &received.method)
        .env("PATH_INFO", format!("/{place}"))
        .env("QUERY_STRING", &received.query)
        .env("CONTENT_LENGTH", received.body.len().to_string())
        .envs(received.header("Content-Type").map(|v| ("CONTENT_TYPE", v)))
        .envs(received.header("Git-Protocol").map(|v| ("GIT_PROTOCOL", v)))
        .envs(
            received
                .header("Content-Encoding")
                .map(|v| ("HTTP_CONTENT_ENCODING", v)),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = backend.stdin.take().unwrap();
    let body = received.body.clone();
    let writer = thread::spawn(move || {
        stdin.write_all(&body).ok();
    });
    let output = backend.wait_with_output().unwrap().stdout;
    writer.join().unwrap();
    let end = output.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.expect("the head of a CGI answer");
    let mut status = 200;
    let mut headers = String::new();
    for line in String::from_utf8_lossy(&output[..end]).lines() {
        match line.strip_prefix("Status: ") {
            Some(text) => status = text[..3].parse().unwrap(),
            None => headers.extend([line, "\r\n"]),
        }
    }
    (status, headers, output[end + 4..].to_vec())
}
