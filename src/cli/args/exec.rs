//! What can be typed of `exec`.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;

use super::Target;
use crate::time::parse_duration;

/// `glauth exec`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  glauth exec gitlab.com -- glab mr list
  glauth exec --min-ttl 30m -- make release           at least half an hour, or exit code 125
  glauth exec --env API_TOKEN -- ./deploy             in a variable of your own
  glauth exec --token-file VAULT_TOKEN_FILE -- ./deploy     in a file that is nowhere on disk

The command takes the place of glauth: signals, the terminal and the exit code are its own. While it, or \
a process that it started, runs, others that ask for more life than the token has wait for it, at most \
until the token expires by itself.

Exit codes: the command's own; 126 where it cannot be run, 127 where it is not found, 125 for every \
failure of glauth's own.")]
pub struct Exec {
    /// Whose token.
    #[command(flatten)]
    pub target: Target,

    /// How long the token must still live, nine tenths of its lifetime at most. Left out: five
    /// minutes are preferred, and less is taken
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub min_ttl: Option<Duration>,

    /// A variable to put the token into, in place of those that the server's tools read; may be
    /// repeated
    #[arg(help_heading = "Where the token goes", long, value_name = "NAME", value_parser = variable)]
    pub env: Vec<String>,

    /// A descriptor from which the command can read the token, once
    #[arg(help_heading = "Where the token goes", long, value_name = "N", value_parser = clap::value_parser!(i32).range(3..=1000))]
    pub fd: Option<i32>,

    /// A variable to put the path of a file with the token into; the file is in memory and goes with
    /// the command
    #[arg(help_heading = "Where the token goes", long, value_name = "NAME", value_parser = variable_of_path)]
    pub token_file: Option<String>,

    /// The command and its arguments
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
