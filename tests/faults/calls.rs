//! What a command asks of the kernel, as `strace` tells it, from the first open of the record on.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::geteuid;
use ring::digest::{SHA256, digest};

use super::authorization_server::AuthorizationServer;
use super::sandbox::{Running, wrapped};
use super::scenario::{Desk, NEW_NAME, Prepared, Scenario, hex};

/// One system call that can be made to fail.
#[derive(Clone, Debug)]
pub struct Call {
    pub name: String,
    /// Which one of its name it is: in the store where `place` is that, else in its thread.
    pub nth: usize,
    pub place: Place,
    pub moment: Moment,
    /// The file, or what else it is about.
    pub about: String,
    /// strace counts in each thread for itself: this many have such a call, and each is struck.
    pub threads: usize,
}

/// Where a call goes, and so what else fails with it when it fails for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The files and folders of the account: a disk that fails.
    Store,
    /// The same and the rescue places: a machine that fails.
    Everywhere,
    /// A rescue place.
    Scratch,
    /// Sockets, threads, and what waits for them.
    Network,
}

/// When a call happens: only inside the window can a grant be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Up to the first byte of the request.
    Before,
    /// From there to the synced `.toml.answer`.
    Window,
    After,
}

/// What the request takes of the kernel, threads included. None of these is called before the
/// record is opened.
const NETWORK: [&str; 12] = [
    "clone3",
    "connect",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "eventfd2",
    "recvfrom",
    "sendto",
    "setsid",
    "socket",
    "socketpair",
    "writev",
];

/// What cannot fail, or what glauth can do nothing about.
const HARMLESS: [&str; 3] = ["close", "fcntl", "lseek"];

/// The paths that a case is about, for `strace -P`.
pub struct Paths {
    pub store: Vec<PathBuf>,
    /// Where an answer is kept that the store does not take.
    pub scratch: Vec<PathBuf>,
}

impl Paths {
    pub fn of(prepared: &Prepared, server: &AuthorizationServer) -> Self {
        let sandbox = &prepared.sandbox;
        let endings = ["toml", "toml.new", "toml.answer", "lock"];
        let files = endings.map(|ending| sandbox.file(server, ending));
        let folder = files[0].parent().unwrap().to_owned();
        let renamed = endings.map(|ending| folder.join(format!("{NEW_NAME}.{ending}")));
        let spent = digest(&SHA256, prepared.old.refresh_token.as_bytes());
        let name = hex(&spent.as_ref()[..16]);
        let folders = [
            sandbox.store().parent().unwrap().to_owned(),
            sandbox.path("home"),
            sandbox.path("run"),
            PathBuf::from(format!("/run/user/{}", geteuid())),
            sandbox.path("tmp"),
            PathBuf::from("/tmp"),
        ];
        let scratch = folders.iter().flat_map(|folder| {
            let folder = folder.join(format!("glauth-rescue-{}", geteuid()));
            [folder.clone(), folder.join(&name)]
        });
        Self {
            store: [sandbox.store(), folder]
                .into_iter()
                .chain(files)
                .chain(renamed)
                .collect(),
            scratch: scratch.collect(),
        }
    }

    fn in_store(&self, line: &Line<'_>) -> Option<&Path> {
        let mut store = self.store.iter().map(PathBuf::as_path);
        store.find(|path| line.is_about(path))
    }

    fn in_scratch(&self, line: &Line<'_>) -> Option<&Path> {
        let mut scratch = self.scratch.iter().map(PathBuf::as_path);
        scratch.find(|path| line.is_about(path))
    }
}

/// One line of strace's.
struct Line<'a> {
    thread: &'a str,
    name: &'a str,
    rest: &'a str,
}

impl<'a> Line<'a> {
    /// `4711 read(3</tmp/x>, …) = 0`; `None` for the second half of a call.
    fn parse(line: &'a str) -> Option<Self> {
        let (thread, call) = line.split_once(' ')?;
        let (name, rest) = call.trim_start().split_once('(')?;
        let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        is_name.then_some(Self { thread, name, rest })
    }

    fn is_about(&self, path: &Path) -> bool {
        let path = path.display();
        self.rest.contains(&format!("\"{path}\"")) || self.rest.contains(&format!("<{path}>"))
    }

