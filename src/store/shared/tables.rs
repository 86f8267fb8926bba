//! The two tables: what makes them, and who may use them.

use super::database::Database;
use super::error::{Denied, SharedError};

/// What makes the tables; it can be run again.
pub const TABLES: &str = "\
CREATE SCHEMA IF NOT EXISTS glauth;
CREATE TABLE IF NOT EXISTS glauth.record (
  host text NOT NULL,
  account text NOT NULL,
  login text NOT NULL,
  begun timestamptz NOT NULL,
  generation bigint NOT NULL,
  sequence bigint NOT NULL,
  outcome text,
  attempt_id text,
  deadline timestamptz,
  written_by text NOT NULL,
  timeline text NOT NULL,
  key_id bytea NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (host, account)
);
CREATE TABLE IF NOT EXISTS glauth.lease (
  host text NOT NULL,
  account text NOT NULL,
  token_mac bytea NOT NULL,
  machine text NOT NULL,
  until timestamptz NOT NULL,
  PRIMARY KEY (host, account, token_mac, machine)
);
";

/// What lets a user of the database do what glauth does. `role` is a name as SQL has it.
#[must_use]
pub fn grants(role: &str) -> [String; 2] {
    [
        format!("GRANT USAGE ON SCHEMA glauth TO {role};"),
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON glauth.record, glauth.lease TO {role};"),
    ]
}

impl Database {
    /// Makes the tables, where they are not there: the user that glauth connects as need not be allowed to.
    pub fn make_tables(&self) -> Result<(), SharedError> {
        let there = self.ask(
            "SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
             WHERE n.nspname = 'glauth' AND c.relname IN ('record', 'lease')",
            &[],
        )?;
        if there.len() == 2 {
            return Ok(());
        }
        self.run(TABLES).map_err(|error| match error {
            SharedError::Refused {
                store,
                reason,
                denied: Denied::Tables,
            } => SharedError::Refused {
                store,
                reason,
                denied: Denied::NewTables,
            },
            other => other,
        })
    }
}
