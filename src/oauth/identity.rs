//! A token's user, as the server names it.

use serde_json::{Map, Value};

use super::check::ask;
use super::shown::shown;
use crate::credential::{CheckVerdict, Client, Endpoint, Identity};
use crate::http::Http;
use crate::secret::AccessToken;

/// What servers call the name that people know, best first: GitLab and Bitbucket, OpenID Connect
/// (Core §5.1), GitHub.
const USERNAMES: [&str; 5] = ["username", "preferred_username", "login", "email", "name"];

/// What servers call their own name for the user, which never changes: OpenID Connect, Bitbucket,
/// GitLab and GitHub.
const SUBJECTS: [&str; 3] = ["sub", "account_id", "id"];

/// What a server says of a token's user.
#[derive(Debug)]
pub enum Identified {
    /// The user.
    As(Identity),
    /// It does not tell, or not with these scopes.
    Nameless,
    /// It could not be asked, or cannot answer now.
    Unanswered,
}

/// Asks for the user.
pub fn identify(
    http: &dyn Http,
    client: &Client,
    endpoint: &Endpoint,
    token: &AccessToken,
) -> Identified {
    let asked = ask(http, client, endpoint, token);
    match asked.verdict {
        CheckVerdict::Silent(_) => Identified::Unanswered,
        CheckVerdict::Dead | CheckVerdict::Unknown => Identified::Nameless,
        CheckVerdict::Alive => match asked.object() {
            Err(()) => Identified::Unanswered,
            Ok(object) => object
                .and_then(|object| identity_in(&object))
                .map_or(Identified::Nameless, Identified::As),
        },
    }
}

/// The user whom an answer describes.
pub(super) fn identity_in(object: &Map<String, Value>) -> Option<Identity> {
    let text = |key: &&str| {
        let text = match object.get(*key)? {
            Value::String(text) => shown(text),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    };
    let subject = SUBJECTS.iter().find_map(text);
    let username = USERNAMES
        .iter()
        .find_map(text)
        .or_else(|| subject.clone())?;
    Some(Identity { username, subject })
}
