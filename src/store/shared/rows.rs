//! Every statement about the two tables.
//!
//! `sequence` rises at every write of a record. A write says which one it has read, and changes nothing where another
//! process has written since.

mod leases;

use std::time::Duration;

use tokio_postgres::Row as SqlRow;
use tokio_postgres::types::{ToSql, Type};

use super::database::Database;
use super::error::SharedError;
use crate::credential::AccountId;
use crate::store::record::RECORD_LIMIT;
use crate::time::Timestamp;

/// The system identifier and the timeline of the database: another one means that the last commits may be missing.
const TIMELINE: &str = "(SELECT system_identifier FROM pg_control_system())::text || '/' || \
    left(pg_walfile_name(pg_current_wal_lsn()), 8)";

/// Raised to `on` for the statement that it is part of, and never lowered.
const DURABLE: &str = "(SELECT set_config('synchronous_commit', \
    CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true))";

/// `clock_timestamp()` and its like, in milliseconds since 1970; NULL for `infinity`.
fn millis(of: &str) -> String {
    format!("CASE WHEN isfinite({of}) THEN floor(extract(epoch from {of}) * 1000)::int8 END")
}

/// The most bytes of a sealed record, and characters of any other text, that are read; glauth writes less.
const SEALED_LIMIT: usize = 2 * RECORD_LIMIT;
const TEXT_LIMIT: usize = 1000;

/// What the database says of itself, at the moment of a read.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    /// Its clock.
    pub now: Timestamp,
    pub timeline: String,
    /// Whether a standby follows it.
    pub has_standby: bool,
}

/// A row of `glauth.record`.
#[derive(Debug, Clone)]
pub(super) struct SharedRow {
    pub login: String,
    pub begun: Timestamp,
    pub generation: u64,
    pub sequence: u64,
    pub outcome: Option<String>,
    pub attempt_id: Option<String>,
    pub deadline: Option<Timestamp>,
    pub written_by: String,
    pub timeline: String,
    pub sealed: Vec<u8>,
    /// The tokens on which the machine that asks has leases, by the names that they have here.
    pub leased_here: Vec<Vec<u8>>,
}

/// What becomes of the attempt in a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum AttemptChange<'a> {
    /// It is another process's, and goes on.
    Keep,
    /// None is pending.
    End,
    /// One begins, and other machines leave it alone for so long.
    Claim { id: &'a str, lasts: Duration },
}

/// What a write puts into a row.
#[derive(Debug)]
pub(super) struct RowChange<'a> {
    pub login: &'a str,
    pub generation: u64,
    pub outcome: Option<&'a str>,
    pub attempt: AttemptChange<'a>,
    pub written_by: &'a str,
    /// That of the row stays where the last commits may be missing, and with it the barrier.
    pub timeline: &'a str,
    pub key_id: &'a [u8],
    pub sealed: &'a [u8],
}

/// What a read has found, and what a write that rests on it must find again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read<'a> {
    pub login: &'a str,
    pub sequence: u64,
    pub attempt_id: Option<&'a str>,
    /// The database's own: behind a pooler, or after a failover, it can be another one.
    pub database: &'a str,
}

impl RowChange<'_> {
    /// The attempt's id, how long it lasts in milliseconds, and whether the row keeps its own.
    fn attempt(&self) -> (Option<&str>, Option<f64>, bool) {
        match self.attempt {
            AttemptChange::Keep => (None, None, true),
            AttemptChange::End => (None, None, false),
            AttemptChange::Claim { id, lasts } => (Some(id), Some(in_millis(lasts)), false),
        }
    }
}

impl Database {
    /// Reads the row of an account, and what the database says of itself in the same moment.
    ///
    /// `machine` is the one that asks, where it has ever taken a lease.
    pub fn read(
        &self,
        id: &AccountId,
        machine: Option<&str>,
    ) -> Result<(Moment, Option<SharedRow>), SharedError> {
        let statement = format!(
            "SELECT {now}, {TIMELINE}, left(r.login, {TEXT_LIMIT}), {begun}, r.generation, r.sequence, \
             left(r.outcome, {TEXT_LIMIT}), left(r.attempt_id, {TEXT_LIMIT}), \
             {deadline}, left(r.written_by, {TEXT_LIMIT}), left(r.timeline, {TEXT_LIMIT}), \
             CASE WHEN octet_length(r.sealed) <= {SEALED_LIMIT} THEN r.sealed END, \
             ARRAY(SELECT l.token_mac FROM glauth.lease AS l WHERE l.host = $1 AND l.account = $2 \
             AND l.machine = $3 AND octet_length(l.token_mac) = 32 LIMIT 1000), EXISTS (SELECT FROM pg_stat_replication) \
             FROM (SELECT 1) AS one LEFT JOIN glauth.record AS r ON r.host = $1 AND r.account = $2",
            now = millis("clock_timestamp()"),
            begun = millis("r.begun"),
            deadline = millis("r.deadline"),
        );
        let (host, account) = (id.host.to_string(), id.account.to_string());
        let values: [(&(dyn ToSql + Sync), Type); 3] = [
            (&host, Type::TEXT),
            (&account, Type::TEXT),
            (&machine, Type::TEXT),
        ];
        let rows = self.ask(&statement, &values)?;
        let row = rows
            .first()
            .ok_or_else(|| self.unreadable("nothing came"))?;
        self.parsed(row)
    }

