//! The authorization endpoint (RFC 6749 §4.1), as a browser sees it whose user is logged in already.

use url::Url;

use super::message::{Answer, Request};
use super::settings::Consent;
use super::state::State;

/// Asks the user, and sends the browser back with what they say.
pub(super) fn authorize(state: &mut State, request: &Request) -> Answer {
    let value = |name| request.query_parameter(name).unwrap_or_default();
    let redirect_uri = value("redirect_uri");
    // RFC 6749 §4.1.2.1: such a browser is sent nowhere.
    if value("client_id") != state.settings.client_id {
        return page("Client authentication failed due to unknown client.");
    }
    let is_registered = match state.settings.mcp {
        // MCP's own server compares the whole URI.
        Some(_) => redirect_uri == state.settings.redirect_uri,
        None => is_registered(&redirect_uri, &state.settings.redirect_uri),
    };
    if !is_registered {
        return page(
            "The requested redirect uri is malformed or doesn't match client redirect URI.",
        );
    }
    let mut answer = Vec::new();
    if value("response_type") != "code" {
        answer.push(("error", "unsupported_response_type".to_owned()));
    } else if value("code_challenge_method") != "S256" {
        answer.push(("error", "invalid_request".to_owned()));
    } else {
        match &state.settings.consent {
            Consent::Given => {
                let scope = value("scope");
                let code = state
                    .codes
                    .issue(&redirect_uri, &value("code_challenge"), &scope);
                answer.push(("code", code));
            }
            Consent::Refused(error, description) => {
                answer.push(("error", (*error).to_owned()));
                let description = description.map(|text| ("error_description", text.to_owned()));
                answer.extend(description);
            }
        }
    }
    answer.push(("state", value("state")));
    if state.settings.sends_issuer {
        answer.push(("iss", state.url.clone()));
    }
    let mut location = Url::parse(&redirect_uri).expect("a URL, since it is registered");
    location.query_pairs_mut().extend_pairs(answer);
    Answer::new(302).header("Location", location.as_str())
}

/// RFC 8252 §7.3: at a loopback address the port does not count.
fn is_registered(redirect_uri: &str, registered: &str) -> bool {
    let parts = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        if matches!(url.host_str(), Some("127.0.0.1" | "[::1]")) {
            url.set_port(None).ok()?;
        }
        Some(url)
    };
    parts(redirect_uri).is_some_and(|url| Some(url) == parts(registered))
}

fn page(text: &str) -> Answer {
    Answer::new(400)
        .header("Content-Type", "text/plain; charset=utf-8")
        .body(text)
}
