//! The second consent, for a grant that stands by: right after the first one, or for a login that is
//! there. Whatever becomes of it, the login is as good as it was.

use std::time::Duration;

use super::browser::{Browser, Patience};
use super::{
    AuthorizeError, Consent, Door, Lead, Page, Person, Plan, Session, Setup, Through, Tokens,
    Visitor, Way, Wish, prove_store, username,
};
use crate::credential::{Identity, Independence, RotationEffect};
use crate::flow::login::{Change, LoggedIn, Second};
use crate::flow::standby::{Beside, Newcomer, NotAdded, Refusal, add_standby, is_same_client};
use crate::flow::warning::Warning;
use crate::secret::{AccessToken, Fingerprint};
use crate::signals::Held;

/// How long a person has for the second consent: they are at it, signed in, and it is one click;
/// the rest is for reading why. Who has left has a login.
const SECOND_LIMIT: Duration = Duration::from_secs(2 * 60);

/// The first grant, whose tokens are stored.
pub(super) struct First {
    pub access_token: AccessToken,
    pub origin: Fingerprint,
    is_renewable: bool,
    scopes: Vec<String>,
}

impl First {
    pub(super) fn of(tokens: &Tokens, setup: &Setup) -> Self {
        let rotation = &tokens.rotation;
        Self {
            access_token: rotation.access_token.clone(),
            origin: tokens.origin(),
            is_renewable: rotation.refresh_token.is_some(),
            scopes: rotation
                .scopes
                .clone()
                .unwrap_or_else(|| setup.scopes.clone()),
        }
    }
}

/// Asks for a second grant, for a login that is there.
pub fn add_standby_through_server(
    session: &Session<'_>,
    plan: &Plan<'_>,
    way: Way,
    person: &dyn Person,
) -> Result<LoggedIn, AuthorizeError> {
    let setup = plan.setup()?;
    let beside = beside(session, plan, &setup)?;
    prove_store(session, plan)?;
    let login = Through {
        session,
        plan,
        setup: &setup,
        person,
    };
    let lead = if login.is_shared() {
        Lead::OwnSession
    } else {
        Lead::Opened
    };
    let show = |visitor: Visitor, error: &AuthorizeError| {
        visitor.show(&login.page_without(beside.identity.as_ref(), error));
    };
    let (_door, consent) = login.consent(way, lead, show)?;
    let Consent {
        tokens,
        held,
        visitor,
    } = consent;
    let added = login.add(tokens, held, &beside);
    login.show_end(visitor, beside.identity.as_ref(), &added);
    Ok(LoggedIn {
        change: Change::StandbyAdded,
        identity: beside.identity.clone(),
        before: beside.identity,
        ends_at: None,
        standby: Second::Taken,
        warnings: added?,
    })
}

/// What the second grant must fit, as far as nobody need be asked.
fn beside(session: &Session<'_>, plan: &Plan<'_>, setup: &Setup) -> Result<Beside, AuthorizeError> {
    let refused = |why| NotAdded {
        why,
        tokens: None,
        imported: false,
    };
    let record = plan.replaces();
    let found = record.and_then(|record| Some((Beside::of(record, session.now())?, record)));
    let Some((beside, record)) = found else {
        return Err(refused(Refusal::LoginGone).into());
    };
    if !record
        .client()
        .is_some_and(|client| is_same_client(client, &setup.client))
    {
        return Err(refused(Refusal::OtherClient).into());
    }
    if !plan.given.scopes.is_empty() {
        beside.check_scopes(&plan.given.scopes).map_err(refused)?;
    }
    Ok(beside)
}

