//! What can be typed. Only clap lives here; what it means is the commands' business.

mod exec;
mod git;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::credential::{AccountName, HostArg};
use crate::oauth::PROVIDERS;
use crate::time::parse_duration;

pub use exec::Exec;
pub use git::{GitCredential, SetupGit};

/// One OAuth login, shared by every process of a machine, refreshed once.
#[derive(Debug, Parser)]
#[command(
    name = "glauth",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 done, 1 unexpected, 2 fix the call, 3 log in, 4 try again later, 5 look at the store.",
    after_long_help = "\
Exit codes:
  0  done
  1  unexpected failure: report it
  2  wrong usage or configuration: fix the call
  3  login required: a person runs `glauth login`
  4  not now: try again later
  5  the store is unusable: look at the named file

Examples:
  glauth login gitlab.com
  glauth token --format curl gitlab.com | curl -K - https://gitlab.com/api/v4/user
  glauth status"
)]
pub struct Cli {
    /// For every command.
    #[command(flatten)]
    pub global: Global,
    /// Which command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Which of several logins at a host
    #[arg(
        short,
        long,
        value_name = "NAME",
        env = "GLAUTH_ACCOUNT",
        hide_env_values = true,
        global = true
    )]
    pub account: Option<AccountName>,

    /// The host where none is named
    #[arg(long, value_name = "HOST", env = "GLAUTH_HOST", hide_env_values = true, global = true, value_parser = HostArg::parse)]
    pub host: Option<HostArg>,

    /// The folder with the logins
    #[arg(
        long,
        value_name = "DIR",
        env = "GLAUTH_STORE",
        hide_env_values = true,
        global = true
    )]
    pub store: Option<PathBuf>,

    /// The configuration file
    #[arg(
        long,
        value_name = "FILE",
        env = "GLAUTH_CONFIG",
        hide_env_values = true,
        global = true
    )]
    pub config: Option<PathBuf>,

    /// How long to wait for another process's refresh, such as `90s` or `2m`
    #[arg(long, value_name = "DURATION", default_value = "120s", global = true, value_parser = parse_duration)]
    pub lock_timeout: Duration,

    /// Results and errors as JSON
    #[arg(long, global = true)]
    pub json: bool,

    /// No warnings and no messages, only results and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Say what is done; twice: each step. Tokens appear as fingerprints only
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Log in, through a browser or on another device
    Login(Box<Login>),
    /// Print a working access token
    Token(Token),
    /// Run a command with a working token, which nobody ends early while it runs
    Exec(Exec),
    /// Make the next token ready, without ending one that is alive
    Refresh(Refresh),
    /// Show the logins
    Status(Status),
    /// Revoke a login and forget its tokens
    Logout(Logout),
    /// Answer git as its credential helper
    GitCredential(GitCredential),
    /// Make git ask glauth
    SetupGit(SetupGit),
    /// Try what everything rests on, and say what to do about it
    Doctor(Doctor),
    /// Print the completions of a shell
    Completions(Completions),
    /// Print a man page
    Man(Man),
}

/// The host that a command is about.
#[derive(Debug, Args)]
pub struct Target {
    /// A host, a host with a port, or a URL; `http` on loopback only. Left out: --host, else the
    /// configuration's `default_host`, else the only host in the store
    #[arg(id = "target", value_name = "HOST", value_parser = HostArg::parse)]
    pub host: Option<HostArg>,
}

/// `glauth login`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  glauth login gitlab.com                                 the first time, and each time after
  glauth login --device gitlab.com                        consent on a phone
  glauth login --no-browser gitlab.com                    consent in a browser on another machine
  glauth login --standby gitlab.com                       a second grant beside the first
  glauth login --provider oidc --client-id ID https://sso.example.com/realms/dev
  glauth login --import --client-id ID gitlab.example.com < token-response.json
  pass show gitlab-token | glauth login --with-token gitlab.com

The second login needs no options: what is not given (client id, provider, scopes, endpoints, \
parameters) comes from the login that is there or was there, then from the host's other accounts, \
then from the configuration, then from what is known of such servers. The login that is there stays \
until the new one is stored.

Importing the token response that this login began with changes nothing, so a provisioning script \
may run twice. The file may say when the token was issued (`created_at` and similar names) or when it \
expires (`expires_at` and similar), in seconds, milliseconds or RFC 3339. Without either, the lifetime \
counts from now, and glauth warns.")]
#[expect(clippy::struct_excessive_bools, reason = "each is an option")]
pub struct Login {
    /// Where to log in.
    #[command(flatten)]
    pub target: Target,

