//! Storing a login: the old one stays until the new one is in its place.

use super::brought::{check_usable, try_brought};
use super::error::FlowError;
use super::revoke::revoke;
use super::session::Session;
use super::warning::Warning;
use crate::credential::{
    AccountId, Cause, Client, Grant, GrantState, Identity, Independence, IssuedBoot, Login,
    LoginKind, Record, Rotation, Scheme, Standby,
};
use crate::secret::{Fingerprint, RefreshToken, RefreshTokenName};
use crate::store::{Entry, Locked, NewLogin, Occupied, RevocableToken, Stored};
use crate::time::Timestamp;

/// Tokens that are not stored yet.
#[derive(Debug)]
pub struct Tokens {
    /// The kind of login that they make.
    pub kind: LoginKind,
    /// What the server gave.
    pub rotation: Rotation,
    /// When their life began.
    pub issued_at: Timestamp,
}

impl Tokens {
    /// The name of the token that a login with them begins with.
    #[must_use]
    pub fn origin(&self) -> Fingerprint {
        let refresh_token = self.rotation.refresh_token.as_ref();
        refresh_token.map_or_else(
            || self.rotation.access_token.fingerprint(),
            RefreshToken::fingerprint,
        )
    }

    /// What ends them at the server.
    pub(super) fn for_revocation(&self) -> RevocableToken {
        let refresh_token = self.rotation.refresh_token.clone();
        refresh_token.map_or_else(
            || RevocableToken::Access(self.rotation.access_token.clone()),
            RevocableToken::Refresh,
        )
    }
}

/// A login that is to be stored.
#[derive(Debug)]
pub(super) struct NewAccount {
    /// The account that it is for.
    pub id: AccountId,
    /// How its server is reached.
    pub scheme: Scheme,
    /// How we are known there.
    pub client: Client,
    /// What is stored.
    pub tokens: Tokens,
    /// The scopes, where the server does not name them (RFC 6749 §5.1: then they are those that
    /// were asked for).
    pub asked: Vec<String>,
    /// Whether the grants that it replaces are revoked: not where the new one may be one of them.
    pub revoke_replaced: bool,
    /// Whether the tokens came from elsewhere, so that they may be of no use.
    pub brought: bool,
    /// Whose they are, where the server was asked.
    pub identity: Option<Identity>,
}

/// What came of it.
#[derive(Debug)]
pub struct LoggedIn {
    /// What was done.
    pub change: Change,
    /// The user, where the server was asked.
    pub identity: Option<Identity>,
    /// The user before, where that is known.
    pub before: Option<Identity>,
    /// When the login ends for good, where there is nothing to refresh it with.
    pub ends_at: Option<Timestamp>,
    /// What has become of a second grant.
    pub standby: SecondGrant,
    /// What a person should know all the same.
    pub warnings: Vec<Warning>,
}

impl LoggedIn {
    /// The other user whose login this one replaced.
    #[must_use]
    pub fn replaced_user(&self) -> Option<&Identity> {
        let before = self.before.as_ref()?;
        let is_other = !self.identity.as_ref()?.is_same_user(before);
        (self.change == Change::Replaced && is_other).then_some(before)
    }

    /// A login of this user that has a standby grant now.
    pub(super) fn with_standby(identity: Option<Identity>, warnings: Vec<Warning>) -> Self {
        Self {
            change: Change::StandbyAdded,
            identity: identity.clone(),
            before: identity,
            ends_at: None,
            standby: SecondGrant::Taken,
            warnings,
        }
    }

    /// A login that stays as it is.
    pub(super) fn as_it_is(record: &Record, change: Change) -> Self {
        Self {
            change,
            identity: record.identity.clone(),
            before: record.identity.clone(),
            ends_at: None,
            standby: SecondGrant::of(record),
            warnings: Vec::new(),
        }
    }
}

/// What has become of a second grant.
#[derive(Debug)]
pub enum SecondGrant {
    /// There is none, and the call asked for none.
    NotAsked,
    /// There is none, no person was asked for one, and it would help.
    WouldHelp,
    /// It stands by.
    Taken,
    /// There is none.
    Missing {
        /// Why, as a sentence.
        why: String,
        /// A person went on without it.
        left_out: bool,
    },
}

impl SecondGrant {
    fn of(record: &Record) -> Self {
        match record.login().map(Login::standby) {
            Some(Standby::Ready) => Self::Taken,
            _ => Self::NotAsked,
        }
    }
}

/// What a login changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// There was none.
    Stored,
    /// Another one was there.
    Replaced,
    /// It is the one that is there, and how we are known to the server has changed.
    Updated,
    /// It is the one that is there.
    Unchanged,
    /// It has a second grant now.
    StandbyAdded,
    /// It has two good grants.
    StandbyThere,
}

