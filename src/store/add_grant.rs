//! Adding a second grant to a login that is there.

use super::entry::Locked;
use super::error::StoreError;
use super::reread::{Occupied, RevocableToken};
use crate::credential::{Grant, Identity, Login};
use crate::secret::{AccessToken, RefreshToken};

/// A grant that is to be added.
#[derive(Debug)]
pub struct NewGrant {
    /// Its generation is counted on from those of the login.
    pub grant: Grant,
    /// Its refresh token.
    pub refresh_token: Option<RefreshToken>,
    /// Whose it is, for a login whose user was unknown.
    pub identity: Option<Identity>,
}

/// A grant that has been added.
#[derive(Debug)]
pub struct Added {
    /// What ends the grant at the server whose place it has taken, unless that has ended.
    pub replaced: Option<RevocableToken>,
    /// What did not go as it should, and did no harm.
    pub warnings: Vec<StoreError>,
}

impl Locked<Occupied> {
    /// Whether this is the access token of a grant now.
    #[must_use]
    pub fn has_access_token(&self, token: &AccessToken) -> bool {
        let login = self.record().login();
        login.is_some_and(|login| {
            let mut grants = login.grants.iter();
            grants.any(|grant| grant.access_token == *token)
        })
    }

    /// Adds a grant to the login that is there; `None`: there is no login, or it has two good ones.
    pub fn add_standby(mut self, new: NewGrant) -> Result<Option<Added>, StoreError> {
        let login = self.record().login();
        let Some(place) = login.and_then(Login::room_for_standby) else {
            return Ok(None);
        };
        let replaced = self.for_revocation(place);
        let spent = self.put_refresh_token(place, new.refresh_token);
        if let (None, Some(identity)) = (&self.record().identity, new.identity) {
            self.set_identity(identity);
        }
        let attempt_gone = self
            .login_mut()
            .is_some_and(|login| login.add_grant(place, new.grant));
        let extra = std::mem::take(&mut self.state.full.extra).without_grant(place);
        self.state.full.extra = if attempt_gone {
            extra.without_attempt()
        } else {
            extra
        };
        let warning = self.place.replace_checked(&self.state.full)?;
        self.state.warnings.extend(warning);
        self.place.local().remove_answer();
        self.place.sweep_leases(self.record());
        if let Some(token) = &spent {
            self.place.local().forget_rescued(token);
        }
        let warnings = self.take_warnings();
        Ok(Some(Added { replaced, warnings }))
    }

    /// The one that was there.
    fn put_refresh_token(
        &mut self,
        place: usize,
        token: Option<RefreshToken>,
    ) -> Option<RefreshToken> {
        let tokens = &mut self.state.full.refresh_tokens;
        if let Some(old) = tokens.get_mut(place) {
            return std::mem::replace(old, token);
        }
        tokens.push(token);
        None
    }
}
