//! The arguments of the commands for git.

use std::time::Duration;

use clap::Args;

use super::HostTarget;

/// `glauth git-credential`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  git config --global credential.https://gitlab.com.helper \\
    \"$(command -v glauth) git-credential\"
  printf 'protocol=https\\nhost=gitlab.com\\n' | glauth git-credential get

git calls it (gitcredentials(7)), with its question on standard input. If there is a login, `get` prints a token \
that works, even after a rotation in the middle of a clone or a push (git 2.46 and later); `erase` checks the token, \
and `store` keeps nothing. For other hosts `store` keeps the password that git was given, `get` prints it, and \
`erase` deletes it. Without an answer, the exit code is 0.")]
pub struct GitCredential {
    /// `get`, `store`, `erase` or `capability`
    ///
    /// Any other operation does nothing.
    #[arg(value_name = "OPERATION")]
    pub operation: String,

    /// Lifetime of a kept password, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
}

/// `glauth setup-git`
#[derive(Debug, Args)]
#[command(mut_arg("target", |host| host.help("Only this host").long_help("Only this host. Without HOST, every host with a login; with --undo, every host that git asks glauth for.")))]
#[command(after_long_help = "\
Examples:
  glauth setup-git gitlab.com
  glauth setup-git --undo gitlab.com

In git's global configuration, glauth resets the list of helpers for the host, so that git asks no other helper and \
none keeps the tokens. For an installation below a path it sets `useHttpPath`; otherwise git does not say which \
installation it means. The rest of the configuration stays as it is. If git cannot write the file (Nix), glauth \
prints the lines to add, and ends with exit code 2.")]
pub struct SetupGit {
    /// The only host to set up.
    #[command(flatten)]
    pub target: HostTarget,

    /// Remove glauth from git's configuration
    #[arg(long)]
    pub undo: bool,
}

fn seconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_secs)
}