    fn parsed(&self, row: &SqlRow) -> Result<(Moment, Option<SharedRow>), SharedError> {
        let bad = |error: tokio_postgres::Error| self.unreadable(&error.to_string());
        let moment = Moment {
            now: Timestamp::from_unix_millis(row.try_get(0).map_err(bad)?),
            timeline: row.try_get(1).map_err(bad)?,
            has_standby: row.try_get(13).map_err(bad)?,
        };
        let Some(login) = self.text(row, 2)? else {
            return Ok((moment, None));
        };
        let number =
            |value: i64| u64::try_from(value).map_err(|_| self.unreadable("a number is negative"));
        let time = |at: usize| -> Result<Option<Timestamp>, SharedError> {
            let millis: Option<i64> = row.try_get(at).map_err(bad)?;
            Ok(millis.map(Timestamp::from_unix_millis))
        };
        let missing = |what: &str| self.unreadable(&format!("`{what}` is none that glauth wrote"));
        let sealed: Option<Vec<u8>> = row.try_get(11).map_err(bad)?;
        let found = SharedRow {
            login,
            begun: time(3)?.ok_or_else(|| missing("begun"))?,
            generation: number(row.try_get(4).map_err(bad)?)?,
            sequence: number(row.try_get(5).map_err(bad)?)?,
            outcome: self.text(row, 6)?,
            attempt_id: self.text(row, 7)?,
            deadline: time(8)?,
            written_by: self.text(row, 9)?.ok_or_else(|| missing("written_by"))?,
            timeline: self.text(row, 10)?.ok_or_else(|| missing("timeline"))?,
            sealed: sealed.ok_or_else(|| missing("sealed"))?,
            leased_here: row.try_get(12).map_err(bad)?,
        };
        Ok((moment, Some(found)))
    }

    /// A text of a row. What is not sealed could be written by any user of the database, and goes into files and onto
    /// terminals.
    fn text(&self, row: &SqlRow, at: usize) -> Result<Option<String>, SharedError> {
        let text: Option<String> = row
            .try_get(at)
            .map_err(|error| self.unreadable(&error.to_string()))?;
        match text {
            Some(text) if text.chars().count() >= TEXT_LIMIT || text.contains(char::is_control) => {
                Err(self.unreadable("a text is too long, or has a control character"))
            }
            text => Ok(text),
        }
    }

    /// Adds the first row of an account; `None`: another process has added one.
    pub fn insert(
        &self,
        id: &AccountId,
        change: &RowChange<'_>,
    ) -> Result<Option<Written>, SharedError> {
        let statement = format!(
            "INSERT INTO glauth.record (host, account, login, begun, generation, sequence, outcome, attempt_id, \
             deadline, written_by, timeline, key_id, sealed) \
             SELECT $1, $2, $3, clock_timestamp(), $4, 1, $5, $6, \
             clock_timestamp() + $7 * interval '1 millisecond', $8, $9, $10, $11 \
             WHERE {DURABLE} IS NOT NULL \
             ON CONFLICT (host, account) DO NOTHING RETURNING sequence, {begun}",
            begun = millis("begun"),
        );
        let (host, account) = (id.host.to_string(), id.account.to_string());
        let generation = signed(change.generation);
        let (attempt_id, deadline, _) = change.attempt();
        let rows = self.change(
            &statement,
            &[
                (&host, Type::TEXT),
                (&account, Type::TEXT),
                (&change.login, Type::TEXT),
                (&generation, Type::INT8),
                (&change.outcome, Type::TEXT),
                (&attempt_id, Type::TEXT),
                (&deadline, Type::FLOAT8),
                (&change.written_by, Type::TEXT),
                (&change.timeline, Type::TEXT),
                (&change.key_id, Type::BYTEA),
                (&change.sealed, Type::BYTEA),
            ],
        )?;
        self.written(&rows)
    }

