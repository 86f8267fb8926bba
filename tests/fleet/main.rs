//! A login that two machines share, and every fault between them: `cargo test --test fleet`.
//!
//! The machines are network namespaces; the database is a real PostgreSQL, over TLS, on a cable that the suite can pull;
//! the authorization server is the strict one of the tests, and no fault cuts it off. In each round six processes on each
//! machine want the next token, and the fault comes while the answer to the refresh is on its way. The protocol's
//! deadlines are shorter than in real life by `--haste`.
//!
//! `-- --rounds N` does so many of each, and `-- WORD...` those faults alone whose name has all these words. Where
//! something is missing it says so in one line and passes; with `--require` or `CI=true` that is an error.

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

mod crowd;
mod fault;
mod machine;
mod network;
mod pooler;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use glauth_test_support::authorization_server::{
    Answer, AuthorizationServer, Behaviour, Replay, Settings, TOKEN_INFO,
};
use glauth_test_support::postgres::Postgres;
use glauth_test_support::sandbox::program;
use nix::unistd::Pid;
use tempfile::TempDir;

use fault::{Fault, Outcome};
use machine::Machine;
use network::{Bridge, HERE, Namespace, RELAY, Relay};
use pooler::Pooler;

/// What the crowds are called on the command line.
const CROWDS: &str = "crowds";

/// How many connections the database takes while there are crowds, and how many of them glauth may have.
const CONNECTIONS: usize = 20;
const HANDFUL: usize = 6;

/// How many times shorter the deadlines are: a claim lasts five seconds and a half.
const HASTE: u32 = 20;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [relay, port, socket] = &words[..]
        && relay == RELAY
    {
        Relay::serve(port, socket);
        return ExitCode::SUCCESS;
    }
    let call = Call::read(words);
    let names = Fault::ALL.into_iter().map(Fault::name);
    if !names.chain([CROWDS]).any(|name| call.wants_name(name)) {
        println!("fleet: no fault is called {:?}", call.words);
        return ExitCode::FAILURE;
    }
    let Some(bridge) = Bridge::new() else {
        return call.skip("network namespaces (root, and iproute2)");
    };
    let Some(postgres) = Postgres::start() else {
        return call.skip("PostgreSQL (package postgresql)");
    };
    let begun = Instant::now();
    let mut worse = 0;
    let mut world = World::new(&bridge, postgres);
    println!(
        "| fault | replay | rounds | logins lost | replays | unmarked | processes without a token |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for fault in Fault::ALL.into_iter().filter(|fault| call.wants(*fault)) {
        for replay_revokes in [false, true] {
            let outcome = world.rounds(fault, replay_revokes, call.rounds);
            worse += judged(fault, replay_revokes, &outcome);
        }
    }
    if call.wants_name(CROWDS) {
        worse += world.crowds(call.require);
    }
    println!(
        "{worse} worse than promised, {} s",
        begun.elapsed().as_secs()
    );
    if worse == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Prints what came of a fault, and says how much of it is worse than promised.
fn judged(fault: Fault, replay_revokes: bool, outcome: &Outcome) -> usize {
    let replay = if replay_revokes {
        "revokes"
    } else {
        "harmless"
    };
    let Outcome {
        rounds,
        lost,
        replays,
        unmarked,
        without_token,
        unexplained,
    } = outcome;
    println!(
        "| {} | {replay} | {rounds} | {lost} | {replays} | {unmarked} | {without_token} |",
        fault.name()
    );
    let may_lose = fault.may_lose(replay_revokes, *rounds);
    unmarked + unexplained + lost.saturating_sub(may_lose)
}

/// What was asked for.
struct Call {
    rounds: usize,
    require: bool,
    words: Vec<String>,
}

impl Call {
    fn read(words: Vec<String>) -> Self {
        let mut call = Self {
            rounds: 20,
            require: std::env::var("CI").is_ok_and(|ci| ci == "true"),
            words: Vec::new(),
        };
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            match &*word {
                "--require" => call.require = true,
                "--rounds" => call.rounds = words.next().unwrap().parse().unwrap(),
                _ => call.words.push(word),
            }
        }
        call
    }

    fn wants(&self, fault: Fault) -> bool {
        self.wants_name(fault.name())
    }

    fn wants_name(&self, name: &str) -> bool {
        self.words.iter().all(|word| name.contains(&**word))
    }

    fn skip(&self, missing: &str) -> ExitCode {
        println!("fleet: skipped: everything: {missing}");
        if self.require {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }
}

/// The two machines, and the database between them.
pub struct World {
    postgres: Postgres,
    machines: [Machine; 2],
    /// What the server does about a replay.
    replay_revokes: bool,
    /// Which accounts there were.
    count: usize,
    folder: TempDir,
    /// The certificate of the database, as the machines know it.
    authority: PathBuf,
    /// The certificate and its key, as the database has them.
    identity: (PathBuf, PathBuf),
}

fn address(port: u16, authority: &Path) -> String {
    format!(
        "postgres://glauth@{HERE}:{port}/postgres?sslmode=verify-full&sslrootcert={}",
        authority.display()
    )
}

