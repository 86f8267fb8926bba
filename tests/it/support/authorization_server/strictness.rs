//! The strictness: what a client must not do, although real servers let some of it pass.

use super::client;
use super::endpoints::{REVOKE, TOKEN, USER};
use super::message::Request;
use super::settings::Settings;

/// Everything that is wrong with a request, one sentence each, without its secrets.
pub(super) fn mistakes(request: &Request, settings: &Settings) -> Vec<String> {
    let mut found = Vec::new();
    // Tokens in a URL end in logs (RFC 6750 §5.3), and nothing here takes any other parameter.
    if request.query.is_some() {
        found.push("parameters in the URL".to_owned());
    }
    match request.path.as_str() {
        TOKEN => {
            // GitHub answers in another format without it.
            if !accepts_json(request) {
                found.push("no `Accept: application/json`".to_owned());
            }
            found.extend(grant_type_mistake(request));
            found.extend(form_mistakes(request, settings));
        }
        REVOKE => {
            found.extend(missing(request, &["token"]));
            found.extend(form_mistakes(request, settings));
        }
        USER if request.header("Private-Token").is_some() => {
            found.push("an OAuth token as `Private-Token`".to_owned());
        }
        _ => {}
    }
    let named = |what| format!("{} {}: {what}", request.method, request.path);
    found.into_iter().map(named).collect()
}

fn accepts_json(request: &Request) -> bool {
    let accept = request.header("Accept").unwrap_or_default();
    let mut types = accept
        .split(',')
        .map(|one| one.split(';').next().unwrap_or_default());
    types.any(|media_type| media_type.trim() == "application/json")
}

/// Each grant type has parameters of its own.
fn grant_type_mistake(request: &Request) -> Vec<String> {
    match request.parameter("grant_type") {
        None => missing(request, &["grant_type"]),
        Some("refresh_token") => missing(request, &["refresh_token"]),
        Some(_) => vec!["a grant type that this server does not have".to_owned()],
    }
}

fn missing(request: &Request, names: &[&str]) -> Vec<String> {
    let absent = names
        .iter()
        .filter(|name| request.parameter(name).is_none());
    absent.map(|name| format!("no `{name}`")).collect()
}

/// What holds for every form that a client posts (RFC 6749 §2.3, §3.2).
fn form_mistakes(request: &Request, settings: &Settings) -> Vec<String> {
    let mut found = Vec::new();
    if request.method != "POST" {
        found.push("not a POST".to_owned());
    }
    if !request.has_form() {
        found.push("the body is no form".to_owned());
    }
    for (index, (name, _)) in request.form.iter().enumerate() {
        if request.form[..index].iter().any(|(key, _)| key == name) {
            found.push(format!("`{name}` more than once"));
        }
    }
    if !client::is_authenticated(request, settings) {
        found.push("no client authentication, or a wrong one".to_owned());
    }
    found
}
