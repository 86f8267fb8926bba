//! The listener on loopback, and its connections. Only this user and root are served, where the system says whose a
//! connection is: its two ends stay what they are, so one look is enough.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpSocket;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::forward::{self, Served};
use super::report::Reporter;
use crate::env;
use crate::peers::{self, Peer};
use crate::signals::spawn_with_signals_blocked;

/// The largest head of a request, in bytes: a path, cookies and a browser's worth of headers fit in.
const HEAD_LIMIT: usize = 64 * 1024;

/// How long a client may take for a head, and be silent between two requests.
const SILENCE: Duration = Duration::from_secs(60);

/// The most connections at a time; others wait in the kernel.
const CONNECTIONS: usize = 4096;

/// The descriptors of one connection: its own, one to the server, and a lease or a look at the store.
const FILES_OF_A_CONNECTION: u64 = 3;

/// The descriptors of all the rest: those that wait for a look at whose they are, kept connections to the server, the
/// store.
const OTHER_FILES: u64 = 384;

/// The least number of connections, where the system gives fewer descriptors than that takes.
const FEWEST: u64 = 16;

/// How many connections may wait for the kernel to hand them over: those of a command that opens a thousand at once.
const WAITING: u32 = 4096;

/// How long glauth waits for a descriptor where there is none.
const NO_DESCRIPTOR: Duration = Duration::from_millis(100);

/// A port of this machine, and what serves it.
pub(super) struct LocalServer {
    listener: TcpListener,
    runtime: Runtime,
    pub port: u16,
}

impl LocalServer {
    /// Takes a free port.
    #[expect(clippy::disallowed_methods, reason = "the other place that listens")]
    pub(super) fn bind() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let listener = {
            let _inside = runtime.enter();
            let socket = TcpSocket::new_v4()?;
            socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
            socket.listen(WAITING)?.into_std()?
        };
        // A thread waits for connections, and reads whose they are.
        listener.set_nonblocking(false)?;
        let port = listener.local_addr()?.port();
        Ok(Self {
            listener,
            runtime,
            port,
        })
    }

    /// Serves until the process ends.
    pub(super) fn start(self, served: Served) -> io::Result<()> {
        let Self {
            listener, runtime, ..
        } = self;
        let served = Arc::new(served);
        let (sender, accepted) = mpsc::channel(1);
        let mine = Arc::clone(&served);
        spawn_with_signals_blocked(move || runtime.block_on(serve_all(accepted, &mine)))?;
        spawn_with_signals_blocked(move || accept(&listener, &served.reporter, &sender))?;
        Ok(())
    }
}

/// Hands over the connections of this user and root.
fn accept(listener: &TcpListener, reporter: &Reporter, accepted: &Sender<TcpStream>) {
    loop {
        let Ok(batch) = peers::accept(listener) else {
            thread::park_timeout(NO_DESCRIPTOR);
            continue;
        };
        for (peer, stream) in batch {
            match peer {
                Peer::Trusted | Peer::Unknown => {
                    if accepted.blocking_send(stream).is_err() {
                        return;
                    }
                }
                Peer::Stranger(uid) => {
                    let user = env::user_named(uid);
                    let text = format!("{user} tried to use the proxy, which is yours alone");
                    reporter.warn("about another user", &text);
                }
                Peer::Elsewhere => reporter.warn(
                    "about another namespace",
                    "a program outside of this network namespace tried to use the proxy, which is yours alone",
                ),
                Peer::Gone => {}
            }
        }
    }
}

async fn serve_all(mut accepted: Receiver<TcpStream>, served: &Arc<Served>) {
    let limit = Arc::new(Semaphore::new(most_connections()));
    while let Some(stream) = accepted.recv().await {
        let Ok(permit) = Arc::clone(&limit).acquire_owned().await else {
            return;
        };
        tokio::spawn(serve(
            stream,
            permit,
            Arc::clone(&limit),
            Arc::clone(served),
        ));
    }
}

/// As many as there are descriptors for.
fn most_connections() -> usize {
    let files = env::most_open_files().unwrap_or(u64::MAX);
    let connections = files.saturating_sub(OTHER_FILES) / FILES_OF_A_CONNECTION;
    usize::try_from(connections.max(FEWEST)).map_or(CONNECTIONS, |found| found.min(CONNECTIONS))
}

/// One connection to its end, however many requests come on it. hyper reads them: it refuses what can be read in two
/// ways, and of a body with both a length and pieces it reads the pieces, and closes (RFC 9112 §6.1).
async fn serve(
    stream: TcpStream,
    permit: OwnedSemaphorePermit,
    limit: Arc<Semaphore>,
    served: Arc<Served>,
) {
    stream.set_nonblocking(true).ok();
    stream.set_nodelay(true).ok();
    let Ok(stream) = tokio::net::TcpStream::from_std(stream) else {
        return;
    };
    let permit = Arc::new(permit);
    let service = service_fn(|request| {
        let answer = forward::answer(Arc::clone(&served), Arc::clone(&permit), request);
        let limit = &limit;
        async move {
            let mut reply = answer.await;
            // Others wait: this connection makes room after its request.
            if limit.available_permits() == 0 && !reply.status().is_informational() {
                let close = HeaderValue::from_static("close");
                reply.headers_mut().insert(CONNECTION, close);
            }
            Ok::<_, Infallible>(reply)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(SILENCE)
        .max_buf_size(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    connection.await.ok();
}
