//! What a token endpoint answered (RFC 6749 §5), and what that means for the grant: the table of
//! docs/refusals.md, in one function.

mod age;

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};
use zeroize::Zeroizing;

pub(super) use age::end_of;

use super::body::object_of;
use super::refusal::{OwnErrors, is_page, meaning, said};
use crate::credential::{Failed, Outcome, Rotation};
use crate::secret::{AccessToken, RefreshToken, bare, is_printable_ascii};
use crate::time::Timestamp;

/// The longest that a token is believed to live. A larger number is a mistake of the server's, and
/// must not overflow a date.
const LIFETIME_LIMIT: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// The longest list of scopes that is kept, in bytes. A longer one is as if the server had said
/// nothing of scopes: it must not make a record too large to write.
const SCOPES_LIMIT: usize = 4 * 1024;

/// A judged answer.
#[derive(Debug, Clone)]
pub enum TokenAnswer {
    /// New tokens.
    Granted(Rotation),
    /// A verdict, and the server's own words, fit for a terminal.
    Refused(Failed, Option<String>),
}

/// An answer as it came: what [`classify`] needs of it.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a> {
    /// The status code.
    pub status: u16,
    /// The `Retry-After` header.
    pub retry_after: Option<&'a str>,
    /// What arrived of the body; `None` where it was too large.
    pub body: Option<&'a [u8]>,
}

/// Judges an answer, row by row (docs/refusals.md); `own` are the provider's own names.
#[must_use]
pub fn classify(raw: Raw<'_>, own: OwnErrors<'_>, now: Timestamp) -> TokenAnswer {
    let retry_after = raw.retry_after.and_then(|text| wait_of(text, now));
    let object = raw.body.and_then(object_of);
    let said = object.as_ref().and_then(said);
    let good = (200..300).contains(&raw.status);
    let failed = match raw.status {
        429 => Failed::unchanged(Outcome::RateLimited),
        // It can come after the rotation, also with `Retry-After`: a cache answers so by itself.
        500.. => Failed::doubtful(Outcome::Unavailable),
        // A portal leads to its page; a server that has moved says so for good.
        302 | 303 | 307 if raw.body.is_some_and(is_page) => Failed::unchanged(Outcome::Unavailable),
        300..400 => Failed::unchanged(Outcome::Config),
        0..200 => Failed::doubtful(Outcome::AnswerLost),
        200..300 | 400..500 => match object {
            None => without_object(raw),
            // A token that came is used: with 2xx whatever stands beside it, else where no error does.
            Some(object)
                if has_token(&object) && (good || meaning(&object, good, own).is_none()) =>
            {
                match rotation(object) {
                    Some(rotation) => return TokenAnswer::Granted(rotation),
                    None => Failed::doubtful(Outcome::AnswerLost),
                }
            }
            // What asks for a proxy's password is no token endpoint.
            Some(_) if raw.status == 407 => Failed::unchanged(Outcome::Unavailable),
            Some(object) => match meaning(&object, good, own) {
                Some(outcome) => Failed::unchanged(outcome),
                None if good => Failed::doubtful(Outcome::AnswerLost),
                None => Failed::unchanged(Outcome::Unavailable),
            },
        },
    };
    let waits = matches!(failed.outcome, Outcome::RateLimited | Outcome::Unavailable);
    let retry_after = retry_after.filter(|_| waits);
    TokenAnswer::Refused(
        Failed {
            retry_after,
            ..failed
        },
        said,
    )
}

/// Row 5: something in between has answered, or nothing that can be read. A page with 2xx may stand in
/// the place of an answer.
fn without_object(raw: Raw<'_>) -> Failed {
    let good = (200..300).contains(&raw.status);
    let page = raw.body.is_some_and(is_page);
    match raw.status {
        _ if good && page => Failed::doubtful(Outcome::Unavailable),
        _ if good => Failed::doubtful(Outcome::AnswerLost),
        404 | 405 if !page => Failed::unchanged(Outcome::ClientRejected),
        _ => Failed::unchanged(Outcome::Unavailable),
    }
}

fn has_token(object: &Map<String, Value>) -> bool {
    let token = object.get("access_token").and_then(Value::as_str);
    token.is_some_and(|token| usable(token, AccessToken::new).is_some())
}

/// The token in a text: as it is, or without the blanks and line ends around it that make it unusable.
fn usable<T, E>(text: &str, new: impl Fn(String) -> Result<T, E>) -> Option<T> {
    let token = new(text.to_owned());
    token.or_else(|_| new(bare(text).to_owned())).ok()
}

