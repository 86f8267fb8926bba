//! What others wrote into a record and this glauth does not know: kept by whichever version rewrites it.

use toml::{Table, Value};

use super::tables::known;
use crate::credential::AccountName;

/// The key of a record that is on its way to another account: a crash may leave it under either name.
pub(super) const MOVING_TO: &str = "moving_to";

/// The keys of a record that is on its way to a shared store, or from one, and of the name of that way.
pub(super) const TO_STORE: &str = "moving_to_store";
pub(super) const FROM_STORE: &str = "arriving_from_store";
#[cfg(feature = "postgres")]
const MOVE: &str = "move";
#[cfg(feature = "postgres")]
const MOVE_OVER: &str = "move_over";

/// The key of a row with the ids of the last moves into it and out of it: by it the other side of a move that was cut off
/// knows that the login has arrived, or left, whatever became of the row since. And how many there are.
#[cfg(feature = "postgres")]
const MOVES: &str = "moves";
#[cfg(feature = "postgres")]
const MOVES_KEPT: usize = 8;

/// The way of a login between two stores: a crash leaves exactly one of them with a login that can refresh.
#[cfg(feature = "postgres")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct StoreMove {
    pub direction: Direction,
    /// The address of the shared store, without a password.
    pub store: String,
    /// The random id that the row in the database has after it.
    pub id: String,
    /// The one that it has before it; `None`: there is no row.
    pub over: Option<String>,
}

/// Whereto.
#[cfg(feature = "postgres")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Direction {
    /// From this folder to the shared store.
    To,
    /// From the shared store to this folder.
    From,
}

/// What others wrote into a record and we do not know, in tables of the same names.
#[derive(Debug, Default, Clone, PartialEq)]
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

    /// Whether the record is on its way to another account, or between two stores.
    pub(super) fn is_moving(&self) -> bool {
        let keys = [MOVING_TO, TO_STORE, FROM_STORE];
        keys.iter().any(|key| self.0.contains_key(*key))
    }

    /// Notes that the record is on its way between two stores.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn begin_move(&mut self, way: &StoreMove) {
        let key = match way.direction {
            Direction::To => TO_STORE,
            Direction::From => FROM_STORE,
        };
        self.0.insert(key.to_owned(), way.store.clone().into());
        self.0.insert(MOVE.to_owned(), way.id.clone().into());
        if let Some(over) = &way.over {
            self.0.insert(MOVE_OVER.to_owned(), over.clone().into());
        }
    }

    /// Notes that it is on no way any more.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn end_move(&mut self) {
        for key in [TO_STORE, FROM_STORE, MOVE, MOVE_OVER] {
            self.0.remove(key);
        }
    }

    /// The way between two stores that the record is on.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn store_move(&self) -> Option<StoreMove> {
        let text = |key: &str| Some(self.0.get(key)?.as_str()?.to_owned());
        let (direction, store) = match (text(TO_STORE), text(FROM_STORE)) {
            (Some(store), _) => (Direction::To, store),
            (None, Some(store)) => (Direction::From, store),
            (None, None) => return None,
        };
        Some(StoreMove {
            direction,
            store,
            id: text(MOVE)?,
            over: text(MOVE_OVER),
        })
    }

    /// Notes in a row that a login moved into it, or out of it.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn note_move(&mut self, id: &str) {
        let mut moves: Vec<&str> = self.moves().collect();
        moves.push(id);
        let kept = moves.len().saturating_sub(MOVES_KEPT);
        let moves = moves.drain(kept..).map(Value::from).collect();
        self.0.insert(MOVES.to_owned(), Value::Array(moves));
    }

    /// Keeps what a row noted of its moves.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn keep_moves_of(&mut self, row: &Self) {
        if let Some(moves) = row.0.get(MOVES) {
            self.0.insert(MOVES.to_owned(), moves.clone());
        }
    }

    /// Whether this move went into the row, or out of it.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn has_move(&self, id: &str) -> bool {
        self.moves().any(|found| found == id)
    }

    #[cfg(feature = "postgres")]
    fn moves(&self) -> impl Iterator<Item = &str> {
        let moves = self.0.get(MOVES).and_then(Value::as_array);
        moves.into_iter().flatten().filter_map(Value::as_str)
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