impl World {
    fn new(bridge: &Bridge, mut postgres: Postgres) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).unwrap();
        let authority = folder.path().join("ca.pem");
        let rules = folder.path().join("hba");
        let text =
            "host all,replication all 127.0.0.1/32 trust\nhostssl all glauth 10.77.0.0/24 trust\n";
        std::fs::write(&rules, text).unwrap();
        let identity = postgres.certificate_for(HERE);
        let (certificate, key) = &identity;
        std::fs::write(&authority, std::fs::read(certificate).unwrap()).unwrap();
        for setting in [
            &format!("listen_addresses=127.0.0.1,{HERE}"),
            "ssl=on",
            &format!("ssl_cert_file={}", certificate.display()),
            &format!("ssl_key_file={}", key.display()),
            &format!("hba_file={}", rules.display()),
        ] {
            postgres.set(setting);
        }
        postgres.stop();
        postgres.start_server();
        let store = address(postgres.port(), &authority);
        let made = Command::new(program())
            .args(["store", "key", "new"])
            .output();
        let key = String::from_utf8(made.unwrap().stdout).unwrap();
        let machines = [0, 1].map(|number| {
            let namespace = Namespace::new(bridge, number);
            Machine::new(namespace, &store, &key, HASTE)
        });
        machines[0].run(&["store", "init"]).succeeds();
        Self {
            postgres,
            machines,
            replay_revokes: false,
            count: 0,
            folder,
            authority,
            identity,
        }
    }

    /// A thousand processes on each machine, straight and through a pooler; says how often they were more of a burden than
    /// they may be.
    fn crowds(&mut self, require: bool) -> usize {
        self.postgres.set(&format!("max_connections={CONNECTIONS}"));
        self.postgres.set("log_connections=on");
        self.postgres.set("log_disconnections=on");
        self.postgres.stop_in_order();
        self.postgres.start_server();
        let server = server(false);
        let _relays = self.relays(&server);
        let alone = crowd::with_files(&server);
        println!(
            "1000 processes on one machine, with files: {:.1} s",
            alone.as_secs_f64()
        );
        let log = || self.postgres.log();
        let mut worse = tell_of("straight", &log, &server, &self.machines, alone);
        let Some(pooler) = Pooler::start(&self.postgres, &self.identity, self.folder.path()) else {
            println!("fleet: skipped: pgbouncer (package pgbouncer)");
            return worse + usize::from(require);
        };
        let store = address(pooler.port, &self.authority);
        let behind = self
            .machines
            .each_ref()
            .map(|machine| machine.with_store(&store));
        worse += tell_of(
            "behind pgbouncer, in transaction mode",
            &|| pooler.log(),
            &server,
            &behind,
            alone,
        );
        worse
    }

    fn relays(&self, server: &AuthorizationServer) -> [Relay; 2] {
        let host = server.host();
        let (_, port) = host.rsplit_once(':').unwrap();
        let port = port.parse().unwrap();
        let folder = self.folder.path();
        self.machines
            .each_ref()
            .map(|machine| Relay::start(&machine.namespace, port, folder))
    }

    fn rounds(&mut self, fault: Fault, replay_revokes: bool, rounds: usize) -> Outcome {
        self.replay_revokes = replay_revokes;
        let server = server(replay_revokes);
        let _relays = self.relays(&server);
        let mut outcome = Outcome::default();
        for _ in 0..rounds {
            self.count += 1;
            let account = format!("a{}", self.count);
            outcome.add(fault::round(self, &server, &account, fault));
            std::io::stdout().flush().unwrap();
        }
        outcome
    }

    /// The row's word for the last attempt.
    fn outcome_of(&self, account: &str) -> String {
        let statement = format!("SELECT outcome FROM glauth.record WHERE account = '{account}'");
        self.postgres.sql(&statement)
    }

    /// The process that has written the row.
    fn owner_of(&self, account: &str) -> Pid {
        let statement = format!("SELECT written_by FROM glauth.record WHERE account = '{account}'");
        let by = self.postgres.sql(&statement);
        let pid = by.split(' ').find_map(|word| word.parse().ok());
        Pid::from_raw(pid.unwrap_or_else(|| panic!("{by}")))
    }

    fn plug(&self, machines: &[usize], is_in: bool) {
        for machine in machines {
            self.machines[*machine].namespace.plug(is_in);
        }
    }
}

fn tell_of(
    how: &str,
    log: &dyn Fn() -> String,
    server: &AuthorizationServer,
    machines: &[Machine; 2],
    alone: Duration,
) -> usize {
    let found = crowd::on_two_machines(log, machines, server);
    println!(
        "1000 processes on each of two machines, {how}: {:.1} s, {:.1} times as long; {} refreshes, at most {} connections at a time, {} without a token",
        found.took.as_secs_f64(),
        found.took.as_secs_f64() / alone.as_secs_f64(),
        found.refreshes,
        found.connections,
        found.without_token
    );
    let is_good = found.refreshes == 1 && found.connections <= HANDFUL && found.without_token == 0;
    usize::from(!is_good)
}

fn server(replay_revokes: bool) -> AuthorizationServer {
    let server = AuthorizationServer::start_with(Settings {
        on_replay: if replay_revokes {
            Replay::RevokeGrant
        } else {
            Replay::Refuse
        },
        ..Settings::default()
    });
    server.allow_replays(usize::MAX);
    server.always(TOKEN_INFO, Some(Behaviour::Answer(Answer::new(401))));
    server
}
