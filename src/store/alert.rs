//! What a timer has told of a login's trouble, so that it tells once a day and not every quarter of an
//! hour: a small file beside the record, without any secret. It is no part of the record, since what
//! is wrong may be the record itself.

use std::collections::BTreeMap;

use super::Store;
use super::error::StoreError;
use crate::credential::AccountId;
use crate::time::Timestamp;

/// What has been told, and since when something is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Alert {
    /// Since when every run has failed.
    pub since: Option<Timestamp>,
    /// When each exit code was told last.
    pub told: BTreeMap<u8, Timestamp>,
}

impl Store {
    /// What was told of this account; without one, of the store as a whole. A file that cannot be read
    /// has told nothing: a person rather hears twice.
    #[must_use]
    pub fn alert(&self, id: Option<&AccountId>) -> Alert {
        let note = self.folder.note(id);
        note.map_or_else(Alert::default, |text| read(text.as_str()))
    }

    /// Keeps what was told, where it differs from what `before` was; nothing is kept of a login that is
    /// well.
    pub fn keep_alert(
        &self,
        id: Option<&AccountId>,
        before: &Alert,
        now: &Alert,
    ) -> Result<(), StoreError> {
        if before == now {
            return Ok(());
        }
        let text = (*now != Alert::default()).then(|| text(now));
        self.folder.keep_note(id, text.as_deref())
    }
}

fn read(text: &str) -> Alert {
    let table: toml::Table = text.parse().unwrap_or_default();
    let time = |value: &toml::Value| value.as_datetime().and_then(Timestamp::from_toml);
    let told = table.get("told").and_then(toml::Value::as_table);
    let told = told.into_iter().flatten();
    Alert {
        since: table.get("since").and_then(time),
        told: told
            .filter_map(|(exit, at)| Some((exit.parse().ok()?, time(at)?)))
            .collect(),
    }
}

fn text(alert: &Alert) -> String {
    let since = alert.since.iter().map(|at| format!("since = {at}\n"));
    let told = alert
        .told
        .iter()
        .map(|(exit, at)| format!("{exit} = {at}\n"));
    let header = std::iter::once("[told]\n".to_owned());
    since.chain(header).chain(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_read_as_it_was_written_and_anything_else_is_nothing() {
        let at = Timestamp::from_unix_millis(1_795_428_000_000);
        for since in [None, Some(at)] {
            let alert = Alert {
                since,
                told: [(3, at), (4, at)].into(),
            };
            assert_eq!(read(&text(&alert)), alert);
        }
        for other in [
            "",
            "x",
            "since = 3\ntold = 4",
            "[told]\nx = 2026-01-01T00:00:00Z",
        ] {
            assert_eq!(read(other), Alert::default(), "{other}");
        }
    }
}
