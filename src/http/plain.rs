//! Whether a server that is silent speaks plain HTTP: some wait for the end of a line that no TLS
//! handshake has.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use url::Url;

use crate::signals::{BlockedSignals, read_some};

/// How long the answer may take. The other question goes on meanwhile.
const LIMIT: Duration = Duration::from_secs(2);

/// The most of an answer's head that is read, in bytes.
const HEAD_LIMIT: usize = 4 * 1024;

/// Asks for the root, without anything that is secret, in a thread of its own: the look-up of a
/// name may hang.
pub(super) fn answers(url: &Url) -> bool {
    let (sender, receiver) = mpsc::channel();
    let url = url.clone();
    let held = BlockedSignals::new();
    let started = thread::Builder::new()
        .name("plain".to_owned())
        .spawn(move || sender.send(ask(&url).is_ok_and(|head| is_plain(&head))));
    drop(held);
    started.is_ok() && receiver.recv_timeout(LIMIT).unwrap_or_default()
}

fn ask(url: &Url) -> std::io::Result<String> {
    let addresses = url.socket_addrs(|| None)?;
    let mut stream = TcpStream::connect(&*addresses)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    let host = url.host_str().unwrap_or_default();
    write!(
        stream,
        "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )?;
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    // The connection may stay open behind the head, or the head may never end.
    while head.len() < HEAD_LIMIT && !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match read_some(&mut stream, &mut chunk)? {
            0 => break,
            length => head.extend_from_slice(&chunk[..length]),
        }
    }
    Ok(String::from_utf8_lossy(&head).to_ascii_lowercase())
}

/// Not what servers with TLS answer to a request without it: 400, or a redirection to https.
fn is_plain(head: &str) -> bool {
    let is_http = head.starts_with("http/1.");
    let is_refusal = head.get(8..12) == Some(" 400");
    is_http && !is_refusal && !head.contains("\nlocation: https:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_with_tls_say_to_a_plain_question_is_not_taken_for_http() {
        for (head, plain) in [
            ("http/1.1 200 ok\r\n\r\n", true),
            ("http/1.0 404 not found\r\n\r\n", true),
            (
                "http/1.1 302 found\r\nlocation: /users/sign_in\r\n\r\n",
                true,
            ),
            (
                "http/1.1 400 bad request\r\n\r\nplain HTTP to HTTPS port",
                false,
            ),
            (
                "http/1.1 301 moved\r\nlocation: https://x.example/\r\n\r\n",
                false,
            ),
            ("ssh-2.0-openssh_9.2\r\n", false),
            ("", false),
        ] {
            assert_eq!(is_plain(head), plain, "{head}");
        }
    }
}
