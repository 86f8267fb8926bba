//! The network: the smallest trait, and reqwest behind it.
//!
//! One request, one fresh connection, no redirects, no retries, no cookies, bounded time and size,
//! TLS but for loopback, and loopback never through a proxy.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::ClientBuilder;
use reqwest::blocking::Client;
use url::Url;
use zeroize::Zeroizing;

use crate::credential::{Endpoint, is_loopback};
use crate::fault;
use crate::memory;
use crate::signals::BlockedSignals;

mod classify;
mod common_name;
mod error;
mod here;
mod inside;
mod plain;
mod proxy;
mod route;
#[cfg(feature = "proxy")]
mod streaming;
mod tls;

pub use error::{ClientFileKind, FileProblem, GIT_PROXY_KEY, SendError, Through, TlsProblem};
pub use here::server_user;
pub use proxy::{proxy_of_git, shown};
pub use route::{Route, Routed};
#[cfg(feature = "proxy")]
pub use streaming::{Upstream, UpstreamBody};
#[cfg(feature = "postgres")]
pub(crate) use tls::{for_database, is_of_other_name};

use classify::{Circumstances, classify, root};
use proxy::Proxy;
use tls::Noticed;

/// The longest answer that is read, in bytes: two tokens of 16 KiB, and as much again.
pub const ANSWER_LIMIT: usize = 64 * 1024;

/// How much of an answer's body is read at once, in bytes.
const PIECE: usize = 8 * 1024;

/// How long a server may be silent before it is asked whether it speaks plain HTTP.
const SILENCE: Duration = Duration::from_secs(1);

/// How long a connection, with its TLS handshake, may take at most.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// A request to one endpoint.
#[derive(Debug)]
pub struct Request {
    /// The address that is asked.
    pub url: Url,
    /// The body, and with it the method.
    pub body: Body,
    /// The credentials in the `Authorization` header.
    pub authorization: Option<Authorization>,
    /// How long all of it may take. At most half of that is for the connection.
    pub limit: Duration,
    /// A certificate authority to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// The user of this machine, besides this one and root, whose server may have secrets over http.
    pub server_user: Option<u32>,
    /// Whether it may go to public servers only: a document of such a server has named the address.
    pub public_only: bool,
}

impl Request {
    /// A request without credentials.
    #[must_use]
    pub fn public(url: Url, body: Body, limit: Duration, ca_file: Option<&PathBuf>) -> Self {
        Self {
            url,
            body,
            authorization: None,
            limit,
            ca_file: ca_file.cloned(),
            server_user: None,
            public_only: false,
        }
    }

    fn has_secrets(&self) -> bool {
        self.authorization.is_some() || matches!(self.body, Body::Form(_))
    }

    /// How long its connection may take.
    fn connect_limit(&self) -> Duration {
        CONNECT_LIMIT.min(self.limit / 2)
    }

    /// Whether it may be the first one to a server, which may be named with the wrong scheme, and
    /// presents nothing that can be spent: a document, or a device code (RFC 8628 §3.1).
    fn is_first_question(&self) -> bool {
        // RFC 6749 has the one in every token request, RFC 7009 the other in every revocation.
        let spends = |(name, _): &(String, _)| matches!(&**name, "grant_type" | "token");
        let is_bare = self.authorization.is_none();
        let is_harmless = match &self.body {
            Body::None | Body::Json(_) | Body::Delete => is_bare,
            Body::Form(fields) => !fields.iter().any(spends),
        };
        is_harmless && self.url.scheme() == "https"
    }
}

/// What is sent.
pub enum Body {
    /// No body: a GET.
    None,
    /// POST, `application/x-www-form-urlencoded`.
    Form(Vec<(String, Zeroizing<String>)>),
    /// POST, `application/json`; without secrets.
    Json(String),
    /// No body: a DELETE.
    Delete,
}

/// Names, never values: they are tokens.
impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Json(_) => f.write_str("Json"),
            Self::Delete => f.write_str("Delete"),
            Self::Form(fields) => f
                .debug_list()
                .entries(fields.iter().map(|(name, _)| name))
                .finish(),
        }
    }
}

/// An Authorization header.
pub enum Authorization {
    /// RFC 6750.
    Bearer(Zeroizing<String>),
    /// RFC 7617, for `client_secret_basic`: both already form-encoded (RFC 6749 §2.3.1).
    Basic(String, Zeroizing<String>),
}

impl std::fmt::Debug for Authorization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Bearer(_) => "Bearer …",
            Self::Basic(..) => "Basic …",
        })
    }
}

/// What a server said.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The `Retry-After` header, as it came.
    pub retry_after: Option<String>,
    /// The `Date` header, as it came.
    pub date: Option<String>,
    /// The `WWW-Authenticate` headers, as they came.
    pub challenges: Vec<String>,
    /// What arrived of the body before it ended or broke off, as it came, at most
    /// [`ANSWER_LIMIT`] bytes; `None` where there was more.
    pub body: Option<Zeroizing<Vec<u8>>>,
    /// Whether the body broke off, or did not end in time.
    pub broke_off: bool,
}

