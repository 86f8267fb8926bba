//! git fetches, and rotations in their middle.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::authorization_server::{AuthorizationServer, Settings};
use crate::git_server::{ASKS_AGAIN, GitServer, find_git};
use crate::sandbox::{Running, Sandbox, program};

/// How many fetches there are for each row, and how many at a time.
const FETCHES: usize = 240;
const AT_A_TIME: usize = 4;

/// How often a process rotates.
const PAUSE: Duration = Duration::from_secs(1);

/// How long the forge takes for an answer: a server far away. A fetch makes three requests.
const LATENCY: Duration = Duration::from_millis(250);

/// What is missing fewer than so many times without a remedy shows nothing.
const DOZENS: usize = 24;

/// The most fetches of a hundred that may span two whole rotations, with a standby grant.
const SLOW_PERCENT: usize = 2;

/// What stands between a fetch and a rotation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Remedy {
    None,
    Standby,
    Question,
}

/// What came of a row.
struct Outcome {
    rotations: usize,
    /// Failed, and no two whole rotations fell into it.
    broken: usize,
    /// Failed, and they did.
    outlived: usize,
    seconds: f64,
}

pub fn run(require: bool) -> Vec<String> {
    let Some(git) = find_git(|version| version >= ASKS_AGAIN) else {
        println!("in_flight: skipped: fetches: it takes git 2.46 with http-backend");
        return require
            .then(|| "there is no such git".to_owned())
            .into_iter()
            .collect();
    };
    println!(
        "{FETCHES} fetches, {AT_A_TIME} at a time, a rotation a second, {LATENCY:?} an answer\n"
    );
    println!("| remedy | rotations | broken | of them over two whole rotations | s |");
    println!("| --- | --- | --- | --- | --- |");
    let mut sentences = Vec::new();
    for (name, remedy) in [
        ("one grant, and nothing", Remedy::None),
        ("a standby grant", Remedy::Standby),
        ("one grant, and git asks again", Remedy::Question),
    ] {
        let Outcome {
            rotations,
            broken,
            outlived,
            seconds,
        } = fetch_all(&git, remedy);
        let all = broken + outlived;
        println!("| {name} | {rotations} | {all} | {outlived} | {seconds:.0} |");
        let fine = match remedy {
            Remedy::None => all >= DOZENS,
            Remedy::Standby => broken == 0 && outlived * 100 <= FETCHES * SLOW_PERCENT,
            Remedy::Question => all == 0,
        };
        if !fine {
            sentences.push(format!("{name}: {broken} broken, {outlived} outlived"));
        }
    }
    println!();
    sentences
}

fn fetch_all(git: &Path, remedy: Remedy) -> Outcome {
    let world = World::new(git, remedy);
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    let over = AtomicBool::new(false);
    let begin = Instant::now();
    let rotations = thread::scope(|scope| {
        let rotating = scope.spawn(|| world.rotate_until(&over));
        let fetching: Vec<_> = (0..AT_A_TIME)
            .map(|worker| {
                let (world, next, failed) = (&world, &next, &failed);
                scope.spawn(move || {
                    while next.fetch_add(1, Ordering::SeqCst) < FETCHES {
                        let start = Instant::now();
                        if !world.fetch(worker) {
                            failed.lock().unwrap().push((start, Instant::now()));
                        }
                    }
                })
            })
            .collect();
        for worker in fetching {
            worker.join().unwrap();
        }
        over.store(true, Ordering::SeqCst);
        rotating.thread().unpark();
        rotating.join().unwrap()
    });
    let failed = failed.into_inner().unwrap();
    let within = |start: Instant, end: Instant| {
        let inside = rotations.iter().filter(|at| start < **at && **at < end);
        inside.count()
    };
    let outlived = failed
        .iter()
        .filter(|(start, end)| within(*start, *end) >= 2)
        .count();
    Outcome {
        rotations: rotations.len(),
        broken: failed.len() - outlived,
        outlived,
        seconds: begin.elapsed().as_secs_f64(),
    }
}

/// A forge, a login there, and a clone for each worker.
struct World {
    forge: GitServer,
    sandbox: Sandbox,
    git: PathBuf,
}

