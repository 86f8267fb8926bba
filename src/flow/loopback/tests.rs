use std::io::Read as _;
use std::sync::mpsc;

use super::*;
use crate::secret::AuthorizationCode;

/// Accepts `answer` and nothing else.
fn start(uri: &str) -> (Loopback, mpsc::Receiver<Visitor>) {
    let (sender, came) = mpsc::channel();
    let judge: Arc<Judge> = Arc::new(|query: &str| {
        let code = AuthorizationCode::new("c".to_owned()).ok()?;
        (query == "answer").then_some(AuthorizationResponse::Code(code))
    });
    let uri = RedirectUri::parse(uri).unwrap();
    let loopback = Loopback::start(BoundPort::at(&uri).unwrap(), &judge, move |arrival| {
        if let Arrival::Answer(_, visitor) = arrival {
            sender.send(visitor).unwrap();
        }
    });
    (loopback.unwrap(), came)
}

fn connect(loopback: &Loopback) -> TcpStream {
    let stream = TcpStream::connect(loopback.addresses[0]).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    stream
}

/// What `request` is answered with.
fn ask(loopback: &Loopback, request: &str) -> String {
    let mut stream = connect(loopback);
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    // A connection that is closed on us says nothing.
    stream.read_to_string(&mut answer).ok();
    answer
}

fn get(loopback: &Loopback, target: &str) -> String {
    ask(
        loopback,
        &format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n"),
    )
}

