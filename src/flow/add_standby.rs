//! Adding a second grant to a login that is there: it must be the same user's, for the same client
//! and the same scopes, and have tokens of its own.

use std::collections::BTreeSet;

use super::error::FlowError;
use super::revoke::{NewTokens, revoke};
use super::session::Session;
use super::store_login::{Tokens, new_grant};
use super::warning::{Step, Warning};
use crate::code::Code;
use crate::credential::{
    AccountId, Client, Endpoint, Grant, GrantState, Host, Identity, Independence, LoginKind, Record,
};
use crate::oauth::{self, Identified};
use crate::secret::{AccessToken, Fingerprint};
use crate::store::{Added, Entry, Locked, NewGrant, Occupied, RevocableToken};
use crate::time::Timestamp;

/// The login that a grant is added to, as it was when that was begun.
#[derive(Debug)]
pub struct ExistingLogin {
    /// What its grants began with: one of them must still be there.
    pub origins: Vec<Fingerprint>,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// Whose it is, where that is known.
    pub identity: Option<Identity>,
    /// A token that tells whose it is, where that is unknown.
    pub access_token: Option<AccessToken>,
}

/// A grant that is to be added.
#[derive(Debug)]
pub struct CandidateGrant {
    /// The account that it is for.
    pub id: AccountId,
    /// How we are known to its server.
    pub client: Client,
    /// Names a token's user.
    pub userinfo_endpoint: Option<Endpoint>,
    /// What the server gave, or a person brought.
    pub tokens: Tokens,
    /// The scopes, where the server does not name them.
    pub asked: Vec<String>,
    /// Whether a person brought it, and so keeps it if it is not taken.
    pub imported: bool,
}

/// A second grant that is not taken.
#[derive(Debug, thiserror::Error)]
#[error("{why}{}", tokens.as_ref().map_or_else(String::new, |tokens| format!("; {tokens}")))]
pub struct NotAdded {
    /// Why it is not taken.
    pub why: Refusal,
    /// What has become of its tokens, unless they are another's to end.
    pub tokens: Option<NewTokens>,
    /// Whether a person brought it.
    pub imported: bool,
}

/// Why a second grant is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Nothing could be refreshed.
    #[error("it has no refresh token")]
    NotRenewable,
    /// A server that gives the same tokens for a second consent.
    #[error("the server returned tokens that the login already has")]
    SameTokens,
    /// Callers would get tokens that are good for other things, now and then.
    #[error("it has the scopes `{found}`, but the login has `{expected}`")]
    OtherScopes {
        /// What it has.
        found: String,
        /// What it should have.
        expected: String,
    },
    /// Callers would act as another user, now and then.
    #[error("it belongs to {found}, but the login belongs to {expected}")]
    OtherUser {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        expected: String,
    },
    /// The server does not say whose it is.
    #[error("{host} does not say which user it belongs to, and the login belongs to {expected}")]
    Nameless {
        /// The server that was asked.
        host: Host,
        /// Whose it should be.
        expected: String,
    },
    /// The server could not be asked whose it is, or cannot say it now.
    #[error("{host} cannot say now which user it belongs to, and the login belongs to {expected}")]
    NotIdentified {
        /// The server that was asked.
        host: Host,
        /// Whose it should be.
        expected: String,
    },
    /// It could not be refreshed with what the record says.
    #[error("it belongs to another client than the login")]
    OtherClient,
    /// Another client could not refresh the grant.
    #[error(
        "the server does not know the login's client any more, or another program uses the port of its redirect URI"
    )]
    NoClient,
    /// Logged out, or replaced, meanwhile.
    #[error("the login that it was for no longer exists")]
    LoginGone,
    /// Another process was faster.
    #[error("the login already has two good grants")]
    Full,
    /// The store cannot take it.
    #[error("it could not be stored: {0}")]
    NotStored(Box<FlowError>),
}

