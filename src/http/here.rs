//! A server on this machine: where it is looked for, and whose it is.

use std::error::Error;
use std::future::ready;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::ClientBuilder;
use tower::util::AndThenLayer;
use url::Url;

use crate::credential::is_loopback;
use crate::peers::{self, LoopbackServer};

/// Not looked up: whatever a name server says, it is this machine (RFC 6761 §6.3). Over http, where no
/// certificate tells whose the server is, secrets go to this user's, root's or the known user's alone.
pub(super) fn connect(
    builder: ClientBuilder,
    url: &Url,
    user: Option<u32>,
    has_secrets: bool,
) -> ClientBuilder {
    let here = here(url);
    if url.scheme() != "http" {
        return builder.resolve_to_addrs("localhost", &here);
    }
    let at = peers::choose(&here, user);
    let builder = builder.resolve_to_addrs("localhost", &[at]);
    if !has_secrets {
        return builder;
    }
    let check = move |connection| ready(check_server(at, user).map(|()| connection));
    builder.connector_layer(AndThenLayer::new(check))
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

/// The user that runs the server at a URL now, where secrets go there over http and it is neither this
/// user nor root.
#[must_use]
pub fn server_user(url: &Url) -> Option<u32> {
    let over_http = url.scheme() == "http" && is_loopback(url);
    over_http.then(|| peers::foreign_server(peers::choose(&here(url), None)))?
}

/// Once it is connected, and before anything is sent: whose server that is.
fn check_server(at: SocketAddr, expected: Option<u32>) -> Result<(), Unproven> {
    match peers::server_at(at) {
        LoopbackServer::Stranger(uid) if Some(uid) != expected => Err(Box::new(Foreign(uid))),
        LoopbackServer::Missing => Err(Box::new(io::Error::from(io::ErrorKind::ConnectionReset))),
        LoopbackServer::Stranger(_) | LoopbackServer::Trusted => Ok(()),
    }
}

type Unproven = Box<dyn Error + Send + Sync>;

/// [`SendError::ForeignServer`](super::SendError::ForeignServer), on its way through the HTTP library.
#[derive(Debug, thiserror::Error)]
#[error("user {0} listens there")]
struct Foreign(u32);

/// Whose server it is, where that is what an error says.
pub(super) fn foreign(error: &(dyn Error + 'static)) -> Option<u32> {
    match error.downcast_ref() {
        Some(Foreign(uid)) => Some(*uid),
        None => foreign(error.source()?),
    }
}
