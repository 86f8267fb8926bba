//! The arguments of `store`.

#[cfg(feature = "postgres")]
use std::path::PathBuf;

use clap::{Args, Subcommand};

#[cfg(feature = "postgres")]
use crate::credential::HostArg;

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

    /// Make the tables of a shared store
    ///
    /// It makes the schema `glauth` with two tables in the database that GLAUTH_STORE or --store names. What is there
    /// stays as it is. The password comes from the address in GLAUTH_STORE, from PGPASSWORD, or from the file that
    /// PGPASSFILE names (~/.pgpass). The user that glauth connects as afterwards needs USAGE of the schema, and SELECT,
    /// INSERT, UPDATE and DELETE in the two tables.
    #[cfg(feature = "postgres")]
    #[command(after_long_help = "\
Examples:
  export GLAUTH_STORE='postgres://glauth@db.example.com/glauth'
  glauth store init
  glauth store init --print | psql 'postgres://admin@db.example.com/glauth'")]
    Init {
        /// Print the SQL, for an administrator to run
        #[arg(long)]
        print: bool,
    },

    /// Move logins between a folder and a shared store
    ///
    /// A login is refreshed in one place only: where it came from keeps no token, as after a logout. If glauth dies on
    /// the way, the same command or the next refresh finishes the move.
    #[cfg(feature = "postgres")]
    #[command(after_long_help = "\
Examples:
  glauth store move ~/.local/share/glauth/credentials \\
    'postgres://glauth@db.example.com/glauth'
  glauth store move 'postgres://glauth@db.example.com/glauth' \\
    ~/.local/share/glauth/credentials gitlab.com

--take-back takes the folder first, whichever way the move went. It is for a database that is gone for good: if the \
login has arrived in the database all the same, two places can refresh it, and each invalidates the other's tokens.")]
    Move {
        /// The store that has the logins
        from: PathBuf,

        /// The store that gets them
        to: PathBuf,

        /// The only host whose logins are moved
        #[arg(value_parser = HostArg::parse)]
        host: Option<HostArg>,

        /// Give up a move that was cut off, before the login arrived
        #[arg(long)]
        take_back: bool,
    },

    /// Check the database of a shared store
    ///
    /// The connection and its encryption, what the user may do, the settings that glauth depends on, the clock, the
    /// keys that rows still need, and the answers of this machine that the database lacks. It needs the password, as
    /// `glauth store init` does, and the keys, in GLAUTH_KEY_FILE or the systemd credential `glauth.key`.
    ///
    /// The exit code is 0 if the store can be used.
    #[cfg(feature = "postgres")]
    #[command(after_long_help = "\
Examples:
  glauth store check
  glauth store check --json")]
    Check,

    /// Make and change the keys of a shared store
    ///
    /// A key file has a key in each line. The first one seals, and every one opens.
    #[cfg(feature = "postgres")]
    Key {
        /// What to do with the keys.
        #[command(subcommand)]
        command: KeyCommand,
    },
}

/// The commands about the keys of a shared store.
#[cfg(feature = "postgres")]
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Print a new key
    ///
    /// The tokens in the database are sealed with it. Each machine needs the file with it, in GLAUTH_KEY_FILE, and the
    /// database never sees it.
    #[command(after_long_help = "\
Examples:
  (umask 077; glauth store key new > ~/.config/glauth/glauth.key)
  export GLAUTH_KEY_FILE=~/.config/glauth/glauth.key")]
    New,

    /// Add a new key to a file
    ///
    /// The first key in the file seals, and every key opens. The new key goes to the end. Give every machine the file;
    /// then move the new line to the top, on every machine.
    #[command(after_long_help = "\
Examples:
  glauth store key add ~/.config/glauth/glauth.key
  glauth store check   # on each machine, before you remove the old one")]
    Add {
        /// The file with the keys
        file: PathBuf,
    },
}
