//! `glauth logout`.

use super::{on_all, report_outcome};
use crate::cli::args::Logout;
use crate::cli::context::Context;
use crate::cli::failure::UsageError;
use crate::code::Exit;
use crate::credential::AccountId;
use crate::flow::{self, LoggedOut};

pub(super) fn run(args: &Logout, context: &Context<'_>) -> anyhow::Result<Exit> {
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
    let (id, done) = context
        .on_account(&host, &store, |id| {
            let done = flow::log_out(&session, id, args.local)?;
            Ok((id.clone(), done))
        })
        .map_err(nothing_to_end)?;
    report(&id, &done, args, context)?;
    Ok(Exit::Done)
}

/// Who wants to end a login that is not there has no use for another one.
fn nothing_to_end(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref() {
        Some(UsageError::NoLogin { id, store }) => UsageError::NothingToEnd {
            id: id.clone(),
            store: store.clone(),
        }
        .into(),
        _ => error,
    }
}

fn report(
    id: &AccountId,
    done: &LoggedOut,
    args: &Logout,
    context: &Context<'_>,
) -> anyhow::Result<()> {
    for warning in &done.warnings {
        context.printer.warn(warning);
    }
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
