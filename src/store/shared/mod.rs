//! A store that several machines share, in a PostgreSQL database (ARCHITECTURE.md, "A store for several machines").
//!
//! Each machine has a folder of its own for it: its locks are the gate, its records the caches, and its journal has an
//! answer until the database has it.

mod address;
mod database;
mod error;
mod examine;
mod keys;
mod password;
mod place;
mod rows;
mod seal;
mod tables;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

pub use address::{has_password, is_shared, without_password};
pub use error::{Denied, SharedError};
pub use examine::{KeyUse, SharedReport};
pub use keys::{BadKeys, KeyId, new_line as new_key, with_another as with_another_key};
pub use place::{CLAIM, HESITATION};
pub(super) use place::{JOURNAL_GROWTH, NEXT_DELIVERY, OpenedRow, SharedPlace, is_ahead};
pub use tables::{TABLES, grants};

use address::{DatabaseAddress, NamedIn};
use database::{CALL_LIMIT, Database};
use keys::Keys;

use crate::credential::{AccountId, Host};
use crate::env;
use crate::fault::hastened;
use crate::secret::{AccessToken, sha256_hex};
use crate::store::error::LockError;
use crate::store::files::{Awaited, Wait};
use crate::user_file;

/// The largest key file that is read, in bytes.
pub const KEYS_LIMIT: u64 = 64 * 1024;

/// A shared store, as it was named. Nothing is read or connected before it is needed: a fresh token needs neither (P9).
#[derive(Clone)]
pub(super) struct SharedStore {
    /// With the password, where it has one.
    text: Zeroizing<String>,
    has_password: bool,
}

impl std::fmt::Debug for SharedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SharedStore({:?})", without_password(&self.text))
    }
}

impl SharedStore {
    pub fn new(address: String) -> Self {
        Self {
            has_password: has_password(&address),
            text: Zeroizing::new(address),
        }
    }

    /// Whether its address has a password in it.
    pub fn has_password(&self) -> bool {
        self.has_password
    }

    /// The folder of this machine for it: called like its address, so that a fresh token needs no digest. Empty: no home is
    /// known.
    pub fn cache_folder(&self) -> PathBuf {
        let shown;
        let address = if self.has_password {
            shown = self.shown();
            &shown
        } else {
            &*self.text
        };
        let name = utf8_percent_encode(address, NOT_IN_NAMES);
        let Some(mut folder) = env::cache_folder() else {
            return PathBuf::new();
        };
        // A byte becomes three at most.
        if 3 * address.len() <= NAME_LIMIT
            || name.clone().map(str::len).sum::<usize>() <= NAME_LIMIT
        {
            let path = folder.as_mut_os_string();
            path.reserve(1 + NAME_LIMIT);
            path.push("/");
            name.for_each(|part| path.push(part));
            return folder;
        }
        let name = name.to_string();
        folder.join(name[..NAME_LIMIT - DIGEST].to_owned() + &sha256_hex(&[address]))
    }

    /// Its address as it may be shown.
    pub fn shown(&self) -> String {
        without_password(&self.text)
    }

    /// Makes the tables.
    pub fn make_tables(&self) -> Result<(), SharedError> {
        Database::connect(&self.address()?, Instant::now() + CALL_LIMIT)?.make_tables()
    }

    /// The accounts in the database.
    pub fn accounts(&self) -> Result<Vec<AccountId>, SharedError> {
        let database = Database::connect(&self.address()?, Instant::now() + CALL_LIMIT)?;
        let rows = database.accounts()?.into_iter();
        let ids = rows.filter_map(|(host, account)| {
            Some(AccountId {
                host: Host::from_record(&host)?,
                account: account.parse().ok()?,
            })
        });
        Ok(ids.collect())
    }

    /// The names that the database may have for an access token.
    pub fn names_of(&self, token: &AccessToken) -> Result<Vec<Vec<u8>>, SharedError> {
        Ok(self.keys()?.names_of(token))
    }

