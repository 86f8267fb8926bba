//! `glauth rename`.

use super::report_outcome;
use crate::cli::args::Rename;
use crate::cli::config_file::choose_account;
use crate::cli::context::Context;
use crate::cli::failure::{Error, UsageError};
use crate::code::Exit;
use crate::credential::AccountId;
use crate::flow;

pub(super) fn run(args: &Rename, context: &Context<'_>) -> Result<Exit, Error> {
    let store = context.store()?;
    if args.old == args.new {
        return Err(UsageError::Call("OLD and NEW are the same".to_owned()).into());
    }
    let config = context.config()?;
    let session = context.session(&store, args.host.scheme);
    let named = |account| AccountId {
        host: args.host.host.clone(),
        account,
    };
    let (old, new) = (named(args.old.clone()), named(args.new.clone()));
    Context::find_named(&old, &session)?;
    let warnings = flow::rename(&session, &old, &new.account);
    let warnings = warnings.map_err(|error| Error::from(error).about(&old))?;
    context.warn_of(&warnings);
    report_outcome(
        &new,
        "renamed",
        &format!("account {} is now called {}", old.account, new.account),
        context,
    )?;
    if config.account(&old.host) == Some(&old.account) {
        follow(&new, context);
    }
    Ok(Exit::Done)
}

/// Lets the configuration choose the new name. The login has it, whatever becomes of this.
fn follow(new: &AccountId, context: &Context<'_>) {
    let Some(path) = context.config_path() else {
        return;
    };
    if let Err(error) = choose_account(&path, &new.host, Some(&new.account)) {
        let failure = context.failure(&error);
        let hint = failure.hint.map(|hint| format!("; {hint}"));
        let text = failure.message + &hint.unwrap_or_default();
        context.printer.warn(&text);
    }
}
