//! The commands, a file each.

mod completions;
pub(super) mod docker_credential;
pub(super) mod doctor;
pub(super) mod exec;
mod git_credential;
pub(super) mod login;
mod logout;
mod man;
#[cfg(feature = "proxy")]
mod proxy;
mod refresh;
mod rename;
mod setup_docker;
pub(super) mod setup_git;
#[cfg(feature = "postgres")]
mod shared_store;
mod status;
mod store;
mod switch;
mod token;

use std::process::ExitCode;

use super::args::{Cli, Command};
use super::context::Context;
use super::failure::{Error, Failure};
use super::printer;
use crate::code::Exit;
use crate::credential::AccountId;
use crate::signals;

/// Runs the one that was typed.
pub(super) fn run(cli: &Cli, context: &Context<'_>) -> Result<ExitCode, Error> {
    let exit = match &cli.command {
        Command::Login(args) => login::run(args, context),
        Command::Token(args) => token::run(args, context),
        Command::Exec(args) => exec::run(args, context),
        #[cfg(feature = "proxy")]
        Command::Proxy(args) => return proxy::run(args, context),
        Command::Refresh(args) => refresh::run(args, context),
        Command::Status(args) => status::run(args, context),
        Command::Logout(args) => logout::run(args, context),
        Command::Switch(args) => switch::run(args, context),
        Command::Rename(args) => rename::run(args, context),
        Command::GitCredential(args) => git_credential::run(args, context),
        Command::SetupGit(args) => setup_git::run(args, context),
        Command::DockerCredential(args) => docker_credential::run(args, context),
        Command::SetupDocker(args) => setup_docker::run(args, context),
        Command::Doctor(args) => doctor::run(args, context),
        Command::Store(args) => store::run(&args.command, context),
        Command::Completions(args) => completions::run(args, context),
        Command::Man(args) => man::run(args),
    };
    exit.map(Into::into)
}

/// Does something to each account and goes on after a failure; the worst exit counts.
fn on_all(
    ids: &[AccountId],
    context: &Context<'_>,
    mut act: impl FnMut(&AccountId) -> Result<(), Error>,
) -> Exit {
    Exit::worst(ids.iter().map(|id| {
        let exit = match act(id) {
            Ok(()) => Exit::Done,
            Err(error) => {
                let failure = failure_about(Some(id), &error, context);
                context.printer.failure(&failure);
                error.code().exit()
            }
        };
        signals::told();
        exit
    }))
}

/// A failure among several, with the login that it is about.
fn failure_about(id: Option<&AccountId>, error: &Error, context: &Context<'_>) -> Failure {
    let failure = context.failure(error);
    let Some(id) = id else { return failure };
    let mut failure = failure.about(id);
    let name = id.to_string();
    if !failure.message.contains(&name) {
        failure.message = format!("{name}: {}", failure.message);
    }
    failure
}

/// Says what was done to an account: a line for people, an object under `--json`.
fn report_outcome(
    id: &AccountId,
    outcome: &str,
    text: &str,
    context: &Context<'_>,
) -> Result<(), Error> {
    if context.global.json {
        return printer::json_line(&serde_json::json!({
            "host": id.host.to_string(),
            "account": id.account.as_str(),
            "outcome": outcome,
        }));
    }
    context.printer.tell(&format!("{id}: {text}"));
    Ok(())
}