impl World {
    fn new(git: &Path, remedy: Remedy) -> Self {
        let sandbox = Sandbox::new();
        let root = sandbox.path("repositories");
        std::fs::create_dir(&root).unwrap();
        let server = AuthorizationServer::start_with(Settings::default());
        let forge = GitServer::start(server, git, &root, r#"Basic realm="GitLab""#);
        let world = Self {
            forge,
            sandbox,
            git: git.to_owned(),
        };
        world.log_in(remedy == Remedy::Standby);
        world.make_repository(&root.join("project.git"));
        world.set_up_git(remedy == Remedy::Question);
        for worker in 0..AT_A_TIME {
            let (from, to) = (world.forge.repository("project.git"), world.clone(worker));
            assert!(world.git(&["clone", "-q", &from, &to]), "cannot clone");
        }
        world.forge.before_answer(|_| {
            // Nothing unparks these threads.
            thread::park_timeout(LATENCY);
        });
        world
    }

    fn log_in(&self, standby: bool) {
        let url = self.forge.url();
        let import = ["login", "--import", "--client-id", "the-client"];
        let mut ways = vec![vec![]];
        if standby {
            ways.push(vec!["--standby"]);
        }
        for way in ways {
            let response = self.forge.authorization().log_in().response;
            let args = [&import[..], &way, &[&url]].concat();
            self.sandbox.run_with_input(&args, &response).succeeds();
        }
    }

    fn make_repository(&self, path: &Path) {
        let path = path.to_str().unwrap();
        assert!(self.git(&["init", "-q", "--bare", path]));
        let work = self.sandbox.path("work");
        let work = work.to_str().unwrap();
        assert!(self.git(&["init", "-q", work]));
        let commit = ["-C", work, "commit", "-q", "--allow-empty", "-m", "one"];
        assert!(self.git(&commit));
        assert!(self.git(&["-C", work, "push", "-q", path, "HEAD:refs/heads/main"]));
        assert!(self.git(&["-C", path, "symbolic-ref", "HEAD", "refs/heads/main"]));
    }

    /// glauth as git's helper; or a line of shell that prints the token and nothing else.
    fn set_up_git(&self, asks_again: bool) {
        if asks_again {
            let mut setup = self.sandbox.command(&["setup-git"]);
            setup.env("PATH", std::env::var_os("PATH").unwrap());
            Running::spawn(&mut setup).finish().succeeds();
            return;
        }
        let url = self.forge.url();
        let glauth = program();
        let helper = format!(
            "!f() {{ [ \"$1\" = get ] && echo username=oauth2 && echo \"password=$('{}' token {url})\"; }}; f",
            glauth.display()
        );
        let key = format!("credential.{url}.helper");
        assert!(self.git(&["config", "--global", &key, &helper]));
    }

    fn clone(&self, worker: usize) -> String {
        let path = self.sandbox.path(&format!("clone-{worker}"));
        path.to_str().unwrap().to_owned()
    }

    /// Fetches everything anew; whether that worked.
    fn fetch(&self, worker: usize) -> bool {
        let clone = self.clone(worker);
        self.git(&["-C", &clone, "update-ref", "-d", "refs/remotes/origin/main"]);
        self.git(&["-C", &clone, "fetch", "-q"])
    }

    fn git(&self, args: &[&str]) -> bool {
        let mut command = Command::new(&self.git);
        command
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.sandbox.path("home"))
            .env("GLAUTH_STORE", self.sandbox.store())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Jane");
            command.env(format!("GIT_{who}_EMAIL"), "jane@example.com");
        }
        command.output().unwrap().status.success()
    }

    /// Rotates once a second, even if a process holds the token; returns when each rotation was over.
    fn rotate_until(&self, over: &AtomicBool) -> Vec<Instant> {
        let mut rotations = Vec::new();
        let mut next = Instant::now() + PAUSE;
        while !over.load(Ordering::SeqCst) {
            let now = Instant::now();
            if now < next {
                thread::park_timeout(next - now);
                continue;
            }
            next += PAUSE;
            let url = self.forge.url();
            self.sandbox.run(&["refresh", "--force", &url]).succeeds();
            rotations.push(Instant::now());
        }
        rotations
    }
}
