//! The arguments of `store`.

use clap::{Args, Subcommand};

/// `glauth store`
#[derive(Debug, Args)]
pub struct Store {
    /// What to do with the store.
    #[command(subcommand)]
    pub command: StoreCommand,
}

/// The commands about the store as a whole.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Show where glauth keeps its files
    ///
    /// The logins, the configuration and the rescue places, with the kind of file system and the number of logins.
    #[command(after_long_help = "\
Examples:
  glauth store info
  glauth store info --json | jq -r .logins.path

A rescue place takes refreshed tokens that the store cannot take; the next call finds them there. It exists only while \
it is needed.")]
    Info,
}
