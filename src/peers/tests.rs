use std::net::TcpListener;
use std::os::fd::AsRawFd as _;
use std::thread;

use nix::unistd::{Uid, setfsuid};

use super::*;

const HEAD: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

/// A user other than root and the one that runs the tests.
const OTHER: u32 = 54_321;

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// One row as the kernel of a little-endian machine writes it.
fn row(ends: &str, state: &str, uid: u32, inode: u64) -> String {
    format!(
        "   0: {ends} {state} 00000000:00000000 00:00000000 00000000 {uid:5}        0 {inode} 1 0000000065416b04 100 0 0 10 0\n"
    )
}

fn table(four: &str, six: &str, port: u16) -> SocketTable {
    let mut table = SocketTable::default();
    for text in [four, six] {
        let file = format!("{HEAD}{text}");
        table.read(file.as_bytes(), port).unwrap();
    }
    table
}

/// The user of the listener that these tables show at an address.
fn listener(four: &str, six: &str, at: &str) -> Option<u32> {
    let files = [four, six].map(|text| format!("{HEAD}{text}"));
    let files = [Some(files[0].as_bytes()), Some(files[1].as_bytes())];
    match table::listener_in(files, address(at)) {
        Listener::Of(uid) => Some(uid),
        Listener::Missing => None,
        Listener::Unknown => panic!("the table can be read"),
    }
}

/// Port 8080, from port 40000 and back.
const OURS: &str = "0100007F:1F90 0100007F:9C40";
const PEERS: &str = "0100007F:9C40 0100007F:1F90";

fn verdict(four: &str, six: &str) -> Option<Peer> {
    let (here, there) = (address("127.0.0.1:8080"), address("127.0.0.1:40000"));
    judge(&table(four, six, 8080), here, there, 7)
}

#[test]
#[cfg(target_endian = "little")]
fn a_peer_is_whose_socket_is_at_the_other_end_of_a_connection_that_stands() {
    let me = env::user_id();
    let ours = row(OURS, "01", me, 7);
    let peer = |state, uid, inode| format!("{ours}{}", row(PEERS, state, uid, inode));
    assert_eq!(verdict(&peer("01", me, 8), ""), Some(Peer::Trusted));
    assert_eq!(verdict(&peer("01", 0, 8), ""), Some(Peer::Trusted));
    let stranger = Some(Peer::Stranger(OTHER));
    assert_eq!(verdict(&peer("01", OTHER, 8), ""), stranger);
    // A peer that has closed reads as root's, without an inode.
    assert_eq!(verdict(&peer("01", 0, 0), ""), Some(Peer::Gone));
    for state in ["02", "04", "05", "06", "07", "08"] {
        assert_eq!(verdict(&peer(state, me, 8), ""), Some(Peer::Gone));
        let ours = row(OURS, state, me, 7);
        let both = format!("{ours}{}", row(PEERS, "01", me, 8));
        assert_eq!(
            verdict(&both, ""),
            Some(Peer::Gone),
            "ours in state {state}"
        );
    }
    // The same addresses, and another connection.
    let later = format!("{}{}", row(OURS, "01", me, 9), row(PEERS, "01", me, 8));
    assert_eq!(verdict(&later, ""), None);
    assert_eq!(verdict(&ours, ""), None);
    assert_eq!(verdict("", ""), None);
    // An IPv4 peer with a socket for both families stands in the other file.
    let six = "0000000000000000FFFF00000100007F:9C40 0000000000000000FFFF00000100007F:1F90";
    assert_eq!(verdict(&ours, &row(six, "01", OTHER, 8)), stranger);
}

