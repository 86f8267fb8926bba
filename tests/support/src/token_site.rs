//! A server that answers only a token that the authorization server calls alive in that very moment: what a registry of
//! container images and an API of Kubernetes have in common.

use std::sync::Arc;

use rustls::ServerConfig;

use super::authorization_server::AuthorizationServer;
use super::received::Received;
use super::site::{Asked, Shared, Site};

/// What a site says to a living token: a status, headers, and a body.
pub struct Page {
    pub status: u16,
    /// Each with its end.
    pub headers: String,
    pub body: Vec<u8>,
}

impl Page {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: format!("Content-Type: {content_type}\r\n"),
            body: body.into(),
        }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.extend([name, ": ", value, "\r\n"]);
        self
    }
}

/// A running server. Dropped, it takes no more requests.
pub struct TokenSite(Site);

impl TokenSite {
    /// Starts it. `{site}` in the challenge is its own address; `always` is the headers of every answer, each with its
    /// end; `pages` says what is there for a request, and for the token that came with it.
    pub fn start(
        authorization: AuthorizationServer,
        tls: Option<Arc<ServerConfig>>,
        challenge: &str,
        always: &str,
        pages: impl Fn(&Received, &str) -> Page + Send + Sync + 'static,
    ) -> Self {
        let site = Site::start(authorization, tls, |address| {
            let challenge = challenge.replace("{site}", &address.to_string());
            let always = always.to_owned();
            move |received: &Received, shared: &Shared| {
                let token = shared.living_token(received);
                let page =
                    token.map_or_else(|| refusal(&challenge), |token| pages(received, &token));
                shared.note(received, page.status);
                answer(page, &always, received.method == "HEAD")
            }
        });
        Self(site)
    }

    /// `127.0.0.1:PORT`
    pub fn host(&self) -> String {
        self.0.address.to_string()
    }

    pub fn authorization(&self) -> &AuthorizationServer {
        self.0.authorization()
    }

    /// Every request, in the order of the answers.
    pub fn asked(&self) -> Vec<Asked> {
        self.0.asked()
    }

    /// Does something when an answer is ready, before it is sent.
    pub fn before_answer(&self, hook: impl Fn(&Asked) + Send + Sync + 'static) {
        self.0.before_answer(hook);
    }
}

fn answer(page: Page, always: &str, is_head: bool) -> Vec<u8> {
    let Page {
        status,
        headers,
        body,
    } = page;
    let head = format!(
        "HTTP/1.1 {status} \r\n{always}{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let body = if is_head { Vec::new() } else { body };
    [head.into_bytes(), body].concat()
}

fn refusal(challenge: &str) -> Page {
    let body = r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#;
    Page::new(401, "application/json", body).with("WWW-Authenticate", challenge)
}
