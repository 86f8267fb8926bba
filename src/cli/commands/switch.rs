//! `glauth switch`.

use super::report_outcome;
use crate::cli::args::Switch;
use crate::cli::config_file::choose_account;
use crate::cli::context::Context;
use crate::cli::failure::{Error, UsageError};
use crate::code::Exit;
use crate::credential::{AccountId, AccountName};
use crate::flow;
use crate::store::Store;

pub(super) fn run(args: &Switch, context: &Context<'_>) -> Result<Exit, Error> {
    let store = context.store()?;
    // The file that a call names must be there.
    context.config()?;
    let path = context.config_path().ok_or_else(no_home)?;
    let id = AccountId {
        host: flow::stored_host(&store, &args.host.host)?,
        account: args.chosen.clone(),
    };
    if id.account == AccountName::default_name() {
        let changed = choose_account(&path, &id.host, None)?;
        let (outcome, text) = if changed {
            ("undone", "no account is chosen any more")
        } else {
            ("unchanged", "no account was chosen")
        };
        report_outcome(&id, outcome, text, context)?;
        return Ok(Exit::Done);
    }
    let session = context.session(&store, args.host.scheme);
    let id = Context::find_named(&id, &session)?.id;
    refuse_beside_default(&id, &store)?;
    let changed = choose_account(&path, &id.host, Some(&id.account))?;
    let (outcome, text) = if changed {
        ("switched", "this is the default account now")
    } else {
        ("unchanged", "this was the default account already")
    };
    report_outcome(&id, outcome, text, context)?;
    Ok(Exit::Done)
}

/// An account called `default` is the one that its host means, so choosing another one would change nothing.
fn refuse_beside_default(id: &AccountId, store: &Store) -> Result<(), Error> {
    let default = AccountId {
        account: AccountName::default_name(),
        host: id.host.clone(),
    };
    let is_ended = match store.snapshot(&default) {
        Ok(None) => return Ok(()),
        Ok(Some(found)) => found.record().login().is_none(),
        Err(_) => false,
    };
    Err(UsageError::DefaultGoesBefore { default, is_ended }.into())
}

fn no_home() -> UsageError {
    UsageError::Call("no home folder is known; set GLAUTH_CONFIG".to_owned())
}
