//! The network: the smallest trait, and reqwest behind it.
//!
//! One request, one fresh connection, no redirects, no retries, no cookies, bounded time and size,
//! TLS but for loopback, and loopback never through a proxy.

use std::future::ready;
use std::io::{self, Read as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use reqwest::blocking::Client;
use tower::util::AndThenLayer;
use url::Url;
use zeroize::Zeroizing;

pub use route::{Route, Routed, without_user};

use crate::credential::{Endpoint, is_loopback};
use crate::env::is_exhausted;
use crate::fault;
use crate::memory;
use crate::peers::{self, Server};
use crate::signals::Held;
use crate::user_file::{self, Unusable};

/// The longest answer that is read, in bytes: two tokens of 16 KiB, and as much again.
pub const ANSWER_LIMIT: usize = 64 * 1024;

/// The largest file of certificate authorities that is read, in bytes: many times that of a system.
const CA_LIMIT: u64 = 8 * 1024 * 1024;

/// How long a connection, with its TLS handshake, may take at most.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// A request to one endpoint.
#[derive(Debug)]
pub struct Request {
    /// Where.
    pub url: Url,
    /// What.
    pub body: Body,
    /// Who.
    pub authorization: Option<Authorization>,
    /// How long all of it may take. At most half of that is for the connection.
    pub limit: Duration,
    /// A certificate authority to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// The user of this machine, besides this one and root, whose server may have secrets over http.
    pub server_user: Option<u32>,
}

impl Request {
    fn has_secrets(&self) -> bool {
        self.authorization.is_some() || matches!(self.body, Body::Form(_))
    }
}

/// What is sent.
pub enum Body {
    /// GET.
    None,
    /// POST, `application/x-www-form-urlencoded`.
    Form(Vec<(String, Zeroizing<String>)>),
}

/// Names, never values: they are tokens.
impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("None"),
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
    /// The body, at most [`ANSWER_LIMIT`] bytes; `None` where there was more or it broke off.
    pub body: Option<Zeroizing<Vec<u8>>>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No connection: the server has seen nothing.
    #[error("cannot connect to `{origin}`: {reason}")]
    Unreachable {
        /// Scheme, host and port.
        origin: String,
        /// Why.
        reason: String,
    },
    /// The certificate does not hold, or there is nothing to judge it by: the server has seen
    /// nothing.
    #[error("TLS with `{origin}` fails: {reason}")]
    TlsRefused {
        /// Scheme, host and port.
        origin: String,
        /// Why.
        reason: String,
    },
    /// What answers speaks plain HTTP or something else: the server has seen nothing.
    #[error("`{origin}` does not speak TLS")]
    NotTls {
        /// Scheme, host and port.
        origin: String,
    },
    /// The file with the certificate authority cannot be used: the server has seen nothing.
    #[error("the CA file `{}` cannot be used: {reason}", path.display())]
    CaFile {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Another user of this machine answers at an address of it: the server has seen nothing.
    #[error(
        "the server at `{origin}` is run by user {uid}: not by you, root or the user who ran it at the login"
    )]
    ForeignServer {
        /// Scheme, host and port.
        origin: String,
        /// Whose it is.
        uid: u32,
    },
    /// The request left, or may have left, and no answer came.
    #[error("no answer from `{origin}`: {reason}")]
    AnswerLost {
        /// Scheme, host and port.
        origin: String,
        /// Why.
        reason: String,
    },
}

/// A way to send one request.
pub trait Http {
    /// Sends it, once.
    fn send(&self, request: Request) -> Result<Response, SendError>;

    /// Whether it goes the way that git would: a process that sends in the place of this one does so too.
    fn goes_as_git(&self) -> bool {
        false
    }
}

/// The real network.
#[derive(Debug)]
pub struct Network;

impl Http for Network {
    fn send(&self, request: Request) -> Result<Response, SendError> {
        Self::send_through(request, None)
    }
}

