//! A sound answer in odd wrapping: compressed although glauth asked not to, broken off behind the object,
//! with something around it. It is used wherever a server's JSON is read (P5).

use std::io::Write;
use std::thread;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use crate::login::log_in;
use crate::support::authorization_server::{
    AUTHORIZE_DEVICE, Answer, AuthorizationServer, Behaviour, DISCOVERY, Decision, DeviceGrant,
    Settings, TOKEN,
};
use crate::support::sandbox::Sandbox;
use crate::support::watch::next_line;

type Rewrap = fn(&Answer) -> Vec<u8>;

/// Everything that a sound answer may come in.
const WRAPPINGS: [(&str, Rewrap); 14] = [
    ("gzip", |answer| coded("gzip", &gzip(&answer.body))),
    ("x-gzip", |answer| coded("x-gzip", &gzip(&answer.body))),
    ("deflate as zlib", |answer| {
        coded("deflate", &zlib(&answer.body))
    }),
    ("deflate without zlib", |answer| {
        coded("deflate", &deflate(&answer.body))
    }),
    ("gzip that is not said", |answer| {
        sized(answer.body.len(), &gzip(&answer.body), "")
    }),
    ("gzip that is said only", |answer| {
        coded("gzip", &answer.body)
    }),
    ("gzip in chunks, cut off in its checksum", |answer| {
        let packed = gzip(&answer.body);
        let part = &packed[..packed.len() - 4];
        chunked("Content-Encoding: gzip\r\n", part)
    }),
    ("shorter than its length", |answer| {
        sized(answer.body.len() + 100, &answer.body, "")
    }),
    ("chunks that break off", |answer| chunked("", &answer.body)),
    ("a byte order mark", |answer| around("\u{feff}", answer, "")),
    ("white space and NULs", |answer| {
        around("\r\n \0", answer, "\0\0\r\n")
    }),
    ("a guard", |answer| around(")]}',\n", answer, "\n")),
    ("a mark and a guard, compressed, too short", |answer| {
        let text = [b"\xef\xbb\xbf)]}'\n", &*answer.body].concat();
        sized(4000, &gzip(&text), "Content-Encoding: gzip\r\n")
    }),
    ("text that is not UTF-8", |answer| {
        let rest = answer.body.strip_prefix(b"{").expect("an object");
        let text = [b"{\"name\":\"J\xf6rg\",", rest].concat();
        sized(text.len(), &text, "")
    }),
];

fn sized(length: usize, body: &[u8], headers: &str) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 \r\nContent-Length: {length}\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

fn coded(coding: &str, body: &[u8]) -> Vec<u8> {
    let header = format!("Content-Encoding: {coding}\r\n");
    sized(body.len(), body, &header)
}

/// One whole chunk, and no last one.
fn chunked(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n{headers}\r\n");
    let size = format!("{:x}\r\n", body.len());
    [head.as_bytes(), size.as_bytes(), body, b"\r\n"].concat()
}

fn around(before: &str, answer: &Answer, behind: &str) -> Vec<u8> {
    let body = [before.as_bytes(), &answer.body, behind.as_bytes()].concat();
    sized(body.len(), &body, "")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_refresh_stores_the_tokens_of_any_wrapping() {
    for (what, wrapping) in WRAPPINGS {
        let server = AuthorizationServer::start();
        let (sandbox, old) = Sandbox::logged_in(&server);
        sandbox.ends_in(&server, -10);
        server.script(TOKEN, Behaviour::Rewrap(wrapping));
        let token = sandbox.run(&["token"]).prints();
        assert_ne!(token, old.access_token, "{what}");
        assert!(server.is_alive(&token), "{what}");
        // The refresh token came along, too.
        sandbox.run(&["refresh", "--force"]).succeeds();
        assert_eq!((server.rotations(), server.replays()), (2, 0), "{what}");
    }
}

#[test]
fn glauth_asks_for_no_compression() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    sandbox.run(&["refresh", "--force"]).succeeds();
    let requests = server.requests();
    let sent = &requests.last().unwrap().request;
    assert_eq!(sent.header("Accept-Encoding"), Some("identity"));
}

#[test]
fn a_login_through_a_browser_reads_any_wrapping() {
    for (what, wrapping) in WRAPPINGS {
        let server = AuthorizationServer::start();
        let sandbox = Sandbox::new();
        server.script(TOKEN, Behaviour::Rewrap(wrapping));
        log_in(&sandbox, &server, &["--client-id", "the-client"]);
        let token = sandbox.run(&["token"]).prints();
        assert!(server.is_alive(&token), "{what}");
    }
}

