//! What a login is: an account's record, its grants, the last attempt to refresh one, and the pure
//! rules on them. Nothing here reads a file, a clock or a network.

mod attempt;
mod decide;
mod host;
mod record;

pub use attempt::{Attempt, Ending, Failed, Outcome, Rotation, Seen};
pub use decide::{
    Asked, CheckVerdict, Checked, DEFAULT_MIN_TTL, MinTtl, Need, Stop, Verdict, decide, handed_out,
    living,
};
pub use host::{BadHost, Host, HostArg, Scheme, is_loopback};
pub use record::{
    AccountId, AccountName, AuthMethod, BadAccountName, BadEndpoint, Cause, Client, Content,
    Endpoint, Generation, GitPassword, Grant, GrantState, Identity, Independence, Login, LoginKind,
    Record, Replay, RotationEffect, Tombstone,
};