impl Network {
    /// In a thread of its own, so that the time is bounded whatever the server does. A proxy that is given takes
    /// the place of the environment's.
    fn send_through(request: Request, proxy: Option<Url>) -> Result<Response, SendError> {
        let origin = origin(&request.url);
        let limit = request.limit;
        let (sender, receiver) = mpsc::channel();
        // A thread that hangs may live on while a lock is held: it must not take a signal.
        let held = Held::new();
        let started =
            thread::Builder::new()
                .name("network".to_owned())
                .spawn(move || match client(&request, proxy.as_ref()) {
                    Ok(client) => {
                        sender.send(exchange(&client, request)).ok();
                        // Only now: it waits for a look-up of the host's name that hangs.
                        drop(client);
                    }
                    Err(error) => drop(sender.send(Err(error))),
                });
        drop(held);
        if let Err(error) = started {
            let reason = error.to_string();
            return Err(SendError::Unreachable { origin, reason });
        }
        receiver.recv_timeout(limit).unwrap_or_else(|_| {
            let reason = format!("nothing came within {} s", limit.as_secs());
            Err(SendError::AnswerLost { origin, reason })
        })
    }
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

fn exchange(client: &Client, request: Request) -> Result<Response, SendError> {
    let builder = match request.body {
        Body::None => client.get(request.url.clone()),
        Body::Form(fields) => {
            let pairs: Vec<(&str, &str)> = fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            client.post(request.url.clone()).form(&pairs)
        }
    };
    let builder = match &request.authorization {
        None => builder,
        Some(Authorization::Bearer(token)) => builder.bearer_auth(token.as_str()),
        Some(Authorization::Basic(name, secret)) => builder.basic_auth(name, Some(secret.as_str())),
    };
    // Allocated once, since a buffer that grows leaves copies of tokens behind, and before there is an
    // answer that could be lost for want of it.
    let body = memory::touched(ANSWER_LIMIT + 1).map_err(|error| SendError::Unreachable {
        origin: origin(&request.url),
        reason: error.to_string(),
    })?;
    memory::free_for_the_answer();
    let response = builder
        .header("Accept", "application/json")
        .send()
        .map_err(|error| classify(&request.url, error))?;
    fault::point("sent");
    let header = |name: &str| {
        let value = response.headers().get(name);
        let text = value.and_then(|value| value.to_str().ok());
        text.map(ToOwned::to_owned)
    };
    Ok(Response {
        status: response.status().as_u16(),
        retry_after: header("Retry-After"),
        date: header("Date"),
        body: read_body(response, Zeroizing::new(body)),
    })
}

fn read_body(
    response: reqwest::blocking::Response,
    mut body: Zeroizing<Vec<u8>>,
) -> Option<Zeroizing<Vec<u8>>> {
    response
        .take(ANSWER_LIMIT as u64 + 1)
        .read_to_end(&mut body)
        .ok()?;
    (body.len() <= ANSWER_LIMIT).then_some(body)
}

fn client(request: &Request, proxy: Option<&Url>) -> Result<Client, SendError> {
    // Fails where it is set already, which is as good.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let mut builder = Client::builder()
        .user_agent(concat!("glauth/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_max_idle_per_host(0)
        .referer(false)
        .connect_timeout(CONNECT_LIMIT.min(request.limit / 2))
        .timeout(request.limit);
    if is_loopback(&request.url) {
        builder = builder.no_proxy();
        // Not looked up: whatever a name server says, it is this machine (RFC 6761 §6.3).
        let here = here(&request.url);
        builder = builder.resolve_to_addrs("localhost", &here);
        if request.url.scheme() == "http" {
            let (at, user) = (
                peers::choose(&here, request.server_user),
                request.server_user,
            );
            builder = builder.resolve_to_addrs("localhost", &[at]);
            if request.has_secrets() {
                let check = move |connection| ready(check_server(at, user).map(|()| connection));
                builder = builder.connector_layer(AndThenLayer::new(check));
            }
        }
    }
    if let Some(proxy) = proxy {
        builder = builder.proxy(route::usable(proxy, &request.url)?);
    }
    if request.url.scheme() == "http" {
        // No TLS, so the system's certificate authorities need not be there or be read.
        builder = builder.tls_certs_only([]);
    } else if let Some(path) = &request.ca_file {
        builder = builder.tls_certs_merge(certificates(path, &request.url)?);
    }
    builder.build().map_err(|error| {
        let (origin, reason) = (origin(&request.url), root(&error));
        // Too many open files or threads: nothing that a person configured. All else that can fail
        // here is the system's list of certificate authorities.
        if is_answer_of_the_system(&error) {
            SendError::Unreachable { origin, reason }
        } else {
            SendError::TlsRefused { origin, reason }
        }
    })
}

/// The addresses of a server on this machine: two for `localhost`, and one twice for a number.
fn here(url: &Url) -> [SocketAddr; 2] {
    let port = url.port_or_known_default().unwrap_or_default();
    let addresses: [IpAddr; 2] = match url.host() {
        Some(url::Host::Ipv4(address)) => [address.into(); 2],
        Some(url::Host::Ipv6(address)) => [address.into(); 2],
        _ => [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
    };
    addresses.map(|address| SocketAddr::new(address, port))
}

/// The user who runs the server at a URL now, where secrets go there over http and it is neither this
/// user nor root.
#[must_use]
pub fn server_user(url: &Url) -> Option<u32> {
    let over_http = url.scheme() == "http" && is_loopback(url);
    over_http.then(|| peers::foreign_server(peers::choose(&here(url), None)))?
}

/// Once it is connected, and before anything is sent: whose server that is.
fn check_server(at: SocketAddr, expected: Option<u32>) -> Result<(), Unproven> {
    match peers::server_at(at) {
        Server::Stranger(uid) if Some(uid) != expected => Err(Box::new(Foreign(uid))),
        Server::Missing => Err(Box::new(io::Error::from(io::ErrorKind::ConnectionReset))),
        Server::Stranger(_) | Server::Trusted => Ok(()),
    }
}

type Unproven = Box<dyn std::error::Error + Send + Sync>;

/// [`SendError::ForeignServer`], on its way through the HTTP library.
#[derive(Debug, thiserror::Error)]
#[error("user {0} listens there")]
struct Foreign(u32);

fn foreign<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Foreign> {
    error.downcast_ref().or_else(|| foreign(error.source()?))
}

fn is_answer_of_the_system(error: &(dyn std::error::Error + 'static)) -> bool {
    let answer = |error: &io::Error| error.raw_os_error().is_some();
    error.downcast_ref().is_some_and(answer) || error.source().is_some_and(is_answer_of_the_system)
}

fn certificates(path: &Path, url: &Url) -> Result<Vec<reqwest::Certificate>, SendError> {
    let unusable = |reason: String| SendError::CaFile {
        path: path.to_owned(),
        reason,
    };
    let pem = user_file::read(path, CA_LIMIT).map_err(|error| match error {
        Unusable::Io(cause) if is_exhausted(&cause) => SendError::Unreachable {
            origin: origin(url),
            reason: cause.to_string(),
        },
        error => unusable(format!("it {error}")),
    })?;
    let found =
        reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| unusable(root(&error)))?;
    if found.is_empty() {
        return Err(unusable("there is no certificate in it".to_owned()));
    }
    Ok(found)
}

/// Whether the server can have seen the request, and whether it is a matter of trust.
fn classify(url: &Url, error: reqwest::Error) -> SendError {
    let error = error.without_url();
    let origin = origin(url);
    let reason = root(&error);
    if let Some(Foreign(uid)) = foreign(&error) {
        return SendError::ForeignServer { origin, uid: *uid };
    }
    match tls_error(&error) {
        Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)) => {
            SendError::NotTls { origin }
        }
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::InvalidMessage(_)) => {
            SendError::TlsRefused { origin, reason }
        }
        _ if error.is_builder() => SendError::TlsRefused { origin, reason },
        _ if error.is_connect() => SendError::Unreachable { origin, reason },
        _ => SendError::AnswerLost { origin, reason },
    }
}

/// A failed handshake also counts as a failed connection: the TLS library's own error is inside.
fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    inner_tls(error).or_else(|| tls_error(error.source()?))
}

/// What an `io::Error` wraps is not among its sources, and it may be another `io::Error`.
fn inner_tls<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = error.downcast_ref() {
        return Some(tls);
    }
    let inside = error.downcast_ref::<io::Error>()?.get_ref()?;
    inner_tls(inside)
}

/// The innermost cause, which says what happened, as printable text.
fn root(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = cause.to_string();
        next = cause.source();
    }
    text.chars().filter(|c| !c.is_control()).take(400).collect()
}

mod route;
#[cfg(test)]
mod tests;
