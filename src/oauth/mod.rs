//! The protocol: what is sent to an authorization server and what its answers mean. Knows no
//! files.

mod authorization;
mod body;
mod challenge;
mod check;
mod client_auth;
mod device;
mod discovery;
mod exchange;
mod identity;
mod provider;
mod reach;
mod refusal;
mod registration;
mod resource;
mod revoke;
mod shown;
mod token_report;
mod token_response;

pub use authorization::{
    AuthorizationRequest, AuthorizationResponse, NoRandomness, PendingAuthorization, random_text,
    same_issuer, stray_error,
};
pub use check::check;
pub use client_auth::{NoSecret, read_secret, unusable_credentials};
pub use device::{DeviceAuthorization, DeviceError, Polled, authorize_device, poll};
pub use discovery::{DiscoveryError, Metadata, discover};
pub use exchange::{ANSWER_LIMIT_TIME, Exchanged, Presented, exchange, obstacle};
pub use identity::{Identified, identify};
pub use provider::{
    ImageRegistry, NeedsSecret, PROVIDERS, Provider, REDIRECT_URI, Registration, SharedClient,
    below, is_for_mcp, provider, provider_like, provider_of, shared_client, title_by_endpoints,
};
pub use reach::{Clock, Reached, reach};
pub use refusal::OwnErrors;
pub use registration::{Registered, RegistrationError, deregister, is_known, register};
pub use resource::{Resource, find_resource, with_offline_access};
pub use revoke::{REVOCATION_LIMIT, RevokeError, revoke};
pub use shown::shown;
pub use token_report::{TokenReport, report};
pub use token_response::{BadImport, ImportedGrant, Raw, TokenAnswer, classify, import};
