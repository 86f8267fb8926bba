//! The commands of `glauth store` about a store that several machines share.

use std::path::Path;

use zeroize::Zeroizing;

use crate::cli::args::{Global, KeyCommand, StoreCommand};
use crate::cli::call::Call;
use crate::cli::context::{Context, absolute};
use crate::cli::failure::{Error, UsageError};
use crate::cli::printer;
use crate::code::Exit;
use crate::credential::{AccountId, Content, HostArg};
use crate::flow::{self, FlowError, Session};
use crate::store::{
    BadKeys, KEYS_LIMIT, Moved, NamedBy, SharedError, Store, StoreError, TABLES, TakenBack, grants,
    new_key, with_another_key,
};
use crate::time::Timestamp;
use crate::user_file::{self, Unchanged};

pub(super) fn run(command: &StoreCommand, context: &Context<'_>) -> Result<Exit, Error> {
    match command {
        StoreCommand::Info => Ok(Exit::Done),
        StoreCommand::Init { print: true } => {
            printer::data(&tables())?;
            Ok(Exit::Done)
        }
        StoreCommand::Init { print: false } => init(context),
        StoreCommand::Check => super::doctor::run_for_database(context),
        StoreCommand::Key {
            command: KeyCommand::New,
        } => {
            printer::data(&new_line()?)?;
            Ok(Exit::Done)
        }
        StoreCommand::Key {
            command: KeyCommand::Add { file },
        } => add_key(file, context),
        StoreCommand::Move {
            from,
            to,
            host,
            take_back,
        } => move_all(from, to, host.as_ref(), *take_back, context),
    }
}

/// The SQL for an administrator.
fn tables() -> String {
    let grants = grants("ROLE").map(|grant| format!("-- {grant}\n")).concat();
    format!(
        "{TABLES}\n-- The user that glauth connects as needs these rights; put its name for ROLE:\n{grants}"
    )
}

fn init(context: &Context<'_>) -> Result<Exit, Error> {
    let store = context.store()?;
    if !store.is_shared() {
        return Err(UsageError::NotShared(store.name()).into());
    }
    store.make_tables().map_err(FlowError::from)?;
    let name = store.name();
    let name = name.display();
    context
        .printer
        .tell(&format!("`{name}` has the tables of glauth"));
    Ok(Exit::Done)
}

fn new_line() -> Result<Zeroizing<String>, Error> {
    let line = new_key().ok_or(StoreError::Shared(SharedError::NoRandom));
    Ok(line.map_err(FlowError::from)?)
}

fn add_key(file: &Path, context: &Context<'_>) -> Result<Exit, Error> {
    let bad_file = |reason: String, is_open: bool| {
        let path = file.to_owned();
        Error::from(FlowError::from(StoreError::from(SharedError::File {
            path,
            reason,
            is_open,
            named_by: None,
        })))
    };
    let unusable = |reason: String| bad_file(reason, false);
    match user_file::read_secret(file, KEYS_LIMIT) {
        Err(error) if error.is_missing() => {
            return Err(UsageError::NoKeyFile(file.to_owned()).into());
        }
        Err(error) => return Err(bad_file(error.to_string(), error.is_of_mode())),
        Ok(_) => {}
    }
    let line = new_line()?;
    user_file::change(file, KEYS_LIMIT, |text| {
        with_another_key(text, &line).map(Some)
    })
    .map_err(|error: Unchanged<BadKeys>| match error {
        Unchanged::Unread(error) => unusable(error.to_string()),
        Unchanged::Unwritten(error) => unusable(format!("cannot be written: {error}")),
        Unchanged::Refused(bad) => unusable(bad.to_string()),
    })?;
    context.printer.tell(&format!(
        "`{}` has one more key. Give every machine this file; then move the new line to the top, where the key seals",
        file.display()
    ));
    Ok(Exit::Done)
}