/// `Retry-After` as seconds or as an HTTP date (RFC 9110 §10.2.3).
fn wait_of(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    Some(http_date(text)?.since(now))
}

/// An HTTP date (RFC 9110 §5.6.7).
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    let at = httpdate::parse_http_date(text.trim()).ok()?;
    let since_epoch = at.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let millis = i64::try_from(since_epoch.as_millis()).ok()?;
    Some(Timestamp::from_unix_millis(millis))
}

/// A sound token response, or nothing: `access_token` of printable ASCII, and a `refresh_token`,
/// if there is one, likewise (an unusable one must not pass for "as before").
fn rotation(mut object: Map<String, Value>) -> Option<Rotation> {
    let access_token = usable(
        &Zeroizing::new(take_text(&mut object, "access_token")?),
        AccessToken::new,
    )?;
    let refresh_token = match object.get("refresh_token") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) if text.is_empty() => None,
        Some(_) => {
            let text = Zeroizing::new(take_text(&mut object, "refresh_token")?);
            Some(usable(&text, RefreshToken::new)?)
        }
    };
    let token_type = take_text(&mut object, "token_type")
        .filter(|kind| is_word(kind))
        .unwrap_or_else(|| "Bearer".to_owned());
    let refresh_expires_in = lifetime(&object, "refresh_token_expires_in")
        .or_else(|| lifetime(&object, "refresh_expires_in"));
    Some(Rotation {
        access_token,
        refresh_token,
        token_type,
        scopes: scopes(&object),
        expires_in: lifetime(&object, "expires_in"),
        refresh_expires_in,
    })
}

fn take_text(object: &mut Map<String, Value>, key: &str) -> Option<String> {
    match object.remove(key)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// RFC 6750 §2.1 names the type in a header, so it must be a token of HTTP.
fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Scopes are separated by spaces (RFC 6749 §3.3), by commas at GitHub.
fn scopes(object: &Map<String, Value>) -> Option<Vec<String>> {
    let text = object.get("scope")?.as_str()?;
    let printable = is_printable_ascii(text);
    if text.len() > SCOPES_LIMIT || !printable {
        return None;
    }
    let scopes = text.split([' ', ',']).filter(|scope| !scope.is_empty());
    Some(scopes.map(ToOwned::to_owned).collect())
}

/// A number of seconds, which some servers write as text. What is no positive number is no
/// lifetime that we know.
pub(super) fn lifetime(object: &Map<String, Value>, key: &str) -> Option<Duration> {
    let seconds = match object.get(key)? {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    // Not-a-number compares as false.
    let positive = seconds > 0.0;
    let length = Duration::try_from_secs_f64(seconds.min(LIFETIME_LIMIT.as_secs_f64())).ok()?;
    positive.then_some(length)
}

/// A token response that another program got, for `login --import`.
#[derive(Debug)]
pub struct ImportedGrant {
    /// The tokens; their lifetime is counted from `issued_at`.
    pub rotation: Rotation,
    /// When they were issued, as far as that is known.
    pub issued_at: Timestamp,
    /// Whether it is: else the lifetime may have begun long before now.
    pub age_is_known: bool,
}

/// Why it cannot be used; the sentence goes on after "the token response".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadImport {
    /// No JSON object.
    #[error("is not a JSON object, as a token endpoint sends it")]
    NotJson,
    /// An error answer.
    #[error("is an error, not a token")]
    Error,
    /// No access token that can be used.
    #[error("has no usable `access_token`, or a `refresh_token` that is not printable ASCII")]
    NoToken,
}

/// Reads a token response (RFC 6749 §5.1) that came from elsewhere.
pub fn import(body: &[u8], now: Timestamp) -> Result<ImportedGrant, BadImport> {
    let mut object = object_of(body).ok_or(BadImport::NotJson)?;
    if object.contains_key("error") {
        return Err(BadImport::Error);
    }
    for key in ["access_token", "refresh_token"] {
        if let Some(Value::String(text)) = object.get_mut(key) {
            *text = bare(text).to_owned();
        }
    }
    let age = age::age_of(&object, now);
    let rotation = rotation(object).ok_or(BadImport::NoToken)?;
    Ok(ImportedGrant {
        rotation: Rotation {
            expires_in: age.expires_in,
            ..rotation
        },
        issued_at: age.issued_at,
        age_is_known: age.is_known,
    })
}

#[cfg(test)]
mod tests;
