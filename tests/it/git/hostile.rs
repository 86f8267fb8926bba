//! Questions that git would never ask: never a token, never a crash.

use std::process::Stdio;

use super::question;
use crate::support::authorization_server::AuthorizationServer;
use crate::support::sandbox::{Finished, Running, Sandbox};

fn ask(sandbox: &Sandbox, operation: &str, bytes: &[u8]) -> Finished {
    use std::io::Write as _;
    let mut command = sandbox.command(&["git-credential", operation]);
    let mut running = Running::spawn(command.stdin(Stdio::piped()));
    let mut stdin = running.child.stdin.take().unwrap();
    // It may have read enough.
    stdin.write_all(bytes).ok();
    drop(stdin);
    running.finish()
}

#[test]
fn bytes_that_are_no_question_are_refused() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let good = question(&server.host());
    let before = sandbox.record_text(&server);
    let lines = "a=b\n".repeat(10_000);
    for bad in [
        "no equals\n".as_bytes(),
        b"x\0=y\n",
        b"x=y\r\n",
        b"username=\xff\n",
        "x".repeat(2 * 1024 * 1024).as_bytes(),
        format!("x={}\n", "x".repeat(2 * 1024 * 1024)).as_bytes(),
        lines.as_bytes(),
        b"host=\0\n",
    ] {
        for operation in ["get", "store", "erase"] {
            let bytes = [bad, good.as_bytes()].concat();
            let finished = ask(&sandbox, operation, &bytes);
            let said = finished.fails(2);
            assert!(said.starts_with("glauth: git's question "), "{said}");
        }
    }
    assert_eq!(sandbox.record_text(&server), before);
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn hosts_that_are_none_get_no_answer_and_make_no_file() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let host = server.host();
    let before = sandbox.files();
    for bad in [
        String::new(),
        "..".to_owned(),
        ".".to_owned(),
        "/".to_owned(),
        "%2e%2e".to_owned(),
        "../../etc".to_owned(),
        "a/b".to_owned(),
        "a\\b".to_owned(),
        "a b".to_owned(),
        "a@b".to_owned(),
        format!("{host}@evil.example"),
        format!("evil.example@{host}"),
        format!("{host}#"),
        format!("{host}?"),
        format!("{host}/"),
        format!("{host}%0a"),
        format!("{host}%0apassword=x"),
        format!("{host}%00"),
        format!("{host}\u{1b}[2J"),
        format!(" {host}"),
        format!("{host} "),
        format!("{host}:"),
        format!("{host}0"),
        "[::1".to_owned(),
        "a".repeat(300),
        "-a.example".to_owned(),
        "*.example".to_owned(),
        "exam\tple.com".to_owned(),
    ] {
        let text = format!("protocol=http\nhost={bad}\nusername=jane\npassword=p\n");
        for operation in ["get", "store", "erase"] {
            let finished = ask(&sandbox, operation, text.as_bytes());
            assert_eq!(finished.prints(), "", "{bad:?}");
        }
    }
    assert_eq!(sandbox.files(), before);
}

#[test]
fn other_machines_that_look_alike_get_nothing() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let port = server.host().rsplit_once(':').unwrap().1.to_owned();
    for host in [
        format!("127.0.0.1.evil.example:{port}"),
        format!("127.0.0.2:{port}"),
        format!("localhost:{port}"),
        format!("127.0.0.1:{port}0"),
        "127.0.0.1".to_owned(),
    ] {
        let finished = ask(&sandbox, "get", question(&host).as_bytes());
        assert_eq!(finished.prints(), "", "{host}");
    }
}

#[test]
fn a_reader_that_has_gone_is_no_crash() {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = sandbox.command(&["git-credential", "get"]);
    let running = Running::spawn_with_input(command.stdout(writer), &question(&server.host()));
    assert_eq!(running.finish().signal(), Some(13));
}
