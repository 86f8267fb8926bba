//! The roads to a server: every kind of proxy that people have leads there, one that does not is named
//! with its variable and never with its password, and a name that has no address is asked about.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use crate::exit_codes::{args, fails_as};
use crate::support::sandbox::{Finished, LIMIT, Running, Sandbox};
use crate::tls::{TlsServer, expired_at};

/// A name that only a proxy can look up.
const HOST: &str = "gitlab.invalid";

/// The password of every proxy.
const PASSWORD: &str = "pr0xy%23pw";

/// A proxy for one connection, which leads to `server` whatever it is asked for; what it was asked
/// for.
pub(crate) fn proxy(
    server: SocketAddr,
    speak: impl FnOnce(&mut TcpStream) -> String + Send + 'static,
) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, asked) = mpsc::channel();
    thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        client.set_read_timeout(Some(LIMIT)).unwrap();
        sender.send(speak(&mut client)).unwrap();
        let mut server = TcpStream::connect(server).unwrap();
        let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || {
            std::io::copy(&mut from, &mut to).ok();
            to.shutdown(std::net::Shutdown::Write).ok();
        });
        std::io::copy(&mut server, &mut client).ok();
        client.shutdown(std::net::Shutdown::Write).ok();
    });
    (address, asked)
}

fn bytes<const N: usize>(stream: &mut impl Read) -> [u8; N] {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

/// RFC 9110 §9.3.6
fn connect(client: &mut TcpStream) -> String {
    answer_connect(client, "HTTP/1.1 200 \r\n\r\n")
}

fn answer_connect(client: &mut TcpStream, answer: &str) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(bytes::<1>(client));
    }
    client.write_all(answer.as_bytes()).unwrap();
    String::from_utf8(head).unwrap()
}

/// RFC 1928, by name, without or with a user (RFC 1929).
pub(crate) fn socks5(client: &mut TcpStream) -> String {
    let [version, count] = bytes(client);
    assert_eq!(version, 5);
    let mut methods = vec![0; count.into()];
    client.read_exact(&mut methods).unwrap();
    let mut user = String::new();
    if methods.contains(&2) {
        client.write_all(&[5, 2]).unwrap();
        let [1, length] = bytes(client) else {
            panic!("no user")
        };
        user = format!("{}:", text(client, length));
        let [length] = bytes(client);
        user += &text(client, length);
        client.write_all(&[1, 0]).unwrap();
    } else {
        client.write_all(&[5, 0]).unwrap();
    }
    let [5, 1, 0, kind] = bytes(client) else {
        panic!("no CONNECT")
    };
    let host = match kind {
        3 => {
            let [length] = bytes(client);
            text(client, length)
        }
        1 => Ipv4Addr::from(bytes::<4>(client)).to_string(),
        other => panic!("an address of kind {other}"),
    };
    let port = u16::from_be_bytes(bytes(client));
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
    format!("{user}@{host}:{port}")
}

