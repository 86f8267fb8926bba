//! A connection: one request, one answer, closed.

use std::io::{self, ErrorKind, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use socket2::SockRef;

use super::LIMIT;
use super::endpoints::TOKEN;
use super::gate::Moment;
use super::message::{Answer, Request};
use super::state::{Reply, Shared};
use crate::other_user::reset;

/// How many clients may wait to be accepted, as far as the system allows: a crowd of 1000 comes at once. The
/// listeners of std take 128, and the kernel lets a client that finds no room wait for a second.
const BACKLOG: i32 = 4096;

pub(super) fn start_accepting(
    listener: TcpListener,
    shared: &Arc<Shared>,
) -> io::Result<JoinHandle<()>> {
    SockRef::from(&listener).listen(BACKLOG)?;
    let shared = Arc::clone(shared);
    Ok(thread::spawn(move || {
        accept_until_stopped(&listener, &shared);
    }))
}

/// After it no client can connect. The acceptor ends when it is stopped and the next client comes. If none can
/// come, the listener is closed, or the test has run out of descriptors and must end all the same.
pub(super) fn stop_accepting(address: SocketAddr, acceptor: JoinHandle<()>) {
    if let Ok(knock) = TcpStream::connect(address) {
        // An ordinary end would leave a row in the kernel's table of connections for a minute. A run has a
        // thousand servers, and glauth reads that table at each request to one of them.
        reset(knock);
        // A panic of its own was printed, and its clients have noticed.
        acceptor.join().ok();
    }
}

fn accept_until_stopped(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.is_stopped() {
            return;
        }
        match stream {
            Ok(stream) => {
                let shared = Arc::clone(shared);
                thread::spawn(move || serve(stream, &shared));
            }
            // A client that is gone before it was accepted has asked nothing.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => panic!("the server can't accept connections any more: {error}"),
        }
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) {
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    let reply = match Request::read(&mut stream) {
        Ok(Some(request)) => answer(&request, shared),
        Ok(None) => Reply::Nothing,
        Err(what) => {
            let mistake = format!("a request that is not HTTP: {what}");
            shared.lock().journal.mistakes.push(mistake);
            Reply::Answer(Answer::new(400))
        }
    };
    let bytes = match reply {
        Reply::Answer(answer) => answer.to_bytes(),
        Reply::Raw(bytes) => bytes,
        Reply::Nothing => return,
    };
    // A client may be killed, or may have read enough: its answer is then lost, which is no fault
    // of the server.
    stream.write_all(&bytes).ok();
}

fn answer(request: &Request, shared: &Shared) -> Reply {
    let (number, behaviour) = shared.receive(request);
    shared.pass_gates(&request.path, Moment::Request);
    let reply = shared.act(request, behaviour);
    if request.path == TOKEN {
        let latency = shared.lock().settings.token_delay;
        thread::sleep(latency);
    }
    shared.pass_gates(&request.path, Moment::Answer);
    shared.answered(number, &reply);
    reply
}
