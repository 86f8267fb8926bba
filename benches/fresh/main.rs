//! What a token costs: against `cat` of the record, against a Rust program that does nothing, and against
//! the programs that Debian has for the same errand; and what a crowd of processes that finds the token
//! stale takes against one that finds it fresh, and a refresh against `curl` sending the same request.
//!
//! `cargo bench`, after `packaging/build` with the binary that is shipped. All are measured in one run, in
//! turns, so that whatever else the machine does strikes all. Times differ between machines; the ratios
//! count. The table is Markdown, for docs/performance.md. `cargo bench -- refresh` measures the refresh alone, and
//! `cargo bench -- doctor` how `doctor` grows with the number of logins, and `cargo bench -- proxy` what `glauth proxy`
//! adds to a request; with `GLAUTH=PROGRAM` those of another build.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program for people to look at; a measurement that cannot be made has failed"
)]

mod doctor;
mod memory;
mod peers;
mod proxy;

use std::fs::File;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use glauth_test_support::authorization_server::{self, AuthorizationServer};
use glauth_test_support::sandbox::{self, Sandbox};

/// How often each program is run.
const RUNS: usize = 1000;
/// Of those that take long, one in so many runs.
const SELDOM: usize = 20;
/// How many processes make a crowd.
const CROWD: usize = 1000;
/// How often each kind of crowd comes.
const CROWDS: usize = 5;
/// How often a token is refreshed.
const REFRESHES: usize = 200;

/// Those of `record.toml`, the fresh record of a login at GitLab's.
const RECORD: &str = include_str!("../record.toml");
const HOST: &str = "gitlab.example.com";
const TOKEN: &str = "access-token-of-as-many-letters-as-those-of-gitlab-0123456789abcd";

fn main() {
    let shipped = shipped().unwrap_or_else(sandbox::program);
    if std::env::args().any(|arg| arg == "refresh") {
        refreshes(&named().unwrap_or(shipped));
        return;
    }
    if std::env::args().any(|arg| arg == "doctor") {
        doctor::measure(&named().unwrap_or(shipped));
        return;
    }
    if std::env::args().any(|arg| arg == "proxy") {
        proxy::measure(&named().unwrap_or(shipped));
        return;
    }
    let sandbox = Sandbox::new();
    let record = store_record(&sandbox);
    let mut daemons = peers::Daemons::default();
    let mut programs = programs(&sandbox, &record, &mut daemons);
    measure(&mut programs);
    print_table(&mut programs);
    peers::end_pass(&sandbox);
    crowds(&shipped);
    refreshes(&shipped);
    doctor::measure(&shipped);
    proxy::measure(&shipped);
}

/// The build that was asked for.
fn named() -> Option<PathBuf> {
    std::env::var_os("GLAUTH").map(PathBuf::from)
}

/// A store with one record.
fn store_record(sandbox: &Sandbox) -> PathBuf {
    let folder = sandbox.store().join(HOST);
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(&folder).unwrap();
    let record = folder.join("default.toml");
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600);
    std::io::Write::write_all(&mut file.open(&record).unwrap(), RECORD.as_bytes()).unwrap();
    record
}

/// What `packaging/build` made.
fn shipped() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/shipped/glauth");
    path.exists().then_some(path)
}

/// What a person's shell has, and `cat` loads. cron has none.
const LOCALE: (&str, &str) = ("LANG", "C.UTF-8");

const CAT: &str = "`cat RECORD`";
const CAT_BARE: &str = "`cat RECORD`, without a locale";
const SHIPPED: &str = "`glauth token HOST`, as shipped";
const PLAIN: &str = "`glauth token HOST`, by `cargo install`";
const GIT_OURS: &str = "`glauth git-credential get`";
const GIT_THEIRS: &str = "`git credential-store get`";

struct Program {
    name: &'static str,
    command: Command,
    /// What it reads on standard input, from the beginning each time.
    question: Option<PathBuf>,
    /// One in so many runs.
    seldom: usize,
    times: Vec<Duration>,
}

