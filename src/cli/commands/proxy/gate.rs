//! Which requests are let in: those of the command, to our own address. A page in a browser, a name of another site
//! that leads here, and a program that has no secret are not.

use hyper::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, ORIGIN};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use url::Url;

use super::address::LocalAddress;

/// Headers that browsers alone send, about the page that a request is from.
const OF_A_BROWSER: [HeaderName; 2] = [ORIGIN, HeaderName::from_static("sec-fetch-site")];

/// Why a request does not get further.
pub(super) struct Barred(pub StatusCode, pub &'static str);

/// The server's address that a request is for.
pub(super) fn admit(request: &Parts, address: &LocalAddress) -> Result<Url, Barred> {
    if request.method == Method::CONNECT {
        let reason = "this is a proxy of one server, and makes no tunnels";
        return Err(Barred(StatusCode::METHOD_NOT_ALLOWED, reason));
    }
    if request.uri.authority().is_some() {
        let reason = "this is a proxy of one server: use its address as that of the server";
        return Err(Barred(StatusCode::BAD_REQUEST, reason));
    }
    let mut hosts = request.headers.get_all(HOST).iter();
    let host = hosts.next().map(HeaderValue::as_bytes);
    if host != Some(address.authority.as_bytes()) || hosts.next().is_some() {
        return Err(Barred(
            StatusCode::FORBIDDEN,
            "the request is for another host",
        ));
    }
    let is_of_browser = |name| request.headers.contains_key(name);
    if OF_A_BROWSER.iter().any(is_of_browser) {
        return Err(Barred(
            StatusCode::FORBIDDEN,
            "requests from web pages are refused",
        ));
    }
    let shown = request.headers.get(AUTHORIZATION);
    let is_shown = || shown.is_some_and(|shown| address.is_shown_in(shown));
    let whole = request.uri.path();
    if !whole.starts_with('/') {
        let reason = "the request is for no path of the server";
        return Err(Barred(StatusCode::BAD_REQUEST, reason));
    }
    let path = address.behind_secret(whole);
    let path = path.or_else(|| is_shown().then_some(whole));
    let Some(path) = path else {
        return Err(Barred(StatusCode::NOT_FOUND, "there is nothing here"));
    };
    let url = address.at_server(path, request.uri.query());
    let reason = "the path or query contains this proxy's secret";
    url.ok_or(Barred(StatusCode::BAD_REQUEST, reason))
}
