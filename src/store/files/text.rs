//! The text of a record, and where it was found.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{permissions, replace};
use crate::credential::{AccountId, Host, Record};
use crate::store::error::StoreError;
use crate::store::record::{self, Format, Full, Problem, RECORD_LIMIT};

/// The text of a record, and where it was found.
pub(in crate::store) struct Text {
    text: Zeroizing<String>,
    path: PathBuf,
}

impl Text {
    /// As a reader takes it, also where root put it there. `None` where nothing is.
    pub(super) fn at(path: PathBuf) -> Result<Option<Self>, StoreError> {
        let file = permissions::open_for_reading(&path)?;
        file.map(|file| Self::read(path, file)).transpose()
    }

    /// As a writer takes it: it must be the user's own, and closed to others. `None` where nothing is.
    pub(super) fn own(path: PathBuf) -> Result<Option<Self>, StoreError> {
        let Some(file) = permissions::open_for_reading(&path)? else {
            return Ok(None);
        };
        permissions::check_ours(&path, &file)?;
        Self::read(path, file).map(Some)
    }

    fn read(path: PathBuf, file: File) -> Result<Self, StoreError> {
        let text = read_text(&path, file)?;
        Ok(Self { text, path })
    }

    /// The record that it is, which is to be `id`'s: no refresh token is in it.
    pub fn record(&self, id: &AccountId, format: Format) -> Result<Record, StoreError> {
        record::parse(&self.text, id, format).map_err(|problem| problem.in_file(&self.path))
    }

    /// The same with its refresh tokens, and with what others wrote into it.
    pub fn whole_record(&self, id: &AccountId, format: Format) -> Result<Full, StoreError> {
        record::parse_whole(&self.text, id, format).map_err(|problem| problem.in_file(&self.path))
    }

    /// Whether it is a cache which has an answer that the database of a shared store has not.
    pub fn is_ahead(&self) -> bool {
        record::is_ahead(&self.text)
    }

    /// Whose record it is, as it says itself.
    pub fn whose(&self) -> Option<AccountId> {
        // The head of a record, before any token: it need not be of a version that we know.
        let value = |key: &str| {
            let mut lines = self.text.lines().take_while(|line| !line.starts_with('['));
            lines.find_map(|line| {
                let (name, value) = line.split_once(" = ")?;
                (name == key).then(|| value.trim_matches('"').to_owned())
            })
        };
        Some(AccountId {
            host: Host::from_record(&value("host")?)?,
            account: value("account")?.parse().ok()?,
        })
    }

    /// As it stands there.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where it was found, to be shown.
    pub fn into_path(self) -> PathBuf {
        self.path
    }

    /// Removes its file, once what it says is stored where it belongs.
    pub fn discard(self) {
        replace::remove(&self.path).ok();
    }
}

impl Problem {
    /// What that makes of the file that the text is in, or is to be in.
    pub fn in_file(self, path: &Path) -> StoreError {
        let path = path.to_owned();
        match self {
            Self::Version(version) => StoreError::UnsupportedVersion { path, version },
            Self::Newer { line, text } => StoreError::NewerValue {
                path,
                line,
                problem: text,
            },
            Self::Corrupt { line, text } => StoreError::Corrupt {
                path,
                line,
                problem: text,
            },
        }
    }
}

/// The bytes of a file that is the user's own, closed to others; `None` where there is none.
#[cfg(feature = "postgres")]
pub(super) fn own_bytes(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(file) = permissions::open_for_reading(path)? else {
        return Ok(None);
    };
    permissions::check_ours(path, &file)?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let length = usize::try_from(length).unwrap_or(0).min(2 * RECORD_LIMIT);
    let mut bytes = read_all(file, length).map_err(|error| StoreError::io("read", path, error))?;
    Ok(Some(std::mem::take(&mut *bytes)))
}

/// Reads a file of text, up to the limit of records.
fn read_text(path: &Path, file: File) -> Result<Zeroizing<String>, StoreError> {
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let length = usize::try_from(length).unwrap_or(0).min(RECORD_LIMIT + 1);
    let bytes = read_all(file, length).map_err(|error| StoreError::io("read", path, error));
    let mut bytes = bytes?;
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => {
            *bytes = error.into_bytes();
            let problem = Problem::Corrupt {
                line: None,
                text: "it is not UTF-8".to_owned(),
            };
            Err(problem.in_file(path))
        }
    }
}

/// What is in a file of this length, up to the limit of records: in one read, unless the file does not
/// have what it said it has.
fn read_all(mut file: File, length: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    // Allocated once: a buffer that grows leaves copies of tokens behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length + 1));
    bytes.resize(length, 0);
    let got = match file.read(&mut bytes) {
        Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
        got => got?,
    };
    bytes.truncate(got);
    if got == 0 || got < length {
        let room = (RECORD_LIMIT + 1).saturating_sub(got);
        file.take(room as u64).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}
