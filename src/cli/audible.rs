//! The network as a person at a terminal sees it: no request waits in silence.

use std::path::Path;

use url::{Position, Url};

use crate::http::{Http, Request, Response, SendError};
use crate::notice::Notice;

/// Sends requests, and says whose answer is waited for, once that takes a while.
pub(super) struct Audible<H> {
    pub http: H,
    /// Whether a person sees it.
    pub is_watched: bool,
}

impl<H: Http> Http for Audible<H> {
    fn send(&self, request: Request) -> Result<Response, SendError> {
        let text = || format!("waiting for {} to answer", server(&request.url));
        let _slow = self.is_watched.then(|| Notice::after_a_while(text()));
        self.http.send(request)
    }

    fn check(&self, url: &Url, ca_file: Option<&Path>) -> Result<(), SendError> {
        self.http.check(url, ca_file)
    }

    fn goes_as_git(&self) -> bool {
        self.http.goes_as_git()
    }

    fn is_inside(&self, url: &Url) -> bool {
        self.http.is_inside(url)
    }
}

/// The host, with its port where that is not the usual one.
fn server(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
}
