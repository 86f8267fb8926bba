//! Another user of the machine, who has read the address of the login out of somewhere, and wants the
//! login to become theirs, or to keep the browser out.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use url::Url;

use crate::login::{CLIENT, Waiting};
use crate::support::authorization_server::{AuthorizationServer, REVOKE, TOKEN};
use crate::support::browser;
use crate::support::other_user::{OTHER, as_other, as_user, can_be_other, connect_as_other, reset};
use crate::support::sandbox::{LIMIT, Sandbox, copy_program, in_environment_of, wrapped};
use crate::support::watch::eventually;

fn address_of(url: &Url) -> SocketAddr {
    url.socket_addrs(|| None).unwrap()[0]
}

/// What a browser sends that is led to this address.
fn request_for(url: &Url) -> String {
    let target = &url[url::Position::BeforePath..];
    format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n")
}

/// The answer that another user brings with their own consent to the very question that was asked.
struct Stolen {
    address: SocketAddr,
    request: String,
}

impl Stolen {
    fn from(page: &str) -> Self {
        let theirs = Url::parse(&browser::open_but_stay(page)).unwrap();
        Self {
            address: address_of(&theirs),
            request: request_for(&theirs),
        }
    }
}

/// Sends a request on another user's connection, which may be closed already.
fn send(stream: &mut TcpStream, request: &str) {
    stream.write_all(request.as_bytes()).ok();
}

/// The connection is closed without a word.
fn is_closed(mut stream: TcpStream) {
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();
    assert_eq!(String::from_utf8(answer).unwrap(), "");
}

/// What it says of that user's connections.
fn mentions(stderr: &str) -> usize {
    stderr
        .matches(&format!("a connection of user {OTHER} was closed"))
        .count()
}

#[test]
fn the_login_never_becomes_another_users() {
    if !can_be_other() {
        return;
    }
    let server = AuthorizationServer::start();
    let (sandbox, _old) = Sandbox::logged_in(&server);
    let waiting = Waiting::start(&sandbox, &server, &CLIENT);
    let stolen = Stolen::from(&waiting.page);
    let ends: [fn(TcpStream); 4] = [
        is_closed,
        |stream| drop(stream.shutdown(Shutdown::Write)),
        drop,
        reset,
    ];
    for _ in 0..50 {
        for end in ends {
            let mut stream = connect_as_other(stolen.address);
            send(&mut stream, &stolen.request);
            end(stream);
        }
    }
    assert_eq!((server.count(TOKEN), server.count(REVOKE)), (0, 0));
    let (seen, finished) = waiting.consent();
    assert!(seen.heading().starts_with("Logged in"), "{seen:?}");
    assert_eq!(
        server.count(TOKEN),
        1,
        "only the consent of this user's browser"
    );
    assert_eq!(mentions(&finished.stderr), 1, "{finished:?}");
    finished.succeeds();
}

/// The same where neither of the two is root.
#[test]
fn a_user_who_is_not_root_is_told_apart_from_another_one() {
    if !can_be_other() {
        return;
    }
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let glauth = sandbox.command(&["login", "--no-browser", CLIENT[0], CLIENT[1], &server.url()]);
    // That user may not come to where it was built.
    let program = sandbox.path("glauth");
    copy_program(&program);
    for name in ["", "home", "run", "tmp"] {
        std::os::unix::fs::chown(sandbox.path(name), Some(OTHER), Some(OTHER)).unwrap();
    }
    let mut command = Command::new(&program);
    command.args(glauth.get_args());
    let mut command = in_environment_of(command, &glauth);
    command.uid(OTHER).gid(OTHER).current_dir("/");
    let waiting = Waiting::spawn(&mut command);

    let Stolen { address, request } = Stolen::from(&waiting.page);
    let mut stream = as_user(OTHER + 1, move || TcpStream::connect(address).unwrap());
    send(&mut stream, &request);
    is_closed(stream);
    assert_eq!(server.count(TOKEN), 0);

    let page = waiting.page.clone();
    let seen = as_other(move || browser::open(&page));
    assert!(seen.heading().starts_with("Logged in"), "{seen:?}");
    let finished = waiting.finish();
    let mention = format!("a connection of user {} was closed", OTHER + 1);
    assert!(finished.stderr.contains(&mention), "{finished:?}");
    finished.succeeds();
}

