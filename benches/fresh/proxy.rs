//! What `glauth proxy` adds to a request, against the same request sent to the server itself; and a thousand requests at
//! once.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use glauth_test_support::sandbox::Sandbox;

use super::median;

/// How many requests are sent one after the other, on one connection.
const RUNS: usize = 2000;
/// How many are sent at once, each on a connection of its own.
const MANY: usize = 1000;
/// How often.
const CROWDS: usize = 5;
/// The body of a large answer, in bytes.
const LARGE: usize = 64 * 1024 * 1024;

/// What an answer of the server's is, but for its body.
const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";

/// Beside it, the server answers as fast as it can, from threads of this process.
pub fn measure(program: &Path) {
    let server = serve();
    let sandbox = Sandbox::new();
    log_in(&sandbox, program, server);
    let (proxy, address, path) = start(&sandbox, program, server);
    let ways = [(server, String::new()), (address, path)];
    let [direct, through] = ways.clone().map(|(at, path)| one_by_one(at, &path));
    println!(
        "\n`glauth proxy`, a request on a connection that stands: direct {} \u{b5}s, through the proxy {} \u{b5}s, which \
         is {} \u{b5}s more; medians of {RUNS}",
        direct.as_micros(),
        through.as_micros(),
        through.saturating_sub(direct).as_micros(),
    );
    let [direct, through] = ways.clone().map(|(at, path)| {
        let mut times: Vec<Duration> = (0..CROWDS).map(|_| at_once(at, &path)).collect();
        median(&mut times)
    });
    println!(
        "{MANY} requests at once, each on a connection of its own: direct {} ms, through the proxy {} ms, {:.1} times as \
         long; medians of {CROWDS}",
        direct.as_millis(),
        through.as_millis(),
        through.as_secs_f64() / direct.as_secs_f64(),
    );
    let [direct, through] = ways.map(|(at, path)| large(at, &path));
    println!(
        "an answer of {} MiB: direct {} ms, through the proxy {} ms, {:.1} times as long",
        LARGE / 1024 / 1024,
        direct.as_millis(),
        through.as_millis(),
        through.as_secs_f64() / direct.as_secs_f64(),
    );
    end(proxy);
}

/// A server that answers each request on a connection.
fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // The standard library lets 128 connections wait, and a client whose connection finds no place tries again after a
    // second.
    socket2::SockRef::from(&listener).listen(4096).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::Builder::new()
                .stack_size(64 * 1024)
                .spawn(move || answer(stream))
                .unwrap();
        }
    });
    address
}

fn answer(stream: TcpStream) {
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    let mut length = 2;
    while stream.read_line(&mut line).is_ok_and(|read| read > 0) {
        if line.starts_with("GET /large") {
            length = LARGE;
        }
        if line == "\r\n" {
            let head = format!("{HEAD}Content-Length: {length}\r\n\r\n");
            let body = [b'x'].repeat(length);
            let whole = [head.as_bytes(), &body].concat();
            if stream.get_mut().write_all(&whole).is_err() {
                return;
            }
            length = 2;
        }
        line.clear();
    }
}

fn log_in(sandbox: &Sandbox, program: &Path, server: SocketAddr) {
    let url = format!("http://{server}");
    let (token, authorize) = (format!("{url}/token"), format!("{url}/authorize"));
    let options = [
        "login",
        "--import",
        "--provider",
        "generic",
        "--client-id",
        "x",
    ];
    let endpoints = [
        "--token-endpoint",
        &token,
        "--authorization-endpoint",
        &authorize,
    ];
    let mut command = super::glauth(sandbox, program, &options);
    command.args(endpoints).arg(&url);
    let mut child = command
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let response = r#"{"access_token":"a-token","refresh_token":"another","expires_in":36000}"#;
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(response.as_bytes()).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

/// The proxy, its address, and the path that it wants.
fn start(sandbox: &Sandbox, program: &Path, server: SocketAddr) -> (Child, SocketAddr, String) {
    let script = "echo $GLAUTH_PROXY_URL; read -r end";
    let url = format!("http://{server}");
    let args = ["proxy", &url, "--", "/bin/sh", "-c", script];
    let mut command: Command = super::glauth(sandbox, program, &args);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut printed = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut printed).unwrap();
    let rest = printed.trim_end().strip_prefix("http://").unwrap();
    let (authority, path) = rest.split_once('/').unwrap();
    (child, authority.parse().unwrap(), format!("/{path}"))
}

fn end(mut proxy: Child) {
    drop(proxy.stdin.take());
    proxy.wait().unwrap();
}

fn ask(stream: &mut BufReader<TcpStream>, host: SocketAddr, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    stream.get_mut().write_all(request.as_bytes()).unwrap();
}

/// Reads an answer, and says how long its body is.
fn read(stream: &mut BufReader<TcpStream>) -> usize {
    let (mut length, mut line) = (0, String::new());
    loop {
        line.clear();
        stream.read_line(&mut line).unwrap();
        let lower = line.to_ascii_lowercase();
        if lower.starts_with("http/1.1 ") {
            assert!(lower.contains(" 200 "), "{line}");
        }
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    length
}

fn connect(at: SocketAddr) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(at).unwrap();
    stream.set_nodelay(true).unwrap();
    BufReader::new(stream)
}

fn one_by_one(at: SocketAddr, path: &str) -> Duration {
    let mut stream = connect(at);
    let path = format!("{path}/x");
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            ask(&mut stream, at, &path);
            assert_eq!(read(&mut stream), 2);
            started.elapsed()
        })
        .collect();
    median(&mut times)
}

/// All are sent before the first answer is read.
fn at_once(at: SocketAddr, path: &str) -> Duration {
    let path = format!("{path}/x");
    let started = Instant::now();
    let streams = (0..MANY).map(|_| {
        let mut stream = connect(at);
        ask(&mut stream, at, &path);
        stream
    });
    let streams: Vec<_> = streams.collect();
    for mut stream in streams {
        assert_eq!(read(&mut stream), 2);
    }
    started.elapsed()
}

fn large(at: SocketAddr, path: &str) -> Duration {
    let path = format!("{path}/large");
    let mut times: Vec<Duration> = (0..CROWDS)
        .map(|_| {
            let mut stream = connect(at);
            let started = Instant::now();
            ask(&mut stream, at, &path);
            assert_eq!(read(&mut stream), LARGE);
            started.elapsed()
        })
        .collect();
    median(&mut times)
}
