//! A foreign page, or a program, that talks to the listener while a login waits.

use std::io::Write as _;
use std::net::TcpStream;

use url::Url;

use crate::login::{CLIENT, Waiting};
use crate::support::authorization_server::{AuthorizationServer, TOKEN};
use crate::support::browser;
use crate::support::sandbox::Sandbox;

fn listener(waiting: &Waiting) -> Url {
    Url::parse(&waiting.asked("redirect_uri")).unwrap()
}

#[test]
fn other_states_paths_errors_and_methods_end_nothing() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let waiting = Waiting::start(&sandbox, &server, &CLIENT);
    let base = listener(&waiting);
    let state = waiting.asked("state");
    for target in [
        String::new(),
        "favicon.ico".to_owned(),
        "?".to_owned(),
        "?code=x".to_owned(),
        "?code=x&state=".to_owned(),
        "?code=x&state=x".to_owned(),
        "?error=access_denied".to_owned(),
        "?error=access_denied&state=x".to_owned(),
        // The page cannot know ours, not even then.
        format!("?state={state}"),
        format!("?code=x&code=y&state={state}"),
        format!("?code=x&state={state}&state=x"),
        format!("other/path?code=x&state={state}"),
        format!("/?code=x&state={state}"),
    ] {
        let seen = browser::get(&format!("{base}{target}"));
        assert_eq!(seen.status, 404, "{target}: {seen:?}");
        assert!(!seen.body.contains(&state), "{seen:?}");
    }
    for request in [
        format!("POST /?code=x&state={state} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"),
        format!("OPTIONS /?code=x&state={state} HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("HEAD /?code=x&state={state} HTTP/1.1\r\nHost: x\r\n\r\n"),
        "\u{16}\u{3}\u{1}\u{0}\u{0}".to_owned() + "hello\r\n\r\n",
        "\r\n\r\nx\r\n\r\n".to_owned(),
        format!("GET /?{} HTTP/1.1\r\n\r\n", "x".repeat(70_000)),
        format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(200)),
    ] {
        let answer = browser::send(&base, request.as_bytes());
        assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert_eq!(server.count(TOKEN), 0);
    let (seen, finished) = waiting.consent();
    assert!(seen.heading().starts_with("Logged in"), "{seen:?}");
    finished.succeeds();
    assert_eq!(server.count(TOKEN), 1);
}

#[test]
fn connections_that_say_nothing_keep_no_browser_out() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let waiting = Waiting::start(&sandbox, &server, &CLIENT);
    let address = listener(&waiting).socket_addrs(|| None).unwrap();
    // A browser's preconnects, and one that stops in the middle of a word.
    let mut silent: Vec<TcpStream> = (0..20)
        .map(|_| TcpStream::connect(&*address).unwrap())
        .collect();
    silent[0].write_all(b"GET /?co").unwrap();
    let (seen, finished) = waiting.consent();
    assert!(seen.heading().starts_with("Logged in"), "{seen:?}");
    finished.succeeds();
    drop(silent);
}

#[test]
fn a_page_of_the_listener_can_be_put_in_no_frame_and_stays_in_no_cache() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let waiting = Waiting::start(&sandbox, &server, &CLIENT);
    let stray = browser::get(listener(&waiting).as_str());
    let (seen, finished) = waiting.consent();
    finished.succeeds();
    for page in [stray, seen] {
        for header in [
            "Content-Security-Policy: default-src 'none';",
            "frame-ancestors 'none'",
            "Cache-Control: no-store",
            "Referrer-Policy: no-referrer",
            "X-Content-Type-Options: nosniff",
        ] {
            assert!(page.head.contains(header), "{header}: {page:?}");
        }
        assert!(!page.head.contains("Access-Control"), "{page:?}");
    }
}
