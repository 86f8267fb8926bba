//! What of a message's headers is for the next hop alone (RFC 9110 §7.6.1), what glauth replaces, and what names the
//! proxy instead of the server.

use hyper::HeaderMap;
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_TYPE, EXPECT, HOST, HeaderName, HeaderValue, LOCATION,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use url::Url;

use super::address::LocalAddress;

/// For the next hop alone, whatever `Connection` says.
const OF_ONE_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// What glauth says itself, or has done already.
const OF_GLAUTH: [HeaderName; 3] = [AUTHORIZATION, EXPECT, HOST];

/// The protocol that a request asks to go on with. HTTP/2 is none: one connection would carry many requests with one
/// token.
pub(super) fn wanted_upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let is_asked = in_connection(headers).any(|name| name == "upgrade");
    let protocol = headers.get(UPGRADE).filter(|_| is_asked)?;
    let text = protocol.to_str().ok()?;
    let mut names = text.split(',').map(|name| name.trim().to_ascii_lowercase());
    let is_http = names.any(|name| name.starts_with("h2") || name.starts_with("http/"));
    (!is_http).then(|| protocol.clone())
}

/// A request's headers, as the server gets them, still without a token.
pub(super) fn for_server(
    headers: &HeaderMap,
    address: &LocalAddress,
    upgrade: Option<&HeaderValue>,
) -> HeaderMap {
    let mut passed = end_to_end(headers);
    for name in OF_GLAUTH {
        passed.remove(name);
    }
    let naming: Vec<HeaderName> = passed
        .iter()
        .filter(|(_, value)| address.is_named_in(value.as_bytes()))
        .map(|(name, _)| name.clone())
        .collect();
    for name in naming {
        let values: Vec<HeaderValue> = passed.get_all(&name).iter().cloned().collect();
        passed.remove(&name);
        let values = values.iter().filter_map(|value| {
            let text = address.without_secret(value.to_str().ok()?)?;
            HeaderValue::from_str(&text).ok()
        });
        for value in values {
            passed.append(name.clone(), value);
        }
    }
    if let Some(protocol) = upgrade {
        ask_for(&mut passed, protocol);
    }
    passed
}

/// An answer's headers, as the command gets them. `asked`: the server's address that answers.
pub(super) fn for_command(headers: &HeaderMap, address: &LocalAddress, asked: &Url) -> HeaderMap {
    let mut passed = end_to_end(headers);
    let location = passed.get(LOCATION).and_then(|value| value.to_str().ok());
    let here = location.and_then(|location| address.of_redirect(location, asked));
    if let Some(here) = here.and_then(|text| HeaderValue::from_str(&text).ok()) {
        passed.insert(LOCATION, here);
    }
    passed
}

/// Whether an answer is a stream of events (WHATWG HTML §9.2), which ends when one side has had enough.
pub(super) fn is_event_stream(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("text/event-stream"))
}

/// Says that both ends go on with another protocol.
pub(super) fn ask_for(headers: &mut HeaderMap, protocol: &HeaderValue) {
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, protocol.clone());
}

fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut passed = headers.clone();
    for name in in_connection(headers) {
        passed.remove(name);
    }
    for name in OF_ONE_HOP {
        passed.remove(name);
    }
    passed
}

/// What `Connection` lists, in lower case.
fn in_connection(headers: &HeaderMap) -> impl Iterator<Item = String> {
    let lists = headers.get_all(CONNECTION).iter();
    let lists = lists.filter_map(|list| list.to_str().ok());
    let names = lists.flat_map(|list| list.split(','));
    names.map(|name| name.trim().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> LocalAddress {
        let origin = Url::parse("https://npm.example").unwrap();
        LocalAddress::new(4711, "", origin).unwrap()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let value = HeaderValue::from_str(value).unwrap();
            (HeaderName::from_static(name), value)
        });
        pairs.collect()
    }

    #[test]
    fn a_request_keeps_what_is_for_the_server() {
        let address = address();
        let here = address.url();
        let found = for_server(
            &headers(&[
                ("host", "127.0.0.1:4711"),
                ("authorization", "Basic eA=="),
                ("proxy-authorization", "Basic eA=="),
                ("connection", "keep-alive, X-Mine"),
                ("x-mine", "1"),
                ("keep-alive", "timeout=5"),
                ("te", "trailers"),
                ("transfer-encoding", "chunked"),
                ("expect", "100-continue"),
                ("upgrade", "h2c"),
                ("cookie", "a=b"),
                ("accept", "text/html"),
                ("referer", &format!("{here}/page")),
                ("x-secret", here.rsplit('/').next().unwrap()),
            ]),
            &address,
            None,
        );
        let expected = headers(&[
            ("cookie", "a=b"),
            ("accept", "text/html"),
            ("referer", "https://npm.example/page"),
        ]);
        assert_eq!(found, expected);
    }

    #[test]
    fn an_upgrade_is_asked_for_but_for_one_to_http() {
        let asks = |connection, protocol| {
            let headers = headers(&[("connection", connection), ("upgrade", protocol)]);
            wanted_upgrade(&headers)
        };
        let websocket = asks("keep-alive, Upgrade", "websocket").unwrap();
        assert_eq!(websocket, "websocket");
        assert!(asks("keep-alive", "websocket").is_none());
        for protocol in ["h2c", "H2C", "websocket, h2c", "HTTP/2.0"] {
            assert!(asks("upgrade", protocol).is_none(), "{protocol}");
        }
        let sent = for_server(&HeaderMap::new(), &address(), Some(&websocket));
        assert_eq!(
            sent,
            headers(&[("connection", "upgrade"), ("upgrade", "websocket")])
        );
    }

    #[test]
    fn an_answer_keeps_what_is_for_the_command() {
        let address = address();
        let asked = Url::parse("https://npm.example/a").unwrap();
        let of = |location: &str| {
            let answer = headers(&[
                ("connection", "close"),
                ("transfer-encoding", "chunked"),
                ("content-length", "3"),
                ("location", location),
            ]);
            for_command(&answer, &address, &asked)
        };
        let here = format!("{}/b", address.url());
        let expected = headers(&[("content-length", "3"), ("location", &here)]);
        assert_eq!(of("/b"), expected);
        assert_eq!(
            of("https://cdn.example/b")["location"],
            "https://cdn.example/b"
        );
    }
}
