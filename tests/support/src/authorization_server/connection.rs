//! A connection: one request, one answer, closed.

use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use super::LIMIT;
use super::endpoints::TOKEN;
use super::gate::Moment;
use super::message::{Answer, Request};
use super::state::{Reply, Shared};

/// Many, and with nothing else to do: the queue of a listener of std has room for 128, and the
/// kernel lets a client that finds it full wait for a second. One acceptor that also starts the
/// threads is overrun by 300 clients that come at once; these are not by 1000.
const ACCEPTORS: usize = 32;

pub(super) fn start_accepting(listener: TcpListener, shared: &Arc<Shared>) -> Vec<JoinHandle<()>> {
    let listener = Arc::new(listener);
    let (accepted, to_serve) = mpsc::channel();
    thread::spawn({
        let shared = Arc::clone(shared);
        move || serve_all(to_serve, &shared)
    });
    let start_acceptor = |_| {
        let (listener, accepted) = (Arc::clone(&listener), accepted.clone());
        let shared = Arc::clone(shared);
        thread::spawn(move || accept_until_stopped(&listener, &accepted, &shared))
    };
    (0..ACCEPTORS).map(start_acceptor).collect()
}

/// After it nobody can connect. An acceptor ends when it is stopped and somebody knocks; where
/// nobody can, the listener is closed, or the test has run out of descriptors and must end all the
/// same.
pub(super) fn stop_accepting(address: SocketAddr, acceptors: Vec<JoinHandle<()>>) {
    let knocked = acceptors
        .iter()
        .all(|_| TcpStream::connect(address).is_ok());
    if knocked {
        for acceptor in acceptors {
            // A panic of its own was printed, and its clients have noticed.
            acceptor.join().ok();
        }
    }
}

fn accept_until_stopped(listener: &TcpListener, accepted: &Sender<TcpStream>, shared: &Shared) {
    for stream in listener.incoming() {
        if shared.is_stopped() {
            return;
        }
        match stream {
            Ok(stream) => accepted.send(stream).expect("a thread that serves"),
            // A client that is gone before it was accepted has asked nothing.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => panic!("the server can't accept connections any more: {error}"),
        }
    }
}

/// Ends with the last acceptor.
fn serve_all(accepted: Receiver<TcpStream>, shared: &Arc<Shared>) {
    for stream in accepted {
        let shared = Arc::clone(shared);
        thread::spawn(move || serve(stream, &shared));
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
