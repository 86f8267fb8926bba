//! Format v1. The examples are as glauth writes them; docs/format.md shows the same.

#[cfg(feature = "postgres")]
mod cache;
mod examples;
mod fields;
mod growth;
mod limits;
mod round_trip;
mod unknown;

use std::path::Path;

use super::*;
use crate::credential::{AccountName, Content, HostArg, Login};
use crate::store::StoreError;
use examples::{LOGGED_OUT, MACHINE, MACHINE_LOGGED_OUT, OAUTH, PASSWORD, TOKEN};

/// An example of each kind.
const EXAMPLES: [&str; 6] = [
    OAUTH,
    TOKEN,
    MACHINE,
    PASSWORD,
    LOGGED_OUT,
    MACHINE_LOGGED_OUT,
];

fn id_of(host: &str, account: &str) -> AccountId {
    AccountId {
        host: HostArg::parse(host).unwrap().host,
        account: account.parse::<AccountName>().unwrap(),
    }
}

/// The account that an example says it is of.
fn id_in(text: &str) -> AccountId {
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        line.unwrap().trim_matches('"')
    };
    id_of(value("host = "), value("account = "))
}

#[track_caller]
fn read(text: &str) -> Full {
    parse_whole(text, &id_in(text), Format::Record).unwrap()
}

/// What is wrong with `text`, for the account of `example`.
#[track_caller]
fn problem_in(text: &str, example: &str) -> Problem {
    match parse_whole(text, &id_in(example), Format::Record) {
        Err(problem) => problem,
        Ok(_) => panic!("it was accepted:\n{text}"),
    }
}

/// `text` with its only `from` replaced.
#[track_caller]
fn with(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from} is there once");
    text.replace(from, to)
}

fn login_of(full: &mut Full) -> &mut Login {
    match &mut full.record.content {
        Content::Login(login) => login,
        other => panic!("{other:?}"),
    }
}

/// What is said of a record that lacks its client id, in the file `path`: for the table of errors.
pub(crate) fn without_client_id(path: &Path) -> StoreError {
    let text = with(OAUTH, "client_id = \"5ab1d5ea\"\n", "");
    problem_in(&text, OAUTH).in_file(path)
}
