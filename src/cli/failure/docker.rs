//! Why docker's or podman's file cannot be changed. glauth then changes neither.

use std::io;
use std::path::Path;

use super::file::remedy_of_file;
use crate::code::Code;
use crate::env;
use crate::user_file::Unusable;

/// What is wrong with the file; the sentence goes on after its name.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum BadDockerFile {
    /// It is not read at all.
    #[error(" {0}")]
    Unusable(#[from] Unusable),
    /// docker may be able to: it takes deeper nesting, larger numbers and half of a surrogate pair.
    #[error(", line {0}, cannot be read by glauth as JSON")]
    Unparsed(usize),
    /// It is another value.
    #[error(" is not a JSON object")]
    NotObject,
    /// There is no place for a helper in it.
    #[error(" has a `credHelpers` that is not an object of strings")]
    OtherForm,
    /// Such as with `credHelpers` twice.
    #[error(" is written in a way that glauth cannot change")]
    Unchangeable,
    /// The system refuses it.
    #[error(" cannot be changed: {0}")]
    NotWritten(#[source] io::Error),
}

impl BadDockerFile {
    pub(super) fn code(&self) -> Code {
        match self {
            Self::Unusable(unusable) if unusable.is_exhausted() => Code::Exhausted,
            Self::NotWritten(error) if env::is_exhausted(error) => Code::Exhausted,
            _ => Code::Config,
        }
    }

    pub(super) fn hint(&self, path: &Path) -> Option<String> {
        match self {
            Self::Unusable(unusable) => remedy_of_file(unusable, path),
            Self::NotObject => Some("correct it, or move it away".to_owned()),
            Self::Unparsed(_) => Some(
                "correct it, or add `\"credHelpers\": {\"registry.example.com\": \"glauth\"}` to it yourself"
                    .to_owned(),
            ),
            Self::OtherForm => Some(
                "write it as in `\"credHelpers\": {\"registry.example.com\": \"glauth\"}`".to_owned(),
            ),
            Self::Unchangeable => {
                Some("change `credHelpers` in it yourself".to_owned())
            }
            Self::NotWritten(_) => Some(
                "add `\"credHelpers\": {\"registry.example.com\": \"glauth\"}` to it yourself, or where it is made"
                    .to_owned(),
            ),
        }
    }
}
