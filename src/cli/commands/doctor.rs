//! `glauth doctor`: tries what everything rests on. A line for each check, with its remedy.

mod check;
mod disk;
mod git;
mod local;
mod logins;
mod rescued;
pub(in crate::cli) mod second;
mod servers;
mod show;
mod surroundings;

use check::{Check, Topic};
use local::Local;

use crate::cli::args::Doctor;
use crate::cli::context::Context;
use crate::cli::printer;
use crate::code::Exit;

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
    let mut checks = Vec::new();
    let mut logins = Vec::new();
    match context.store() {
        Err(error) => checks.push(Check::error(Topic::Files, &error)),
        Ok(store) => {
            let host = args.target.host.as_ref().or(context.global.host.as_ref());
            let local = Local {
                store: store.clone(),
                host: host.map(|host| host.host.clone()),
                account: context.global.account.clone(),
            };
            let (found, records) = local.look_in_time();
            checks.extend(found);
            if !args.offline {
                checks.extend(servers::checks(&context.network, &store, &records));
            }
            checks.extend(git::checks(&records, &store));
            logins = records;
        }
    }
    checks.extend(surroundings::checks(context, &logins));
    checks
}
