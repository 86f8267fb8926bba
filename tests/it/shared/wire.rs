//! A wire to the database, which can be listened to and can go silent.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// It keeps what crosses it, in either direction.
pub struct Wire {
    port: u16,
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    seen: Mutex<Vec<u8>>,
    /// What comes is swallowed, and no end is passed on.
    is_silent: AtomicBool,
}

impl Wire {
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let wire = Self {
            port: listener.local_addr().unwrap().port(),
            inner: Arc::default(),
        };
        let inner = Arc::clone(&wire.inner);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
                let ends = [(&client, &server), (&server, &client)];
                for (from, to) in ends {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let inner = Arc::clone(&inner);
                    thread::spawn(move || inner.copy(from, to));
                }
            }
        });
        wire
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Everything that has crossed it.
    pub fn seen(&self) -> Vec<u8> {
        self.inner.seen.lock().unwrap().clone()
    }

    /// Lets it swallow everything, as a network does that was cut, or no longer.
    pub fn go_silent(&self, is_silent: bool) {
        self.inner.is_silent.store(is_silent, Ordering::SeqCst);
    }
}

impl Inner {
    fn copy(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut chunk = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut chunk) {
            if self.is_silent.load(Ordering::SeqCst) {
                continue;
            }
            self.seen
                .lock()
                .unwrap()
                .extend_from_slice(&chunk[..length]);
            if to.write_all(&chunk[..length]).is_err() {
                break;
            }
        }
        to.shutdown(Shutdown::Write).ok();
    }
}
