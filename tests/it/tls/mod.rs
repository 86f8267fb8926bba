//! A server with TLS whose certificate no authority vouches for.

mod authorities;
mod handshakes;

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion,
};
use serde_json::json;

use crate::exit_codes::{args, fails_as};
use crate::support::mounts::{Mounts, skipped};
use crate::support::sandbox::{LIMIT, Running, Sandbox};

/// One connection, one request, one token response.
pub struct TlsServer {
    pub url: String,
    pub certificate: String,
    /// Whether a request came, once the connection has ended.
    served: Receiver<bool>,
}

/// How a server behaves.
pub struct Rules {
    versions: &'static [&'static SupportedProtocolVersion],
    /// Whether it takes none without a certificate.
    demands_certificate: bool,
    /// The answer, of a token response.
    answer: fn(&str) -> Vec<u8>,
    /// Whether it says that it closes the connection, as it should (RFC 8446 §6.1).
    says_goodbye: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            versions: rustls::ALL_VERSIONS,
            demands_certificate: false,
            answer: |body| {
                let length = body.len();
                format!("HTTP/1.1 200 \r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
            },
            says_goodbye: true,
        }
    }
}

impl TlsServer {
    pub fn start() -> Self {
        Self::start_with("127.0.0.1", |_| {})
    }

    /// With a certificate of its own for `name`.
    pub fn start_with(name: &str, change: impl FnOnce(&mut rcgen::CertificateParams)) -> Self {
        let mut params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut params);
        let signing_key = rcgen::KeyPair::generate().unwrap();
        let cert = params.self_signed(&signing_key).unwrap();
        Self::start_as(&cert.pem(), &signing_key.serialize_pem(), Rules::default())
    }

    /// With these rules, and a certificate for 127.0.0.1.
    pub fn start_ruled(rules: Rules) -> Self {
        let key = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        Self::start_as(&key.cert.pem(), &key.signing_key.serialize_pem(), rules)
    }

    /// With this certificate and its key, in PEM.
    pub fn start_as(certificate: &str, key: &str, rules: Rules) -> Self {
        let config = rules.config(certificate, key);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let (sender, served) = mpsc::channel();
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            sender.send(serve(stream, config, &rules).is_ok()).ok();
        });
        Self {
            url,
            certificate: certificate.to_owned(),
            served,
        }
    }

    /// A server that does not say whether it was asked.
    fn at(url: &str, certificate: &str) -> Self {
        Self {
            url: url.to_owned(),
            certificate: certificate.to_owned(),
            served: mpsc::channel().1,
        }
    }

    pub fn was_asked(&self) -> bool {
        let served = self.served.recv_timeout(LIMIT);
        served.expect("a connection to the server")
    }
}

impl Rules {
    fn config(&self, certificate: &str, key: &str) -> ServerConfig {
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(self.versions)
            .unwrap();
        let builder = if self.demands_certificate {
            let mut roots = RootCertStore::empty();
            roots.add(certificate.clone()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.unwrap())
        } else {
            builder.with_no_client_auth()
        };
        builder.with_single_cert(vec![certificate], key).unwrap()
    }
}

/// An error: the handshake failed, and no request came.
fn serve(stream: TcpStream, config: ServerConfig, rules: &Rules) -> std::io::Result<()> {
    stream.set_read_timeout(Some(LIMIT))?;
    let connection = ServerConnection::new(Arc::new(config)).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let mut request = [0; 4096];
    let length = stream.read(&mut request)?;
    // Or `doctor`, which only wants to be answered.
    let known = [&b"POST /oauth/token "[..], b"GET / "];
    assert!(
        known
            .iter()
            .any(|known| request[..length].starts_with(known))
    );
    let body = json!({"access_token": "at-SECRET-2", "refresh_token": "rt-SECRET-2"}).to_string();
    stream.write_all(&(rules.answer)(&body))?;
    if rules.says_goodbye {
        stream.conn.send_close_notify();
    }
    stream.flush()
}

/// A login there whose access token has expired, with this configuration.
pub fn expired(server: &TlsServer, config: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    import_expired(&sandbox, &server.url, config);
    sandbox
}

fn import_expired(sandbox: &Sandbox, host: &str, config: &str) {
    let path = sandbox.path("config.toml");
    std::fs::write(&path, config).unwrap();
    sandbox.import_expired(&["--config", path.to_str().unwrap()], host);
}

/// The same where `text` is the CA file of the configuration; its path, and the sandbox.
fn expired_with_authority(server: &TlsServer, text: impl AsRef<[u8]>) -> (Sandbox, String) {
    expired_at(&server.url, text)
}

/// The same at a host that may have another name.
pub fn expired_at(host: &str, authority: impl AsRef<[u8]>) -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let path = sandbox.path("ca.pem");
    std::fs::write(&path, authority).unwrap();
    let path = path.to_str().unwrap().to_owned();
    let config = format!("[hosts.'{host}']\nca_file = '{path}'\n");
    import_expired(&sandbox, host, &config);
    (sandbox, path)
}