    /// Consent on another device: shows an address, a code and a QR code (RFC 8628)
    #[arg(help_heading = "How to log in", long, group = "source")]
    pub device: bool,

    /// Open no browser: print the address, and take the address that the browser ends at from
    /// standard input
    #[arg(help_heading = "How to log in", long, group = "source")]
    pub no_browser: bool,

    /// Read a token response (the JSON of RFC 6749 §5.1) from standard input
    #[arg(help_heading = "How to log in", long, group = "source")]
    pub import: bool,

    /// Read a personal access token from standard input
    #[arg(help_heading = "How to log in", long, group = "source")]
    pub with_token: bool,

    /// Ask for a standby grant too, or for one beside the login that is there: while one is
    /// refreshed, programs use the other. A browser login asks for it by itself where a refresh ends
    /// the old token
    #[arg(help_heading = "How to log in", long, conflicts_with_all = ["no_standby", "with_token"])]
    pub standby: bool,

    /// One grant only
    #[arg(help_heading = "How to log in", long)]
    pub no_standby: bool,

    /// The client id of the application at the server; asked for where none is known
    #[arg(help_heading = "The application", long, value_name = "ID")]
    pub client_id: Option<String>,

    /// A file that holds the client secret, for a confidential client
    #[arg(help_heading = "The application", long, value_name = "FILE")]
    pub client_secret_file: Option<PathBuf>,

    /// How the client secret is sent (RFC 7591), where the server does not say
    #[arg(help_heading = "The application", long, value_name = "METHOD", value_parser = ["none", "client_secret_basic", "client_secret_post"])]
    pub auth_method: Option<String>,

    /// A scope to ask for; may be repeated
    #[arg(help_heading = "The application", long, value_name = "SCOPE", value_delimiter = ' ', value_parser = scope)]
    pub scope: Vec<String>,

    /// A parameter for every request, such as `resource=…` or `audience=…`; may be repeated
    #[arg(help_heading = "The application", long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub parameter: Vec<(String, String)>,

    /// The kind of server, where its name or its own word does not tell; `oidc` asks the issuer
    /// HOST for its endpoints, `generic` is told them
    #[arg(help_heading = "The server", long, value_name = "NAME", value_parser = PossibleValuesParser::new(PROVIDERS.iter().map(|provider| provider.name)))]
    pub provider: Option<String>,

    /// Trust this certificate authority, or self-signed certificate, too (PEM)
    #[arg(help_heading = "The server", long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,

    /// The redirect URI, as it is registered: a loopback address or `localhost`, any port where it
    /// names none. Left out: `http://127.0.0.1/` (Bitbucket Cloud: `http://127.0.0.1:34871/`)
    #[arg(help_heading = "The application", long, value_name = "URL")]
    pub redirect_uri: Option<String>,

    /// Where a person consents (RFC 6749 §3.1)
    #[arg(help_heading = "The server", long, value_name = "URL")]
    pub authorization_endpoint: Option<String>,

    /// Where device codes come from (RFC 8628 §3.1)
    #[arg(help_heading = "The server", long, value_name = "URL")]
    pub device_endpoint: Option<String>,

    /// Where tokens are refreshed (RFC 6749 §3.2)
    #[arg(help_heading = "The server", long, value_name = "URL")]
    pub token_endpoint: Option<String>,

    /// Where tokens are revoked (RFC 7009)
    #[arg(help_heading = "The server", long, value_name = "URL")]
    pub revocation_endpoint: Option<String>,
}

/// `glauth token`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  glauth token gitlab.com
  glauth token --min-ttl 30m gitlab.com          at least half an hour, or exit code 4
  glauth token --format curl | curl -K - https://gitlab.com/api/v4/user
  printf %s \"$refused\" | glauth token --rejected gitlab.com    after a 401: another one

With --rejected, exit code 6 is the answer where the server calls that token good: another one would be refused as well.")]
pub struct Token {
    /// Whose token.
    #[command(flatten)]
    pub target: Target,

    /// How long it must still live, nine tenths of its lifetime at most: a token with less is not
    /// printed
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub min_ttl: Option<Duration>,

    /// Standard input holds an access token that the server refused; it is never printed again
    #[arg(long)]
    pub rejected: bool,

    /// Only what is stored and fresh: no lock, no network
    #[arg(long)]
    pub no_refresh: bool,

    /// How to print it
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: Format,
}

/// How a token is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The token and a newline
    #[default]
    Plain,
    /// With what is known of it
    Json,
    /// `Authorization: Bearer …`
    Header,
    /// A configuration for `curl -K -`
    Curl,
    /// `export NAME='…'` for a shell
    Env,
}

