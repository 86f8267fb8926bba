//! The network for requests of another program: connections to one server that are kept, and bodies that pass
//! through as they come. TLS, routes and errors are those of glauth's own requests.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::body::{Body, Bytes};
use hyper::{HeaderMap, Method, Response};
use url::Url;

use super::classify::{Circumstances, classify, root};
use super::proxy::Proxy;
use super::tls::Noticed;
use super::{CONNECT_LIMIT, SendError, builder, here, origin};
use crate::credential::is_loopback;

/// The body of an answer, as it comes.
pub type UpstreamBody = reqwest::Body;

/// How many connections without a request are kept.
const IDLE_CONNECTIONS: usize = 32;

/// How long such a connection is kept: most servers keep it longer, so few close it while a request leaves.
const IDLE: Duration = Duration::from_secs(20);

/// One server, and the connections to it. Without `Debug`: the proxy's address may have a password in it.
pub struct Upstream {
    client: reqwest::Client,
    origin: Url,
    ca_file: Option<PathBuf>,
    proxy: Option<Proxy>,
    noticed: Arc<Noticed>,
}

impl Upstream {
    /// The server at this origin. Nothing is sent yet.
    pub fn at(
        origin: Url,
        ca_file: Option<&Path>,
        server_user: Option<u32>,
    ) -> Result<Self, SendError> {
        let proxy = Proxy::of(&origin)?;
        let noticed = Arc::new(Noticed::default());
        let mut builder = builder(&origin, ca_file, proxy.as_ref(), &noticed)?
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .pool_idle_timeout(IDLE)
            .connect_timeout(CONNECT_LIMIT);
        if is_loopback(&origin) {
            builder = here::connect(builder, &origin, server_user, true);
        }
        let client = builder.build().map_err(|error| SendError::Unreachable {
            origin: super::origin(&origin),
            reason: root(&error),
        })?;
        Ok(Self {
            client,
            origin,
            ca_file: ca_file.map(Path::to_owned),
            proxy,
            noticed,
        })
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> String {
        origin(&self.origin)
    }

    /// Sends a request to an address of this server, and comes back with the head of the answer. There is no limit
    /// on the time: only its sender knows how long it may take.
    pub async fn send<B>(
        &self,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Option<B>,
    ) -> Result<Response<UpstreamBody>, SendError>
    where
        B: Body + Send + Sync + 'static,
        B::Data: Into<Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        if url.origin() != self.origin.origin() {
            return Err(SendError::Unreachable {
                origin: origin(&url),
                reason: "it is another server's address".to_owned(),
            });
        }
        let mut request = reqwest::Request::new(method, url);
        *request.headers_mut() = headers;
        *request.body_mut() = body.map(reqwest::Body::wrap);
        let answered = self.client.execute(request).await;
        answered.map(Response::from).map_err(|error| {
            let circumstances = Circumstances {
                url: self.origin.clone(),
                ca_file: self.ca_file.clone(),
                proxy: self.proxy.as_ref(),
                noticed: &self.noticed,
                connecting: CONNECT_LIMIT,
            };
            classify(error, &circumstances)
        })
    }
}
