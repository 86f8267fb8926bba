//! What can be typed of git.

use std::time::Duration;

use clap::Args;

use super::Target;

/// `glauth git-credential`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  git config --global credential.https://gitlab.com.helper \"$(command -v glauth) git-credential\"
  printf 'protocol=https\\nhost=gitlab.com\\n' | glauth git-credential get

git calls it (gitcredentials(7)); the question comes on standard input. Where a login is, `get` answers \
with a working token, also after a token was rotated in the middle of a clone or a push (git 2.46 and \
later), `erase` has the token checked, and `store` keeps nothing. For other hosts `store` keeps what git \
was given, `get` hands it out again, and `erase` forgets it. An answer that is not there is exit code 0.")]
pub struct GitCredential {
    /// `get`, `store`, `erase` or `capability`; any other one does nothing
    #[arg(value_name = "OPERATION")]
    pub operation: String,

    /// How long what `store` keeps is kept, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
}

/// `glauth setup-git`
#[derive(Debug, Args)]
#[command(mut_arg("target", |host| host.help("Which host; left out: every host with a login, and with --undo every one that git asks glauth for").long_help(None)))]
#[command(after_long_help = "\
Examples:
  glauth setup-git gitlab.com
  glauth setup-git --undo gitlab.com

In git's global configuration the list of helpers is reset for that host, so that no other helper is \
asked, or keeps our tokens; for an installation below a path, `useHttpPath` is set, without which git \
does not say which one it means. All else stays as it was. Where git cannot write it (Nix), the lines to \
add are printed, and the exit code is 2.")]
pub struct SetupGit {
    /// Which host.
    #[command(flatten)]
    pub target: Target,

    /// Take it out again
    #[arg(long)]
    pub undo: bool,
}

fn seconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_secs)
}
