//! Format v1: a record to text and back. Every field is checked on reading, and keys that this
//! glauth does not know are kept for those that do.

mod document;
mod extra;
mod table;
mod tables;
mod values;

use toml::de::DeTable;
use zeroize::Zeroizing;

pub(super) use extra::Extra;
use table::{Misfit, Table, Why};

use crate::credential::{AccountId, Content, Login, Record};
use crate::secret::RefreshToken;
use crate::toml_trouble;

/// The format that this glauth reads and writes. It rises only where an older one would do harm.
const VERSION: i64 = 1;

/// That of a record which is on its way to another account: an older glauth would call it damaged where it arrives.
const VERSION_WHILE_MOVING: i64 = 2;

/// The largest record, in bytes: two grants with two tokens of 16 KiB each, four times over.
pub(super) const RECORD_LIMIT: usize = 256 * 1024;

const _: () = assert!(RECORD_LIMIT >= 4 * 4 * crate::secret::TOKEN_LIMIT);

/// The last line: a record without it is torn.
const END: &str = "# end of record\n";

/// A record with everything that is in its file.
#[derive(Debug)]
pub(super) struct Full {
    pub record: Record,
    /// One for each grant.
    pub refresh_tokens: Vec<Option<RefreshToken>>,
    /// What others wrote into it, where it was read to be written back.
    pub extra: Extra,
}

impl Full {
    /// One that has nothing of others yet.
    pub fn new(record: Record, refresh_tokens: Vec<Option<RefreshToken>>) -> Self {
        Self {
            record,
            refresh_tokens,
            extra: Extra::default(),
        }
    }

    /// Whether an attempt is under way, or its owner died.
    pub fn is_pending(&self) -> bool {
        let login = self.record.login();
        login.is_some_and(|login| login.pending_sequence().is_some())
    }

    /// The login, if it is one.
    pub fn login_mut(&mut self) -> Option<&mut Login> {
        match &mut self.record.content {
            Content::Login(login) => Some(login),
            Content::Password(_) | Content::LoggedOut(_) => None,
        }
    }
}

/// What is wrong with a text that should be a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    Version(String),
    /// A known key has a value that only a newer glauth can have written.
    Newer {
        line: Option<usize>,
        text: String,
    },
    Corrupt {
        line: Option<usize>,
        text: String,
    },
}

/// Reads a record that is to be `id`'s. No refresh token is in it.
pub(super) fn parse(text: &str, id: &AccountId) -> Result<Record, Problem> {
    parse_as(text, |table| document::record(table, id))
}

/// The same with its refresh tokens and with what others wrote into it, which costs more than the record itself.
pub(super) fn parse_whole(text: &str, id: &AccountId) -> Result<Full, Problem> {
    parse_as(text, |table| {
        Ok(Full {
            record: document::record(table, id)?,
            refresh_tokens: document::refresh_tokens(table)?,
            extra: Extra::of(text),
        })
    })
}

fn parse_as<T>(
    text: &str,
    read: impl FnOnce(&Table<'_, '_>) -> Result<T, Misfit>,
) -> Result<T, Problem> {
    let corrupt = |text: String| Problem::Corrupt { line: None, text };
    if text.len() > RECORD_LIMIT {
        return Err(corrupt("it is larger than 256 KiB".to_owned()));
    }
    if !text.ends_with(END) {
        let problem = format!("its last line is not `{}`", END.trim_end());
        return Err(corrupt(problem));
    }
    let in_text = |misfit: Misfit| misfit.in_text(text);
    let document = DeTable::parse(text).map_err(|error| in_text(error.into()))?;
    let table = Table::whole(&document);
    let version: i64 = table.need("version").map_err(in_text)?;
    let is_moving = || version == VERSION_WHILE_MOVING && document::is_moving(&table);
    if version != VERSION && !is_moving() {
        return Err(Problem::Version(version.to_string()));
    }
    read(&table).map_err(in_text)
}

impl Misfit {
    /// What that makes of the text that it is in.
    fn in_text(self, text: &str) -> Problem {
        let (line, found) = toml_trouble::place(text, self.span);
        // Anything else that stands before a `=` may be a part of a token.
        let is_known = |key: &String| {
            tables::known()
                .iter()
                .any(|(_, keys)| keys.contains(&&**key))
        };
        let Some(key) = self.key.map(ToOwned::to_owned).or(found.filter(is_known)) else {
            let text = match self.why {
                Why::Twice => "a key or a table appears twice",
                _ => "it is not the TOML of a record",
            };
            let text = text.to_owned();
            return Problem::Corrupt { line, text };
        };
        let text = match self.why {
            Why::Missing => format!("`{key}` is missing"),
            Why::Twice => format!("`{key}` appears twice"),
            Why::Kind => format!("the value of `{key}` does not fit"),
            Why::Bad(problem) => format!("`{key}` {problem}"),
            Why::Unknown => {
                let text = format!("`{key}` is not one that this glauth knows");
                return Problem::Newer { line, text };
            }
        };
        Problem::Corrupt { line, text }
    }
}

/// Writes a record, with what others have in it.
///
/// The error says what a server made too large to keep.
pub(super) fn render(full: &Full) -> Result<Zeroizing<String>, Problem> {
    let mut table = document::document(full);
    if full.extra.is_moving() {
        table.insert("version".to_owned(), VERSION_WHILE_MOVING.into());
    }
    full.extra.clone().into_document(&mut table);
    let written = toml::to_string(&table).map_err(|_| Problem::Corrupt {
        line: None,
        text: "it cannot be written as TOML".to_owned(),
    });
    let mut text = Zeroizing::new(written?);
    text.push_str(END);
    if text.len() > RECORD_LIMIT {
        return Err(Problem::Corrupt {
            line: None,
            text: "it would be larger than 256 KiB".to_owned(),
        });
    }
    Ok(text)
}

#[cfg(test)]
pub(crate) mod tests;
