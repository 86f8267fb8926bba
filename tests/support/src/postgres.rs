//! A PostgreSQL of its own, on loopback, for the shared store.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User};
use tempfile::TempDir;

/// How long it may take to answer.
const LIMIT: Duration = Duration::from_secs(60);

/// A database that nothing else uses. It is stopped when it is dropped.
pub struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    settings: Vec<String>,
    server: Option<Child>,
}

impl Postgres {
    /// Starts one; `None`, with a line that says so, where there is no PostgreSQL.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            eprintln!("skipped: there is no PostgreSQL (package postgresql)");
            return None;
        };
        let port = free_port();
        let folder = tempfile::tempdir().unwrap();
        let mut database = Self {
            folder,
            programs,
            port,
            settings: Vec::new(),
            server: None,
        };
        if let Some(user) = server_user() {
            chown(
                database.folder.path(),
                Some(user.uid.as_raw()),
                Some(user.gid.as_raw()),
            )
            .unwrap();
        }
        let data = database.data();
        let made = database
            .program("initdb")
            .args(["--auth=trust", "--no-sync", "--username=glauth", "--pgdata"])
            .arg(data)
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success(), "initdb");
        database.start_server();
        Some(database)
    }

    /// Its address, as a shared store.
    pub fn address(&self) -> String {
        format!("postgres://glauth@127.0.0.1:{}/postgres", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Lets it start with this setting from the next start on.
    pub fn set(&mut self, setting: &str) {
        self.settings.push(setting.to_owned());
    }

    /// A certificate of its own for a name or an address, and its key, which the server alone can read.
    pub fn certificate_for(&self, name: &str) -> (PathBuf, PathBuf) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let folder = self.folder.path();
        let files = [("server.pem", certificate), ("server.key", key)];
        let [certificate, key] = files.map(|(name, text)| {
            let path = folder.join(name);
            fs::write(&path, text).unwrap();
            let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            fs::set_permissions(&path, private).unwrap();
            if let Some(user) = server_user() {
                chown(&path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
            }
            path
        });
        (certificate, key)
    }

    /// Runs SQL as an administrator, and returns what it prints.
    pub fn sql(&self, statement: &str) -> String {
        let output = self
            .program("psql")
            .args([
                "--no-psqlrc",
                "--quiet",
                "--tuples-only",
                "--no-align",
                "--set=ON_ERROR_STOP=1",
            ])
            .args(["--host=127.0.0.1", "--username=glauth", "--dbname=postgres"])
            .arg(format!("--port={}", self.port))
            .args(["--command", statement])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }

    /// What `pg_dump` and a thief of its disk see.
    pub fn everything(&self) -> Vec<Vec<u8>> {
        let dump = self
            .program("pg_dump")
            .args(["--host=127.0.0.1", "--username=glauth", "--dbname=postgres"])
            .arg(format!("--port={}", self.port))
            .output()
            .unwrap();
        assert!(dump.status.success(), "{dump:?}");
        let files = fs::read_dir(self.data().join("pg_wal")).unwrap().flatten();
        let files = files.filter_map(|file| fs::read(file.path()).ok());
        files.chain([dump.stdout]).collect()
    }

    /// Stops it at once, as a crash would.
    pub fn stop(&mut self) {
        self.stop_by(Signal::SIGQUIT);
    }

    /// Stops it as `systemctl stop` does: what is under way is broken off, and what was committed is written.
    pub fn stop_in_order(&mut self) {
        self.stop_by(Signal::SIGINT);
    }

    fn stop_by(&mut self, signal: Signal) {
        if let Some(mut server) = self.server.take() {
            end(&mut server, signal);
        }
    }

    /// Starts it after [`stop`](Self::stop).
    pub fn start_server(&mut self) {
        let mut command = self.program("postgres");
        command
            .arg("-D")
            .arg(self.data())
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
            .args(["-c", &format!("port={}", self.port)])
            .args([
                "-c",
                &format!("unix_socket_directories={}", self.folder.path().display()),
            ]);
        for setting in &self.settings {
            command.args(["-c", setting]);
        }
        let server = command
            .stdout(Stdio::null())
            .stderr(self.log_file())
            .spawn();
        self.server = Some(server.unwrap());
        let deadline = Instant::now() + LIMIT;
        while !self.is_ready() {
            let server = self.server.as_mut().unwrap();
            let has_ended = server.try_wait().unwrap().is_some();
            assert!(!has_ended && Instant::now() < deadline, "{}", self.log());
        }
    }

    /// Stops it, and starts it again as a standby that has taken over: with another timeline. What it has lost of the last
    /// commits is for the test to remove.
    pub fn fail_over(&mut self) {
        self.stop();
        let signal = self.data().join("standby.signal");
        fs::write(&signal, "").unwrap();
        if let Some(user) = server_user() {
            chown(&signal, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
        }
        self.start_server();
        assert_eq!(self.sql("SELECT pg_promote()"), "t");
    }

    /// An asynchronous standby of this server, which has all that was committed until now.
    pub fn standby(&self) -> Standby {
        let data = self.folder.path().join("standby");
        fs::remove_dir_all(&data).ok();
        let made = self
            .program("pg_basebackup")
            .args([
                "--wal-method=stream",
                "--write-recovery-conf",
                "--checkpoint=fast",
                "--no-sync",
            ])
            .args(["--host=127.0.0.1", "--username=glauth"])
            .arg(format!("--port={}", self.port))
            .arg(format!("--pgdata={}", data.display()))
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let port = free_port();
        let mut command = self.program("postgres");
        command
            .arg("-D")
            .arg(&data)
            .args(["-c", "fsync=off", "-c", "listen_addresses="])
            .args(["-c", &format!("port={port}")])
            .args([
                "-c",
                &format!("unix_socket_directories={}", self.folder.path().display()),
            ]);
        let server = command
            .stdout(Stdio::null())
            .stderr(self.log_file())
            .spawn();
        let standby = Standby {
            data,
            server: Some(server.unwrap()),
        };
        self.wait_for_standby();
        standby
    }

    /// Waits until the standby has all that was committed until now.
    pub fn wait_for_standby(&self) {
        self.wait_for(
            "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_lsn()",
            "1",
        );
    }

    /// Stops this server at once, and lets a standby that was stopped take over, under the same address.
    pub fn fail_over_to(&mut self, standby: Stopped) {
        self.stop();
        fs::remove_dir_all(self.data()).unwrap();
        fs::rename(standby.0, self.data()).unwrap();
        self.start_server();
        assert_eq!(self.sql("SELECT pg_promote()"), "t");
    }

    /// Lets every COMMIT wait for a standby that is not there, or no longer.
    pub fn hang_commits(&self, hang: bool) {
        self.sql(if hang {
            "ALTER SYSTEM SET synchronous_standby_names = 'nowhere'"
        } else {
            "ALTER SYSTEM RESET synchronous_standby_names"
        });
        self.sql("SELECT pg_reload_conf()");
        let expected = if hang { "nowhere" } else { "" };
        self.wait_for("SHOW synchronous_standby_names", expected);
    }

    /// Waits until a statement prints this.
    pub fn wait_for(&self, statement: &str, expected: &str) {
        let deadline = Instant::now() + LIMIT;
        while self.sql(statement) != expected {
            assert!(
                Instant::now() < deadline,
                "waited for {expected:?} of {statement}"
            );
        }
    }

    /// Waits until a connection of glauth's waits for this, such as `SyncRep` or `transactionid`.
    pub fn wait_for_glauth(&self, event: &str) {
        let statement = format!(
            "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'glauth' AND wait_event = '{event}'"
        );
        self.wait_for(&statement, "t");
    }

    /// Cuts every connection of glauth's.
    pub fn cut_glauth(&self) {
        self.sql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'glauth'",
        );
    }

    /// Holds the lock of every row, until what is returned is dropped.
    pub fn lock_rows(&self) -> Transaction {
        let mut session = self
            .program("psql")
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--host=127.0.0.1", "--username=glauth", "--dbname=postgres"])
            .arg(format!("--port={}", self.port))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let statements =
            "BEGIN; SELECT count(*) FROM (SELECT FROM glauth.record FOR UPDATE) AS r;\n";
        let stdin = session.stdin.as_mut().unwrap();
        stdin.write_all(statements.as_bytes()).unwrap();
        let mut line = String::new();
        let stdout = session.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        Transaction(session)
    }

    fn log_file(&self) -> fs::File {
        let path = self.folder.path().join("log");
        let mut options = fs::File::options();
        options.create(true).append(true).open(path).unwrap()
    }

    /// Everything that it has said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// `pg_isready` itself waits for an answer, so that this is no busy loop.
    fn is_ready(&self) -> bool {
        let asked = self
            .program("pg_isready")
            .args(["--quiet", "--host=127.0.0.1", "--timeout=1"])
            .arg(format!("--port={}", self.port))
            .status();
        asked.unwrap().success()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command
            .env_clear()
            .env("LC_ALL", "C")
            .current_dir(self.folder.path());
        self.as_its_user(&mut command);
        command
    }

    /// Lets a command run as the user that the server runs as.
    pub fn as_its_user(&self, command: &mut Command) {
        if let Some(user) = server_user() {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
    }
}

/// A standby that follows its primary.
pub struct Standby {
    data: PathBuf,
    server: Option<Child>,
}

/// The folder of a standby that follows no more: what is committed now is lost to it.
pub struct Stopped(PathBuf);

impl Standby {
    /// Stops it.
    pub fn stop(mut self) -> Stopped {
        if let Some(mut server) = self.server.take() {
            end(&mut server, Signal::SIGINT);
        }
        Stopped(self.data.clone())
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            end(&mut server, Signal::SIGQUIT);
        }
    }
}

fn end(server: &mut Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(server.id()).unwrap());
    kill(pid, signal).ok();
    server.wait().ok();
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// A transaction that is open as long as this lives.
pub struct Transaction(Child);

impl Drop for Transaction {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

/// PostgreSQL does not run as root.
fn server_user() -> Option<User> {
    if !Uid::effective().is_root() {
        return None;
    }
    let named = |name| User::from_name(name).unwrap();
    named("postgres").or_else(|| named("nobody"))
}

/// The folder of the newest version that Debian, or `PATH`, has.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    let in_path = std::env::var_os("PATH").unwrap_or_default();
    let in_path: Vec<PathBuf> = std::env::split_paths(&in_path).collect();
    let folders = versions.into_iter().rev().map(|(_, folder)| folder);
    let has_all =
        |folder: &Path| folder.join("initdb").exists() && folder.join("postgres").exists();
    folders.chain(in_path).find(|folder| has_all(folder))
}
