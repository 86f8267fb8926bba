//! A login through the server: a person consents, in a browser or on another device, and what comes
//! of it is stored. Whatever fails, the login that was there before is still there.

mod browser;
mod device;
mod error;
mod second_consent;

use std::time::Duration;

use super::account::user_twice;
use super::error::FlowError;
use super::loopback::{Page, Visitor};
use super::person::{PageOpening, Person};
use super::plan::{ClientError, Plan, Setup};
use super::registration;
use super::revoke::{NewTokens, revoke};
use super::sentences::{describe, sentence};
use super::session::Session;
use super::store_login::{LoggedIn, NewAccount, SecondGrant, Tokens, note_identity, store_login};
use crate::credential::{AuthMethod, Identity, Independence, LoginKind, Outcome, Record};
use crate::http::CONNECT_LIMIT;
use crate::log::Level;
use crate::oauth::{self, DiscoveryError, Identified, NeedsSecret, Presented, TokenAnswer};
use crate::signals::BlockedSignals;
use crate::time::{Timestamp, human};

use browser::{Browser, Patience};
use second_consent::First;

pub use error::AuthorizeError;

/// How long a person has, in a browser. Long enough to find a password and a second factor, and
/// short enough that a login that was forgotten does not listen for ever.
const PERSON_LIMIT: Duration = Duration::from_secs(10 * 60);

/// How a person consents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentMethod {
    /// Authorization code and PKCE, in a browser.
    Browser,
    /// The device grant (RFC 8628).
    Device,
    /// The device grant, where the server has it, else a browser somewhere.
    DeviceIfPossible,
}

/// When a login gets a standby grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandbyPolicy {
    /// One grant only.
    Never,
    /// If a refresh would end the token that programs use, and a second consent is a click away.
    WhereItHelps,
    /// Always, and beside the login that is there if it has room for one.
    Always,
}

/// Where a person consents, for the first time and for the second.
enum ConsentChannel<'a> {
    Browser(Box<Browser<'a>>),
    Device,
}

/// What a person's consent brought.
struct Consent<'a> {
    channel: ConsentChannel<'a>,
    tokens: Tokens,
    /// Signals wait until the tokens are stored.
    held: BlockedSignals,
    /// The browser that waits for its last page.
    visitor: Option<Visitor>,
}

/// A login through the server that has all that it needs.
pub(super) struct ServerLogin<'a> {
    pub session: &'a Session<'a>,
    pub plan: &'a Plan<'a>,
    pub setup: &'a Setup,
    pub person: &'a dyn Person,
}

impl Setup {
    /// Whether this kind of server wants a secret for a consent in this way, and none is known.
    #[must_use]
    pub fn lacks_secret(&self, method: ConsentMethod) -> bool {
        let is_wanted = match self.provider.needs_secret {
            NeedsSecret::Nothing => false,
            NeedsSecret::Code => method == ConsentMethod::Browser,
            NeedsSecret::Everything => true,
        };
        is_wanted && self.client.auth == AuthMethod::None
    }

    /// Whether there is a device grant, and it lacks no secret.
    #[must_use]
    pub fn can_use_device(&self) -> bool {
        let has_device_grant = self.endpoints.device_authorization.is_some();
        has_device_grant && !self.lacks_secret(ConsentMethod::Device)
    }
}