fn move_all(
    from: &Path,
    to: &Path,
    host: Option<&HostArg>,
    take_back: bool,
    context: &Context<'_>,
) -> Result<Exit, Error> {
    let (from, to) = (named(from)?, named(to)?);
    if from.name() == to.name() {
        return Err(UsageError::OneStore.into());
    }
    if from.is_shared() == to.is_shared() {
        return Err(UsageError::TwoOfAKind.into());
    }
    // Only a folder has a login on its way; whichever end of the move was named first.
    let from = if take_back && from.is_shared() {
        &to
    } else {
        &from
    };
    let session = context.session(from, None);
    let mut exits = vec![Exit::Done];
    let mut all = from.all_accounts().map_err(FlowError::from)?;
    let account = context.global.account.as_ref();
    all.retain(|id| {
        host.is_none_or(|host| id.host == host.host)
            && account.is_none_or(|account| id.account == *account)
    });
    let here = from.name();
    if all.is_empty() {
        return Err(no_login(from, host, context).into());
    }
    for id in all {
        if take_back {
            match from.take_back_move(&id, &session.wait_for_lock()) {
                Ok(back) => tell_of_taking_back(&id, back, &here, context),
                Err(error) => exits.push(failed(FlowError::from(error), context)),
            }
        } else {
            exits.push(move_one(&id, &session, &to, context));
        }
    }
    Ok(Exit::worst(exits))
}

/// The store that an argument names; a folder by its full path, which the other side of a move keeps.
fn named(name: &Path) -> Result<Store, Error> {
    let store = Store::named(name.to_owned(), NamedBy::Argument, Timestamp::now);
    let store = store.map_err(UsageError::BadStore)?;
    if store.is_shared() {
        return Ok(store);
    }
    Ok(Store::new(absolute(name)?, Timestamp::now))
}

/// That a store has no login of those that are meant.
fn no_login(from: &Store, host: Option<&HostArg>, context: &Context<'_>) -> UsageError {
    match (host, &context.global.account) {
        (Some(host), _) => {
            let id = context.login_at(&host.host);
            Context::no_login(id, host.scheme, from)
        }
        (None, Some(account)) => UsageError::NoAccount {
            account: account.clone(),
            store: from.name(),
        },
        (None, None) => UsageError::NoLogins(from.name()),
    }
}

/// Tells of a failure, so that the other logins come to their turn.
fn failed(error: FlowError, context: &Context<'_>) -> Exit {
    let exit = error.code().exit();
    context.printer.failure(&context.failure(&error.into()));
    exit
}

fn move_one(id: &AccountId, session: &Session<'_>, to: &Store, context: &Context<'_>) -> Exit {
    let there = to.name();
    let there = there.display();
    let (exit, text, hint) = match flow::move_login(session, to, id) {
        Ok(Moved::Yes) => {
            context.printer.tell(&format!("{id}: moved to `{there}`"));
            return Exit::Done;
        }
        Ok(Moved::Nothing) => {
            let text = match left_for(session, id) {
                Some(there) => format!("{id}: has moved to `{there}`"),
                None => format!("{id}: nothing to move"),
            };
            context.printer.tell(&text);
            return Exit::Done;
        }
        Ok(Moved::Taken) => (
            Exit::Usage,
            format!("{id}: `{there}` has a login of that name"),
            "log out of one of them".to_owned(),
        ),
        Ok(Moved::InDoubt) => {
            let from = Call::of(&Global {
                store: Some(session.store.name()),
                ..context.global.clone()
            });
            let again = from.command_for("refresh --force", id);
            (
                Exit::TryAgain,
                format!("{id}: the answer to its last refresh may still be on another machine"),
                format!("run {again}, and move it then"),
            )
        }
        Ok(Moved::Leased) => (
            Exit::TryAgain,
            format!("{id}: a command uses its token, and would lose it by the move"),
            "move it when that command has ended, or the token has expired".to_owned(),
        ),
        Err(error) => return failed(error, context),
    };
    context.printer.error(&text, Some(&hint));
    exit
}

/// The store that a login was moved to before.
fn left_for(session: &Session<'_>, id: &AccountId) -> Option<String> {
    match session.store.cached(id).ok()??.into_record().content {
        Content::LoggedOut(tombstone) => tombstone.moved_to().map(ToOwned::to_owned),
        _ => None,
    }
}

fn tell_of_taking_back(id: &AccountId, back: TakenBack, here: &Path, context: &Context<'_>) {
    let here = here.display();
    let text = match back {
        TakenBack::Yes | TakenBack::Unasked => format!("{id}: stays in `{here}`"),
        TakenBack::Removed => format!("{id}: what was on its way to `{here}` is removed"),
        TakenBack::Nothing => format!("{id}: no move to give up; it was not begun, or has arrived"),
    };
    context.printer.tell(&text);
    if back == TakenBack::Unasked {
        context.printer.warn(&format!(
            "the database could not be asked; if {id} has arrived there, log out of one of the two before it is used"
        ));
    }
}
