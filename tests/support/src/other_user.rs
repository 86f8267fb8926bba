//! Another user of the machine, as far as sockets are concerned: a thread with another user's number
//! makes sockets that are that user's, for `/proc/net/tcp` too.

use std::net::{SocketAddr, TcpStream};
use std::thread;

use nix::unistd::{Uid, setfsuid};

/// Neither root nor the user that runs the tests.
pub const OTHER: u32 = 54_321;

/// Whether this process can be another user; else a line says that a test was left out.
pub fn can_be_other() -> bool {
    let can = cfg!(target_os = "linux") && Uid::effective().is_root();
    if !can {
        eprintln!("skipped: only root, on Linux, can be another user");
    }
    can
}

/// Does something as that user.
#[track_caller]
pub fn as_other<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    as_user(OTHER, work)
}

#[track_caller]
pub fn as_user<T: Send + 'static>(uid: u32, work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = thread::spawn(move || {
        setfsuid(Uid::from_raw(uid));
        work()
    });
    thread.join().unwrap()
}

/// A connection of that user's.
#[track_caller]
pub fn connect_as_other(address: SocketAddr) -> TcpStream {
    as_other(move || TcpStream::connect(address).unwrap())
}

/// Closes a connection with a reset instead of a word.
pub fn reset(stream: TcpStream) {
    let at_once = Some(std::time::Duration::ZERO);
    socket2::SockRef::from(&stream).set_linger(at_once).unwrap();
    drop(stream);
}
