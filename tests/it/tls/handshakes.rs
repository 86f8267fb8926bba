//! Connections that fail before there is an answer: what TLS says is shown, exit 2, and the login
//! is as it was. And one that ends without a goodbye behind a whole answer.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;

use rustls::{ServerConnection, StreamOwned, SupportedProtocolVersion};

use super::{Rules, TlsServer, expired_with_authority};
use crate::exit_codes::{Said, args, fails_as};
use crate::support::authorization_server::read_some;
use crate::support::mounts::skipped;
use crate::support::sandbox::{LIMIT, Sandbox};

static TLS12: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS12];
static TLS13: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS13];

/// The state of the grant: absent means `active`.
fn is_active(sandbox: &Sandbox, server_url: &str) {
    let status = sandbox.run(&["status", "--json"]).succeeds();
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    let grant = &status["accounts"][0]["grants"][0];
    assert_eq!(grant["state"], "active", "{server_url}: {status}");
}

/// A refresh at such a server is refused by TLS, in both forms, and leaves the grant as it was.
fn is_refused(start: impl Fn() -> TlsServer) -> Said {
    fails_as(2, "tls_refused", |form| {
        let server = start();
        let (sandbox, _) = expired_with_authority(&server, &server.certificate);
        let finished = sandbox.run(&args(form, &["token"]));
        assert!(!server.was_asked(), "the server has taken the request");
        is_active(&sandbox, &server.url);
        finished
    })
}

#[test]
fn a_server_that_demands_a_certificate_of_ours_says_so_with_either_version_of_tls() {
    for versions in [&TLS12[..], &TLS13] {
        // With TLS 1.3 the refusal comes after the request has left, and may meet it half-way.
        for _ in 0..5 {
            let said = is_refused(|| {
                TlsServer::start_ruled(Rules {
                    versions,
                    demands_certificate: true,
                    ..Rules::default()
                })
            });
            let demands = "demands a client certificate";
            assert!(said.message.contains(demands), "{}", said.message);
            assert!(said.hint.contains("client certificates"), "{}", said.hint);
        }
    }
}

/// A server of bytes: reads what comes first, and sends these.
fn says(bytes: &'static [u8]) -> TlsServer {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let (sender, served) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        // The request would come now.
        let more = stream.read(&mut [0; 4096]).unwrap_or_default();
        sender.send(more > 7).ok();
    });
    let key = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    TlsServer {
        url,
        certificate: key.cert.pem(),
        served,
    }
}

