//! What the servers of tests that want a living token have in common: a listener, a thread for each connection, and
//! what was asked.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustls::ServerConfig;

use super::authorization_server::AuthorizationServer;
use super::received::{Received, Stream, accept, receive};

/// What one request asked for, and whether it had it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `GET`, `POST`.
    pub method: String,
    /// Without the query.
    pub path: String,
    pub status: u16,
}

type Hook = Box<dyn Fn(&Asked) + Send + Sync>;

/// A listener and its history. Dropped, it takes no more requests.
pub struct Site {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

/// What each connection has.
pub struct Shared {
    pub authorization: AuthorizationServer,
    asked: Mutex<Vec<Asked>>,
    /// Called when an answer is ready, before it is sent.
    before_answer: Mutex<Option<Arc<Hook>>>,
    is_over: AtomicBool,
}

impl Site {
    /// Starts it. `answer` gets the whole answer to a request ready, and [`Shared::note`]s what it is.
    pub fn start<A>(
        authorization: AuthorizationServer,
        tls: Option<Arc<ServerConfig>>,
        answer: impl FnOnce(SocketAddr) -> A,
    ) -> Self
    where
        A: Fn(&Received, &Shared) -> Vec<u8> + Send + Sync + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            authorization,
            asked: Mutex::default(),
            before_answer: Mutex::default(),
            is_over: AtomicBool::new(false),
        });
        let (for_all, answer) = (Arc::clone(&shared), Arc::new(answer(address)));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if for_all.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let (shared, tls) = (Arc::clone(&for_all), tls.clone());
                let answer = Arc::clone(&answer);
                thread::spawn(move || {
                    accept(stream.unwrap(), tls, |stream| {
                        serve(stream, |received| answer(received, &shared));
                    });
                });
            }
        });
        Self { address, shared }
    }

    pub fn authorization(&self) -> &AuthorizationServer {
        &self.shared.authorization
    }

    /// What was asked, in the order of the answers.
    pub fn asked(&self) -> Vec<Asked> {
        locked(&self.shared.asked).clone()
    }

    /// Does something when an answer is ready, before it is sent.
    pub fn before_answer(&self, hook: impl Fn(&Asked) + Send + Sync + 'static) {
        let hook: Hook = Box::new(hook);
        *locked(&self.shared.before_answer) = Some(Arc::new(hook));
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        TcpStream::connect(self.address).ok();
        // What it does may hold what is about to go.
        *locked(&self.shared.before_answer) = None;
    }
}

impl Shared {
    /// The token of a request, if it is alive at this moment.
    pub fn living_token(&self, received: &Received) -> Option<String> {
        let token = received.token();
        token.filter(|token| self.authorization.is_alive(token))
    }

    /// Keeps what an answer will be, and waits as long as the test wants.
    pub fn note(&self, received: &Received, status: u16) {
        let asked = Asked {
            method: received.method.clone(),
            path: received.path.clone(),
            status,
        };
        locked(&self.asked).push(asked.clone());
        let hook = locked(&self.before_answer).clone();
        if let Some(hook) = hook {
            hook(&asked);
        }
    }
}

fn serve(stream: &mut dyn Stream, answer: impl Fn(&Received) -> Vec<u8>) {
    // A client that was killed, or that is about to end the server.
    let Some(received) = receive(stream) else {
        return;
    };
    stream.write_all(&answer(&received)).ok();
    stream.flush().ok();
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