impl NotAdded {
    /// The error's code. If a person imported the grant, the choice of the grant was theirs.
    #[must_use]
    pub fn code(&self) -> Code {
        let chosen = |code| {
            if self.imported { Code::BadInput } else { code }
        };
        match &self.why {
            Refusal::OtherUser { .. } => chosen(Code::AccessDenied),
            Refusal::OtherClient => chosen(Code::Usage),
            Refusal::Nameless { .. }
            | Refusal::OtherScopes { .. }
            | Refusal::NotRenewable
            | Refusal::SameTokens => chosen(Code::ClientRejected),
            Refusal::NotIdentified { .. } => Code::Unavailable,
            Refusal::NoClient | Refusal::LoginGone => Code::LoginRequired,
            Refusal::Full => Code::Usage,
            Refusal::NotStored(error) => error.code(),
        }
    }
}

impl From<FlowError> for Refusal {
    fn from(error: FlowError) -> Self {
        Self::NotStored(Box::new(error))
    }
}

impl ExistingLogin {
    /// The login that is there, if a good grant of it is left.
    #[must_use]
    pub fn of(record: &Record, now: Timestamp) -> Option<Self> {
        let login = record
            .login()
            .filter(|login| login.kind == LoginKind::OAuth)?;
        let active = |grant: &&Grant| grant.state == GrantState::Active;
        let good = login.grants.iter().find(active)?;
        let lives = |grant: &&Grant| active(grant) && !grant.refused && !grant.has_expired(now);
        Some(Self {
            origins: login.grants.iter().map(|grant| grant.origin).collect(),
            scopes: good.scopes.clone(),
            identity: record.identity.clone(),
            access_token: login
                .grants
                .iter()
                .find(lives)
                .map(|grant| grant.access_token.clone()),
        })
    }

    /// Refuses scopes that are others, in whatever order.
    pub fn check_scopes(&self, found: &[String]) -> Result<(), Refusal> {
        let set = |scopes: &[String]| scopes.iter().cloned().collect::<BTreeSet<_>>();
        if set(found) == set(&self.scopes) {
            return Ok(());
        }
        Err(Refusal::OtherScopes {
            found: found.join(" "),
            expected: self.scopes.join(" "),
        })
    }
}

/// Adds a grant, or ends it again where it is not taken. What comes back a person should know all
/// the same.
pub fn add_standby(
    session: &Session<'_>,
    new: CandidateGrant,
    existing: &ExistingLogin,
) -> Result<Vec<Warning>, NotAdded> {
    session.log.flush();
    let imported = new.imported;
    let client = new.client.clone();
    let token = new.tokens.for_revocation();
    Adding { session, existing }.add(new).map_err(|why| {
        let is_ours_to_end = !imported && !matches!(why, Refusal::SameTokens);
        let may_be_stored = matches!(&why, Refusal::NotStored(error) if error.may_be_stored());
        let ended = || {
            if may_be_stored {
                NewTokens::MayBeStored
            } else {
                end(session, &client, &token)
            }
        };
        NotAdded {
            tokens: is_ours_to_end.then(ended),
            why,
            imported,
        }
    })
}

/// Ends what is not taken, unless that could end the login that is there.
fn end(session: &Session<'_>, client: &Client, token: &RevocableToken) -> NewTokens {
    if client.grants == Independence::Shared {
        return NewTokens::LeftAlone;
    }
    NewTokens::of(revoke(session, client, token))
}

struct Adding<'a> {
    session: &'a Session<'a>,
    existing: &'a ExistingLogin,
}