#[test]
#[cfg(target_endian = "little")]
fn the_listener_of_an_address_is_the_one_that_names_it_before_one_of_all() {
    let any = "00000000:1F90 00000000:0000";
    let four = "0100007F:1F90 00000000:0000";
    let any_six = "00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000";
    let six = "00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000";
    let other_port = row("0100007F:1F91 00000000:0000", "0A", 1, 1);
    let fours = format!(
        "{other_port}{}{}",
        row(any, "0A", 2, 1),
        row(four, "0A", 3, 1)
    );
    let sixes = format!("{}{}", row(any_six, "0A", 4, 1), row(six, "0A", 5, 1));
    assert_eq!(listener(&fours, &sixes, "127.0.0.1:8080"), Some(3));
    assert_eq!(listener(&fours, &sixes, "127.0.0.2:8080"), Some(2));
    assert_eq!(listener(&fours, &sixes, "[::1]:8080"), Some(5));
    let both = row(any_six, "0A", 4, 1);
    assert_eq!(listener("", &both, "127.0.0.1:8080"), Some(4));
    assert_eq!(listener("", &both, "[::1]:8080"), Some(4));
    let only_four = row(any, "0A", 2, 1);
    assert_eq!(listener(&only_four, &both, "127.0.0.1:8080"), Some(2));
    assert_eq!(listener(&only_four, "", "[::1]:8080"), None);
    // A connection on the way is no listener.
    let half = row(four, "03", 9, 1);
    assert_eq!(listener(&half, "", "127.0.0.1:8080"), None);
}

#[test]
fn what_is_no_row_is_none() {
    for text in ["", "\n", "x", "0: :1F90 :0 01", "   0: 0100007F:1F90"] {
        assert_eq!(listener(text, text, "127.0.0.1:8080"), None);
        let found = table(text, text, 8080);
        let (here, there) = (address("127.0.0.1:8080"), address("127.0.0.1:40000"));
        assert_eq!(found.row(here, there), None);
    }
}

/// Does something as another user, as far as sockets are concerned; `None`: only root can.
#[cfg(target_os = "linux")]
fn as_other<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    if env::user_id() != 0 {
        return None;
    }
    let thread = thread::spawn(|| {
        setfsuid(Uid::from_raw(OTHER));
        work()
    });
    Some(thread.join().unwrap())
}

#[expect(clippy::disallowed_methods, reason = "a server that listens")]
fn listen(address: &str) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[test]
#[cfg(target_os = "linux")]
fn connections_of_both_families_are_told_apart_by_their_user() {
    for host in ["127.0.0.1:0", "[::1]:0"] {
        let (listener, address) = listen(host);
        let mine = TcpStream::connect(address).unwrap();
        let first = listener.accept().unwrap().0;
        let Some(other) = as_other(move || TcpStream::connect(address).unwrap()) else {
            assert_eq!(of(&[first]), [Peer::Trusted]);
            continue;
        };
        let second = listener.accept().unwrap().0;
        let closed = TcpStream::connect(address).unwrap();
        let third = listener.accept().unwrap().0;
        drop(closed);
        assert_ne!(first.as_raw_fd(), second.as_raw_fd());
        assert_eq!(
            of(&[first, second, third]),
            [Peer::Trusted, Peer::Stranger(OTHER), Peer::Gone]
        );
        drop((mine, other));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_server_is_whose_listener_takes_the_connection() {
    let (mine, address) = listen("127.0.0.1:0");
    let connected = TcpStream::connect(address).unwrap();
    assert_eq!(server_at(address), LoopbackServer::Trusted);
    assert_eq!(foreign_server(address), None);
    drop((mine, connected));
    assert_eq!(server_at(address), LoopbackServer::Missing);

    let Some((theirs, address)) = as_other(|| listen("127.0.0.1:0")) else {
        return;
    };
    let connected = TcpStream::connect(address).unwrap();
    assert_eq!(server_at(address), LoopbackServer::Stranger(OTHER));
    assert_eq!(foreign_server(address), Some(OTHER));
    // One that closes its listener once it has the connection.
    let taken = as_other(move || theirs.accept().unwrap().0);
    assert_eq!(foreign_server(address), None);
    assert_eq!(server_at(address), LoopbackServer::Stranger(OTHER));
    drop((taken, connected));
}

#[test]
#[cfg(target_os = "linux")]
fn of_two_addresses_it_is_the_one_where_a_server_of_ours_listens() {
    let (mine, first) = listen("127.0.0.1:0");
    let second = SocketAddr::new("::1".parse().unwrap(), first.port());
    let Some(Ok(theirs)) = as_other(move || {
        #[expect(clippy::disallowed_methods, reason = "a server that listens")]
        TcpListener::bind(second)
    }) else {
        return;
    };
    assert_eq!(choose(&[first, second], None), first);
    assert_eq!(choose(&[second, first], None), first);
    assert_eq!(choose(&[second, first], Some(OTHER)), second);
    drop(mine);
    assert_eq!(choose(&[first, second], None), second);
    drop(theirs);
    assert_eq!(choose(&[first, second], None), first);
}