/// A way to send one request.
pub trait Http {
    /// Sends it, once.
    fn send(&self, request: Request) -> Result<Response, SendError>;

    /// Whether this process could send one there at all: its proxy is one, and its certificate authorities can
    /// be read. Nothing is sent.
    fn check(&self, url: &Url, ca_file: Option<&Path>) -> Result<(), SendError>;

    /// Whether it goes the way that git would: a process that sends in the place of this one does so too.
    fn goes_as_git(&self) -> bool {
        false
    }

    /// Whether the server of a URL is on this machine or in a private network. A name is looked up.
    fn is_inside(&self, url: &Url) -> bool {
        inside::is_inside(url)
    }
}

/// The real network.
#[derive(Debug)]
pub struct Network;

impl Http for Network {
    fn send(&self, request: Request) -> Result<Response, SendError> {
        let proxy = Proxy::of(&request.url)?;
        Self::send_through(request, proxy)
    }

    fn check(&self, url: &Url, ca_file: Option<&Path>) -> Result<(), SendError> {
        Proxy::of(url)?;
        tls::config(url, ca_file, &Arc::default()).map(drop)
    }
}

impl Network {
    /// In a thread of its own, so that the time is bounded whatever the server does.
    fn send_through(request: Request, proxy: Option<Proxy>) -> Result<Response, SendError> {
        let origin = origin(&request.url);
        let limit = request.limit;
        let started_at = Instant::now();
        let left = || limit.saturating_sub(started_at.elapsed());
        let is_first = proxy.is_none() && request.is_first_question();
        let may_be_plain = is_first.then(|| request.url.clone());
        let noticed = Arc::new(Noticed::default());
        let unreachable = |reason: String| SendError::Unreachable {
            origin: origin.clone(),
            reason,
        };
        // Allocated once, since a buffer that grows leaves copies of tokens behind, and before there is
        // an answer that could be lost for want of it.
        let room = memory::touched(ANSWER_LIMIT).map_err(|error| unreachable(error.to_string()))?;
        let room = Zeroizing::new(room);
        let heads = start(request, proxy, Arc::clone(&noticed))
            .map_err(|error| unreachable(error.to_string()))?;
        if let Some(url) = may_be_plain {
            match heads.recv_timeout(SILENCE.min(limit)) {
                Ok(head) => return head.map(|head| head.with_body(room, left)),
                Err(_) if !noticed.speaks_tls() && plain::answers(&url) => {
                    return Err(SendError::NotTls { origin });
                }
                Err(_) => {}
            }
        }
        let Ok(head) = heads.recv_timeout(left()) else {
            let reason = format!("nothing came within {} s", limit.as_secs());
            return Err(SendError::AnswerLost { origin, reason });
        };
        head.map(|head| head.with_body(room, left))
    }
}

/// The head of an answer, and its body as it comes, which ends where the body ends or breaks off.
struct Head {
    response: Response,
    body: Receiver<Piece>,
}

/// A piece of a body; `None`: it has ended as it should.
type Piece = Option<Zeroizing<Vec<u8>>>;

impl Head {
    /// What arrives of the body while there is time, in an empty buffer with room for the longest.
    fn with_body(self, mut body: Zeroizing<Vec<u8>>, left: impl Fn() -> Duration) -> Response {
        let mut broke_off = true;
        while let Ok(piece) = self.body.recv_timeout(left()) {
            let Some(piece) = piece else {
                broke_off = false;
                break;
            };
            if body.len() + piece.len() > ANSWER_LIMIT {
                return self.response;
            }
            body.extend_from_slice(&piece);
        }
        Response {
            body: Some(body),
            broke_off,
            ..self.response
        }
    }
}

fn start(
    request: Request,
    proxy: Option<Proxy>,
    noticed: Arc<Noticed>,
) -> std::io::Result<Receiver<Result<Head, SendError>>> {
    let (heads, receiver) = mpsc::sync_channel(1);
    // A thread that hangs may live on while a lock is held: it must not take a signal.
    let held = BlockedSignals::new();
    let started = thread::Builder::new()
        .name("network".to_owned())
        .spawn(move || match client(&request, proxy.as_ref(), &noticed) {
            Ok(client) => {
                match exchange(&client, request, proxy.as_ref(), &noticed) {
                    Ok(answer) => deliver(answer, &heads),
                    Err(error) => drop(heads.send(Err(error))),
                }
                // Only now: it waits for a look-up of the host's name that hangs.
                drop(client);
            }
            Err(error) => drop(heads.send(Err(error))),
        });
    drop(held);
    started.map(|_| receiver)
}

/// The origin of a URL (RFC 6454), for messages.
#[must_use]
pub fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The same of an endpoint.
#[must_use]
pub fn origin_of(endpoint: &Endpoint) -> String {
    let url = endpoint.url();
    url.map_or_else(|_| endpoint.as_str().to_owned(), |url| origin(&url))
}

