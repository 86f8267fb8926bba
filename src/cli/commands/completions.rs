//! `glauth completions`.

use std::collections::BTreeSet;

use crate::cli::args::{Completions, Listed};
use crate::cli::context::Context;
use crate::cli::failure::Error;
use crate::cli::{completions, printer};
use crate::code::Exit;

pub(super) fn run(args: &Completions, context: &Context<'_>) -> Result<Exit, Error> {
    if let Some(shell) = args.shell {
        printer::data(&completions::of_shell(shell))?;
    }
    if let Some(what) = args.list {
        printer::data(&listed(what, context)?)?;
    }
    Ok(Exit::Done)
}

/// Line by line, as the folders and files are called: no lock is taken and no record is read.
fn listed(what: Listed, context: &Context<'_>) -> Result<String, Error> {
    let names: BTreeSet<String> = context
        .store()?
        .accounts()?
        .into_iter()
        .map(|id| match what {
            Listed::Hosts => id.host.to_string(),
            Listed::Accounts => id.account.to_string(),
        })
        .collect();
    Ok(names.into_iter().map(|name| name + "\n").collect())
}
