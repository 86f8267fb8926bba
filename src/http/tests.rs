use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Instant;

use super::*;

/// Far longer than the request may take, and shorter than a connection may.
const LIMIT: Duration = Duration::from_secs(8);

/// What comes of a request that may take half a second, by a server that writes so.
fn ask(serve: impl FnOnce(TcpStream) + Send + 'static) -> (Result<Response, SendError>, Duration) {
    #[expect(clippy::disallowed_methods, reason = "the other end of the line")]
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || serve(listener.accept().unwrap().0));
    let started = Instant::now();
    let sent = Network.send(Request {
        url: Url::parse(&format!("http://{address}/oauth/token")).unwrap(),
        body: Body::Form(vec![("refresh_token".to_owned(), "x".to_owned().into())]),
        authorization: None,
        limit: Duration::from_millis(500),
        ca_file: None,
        server_user: None,
        public_only: false,
    });
    (sent, started.elapsed())
}

/// A byte every now and then, for as long as anybody reads.
fn drip(mut stream: TcpStream, head: &str) {
    stream.write_all(head.as_bytes()).unwrap();
    while stream.write_all(b"x").is_ok() {
        thread::park_timeout(Duration::from_millis(50));
    }
}

#[test]
fn a_server_that_takes_its_time_is_given_up() {
    type Serve = fn(TcpStream);
    let slow: [Serve; 3] = [
        |stream| drip(stream, "HTTP/1.1 200 OK\r\nX: "),
        |stream| drip(stream, "HTTP/1.1 200 OK\r\n\r\n"),
        |stream| {
            thread::park_timeout(LIMIT);
            drop(stream);
        },
    ];
    thread::scope(|scope| {
        for asked in slow.map(|serve| scope.spawn(move || ask(serve))) {
            let (sent, time) = asked.join().unwrap();
            let is_given_up = match &sent {
                // What arrived is there to be judged.
                Ok(response) => response
                    .body
                    .as_ref()
                    .is_some_and(|body| body.contains(&b'x')),
                Err(error) => matches!(error, SendError::AnswerLost { .. }),
            };
            assert!(is_given_up, "{sent:?}");
            assert!(time < LIMIT, "{time:?}");
        }
    });
}

#[test]
fn a_connection_that_takes_too_long_is_told_in_words() {
    #[expect(clippy::disallowed_methods, reason = "the other end of the line")]
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    // The kernel connects, and no TLS handshake is answered.
    let sent = Network.send(Request {
        url: Url::parse(&format!("https://{address}/oauth/token")).unwrap(),
        body: Body::Form(vec![("grant_type".to_owned(), "x".to_owned().into())]),
        authorization: None,
        limit: Duration::from_secs(2),
        ca_file: None,
        server_user: None,
        public_only: false,
    });
    let error = sent.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot connect to `https://{address}`: no connection within 1s")
    );
}

#[test]
fn what_arrived_before_the_time_was_up_is_there_to_be_judged() {
    let (sent, time) = ask(|mut stream| {
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"access_token\":\"at-1\"}";
        stream.write_all(answer).unwrap();
        // The rest never comes, and the connection stays.
        thread::park_timeout(LIMIT);
        drop(stream);
    });
    let body = sent.unwrap().body.unwrap();
    assert_eq!(&**body, b"{\"access_token\":\"at-1\"}");
    assert!(time < LIMIT, "{time:?}");
}

/// By the process that refreshes, to the one that waits for it.
#[test]
fn an_error_is_read_as_another_process_told_it() {
    use std::os::unix::ffi::OsStringExt as _;
    let through = Through {
        proxy: "http://proxy.example:3128".to_owned(),
        named_by: "`HTTPS_PROXY`".to_owned(),
    };
    let path = std::ffi::OsString::from_vec(b"/ca/\xff.pem".to_vec());
    let (origin, reason) = ("https://gitlab.com".to_owned(), "no".to_owned());
    for error in [
        SendError::BadProxy {
            variable: "HTTPS_PROXY".into(),
            reason: "it has no host".into(),
        },
        SendError::CaFile {
            path: path.into(),
            problem: FileProblem::Writable,
            reason: reason.clone(),
        },
        SendError::Proxy {
            origin: origin.clone(),
            through: Box::new(through),
            reason: reason.clone(),
        },
        SendError::TlsRefused {
            origin,
            problem: TlsProblem::Dates,
            reason,
        },
    ] {
        let told = serde_json::to_vec(&error).unwrap();
        assert_eq!(serde_json::from_slice::<SendError>(&told).unwrap(), error);
    }
}
