//! What the cache of a shared login notes beside the record: the record's own keys, and no refresh token.

use crate::time::Timestamp;

/// What this machine knows of the row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::store) struct CacheNote {
    /// The random id of the login.
    pub login: String,
    /// The row's sequence when this was written; zero: nothing of the row was seen.
    pub sequence: u64,
    /// The highest generation of this login that the machine has seen: a row below it has lost commits.
    pub seen: u64,
    /// When that login began, and of which database and timeline that was read: an older one has lost commits.
    pub begun: Option<Timestamp>,
    pub database: Option<String>,
    /// A standby follows the database: a failover can lose the last commits.
    pub has_standby: bool,
    /// The journal has an answer that is not in the row yet.
    pub undelivered: bool,
    /// Until when no process begins a delivery because it sees that: one has tried.
    pub deliver_at: Option<Timestamp>,
    /// The attempt that this machine has begun.
    pub reservation: Option<Reservation>,
    /// Until when another machine may be refreshing, and which process there.
    pub elsewhere_until: Option<Timestamp>,
    pub elsewhere_by: Option<String>,
    /// When the row was looked at last.
    pub asked_at: Option<Timestamp>,
    /// Until when the database is left alone, since it could not be reached, and why.
    pub away_until: Option<Timestamp>,
    pub away_because: Option<String>,
}

/// An attempt of this machine's: by this, the next process that has the lock knows that its owner has died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Reservation {
    /// As in the row.
    pub attempt: String,
    /// Nothing of it was sent.
    pub unsent: bool,
    /// The start of the machine that it was made in.
    pub boot: u64,
    /// The inode of the lock that its owner holds.
    pub lock: u64,
}
