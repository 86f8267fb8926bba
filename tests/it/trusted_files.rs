//! What is read is checked: the configuration, client secrets, authorities and the store's folders decide
//! where tokens go, so none of them is read where another user can have written it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::stat::Mode;

use crate::support::authorization_server::{AuthorizationServer, TOKEN};
use crate::support::mounts::{become_other, is_root, skipped};
use crate::support::sandbox::{Finished, Running, Sandbox, wrapped};
use crate::tls::TlsServer;

/// Any user but root and the one of these tests.
const OTHER: u32 = 4711;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn make_pipe(path: &Path) {
    nix::unistd::mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
}

/// A file that a login needs, and a command that reads it.
struct Named {
    sandbox: Sandbox,
    path: PathBuf,
    command: fn(&Sandbox, &Path) -> Command,
    input: String,
}

impl Named {
    fn new(text: &str, command: fn(&Sandbox, &Path) -> Command) -> Self {
        let sandbox = Sandbox::new();
        let path = sandbox.path("named");
        fs::write(&path, text).unwrap();
        set_mode(&path, 0o600);
        Self {
            sandbox,
            path,
            command,
            input: r#"{"access_token": "at-SECRET-1", "refresh_token": "rt-SECRET-1"}"#.to_owned(),
        }
    }

    fn run(&self) -> Finished {
        let mut command = (self.command)(&self.sandbox, &self.path);
        Running::spawn_with_input(&mut command, &self.input).finish()
    }

    /// Exit code 2, no login, and this problem.
    #[track_caller]
    fn is_refused(&self, problem: &str) -> String {
        let said = self.run().fails(2);
        let named = format!("`{}` {problem}", self.path.display());
        assert!(said.contains(&named), "{said}");
        assert!(
            !self
                .sandbox
                .store()
                .join("gitlab.com/default.toml")
                .exists()
        );
        said
    }
}

fn login(sandbox: &Sandbox, option: &str, path: &Path) -> Command {
    login_at(sandbox, "gitlab.com", option, path)
}

fn login_at(sandbox: &Sandbox, host: &str, option: &str, path: &Path) -> Command {
    let words = ["login", "--import", "--client-id", "x", host, option];
    let mut command = sandbox.command(&words);
    command.arg(path);
    command
}

fn configuration() -> Named {
    Named::new("default_host = 'gitlab.com'\n", |sandbox, path| {
        login(sandbox, "--config", path)
    })
}

fn secret() -> Named {
    Named::new("s3cret\n", |sandbox, path| {
        login(sandbox, "--client-secret-file", path)
    })
}

fn authority() -> Named {
    Named::new("", |sandbox, path| login(sandbox, "--ca-file", path))
}

fn every() -> [Named; 3] {
    [configuration(), secret(), authority()]
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    for named in every() {
        fs::remove_file(&named.path).unwrap();
        make_pipe(&named.path);
        let said = named.is_refused("is not a regular file");
        assert!(said.contains("hint: save it in a regular file"), "{said}");
        fs::remove_file(&named.path).unwrap();
        fs::create_dir(&named.path).unwrap();
        named.is_refused("is not a regular file");
        fs::remove_dir(&named.path).unwrap();
        symlink("/dev/zero", &named.path).unwrap();
        named.is_refused("is not a regular file");
    }
}

#[test]
fn what_others_can_write_is_refused_until_the_hint_is_followed() {
    for named in every() {
        for mode in [0o602, 0o666, 0o646] {
            set_mode(&named.path, mode);
            let said = named.is_refused(&format!("can be written by every user (mode {mode:04o})"));
            let command = format!("chmod go-w '{}'", named.path.display());
            assert!(said.contains(&format!("hint: run `{command}`")), "{said}");
            let mended = Command::new("sh").args(["-c", &command]).status();
            assert!(mended.unwrap().success());
        }
        // Who can read it is the user's own choice: an authority is no secret.
        named.run().succeeds();
    }
}

#[test]
fn a_path_that_no_shell_has_expanded_is_called_so() {
    let sandbox = Sandbox::new();
    for option in [
        "--config=~/config.toml",
        "--client-secret-file=$HOME/secret",
    ] {
        let words = [
            "login",
            "--import",
            "--client-id",
            "x",
            option,
            "gitlab.com",
        ];
        let response = r#"{"access_token": "at-SECRET-1", "refresh_token": "rt-SECRET-1"}"#;
        let said = sandbox.run_with_input(&words, response).fails(2);
        assert!(said.contains("hint: write the full path"), "{said}");
    }
}

#[test]
fn links_are_followed_and_their_target_is_judged() {
    for named in every() {
        let target = named.sandbox.path("target");
        fs::rename(&named.path, &target).unwrap();
        symlink(&target, &named.path).unwrap();
        set_mode(&target, 0o606);
        named.is_refused("can be written by every user (mode 0606)");
        set_mode(&target, 0o644);
        named.run().succeeds();
    }
}

