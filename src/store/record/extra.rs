//! What others wrote into a record and this glauth does not know: kept by whichever version rewrites it.

use toml::{Table, Value};

use super::tables::known;
use crate::credential::AccountName;

/// The key of a record that is on its way to another account: a crash may leave it under either name.
pub(super) const MOVING_TO: &str = "moving_to";

/// What others wrote into a record and we do not know, in tables of the same names.
#[derive(Debug, Default, Clone)]
pub(in crate::store) struct Extra(Table);

impl Extra {
    /// What is unknown in a text that was read as a record.
    pub(in crate::store) fn of(text: &str) -> Self {
        let mut all: Table = text.parse().unwrap_or_default();
        let [(_, document), tables @ ..] = known();
        all.retain(|key, value| {
            let ours = tables.iter().find(|(name, _)| **name == *key);
            if let Some((_, keys)) = ours {
                for table in tables_in(value) {
                    table.retain(|key, _| !keys.contains(&key));
                }
            }
            ours.is_some() || !document.contains(&key)
        });
        Self(all)
    }

    /// Notes that the record is on its way to another account.
    pub(in crate::store) fn move_to(&mut self, account: &AccountName) {
        let account = Value::String(account.to_string());
        self.0.insert(MOVING_TO.to_owned(), account);
    }

    /// Notes that it has arrived; `false`: it was on no way.
    pub(in crate::store) fn arrive(&mut self) -> bool {
        self.0.remove(MOVING_TO).is_some()
    }

    /// Whether the record is on its way to another account.
    pub(super) fn is_moving(&self) -> bool {
        self.0.contains_key(MOVING_TO)
    }

    /// What stays when another login takes the place of this one.
    pub(in crate::store) fn of_the_account(mut self) -> Self {
        self.0.retain(|key, _| !is_table_of_ours(key));
        self
    }

    /// What stays when a new attempt begins.
    pub(in crate::store) fn without_attempt(mut self) -> Self {
        self.0.remove("last_attempt");
        self
    }

    /// What stays when another grant takes the place of this one.
    pub(in crate::store) fn without_grant(mut self, place: usize) -> Self {
        if let Some(grants) = self.0.get_mut("grants")
            && let Some(grant) = tables_in(grants).nth(place)
        {
            *grant = Table::new();
        }
        self
    }

    /// Adds it to what we write: to each table what it had.
    pub(super) fn into_document(self, document: &mut Table) {
        for (key, mut extra) in self.0 {
            match document.get_mut(&key) {
                Some(value) => {
                    for (table, extra) in tables_in(value).zip(tables_in(&mut extra)) {
                        table.extend(std::mem::take(extra));
                    }
                }
                // With a table of ours that is gone goes what was in it.
                None if is_table_of_ours(&key) => {}
                None => drop(document.insert(key, extra)),
            }
        }
    }
}

fn is_table_of_ours(key: &str) -> bool {
    known().iter().any(|(name, _)| *name == key)
}

/// The table that a value is, or the tables of an array.
fn tables_in(value: &mut Value) -> impl Iterator<Item = &mut Table> {
    let values = match value {
        Value::Array(values) => &mut values[..],
        value => std::slice::from_mut(value),
    };
    values.iter_mut().filter_map(Value::as_table_mut)
}
