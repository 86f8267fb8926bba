//! An HTTP message: a request as it is read, an answer as it is written.

use std::io::{ErrorKind, Read, Write};

/// More than any honest request to this server has.
const MAX_REQUEST_BYTES: usize = 64 * 1024;
const MAX_HEADERS: usize = 64;

/// As [`Read::read`], and again after a signal: on a socket with a time limit the system does not go on by
/// itself, even where the signal does nothing.
pub fn read_some(stream: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    loop {
        match stream.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// What a client sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// The target without its query.
    pub path: String,
    /// What followed the `?`.
    pub(super) query: Option<String>,
    /// All headers, as they were written.
    pub(super) headers: Vec<(String, String)>,
    /// The decoded body, when the content type says that it is a form; a key may be there twice.
    pub(super) form: Vec<(String, String)>,
    /// The body, when the content type says that it is JSON.
    pub json: serde_json::Value,
}

impl Request {
    /// The first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, |key| key.eq_ignore_ascii_case(name))
    }

    /// The first form parameter of that name. One without a value counts as omitted
    /// (RFC 6749 §3.2).
    pub fn parameter(&self, name: &str) -> Option<&str> {
        find(&self.form, |key| key == name).filter(|value| !value.is_empty())
    }

    /// The first parameter of that name behind the `?`.
    pub(super) fn query_parameter(&self, name: &str) -> Option<String> {
        let mut parameters = self.query_parameters().into_iter();
        let (_, value) = parameters.find(|(key, _)| key == name)?;
        Some(value)
    }

    /// All parameters behind the `?`.
    pub(super) fn query_parameters(&self) -> Vec<(String, String)> {
        parse_form(self.query.as_deref().unwrap_or_default())
    }

    /// The token of an `Authorization: Bearer` header (RFC 6750 §2.1).
    pub fn bearer_token(&self) -> Option<&str> {
        self.authorization("Bearer")
    }

    /// The credentials of an `Authorization` header with this scheme, in any case (RFC 9110
    /// §11.4).
    pub(super) fn authorization(&self, scheme: &str) -> Option<&str> {
        let (sent, credentials) = self.header("Authorization")?.split_once(' ')?;
        sent.eq_ignore_ascii_case(scheme)
            .then_some(credentials.trim())
    }

    /// Whether the body is what RFC 6749 wants for every request of a client.
    pub(super) fn has_form(&self) -> bool {
        let content_type = self.header("Content-Type").unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default();
        media_type
            .trim()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }

    /// Reads one request. `Ok(None)`: the connection ended or stalled before the request was
    /// whole, as it does when a client is killed; nothing was asked. An error says what is wrong
    /// with the bytes.
    pub(super) fn read(stream: &mut impl Read) -> Result<Option<Self>, String> {
        let mut received = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let Ok(length @ 1..) = read_some(stream, &mut chunk) else {
                return Ok(None);
            };
            received.extend_from_slice(&chunk[..length]);
            if let Some(request) = Self::parse(&received)? {
                return Ok(Some(request));
            }
            if received.len() > MAX_REQUEST_BYTES {
                return Err(format!("more than {MAX_REQUEST_BYTES} bytes"));
            }
        }
    }

    /// `None` while bytes are missing.
    fn parse(received: &[u8]) -> Result<Option<Self>, String> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Request::new(&mut headers);
        let parsed = head.parse(received).map_err(|error| error.to_string())?;
        let httparse::Status::Complete(head_length) = parsed else {
            return Ok(None);
        };
        let mut request = Self::from_head(&head)?;
        let body = &received[head_length..];
        let length = request.content_length()?;
        if body.len() > length {
            return Err("bytes after the end of the request".to_owned());
        }
        if body.len() < length {
            return Ok(None);
        }
        if request.has_form() {
            request.form = parse_form(&String::from_utf8_lossy(body));
        } else if request.header("Content-Type") == Some("application/json") && !body.is_empty() {
            request.json = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        }
        Ok(Some(request))
    }

    fn from_head(head: &httparse::Request<'_, '_>) -> Result<Self, String> {
        let target = head.path.unwrap_or_default();
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        let mut headers = Vec::with_capacity(head.headers.len());
        for header in &*head.headers {
            let value = str::from_utf8(header.value)
                .map_err(|_| format!("the header {} is no text", header.name))?;
            headers.push((header.name.to_owned(), value.to_owned()));
        }
        Ok(Self {
            method: head.method.unwrap_or_default().to_owned(),
            path: path.to_owned(),
            query,
            headers,
            form: Vec::new(),
            json: serde_json::Value::Null,
        })
    }

    fn content_length(&self) -> Result<usize, String> {
        if self.header("Transfer-Encoding").is_some() {
            return Err("a transfer coding".to_owned());
        }
        let length = self.header("Content-Length").unwrap_or("0");
        length
            .parse()
            .map_err(|_| "a Content-Length that is no number".to_owned())
    }
}

fn find(pairs: &[(String, String)], matches: impl Fn(&str) -> bool) -> Option<&str> {
    let mut pairs = pairs.iter();
    pairs
        .find(|(key, _)| matches(key))
        .map(|(_, value)| value.as_str())
}

/// `application/x-www-form-urlencoded`, as the URL standard defines it.
fn parse_form(body: &str) -> Vec<(String, String)> {
    let parts = body.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(key, value)| (form_decoded(key), form_decoded(value)))
        .collect()
}

/// A `%` without two hex digits stands for itself.
pub(super) fn form_decoded(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        let digits = tail.get(..2).filter(|_| *byte == b'%');
        if let Some(escaped) = digits.and_then(hex_byte) {
            decoded.push(escaped);
            rest = &tail[2..];
        } else {
            decoded.push(if *byte == b'+' { b' ' } else { *byte });
            rest = tail;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    // `from_str_radix` alone would take a sign.
    let digits = str::from_utf8(digits)
        .ok()
        .filter(|text| !text.starts_with('+'))?;
    u8::from_str_radix(digits, 16).ok()
}

/// What the server says. `Content-Length` and `Connection: close` are added when it is written.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub(super) status: u16,
    /// The headers.
    pub(super) headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// An answer with nothing but a status.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// An answer in JSON: a `serde_json::Value`, or its text.
    pub fn json(status: u16, body: &impl ToString) -> Self {
        Self::new(status)
            .header("Content-Type", "application/json; charset=utf-8")
            .header("Cache-Control", "no-store")
            .body(body.to_string())
    }

    /// The same answer with another status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same answer with one header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same answer with this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The bytes on the wire (RFC 9112 §4; the reason phrase may be empty).
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = format!("HTTP/1.1 {} \r\n", self.status).into_bytes();
        let length = self.body.len();
        write!(bytes, "Connection: close\r\nContent-Length: {length}\r\n").unwrap();
        for (name, value) in &self.headers {
            write!(bytes, "{name}: {value}\r\n").unwrap();
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}