fn exchange(
    client: &Client,
    request: Request,
    proxy: Option<&Proxy>,
    noticed: &Noticed,
) -> Result<reqwest::blocking::Response, SendError> {
    let circumstances = Circumstances {
        url: request.url.clone(),
        ca_file: request.ca_file.clone(),
        proxy,
        noticed,
        connecting: request.connect_limit(),
    };
    // An MCP server answers in one of the two, and wants both named.
    let accept = match request.body {
        Body::Json(_) => "application/json, text/event-stream",
        _ => "application/json",
    };
    let builder = match request.body {
        Body::None => client.get(request.url.clone()),
        Body::Form(fields) => {
            let pairs: Vec<(&str, &str)> = fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            client.post(request.url.clone()).form(&pairs)
        }
        Body::Json(text) => client
            .post(request.url.clone())
            .header("Content-Type", "application/json")
            .body(text),
        Body::Delete => client.delete(request.url.clone()),
    };
    let builder = match &request.authorization {
        None => builder,
        Some(Authorization::Bearer(token)) => builder.bearer_auth(token.as_str()),
        Some(Authorization::Basic(name, secret)) => builder.basic_auth(name, Some(secret.as_str())),
    };
    // Nothing else is left to do before it leaves.
    memory::free_for_the_answer();
    builder
        .header("Accept", accept)
        // Without it a server may choose (RFC 9110 §12.5.3).
        .header("Accept-Encoding", "identity")
        // So that a body that is shorter than its length ends with the connection.
        .header("Connection", "close")
        .send()
        .map_err(|error| classify(error, &circumstances))
}

/// Hands the head over, and the body piece by piece for as long as the caller takes it.
fn deliver(mut answer: reqwest::blocking::Response, heads: &SyncSender<Result<Head, SendError>>) {
    fault::point("sent");
    let header = |name: &str| {
        let value = answer.headers().get(name);
        let text = value.and_then(|value| value.to_str().ok());
        text.map(ToOwned::to_owned)
    };
    let all = |name: &str| {
        let values = answer.headers().get_all(name).iter();
        let texts = values.filter_map(|value| value.to_str().ok());
        texts.map(ToOwned::to_owned).collect()
    };
    let response = Response {
        status: answer.status().as_u16(),
        retry_after: header("Retry-After"),
        date: header("Date"),
        challenges: all("WWW-Authenticate"),
        body: None,
        broke_off: false,
    };
    let (pieces, body) = mpsc::sync_channel(1);
    let mut is_wanted = heads.send(Ok(Head { response, body })).is_ok();
    while is_wanted {
        let mut piece = Zeroizing::new(vec![0; PIECE]);
        match answer.read(&mut piece) {
            Ok(0) => {
                pieces.send(None).ok();
                return;
            }
            // It breaks off, behind what may be the one copy of new tokens.
            Err(_) => return,
            Ok(length) => {
                piece.truncate(length);
                is_wanted = pieces.send(Some(piece)).is_ok();
            }
        }
    }
}

fn client(
    request: &Request,
    proxy: Option<&Proxy>,
    noticed: &Arc<Noticed>,
) -> Result<Client, SendError> {
    let builder = builder(&request.url, request.ca_file.as_deref(), proxy, noticed)?
        .user_agent(concat!("glauth/", env!("CARGO_PKG_VERSION")))
        .pool_max_idle_per_host(0)
        .connect_timeout(request.connect_limit());
    let builder = if is_loopback(&request.url) {
        let (user, has_secrets) = (request.server_user, request.has_secrets());
        here::connect(builder, &request.url, user, has_secrets)
    } else {
        builder
    };
    // Where there is a proxy, it looks the name up.
    let builder = if request.public_only && proxy.is_none() {
        let addresses = inside::public_addresses(&request.url)?;
        match request.url.domain() {
            Some(name) => builder.resolve_to_addrs(name, &addresses),
            None => builder,
        }
    } else {
        builder
    };
    let builder = reqwest::blocking::ClientBuilder::from(builder).timeout(request.limit);
    // What can fail here is a descriptor or a thread that the system does not give.
    builder.build().map_err(|error| SendError::Unreachable {
        origin: origin(&request.url),
        reason: root(&error),
    })
}

/// What all requests have in common: one TLS configuration, one route, and nothing that happens by itself.
fn builder(
    url: &Url,
    ca_file: Option<&Path>,
    proxy: Option<&Proxy>,
    noticed: &Arc<Noticed>,
) -> Result<ClientBuilder, SendError> {
    let builder = ClientBuilder::new()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .tls_backend_preconfigured(tls::config(url, ca_file, noticed)?);
    Ok(match proxy {
        Some(proxy) => match proxy.to_reqwest() {
            Some(proxy) => builder.proxy(proxy),
            // The system's own settings, which reqwest reads by itself.
            None => builder,
        },
        None => builder.no_proxy(),
    })
}

#[cfg(test)]
mod tests;
