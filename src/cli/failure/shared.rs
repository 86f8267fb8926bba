//! What a person does about an error of a shared store.

use super::{log_in_with, quoted};
use crate::cli::call::Call;
use crate::cli::shell;
use crate::credential::AccountId;
use crate::store::{Denied, SharedError};

/// `id`: the login that the call is about.
pub(super) fn remedy(error: &SharedError, id: Option<&AccountId>, call: &Call) -> String {
    let text = match error {
        SharedError::Address {
            instead: Some(instead),
            ..
        } => instead,
        SharedError::Address { .. } => {
            "write `postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full`"
        }
        SharedError::Away { .. } if error.is_of_name() => {
            "is the network up, and the host in the store's address right? nothing was changed"
        }
        SharedError::Away { .. } => "is the database up? nothing was changed; try again later",
        SharedError::ReadOnly { .. } => {
            "name the primary in the address; several hosts can stand there, separated by commas"
        }
        SharedError::Untrusted {
            is_other_name: true,
            ..
        } => "name the host in the store's address as its certificate does",
        SharedError::Untrusted { .. } => {
            "let it use TLS, and name the authority of its certificate in the address: `?sslrootcert=FILE`"
        }
        SharedError::Unanswered { .. } | SharedError::Changed { .. } => {
            "try again: the next call finds out what the database has"
        }
        SharedError::Refused { denied, .. } => return allow(*denied, call),
        SharedError::NoTables { .. } => return format!("run {}", call.command("store init")),
        SharedError::File {
            path,
            is_open: true,
            ..
        } => return format!("run `chmod 600 {}`", quoted(path)),
        SharedError::File {
            named_by: Some(by), ..
        } => return format!("{by} names it: correct that file, or name another one"),
        SharedError::File { .. } => "correct that file",
        SharedError::NoCache { .. } => {
            "set GLAUTH_CACHE to the full path of a folder on a disk of this machine"
        }
        SharedError::NoKeys { .. } => {
            "set GLAUTH_KEY_FILE to the file with the key, which each machine needs"
        }
        SharedError::Sealed { is_newer: true, .. } => {
            "use the glauth that wrote it, or a newer one"
        }
        SharedError::Sealed { .. } => "give this machine the key that the others have",
        SharedError::Unreadable { .. } => "restore the row from a backup",
        SharedError::CommitsLost { .. } => return format!("run {}", log_in_with("", id, call)),
        SharedError::Taken { store, folder, .. } => {
            let command = take_back(folder, store, call);
            return format!("run {command}, which keeps it in the folder");
        }
        SharedError::Strayed { store, folder, .. } => {
            let command = take_back(folder, store, call);
            return format!("run {command}, which removes it from the folder, and log in again");
        }
        SharedError::NotShared { .. } => "use a store in a folder",
        SharedError::NoRandom => "try again later",
    };
    text.to_owned()
}

/// What to do about what the database does not allow.
fn allow(denied: Denied, call: &Call) -> String {
    match denied {
        Denied::User => {
            "look at the user in the store's address and its password (PGPASSWORD, .pgpass)"
                .to_owned()
        }
        Denied::Database => {
            "name a database that is there at the end of the store's address".to_owned()
        }
        Denied::Tables => format!(
            "let the owner of the tables run the GRANTs that {} prints",
            call.command("store init --print")
        ),
        Denied::NewTables => {
            let print = call.command("store init --print");
            let print = print.trim_matches('`');
            format!("let an administrator run `{print} | psql ADDRESS`")
        }
        Denied::Statement => "look at what the database's user may do".to_owned(),
    }
}

fn take_back(folder: &str, store: &str, call: &Call) -> String {
    let (folder, store) = (shell::word(folder), shell::word(store));
    call.command(&format!("store move --take-back {folder} {store}"))
}
