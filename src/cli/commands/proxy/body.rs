//! Bodies on their way: each passes piece by piece. Of a request's, a copy is kept up to a bound, so that the request
//! can be repeated.

use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep, timeout};

use super::tokens::TokenInUse;
use crate::http::UpstreamBody;
use crate::mutex::locked;

/// The longest body that is kept, in bytes.
const KEPT_BODY: usize = 1024 * 1024;

/// What a permit for a kept body stands for, in bytes.
const UNIT: usize = 1024;

/// How many of those there are: 64 MiB for all requests together. Beyond that a body only passes.
pub(super) const KEPT_UNITS: usize = 64 * 1024;

/// How long a client may send nothing of a body that it has announced.
const SILENCE: Duration = Duration::from_secs(300);

/// What has been kept of a body.
#[derive(Default)]
struct KeptBody {
    pieces: Vec<Bytes>,
    size: usize,
    /// How many bytes `units` are for.
    room: usize,
    units: Option<OwnedSemaphorePermit>,
    has_ended: bool,
    /// glauth does not have the whole body: it is too long, the budget is used up, or the body broke off.
    is_lost: bool,
}

impl KeptBody {
    /// Makes room for a body up to this size. Whether the budget has it.
    fn reserve(&mut self, size: usize, budget: &Arc<Semaphore>) -> bool {
        let Some(missing) = size.checked_sub(self.room).filter(|missing| *missing > 0) else {
            return true;
        };
        let units = missing.div_ceil(UNIT);
        let wanted = u32::try_from(units).unwrap_or(u32::MAX);
        let Ok(permit) = Arc::clone(budget).try_acquire_many_owned(wanted) else {
            return false;
        };
        match &mut self.units {
            Some(units) => units.merge(permit),
            None => self.units = Some(permit),
        }
        self.room += units * UNIT;
        true
    }

    fn keep(&mut self, piece: &Bytes, budget: &Arc<Semaphore>) {
        if self.is_lost {
            return;
        }
        let size = self.size + piece.len();
        if size > KEPT_BODY || !self.reserve(size, budget) {
            *self = Self {
                is_lost: true,
                ..Self::default()
            };
            return;
        }
        self.size = size;
        self.pieces.push(piece.clone());
    }
}

/// The body of a request, and what is kept of it.
pub(super) struct RequestBody {
    first: Option<SentBody>,
    kept: Arc<Mutex<KeptBody>>,
}

impl RequestBody {
    /// A short body that announces its length is read before the request goes on: a server may refuse the token
    /// without having read it. The error: it did not arrive.
    pub(super) async fn of(incoming: Incoming, budget: &Arc<Semaphore>) -> io::Result<Self> {
        let kept = Arc::new(Mutex::new(KeptBody::default()));
        if incoming.is_end_stream() {
            locked(&kept).has_ended = true;
            return Ok(Self { first: None, kept });
        }
        let length = incoming.size_hint().exact();
        let mut passing = PassingBody {
            incoming,
            silence: Box::pin(sleep(SILENCE)),
            kept: Arc::clone(&kept),
            budget: Arc::clone(budget),
        };
        let short = length.and_then(|length| usize::try_from(length).ok());
        let short = short.filter(|length| *length <= KEPT_BODY);
        // Nothing is read ahead that there is no room for: what is not kept could not be sent.
        let is_kept = short.is_some_and(|length| locked(&kept).reserve(length, budget));
        if !is_kept {
            locked(&kept).is_lost = length.is_some();
            return Ok(Self {
                first: Some(SentBody::Passing(passing)),
                kept,
            });
        }
        let whole = async {
            while passing.next().await?.is_some() {}
            Ok(())
        };
        timeout(SILENCE, whole)
            .await
            .unwrap_or_else(|_| Err(silent()))?;
        let first = {
            let kept = locked(&kept);
            if kept.is_lost {
                return Err(io::Error::other("the body is longer than it says"));
            }
            SentBody::Again(KeptPieces::of(&kept))
        };
        Ok(Self {
            first: Some(first),
            kept,
        })
    }

