//! The endpoints: what each path does and says, in the words of Doorkeeper and GitLab.

use std::time::Duration;

use serde_json::{Value, json};

use super::authorization::authorize;
use super::client;
use super::devices::Decision;
use super::grants::{Access, Exchange, Pair};
use super::mcp;
use super::message::{Answer, Request};
use super::state::State;

/// The token endpoint (RFC 6749 §3.2).
pub const TOKEN: &str = "/oauth/token";
/// The revocation endpoint (RFC 7009).
pub const REVOKE: &str = "/oauth/revoke";
/// Doorkeeper's question whether an access token is alive.
pub const TOKEN_INFO: &str = "/oauth/token/info";
/// The authorization endpoint (RFC 6749 §3.1).
pub const AUTHORIZE: &str = "/oauth/authorize";
/// The device authorization endpoint (RFC 8628 §3.1).
pub const AUTHORIZE_DEVICE: &str = "/oauth/authorize_device";
/// Where a person types the code of a device.
const DEVICE: &str = "/oauth/device";
/// OpenID Connect Core §5.3.
pub const USERINFO: &str = "/oauth/userinfo";
/// OpenID Connect Discovery §4.
pub const DISCOVERY: &str = "/.well-known/openid-configuration";
/// The protected resource.
pub const USER: &str = "/api/v4/user";

/// Where GitLab says what it knows of a personal access token.
pub const PERSONAL_TOKEN: &str = "/api/v4/personal_access_tokens/self";

/// How the personal access tokens of jane begin: the server accepts each of them.
const PERSONAL: &str = "glpat-SECRET-";

/// RFC 8628 §3.4.
pub(super) const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Does what is asked, and says what came of it.
pub(super) fn act(state: &mut State, request: &Request) -> Answer {
    if let Some(answer) = mcp::act(state, request) {
        return answer;
    }
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", TOKEN | REVOKE | AUTHORIZE_DEVICE) if !request.has_form() => {
            Answer::json(415, &json!({}))
        }
        ("GET", AUTHORIZE) => authorize(state, request),
        ("POST", AUTHORIZE_DEVICE) => {
            authorize_device(state, request).unwrap_or_else(|refusal| refusal)
        }
        ("GET", USERINFO) => userinfo(state, request),
        ("GET", DISCOVERY) if state.settings.discovery => Answer::json(200, &discovery(state)),
        ("POST", TOKEN) => token(state, request).unwrap_or_else(|refusal| refusal),
        ("POST", REVOKE) => revoke(state, request),
        ("GET", TOKEN_INFO) if state.settings.check_endpoint => token_info(state, request),
        ("GET", USER) => user(state, request),
        ("GET", PERSONAL_TOKEN) => personal_token(request),
        _ => Answer::json(404, &json!({"error": "404 Not Found"})),
    }
}

