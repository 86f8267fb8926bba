//! What goes to the server, and what comes back.

use std::io::Write as _;

use super::upstream::{Upstream, read_body};
use super::{Proxied, log_in_at};
use crate::support::authorization_server::{AuthorizationServer, USER};
use crate::support::sandbox::Sandbox;

/// A server that says 200 to everything, with the body that it got.
fn echo() -> Upstream {
    Upstream::start(|head, connection| {
        let body = read_body(head, connection);
        let stream = connection.get_mut();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .unwrap();
        stream.write_all(&body).unwrap();
        true
    })
}

#[test]
fn each_request_bears_the_token_and_no_request_goes_elsewhere_for_it() {
    let server = AuthorizationServer::start();
    let (sandbox, pair) = Sandbox::logged_in(&server);
    let proxied = Proxied::start(&sandbox, &server.url());
    for _ in 0..3 {
        let reply = proxied.get(USER);
        assert_eq!(reply.status, 200, "{reply:?}");
        assert!(reply.body.contains("jane"), "{reply:?}");
    }
    proxied.end().succeeds();
    let asked = server.requests();
    let tokens = asked.iter().filter(|one| one.request.path == USER);
    let tokens: Vec<_> = tokens.map(|one| one.request.bearer_token()).collect();
    assert_eq!(tokens, [Some(pair.access_token.as_str()); 3]);
    assert_eq!(server.refresh_requests(), 0);
}

#[test]
fn a_request_arrives_as_it_was_but_for_what_is_the_proxys() {
    let (server, upstream) = (AuthorizationServer::start(), echo());
    let (sandbox, pair) = log_in_at(&upstream.url(), &server);
    let proxied = Proxied::start(&sandbox, &upstream.url());
    let headers = format!(
        "Authorization: Basic eA==\r\nProxy-Authorization: Basic eA==\r\nX-One: 1\r\nConnection: x-hop\r\nX-Hop: 1\r\n\
         Cookie: a=b\r\nReferer: {}/page\r\nX-Mine: {}\r\nKeep-Alive: 5\r\nTE: trailers\r\n",
        proxied.url,
        proxied.secret()
    );
    let reply = proxied.ask("PUT", "/@scope%2fname?a=%20b&c", &headers, b"the body");
    assert_eq!((reply.status, reply.body.as_str()), (200, "the body"));
    let [head] = &upstream.heads()[..] else {
        panic!("{:?}", upstream.heads())
    };
    assert_eq!(head.line(), "PUT /@scope%2fname?a=%20b&c");
    assert_eq!(head.token(), pair.access_token);
    assert_eq!(head.header("host"), Some(&*upstream.host()));
    assert_eq!(head.header("x-one"), Some("1"));
    assert_eq!(head.header("cookie"), Some("a=b"));
    let referer = format!("{}/page", upstream.url());
    assert_eq!(head.header("referer"), Some(&*referer));
    for name in [
        "proxy-authorization",
        "x-hop",
        "x-mine",
        "keep-alive",
        "te",
        "connection",
    ] {
        assert_eq!(head.header(name), None, "{name}");
    }
    assert!(!format!("{head:?}").contains(proxied.secret()));
}

#[test]
fn the_address_has_the_path_of_a_url() {
    let (server, upstream) = (AuthorizationServer::start(), echo());
    let (sandbox, _) = log_in_at(&upstream.url(), &server);
    let proxied = Proxied::start(&sandbox, &format!("{}/api/v4/npm", upstream.url()));
    assert!(proxied.path().ends_with("/api/v4/npm"), "{}", proxied.url);
    assert_eq!(proxied.get("").status, 200);
    assert_eq!(proxied.get("/x").status, 200);
    let root = format!("/{}", proxied.secret());
    let request = format!(
        "GET {root} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        proxied.authority()
    );
    assert_eq!(proxied.send(request.as_bytes()).status, 200);
    let heads = upstream.heads();
    let lines: Vec<_> = heads.iter().map(super::upstream::Head::line).collect();
    assert_eq!(lines, ["GET /api/v4/npm", "GET /api/v4/npm/x", "GET /"]);
}

