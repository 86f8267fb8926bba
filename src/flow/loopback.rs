//! The loopback listener (RFC 8252 §7.3): one small page of one address, for the one request that
//! brings our answer, and an address that leads the browser to the server, once. Everything else gets
//! a 404 and ends nothing: other paths, other states, a browser's preconnect, a second call.
//!
//! Only this user and root are served, where the system says whose a connection is. Connections of
//! other users are closed and count for no limit.

mod page;

use std::io::{ErrorKind, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use url::Url;

use crate::credential::RedirectUri;
use crate::mutex::locked;
use crate::oauth::{AuthorizationResponse, NoRandomness, random_text};
use crate::peers::{self, Peer};
use crate::signals::{read_some, spawn_with_signals_blocked};

pub use page::{LEADS_ON_AFTER, Page};

/// The largest request that is read, in bytes: a code, a state and a browser's headers fit in many
/// times over.
const REQUEST_LIMIT: usize = 64 * 1024;

/// The most headers: more than any browser sends.
const HEADER_LIMIT: usize = 128;

/// The longest that a request may take to arrive, and its answer to be taken.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The most connections at a time; one more is closed at once.
const CONNECTION_LIMIT: usize = 64;

/// Why glauth does not listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct NotListening {
    /// The address that was to be listened on.
    pub address: SocketAddr,
    /// What the system said.
    pub source: std::io::Error,
}

/// What a request is judged by: `None`, where it is not the one that is waited for.
pub type Judge = dyn Fn(&str) -> Option<AuthorizationResponse> + Send + Sync;

/// A browser that waits for its page.
#[derive(Debug)]
pub struct Visitor {
    stream: TcpStream,
}

/// What came to the listener.
#[derive(Debug)]
pub enum Arrival {
    /// The answer that is waited for.
    Answer(AuthorizationResponse, Visitor),
    /// The first connection that was closed because of whose it is.
    Stranger(Peer),
}

/// A running listener. Dropped, it takes no more visitors.
#[derive(Debug)]
pub struct Loopback {
    redirect_uri: String,
    /// The same, with the slash that a URL without a path has.
    base: Url,
    addresses: Vec<SocketAddr>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: String,
    connections: AtomicUsize,
    /// Whether the answer has come that is waited for.
    taken: Mutex<bool>,
    door: Mutex<Option<Door>>,
    /// Whether a connection of another user was told of.
    has_met_stranger: AtomicBool,
    over: AtomicBool,
}

/// A path that leads the browser on, so that its command line, which every user of the machine can
/// read, has nothing of the question in it.
#[derive(Debug)]
struct Door {
    path: String,
    /// Until a visitor has gone through.
    page: Option<Url>,
}

/// A port that is taken, before anybody listens: a server that registers glauth is told of it.
#[derive(Debug)]
pub struct BoundPort {
    listeners: Vec<TcpListener>,
    addresses: Vec<SocketAddr>,
    url: Url,
    redirect_uri: String,
}

impl BoundPort {
    /// Takes the port of the redirect, or any free one where none is fixed.
    pub fn at(uri: &RedirectUri) -> Result<Self, NotListening> {
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
        Ok(Self {
            listeners,
            addresses,
            url,
            redirect_uri,
        })
    }

    /// The redirect URI with its port.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }
}

impl Loopback {
    /// Listens there, and hands over the first visitor that `judge` accepts.
    pub fn start(
        bound: BoundPort,
        judge: &Arc<Judge>,
        found: impl Fn(Arrival) + Send + Sync + 'static,
    ) -> Result<Self, NotListening> {
        let BoundPort {
            listeners,
            addresses,
            url,
            redirect_uri,
        } = bound;
        let shared = Arc::new(Shared {
            path: url.path().to_owned(),
            connections: AtomicUsize::new(0),
            taken: Mutex::new(false),
            door: Mutex::new(None),
            has_met_stranger: AtomicBool::new(false),
            over: AtomicBool::new(false),
        });
        let found = Arc::new(found);
        for listener in listeners {
            let (shared, judge, found) =
                (Arc::clone(&shared), Arc::clone(judge), Arc::clone(&found));
            spawn_with_signals_blocked(move || accept(&listener, &shared, &judge, &found))
                .map_err(|source| NotListening {
                    address: addresses[0],
                    source,
                })?;
        }
        Ok(Self {
            redirect_uri,
            base: url,
            addresses,
            shared,
        })
    }

