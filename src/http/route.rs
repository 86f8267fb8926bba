//! Ways to a server that the program names which called glauth, in place of the environment.

use std::path::PathBuf;

use url::Url;

use super::proxy::Proxy;
use super::{Http, Network, Request, Response, SendError};
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

impl Http for Routed {
    fn send(&self, mut request: Request) -> Result<Response, SendError> {
        // This machine itself is reached without any.
        if is_loopback(&request.url) {
            return Network.send(request);
        }
        let Route { proxy, ca_file } = (self.0)(&request.url);
        request.ca_file = request.ca_file.or(ca_file);
        let proxy = match proxy {
            Some(named) => Proxy::of_git(&named, &request.url)?,
            None => Proxy::of(&request.url)?,
        };
        Network::send_through(request, proxy)
    }

    fn goes_as_git(&self) -> bool {
        true
    }
}
