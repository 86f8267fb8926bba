//! The command line as clap reads it. What an argument means is in the commands.

mod accounts;
mod docker;
mod exec;
mod git;
mod login;
#[cfg(feature = "proxy")]
mod proxy;
mod store;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::credential::{AccountName, HostArg};
use crate::time::parse_duration;

pub use accounts::{Rename, Switch};
pub use docker::{DockerCredential, DockerOperation, SetupDocker};
pub use exec::Exec;
pub use git::{GitCredential, SetupGit};
pub use login::Login;
#[cfg(feature = "proxy")]
pub use proxy::Proxy;
#[cfg(feature = "postgres")]
pub use store::KeyCommand;
pub use store::{Store, StoreCommand};

/// The version, with the commit and its date where the build knows them.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), env!("GLAUTH_BUILD"));

/// One OAuth login for every process on one machine or several, refreshed once
///
/// glauth keeps OAuth tokens in files guarded by a lock, or for several machines in a PostgreSQL database. When a token
/// expires, one process refreshes it and all others use the new one, even if the server invalidates the old tokens at
/// each refresh.
#[derive(Debug, Parser)]
#[command(
    name = "glauth",
    version = VERSION,
    max_term_width = 100,
    after_help = "\
Run `glauth help COMMAND` for one command, `glauth --help` for exit codes and examples.",
    after_long_help = "\
Exit codes:
  0  success
  1  unexpected failure: report it
  2  wrong usage or configuration: fix the call
  3  login required: run `glauth login`
  4  not now: try again later
  5  the store cannot be used: look at the named file
  6  `token --rejected` named a token that is good: look at scopes and permissions

Examples:
  glauth login gitlab.com
  glauth token --format curl gitlab.com \\
    | curl -K - https://gitlab.com/api/v4/user
  glauth setup-git gitlab.com
  glauth status"
)]
pub struct Cli {
    /// Options that every command takes.
    #[command(flatten)]
    pub global: Global,
    /// The command to run.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Name of the login, if a host has several
    #[arg(
        short,
        long,
        value_name = "NAME",
        env = "GLAUTH_ACCOUNT",
        hide_env_values = true,
        global = true
    )]
    pub account: Option<AccountName>,

    /// Default host
    #[arg(long, value_name = "HOST", env = "GLAUTH_HOST", hide_env_values = true, global = true, value_parser = HostArg::parse_below)]
    pub host: Option<HostArg>,

    /// Folder with the logins, or the address of a shared store
    #[arg(
        long,
        value_name = "STORE",
        env = "GLAUTH_STORE",
        hide_env_values = true,
        global = true
    )]
    pub store: Option<PathBuf>,

    /// Configuration file
    #[arg(
        long,
        value_name = "FILE",
        env = "GLAUTH_CONFIG",
        hide_env_values = true,
        global = true
    )]
    pub config: Option<PathBuf>,

    /// Longest wait for another process's refresh, such as `90s` or `2m`
    #[arg(long, value_name = "DURATION", default_value = "120s", global = true, value_parser = parse_duration)]
    pub lock_timeout: Duration,

    /// Print results and errors as JSON
    #[arg(long, global = true)]
    pub json: bool,

    /// Print only results and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Explain decisions; repeat for each step
    ///
    /// Tokens appear as fingerprints only.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Log in with a browser or another device
    ///
    /// glauth opens a browser, you consent, and glauth stores the login for every process on the machine. It remembers
    /// the client id, the scopes and the server, so the next login needs only HOST.
    Login(Box<Login>),
    /// Print a working access token
    ///
    /// glauth refreshes the token first if it has expired or is about to. If several processes ask at the same time,
    /// one refreshes and all print the new token.
    Token(Token),
    /// Run a command with a token that stays valid
    ///
    /// The command finds the token in the variables that the server's tools read, such as `GITLAB_TOKEN` or `GH_TOKEN`.
    /// No other process ends the token by a refresh while the command runs.
    Exec(Exec),
    /// Run a command whose requests get the token
    ///
    /// For a command that takes only a URL, or reads its token once: it uses an address on this machine in the place
    /// of HOST, and glauth adds the token that is fresh to each request.
    #[cfg(feature = "proxy")]
    Proxy(Proxy),
    /// Refresh tokens before they expire
    ///
    /// Run it from a timer. It refreshes the logins that no program uses, so that they do not end, and tells you when a
    /// login needs you.
    Refresh(Refresh),
    /// Show your logins
    ///
    /// glauth shows the user, the state and the expiry of each login. It contacts no server unless --check is given.
    Status(Status),
    /// Revoke a login and delete its tokens
    ///
    /// glauth revokes the grants at the server, then deletes the tokens.
    Logout(Logout),
    /// Choose the account that a host means
    ///
    /// If a host has several accounts, every command uses this one unless you name another.
    Switch(Switch),
    /// Give an account another name
    ///
    /// The login stays: nothing is asked of the server, and no token changes.
    Rename(Rename),
    /// Answer git as a credential helper
    ///
    /// git runs it; you run `glauth setup-git`.
    GitCredential(GitCredential),
    /// Configure git to use glauth
    ///
    /// git then gets the token for the host from glauth, and asks no other helper.
    SetupGit(SetupGit),
    /// Answer docker and podman as a credential helper
    ///
    /// They run it; you run `glauth setup-docker`.
    DockerCredential(DockerCredential),
    /// Configure docker and podman to use glauth
    ///
    /// They then get the token for the registries of the host from glauth.
    SetupDocker(SetupDocker),
    /// Check the store, the servers and git
    ///
    /// glauth doctor prints each problem and what to do about it, and how many checks passed; with -v, every check.
    Doctor(Doctor),
    /// Show where glauth keeps its files, and set up a store for several machines
    ///
    /// `glauth store info` shows the folder of the logins, the configuration and the rescue places: what a backup holds,
    /// and what moves to another machine. The other commands are for a store that several machines share: a PostgreSQL
    /// database has its logins, and the folder of a machine is a cache.
    Store(Store),
    /// Print shell completions
    ///
    /// The shell then completes commands, options, hosts and the names of your logins.
    Completions(Completions),
    /// Print a man page
    ///
    /// glauth prints the page even where no man pages are installed.
    Man(Man),
}

