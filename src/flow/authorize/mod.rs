//! A login through the server: a person consents, in a browser or on another device, and what comes
//! of it is stored. Whatever fails, the login that was there before is still there.

mod browser;
mod device;
mod error;
mod standby;

use std::time::Duration;

use url::Url;

use super::error::FlowError;
use super::login::{LoggedIn, NewAccount, Second, Tokens, log_in, note_identity};
use super::loopback::{Page, Visitor};
use super::plan::{ClientError, Plan, Setup};
use super::revoke::{NewTokens, revoke};
use super::sentences::{describe, sentence};
use super::session::Session;
use crate::credential::{AuthMethod, Identity, Independence, LoginKind, Outcome};
use crate::http::CONNECT_LIMIT;
use crate::log::Level;
use crate::oauth::{self, Answer, DeviceAuthorization, Identified, NeedsSecret, Presented};
use crate::signals::Held;
use crate::time::human;

use browser::{Browser, Patience};
use standby::First;

pub use error::AuthorizeError;
pub use standby::add_standby_through_server;

/// How long a person has, in a browser. Long enough to find a password and a second factor, and
/// short enough that a login that was forgotten does not listen for ever.
pub const PERSON_LIMIT: Duration = Duration::from_secs(10 * 60);

/// Who logs in: what they are shown, and what is heard from them.
pub trait Person {
    /// Shows the address of a page, and leads there: through `door`, which others may read.
    fn visit(&self, page: &Url, door: &Url, lead: Lead);

    /// What the person pastes goes to `pasted` from now on, line by line.
    fn listen(&self, pasted: Box<dyn Fn(String) + Send>);

    /// Shows where to enter which code.
    fn enter_code(&self, codes: &DeviceAuthorization);

    /// The login is stored, and a second consent follows.
    fn logged_in(&self, done: &LoggedIn);

    /// Says that another code follows, for a second grant; whether it wants a browser session of
    /// its own.
    fn expect_code(&self, own_session: bool);

    /// Says something.
    fn hear(&self, text: &str);

    /// Shows that something is waited for, until what it returns is dropped.
    fn wait(&self, what: &str, limit: Duration) -> Box<dyn Waiting>;
}

/// How a person comes to a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lead {
    /// It is opened, where there is a browser.
    Opened,
    /// The page of the first consent leads there, for a second grant.
    FromPage,
    /// By hand, for a second grant.
    ByHand,
    /// By hand, for a second grant, in a browser session of its own: the server would end both
    /// grants of one session at once.
    OwnSession,
}

/// As long as it lives, a person sees that something is waited for.
pub trait Waiting {}

/// How a person consents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Authorization code and PKCE.
    Browser,
    /// The device grant.
    Device,
    /// The device grant, where the server has it, else a browser somewhere.
    DeviceIfPossible,
}

/// Whether a second grant is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Not.
    Never,
    /// Not now: a second consent is no click away.
    Later,
    /// Where a rotation would end the token under its users' hands, and a second consent is a click
    /// away.
    WhereItHelps,
    /// In any case.
    Always,
}

/// Where a person consents, for the first time and for the second.
enum Door<'a> {
    Browser(Box<Browser<'a>>),
    Device,
}

/// What a person's consent brought.
struct Consent {
    tokens: Tokens,
    /// Until it is stored.
    held: Held,
    /// The browser that waits for the end.
    visitor: Option<Visitor>,
}

/// Logs in through the server.
pub fn log_in_through_server(
    session: &Session<'_>,
    plan: &Plan<'_>,
    way: Way,
    wish: Wish,
    person: &dyn Person,
) -> Result<LoggedIn, AuthorizeError> {
    let setup = plan.setup()?;
    prove_store(session, plan)?;
    let login = Through {
        session,
        plan,
        setup: &setup,
        person,
    };
    let (door, consent) = login.consent(way, Lead::Opened, |visitor, error| {
        visitor.show(&login.page_of_failure(error));
    })?;
    let Consent {
        tokens,
        held,
        visitor,
    } = consent;
    let first = First::of(&tokens, &setup);
    let stored = login.store(tokens);
    let mut done = match stored {
        Ok(done) => {
            if held.has_come() {
                person.logged_in(&done);
            }
            drop(held);
            done
        }
        Err(error) => {
            held.until_told();
            if let Some(visitor) = visitor {
                visitor.show(&login.page_of_failure(&error));
            }
            return Err(error);
        }
    };
    login.ask_who(&first, &mut done);
    if login.wants_second(wish, &first, &done, visitor.is_some()) {
        login.second(door, visitor, first, &mut done);
    } else {
        if wish != Wish::Never && login.would_use_second(&first, &done) {
            done.standby = Second::WouldHelp;
        }
        if let Some(visitor) = visitor {
            visitor.show(&login.page(done.identity.as_ref()));
        }
    }
    Ok(done)
}

/// Nobody is asked for a consent that could not be stored.
fn prove_store(session: &Session<'_>, plan: &Plan<'_>) -> Result<(), AuthorizeError> {
    let wait = session.wait(session.deadline());
    let entry = session
        .store
        .lock(&plan.id, &wait)
        .map_err(FlowError::from)?;
    entry.prove().map_err(FlowError::from)?;
    Ok(())
}

struct Through<'a> {
    session: &'a Session<'a>,
    plan: &'a Plan<'a>,
    setup: &'a Setup,
    person: &'a dyn Person,
}

