//! `glauth logout`.

use super::{on_all, report_outcome};
use crate::cli::args::Logout;
use crate::cli::context::Context;
use crate::cli::failure::{Error, UsageError};
use crate::code::Exit;
use crate::credential::AccountId;
use crate::flow::{self, LogoutDone};

pub(super) fn run(args: &Logout, context: &Context<'_>) -> Result<Exit, Error> {
    let store = context.store()?;
    if args.all {
        let session = context.session(&store, None);
        let ids = store.accounts()?;
        return Ok(on_all(&ids, context, |id| {
            report(id, &flow::log_out(&session, id, args.local)?, args, context)
        }));
    }
    let host = context.host(&args.target, &store)?;
    let session = context.session(&store, host.scheme);
    let id = context.find(&host, &session).map_err(nothing_to_end)?.id;
    let done = flow::log_out(&session, &id, args.local);
    let done = done.map_err(|error| Error::from(error).about(&id))?;
    report(&id, &done, args, context)?;
    Ok(Exit::Done)
}

/// A person who ends a login that is not there has no use for another one.
fn nothing_to_end(error: Error) -> Error {
    match error {
        Error::Usage(UsageError::NoLogin { id, store, .. }) => {
            UsageError::NothingToEnd { id, store }.into()
        }
        other => other,
    }
}

fn report(
    id: &AccountId,
    done: &LogoutDone,
    args: &Logout,
    context: &Context<'_>,
) -> Result<(), Error> {
    context.warn_of(&done.warnings);
    let (outcome, text) = if done.already {
        ("already_logged_out", "was logged out already")
    } else if args.local {
        let text = "logged out here only; the server was not told, and the tokens live on there";
        ("logged_out", text)
    } else {
        ("logged_out", "logged out")
    };
    report_outcome(id, outcome, text, context)
}
