//! The loopback listener (RFC 8252 §7.3): one small page of one address, for the one request that
//! brings our answer. Everything else gets a 404 and ends nothing: other paths, other states, a
//! browser's preconnect, a second call.

mod page;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::redirect_uri::RedirectUri;
use crate::oauth::AuthorizationResponse;
use crate::signals::spawn_deaf;

pub use page::Page;

/// The largest request that is read, in bytes: a code, a state and a browser's headers fit in many
/// times over.
const REQUEST_LIMIT: usize = 64 * 1024;

/// The most headers: more than any browser sends.
const HEADER_LIMIT: usize = 128;

/// The longest that a request may take to arrive, and its answer to be taken.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The most connections at a time; one more is closed at once.
const CONNECTION_LIMIT: usize = 64;

/// Why nobody listens.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct NotListening {
    address: SocketAddr,
    source: std::io::Error,
}

/// What a request is judged by: `None`, where it is not the one that is waited for.
pub type Judge = dyn Fn(&str) -> Option<AuthorizationResponse> + Send + Sync;

/// A browser that waits for its page.
#[derive(Debug)]
pub struct Visitor {
    stream: TcpStream,
}

/// A running listener. Dropped, it takes no more visitors.
#[derive(Debug)]
pub struct Loopback {
    redirect_uri: String,
    addresses: Vec<SocketAddr>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: String,
    connections: AtomicUsize,
    /// Whether the answer has come that is waited for.
    taken: Mutex<bool>,
    over: AtomicBool,
}

impl Loopback {
    /// Listens where the redirect leads, on any free port where none is fixed, and hands over the
    /// first visitor that `judge` accepts.
    pub fn start(
        uri: &RedirectUri,
        judge: &Arc<Judge>,
        found: impl Fn(AuthorizationResponse, Visitor) + Send + Sync + 'static,
    ) -> Result<Self, NotListening> {
        let listeners = bind(uri)?;
        let addresses: Vec<SocketAddr> = listeners
            .iter()
            .filter_map(|listener| listener.local_addr().ok())
            .collect();
        let mut url = uri.url.clone();
        let port = addresses.first().map(SocketAddr::port);
        url.set_port(port).ok();
        // A URL without a path is registered without the slash that `Url` adds.
        let bare = uri.url.path() == "/" && !uri.text.ends_with('/');
        let redirect_uri = if bare {
            url.as_str().trim_end_matches('/').to_owned()
        } else {
            url.as_str().to_owned()
        };
        let shared = Arc::new(Shared {
            path: url.path().to_owned(),
            connections: AtomicUsize::new(0),
            taken: Mutex::new(false),
            over: AtomicBool::new(false),
        });
        let found = Arc::new(found);
        for listener in listeners {
            let (shared, judge, found) =
                (Arc::clone(&shared), Arc::clone(judge), Arc::clone(&found));
            spawn_deaf(move || accept(&listener, &shared, &judge, &found)).map_err(|source| {
                NotListening {
                    address: addresses[0],
                    source,
                }
            })?;
        }
        Ok(Self {
            redirect_uri,
            addresses,
            shared,
        })
    }

    /// The same as what is registered, with the port that was found.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// The answer came in another way: no visitor counts any more. `false`: one did.
    #[must_use]
    pub fn take(&self) -> bool {
        self.shared.first(|| Some(())).is_some()
    }

    /// Lets one more visitor in. `judge` is not asked while `change` changes what it goes by, so that
    /// nobody comes in with the answer that counted before.
    pub fn expect_another(&self, change: impl FnOnce()) {
        let mut taken = self.shared.taken();
        change();
        *taken = false;
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        for address in &self.addresses {
            // Wakes the thread that accepts.
            TcpStream::connect_timeout(address, TIME_LIMIT).ok();
        }
    }
}

impl Shared {
    /// Only the first answer is let in.
    fn first<T>(&self, judged: impl FnOnce() -> Option<T>) -> Option<T> {
        let mut taken = self.taken();
        let answer = if *taken { None } else { judged() };
        *taken |= answer.is_some();
        answer
    }

    fn taken(&self) -> std::sync::MutexGuard<'_, bool> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One listener for each address; where `localhost` has two, both have the same port, and a machine
/// without IPv6 does with one.
#[expect(clippy::disallowed_methods, reason = "the one place that listens")]
fn bind(uri: &RedirectUri) -> Result<Vec<TcpListener>, NotListening> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut port = uri.port().unwrap_or(0);
    for address in &uri.addresses {
        let address = SocketAddr::new(*address, port);
        match TcpListener::bind(address) {
            Ok(listener) => {
                port = listener.local_addr().map_or(port, |found| found.port());
                listeners.push(listener);
            }
            Err(source)
                if listeners.is_empty() || source.kind() == std::io::ErrorKind::AddrInUse =>
            {
                return Err(NotListening { address, source });
            }
            Err(_) => {}
        }
    }
    Ok(listeners)
}

fn accept(
    listener: &TcpListener,
    shared: &Arc<Shared>,
    judge: &Arc<Judge>,
    found: &Arc<impl Fn(AuthorizationResponse, Visitor) + Send + Sync + 'static>,
) {
    for stream in listener.incoming() {
        if shared.over.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        if shared.connections.fetch_add(1, Ordering::SeqCst) >= CONNECTION_LIMIT {
            shared.connections.fetch_sub(1, Ordering::SeqCst);
            continue;
        }
        let (shared, judge, found) = (Arc::clone(shared), Arc::clone(judge), Arc::clone(found));
        // Without a thread this one goes without an answer.
        spawn_deaf(move || {
            receive(stream, &shared, &*judge, &*found);
            shared.connections.fetch_sub(1, Ordering::SeqCst);
        })
        .ok();
    }
}

fn receive(
    mut stream: TcpStream,
    shared: &Shared,
    judge: &Judge,
    found: &impl Fn(AuthorizationResponse, Visitor),
) {
    let Some(target) = read_target(&mut stream) else {
        return;
    };
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let answer = || (path == shared.path).then(|| judge(query)).flatten();
    let visitor = Visitor { stream };
    match shared.first(answer) {
        Some(response) => found(response, visitor),
        None => visitor.show(&Page::not_here()),
    }
}

/// The target of a GET; `None`: nothing came, or something else.
fn read_target(stream: &mut TcpStream) -> Option<String> {
    let deadline = Instant::now() + TIME_LIMIT;
    let mut received = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let left = deadline.checked_duration_since(Instant::now())?;
        stream
            .set_read_timeout(Some(left.max(Duration::from_millis(1))))
            .ok()?;
        let length = stream.read(&mut chunk).ok().filter(|length| *length > 0)?;
        received.extend_from_slice(&chunk[..length]);
        let mut headers = [httparse::EMPTY_HEADER; HEADER_LIMIT];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&received) {
            Ok(httparse::Status::Complete(_)) if request.method == Some("GET") => {
                return request.path.map(ToOwned::to_owned);
            }
            Ok(httparse::Status::Partial) if received.len() < REQUEST_LIMIT => {}
            _ => return None,
        }
    }
}

impl Visitor {
    /// Shows the page and lets the browser go.
    pub fn show(mut self, page: &Page) {
        self.stream.set_write_timeout(Some(TIME_LIMIT)).ok();
        self.stream.write_all(page.to_http().as_bytes()).ok();
        self.stream.shutdown(Shutdown::Write).ok();
    }
}

#[cfg(test)]
mod tests;
