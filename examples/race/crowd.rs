//! The crowd: workers that get a token from a process and use it, again and again at the same pace.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::authorization_server::{AuthorizationServer, USER};
use super::client::Client;
use super::http;
use super::picture::LANES;

/// The time from one turn of a worker to the next. It makes the load the same for every client, fast or slow.
const PACE: Duration = Duration::from_millis(250);

/// How the turns of the crowd ended. A turn is one token, and one request with it.
#[derive(Default)]
pub struct Tally {
    pub turns: usize,
    /// Requests that the server accepted.
    pub served: usize,
    /// Requests that the server first refused, and then accepted with the token that replaced the refused one.
    pub recovered: usize,
    /// Turns in which the client printed no token.
    pub no_token: usize,
    /// Requests that the server refused for good.
    pub refused: usize,
    /// What the first few of the workers saw, and when.
    pub moments: Vec<Moment>,
}

/// What a worker saw at the end of a turn.
pub struct Moment {
    pub worker: usize,
    pub at: Duration,
    pub saw: Saw,
}

/// How a turn ended.
pub enum Saw {
    /// The server accepted this token.
    Served(String),
    /// The same, after it had refused another one.
    Recovered(String),
    NoToken,
    Refused,
}

impl Tally {
    /// Turns that failed.
    pub fn failed(&self) -> usize {
        self.no_token + self.refused
    }

    fn add(&mut self, moment: Moment) {
        self.turns += 1;
        *match moment.saw {
            Saw::Served(_) => &mut self.served,
            Saw::Recovered(_) => &mut self.recovered,
            Saw::NoToken => &mut self.no_token,
            Saw::Refused => &mut self.refused,
        } += 1;
        if moment.worker < LANES {
            self.moments.push(moment);
        }
    }
}

/// Runs `workers` side by side for that long. Each takes as many turns as the pace allows.
pub fn run(
    name: &'static str,
    client: &Client,
    server: &AuthorizationServer,
    workers: usize,
    length: Duration,
) -> Tally {
    let started = Instant::now();
    let address = server.host();
    let (sender, moments) = mpsc::channel();
    let bar = bar(name, length);
    let mut tally = Tally::default();
    thread::scope(|scope| {
        for worker in 0..workers {
            let (sender, address) = (sender.clone(), &address);
            scope.spawn(move || {
                // They start one after the other, not all at once.
                let mut next = PACE * count(worker) / count(workers);
                while next < length {
                    thread::sleep(next.saturating_sub(started.elapsed()));
                    let saw = turn(client, address);
                    let at = started.elapsed();
                    drop(sender.send(Moment { worker, at, saw }));
                    next += PACE;
                }
            });
        }
        drop(sender);
        for moment in moments {
            tally.add(moment);
            show(&bar, started, &tally, server);
        }
    });
    bar.finish_and_clear();
    tally
}

/// Gets a token and makes a request with it. If the server refuses it, does both once more.
fn turn(client: &Client, address: &str) -> Saw {
    let Some(token) = client.token() else {
        return Saw::NoToken;
    };
    if is_served(address, &token) {
        return Saw::Served(token);
    }
    match client.token_after(&token) {
        Some(other) if is_served(address, &other) => Saw::Recovered(other),
        _ => Saw::Refused,
    }
}

fn is_served(address: &str, token: &str) -> bool {
    http::get(address, USER, token).is_ok_and(|answer| answer.status == 200)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A progress bar, which shows only on a terminal.
fn bar(name: &'static str, length: Duration) -> ProgressBar {
    let bar = ProgressBar::new(millis(length)).with_prefix(name);
    match ProgressStyle::with_template("{prefix:16} [{bar:24}] {msg}") {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}

fn show(bar: &ProgressBar, started: Instant, tally: &Tally, server: &AuthorizationServer) {
    bar.set_position(millis(started.elapsed()));
    // The server counts under its lock, which is worth it only if the bar is visible.
    if !bar.is_hidden() {
        bar.set_message(format!(
            "{} requests, {} failed, {} replays",
            tally.turns,
            tally.failed(),
            server.replays()
        ));
    }
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
