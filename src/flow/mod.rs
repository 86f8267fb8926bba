//! What is done, from beginning to end: a token, a refresh, a login, a logout. Each asks `decide`,
//! and writes only under the lock.

mod account;
mod apart;
mod attempt;
mod authorize;
mod brought;
mod error;
mod exchange;
mod git;
mod login;
mod logout;
mod loopback;
mod plan;
mod redirect_uri;
mod refresh;
mod refuse;
mod revoke;
mod sentences;
mod session;
mod standby;
mod tried;
mod warning;

pub use account::{account_to_log_in, find, held_by_no_other, in_use};
pub use apart::{Order, carry_out};
pub use authorize::{
    AuthorizeError, Lead, PERSON_LIMIT, Person, Waiting, Way, Wish, add_standby_through_server,
    log_in_through_server,
};
pub use error::FlowError;
#[cfg(feature = "cli")]
pub(crate) use error::list;
pub use git::{Told, git_erase, git_get, git_store};
pub use login::{Change, LoggedIn, NewAccount, Second, Tokens, log_in};
pub use logout::{LoggedOut, log_out};
pub use loopback::NotListening;
pub use plan::{ClientError, Given, Plan, PlanError, Setup, ToRegister};
pub use redirect_uri::{BadRedirectUri, RedirectUri};
pub use refresh::{
    Need, Obtained, What, check_now, obtain, obtain_with_lease, refusals, stored,
    why_refresh_failed,
};
pub use revoke::NewTokens;
pub use session::{LOCK_TIMEOUT, Session, Where};
pub use standby::{Beside, Newcomer, NotAdded, Refusal, add_standby};
pub use warning::{Step, Warning};
