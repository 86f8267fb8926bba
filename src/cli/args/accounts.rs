//! The arguments of the commands about the accounts of a host.

use clap::Args;

use crate::credential::{AccountName, HostArg};

/// `glauth switch`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  glauth switch gitlab.com work       # gitlab.com then means this account
  glauth switch gitlab.com default    # undo it

glauth looks for the account in this order: --account or GLAUTH_ACCOUNT; the account called `default`; the one set \
here, which is `account` in the host's table of config.toml; the only account of the host. git's own question goes \
before: in `https://USER@HOST/…` it names the user.

If the host has an account called `default`, give it another name first: `glauth rename HOST default NAME`.")]
pub struct Switch {
    /// Host name, host with port, or URL
    #[arg(id = "target", value_name = "HOST", value_parser = HostArg::parse_below)]
    pub host: HostArg,

    /// Account to use, or `default` to undo
    #[arg(value_name = "ACCOUNT")]
    pub chosen: AccountName,
}

/// `glauth rename`
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  glauth rename gitlab.com default work

Commands that run go on with their tokens, and a lease goes with its login. If config.toml chooses OLD (see `glauth \
switch`), it chooses NEW afterwards. Timers, git's configuration and scripts that name OLD need a change.")]
pub struct Rename {
    /// Host name, host with port, or URL
    #[arg(id = "target", value_name = "HOST", value_parser = HostArg::parse_below)]
    pub host: HostArg,

    /// Account to rename
    #[arg(value_name = "OLD")]
    pub old: AccountName,

    /// Its new name, which no login may have
    #[arg(value_name = "NEW")]
    pub new: AccountName,
}