/// The client first, then what its grant type asks for.
fn token(state: &mut State, request: &Request) -> Result<Answer, Answer> {
    let grant_type = required(request, "grant_type")?;
    if !client::is_authenticated(request, &state.settings, &state.url) {
        return Err(INVALID_CLIENT.answer());
    }
    let pair = match grant_type {
        "refresh_token" => refresh(state, request)?,
        "authorization_code" => redeem_code(state, request)?,
        "client_credentials" if state.settings.client_credentials => {
            let scope = request.parameter("scope").unwrap_or(&state.settings.scope);
            state.grants.log_in_machine(scope, &state.settings)
        }
        DEVICE_GRANT if state.settings.device.is_some() => poll(state, request)?,
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

/// RFC 6749 §4.1.3.
fn redeem_code(state: &mut State, request: &Request) -> Result<Pair, Answer> {
    let code = required(request, "code")?;
    let redirect_uri = required(request, "redirect_uri")?;
    let verifier = required(request, "code_verifier")?;
    let known = state
        .codes
        .find(code)
        .ok_or_else(|| INVALID_GRANT.answer())?;
    if let Some(token) = &known.spent_for {
        // RFC 6749 §4.1.2: a client that has it twice has stolen it once.
        state.grants.revoke(token, &state.settings);
        let mistake = "an authorization code was presented twice";
        state.journal.mistakes.push(mistake.to_owned());
        return Err(INVALID_GRANT.answer());
    }
    if known.redirect_uri != redirect_uri || !known.is_of(verifier) {
        return Err(INVALID_GRANT.answer());
    }
    let pair = state.grants.log_in(&known.scope, &state.settings);
    known.spent_for = Some(pair.access_token.clone());
    Ok(pair)
}

/// RFC 8628 §3.1.
fn authorize_device(state: &mut State, request: &Request) -> Result<Answer, Answer> {
    let Some(rules) = state.settings.device.clone() else {
        return Err(Answer::json(404, &json!({"error": "404 Not Found"})));
    };
    if !client::is_authenticated(request, &state.settings, &state.url) {
        return Err(INVALID_CLIENT.answer());
    }
    let scope = request.parameter("scope").unwrap_or_default();
    let device = state.devices.issue(scope);
    let page = format!("{}{DEVICE}", state.url);
    let mut body = json!({
        "device_code": device.code,
        "user_code": device.user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={}", device.user_code),
        "expires_in": rules.expires_in.as_secs(),
    });
    if let Some(interval) = rules.interval {
        body["interval"] = interval.into();
    }
    Ok(Answer::json(200, &body))
}

/// RFC 8628 §3.4.
fn poll(state: &mut State, request: &Request) -> Result<Pair, Answer> {
    let device_code = required(request, "device_code")?;
    let rules = state.settings.device.clone().unwrap_or_default();
    let interval = Duration::from_secs(rules.interval.unwrap_or(5));
    let device = state.devices.find(device_code);
    let device = device.ok_or_else(|| INVALID_GRANT.answer())?;
    if device.is_asked_too_early(interval) {
        let mistake = "a device code was asked about before its time";
        state.journal.mistakes.push(mistake.to_owned());
        return Err(device_answer("slow_down"));
    }
    match device.decision {
        Decision::None => Err(device_answer("authorization_pending")),
        Decision::Denied => Err(device_answer("access_denied")),
        Decision::Expired => Err(device_answer("expired_token")),
        Decision::Approved if device.is_spent => Err(INVALID_GRANT.answer()),
        Decision::Approved => {
            device.is_spent = true;
            Ok(state.grants.log_in(&device.scope, &state.settings))
        }
    }
}

/// RFC 8628 §3.5.
fn device_answer(code: &str) -> Answer {
    Answer::json(400, &json!({"error": code}))
}

/// What GitLab says of itself, as far as it matters here.
fn discovery(state: &State) -> Value {
    let at = |path: &str| format!("{}{path}", state.url);
    json!({
        "issuer": state.url,
        "authorization_endpoint": at(AUTHORIZE),
        "device_authorization_endpoint": at(AUTHORIZE_DEVICE),
        "token_endpoint": at(TOKEN),
        "revocation_endpoint": at(REVOKE),
        "userinfo_endpoint": at(USERINFO),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token", DEVICE_GRANT],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["plain", "S256"],
    })
}

/// OpenID Connect Core §5.3; only for who asked for `openid`.
fn userinfo(state: &State, request: &Request) -> Answer {
    let token = request.bearer_token().unwrap_or_default();
    match state.grants.access(token) {
        Access::Alive { consent, .. } if has_scope(&consent.scope, "openid") => {
            let sub = format!("subject-of-{}", consent.username);
            Answer::json(
                200,
                &json!({"sub": sub, "preferred_username": consent.username}),
            )
        }
        Access::Alive { .. } => error(
            403,
            "Doorkeeper",
            "insufficient_scope",
            "The request requires higher privileges than provided by the access token.",
        ),
        _ => error(
            401,
            "Doorkeeper",
            "invalid_token",
            "The access token is invalid",
        ),
    }
}

fn has_scope(all: &str, one: &str) -> bool {
    all.split(' ').any(|scope| scope == one)
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
    if !client::is_authenticated(request, &state.settings, &state.url) {
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
    let Access::Alive {
        left,
        created_at,
        consent,
    } = state.grants.access(token)
    else {
        return error(
            401,
            "Doorkeeper",
            "invalid_token",
            "The access token is invalid",
        );
    };
    let scopes: Vec<&str> = consent.scope.split(' ').collect();
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
    if token.starts_with(PERSONAL) {
        return Answer::json(200, &json!({"id": user_id("jane"), "username": "jane"}));
    }
    let description = match state.grants.access(token) {
        Access::Alive { consent, .. } => {
            let username = &consent.username;
            return Answer::json(200, &json!({"id": user_id(username), "username": username}));
        }
        Access::Revoked => "Token was revoked. You have to re-authorize from the user.",
        Access::Expired => "Token is expired. You can either do re-authorization or token refresh.",
        Access::Unknown => "Bad Access Token.",
    };
    error(401, "Protected by OAuth 2.0", "invalid_token", description)
}

/// The name and the id are the token's own, and not the user's.
fn personal_token(request: &Request) -> Answer {
    match request.bearer_token() {
        Some(token) if token.starts_with(PERSONAL) => Answer::json(
            200,
            &json!({"id": 4711, "name": "laptop", "user_id": 1, "active": true, "expires_at": null}),
        ),
        _ => Answer::json(401, &json!({"message": "401 Unauthorized"})),
    }
}

/// Another one for each user.
fn user_id(username: &str) -> u32 {
    match username {
        "jane" => 1,
        other => other.bytes().map(u32::from).sum(),
    }
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
