//! What `doctor` and `store check` want to know of a shared store: findings as data. Nothing is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::SharedStore;
use super::address::Encryption;
use super::database::{CALL_LIMIT, Database};
use super::error::SharedError;
use super::keys::KeyId;
use super::seal;
use crate::credential::Ahead;
use crate::time::Timestamp;

/// What the database says of itself, and what glauth needs there.
#[derive(Debug)]
pub struct SharedReport {
    /// Whether the connection is encrypted.
    pub is_encrypted: bool,
    /// `15.18 (Debian …)`.
    pub version: String,
    /// `on`, `off`, `local`, `remote_write` or `remote_apply`: glauth raises what is lower than `on`.
    pub synchronous_commit: String,
    /// Whether a commit survives a power loss.
    pub fsync: bool,
    /// How far its clock is from this machine's.
    pub clock: Duration,
    /// Whether a pooler stands before it, which gives each statement another connection.
    pub is_pooled: bool,
    /// How many logins there are.
    pub logins: usize,
    /// The user that glauth connects as, as SQL has it.
    pub role: String,
    /// What this user may not do, such as `INSERT on glauth.record`.
    pub forbidden: Vec<String>,
    /// The keys of this machine, the one that seals first, and the others that something still needs.
    pub keys: Vec<KeyUse>,
    /// How many rows name no key that glauth could have written.
    pub without_key: usize,
}

/// A key, and what needs it.
#[derive(Debug)]
pub struct KeyUse {
    /// Which one.
    pub id: KeyId,
    /// Whether this machine has it.
    pub is_here: bool,
    /// How many logins in the database are sealed with it.
    pub logins: usize,
    /// How many answers and logins in this machine's journals are.
    pub journals: usize,
}

impl SharedStore {
    /// Asks the database about itself. `journals` is what this machine keeps until the database has it.
    pub fn examine(
        &self,
        clock: fn() -> Timestamp,
        journals: &[Vec<u8>],
    ) -> Result<SharedReport, SharedError> {
        let keys = self.keys()?;
        let address = self.address()?;
        let database = Database::connect(&address, Instant::now() + CALL_LIMIT)?;
        let before = clock();
        let rows = database.ask(
            "SELECT current_setting('server_version'), current_setting('synchronous_commit'), \
             current_setting('fsync') = 'on', \
             floor(extract(epoch from clock_timestamp()) * 1000)::int8, pg_backend_pid(), \
             quote_ident(current_user)",
            &[],
        )?;
        let after = clock();
        let again = database.ask("SELECT pg_backend_pid()", &[])?;
        let bad = |error: tokio_postgres::Error| database.unreadable(&error.to_string());
        let (Some(row), Some(again)) = (rows.first(), again.first()) else {
            return Err(database.unreadable("nothing came"));
        };
        let now = Timestamp::from_unix_millis(row.try_get(3).map_err(bad)?);
        let between = before.plus(after.since(before) / 2);
        let (pid, pid_again): (i32, i32) =
            (row.try_get(4).map_err(bad)?, again.try_get(0).map_err(bad)?);
        let mut used: BTreeMap<KeyId, usize> = BTreeMap::new();
        let (mut logins, mut without_key) = (0, 0);
        for row in database.ask("SELECT key_id FROM glauth.record", &[])? {
            let id: Vec<u8> = row.try_get(0).map_err(bad)?;
            match id.try_into() {
                Ok(id) => *used.entry(KeyId(id)).or_default() += 1,
                Err(_) => without_key += 1,
            }
            logins += 1;
        }
        Ok(SharedReport {
            is_encrypted: !matches!(address.encryption, Encryption::None),
            version: row.try_get(0).map_err(bad)?,
            synchronous_commit: row.try_get(1).map_err(bad)?,
            fsync: row.try_get(2).map_err(bad)?,
            clock: Ahead::of(now, between).distance(),
            is_pooled: pid != pid_again,
            logins,
            role: row.try_get(5).map_err(bad)?,
            forbidden: forbidden(&database)?,
            without_key,
            keys: key_uses(&keys.ids().collect::<Vec<_>>(), &used, journals),
        })
    }
}

/// Each key of this machine, and each one that a row or a journal is sealed with.
fn key_uses(own: &[KeyId], rows: &BTreeMap<KeyId, usize>, journals: &[Vec<u8>]) -> Vec<KeyUse> {
    let sealed: Vec<KeyId> = journals.iter().filter_map(|text| key_in(text)).collect();
    let others = rows.keys().chain(&sealed).filter(|id| !own.contains(id));
    let others: BTreeSet<&KeyId> = others.collect();
    let all = own.iter().chain(others);
    all.map(|id| KeyUse {
        id: *id,
        is_here: own.contains(id),
        logins: rows.get(id).copied().unwrap_or_default(),
        journals: sealed.iter().filter(|sealed| *sealed == id).count(),
    })
    .collect()
}

/// The key of what is sealed in a journal, after its first line.
fn key_in(journal: &[u8]) -> Option<KeyId> {
    let end = journal.iter().position(|byte| *byte == b'\n')?;
    seal::key_of(&journal[end + 1..]).ok()
}

/// What the user may not do in the tables. It is asked here so that it is found before the first refresh.
fn forbidden(database: &Database) -> Result<Vec<String>, SharedError> {
    let rows = database.ask(
        "SELECT what || ' on ' || name FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS what, \
         unnest(ARRAY['glauth.record', 'glauth.lease']) AS name WHERE NOT has_table_privilege(name, what)",
        &[],
    )?;
    let bad = |error: tokio_postgres::Error| database.unreadable(&error.to_string());
    rows.iter().map(|row| row.try_get(0).map_err(bad)).collect()
}
