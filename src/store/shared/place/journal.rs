//! The journal: an answer, or a login, that the database may not have, sealed. An answer stays there after the database
//! has taken it, until a later one takes its place: a failover can lose the last commits.
//!
//! ```text
//! glauth-journal-1 answer LOGIN GENERATION ATTEMPT\n
//! glauth-journal-1 login LOGIN GENERATION THE-LOGIN-BEFORE\n
//! the sealed record, with the times of this machine
//! ```

use super::{SharedPlace, merge, rules};
use crate::store::error::StoreError;
use crate::store::record::{self, Format, Full};
use crate::store::reread::Put;
use crate::store::reread::RevocableToken;
use crate::store::shared::error::SharedError;
use crate::store::shared::rows::SharedRow;
use crate::store::shared::seal::{self, Purpose, Whose};

const HEAD: &str = "glauth-journal-1";

/// What the journal of any glauth begins with.
const ANY_HEAD: &str = "glauth-journal-";

/// How long the first line can be.
const HEAD_LIMIT: usize = 200;

/// How much longer the journal can be than the record that is sealed in it.
pub(in crate::store) const JOURNAL_GROWTH: usize = HEAD_LIMIT + 64;

/// No login before.
const NONE: &str = "-";

/// What is in the journal.
struct JournalEntry {
    login: String,
    what: Journaled,
    full: Full,
}

enum Journaled {
    /// The answer to an attempt.
    Answer { attempt: String },
    /// A login that takes the place of this one.
    Login { before: Option<String> },
}

/// What is to be done about an entry.
#[derive(PartialEq, Eq)]
enum Fate {
    /// The row has it, or a later one.
    Delivered,
    /// It was put into the row.
    Delivers,
    /// Its login is gone.
    Orphan,
    /// Nothing can be said while the database lacks commits.
    Waits,
}

impl SharedPlace {
    /// The journal's text for the answer to an attempt.
    pub(super) fn sealed_answer(
        &self,
        full: &Full,
        login: &str,
        attempt: &str,
    ) -> Result<Vec<u8>, StoreError> {
        self.sealed_entry(full, "answer", login, attempt)
    }

    /// The journal's text for a login that takes the place of `before`.
    pub(super) fn sealed_login(
        &self,
        full: &Full,
        login: &str,
        before: Option<&str>,
    ) -> Result<Vec<u8>, StoreError> {
        self.sealed_entry(full, "login", login, before.unwrap_or(NONE))
    }

    fn sealed_entry(
        &self,
        full: &Full,
        what: &str,
        login: &str,
        word: &str,
    ) -> Result<Vec<u8>, StoreError> {
        let generation = full.record.generation();
        let text = record::render(full)
            .map_err(|_| self.local.unusable("it is too large for the journal"))?;
        let whose = self.journal_of(login, generation);
        let sealed =
            seal::seal(self.keys()?, &whose, text.as_bytes()).ok_or(SharedError::NoRandom)?;
        let mut journal = format!("{HEAD} {what} {login} {generation} {word}\n").into_bytes();
        journal.extend(sealed);
        Ok(journal)
    }

    fn journal_of<'a>(&'a self, login: &'a str, generation: u64) -> Whose<'a> {
        Whose {
            id: self.local.id(),
            login,
            generation,
            purpose: Purpose::Journal,
        }
    }

    /// Puts what processes have left in the journal into the row. `true`: the row has changed.
    pub(super) fn deliver_left(&self, row: Option<&SharedRow>) -> Result<bool, StoreError> {
        let mut fates = Vec::new();
        for bytes in self.local.journals()? {
            if let Some(entry) = self.entry_in(&bytes, row)? {
                let fate = self.deliver_entry(&entry, row)?;
                if fate == Fate::Orphan {
                    self.note_orphan(&entry.full);
                }
                fates.push(fate);
            }
        }
        if fates.contains(&Fate::Delivers) {
            // What is in the room for an answer would go with the next reservation.
            self.local.keep_answer_as_journal();
            return Ok(true);
        }
        Ok(false)
    }

    /// The same with what lies in a rescue place as the answers that the row's refresh tokens were spent for.
    pub(super) fn deliver_rescued(&self, row: &SharedRow, full: &Full) -> Result<bool, StoreError> {
        let mut delivers = false;
        for spent in full.refresh_tokens.iter().flatten() {
            for bytes in self.local.rescued_bytes(spent) {
                let Some(entry) = self.entry_in(&bytes?, Some(row))? else {
                    continue;
                };
                if self.deliver_entry(&entry, Some(row))? == Fate::Delivers {
                    self.local.forget_rescued(spent);
                    delivers = true;
                }
            }
        }
        Ok(delivers)
    }

