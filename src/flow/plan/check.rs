//! What glauth refuses to note of a client, or to send.

use super::ClientError;
use crate::credential::{AuthMethod, Client};
use crate::user_file;

/// What a record would refuse to hold, and what would change a question that is ours.
pub(super) fn check(client: &Client) -> Result<(), ClientError> {
    let dirty = |text: &str| text.chars().any(char::is_control);
    let parameters = &client.parameters;
    for (what, is_bad) in [
        (
            "the client id",
            client.client_id.as_deref().is_some_and(dirty),
        ),
        (
            "a parameter",
            parameters.iter().any(|(k, v)| dirty(k) || dirty(v)),
        ),
        (
            "a scope",
            client.login.scopes.iter().any(|scope| dirty(scope)),
        ),
        (
            "the name of the client's file",
            client
                .auth
                .file()
                .is_some_and(|p| dirty(&p.to_string_lossy())),
        ),
        (
            "the id of the client's key",
            matches!(&client.auth, AuthMethod::PrivateKeyJwt(key) if key.key_id.as_deref().is_some_and(dirty)),
        ),
        (
            "the CA file's name",
            client
                .ca_file
                .as_deref()
                .is_some_and(|p| dirty(&p.to_string_lossy())),
        ),
    ] {
        if is_bad {
            return Err(ClientError::ControlCharacter(what));
        }
    }
    if let Some(path) = &client.ca_file {
        // A file that is missing may still come; what others can write is never trusted.
        match user_file::check(path) {
            Err(source) if !source.is_missing() => {
                let (what, path) = ("CA file", path.clone());
                return Err(ClientError::File { what, path, source });
            }
            _ => {}
        }
    }
    if client.client_id.as_deref() == Some("") {
        return Err(ClientError::EmptyClientId);
    }
    match parameters.keys().find(|name| OURS.contains(&&***name)) {
        Some(name) => Err(ClientError::OurParameter(name.clone())),
        None => Ok(()),
    }
}

/// Parameters that a question has already (RFC 6749, 7636, 7009, 8628, 7523).
const OURS: [&str; 18] = [
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "device_code",
    "grant_type",
    "redirect_uri",
    "refresh_token",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "token",
    "token_type_hint",
];
