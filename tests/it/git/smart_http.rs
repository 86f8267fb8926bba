//! Real git over real smart HTTP, with rotations in the middle of its work.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::world::World;
use crate::support::authorization_server::{AuthorizationServer, Settings};
use crate::support::git_server::{ASKS_AGAIN, GitServer, find_git};
use crate::support::sandbox::{LIMIT, Running, program};
use crate::support::site::Asked;

const BASIC: &str = r#"Basic realm="GitLab""#;

/// `None`, with a line: what is needed is not here.
fn world_with(settings: Settings, challenge: &str) -> Option<World> {
    let git = find_git(|version| version >= ASKS_AGAIN);
    if git.is_none() {
        eprintln!("skipped: it takes git 2.46 with http-backend");
    }
    Some(world_of(&git?, settings, challenge))
}

fn world() -> Option<World> {
    world_with(Settings::default(), BASIC)
}

/// With the oldest git that there is.
fn old_world() -> Option<World> {
    let git = find_git(|version| version < ASKS_AGAIN);
    if git.is_none() {
        eprintln!("skipped: it takes a git before 2.46 with http-backend");
    }
    Some(world_of(&git?, Settings::default(), BASIC))
}

fn world_of(git: &Path, settings: Settings, challenge: &str) -> World {
    let world = World::new(git, |root| {
        let server = AuthorizationServer::start_with(settings);
        GitServer::start(server, git, root, challenge)
    });
    world.fill_repository();
    world
}

impl World {
    fn fill_repository(&self) {
        let path = &self.path("repositories/project.git");
        let work = self.path("seed");
        self.git(&["-C", path, "config", "http.receivepack", "true"])
            .succeeds();
        self.git(&["init", "-q", "-b", "main", &work]).succeeds();
        self.commit(&work, "first", 100);
        self.git(&["-C", &work, "push", "-q", path, "main"])
            .succeeds();
    }

    /// A commit with a file that cannot be compressed.
    fn commit(&self, work: &str, name: &str, length: usize) {
        let mut bytes = vec![0; length];
        let random = ring::rand::SystemRandom::new();
        ring::rand::SecureRandom::fill(&random, &mut bytes).unwrap();
        std::fs::write(Path::new(work).join(name), bytes).unwrap();
        self.git(&["-C", work, "add", name]).succeeds();
        self.git(&["-C", work, "commit", "-q", "-m", name])
            .succeeds();
    }