/// All that can be run here; the first one is `cat`, which the others are compared with.
fn programs(sandbox: &Sandbox, record: &Path, daemons: &mut peers::Daemons) -> Vec<Program> {
    let mut programs = Vec::new();
    let mut add = |name, command: Result<Command, String>, seldom| match command {
        Ok(command) => programs.push(Program {
            name,
            command,
            question: [GIT_OURS, GIT_THEIRS]
                .contains(&name)
                .then(|| question(sandbox)),
            seldom,
            times: Vec::new(),
        }),
        Err(why) => println!("skipped: {name}: {why}"),
    };
    let cat = || {
        let mut cat = Command::new("cat");
        cat.arg(record).env_clear();
        cat
    };
    let mut at_a_shell = cat();
    at_a_shell.env(LOCALE.0, LOCALE.1);
    add(CAT, Ok(at_a_shell), 1);
    add(CAT_BARE, Ok(cat()), 1);
    let token = |program| glauth(sandbox, program, &["token", HOST]);
    let get = |program| glauth(sandbox, program, &["git-credential", "get"]);
    let plain = sandbox::program();
    let shipped = shipped().ok_or_else(|| "`packaging/build` makes it".to_owned());
    add(
        SHIPPED,
        shipped.as_deref().map(token).map_err(Clone::clone),
        1,
    );
    add(PLAIN, Ok(token(&plain)), 1);
    add(
        GIT_OURS,
        shipped.as_deref().map(get).map_err(Clone::clone),
        1,
    );
    let name = "an empty Rust program, as shipped";
    add(name, empty(sandbox, true), 1);
    let name = "an empty Rust program, by `cargo install`";
    add(name, empty(sandbox, false), 1);
    add(GIT_THEIRS, peers::credential_store(sandbox), 1);
    add("`oidc-token`", peers::oidc_token(), 1);
    let secret = peers::secret_tool(sandbox, daemons);
    add("`secret-tool lookup`", secret, SELDOM);
    add("`pass show`", peers::pass(sandbox), SELDOM);
    add("`gh auth token`", peers::gh(sandbox), SELDOM);
    programs
}

/// What git asks.
fn question(sandbox: &Sandbox) -> PathBuf {
    let question = sandbox.path("question");
    std::fs::write(&question, format!("protocol=https\nhost={HOST}\n\n")).unwrap();
    question
}

