//! `glauth doctor`: checks the store, the servers and git's setup, and prints a line for each check, with
//! its remedy.
//!
//! [`store::examine`](crate::store::examine) looks and tries. This module judges what it finds and says what
//! to do. Neither changes a record. A1 to A5 are the assumptions of ARCHITECTURE.md.
//!
//! | check | how |
//! | --- | --- |
//! | A1 | glauth starts itself again. That process tries the lock that this one holds, without waiting, and tries again after this one let go |
//! | A2 | a file is replaced 200 times while a thread reads it: each read is one whole version |
//! | A3, A4 | a file and a folder are synced, and space for the largest record is set aside |
//! | A5 | another machine made the last attempt, or two accounts began with one refresh token: suspicions, so warnings |
//! | file system | `/proc/self/mountinfo`: its kind, and options that keep locks on this machine |
//! | servers | see below |
//! | clock | the server's `Date`, between two looks at this machine's clock. A difference of more than 60 s is a warning and never a failure: `expires_at` counts from this machine's clock, so a constant difference does no harm, and a jump makes tokens stale at most |
//! | git | what git itself answers to `git config`: of the helpers for a host's URL (gitcredentials(7)), those after the last empty one are asked. A missing glauth is no fault. A helper that is more than words to a shell is not judged, and only paths and accounts of its words are shown (P8) |
//! | pending | the account's lock is shared for a moment while no process waits: if that works and the attempt still has no end, its owner died (I3). The same if the process that holds the lock is not the one that made the attempt |
//!
//! **Servers.** The root of each origin of a login's endpoints is asked once, all at the same time, 20 s at most,
//! with nothing secret. Then each check endpoint that can be reached is asked, again all at the same time, 10 s at
//! most, with the access token that would be handed out then. The report says that a token is dead only if the
//! record still has it afterwards and no attempt is pending.
//!
//! **The scratch folder.** A1 to A4 are tried in a new folder `<store>/.doctor-PID/` (`.doctor-PID-2` if that is
//! taken), a name that no host's folder has, which is removed at the end. A folder whose file `alive` no process
//! has locked was left behind. If there is no store yet, the folder is in the nearest one above it that is the
//! user's own. An account's own lock is only ever tried, and only if its attempt is pending or files beside its
//! record have no use.
//!
//! `{"checks": [{topic, verdict, message, remedy, host, account, code}]}` is stable. `verdict` is `ok`, `note`
//! (neither fine nor a problem), `warn` or `fail`. A failed check has a `code`, which is that of JSON errors.

mod check;
#[cfg(feature = "postgres")]
mod database;
mod disk;
mod git;
mod local;
mod logins;
mod rescued;
pub(in crate::cli) mod second;
mod servers;
mod show;
mod surroundings;

#[cfg(feature = "postgres")]
use check::drop_repeated;
use check::{Check, Topic};
use local::Local;
use show::Detail;

use crate::cli::args::Doctor;
use crate::cli::context::Context;
use crate::cli::failure::Error;
use crate::cli::printer;
use crate::code::Exit;
use crate::credential::Host;
use crate::flow;
use crate::store::Store;

pub(super) fn run(args: &Doctor, context: &Context<'_>) -> Result<Exit, Error> {
    let (checks, logins) = all(args, context);
    print(&checks, Some(logins), context)
}

/// `glauth store check`: the database alone.
#[cfg(feature = "postgres")]
pub(super) fn run_for_database(context: &Context<'_>) -> Result<Exit, Error> {
    let store = context.store()?;
    let mut checks = database::checks(&store, &context.call().in_doctor());
    if checks.is_empty() {
        checks.push(Check::note(
            Topic::Files,
            format!(
                "the store is a folder; {} checks it",
                context.call().command("doctor")
            ),
        ));
    }
    print(&checks, None, context)
}

/// `logins`: how many there are, if they were looked at.
fn print(checks: &[Check], logins: Option<usize>, context: &Context<'_>) -> Result<Exit, Error> {
    if context.global.json {
        printer::json_line(&serde_json::json!({ "checks": checks }))?;
    } else {
        let detail = match (context.global.quiet, context.global.verbose) {
            (true, _) => Detail::Problems,
            (false, 0) if logins.is_some() => Detail::Folded,
            (false, _) => Detail::Each,
        };
        let text = show::text(checks, logins, detail, &context.call());
        printer::coloured_data(&match printer::width_of_data() {
            Some(columns) => show::narrowed(&text, columns),
            None => text,
        })?;
    }
    Ok(Exit::worst(checks.iter().map(Check::exit)))
}

/// Every check, and how many logins there are.
fn all(args: &Doctor, context: &Context<'_>) -> (Vec<Check>, usize) {
    let call = context.call().in_doctor();
    let mut checks = Vec::new();
    let mut logins = Vec::new();
    match context.store() {
        Err(error) => checks.push(Check::error(Topic::Files, &error, &call)),
        Ok(store) => {
            let host = args.target.host.as_ref().or(context.global.host.as_ref());
            let local = Local {
                store: store.clone(),
                host: host.map(|host| stored_at(&store, &host.host)),
                account: context.global.account.clone(),
                call: call.clone(),
            };
            let (found, records) = local.look_in_time();
            checks.extend(found);
            #[cfg(feature = "postgres")]
            if !args.offline {
                checks.extend(database::checks(&store, &call));
                drop_repeated(&mut checks);
            }
            if args.offline {
                checks.push(Check::note(
                    Topic::Server,
                    "no server was asked (--offline)",
                ));
            } else {
                checks.extend(servers::checks(&context.network, &store, &records, &call));
            }
            checks.extend(git::checks(&records, &store, &call));
            logins = records;
        }
    }
    checks.extend(surroundings::checks(context, &logins));
    let logins = logins.iter().filter(|record| record.login().is_some());
    let unreadable = checks.iter().filter(|check| check.is_unreadable());
    let logins = logins.count() + unreadable.count();
    (checks, logins)
}

/// What cannot be read is found by the checks.
fn stored_at(store: &Store, host: &Host) -> Host {
    flow::stored_host(store, host).unwrap_or_else(|_| host.clone())
}
