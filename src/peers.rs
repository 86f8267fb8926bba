//! Which user is at the other end of a loopback connection. 127.0.0.1 belongs to every user of the
//! machine, so an address there says nothing about that.
//!
//! Linux says it in `/proc/net/tcp`. Where there is no such table, or the kernel hides a user's
//! number behind the overflow one, the answer is [`Peer::Unknown`].

mod table;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

use nix::sys::stat::fstat;

use crate::env;
use table::{Listener, Row, SocketState, SocketTable};

/// How often the table is read for a connection that it does not show. It is no snapshot: a row can
/// be passed over while its neighbours come and go.
const READINGS: usize = 3;

/// The most connections whose users are looked up together: another user can open thousands a second,
/// and each takes a descriptor, of which a process may have 1024.
const BATCH_LIMIT: usize = 256;

/// The other end of a connection that was accepted here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// This user's, or root's.
    Trusted,
    /// Another user's.
    Stranger(u32),
    /// Not in this network namespace, although the connection stands.
    Elsewhere,
    /// It has closed: nothing says any more whose it was.
    Gone,
    /// The system does not say.
    Unknown,
}

/// The process that answers at an address of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoopbackServer {
    /// This user's, root's, or not to be known.
    Trusted,
    /// Another user's.
    Stranger(u32),
    /// Nothing listens there.
    Missing,
}

/// Which users these connections of one listener come from, with one reading of the table for all of
/// them. What was received on one is its peer's only if it is judged after that.
#[must_use]
pub fn of(streams: &[TcpStream]) -> Vec<Peer> {
    let mut found = vec![None; streams.len()];
    let port = streams.iter().find_map(|stream| stream.local_addr().ok());
    for _ in 0..READINGS {
        let table = port.and_then(|address| SocketTable::of_port(address.port()));
        let Some(table) = table else {
            return vec![Peer::Unknown; streams.len()];
        };
        for (peer, stream) in found.iter_mut().zip(streams) {
            *peer = peer.or_else(|| peer_in(&table, stream));
        }
        if found.iter().all(Option::is_some) {
            break;
        }
    }
    let found = found.into_iter();
    found
        .map(|peer| peer.unwrap_or_else(without_peer))
        .collect()
}

/// Waits for a connection, takes those that wait beside it, and says whose each is.
pub fn accept(listener: &TcpListener) -> io::Result<Vec<(Peer, TcpStream)>> {
    let (first, _) = listener.accept()?;
    let batch = with_those_that_wait(first, listener);
    Ok(of(&batch).into_iter().zip(batch).collect())
}

/// A connection, and those that are there already.
fn with_those_that_wait(first: TcpStream, listener: &TcpListener) -> Vec<TcpStream> {
    let mut batch = vec![first];
    if listener.set_nonblocking(true).is_ok() {
        let waiting = std::iter::from_fn(|| listener.accept().ok());
        let waiting = waiting.take(BATCH_LIMIT - 1);
        // Not on every system a connection waits as its listener does not.
        batch.extend(waiting.filter_map(|(stream, _)| {
            stream.set_nonblocking(false).ok()?;
            Some(stream)
        }));
    }
    listener.set_nonblocking(false).ok();
    batch
}

/// What a connection is that stands without a socket at its other end. In WSL's mirrored network a browser
/// on Windows is one, and that machine has no other user.
fn without_peer() -> Peer {
    if env::is_wsl() {
        Peer::Unknown
    } else {
        Peer::Elsewhere
    }
}

/// `None`: the table does not show both ends of a connection that stands.
fn peer_in(table: &SocketTable, stream: &TcpStream) -> Option<Peer> {
    let (Ok(here), Ok(there), Ok(inode)) = (stream.local_addr(), stream.peer_addr(), inode(stream))
    else {
        return Some(Peer::Gone);
    };
    // Asked after the table was read: a connection that was reset leaves its addresses to the next
    // one, whose peer the table may show.
    if !matches!(stream.take_error(), Ok(None)) {
        return Some(Peer::Gone);
    }
    judge(table, here, there, inode)
}

