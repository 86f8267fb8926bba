//! `glauth logout`.

use super::on_all;
use crate::cli::args::Logout;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::credential::AccountId;
use crate::flow::{self, LoggedOut};

pub(super) fn run(args: &Logout, context: &Context<'_>) -> anyhow::Result<Exit> {
    let store = context.store()?;
    let session = context.session(&store);
    if args.all {
        let ids = store.accounts()?;
        return Ok(on_all(&ids, context, |id| {
            report(id, &flow::log_out(&session, id, args.local)?, context);
            Ok(())
        }));
    }
    let host = context.host(&args.target, &store)?;
    let (id, done) = context.on_account(&host, &store, |id| {
        let done = flow::log_out(&session, id, args.local)?;
        Ok((id.clone(), done))
    })?;
    report(&id, &done, context);
    Ok(Exit::Done)
}

fn report(id: &AccountId, done: &LoggedOut, context: &Context<'_>) {
    for warning in &done.warnings {
        context.printer.warn(warning);
    }
    context.printer.tell(&if done.already {
        format!("{id}: was logged out already")
    } else {
        format!("{id}: logged out")
    });
}