#[test]
fn the_secret_can_be_shown_as_a_token_and_goes_no_further() {
    let (server, upstream) = (AuthorizationServer::start(), echo());
    let (sandbox, pair) = log_in_at(&upstream.url(), &server);
    let script = "echo $GLAUTH_PROXY_URL $GLAUTH_PROXY_HOST $GLAUTH_PROXY_SECRET; read -r end";
    let url = upstream.url();
    let args = ["proxy", &url, "--", "/bin/sh", "-c", script];
    let mut proxied = Proxied::spawn(&mut sandbox.command(&args));
    let printed = proxied.url.clone();
    let [address, host, secret] = printed.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{printed}")
    };
    address.clone_into(&mut proxied.url);
    assert_eq!((host, secret), (proxied.authority(), proxied.secret()));
    let ask = |line: &str, token: &str| {
        let head = format!(
            "{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nReferer: http://{host}/npm\r\n"
        );
        proxied.send(format!("{head}Authorization: Bearer {token}\r\n\r\n").as_bytes())
    };
    assert_eq!(ask("GET /npm/x", secret).status, 200);
    for other in ["x", &pair.access_token, &secret[1..]] {
        assert_eq!(ask("GET /npm/x", other).status, 404, "{other}");
    }
    // A question about the whole server, which has no path.
    assert_eq!(ask("OPTIONS *", secret).status, 400);
    let [head] = &upstream.heads()[..] else {
        panic!("{:?}", upstream.heads())
    };
    assert_eq!(
        (head.line(), head.token()),
        ("GET /npm/x", &*pair.access_token)
    );
    let referer = format!("{}/npm", upstream.url());
    assert_eq!(head.header("referer"), Some(&*referer));
}

#[test]
fn a_redirect_is_not_followed_and_stays_at_the_proxy_if_it_stays_at_the_server() {
    let server = AuthorizationServer::start();
    let other = echo();
    let elsewhere = format!("{}/x", other.url());
    let location = elsewhere.clone();
    let upstream = Upstream::start(move |head, connection| {
        let host = head.header("host").unwrap();
        let to = match head.line() {
            "GET /own" => format!("http://{host}/a?b#c"),
            "GET /path" => "/a".to_owned(),
            _ => location.clone(),
        };
        let answer = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        connection.get_mut().write_all(answer.as_bytes()).is_ok()
    });
    let (sandbox, _) = log_in_at(&upstream.url(), &server);
    let proxied = Proxied::start(&sandbox, &upstream.url());
    let leads_to = |path: &str| {
        let reply = proxied.get(path);
        assert_eq!(reply.status, 302);
        reply.header("location").unwrap().to_owned()
    };
    assert_eq!(leads_to("/own"), format!("{}/a?b#c", proxied.url));
    assert_eq!(leads_to("/path"), format!("{}/a", proxied.url));
    assert_eq!(leads_to("/other"), elsewhere);
    assert!(other.heads().is_empty(), "the token went to another server");
}

#[test]
fn a_refused_token_is_replaced_and_the_request_repeated_once() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let proxied = Proxied::start(&sandbox, &server.url());
    assert_eq!(proxied.get(USER).status, 200);
    // The clock says that it is good for hours.
    server.expire_access_tokens();
    let reply = proxied.get(USER);
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(server.refused_resource_requests(), 1);
    assert_eq!(server.rotations(), 1);
    assert_eq!(proxied.get(USER).status, 200);
    assert_eq!(server.refused_resource_requests(), 1);
}

/// A server that refuses the token that a request calls dead, and else says how long the body is.
fn refusing() -> Upstream {
    Upstream::start(|head, connection| {
        let body = read_body(head, connection);
        let is_dead = head.header("x-dead") == Some(head.token());
        let status = if is_dead {
            "401 Unauthorized"
        } else {
            "200 OK"
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 8\r\n\r\n{length:08}");
        connection.get_mut().write_all(answer.as_bytes()).is_ok()
    })
}

/// The longest body that is kept.
const MEBIBYTE: usize = 1024 * 1024;

#[test]
fn a_body_of_a_mebibyte_goes_once_more() {
    let (server, upstream) = (AuthorizationServer::start(), refusing());
    let (sandbox, pair) = log_in_at(&upstream.url(), &server);
    let proxied = Proxied::start(&sandbox, &upstream.url());
    let dead = format!("X-Dead: {}\r\n", pair.access_token);
    let reply = proxied.ask("POST", "/short", &dead, &vec![b'x'; MEBIBYTE]);
    assert_eq!((reply.status, reply.body.as_str()), (200, "01048576"));
    assert_eq!(upstream.heads().len(), 2);
}

/// As a search sends it that has a long question.
#[test]
fn the_body_of_a_get_in_pieces_arrives() {
    let (server, upstream) = (AuthorizationServer::start(), echo());
    let (sandbox, _) = log_in_at(&upstream.url(), &server);
    let proxied = Proxied::start(&sandbox, &upstream.url());
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
         3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n",
        proxied.path(),
        proxied.authority()
    );
    let reply = proxied.send(request.as_bytes());
    assert_eq!((reply.status, reply.body.as_str()), (200, "onetwo"));
}