    /// The same as what is registered, with the port that was found.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// An address of ours that leads to `page`, once.
    pub fn lead_to(&self, page: Url) -> Result<Url, NoRandomness> {
        let mut address = self.base.clone();
        address.set_path(&random_text()?);
        *locked(&self.shared.door) = Some(Door {
            path: address.path().to_owned(),
            page: Some(page),
        });
        Ok(address)
    }

    /// The answer came in another way: no visitor counts any more. `false`: one did.
    #[must_use]
    pub fn take(&self) -> bool {
        self.shared.first(|| Some(())).is_some()
    }

    /// Lets one more visitor in. `judge` is not asked while `change` changes what it goes by, so that
    /// no visitor comes in with the answer that counted before.
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

    fn taken(&self) -> MutexGuard<'_, bool> {
        locked(&self.taken)
    }

    /// What a browser is shown that brings no answer.
    fn page_at(&self, path: &str) -> Page {
        let mut door = locked(&self.door);
        match door.as_mut().filter(|door| door.path == path) {
            Some(door) => door
                .page
                .take()
                .map_or_else(Page::led_on_before, |page| Page::redirect(&page)),
            None => Page::not_here(),
        }
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
            Err(source) if listeners.is_empty() || source.kind() == ErrorKind::AddrInUse => {
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
    found: &Arc<impl Fn(Arrival) + Send + Sync + 'static>,
) {
    loop {
        let batch = peers::accept(listener);
        if shared.over.load(Ordering::SeqCst) {
            return;
        }
        for (peer, stream) in batch.into_iter().flatten() {
            match peer {
                Peer::Trusted | Peer::Unknown => serve(stream, shared, judge, found),
                Peer::Stranger(_) | Peer::Elsewhere => {
                    if !shared.has_met_stranger.swap(true, Ordering::SeqCst) {
                        found(Arrival::Stranger(peer));
                    }
                }
                Peer::Gone => {}
            }
        }
    }
}

fn serve(
    stream: TcpStream,
    shared: &Arc<Shared>,
    judge: &Arc<Judge>,
    found: &Arc<impl Fn(Arrival) + Send + Sync + 'static>,
) {
    if shared.connections.fetch_add(1, Ordering::SeqCst) >= CONNECTION_LIMIT {
        shared.connections.fetch_sub(1, Ordering::SeqCst);
        return;
    }
    let (mine, judge, found) = (Arc::clone(shared), Arc::clone(judge), Arc::clone(found));
    let served = spawn_with_signals_blocked(move || {
        receive(stream, &mine, &*judge, &*found);
        mine.connections.fetch_sub(1, Ordering::SeqCst);
    });
    if served.is_err() {
        // Without a thread this one goes without an answer.
        shared.connections.fetch_sub(1, Ordering::SeqCst);
    }
}

fn receive(mut stream: TcpStream, shared: &Shared, judge: &Judge, found: &impl Fn(Arrival)) {
    let Some(target) = read_target(&mut stream) else {
        return;
    };
    // Only what stands after the request was read can have sent it.
    if !peers::of(std::slice::from_ref(&stream))
        .iter()
        .all(|peer| matches!(peer, Peer::Trusted | Peer::Unknown))
    {
        return;
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let answer = || (path == shared.path).then(|| judge(query)).flatten();
    let visitor = Visitor { stream };
    match shared.first(answer) {
        Some(response) => found(Arrival::Answer(response, visitor)),
        None => visitor.show(&shared.page_at(path)),
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
        let length = read_some(stream, &mut chunk)
            .ok()
            .filter(|length| *length > 0)?;
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
