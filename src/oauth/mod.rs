//! The protocol: what is sent to an authorization server and what its answers mean. Knows no
//! files.

mod check;
mod exchange;
mod provider;
mod revoke;
mod token_response;

pub use check::check;
pub use exchange::{ANSWER_LIMIT_TIME, Exchanged, refresh};
pub use provider::{PROVIDERS, Provider, provider};
pub use revoke::{RevokeError, revoke};
pub use token_response::{Answer, BadImport, ImportedGrant, Raw, classify, import};
