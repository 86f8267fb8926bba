//! Real git over real smart HTTP, with rotations in the middle of its work.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::authorization_server::{AuthorizationServer, Pair, Settings};
use crate::support::git_server::{Asked, GitServer};
use crate::support::sandbox::{Finished, LIMIT, Running, Sandbox};

/// The first git that asks again after a 401.
const ASKS_AGAIN: (u32, u32) = (2, 46);

/// A forge with one repository, and a login there that git knows of.
struct World {
    forge: GitServer,
    sandbox: Sandbox,
    pair: Pair,
}

/// `None`, with a line: what is needed is not here.
fn world_with(settings: Settings, challenge: &str) -> Option<World> {
    if version().is_none_or(|version| version < ASKS_AGAIN) || !has_backend() {
        eprintln!("left out: it takes git 2.46 with http-backend");
        return None;
    }
    let sandbox = Sandbox::new();
    let root = sandbox.path("repositories");
    std::fs::create_dir(&root).unwrap();
    make_repository(&sandbox, &root.join("project.git"));
    let server = AuthorizationServer::start_with(settings);
    let forge = GitServer::start(server, &root, challenge);
    let pair = forge.authorization().log_in();
    let url = forge.url();
    let args = ["login", "--import", "--client-id", "the-client", &url];
    sandbox.run_with_input(&args, &pair.response).succeeds();
    let mut setup = sandbox.command(&["setup-git"]);
    setup.env("PATH", std::env::var_os("PATH").unwrap());
    Running::spawn(&mut setup).finish().succeeds();
    Some(World {
        forge,
        sandbox,
        pair,
    })
}

fn world() -> Option<World> {
    world_with(Settings::default(), r#"Basic realm="GitLab""#)
}

fn version() -> Option<(u32, u32)> {
    let output = Command::new("git").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut numbers = text.strip_prefix("git version ")?.split('.');
    let mut number = || numbers.next()?.parse().ok();
    Some((number()?, number()?))
}

fn has_backend() -> bool {
    let output = Command::new("git").arg("--exec-path").output().unwrap();
    let folder = String::from_utf8(output.stdout).unwrap();
    Path::new(folder.trim()).join("git-http-backend").exists()
}

/// git in an environment of its own, that never asks a person.
fn git(sandbox: &Sandbox, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .args(args)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", sandbox.path("home"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_AUTHOR_NAME", "Jane")
        .env("GIT_AUTHOR_EMAIL", "jane@example.com")
        .env("GIT_COMMITTER_NAME", "Jane")
        .env("GIT_COMMITTER_EMAIL", "jane@example.com")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn run(sandbox: &Sandbox, args: &[&str]) -> Finished {
    Running::spawn(&mut git(sandbox, args)).finish()
}

fn make_repository(sandbox: &Sandbox, path: &Path) {
    let path = path.to_str().unwrap();
    let work = sandbox.path("seed");
    let work = work.to_str().unwrap();
    run(sandbox, &["init", "-q", "--bare", "-b", "main", path]).succeeds();
    run(sandbox, &["-C", path, "config", "http.receivepack", "true"]).succeeds();
    run(sandbox, &["init", "-q", "-b", "main", work]).succeeds();
    commit(sandbox, work, "first", 100);
    run(sandbox, &["-C", work, "push", "-q", path, "main"]).succeeds();
}

/// A commit with a file that cannot be compressed.
fn commit(sandbox: &Sandbox, work: &str, name: &str, length: usize) {
    let mut bytes = vec![0; length];
    let random = ring::rand::SystemRandom::new();
    ring::rand::SecureRandom::fill(&random, &mut bytes).unwrap();
    std::fs::write(Path::new(work).join(name), bytes).unwrap();
    run(sandbox, &["-C", work, "add", name]).succeeds();
    run(sandbox, &["-C", work, "commit", "-q", "-m", name]).succeeds();
}

impl World {
    fn path(&self, name: &str) -> String {
        self.sandbox.path(name).to_str().unwrap().to_owned()
    }

    fn repository(&self) -> String {
        self.forge.repository("project.git")
    }

    /// A clone, with nothing wrong.
    fn cloned(&self) -> String {
        let work = self.path("work");
        run(&self.sandbox, &["clone", "-q", &self.repository(), &work]).succeeds();
        work
    }

    /// Rotates, by another process, whenever the answer to such a request is ready; `times` at most.
    fn rotates_at(&self, times: usize, is_at: impl Fn(&Asked) -> bool + Send + Sync + 'static) {
        let left = AtomicUsize::new(times);
        let command = self
            .sandbox
            .command(&["refresh", "--force", &self.forge.url()]);
        let command = std::sync::Mutex::new(command);
        self.forge.before_answer(move |asked| {
            let is_due = is_at(asked) && asked.status == 200;
            let one = |left: usize| left.checked_sub(1);
            if is_due
                && left
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one)
                    .is_ok()
            {
                Running::spawn(&mut command.lock().unwrap())
                    .finish()
                    .succeeds();
            }
        });
    }

    fn refused(&self) -> usize {
        let asked = self.forge.asked();
        asked.iter().filter(|asked| asked.status == 401).count()
    }
}

