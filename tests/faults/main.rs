//! Every system call that a refresh, a login and a logout make in their store fails once and for
//! good, and the process is killed at each: `cargo test --release --test faults`.
//!
//! The calls are those that `strace` sees in one run in peace, from the first open of the record
//! on. Then there is a run for each call and each error, with a store and a grant of its own, and
//! the runs after it find out what is left. What must not happen is said, and fails the suite.
//!
//! `-- WORD...` runs those whose description has all these words, and `--list` says how each ended.
//! Where there is no strace it says so in one line and passes; with `--require` or `CI=true` that is
//! an error. A debug build tests the debug binary.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test, for people to look at"
)]

mod calls;
mod case;
mod fault;
mod scenario;
mod table;

use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use case::{End, Judged};
use fault::Fault;
use glauth_test_support::{authorization_server, sandbox};
use scenario::{Desk, SCENARIOS, Scenario};
use table::Table;

/// How many runs there are at a time, for each processor: half of the time is a disk's.
const RUNS_PER_PROCESSOR: usize = 2;

fn main() -> ExitCode {
    let mut require = std::env::var("CI").is_ok_and(|ci| ci == "true");
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let mut list = false;
    words.retain(|word| {
        require |= word == "--require";
        list |= word == "--list";
        !["--require", "--list"].contains(&word.as_str())
    });
    if let Some(missing) = missing() {
        println!("faults: skipped: everything: {missing}");
        return if require {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        };
    }
    let started = Instant::now();
    let todo = todo(&words);
    let runs = todo.len();
    let (table, worse) = run_all(todo, list);
    println!("{}", table.text());
    println!(
        "{runs} runs, {worse} worse than allowed, {} s",
        started.elapsed().as_secs()
    );
    if worse == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn missing() -> Option<&'static str> {
    let traced = Command::new("strace")
        .args([
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            "inject=read:error=EIO:when=1000",
            "true",
        ])
        .status();
    match traced {
        Ok(status) if status.success() => None,
        Ok(_) => Some("strace cannot trace here"),
        Err(_) => Some("strace"),
    }
}

/// Every case that was asked for.
fn todo(words: &[String]) -> VecDeque<(Scenario, Fault)> {
    let desk = Desk::new();
    let mut todo = VecDeque::new();
    for scenario in SCENARIOS {
        for call in calls::record(scenario, &desk) {
            for fault in Fault::all(&call) {
                let name = format!("{}: {fault}", scenario.name());
                if words.iter().all(|word| name.contains(word)) {
                    todo.push_back((scenario, fault));
                }
            }
        }
    }
    todo
}

/// Several at once, each worker with a server of its own.
fn run_all(todo: VecDeque<(Scenario, Fault)>, list: bool) -> (Table, usize) {
    let processors = thread::available_parallelism().map_or(1, Into::into);
    let todo = Mutex::new(todo);
    let done = Mutex::new((Table::default(), 0));
    // What a run panics about is said once, with its name.
    panic::set_hook(Box::new(|_| {}));
    thread::scope(|scope| {
        for _ in 0..processors * RUNS_PER_PROCESSOR {
            scope.spawn(|| {
                let desk = Desk::new();
                loop {
                    let next = todo.lock().unwrap().pop_front();
                    let Some((scenario, fault)) = next else { break };
                    let judged = run(scenario, &fault, &desk);
                    let mut done = done.lock().unwrap();
                    if list {
                        println!("{}: {fault}: {:?}", scenario.name(), judged.end);
                    }
                    for complaint in &judged.complaints {
                        println!("{}: {fault}: {complaint}", scenario.name());
                    }
                    done.1 += usize::from(!judged.complaints.is_empty());
                    done.0
                        .add(format!("{} {}", scenario.name(), fault.what), &judged);
                }
            });
        }
    });
    drop(panic::take_hook());
    done.into_inner().unwrap()
}

fn run(scenario: Scenario, fault: &Fault, desk: &Desk) -> Judged {
    let run = AssertUnwindSafe(|| case::run(scenario, fault, desk));
    panic::catch_unwind(run).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned()));
        Judged {
            end: End::Failed(1),
            rescued: false,
            lost: false,
            complaints: vec![said.unwrap_or_default()],
        }
    })
}
