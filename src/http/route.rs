//! Ways to a server that the program names which called glauth, in place of the environment.

use std::path::PathBuf;

use url::Url;

use super::{Http, Network, Request, Response, SendError, origin, root};
use crate::credential::is_loopback;

/// A way to a server.
#[derive(Clone, Default)]
pub struct Route {
    /// The proxy, with its user and password.
    pub proxy: Option<Url>,
    /// Authorities to trust besides the system's, where the request names none.
    pub ca_file: Option<PathBuf>,
}

/// The proxy without its password.
impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let proxy = self.proxy.as_ref().map(without_user);
        write!(f, "Route {{ {proxy:?}, {:?} }}", self.ca_file)
    }
}

/// A proxy as it may be shown: its user and password are left out.
#[must_use]
pub fn without_user(proxy: &Url) -> String {
    let port = proxy.port_or_known_default().unwrap_or_default();
    let host = proxy.host_str().unwrap_or_default();
    format!("{}://{host}:{port}", proxy.scheme())
}

/// The real network, by the way of git's that is asked for with the URL of each request.
#[derive(Debug)]
pub struct Routed(pub fn(&Url) -> Route);

impl Http for Routed {
    fn send(&self, mut request: Request) -> Result<Response, SendError> {
        // This machine itself is reached without any.
        if is_loopback(&request.url) {
            return Network.send(request);
        }
        let Route { proxy, ca_file } = (self.0)(&request.url);
        request.ca_file = request.ca_file.or(ca_file);
        let sent = Network::send_through(request, proxy.clone());
        sent.map_err(|error| match (error, proxy) {
            (SendError::Unreachable { origin, reason }, Some(proxy)) => {
                let proxy = without_user(&proxy);
                let reason = format!("{reason}, through git's proxy `{proxy}`");
                SendError::Unreachable { origin, reason }
            }
            (error, _) => error,
        })
    }

    fn goes_as_git(&self) -> bool {
        true
    }
}

/// The proxy as a client takes it; hosts that `NO_PROXY` names are reached without it.
pub(super) fn usable(proxy: &Url, to: &Url) -> Result<reqwest::Proxy, SendError> {
    let usable = reqwest::Proxy::all(proxy.as_str()).map_err(|error| SendError::Unreachable {
        origin: origin(to),
        reason: root(&error),
    });
    Ok(usable?.no_proxy(reqwest::NoProxy::from_env()))
}
