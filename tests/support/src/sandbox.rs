//! A home of its own for every test, and the binary run in it with an empty environment.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;

pub use super::authorization_server::LIMIT;
use super::authorization_server::{AuthorizationServer, Pair, USER};

/// The beginning of every token that the test server issues: what has it must not be seen.
const SECRET: &str = "-SECRET-";

/// A folder with a home, a store, and the other places that glauth knows.
pub struct Sandbox {
    folder: tempfile::TempDir,
}

impl Sandbox {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "run", "tmp"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    /// A sandbox with a login at `server`, as `login --import` makes it.
    pub fn logged_in(server: &AuthorizationServer) -> (Self, Pair) {
        let sandbox = Self::new();
        let pair = sandbox.log_in(server);
        (sandbox, pair)
    }

    /// Logs in anew.
    pub fn log_in(&self, server: &AuthorizationServer) -> Pair {
        let pair = server.log_in();
        self.import(server, &pair);
        pair
    }

    /// Imports a pair.
    pub fn import(&self, server: &AuthorizationServer, pair: &Pair) {
        let client_id = server.client_id();
        let url = server.url();
        let args = ["login", "--import", "--client-id", &client_id, &url];
        self.run_with_input(&args, &pair.response).succeeds();
        // An import asks for the user's name, and that is no part of what a test is about.
        server.forget(USER);
    }

    /// Imports a new login as `account`, beside others.
    pub fn log_in_as(&self, server: &AuthorizationServer, account: &str) -> Pair {
        let pair = server.log_in();
        let (id, url) = (server.client_id(), server.url());
        let login = ["login", "--import", "--client-id", &id, "-a", account, &url];
        self.run_with_input(&login, &pair.response).succeeds();
        pair
    }

