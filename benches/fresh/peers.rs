//! The programs that Debian has for the same errand, each with a token in its keeping. `Err`: why it is
//! left out.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::sandbox::Sandbox;
use crate::{HOST, TOKEN};

type Peer = Result<Command, String>;

/// What a peer leaves running; it ends with the benchmark.
#[derive(Default)]
pub struct Daemons(Vec<Child>);

impl Drop for Daemons {
    fn drop(&mut self) {
        for daemon in &mut self.0 {
            daemon.kill().ok();
            daemon.wait().ok();
        }
    }
}

/// git's own helper that keeps passwords in a file.
pub fn credential_store(sandbox: &Sandbox) -> Peer {
    let folder = output(Command::new("git").arg("--exec-path"))?;
    let file = sandbox.path("git-credentials");
    let line = format!("https://oauth2:{TOKEN}@{HOST}\n");
    std::fs::write(&file, line).map_err(text)?;
    let mut command = Command::new(PathBuf::from(folder.trim()).join("git-credential-store"));
    command.arg("--file").arg(file).arg("get").env_clear();
    Ok(command)
}

/// GitHub's own, with the token in its configuration.
pub fn gh(sandbox: &Sandbox) -> Peer {
    let folder = sandbox.path("gh");
    std::fs::create_dir_all(&folder).map_err(text)?;
    let hosts = format!("github.com:\n    oauth_token: {TOKEN}\n    user: jane\n");
    std::fs::write(folder.join("hosts.yml"), hosts).map_err(text)?;
    let mut command = at_home(sandbox, "gh");
    command.args(["auth", "token"]).env("GH_CONFIG_DIR", folder);
    Ok(command)
}

/// The password manager of people who like files, with a key of its own and without a passphrase.
pub fn pass(sandbox: &Sandbox) -> Peer {
    let with = |program: &str, args: &[&str]| {
        let mut command = at_home(sandbox, program);
        command
            .args(args)
            .env("GNUPGHOME", sandbox.path("gnupg"))
            .env("PASSWORD_STORE_DIR", sandbox.path("pass"));
        command
    };
    if output(Command::new("pass").arg("version")).is_err() {
        return Err("there is no `pass`".to_owned());
    }
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::create_dir(sandbox.path("gnupg")).map_err(text)?;
    std::fs::set_permissions(sandbox.path("gnupg"), private).map_err(text)?;
    let key = ["--batch", "--passphrase", "", "--quick-gen-key", "jane"];
    output(&mut with("gpg", &key))?;
    output(&mut with("pass", &["init", "jane"]))?;
    input(&mut with("pass", &["insert", "--echo", HOST]), TOKEN)?;
    Ok(with("pass", &["show", HOST]))
}

/// The agent has forgotten nothing, and ends with the benchmark.
pub fn end_pass(sandbox: &Sandbox) {
    let mut command = at_home(sandbox, "gpgconf");
    command
        .args(["--kill", "all"])
        .env("GNUPGHOME", sandbox.path("gnupg"));
    command.output().ok();
}

/// GNOME's keyring by way of a session bus, both started for this.
pub fn secret_tool(sandbox: &Sandbox, daemons: &mut Daemons) -> Peer {
    output(Command::new("which").arg("secret-tool"))?;
    let mut bus = at_home(sandbox, "dbus-daemon");
    bus.args(["--session", "--nofork", "--print-address"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut bus = bus
        .spawn()
        .map_err(|error| format!("dbus-daemon: {error}"))?;
    let mut address = String::new();
    let stdout = bus.stdout.take().unwrap();
    daemons.0.push(bus);
    BufReader::new(stdout)
        .read_line(&mut address)
        .map_err(text)?;
    let with = |program: &str, args: &[&str]| {
        let mut command = at_home(sandbox, program);
        command
            .args(args)
            .env("DBUS_SESSION_BUS_ADDRESS", address.trim());
        command
    };
    let unlock = ["--unlock", "--components=secrets"];
    input(&mut with("gnome-keyring-daemon", &unlock), "any")?;
    let store = ["store", "--label=token", "host", HOST];
    input(&mut with("secret-tool", &store), TOKEN)?;
    Ok(with("secret-tool", &["lookup", "host", HOST]))
}

/// An agent with a login takes an issuer: the person's own are asked, where they are named.
pub fn oidc_token() -> Peer {
    let named = |name: &str| {
        std::env::var_os(name).ok_or_else(|| format!("it wants an agent: {name} is not set"))
    };
    let (socket, account) = (named("OIDC_SOCK")?, named("OIDC_ACCOUNT")?);
    let mut command = Command::new("oidc-token");
    command.arg(account).env_clear().env("OIDC_SOCK", socket);
    output(&mut command)?;
    Ok(command)
}

fn at_home(sandbox: &Sandbox, program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", sandbox.path("home"))
        .env("XDG_RUNTIME_DIR", sandbox.path("run"))
        .stdin(Stdio::null());
    command
}

fn output(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{program}: {}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn input(command: &mut Command, text: &str) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let said = |error: std::io::Error| format!("{program}: {error}");
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().map_err(said)?;
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).map_err(said)?;
    drop(stdin);
    match child.wait().map_err(said)? {
        status if status.success() => Ok(()),
        status => Err(format!("{program}: {status}")),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn text(error: std::io::Error) -> String {
    error.to_string()
}
