//! The command line: what was typed, what it means, what it prints, how it ends.

pub mod args;
mod audible;
mod call;
mod commands;
mod completions;
mod config_file;
mod context;
mod failure;
mod fold;
mod generate;
mod help;
mod hidden;
mod plain;
mod printer;
mod shell;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};

use crate::code::Exit;
#[cfg(feature = "postgres")]
use crate::flow::Delivery;
use crate::flow::{Order, carry_out};
use crate::git_config;
use crate::http::{Http, Network, Routed};
use crate::process::{self, Caller};
use crate::signals;
use args::{Cli, Command};
use call::Call;
use context::Context;
use failure::{Error, Failure};
use printer::Printer;

/// Runs one command line, from the name of the program on, and says how the process ends.
#[must_use]
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    crate::env::forbid_core_dumps();
    let mut args: Vec<OsString> = args.into_iter().collect();
    if let Some(path) = commands::doctor::second::is_called(&args) {
        return match commands::doctor::second::answer(path) {
            Ok(exit) => exit.into(),
            Err(error) => error.code().exit().into(),
        };
    }
    if Order::is_given(&args) {
        return refresh_apart(&args);
    }
    #[cfg(feature = "postgres")]
    if let Some(delivery) = Delivery::read(&args) {
        delivery.carry_out();
        return Exit::Done.into();
    }
    if let Some(page) = commands::login::opener::is_called(&args) {
        return commands::login::opener::answer(page).into();
    }
    commands::docker_credential::put_in_command(&mut args);
    let cli = match plain::read(&args).map_or_else(|| Cli::try_parse_from(&args), Ok) {
        Ok(cli) => cli,
        Err(error) => return not_understood(error, &args),
    };
    let printer = Printer::new(&cli.global);
    let context = Context::new(&cli, &printer);
    let exit = match commands::run(&cli, &context) {
        Ok(exit) => exit,
        Err(error) => {
            printer.failure(&context.failure(&error));
            match cli.command {
                Command::Exec(_) => commands::exec::exit_code(&error).into(),
                #[cfg(feature = "proxy")]
                Command::Proxy(_) => commands::exec::exit_code(&error).into(),
                _ => error.code().exit().into(),
            }
        }
    };
    signals::told();
    exit
}

/// What glauth does that another one has started to refresh a login: the lock is its standard input, the
/// way back its standard output.
fn refresh_apart(args: &[OsString]) -> ExitCode {
    let is_alone = process::stand_alone();
    match (Order::read(args), printer::stdin_and_stdout()) {
        (Some(order), Ok((lock, caller))) if is_alone => {
            let http: &dyn Http = if order.goes_as_git() {
                &Routed(git_config::route)
            } else {
                &Network
            };
            carry_out(&order, lock.into(), Caller::at(caller), http);
            Exit::Done
        }
        _ => Exit::Unexpected,
    }
    .into()
}

/// Help and version are no failure; a call without a command gets the help, and is one.
fn not_understood(error: clap::Error, args: &[OsString]) -> ExitCode {
    let no_command = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    // What stands behind `--` is another program's.
    let mut ours = args.iter().take_while(|arg| *arg != "--");
    let as_json = ours.any(|arg| arg == "--json");
    let error = if no_command || !error.use_stderr() {
        let folded = help::folded().try_get_matches_from(args).err();
        folded.unwrap_or(error)
    } else {
        error
    };
    if !error.use_stderr() {
        let text = error.render();
        let written = printer::coloured_data(&text.ansi().to_string());
        return written.map_or_else(
            |error| ended_by(&error, as_json).into(),
            |()| Exit::Done.into(),
        );
    }
    if no_command {
        error.print().ok();
        return Exit::Usage.into();
    }
    let command = command_of(args);
    let failure = failure::of_usage(error, command.as_deref());
    printer::print_failure(&failure, as_json);
    if let Some("exec" | "proxy") = command.as_deref() {
        return commands::exec::exit_code_of_usage();
    }
    failure.code.exit().into()
}

/// Tells why nothing could be written, and how the process ends.
fn ended_by(error: &Error, as_json: bool) -> Exit {
    printer::print_failure(&Failure::of(error, &Call::default()), as_json);
    error.code().exit()
}

/// The command of a line that was not understood, as far as it can be understood.
fn command_of(args: &[OsString]) -> Option<String> {
    let found = Cli::command()
        .ignore_errors(true)
        .try_get_matches_from(args);
    found.ok()?.subcommand_name().map(ToOwned::to_owned)
}