fn is_discovery(asked: &Asked) -> bool {
    asked.path.ends_with("/info/refs")
}

#[test]
fn clone_fetch_and_push_work_without_a_word() {
    let Some(world) = world() else { return };
    let work = world.cloned();
    commit(&world.sandbox, &work, "second", 1000);
    for args in [
        &["push", "-q", "origin", "main"][..],
        &["fetch", "-q", "origin"],
        &["pull", "-q"],
        &["ls-remote", "-q", "origin"],
    ] {
        let finished = run(&world.sandbox, &[&["-C", &work], args].concat());
        assert_eq!(finished.stderr, "", "{args:?}");
        finished.succeeds();
    }
    let server = world.forge.authorization();
    assert_eq!(server.requests().len(), 0, "a token that was fresh");
    // git stored what it was given, and nothing was kept.
    let kept = world
        .sandbox
        .store()
        .join(world.forge.host().replace(':', "%3A"))
        .join("git");
    assert!(!kept.exists());
}

#[test]
fn a_rotation_in_the_middle_of_a_clone_is_survived() {
    let Some(world) = world() else { return };
    world.rotates_at(1, is_discovery);
    world.cloned();
    let server = world.forge.authorization();
    assert_eq!((server.rotations(), server.replays()), (1, 0));
    assert!(!server.is_alive(&world.pair.access_token));
    // The first request of all, and the one with the token that was rotated away.
    assert_eq!(world.refused(), 2, "{:?}", world.forge.asked());
}

#[test]
fn a_rotation_in_the_middle_of_a_fetch_is_survived() {
    let Some(world) = world() else { return };
    let work = world.cloned();
    let other = world.path("other");
    run(
        &world.sandbox,
        &["clone", "-q", &world.repository(), &other],
    )
    .succeeds();
    commit(&world.sandbox, &other, "second", 1000);
    run(&world.sandbox, &["-C", &other, "push", "-q"]).succeeds();
    world.rotates_at(1, is_discovery);
    run(&world.sandbox, &["-C", &work, "fetch", "-q"]).succeeds();
    let [head, seen] = [(&work, "origin/main"), (&other, "main")]
        .map(|(folder, name)| run(&world.sandbox, &["-C", folder, "rev-parse", name]).succeeds());
    assert_eq!(head, seen);
    assert_eq!(world.forge.authorization().rotations(), 1);
}

#[test]
fn a_rotation_in_the_middle_of_a_push_of_3_mb_is_survived() {
    let Some(world) = world() else { return };
    let work = world.cloned();
    commit(&world.sandbox, &work, "large", 3_000_000);
    world.rotates_at(1, is_discovery);
    run(&world.sandbox, &["-C", &work, "push", "-q"]).succeeds();
    assert_eq!(world.forge.authorization().rotations(), 1);
    let bare = world.path("repositories/project.git");
    let [pushed, local] = [&bare, &work]
        .map(|folder| run(&world.sandbox, &["-C", folder, "rev-parse", "main"]).succeeds());
    assert_eq!(pushed, local);
}

#[test]
fn a_token_that_is_dead_before_anybody_knows_is_replaced() {
    let Some(world) = world() else { return };
    world.forge.authorization().expire_access_tokens();
    world.cloned();
    assert_eq!(world.forge.authorization().rotations(), 1);
}

#[test]
fn a_token_that_stays_bad_ends_with_one_more_question_and_no_loop() {
    let Some(world) = world() else { return };
    // Whatever is refreshed dies before it is used.
    let authorization = world.forge.authorization();
    authorization.set_expires_in(Some(Duration::ZERO));
    authorization.expire_access_tokens();
    world.sandbox.ends_in_at(&world.forge.host(), 7200);
    let started = Instant::now();
    let finished = run(
        &world.sandbox,
        &["clone", "-q", &world.repository(), &world.path("work")],
    );
    assert_eq!(finished.code(), Some(128), "{finished:?}");
    assert!(started.elapsed() < LIMIT);
    assert!(world.refused() <= 3, "{:?}", world.forge.asked());
    assert!(authorization.rotations() <= 1);
    // The login is still there.
    authorization.set_expires_in(Some(Duration::from_secs(7200)));
    world.cloned();
}