#[test]
fn the_address_that_a_browser_is_started_at_leads_no_other_user_anywhere() {
    if !can_be_other() {
        return;
    }
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let url = server.url();
    let mut command =
        sandbox.command(&["login", "--no-standby", "--client-id", "the-client", &url]);
    command.env(
        "BROWSER",
        super::through_browser::browser_that_notes(&sandbox),
    );
    let terminal = crate::support::terminal::Terminal::spawn(&mut command);
    let door = Url::parse(&super::through_browser::noted(&sandbox)).unwrap();
    let mut stream = connect_as_other(address_of(&door));
    send(&mut stream, &request_for(&door));
    is_closed(stream);
    // It is still there for the browser.
    let seen = browser::open(door.as_str());
    assert!(seen.heading().starts_with("Logged in"), "{seen:?}");
    assert_eq!(terminal.finish().code(), Some(0));
}

#[test]
fn connections_of_another_user_count_for_no_limit() {
    if !can_be_other() {
        return;
    }
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let waiting = Waiting::start(&sandbox, &server, &CLIENT);
    let address = address_of(&Url::parse(&waiting.asked("redirect_uri")).unwrap());
    let silent = as_other(move || {
        let connect = |_| TcpStream::connect(address).unwrap();
        (0..300).map(connect).collect::<Vec<_>>()
    });
    let (seen, finished) = waiting.consent();
    assert!(seen.heading().starts_with("Logged in"), "{seen:?}");
    assert_eq!(mentions(&finished.stderr), 1, "{finished:?}");
    drop(silent);
}

#[test]
fn another_user_who_knocks_without_end_keeps_no_browser_out() {
    if !can_be_other() {
        return;
    }
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let waiting = Waiting::start(&sandbox, &server, &CLIENT);
    let address = address_of(&Url::parse(&waiting.asked("redirect_uri")).unwrap());
    let over = Arc::new(AtomicBool::new(false));
    let knocks = Arc::new(AtomicUsize::new(0));
    let knock = {
        let (over, knocks) = (Arc::clone(&over), Arc::clone(&knocks));
        move || {
            while !over.load(Ordering::SeqCst) {
                let Ok(mut stream) = TcpStream::connect(address) else {
                    continue;
                };
                stream.write_all(b"GET / HTTP/1.1\r\n").ok();
                knocks.fetch_add(1, Ordering::SeqCst);
                reset(stream);
            }
        }
    };
    let crowd: Vec<_> = (0..4)
        .map(|_| {
            let knock = knock.clone();
            std::thread::spawn(|| as_other(knock))
        })
        .collect();
    eventually("a crowd", || knocks.load(Ordering::SeqCst) > 1000);
    let (seen, finished) = waiting.consent();
    over.store(true, Ordering::SeqCst);
    for thread in crowd {
        thread.join().unwrap();
    }
    assert!(seen.heading().starts_with("Logged in"), "{seen:?}");
    finished.succeeds();
}

#[test]
fn in_a_user_namespace_that_hides_users_every_browser_is_answered() {
    let server = AuthorizationServer::start();
    let sandbox = Sandbox::new();
    let glauth = sandbox.command(&["login", "--no-browser", CLIENT[0], CLIENT[1], &server.url()]);
    // As in a rootless container: one user has a number there, and all others read as one.
    let unshare = || {
        let mut command = Command::new("/usr/bin/unshare");
        command.args(["--user", "--map-root-user"]);
        command
    };
    let mut command = wrapped(unshare(), &glauth);
    let works = unshare().arg("true").status();
    if !can_be_other() || !works.is_ok_and(|status| status.success()) {
        eprintln!("skipped: there are no user namespaces here");
        return;
    }
    let waiting = Waiting::spawn(&mut command);
    let page = waiting.page.clone();
    let seen = as_other(move || browser::open(&page));
    assert!(seen.heading().starts_with("Logged in"), "{seen:?}");
    let finished = waiting.finish();
    assert_eq!(mentions(&finished.stderr), 0, "{finished:?}");
    finished.succeeds();
}