/// `glauth refresh`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  glauth refresh gitlab.com
  glauth refresh --all --if-expiring 30m --alert-after 1d      for a timer

A token that is alive is never ended, unless --force is given: where the server ends the old token \
at a refresh, nothing is sent while it lives.

With --alert-after, a success says nothing, and neither does a failure that may pass (exit code 4), until it \
has lasted that long; then the command reports it once a day. It reports every other failure at once, and \
then once a day. When it reports nothing, the exit code is 0.")]
pub struct Refresh {
    /// Whose token.
    #[command(flatten)]
    pub target: Target,

    /// Every account of every host
    #[arg(long, conflicts_with_all = ["target", "force"])]
    pub all: bool,

    /// Only tokens with less life than this
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, conflicts_with = "force")]
    pub if_expiring: Option<Duration>,

    /// Refresh now, even an ended login
    #[arg(long)]
    pub force: bool,

    /// Report passing failures only after this long
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub alert_after: Option<Duration>,
}

/// `glauth status`
#[derive(Debug, Args)]
#[command(mut_arg("target", |host| host.help("Only this host; left out: every login").long_help(None)))]
#[command(after_long_help = "\
Examples:
  glauth status
  glauth status --json | jq -r '.accounts[] | select(.needs_login) | .host'

Exit code 3 where an account needs a login, also where there is none of that name, and 5 where a record cannot be read. A \
token that --check finds `(dead)` needs a login where nothing can refresh it. Otherwise it changes neither: \
`glauth refresh --force` gets another, or finds the login ended; nor does a server that gives no answer.")]
pub struct Status {
    /// Only this host.
    #[command(flatten)]
    pub target: Target,

    /// Ask each server whether the token is alive
    #[arg(long)]
    pub check: bool,
}

/// `glauth logout`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  glauth logout gitlab.com
  glauth logout --local gitlab.com      where the server cannot be reached

The next `glauth login` needs no options: what it has to know is kept, without any token.")]
pub struct Logout {
    /// Where to log out.
    #[command(flatten)]
    pub target: Target,

    /// Every account of every host
    #[arg(long, conflicts_with = "target")]
    pub all: bool,

    /// Do not tell the server: its tokens live until they expire
    #[arg(long)]
    pub local: bool,
}

/// `glauth doctor`
#[derive(Debug, Args)]
#[command(mut_arg("target", |host| host.help("Only the logins of this host; left out: every login").long_help(None)))]
#[command(after_long_help = "\
Examples:
  glauth doctor
  glauth doctor --offline gitlab.com
  glauth doctor --json | jq -r '.checks[] | select(.verdict != \"ok\") | .message'

It tries that a lock held by another process excludes and that a rename is atomic where the store is, and \
looks at owners and modes, the file system, each login and what was left of refreshes, the servers, their \
certificates and clocks, and git's configuration. It changes no record, refreshes nothing, and what it \
writes it removes again.

Exit code: of the failed lines the first of 1, 2, 5, 3, 4 that occurred; warnings do not count.")]
pub struct Doctor {
    /// Only this host.
    #[command(flatten)]
    pub target: Target,

    /// Contact nobody
    #[arg(long)]
    pub offline: bool,
}

/// `glauth completions`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  eval \"$(glauth completions bash)\"                                  in ~/.bashrc
  glauth completions zsh > DIR/_glauth                               a DIR of $fpath
  glauth completions fish > ~/.config/fish/completions/glauth.fish")]
pub struct Completions {
    /// Which shell
    #[arg(value_enum, required_unless_present = "list")]
    pub shell: Option<clap_complete::Shell>,

    /// What a completion offers: the names of the logins here
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
  glauth man token > token.1 && man ./token.1")]
pub struct Man {
    /// The page of this command; left out: the page of glauth
    #[arg(value_parser = PossibleValuesParser::new(PAGES), hide_possible_values = true)]
    pub command: Option<String>,
}

/// The commands, each of which has a man page; a shell completes them.
const PAGES: [&str; 11] = [
    "login",
    "token",
    "exec",
    "refresh",
    "status",
    "logout",
    "git-credential",
    "setup-git",
    "doctor",
    "completions",
    "man",
];

/// RFC 6749 §3.3: `scope-token`.
fn scope(text: &str) -> Result<String, String> {
    let good = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    if text.is_empty() || !text.bytes().all(good) {
        return Err("is not a scope".to_owned());
    }
    Ok(text.to_owned())
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("is not KEY=VALUE".to_owned()),
    }
}

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
