//! What came of a login, for people and for programs.

use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::failure::Error;
use crate::cli::printer;
use crate::credential::{AccountId, Identity};
use crate::flow::{Change, LoggedIn, SecondGrant};

/// `is_token`: a person brought a token, which nothing refreshes.
pub(super) fn report(
    id: &AccountId,
    done: &LoggedIn,
    is_token: bool,
    context: &Context<'_>,
) -> Result<(), Error> {
    warn(id, done, is_token, context);
    if context.global.json {
        return printer::json_line(&object(id, done));
    }
    tell(id, done, context);
    tell_next(id, done, context);
    Ok(())
}

fn warn(id: &AccountId, done: &LoggedIn, is_token: bool, context: &Context<'_>) {
    context.warn_of(&done.warnings);
    if let SecondGrant::Missing { why, left_out } = &done.standby {
        without_standby(id, why, *left_out, context);
    }
    if let Some(end) = done.ends_at {
        let end = end.local();
        if is_token {
            context
                .printer
                .tell(&format!("{id}: this token expires at {end}"));
        } else {
            context.printer.warn(&format!(
                "the server gave no refresh token: this login ends at {end}, and cannot be refreshed"
            ));
        }
    }
    if let Some(before) = done.replaced_user() {
        // Not every name can be an account's.
        let account = before.username.parse().or_else(|_| "other".parse());
        let call = context.call();
        let own = account.map_or_else(
            |_| call.command_for("login", id),
            |account| {
                let host = id.host.clone();
                call.command_at("login", &AccountId { host, account }, call.scheme(id))
            },
        );
        context.printer.warn(&format!(
            "the login of {} was replaced; {own} keeps both users, each in an account of its own",
            before.username
        ));
    }
}

/// For programs.
fn object(id: &AccountId, done: &LoggedIn) -> Value {
    json!({
        "host": id.host.to_string(),
        "account": id.account.as_str(),
        "outcome": match done.change {
            Change::Stored => "stored",
            Change::Replaced => "replaced",
            Change::Updated => "updated",
            Change::Unchanged | Change::StandbyThere => "unchanged",
            Change::StandbyAdded => "standby_added",
        },
        "username": done.identity.as_ref().map(|found| found.username.as_str()),
        "standby": matches!(done.standby, SecondGrant::Taken),
    })
}

fn tell(id: &AccountId, done: &LoggedIn, context: &Context<'_>) {
    let is_new = matches!(done.change, Change::Stored | Change::Replaced);
    match &done.standby {
        SecondGrant::Taken if is_new => context
            .printer
            .tell(&format!("{id}: there is a standby grant too")),
        // It was said as soon as it was so.
        SecondGrant::Missing { .. } => {}
        SecondGrant::Taken | SecondGrant::NotAsked | SecondGrant::WouldHelp => {
            tell_login(id, done, context);
        }
    }
}

/// Says what a person can do with the login now.
fn tell_next(id: &AccountId, done: &LoggedIn, context: &Context<'_>) {
    if !context.can_ask() {
        return;
    }
    if matches!(done.standby, SecondGrant::WouldHelp) {
        context.printer.tell(&format!(
            "hint: {} adds a standby grant, so that tokens keep working during a refresh",
            context.call().command_for("login --standby", id)
        ));
    }
    if done.change == Change::Stored {
        context.printer.tell(&format!(
            "{} prints a token for scripts; {} shows your logins",
            context.call().command_for("token", id),
            context.call().command("status")
        ));
    }
}

/// Says what was done.
pub(super) fn tell_login(id: &AccountId, done: &LoggedIn, context: &Context<'_>) {
    context.printer.tell(&format!("{id}: {}", sentence(done)));
}

/// Says why there is no second grant, and how to add one later. If the person skipped it, that is not a warning.
fn without_standby(id: &AccountId, why: &str, left_out: bool, context: &Context<'_>) {
    let text = format!("there is no standby grant: {why}");
    if left_out {
        context.printer.tell(&format!("{id}: {text}"));
    } else {
        context.printer.warn(&text);
    }
    let hint = format!(
        "hint: {} adds one",
        context.call().command_for("login --standby", id)
    );
    context.printer.tell(&hint);
}

fn sentence(done: &LoggedIn) -> String {
    let name = |identity: &Option<Identity>| identity.as_ref().map(|found| found.username.clone());
    let (now, before) = (name(&done.identity), name(&done.before));
    match (done.change, now, before) {
        (Change::Stored, Some(now), _) => format!("logged in as {now}"),
        (Change::Stored, None, _) => "logged in".to_owned(),
        (Change::Replaced, Some(now), Some(before)) if now == before => {
            format!("logged in as {now} again")
        }
        (Change::Replaced, Some(now), Some(before)) => {
            format!("logged in as {now}, in place of {before}")
        }
        (Change::Replaced, now, before) => {
            let now = now.map_or_else(String::new, |now| format!(" as {now}"));
            let before = before.map_or_else(|| "that was there".to_owned(), |b| format!("of {b}"));
            format!("logged in{now}, in place of the login {before}")
        }
        (Change::Updated, ..) => {
            "these tokens are stored already; the client was updated".to_owned()
        }
        (Change::Unchanged, ..) => {
            "these tokens are stored already; nothing was changed".to_owned()
        }
        (Change::StandbyAdded, ..) => "the standby grant was added".to_owned(),
        (Change::StandbyThere, ..) => {
            "there is a standby grant already; nothing was changed".to_owned()
        }
    }
}
