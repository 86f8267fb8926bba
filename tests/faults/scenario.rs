//! What is run while the kernel fails, and on what.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};

use ring::digest::{SHA256, digest};

use super::authorization_server::{AuthorizationServer, Pair};
use super::calls::strace;
use super::sandbox::{Running, Sandbox, wrapped};

/// A command, and the store that it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// `token`, where the token has expired.
    Token,
    /// `token`, where the token lives for less than what is preferred.
    Ending,
    /// `token`, where a refresh was killed between the answer's sync and its rename.
    Unfinished,
    /// `token`, where a refresh could not store its answer, and kept it elsewhere.
    Rescued,
    /// `login --import`, over a login.
    Login,
    /// `login --import --standby`, beside a login.
    Standby,
    /// `logout`, where the token lives.
    Logout,
    /// `rename default work`.
    Rename,
}

/// The name that an account gets.
pub const NEW_NAME: &str = "work";

pub const SCENARIOS: [Scenario; 8] = [
    Scenario::Token,
    Scenario::Ending,
    Scenario::Unfinished,
    Scenario::Rescued,
    Scenario::Login,
    Scenario::Standby,
    Scenario::Logout,
    Scenario::Rename,
];

/// A store, and what is in it.
pub struct Prepared {
    pub sandbox: Sandbox,
    pub old: Pair,
    /// What a login brings.
    pub new: Option<Pair>,
    /// Standard input.
    pub input: String,
}

/// A server, and a login there to begin with.
pub struct Desk {
    pub server: AuthorizationServer,
    sandbox: Sandbox,
    pair: Pair,
}

impl Desk {
    pub fn new() -> Self {
        let server = AuthorizationServer::start();
        // Each run looks at its own.
        server.allow_replays(usize::MAX);
        server.allow_mistakes();
        let (sandbox, pair) = Sandbox::logged_in(&server);
        Self {
            server,
            sandbox,
            pair,
        }
    }

    /// The store of a new login, which costs no process: that of the first one with other tokens.
    fn logged_in(&self) -> (Sandbox, Pair) {
        let (sandbox, pair) = (Sandbox::new(), self.server.log_in());
        let fingerprint = |token: &str| hex(&digest(&SHA256, token.as_bytes()).as_ref()[..5]);
        let text = self.sandbox.record_text(&self.server);
        let text = text
            .replace(&self.pair.access_token, &pair.access_token)
            .replace(&self.pair.refresh_token, &pair.refresh_token)
            .replace(
                &fingerprint(&self.pair.refresh_token),
                &fingerprint(&pair.refresh_token),
            );
        let record = sandbox.file(&self.server, "toml");
        let mut folder = DirBuilder::new();
        folder
            .recursive(true)
            .mode(0o700)
            .create(record.parent().unwrap())
            .unwrap();
        let mut file = OpenOptions::new();
        let mut file = file
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(record)
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
        // There is one after any login.
        drop(
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(sandbox.file(&self.server, "lock"))
                .unwrap(),
        );
        (sandbox, pair)
    }
}

pub fn hex(bytes: &[u8]) -> String {
    let hex = |byte: &u8| format!("{byte:02x}");
    bytes.iter().map(hex).collect()
}

impl Scenario {
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Ending => "ending",
            Self::Unfinished => "unfinished",
            Self::Rescued => "rescued",
            Self::Login => "login",
            Self::Standby => "standby",
            Self::Logout => "logout",
            Self::Rename => "rename",
        }
    }

    pub fn args(self, server: &AuthorizationServer) -> Vec<String> {
        let (id, url) = (server.client_id(), server.url());
        let args: &[&str] = match self {
            Self::Token | Self::Ending | Self::Unfinished | Self::Rescued => &["token", &url],
            Self::Login => &["login", "--import", "--client-id", &id, &url],
            Self::Standby => &["login", "--import", "--standby", &url],
            Self::Logout => &["logout", &url],
            Self::Rename => &["rename", &url, "default", NEW_NAME],
        };
        args.iter().map(|&arg| arg.to_owned()).collect()
    }

    /// How often the server has rotated in the end, since the command began.
    pub fn rotations(self) -> usize {
        usize::from(matches!(self, Self::Token | Self::Ending))
    }

    pub fn prepare(self, desk: &Desk) -> Prepared {
        let server = &desk.server;
        let (sandbox, old) = desk.logged_in();
        let mut new = None;
        match self {
            Self::Token => sandbox.ends_in(server, -5),
            Self::Ending => sandbox.ends_in(server, 30),
            Self::Unfinished => cut_short(server, &sandbox, "rename:signal=KILL"),
            // The first sync is that of the reservation.
            Self::Rescued => cut_short(server, &sandbox, "fsync:error=EIO:when=2+"),
            Self::Login | Self::Standby => new = Some(server.log_in()),
            Self::Logout | Self::Rename => {}
        }
        let input = new
            .as_ref()
            .map_or_else(String::new, |pair| pair.response.clone());
        Prepared {
            sandbox,
            old,
            new,
            input,
        }
    }
}

/// A refresh that does not come to its end, for what happens to `.toml.answer`.
fn cut_short(server: &AuthorizationServer, sandbox: &Sandbox, effect: &str) {
    sandbox.ends_in(server, -5);
    let trace = sandbox.path("trace");
    let mut strace = strace(&trace);
    strace.arg("-P").arg(sandbox.file(server, "toml.answer"));
    let (name, _) = effect.split_once(':').unwrap();
    strace.args([
        "-e",
        &format!("trace={name}"),
        "-e",
        &format!("inject={effect}"),
    ]);
    let command = sandbox.command(&["token", &server.url()]);
    let finished = Running::spawn(&mut wrapped(strace, &command)).finish();
    assert!(!finished.status.success(), "{finished:?}");
    std::fs::remove_file(trace).unwrap();
}