fn judge(table: &SocketTable, here: SocketAddr, there: SocketAddr, inode: u64) -> Option<Peer> {
    let ours = table.row(here, there).filter(|row| row.inode == inode)?;
    if ours.state != SocketState::Established {
        return Some(Peer::Gone);
    }
    let peer = table.row(there, here)?;
    Some(match peer {
        // An end that was closed has no inode, and may read as root's.
        Row { inode: 0, .. } => Peer::Gone,
        Row {
            state: SocketState::Established,
            uid,
            ..
        } => owner(*uid),
        _ => Peer::Gone,
    })
}

fn inode(stream: &TcpStream) -> nix::Result<u64> {
    Ok(fstat(stream)?.st_ino)
}

/// Which user answers at an address that was connected to just now. The process that listens there
/// decides where its connections go, so it counts; without one, the process that has taken ours.
#[must_use]
pub fn server_at(address: SocketAddr) -> LoopbackServer {
    for _ in 0..READINGS {
        match table::listener_at(address) {
            Listener::Of(uid) => return owner(uid).into(),
            Listener::Unknown => return LoopbackServer::Trusted,
            Listener::Missing => {}
        }
        let Some(table) = SocketTable::of_port(address.port()) else {
            return LoopbackServer::Trusted;
        };
        let mut ours = table.connections_to(address).peekable();
        if ours.peek().is_none() {
            continue;
        }
        // Another end outside of this network namespace is not another user's of this machine.
        let ends = ours.filter_map(|row| table.row(address, row.local));
        let verdicts = ends.map(|end| match end.inode {
            0 => LoopbackServer::Missing,
            _ => owner(end.uid).into(),
        });
        return verdicts
            .into_iter()
            .find(|server| *server != LoopbackServer::Trusted)
            .unwrap_or(LoopbackServer::Trusted);
    }
    LoopbackServer::Missing
}

/// The user that runs the server at an address, where that is neither this one nor root, and is known.
#[must_use]
pub fn foreign_server(address: SocketAddr) -> Option<u32> {
    match table::listener_at(address) {
        Listener::Of(uid) => match owner(uid) {
            Peer::Stranger(uid) => Some(uid),
            _ => None,
        },
        Listener::Missing | Listener::Unknown => None,
    }
}

/// Which of a server's addresses to connect to: the first where a server of ours listens, or one of the
/// user `expected`. No other one is tried: another user may wait there until the server is down.
#[must_use]
pub fn choose(addresses: &[SocketAddr; 2], expected: Option<u32>) -> SocketAddr {
    let [first, second] = *addresses;
    // The table may take milliseconds to read.
    if first == second {
        return first;
    }
    let is_ours = |listener: &Listener| {
        matches!(*listener, Listener::Of(uid)
            if Some(uid) == expected || LoopbackServer::from(owner(uid)) == LoopbackServer::Trusted)
    };
    let at_first = table::listener_at(first);
    if is_ours(&at_first) {
        return first;
    }
    let at_second = table::listener_at(second);
    let none_at_first = at_first == Listener::Missing;
    if is_ours(&at_second) || none_at_first && at_second != Listener::Missing {
        second
    } else {
        first
    }
}

impl From<Peer> for LoopbackServer {
    fn from(peer: Peer) -> Self {
        match peer {
            Peer::Stranger(uid) => Self::Stranger(uid),
            Peer::Gone => Self::Missing,
            Peer::Trusted | Peer::Elsewhere | Peer::Unknown => Self::Trusted,
        }
    }
}

fn owner(uid: u32) -> Peer {
    if uid == 0 || uid == env::user_id() {
        Peer::Trusted
    } else if env::hides_user(uid) {
        Peer::Unknown
    } else {
        Peer::Stranger(uid)
    }
}

#[cfg(test)]
mod tests;
