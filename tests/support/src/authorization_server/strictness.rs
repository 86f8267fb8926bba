//! The strictness: what a client must not do, although real servers let some of it pass.

use super::endpoints::{AUTHORIZE, AUTHORIZE_DEVICE, DEVICE_GRANT, REVOKE, TOKEN, USER};
use super::message::Request;
use super::settings::Settings;
use super::{client, mcp};

/// Everything that is wrong with a request, one sentence each, without its secrets.
pub(super) fn mistakes(request: &Request, settings: &Settings, url: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(rules) = &settings.mcp {
        found.extend(mcp::mistakes(request, rules, url));
    }
    // Tokens in a URL end in logs (RFC 6750 §5.3). Parameters that have nothing to do with OAuth, as
    // those of git's first request, are not this server's business.
    if is_out_of_place(request) {
        found.push("parameters in the URL".to_owned());
    }
    match request.path.as_str() {
        TOKEN => {
            // GitHub answers in another format without it.
            if !accepts_json(request) {
                found.push("no `Accept: application/json`".to_owned());
            }
            found.extend(grant_type_mistake(request, settings));
            found.extend(form_mistakes(request, settings, url));
        }
        REVOKE => {
            found.extend(missing(request, &["token"]));
            found.extend(form_mistakes(request, settings, url));
        }
        AUTHORIZE => found.extend(authorization_mistakes(request)),
        AUTHORIZE_DEVICE => {
            if !accepts_json(request) {
                found.push("no `Accept: application/json`".to_owned());
            }
            found.extend(form_mistakes(request, settings, url));
        }
        USER if request.header("Private-Token").is_some() => {
            found.push("an OAuth token as `Private-Token`".to_owned());
        }
        _ => {}
    }
    let named = |what| format!("{} {}: {what}", request.method, request.path);
    found.into_iter().map(named).collect()
}

/// At the endpoints only a browser brings parameters in the URL; nowhere is a secret one.
fn is_out_of_place(request: &Request) -> bool {
    let is_secret = |name: &str| request.query_parameter(name).is_some();
    let is_ours = request.path.starts_with("/oauth/") || request.path == USER;
    (is_ours && request.path != AUTHORIZE && request.query.is_some())
        || ["access_token", "refresh_token", "private_token", "token"]
            .into_iter()
            .any(is_secret)
}

fn accepts_json(request: &Request) -> bool {
    let accept = request.header("Accept").unwrap_or_default();
    let mut types = accept
        .split(',')
        .map(|one| one.split(';').next().unwrap_or_default());
    types.any(|media_type| media_type.trim() == "application/json")
}

/// Each grant type has parameters of its own.
fn grant_type_mistake(request: &Request, settings: &Settings) -> Vec<String> {
    match request.parameter("grant_type") {
        None => missing(request, &["grant_type"]),
        Some("refresh_token") => missing(request, &["refresh_token"]),
        Some("authorization_code") => missing(request, &["code", "redirect_uri", "code_verifier"]),
        Some(DEVICE_GRANT) => missing(request, &["device_code"]),
        Some("client_credentials") if settings.client_credentials => Vec::new(),
        Some(_) => vec!["a grant type that this server does not have".to_owned()],
    }
}

fn missing(request: &Request, names: &[&str]) -> Vec<String> {
    let absent = names
        .iter()
        .filter(|name| request.parameter(name).is_none());
    absent.map(|name| format!("no `{name}`")).collect()
}

/// RFC 6749 §4.1.1, with what RFC 9700 §2.1 wants besides.
fn authorization_mistakes(request: &Request) -> Vec<String> {
    let mut found = Vec::new();
    let parameters = request.query_parameters();
    for name in ["response_type", "client_id", "redirect_uri"] {
        if request.query_parameter(name).is_none() {
            found.push(format!("no `{name}`"));
        }
    }
    found.extend(repeated(&parameters));
    for name in ["client_secret", "code_verifier"] {
        if request.query_parameter(name).is_some() {
            found.push(format!("`{name}` in a URL"));
        }
    }
    let value = |name| request.query_parameter(name).unwrap_or_default();
    // 128 bits (RFC 6749 §10.10), in base64url.
    if value("state").len() < 22 {
        found.push("no `state` that cannot be guessed".to_owned());
    }
    // 43 characters: a SHA-256 in base64url (RFC 7636 §4.2).
    if value("code_challenge_method") != "S256" || value("code_challenge").len() != 43 {
        found.push("no PKCE with S256".to_owned());
    }
    found
}

fn repeated(parameters: &[(String, String)]) -> Vec<String> {
    let is_repeated = |index: &usize| {
        let (name, _) = &parameters[*index];
        parameters[..*index].iter().any(|(key, _)| key == name)
    };
    (0..parameters.len())
        .filter(is_repeated)
        .map(|index| format!("`{}` more than once", parameters[index].0))
        .collect()
}

/// What holds for every form that a client posts (RFC 6749 §2.3, §3.2).
fn form_mistakes(request: &Request, settings: &Settings, url: &str) -> Vec<String> {
    let mut found = Vec::new();
    if request.method != "POST" {
        found.push("not a POST".to_owned());
    }
    if !request.has_form() {
        found.push("the body is no form".to_owned());
    }
    found.extend(repeated(&request.form));
    if !client::is_authenticated(request, settings, url) {
        found.push("no client authentication, or a wrong one".to_owned());
    }
    found
}
