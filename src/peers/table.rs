//! `/proc/net/tcp` and `tcp6`: the sockets of this network namespace.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::iter;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// IPv4 connections of a listener of both families stand in the second one.
const FILES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];

/// So many bytes are asked for at once where the beginning is likely to do: some rows of 150.
const SOME_ROWS: usize = 1024;

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
pub(super) enum SocketState {
    Established,
    Listen,
    Other,
}

/// One socket. IPv4 addresses are never written as IPv6 ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub state: SocketState,
    pub uid: u32,
    /// 0: no process has it.
    pub inode: u64,
}

/// The connections with a certain port at one of their ends.
#[derive(Debug, Default)]
pub(super) struct SocketTable {
    connections: HashMap<(SocketAddr, SocketAddr), Row>,
}

impl SocketTable {
    /// `None`: there is no table here that can be read.
    pub(super) fn of_port(port: u16) -> Option<Self> {
        let mut table = Self::default();
        let mut read = 0;
        for path in FILES {
            if let Ok(file) = File::open(path) {
                table.read(BufReader::new(file), port)?;
                read += 1;
            }
        }
        (read > 0).then_some(table)
    }

    /// Adds the rows of one file.
    pub(super) fn read(&mut self, file: impl BufRead, port: u16) -> Option<()> {
        for row in rows(file, port) {
            let row = row.ok()?;
            if row.state != SocketState::Listen {
                self.connections.insert((row.local, row.remote), row);
            }
        }
        Some(())
    }

    /// The end of a connection that is at `local`.
    pub(super) fn row(&self, local: SocketAddr, remote: SocketAddr) -> Option<&Row> {
        self.connections.get(&(canonical(local), canonical(remote)))
    }

    /// This end of every connection that stands with a server at `address`.
    pub(super) fn connections_to(&self, address: SocketAddr) -> impl Iterator<Item = &Row> {
        let rows = self.connections.values();
        rows.filter(move |row| row.remote == address && row.state == SocketState::Established)
    }
}

/// The socket that takes connections to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listener {
    /// A socket of this user.
    Of(u32),
    Missing,
    /// There is no table here that can be read.
    Unknown,
}

/// How well a listener fits an address: the kernel takes the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Exact,
    AnyOfFamily,
    /// On `::`, which may take IPv4 too.
    AnyOfBoth,
}

/// Which process takes connections to `address`. Reads no further than it has to: the kernel walks all that it has
/// room for, milliseconds long, to write the table to its end, and listeners stand at its beginning.
pub(super) fn listener_at(address: SocketAddr) -> Listener {
    let files = FILES.map(|path| File::open(path).ok());
    if files.iter().all(Option::is_none) {
        return Listener::Unknown;
    }
    let files = files.map(|file| file.map(|file| BufReader::with_capacity(SOME_ROWS, file)));
    listener_in(files, address)
}

/// The same, in the tables of the two families.
pub(super) fn listener_in(files: [Option<impl BufRead>; 2], address: SocketAddr) -> Listener {
    // An IPv4 socket takes no IPv6 connection.
    let skipped = usize::from(address.is_ipv6());
    let mut best: Option<(Fit, u32)> = None;
    for file in files.into_iter().skip(skipped).flatten() {
        for row in rows(file, address.port()) {
            let Ok(row) = row else {
                return Listener::Unknown;
            };
            let Some(fit) = fit(&row, address) else {
                continue;
            };
            if fit == Fit::Exact {
                return Listener::Of(row.uid);
            }
            best = best.into_iter().chain([(fit, row.uid)]).min();
        }
        // One of the other family would come after it.
        if best.is_some() {
            break;
        }
    }
    best.map_or(Listener::Missing, |(_, uid)| Listener::Of(uid))
}

fn fit(row: &Row, address: SocketAddr) -> Option<Fit> {
    if row.state != SocketState::Listen || row.local.port() != address.port() {
        return None;
    }
    match (row.local.ip(), address.ip()) {
        (ip, wanted) if ip == wanted => Some(Fit::Exact),
        (ip, _) if !ip.is_unspecified() => None,
        (IpAddr::V4(_), IpAddr::V4(_)) | (IpAddr::V6(_), IpAddr::V6(_)) => Some(Fit::AnyOfFamily),
        (IpAddr::V6(_), IpAddr::V4(_)) => Some(Fit::AnyOfBoth),
        (IpAddr::V4(_), IpAddr::V6(_)) => None,
    }
}

/// The rows with this port at one of their ends.
fn rows(mut file: impl BufRead, port: u16) -> impl Iterator<Item = io::Result<Row>> {
    let wanted = format!(":{port:04X}");
    let mut line = String::new();
    iter::from_fn(move || {
        loop {
            line.clear();
            match file.read_line(&mut line) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
            // Most rows are of other ports, and there may be many thousands.
            if line.contains(&wanted)
                && let Some(row) = row_of(&line)
                && (row.local.port() == port || row.remote.port() == port)
            {
                return Some(Ok(row));
            }
        }
    })
}

fn row_of(line: &str) -> Option<Row> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let word = |column: usize| words.get(column).copied();
    Some(Row {
        local: address_of(word(COLUMNS.local)?)?,
        remote: address_of(word(COLUMNS.remote)?)?,
        state: match word(COLUMNS.state)? {
            "01" => SocketState::Established,
            "0A" => SocketState::Listen,
            _ => SocketState::Other,
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
