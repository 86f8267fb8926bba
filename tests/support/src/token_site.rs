//! A server that answers only a token that the authorization server calls alive in that very moment: what a registry of
//! container images and an API of Kubernetes have in common.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustls::ServerConfig;

use super::authorization_server::AuthorizationServer;
use super::git_server::Asked;
use super::received::{Received, Stream, accept, receive};

/// What a site says to a living token: a status, headers, and a body.
pub struct Page {
    pub status: u16,
    /// Each with its end.
    pub headers: String,
    pub body: Vec<u8>,
}

impl Page {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: format!("Content-Type: {content_type}\r\n"),
            body: body.into(),
        }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.extend([name, ": ", value, "\r\n"]);
        self
    }
}

/// What is on a site: a request, and the token that came with it.
type Pages = Box<dyn Fn(&Received, &str) -> Page + Send + Sync>;

type Hook = Box<dyn Fn(&Asked) + Send + Sync>;

/// A running server. Dropped, it takes no more requests.
pub struct TokenSite {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    authorization: AuthorizationServer,
    /// What `WWW-Authenticate` says.
    challenge: String,
    /// The headers of every answer, each with its end.
    always: String,
    pages: Pages,
    asked: Mutex<Vec<Asked>>,
    /// Called when an answer is ready, before it is sent.
    before_answer: Mutex<Option<Arc<Hook>>>,
    is_over: AtomicBool,
}

impl TokenSite {
    /// Starts it. `{site}` in the challenge is its own address.
    pub fn start(
        authorization: AuthorizationServer,
        tls: Option<Arc<ServerConfig>>,
        challenge: &str,
        always: &str,
        pages: impl Fn(&Received, &str) -> Page + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            authorization,
            challenge: challenge.replace("{site}", &address.to_string()),
            always: always.to_owned(),
            pages: Box::new(pages),
            asked: Mutex::default(),
            before_answer: Mutex::default(),
            is_over: AtomicBool::new(false),
        });
        let for_all = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if for_all.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let (shared, tls) = (Arc::clone(&for_all), tls.clone());
                thread::spawn(move || {
                    accept(stream.unwrap(), tls, |stream| serve(stream, &shared));
                });
            }
        });
        Self { address, shared }
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    pub fn authorization(&self) -> &AuthorizationServer {
        &self.shared.authorization
    }

    /// Every request, in the order of the answers.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared.asked).clone()
    }

    /// Does something when an answer is ready, before it is sent.
    pub fn before_answer(&self, hook: impl Fn(&Asked) + Send + Sync + 'static) {
        let hook: Hook = Box::new(hook);
        *lock(&self.shared.before_answer) = Some(Arc::new(hook));
    }
}

impl Drop for TokenSite {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        TcpStream::connect(self.address).ok();
        // What it does may hold what is about to go.
        *lock(&self.shared.before_answer) = None;
    }
}

fn serve(stream: &mut dyn Stream, shared: &Shared) {
    // A client that was killed, or that is about to end the server.
    let Some(received) = receive(stream) else {
        return;
    };
    let token = received.token();
    let token = token.filter(|token| shared.authorization.is_alive(token));
    let page = token.map_or_else(
        || refusal(&shared.challenge),
        |token| (shared.pages)(&received, &token),
    );
    let asked = Asked {
        method: received.method.clone(),
        path: received.path.clone(),
        status: page.status,
    };
    lock(&shared.asked).push(asked.clone());
    let hook = lock(&shared.before_answer).clone();
    if let Some(hook) = hook {
        hook(&asked);
    }
    let Page {
        status,
        headers,
        body,
    } = page;
    let head = format!(
        "HTTP/1.1 {status} \r\n{}{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
        shared.always,
        body.len()
    );
    let body = if received.method == "HEAD" {
        Vec::new()
    } else {
        body
    };
    stream.write_all(&[head.into_bytes(), body].concat()).ok();
    stream.flush().ok();
}

fn refusal(challenge: &str) -> Page {
    let body = r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#;
    Page::new(401, "application/json", body).with("WWW-Authenticate", challenge)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