/// `program` with the environment of the sandbox.
fn glauth(sandbox: &Sandbox, program: &Path, args: &[&str]) -> Command {
    let like = sandbox.command(args);
    let mut command = Command::new(program);
    command.args(args).env_clear().stdin(Stdio::null());
    command.env(LOCALE.0, LOCALE.1).envs(
        like.get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    command
}

/// What starting and ending cost alone.
fn empty(sandbox: &Sandbox, is_static: bool) -> Result<Command, String> {
    let source = sandbox.path("empty.rs");
    std::fs::write(&source, "fn main() {}").unwrap();
    let program = sandbox.path(if is_static { "static" } else { "dynamic" });
    let mut rustc = Command::new("rustc");
    rustc.arg("-O").arg(source).arg("-o").arg(&program);
    if is_static {
        let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
        rustc.args(["-C", "relocation-model=static", "--target", &target]);
    }
    let output = rustc.output().map_err(|error| format!("rustc: {error}"))?;
    if !output.status.success() {
        return Err("rustc cannot build it here".to_owned());
    }
    let mut command = Command::new(program);
    command.env_clear();
    Ok(command)
}

fn measure(programs: &mut [Program]) {
    for program in &mut *programs {
        program.command.stdout(Stdio::null()).stderr(Stdio::null());
        timed(program);
        program.times.clear();
    }
    for run in 0..RUNS {
        for program in &mut *programs {
            if run % program.seldom == 0 {
                timed(program);
            }
        }
    }
}

/// From the start of a process to its end, which must be a good one.
fn timed(program: &mut Program) {
    if let Some(question) = &program.question {
        program.command.stdin(File::open(question).unwrap());
    }
    let started = Instant::now();
    let status = program.command.status().unwrap();
    program.times.push(started.elapsed());
    assert!(status.success(), "{}: {status}", program.name);
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn print_table(programs: &mut [Program]) {
    let cat = median(&mut programs[0].times);
    println!("\n| program | time | of `cat` | memory | file |");
    println!("| --- | --- | --- | --- | --- |");
    for program in programs {
        let time = median(&mut program.times);
        let ratio = time.as_secs_f64() / cat.as_secs_f64();
        let millis = time.as_secs_f64() * 1000.0;
        print!("| {} | {millis:.2} ms | {ratio:.2} |", program.name);
        println!(" {} | {} |", memory_of(program), size_of(program));
    }
    println!(
        "\nMedians of {RUNS}, of those that take long of {}.",
        RUNS / SELDOM
    );
}

/// Of those that do one thing after the other: a program that waits for a daemon or a thread is looked at too early.
fn memory_of(program: &mut Program) -> String {
    if ![CAT, SHIPPED, PLAIN].contains(&program.name) {
        return String::new();
    }
    let peak = memory::peak(&mut program.command);
    peak.map_or_else(String::new, megabytes)
}

fn size_of(program: &Program) -> String {
    if ![SHIPPED, PLAIN].contains(&program.name) {
        return String::new();
    }
    let metadata = std::fs::metadata(program.command.get_program());
    megabytes(metadata.unwrap().len())
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

/// A call that finds the token stale, against one that finds it fresh.
fn crowds(program: &Path) {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let stage = Stage {
        program,
        sandbox,
        server,
    };
    // One of each that does not count.
    stage.fresh_crowd();
    stage.stale_crowd();
    let one_of_each = |_| (stage.stale_crowd(), stage.fresh_crowd());
    let (mut late, mut early): (Vec<_>, Vec<_>) = (0..CROWDS).map(one_of_each).unzip();
    let (late, early) = (median(&mut late), median(&mut early));
    let ratio = late.as_secs_f64() / early.as_secs_f64();
    let (late, early) = (late.as_millis(), early.as_millis());
    println!("\n{CROWD} processes: all stale {late} ms, all fresh {early} ms, ratio {ratio:.2}");
    println!(
        "\nMedians of {CROWDS}; a stale crowd makes one refresh, held by the server until all of its"
    );
    println!("processes have been started.");
    assert_eq!(stage.server.refresh_requests(), CROWDS + 1);
}

/// One refresh, against the bare request by curl, which stores nothing.
fn refreshes(program: &Path) {
    let server = AuthorizationServer::start();
    let (sandbox, _) = Sandbox::logged_in(&server);
    let mut token = glauth(&sandbox, program, &["token", &server.url()]);
    token.stdout(Stdio::null());
    let mut curl = Command::new("curl");
    let endpoint = format!("{}{}", server.url(), authorization_server::TOKEN);
    curl.args(["--silent", "--fail", "--data", "@-"])
        .args(["--header", "Accept: application/json"])
        .arg(endpoint);
    curl.env_clear().stdout(Stdio::null()).stdin(Stdio::piped());
    if Command::new("curl").arg("--version").output().is_err() {
        println!("\nskipped: a refresh against curl: there is none");
        return;
    }
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for run in 0..=REFRESHES {
        sandbox.ends_in(&server, -10);
        let started = Instant::now();
        assert!(token.status().unwrap().success());
        let ours_took = started.elapsed();
        let body = format!(
            "grant_type=refresh_token&refresh_token={}&client_id={}",
            server.log_in().refresh_token,
            server.client_id()
        );
        let started = Instant::now();
        let mut child = curl.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, body.as_bytes()).unwrap();
        drop(stdin);
        assert!(child.wait().unwrap().success());
        // The first of each does not count.
        if run > 0 {
            ours.push(ours_took);
            theirs.push(started.elapsed());
        }
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "\na refresh: `glauth token` {:.1} ms, `curl` with the same request {:.1} ms, ratio {ratio:.2}; \
         medians of {REFRESHES}",
        millis(ours),
        millis(theirs)
    );
}

/// A login, and the server that it is at.
struct Stage<'a> {
    program: &'a Path,
    sandbox: Sandbox,
    server: AuthorizationServer,
}

impl Stage<'_> {
    fn fresh_crowd(&self) -> Duration {
        let started = Instant::now();
        wait_for(self.start_crowd());
        started.elapsed()
    }

    fn stale_crowd(&self) -> Duration {
        self.sandbox.ends_in(&self.server, -10);
        let held = self.server.hold_requests(authorization_server::TOKEN);
        let started = Instant::now();
        let crowd = self.start_crowd();
        held.release();
        wait_for(crowd);
        started.elapsed()
    }

    fn start_crowd(&self) -> Vec<Child> {
        let args = ["token", &self.server.url()];
        let mut command = glauth(&self.sandbox, self.program, &args);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        (0..CROWD).map(|_| command.spawn().unwrap()).collect()
    }
}

fn wait_for(crowd: Vec<Child>) {
    for mut process in crowd {
        let status = process.wait().unwrap();
        assert!(status.success(), "{status}");
    }
}
