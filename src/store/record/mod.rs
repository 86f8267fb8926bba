//! Format v1: a record to text and back. Every field is checked on reading, and keys that this
//! glauth does not know are kept for those that do.

mod cache;
mod document;
mod extra;
mod table;
mod tables;
mod values;

use toml::de::DeTable;
use zeroize::Zeroizing;

#[cfg_attr(
    not(feature = "postgres"),
    expect(unused_imports, reason = "caches are of the shared store")
)]
pub(super) use cache::{CacheNote, Reservation};
pub(super) use extra::Extra;
#[cfg(feature = "postgres")]
pub(super) use extra::{Direction, StoreMove};
use table::{Misfit, Table, Why};

use crate::credential::{AccountId, Content, Login, Record};
use crate::secret::RefreshToken;
use crate::toml_trouble;

/// The format that this glauth reads and writes. It rises only where an older one would do harm.
const VERSION: i64 = 1;

/// That of a record which is on its way to another account: an older glauth would call it damaged where it arrives.
const VERSION_WHILE_MOVING: i64 = 2;

/// That of the cache of a shared login: an older glauth would take it for a login that nothing refreshes.
const VERSION_OF_CACHE: i64 = 3;

/// Which files a folder has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Records, with their refresh tokens.
    Record,
    /// The caches of a shared store.
    Cache,
}

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
    /// It is the cache of a shared login.
    pub cache: Option<CacheNote>,
}

impl Full {
    /// One that has nothing of others yet.
    pub fn new(record: Record, refresh_tokens: Vec<Option<RefreshToken>>) -> Self {
        Self {
            record,
            refresh_tokens,
            extra: Extra::default(),
            cache: None,
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
pub(super) fn parse(text: &str, id: &AccountId, format: Format) -> Result<Record, Problem> {
    parse_as(text, format, Part::Record, |table| {
        document::record(table, id)
    })
}

/// The same with its refresh tokens and with what others wrote into it, which costs more than the record itself.
pub(super) fn parse_whole(text: &str, id: &AccountId, format: Format) -> Result<Full, Problem> {
    parse_as(text, format, Part::Whole, |table| {
        Ok(Full {
            record: document::record(table, id)?,
            refresh_tokens: document::refresh_tokens(table)?,
            extra: Extra::of(text),
            cache: document::cache_note(table)?,
        })
    })
}

/// What of a cache is parsed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Not what it notes of the shared store, which stands at its end: a fresh token needs none of it (P9).
    Record,
    Whole,
}

/// What a cache's last table begins with.
const NOTE: &str = "[shared]\n";

/// Where the note of a cache begins.
fn note_in(text: &str) -> Option<usize> {
    let tables = text.rmatch_indices('[').map(|(at, _)| at);
    let mut tables = tables.filter(|at| text[..*at].ends_with('\n'));
    tables.find(|at| text[*at..].starts_with(NOTE))
}

/// Whether the text is that of a cache which has an answer that the database has not: seen without parsing it (P9).
pub(super) fn is_ahead(text: &str) -> bool {
    note_in(text).is_some_and(|note| text[note..].contains("\nundelivered = true\n"))
}

fn parse_as<T>(
    text: &str,
    format: Format,
    part: Part,
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
    let note = match format {
        Format::Cache if part == Part::Record => note_in(text),
        Format::Cache | Format::Record => None,
    };
    let parsed = &text[..note.unwrap_or(text.len())];
    let document = DeTable::parse(parsed).map_err(|error| in_text(error.into()))?;
    let table = Table::whole(&document);
    let version: i64 = table.need("version").map_err(in_text)?;
    let is_moving = || version == VERSION_WHILE_MOVING && document::is_moving(&table);
    let is_cache = version == VERSION_OF_CACHE && (note.is_some() || document::is_cache(&table));
    match format {
        Format::Record if is_cache => {
            let problem = "it is the cache of a shared store, whose address glauth needs here";
            return Err(corrupt(problem.to_owned()));
        }
        Format::Cache if version == VERSION => {
            return Err(corrupt("it is no cache of a shared store".to_owned()));
        }
        Format::Cache if is_cache => {}
        Format::Record if version == VERSION || is_moving() => {}
        Format::Record | Format::Cache => return Err(Problem::Version(version.to_string())),
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
    render_document(document::document(full), full)
}

/// The same as the cache of a shared login: without its refresh tokens, and with what this machine knows of the row.
#[cfg(feature = "postgres")]
pub(super) fn render_cache(full: &Full, note: &CacheNote) -> Result<Zeroizing<String>, Problem> {
    let mut text = written(document::cache(full), full)?;
    let note = toml::Table::from_iter([("shared".to_owned(), document::note(note))]);
    text.push('\n');
    text.push_str(&as_toml(&note)?);
    ended(text)
}

fn render_document(table: toml::Table, full: &Full) -> Result<Zeroizing<String>, Problem> {
    ended(written(table, full)?)
}

fn written(mut table: toml::Table, full: &Full) -> Result<Zeroizing<String>, Problem> {
    if full.extra.is_moving() {
        table.insert("version".to_owned(), VERSION_WHILE_MOVING.into());
    }
    full.extra.clone().into_document(&mut table);
    as_toml(&table)
}

fn as_toml(table: &toml::Table) -> Result<Zeroizing<String>, Problem> {
    let text = toml::to_string(table).map_err(|_| Problem::Corrupt {
        line: None,
        text: "it cannot be written as TOML".to_owned(),
    });
    text.map(Zeroizing::new)
}

fn ended(mut text: Zeroizing<String>) -> Result<Zeroizing<String>, Problem> {
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
