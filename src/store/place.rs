//! Where the files of one account are (ARCHITECTURE.md, "The files").

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::StoreError;
use super::record::{self, RECORD_LIMIT};
use super::{lock, permissions, replace};
use crate::credential::AccountId;
use crate::secret::Fingerprint;

/// The files of one account.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub id: AccountId,
    pub folder: PathBuf,
    /// The credential record; replaced only by rename.
    pub record: PathBuf,
    /// The next record while it is being written; never read.
    pub new: PathBuf,
    /// The room that a refresh reserved for its outcome.
    pub answer: PathBuf,
    /// The advisory lock.
    pub lock: PathBuf,
}

impl Place {
    pub(super) fn new(root: &Path, id: &AccountId) -> Self {
        Self::in_folder(root.join(id.host.key()), id)
    }

    pub(super) fn in_folder(folder: PathBuf, id: &AccountId) -> Self {
        let file = |ending: &str| folder.join(format!("{}.{ending}", id.account));
        Self {
            record: record_in(folder.clone(), id),
            new: file("toml.new"),
            answer: file("toml.answer"),
            lock: file("lock"),
            id: id.clone(),
            folder,
        }
    }

    /// The store that this account's folder is in.
    pub(super) fn root(&self) -> &Path {
        self.folder.parent().unwrap_or(&self.folder)
    }

    /// The file that is locked by those who must not lose this token.
    pub(super) fn lease(&self, token: Fingerprint) -> PathBuf {
        let name = format!("{}.{token}.lease", self.id.account);
        self.folder.join(name)
    }

    /// Whose lease a file of this name in this account's folder is for; `None`: another account's,
    /// or something else.
    pub(super) fn leased_by(&self, name: &str) -> Option<Fingerprint> {
        let (account, token) = name.strip_suffix(".lease")?.rsplit_once('.')?;
        let ours = account == self.id.account.as_str();
        ours.then(|| Fingerprint::parse(token)).flatten()
    }

    /// The file by which a refresh that still runs is known, whose attempt the record says is pending: the
    /// room for its answer, or the record that it marked, where the room was removed.
    pub(super) fn claimed(&self) -> Result<Option<&Path>, StoreError> {
        for path in [&self.answer, &self.record] {
            if lock::is_claimed(path)? {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// The record's text, for a process that will write: the record must be its own, closed to others.
    /// `None` where there is no record.
    pub(super) fn read_for_writing(&self) -> Result<Option<Zeroizing<String>>, StoreError> {
        let Some(file) = permissions::open_for_reading(&self.record)? else {
            return Ok(None);
        };
        permissions::check_ours(&self.record, &file)?;
        read_text(&self.record, file).map(Some)
    }

    /// Puts a record in place by way of `.toml.new`. `Ok` with an error: it is in place, but a
    /// power loss may undo that. Where it is not, no tokens are left beside it.
    pub(super) fn put(&self, text: &str) -> Result<Option<StoreError>, StoreError> {
        replace::write_new(&self.new, text.as_bytes())?;
        self.put_in_place(&self.new).inspect_err(|_| {
            replace::remove(&self.new).ok();
        })
    }

    /// Renames a synced file over the record.
    pub(super) fn put_in_place(&self, from: &Path) -> Result<Option<StoreError>, StoreError> {
        replace::rename(from, &self.record)?;
        Ok(replace::sync_folder(&self.folder).err())
    }
}

/// The record of an account alone, for those who look at no other of its files.
pub(super) fn record_of(root: &Path, id: &AccountId) -> PathBuf {
    record_in(root.join(id.host.key()), id)
}

fn record_in(folder: PathBuf, id: &AccountId) -> PathBuf {
    let mut path = folder;
    path.push(id.account.as_str());
    // An account's name may have a dot in it, so this is no extension to be set.
    path.as_mut_os_string().push(".toml");
    path
}

/// A record's text; `None` where there is no record.
pub(super) fn read_record(path: &Path) -> Result<Option<Zeroizing<String>>, StoreError> {
    let file = permissions::open_for_reading(path)?;
    file.map(|file| read_text(path, file)).transpose()
}

/// Reads a file of text, up to the limit of records.
pub(super) fn read_text(path: &Path, file: File) -> Result<Zeroizing<String>, StoreError> {
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let length = usize::try_from(length).unwrap_or(0).min(RECORD_LIMIT + 1);
    let bytes = read_all(file, length).map_err(|error| StoreError::io("read", path, error));
    let mut bytes = bytes?;
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => {
            *bytes = error.into_bytes();
            let problem = record::Problem::Corrupt {
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