#[test]
fn a_server_with_old_tls_only_is_called_one() {
    // A fatal alert, `protocol_version` (RFC 5246 §7.2).
    let said = is_refused(|| says(&[0x15, 3, 1, 0, 2, 2, 70]));
    assert!(said.message.contains("TLS 1.2"), "{}", said.message);
    assert!(said.hint.contains("TLS 1.2"), "{}", said.hint);
    // Or it chooses TLS 1.1 all the same: a ServerHello.
    let said = is_refused(|| {
        let mut hello = vec![0x16, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
        hello.extend([7; 32]);
        hello.extend([0, 0, 0x2f, 0]);
        says(hello.leak())
    });
    assert!(said.message.contains("TLS 1.2"), "{}", said.message);
}

#[test]
fn any_other_refusal_of_a_handshake_is_named() {
    // `handshake_failure`, `insufficient_security`, `internal_error`, `unrecognized_name`.
    for (alert, word) in [
        (40, "HandshakeFailure"),
        (71, "InsufficientSecurity"),
        (80, "InternalError"),
        (112, "does not know the name"),
    ] {
        let said = is_refused(|| says(vec![0x15, 3, 3, 0, 2, 2, alert].leak()));
        assert!(said.message.contains(word), "{}", said.message);
        assert!(!said.hint.contains("ca_file"), "{}", said.hint);
    }
    // A handshake record that holds no handshake.
    let said = is_refused(|| says(&[0x16, 3, 3, 0, 5, 99, 0, 0, 1, 0]));
    assert!(said.message.contains("TLS with"), "{}", said.message);
}

/// A server that ends the connection without a word may be overloaded, or starting.
#[test]
fn a_server_that_hangs_up_in_the_handshake_is_unreachable_and_says_where() {
    let said = fails_as(4, "unreachable", |form| {
        let server = says(&[]);
        let (sandbox, _) = expired_with_authority(&server, &server.certificate);
        let finished = sandbox.run(&args(form, &["token"]));
        is_active(&sandbox, &server.url);
        finished
    });
    let handshake = "in the TLS handshake";
    assert!(said.message.contains(handshake), "{}", said.message);
}

/// What OpenSSL's own server says, where there is one.
struct OpenSsl {
    child: Child,
    url: String,
    certificate: String,
}

impl OpenSsl {
    fn start(options: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap().keep();
        let key = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let (cert_path, key_path) = (folder.join("cert.pem"), folder.join("key.pem"));
        std::fs::write(&cert_path, key.cert.pem()).unwrap();
        std::fs::write(&key_path, key.signing_key.serialize_pem()).unwrap();
        let spawned = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-www"])
            .arg("-cert")
            .arg(&cert_path)
            .arg("-key")
            .arg(&key_path)
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = spawned else {
            skipped("servers of OpenSSL: there is no `openssl`");
            return None;
        };
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let line = line.unwrap();
            line.strip_prefix("ACCEPT ").map(str::to_owned)
        });
        let url = format!("https://{}", address.expect("an address"));
        // It must not write to a closed pipe.
        thread::spawn(move || lines.for_each(drop));
        Some(Self {
            child,
            url,
            certificate: key.cert.pem(),
        })
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn servers_of_openssl_are_judged_likewise() {
    let old = ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"];
    for (options, word) in [
        (&old[..], "TLS 1.2"),
        (&["-tls1_2", "-Verify", "1"], "demands a client certificate"),
        (&["-tls1_3", "-Verify", "1"], "demands a client certificate"),
    ] {
        let Some(openssl) = OpenSsl::start(options) else {
            return;
        };
        for _ in 0..5 {
            let server = TlsServer::at(&openssl.url, &openssl.certificate);
            let (sandbox, _) = expired_with_authority(&server, &server.certificate);
            let error = sandbox
                .run(&["token", "--json"])
                .fails_in_json(2, "tls_refused");
            let message = error["message"].as_str().unwrap();
            assert!(message.contains(word), "{options:?}: {message}");
            is_active(&sandbox, &server.url);
        }
    }
}

/// The handshake is over and the request is there; what the server says then is no TLS. It may have
/// rotated (P5).
#[test]
fn a_connection_that_breaks_after_the_request_was_taken_leaves_the_grant_in_doubt() {
    let key = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let config = Rules::default().config(&key.cert.pem(), &key.signing_key.serialize_pem());
    let server = TlsServer::at(&url, &key.cert.pem());
    thread::spawn(move || {
        let (stream, _): (TcpStream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        assert!(read_some(&mut stream, &mut [0; 4096]).unwrap() > 0);
        // A record that was damaged on its way.
        stream.sock.write_all(&[0x17, 3, 3, 0, 20]).unwrap();
        stream.sock.write_all(&[0; 20]).unwrap();
    });
    let (sandbox, _) = expired_with_authority(&server, &server.certificate);
    let finished = sandbox.run(&["token", "--json"]);
    finished.fails_in_json(4, "answer_lost");
}

#[test]
fn a_connection_that_ends_without_a_goodbye_has_given_what_it_had() {
    let answers: [fn(&str) -> Vec<u8>; 4] = [
        // Ended by the connection.
        |body| format!("HTTP/1.1 200 \r\n\r\n{body}").into_bytes(),
        |body| format!("HTTP/1.1 200 \r\nContent-Length: 9999\r\n\r\n{body}").into_bytes(),
        |body| {
            let length = body.len();
            format!("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{body}")
                .into_bytes()
        },
        Rules::default().answer,
    ];
    for versions in [&TLS12[..], &TLS13] {
        for answer in answers {
            let server = TlsServer::start_ruled(Rules {
                versions,
                answer,
                says_goodbye: false,
                ..Rules::default()
            });
            let (sandbox, _) = expired_with_authority(&server, &server.certificate);
            assert_eq!(sandbox.run(&["token"]).prints(), "at-SECRET-2");
            assert!(server.was_asked());
        }
    }
}

/// It waits for the end of a line that no handshake has, as many servers do.
#[test]
fn a_plain_server_that_is_silent_is_called_one_at_once() {
    // The first question is for a document, or for a device code where the kind of server is given.
    for (provider, answer) in [
        (&[][..], "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok"),
        (
            &[],
            "HTTP/1.0 302 Found\r\nLocation: /users/sign_in\r\n\r\n",
        ),
        (
            &["--provider", "gitlab"],
            "HTTP/1.1 404 \r\nConnection: keep-alive\r\n\r\n",
        ),
    ] {
        let said = fails_as(2, "tls_refused", |form| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let host = listener.local_addr().unwrap().to_string();
            thread::spawn(move || {
                for stream in listener.incoming() {
                    thread::spawn(move || serve_in_plain(stream.unwrap(), answer));
                }
            });
            let started = std::time::Instant::now();
            let sandbox = Sandbox::new();
            let login = ["login", "--device", "--client-id", "x", &host];
            let finished = sandbox.run(&args(form, &[&login, provider].concat()));
            let took = started.elapsed();
            assert!(took < std::time::Duration::from_secs(8), "{took:?}");
            finished
        });
        let plain = "does not speak TLS";
        assert!(said.message.ends_with(plain), "{}", said.message);
        assert!(said.hint.contains("`http://…`"), "{}", said.hint);
    }
}

/// Answers once it has read a whole head.
fn serve_in_plain(mut stream: TcpStream, answer: &str) {
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut chunk) {
            Ok(length @ 1..) => head.extend_from_slice(&chunk[..length]),
            _ => return,
        }
    }
    stream.write_all(answer.as_bytes()).ok();
    // A server may leave the connection open.
    stream.read_exact(&mut chunk).ok();
}
