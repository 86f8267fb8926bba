//! One run after another under `strace`: after each call the disks that a power loss can leave,
//! and what the server and the world know by then.

use std::collections::BTreeSet;
use std::path::Path;

use super::disks::{Disk, Extent};
use super::file_system::FileSystem;
use super::strace::{self, Call};
use crate::support::authorization_server::{AuthorizationServer, Past, REVOKE, TOKEN, USER};
use crate::support::crash_points::CrashPoint;
use crate::support::mounts::skipped;
use crate::support::sandbox::{Finished, Running, Sandbox};

/// A process of glauth's.
#[derive(Clone, Copy, Default)]
pub struct Run<'a> {
    pub args: &'a [&'a str],
    pub input: &'a str,
    /// Where it dies.
    pub crash_at: Option<CrashPoint<'a>>,
}

/// What was recorded.
pub struct Recording {
    pub moments: Vec<Moment>,
    /// What the server was before the first request, and after each.
    pub history: Vec<Past>,
}

/// Between two system calls.
pub struct Moment {
    /// The call before it.
    pub after: String,
    pub disks: BTreeSet<Disk>,
    /// What the server may be by then: a request that has left may have arrived.
    pub pasts: Vec<usize>,
    /// The refresh whose answer may be lost now, by what the server was before it.
    pub window: Option<usize>,
    /// The revocation that has left, by what the server was before it.
    pub revoked: Option<usize>,
    /// Whether the last process has said that it is done.
    pub is_acknowledged: bool,
}

impl Recording {
    /// `None`: there is no strace, which is said.
    pub fn of(
        server: &AuthorizationServer,
        sandbox: &Sandbox,
        runs: &[Run<'_>],
        extent: Extent,
    ) -> Option<Self> {
        let root = sandbox.path("");
        let mut recorder = Recorder::new(&root, extent);
        server.begin_history();
        for (index, run) in runs.iter().enumerate() {
            let Some((calls, finished)) = traced(sandbox, *run) else {
                skipped(
                    "the disks that a power loss can leave: strace is not installed, or may not trace",
                );
                return None;
            };
            // Standard output where there is a word on it, else what is said to a person.
            let speaks_on = if finished.stdout.is_empty() { 2 } else { 1 };
            let is_last = index + 1 == runs.len();
            recorder.follow(&calls, is_last.then_some(speaks_on));
        }
        let history = server.end_history();
        assert_eq!(
            history.len(),
            recorder.answered + 1,
            "requests that were not seen"
        );
        Some(Self {
            moments: recorder.moments,
            history,
        })
    }
}

fn traced(sandbox: &Sandbox, run: Run<'_>) -> Option<(Vec<Call>, Finished)> {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let options = strace::options(&log);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let mut command = sandbox.under_strace(&options, run.args)?;
    if let Some(point) = run.crash_at {
        point.set(&mut command);
    }
    let finished = Running::spawn_with_input(&mut command, run.input).finish();
    let text = std::fs::read_to_string(log).unwrap_or_default();
    if text.is_empty() {
        // A container without CAP_SYS_PTRACE.
        return None;
    }
    if run.crash_at.is_none() {
        assert_eq!(finished.code(), Some(0), "{finished:?}");
    }
    Some((strace::parse(&text), finished))
}

struct Recorder {
    files: FileSystem,
    extent: Extent,
    moments: Vec<Moment>,
    sockets: BTreeSet<i32>,
    answered: usize,
    in_flight: bool,
    window: Option<usize>,
    revoked: Option<usize>,
    is_acknowledged: bool,
}

impl Recorder {
    fn new(root: &Path, extent: Extent) -> Self {
        let mut this = Self {
            files: FileSystem::of(root),
            extent,
            moments: Vec::new(),
            sockets: BTreeSet::new(),
            answered: 0,
            in_flight: false,
            window: None,
            revoked: None,
            is_acknowledged: false,
        };
        this.note("the beginning".to_owned());
        this
    }

    /// A process from its first call to its last one.
    fn follow(&mut self, calls: &[Call], speaks_on: Option<i32>) {
        self.files.begin_process();
        self.sockets.clear();
        for call in calls {
            self.see(call, speaks_on);
        }
    }

    fn see(&mut self, call: &Call, speaks_on: Option<i32>) {
        self.close_window(call);
        let is_ours = self.files.apply(call);
        let said = match call {
            Call::Socket { fd } => {
                self.sockets.insert(*fd);
                false
            }
            Call::Close { fd } => {
                self.sockets.remove(fd);
                false
            }
            Call::Write { fd, data } if self.sockets.contains(fd) => self.send(data),
            Call::Receive { fd } if self.sockets.contains(fd) && self.in_flight => {
                self.in_flight = false;
                self.answered += 1;
                true
            }
            Call::Write { fd, .. } if !is_ours && Some(*fd) == speaks_on => {
                self.is_acknowledged = true;
                true
            }
            _ => false,
        };
        if is_ours || said {
            self.note(described(call));
        }
    }

    /// The first bytes of a request.
    fn send(&mut self, data: &[u8]) -> bool {
        let begins = |path: &str| data.starts_with(format!("POST {path} ").as_bytes());
        // Whose a grant is changes nothing.
        let asks_who = data.starts_with(format!("GET {USER} ").as_bytes());
        assert!(
            begins(TOKEN) || begins(REVOKE) || asks_who || self.in_flight,
            "a request that the model does not know"
        );
        if begins(TOKEN) {
            self.window = Some(self.answered);
        } else if begins(REVOKE) {
            self.revoked = Some(self.answered);
        }
        self.in_flight = true;
        true
    }

    /// It ends when `.toml.answer` is synced; at the latest when that is put in place, or when
    /// a caller is told of the token.
    fn close_window(&mut self, call: &Call) {
        let is_answer = |name: &str| name.ends_with(".toml.answer");
        let closes = match call {
            Call::Sync { fd } => self.files.name_of(*fd).is_some_and(|name| is_answer(&name)),
            Call::Rename { from, .. } => is_answer(&from.to_string_lossy()),
            Call::Write { fd, .. } => *fd == 1,
            _ => false,
        };
        if closes && !self.in_flight {
            self.window = None;
        }
    }

    fn note(&mut self, after: String) {
        let reached = self.answered + usize::from(self.in_flight);
        self.moments.push(Moment {
            after,
            disks: self.files.disks(self.extent),
            pasts: (self.answered..=reached).collect(),
            window: self.window,
            revoked: self.revoked,
            is_acknowledged: self.is_acknowledged,
        });
    }
}

/// Without the data: there are tokens in it.
fn described(call: &Call) -> String {
    match call {
        Call::Write { fd, data } => format!("a write of {} bytes to {fd}", data.len()),
        call => format!("{call:?}"),
    }
}
