//! As much HTTP as a request to the test server takes.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

/// What the server said.
pub struct Answer {
    pub status: u16,
    pub body: String,
}

/// A request with an access token (RFC 6750 §2.1).
pub fn get(address: &str, path: &str, token: &str) -> io::Result<Answer> {
    let head = format!("GET {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n");
    exchange(address, &head, "")
}

/// A form, as a token endpoint takes it (RFC 6749 §3.2).
pub fn post(address: &str, path: &str, form: &str) -> io::Result<Answer> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nAccept: application/json\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n"
    );
    exchange(address, &head, form)
}

/// The server closes the connection after its answer.
fn exchange(address: &str, head: &str, body: &str) -> io::Result<Answer> {
    let length = body.len();
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "{head}Host: {address}\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let status = text.split(' ').nth(1).and_then(|word| word.parse().ok());
    let (_, body) = text.split_once("\r\n\r\n").unwrap_or_default();
    Ok(Answer {
        status: status.ok_or(io::ErrorKind::InvalidData)?,
        body: body.to_owned(),
    })
}
