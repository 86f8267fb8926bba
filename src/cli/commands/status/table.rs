//! The table of `glauth status`.

use std::time::Duration;

use unicode_width::UnicodeWidthStr as _;

use super::report::{Account, AttemptReport};
use crate::credential::Standby;
use crate::terminal::clean;
use crate::time::{self, Timestamp, human};

/// A column of the table.
struct Column {
    title: &'static str,
    cell: fn(&Account, usize) -> String,
    /// How narrow the table can be made with this column in it, in steps.
    until: usize,
}

/// The steps in which a table is made narrower: fewer columns at 1, 2 and 3, short words for states at
/// [`SHORT_STATES`], and no user at the last one.
const STEPS: usize = 5;
const SHORT_STATES: usize = 4;

/// The spaces between two columns.
const GAP: usize = 2;

const COLUMNS: [Column; 8] = [
    Column {
        title: "HOST",
        cell: |account, _| account.host.clone(),
        until: STEPS,
    },
    Column {
        title: "ACCOUNT",
        cell: name,
        until: STEPS,
    },
    Column {
        title: "USER",
        cell: |account, _| user(account),
        until: 4,
    },
    Column {
        title: "STATE",
        cell: state,
        until: STEPS,
    },
    Column {
        title: "EXPIRES",
        cell: |account, _| expires(account),
        until: STEPS,
    },
    Column {
        title: "STANDBY",
        cell: |account, _| standby(account),
        until: 2,
    },
    Column {
        title: "SCOPES",
        cell: |account, _| scopes(account),
        until: 1,
    },
    Column {
        title: "LAST REFRESH",
        cell: |account, _| last_refresh(account),
        until: 0,
    },
];

/// The table, with a newline at its end, no wider than `width` columns of a terminal where that can be. Columns
/// without a word in them are left out, and accounts where all are the default ones.
pub(super) fn text(accounts: &[Account], width: Option<usize>) -> String {
    let fits = |columns: &Vec<Vec<String>>| {
        let whole: usize = columns.iter().map(|cells| widest(cells) + GAP).sum();
        width.is_none_or(|width| whole <= width + GAP)
    };
    let mut tables = (0..STEPS).map(|step| columns(accounts, step));
    let table = tables.find(fits);
    aligned(&table.unwrap_or_else(|| columns(accounts, STEPS)))
}

/// The columns of the table after so many steps, each with its title and a cell for each account.
fn columns(accounts: &[Account], step: usize) -> Vec<Vec<String>> {
    let cells_of = |column: &Column| -> Vec<String> {
        let cells = accounts.iter().map(|account| (column.cell)(account, step));
        let cells = cells.map(|cell| clean(&cell).into_owned());
        [column.title.to_owned()].into_iter().chain(cells).collect()
    };
    let says_something = |cells: &Vec<String>| {
        let idle = if cells[0] == "ACCOUNT" { "default" } else { "" };
        cells[1..].iter().any(|cell| cell != idle)
    };
    let left = COLUMNS.iter().filter(|column| step <= column.until);
    left.map(cells_of).filter(says_something).collect()
}

fn widest(cells: &[String]) -> usize {
    cells.iter().map(|cell| cell.width()).max().unwrap_or(0)
}

