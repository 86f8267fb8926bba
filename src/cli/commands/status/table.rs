//! The table of `glauth status`.

use std::time::Duration;

use unicode_width::UnicodeWidthStr as _;

use super::report::{Account, AttemptReport};
use crate::credential::Standby;
use crate::terminal::clean;
use crate::time::{Timestamp, human};

/// A title, and what stands below it.
type Column = (&'static str, fn(&Account) -> String);

/// The spaces between two columns.
const GAP: usize = 2;

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
    let mut rows = vec![used.iter().map(|(title, _)| (*title).to_owned()).collect()];
    rows.extend(accounts.iter().map(|account| {
        let cells = used.iter().map(|(_, cell)| cell(account));
        cells.map(|cell| clean(&cell).into_owned()).collect()
    }));
    aligned(&rows)
}

/// A line for each row, with each column as wide as its widest cell is on a terminal.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().map(|row| row[column].width()).max())
        .map(Option::unwrap_or_default)
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths);
        let line = cells.fold(String::new(), |line, (cell, width)| {
            line + cell + &" ".repeat(width - cell.width() + GAP)
        });
        text += line.trim_end();
        text.push('\n');
    }
    text
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_is_on_a_terminal() {
        let rows = [
            ["HOST", "USER", "LEFT"],
            ["gitlab.com", "日本", "2h"],
            ["a", "", "no end"],
            ["b", "jané", ""],
        ];
        let rows = rows.map(|row| row.map(ToOwned::to_owned).to_vec());
        let expected = [
            "HOST        USER  LEFT\n",
            "gitlab.com  日本  2h\n",
            "a                 no end\n",
            "b           jané\n",
        ];
        assert_eq!(aligned(&rows), expected.concat());
    }
}
