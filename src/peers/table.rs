//! `/proc/net/tcp` and `tcp6`: the sockets of this network namespace.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// IPv4 connections of a listener of both families stand in the second one.
const FILES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];

/// The columns that count (`proc_pid_net(5)`), after the row's number.
const COLUMNS: Columns = Columns {
    local: 1,
    remote: 2,
    state: 3,
    uid: 7,
    inode: 9,
};

struct Columns {
    local: usize,
    remote: usize,
    state: usize,
    uid: usize,
    inode: usize,
}

/// A socket's state, as far as it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Established,
    Listen,
    Other,
}

/// One socket. IPv4 addresses are never written as IPv6 ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub state: State,
    pub uid: u32,
    /// 0: no process has it.
    pub inode: u64,
}

/// The sockets with a certain port at one of their ends.
#[derive(Debug, Default)]
pub(super) struct Table {
    connections: HashMap<(SocketAddr, SocketAddr), Row>,
    listeners: Vec<Listener>,
}

#[derive(Debug)]
struct Listener {
    address: SocketAddr,
    /// On `::` it may take IPv4 too.
    is_six: bool,
    uid: u32,
}

impl Table {
    /// `None`: there is no table here that can be read.
    pub(super) fn of_port(port: u16) -> Option<Self> {
        let mut table = Self::default();
        let mut read = 0;
        for (path, is_six) in FILES.iter().zip([false, true]) {
            if let Ok(file) = File::open(path) {
                table.read(BufReader::new(file), is_six, port)?;
                read += 1;
            }
        }
        (read > 0).then_some(table)
    }

    /// Adds the rows of one file.
    pub(super) fn read(
        &mut self,
        mut file: impl std::io::BufRead,
        is_six: bool,
        port: u16,
    ) -> Option<()> {
        let wanted = format!(":{port:04X}");
        let mut line = String::new();
        loop {
            line.clear();
            if file.read_line(&mut line).ok()? == 0 {
                return Some(());
            }
            // Most rows are of other ports, and there may be many thousands.
            if line.contains(&wanted)
                && let Some(row) = row_of(&line)
                && (row.local.port() == port || row.remote.port() == port)
            {
                self.add(row, is_six);
            }
        }
    }

    fn add(&mut self, row: Row, is_six: bool) {
        if row.state == State::Listen {
            self.listeners.push(Listener {
                address: row.local,
                is_six,
                uid: row.uid,
            });
        } else {
            self.connections.insert((row.local, row.remote), row);
        }
    }

    /// The end of a connection that is at `local`.
    pub(super) fn row(&self, local: SocketAddr, remote: SocketAddr) -> Option<&Row> {
        self.connections.get(&(canonical(local), canonical(remote)))
    }

    /// This end of every connection that stands with a server at `address`.
    pub(super) fn connections_to(&self, address: SocketAddr) -> impl Iterator<Item = &Row> {
        let rows = self.connections.values();
        rows.filter(move |row| row.remote == address && row.state == State::Established)
    }

    /// The user of the socket that takes connections to `address`.
    pub(super) fn listener(&self, address: SocketAddr) -> Option<u32> {
        let rank = |listener: &Listener| {
            let (ip, wanted) = (listener.address.ip(), address.ip());
            match (ip, wanted) {
                _ if listener.address.port() != address.port() => None,
                _ if ip == wanted => Some(0),
                (IpAddr::V4(ip), IpAddr::V4(_)) if ip.is_unspecified() => Some(1),
                (IpAddr::V6(ip), IpAddr::V6(_)) if ip.is_unspecified() => Some(1),
                (IpAddr::V6(ip), IpAddr::V4(_)) if listener.is_six && ip.is_unspecified() => {
                    Some(2)
                }
                _ => None,
            }
        };
        let ranked = self.listeners.iter();
        let ranked = ranked.filter_map(|listener| Some((rank(listener)?, listener.uid)));
        ranked.min().map(|(_, uid)| uid)
    }
}

fn row_of(line: &str) -> Option<Row> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let word = |column: usize| words.get(column).copied();
    Some(Row {
        local: address_of(word(COLUMNS.local)?)?,
        remote: address_of(word(COLUMNS.remote)?)?,
        state: match word(COLUMNS.state)? {
            "01" => State::Established,
            "0A" => State::Listen,
            _ => State::Other,
        },
        uid: word(COLUMNS.uid)?.parse().ok()?,
        inode: word(COLUMNS.inode)?.parse().ok()?,
    })
}

/// `0100007F:B38D`: words of four bytes in the machine's own order, and the port as a number.
fn address_of(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| {
        let digits = ip.get(at * 8..at * 8 + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    let ip: IpAddr = match ip.len() {
        8 => Ipv4Addr::from(word(0)?).into(),
        32 => {
            let mut bytes = [0; 16];
            for (at, four) in bytes.chunks_exact_mut(4).enumerate() {
                four.copy_from_slice(&word(at)?);
            }
            Ipv6Addr::from(bytes).into()
        }
        _ => return None,
    };
    Some(canonical(SocketAddr::new(ip, port)))
}

/// An IPv4 address as one, without what else a socket's IPv6 address has.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