impl ServerLogin<'_> {
    /// Asks for a consent, stores what it brings, and asks for a second one where the policy says so.
    pub(super) fn log_in(
        &self,
        method: ConsentMethod,
        policy: StandbyPolicy,
    ) -> Result<LoggedIn, AuthorizeError> {
        self.prove_store()?;
        let Consent {
            channel,
            tokens,
            held,
            visitor,
        } = self.consent(method, PageOpening::Opened, |visitor, error| {
            visitor.show(&self.page_of_failure(error));
        })?;
        let first = First::of(&tokens, self.setup);
        let mut done = match self.store(tokens) {
            Ok(done) => {
                if held.has_come() {
                    self.person.logged_in(&done);
                }
                drop(held);
                done
            }
            Err(error) => {
                held.until_told();
                if let Some(visitor) = visitor {
                    visitor.show(&self.page_of_failure(&error));
                }
                return Err(error);
            }
        };
        self.ask_who(&first, &mut done);
        if self.wants_second(policy, &first, &done, visitor.is_some()) {
            self.second(channel, visitor, first, &mut done);
        } else {
            if policy != StandbyPolicy::Never && self.would_use_second(&first, &done) {
                done.standby = SecondGrant::WouldHelp;
            }
            if let Some(visitor) = visitor {
                visitor.show(&self.page(done.identity.as_ref()));
            }
        }
        Ok(done)
    }

    /// Asks for a token with the client's own credentials (RFC 6749 §4.4), and stores it. No person is needed.
    pub(super) fn log_in_machine(&self) -> Result<LoggedIn, AuthorizeError> {
        self.prove_store()?;
        let scopes = &self.setup.scopes;
        let (tokens, held) = self.redeem(Presented::ClientCredentials { scopes })?;
        match self.store(tokens) {
            Ok(done) => {
                drop(held);
                Ok(done)
            }
            Err(error) => {
                held.until_told();
                Err(error)
            }
        }
    }

    /// Finds out what would keep a person from logging in here: a port that is taken, a server that cannot be
    /// reached. The form of the redirect URI was checked before.
    pub(super) fn check_without_person(&self) -> Result<(), AuthorizeError> {
        let device = self.setup.endpoints.device_authorization.as_ref();
        let device = device.and_then(|endpoint| endpoint.url().ok());
        let endpoint = match Browser::start(self) {
            Ok(browser) => browser.endpoint().clone(),
            // The device grant needs neither a secret nor an authorization endpoint.
            Err(AuthorizeError::Client(error)) => device
                .filter(|_| self.setup.can_use_device())
                .ok_or(error)?,
            Err(error) => return Err(error),
        };
        let ca_file = self.setup.client.ca_file.as_ref();
        oauth::reach(self.session.http, &endpoint, ca_file, Timestamp::now)
            .map_err(DiscoveryError::Send)
            .map_err(ClientError::from)?;
        Ok(())
    }

    /// glauth asks no person for a consent that it could not store.
    fn prove_store(&self) -> Result<(), AuthorizeError> {
        let wait = self.session.wait(self.session.deadline());
        let entry = self.session.store.lock(&self.plan.id, &wait);
        let entry = entry.map_err(FlowError::from)?;
        Ok(entry.prove().map_err(FlowError::from)?)
    }

    /// Waits for a person's consent, and presents what it gave. A browser that brought something of
    /// no use is shown why by `show`.
    fn consent(
        &self,
        method: ConsentMethod,
        opening: PageOpening,
        show: impl Fn(Visitor, &AuthorizeError),
    ) -> Result<Consent<'_>, AuthorizeError> {
        if method != ConsentMethod::Browser {
            match self.by_device() {
                Err(AuthorizeError::NoDeviceGrant { .. })
                    if method == ConsentMethod::DeviceIfPossible => {}
                ended => {
                    let (tokens, held) = ended?;
                    return Ok(Consent {
                        channel: ConsentChannel::Device,
                        tokens,
                        held,
                        visitor: None,
                    });
                }
            }
        }
        let mut browser = Browser::start(self)?;
        let how = Patience {
            limit: PERSON_LIMIT,
            can_be_left_out: false,
        };
        let (response, visitor) = browser.wait(opening, how)?;
        match browser.redeem(response) {
            Ok((tokens, held)) => Ok(Consent {
                channel: ConsentChannel::Browser(Box::new(browser)),
                tokens,
                held,
                visitor,
            }),
            Err(error) => {
                if let Some(visitor) = visitor {
                    show(visitor, &error);
                }
                Err(error)
            }
        }
    }

    fn check_secret(&self, method: ConsentMethod) -> Result<(), ClientError> {
        let setup = self.setup;
        if !setup.lacks_secret(method) {
            return Ok(());
        }
        Err(ClientError::NoClientSecret {
            title: setup.provider.title,
            device: setup.can_use_device(),
        })
    }

    /// Signals wait from before tokens are asked for until they are stored, or there are none.
    fn hold(&self) -> BlockedSignals {
        let mut held = BlockedSignals::new();
        let id = &self.plan.id;
        let limit = human(CONNECT_LIMIT + oauth::ANSWER_LIMIT_TIME);
        held.announce(format!(
            "finishing the login for {id} first, so that it is not lost (up to {limit})"
        ));
        held
    }

    /// Presents what the person's consent gave.
    fn redeem(&self, presented: Presented<'_>) -> Result<(Tokens, BlockedSignals), AuthorizeError> {
        let issued_at = self.session.now();
        let client = &self.setup.client;
        let held = self.hold();
        let now = || self.session.now();
        let exchanged = oauth::exchange(self.session.http, client, presented, &now);
        or_told(self.tokens(exchanged, issued_at), held)
    }

    fn tokens(
        &self,
        exchanged: oauth::Exchanged,
        issued_at: Timestamp,
    ) -> Result<Tokens, AuthorizeError> {
        let (outcome, forgot_client) = match &exchanged.answer {
            TokenAnswer::Granted(_) => (Outcome::Rotated, false),
            TokenAnswer::Refused(failed, _) => (failed.outcome, failed.forgot_client),
        };
        let (id, client) = (&self.plan.id, &self.setup.client);
        if forgot_client {
            // Whatever the server says of it at another time, the next login registers another one.
            registration::forget(self.session, client).ok();
        }
        let sentence = if forgot_client {
            "does not know the client that glauth registered there"
        } else {
            of_a_login(outcome)
        };
        let message = describe(id, client, &exchanged, sentence);
        match exchanged.answer {
            TokenAnswer::Granted(rotation) => Ok(Tokens {
                kind: self.plan.kind,
                rotation,
                issued_at,
            }),
            TokenAnswer::Refused(_, said) => Err(AuthorizeError::NotRedeemed {
                outcome,
                message,
                forgot_client,
                said,
                trouble: exchanged.trouble.map(Box::new),
            }),
        }
    }

    /// Stores the tokens. What cannot be stored is revoked, unless that could end the login that is
    /// there.
    fn store(&self, tokens: Tokens) -> Result<LoggedIn, AuthorizeError> {
        let client = &self.setup.client;
        let token = tokens.for_revocation();
        let replaced = self.plan.replaces().and_then(Record::login);
        let is_of_machine = replaced.is_some_and(|it| it.kind == LoginKind::ClientCredentials);
        let new = NewAccount {
            id: self.plan.id.clone(),
            scheme: self.plan.scheme,
            client: client.clone(),
            tokens,
            asked: self.setup.scopes.clone(),
            // Programs may still use the token of a machine whose login is made again.
            revoke_replaced: self.plan.kind != LoginKind::ClientCredentials || !is_of_machine,
            brought: false,
            identity: None,
        };
        store_login(self.session, new).map_err(|source| {
            let source = Box::new(source);
            if client.grants == Independence::Shared && self.plan.replaces().is_some() {
                let tokens = NewTokens::LeftAlone;
                return AuthorizeError::NotStored { source, tokens };
            }
            if source.may_be_stored() {
                let tokens = NewTokens::MayBeStored;
                return AuthorizeError::NotStored { source, tokens };
            }
            let tokens = NewTokens::of(revoke(self.session, client, &token));
            AuthorizeError::NotStored { source, tokens }
        })
    }

    /// Asks for the user, now that nothing can be lost any more, and adds that to the record.
    fn ask_who(&self, first: &First, done: &mut LoggedIn) {
        let Setup {
            client, endpoints, ..
        } = self.setup;
        done.identity = endpoints.userinfo.as_ref().and_then(|endpoint| {
            match oauth::identify(self.session.http, client, endpoint, &first.access_token) {
                Identified::As(identity) => Some(identity),
                Identified::Nameless | Identified::Unanswered => None,
            }
        });
        let id = &self.plan.id;
        match &done.identity {
            Some(identity) => {
                let noted = note_identity(self.session, id, first.origin, identity);
                let text = |error| format!("whose login it is could not be noted: {error}").into();
                done.warnings.extend(noted.err().map(text));
                done.warnings
                    .extend(user_twice(self.session.store, id, identity));
            }
            None => self.session.log.note(Level::Verbose, || {
                format!("{} does not name the user", id.host)
            }),
        }
    }

    fn page(&self, identity: Option<&Identity>) -> Page {
        Page::logged_in(&self.plan.id.host.to_string(), username(identity))
    }

    fn page_of_failure(&self, error: &AuthorizeError) -> Page {
        Page::failed(&self.plan.id.host.to_string(), &error.to_string())
    }
}

/// What came, with the signals that wait until it is stored; or a failure, which is told before they take
/// effect.
fn or_told<T>(
    came: Result<T, AuthorizeError>,
    held: BlockedSignals,
) -> Result<(T, BlockedSignals), AuthorizeError> {
    match came {
        Ok(came) => Ok((came, held)),
        Err(error) => {
            held.until_told();
            Err(error)
        }
    }
}

/// The name that people know.
fn username(identity: Option<&Identity>) -> Option<&str> {
    identity.map(|identity| &*identity.username)
}

/// An outcome of a login as the end of a sentence about a server.
fn of_a_login(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Unavailable => "cannot give tokens now",
        Outcome::RefreshRefused => "refused to give tokens",
        Outcome::LoginRequired => "does not accept the consent any more",
        other => sentence(other),
    }
}