/// The host that a command is about.
#[derive(Debug, Args)]
pub struct HostTarget {
    /// Host name, host with port, or URL
    ///
    /// If it is a URL with a path, glauth uses the login at its longest prefix, and ignores a query. `http://` works on
    /// loopback only. Without HOST, glauth uses --host, then `default_host` of the configuration,
    /// then the only host in the store.
    #[arg(id = "target", value_name = "HOST", value_parser = HostArg::parse_below)]
    pub host: Option<HostArg>,
}

/// `glauth token`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  glauth token gitlab.com
  glauth token --min-ttl 30m gitlab.com     # 30 minutes or more, or exit 4
  glauth token --format curl | curl -K - https://gitlab.com/api/v4/user
  printf %s \"$refused\" | glauth token --rejected gitlab.com  # after a 401

With --rejected, exit code 6 means that the server calls the token good, so it would refuse another one as well.")]
pub struct Token {
    /// Host of the login.
    #[command(flatten)]
    pub target: HostTarget,

    /// Minimum remaining lifetime
    ///
    /// At most nine tenths of a token's lifetime. glauth refreshes a token with less, or ends with exit code 4.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub min_ttl: Option<Duration>,

    /// Read a refused access token from standard input
    ///
    /// glauth prints the token that replaced it, or refreshes. It never prints the refused one again.
    #[arg(long)]
    pub rejected: bool,

    /// Print only a stored, fresh token
    ///
    /// glauth takes no lock and sends no request.
    #[arg(long)]
    pub no_refresh: bool,

    /// Output format
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: Format,
}

/// How a token is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Token and newline
    #[default]
    Plain,
    /// Token, expiry, scopes and more
    Json,
    /// `Authorization: Bearer …`
    Header,
    /// Configuration for `curl -K -`
    Curl,
    /// `export NAME='…'` for a shell
    Env,
    /// `Bearer …`, the value of the header
    Bearer,
    /// `{"Authorization":"Bearer …"}`, as AI tools ask for it
    HeadersJson,
    /// Credential for `kubectl`
    Kubectl,
    /// Header for the go command, by `GOAUTH`
    Goauth,
}

/// `glauth refresh`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  glauth refresh gitlab.com
  glauth refresh --all --if-expiring 30m --alert-after 1d    # for a timer

Without --force, glauth never ends a token that works: if the server invalidates the old token at a refresh, \
glauth waits until the token has expired.

With --alert-after, glauth reports a failure that may pass (exit code 4) only after it has lasted that long, and \
then once a day. It reports every other failure at once, and then once a day. When it reports nothing, the exit \
code is 0.")]
pub struct Refresh {
    /// Host of the login.
    #[command(flatten)]
    pub target: HostTarget,

    /// Refresh all logins, or all of HOST
    #[arg(long, conflicts_with = "force")]
    pub all: bool,

    /// Only tokens with less time left
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, conflicts_with = "force")]
    pub if_expiring: Option<Duration>,

    /// Refresh now, even a login that has ended
    #[arg(long)]
    pub force: bool,

    /// Report temporary failures only after this long
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub alert_after: Option<Duration>,
}

/// `glauth status`
#[derive(Debug, Args)]
#[command(mut_arg("target", |host| host.help("Only this host").long_help(None)))]
#[command(after_long_help = "\
Examples:
  glauth status
  glauth status --json | jq -r '.accounts[] | select(.needs_login) | .host'

