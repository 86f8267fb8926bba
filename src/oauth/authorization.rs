//! The authorization request and its answer (RFC 6749 §4.1.1 and §4.1.2), with PKCE (RFC 7636) and
//! `iss` (RFC 9207). Pure but for the random numbers.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use url::Url;

use super::shown::shown;
use crate::credential::Client;
use crate::secret::{AuthorizationCode, CodeVerifier};

/// How many random bytes a `state` and a code verifier have: 256 bits, as RFC 7636 §7.1 advises.
const RANDOM_BYTES: usize = 32;

/// The parameters of an answer.
const ANSWERS: [&str; 5] = ["state", "iss", "error", "error_description", "code"];

/// The system has no random numbers to give.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the system provides no random numbers")]
pub struct NoRandomness;

/// One question to a server: the holder of its `state` is answered, once.
#[derive(Debug)]
pub struct AuthorizationRequest {
    state: String,
    verifier: CodeVerifier,
    issuer: Option<String>,
    /// Whether each answer has the issuer's name.
    promises_issuer: bool,
}

/// What is asked for.
#[derive(Debug)]
pub struct PendingAuthorization<'a> {
    /// RFC 6749 §3.1.
    pub endpoint: &'a Url,
    /// As whom.
    pub client: &'a Client,
    /// Where the answer goes, as it is registered but for the port.
    pub redirect_uri: &'a str,
    /// RFC 6749 §3.3.
    pub scopes: &'a [String],
    /// What this kind of server wants besides, and only here.
    pub parameters: &'a [(&'static str, &'static str)],
}

/// An answer to our question.
#[derive(Debug, PartialEq, Eq)]
pub enum AuthorizationResponse {
    /// RFC 6749 §4.1.2.
    Code(AuthorizationCode),
    /// RFC 6749 §4.1.2.1.
    Refused {
        /// The code of the error, as it came.
        error: String,
        /// The server's own words, fit to be shown.
        words: Option<String>,
    },
    /// It has our `state`, and another server's name (RFC 9207 §2.4).
    OtherIssuer(String),
    /// It has our `state`, and not the server's name, which the server promises (RFC 9207 §2.4).
    NoIssuer,
}

impl AuthorizationRequest {
    /// A new one, for the server of that name, where one is known; `promises_issuer`: it promises its name in each
    /// answer.
    pub fn new(issuer: Option<String>, promises_issuer: bool) -> Result<Self, NoRandomness> {
        let verifier = CodeVerifier::new(random_text()?).map_err(|_| NoRandomness)?;
        Ok(Self {
            state: random_text()?,
            verifier,
            issuer,
            promises_issuer,
        })
    }

    /// What proves at the token endpoint that glauth is the one that asked (RFC 7636 §4.5).
    #[must_use]
    pub fn verifier(&self) -> &CodeVerifier {
        &self.verifier
    }

    /// The address that a person's browser is sent to.
    #[must_use]
    pub fn url(&self, asked: &PendingAuthorization<'_>) -> Url {
        let mut parameters: BTreeMap<&str, &str> = asked.parameters.iter().copied().collect();
        // What was given goes before what the table says.
        parameters.extend(asked.client.parameters.iter().map(|(k, v)| (&**k, &**v)));
        let scope = asked.scopes.join(" ");
        let challenge =
            ring::digest::digest(&ring::digest::SHA256, self.verifier.expose().as_bytes());
        let challenge = URL_SAFE_NO_PAD.encode(challenge);
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("response_type", "code")
            .append_pair(
                "client_id",
                asked.client.client_id.as_deref().unwrap_or_default(),
            )
            .append_pair("redirect_uri", asked.redirect_uri);
        if !scope.is_empty() {
            query.append_pair("scope", &scope);
        }
        query
            .append_pair("state", &self.state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .extend_pairs(parameters);
        // A blank as `%20`, which a form has as `+`: not every server reads an address as a form.
        let query = query.finish().replace('+', "%20");
        let mut url = asked.endpoint.clone();
        let of_endpoint = url.query().filter(|query| !query.is_empty());
        let whole = of_endpoint.map_or_else(|| query.clone(), |before| format!("{before}&{query}"));
        url.set_query(Some(&whole));
        url
    }

    /// Reads the query of a redirect. `None`: it is not an answer to this question.
    #[must_use]
    pub fn read(&self, query: &str) -> Option<AuthorizationResponse> {
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
        // RFC 6749 §3.1: none may come twice.
        let twice = |name: &str| pairs.iter().filter(|(key, _)| key == name).count() > 1;
        if ANSWERS.into_iter().any(twice) {
            return None;
        }
        let value = |name: &str| {
            let mut pairs = pairs.iter();
            pairs
                .find(|(key, _)| key == name)
                .map(|(_, value)| &**value)
        };
        if !same_secret(value("state")?, &self.state) {
            return None;
        }
        if let (Some(issuer), Some(asked)) = (value("iss"), &self.issuer)
            && !same_issuer(issuer, asked)
        {
            return Some(AuthorizationResponse::OtherIssuer(shown(issuer)));
        }
        if self.promises_issuer && value("iss").is_none() {
            return Some(AuthorizationResponse::NoIssuer);
        }
        if let Some(error) = value("error") {
            return Some(AuthorizationResponse::Refused {
                error: shown(error),
                words: value("error_description")
                    .map(shown)
                    .filter(|words| !words.is_empty()),
            });
        }
        let code = AuthorizationCode::new(value("code")?.to_owned()).ok()?;
        Some(AuthorizationResponse::Code(code))
    }
}

/// The error of a redirect that has no `state`: some servers leave it out (RFC 6749 §4.1.2.1 does not
/// let them), and any page can make a browser ask for such an address.
#[must_use]
pub fn stray_error(query: &str) -> Option<String> {
    let value = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value)
    };
    let error = shown(&value("error")?);
    (value("state").is_none() && !error.is_empty()).then_some(error)
}

/// Whether two names are of one server. Hosts are kept without a slash at the end, and some servers
/// have one in their name.
#[must_use]
pub fn same_issuer(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}

/// Compares digests: how long that takes says nothing about the secret.
fn same_secret(one: &str, other: &str) -> bool {
    let digest = |text: &str| ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    digest(one).as_ref() == digest(other).as_ref()
}

/// 256 random bits that fit into a URL as they are.
pub fn random_text() -> Result<String, NoRandomness> {
    let mut bytes = [0; RANDOM_BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| NoRandomness)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests;