    /// What is sent first; `None`: there is no body.
    pub(super) fn first(&mut self) -> Option<SentBody> {
        self.first.take()
    }

    /// What is sent once more. `Err`: glauth does not have the whole body.
    pub(super) fn again(&self) -> Result<Option<SentBody>, ()> {
        let kept = locked(&self.kept);
        if kept.is_lost || !kept.has_ended {
            return Err(());
        }
        let pieces = KeptPieces::of(&kept);
        Ok((!pieces.0.is_empty()).then_some(SentBody::Again(pieces)))
    }
}

fn silent() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the body did not arrive in time")
}

/// The body of a request, as it is sent.
pub(super) enum SentBody {
    /// As it comes.
    Passing(PassingBody),
    /// From what was kept.
    Again(KeptPieces),
}

/// A body that comes, of which a copy is kept while it is short.
pub(super) struct PassingBody {
    incoming: Incoming,
    silence: Pin<Box<Sleep>>,
    kept: Arc<Mutex<KeptBody>>,
    budget: Arc<Semaphore>,
}

impl PassingBody {
    async fn next(&mut self) -> io::Result<Option<()>> {
        let frame = poll_fn(|context| self.poll_next(context)).await;
        frame.transpose().map(|frame| frame.map(drop))
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Poll::Ready(next) = Pin::new(&mut self.incoming).poll_frame(context) else {
            return self
                .silence
                .as_mut()
                .poll(context)
                .map(|()| Some(Err(silent())));
        };
        let deadline = tokio::time::Instant::now() + SILENCE;
        self.silence.as_mut().reset(deadline);
        let mut kept = locked(&self.kept);
        match &next {
            Some(Ok(frame)) => match frame.data_ref() {
                Some(piece) => kept.keep(piece, &self.budget),
                // What follows a body in pieces is not repeated.
                None => kept.is_lost = true,
            },
            Some(Err(_)) => kept.is_lost = true,
            None => kept.has_ended = true,
        }
        kept.has_ended |= self.incoming.is_end_stream();
        Poll::Ready(next.map(|frame| frame.map_err(io::Error::other)))
    }
}

/// What was kept, and is sent piece by piece.
pub(super) struct KeptPieces(std::collections::VecDeque<Bytes>);

impl KeptPieces {
    fn of(kept: &KeptBody) -> Self {
        Self(kept.pieces.iter().cloned().collect())
    }
}

impl Body for SentBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Passing(passing) => passing.poll_next(context),
            Self::Again(pieces) => Poll::Ready(pieces.0.pop_front().map(Frame::data).map(Ok)),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Passing(passing) => passing.incoming.is_end_stream(),
            Self::Again(pieces) => pieces.0.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Passing(passing) => passing.incoming.size_hint(),
            Self::Again(pieces) => {
                let size: usize = pieces.0.iter().map(Bytes::len).sum();
                SizeHint::with_exact(size as u64)
            }
        }
    }
}

/// The body of an answer.
pub(super) enum ReplyBody {
    /// glauth's own words.
    Own(Option<Bytes>),
    /// The server's, as it comes, and the token that it was asked with until its end; a stream of events that a GET has
    /// opened has none.
    Passing(UpstreamBody, Option<Arc<TokenInUse>>),
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.get_mut() {
            Self::Own(text) => Poll::Ready(text.take().map(Frame::data).map(Ok)),
            Self::Passing(body, token) => {
                let next = Pin::new(&mut *body).poll_frame(context);
                if let Poll::Ready(None | Some(Err(_))) = next {
                    *token = None;
                }
                next.map_err(Into::into)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(text) => text.is_none(),
            Self::Passing(body, _) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(text) => {
                let size = text.as_ref().map_or(0, Bytes::len);
                SizeHint::with_exact(size as u64)
            }
            Self::Passing(body, _) => body.size_hint(),
        }
    }
}
