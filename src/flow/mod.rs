//! What is done, from beginning to end: a token, a refresh, a login, a logout. Each asks `decide`,
//! and writes only under the lock.

mod account;
mod add_standby;
mod address;
mod apart;
mod attempt;
mod authorize;
mod brought;
#[cfg(feature = "postgres")]
mod delivery;
mod error;
mod exchange;
mod git;
mod log_in;
mod logout;
mod loopback;
#[cfg(feature = "postgres")]
mod move_login;
mod person;
mod plan;
mod refresh;
mod registration;
mod registry;
mod rename;
mod report_refused;
mod revoke;
mod sentences;
mod session;
mod store_login;
mod tried;
mod warning;

pub use account::{account_meant, find, in_use, still_chosen, stored_host};
pub use add_standby::{NotAdded, Refusal};
pub use address::{Address, address_of_login};
pub use apart::{Order, carry_out};
pub use authorize::{AuthorizeError, ConsentMethod, StandbyPolicy};
#[cfg(feature = "postgres")]
pub use delivery::Delivery;
pub use error::FlowError;
#[cfg(feature = "cli")]
pub(crate) use error::list;
pub use git::{Told, git_erase, git_get, git_store};
pub use log_in::{BroughtTokens, LoginRequest, TokenSource, account_of_login, log_in};
pub use logout::{LogoutDone, forget, log_out};
pub use loopback::{LEADS_ON_AFTER, NotListening};
#[cfg(feature = "postgres")]
pub use move_login::move_login;
pub use person::{NoAnswer, PageOpening, Person, Waiting};
pub use plan::{ClientError, Detected, ToRegister};
pub use refresh::{
    Need, Obtained, What, check_now, needs_lease, obtain, obtain_with_lease, refusals, stored,
    why_refresh_failed,
};
pub use registry::{image_username, images, login_for_registry, logins_by_host, registries_of};
pub use rename::rename;
pub use revoke::NewTokens;
pub use session::{LOCK_TIMEOUT, RefreshesIn, Session};
pub use store_login::{Change, LoggedIn, SecondGrant};
pub use warning::{Step, Warning};
