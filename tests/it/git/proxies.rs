//! git's own proxy and authorities: a refresh for git takes the way that git takes, and a repository's own
//! configuration has no say in it.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;

use super::question;
use super::world::World;
use crate::roads;
use crate::support::authorization_server::{AuthorizationServer, Settings};
use crate::support::git_server::{GitServer, find_git};
use crate::support::mounts::{Mounts, skipped};
use crate::support::sandbox::{Finished, LIMIT, Running};

/// Only a proxy knows where it is.
const NAME: &str = "forge.test";

/// A proxy that leads wherever it wants, and writes down who asked it.
struct Proxy {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// `credentials`: what it wants to hear, `user:password`.
    fn start(to: SocketAddr, credentials: Option<&str>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        let wanted = credentials.map(|text| {
            let engine = base64::engine::general_purpose::STANDARD;
            format!("Basic {}", engine.encode(text))
        });
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (wanted, seen) = (wanted.clone(), Arc::clone(&seen));
                thread::spawn(move || lead(stream.unwrap(), to, wanted.as_deref(), &seen));
            }
        });
        Self { address, heads }
    }

    /// The heads of the requests that it got.
    fn asked(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// How many of them were glauth's.
    fn by_glauth(&self) -> usize {
        let is_git = |head: &&String| head.to_ascii_lowercase().contains("user-agent: git/");
        let asked = self.asked();
        asked.len() - asked.iter().filter(is_git).count()
    }
}

fn lead(mut client: TcpStream, to: SocketAddr, wanted: Option<&str>, seen: &Mutex<Vec<String>>) {
    client.set_read_timeout(Some(LIMIT)).unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let is_welcome = wanted.is_none_or(|wanted| head.contains(wanted));
    seen.lock().unwrap().push(head);
    if !is_welcome {
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\"\r\n\
                       Content-Length: 0\r\nConnection: close\r\n\r\n";
        client.write_all(refusal.as_bytes()).ok();
        return;
    }
    client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").unwrap();
    let server = TcpStream::connect(to).unwrap();
    let (mut from, mut back) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        std::io::copy(&mut back, &mut client).ok();
        client.shutdown(Shutdown::Write).ok();
    });
    let mut server = server;
    std::io::copy(&mut from, &mut server).ok();
    server.shutdown(Shutdown::Write).ok();
}