    /// A clone, with nothing wrong.
    fn cloned(&self) -> String {
        let work = self.path("work");
        self.git(&["clone", "-q", &self.repository(), &work])
            .succeeds();
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
    world().iter().for_each(work_without_a_word);
    old_world().iter().for_each(work_without_a_word);
}

fn work_without_a_word(world: &World) {
    let work = world.cloned();
    world.commit(&work, "second", 1000);
    for args in [
        &["push", "-q", "origin", "main"][..],
        &["fetch", "-q", "origin"],
        &["pull", "-q"],
        &["ls-remote", "-q", "origin"],
    ] {
        let finished = world.git(&[&["-C", &work], args].concat());
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

/// The forge refuses every user name but the one that goes with tokens, as older GitLab and Bitbucket do.
#[test]
fn an_address_that_names_a_user_works_all_the_same() {
    for world in world().iter().chain(old_world().iter()) {
        for (number, user) in ["jane", "JANE", "default", "oauth2"].iter().enumerate() {
            let url = world.repository().replace("://", &format!("://{user}@"));
            let work = world.path(&format!("work{number}"));
            let finished = world.git(&["clone", "-q", &url, &work]);
            assert_eq!(finished.stderr, "", "{user}");
            finished.succeeds();
            world.commit(&work, &format!("more{number}"), 10);
            world.git(&["-C", &work, "push", "-q"]).succeeds();
        }
    }
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
    world
        .git(&["clone", "-q", &world.repository(), &other])
        .succeeds();
    world.commit(&other, "second", 1000);
    world.git(&["-C", &other, "push", "-q"]).succeeds();
    world.rotates_at(1, is_discovery);
    world.git(&["-C", &work, "fetch", "-q"]).succeeds();
    let [head, seen] = [(&work, "origin/main"), (&other, "main")]
        .map(|(folder, name)| world.git(&["-C", folder, "rev-parse", name]).succeeds());
    assert_eq!(head, seen);
    assert_eq!(world.forge.authorization().rotations(), 1);
}

#[test]
fn a_rotation_in_the_middle_of_a_push_of_3_mb_is_survived() {
    let Some(world) = world() else { return };
    let work = world.cloned();
    world.commit(&work, "large", 3_000_000);
    world.rotates_at(1, is_discovery);
    world.git(&["-C", &work, "push", "-q"]).succeeds();
    assert_eq!(world.forge.authorization().rotations(), 1);
    let bare = world.path("repositories/project.git");
    let [pushed, local] =
        [&bare, &work].map(|folder| world.git(&["-C", folder, "rev-parse", "main"]).succeeds());
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
fn a_git_that_cannot_ask_again_fails_once_and_works_the_next_time() {
    let Some(world) = old_world() else { return };
    world.cloned();
    let again = world.path("again");
    world.forge.authorization().expire_access_tokens();
    let finished = world.git(&["clone", "-q", &world.repository(), &again]);
    assert_eq!(finished.code(), Some(128), "{finished:?}");
    assert!(
        finished.stderr.contains("Authentication failed"),
        "{finished:?}"
    );
    // `erase` had the token checked and marked; the next question refreshes it.
    assert_eq!(world.forge.authorization().rotations(), 0);
    world
        .git(&["clone", "-q", &world.repository(), &again])
        .succeeds();
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
    let finished = world.git(&["clone", "-q", &world.repository(), &world.path("work")]);
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
    let finished = world.git(&["clone", "-q", &missing, &world.path("work")]);
    assert_eq!(finished.code(), Some(128), "{finished:?}");
    assert!(finished.stderr.contains("not found"), "{finished:?}");
    assert_eq!(world.forge.authorization().requests().len(), 0);
    assert_eq!(world.sandbox.files(), before);
}

#[test]
fn an_ended_login_is_told_in_the_middle_of_gits_own_words() {
    let Some(world) = world() else { return };
    world.forge.authorization().revoke_everything();
    let finished = world.git(&["clone", "-q", &world.repository(), &world.path("work")]);
    assert_eq!(finished.code(), Some(128), "{finished:?}");
    // The helper was called with `--store`, and so is the command.
    let store = world.sandbox.store();
    let command = format!(
        "run `glauth login --store {} {}`",
        store.display(),
        world.forge.url()
    );
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
        world
            .git(&["clone", "-q", "--bare", &world.repository(), &bare])
            .succeeds();
    }
    let work = world.cloned();
    for name in names {
        let url = world.forge.repository(&format!("{name}.git"));
        world
            .git(&["-C", &work, "submodule", "--quiet", "add", &url, name])
            .succeeds();
        world
            .git(&["-C", &work, "remote", "add", name, &url])
            .succeeds();
    }
    world
        .git(&["-C", &work, "commit", "-q", "-m", "modules"])
        .succeeds();
    world.git(&["-C", &work, "push", "-q"]).succeeds();
    // One for each command: git asks again once, and of many at once any one may meet two.
    world.rotates_at(1, is_discovery);
    world
        .git(&["-C", &work, "fetch", "-q", "--all", "--jobs=5"])
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
    world.rotates_at(1, is_discovery);
    world.git(&args).succeeds();
    let server = world.forge.authorization();
    assert_eq!((server.rotations(), server.replays()), (2, 0));
}

/// git-lfs comes this way, and repeats a refused request without end when it is told that it may ask
/// again.
#[test]
fn another_program_that_asks_through_git_is_not_told_to_ask_again() {
    let Some(world) = world() else { return };
    let question = format!(
        "capability[]=authtype\ncapability[]=state\nurl={}\n\n",
        world.repository()
    );
    let mut command = world.command(&["credential", "fill"]);
    let answer = Running::spawn_with_input(&mut command, &question)
        .finish()
        .succeeds();
    assert!(answer.contains(&format!("password={}\n", world.pair.access_token)));
    assert!(
        !answer.contains("continue") && !answer.contains("glauth:"),
        "{answer}"
    );
    // A shell stands between where the command line must be quoted.
    let key = format!("credential.{}.helper", world.forge.url());
    let glauth = program().display().to_string();
    let store = world.sandbox.store();
    let helper = format!("!'{glauth}' --store '{}' git-credential", store.display());
    world
        .git(&["config", "--global", "--add", &key, ""])
        .succeeds();
    world
        .git(&["config", "--global", "--add", &key, &helper])
        .succeeds();
    let mut command = world.command(&["credential", "fill"]);
    let answer = Running::spawn_with_input(&mut command, &question)
        .finish()
        .succeeds();
    assert!(answer.contains("password="), "{answer}");
    assert!(
        !answer.contains("continue") && !answer.contains("glauth:"),
        "{answer}"
    );
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
    let Some(world) = world_with(settings, BASIC) else {
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
                world.git(&["clone", "-q", work, &copy]).succeeds();
                let url = world.repository();
                world
                    .git(&["-C", &copy, "remote", "set-url", "origin", &url])
                    .succeeds();
                while world.forge.authorization().rotations() < EXPIRIES {
                    assert!(started.elapsed() < LIMIT, "waited for rotations");
                    let done = world.git(&["-C", &copy, "fetch", "-q"]);
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