#[test]
fn only_the_answer_counts_and_only_once() {
    let (loopback, came) = start("http://127.0.0.1/cb");
    let waits = connect(&loopback);
    for other in [
        "/",
        "/favicon.ico",
        "/cb",
        "/cb?",
        "/cb?code=c",
        "/cbx?answer",
        "/?answer",
    ] {
        let answer = get(&loopback, other);
        assert!(answer.starts_with("HTTP/1.1 404 "), "{other}: {answer}");
    }
    for nonsense in [
        "POST /cb?answer HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        "\u{16}\u{3}\u{1} TLS, by mistake\r\n\r\n",
        "GET /cb?answer\r\n\r\n",
    ] {
        assert_eq!(ask(&loopback, nonsense), "", "{nonsense}");
    }
    assert!(came.try_recv().is_err(), "nothing of this counts");

    let mut browser = connect(&loopback);
    browser
        .write_all(b"GET /cb?answer HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    let visitor = came.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(get(&loopback, "/cb?answer").starts_with("HTTP/1.1 404 "));
    assert!(!loopback.take(), "it was taken");
    visitor.show(&Page::logged_in("gitlab.com", Some("jane")));
    let mut page = String::new();
    browser.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    assert!(page.contains("Logged in to gitlab.com as jane"), "{page}");
    drop(waits);
}

#[test]
fn an_address_of_ours_leads_to_the_server_once() {
    let (loopback, came) = start("http://127.0.0.1/cb");
    let page = Url::parse("https://a.example/authorize?state=s&code_challenge=c").unwrap();
    let door = loopback.lead_to(page.clone()).unwrap();
    assert_eq!(door.host_str(), Some("127.0.0.1"));
    assert_eq!(door.port(), Some(loopback.addresses[0].port()));
    assert!(door.path().len() > 40 && door.query().is_none(), "{door}");

    let led = get(&loopback, door.path());
    assert!(led.starts_with("HTTP/1.1 302 Found\r\n"), "{led}");
    assert!(led.contains(&format!("\r\nLocation: {page}\r\n")), "{led}");
    assert!(
        led.contains("\r\nReferrer-Policy: no-referrer\r\n"),
        "{led}"
    );
    let again = get(&loopback, door.path());
    assert!(again.starts_with("HTTP/1.1 410 Gone\r\n"), "{again}");
    assert!(!again.contains("a.example"), "{again}");
    assert_ne!(loopback.lead_to(page).unwrap(), door, "each has its own");
    assert!(get(&loopback, door.path()).starts_with("HTTP/1.1 404 "));
    assert!(came.try_recv().is_err(), "nothing of this is an answer");
}

#[test]
fn an_end_that_has_closed_is_not_served() {
    let (loopback, came) = start("http://127.0.0.1/");
    let mut closes = connect(&loopback);
    closes.write_all(b"GET /?answer HTTP/1.1\r\n\r\n").unwrap();
    drop(closes);
    let mut half = connect(&loopback);
    half.write_all(b"GET /?answer HTTP/1.1\r\n\r\n").unwrap();
    half.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    half.read_to_string(&mut answer).ok();
    if cfg!(target_os = "linux") {
        assert_eq!(answer, "");
        assert!(came.try_recv().is_err(), "nothing says whose they were");
        assert!(get(&loopback, "/").starts_with("HTTP/1.1 404 "));
        assert!(came.try_recv().is_err(), "nothing says whose they were");
    }
}

/// It stood when it was accepted: what counts is whether it does once its request was read.
#[cfg(target_os = "linux")]
#[test]
fn an_end_that_closes_with_its_request_is_not_served() {
    /// `MSG_MORE`: the end of the request leaves together with the end of the connection.
    const MORE: i32 = 0x8000;
    let (loopback, came) = start("http://127.0.0.1/");
    let mut closes = connect(&loopback);
    closes.write_all(b"GET /?answer HTTP/1.1\r\n").unwrap();
    let limit = Instant::now() + Duration::from_secs(60);
    while loopback.shared.connections.load(Ordering::SeqCst) == 0 {
        assert!(Instant::now() < limit, "waited for it to be accepted");
        std::thread::yield_now();
    }
    let socket = socket2::SockRef::from(&closes);
    socket.send_with_flags(b"\r\n", MORE).unwrap();
    closes.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    closes.read_to_string(&mut answer).ok();
    assert_eq!(answer, "");
    assert!(came.try_recv().is_err(), "nothing says whose it was");
}

#[test]
fn an_answer_that_is_pasted_closes_the_door() {
    let (loopback, came) = start("http://127.0.0.1/");
    assert!(loopback.take());
    assert!(get(&loopback, "/?answer").starts_with("HTTP/1.1 404 "));
    assert!(came.try_recv().is_err());
}

#[test]
fn a_request_that_grows_without_end_is_dropped() {
    let (loopback, _came) = start("http://127.0.0.1/");
    let mut stream = connect(&loopback);
    let line = format!("X: {}\r\n", "x".repeat(4000));
    stream.write_all(b"GET /?answer HTTP/1.1\r\n").unwrap();
    let mut lines = 0..10_000;
    assert!(
        lines.any(|_| stream.write_all(line.as_bytes()).is_err()),
        "it is not read for ever"
    );
    assert!(
        get(&loopback, "/").starts_with("HTTP/1.1 404 "),
        "others are served"
    );
}

#[test]
fn a_crowd_of_connections_that_say_nothing_does_not_lock_the_answer_out_for_good() {
    let (loopback, came) = start("http://127.0.0.1/");
    let crowd: Vec<TcpStream> = (0..2 * CONNECTION_LIMIT)
        .map(|_| connect(&loopback))
        .collect();
    drop(crowd);
    let deadline = Instant::now() + Duration::from_secs(60);
    while came.try_recv().is_err() {
        assert!(Instant::now() < deadline, "the answer is let in");
        let mut stream = connect(&loopback);
        stream.write_all(b"GET /?answer HTTP/1.1\r\n\r\n").ok();
        stream
            .set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        stream.read_exact(&mut [0; 1]).ok();
    }
}

#[test]
fn a_redirect_uri_is_a_loopback_address_as_it_is_registered() {
    for (registered, sent) in [
        ("http://127.0.0.1/", "http://127.0.0.1:PORT/"),
        ("http://127.0.0.1", "http://127.0.0.1:PORT"),
        (
            "http://127.0.0.1/auth/redirect",
            "http://127.0.0.1:PORT/auth/redirect",
        ),
        ("http://localhost/cb", "http://localhost:PORT/cb"),
    ] {
        let (loopback, _came) = start(registered);
        let port = loopback.addresses[0].port().to_string();
        assert_eq!(loopback.redirect_uri(), sent.replace("PORT", &port));
    }
    for bad in [
        "https://127.0.0.1/",
        "http://example.com/",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://u@127.0.0.1/",
        "http://127.0.0.1/?a=b",
        "http://127.0.0.1/#a",
        "urn:ietf:wg:oauth:2.0:oob",
        "127.0.0.1",
        "",
    ] {
        assert!(RedirectUri::parse(bad).is_err(), "{bad}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "another program that listens")]
fn a_fixed_port_is_kept_and_one_that_is_taken_is_an_error() {
    let taken = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let uri = RedirectUri::parse(&format!("http://127.0.0.1:{port}/cb")).unwrap();
    let never: Arc<Judge> = Arc::new(|_: &str| None);
    let busy = BoundPort::at(&uri).and_then(|bound| Loopback::start(bound, &never, |_| {}));
    assert!(busy.unwrap_err().to_string().contains(&port.to_string()));
    drop(taken);
    let (loopback, _came) = start(&format!("http://127.0.0.1:{port}/cb"));
    assert_eq!(
        loopback.redirect_uri(),
        format!("http://127.0.0.1:{port}/cb")
    );
}

#[test]
fn port_80_is_no_less_fixed_for_being_the_schemes_own() {
    let port = |text: &str| RedirectUri::parse(text).unwrap().port();
    assert_eq!(port("http://localhost:80/cb"), Some(80));
    assert_eq!(port("http://localhost/cb"), None);
    assert_eq!(port("http://[::1]:80/"), Some(80));
    assert_eq!(port("http://[::1]/"), None);
}

#[test]
fn localhost_is_both_families_on_one_port() {
    let (loopback, _came) = start("http://localhost/");
    let ports: Vec<u16> = loopback.addresses.iter().map(SocketAddr::port).collect();
    assert!(ports.iter().all(|port| *port == ports[0]), "{ports:?}");
    for address in &loopback.addresses {
        TcpStream::connect(address).unwrap();
    }
}

#[test]
fn a_dropped_listener_listens_no_more() {
    let (loopback, _came) = start("http://127.0.0.1/");
    let address = loopback.addresses[0];
    drop(loopback);
    let deadline = Instant::now() + Duration::from_secs(60);
    while TcpStream::connect(address).is_ok() {
        assert!(Instant::now() < deadline, "the door is closed");
        std::thread::yield_now();
    }
}

/// Sooner than a silent connection is given up.
const AT_ONCE: Duration = Duration::from_secs(5);

#[test]
fn one_connection_more_than_many_is_closed_at_once() {
    let (loopback, _came) = start("http://127.0.0.1/");
    let silent: Vec<TcpStream> = (0..CONNECTION_LIMIT).map(|_| connect(&loopback)).collect();
    let mut more = connect(&loopback);
    more.set_read_timeout(Some(AT_ONCE)).unwrap();
    assert!(matches!(more.read(&mut [0]), Ok(0)), "still open");
    drop(silent);
}

#[test]
fn a_request_that_does_not_end_is_closed_when_it_is_too_large() {
    let (loopback, _came) = start("http://127.0.0.1/");
    let mut stream = connect(&loopback);
    stream.set_read_timeout(Some(AT_ONCE)).unwrap();
    let head = format!("GET /?{}", "x".repeat(REQUEST_LIMIT));
    stream.write_all(head.as_bytes()).ok();
    let read = stream.read(&mut [0]);
    let is_closed = match read {
        Ok(length) => length == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    };
    assert!(is_closed, "still open");
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "to find out whether there is IPv6"
)]
fn localhost_has_both_addresses_and_both_must_be_free() {
    let Ok(six) = TcpListener::bind("[::1]:0") else {
        return;
    };
    let port = six.local_addr().unwrap().port();
    let uri = RedirectUri::parse(&format!("http://localhost:{port}/")).unwrap();
    let judge: Arc<Judge> = Arc::new(|_: &str| None);
    let taken = BoundPort::at(&uri).and_then(|bound| Loopback::start(bound, &judge, |_| {}));
    assert!(
        taken.is_err(),
        "the other half of the address is another program's"
    );
    drop(six);
    let (loopback, _came) = start("http://localhost/");
    let ports: Vec<u16> = loopback.addresses.iter().map(SocketAddr::port).collect();
    assert_eq!(ports.len(), 2);
    assert_eq!(ports[0], ports[1]);
}