    /// Imports a login that has expired, at a server of the test's own.
    pub fn import_expired(&self, options: &[&str], host: &str) {
        // No two accounts have one refresh token.
        let own: String = options.concat();
        let own = own.replace(|c: char| !c.is_ascii_alphanumeric(), "");
        let response = serde_json::json!({
            "access_token": format!("at-SECRET-1{own}"),
            "refresh_token": format!("rt-SECRET-1{own}"),
            "expires_in": 60,
            "created_at": jiff::Timestamp::now().as_second() - 3600,
        });
        let login = ["login", "--import", "--client-id", "x", host];
        let args = [options, &login].concat();
        self.run_with_input(&args, &response.to_string()).succeeds();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn store(&self) -> PathBuf {
        self.path("store")
    }

    /// A file of the default account at `server`: `toml`, `toml.answer`, `lock` …
    pub fn file(&self, server: &AuthorizationServer, ending: &str) -> PathBuf {
        self.file_at(&server.host(), ending)
    }

    fn file_at(&self, host: &str, ending: &str) -> PathBuf {
        let key = host.replace(':', "%3A");
        self.store().join(key).join(format!("default.{ending}"))
    }

    pub fn record(&self, server: &AuthorizationServer) -> toml::Table {
        self.record_text(server).parse().unwrap()
    }

    pub fn record_text(&self, server: &AuthorizationServer) -> String {
        std::fs::read_to_string(self.file(server, "toml")).unwrap()
    }

    /// Every file below the sandbox, with its text.
    pub fn files(&self) -> Vec<(PathBuf, String)> {
        let mut folders = vec![self.folder.path().to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = std::fs::read(&path).unwrap();
                    files.push((path, String::from_utf8_lossy(&bytes).into_owned()));
                }
            }
        }
        files
    }

    /// Changes the record behind glauth's back.
    pub fn edit(&self, server: &AuthorizationServer, change: impl FnOnce(&mut toml::Table)) {
        edit_file(&self.file(server, "toml"), change);
    }

    /// Lets the access token of the first grant end so many seconds from now, of a lifetime of
    /// two hours; negative: it has ended.
    pub fn ends_in(&self, server: &AuthorizationServer, seconds: i64) {
        self.ends_in_at(&server.host(), seconds);
    }

    /// The same for each grant.
    pub fn grants_end_in(&self, server: &AuthorizationServer, seconds: &[i64]) {
        self.edit(server, |record| {
            let grants = record["grants"].as_array_mut().unwrap();
            assert_eq!(grants.len(), seconds.len());
            for (grant, seconds) in grants.iter_mut().zip(seconds) {
                let grant = grant.as_table_mut().unwrap();
                grant.insert("issued_at".to_owned(), from_now(seconds - 7200));
                grant.insert("expires_at".to_owned(), from_now(*seconds));
            }
        });
    }

    /// Time passes: the waits after failures are over.
    pub fn let_waits_pass(&self, server: &AuthorizationServer) {
        self.let_waits_pass_at(&server.host());
    }

    /// The same at a host.
    pub fn let_waits_pass_at(&self, host: &str) {
        let path = self.file_at(host, "toml");
        let record = std::fs::read_to_string(&path);
        if !record.is_ok_and(|text| text.contains("next_at")) {
            return;
        }
        edit_file(&path, |record| {
            let over = |table: &mut toml::Table, key: &str| {
                if table.contains_key(key) {
                    table.insert(key.to_owned(), from_now(-1));
                }
            };
            for grant in record["grants"].as_array_mut().unwrap() {
                over(grant.as_table_mut().unwrap(), "refresh_next_at");
            }
            if let Some(last) = record.get_mut("last_attempt") {
                over(last.as_table_mut().unwrap(), "next_at");
            }
        });
    }

    /// A sandbox with a login that has two grants: what each of them began with.
    pub fn with_standby(server: &AuthorizationServer) -> (Self, [Pair; 2]) {
        let (sandbox, first) = Self::logged_in(server);
        let second = server.log_in();
        let url = server.url();
        sandbox
            .run_with_input(&["login", "--import", "--standby", &url], &second.response)
            .succeeds();
        (sandbox, [first, second])
    }

    /// The same at a host.
    pub fn ends_in_at(&self, host: &str, seconds: i64) {
        edit_file(&self.file_at(host, "toml"), |record| {
            let grant = first_grant(record);
            grant.insert("issued_at".to_owned(), from_now(seconds - 7200));
            grant.insert("expires_at".to_owned(), from_now(seconds));
        });
    }

    /// The binary, in an empty environment.
    pub fn command(&self, args: &[&str]) -> Command {
        assert!(
            !args.iter().any(|arg| arg.contains(SECRET)),
            "a token in argv: {args:?}"
        );
        let mut command = Command::new(program());
        command
            .args(args)
            .env_clear()
            .env("HOME", self.path("home"))
            .env("XDG_RUNTIME_DIR", self.path("run"))
            .env("TMPDIR", self.path("tmp"))
            .env("GLAUTH_STORE", self.store())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The binary under `strace` with these options, in an empty environment. `None`: there is no
    /// strace here.
    pub fn under_strace(&self, options: &[&str], args: &[&str]) -> Option<Command> {
        let command = self.command(args);
        let mut traced = Command::new("strace");
        traced.arg("--version").output().ok()?;
        traced = Command::new("strace");
        traced
            .args(["-f", "-qq"])
            .args(options)
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, value) in command.get_envs() {
            traced.env(name, value.unwrap_or_default());
        }
        Some(traced)
    }

    pub fn run(&self, args: &[&str]) -> Finished {
        self.start(args).finish()
    }

    pub fn run_with_input(&self, args: &[&str], input: &(impl AsRef<[u8]> + ?Sized)) -> Finished {
        self.start_with_input(args, input).finish()
    }

    pub fn start(&self, args: &[&str]) -> Running {
        Running::spawn(&mut self.command(args))
    }

    pub fn start_with_input(&self, args: &[&str], input: &(impl AsRef<[u8]> + ?Sized)) -> Running {
        Running::spawn_with_input(&mut self.command(args), input)
    }
}

/// The binary: the one that `GLAUTH` names, so that the one that is shipped can be tried, or the one that cargo
/// built for the program that runs.
pub fn program() -> PathBuf {
    let named = std::env::var_os("GLAUTH").map(PathBuf::from);
    named.unwrap_or_else(|| assert_cmd::cargo::cargo_bin("glauth"))
}

/// A copy of the binary, which `cp` writes: a file that is open for writing cannot be run, and a child that another
/// test starts meanwhile has our descriptors until it becomes its program.
pub fn copy_program(to: &Path) {
    let copied = Command::new("cp").arg(program()).arg(to).status().unwrap();
    assert!(copied.success(), "cp to {}", to.display());
}

fn edit_file(path: &Path, change: impl FnOnce(&mut toml::Table)) {
    let mut table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    change(&mut table);
    let text = format!("{}# end of record\n", toml::to_string(&table).unwrap());
    std::fs::write(path, text).unwrap();
}

/// `outer` with `inner` as its last arguments, in the environment of `inner`.
pub fn wrapped(mut outer: Command, inner: &Command) -> Command {
    outer.arg(inner.get_program()).args(inner.get_args());
    in_environment_of(outer, inner)
}

