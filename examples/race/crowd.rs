//! The crowd: workers that get a token from a process, use it, and begin again.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::authorization_server::{AuthorizationServer, USER};
use super::client::Client;
use super::http;
use super::picture::LANES;

/// What the crowd went through.
#[derive(Default)]
pub struct Tally {
    pub processes: usize,
    pub tokens: usize,
    /// Requests that were served at once.
    pub served: usize,
    /// Requests that were refused, and served with the token that came in place of the refused one.
    pub recovered: usize,
    /// Requests that were refused, and refused again where there was another token to try.
    pub refused: usize,
    /// What the first few of the workers saw, and when.
    pub moments: Vec<Moment>,
}

/// What a worker saw at some moment.
pub struct Moment {
    pub worker: usize,
    pub at: Duration,
    pub saw: Saw,
}

/// How a request ended, or that there was none.
pub enum Saw {
    Served(String),
    Refused,
}

impl Tally {
    fn add(&mut self, turn: Self) {
        self.processes += turn.processes;
        self.tokens += turn.tokens;
        self.served += turn.served;
        self.recovered += turn.recovered;
        self.refused += turn.refused;
        self.moments.extend(turn.moments);
    }
}

/// Lets `workers` work side by side for that long.
pub fn run(
    name: &'static str,
    client: &Client,
    server: &AuthorizationServer,
    workers: usize,
    length: Duration,
) -> Tally {
    let started = Instant::now();
    let address = server.host();
    let (sender, turns) = mpsc::channel();
    let bar = bar(name, length);
    let mut tally = Tally::default();
    thread::scope(|scope| {
        for worker in 0..workers {
            let (sender, address) = (sender.clone(), &address);
            scope.spawn(move || {
                while started.elapsed() < length {
                    let (mut turn, saw) = turn(client, address);
                    if worker < LANES {
                        let at = started.elapsed();
                        turn.moments.push(Moment { worker, at, saw });
                    }
                    drop(sender.send(turn));
                }
            });
        }
        drop(sender);
        for turn in turns {
            tally.add(turn);
            show(&bar, started, &tally, server);
        }
    });
    bar.finish_and_clear();
    tally
}

/// One token and one request with it; where that is refused, one token and one request more.
fn turn(client: &Client, address: &str) -> (Tally, Saw) {
    let mut turn = Tally::default();
    let Some(token) = turn.note(client.token()) else {
        return (turn, Saw::Refused);
    };
    if is_served(address, &token) {
        turn.served = 1;
        return (turn, Saw::Served(token));
    }
    let other = if client.can_ask_again() {
        turn.note(client.token_after(&token))
    } else {
        None
    };
    let recovered = other.filter(|other| is_served(address, other));
    turn.recovered = usize::from(recovered.is_some());
    turn.refused = usize::from(recovered.is_none());
    (turn, recovered.map_or(Saw::Refused, Saw::Served))
}

impl Tally {
    /// One process more, and the token that it printed.
    fn note(&mut self, token: Option<String>) -> Option<String> {
        self.processes += 1;
        self.tokens += usize::from(token.is_some());
        token
    }
}

fn is_served(address: &str, token: &str) -> bool {
    http::get(address, USER, token).is_ok_and(|answer| answer.status == 200)
}

/// Seen on a terminal only.
fn bar(name: &'static str, length: Duration) -> ProgressBar {
    let bar = ProgressBar::new(millis(length)).with_prefix(name);
    match ProgressStyle::with_template("{prefix:14} [{bar:24}] {msg}") {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}

fn show(bar: &ProgressBar, started: Instant, tally: &Tally, server: &AuthorizationServer) {
    bar.set_position(millis(started.elapsed()));
    // The server counts under its lock: not for nobody.
    if !bar.is_hidden() {
        bar.set_message(format!(
            "{} processes, {} replays",
            tally.processes,
            server.replays()
        ));
    }
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
