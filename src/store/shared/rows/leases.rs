//! The statements about `glauth.lease`.

use tokio_postgres::types::Type;

use super::{DURABLE, Read, TIMELINE, signed};
use crate::credential::AccountId;
use crate::store::shared::database::Database;
use crate::store::shared::error::SharedError;
use crate::time::Timestamp;

impl Database {
    /// Notes that a machine has a lease on a token, as long as the row is the one that was read and no attempt is
    /// pending. Returns the row's next sequence: a claim that rests on the one before fails.
    pub fn lease(
        &self,
        id: &AccountId,
        read: Read<'_>,
        token: &[u8],
        machine: &str,
        until: Option<Timestamp>,
    ) -> Result<Option<u64>, SharedError> {
        let statement = format!(
            "WITH bumped AS (UPDATE glauth.record SET sequence = sequence + 1 WHERE host = $1 AND account = $2 \
             AND login = $3 AND sequence = $4 AND outcome IS DISTINCT FROM 'pending' AND {TIMELINE} = $8 \
             AND {DURABLE} IS NOT NULL RETURNING sequence), \
             kept AS (INSERT INTO glauth.lease (host, account, token_mac, machine, until) \
             SELECT $1, $2, $5, $6, coalesce(to_timestamp($7::float8 / 1000), 'infinity') FROM bumped \
             ON CONFLICT (host, account, token_mac, machine) DO UPDATE SET until = excluded.until RETURNING 1) \
             SELECT sequence FROM bumped"
        );
        let (host, account) = (id.host.to_string(), id.account.to_string());
        let sequence = signed(read.sequence);
        let until = until.map(in_float_millis);
        let rows = self.change(
            &statement,
            &[
                (&host, Type::TEXT),
                (&account, Type::TEXT),
                (&read.login, Type::TEXT),
                (&sequence, Type::INT8),
                (&token, Type::BYTEA),
                (&machine, Type::TEXT),
                (&until, Type::FLOAT8),
                (&read.database, Type::TEXT),
            ],
        )?;
        let bad = |error: tokio_postgres::Error| self.unreadable(&error.to_string());
        let sequence: Option<i64> = rows
            .first()
            .map(|row| row.try_get(0).map_err(bad))
            .transpose()?;
        Ok(sequence.and_then(|sequence| u64::try_from(sequence).ok()))
    }

    /// Notes a lease on a token of a login that is not in the row yet.
    pub fn bring_lease(
        &self,
        id: &AccountId,
        token: &[u8],
        machine: &str,
        until: Option<Timestamp>,
    ) -> Result<(), SharedError> {
        let statement = format!(
            "INSERT INTO glauth.lease (host, account, token_mac, machine, until) \
             SELECT $1, $2, $3, $4, coalesce(to_timestamp($5::float8 / 1000), 'infinity') WHERE {DURABLE} IS NOT NULL \
             ON CONFLICT (host, account, token_mac, machine) DO UPDATE SET until = excluded.until"
        );
        let (host, account) = (id.host.to_string(), id.account.to_string());
        let until = until.map(in_float_millis);
        self.change(
            &statement,
            &[
                (&host, Type::TEXT),
                (&account, Type::TEXT),
                (&token, Type::BYTEA),
                (&machine, Type::TEXT),
                (&until, Type::FLOAT8),
            ],
        )
        .map(drop)
    }

    /// Whether another machine has a lease on the token that has one of these names.
    pub fn is_leased(
        &self,
        id: &AccountId,
        tokens: &[Vec<u8>],
        machine: &str,
    ) -> Result<bool, SharedError> {
        let (host, account) = (id.host.to_string(), id.account.to_string());
        let rows = self.ask(
            "SELECT FROM glauth.lease WHERE host = $1 AND account = $2 AND token_mac = ANY ($3) AND machine <> $4 \
             AND until > clock_timestamp()",
            &[
                (&host, Type::TEXT),
                (&account, Type::TEXT),
                (&tokens, Type::BYTEA_ARRAY),
                (&machine, Type::TEXT),
            ],
        )?;
        Ok(!rows.is_empty())
    }

    /// Removes the leases of a machine that are on none of these tokens, and those of every machine whose time is over.
    pub fn sweep_leases(
        &self,
        id: &AccountId,
        held: &[Vec<u8>],
        machine: &str,
    ) -> Result<(), SharedError> {
        let (host, account) = (id.host.to_string(), id.account.to_string());
        self.change(
            "DELETE FROM glauth.lease WHERE host = $1 AND account = $2 \
             AND (until < clock_timestamp() OR (machine = $3 AND token_mac <> ALL ($4)))",
            &[
                (&host, Type::TEXT),
                (&account, Type::TEXT),
                (&machine, Type::TEXT),
                (&held, Type::BYTEA_ARRAY),
            ],
        )
        .map(drop)
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of this era fit")]
fn in_float_millis(at: Timestamp) -> f64 {
    at.unix_millis() as f64
}
