//! A server at `http://` on loopback, whose address another user of the machine can take when it is
//! down: no token goes there (P8).

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use serde_json::json;

use crate::support::authorization_server::read_some;
use crate::support::other_user::{OTHER, as_other, can_be_other};
use crate::support::sandbox::{Finished, LIMIT, Sandbox};

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// Another user's server: what it gets of the first connection that says something.
fn listen_as_other(address: SocketAddr) -> (SocketAddr, Receiver<String>) {
    let listener = as_other(move || TcpListener::bind(address).unwrap());
    let address = listener.local_addr().unwrap();
    let (sender, got) = mpsc::channel();
    thread::spawn(move || {
        as_other(move || {
            for stream in listener.incoming() {
                let said = answer(stream.unwrap());
                if !said.is_empty() {
                    sender.send(said).ok();
                }
            }
        });
    });
    (address, got)
}

/// Answers as a token endpoint would.
fn answer(mut stream: TcpStream) -> String {
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut chunk = [0; 8192];
    let length = read_some(&mut stream, &mut chunk).unwrap_or_default();
    let body =
        json!({"access_token": "at-SECRET-of-other", "token_type": "bearer", "expires_in": 7200})
            .to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).ok();
    String::from_utf8_lossy(&chunk[..length]).into_owned()
}

fn is_refused(finished: &Finished, got: &Receiver<String>) {
    assert_eq!(finished.code(), Some(2), "{finished:?}");
    let why = format!("is run by user {OTHER}");
    assert!(finished.stderr.contains(&why), "{finished:?}");
    let said = got.try_recv();
    assert!(said.is_err(), "it was told something: {said:?}");
}

/// A free port, where a login was made while its own server ran there.
fn logged_in_at(host: &str) -> (Sandbox, u16) {
    let mine = TcpListener::bind((V4, 0)).unwrap();
    let port = mine.local_addr().unwrap().port();
    let sandbox = Sandbox::new();
    sandbox.import_expired(&[], &format!("http://{host}:{port}"));
    (sandbox, port)
}

#[test]
fn another_user_who_takes_the_address_of_a_server_gets_no_token() {
    if !can_be_other() {
        return;
    }
    let (sandbox, port) = logged_in_at("127.0.0.1");
    let (_, got) = listen_as_other(SocketAddr::new(V4, port));
    for _ in 0..2 {
        sandbox.let_waits_pass_at(&format!("127.0.0.1:{port}"));
        is_refused(&sandbox.run(&["token"]), &got);
    }
    sandbox.let_waits_pass_at(&format!("127.0.0.1:{port}"));
    is_refused(&sandbox.run(&["refresh", "--force"]), &got);
    let logout = sandbox.run(&["logout"]);
    assert!(got.try_recv().is_err(), "{logout:?}");
}

#[test]
fn another_user_at_the_other_address_of_localhost_gets_no_token() {
    if !can_be_other() {
        return;
    }
    let (sandbox, port) = logged_in_at("localhost");
    let (_, got) = listen_as_other(SocketAddr::new(V6, port));
    is_refused(&sandbox.run(&["token"]), &got);

    // Where both run, it is this user's that is asked.
    let mine = TcpListener::bind((V4, port)).unwrap();
    let served = thread::spawn(move || answer(mine.accept().unwrap().0));
    sandbox.let_waits_pass_at(&format!("localhost:{port}"));
    sandbox.run(&["token"]).succeeds();
    assert!(served.join().unwrap().contains("refresh_token="));
    assert!(got.try_recv().is_err());
}

#[test]
fn the_users_own_server_may_listen_at_the_other_address_of_localhost() {
    let six = TcpListener::bind((V6, 0)).unwrap();
    let port = six.local_addr().unwrap().port();
    let sandbox = Sandbox::new();
    sandbox.import_expired(&[], &format!("http://localhost:{port}"));
    let served = thread::spawn(move || answer(six.accept().unwrap().0));
    let finished = sandbox.run(&["token"]);
    if cfg!(target_os = "linux") {
        assert_eq!(finished.code(), Some(0), "{finished:?}");
        assert!(served.join().unwrap().contains("refresh_token="));
    }
}

#[test]
fn the_user_who_ran_the_server_at_the_login_may_run_it_later() {
    if !can_be_other() {
        return;
    }
    let (address, got) = listen_as_other(SocketAddr::new(V4, 0));
    let url = format!("http://{address}");
    let sandbox = Sandbox::new();
    sandbox.import_expired(&[], &url);
    let record = sandbox
        .files()
        .into_iter()
        .find(|(path, _)| path.ends_with("default.toml"))
        .unwrap()
        .1;
    assert!(
        record.contains(&format!("\nserver_user = {OTHER}\n")),
        "{record}"
    );
    let finished = sandbox.run(&["token"]);
    assert_eq!(finished.code(), Some(0), "{finished:?}");
    let said = got.recv_timeout(LIMIT).unwrap();
    assert!(said.contains("refresh_token="), "{said}");
}