/// A forge with TLS behind a proxy, and a login there whose token has expired.
fn world() -> Option<World> {
    let Some(git) = find_git(|_| true) else {
        skipped("git through a proxy: it takes a git with http-backend");
        return None;
    };
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new([NAME.to_owned()]).unwrap();
    let certificate = certificate.self_signed(&key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let tls = Some((NAME.to_owned(), Arc::new(tls)));
    let world = World::new(&git, |root| {
        let server = AuthorizationServer::start_with(Settings::default());
        GitServer::start_with(server, &git, root, r#"Basic realm="GitLab""#, tls)
    });
    std::fs::write(world.authority(), certificate.pem()).unwrap();
    world.sandbox.ends_in_at(NAME, -5);
    Some(world)
}

impl World {
    fn authority(&self) -> PathBuf {
        self.sandbox.path("authority.pem")
    }

    fn proxy(&self) -> Proxy {
        Proxy::start(self.forge.address(), None)
    }

    fn set(&self, key: &str, value: &str) {
        self.git(&["config", "--global", key, value]).succeeds();
    }

    fn trusts_the_forge(&self) {
        self.set("http.sslCAInfo", self.authority().to_str().unwrap());
    }

    fn rotations(&self) -> usize {
        self.forge.authorization().rotations()
    }

    /// The helper as git runs it in a repository.
    fn helper(&self, repository: &str) -> Command {
        let mut command = self.sandbox.command(&["git-credential", "get"]);
        command
            .current_dir(repository)
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("GIT_DIR", format!("{repository}/.git"))
            .env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    /// A repository whose own configuration has this proxy, and all else that would help it.
    fn hostile_repository(&self, proxy: SocketAddr, authority: &str) -> String {
        let work = self.path("hostile");
        self.git(&["init", "-q", "-b", "main", &work]).succeeds();
        for (key, value) in [
            ("http.proxy", format!("http://{proxy}")),
            (
                &*format!("http.https://{NAME}.proxy"),
                format!("http://{proxy}"),
            ),
            (
                &*format!("http.https://{NAME}/oauth/token.proxy"),
                format!("http://{proxy}"),
            ),
            ("http.sslCAInfo", authority.to_owned()),
            ("http.sslVerify", "false".to_owned()),
            ("include.path", self.path("hostile/more")),
        ] {
            self.git(&["-C", &work, "config", key, &value]).succeeds();
        }
        let more = format!("[http]\n\tproxy = http://{proxy}\n\tsslCAInfo = {authority}\n");
        std::fs::write(self.path("hostile/more"), more).unwrap();
        work
    }
}

fn ask(command: &mut Command) -> Finished {
    let question = question(NAME).replace("http", "https");
    Running::spawn_with_input(command, &question).finish()
}

#[test]
fn a_clone_works_through_a_proxy_that_only_git_s_configuration_names() {
    for (key, with_credentials) in [
        ("http.proxy", false),
        ("http.https://forge.test.proxy", true),
        ("http.https://forge.test/oauth/.proxy", false),
    ] {
        let Some(world) = world() else { return };
        let credentials = with_credentials.then_some("jane:s3cret");
        let proxy = Proxy::start(world.forge.address(), credentials);
        let user = if with_credentials { "jane:s3cret@" } else { "" };
        let address = format!("http://{user}{}", proxy.address);
        world.trusts_the_forge();
        world.set(key, &address);
        if key.contains("oauth") {
            // The token endpoint's own, where the repository's is another one.
            world.set("http.proxy", &format!("http://{}", world.proxy().address));
        }
        let work = world.path("work");
        let cloned = world.git(&["clone", "-q", &world.repository(), &work]);
        assert!(!cloned.stderr.contains("s3cret"), "{cloned:?}");
        cloned.succeeds();
        assert_eq!(world.rotations(), 1);
        assert!(proxy.by_glauth() >= 1, "{:?}", proxy.asked());
    }
}

#[test]
fn a_proxy_of_git_s_command_line_is_taken() {
    let Some(world) = world() else { return };
    let proxy = world.proxy();
    let (way, authority) = (
        format!("http.proxy=http://{}", proxy.address),
        format!("http.sslCAInfo={}", world.authority().display()),
    );
    let work = world.path("work");
    let url = world.repository();
    world
        .git(&["-c", &way, "-c", &authority, "clone", "-q", &url, &work])
        .succeeds();
    assert_eq!(world.rotations(), 1);
    assert!(proxy.by_glauth() >= 1, "{:?}", proxy.asked());
}

/// git reads such a file only where it knows where the repository is.
#[test]
fn a_proxy_of_the_user_s_own_that_only_some_repositories_have_is_taken() {
    let Some(world) = world() else { return };
    let (good, evil) = (world.proxy(), world.proxy());
    let authority = world.path("authority.pem");
    let work = world.hostile_repository(evil.address, &authority);
    let included = world.path("home/for-work");
    let file = format!(
        "[http \"https://{NAME}\"]\n\tproxy = http://{}\n\tsslCAInfo = {authority}\n",
        good.address
    );
    std::fs::write(&included, file).unwrap();
    world.set(&format!("includeIf.gitdir:{work}/.path"), &included);
    // Elsewhere it does not count.
    let finished = ask(&mut world.helper(&world.path("home")));
    assert!(finished.stderr.contains("cannot look up"), "{finished:?}");
    world.sandbox.let_waits_pass_at(NAME);
    ask(&mut world.helper(&work)).succeeds();
    assert_eq!(world.rotations(), 1);
    assert_eq!((good.by_glauth(), evil.by_glauth()), (1, 0));
}

#[test]
fn a_repository_s_own_configuration_has_no_say() {
    let Some(world) = world() else { return };
    let (good, evil) = (world.proxy(), world.proxy());
    let authority = world.path("authority.pem");
    let work = world.hostile_repository(evil.address, &authority);
    // Nothing else names a way: there is none, however much the repository knows of one.
    let finished = ask(&mut world.helper(&work));
    assert_eq!(finished.stdout, "", "{finished:?}");
    assert!(finished.stderr.contains("cannot look up"), "{finished:?}");
    assert_eq!((evil.asked().len(), world.rotations()), (0, 0));
    // The user's own way is taken, from within the repository too, but not with its authority.
    world.set("http.proxy", &format!("http://{}", good.address));
    world.sandbox.let_waits_pass_at(NAME);
    let finished = ask(&mut world.helper(&work));
    assert_eq!(finished.stdout, "", "{finished:?}");
    assert!(finished.stderr.contains("TLS with"), "{finished:?}");
    assert_eq!((evil.asked().len(), world.rotations()), (0, 0));
    // git itself goes where the repository sends it; the refresh for it does not.
    world.trusts_the_forge();
    world.sandbox.let_waits_pass_at(NAME);
    let url = world.repository();
    world
        .git(&["-C", &work, "ls-remote", "-q", &url])
        .succeeds();
    assert_eq!(world.rotations(), 1);
    assert_ne!(evil.asked().len(), 0, "git's own");
    assert_eq!(evil.by_glauth(), 0, "{:?}", evil.asked());
    assert!(good.by_glauth() >= 1, "{:?}", good.asked());
}

/// Before 2.26 git does not say whose a setting is.
#[test]
fn an_old_git_takes_nothing_from_a_repository_either() {
    let Some(world) = world() else { return };
    let (good, evil) = (world.proxy(), world.proxy());
    let authority = world.path("authority.pem");
    let work = world.hostile_repository(evil.address, &authority);
    let folder = world.sandbox.path("old");
    std::fs::create_dir(&folder).unwrap();
    let git = find_git(|_| true).unwrap();
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *--show-scope*) exit 129; esac\nexec '{}' \"$@\"\n",
        git.display()
    );
    let old = folder.join("git");
    std::fs::write(&old, script).unwrap();
    std::fs::set_permissions(&old, PermissionsExt::from_mode(0o755)).unwrap();
    let ask_old = || {
        let mut helper = world.helper(&work);
        ask(helper.env("PATH", format!("{}:/usr/bin:/bin", folder.display())))
    };
    let finished = ask_old();
    assert!(finished.stderr.contains("cannot look up"), "{finished:?}");
    world.set("http.proxy", &format!("http://{}", good.address));
    world.trusts_the_forge();
    world.sandbox.let_waits_pass_at(NAME);
    ask_old().succeeds();
    assert_eq!((world.rotations(), evil.asked().len()), (1, 0));
}

#[test]
fn certificates_are_verified_whatever_git_is_told() {
    let Some(world) = world() else { return };
    let proxy = world.proxy();
    world.set("http.proxy", &format!("http://{}", proxy.address));
    world.set("http.sslVerify", "false");
    let work = world.path("work");
    let finished = world.git(&["clone", "-q", &world.repository(), &work]);
    assert_eq!(finished.code(), Some(128), "{finished:?}");
    assert!(finished.stderr.contains("TLS with"), "{finished:?}");
    assert_eq!(world.rotations(), 0);
    // Nor is an authority trusted that lies where the repository is, or that others can write.
    world.set("http.sslCAInfo", "authority.pem");
    world.sandbox.let_waits_pass_at(NAME);
    let finished = ask(&mut world.helper(&world.path("")));
    assert!(finished.stderr.contains("TLS with"), "{finished:?}");
    world.trusts_the_forge();
    let open = PermissionsExt::from_mode(0o666);
    std::fs::set_permissions(world.authority(), open).unwrap();
    world.sandbox.let_waits_pass_at(NAME);
    let finished = world.git(&["clone", "-q", &world.repository(), &work]);
    assert_eq!(finished.code(), Some(128), "{finished:?}");
    assert!(finished.stderr.contains("TLS with"), "{finished:?}");
    assert_eq!(world.rotations(), 0);
}

#[test]
fn the_environment_s_proxy_goes_before_git_s() {
    let Some(world) = world() else { return };
    let (good, other) = (world.proxy(), world.proxy());
    world.set("http.proxy", &format!("http://{}", other.address));
    let mut helper = world.helper(&world.path("home"));
    helper
        .env("https_proxy", format!("http://{}", good.address))
        .env("GIT_SSL_CAINFO", world.authority());
    ask(&mut helper).succeeds();
    assert_eq!((world.rotations(), other.asked().len()), (1, 0));
    assert_eq!(good.asked().len(), 1);
}

#[test]
fn a_proxy_that_is_down_is_named_without_its_password() {
    let Some(world) = world() else { return };
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    world.set("http.proxy", &format!("http://jane:s3cret@{address}"));
    let finished = ask(&mut world.helper(&world.path("home")));
    assert_eq!(finished.stderr.lines().count(), 1, "{finished:?}");
    let named =
        format!("through the proxy `http://{address}` of `http.proxy` in git's configuration");
    assert!(finished.stderr.contains(&named), "{finished:?}");
    assert!(!finished.stderr.contains("s3cret"), "{finished:?}");
}

#[test]
fn a_proxy_that_speaks_socks_leads_there_unless_no_proxy_lists_the_server() {
    let Some(world) = world() else { return };
    world.trusts_the_forge();
    let (address, asked) = roads::proxy(world.forge.address(), roads::socks5);
    world.set("http.proxy", &format!("socks5h://jane:s3cret@{address}"));
    let mut listed = world.helper(&world.path("home"));
    let finished = ask(listed.env("NO_PROXY", NAME));
    assert!(finished.stderr.contains("cannot look up"), "{finished:?}");
    assert_eq!((asked.try_recv().is_err(), world.rotations()), (true, 0));
    world.sandbox.let_waits_pass_at(NAME);
    ask(&mut world.helper(&world.path("home"))).succeeds();
    let asked = asked.recv_timeout(LIMIT).unwrap();
    assert!(asked.starts_with("jane:s3cret@forge.test:"), "{asked}");
    assert_eq!(world.rotations(), 1);
}

#[test]
fn what_is_no_proxy_is_named_by_its_key_and_not_quoted() {
    let Some(world) = world() else { return };
    for value in ["ftp://jane:s3cret@proxy:21", "http://jane:1/s3cret@proxy"] {
        world.set("http.proxy", value);
        world.sandbox.let_waits_pass_at(NAME);
        let finished = ask(&mut world.helper(&world.path("home")));
        let named = "`http.proxy` is not the address of a proxy";
        assert!(finished.stderr.contains(named), "{finished:?}");
        assert!(!finished.stderr.contains("jane"), "{finished:?}");
    }
    assert_eq!(world.rotations(), 0);
}

#[test]
fn elsewhere_an_error_behind_which_git_has_a_proxy_says_so() {
    let Some(world) = world() else { return };
    let hosts = world.sandbox.path("hosts");
    std::fs::write(&hosts, format!("127.0.0.1 {NAME}\n")).unwrap();
    let script = "mount --bind \"$HOSTS\" /etc/hosts";
    let Some(mounts) = Mounts::new(script, &[("HOSTS", &*hosts)]) else {
        return;
    };
    let run = |args: &[&str], proxy: Option<&str>| {
        let mut command = world.sandbox.command(args);
        command.env("PATH", std::env::var_os("PATH").unwrap());
        command.envs(proxy.map(|proxy| ("HTTPS_PROXY", proxy)));
        Running::spawn(&mut mounts.inside(&command)).finish()
    };
    let without = run(&["token", NAME], None).fails(4);
    assert!(!without.contains("HTTPS_PROXY"), "{without}");
    world.set(
        "http.https://forge.test.proxy",
        "http://jane:s3cret@proxy.corp:3128",
    );
    let hint = "run `export HTTPS_PROXY=http://proxy.corp:3128`, with its user and password";
    let said = run(&["token", NAME], None).fails(4);
    assert!(said.contains(&format!("hint: {hint}")), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
    let error = run(&["--json", "refresh", NAME], None).fails_in_json(4, "unreachable");
    assert!(error["hint"].as_str().unwrap().starts_with(hint), "{error}");
    let doctor = run(&["doctor", NAME], None);
    assert!(doctor.stdout.contains(hint), "{doctor:?}");
    let named = run(&["token", NAME], Some("http://127.0.0.1:9")).fails(4);
    assert!(!named.contains("git's configuration"), "{named}");
}
