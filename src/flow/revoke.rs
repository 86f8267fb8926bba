//! Ending tokens at the server (RFC 7009).

use super::session::Session;
use crate::credential::Client;
use crate::oauth::{self, RevokeError};
use crate::store::RevocableToken;

/// What has become of tokens that could not be stored.
#[derive(Debug, thiserror::Error)]
pub enum NewTokens {
    /// The server has ended them.
    #[error("it was revoked")]
    Revoked,
    /// The server could not be told.
    #[error("its tokens remain valid at the server: {0}")]
    LiveOn(Box<RevokeError>),
    /// Revoking them could end the login that is there.
    #[error("glauth left these tokens to expire, since revoking them could end the existing login")]
    LeftAlone,
    /// The database of a shared store has not said whether it has them.
    #[error("glauth left these tokens valid, since the login may be stored with them")]
    MayBeStored,
}

impl NewTokens {
    /// What the try to revoke them came to.
    pub(super) fn of(revoked: Result<(), RevokeError>) -> Self {
        match revoked {
            Ok(()) => Self::Revoked,
            Err(error) => Self::LiveOn(Box::new(error)),
        }
    }
}

pub(super) fn revoke(
    session: &Session<'_>,
    client: &Client,
    token: &RevocableToken,
) -> Result<(), RevokeError> {
    let (text, hint) = match token {
        RevocableToken::Refresh(token) => (token.expose(), "refresh_token"),
        RevocableToken::Access(token) => (token.expose(), "access_token"),
    };
    oauth::revoke(session.http, client, text, hint)
}
