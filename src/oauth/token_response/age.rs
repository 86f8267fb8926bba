//! How old a token response is that another program got, and when its token ends: people's files say it under
//! many names, as numbers of seconds or milliseconds, or as text.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{LIFETIME_LIMIT, http_date, lifetime};
use crate::time::Timestamp;

/// When the tokens were issued.
const ISSUED: [&str; 7] = [
    "created_at",
    "createdAt",
    "issued_at",
    "issuedAt",
    "obtained_at",
    "obtainedAt",
    "iat",
];

/// When the access token ends.
pub(super) const ENDS: [&str; 16] = [
    "expires_at",
    "expiresAt",
    "expires_on",
    "expiresOn",
    "expiry",
    "expires",
    "expiry_date",
    "expiryDate",
    "expiration",
    "expiration_time",
    "expirationTime",
    "expire_at",
    "token_expiry",
    "access_token_expires_at",
    ".expires",
    "exp",
];

/// What a file says of its token's life.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Age {
    /// When it began; now, where that is not known.
    pub issued_at: Timestamp,
    /// How long it is from there.
    pub expires_in: Option<Duration>,
    /// A lifetime whose beginning is not known says little.
    pub is_known: bool,
}

/// Reads it, at `now`.
pub(super) fn age_of(object: &Map<String, Value>, now: Timestamp) -> Age {
    let issued = first(object, &ISSUED);
    let ends = first(object, &ENDS);
    let length = lifetime(object, "expires_in")
        .or_else(|| lifetime(object, "expiresIn"))
        // Some call the lifetime that.
        .or_else(|| lifetime(object, "expires").filter(|_| ends.is_none()));
    let issued_at = match (issued, ends, length) {
        (Some(issued), ..) => issued,
        (None, Some(end), Some(length)) => end.minus(length),
        (None, Some(end), None) => end.min(now),
        (None, None, _) => now,
    };
    let until_end = ends.map(|end| end.since(issued_at));
    Age {
        issued_at,
        // Where two things are said, the shorter life is the safer one.
        expires_in: match (length, until_end) {
            (Some(length), Some(until)) => Some(length.min(until)),
            (length, until) => length.or(until),
        },
        is_known: issued.is_some()
            || ends.is_some()
            || length.is_none() && !names_unread_end(object),
    }
}

/// When a token ends, as a server says it at `now`.
pub(in crate::oauth) fn end_of(object: &Map<String, Value>, now: Timestamp) -> Option<Timestamp> {
    let length = ["expires_in", "expires_in_seconds"];
    let length = length.iter().find_map(|name| lifetime(object, name));
    first(object, &ENDS).or_else(|| length.map(|length| now.plus(length)))
}

/// Whether it names an end in words that cannot be read, as a local time without its zone.
fn names_unread_end(object: &Map<String, Value>) -> bool {
    let is_unread = |text: &str| !text.trim().is_empty() && of_text(text.trim()).is_none();
    let mut texts = ENDS.iter().filter_map(|name| object.get(*name)?.as_str());
    texts.any(is_unread)
}

fn first(object: &Map<String, Value>, names: &[&str]) -> Option<Timestamp> {
    let mut found = names.iter().filter_map(|name| moment(object.get(*name)?));
    found.next()
}

/// A point in time; nothing where it is the zero of some program, or a lifetime.
fn moment(value: &Value) -> Option<Timestamp> {
    let at = match value {
        Value::Number(number) => of_number(number.as_f64()?)?,
        Value::String(text) => of_text(text.trim())?,
        _ => return None,
    };
    let zero = Timestamp::from_unix_millis(0);
    (at.since(zero) > LIFETIME_LIMIT).then_some(at)
}

fn of_text(text: &str) -> Option<Timestamp> {
    if let Ok(number) = text.parse() {
        return of_number(number);
    }
    // A day without a time, as GitLab gives it for a token: it ends as that day begins, in UTC.
    let of_day = || format!("{text}T00:00:00Z").parse().ok();
    text.parse()
        .ok()
        .or_else(of_day)
        .or_else(|| http_date(text))
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970: no year of one is one of another.
fn of_number(number: f64) -> Option<Timestamp> {
    let millis = match number {
        0.0..1e11 => number * 1e3,
        1e11..1e14 => number,
        1e14..1e17 => number / 1e3,
        1e17..1e20 => number / 1e6,
        _ => return None,
    };
    let since = Duration::try_from_secs_f64(millis / 1e3).ok()?;
    Some(Timestamp::from_unix_millis(0).plus(since))
}
