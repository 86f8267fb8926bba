//! The real docker, skopeo, podman and buildah, where they are here, at a registry on loopback that takes no token but a
//! living one.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::authorization_server::AuthorizationServer;
use crate::support::mounts::{Mounts, is_root, skipped};
use crate::support::program::program;
use crate::support::registry::{self, Challenge, IMAGE};
use crate::support::sandbox::{self, Finished, Running, Sandbox};
use crate::support::site::Asked;
use crate::support::token_site::TokenSite;
use crate::tls::self_signed;

/// What is called, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Client {
    Docker,
    Skopeo,
    SkopeoPush,
    Podman,
    Buildah,
}

const CLIENTS: [Client; 5] = [
    Client::Docker,
    Client::Skopeo,
    Client::SkopeoPush,
    Client::Podman,
    Client::Buildah,
];

const CHALLENGES: [Challenge; 2] = [Challenge::Basic, Challenge::Bearer];

impl Client {
    fn program(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Skopeo | Self::SkopeoPush => "skopeo",
            Self::Podman => "podman",
            Self::Buildah => "buildah",
        }
    }

    /// As the document names it.
    fn title(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Skopeo => "skopeo, from a registry",
            Self::SkopeoPush => "skopeo, to a registry",
            Self::Podman => "podman",
            Self::Buildah => "buildah",
        }
    }
}

/// The names of the rows of docs/clients.md that are measured here.
pub fn titles() -> impl Iterator<Item = &'static str> {
    CLIENTS.into_iter().map(Client::title)
}

/// A registry, a login at another host, and tools that ask glauth.
struct World {
    registry: Arc<TokenSite>,
    sandbox: Arc<Sandbox>,
    url: String,
}

impl World {
    fn new(challenge: Challenge, standby: bool) -> Self {
        let server = AuthorizationServer::start();
        let sandbox = Sandbox::new();
        let url = server.url();
        let import = ["login", "--import", "--client-id", "the-client"];
        let ways: &[&[&str]] = if standby {
            &[&[], &["--standby"]]
        } else {
            &[&[]]
        };
        for way in ways {
            let response = server.log_in().response;
            let args = [&import[..], way, &[&url]].concat();
            sandbox.run_with_input(&args, &response).succeeds();
        }
        let (_, tls) = self_signed();
        let registry = registry::start(server, tls, challenge);
        let host = registry.host();
        let text = format!("[hosts.\"{url}\"]\nregistries = ['{host}']\n");
        super::configure(&sandbox, &text);
        sandbox.run(&["setup-docker"]).succeeds();
        let world = Self {
            registry: Arc::new(registry),
            sandbox: Arc::new(sandbox),
            url,
        };
        world.link();
        // podman and its like want to be told that images need no signature.
        let policy = world.path("home/.config/containers/policy.json");
        fs::write(
            policy,
            r#"{"default": [{"type": "insecureAcceptAnything"}]}"#,
        )
        .unwrap();
        world
    }

    /// The helper in a folder of PATH, which notes how it is called.
    fn link(&self) {
        let (glauth, calls) = (sandbox::program(), self.path("calls"));
        let script = format!(
            "#!/bin/sh\necho \"$1\" >>'{calls}'\nexec '{}' docker-credential \"$@\"\n",
            glauth.display()
        );
        let folder = self.sandbox.path("bin");
        fs::create_dir(&folder).unwrap();
        let link = folder.join("docker-credential-glauth");
        fs::write(&link, script).unwrap();
        fs::set_permissions(&link, Permissions::from_mode(0o700)).unwrap();
    }

    /// How often the helper was called so.
    fn calls(&self, operation: &str) -> usize {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        calls.lines().filter(|call| *call == operation).count()
    }

    fn path(&self, name: &str) -> String {
        self.sandbox.path(name).to_str().unwrap().to_owned()
    }

    /// `None`: the client is not here, which is said.
    fn command(&self, name: &str) -> Option<Command> {
        let mut command = program(&self.sandbox, name)?;
        let set = |(name, value): (&std::ffi::OsStr, Option<&std::ffi::OsStr>)| {
            (name == "PATH").then(|| value.unwrap().to_str().unwrap().to_owned())
        };
        let path = command.get_envs().find_map(set).unwrap();
        command.env("PATH", format!("{}:{path}", self.path("bin")));
        Some(command)
    }