#[test]
fn a_certificate_of_an_unknown_authority_is_tls_refused_and_nothing_was_sent() {
    let said = fails_as(2, "tls_refused", |form| {
        let server = TlsServer::start();
        let sandbox = expired(&server, "");
        let finished = sandbox.run(&args(form, &["token", &server.url]));
        assert!(!server.was_asked(), "a request in spite of the certificate");
        finished
    });
    assert!(
        said.message.contains("https://127.0.0.1:"),
        "{}",
        said.message
    );
    assert!(said.hint.contains("`ca_file`"), "{}", said.hint);
}

#[test]
fn a_certificate_of_another_name_or_time_is_refused_even_from_a_trusted_authority() {
    type Make = fn() -> TlsServer;
    let makes: [Make; 3] = [
        || TlsServer::start_with("gitlab.example", |_| {}),
        || {
            TlsServer::start_with("127.0.0.1", |params| {
                params.not_after = rcgen::date_time_ymd(2020, 1, 1);
            })
        },
        || {
            TlsServer::start_with("127.0.0.1", |params| {
                params.not_before = rcgen::date_time_ymd(4000, 1, 1);
            })
        },
    ];
    for make in makes {
        let server = make();
        let (sandbox, _) = expired_with_authority(&server, &server.certificate);
        let finished = sandbox.run(&["--json", "token"]);
        finished.fails_in_json(2, "tls_refused");
        assert!(!server.was_asked(), "a request in spite of the certificate");
    }
}

#[test]
fn a_server_without_tls_is_called_so_and_the_hint_says_how_it_is_named() {
    let said = fails_as(2, "tls_refused", |form| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let served = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let hello = stream.read(&mut [0; 4096]).unwrap();
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .unwrap();
            hello
        });
        let sandbox = Sandbox::new();
        let rest = ["login", "--device", "--client-id", "x", &host];
        let finished = sandbox.run(&args(form, &rest));
        assert!(served.join().unwrap() > 0);
        finished
    });
    assert!(
        said.message.ends_with("does not speak TLS"),
        "{}",
        said.message
    );
    assert!(said.hint.contains("`http://…`"), "{}", said.hint);
}

#[test]
fn an_authority_of_the_configuration_is_trusted_and_remembered() {
    let server = TlsServer::start();
    let (sandbox, _) = expired_with_authority(&server, &server.certificate);
    // The configuration is not needed any more.
    std::fs::remove_file(sandbox.path("config.toml")).unwrap();
    assert_eq!(sandbox.run(&["token"]).prints(), "at-SECRET-2");
    assert!(server.was_asked());
}

#[test]
fn an_authority_that_cannot_be_read_is_a_matter_of_configuration() {
    let said = fails_as(2, "config", |form| {
        let server = TlsServer::start();
        let config = format!("[hosts.'{}']\nca_file = '/nowhere.pem'\n", server.url);
        let sandbox = expired(&server, &config);
        sandbox.run(&args(form, &["token"]))
    });
    assert!(said.message.contains("/nowhere.pem"), "{}", said.message);
}

/// Also by the binary that is shipped, which brings a C library of its own along.
#[test]
fn names_are_looked_up_and_authorities_trusted_as_the_system_says() {
    const ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";
    let folder = tempfile::tempdir().unwrap();
    let hosts = folder.path().join("hosts");
    std::fs::write(&hosts, "127.0.0.1 gitlab.test\n").unwrap();
    let roots = folder.path().join("roots.pem");
    for named_by_variable in [true, false] {
        let server = TlsServer::start_with("gitlab.test", |_| {});
        std::fs::write(&roots, &server.certificate).unwrap();
        let script = if named_by_variable {
            "mount --bind \"$HOSTS\" /etc/hosts".to_owned()
        } else if Path::new(ROOTS).exists() {
            format!("mount --bind \"$HOSTS\" /etc/hosts; mount --bind \"$ROOTS\" {ROOTS}")
        } else {
            return skipped("the system's own authorities: they are not where Debian has them");
        };
        let paths = [("HOSTS", &*hosts), ("ROOTS", &*roots)];
        let Some(mounts) = Mounts::new(&script, &paths) else {
            return;
        };
        let sandbox = Sandbox::new();
        let url = server.url.replace("127.0.0.1", "gitlab.test");
        sandbox.import_expired(&[], &url);
        let mut command = sandbox.command(&["token", &url]);
        if named_by_variable {
            command.env("SSL_CERT_FILE", &roots);
        }
        let finished = Running::spawn(&mut mounts.inside(&command)).finish();
        assert_eq!(finished.prints(), "at-SECRET-2");
        assert!(server.was_asked());
    }
}

/// A certificate for 127.0.0.1 that vouches for itself, as PEM and as a server has it.
pub fn self_signed() -> (String, Arc<ServerConfig>) {
    let key = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let private = PrivateKeyDer::try_from(key.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![key.cert.der().clone()], private)
        .unwrap();
    (key.cert.pem(), Arc::new(server))
}