/// More than glauth keeps of all bodies together: what it cannot keep passes.
#[test]
fn a_hundred_bodies_at_once_arrive_whole() {
    const BODIES: usize = 100;
    let (server, upstream) = (AuthorizationServer::start(), refusing());
    let (sandbox, _) = log_in_at(&upstream.url(), &server);
    let proxied = Proxied::start(&sandbox, &upstream.url());
    let (path, host) = (proxied.path(), proxied.authority());
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {MEBIBYTE}\r\n\r\n"
    );
    let body = vec![b'x'; MEBIBYTE];
    let (begun, end) = body.split_at(MEBIBYTE - 1);
    let start = |_| {
        let mut client = proxied.connect();
        client
            .write_all(&[head.as_bytes(), begun].concat())
            .unwrap();
        client
    };
    // All but the last byte of each: none can go before all have come.
    let mut clients: Vec<_> = (0..BODIES).map(start).collect();
    for client in &mut clients {
        client.write_all(end).unwrap();
        let reply = super::Reply::read(client);
        assert_eq!((reply.status, reply.body.as_str()), (200, "01048576"));
    }
    assert_eq!(upstream.heads().len(), BODIES);
}

#[test]
fn a_longer_body_passes_and_is_not_repeated() {
    let (server, upstream) = (AuthorizationServer::start(), refusing());
    let (sandbox, pair) = log_in_at(&upstream.url(), &server);
    let proxied = Proxied::start(&sandbox, &upstream.url());
    let dead = format!("X-Dead: {}\r\n", pair.access_token);
    let body = vec![b'x'; MEBIBYTE + 1];
    let reply = proxied.ask("POST", "/long", &dead, &body);
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(
        reply.body.contains("had not kept the whole body"),
        "{reply:?}"
    );
    assert!(reply.header("retry-after").is_some());
    assert_eq!(
        server.rotations(),
        1,
        "there is another token for the next one"
    );
    assert_eq!(proxied.ask("POST", "/long", &dead, &body).body, "01048577");
    assert_eq!(upstream.heads().len(), 2);
}

#[test]
fn a_body_in_pieces_goes_once_more_too() {
    let server = AuthorizationServer::start();
    let upstream = Upstream::start(|head, connection| {
        let body = read_body(head, connection);
        let is_first = head.header("x-dead") == Some(head.token());
        let status = if is_first {
            "401 Unauthorized"
        } else {
            "200 OK"
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n");
        let answer = [answer.as_bytes(), &body].concat();
        connection.get_mut().write_all(&answer).is_ok()
    });
    let (sandbox, pair) = log_in_at(&upstream.url(), &server);
    let proxied = Proxied::start(&sandbox, &upstream.url());
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nX-Dead: {}\r\nTransfer-Encoding: chunked\r\n\r\n\
         3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n",
        proxied.path(),
        proxied.authority(),
        pair.access_token
    );
    let reply = proxied.send(request.as_bytes());
    assert_eq!((reply.status, reply.body.as_str()), (200, "onetwo"));
    assert_eq!(upstream.heads().len(), 2);
}

#[test]
fn a_401_that_is_no_tokens_fault_is_the_servers_to_say() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let proxied = Proxied::start(&sandbox, &server.url());
    let answer =
        crate::support::authorization_server::Answer::json(401, &serde_json::json!({"mine": 1}));
    server.script(
        USER,
        crate::support::authorization_server::Behaviour::Answer(answer),
    );
    let reply = proxied.get(USER);
    assert_eq!(reply.status, 401, "{reply:?}");
    assert!(reply.body.contains("mine"), "{reply:?}");
    assert_eq!(server.rotations(), 0, "the token is good");
    assert_eq!(proxied.get(USER).status, 200);
}
