//! The table of `glauth status`.

use std::time::Duration;

use comfy_table::{ContentArrangement, Table, presets};

use super::report::{Account, AttemptReport};
use crate::credential::Standby;
use crate::terminal::clean;
use crate::time::{Timestamp, human};

/// A title, and what stands below it.
type Column = (&'static str, fn(&Account) -> String);

/// The table, with a newline at its end. Columns that nobody fills are left out.
pub(super) fn text(accounts: &[Account]) -> String {
    let columns: [Column; 9] = [
        ("HOST", |account| account.host.clone()),
        ("ACCOUNT", |account| account.account.clone()),
        ("USER", user),
        ("STATE", state),
        ("LEFT", left),
        ("STANDBY", standby),
        ("SCOPES", scopes),
        ("GENERATION", generation),
        ("LAST REFRESH", last_refresh),
    ];
    let used: Vec<_> = columns
        .into_iter()
        .filter(|(_, cell)| accounts.iter().any(|account| !cell(account).is_empty()))
        .collect();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(used.iter().map(|(title, _)| *title));
    for account in accounts {
        let cells = used.iter().map(|(_, cell)| cell(account));
        table.add_row(cells.map(|cell| clean(&cell).into_owned()));
    }
    let lines = table.lines().map(|line| line.trim().to_owned() + "\n");
    lines.collect()
}

fn user(account: &Account) -> String {
    let identity = account.identity.as_ref();
    identity.map_or_else(String::new, |identity| identity.username.clone())
}

fn state(account: &Account) -> String {
    let state = account.state.replace('_', " ");
    match account.check {
        Some(check) => format!("{state} ({})", check.replace('_', " ")),
        None => state,
    }
}

fn left(account: &Account) -> String {
    // Whatever the record says: the server has ended it.
    if account.needs_login {
        return String::new();
    }
    match (account.expires_in, account.grants.is_empty()) {
        (Some(seconds), _) => human(Duration::from_secs(seconds)),
        (None, false) => "no end".to_owned(),
        (None, true) => String::new(),
    }
}

fn standby(account: &Account) -> String {
    let text = match account.standby {
        Standby::None => "",
        Standby::Ready => "yes",
        Standby::Doubtful => "doubtful",
        Standby::Lost => "lost",
    };
    text.to_owned()
}

fn scopes(account: &Account) -> String {
    account
        .scopes
        .as_ref()
        .map_or_else(String::new, |scopes| scopes.join(" "))
}

fn generation(account: &Account) -> String {
    account
        .generation
        .map_or_else(String::new, |generation| generation.to_string())
}

fn last_refresh(account: &Account) -> String {
    account.last_attempt.as_ref().map_or_else(String::new, ago)
}

fn ago(attempt: &AttemptReport) -> String {
    let outcome = attempt.outcome.replace('_', " ");
    match attempt.ended {
        Some(end) => format!("{outcome} {} ago", human(Timestamp::now().since(end))),
        None => outcome,
    }
}