#[test]
fn a_file_of_another_user_is_refused_and_root_is_none() {
    if !is_root() {
        return skipped("a file of another user's, which only root can make");
    }
    for named in every() {
        chown(&named.path, Some(OTHER), Some(OTHER)).unwrap();
        set_mode(&named.path, 0o644);
        let owner = format!("is owned by user {OTHER}, but glauth runs as user root (0)");
        let said = named.is_refused(&owner);
        assert!(
            said.contains("hint: copy it to a file of your own"),
            "{said}"
        );
        chown(&named.path, Some(0), Some(0)).unwrap();

        let mut command = (named.command)(&named.sandbox, &named.path);
        if !become_other(&named.sandbox, &mut command, OTHER) {
            return;
        }
        chown(&named.path, Some(0), Some(0)).unwrap();
        let finished = Running::spawn_with_input(&mut command, &named.input).finish();
        finished.succeeds();
    }
}

/// As in a systemd unit of a user's with `ProtectSystem=`, where root's files show the overflow user.
#[test]
fn in_a_namespace_that_does_not_know_root_the_system_s_own_files_are_read_and_no_others() {
    const ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";
    let sandbox = Sandbox::new();
    let run = |path: &Path| {
        let command = login(&sandbox, "--ca-file", path);
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-current-user", "--"]);
        let mut command = wrapped(unshare, &command);
        let is_other = !is_root() || become_other(&sandbox, &mut command, OTHER);
        let response = r#"{"access_token": "at-SECRET-1", "refresh_token": "rt-SECRET-1"}"#;
        is_other.then(|| Running::spawn_with_input(&mut command, response).finish())
    };
    let path = sandbox.path("ca.pem");
    fs::write(&path, "").unwrap();
    let Some(finished) = run(&path) else { return };
    if !Path::new(ROOTS).exists() || finished.stderr.contains("unshare") {
        return skipped("a user namespace: there is none here");
    }
    finished.succeeds();
    run(Path::new(ROOTS)).unwrap().succeeds();
    if is_root() {
        let theirs = tempfile::NamedTempFile::new().unwrap();
        chown(theirs.path(), Some(OTHER + 1), None).unwrap();
        set_mode(theirs.path(), 0o644);
        let said = run(theirs.path()).unwrap().fails(2);
        assert!(said.contains("is owned by user nobody"), "{said}");
    }
}

#[test]
fn a_group_may_write_only_where_it_is_the_user_s_own() {
    if !is_root() {
        return skipped("files of other groups, which only root can make");
    }
    for named in every() {
        set_mode(&named.path, 0o664);
        chown(&named.path, Some(0), Some(1)).unwrap();
        named.is_refused("can be written by its group (mode 0664)");
        // The group of root has root's name, and no other member.
        chown(&named.path, Some(0), Some(0)).unwrap();
        named.run().succeeds();
    }
}

/// A login with this authority, whose token has expired.
fn import_expired(sandbox: &Sandbox, authority: &Path, host: &str) {
    let response = r#"{"access_token": "at-SECRET-1", "refresh_token": "rt-SECRET-1",
                       "expires_in": 60, "created_at": 1600000000}"#;
    let mut command = login_at(sandbox, host, "--ca-file", authority);
    Running::spawn_with_input(&mut command, response)
        .finish()
        .succeeds();
}

#[test]
fn a_pipe_in_place_of_an_authority_does_not_hang_a_refresh_that_holds_the_lock() {
    let sandbox = Sandbox::new();
    let path = sandbox.path("ca.pem");
    fs::write(&path, "").unwrap();
    import_expired(&sandbox, &path, "https://127.0.0.1:1");
    fs::remove_file(&path).unwrap();
    make_pipe(&path);
    let finished = sandbox.run(&["--json", "token"]);
    let error = finished.fails_in_json(2, "config");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("is not a regular file"), "{message}");
    assert!(message.contains("ca.pem"), "{message}");
}

#[test]
fn doctor_names_each_file_that_is_not_trusted() {
    let sandbox = Sandbox::new();
    let [ca, other, secret] = ["ca.pem", "other.pem", "secret"].map(|name| sandbox.path(name));
    for path in [&ca, &other, &secret] {
        fs::write(path, "x").unwrap();
    }
    import_expired(&sandbox, &ca, "gitlab.example");
    let config = sandbox.path("config.toml");
    let text = format!(
        "[hosts.a]\nca_file = '{}'\nclient_secret_file = '{}'\n",
        other.display(),
        secret.display()
    );
    fs::write(&config, text).unwrap();
    let words = ["doctor", "--offline", "--config", config.to_str().unwrap()];
    let doctor = || sandbox.run(&words);
    let good = doctor();
    assert!(!good.stdout.contains("can be written"), "{good:?}");
    for path in [&ca, &other, &secret] {
        set_mode(path, 0o622);
    }
    let bad = doctor();
    assert_eq!(bad.code(), Some(2), "{bad:?}");
    for path in [&ca, &other, &secret] {
        let line = format!("fail  `{}` can be written by every user", path.display());
        assert!(bad.stdout.contains(&line), "{bad:?}");
    }
    set_mode(&config, 0o666);
    let bad = doctor();
    assert_eq!(bad.code(), Some(2), "{bad:?}");
    let line = format!("`{}` can be written by every user", config.display());
    assert!(bad.stdout.contains(&line), "{bad:?}");
}