    /// The client in the middle of nothing yet.
    fn client(&self, client: Client) -> Option<Command> {
        if matches!(client, Client::Podman | Client::Buildah) {
            // For their storage they take root, and mount.
            if !is_root() {
                skipped("podman and buildah, which have a storage of root's here");
                return None;
            }
            Mounts::new("true", &[])?;
        }
        let mut command = self.command(client.program())?;
        let image = format!("{}/{IMAGE}:latest", self.registry.host());
        let (remote, folder) = (
            format!("docker://{image}"),
            format!("dir:{}", self.path("image")),
        );
        let (root, run) = (self.path("storage"), self.path("runroot"));
        let storage = [
            "--root",
            &root,
            "--runroot",
            &run,
            "--storage-driver",
            "vfs",
        ];
        let pull = ["pull", "--quiet", "--tls-verify=false", &image];
        match client {
            Client::Docker => command.args(["manifest", "inspect", "--insecure", &image]),
            Client::Skopeo => command.args(["copy", "--src-tls-verify=false", &remote, &folder]),
            Client::SkopeoPush => {
                // What is pushed is pulled first.
                let mut pull = self.client(Client::Skopeo)?;
                Running::spawn(&mut pull).finish().succeeds();
                let other = remote.replace(IMAGE, "group/other");
                command.args(["copy", "--dest-tls-verify=false", &folder, &other])
            }
            Client::Podman | Client::Buildah => command.args(storage).args(pull),
        };
        Some(command)
    }

    /// Does something in the middle of what comes next: once, when the first answer that needs a token is on its way.
    fn once_in_the_middle(&self, act: impl Fn() + Send + Sync + 'static) {
        let is_done = AtomicBool::new(false);
        self.registry.before_answer(move |asked: &Asked| {
            let is_image = asked.path.contains("/group/");
            if is_image && asked.status != 401 && !is_done.swap(true, Ordering::SeqCst) {
                act();
            }
        });
    }

    fn rotate_in_the_middle(&self) {
        let (sandbox, url) = (Arc::clone(&self.sandbox), self.url.clone());
        self.once_in_the_middle(move || {
            sandbox.run(&["refresh", "--force", &url]).succeeds();
        });
    }

    /// Lets the stored token end so many seconds from now.
    fn ends_in(&self, seconds: i64) {
        let host = self.url.strip_prefix("http://").unwrap();
        self.sandbox.ends_in_at(host, seconds);
    }

    /// How many requests were refused, of those that came after the first `seen`.
    fn refused(&self, seen: usize) -> usize {
        let asked = self.registry.asked();
        asked[seen..]
            .iter()
            .filter(|asked| asked.status == 401)
            .count()
    }
}

/// What a client made of a rotation in its middle.
#[derive(Debug, PartialEq, Eq)]
struct Measured {
    works: bool,
    /// Whether it called the helper again after a 401.
    asks_again: bool,
    /// How many requests were refused, beyond those of the same call without a rotation.
    refused: usize,
}

/// `None`: the client is not here.
fn measure(client: Client, challenge: Challenge, standby: bool) -> Option<Measured> {
    let calm = World::new(challenge, standby);
    let mut command = calm.client(client)?;
    let (seen, called) = (calm.registry.asked().len(), calm.calls("get"));
    Running::spawn(&mut command).finish().succeeds();
    let (usual, usual_calls) = (calm.refused(seen), calm.calls("get") - called);

    let world = World::new(challenge, standby);
    let mut command = world.client(client)?;
    let (seen, called) = (world.registry.asked().len(), world.calls("get"));
    world.rotate_in_the_middle();
    let finished = Running::spawn(&mut command).finish();
    assert_eq!(world.registry.authorization().rotations(), 1);
    let measured = Measured {
        works: finished.status.success(),
        asks_again: world.calls("get") - called > usual_calls,
        refused: world.refused(seen).saturating_sub(usual),
    };
    Some(measured)
}

/// What the client's row in the table of docs/clients.md says behind its name and version, is what is measured.
fn check_row(client: Client) {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/clients.md");
    let document = fs::read_to_string(document).unwrap();
    let begin = format!("| {} | ", client.title());
    let row = document.lines().find(|line| line.starts_with(&begin));
    let row = row.expect("a row for each client");
    for challenge in CHALLENGES {
        let one = measure(client, challenge, false);
        let two = measure(client, challenge, true);
        let (Some(one), Some(two)) = (one, two) else {
            return;
        };
        let word = |works| if works { "works" } else { "fails" };
        let again = if one.asks_again { "yes" } else { "no" };
        let measured = format!(
            "| `docker-credential-glauth` | {again} | {} | {} |",
            word(one.works),
            word(two.works)
        );
        assert!(row.contains(&measured), "{row}: it is {measured}");
        // No current token is refused.
        assert_eq!(two.refused, 0, "{client:?}");
        assert!(two.works && one.refused > 0, "{client:?}: {one:?} {two:?}");
    }
}

#[test]
fn docker_fails_once_with_one_grant_and_goes_on_with_a_standby_grant() {
    check_row(Client::Docker);
}

#[test]
fn skopeo_fails_with_one_grant_and_goes_on_with_a_standby_grant() {
    check_row(Client::Skopeo);
}

#[test]
fn a_push_fails_with_one_grant_and_goes_on_with_a_standby_grant() {
    check_row(Client::SkopeoPush);
}

