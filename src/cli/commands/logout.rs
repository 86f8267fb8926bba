//! `glauth logout`.

use super::{on_all, report_outcome};
use crate::cli::args::Logout;
use crate::cli::context::Context;
use crate::cli::failure::{Error, UsageError};
use crate::code::Exit;
use crate::credential::AccountId;
use crate::flow::{self, FlowError, LogoutDone, Session};

pub(super) fn run(args: &Logout, context: &Context<'_>) -> Result<Exit, Error> {
    let store = context.store()?;
    if args.all {
        let host = args.target.host.as_ref();
        let session = context.session(&store, host.and_then(|host| host.scheme));
        let ids = context.all(host, &store).map_err(nothing_to_end)?;
        return Ok(on_all(&ids, context, |id| {
            report(id, &log_out(&session, id, args)?, args, context)
        }));
    }
    let host = context.host(&args.target, &store)?;
    let session = context.session(&store, host.scheme);
    let id = context.find(&host, &session).map_err(nothing_to_end)?.id;
    let done = log_out(&session, &id, args);
    let done = done.map_err(|error| Error::from(error).about(&id))?;
    report(&id, &done, args, context)?;
    Ok(Exit::Done)
}

fn log_out(session: &Session<'_>, id: &AccountId, args: &Logout) -> Result<LogoutDone, FlowError> {
    let mut done = flow::log_out(session, id, args.local)?;
    if args.forget {
        done.warnings.extend(flow::forget(session, id)?);
        done.warnings.extend(flow::still_chosen(session, id));
    }
    Ok(done)
}

/// A logout of a login that is not there does not mean another one.
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
    let (outcome, text) = if args.forget && done.already {
        ("forgotten", "forgotten")
    } else if args.forget && args.local {
        let text = "logged out here only, and forgotten; the server was not told, and the tokens live on there";
        ("forgotten", text)
    } else if args.forget {
        ("forgotten", "logged out, and forgotten")
    } else if done.already {
        ("already_logged_out", "was logged out already")
    } else if args.local {
        let text = "logged out here only; the server was not told, and the tokens live on there";
        ("logged_out", text)
    } else {
        ("logged_out", "logged out")
    };
    report_outcome(id, outcome, text, context)
}