/// The authorities of the environment: a file, a folder, and a file in a folder.
#[test]
fn authorities_that_others_can_write_are_not_trusted_wherever_they_are_named() {
    let server = TlsServer::start();
    let sandbox = Sandbox::new();
    sandbox.import_expired(&[], &server.url);
    let folder = sandbox.path("authorities");
    let file = folder.join("ca.pem");
    fs::create_dir(&folder).unwrap();
    fs::write(&file, &server.certificate).unwrap();
    let run = |(variable, value): (&str, &Path), args: &[&str]| {
        let mut command = sandbox.command(args);
        command.env(variable, value);
        Running::spawn(&mut command).finish()
    };
    let by_file = ("SSL_CERT_FILE", &*file);
    let two = format!("/nowhere:{}", folder.display());
    let by_folder = ("SSL_CERT_DIR", Path::new(&two));
    for (path, mode, named_by) in [
        (&file, 0o666, [by_file, by_folder]),
        (&folder, 0o777, [by_folder, by_folder]),
    ] {
        set_mode(path, mode);
        for named in named_by {
            let error = run(named, &["token", "--json"]).fails_in_json(2, "config");
            let message = error["message"].as_str().unwrap();
            let (variable, path) = (named.0, path.display());
            let words = format!("`{path}` cannot be used: it is trusted because of `{variable}`");
            assert!(message.contains(&words), "{message}");
            assert_eq!(error["hint"], format!("run `chmod go-w {path}`"));
            let doctor = run(named, &["doctor", "--offline"]);
            let line = format!("fail  `{path}`, which is trusted because of `{variable}`");
            assert!(doctor.stdout.contains(&line), "{doctor:?}");
        }
        set_mode(path, mode & 0o755);
    }
    if is_root() {
        chown(&file, Some(OTHER), None).unwrap();
        let error = run(by_folder, &["token", "--json"]).fails_in_json(2, "config");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains(&format!("is owned by user {OTHER}")),
            "{message}"
        );
        chown(&file, Some(0), None).unwrap();
    }
    assert_eq!(run(by_folder, &["token"]).prints(), "at-SECRET-2");
    assert!(server.was_asked());
}

/// A login whose store or host folder others may write.
fn open_folders(server: &AuthorizationServer) -> [(Sandbox, PathBuf); 2] {
    [false, true].map(|of_host| {
        let (sandbox, _) = Sandbox::logged_in(server);
        let folder = if of_host {
            sandbox.file(server, "toml").parent().unwrap().to_owned()
        } else {
            sandbox.store()
        };
        set_mode(&folder, if of_host { 0o770 } else { 0o777 });
        (sandbox, folder)
    })
}

#[test]
fn status_shows_everything_of_an_open_store_and_then_how_it_is_closed() {
    let server = AuthorizationServer::start();
    for (sandbox, folder) in open_folders(&server) {
        let finished = sandbox.run(&["status"]);
        assert_eq!(finished.code(), Some(5), "{finished:?}");
        assert!(finished.stdout.contains(&server.host()), "{finished:?}");
        let command = format!("chmod 700 '{}'", folder.display());
        let hint = format!("hint: run `{command}`\n");
        assert!(finished.stderr.ends_with(&hint), "{finished:?}");
        let json = sandbox.run(&["status", "--json"]);
        assert_eq!(json.code(), Some(5), "{json:?}");
        let json: serde_json::Value = json.stdout.parse().unwrap();
        crate::schemas::conforms("status", &json);
        assert_eq!(json["accounts"].as_array().unwrap().len(), 1);
        assert_eq!(json["errors"][0]["code"], "permission");
        let mended = Command::new("sh").args(["-c", &command]).status();
        assert!(mended.unwrap().success());
        sandbox.run(&["status"]).prints();
    }
}

#[test]
fn an_open_store_gives_fresh_tokens_and_refuses_whatever_takes_the_lock() {
    let server = AuthorizationServer::start();
    for (sandbox, _) in open_folders(&server) {
        let url = server.url();
        sandbox.run(&["token", &url]).prints();
        let pair = server.log_in();
        for args in [
            &["refresh", "--force", &url][..],
            &["logout", "--local", &url],
            &["login", "--import", "--client-id", "the-client", &url],
        ] {
            let finished = sandbox.run_with_input(args, &pair.response);
            let said = finished.fails(5);
            assert!(said.contains("can be written by other users"), "{said}");
        }
        let exec = sandbox.run(&["exec", &url, "--", "echo", "ran"]);
        assert_eq!((exec.code(), &*exec.stdout), (Some(125), ""), "{exec:?}");
        // Also where the token would live for a while yet.
        sandbox.ends_in(&server, 30);
        sandbox.run(&["token", &url]).fails(5);
    }
    assert_eq!(server.count(TOKEN), 0);
}
