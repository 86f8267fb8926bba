//! A token's user, as the server names it.

use std::time::Duration;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::body::object_in;
use super::shown::shown;
use crate::credential::{Client, Endpoint, Identity};
use crate::http::{Authorization, Body, Http, Request};
use crate::secret::AccessToken;

/// How long it may take. A login is complete without it.
const LIMIT: Duration = Duration::from_secs(10);

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
    let Ok(url) = endpoint.url() else {
        return Identified::Nameless;
    };
    let token = Zeroizing::new(token.expose().to_owned());
    let response = http.send(Request {
        url: url.clone(),
        body: Body::None,
        authorization: Some(Authorization::Bearer(token)),
        limit: LIMIT,
        ca_file: client.ca_file.clone(),
        server_user: client.server_user,
    });
    match response {
        Err(_) => Identified::Unanswered,
        Ok(response) => match response.status {
            429 | 500.. => Identified::Unanswered,
            200 => match object_in(&response, &url) {
                Err(_) => Identified::Unanswered,
                Ok(object) => object
                    .and_then(|object| identity(&object))
                    .map_or(Identified::Nameless, Identified::As),
            },
            _ => Identified::Nameless,
        },
    }
}

fn identity(object: &Map<String, Value>) -> Option<Identity> {
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
