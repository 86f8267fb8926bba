//! `glauth doctor`: tries what everything rests on. A line for each check, with its remedy.

mod check;
mod disk;
mod git;
mod logins;
mod rescued;
pub(in crate::cli) mod second;
mod servers;
mod show;
mod surroundings;

use check::{Check, Topic};

use crate::cli::args::Doctor;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::printer;
use crate::credential::{AccountId, Host, Record};
use crate::store::Store;

pub(super) fn run(args: &Doctor, context: &Context<'_>) -> anyhow::Result<Exit> {
    let checks = all(args, context);
    if context.global.json {
        printer::json_line(&serde_json::json!({ "checks": checks }))?;
    } else {
        printer::coloured_data(&show::text(&checks, context.global.quiet))?;
    }
    Ok(Exit::worst(checks.iter().map(Check::exit)))
}

fn all(args: &Doctor, context: &Context<'_>) -> Vec<Check> {
    let host = args.target.host.as_ref().or(context.global.host.as_ref());
    let host = host.map(|host| &host.host);
    let mut checks = Vec::new();
    match context.store() {
        Err(error) => checks.push(Check::error(Topic::Files, &error)),
        Ok(store) => {
            let records = of_store(&store, host, context, &mut checks);
            if !args.offline {
                checks.extend(servers::checks(&store, &records, context));
            }
            checks.extend(git::checks(&records));
        }
    }
    checks.extend(surroundings::checks(context));
    checks
}

/// What is on disk; returns the records that can be read.
fn of_store(
    store: &Store,
    host: Option<&Host>,
    context: &Context<'_>,
    checks: &mut Vec<Check>,
) -> Vec<Record> {
    checks.extend(disk::checks(store, host));
    let mut records = Vec::new();
    match chosen(store, host, context) {
        Err(error) => checks.push(Check::error(Topic::Files, &error)),
        Ok(ids) => {
            records = logins::read(store, &ids, checks);
            // Where none can be read, that has been said.
            if records.len() == ids.len() || !records.is_empty() {
                checks.extend(logins::checks(store, host, &records));
            }
        }
    }
    checks.extend(rescued::checks(store));
    check::drop_repeated(checks);
    records
}

/// The accounts of HOST, and the named one only where one is named; without a host all.
fn chosen(
    store: &Store,
    host: Option<&Host>,
    context: &Context<'_>,
) -> anyhow::Result<Vec<AccountId>> {
    let mut ids = match host {
        Some(host) => store.accounts_of(host)?,
        None => store.accounts()?,
    };
    if let Some(account) = &context.global.account {
        ids.retain(|id| id.account == *account);
    }
    Ok(ids)
}