#[test]
fn a_refusal_for_another_reason_ends_at_once_and_rotates_nothing() {
    let Some(world) = world() else { return };
    let before = world.sandbox.files();
    let missing = world.forge.repository("missing.git");
    let finished = run(
        &world.sandbox,
        &["clone", "-q", &missing, &world.path("work")],
    );
    assert_eq!(finished.code(), Some(128), "{finished:?}");
    assert!(finished.stderr.contains("not found"), "{finished:?}");
    assert_eq!(world.forge.authorization().requests().len(), 0);
    assert_eq!(world.sandbox.files(), before);
}

#[test]
fn an_ended_login_is_told_in_the_middle_of_gits_own_words() {
    let Some(world) = world() else { return };
    world.forge.authorization().revoke_everything();
    let finished = run(
        &world.sandbox,
        &["clone", "-q", &world.repository(), &world.path("work")],
    );
    assert_eq!(finished.code(), Some(128), "{finished:?}");
    let command = format!("run `glauth login {}`", world.forge.host());
    assert_eq!(finished.stderr.matches(&command).count(), 1, "{finished:?}");
}

#[test]
fn a_forge_that_takes_bearer_gets_bearer() {
    let Some(world) = world_with(Settings::default(), r#"Bearer realm="forge""#) else {
        return;
    };
    world.rotates_at(1, is_discovery);
    world.cloned();
    assert_eq!(world.forge.authorization().rotations(), 1);
}

#[test]
fn submodules_and_remotes_in_parallel_work() {
    let Some(world) = world() else { return };
    let names = ["a", "b", "c", "d"];
    for name in names {
        let bare = world.path(&format!("repositories/{name}.git"));
        run(
            &world.sandbox,
            &["clone", "-q", "--bare", &world.repository(), &bare],
        )
        .succeeds();
    }
    let work = world.cloned();
    for name in names {
        let url = world.forge.repository(&format!("{name}.git"));
        run(
            &world.sandbox,
            &["-C", &work, "submodule", "--quiet", "add", &url, name],
        )
        .succeeds();
        run(&world.sandbox, &["-C", &work, "remote", "add", name, &url]).succeeds();
    }
    run(
        &world.sandbox,
        &["-C", &work, "commit", "-q", "-m", "modules"],
    )
    .succeeds();
    run(&world.sandbox, &["-C", &work, "push", "-q"]).succeeds();
    world.rotates_at(2, is_discovery);
    run(
        &world.sandbox,
        &["-C", &work, "fetch", "-q", "--all", "--jobs=5"],
    )
    .succeeds();
    let again = world.path("again");
    let url = world.repository();
    let args = [
        "clone",
        "-q",
        "--recurse-submodules",
        "--jobs=4",
        &url,
        &again,
    ];
    run(&world.sandbox, &args).succeeds();
    let server = world.forge.authorization();
    assert_eq!((server.rotations(), server.replays()), (2, 0));
}

const FETCHERS: usize = 20;
const EXPIRIES: usize = 10;
const LIFETIME: Duration = Duration::from_secs(2);

#[test]
fn of_20_that_fetch_across_10_expiries_none_fails_and_each_expiry_costs_one_refresh() {
    let settings = Settings {
        expires_in: Some(LIFETIME),
        ..Settings::default()
    };
    let Some(world) = world_with(settings, r#"Basic realm="GitLab""#) else {
        return;
    };
    let world = Arc::new(world);
    let work = world.cloned();
    let started = Instant::now();
    let fetches = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for number in 0..FETCHERS {
            let (world, work, fetches) = (&world, &work, &fetches);
            scope.spawn(move || {
                let copy = world.path(&format!("work{number}"));
                run(&world.sandbox, &["clone", "-q", work, &copy]).succeeds();
                let url = world.repository();
                run(
                    &world.sandbox,
                    &["-C", &copy, "remote", "set-url", "origin", &url],
                )
                .succeeds();
                while world.forge.authorization().rotations() < EXPIRIES {
                    assert!(started.elapsed() < LIMIT, "waited for rotations");
                    let done = run(&world.sandbox, &["-C", &copy, "fetch", "-q"]);
                    assert_eq!(done.stderr, "");
                    done.succeeds();
                    fetches.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    let server = world.forge.authorization();
    assert_eq!(server.replays(), 0);
    assert_eq!(server.refresh_requests(), server.rotations());
    let shortest = LIFETIME * 9 / 10;
    let most = started.elapsed().as_millis() / shortest.as_millis() + 2;
    assert!(server.rotations() as u128 <= most, "{most}");
    assert!(fetches.into_inner() >= FETCHERS);
}
