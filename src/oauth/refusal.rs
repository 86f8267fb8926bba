//! What a refusal means: one ordered table for the token endpoint and the device grant
//! (docs/refusals.md). Servers do not keep to RFC 6749 §5.2: errors have names of their own, come with
//! 2xx, lie in an object, or are a page of something in between.

use serde_json::{Map, Value};

use super::shown::clean;
use crate::credential::Outcome;

/// The errors of RFC 6749 §5.2 that a person must correct; `invalid_grant` is apart.
pub(super) const CLIENT_ERRORS: [&str; 5] = [
    "invalid_request",
    "invalid_client",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

/// A server that cannot answer now, whatever the status (RFC 6749 §4.1.2.1, RFC 8628 §3.5, and kin).
const UNAVAILABLE: [&str; 9] = [
    "temporarily_unavailable",
    "server_error",
    "slow_down",
    "service_unavailable",
    "internal_server_error",
    "too_many_requests",
    "rate_limited",
    "rate_limit_exceeded",
    "over_request_rate_limit",
];

/// What a person's consent is called: a name of these words alone, with one of the states below, says
/// that a person must consent again.
const CONSENTS: [&str; 8] = [
    "refresh",
    "refreshtoken",
    "token",
    "session",
    "grant",
    "consent",
    "login",
    "user",
];

/// The ends that it can have come to.
const ENDS: [&str; 19] = [
    "invalid",
    "expired",
    "revoked",
    "unknown",
    "unrecognized",
    "used",
    "reused",
    "reuse",
    "replayed",
    "refreshed",
    "rotated",
    "inactive",
    "bad",
    "stale",
    "terminated",
    "disabled",
    "deleted",
    "blacklisted",
    "blocklisted",
];

/// The same with `not` before them.
const LIFE: [&str; 5] = ["found", "active", "exist", "exists", "valid"];

/// Words between the others that say nothing.
const FILLERS: [&str; 13] = [
    "the", "a", "is", "has", "been", "was", "your", "or", "provided", "already", "does",
    "detected", "oauth",
];

/// An authorization that has come to one of these is a consent, too; an invalid one may be a header.
const AUTHORIZATION_ENDS: [&str; 2] = ["authorization_expired", "authorization_revoked"];

/// What a person must do, before `required`.
const DEEDS: [&str; 12] = [
    "sso",
    "password_change",
    "interaction",
    "user",
    "consent",
    "login",
    "relogin",
    "reauth",
    "reauthentication",
    "reauthorization",
    "mfa",
    "account_selection",
];

/// The longest text that can be a name, in characters.
const NAME_LIMIT: usize = 64;

/// Names of errors that no RFC has.
#[derive(Debug, Clone, Copy, Default)]
pub struct OwnErrors<'a> {
    /// For `invalid_grant`.
    pub grant: &'a [&'a str],
    /// For what a person mends, in the client or in how it is registered.
    pub client: &'a [&'a str],
}

/// Rows 3, 4, 5 and 6: what the error in a JSON object means. `None`: there is none. With a status of
/// 2xx only what is called an error is one, or what says that a person must consent again.
pub(super) fn meaning(
    object: &Map<String, Value>,
    good: bool,
    own: OwnErrors<'_>,
) -> Option<Outcome> {
    let says_no = |key: &&str| object.get(*key) == Some(&Value::Bool(false));
    let is_error = ERRORS
        .iter()
        .any(|key| object.get(*key).is_some_and(says_something))
        || SUCCESSES.iter().any(says_no);
    let found = NamedError::of(object);
    let any = |fits: &dyn Fn(&str) -> bool| found.names.iter().any(|name| fits(name));
    let is_own = |known: &[&str], name: &str| known.iter().any(|known| normal(known) == name);
    let is_final = found.words.as_deref().is_some_and(is_short_and_final);
    if any(&|name| needs_person(name) || is_own(own.grant, name)) {
        Some(Outcome::LoginRequired)
    } else if good && !is_error {
        is_final.then_some(Outcome::LoginRequired)
    } else if any(&|name| CLIENT_ERRORS.contains(&name) || is_own(own.client, name)) {
        Some(Outcome::ClientRejected)
    } else if any(&|name| UNAVAILABLE.contains(&name)) || found.names_a_rate_limit() {
        Some(Outcome::Unavailable)
    } else if is_final {
        Some(Outcome::LoginRequired)
    } else {
        let silent = found.names.is_empty() && found.words.is_none();
        (is_error || !silent).then_some(Outcome::RefreshRefused)
    }
}

/// The first name that the server has for the error, as RFC 8628 §3.5 writes names.
pub(super) fn name(object: &Map<String, Value>) -> Option<String> {
    NamedError::of(object).names.into_iter().next()
}

/// The server's name for the error and its words, on one line and without what a terminal would take
/// for more than words. Not shortened yet.
pub(super) fn said(object: &Map<String, Value>) -> Option<String> {
    let NamedError { shown, words, .. } = NamedError::of(object);
    let words = words.filter(|words| !shown.contains(words));
    let names = match shown.as_slice() {
        [] => return words,
        [name] => name.clone(),
        [name, others @ ..] => format!("{name} ({})", others.join(", ")),
    };
    Some(words.map_or_else(|| names.clone(), |words| format!("{names}: {words}")))
}