impl Adding<'_> {
    fn add(&self, new: CandidateGrant) -> Result<Vec<Warning>, Refusal> {
        let (identity, mut warnings) = self.check(&new)?;
        let CandidateGrant {
            id,
            client,
            userinfo_endpoint: _,
            tokens,
            asked,
            imported: _,
        } = new;
        let (grant, refresh_token) = new_grant(tokens, asked, self.session.now());
        let new = NewGrant {
            grant,
            refresh_token,
            identity,
        };
        let Added {
            replaced,
            warnings: of_the_store,
        } = self.store(&id, &client, new)?;
        warnings.extend(Warning::all(&of_the_store));
        if let Some(token) = replaced.filter(|_| client.grants == Independence::Independent) {
            let failed = revoke(self.session, &client, &token).err();
            let lives_on = |error| format!("the grant that was replaced lives on: {error}").into();
            warnings.extend(failed.map(lives_on));
        }
        Ok(warnings)
    }

    /// What can be said before the lock is had; whose it is, if that is known to be the login's.
    fn check(&self, new: &CandidateGrant) -> Result<(Option<Identity>, Vec<Warning>), Refusal> {
        let rotation = &new.tokens.rotation;
        if rotation.refresh_token.is_none() {
            return Err(Refusal::NotRenewable);
        }
        self.existing
            .check_scopes(rotation.scopes.as_ref().unwrap_or(&new.asked))?;
        let answer = self.whose(new, &rotation.access_token);
        let is_unanswered = matches!(answer, Identified::Unanswered);
        let found = known(answer);
        let expected = self.existing.identity.clone().or_else(|| {
            found.as_ref()?;
            known(self.whose(new, self.existing.access_token.as_ref()?))
        });
        match (expected, found) {
            (Some(expected), Some(found)) if expected.is_same_user(&found) => {
                Ok((Some(found), Vec::new()))
            }
            (Some(expected), Some(found)) => Err(Refusal::OtherUser {
                found: found.username,
                expected: expected.username,
            }),
            (Some(expected), None) if is_unanswered => Err(Refusal::NotIdentified {
                host: new.id.host.clone(),
                expected: expected.username,
            }),
            (Some(expected), None) => Err(Refusal::Nameless {
                host: new.id.host.clone(),
                expected: expected.username,
            }),
            (None, _) => {
                let text = format!(
                    "{} does not say whether both grants are of the same user",
                    new.id.host
                );
                let step = Some(Step::TakeOneGrant(new.id.clone()));
                Ok((None, vec![Warning { text, step }]))
            }
        }
    }

    fn whose(&self, new: &CandidateGrant, token: &AccessToken) -> Identified {
        match &new.userinfo_endpoint {
            Some(endpoint) => oauth::identify(self.session.http, &new.client, endpoint, token),
            None => Identified::Nameless,
        }
    }

    fn store(&self, id: &AccountId, client: &Client, new: NewGrant) -> Result<Added, Refusal> {
        let wait = self.session.wait(self.session.deadline());
        let entry = self.session.store.lock_unless(id, &wait, &|_| false);
        let Entry::Occupied(locked) = entry.map_err(FlowError::from)? else {
            return Err(Refusal::LoginGone);
        };
        self.check_again(&locked, client, &new.grant)?;
        let added = locked.add_standby(new).map_err(FlowError::from)?;
        added.ok_or(Refusal::Full)
    }

    /// What was reread is the login that was meant.
    fn check_again(
        &self,
        locked: &Locked<Occupied>,
        client: &Client,
        grant: &Grant,
    ) -> Result<(), Refusal> {
        let login = locked.record().login().ok_or(Refusal::LoginGone)?;
        let is_known = |grant: &Grant| self.existing.origins.contains(&grant.origin);
        if !login.grants.iter().any(is_known) {
            return Err(Refusal::LoginGone);
        }
        if locked.knows(grant.origin) || locked.has_access_token(&grant.access_token) {
            return Err(Refusal::SameTokens);
        }
        if !is_same_client(&login.client, client) {
            return Err(Refusal::OtherClient);
        }
        Ok(())
    }
}

/// Whether one can be refreshed with what is known of the other.
#[must_use]
pub fn is_same_client(one: &Client, other: &Client) -> bool {
    one.client_id == other.client_id && one.token_endpoint == other.token_endpoint
}

fn known(answer: Identified) -> Option<Identity> {
    match answer {
        Identified::As(identity) => Some(identity),
        Identified::Nameless | Identified::Unanswered => None,
    }
}
