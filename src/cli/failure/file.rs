//! The errors of files that a person names.

use std::path::Path;

use super::{Failure, plain};
use crate::cli::shell;
use crate::config::ConfigError;
use crate::user_file::Unusable;

pub(super) fn of_config(error: &ConfigError) -> Failure {
    let failure = plain("config", error.to_string());
    let unusable = error.unusable.as_ref();
    match unusable.and_then(|unusable| remedy_of_file(unusable, &error.path)) {
        Some(remedy) => failure.hint(remedy),
        None => failure,
    }
}

/// What a person does about a file that glauth does not trust.
pub(in crate::cli) fn remedy_of_file(unusable: &Unusable, path: &Path) -> Option<String> {
    match unusable {
        Unusable::Io(_) | Unusable::TooLarge(_) => None,
        Unusable::NotRegular => Some("save it in a regular file, and name that one".to_owned()),
        Unusable::Foreign { .. } => {
            Some("copy it to a file of your own, and name that one".to_owned())
        }
        Unusable::Writable { .. } => {
            let path = shell::quote_for_person(&path.to_string_lossy());
            Some(format!("run `chmod go-w {path}`"))
        }
    }
}