/// Row 5: a page for people, of a portal, a proxy or a bot wall.
pub(super) fn is_page(body: &[u8]) -> bool {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    body.trim_ascii_start().starts_with(b"<")
}

/// Where an error is.
const ERRORS: [&str; 5] = ["error", "error_code", "errorCode", "errcode", "errors"];

/// Where `false` is one.
const SUCCESSES: [&str; 2] = ["success", "ok"];

/// Keys that hold a name …
const NAMES: [&str; 8] = [
    "error",
    "error_code",
    "errorCode",
    "errcode",
    "errorType",
    "code",
    "type",
    "status",
];

/// … and those that hold words.
const WORDS: [&str; 8] = [
    "error_description",
    "message",
    "msg",
    "error_message",
    "errorMessage",
    "errmsg",
    "detail",
    "title",
];

/// What an error object says.
#[derive(Default)]
struct NamedError {
    /// Its names, normalized.
    names: Vec<String>,
    /// The names as they are shown.
    shown: Vec<String>,
    words: Option<String>,
}

impl NamedError {
    fn of(object: &Map<String, Value>) -> Self {
        let mut found = Self::default();
        found.read(object, false);
        for key in ["error", "errors"] {
            match object.get(key) {
                Some(Value::Array(errors)) => found.read_inner(errors.first()),
                error => found.read_inner(error),
            }
        }
        found
    }

    fn read_inner(&mut self, error: Option<&Value>) {
        match error {
            Some(Value::Object(inner)) => self.read(inner, true),
            Some(Value::String(text)) => self.note_name(clean(text), true),
            _ => {}
        }
    }

    /// `inner`: below `error` every name is shown; elsewhere `type` and `status` are not about the error
    /// alone.
    fn read(&mut self, object: &Map<String, Value>, inner: bool) {
        for key in NAMES {
            let is_error = ERRORS.contains(&key);
            let text = match object.get(key) {
                Some(Value::String(text)) => clean(text),
                Some(Value::Number(number)) if is_error => number.to_string(),
                _ => continue,
            };
            self.note_name(text, inner || !matches!(key, "type" | "status"));
        }
        let mut texts = WORDS.iter().filter_map(|key| object.get(*key)?.as_str());
        let words = texts.next().map(clean).filter(|words| !words.is_empty());
        self.words = self.words.take().or(words);
    }

    fn note_name(&mut self, text: String, is_shown: bool) {
        let (new, name) = (!self.shown.contains(&text), normal(&text));
        if new && !name.is_empty() {
            self.names.push(name);
            if is_shown {
                self.shown.push(text);
            }
        }
    }

    /// GitHub says so in words alone.
    fn names_a_rate_limit(&self) -> bool {
        let words = self.words.as_deref().map(normal);
        let mut texts = self.names.iter().chain(&words);
        texts.any(|text| text.contains("rate_limit"))
    }
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        // The code of no error.
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(object) => !object.is_empty(),
        Value::Bool(true) => true,
    }
}

/// A name in the form of the RFCs: `RefreshTokenExpired`, `Refresh Token Expired` and
/// `REFRESH_TOKEN_EXPIRED` are one.
fn normal(text: &str) -> String {
    let mut name = String::new();
    let mut was_lower = false;
    for c in text.chars().take(NAME_LIMIT + 1) {
        if c.is_ascii_alphanumeric() {
            if was_lower && c.is_ascii_uppercase() {
                name.push('_');
            }
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        was_lower = c.is_ascii_lowercase();
    }
    name.trim_end_matches('_').to_owned()
}

/// Row 3: whether an error of this name means that a person must consent again.
fn needs_person(name: &str) -> bool {
    let bare = name.strip_suffix("_exception");
    let name = bare.or_else(|| name.strip_suffix("_error")).unwrap_or(name);
    if name == "invalid_grant" || AUTHORIZATION_ENDS.contains(&name) {
        return true;
    }
    if let Some(deed) = name.strip_suffix("_required") {
        let deed = deed.strip_suffix("_is").unwrap_or(deed);
        let user = deed.strip_prefix("user_").unwrap_or(deed);
        return DEEDS.contains(&user);
    }
    let words = || name.split('_').filter(|word| !FILLERS.contains(word));
    let negated = words().any(|word| word == "not");
    let is_end = |word: &str| ENDS.contains(&word) || negated && LIFE.contains(&word);
    let known = |word: &str| CONSENTS.contains(&word) || word == "not" || is_end(word);
    let is_subject = |word: &str| CONSENTS.contains(&word);
    words().all(known) && words().any(is_end) && words().any(is_subject)
}

/// Words that are no more than a name, where the server has none: `Invalid refresh token`.
fn is_short_and_final(words: &str) -> bool {
    let words = words.trim_end_matches(['.', '!']);
    words.chars().count() <= NAME_LIMIT && needs_person(&normal(words))
}