STATE:
  fresh            the token works
  stale            the token works, and the next use refreshes it
  idle             the token has expired, and the next use refreshes it
  refused          the server refused the token, and the next use refreshes it
  doubtful         the answer to the last refresh was lost; the next use finds out
  login required   run `glauth login`
  unreadable       the record cannot be read
  logged out       a person logged out

`(default)` or `*` after an account: the one that the host means (see `glauth switch`).

A terminal shows the columns that fit; --json has all, and more. With -v, `status` names the client id, and each \
command that uses a token.

Exit code 3: an account needs a login, or the named one does not exist. Exit code 5: a record cannot be read.

With --check, `(checked)` means that the server knows the token, and `dead` that it does not. If a dead token \
cannot be refreshed, the account needs a login. If it can be refreshed, `glauth refresh --force` gets another token, \
or finds that the login has ended. A server that does not answer changes nothing.")]
pub struct Status {
    /// The only host to show.
    #[command(flatten)]
    pub target: HostTarget,

    /// Ask each server whether the token works
    #[arg(long)]
    pub check: bool,
}

/// `glauth logout`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  glauth logout gitlab.com
  glauth logout --local gitlab.com    # if the server cannot be reached
  glauth logout --forget gitlab.com   # keep nothing about this login

glauth keeps what the next `glauth login` needs, such as the client id, but no token.")]
pub struct Logout {
    /// Host to log out of.
    #[command(flatten)]
    pub target: HostTarget,

    /// Log out of all accounts, or of all at HOST
    #[arg(long)]
    pub all: bool,

    /// Also forget the client id and the rest
    ///
    /// It works after a logout, too. The next login at HOST starts from scratch.
    #[arg(long)]
    pub forget: bool,

    /// Delete the tokens without revoking them
    #[arg(long)]
    pub local: bool,
}

/// `glauth doctor`
#[derive(Debug, Args)]
#[command(mut_arg("target", |host| host.help("Only the logins of this host").long_help(None)))]
#[command(after_long_help = "\
Examples:
  glauth doctor
  glauth doctor --offline gitlab.com
  glauth doctor --json | jq -r '.checks[] | select(.verdict != \"ok\") | .message'

glauth doctor checks whether locks and renames work where the store is, and looks at owners and modes, the file system, \
each login and unfinished refreshes, the servers with their certificates and clocks, and git's configuration. It \
changes no record, refreshes nothing, and removes what it writes.

Exit code: that of the failed check; of several, the first in the order 1, 2, 5, 3, 4. Warnings do not count.")]
pub struct Doctor {
    /// The only host to show.
    #[command(flatten)]
    pub target: HostTarget,

    /// Contact no server
    #[arg(long)]
    pub offline: bool,
}

/// `glauth completions`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  eval \"$(glauth completions bash)\"                            # in ~/.bashrc
  glauth completions zsh > DIR/_glauth                         # a DIR of $fpath
  glauth completions fish > ~/.config/fish/completions/glauth.fish")]
pub struct Completions {
    /// Shell
    #[arg(value_enum, required_unless_present = "list")]
    pub shell: Option<clap_complete::Shell>,

    /// Print what a completion offers
    #[arg(long, value_enum, hide = true, conflicts_with = "shell")]
    pub list: Option<Listed>,
}

/// What can be completed from the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Listed {
    /// Every host with a login.
    Hosts,
    /// Every name of a login.
    Accounts,
}

/// `glauth man`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  glauth man token > token.1 && man ./token.1
  glauth man config > config.5 && man ./config.5")]
pub struct Man {
    /// Command, or `config`; without it, the page of glauth
    #[arg(value_parser = PossibleValuesParser::new(PAGES.iter().copied().chain([CONFIG_PAGE])), hide_possible_values = true)]
    pub command: Option<String>,
}

/// The page about `config.toml`.
pub const CONFIG_PAGE: &str = "config";

/// The commands, each of which has a man page; a shell completes them.
const PAGES: &[&str] = &[
    "login",
    "token",
    "exec",
    #[cfg(feature = "proxy")]
    "proxy",
    "refresh",
    "status",
    "logout",
    "switch",
    "rename",
    "git-credential",
    "setup-git",
    "docker-credential",
    "setup-docker",
    "doctor",
    "store",
    "completions",
    "man",
];

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_a_page_that_can_be_named() {
        let command = Cli::command();
        let names = command.get_subcommands().map(clap::Command::get_name);
        assert_eq!(names.collect::<Vec<_>>(), PAGES);
    }

    #[test]
    fn the_default_lock_timeout_is_the_one_of_the_flows() {
        let cli = Cli::parse_from(["glauth", "status"]);
        assert_eq!(cli.global.lock_timeout, crate::flow::LOCK_TIMEOUT);
    }
}
