//! `glauth git-credential`: what git calls.

use crate::cli::args::GitCredential as Args;
use crate::cli::audible::Audible;
use crate::cli::context::Context;
use crate::cli::failure::{Error, UsageError};
use crate::cli::printer;
use crate::code::Exit;
use crate::env;
use crate::flow::{self, Session, Told};
use crate::git_config;
use crate::gitcred::Question;
use crate::http::Routed;

/// What this helper understands (git-credential(1), "CAPABILITY INPUT/OUTPUT FORMAT").
const CAPABILITIES: &str = "version 0\ncapability authtype\ncapability state\n";

pub(super) fn run(args: &Args, context: &Context<'_>) -> Result<Exit, Error> {
    match args.operation.as_str() {
        "capability" => printer::data(CAPABILITIES)?,
        "get" | "store" | "erase" => answer(args, context)?,
        // gitcredentials(7): what a helper does not know it leaves alone.
        _ => {}
    }
    Ok(Exit::Done)
}

fn answer(args: &Args, context: &Context<'_>) -> Result<(), Error> {
    let question = Question::read(&mut std::io::stdin().lock()).map_err(UsageError::BadQuestion)?;
    let store = context.store()?;
    let network = Audible {
        // Where git reaches a server, a refresh for git reaches it too.
        http: Routed(git_config::route),
        is_watched: context.is_watched(),
    };
    let session = Session {
        // git shows what is said here, and a person is rarely there.
        talkative: context.is_watched(),
        http: &network,
        ..context.session(&store, None)
    };
    let account = context.global.account.as_ref();
    let told = match args.operation.as_str() {
        "get" => {
            // git-lfs 3.6 and 3.7 announce `state` by way of `git credential`, and then repeat a
            // request that was refused without end, and without asking.
            let asks_again = question.takes_state && !env::is_called_for_another_program();
            flow::git_get(&session, &question, account, asks_again)
        }
        "store" => {
            flow::git_store(&session, &question, account, args.timeout).map(|()| Told::default())
        }
        _ => flow::git_erase(&session, &question, account).map(|()| Told::default()),
    };
    match told {
        Ok(told) => {
            if context.is_watched() {
                context.warn_of(&told.warnings);
            }
            printer::data(&told.answer.text())?;
        }
        Err(error) => complain(&error.into(), context),
    }
    Ok(())
}

/// Why there is a login and no token, in one line: git itself only says that it got no username.
fn complain(error: &Error, context: &Context<'_>) {
    let mut failure = context.failure(error);
    if let Some(hint) = failure.hint.take() {
        failure.message = format!("{}: {hint}", failure.message);
    }
    printer::print_failure(&failure, context.global.json);
}
