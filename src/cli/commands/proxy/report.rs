//! What glauth says of its own failures: to the command with a 503, and to the person once.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::body::ReplyBody;
use super::gate::Barred;
use crate::cli::call::Call;
use crate::cli::failure::{Error, Failure};
use crate::cli::printer::Printer;
use crate::code::Exit;
use crate::mutex::locked;
use crate::terminal::clean;
use crate::time::Timestamp;

/// The same kind of failure is told again after that.
const TOLD_AGAIN: Duration = Duration::from_secs(60);

/// When a request is worth another try: after what passes by itself.
const SOON: Duration = Duration::from_secs(5);

/// The same, after what a person has to mend.
const AFTER_A_PERSON: Duration = Duration::from_secs(60);

/// The longest wait that is asked for.
const LONGEST: Duration = Duration::from_secs(3600);

/// How long a request waits for the person to be told.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) struct Reporter {
    printer: Printer,
    call: Call,
    /// What was told when: kinds of failures and of warnings.
    told: Mutex<HashMap<String, Instant>>,
}

impl Reporter {
    pub(super) fn new(printer: Printer, call: Call) -> Self {
        Self {
            printer,
            call,
            told: Mutex::default(),
        }
    }

    /// The answer to a request that glauth could not serve. Never a 401: programs would begin a login of their own.
    pub(super) async fn failure(&self, error: &Error) -> Response<ReplyBody> {
        let failure = Failure::of(error, &self.call);
        let message = format!("glauth: {}\n", clean(&failure.message));
        let hint = failure.hint.as_deref();
        let hint = hint.map_or_else(String::new, |hint| format!("hint: {}\n", clean(hint)));
        let text = format!("{message}{hint}code: {}\n", failure.code.as_str());
        let mut reply = reply(StatusCode::SERVICE_UNAVAILABLE, text);
        let wait = HeaderValue::from(wait_after(error).as_secs().max(1));
        reply.headers_mut().insert(RETRY_AFTER, wait);
        if self.is_news(failure.code.as_str()) {
            let printer = self.printer.clone();
            apart(move || printer.failure(&failure)).await;
        }
        reply
    }

    /// Tells the person, unless they have been told of that kind of failure a moment ago.
    pub(super) fn tell(&self, error: &Error) {
        let failure = Failure::of(error, &self.call);
        if self.is_news(failure.code.as_str()) {
            self.printer.failure(&failure);
        }
    }

    /// [`Self::warn`] for the thread that serves all requests.
    pub(super) async fn warn_apart(&self, kind: &str, text: String) {
        if self.is_news(kind) {
            let printer = self.printer.clone();
            apart(move || printer.warn(&text)).await;
        }
    }

    /// Tells the person a warning, unless they have been told one of that kind a moment ago: the text may say how long
    /// a token still lives.
    pub(super) fn warn(&self, kind: &str, text: &str) {
        if self.is_news(kind) {
            self.printer.warn(text);
        }
    }

    fn is_news(&self, what: &str) -> bool {
        let now = Instant::now();
        let mut told = locked(&self.told);
        told.retain(|_, at| now.duration_since(*at) < TOLD_AGAIN);
        let is_news = !told.contains_key(what);
        if is_news {
            told.insert(what.to_owned(), now);
        }
        is_news
    }
}

/// Waits for what a thread of its own prints, so that it is said before the answer; a terminal that takes nothing keeps
/// no request for longer than a moment. An error may be followed by a look at git's configuration.
async fn apart(print: impl FnOnce() + Send + 'static) {
    timeout(PATIENCE, spawn_blocking(print)).await.ok();
}

/// The answer to a request that is not let in.
pub(super) fn barred(Barred(status, reason): &Barred) -> Response<ReplyBody> {
    reply(*status, format!("glauth proxy: {reason}\n"))
}

fn reply(status: StatusCode, text: String) -> Response<ReplyBody> {
    let mut reply = Response::new(ReplyBody::Own(Some(Bytes::from(text))));
    *reply.status_mut() = status;
    let text_type = HeaderValue::from_static("text/plain; charset=utf-8");
    reply.headers_mut().insert(CONTENT_TYPE, text_type);
    reply
}

fn wait_after(error: &Error) -> Duration {
    let retry_at = match error {
        Error::Flow(error) => error.retry_at(),
        _ => None,
    };
    if let Some(at) = retry_at {
        return at.since(Timestamp::now()).min(LONGEST);
    }
    match error.code().exit() {
        Exit::TryAgain => SOON,
        _ => AFTER_A_PERSON,
    }
}
