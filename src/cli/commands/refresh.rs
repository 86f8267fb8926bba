//! `glauth refresh`: for timers, and for people who want to see it work.

use serde_json::json;

use super::on_all;
use crate::cli::args::Refresh;
use crate::cli::context::Context;
use crate::cli::exit::Exit;
use crate::cli::failure::UsageError;
use crate::cli::printer;
use crate::credential::{AccountId, Asked, DEFAULT_MIN_TTL, LoginKind, MinTtl, Record};
use crate::flow::{self, Need, Obtained, What};
use crate::store::Store;
use crate::time::{Timestamp, human};

pub(super) fn run(args: &Refresh, context: &Context<'_>) -> anyhow::Result<Exit> {
    let store = context.store()?;
    let need = Need {
        asked: if args.force {
            Asked::Force
        } else {
            Asked::Refresh(args.if_expiring)
        },
        min_ttl: MinTtl::Preferred(DEFAULT_MIN_TTL),
        rejected: None,
        // A person who watches means now; a timer can wait.
        impatient: args.force || !args.all && context.is_watched(),
    };
    if args.all {
        let session = context.session(&store, None);
        let ids = store.accounts()?;
        if ids.is_empty() {
            return Err(UsageError::NoLogins(store.root().to_owned()).into());
        }
        return Ok(on_all(&ids, context, |id| {
            if is_renewable(&store, id) {
                report(&flow::obtain(&session, id, &need)?, context)?;
            }
            Ok(())
        }));
    }
    let host = context.host(&args.target, &store)?;
    let session = context.session(&store, host.scheme);
    let obtained = context.on_account(&host, &store, |id| flow::obtain(&session, id, &need))?;
    report(&obtained, context)?;
    Ok(Exit::Done)
}

/// What `--all` is about; a record that cannot be read is, so that its error is seen.
fn is_renewable(store: &Store, id: &AccountId) -> bool {
    let renewable = |record: &Record| {
        let login = record.login();
        login.is_some_and(|login| login.kind == LoginKind::OAuth && login.is_renewable())
    };
    match store.snapshot(id) {
        Ok(Some(snapshot)) => renewable(snapshot.record()),
        Ok(None) => false,
        Err(_) => true,
    }
}

fn report(obtained: &Obtained, context: &Context<'_>) -> anyhow::Result<()> {
    for warning in &obtained.warnings {
        context.printer.warn(warning);
    }
    let record = &obtained.record;
    let login = record.login();
    for text in login.map_or_else(Vec::new, |login| flow::refusals(login, Timestamp::now())) {
        context.printer.warn(&format!("{}: {text}", record.id));
    }
    let grant = login.and_then(|login| login.grants.get(obtained.grant));
    let expires_at = grant.and_then(|grant| grant.expires_at);
    let (outcome, text) = match obtained.what {
        What::Refreshed => ("refreshed", "refreshed"),
        What::JustRotated => (
            "refreshed_elsewhere",
            "another process has just refreshed it",
        ),
        What::Alive => ("alive", "nothing to do"),
        // One grant could not be refreshed, as a warning has said.
        What::Found => ("alive", "not refreshed"),
    };
    if context.global.json {
        return printer::json_line(&json!({
            "host": record.id.host.to_string(),
            "account": record.id.account.as_str(),
            "outcome": outcome,
            "expires_at": expires_at.map(|end| end.to_string()),
            "generation": grant.map(|grant| grant.generation),
        }));
    }
    let lives = match expires_at {
        Some(end) => format!(
            "the token lives until {end} ({})",
            human(end.since(Timestamp::now()))
        ),
        None => "the token has no known end".to_owned(),
    };
    context
        .printer
        .tell(&format!("{}: {text}; {lives}", record.id));
    Ok(())
}
