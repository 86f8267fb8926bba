//! One request: let in, given a token, sent to the server, repeated once after a 401, and answered.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, HeaderValue};
use hyper::http::response::Parts;
use hyper::upgrade::OnUpgrade;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::copy_bidirectional;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use url::Url;

use super::address::LocalAddress;
use super::body::{ReplyBody, RequestBody, SentBody};
use super::gate::{Barred, admit};
use super::headers;
use super::report::{Reporter, barred};
use super::tokens::{ProxyTokens, TokenInUse};
use crate::flow::FlowError;
use crate::http::{Upstream, UpstreamBody};

/// What all connections share.
pub(super) struct Served {
    pub address: LocalAddress,
    pub upstream: Upstream,
    pub tokens: ProxyTokens,
    pub reporter: Reporter,
    /// For bodies that are kept.
    pub kept: Arc<Semaphore>,
}

/// What is sent to the server, but for its token and its body.
struct ForServer {
    method: Method,
    url: Url,
    headers: HeaderMap,
}

/// The server's answer, and the token that it answered to.
type Answered = (Response<UpstreamBody>, Arc<TokenInUse>);

/// Answers a request of the command's. `connection`: as long as it or a copy lives, the connection counts.
pub(super) async fn answer(
    served: Arc<Served>,
    connection: Arc<OwnedSemaphorePermit>,
    mut request: Request<Incoming>,
) -> Response<ReplyBody> {
    let protocol = headers::wanted_upgrade(request.headers());
    let on_command = protocol.is_some().then(|| hyper::upgrade::on(&mut request));
    let (parts, incoming) = request.into_parts();
    let url = match admit(&parts, &served.address) {
        Ok(url) => url,
        Err(reason) => return barred(&reason),
    };
    let Ok(mut body) = RequestBody::of(incoming, &served.kept).await else {
        let reason = "the body did not arrive";
        return barred(&Barred(StatusCode::REQUEST_TIMEOUT, reason));
    };
    let call = ForServer {
        method: parts.method,
        url,
        headers: headers::for_server(&parts.headers, &served.address, protocol.as_ref()),
    };
    match served.exchange(&call, &mut body).await {
        Ok((answered, token)) => {
            let (mut head, body) = answered.into_parts();
            let passed = headers::for_command(&head.headers, &served.address, &call.url);
            if head.status == StatusCode::SWITCHING_PROTOCOLS {
                return switch(head, passed, on_command, connection);
            }
            head.headers = passed;
            // hyper says which version the connection has.
            head.version = hyper::Version::HTTP_11;
            // A stream of events has no end of its own, and the server has judged its token: a lease would keep every
            // process from a refresh until the token expires.
            let token = Some(token).filter(|_| !headers::is_event_stream(&head.headers));
            Response::from_parts(head, ReplyBody::Passing(body, token))
        }
        Err(error) => served.reporter.failure(&error.into()),
    }
}

impl Served {
    /// Sends a request, and once more with another token where the server refuses the first.
    async fn exchange(
        &self,
        call: &ForServer,
        body: &mut RequestBody,
    ) -> Result<Answered, FlowError> {
        let (answered, token) = self.send(call, body.first(), None).await?;
        if answered.status() != StatusCode::UNAUTHORIZED {
            return Ok((answered, token));
        }
        let other = match self.tokens.take(Some(token.token.clone())).await {
            Ok(other) => other,
            // The server calls the token good: it is right to say so itself.
            Err(FlowError::TokenRefused(_)) => return Ok((answered, token)),
            Err(error) => return Err(error),
        };
        let Ok(again) = body.again() else {
            return Err(FlowError::not_repeated(self.tokens.id().clone()));
        };
        drop((answered, token));
        self.send(call, again, Some(other)).await
    }

    async fn send(
        &self,
        call: &ForServer,
        body: Option<SentBody>,
        token: Option<Arc<TokenInUse>>,
    ) -> Result<Answered, FlowError> {
        let token = match token {
            Some(token) => token,
            None => self.tokens.take(None).await?,
        };
        for warning in &token.warnings {
            self.reporter.warn("about a token", &warning.text);
        }
        let mut headers = call.headers.clone();
        let credentials = token.header().unwrap_or(HeaderValue::from_static(""));
        headers.insert(AUTHORIZATION, credentials);
        let (method, url) = (call.method.clone(), call.url.clone());
        let answered = self.upstream.send(method, url, headers, body).await;
        match answered {
            Ok(answered) => Ok((answered, token)),
            Err(trouble) => Err(FlowError::no_answer(self.tokens.id().clone(), trouble)),
        }
    }
}

/// Both ends go on with another protocol, and glauth passes bytes on until one of them ends. As for a stream of events,
/// there is no lease.
fn switch(
    mut head: Parts,
    mut passed: HeaderMap,
    on_command: Option<OnUpgrade>,
    connection: Arc<OwnedSemaphorePermit>,
) -> Response<ReplyBody> {
    let on_server = head.extensions.remove::<OnUpgrade>();
    let protocol = head.headers.get(hyper::header::UPGRADE);
    let (Some(on_command), Some(on_server), Some(protocol)) = (on_command, on_server, protocol)
    else {
        let reason = "the server goes on with another protocol, which was not asked for";
        return barred(&Barred(StatusCode::BAD_GATEWAY, reason));
    };
    headers::ask_for(&mut passed, protocol);
    head.headers = passed;
    head.extensions.clear();
    tokio::spawn(async move {
        if let (Ok(command), Ok(server)) = (on_command.await, on_server.await) {
            let (mut command, mut server) = (TokioIo::new(command), TokioIo::new(server));
            copy_bidirectional(&mut command, &mut server).await.ok();
        }
        drop(connection);
    });
    Response::from_parts(head, ReplyBody::Own(None))
}