/// `outer` in the environment of `inner`.
pub fn in_environment_of(mut outer: Command, inner: &Command) -> Command {
    let set = inner.get_envs();
    outer
        .env_clear()
        .envs(set.filter_map(|(name, value)| Some((name, value?))))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    outer
}

/// A shell that does `first` and then becomes `inner`.
pub fn after(first: &str, inner: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("{first}; exec \"$@\""), "sh"]);
    wrapped(shell, inner)
}

/// The table of the first grant.
pub fn first_grant(record: &mut toml::Table) -> &mut toml::Table {
    record["grants"][0].as_table_mut().unwrap()
}

/// A time in the record's form.
pub fn from_now(seconds: i64) -> toml::Value {
    let now = jiff::Timestamp::now();
    let at = now + jiff::SignedDuration::from_secs(seconds);
    let text = format!("{at:.3}");
    toml::Value::Datetime(text.parse().unwrap())
}

/// A process of the binary's. Dropped, it is killed.
pub struct Running {
    pub child: Child,
}

impl Running {
    pub fn spawn(command: &mut Command) -> Self {
        Self {
            child: command.spawn().unwrap(),
        }
    }

    pub fn spawn_with_input(command: &mut Command, input: &(impl AsRef<[u8]> + ?Sized)) -> Self {
        let mut running = Self::spawn(command.stdin(Stdio::piped()));
        let mut stdin = running.child.stdin.take().unwrap();
        // A process that does not want it may close it.
        drop(stdin.write_all(input.as_ref()));
        drop(stdin);
        running
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = i32::try_from(self.pid()).unwrap();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal).unwrap();
    }

    /// Waits for its end, at most [`LIMIT`], and reads what it wrote to pipes. What it wrote to
    /// stderr has no token in it.
    pub fn finish(mut self) -> Finished {
        let stdout = collect(self.child.stdout.take());
        let stderr = collect(self.child.stderr.take());
        let text = |receiver: mpsc::Receiver<Vec<u8>>, name: &str| {
            let bytes = receiver.recv_timeout(LIMIT);
            let bytes = bytes.unwrap_or_else(|_| panic!("{name} was not closed in time"));
            String::from_utf8(bytes).unwrap()
        };
        let finished = Finished {
            stdout: text(stdout, "stdout"),
            stderr: text(stderr, "stderr"),
            status: self.child.wait().unwrap(),
        };
        assert!(
            !finished.stderr.contains(SECRET),
            "a token on stderr: {}",
            finished.stderr
        );
        finished
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Reads a pipe to its end, in a thread, so that no process waits for ever.
fn collect(pipe: Option<impl std::io::Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            drop(pipe.read_to_end(&mut bytes));
        }
        drop(sender.send(bytes));
    });
    receiver
}

/// What a process left.
#[derive(Debug)]
pub struct Finished {
    pub stdout: String,
    pub stderr: String,
    pub status: ExitStatus,
}

impl Finished {
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    pub fn signal(&self) -> Option<i32> {
        self.status.signal()
    }

    /// Exit code 0; returns what it printed.
    #[track_caller]
    pub fn succeeds(self) -> String {
        assert_eq!(self.code(), Some(0), "{self:?}");
        self.stdout
    }

    /// Exit code 0 and nothing on stderr; returns what it printed, without the newline. On a busy
    /// machine it may have waited for more than a second, and then it says for whom.
    #[track_caller]
    pub fn prints(self) -> String {
        assert_eq!(self.code(), Some(0), "{self:?}");
        let is_wait = |line: &str| line.starts_with("glauth: waiting for the lock, which ");
        assert!(self.stderr.lines().all(is_wait), "{self:?}");
        self.stdout.trim_end_matches('\n').to_owned()
    }

    /// That exit code and nothing on stdout; returns what it said.
    #[track_caller]
    pub fn fails(self, code: i32) -> String {
        assert_eq!(self.code(), Some(code), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        assert!(self.stderr.starts_with("glauth: "), "{self:?}");
        self.stderr
    }

    /// The same under `--json`: that exit code, and that name for it.
    #[track_caller]
    pub fn fails_in_json(self, code: i32, name: &str) -> serde_json::Value {
        assert_eq!(self.code(), Some(code), "{self:?}");
        let last = self.stderr.lines().last().unwrap_or_default();
        let error: serde_json::Value = serde_json::from_str(last).unwrap();
        assert_eq!(error["error"]["code"], name, "{self:?}");
        error["error"].clone()
    }
}
