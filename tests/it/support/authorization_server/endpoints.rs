//! The endpoints: what each path does and says, in the words of Doorkeeper and GitLab.

use serde_json::json;

use super::client;
use super::grants::{Access, Exchange, Pair};
use super::message::{Answer, Request};
use super::state::State;

/// The token endpoint (RFC 6749 §3.2).
pub const TOKEN: &str = "/oauth/token";
/// The revocation endpoint (RFC 7009).
pub const REVOKE: &str = "/oauth/revoke";
/// Doorkeeper's question whether an access token is alive.
pub const TOKEN_INFO: &str = "/oauth/token/info";
/// The protected resource.
pub const USER: &str = "/api/v4/user";

/// Does what is asked, and says what came of it.
pub(super) fn act(state: &mut State, request: &Request) -> Answer {
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", TOKEN | REVOKE) if !request.has_form() => Answer::json(415, &json!({})),
        ("POST", TOKEN) => token(state, request).unwrap_or_else(|refusal| refusal),
        ("POST", REVOKE) => revoke(state, request),
        ("GET", TOKEN_INFO) if state.settings.check_endpoint => token_info(state, request),
        ("GET", USER) => user(state, request),
        _ => Answer::json(404, &json!({"error": "404 Not Found"})),
    }
}

/// The client first, then what its grant type asks for.
fn token(state: &mut State, request: &Request) -> Result<Answer, Answer> {
    let grant_type = required(request, "grant_type")?;
    if !client::is_authenticated(request, &state.settings) {
        return Err(INVALID_CLIENT.answer());
    }
    let pair = match grant_type {
        "refresh_token" => refresh(state, request)?,
        _ => return Err(UNSUPPORTED_GRANT_TYPE.answer()),
    };
    Ok(Answer::json(200, &pair.response))
}

fn refresh(state: &mut State, request: &Request) -> Result<Pair, Answer> {
    let refresh_token = required(request, "refresh_token")?;
    match state.grants.exchange(refresh_token, &state.settings) {
        Exchange::Rotated(pair) => {
            state.journal.rotations += 1;
            Ok(pair)
        }
        Exchange::Replayed => {
            state.journal.replays += 1;
            Err(INVALID_GRANT.answer())
        }
        Exchange::Refused => Err(INVALID_GRANT.answer()),
    }
}

/// A parameter that must be there, once (RFC 6749 §3.2).
fn required<'a>(request: &'a Request, name: &str) -> Result<&'a str, Answer> {
    let times = request.form.iter().filter(|(key, _)| key == name).count();
    match request.parameter(name) {
        Some(value) if times == 1 => Ok(value),
        _ => Err(INVALID_REQUEST.answer()),
    }
}

fn revoke(state: &mut State, request: &Request) -> Answer {
    if !client::is_authenticated(request, &state.settings) {
        let body = json!({
            "error": "unauthorized_client",
            "error_description": "You are not authorized to revoke this token",
        });
        return Answer::json(403, &body);
    }
    if let Some(token) = request.parameter("token") {
        state.grants.revoke(token, &state.settings);
    }
    Answer::json(200, &json!({}))
}

/// Doorkeeper does not say here why a token is dead, and GitLab adds two older names.
fn token_info(state: &State, request: &Request) -> Answer {
    let token = request.bearer_token().unwrap_or_default();
    let Access::Alive { left, created_at } = state.grants.access(token) else {
        return error(
            401,
            "Doorkeeper",
            "invalid_token",
            "The access token is invalid",
        );
    };
    let scopes: Vec<&str> = state.settings.scope.split(' ').collect();
    let body = json!({
        "resource_owner_id": 1,
        "scope": scopes,
        "expires_in": left,
        "application": {"uid": state.settings.client_id},
        "created_at": created_at,
        "scopes": scopes,
        "expires_in_seconds": left,
    });
    Answer::json(200, &body)
}

fn user(state: &State, request: &Request) -> Answer {
    // GitLab takes an OAuth token in `Private-Token` for a personal access token that it does
    // not know, whatever else the request has.
    let token = match request.header("Private-Token") {
        Some(_) => None,
        None => request.bearer_token(),
    };
    let Some(token) = token else {
        return Answer::json(401, &json!({"message": "401 Unauthorized"}));
    };
    let description = match state.grants.access(token) {
        Access::Alive { .. } => {
            return Answer::json(200, &json!({"id": 1, "username": "jane"}));
        }
        Access::Revoked => "Token was revoked. You have to re-authorize from the user.",
        Access::Expired => "Token is expired. You can either do re-authorization or token refresh.",
        Access::Unknown => "Bad Access Token.",
    };
    error(401, "Protected by OAuth 2.0", "invalid_token", description)
}

/// A refusal of the token endpoint (RFC 6749 §5.2).
struct Refusal {
    status: u16,
    code: &'static str,
    description: &'static str,
}

const INVALID_REQUEST: Refusal = Refusal {
    status: 400,
    code: "invalid_request",
    description: "The request is missing a required parameter, includes an unsupported parameter \
                  value, or is otherwise malformed.",
};

const INVALID_CLIENT: Refusal = Refusal {
    status: 401,
    code: "invalid_client",
    description: "Client authentication failed due to unknown client, no client authentication \
                  included, or unsupported authentication method.",
};

/// One text for a refresh token that is spent, revoked or unknown.
const INVALID_GRANT: Refusal = Refusal {
    status: 400,
    code: "invalid_grant",
    description: "The provided authorization grant is invalid, expired, revoked, does not match \
                  the redirection URI used in the authorization request, or was issued to \
                  another client.",
};

const UNSUPPORTED_GRANT_TYPE: Refusal = Refusal {
    status: 400,
    code: "unsupported_grant_type",
    description: "The authorization grant type is not supported by the authorization server.",
};

impl Refusal {
    fn answer(&self) -> Answer {
        error(self.status, "Doorkeeper", self.code, self.description)
    }
}

/// An error twice: in the body (RFC 6749 §5.2) and in the header (RFC 6750 §3).
fn error(status: u16, realm: &str, code: &str, description: &str) -> Answer {
    let challenge =
        format!(r#"Bearer realm="{realm}", error="{code}", error_description="{description}""#);
    let body = json!({"error": code, "error_description": description});
    Answer::json(status, &body).header("WWW-Authenticate", &challenge)
}
