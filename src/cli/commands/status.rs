//! `glauth status`: for people a line an account, for programs JSON whose names are stable.

pub(super) mod report;
mod table;

use report::{Account, ErrorReport};

use crate::cli::args::Status;
use crate::cli::context::Context;
use crate::cli::failure::{Error, Failure, UsageError, moved_from};
use crate::cli::printer;
use crate::code::Exit;
use crate::credential::{AccountId, HostArg};
use crate::flow;
use crate::store::{Snapshot, Store, StoreError};

pub(super) fn run(args: &Status, context: &Context<'_>) -> Result<Exit, Error> {
    let store = context.store()?;
    let ids = chosen(args, context, &store)?;
    let accounts = ids.iter().filter_map(|id| look(args, context, &store, id));
    let mut accounts: Vec<Account> = accounts.collect();
    if context.global.json || context.global.verbose > 0 {
        let leases = store.leases();
        for account in &mut accounts {
            account.look_at_leases(&leases);
        }
    }
    for of_host in accounts.chunk_by_mut(|one, next| one.server() == next.server()) {
        let session = context.session(&store, None);
        let meant = flow::account_meant(&session, of_host[0].server());
        for account in of_host {
            account.look_at_choice(meant.as_ref());
        }
    }
    let troubles = store.troubles_of_folders(&ids);
    let troubles: Vec<Failure> = troubles
        .into_iter()
        .map(|error| context.failure(&error.into()))
        .collect();
    let json = context.global.json;
    if json {
        let errors: Vec<ErrorReport> = troubles.iter().map(ErrorReport::of).collect();
        printer::json_line(&serde_json::json!({ "accounts": accounts, "errors": errors }))?;
    }
    // As every command about a login that is not there.
    if let (true, Some(host)) = (accounts.is_empty(), host_of(args, context)) {
        let id = context.login_at(&host.host);
        return Err(Context::no_login(id, host.scheme, &store).into());
    }
    if let (true, Some(account)) = (accounts.is_empty(), &context.global.account) {
        let (account, store) = (account.clone(), store.name());
        return Err(UsageError::NoAccount { account, store }.into());
    }
    if !json && accounts.is_empty() {
        let next = moved_from(store.root(), None);
        let next = next.unwrap_or_else(|| "`glauth login --help` says how to make one".to_owned());
        let name = store.name();
        context
            .printer
            .tell(&format!("no logins in `{}`; {next}", name.display()));
    } else if !json {
        printer::data(&table::text(&accounts, printer::width_of_data()))?;
        for account in &accounts {
            remarks(account, context);
        }
    }
    for trouble in &troubles {
        context
            .printer
            .error(&trouble.message, trouble.hint.as_deref());
    }
    let exits = accounts.iter().map(Account::exit);
    Ok(Exit::worst(
        exits.chain(troubles.iter().map(|trouble| trouble.code.exit())),
    ))
}

/// The accounts of HOST, and the named one only where one is named; without a host all.
fn chosen(args: &Status, context: &Context<'_>, store: &Store) -> Result<Vec<AccountId>, Error> {
    let named = host_of(args, context);
    let host = named.map(|host| flow::stored_host(store, &host.host));
    let host = host.transpose()?;
    let all = args.check.then(|| match &host {
        Some(host) => store.all_accounts_of(host),
        None => store.all_accounts(),
    });
    let mut ids = match (all, &host) {
        (Some(Ok(all)), _) => all,
        // Each login says why the database was not asked.
        (_, Some(host)) => store.accounts_of(host)?,
        (_, None) => store.accounts()?,
    };
    if let Some(account) = &context.global.account {
        ids.retain(|id| id.account == *account);
    }
    Ok(ids)
}

fn host_of<'a>(args: &'a Status, context: &'a Context<'_>) -> Option<&'a HostArg> {
    args.target.host.as_ref().or(context.global.host.as_ref())
}

/// `None`: what a login that was broken off has left.
fn look(args: &Status, context: &Context<'_>, store: &Store, id: &AccountId) -> Option<Account> {
    Some(match read(args, context, store, id) {
        Ok(Some(snapshot)) => {
            let record = snapshot.into_record();
            if record.is_unfinished() {
                return None;
            }
            let session = context.session(store, None);
            let check = record
                .login()
                .filter(|_| args.check)
                .and_then(|login| flow::check_now(&session, login));
            let mut account = Account::of(&record, check);
            #[cfg(feature = "postgres")]
            if let Some(way) = store.way_of(id) {
                account.look_at_way(&way);
            }
            if store.is_shared() {
                account.look_at_sharing(&record, store.is_undelivered(id));
            }
            account
        }
        // Removed since the folder was read.
        Ok(None) => Account::gone(id),
        Err(error) => Account::unreadable(id, &context.failure(&error.into())),
    })
}

/// What this machine has, and with `--check` what the database of a shared store has.
fn read(
    args: &Status,
    context: &Context<'_>,
    store: &Store,
    id: &AccountId,
) -> Result<Option<Snapshot>, StoreError> {
    match args.check.then(|| store.look_at_database(id)).flatten() {
        None => store.cached(id),
        Some(Ok(found)) => Ok(found),
        Some(Err(error)) => {
            let failure = context.failure(&Error::from(error).about(id));
            context.printer.warn(&failure.message);
            if let Some(hint) = failure.hint {
                context.printer.tell(&format!("hint: {hint}"));
            }
            store.cached(id)
        }
    }
}

/// What a line of the table has no room for.
fn remarks(account: &Account, context: &Context<'_>) {
    if let Some(error) = &account.error {
        context.printer.error(&error.message, error.hint.as_deref());
    }
    for remark in account.remarks(&context.call(), context.global.verbose > 0) {
        context.printer.tell(&remark);
    }
}