impl Setup {
    /// Whether this kind of server wants a secret for a consent in this way, and none is known.
    #[must_use]
    pub fn lacks_secret(&self, way: Way) -> bool {
        let is_wanted = match self.provider.needs_secret {
            NeedsSecret::Nothing => false,
            NeedsSecret::Code => way == Way::Browser,
            NeedsSecret::Everything => true,
        };
        is_wanted && self.client.auth == AuthMethod::None
    }
}

impl Through<'_> {
    /// Waits for a person's consent, and presents what it gave. A browser that brought something of
    /// no use is shown why by `show`.
    fn consent(
        &self,
        way: Way,
        lead: Lead,
        show: impl Fn(Visitor, &AuthorizeError),
    ) -> Result<(Door<'_>, Consent), AuthorizeError> {
        if way != Way::Browser {
            match self.by_device() {
                Err(AuthorizeError::NoDeviceGrant { .. }) if way == Way::DeviceIfPossible => {}
                ended => {
                    let (tokens, held) = ended?;
                    let visitor = None;
                    return Ok((
                        Door::Device,
                        Consent {
                            tokens,
                            held,
                            visitor,
                        },
                    ));
                }
            }
        }
        let mut browser = Browser::start(self)?;
        let how = Patience {
            limit: PERSON_LIMIT,
            can_be_left_out: false,
        };
        let (response, visitor) = browser.wait(lead, how)?;
        match browser.redeem(response) {
            Ok((tokens, held)) => Ok((
                Door::Browser(Box::new(browser)),
                Consent {
                    tokens,
                    held,
                    visitor,
                },
            )),
            Err(error) => {
                if let Some(visitor) = visitor {
                    show(visitor, &error);
                }
                Err(error)
            }
        }
    }

    fn check_secret(&self, way: Way) -> Result<(), ClientError> {
        let setup = self.setup;
        if !setup.lacks_secret(way) {
            return Ok(());
        }
        let has_device_grant = setup.device_authorization_endpoint.is_some();
        Err(ClientError::NoClientSecret {
            title: setup.provider.title,
            device: has_device_grant && !setup.lacks_secret(Way::Device),
        })
    }

    /// Signals wait from before tokens are asked for until they are stored, or there are none.
    fn hold(&self) -> Held {
        let mut held = Held::new();
        let id = &self.plan.id;
        let limit = human(CONNECT_LIMIT + oauth::ANSWER_LIMIT_TIME);
        held.announce(format!(
            "finishing the login for {id} first, so that it is not lost (up to {limit})"
        ));
        held
    }

    /// Presents what the person's consent gave.
    fn redeem(&self, presented: Presented<'_>) -> Result<(Tokens, Held), AuthorizeError> {
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
        issued_at: crate::time::Timestamp,
    ) -> Result<Tokens, AuthorizeError> {
        let outcome = match &exchanged.answer {
            Answer::Granted(_) => Outcome::Rotated,
            Answer::Refused(failed, _) => failed.outcome,
        };
        let (id, client) = (&self.plan.id, &self.setup.client);
        let message = describe(id, client, &exchanged, of_a_login(outcome));
        let advice = exchanged.advice();
        match exchanged.answer {
            Answer::Granted(rotation) => Ok(Tokens {
                kind: LoginKind::OAuth,
                rotation,
                issued_at,
            }),
            Answer::Refused(_, said) => Err(AuthorizeError::NotRedeemed {
                outcome,
                message,
                said,
                advice,
            }),
        }
    }

    /// Stores the tokens. What cannot be stored is revoked, unless that could end the login that is
    /// there.
    fn store(&self, tokens: Tokens) -> Result<LoggedIn, AuthorizeError> {
        let client = &self.setup.client;
        let token = tokens.for_revocation();
        let new = NewAccount {
            id: self.plan.id.clone(),
            scheme: self.plan.scheme,
            client: client.clone(),
            tokens,
            asked: self.setup.scopes.clone(),
            revoke_replaced: true,
            brought: false,
        };
        log_in(self.session, new).map_err(|source| {
            let source = Box::new(source);
            if client.grants == Independence::Shared && self.plan.replaces().is_some() {
                let tokens = NewTokens::LeftAlone;
                return AuthorizeError::NotStored { source, tokens };
            }
            let tokens = NewTokens::of(revoke(self.session, client, &token));
            AuthorizeError::NotStored { source, tokens }
        })
    }

    /// Asks who this is, now that nothing can be lost any more, and adds that to the record.
    fn ask_who(&self, first: &First, done: &mut LoggedIn) {
        let Setup {
            client,
            userinfo_endpoint,
            ..
        } = self.setup;
        done.identity = userinfo_endpoint.as_ref().and_then(|endpoint| {
            match oauth::identify(self.session.http, client, endpoint, &first.access_token) {
                Identified::As(identity) => Some(identity),
                Identified::Nameless | Identified::Unanswered => None,
            }
        });
        let id = &self.plan.id;
        match &done.identity {
            Some(identity) => {
                let noted = note_identity(self.session, id, first.origin, identity);
                let text = |error| format!("whose login it is could not be noted: {error}");
                done.warnings.extend(noted.err().map(text));
            }
            None => self.session.log.note(Level::Verbose, || {
                format!("{} does not say who this is", id.host)
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
fn or_told<T>(came: Result<T, AuthorizeError>, held: Held) -> Result<(T, Held), AuthorizeError> {
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