    fn sends(&self) -> bool {
        ["sendto", "sendmsg", "write", "writev"].contains(&self.name)
            && self
                .rest
                .split(',')
                .next()
                .unwrap_or_default()
                .contains("<socket:")
    }
}

/// Lets the command run once, in peace.
pub fn record(scenario: Scenario, desk: &Desk) -> Vec<Call> {
    let server = &desk.server;
    let prepared = scenario.prepare(desk);
    let sandbox = &prepared.sandbox;
    let trace = sandbox.path("trace");
    let mut strace = strace(&trace);
    strace.arg("-y");
    let command = sandbox.command(&words(&scenario.args(server)));
    let mut traced = wrapped(strace, &command);
    let finished = Running::spawn_with_input(&mut traced, &prepared.input).finish();
    finished.succeeds();
    let text = std::fs::read_to_string(trace).unwrap();
    calls(&text, &Paths::of(&prepared, server))
}

/// `strace` as a child of the command that it traces, so that its end is the command's own; what
/// it sees, without any data, is in the file.
pub fn strace(trace: &Path) -> Command {
    let mut strace = Command::new("strace");
    let options = ["-D", "-f", "-qq", "-s0", "-o"];
    strace.args(options).arg(trace);
    strace
}

pub fn words(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// The calls of a trace.
fn calls(text: &str, paths: &Paths) -> Vec<Call> {
    let lines: Vec<Line<'_>> = text.lines().filter_map(Line::parse).collect();
    let record = |path: &Path| path.extension().is_some_and(|ending| ending == "toml");
    let opens =
        |line: &Line<'_>| line.name.starts_with("open") && paths.in_store(line).is_some_and(record);
    let first = lines
        .iter()
        .position(opens)
        .expect("the record to be opened");
    let before: HashSet<&str> = lines[..first].iter().map(|line| line.name).collect();
    let window = window(&lines);
    let mut count = HashMap::new();
    let mut nth = |place, thread, name| {
        let count = count.entry((place, thread, name)).or_insert(0);
        *count += 1;
        *count
    };
    let mut found = Vec::new();
    for (index, Line { thread, name, .. }) in lines.iter().enumerate() {
        let line = &lines[index];
        let counted = index >= first && !HARMLESS.contains(name);
        let mut add = |place, nth, path: &Path| {
            let about = path.file_name().unwrap_or_default();
            found.extend(counted.then(|| Call {
                name: (*name).to_owned(),
                nth,
                place,
                moment: moment(index, window),
                about: about.to_string_lossy().into_owned(),
                threads: 0,
            }));
        };
        if let Some(path) = paths.in_store(line) {
            add(Place::Store, nth(Place::Store, *thread, *name), path);
            add(
                Place::Everywhere,
                nth(Place::Everywhere, *thread, *name),
                path,
            );
        } else if let Some(path) = paths.in_scratch(line) {
            add(Place::Scratch, nth(Place::Everywhere, *thread, *name), path);
        } else if NETWORK.contains(name) && !before.contains(name) {
            add(
                Place::Network,
                nth(Place::Network, *thread, *name),
                Path::new("network"),
            );
        }
    }
    for call in &mut found {
        let place = match call.place {
            Place::Scratch => Place::Everywhere,
            place => place,
        };
        let of_its_kind = |((kind, _, name), total): (&(Place, &str, &str), &usize)| {
            *kind == place && *name == call.name && *total >= call.nth
        };
        call.threads = count.iter().filter(|entry| of_its_kind(*entry)).count();
    }
    found
}

/// The first byte of the request, and the sync that ends the danger. What the caller and the process that
/// refreshes say to each other comes before the room is reserved.
fn window(lines: &[Line<'_>]) -> Option<(usize, usize)> {
    let synced = |line: &Line<'_>| line.name == "fsync" && line.rest.contains(".toml.answer>");
    let reserved = lines.iter().position(synced)?;
    let start = reserved + lines[reserved..].iter().position(Line::sends)?;
    let end = lines[start..].iter().position(synced)?;
    Some((start, start + end))
}

fn moment(index: usize, window: Option<(usize, usize)>) -> Moment {
    match window {
        Some((start, end)) if index > start && index <= end => Moment::Window,
        Some((_, end)) if index > end => Moment::After,
        _ => Moment::Before,
    }
}
