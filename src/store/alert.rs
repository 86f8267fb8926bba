//! What a timer has told of a login's trouble, so that it tells once a day and not every quarter of an
//! hour: a small file beside the record, without any secret. It is no part of the record, since what
//! is wrong may be the record itself. Where the store takes no file, it lies in a rescue place and counts
//! instead of the one in the store, until the store takes one again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::error::StoreError;
use super::{Store, permissions, place, replace, rescue};
use crate::credential::AccountId;
use crate::secret::sha256_hex;
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
        let in_store = || {
            let path = self.alert_file(id);
            let file = permissions::open_for_reading(&path).ok().flatten()?;
            place::read_text(&path, file).ok()
        };
        let text = rescue::note(self.root(), &self.note_name(id)).or_else(in_store);
        text.map_or_else(Alert::default, |text| read(&text))
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
        let note = self.note_name(id);
        let Err(error) = self.keep_in_store(id, now) else {
            rescue::forget_note(self.root(), &note);
            return Ok(());
        };
        if *now == Alert::default() && !self.alert_file(id).exists() {
            rescue::forget_note(self.root(), &note);
            return Ok(());
        }
        let kept = rescue::keep_note(self.root(), &note, &text(now));
        if kept { Ok(()) } else { Err(error) }
    }

    fn keep_in_store(&self, id: Option<&AccountId>, now: &Alert) -> Result<(), StoreError> {
        let path = self.alert_file(id);
        if *now == Alert::default() {
            return replace::remove(&path);
        }
        permissions::private_folder(path.parent().unwrap_or(self.root()))?;
        let mut new = path.clone();
        new.as_mut_os_string().push(".new");
        replace::write_scratch(&new, text(now).as_bytes()).inspect_err(|_| {
            replace::remove(&new).ok();
        })?;
        replace::rename(&new, &path)
    }

    /// Its name in a rescue place, where each store of the user's keeps its own.
    fn note_name(&self, id: Option<&AccountId>) -> String {
        let file = self.alert_file(id);
        let mut digits = sha256_hex(&["glauth-alert", &file.to_string_lossy()]);
        digits.truncate(32);
        digits
    }

    fn alert_file(&self, id: Option<&AccountId>) -> PathBuf {
        match id {
            Some(id) => self
                .root()
                .join(id.host.key())
                .join(format!("{}.alert", id.account)),
            None => self.root().join(".alert"),
        }
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
