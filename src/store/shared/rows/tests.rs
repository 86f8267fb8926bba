//! Against a database of its own.

use std::time::Instant;

use glauth_test_support::postgres::Postgres;

use super::super::tables::TABLES;
use super::*;
use crate::credential::HostArg;
use crate::store::shared::address::{DatabaseAddress, NamedIn};

fn id() -> AccountId {
    AccountId {
        host: HostArg::parse("gitlab.example.com").unwrap().host,
        account: "default".parse().unwrap(),
    }
}

fn connect(postgres: &Postgres) -> Database {
    let address = DatabaseAddress::parse(&postgres.address(), NamedIn::Argument).unwrap();
    Database::connect(&address, Instant::now()).unwrap()
}

fn change(attempt: AttemptChange<'_>) -> RowChange<'_> {
    let is_claim = matches!(attempt, AttemptChange::Claim { .. });
    RowChange {
        login: "l1",
        generation: 3,
        outcome: is_claim.then_some("pending"),
        attempt,
        written_by: "pid 1 on a",
        timeline: "t",
        key_id: b"12345678",
        sealed: b"sealed",
    }
}

const CLAIM: AttemptChange<'_> = AttemptChange::Claim {
    id: "a1",
    lasts: Duration::from_secs(110),
};

#[test]
fn a_write_rests_on_what_was_read() {
    let Some(postgres) = Postgres::start() else {
        return;
    };
    let database = connect(&postgres);
    assert!(matches!(
        database.read(&id(), None),
        Err(SharedError::NoTables { .. })
    ));
    database.make_tables().unwrap();
    database.make_tables().unwrap();
    let (moment, row) = database.read(&id(), None).unwrap();
    assert!(row.is_none());
    let end = change(AttemptChange::End);
    let inserted = database.insert(&id(), &end).unwrap();
    assert_eq!(inserted.unwrap().sequence, 1);
    assert!(database.insert(&id(), &end).unwrap().is_none());
    let first = Read {
        login: "l1",
        sequence: 1,
        attempt_id: None,
        database: &moment.timeline,
    };
    let update = |read, change: &RowChange<'_>, condition| {
        let written = database.update(&id(), read, change, &condition).unwrap();
        written.map(|written| written.sequence)
    };
    let any = Condition::default();
    // Another process claims; what was read before that claims no more.
    assert_eq!(update(first, &change(CLAIM), any), Some(2));
    assert_eq!(update(first, &change(CLAIM), any), None);
    let (moment, row) = database.read(&id(), None).unwrap();
    let row = row.unwrap();
    assert_eq!((row.generation, row.sequence), (3, 2));
    assert_eq!(row.outcome.as_deref(), Some("pending"));
    let left = row.deadline.unwrap().since(moment.now);
    assert!(left > Duration::from_secs(100) && left <= Duration::from_secs(110));
    let second = Read {
        sequence: 2,
        attempt_id: Some("a1"),
        ..first
    };
    // Another login, attempt or database is another one, whatever the sequence.
    for other in [
        Read {
            login: "l2",
            ..second
        },
        Read {
            attempt_id: Some("a2"),
            ..second
        },
        Read {
            database: "1/00000009",
            ..second
        },
    ] {
        assert_eq!(update(other, &end, any), None, "{other:?}");
    }
    let none_pending = Condition {
        none_pending: true,
        ..any
    };
    assert_eq!(update(second, &end, none_pending), None);
    // A delivery under the claim of another process leaves that claim standing.
    assert_eq!(update(second, &change(AttemptChange::Keep), any), Some(3));
    let row = database.read(&id(), None).unwrap().1.unwrap();
    assert_eq!(row.attempt_id.as_deref(), Some("a1"));
    assert!(row.deadline.is_some());
    assert_eq!(database.accounts().unwrap().len(), 1);
    let third = Read {
        sequence: 3,
        ..second
    };
    assert!(!database.remove(&id(), second).unwrap());
    assert!(database.remove(&id(), third).unwrap());
    assert!(database.read(&id(), None).unwrap().1.is_none());
}

#[test]
fn a_lease_of_one_machine_keeps_the_claim_of_another_away() {
    let Some(postgres) = Postgres::start() else {
        return;
    };
    let database = connect(&postgres);
    database.make_tables().unwrap();
    database.insert(&id(), &change(AttemptChange::End)).unwrap();
    let (moment, _) = database.read(&id(), None).unwrap();
    let read = |sequence| Read {
        login: "l1",
        sequence,
        attempt_id: None,
        database: &moment.timeline,
    };
    let (token, other) = (vec![1; 32], vec![2; 32]);
    // The lease takes the row's next number, so a claim that was read before it fails.
    let leased = database.lease(&id(), read(1), &token, "one", None).unwrap();
    assert_eq!(leased, Some(2));
    let claim = |sequence, tokens: &[Vec<u8>], machine| {
        let condition = Condition {
            no_lease: Some((tokens, machine)),
            ..Condition::default()
        };
        let written = database.update(&id(), read(sequence), &change(CLAIM), &condition);
        written.unwrap().is_some()
    };
    let both = [other.clone(), token.clone()];
    assert!(!claim(1, &both[..1], "two"));
    assert!(!claim(2, &both, "two"));
    assert!(database.is_leased(&id(), &both, "two").unwrap());
    assert!(!database.is_leased(&id(), &both, "one").unwrap());
    let (_, row) = database.read(&id(), Some("one")).unwrap();
    assert_eq!(row.unwrap().leased_here, std::slice::from_ref(&token));
    database.sweep_leases(&id(), &both, "one").unwrap();
    assert!(database.is_leased(&id(), &both, "two").unwrap());
    database.sweep_leases(&id(), &both[..1], "one").unwrap();
    assert!(claim(2, &both, "two"));
    // While an attempt is pending no lease is to be had.
    let leased = database.lease(&id(), read(3), &token, "one", None).unwrap();
    assert_eq!(leased, None);
}

#[test]
fn the_document_of_the_format_has_every_column() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/format.md");
    let document = std::fs::read_to_string(document).unwrap();
    let (_, document) = document.split_once("## The tables").unwrap();
    let columns = TABLES.lines().filter_map(|line| line.strip_prefix("  "));
    let columns = columns.filter_map(|line| line.split_once(' '));
    let columns: Vec<_> = columns.filter(|(name, _)| *name != "PRIMARY").collect();
    assert_eq!(columns.len(), 18);
    for (name, of) in columns {
        let of = of.trim_end_matches(',').trim_end_matches(" NOT NULL");
        let is_there =
            |line: &str| line.contains(&format!("`{name}`")) && line.contains(&format!("| {of} |"));
        assert!(document.lines().any(is_there), "{name} {of}");
    }
}