    /// Writes a row as long as it is the one that was read; `None`: another process has written it since. A new login
    /// begins now. `condition` is what else must hold.
    pub fn update(
        &self,
        id: &AccountId,
        read: Read<'_>,
        change: &RowChange<'_>,
        condition: &Condition<'_>,
    ) -> Result<Option<Written>, SharedError> {
        let statement = format!(
            "UPDATE glauth.record SET login = $7, \
             begun = CASE WHEN login = $7 THEN begun ELSE greatest(clock_timestamp(), begun + interval '1 millisecond') END, \
             generation = $8, sequence = sequence + 1, outcome = $9, \
             attempt_id = CASE WHEN $10 THEN attempt_id ELSE $11 END, \
             deadline = CASE WHEN $10 THEN deadline ELSE clock_timestamp() + $12 * interval '1 millisecond' END, \
             written_by = $13, timeline = $14, key_id = $15, sealed = $16 \
             WHERE host = $1 AND account = $2 AND login = $3 AND sequence = $4 \
             AND attempt_id IS NOT DISTINCT FROM $5 AND {TIMELINE} = $6 AND {DURABLE} IS NOT NULL \
             AND (NOT $17 OR outcome IS DISTINCT FROM 'pending' OR deadline < clock_timestamp()) \
             AND ($18::bytea[] IS NULL OR NOT EXISTS (SELECT FROM glauth.lease AS l WHERE l.host = $1 \
                  AND l.account = $2 AND l.token_mac = ANY ($18) AND l.machine <> $19 \
                  AND l.until > clock_timestamp())) \
             RETURNING sequence, {begun}",
            begun = millis("begun"),
        );
        let (host, account) = (id.host.to_string(), id.account.to_string());
        let (sequence, generation) = (signed(read.sequence), signed(change.generation));
        let (attempt_id, lasts, keeps_attempt) = change.attempt();
        let (tokens, machine) = condition.no_lease.unzip();
        let rows = self.change(
            &statement,
            &[
                (&host, Type::TEXT),
                (&account, Type::TEXT),
                (&read.login, Type::TEXT),
                (&sequence, Type::INT8),
                (&read.attempt_id, Type::TEXT),
                (&read.database, Type::TEXT),
                (&change.login, Type::TEXT),
                (&generation, Type::INT8),
                (&change.outcome, Type::TEXT),
                (&keeps_attempt, Type::BOOL),
                (&attempt_id, Type::TEXT),
                (&lasts, Type::FLOAT8),
                (&change.written_by, Type::TEXT),
                (&change.timeline, Type::TEXT),
                (&change.key_id, Type::BYTEA),
                (&change.sealed, Type::BYTEA),
                (&condition.none_pending, Type::BOOL),
                (&tokens, Type::BYTEA_ARRAY),
                (&machine, Type::TEXT),
            ],
        )?;
        self.written(&rows)
    }

    fn written(&self, rows: &[SqlRow]) -> Result<Option<Written>, SharedError> {
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let bad = |error: tokio_postgres::Error| self.unreadable(&error.to_string());
        let sequence: i64 = row.try_get(0).map_err(bad)?;
        Ok(Some(Written {
            sequence: u64::try_from(sequence).unwrap_or_default(),
            begun: Timestamp::from_unix_millis(row.try_get(1).map_err(bad)?),
        }))
    }

    /// The accounts that have a row.
    pub fn accounts(&self) -> Result<Vec<(String, String)>, SharedError> {
        let rows = self.ask(
            &format!(
                "SELECT host, account FROM glauth.record \
                 WHERE length(host) < {TEXT_LIMIT} AND length(account) < {TEXT_LIMIT} ORDER BY host, account"
            ),
            &[],
        )?;
        let bad = |error: tokio_postgres::Error| self.unreadable(&error.to_string());
        rows.iter()
            .map(|row| Ok((row.try_get(0).map_err(bad)?, row.try_get(1).map_err(bad)?)))
            .collect()
    }

    /// Removes a row as long as it is the one that was read.
    pub fn remove(&self, id: &AccountId, read: Read<'_>) -> Result<bool, SharedError> {
        let statement = format!(
            "WITH gone AS (DELETE FROM glauth.record WHERE host = $1 AND account = $2 AND login = $3 \
             AND sequence = $4 AND {TIMELINE} = $5 AND {DURABLE} IS NOT NULL RETURNING 1), \
             leases AS (DELETE FROM glauth.lease WHERE host = $1 AND account = $2 AND EXISTS (SELECT FROM gone)) \
             SELECT FROM gone"
        );
        let (host, account) = (id.host.to_string(), id.account.to_string());
        let sequence = signed(read.sequence);
        let rows = self.change(
            &statement,
            &[
                (&host, Type::TEXT),
                (&account, Type::TEXT),
                (&read.login, Type::TEXT),
                (&sequence, Type::INT8),
                (&read.database, Type::TEXT),
            ],
        )?;
        Ok(!rows.is_empty())
    }
}

/// What a write has left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    pub sequence: u64,
    /// When the login began, by the database's clock.
    pub begun: Timestamp,
}

/// What must hold besides what was read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Condition<'a> {
    /// No attempt is pending, or its time is over.
    pub none_pending: bool,
    /// No machine but this one has a lease on the token that has one of these names.
    pub no_lease: Option<(&'a [Vec<u8>], &'a str)>,
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn in_millis(length: Duration) -> f64 {
    length.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests;
