//! What the server says of a token that a person brought: whether it works, whose it is, when it expires.

use super::check::ask;
use super::identity::identity_in;
use super::token_response::end_of;
use crate::credential::{CheckVerdict, Client, Endpoint, Identity};
use crate::http::Http;
use crate::secret::AccessToken;
use crate::time::Timestamp;

/// What a server says of a token that a person brought.
#[derive(Debug)]
pub struct TokenReport {
    /// Whether it is alive.
    pub verdict: CheckVerdict,
    /// Whose it is, if the server says it.
    pub identity: Option<Identity>,
    /// When it expires, if the server says it.
    pub ends_at: Option<Timestamp>,
}

/// Asks the check endpoint about a token that a person brought and, where that knows the token or does not say, the
/// endpoint that names its user. Both can be one.
pub fn report(
    http: &dyn Http,
    client: &Client,
    user_endpoint: Option<&Endpoint>,
    token: &AccessToken,
    now: Timestamp,
) -> TokenReport {
    let checks_user = client.check_endpoint.as_ref() == user_endpoint;
    let check = client.check_endpoint.as_ref().filter(|_| !checks_user);
    let checked = check.map(|endpoint| ask(http, client, endpoint, token));
    let object = checked.as_ref().and_then(|asked| asked.object().ok()?);
    let ends_at = object.and_then(|object| end_of(&object, now));
    let verdict = checked.map_or(CheckVerdict::Unknown, |asked| asked.verdict);
    let may_live = matches!(verdict, CheckVerdict::Alive | CheckVerdict::Unknown);
    let Some(endpoint) = user_endpoint.filter(|_| may_live) else {
        return TokenReport {
            verdict,
            identity: None,
            ends_at,
        };
    };
    let user = ask(http, client, endpoint, token);
    let named = (user.verdict == CheckVerdict::Alive).then(|| user.object().ok()?);
    TokenReport {
        verdict: match verdict {
            CheckVerdict::Unknown => user.verdict,
            known => known,
        },
        identity: named.flatten().and_then(|object| identity_in(&object)),
        ends_at,
    }
}
