//! The errors of files and folders that a person names.

use std::ffi::OsStr;
use std::path::Path;

use super::quoted;
use crate::credential::Host;
use crate::env;
use crate::store::{BadStore, NamedBy, Store};
use crate::time::Timestamp;
use crate::user_file::Unusable;

/// What a person does about a file that glauth does not trust.
pub(in crate::cli) fn remedy_of_file(unusable: &Unusable, path: &Path) -> Option<String> {
    match unusable {
        Unusable::Io(_) if unusable.is_missing() && is_unexpanded(path) => Some(
            "write the full path; a shell expands no `~` or `$` inside of quotes or behind `=`"
                .to_owned(),
        ),
        Unusable::Io(_) | Unusable::TooLarge(_) => None,
        Unusable::NotRegular => Some("save it in a regular file, and name that one".to_owned()),
        Unusable::Foreign { .. } => {
            Some("copy it to a file of your own, and name that one".to_owned())
        }
        Unusable::Writable { .. } => Some(format!("run `chmod go-w {}`", quoted(path))),
        Unusable::Readable { .. } => Some(format!("run `chmod go-rwx {}`", quoted(path))),
    }
}

/// Whether a part of the path begins with what a shell would have replaced.
fn is_unexpanded(path: &Path) -> bool {
    let first = |part: &OsStr| part.as_encoded_bytes().first().copied();
    path.iter()
        .any(|part| matches!(first(part), Some(b'~' | b'$')))
}

/// What to write in place of what names no store.
pub(super) fn store_to_name(error: &BadStore) -> String {
    match (error, error.meant()) {
        (BadStore::Address { .. }, _) => {
            "name a folder of this machine, or a database as `postgres://…`".to_owned()
        }
        (
            BadStore::Password {
                by: NamedBy::Argument,
            },
            _,
        ) => "write it in PGPASSWORD or in ~/.pgpass, and leave it out here".to_owned(),
        (BadStore::Password { .. }, _) => {
            "write it in PGPASSWORD, in ~/.pgpass or in GLAUTH_STORE, and leave it out here"
                .to_owned()
        }
        (_, Some(meant)) => format!(
            "write the full path, `{}`: crontab, systemd and .env files do not expand it",
            meant.display()
        ),
        (_, None) => "write the full path, which begins with `/`".to_owned(),
    }
}

/// Where any login is, or one at a host, if `XDG_DATA_HOME` has moved the store away from it.
pub(in crate::cli) fn moved_from(store: &Path, host: Option<&Host>) -> Option<String> {
    let default = env::store_folder_without_xdg()?;
    if env::store_folder().as_deref() != Some(store) {
        return None;
    }
    let there = Store::new(default.clone(), Timestamp::now);
    let accounts = match host {
        Some(host) => there.accounts_of(host),
        None => there.accounts(),
    };
    if accounts.ok()?.is_empty() {
        return None;
    }
    Some(format!(
        "add `--store {}`: a login is there, and XDG_DATA_HOME has moved the store away from it",
        quoted(&default)
    ))
}
