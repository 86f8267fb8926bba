//! What a login is: an account's record, its grants, the last attempt to refresh one, and the pure
//! rules on them. Nothing here reads a file, a clock or a network.

mod attempt;
mod client;
#[cfg(feature = "postgres")]
mod clocks;
mod decide;
mod endpoints;
mod failure;
mod host;
mod need;
mod order;
mod outcome;
mod record;
mod redirect_uri;
mod refusal;
mod registry;
mod standby;
mod verdict;

pub use attempt::{Ending, Failed, Rotation, Seen};
pub use client::{
    AuthMethod, BadEndpoint, Client, ClientKey, Endpoint, Independence, LoginMeans, Management,
    OwnRegistration, ReuseDetection, RotationEffect,
};
#[cfg(feature = "postgres")]
pub use clocks::Ahead;
pub use decide::{backoff, decide, handed_out, living};
pub use endpoints::{EndpointName, Endpoints};
pub use failure::{asks_first, fall_back, goes_on};
pub use host::{BadHost, Host, HostArg, Scheme, is_loopback};
pub use need::{Asked, CheckVerdict, Checked, DEFAULT_MIN_TTL, Demand, EXEC_MIN_TTL, MinTtl};
#[cfg(test)]
pub(crate) use outcome::OUTCOMES;
pub use outcome::{Attempt, Cause, Outcome};
pub use record::{
    AccountId, AccountName, BadAccountName, Content, Generation, GitPassword, Grant, GrantState,
    Identity, IssuedBoot, Login, LoginKind, MOVED, Record, Refusals, Tombstone,
};
pub use redirect_uri::{BadRedirectUri, RedirectUri};
pub use refusal::{LONGEST_WAIT, LONGEST_WAIT_UNSENT, pause};
pub use registry::{DOCKER_HUB, known_host, known_registries, registry};
pub use standby::Standby;
pub use verdict::{Stop, Verdict};

#[cfg(test)]
pub(crate) mod tests;