#[test]
fn podman_fails_with_one_grant_and_goes_on_with_a_standby_grant() {
    check_row(Client::Podman);
}

#[test]
fn buildah_fails_with_one_grant_and_goes_on_with_a_standby_grant() {
    check_row(Client::Buildah);
}

#[test]
fn a_client_that_failed_works_with_its_next_call() {
    for client in CLIENTS {
        let world = World::new(Challenge::Bearer, false);
        let Some(mut first) = world.client(client) else {
            continue;
        };
        world.rotate_in_the_middle();
        let failed = Running::spawn(&mut first).finish();
        assert!(!failed.status.success(), "{failed:?}");
        let mut second = world.client(client).unwrap();
        Running::spawn(&mut second).finish().succeeds();
    }
}

#[test]
fn the_end_of_a_login_is_told_by_every_client_and_none_of_them_hangs() {
    for client in CLIENTS {
        let world = World::new(Challenge::Bearer, false);
        let Some(mut command) = world.client(client) else {
            continue;
        };
        world.registry.authorization().revoke_everything();
        world.ends_in(-5);
        let ended = Running::spawn(&mut command).finish();
        assert!(!ended.status.success(), "{ended:?}");
        let wanted = format!("run `glauth login {}`", world.url);
        assert!(ended.stderr.contains(&wanted), "{ended:?}");
    }
}

#[test]
fn a_registry_without_a_login_is_asked_without_a_token() {
    for client in [Client::Docker, Client::Skopeo, Client::Podman] {
        let world = World::new(Challenge::Basic, false);
        let forget = ["logout", "--forget", &world.url];
        world.sandbox.run(&forget).succeeds();
        let Some(mut command) = world.client(client) else {
            continue;
        };
        let refused = Running::spawn(&mut command).finish();
        assert!(!refused.status.success(), "{refused:?}");
        assert!(!refused.stderr.contains("native keychain"), "{refused:?}");
        assert!(world.registry.asked().len() > 1, "{refused:?}");
    }
}

#[test]
fn login_and_logout_of_the_tools_leave_the_login_alone() {
    let world = World::new(Challenge::Bearer, false);
    let registry = world.registry.host();
    let before = world.sandbox.run(&["token"]).prints();
    let run = |words: &[&str]| {
        let mut command = world.command(words[0])?;
        command.args(&words[1..]).arg(&registry);
        let finished = Running::spawn(&mut command).finish();
        assert!(!finished.stderr.contains("SECRET"), "{finished:?}");
        Some(finished)
    };
    if let Some(user) = run(&["podman", "login", "--get-login"]) {
        assert_eq!(user.succeeds(), "oauth2\n");
        let login = run(&["podman", "login", "--tls-verify=false"]).unwrap();
        let is_valid = login.stdout.contains("Existing credentials are valid");
        assert!(is_valid, "{login:?}");
    }
    if let Some(logout) = run(&["docker", "logout"]) {
        let stays = format!("stays; `glauth logout {}` ends it", world.url);
        assert!(logout.stderr.contains(&stays), "{logout:?}");
        logout.succeeds();
        assert!(world.calls("erase") > 0);
        // Without a daemon it does not get far; newer ones want to have kept what they were told before that.
        run(&["docker", "login"]);
    }
    assert_eq!(world.sandbox.run(&["token"]).prints(), before);
}

/// A copy, by the recipe or without it, while another process wants a token with more time left; and how often the
/// login was rotated. `None`: skopeo is not here.
fn copy(with_recipe: bool) -> Option<(Finished, usize)> {
    let world = World::new(Challenge::Basic, false);
    let mut command = world.client(Client::Skopeo)?;
    if with_recipe {
        let arguments: Vec<OsString> = command.get_args().skip(1).map(Into::into).collect();
        command = world.command("sh")?;
        let recipe = env!("CARGO_MANIFEST_DIR").to_owned() + "/examples/recipes/copy-image.sh";
        command.args([&recipe, &world.url]).args(arguments);
    }
    world.ends_in(3600);
    let (sandbox, url) = (Arc::clone(&world.sandbox), world.url.clone());
    world.once_in_the_middle(move || {
        let more = ["token", "--min-ttl", "90m", "--lock-timeout", "1s", &url];
        sandbox.run(&more);
    });
    let finished = Running::spawn(&mut command).finish();
    Some((finished, world.registry.authorization().rotations()))
}

#[test]
fn the_recipe_keeps_the_token_for_a_client_that_cannot_ask_again() {
    let Some((copied, rotations)) = copy(true) else {
        return;
    };
    copied.succeeds();
    assert_eq!(rotations, 0);
    let (failed, rotations) = copy(false).unwrap();
    assert!(!failed.status.success(), "{failed:?}");
    assert_eq!(rotations, 1);
}