fn text(stream: &mut TcpStream, length: u8) -> String {
    let mut text = vec![0; length.into()];
    stream.read_exact(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// `token` of a login at [`HOST`] that has expired, with these variables.
fn refresh(form: &[&str], certificate: &str, variables: &[(&str, &str)]) -> Finished {
    let (sandbox, _) = expired_at(HOST, certificate);
    let mut command = sandbox.command(&args(form, &["token"]));
    command.envs(variables.iter().copied());
    let finished = Running::spawn(&mut command).finish();
    for part in ["pr0xy", "%23pw", "#pw"] {
        assert!(!finished.stderr.contains(part), "{finished:?}");
    }
    finished
}

fn server() -> (TlsServer, SocketAddr) {
    let server = TlsServer::start_with(HOST, |_| {});
    let address = server.url.strip_prefix("https://").unwrap().parse();
    (server, address.unwrap())
}

#[test]
fn every_kind_of_proxy_leads_to_the_server() {
    type Speak = fn(&mut TcpStream) -> String;
    for (variable, prefix, speak, asked_for) in [
        (
            "HTTPS_PROXY",
            "http://",
            connect as Speak,
            "CONNECT gitlab.invalid:443",
        ),
        ("https_proxy", "", connect, "CONNECT gitlab.invalid:443"),
        (
            "ALL_PROXY",
            "http://",
            connect,
            "CONNECT gitlab.invalid:443",
        ),
        ("ALL_PROXY", "socks5h://", socks5, "@gitlab.invalid:443"),
        ("HTTPS_PROXY", "socks5h://", socks5, "@gitlab.invalid:443"),
        // As GNOME sets it.
        ("ALL_PROXY", "socks://", socks5, "@gitlab.invalid:443"),
        ("all_proxy", "socks://", socks5, "@gitlab.invalid:443"),
        ("ALL_PROXY", "SOCKS://", socks5, "@gitlab.invalid:443"),
    ] {
        let (server, address) = server();
        let (proxy, asked) = proxy(address, speak);
        let value = format!("{prefix}{proxy}/");
        let finished = refresh(&[], &server.certificate, &[(variable, &value)]);
        assert_eq!(finished.prints(), "at-SECRET-2", "{variable}={value}");
        assert!(server.was_asked());
        let asked = asked.recv_timeout(LIMIT).unwrap();
        assert!(asked.starts_with(asked_for), "{asked}");
    }
}

#[test]
fn a_proxy_is_told_the_user_and_the_password_of_its_variable() {
    let (server_, address) = server();
    let (socks, asked) = proxy(address, socks5);
    let value = format!("socks5h://jane:{PASSWORD}@{socks}");
    refresh(&[], &server_.certificate, &[("ALL_PROXY", &value)]).prints();
    let asked = asked.recv_timeout(LIMIT).unwrap();
    assert_eq!(asked, "jane:pr0xy#pw@gitlab.invalid:443");
    let (server_, address) = server();
    let (http, asked) = proxy(address, connect);
    let value = format!("http://jane:{PASSWORD}@{http}");
    refresh(&[], &server_.certificate, &[("HTTPS_PROXY", &value)]).prints();
    let asked = asked.recv_timeout(LIMIT).unwrap().to_ascii_lowercase();
    let basic = "proxy-authorization: basic amfuztpwcjb4esnwdw==";
    assert!(asked.contains(&basic[..28]), "{asked}");
}

/// A proxy that reads what passes through it shows a certificate of its own.
#[test]
fn a_certificate_that_came_through_a_proxy_is_said_to() {
    let said = fails_as(2, "tls_refused", |form| {
        let (_, address) = server();
        let (proxy, _asked) = proxy(address, connect);
        let value = format!("http://jane:{PASSWORD}@{proxy}");
        let other = TlsServer::start_with("other.invalid", |_| {}).certificate;
        refresh(form, &other, &[("HTTPS_PROXY", &value)])
    });
    let through = " of `HTTPS_PROXY`)";
    assert!(said.message.contains(through), "{}", said.message);
}

#[test]
fn socks5_without_h_says_which_name_it_cannot_look_up() {
    let (server, _) = server();
    let said = fails_as(4, "unreachable", |form| {
        let variables = [("ALL_PROXY", "socks5://127.0.0.1:9")];
        refresh(form, &server.certificate, &variables)
    });
    let looked_up = "cannot look up `gitlab.invalid`";
    assert!(said.message.starts_with(looked_up), "{}", said.message);
}

/// Looked up here: no name server is needed for `localhost`, and none knows it as another machine.
#[test]
fn socks5_without_h_looks_the_name_up_itself() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = folder.path().join("hosts");
    std::fs::write(&hosts, "10.9.8.7 gitlab.invalid\n").unwrap();
    let script = "mount --bind \"$HOSTS\" /etc/hosts";
    let paths = [("HOSTS", &*hosts)];
    let Some(mounts) = crate::support::mounts::Mounts::new(script, &paths) else {
        return;
    };
    let (server, address) = server();
    let (proxy, asked) = proxy(address, socks5);
    let sandbox = Sandbox::new();
    let ca_file = sandbox.path("ca.pem");
    std::fs::write(&ca_file, &server.certificate).unwrap();
    sandbox.import_expired(&[], HOST);
    let mut command = sandbox.command(&["token"]);
    command.env("ALL_PROXY", format!("socks5://{proxy}"));
    command.env("SSL_CERT_FILE", &ca_file);
    let finished = Running::spawn(&mut mounts.inside(&command)).finish();
    assert_eq!(finished.prints(), "at-SECRET-2");
    assert_eq!(asked.recv_timeout(LIMIT).unwrap(), "@10.9.8.7:443");
}

#[test]
fn a_proxy_that_does_not_lead_there_is_named_with_its_variable() {
    let (server, _) = server();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let closed = listener.local_addr().unwrap().to_string();
    drop(listener);
    for (variable, scheme, place) in [
        ("HTTPS_PROXY", "http://", closed.as_str()),
        ("https_proxy", "https://", &closed),
        ("ALL_PROXY", "socks5h://", &closed),
        ("HTTPS_PROXY", "http://", "proxy.invalid:3128"),
        ("ALL_PROXY", "socks5h://", "proxy.invalid"),
    ] {
        let said = fails_as(4, "unreachable", |form| {
            let value = format!("{scheme}jane:{PASSWORD}@{place}");
            refresh(form, &server.certificate, &[(variable, &value)])
        });
        let named = format!("proxy `{scheme}{place}` of `{variable}`");
        assert!(said.message.contains(&named), "{}", said.message);
        assert!(said.message.contains("https://gitlab.invalid"));
        assert!(said.hint.contains(variable), "{}", said.hint);
    }
}

#[test]
fn a_proxy_that_refuses_is_named_with_what_it_says() {
    let (server_, _) = server();
    for (answer, word) in [
        ("HTTP/1.1 407 \r\n\r\n", "auth"),
        ("HTTP/1.1 502 \r\n\r\n", "unsuccessful"),
    ] {
        let said = fails_as(4, "unreachable", |form| {
            let (_, address) = server();
            let (proxy, _asked) = proxy(address, move |client| answer_connect(client, answer));
            let value = format!("http://jane:{PASSWORD}@{proxy}");
            refresh(form, &server_.certificate, &[("HTTPS_PROXY", &value)])
        });
        assert!(
            said.message.contains("of `HTTPS_PROXY`"),
            "{}",
            said.message
        );
        assert!(said.message.contains(word), "{}", said.message);
    }
}

#[test]
fn a_variable_that_names_no_proxy_is_a_matter_of_configuration() {
    let (server, _) = server();
    for (variable, value) in [
        ("HTTPS_PROXY", "ftp://jane:pr0xy%23pw@proxy:21"),
        ("https_proxy", "http://"),
        ("ALL_PROXY", "no proxy at all"),
        ("all_proxy", "http://jane:pr0xy#pw@proxy:3128"),
        ("HTTPS_PROXY", "http://proxy:99999"),
        ("HTTPS_PROXY", "${PROXY}"),
    ] {
        let said = fails_as(2, "config", |form| {
            refresh(form, &server.certificate, &[(variable, value)])
        });
        let named = format!("`{variable}` is not the address of a proxy");
        assert!(said.message.starts_with(&named), "{}", said.message);
        assert!(said.hint.contains(variable), "{}", said.hint);
    }
}

/// The crowd's own environment is good: what one caller's lacks is no verdict on the login (P4).
#[test]
fn what_one_process_lacks_is_marked_for_none_of_the_others() {
    for (variable, value) in [
        ("HTTPS_PROXY", "garbage://"),
        ("SSL_CERT_FILE", "/dev/zero"),
    ] {
        let (server, address) = server();
        let (proxy, _asked) = proxy(address, connect);
        let proxy = format!("http://{proxy}");
        let (sandbox, _) = expired_at(HOST, &server.certificate);
        let record = || std::fs::read(sandbox.store().join(HOST).join("default.toml")).unwrap();
        let before = record();
        let run = |(variable, value)| {
            let mut command = sandbox.command(&["token", "--json"]);
            command.env("HTTPS_PROXY", &proxy).env(variable, value);
            Running::spawn(&mut command).finish()
        };
        run((variable, value)).fails_in_json(2, "config");
        assert_eq!(record(), before, "{variable}={value}");
        // At once, with no wait for a failure that is not the login's.
        run(("LANG", "C")).succeeds();
        assert!(server.was_asked());
    }
}

#[test]
fn a_server_of_no_proxy_is_reached_directly_whatever_the_variable_says() {
    let (server, _) = server();
    for no_proxy in ["gitlab.invalid", ".invalid", "*", "x, gitlab.invalid"] {
        let variables = [("HTTPS_PROXY", "garbage://"), ("NO_PROXY", no_proxy)];
        let said = fails_as(4, "unreachable", |form| {
            refresh(form, &server.certificate, &variables)
        });
        let looked_up = "cannot look up `gitlab.invalid`";
        assert!(said.message.starts_with(looked_up), "{}", said.message);
    }
}

#[test]
fn an_empty_variable_is_as_good_as_none() {
    let (server, address) = server();
    let (proxy, _asked) = proxy(address, connect);
    let proxy = proxy.to_string();
    let variables = [
        ("HTTPS_PROXY", ""),
        ("https_proxy", ""),
        ("ALL_PROXY", &*proxy),
    ];
    refresh(&[], &server.certificate, &variables).prints();
    assert!(server.was_asked());
}

#[test]
fn a_new_host_whose_name_has_no_address_may_be_spelled_wrong() {
    let said = fails_as(4, "unreachable", |form| {
        let sandbox = Sandbox::new();
        let login = ["login", "--device", "--client-id", "x", HOST];
        sandbox.run(&args(form, &login))
    });
    let looked_up = "cannot look up `gitlab.invalid`";
    assert!(said.message.starts_with(looked_up), "{}", said.message);
    let question = "is `gitlab.invalid` the right name?";
    assert!(said.hint.starts_with(question), "{}", said.hint);
    // One that had an address once is not.
    let (server, _) = server();
    let said = fails_as(4, "unreachable", |form| {
        refresh(form, &server.certificate, &[])
    });
    assert!(said.message.starts_with(looked_up), "{}", said.message);
    assert!(said.hint.starts_with("is the network up"), "{}", said.hint);
}