    /// Whether a machine other than this one has a lease on the token that has one of these names.
    pub fn is_leased(
        &self,
        id: &AccountId,
        names: &[Vec<u8>],
        machine: &str,
        deadline: Instant,
    ) -> Result<bool, SharedError> {
        let deadline = deadline.min(Instant::now() + CALL_LIMIT);
        Database::connect(&self.address()?, deadline)?.is_leased(id, names, machine)
    }

    /// Whether it can be read as an address.
    pub fn check_address(&self) -> Result<(), SharedError> {
        self.address().map(drop)
    }

    fn address(&self) -> Result<DatabaseAddress, SharedError> {
        // None stands in the arguments of a process, so the same address in the environment may have the password.
        let named = env::option("GLAUTH_STORE").and_then(|named| named.into_string().ok());
        let named = named.map(Zeroizing::new);
        let named = named.filter(|named| without_password(named) == *self.text);
        let text = named.as_ref().unwrap_or(&self.text);
        DatabaseAddress::parse(text, NamedIn::Environment).map_err(|error| SharedError::Address {
            reason: error.to_string(),
            instead: error.instead().map(ToOwned::to_owned),
        })
    }

    fn keys(&self) -> Result<Keys, SharedError> {
        let path = env::key_file().ok_or_else(|| SharedError::NoKeys {
            store: self.shown(),
        })?;
        let file = |reason: String, is_open: bool| SharedError::File {
            path: path.clone(),
            reason,
            is_open,
            named_by: Some(env::key_file_named_by().to_owned()),
        };
        let text = user_file::read_secret(&path, KEYS_LIMIT)
            .map_err(|error| file(error.to_string(), error.is_of_mode()))?;
        Keys::parse(&text).map_err(|error| file(error.to_string(), false))
    }
}

/// A part of a pause, between a tenth and all of it: processes that wait for one thing do not ask for it at once.
fn jittered(pause: Duration) -> Duration {
    let mut byte = [0];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut byte).ok();
    pause / 10 + pause.mul_f64(f64::from(byte[0]) / 255.0 * 0.9)
}

/// A new random name, of 128 bits; `None`: the system gives no random numbers.
pub(super) fn random_name() -> Option<String> {
    let mut bytes = [0; 16];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes).ok()?;
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

/// How long a process waits at most between two looks at an attempt of another machine.
const LOOK: Duration = Duration::from_secs(2);

/// A wait for what processes on other machines do, with no lock in hand.
pub(super) struct Elsewhere {
    started: Instant,
    /// For whom it has said that it waits.
    told: Option<String>,
}

impl Elsewhere {
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            told: None,
        }
    }

    /// Waits a moment for the process `by`.
    pub fn wait_for(&mut self, by: String, wait: &Wait<'_>) -> Result<(), LockError> {
        let left = wait.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(LockError::Timeout {
                holder: Some(by),
                waited: self.started.elapsed(),
            });
        }
        if self.told.as_ref() != Some(&by) {
            (wait.on_wait)(Awaited::Elsewhere(&by));
            self.told = Some(by);
        }
        sleep(jittered(hastened(LOOK)).min(left));
        Ok(())
    }
}

/// A database has nothing to wait on: what another machine does is found by looking again.
#[expect(clippy::disallowed_methods, reason = "every wait here has a deadline")]
fn sleep(length: Duration) {
    std::thread::sleep(length);
}

/// When a machine looks once more at a row into which it has put an answer: well before another machine that finds a
/// failover has waited for its barrier, and later than a standby is behind.
const LOOK_ONCE_MORE: Duration = Duration::from_secs(60);
const _: () = assert!(LOOK_ONCE_MORE.as_secs() < CLAIM.as_secs());

/// The pause before that.
pub(super) fn pause_before_looking_once_more() {
    sleep(hastened(LOOK_ONCE_MORE));
}

/// A moment between two tries to reach the database.
pub(super) fn pause() {
    sleep(jittered(hastened(LOOK)));
}

/// What a folder's name has encoded: all but letters, digits and `-._@`.
const NOT_IN_NAMES: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'@');

/// The longest name of a folder that every file system takes, and what of it a digest takes, in bytes.
const NAME_LIMIT: usize = 255;
const DIGEST: usize = 64;

#[cfg(test)]
mod tests;
