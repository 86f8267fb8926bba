//! HTTP as far as other programs speak it to a server of a test: requests whole, one for each connection, with TLS or
//! without.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::authorization_server::read_some;
use super::sandbox::LIMIT;

/// Every user's name beside an OAuth token, as older GitLab demands it and Bitbucket with its own name does.
const USERNAME: &str = "oauth2";

/// A request: its head as it came, what matters of it, and its body as it was meant.
pub struct Received {
    pub raw: Vec<u8>,
    pub method: String,
    pub path: String,
    pub query: String,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The password of a Basic header, beside the one user name that the server takes for a token, or a Bearer
    /// token.
    pub fn token(&self) -> Option<String> {
        let (scheme, credentials) = self.header("Authorization")?.split_once(' ')?;
        match scheme.to_ascii_lowercase().as_str() {
            "bearer" => Some(credentials.to_owned()),
            "basic" => {
                use base64::Engine as _;
                let engine = base64::engine::general_purpose::STANDARD;
                let text = String::from_utf8(engine.decode(credentials).ok()?).ok()?;
                let (username, password) = text.split_once(':')?;
                (username == USERNAME).then(|| password.to_owned())
            }
            _ => None,
        }
    }
}

/// Whatever a connection is: plain, or with TLS.
pub trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

/// Takes a connection, and lets `serve` answer on it.
pub fn accept(
    mut stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    serve: impl FnOnce(&mut dyn Stream),
) {
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    let Some(tls) = tls else {
        serve(&mut stream);
        stream.shutdown(Shutdown::Write).ok();
        return;
    };
    let mut stream = StreamOwned::new(ServerConnection::new(tls).unwrap(), stream);
    serve(&mut stream);
    stream.conn.send_close_notify();
    stream.flush().ok();
}

/// Reads a request; `None`: it ends too early.
pub fn receive(stream: &mut (impl Read + Write + ?Sized)) -> Option<Received> {
    let mut raw = Vec::new();
    let head_length = loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        match httparse::Request::new(&mut headers).parse(&raw).ok()? {
            httparse::Status::Complete(length) => break length,
            httparse::Status::Partial => read_more(stream, &mut raw)?,
        }
    };
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut request = httparse::Request::new(&mut headers);
    request.parse(&raw[..head_length]).ok()?;
    let target = request.path?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    let method = request.method?.to_owned();
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers = request.headers.iter();
    let headers = headers
        .map(|h| (h.name.to_owned(), text(h.value)))
        .collect();
    let mut received = Received {
        raw,
        method,
        path,
        query,
        headers,
        body: Vec::new(),
    };
    if received.header("Expect").is_some() {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
        stream.flush().ok()?;
    }
    if received.header("Transfer-Encoding").is_some() {
        let mut rest = received.raw.split_off(head_length);
        received.body = read_chunks(stream, &mut rest)?;
    } else {
        let length: usize = received
            .header("Content-Length")
            .unwrap_or("0")
            .parse()
            .ok()?;
        while received.raw.len() < head_length + length {
            read_more(stream, &mut received.raw)?;
        }
        received.body = received.raw[head_length..].to_vec();
    }
    Some(received)
}

/// RFC 9112 §7.1.
fn read_chunks(stream: &mut (impl Read + ?Sized), rest: &mut Vec<u8>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let (start, length) = match httparse::parse_chunk_size(rest).ok()? {
            httparse::Status::Complete((start, length)) => (start, usize::try_from(length).ok()?),
            httparse::Status::Partial => {
                read_more(stream, rest)?;
                continue;
            }
        };
        let end = start + length;
        while rest.len() < end + 2 {
            read_more(stream, rest)?;
        }
        body.extend_from_slice(&rest[start..end]);
        rest.drain(..end + 2);
        if length == 0 {
            return Some(body);
        }
    }
}

fn read_more(mut stream: &mut (impl Read + ?Sized), received: &mut Vec<u8>) -> Option<()> {
    let mut chunk = [0; 16 * 1024];
    let length = read_some(&mut stream, &mut chunk)
        .ok()
        .filter(|length| *length > 0)?;
    received.extend_from_slice(&chunk[..length]);
    Some(())
}
