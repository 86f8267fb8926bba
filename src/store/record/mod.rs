//! Format v1: a record to text and back. Every field is checked on reading, and keys that this
//! glauth does not know are kept for those that do.

mod extra;
mod fields;
mod read;
mod wire;
mod words;
mod write;

use zeroize::Zeroizing;

pub(super) use extra::Extra;
use fields::{Misfit, Why};
use wire::Document;

use crate::credential::{AccountId, Content, Login, Record};
use crate::secret::RefreshToken;
use crate::toml_trouble;

/// The format that this glauth reads and writes. It rises only where an older one would do harm.
const VERSION: i64 = 1;

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

/// Reads a record that is to be `id`'s.
pub(super) fn parse(text: &str, id: &AccountId) -> Result<Full, Problem> {
    let corrupt = |line, text: &str| Problem::Corrupt {
        line,
        text: text.to_owned(),
    };
    if text.len() > RECORD_LIMIT {
        return Err(corrupt(None, "it is larger than 256 KiB"));
    }
    if !text.ends_with(END) {
        let problem = format!("its last line is not `{}`", END.trim_end());
        return Err(corrupt(None, &problem));
    }
    let document: Document<'_> = fields::read(text).map_err(|misfit| unreadable(text, misfit))?;
    if document.version != VERSION {
        return Err(Problem::Version(document.version.to_string()));
    }
    read::record(document, id).map_err(|bad| bad.in_text(text))
}

/// The same with what others wrote into it, which costs more than the record itself.
pub(super) fn parse_whole(text: &str, id: &AccountId) -> Result<Full, Problem> {
    let full = parse(text, id)?;
    let extra = Extra::of(text);
    Ok(Full { extra, ..full })
}

/// Why it is no document.
fn unreadable(text: &str, misfit: Misfit) -> Problem {
    if let Some(version) = other_version(text) {
        return Problem::Version(version);
    }
    let (line, found) = toml_trouble::place(text, misfit.span);
    // Anything else that stands before a `=` may be a part of a token.
    let known = |key: &String| wire::KNOWN.iter().any(|(_, keys)| keys.contains(&&**key));
    let key = misfit.key.map(ToOwned::to_owned).or(found.filter(known));
    let text = match (misfit.why, key) {
        (Why::Missing, Some(key)) => format!("`{key}` is missing"),
        (Why::Twice, Some(key)) => format!("`{key}` appears twice"),
        (Why::Twice, None) => "a key or a table appears twice".to_owned(),
        (Why::Kind, Some(key)) => format!("the value of `{key}` does not fit"),
        (Why::Kind | Why::Missing, None) => "it is not the TOML of a record".to_owned(),
    };
    Problem::Corrupt { line, text }
}

/// The version, where it is not ours: then nothing else needs to fit.
fn other_version(text: &str) -> Option<String> {
    let table: toml::Table = text.parse().ok()?;
    let version = table.get("version")?.as_integer()?;
    (version != VERSION).then(|| version.to_string())
}

/// Writes a record, with what others have in it.
///
/// The error says what a server made too large to keep.
pub(super) fn render(full: &Full) -> Result<Zeroizing<String>, Problem> {
    let unwritable = || Problem::Corrupt {
        line: None,
        text: "it cannot be written as TOML".to_owned(),
    };
    let own = Zeroizing::new(toml::to_string(&write::document(full)).map_err(|_| unwritable())?);
    // By way of the text: `Table::try_from` of toml 1.2 makes a table of each time.
    let mut table: toml::Table = own.parse().map_err(|_| unwritable())?;
    full.extra.clone().into_document(&mut table);
    let mut text = Zeroizing::new(toml::to_string(&table).map_err(|_| unwritable())?);
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
