//! Asking the server whether an access token is alive, before anything is rotated for it (P7).

use std::time::Duration;

use serde_json::{Map, Value};
use url::Url;
use zeroize::Zeroizing;

use super::body::object_in;
use crate::credential::{CheckVerdict, Client, Endpoint, Outcome};
use crate::http::{Authorization, Body, Http, Request, Response};
use crate::secret::AccessToken;

/// How long it may take, with its connection. A caller stands in mid-request and waits.
const LIMIT: Duration = Duration::from_secs(10);

/// An answer about a token.
pub(super) struct TokenAnswered {
    pub verdict: CheckVerdict,
    answer: Option<(Response, Url)>,
}

impl TokenAnswered {
    /// The object in the answer. `Err`: it broke off.
    pub fn object(&self) -> Result<Option<Map<String, Value>>, ()> {
        match &self.answer {
            Some((response, url)) => object_in(response, url).map_err(drop),
            None => Ok(None),
        }
    }
}

/// Asks the check endpoint; without one, that is unknown.
pub fn check(http: &dyn Http, client: &Client, token: &AccessToken) -> CheckVerdict {
    match &client.check_endpoint {
        Some(endpoint) => ask(http, client, endpoint, token).verdict,
        None => CheckVerdict::Unknown,
    }
}

/// Asks for what `endpoint` says to the bearer of `token`.
pub(super) fn ask(
    http: &dyn Http,
    client: &Client,
    endpoint: &Endpoint,
    token: &AccessToken,
) -> TokenAnswered {
    let Ok(url) = endpoint.url() else {
        return TokenAnswered {
            verdict: CheckVerdict::Silent(Outcome::Config),
            answer: None,
        };
    };
    let token = Zeroizing::new(token.expose().to_owned());
    let response = http.send(Request {
        url: url.clone(),
        body: Body::None,
        authorization: Some(Authorization::Bearer(token)),
        limit: LIMIT,
        ca_file: client.ca_file.clone(),
        server_user: client.server_user,
        public_only: false,
    });
    let verdict = match &response {
        Ok(response) => match response.status {
            200 => CheckVerdict::Alive,
            401 => CheckVerdict::Dead,
            429 => CheckVerdict::Silent(Outcome::RateLimited),
            500.. => CheckVerdict::Silent(Outcome::Unavailable),
            _ => CheckVerdict::Unknown,
        },
        Err(error) => CheckVerdict::Silent(error.outcome_of_question()),
    };
    TokenAnswered {
        verdict,
        answer: response.ok().map(|response| (response, url)),
    }
}
