//! The command line: what was typed, what it means, what it prints, how it ends.

pub mod args;
mod commands;
mod context;
mod exit;
mod failure;
mod generate;
mod printer;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

use args::Cli;
use context::Context;
use failure::Failure;
use printer::Printer;

pub use exit::{EXIT_CODES, Exit};

/// Runs one command line, from the name of the program on, and says how the process ends.
#[must_use]
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    crate::env::forbid_core_dumps();
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return failure::of_usage(&error, &args),
    };
    let printer = Printer::new(&cli.global);
    match commands::run(&cli, &Context::new(&cli.global, &printer)) {
        Ok(exit) => exit.into(),
        Err(error) => {
            let failure = Failure::of(&error);
            printer.failure(&failure);
            failure.exit.into()
        }
    }
}
