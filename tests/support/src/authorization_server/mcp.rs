//! The protected resource as an MCP server (RFC 9728), and the registration of its clients (RFC 7591, RFC 7592). One
//! client is registered at a time: the last one.

use serde_json::{Map, Value, json};

use super::endpoints::{AUTHORIZE, REVOKE, TOKEN};
use super::grants::{Access, new_secret};
use super::message::{Answer, Request};
use super::settings::McpServer;
use super::state::State;

/// The MCP server.
pub const MCP: &str = "/mcp";
/// Its description (RFC 9728 §3.1).
pub const RESOURCE_METADATA: &str = "/.well-known/oauth-protected-resource/mcp";
/// The authorization server's (RFC 8414 §3).
pub const SERVER_METADATA: &str = "/.well-known/oauth-authorization-server";
/// Where clients register themselves.
pub const REGISTER: &str = "/oauth/register";

/// Does what is asked of an MCP server; `None`: it is not one, or something else is asked.
pub(super) fn act(state: &mut State, request: &Request) -> Option<Answer> {
    let rules = state.settings.mcp.clone()?;
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", MCP) => Some(call(state, request, &rules)),
        ("GET", RESOURCE_METADATA) => Some(Answer::json(200, &described(state, &rules))),
        ("GET", SERVER_METADATA) => Some(Answer::json(200, &metadata(state, &rules))),
        ("POST", REGISTER) => Some(register(state, request, &rules)),
        ("DELETE", path) => Some(delete(state, request, path)),
        _ => None,
    }
}

fn call(state: &State, request: &Request, rules: &McpServer) -> Answer {
    let token = request.bearer_token().unwrap_or_default();
    if matches!(state.grants.access(token), Access::Alive { .. }) {
        return Answer::json(200, &json!({"jsonrpc": "2.0", "id": 1, "result": {}}));
    }
    let url = &state.url;
    let challenge = format!(
        r#"Bearer realm="mcp", resource_metadata="{url}{RESOURCE_METADATA}"{}"#,
        rules.challenge
    );
    let answer = Answer::json(401, &json!({"error": "invalid_token"}));
    answer.header("WWW-Authenticate", &challenge)
}

fn described(state: &State, rules: &McpServer) -> Value {
    let url = &state.url;
    let document = json!({"resource": format!("{url}{MCP}"), "authorization_servers": [url]});
    merged(document, &rules.resource)
}

fn metadata(state: &State, rules: &McpServer) -> Value {
    let at = |path: &str| format!("{}{path}", state.url);
    let document = json!({
        "issuer": state.url,
        "authorization_endpoint": at(AUTHORIZE),
        "token_endpoint": at(TOKEN),
        "revocation_endpoint": at(REVOKE),
        "registration_endpoint": at(REGISTER),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
    });
    merged(document, &rules.server)
}

fn merged(mut document: Value, change: &Map<String, Value>) -> Value {
    let object = document.as_object_mut().expect("an object");
    object.extend(change.clone());
    object.retain(|_, value| !value.is_null());
    document
}

/// As strict as any server that is known: oidc-provider refuses a `scope`, others want each of the rest.
fn register(state: &mut State, request: &Request, rules: &McpServer) -> Answer {
    let asked = &request.json;
    let uris = asked["redirect_uris"].as_array().map(Vec::as_slice);
    let Some([Value::String(uri)]) = uris else {
        return Answer::json(400, &json!({"error": "invalid_redirect_uri"}));
    };
    let is_sound = asked["application_type"] == "native"
        && asked["grant_types"] == json!(["authorization_code", "refresh_token"])
        && asked["token_endpoint_auth_method"] == "none"
        && asked["client_name"].is_string()
        && asked.get("scope").is_none();
    if !is_sound {
        return Answer::json(400, &json!({"error": "invalid_client_metadata"}));
    }
    let client_id = new_secret("client").replace("SECRET", "id");
    state.settings.client_id.clone_from(&client_id);
    state.settings.redirect_uri.clone_from(uri);
    let mut answer = json!({"client_id": client_id, "redirect_uris": [uri]});
    if rules.manages {
        let token = new_secret("registration");
        answer["registration_client_uri"] = format!("{}{REGISTER}/{client_id}", state.url).into();
        answer["registration_access_token"] = token.as_str().into();
        state.registration_token = token;
    }
    Answer::json(201, &merged(answer, &rules.registration))
}

fn delete(state: &mut State, request: &Request, path: &str) -> Answer {
    let is_ours = path == format!("{REGISTER}/{}", state.settings.client_id);
    if !is_ours || request.bearer_token() != Some(&state.registration_token) {
        return Answer::new(401);
    }
    "deleted".clone_into(&mut state.settings.client_id);
    Answer::new(204)
}

/// RFC 8707 §2, which MCP demands of every request.
pub(super) fn mistakes(request: &Request, rules: &McpServer, url: &str) -> Vec<String> {
    let sent = match request.path.as_str() {
        AUTHORIZE => request.query_parameter("resource"),
        TOKEN => request.parameter("resource").map(ToOwned::to_owned),
        _ => return Vec::new(),
    };
    let expected = rules.resource.get("resource").and_then(Value::as_str);
    let expected = expected.map_or_else(|| format!("{url}{MCP}"), ToOwned::to_owned);
    if sent.as_deref() == Some(&expected) || is_question(request) {
        return Vec::new();
    }
    vec![format!("`resource` is {sent:?}")]
}

/// Whether it only asks if the client is known.
fn is_question(request: &Request) -> bool {
    let token = request.parameter("refresh_token");
    token.is_some_and(|token| !token.starts_with("rt-SECRET"))
}
