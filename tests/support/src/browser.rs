//! A browser without a face: it gets pages, follows redirects, and tells what it saw.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use url::Url;

use super::sandbox::LIMIT;

/// More than any honest server sends it round.
const REDIRECT_LIMIT: usize = 5;

/// A page, or what came instead; status 0: the connection was closed without an answer.
#[derive(Debug)]
pub struct Seen {
    pub url: Url,
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Seen {
    /// The text of the page's only heading.
    #[track_caller]
    pub fn heading(&self) -> &str {
        let (_, rest) = self.body.split_once("<h1>").expect("a heading");
        rest.split_once("</h1>").expect("a heading").0
    }

    /// Where the page leads by itself.
    pub fn next(&self) -> Option<String> {
        let (_, rest) = self
            .body
            .split_once("<meta http-equiv=\"refresh\" content=\"")?;
        let (content, _) = rest.split_once('"')?;
        let (_, url) = content.split_once("url=")?;
        Some(url.replace("&#39;", "'").replace("&amp;", "&"))
    }

    /// The first header of that name.
    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        let (_, value) = headers.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value)
    }
}

/// Opens an address as a person's browser does, to the page where it ends.
#[track_caller]
pub fn open(address: &str) -> Seen {
    let mut seen = get(address);
    for _ in 0..REDIRECT_LIMIT {
        let Some(location) = redirect(&seen) else {
            return seen;
        };
        seen = get(&location);
    }
    panic!("sent round in circles: {seen:?}");
}

/// Opens an address and stops where a redirect leads, which the browser does not follow.
#[track_caller]
pub fn open_but_stay(address: &str) -> String {
    let seen = get(address);
    redirect(&seen).unwrap_or_else(|| panic!("no redirect: {seen:?}"))
}

fn redirect(seen: &Seen) -> Option<String> {
    let location = seen.header("Location").filter(|_| seen.status == 302)?;
    Some(seen.url.join(location).unwrap().to_string())
}

/// Gets one page.
#[track_caller]
pub fn get(address: &str) -> Seen {
    let url = Url::parse(address).unwrap();
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\r\n");
    let answer = send(&url, request.as_bytes());
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    Seen {
        status: head.get(9..12).map_or(0, |status| status.parse().unwrap()),
        head: head.to_owned(),
        body: body.to_owned(),
        url,
    }
}

/// Sends bytes to where an address leads, HTTP or not, and returns all that comes back.
#[track_caller]
pub fn send(url: &Url, bytes: &[u8]) -> String {
    let address = url.socket_addrs(|| None).unwrap();
    let mut stream = TcpStream::connect(&*address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    // Who is closed out before it has said everything has an answer too.
    stream.write_all(bytes).ok();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();
    String::from_utf8(answer).unwrap()
}
