//! What names a store: a folder, and nothing that a shell would still have to expand. crontab, systemd units
//! and `.env` files expand nothing, and no user wants a folder called `~`.

use std::path::{Path, PathBuf};

#[cfg(feature = "postgres")]
use super::shared::{has_password, is_shared};
use crate::env;

/// What named the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// `GLAUTH_STORE`, which is read in whatever folder a program works in.
    Variable,
    /// `--store`, which a person types, or a script has.
    Option,
    /// An argument, such as the two of `glauth store move`.
    Argument,
}

impl std::fmt::Display for NamedBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Variable => "GLAUTH_STORE",
            Self::Option => "--store",
            Self::Argument => "the store",
        })
    }
}

/// Why a text names no store.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadStore {
    /// The address of a database or a server. Only its scheme is shown: there may be a password in it.
    #[error("{by} is `{scheme}://…`, which is no store that glauth knows")]
    Address {
        /// What named it.
        by: NamedBy,
        /// `postgres`, or another one.
        scheme: String,
    },
    /// The address of a shared store has a password in it.
    #[error("{by} has a password in it, which every user of this machine could read")]
    Password {
        /// What named it.
        by: NamedBy,
    },
    /// It begins with what a shell would have replaced.
    #[error("{by} is `{}`, and nothing has expanded its `{start}`", path.display())]
    Unexpanded {
        /// What named it.
        by: NamedBy,
        /// As it was given.
        path: PathBuf,
        /// `~`, `$` or `%`.
        start: char,
    },
    /// Another folder for each working folder.
    #[error("GLAUTH_STORE is `{}`, which is not a full path", .0.display())]
    Relative(PathBuf),
}

impl BadStore {
    /// What to write instead, where that is plain.
    #[must_use]
    pub fn meant(&self) -> Option<PathBuf> {
        let Self::Unexpanded { path, .. } = self else {
            return None;
        };
        let text = path.to_str()?;
        let mut homes = ["~/", "$HOME/", "${HOME}/", "%h/"].iter();
        let rest = homes.find_map(|home| text.strip_prefix(home))?;
        Some(env::home()?.join(rest))
    }
}

/// Refuses what names no folder.
pub fn check(path: &Path, by: NamedBy) -> Result<(), BadStore> {
    #[cfg(feature = "postgres")]
    if let Some(text) = path.to_str().filter(|text| is_shared(text)) {
        if by != NamedBy::Variable && has_password(text) {
            return Err(BadStore::Password { by });
        }
        return Ok(());
    }
    let text = path.to_string_lossy();
    if let Some((scheme, _)) = text.split_once("://")
        && !scheme.is_empty()
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b))
    {
        let scheme = scheme.to_owned();
        return Err(BadStore::Address { by, scheme });
    }
    if let Some(start) = text.chars().next().filter(|c| "~$%".contains(*c)) {
        let path = path.to_owned();
        return Err(BadStore::Unexpanded { by, path, start });
    }
    if by == NamedBy::Variable && !path.is_absolute() {
        return Err(BadStore::Relative(path.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_a_folder_and_nothing_that_has_to_be_expanded() {
        for by in [NamedBy::Variable, NamedBy::Option, NamedBy::Argument] {
            assert_eq!(check(Path::new("/srv/logins"), by), Ok(()));
            for text in ["~", "~/x", "~jane/x", "$HOME/x", "${HOME}", "%h/x"] {
                let found = check(Path::new(text), by);
                assert!(matches!(found, Err(BadStore::Unexpanded { .. })), "{text}");
            }
            for text in ["mysql://jane:secret@db/x", "file:///x"] {
                let found = check(Path::new(text), by).unwrap_err();
                assert!(matches!(found, BadStore::Address { .. }), "{text}");
                assert!(!found.to_string().contains("secret"), "{found}");
            }
        }
        #[cfg(feature = "postgres")]
        for (text, is_open) in [
            ("postgres://jane:secret@db/x", true),
            ("postgresql://db", false),
        ] {
            let refused = |by| {
                if is_open {
                    Err(BadStore::Password { by })
                } else {
                    Ok(())
                }
            };
            let [option, argument] = [NamedBy::Option, NamedBy::Argument];
            assert_eq!(check(Path::new(text), option), refused(option));
            assert_eq!(check(Path::new(text), argument), refused(argument));
            assert_eq!(check(Path::new(text), NamedBy::Variable), Ok(()));
        }
        for text in ["logins", "./logins", "../x", "a~"] {
            assert_eq!(check(Path::new(text), NamedBy::Option), Ok(()));
            let found = check(Path::new(text), NamedBy::Variable);
            assert_eq!(found, Err(BadStore::Relative(text.into())));
        }
    }
}
