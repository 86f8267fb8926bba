//! What a token costs, as ratios: against reading the record with `cat`, for git against git's own
//! helper that keeps passwords in a file, and for a crowd of processes that finds the token stale
//! against one that finds it fresh.
//!
//! `cargo bench`. Each pair is measured in one run, the two in turns, so that whatever else the
//! machine does strikes both. Times differ between machines; the ratios count.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program for people to look at; a measurement that cannot be made has failed"
)]

#[path = "../tests/it/support/authorization_server/mod.rs"]
mod authorization_server;
#[allow(
    dead_code,
    clippy::disallowed_methods,
    reason = "made for tests, which use the rest"
)]
#[path = "../tests/it/support/sandbox.rs"]
mod sandbox;

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use authorization_server::{AuthorizationServer, TOKEN};
use sandbox::Sandbox;

/// How often `glauth token` and `cat` are run.
const RUNS: usize = 400;
/// How many processes make a crowd.
const CROWD: usize = 300;
/// How often each kind of crowd comes.
const CROWDS: usize = 7;

fn main() {
    let stage = Stage::new();
    println!("{:<48}{:>11}{:>11}{:>8}", "", "first", "second", "ratio");
    let (token, cat) = in_turns(
        RUNS,
        || timed(&mut stage.token()),
        || timed(&mut stage.cat()),
    );
    print_row("`glauth token HOST`, fresh : `cat RECORD`", token, cat);
    if let Some(peer) = stage.credential_store() {
        let (ours, theirs) = in_turns(
            RUNS,
            || timed(&mut stage.git_credential()),
            || timed(&mut peer()),
        );
        print_row(
            "`git-credential get` : `git-credential-store get`",
            ours,
            theirs,
        );
    }
    let (refreshing, fresh) = in_turns(CROWDS, || stage.stale_crowd(), || stage.fresh_crowd());
    let name = format!("{CROWD} processes: all stale : all fresh");
    print_row(&name, refreshing, fresh);
    println!("\nMedians of {RUNS} and of {CROWDS}; a stale crowd makes one refresh, held by the");
    println!("server until all of its processes have been started.");
    // One for each crowd, and for the one that does not count.
    assert_eq!(stage.server.refresh_requests(), CROWDS + 1);
}

fn print_row(name: &str, first: Duration, second: Duration) {
    let ratio = first.as_secs_f64() / second.as_secs_f64();
    let millis = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1000.0);
    let (first, second) = (millis(first), millis(second));
    println!("{name:<48}{first:>11}{second:>11}{ratio:>8.2}");
}

/// The medians of two measurements that take turns, after one of each that does not count.
fn in_turns(
    times: usize,
    first: impl Fn() -> Duration,
    second: impl Fn() -> Duration,
) -> (Duration, Duration) {
    first();
    second();
    let (firsts, seconds) = (0..times).map(|_| (first(), second())).unzip();
    (median(firsts), median(seconds))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// From the start of a process to its end, which must be a good one.
fn timed(command: &mut Command) -> Duration {
    let started = Instant::now();
    let status = command.status().unwrap();
    let time = started.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    time
}

/// A login, and the server that it is at.
struct Stage {
    sandbox: Sandbox,
    server: AuthorizationServer,
}

impl Stage {
    fn new() -> Self {
        let server = AuthorizationServer::start();
        let (sandbox, _) = Sandbox::logged_in(&server);
        Self { sandbox, server }
    }

    fn token(&self) -> Command {
        let mut command = self.sandbox.command(&["token", &self.server.url()]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn cat(&self) -> Command {
        let mut command = Command::new("cat");
        let record = self.sandbox.file(&self.server, "toml");
        command.arg(record).env_clear().stdin(Stdio::null());
        command.stdout(Stdio::null());
        command
    }

    fn git_credential(&self) -> Command {
        self.asked_by_git(self.sandbox.command(&["git-credential", "get"]))
    }

    /// git's own helper, with the same token in its file. `None`: there is no git.
    fn credential_store(&self) -> Option<impl Fn() -> Command> {
        let output = Command::new("git").arg("--exec-path").output().ok()?;
        let folder = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
        let program = folder.join("git-credential-store");
        let token = self.server.log_in().access_token;
        let file = self.sandbox.path("git-credentials");
        let line = format!(
            "http://oauth2:{token}@{}\n",
            self.server.host().replace(':', "%3a")
        );
        std::fs::write(&file, line).unwrap();
        program.exists().then_some(move || {
            let mut command = Command::new(&program);
            command.arg("--file").arg(&file).arg("get").env_clear();
            self.asked_by_git(command)
        })
    }

    /// With git's question on standard input.
    fn asked_by_git(&self, mut command: Command) -> Command {
        let question = self.sandbox.path("question");
        let text = format!("protocol=http\nhost={}\n\n", self.server.host());
        std::fs::write(&question, text).unwrap();
        command
            .stdin(File::open(question).unwrap())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn fresh_crowd(&self) -> Duration {
        let started = Instant::now();
        wait_for(self.start_crowd());
        started.elapsed()
    }

    fn stale_crowd(&self) -> Duration {
        self.sandbox.ends_in(&self.server, -10);
        let held = self.server.hold_requests(TOKEN);
        let started = Instant::now();
        let crowd = self.start_crowd();
        held.release();
        wait_for(crowd);
        started.elapsed()
    }

    fn start_crowd(&self) -> Vec<Child> {
        let start = |_| self.token().spawn().unwrap();
        (0..CROWD).map(start).collect()
    }
}

fn wait_for(crowd: Vec<Child>) {
    for mut process in crowd {
        let status = process.wait().unwrap();
        assert!(status.success(), "{status}");
    }
}
