//! One request: let in, given a token, sent to the server, repeated once after a 401, and answered.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::body::{Body as _, Incoming};
use hyper::header::{AUTHORIZATION, HeaderValue, TRANSFER_ENCODING, UPGRADE};
use hyper::http::response::Parts;
use hyper::upgrade::OnUpgrade;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, copy, split};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use url::Url;

use super::address::LocalAddress;
use super::body::{ReplyBody, RequestBody, SentBody};
use super::gate::{Barred, admit};
use super::headers;
use super::report::{Reporter, barred};
use super::tokens::{ProxyTokens, TokenInUse};
use crate::cli::failure::Error;
use crate::flow::FlowError;
use crate::http::{SendError, Upstream, UpstreamBody};

/// How long the other end of an upgraded connection may go on after the first one's end.
const LAST_WORDS: Duration = Duration::from_secs(5);

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
                let Some(switched) = switch(head, passed, on_command, connection) else {
                    return served.reporter.failure(&served.unasked_switch()).await;
                };
                return switched;
            }
            head.headers = passed;
            // hyper says which version the connection has.
            head.version = hyper::Version::HTTP_11;
            // A stream of events that a GET opens has no end of its own, and the server has judged its token: a lease
            // would keep every process from a refresh until the token expires. The answer to a POST ends.
            let is_endless = call.method == Method::GET && headers::is_event_stream(&head.headers);
            let token = Some(token).filter(|_| !is_endless);
            Response::from_parts(head, ReplyBody::Passing(body, token))
        }
        Err(error) => served.reporter.failure(&error).await,
    }
}

impl Served {
    /// Sends a request, and once more with another token where the server refuses the first.
    async fn exchange(
        &self,
        call: &ForServer,
        body: &mut RequestBody,
    ) -> Result<Answered, Arc<Error>> {
        let (answered, token) = self.send(call, body.first(), None).await?;
        if answered.status() != StatusCode::UNAUTHORIZED {
            return Ok((answered, token));
        }
        let other = match self.tokens.take(Some(token.token.clone())).await {
            Ok(other) => other,
            // The server calls the token good: it is right to say so itself.
            Err(error) if matches!(&*error, Error::Flow(FlowError::TokenRefused(_))) => {
                return Ok((answered, token));
            }
            Err(error) => return Err(error),
        };
        let Ok(again) = body.again() else {
            let error = FlowError::not_repeated(self.tokens.id().clone());
            return Err(Arc::new(error.into()));
        };
        drop((answered, token));
        self.send(call, again, Some(other)).await
    }

    /// Nothing that follows such an answer is known to be one.
    fn unasked_switch(&self) -> Error {
        let reason = "it switched to another protocol, which the request did not ask for";
        let trouble = SendError::AnswerLost {
            origin: self.upstream.origin(),
            reason: reason.to_owned(),
        };
        FlowError::no_answer(self.tokens.id().clone(), trouble).into()
    }

    async fn send(
        &self,
        call: &ForServer,
        body: Option<SentBody>,
        token: Option<Arc<TokenInUse>>,
    ) -> Result<Answered, Arc<Error>> {
        let token = match token {
            Some(token) => token,
            None => self.tokens.take(None).await?,
        };
        for warning in &token.warnings {
            let text = warning.text.clone();
            self.reporter.warn_apart("about a token", text).await;
        }
        let mut headers = call.headers.clone();
        let credentials = token.header().unwrap_or(HeaderValue::from_static(""));
        headers.insert(AUTHORIZATION, credentials);
        // Without that, hyper sends no body of unknown length with GET and HEAD.
        if body
            .as_ref()
            .is_some_and(|body| body.size_hint().exact().is_none())
        {
            headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
        let (method, url) = (call.method.clone(), call.url.clone());
        let answered = self.upstream.send(method, url, headers, body).await;
        match answered {
            Ok(answered) => Ok((answered, token)),
            Err(trouble) => {
                let error = FlowError::no_answer(self.tokens.id().clone(), trouble);
                Err(Arc::new(error.into()))
            }
        }
    }
}

/// Both ends go on with another protocol; `None`: the request did not ask for that. As for a stream of events, there
/// is no lease.
fn switch(
    mut head: Parts,
    mut passed: HeaderMap,
    on_command: Option<OnUpgrade>,
    connection: Arc<OwnedSemaphorePermit>,
) -> Option<Response<ReplyBody>> {
    let on_server = head.extensions.remove::<OnUpgrade>();
    let protocol = head.headers.get(UPGRADE)?;
    let (on_command, on_server) = (on_command?, on_server?);
    headers::ask_for(&mut passed, protocol);
    head.headers = passed;
    head.extensions.clear();
    tokio::spawn(async move {
        if let (Ok(command), Ok(server)) = (on_command.await, on_server.await) {
            pass_bytes(TokioIo::new(command), TokioIo::new(server)).await;
        }
        drop(connection);
    });
    Some(Response::from_parts(head, ReplyBody::Own(None)))
}

/// Passes bytes on both ways until both ends have ended, or for a moment after the first end.
async fn pass_bytes<T: AsyncRead + AsyncWrite>(command: T, server: T) {
    let (from_command, to_command) = split(command);
    let (from_server, to_server) = split(server);
    let mut there = pin!(one_way(from_command, to_server));
    let mut back = pin!(one_way(from_server, to_command));
    let (mut is_there, mut is_back) = (false, false);
    let mut last_words = None;
    poll_fn(|context| {
        is_there = is_there || there.as_mut().poll(context).is_ready();
        is_back = is_back || back.as_mut().poll(context).is_ready();
        match (is_there, is_back) {
            (true, true) => Poll::Ready(()),
            (false, false) => Poll::Pending,
            _ => {
                let end = last_words.get_or_insert_with(|| Box::pin(sleep(LAST_WORDS)));
                end.as_mut().poll(context)
            }
        }
    })
    .await;
}

async fn one_way(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    copy(&mut from, &mut to).await.ok();
    to.shutdown().await.ok();
}
