//! Ways to a server that the program names which called glauth, in place of the environment.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use url::Url;

use super::proxy::Proxy;
use super::{Http, Network, Request, Response, SendError, tls};
use crate::credential::is_loopback;

/// A way to a server. It has no `Debug`: the proxy's address may have a password in it.
#[derive(Default)]
pub struct Route {
    /// git's `http.proxy`, as it stands there.
    pub proxy: Option<String>,
    /// Authorities to trust besides the system's, where the request names none.
    pub ca_file: Option<PathBuf>,
}

/// The real network, by the way of git's that is asked for with the URL of each request.
#[derive(Debug)]
pub struct Routed(pub fn(&Url) -> Route);

impl Routed {
    /// The proxy and the authorities for a URL. This machine itself is reached without any of git's.
    fn way(&self, url: &Url) -> Result<(Option<Proxy>, Option<PathBuf>), SendError> {
        if is_loopback(url) {
            return Ok((None, None));
        }
        let Route { proxy, ca_file } = (self.0)(url);
        let proxy = match proxy {
            Some(named) => Proxy::of_git(&named, url)?,
            None => Proxy::of(url)?,
        };
        Ok((proxy, ca_file))
    }
}

impl Http for Routed {
    fn send(&self, mut request: Request) -> Result<Response, SendError> {
        let (proxy, ca_file) = self.way(&request.url)?;
        request.ca_file = request.ca_file.or(ca_file);
        Network::send_through(request, proxy)
    }

    fn check(&self, url: &Url, ca_file: Option<&Path>) -> Result<(), SendError> {
        let (_, of_git) = self.way(url)?;
        tls::config(url, ca_file.or(of_git.as_deref()), &Arc::default()).map(drop)
    }

    fn goes_as_git(&self) -> bool {
        true
    }
}
