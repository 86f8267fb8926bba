//! Asking the server whether an access token is alive, before anything is rotated for it (P7).

use std::time::Duration;

use zeroize::Zeroizing;

use crate::credential::{CheckVerdict, Client, Outcome};
use crate::http::{Authorization, Body, Http, Request};
use crate::secret::AccessToken;

/// How long it may take, with its connection. A caller stands in mid-request and waits.
const LIMIT: Duration = Duration::from_secs(10);

/// Asks the check endpoint; without one, nobody knows.
pub fn check(http: &dyn Http, client: &Client, token: &AccessToken) -> CheckVerdict {
    let Some(endpoint) = &client.check_endpoint else {
        return CheckVerdict::Unknown;
    };
    let Ok(url) = endpoint.url() else {
        return CheckVerdict::Silent(Outcome::Config);
    };
    let request = Request {
        url,
        body: Body::None,
        authorization: Some(Authorization::Bearer(Zeroizing::new(
            token.expose().to_owned(),
        ))),
        limit: LIMIT,
        ca_file: client.ca_file.clone(),
        server_user: client.server_user,
    };
    match http.send(request) {
        Ok(response) => match response.status {
            200 => CheckVerdict::Alive,
            401 => CheckVerdict::Dead,
            429 => CheckVerdict::Silent(Outcome::RateLimited),
            500.. => CheckVerdict::Silent(Outcome::Unavailable),
            _ => CheckVerdict::Unknown,
        },
        Err(error) => CheckVerdict::Silent(error.outcome_of_question()),
    }
}
