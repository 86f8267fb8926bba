//! The second consent, for a grant that stands by: right after the first one, or for a login that is
//! there. Whatever becomes of it, the login is as good as it was.

use std::time::Duration;

use super::browser::{Browser, Patience};
use super::{
    AuthorizeError, Consent, ConsentChannel, ConsentMethod, Page, ServerLogin, Setup,
    StandbyPolicy, Tokens, Visitor, username,
};
use crate::credential::{Identity, Independence, Record, RotationEffect};
use crate::flow::add_standby::{
    CandidateGrant, ExistingLogin, NotAdded, Refusal, add_standby, is_same_client,
};
use crate::flow::person::PageOpening;
use crate::flow::store_login::{Change, LoggedIn, SecondGrant};
use crate::flow::warning::Warning;
use crate::secret::{AccessToken, Fingerprint};
use crate::signals::BlockedSignals;

/// How long a person has for the second consent. They are at the browser, signed in, and one click away; the rest of
/// the time is for reading why. If they have left, the login is stored all the same.
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

impl ServerLogin<'_> {
    /// Asks for a second grant, for the login that is there.
    pub(in crate::flow) fn add_standby(
        &self,
        method: ConsentMethod,
        existing: ExistingLogin,
    ) -> Result<LoggedIn, AuthorizeError> {
        self.check_fit(&existing)?;
        self.prove_store()?;
        let opening = if self.is_shared() {
            PageOpening::OwnSession
        } else {
            PageOpening::Opened
        };
        let show = |visitor: Visitor, error: &AuthorizeError| {
            visitor.show(&self.page_without(existing.identity.as_ref(), error));
        };
        let Consent {
            channel: _channel,
            tokens,
            held,
            visitor,
        } = self.consent(method, opening, show)?;
        let added = self.add(tokens, held, &existing);
        self.show_end(visitor, existing.identity.as_ref(), &added);
        Ok(LoggedIn::with_standby(existing.identity, added?))
    }

    /// Whether the second grant will fit, as far as glauth can tell without the server.
    fn check_fit(&self, existing: &ExistingLogin) -> Result<(), NotAdded> {
        let is_fit = || {
            let client = self.plan.replaces().and_then(Record::client);
            if !client.is_some_and(|client| is_same_client(client, &self.setup.client)) {
                return Err(Refusal::OtherClient);
            }
            let given = self.plan.given_scopes();
            given.map_or(Ok(()), |_| existing.check_scopes(&self.setup.scopes))
        };
        is_fit().map_err(|why| NotAdded {
            why,
            tokens: None,
            imported: false,
        })
    }

    fn is_shared(&self) -> bool {
        self.setup.client.grants == Independence::Shared
    }

    /// Whether a second grant is asked for, now that the first one is stored.
    pub(super) fn wants_second(
        &self,
        policy: StandbyPolicy,
        first: &First,
        done: &LoggedIn,
        has_visitor: bool,
    ) -> bool {
        match policy {
            StandbyPolicy::Never => false,
            StandbyPolicy::WhereItHelps => {
                has_visitor && self.person.has_browser() && self.would_use_second(first, done)
            }
            StandbyPolicy::Always => can_have_second(first, done),
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
        channel: ConsentChannel<'_>,
        visitor: Option<Visitor>,
        first: First,
        done: &mut LoggedIn,
    ) {
        self.person.logged_in(done);
        let existing = ExistingLogin {
            origins: vec![first.origin],
            scopes: first.scopes,
            identity: done.identity.clone(),
            access_token: Some(first.access_token),
        };
        let added = match channel {
            ConsentChannel::Browser(browser) => {
                self.second_by_browser(*browser, visitor, &existing)
            }
            ConsentChannel::Device => self.second_by_device(&existing),
        };
        done.standby = match added {
            Ok(warnings) => {
                done.warnings.extend(warnings);
                SecondGrant::Taken
            }
            Err(error) => SecondGrant::Missing {
                why: error.to_string(),
                left_out: matches!(error, AuthorizeError::LeftOut),
            },
        };
    }

    fn second_by_browser(
        &self,
        mut browser: Browser<'_>,
        visitor: Option<Visitor>,
        existing: &ExistingLogin,
    ) -> Result<Vec<Warning>, AuthorizeError> {
        let identity = existing.identity.as_ref();
        let asked = browser.ask_again();
        let opening = match &visitor {
            _ if self.is_shared() => PageOpening::OwnSession,
            Some(_) => PageOpening::FromPage,
            None => PageOpening::ByHand,
        };
        if let Some(visitor) = visitor {
            visitor.show(&if asked.is_ok() && opening == PageOpening::FromPage {
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
        let (response, visitor) = browser.wait(opening, how)?;
        let redeemed = browser.redeem(response);
        let added = redeemed.and_then(|(tokens, held)| self.add(tokens, held, existing));
        self.show_end(visitor, identity, &added);
        added
    }

    fn second_by_device(&self, existing: &ExistingLogin) -> Result<Vec<Warning>, AuthorizeError> {
        self.person.expect_code(self.is_shared());
        let (tokens, held) = self.by_device()?;
        self.add(tokens, held, existing)
    }

    /// Stores the second grant; signals wait until it is, or is not.
    fn add(
        &self,
        tokens: Tokens,
        held: BlockedSignals,
        existing: &ExistingLogin,
    ) -> Result<Vec<Warning>, AuthorizeError> {
        let new = CandidateGrant {
            id: self.plan.id.clone(),
            client: self.setup.client.clone(),
            userinfo_endpoint: self.setup.endpoints.userinfo.clone(),
            tokens,
            asked: self.setup.scopes.clone(),
            imported: false,
        };
        match add_standby(self.session, new, existing) {
            Ok(warnings) => {
                if held.has_come() {
                    let id = &self.plan.id;
                    self.person
                        .hear(&format!("{id}: the standby grant was added"));
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