    fn deliver_entry(
        &self,
        entry: &JournalEntry,
        row: Option<&SharedRow>,
    ) -> Result<Fate, StoreError> {
        let found = row.map(|row| &*row.login);
        if found == Some(&*entry.login) {
            let Journaled::Answer { attempt } = &entry.what else {
                // It must not come back once the row has another one.
                self.local.remove_login_journal();
                return Ok(Fate::Delivered);
            };
            let is_news = match row {
                Some(row) => merge::has_news(&self.opened(row)?, &entry.full),
                None => false,
            };
            if !is_news {
                return Ok(Fate::Delivered);
            }
            self.deliver(&entry.full, &entry.login, attempt, false)?;
            return Ok(Fate::Delivers);
        }
        if self.lost().is_some() {
            return Ok(Fate::Waits);
        }
        match &entry.what {
            Journaled::Login { before } if before.as_deref() == found => self.put_again(entry, row),
            Journaled::Login { .. } => {
                let found = row.map(|row| self.opened(row)).transpose()?;
                let has_ended = rules::has_ended(found.as_ref().map(|found| &found.record));
                Ok(if has_ended {
                    Fate::Orphan
                } else {
                    Fate::Delivered
                })
            }
            Journaled::Answer { attempt } => {
                let found = row.map(|row| self.opened(row)).transpose()?;
                let found = found.as_ref().map(|found| &found.record);
                let is_orphan = rules::is_orphan(&self.state.borrow().note, attempt, found);
                Ok(if is_orphan {
                    Fate::Orphan
                } else {
                    Fate::Delivered
                })
            }
        }
    }

    /// Stores a login of which nothing was heard.
    fn put_again(&self, entry: &JournalEntry, row: Option<&SharedRow>) -> Result<Fate, StoreError> {
        let mut full = super::copy(&entry.full);
        let before = row.map_or(0, |row| row.generation);
        if let Some(login) = full.login_mut() {
            login.count_on_from(before);
        }
        match self.put_login_called(&full, &entry.login)? {
            Put::Done(_) => Ok(Fate::Delivers),
            Put::Changed(_) => Err(self.changed().into()),
        }
    }

    /// An answer whose login is gone is to be ended at the server: by one that can ask it.
    fn note_orphan(&self, full: &Full) {
        let Some(login) = full.record.login() else {
            return;
        };
        let tokens = full.refresh_tokens.iter().flatten().cloned();
        let orphans = tokens.map(|token| (login.client.clone(), RevocableToken::Refresh(token)));
        self.state.borrow_mut().orphans.extend(orphans);
    }

    /// What a journal says; `None`: it is not whole, or none. One that this glauth or this machine cannot read is an error:
    /// the spent token must not be presented again.
    fn entry_in(
        &self,
        bytes: &[u8],
        row: Option<&SharedRow>,
    ) -> Result<Option<JournalEntry>, StoreError> {
        let mut start = bytes.iter().take(HEAD_LIMIT);
        let Some(end) = start.position(|byte| *byte == b'\n') else {
            return Ok(None);
        };
        let head = String::from_utf8_lossy(&bytes[..end]);
        if !head.starts_with(ANY_HEAD) {
            return Ok(None);
        }
        let newer = || self.sealed_error("its journal is of a later glauth".to_owned(), true);
        let words: Vec<&str> = head.split(' ').collect();
        let [HEAD, what, login, generation, word] = words[..] else {
            return Err(newer());
        };
        let what = match what {
            "answer" => Journaled::Answer {
                attempt: word.to_owned(),
            },
            "login" => Journaled::Login {
                before: (word != NONE).then(|| word.to_owned()),
            },
            _ => return Err(newer()),
        };
        let generation = generation.parse().map_err(|_| newer())?;
        let whose = self.journal_of(login, generation);
        let text = match seal::open(self.keys()?, &whose, &bytes[end + 1..]) {
            Ok(text) => text,
            Err(seal::NotOpened::Damaged) => return Ok(None),
            // A key that was replaced since: the row has the answer, or a later one.
            Err(seal::NotOpened::NoKey(_)) if is_in(row, login, generation) => return Ok(None),
            Err(error) => {
                let is_newer = matches!(error, seal::NotOpened::Newer(_));
                return Err(self.sealed_error(error.to_string(), is_newer));
            }
        };
        let text = std::str::from_utf8(&text).unwrap_or_default();
        match record::parse_whole(text, self.local.id(), Format::Record) {
            Ok(full) => Ok(Some(JournalEntry {
                login: login.to_owned(),
                what,
                full,
            })),
            Err(record::Problem::Version(_)) => Err(newer()),
            Err(problem) => Err(self.sealed_error(format!("{problem:?}"), false)),
        }
    }

    pub(super) fn sealed_error(&self, reason: String, is_newer: bool) -> StoreError {
        let account = self.local.id().to_string();
        SharedError::Sealed {
            account,
            reason,
            is_newer,
        }
        .into()
    }
}

fn is_in(row: Option<&SharedRow>, login: &str, generation: u64) -> bool {
    row.is_some_and(|row| row.login == login && row.generation >= generation)
}