/// A line for each row, with each column as wide as its widest cell is on a terminal.
fn aligned(columns: &[Vec<String>]) -> String {
    let rows = columns.first().map_or(0, Vec::len);
    let widths: Vec<usize> = columns.iter().map(|cells| widest(cells)).collect();
    let mut text = String::new();
    for row in 0..rows {
        let mut line = String::new();
        for (cells, width) in columns.iter().zip(&widths) {
            let cell = &cells[row];
            line += cell;
            line += &" ".repeat(width - cell.width() + GAP);
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn name(account: &Account, step: usize) -> String {
    match (account.is_chosen, step >= SHORT_STATES) {
        (false, _) => account.account.clone(),
        (true, false) => format!("{} (default)", account.account),
        (true, true) => format!("{} *", account.account),
    }
}

fn user(account: &Account) -> String {
    let identity = account.identity.as_ref();
    identity.map_or_else(String::new, |identity| identity.username.clone())
}

fn state(account: &Account, step: usize) -> String {
    let state = match account.state {
        // No trouble, though it may look like one.
        "expired" if !account.needs_login && step >= SHORT_STATES => "idle".to_owned(),
        "expired" if !account.needs_login => "idle (refreshes on use)".to_owned(),
        state => state.replace('_', " "),
    };
    match account.check {
        // The server has the last word.
        Some("dead") => "dead".to_owned(),
        Some("alive") => format!("{state} (checked)"),
        Some(check) => format!("{state} ({})", check.replace('_', " ")),
        None => state,
    }
}

fn expires(account: &Account) -> String {
    // Whatever the record says: the server has ended it.
    if account.needs_login {
        return String::new();
    }
    match (account.end, account.expires_in, account.grants.is_empty()) {
        (Some(end), Some(0), _) => time::ago(Timestamp::now().since(end)),
        (_, Some(seconds), _) => format!("in {}", human(Duration::from_secs(seconds))),
        (_, None, false) => "never".to_owned(),
        (_, None, true) => String::new(),
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

fn last_refresh(account: &Account) -> String {
    account.last_attempt.as_ref().map_or_else(String::new, ago)
}

fn ago(attempt: &AttemptReport) -> String {
    let outcome = attempt.outcome.replace('_', " ");
    match attempt.ended {
        Some(end) => format!("{outcome} {}", time::ago(Timestamp::now().since(end))),
        None => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::IdentityReport;
    use super::*;
    use crate::credential::{AccountId, HostArg};

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_is_on_a_terminal() {
        let columns = [
            ["HOST", "gitlab.com", "a", "b"],
            ["USER", "日本", "", "jané"],
            ["EXPIRES", "in 2h", "never", ""],
        ];
        let columns = columns.map(|row| row.map(ToOwned::to_owned).to_vec());
        let expected = [
            "HOST        USER  EXPIRES\n",
            "gitlab.com  日本  in 2h\n",
            "a                 never\n",
            "b           jané\n",
        ];
        assert_eq!(aligned(&columns), expected.concat());
    }
    fn account() -> Account {
        let host = HostArg::parse("gitlab.example.com").unwrap().host;
        let account = "work".parse().unwrap();
        let mut account = Account::gone(&AccountId { host, account });
        account.state = "expired";
        account.identity = Some(IdentityReport {
            username: "jane".to_owned(),
            subject: None,
        });
        account.expires_in = Some(3600);
        account.standby = Standby::Ready;
        account.scopes = Some(vec!["api".to_owned(), "read_repository".to_owned()]);
        account
    }

    #[test]
    fn a_terminal_shows_the_columns_that_fit() {
        let titles = |width| {
            let text = text(&[account()], width);
            let head = text.lines().next().unwrap().to_owned();
            let words = head.split_whitespace();
            (words.collect::<Vec<_>>().join(" "), text)
        };
        let all = "HOST ACCOUNT USER STATE EXPIRES STANDBY SCOPES";
        assert_eq!(titles(None).0, all);
        assert_eq!(titles(Some(120)).0, all);
        let (seen, text) = titles(Some(80));
        assert_eq!(seen, "HOST ACCOUNT USER STATE EXPIRES STANDBY");
        assert!(text.contains("idle (refreshes on use)"), "{text}");
        let (seen, text) = titles(Some(60));
        assert_eq!(seen, "HOST ACCOUNT USER STATE EXPIRES");
        assert!(text.lines().all(|line| line.width() <= 60), "{text}");
        // What no step can make narrower is wrapped by the terminal.
        assert_eq!(titles(Some(20)).0, "HOST ACCOUNT STATE EXPIRES");
    }
}