/// Stores a login, under the account's lock, and then revokes what it replaced.
pub(super) fn store_login(
    session: &Session<'_>,
    account: NewAccount,
) -> Result<LoggedIn, FlowError> {
    session.log.flush();
    let id = account.id.clone();
    let (revoke_replaced, is_brought) = (account.revoke_replaced, account.brought);
    let identity = account.identity.clone();
    let (origin, new) = new_login(account, session.now());
    let mut left = new.login.clone();
    let mut names = left.grants.iter().flat_map(|grant| &grant.refresh_token);
    let refresh_token = names.next().map(RefreshTokenName::fingerprint);
    let mut fixed = left.grants.iter().filter(|grant| !left.can_refresh(grant));
    let ends_at = fixed.find_map(|grant| grant.expires_at);
    let mut before = None;
    let mut standby = SecondGrant::NotAsked;
    let wait = session.wait(session.deadline());
    let (change, mut warnings) = match session.store.lock(&id, &wait)? {
        Entry::Vacant(locked) => {
            check_brought(session, &id, &new.login, is_brought)?;
            (Change::Stored, Warning::all(&locked.create(&new)?.warnings))
        }
        Entry::Occupied(locked) => {
            session.check_scheme(locked.record())?;
            before = identity_of(locked.record());
            if locked.knows(origin) {
                standby = SecondGrant::of(locked.record());
                let (change, there, warnings) = once_more(locked, new)?;
                left = there.unwrap_or(left);
                (change, warnings)
            } else {
                check_brought(session, &id, &new.login, is_brought)?;
                let stored = locked.replace(&new)?;
                replaced(session, stored, revoke_replaced)
            }
        }
    };
    if is_brought {
        warnings.extend(try_brought(session, &id, &left, refresh_token)?);
    }
    Ok(LoggedIn {
        change,
        identity,
        before,
        ends_at,
        standby,
        warnings,
    })
}

/// Refuses tokens that a person brought and that are of no use, before they take the place of others.
fn check_brought(
    session: &Session<'_>,
    id: &AccountId,
    login: &Login,
    is_brought: bool,
) -> Result<(), FlowError> {
    if is_brought {
        check_usable(session, id, login)
    } else {
        Ok(())
    }
}

/// Notes the user of the login that begins with `origin`, if it is still there.
pub(super) fn note_identity(
    session: &Session<'_>,
    id: &AccountId,
    origin: Fingerprint,
    identity: &Identity,
) -> Result<(), FlowError> {
    let wait = session.wait(session.deadline());
    if let Entry::Occupied(mut locked) = session.store.lock(id, &wait)?
        && locked.knows(origin)
    {
        locked.set_identity(identity.clone());
        locked.save()?;
    }
    Ok(())
}

/// Whose login it is; `None`: it has ended.
fn identity_of(record: &Record) -> Option<Identity> {
    record.login()?;
    record.identity.clone()
}

/// The record that is to be, and the token that it begins with.
fn new_login(account: NewAccount, now: Timestamp) -> (Fingerprint, NewLogin) {
    let kind = account.tokens.kind;
    let (grant, refresh_token) = new_grant(account.tokens, account.asked, now);
    let origin = grant.origin;
    let new = NewLogin {
        scheme: account.scheme,
        identity: account.identity,
        login: Login {
            kind,
            client: account.client,
            grants: vec![grant],
            last_attempt: None,
        },
        refresh_tokens: vec![refresh_token],
    };
    (origin, new)
}

/// The grant that is to be, and its refresh token.
pub(super) fn new_grant(
    tokens: Tokens,
    asked: Vec<String>,
    now: Timestamp,
) -> (Grant, Option<RefreshToken>) {
    let origin = tokens.origin();
    let Tokens {
        kind: _,
        rotation,
        issued_at,
    } = tokens;
    let refresh_token = rotation.refresh_token;
    let grant = Grant {
        // Counted on from the record that it replaces, when it is stored.
        generation: 1,
        origin,
        access_token: rotation.access_token,
        refresh_token: refresh_token.as_ref().map(Into::into),
        token_type: rotation.token_type,
        scopes: rotation.scopes.unwrap_or(asked),
        issued_at,
        issued_boot: IssuedBoot::of(issued_at, now),
        expires_at: rotation.expires_in.map(|life| issued_at.plus(life)),
        refresh_expires_at: rotation.refresh_expires_in.map(|life| issued_at.plus(life)),
        cause: Cause::Login,
        state: GrantState::Active,
        refused: false,
        answer_lost_at: None,
        refusals: None,
    };
    (grant, refresh_token)
}

/// The login that is there is the one that comes: nothing of its grants is changed, but what was
/// said of the client counts, and a personal token that was refused by mistake is good again. Returns
/// the login that is there.
fn once_more(
    mut locked: Locked<Occupied>,
    new: NewLogin,
) -> Result<(Change, Option<Login>, Vec<Warning>), FlowError> {
    let refused = |login: &Login| login.grants.iter().any(|grant| grant.refused);
    let is_token = new.login.kind == LoginKind::Token;
    if is_token && locked.record().login().is_some_and(refused) {
        let warnings = Warning::all(&locked.replace(&new)?.warnings);
        return Ok((Change::Replaced, None, warnings));
    }
    let change = if locked.set_client(new.login.client) {
        locked.save()?;
        Change::Updated
    } else {
        Change::Unchanged
    };
    let there = locked.record().login().cloned();
    Ok((change, there, Warning::all(&locked.take_warnings())))
}

fn replaced(
    session: &Session<'_>,
    stored: Stored,
    revoke_replaced: bool,
) -> (Change, Vec<Warning>) {
    let mut warnings = Warning::all(&stored.warnings);
    let mut change = Change::Stored;
    if let Some((client, tokens)) = stored.replaced {
        change = Change::Replaced;
        if revoke_replaced && client.grants == Independence::Independent {
            let results = tokens.iter().map(|token| revoke(session, &client, token));
            let errors = results.filter_map(Result::err);
            let lives_on = |error| format!("the login that was replaced lives on: {error}").into();
            warnings.extend(errors.map(lives_on));
        }
    }
    (change, warnings)
}
