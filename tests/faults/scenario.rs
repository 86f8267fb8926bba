//! What is run while the kernel fails, and on what.

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
    /// `logout`, where the token lives.
    Logout,
}

pub const SCENARIOS: [Scenario; 6] = [
    Scenario::Token,
    Scenario::Ending,
    Scenario::Unfinished,
    Scenario::Rescued,
    Scenario::Login,
    Scenario::Logout,
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

impl Scenario {
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Ending => "ending",
            Self::Unfinished => "unfinished",
            Self::Rescued => "rescued",
            Self::Login => "login",
            Self::Logout => "logout",
        }
    }

    pub fn args(self, server: &AuthorizationServer) -> Vec<String> {
        let (id, url) = (server.client_id(), server.url());
        let args: &[&str] = match self {
            Self::Token | Self::Ending | Self::Unfinished | Self::Rescued => &["token", &url],
            Self::Login => &["login", "--import", "--client-id", &id, &url],
            Self::Logout => &["logout", &url],
        };
        args.iter().map(|&arg| arg.to_owned()).collect()
    }

    /// How often the server has rotated in the end, since the command began.
    pub fn rotations(self) -> usize {
        usize::from(matches!(self, Self::Token | Self::Ending))
    }

    pub fn prepare(self, server: &AuthorizationServer) -> Prepared {
        let (sandbox, old) = Sandbox::logged_in(server);
        let mut new = None;
        match self {
            Self::Token => sandbox.ends_in(server, -5),
            Self::Ending => sandbox.ends_in(server, 30),
            Self::Unfinished => cut_short(server, &sandbox, "rename:signal=KILL"),
            // The first sync is that of the reservation.
            Self::Rescued => cut_short(server, &sandbox, "fsync:error=EIO:when=2+"),
            Self::Login => new = Some(server.log_in()),
            Self::Logout => {}
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
    strace.args(["-e", &format!("inject={effect}")]);
    let command = sandbox.command(&["token", &server.url()]);
    let finished = Running::spawn(&mut wrapped(strace, &command)).finish();
    assert!(!finished.status.success(), "{finished:?}");
    std::fs::remove_file(trace).unwrap();
}
