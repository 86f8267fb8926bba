//! Format v1 as TOML has it: what the keys are called and which may be missing. What the values must be
//! is `read.rs`'s business. A key that is not here is somebody else's, and kept.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use toml::value::Datetime;

use super::fields::fields;

type Text<'a> = Cow<'a, str>;

/// The keys that this glauth knows, table by table; the first one is the document itself.
pub(super) const KNOWN: [(&str, &[&str]); 8] = [
    ("", Document::KEYS),
    ("identity", Identity::KEYS),
    ("client", Client::KEYS),
    ("login", LoginMeans::KEYS),
    ("grants", Grant::KEYS),
    ("last_attempt", Attempt::KEYS),
    ("logged_out", LoggedOut::KEYS),
    ("git", Git::KEYS),
];

/// The document.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    pub version: i64,
    pub kind: Text<'a>,
    pub host: Text<'a>,
    pub scheme: Text<'a>,
    pub account: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<Client<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<LoginMeans<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<Grant<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_attempt: Option<Attempt<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logged_out: Option<LoggedOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git: Option<Git<'a>>,
}
fields! {
    Document: version, kind, host, scheme, account, identity, client, login, last_attempt,
        logged_out, git;
    or default: grants
}

#[derive(Serialize)]
pub(super) struct Identity<'a> {
    pub username: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Text<'a>>,
}
fields! {
    Identity: username, subject
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the keys of the format")]
pub(super) struct Client<'a> {
    pub provider: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Text<'a>>,
    pub auth_method: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_endpoint: Option<Text<'a>>,
    pub git_username: Text<'a>,
    pub rotation: Text<'a>,
    pub replay: Text<'a>,
    pub grants: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_user: Option<u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<Text<'a>, Text<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<Text<'a>, Text<'a>>,
}
fields! {
    Client: provider, client_id, auth_method, client_secret, token_endpoint,
        revocation_endpoint, check_endpoint, git_username, rotation, replay, grants, ca_file,
        server_user;
    or default: parameters, environment
}

#[derive(Serialize)]
pub(super) struct LoginMeans<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_endpoint: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_authorization_endpoint: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_endpoint: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<Text<'a>>,
}
fields! {
    LoginMeans: issuer, authorization_endpoint, device_authorization_endpoint,
        userinfo_endpoint, redirect_uri;
    or default: scopes
}

#[derive(Serialize)]
pub(super) struct Grant<'a> {
    pub generation: u64,
    pub origin: Text<'a>,
    pub access_token: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Text<'a>>,
    pub token_type: Text<'a>,
    pub scopes: Vec<Text<'a>>,
    pub issued_at: Datetime,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_boot: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Datetime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_expires_at: Option<Datetime>,
    pub cause: Text<'a>,
    pub state: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_since: Option<Datetime>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_lost_at: Option<Datetime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_refusals: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_refused_since: Option<Datetime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_next_at: Option<Datetime>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub refresh_token_invalid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_refusal: Option<Text<'a>>,
}
fields! {
    Grant: generation, origin, access_token, refresh_token, token_type, scopes, issued_at,
        issued_boot, expires_at, refresh_expires_at, cause, state, state_since, answer_lost_at,
        refresh_refusals, refresh_refused_since, refresh_next_at, refresh_refusal;
    or default: refused, refresh_token_invalid
}

#[derive(Serialize)]
pub(super) struct Attempt<'a> {
    pub sequence: u64,
    pub grant: u64,
    pub cause: Text<'a>,
    pub by: Text<'a>,
    pub started_at: Datetime,
    pub outcome: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Datetime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Datetime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Datetime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Datetime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<Text<'a>>,
}
fields! {
    Attempt: sequence, grant, cause, by, started_at, outcome, code, finished_at, retry_at, failures,
        failing_since, next_at, said
}

#[derive(Serialize)]
pub(super) struct LoggedOut<'a> {
    pub generation: u64,
    pub at: Datetime,
    pub reason: Text<'a>,
}
fields! {
    LoggedOut: generation, at, reason
}

#[derive(Serialize)]
pub(super) struct Git<'a> {
    pub protocol: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_expiry_utc: Option<Datetime>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth_refresh_token: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authtype: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<Text<'a>>,
}
fields! {
    Git: protocol, path, username, password, password_expiry_utc, oauth_refresh_token, authtype,
        credential
}