impl Through<'_> {
    fn is_shared(&self) -> bool {
        self.setup.client.grants == Independence::Shared
    }

    /// Whether a second grant is asked for, now that the first one is stored.
    pub(super) fn wants_second(
        &self,
        wish: Wish,
        first: &First,
        done: &LoggedIn,
        has_visitor: bool,
    ) -> bool {
        match wish {
            Wish::Never | Wish::Later => false,
            Wish::WhereItHelps => has_visitor && self.would_use_second(first, done),
            Wish::Always => can_have_second(first, done),
        }
    }

    /// Whether a rotation of the only grant would end the token under its users' hands.
    pub(super) fn would_use_second(&self, first: &First, done: &LoggedIn) -> bool {
        let kills = self.setup.client.rotation == RotationEffect::Kills;
        kills && !self.is_shared() && can_have_second(first, done)
    }

    /// Asks for a second grant, and notes what has become of it.
    pub(super) fn second(
        &self,
        door: Door<'_>,
        visitor: Option<Visitor>,
        first: First,
        done: &mut LoggedIn,
    ) {
        self.person.logged_in(done);
        let beside = Beside {
            origins: vec![first.origin],
            scopes: first.scopes,
            identity: done.identity.clone(),
            access_token: Some(first.access_token),
        };
        let added = match door {
            Door::Browser(browser) => self.second_by_browser(*browser, visitor, &beside),
            Door::Device => self.second_by_device(&beside),
        };
        done.standby = match added {
            Ok(warnings) => {
                done.warnings.extend(warnings);
                Second::Taken
            }
            Err(error) => Second::Missing {
                why: error.to_string(),
                left_out: matches!(error, AuthorizeError::LeftOut),
            },
        };
    }

    fn second_by_browser(
        &self,
        mut browser: Browser<'_>,
        visitor: Option<Visitor>,
        beside: &Beside,
    ) -> Result<Vec<Warning>, AuthorizeError> {
        let identity = beside.identity.as_ref();
        let asked = browser.ask_again();
        let lead = match &visitor {
            _ if self.is_shared() => Lead::OwnSession,
            Some(_) => Lead::FromPage,
            None => Lead::ByHand,
        };
        if let Some(visitor) = visitor {
            visitor.show(&if asked.is_ok() && lead == Lead::FromPage {
                let host = self.plan.id.host.to_string();
                Page::leads_on(&host, username(identity), &browser.page())
            } else {
                self.page(identity)
            });
        }
        asked?;
        let how = Patience {
            limit: SECOND_LIMIT,
            can_be_left_out: true,
        };
        let (response, visitor) = browser.wait(lead, how)?;
        let redeemed = browser.redeem(response);
        let added = redeemed.and_then(|(tokens, held)| self.add(tokens, held, beside));
        self.show_end(visitor, identity, &added);
        added
    }

    fn second_by_device(&self, beside: &Beside) -> Result<Vec<Warning>, AuthorizeError> {
        self.person.expect_code(self.is_shared());
        let (tokens, held) = self.by_device()?;
        self.add(tokens, held, beside)
    }

    /// Stores the second grant; signals wait until it is, or is not.
    fn add(
        &self,
        tokens: Tokens,
        held: Held,
        beside: &Beside,
    ) -> Result<Vec<Warning>, AuthorizeError> {
        let new = Newcomer {
            id: self.plan.id.clone(),
            client: self.setup.client.clone(),
            userinfo_endpoint: self.setup.userinfo_endpoint.clone(),
            tokens,
            asked: self.setup.scopes.clone(),
            imported: false,
        };
        match add_standby(self.session, new, beside) {
            Ok(warnings) => {
                if held.has_come() {
                    let id = &self.plan.id;
                    self.person
                        .hear(&format!("{id}: there is a standby grant now"));
                }
                Ok(warnings)
            }
            Err(error) => {
                held.until_told();
                Err(error.into())
            }
        }
    }

    fn show_end(
        &self,
        visitor: Option<Visitor>,
        identity: Option<&Identity>,
        added: &Result<Vec<Warning>, AuthorizeError>,
    ) {
        let Some(visitor) = visitor else { return };
        let host = self.plan.id.host.to_string();
        visitor.show(&match added {
            Ok(_) => Page::with_standby(&host, username(identity)),
            Err(error) => self.page_without(identity, error),
        });
    }

    fn page_without(&self, identity: Option<&Identity>, error: &AuthorizeError) -> Page {
        let host = self.plan.id.host.to_string();
        Page::without_standby(&host, username(identity), &error.to_string())
    }
}

fn can_have_second(first: &First, done: &LoggedIn) -> bool {
    first.is_renewable && matches!(done.change, Change::Stored | Change::Replaced)
}