/// Each waits for the second between two questions, so all go at once.
#[test]
fn discovery_and_a_device_login_read_any_wrapping() {
    thread::scope(|scope| {
        for (what, wrapping) in WRAPPINGS {
            scope.spawn(move || device_login_reads(what, wrapping));
        }
    });
}

fn device_login_reads(what: &str, wrapping: Rewrap) {
    let device = DeviceGrant {
        interval: Some(1),
        ..DeviceGrant::default()
    };
    let server = AuthorizationServer::start_with(Settings {
        device: Some(device),
        ..Settings::default()
    });
    let sandbox = Sandbox::new();
    for path in [DISCOVERY, AUTHORIZE_DEVICE, TOKEN] {
        server.always(path, Some(Behaviour::Rewrap(wrapping)));
    }
    let url = server.url();
    let provider = ["--provider", "oidc", "--client-id", "the-client"];
    let words = [&["login", "--device", "--json"], &provider[..], &[&url]].concat();
    let mut running = sandbox.start(&words);
    let line: serde_json::Value = serde_json::from_str(&next_line(&mut running)).unwrap();
    let code = line["device_authorization"]["user_code"].as_str();
    server.decide(code.expect(what), Decision::Approved);
    running.finish().succeeds();
    assert_eq!(server.count(DISCOVERY), 1, "{what}");
    let token = sandbox.run(&["token"]).prints();
    assert!(server.is_alive(&token), "{what}");
}

#[test]
fn an_import_reads_any_wrapping_that_a_file_may_have() {
    let wrappings: [fn(&str) -> Vec<u8>; 6] = [
        |text| gzip(text.as_bytes()),
        |text| zlib(text.as_bytes()),
        |text| deflate(text.as_bytes()),
        |text| format!("\u{feff}{text}\r\n").into_bytes(),
        |text| format!(")]}}',\n{text}\0").into_bytes(),
        // As a shell of Windows' writes it.
        |text| {
            let units = "\u{feff}".encode_utf16().chain(text.encode_utf16());
            units.flat_map(u16::to_le_bytes).collect()
        },
    ];
    for wrapping in wrappings {
        let server = AuthorizationServer::start();
        let sandbox = Sandbox::new();
        let pair = server.log_in();
        let url = server.url();
        let args = ["login", "--import", "--client-id", "the-client", &url];
        sandbox
            .run_with_input(&args, &wrapping(&pair.response))
            .succeeds();
        assert_eq!(sandbox.run(&["token"]).prints(), pair.access_token);
    }
}

/// As before there was a reader for odd answers: what holds no usable token may hide a rotation.
#[test]
fn an_answer_without_one_whole_object_is_lost() {
    // A page may be that of something in between.
    let lost: [(&str, &str, Rewrap); 7] = [
        ("HTML", "unavailable", |answer| {
            around("<pre>", answer, "</pre>")
        }),
        ("a comment behind it", "answer_lost", |answer| {
            around("", answer, "<!-- cached -->")
        }),
        ("twice", "answer_lost", |answer| {
            around(str::from_utf8(&answer.body).unwrap(), answer, "")
        }),
        ("half of it", "answer_lost", |answer| {
            let half = &answer.body[..answer.body.len() / 2];
            sized(answer.body.len(), half, "")
        }),
        ("a chunk that breaks off", "answer_lost", |answer| {
            let mut bytes = chunked("", &answer.body);
            bytes.truncate(bytes.len() - 10);
            bytes
        }),
        ("a bomb", "answer_lost", |answer| {
            let text = [&*answer.body, &vec![b' '; 50_000_000]].concat();
            coded("gzip", &gzip(&text))
        }),
        ("compressed three times", "answer_lost", |answer| {
            coded("gzip, gzip, gzip", &gzip(&gzip(&gzip(&answer.body))))
        }),
    ];
    for (what, code, wrapping) in lost {
        let server = AuthorizationServer::start();
        let (sandbox, _) = Sandbox::logged_in(&server);
        sandbox.ends_in(&server, -10);
        server.script(TOKEN, Behaviour::Rewrap(wrapping));
        let finished = sandbox.run(&["token", "--json"]);
        finished.fails_in_json(4, code);
        let state = &sandbox.record(&server)["grants"][0]["state"];
        assert_eq!(state.as_str(), Some("doubtful"), "{what}");
        assert_eq!(server.rotations(), 1, "{what}");
    }
}
