//! The arguments of `exec`.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;

use super::HostTarget;
use crate::time::parse_duration;

/// `glauth exec`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  glauth exec gitlab.com -- glab mr list
  glauth exec --min-ttl 30m -- make release         # 30 minutes or more
  glauth exec --env API_TOKEN -- ./deploy           # in your own variable
  glauth exec --token-file VAULT_TOKEN_FILE -- ./deploy   # in memory

The command replaces glauth, so signals, the terminal and the exit code are its own. While the command or one of \
its children runs, no other process ends the token: one that needs more time than the token has left waits, at \
most until the token expires.

Exit codes: the command's own; 125 if glauth fails, 126 if the command cannot be run, 127 if it is not found.")]
pub struct Exec {
    /// Host of the login.
    #[command(flatten)]
    pub target: HostTarget,

    /// Minimum remaining lifetime
    ///
    /// At most nine tenths of a token's lifetime. Without it, glauth prefers a token with five minutes left, and
    /// takes one with less.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub min_ttl: Option<Duration>,

    /// Variable for the token; can be repeated
    ///
    /// Instead of those that the server's tools read, such as `GITLAB_TOKEN`.
    #[arg(help_heading = "Where the token goes", long, value_name = "NAME", value_parser = variable)]
    pub env: Vec<String>,

    /// File descriptor to read the token from, once
    #[arg(help_heading = "Where the token goes", long, value_name = "N", value_parser = clap::value_parser!(i32).range(3..=1000))]
    pub fd: Option<i32>,

    /// Variable for the path of a token file
    ///
    /// The file is in memory, and goes away with the command.
    #[arg(help_heading = "Where the token goes", long, value_name = "NAME", value_parser = variable_of_path)]
    pub token_file: Option<String>,

    /// Command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

/// The name of a variable as a shell can read it (POSIX, 3.230).
fn variable(text: &str) -> Result<String, String> {
    let first = |c: u8| c.is_ascii_alphabetic() || c == b'_';
    let good = text.bytes().next().is_some_and(first)
        && text.bytes().all(|c| first(c) || c.is_ascii_digit());
    if good {
        Ok(text.to_owned())
    } else {
        Err("is no name of a variable".to_owned())
    }
}

/// The same, where many a tool takes a path.
fn variable_of_path(text: &str) -> Result<String, String> {
    variable(text).map_err(|problem| {
        format!("{problem}; name one that is to hold the path of a file in memory")
    })
}
