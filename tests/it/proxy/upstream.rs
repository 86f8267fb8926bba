//! A server of the test's own: it says exactly what a test wants, byte by byte.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::sandbox::LIMIT;

/// A request without its body.
#[derive(Clone, Debug, Default)]
pub struct Head(pub Vec<String>);

impl Head {
    /// The method and the target.
    pub fn line(&self) -> &str {
        self.0[0].trim_end_matches(" HTTP/1.1")
    }

    /// The only header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.0.iter().filter_map(|line| line.split_once(": "));
        let found: Vec<_> = lines
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .collect();
        assert!(found.len() < 2, "{name} twice: {self:?}");
        found.first().map(|(_, value)| *value)
    }

    pub fn token(&self) -> &str {
        self.header("authorization")
            .unwrap()
            .strip_prefix("Bearer ")
            .unwrap()
    }
}

/// A connection, behind the head of a request.
pub type Connection = BufReader<TcpStream>;

pub struct Upstream {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<Head>>>,
}

impl Upstream {
    /// Serves each request, in a thread for each connection, with `serve`. `false` ends the connection.
    pub fn start(serve: impl Fn(&Head, &mut Connection) -> bool + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heads: Arc<Mutex<Vec<Head>>> = Arc::default();
        let (seen, serve) = (Arc::clone(&heads), Arc::new(serve));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, serve) = (Arc::clone(&seen), Arc::clone(&serve));
                let stream = stream.unwrap();
                stream.set_read_timeout(Some(LIMIT)).unwrap();
                thread::spawn(move || {
                    let mut connection = BufReader::new(stream);
                    while let Some(head) = read_head(&mut connection) {
                        seen.lock().unwrap().push(head.clone());
                        if !serve(&head, &mut connection) {
                            break;
                        }
                    }
                });
            }
        });
        Self { address, heads }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// The requests so far.
    pub fn heads(&self) -> Vec<Head> {
        self.heads.lock().unwrap().clone()
    }
}

/// The head of a message; `None`: the connection has ended.
pub fn read_head(connection: &mut Connection) -> Option<Head> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => return Some(Head(lines)),
            line => lines.push(line.to_owned()),
        }
    }
}

/// The body of a request.
pub fn read_body(head: &Head, connection: &mut Connection) -> Vec<u8> {
    if let Some(length) = head.header("content-length") {
        let mut body = vec![0; length.parse().unwrap()];
        connection.read_exact(&mut body).unwrap();
        return body;
    }
    let mut body = Vec::new();
    if head.header("transfer-encoding").is_some() {
        while let Some(piece) = read_piece(connection) {
            body.extend(piece);
        }
    }
    body
}

/// The next piece of a chunked body.
pub fn read_piece(connection: &mut Connection) -> Option<Vec<u8>> {
    let mut size = String::new();
    connection.read_line(&mut size).unwrap();
    let size = usize::from_str_radix(size.trim_end(), 16).unwrap();
    let mut piece = vec![0; size + 2];
    connection.read_exact(&mut piece).unwrap();
    piece.truncate(size);
    (!piece.is_empty()).then_some(piece)
}
