//! Who a token's user is, as the server says.

use std::time::Duration;

use serde_json::Value;
use zeroize::Zeroizing;

use super::body::object_of;
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

/// Asks who this is; `None`: the server does not tell, or not with these scopes.
pub fn identify(
    http: &dyn Http,
    client: &Client,
    endpoint: &Endpoint,
    token: &AccessToken,
) -> Option<Identity> {
    let token = Zeroizing::new(token.expose().to_owned());
    let response = http.send(Request {
        url: endpoint.url().ok()?,
        body: Body::None,
        authorization: Some(Authorization::Bearer(token)),
        limit: LIMIT,
        ca_file: client.ca_file.clone(),
        server_user: client.server_user,
    });
    let response = response.ok().filter(|response| response.status == 200)?;
    let object = object_of(&response.body?)?;
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
