//! Commands that hold tokens, and others that demand more life than these have.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::authorization_server::{AuthorizationServer, Settings, TOKEN, USER};
use crate::sandbox::{Finished, Running, Sandbox};

/// The argument with which this program is one of the commands.
pub const USE_TOKEN: &str = "--use-token";

/// What an access token lives.
const LIFETIME: Duration = Duration::from_secs(5);

/// How long a command uses its token.
const USE: Duration = Duration::from_secs(3);

/// What it asks for: a second more, to be started in on a busy machine.
const MIN_TTL: &str = "4s";

/// How long the experiment is, and how many commands are started meanwhile.
const LENGTH: Duration = Duration::from_secs(60);
const COMMANDS: usize = 100;

/// How many ask for tokens all the time, one after the other.
const DEMANDING: usize = 6;

/// How much later than the token's end a refresh may come on a busy machine.
const SLACK: Duration = Duration::from_secs(2);

pub fn run() -> Vec<String> {
    let seed = std::env::var("IN_FLIGHT_SEED").ok();
    let seed = seed.and_then(|text| text.parse().ok()).unwrap_or_else(|| {
        let now = std::time::SystemTime::now();
        now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
    });
    println!("{COMMANDS} commands of {USE:?} with tokens of {LIFETIME:?}, {DEMANDING} that demand");
    println!("IN_FLIGHT_SEED={seed}\n");
    let server = AuthorizationServer::start_with(Settings {
        expires_in: Some(LIFETIME),
        ..Settings::default()
    });
    let (sandbox, _) = Sandbox::logged_in(&server);
    let begin = Instant::now();
    let (commands, demands) = thread::scope(|scope| {
        let (server, sandbox) = (&server, &sandbox);
        let demanding: Vec<_> = (1..=DEMANDING as u64)
            .map(|number| {
                let chance = Chance(seed ^ number << 32);
                scope.spawn(move || demand(server, sandbox, chance, begin + LENGTH))
            })
            .collect();
        let mut chance = Chance(seed);
        let latest = u64::try_from(LENGTH.saturating_sub(USE).as_millis()).unwrap();
        let mut starts: Vec<u64> = (0..COMMANDS).map(|_| chance.below(latest)).collect();
        starts.sort_unstable();
        let commands: Vec<_> = starts
            .into_iter()
            .map(|after| {
                wait_until(begin + Duration::from_millis(after));
                scope.spawn(move || hold(server, sandbox))
            })
            .collect();
        let commands: Vec<Finished> = commands
            .into_iter()
            .map(|one| one.join().unwrap())
            .collect();
        let demands: Vec<Demand> = demanding
            .into_iter()
            .flat_map(|one| one.join().unwrap())
            .collect();
        (commands, demands)
    });
    judge(&server, begin, &commands, &demands)
}

/// A call that demanded life.
struct Demand {
    took: Duration,
    finished: Finished,
}

fn judge(
    server: &AuthorizationServer,
    begin: Instant,
    commands: &[Finished],
    demands: &[Demand],
) -> Vec<String> {
    let failed = commands.iter().filter(|one| one.code() != Some(0)).count();
    let refused = server.refused_resource_requests();
    let unserved = demands.iter().filter(|one| one.finished.code() != Some(0));
    let unserved = unserved.count();
    let longest = demands.iter().map(|one| one.took).max().unwrap_or_default();
    println!(
        "| commands | requests with their tokens | refused | demands | unserved | longest wait | refreshes | s |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    println!(
        "| {} | {} | {refused} | {} | {unserved} | {:.1} s | {} | {:.0} |\n",
        commands.len(),
        server.count(USER),
        demands.len(),
        longest.as_secs_f64(),
        server.rotations(),
        begin.elapsed().as_secs_f64(),
    );
    let mut broken = Vec::new();
    let mut must = |holds: bool, sentence: String| {
        if !holds {
            broken.push(sentence);
        }
    };
    must(
        failed == 0,
        format!("{failed} commands failed: {commands:?}"),
    );
    must(refused == 0, format!("{refused} requests were refused"));
    must(unserved == 0, format!("{unserved} demands got no token"));
    must(
        longest <= LIFETIME + SLACK,
        format!("a process waited for {longest:?}, longer than a token lives"),
    );
    must(
        server.refresh_requests() == server.count(TOKEN) && server.replays() == 0,
        "the token endpoint saw something else than refreshes".to_owned(),
    );
    broken
}

/// Becomes a command that uses its token.
fn hold(server: &AuthorizationServer, sandbox: &Sandbox) -> Finished {
    let here = std::env::current_exe().unwrap();
    let url = server.url();
    let exec = ["exec", "--min-ttl", MIN_TTL, &url, "--"];
    let mut command = sandbox.command(&exec);
    command.arg(here).arg(USE_TOKEN).arg(server.host());
    Running::spawn(command.stdin(Stdio::null())).finish()
}

/// The command: asks who it is, again and again.
pub fn use_token(host: &str) -> ExitCode {
    let token = std::env::var("GITLAB_TOKEN").unwrap();
    let end = Instant::now() + USE;
    while Instant::now() < end {
        let mut stream = TcpStream::connect(host).unwrap();
        let head =
            format!("GET {USER} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        if !answer.starts_with(b"HTTP/1.1 200") {
            eprintln!("refused: {}", String::from_utf8_lossy(&answer));
            return ExitCode::FAILURE;
        }
        thread::park_timeout(Duration::from_millis(100));
    }
    ExitCode::SUCCESS
}

/// Asks for tokens with more or less life, until the end.
fn demand(
    server: &AuthorizationServer,
    sandbox: &Sandbox,
    mut chance: Chance,
    end: Instant,
) -> Vec<Demand> {
    let url = server.url();
    let mut demands = Vec::new();
    while Instant::now() < end {
        let least = ["1s", "2s", "3s", "4s"][usize::try_from(chance.below(4)).unwrap()];
        let begin = Instant::now();
        let finished = sandbox.run(&["token", "--min-ttl", least, &url]);
        demands.push(Demand {
            took: begin.elapsed(),
            finished,
        });
        thread::park_timeout(Duration::from_millis(chance.below(300)));
    }
    demands
}

pub fn wait_until(moment: Instant) {
    loop {
        let left = moment.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::park_timeout(left);
    }
}

/// Numbers that look like chance, and can be had once more (Steele and Vigna's `SplitMix64`).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % limit
    }
}
