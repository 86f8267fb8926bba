//! Which addresses are not of the internet: a document that a public server wrote must not make glauth ask one
//! (server-side request forgery).

use std::net::{IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::sync::mpsc;
use std::time::Duration;

use url::Url;

use super::{SendError, origin};
use crate::signals::spawn_with_signals_blocked;

/// How long a look-up may take: the system's own limit is none (P10).
const LOOKUP_LIMIT: Duration = Duration::from_secs(10);

/// Whether the server of a URL is on this machine or in a private network. A name that cannot be looked up is not:
/// where only a proxy knows it, the proxy decides. One whose look-up takes too long may be.
pub(super) fn is_inside(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => is_private(address.into()),
        Some(url::Host::Ipv6(address)) => is_private(address.into()),
        Some(url::Host::Domain(name)) => is_local_name(name) || has_private_address(name),
        None => true,
    }
}

/// The addresses of a server, all of them public. A request that connects to these is not led elsewhere by a name that
/// has others at the next look-up.
pub(super) fn public_addresses(url: &Url) -> Result<Vec<SocketAddr>, SendError> {
    let host = url.host_str().unwrap_or_default();
    let found = url.socket_addrs(|| None);
    let found = found.map_err(|error| SendError::UnknownName {
        host: host.to_owned(),
        reason: error.to_string(),
    })?;
    if is_local_name(host) || found.iter().any(|address| is_private(address.ip())) {
        return Err(SendError::Unreachable {
            origin: origin(url),
            reason: "it is in a private network, and a public server has named it".to_owned(),
        });
    }
    Ok(found)
}

/// RFC 6761 and RFC 6762.
fn is_local_name(name: &str) -> bool {
    let last = name.trim_end_matches('.').rsplit('.').next();
    last.is_some_and(|label| label == "localhost" || label == "local")
}

fn has_private_address(name: &str) -> bool {
    let (answer, answered) = mpsc::channel();
    let name = name.to_owned();
    let looking = spawn_with_signals_blocked(move || {
        let found = (&*name, 443).to_socket_addrs();
        let is_private = found.is_ok_and(|mut found| found.any(|address| is_private(address.ip())));
        answer.send(is_private).ok();
    });
    looking.is_err() || answered.recv_timeout(LOOKUP_LIMIT).unwrap_or(true)
}

/// The ranges of the registries of special addresses (RFC 6890) that no public server has.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, third, _] = address.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            let is_for_protocols = (first, second, third) == (192, 0, 0);
            let is_for_benchmarks = first == 198 && (second & 0xfe) == 18;
            address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_documentation()
                || first == 0
                || first >= 224
                || is_shared
                || is_for_protocols
                || is_for_benchmarks
        }
        IpAddr::V6(address) => {
            let embedded = embedded(address);
            embedded.is_some_and(is_private)
                || address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                // Site-local addresses (RFC 3879), and those for documents (RFC 3849).
                || (address.segments()[0] & 0xffc0) == 0xfec0
                || address.segments()[..2] == [0x2001, 0xdb8]
        }
    }
}

/// The IPv4 address in one that stands for it: `::a.b.c.d`, `::ffff:a.b.c.d`, `64:ff9b::a.b.c.d`, the same with a local
/// prefix (RFC 8215), and 6to4.
fn embedded(address: Ipv6Addr) -> Option<IpAddr> {
    let words = address.segments();
    let of = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(IpAddr::from([a, b, c, d]))
    };
    match words {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0x64, 0xff9b, 1, _, _, _, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => of(high, low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_to_public_servers_connects_to_no_other_one() {
        let goes = |url: &str| public_addresses(&Url::parse(url).unwrap());
        for url in [
            "https://localhost/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://10.0.0.1/",
        ] {
            let error = goes(url).unwrap_err().to_string();
            assert!(error.contains("private network"), "{url}: {error}");
        }
        assert_eq!(
            goes("https://1.1.1.1/").unwrap(),
            ["1.1.1.1:443".parse().unwrap()]
        );
    }

    #[test]
    fn an_address_of_a_private_network_is_told_from_a_public_one() {
        let is_inside = |host: &str| is_inside(&Url::parse(&format!("https://{host}/")).unwrap());
        for host in [
            "127.0.0.1",
            "0x7f.1",
            "2130706433",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "[::1]",
            "[::]",
            "[fd00::1]",
            "[fe80::1]",
            "[::ffff:10.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[64:ff9b::a00:1]",
            "[64:ff9b:1::a00:1]",
            "[::10.0.0.1]",
            "[fec0::1]",
            "[2001:db8::1]",
            "[2002:a00:1::]",
            "localhost",
            "mcp.localhost",
            "printer.local",
            "printer.local.",
        ] {
            assert!(is_inside(host), "{host}");
        }
        for host in ["1.1.1.1", "100.128.0.1", "172.32.0.1", "[2606:4700::1111]"] {
            assert!(!is_inside(host), "{host}");
        }
    }
}
