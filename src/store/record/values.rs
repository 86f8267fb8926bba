//! What single keys hold: every value is checked where it is read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::de::DeValue;
use toml::value::{Date, Datetime, Offset, Time};

use super::table::{Misfit, Node, Value, Why};
use crate::credential::{Cause, Endpoint, Independence, ReuseDetection, RotationEffect, Scheme};
use crate::secret::{
    AccessToken, ClientSecret, Fingerprint, Password, RefreshToken, RefreshTokenName,
    RegistrationToken, is_printable_ascii,
};
use crate::time::Timestamp;

/// The most that a count is believed: the next one must still fit every reader's integers.
const COUNT_LIMIT: u64 = 1 << 53;

/// The earliest time that TOML can write.
const EARLIEST: Datetime = Datetime {
    date: Some(Date {
        year: 0,
        month: 1,
        day: 1,
    }),
    time: Some(Time {
        hour: 0,
        minute: 0,
        second: Some(0),
        nanosecond: None,
    }),
    offset: Some(Offset::Z),
};

/// The text of a value, as it stands there.
pub(super) fn text<'t>(node: &'t Node<'_>) -> Result<&'t str, Misfit> {
    match node.get_ref() {
        DeValue::String(text) => Ok(text),
        _ => Err(Misfit::at(node, Why::Kind)),
    }
}

/// Names and texts for people: no control characters, or a terminal, a header or a line of git's
/// protocol would take them for more than text.
fn clean(text: &str, node: &Node<'_>) -> Result<String, Misfit> {
    // Nearly all are ASCII, and letters need no decoding there.
    if !is_printable_ascii(text) && text.chars().any(char::is_control) {
        return Err(Misfit::bad(node, "has a control character"));
    }
    Ok(text.to_owned())
}

impl Value for String {
    fn from_toml(node: &Node<'_>) -> Result<Self, Misfit> {
        clean(text(node)?, node)
    }

    fn to_toml(&self) -> toml::Value {
        self.as_str().into()
    }
}

impl Value for PathBuf {
    fn from_toml(node: &Node<'_>) -> Result<Self, Misfit> {
        String::from_toml(node).map(Self::from)
    }

    fn to_toml(&self) -> toml::Value {
        (&*self.to_string_lossy()).into()
    }
}

impl<T: Value> Value for Vec<T> {
    fn from_toml(node: &Node<'_>) -> Result<Self, Misfit> {
        match node.get_ref() {
            DeValue::Array(items) => items.iter().map(T::from_toml).collect(),
            _ => Err(Misfit::at(node, Why::Kind)),
        }
    }

    fn to_toml(&self) -> toml::Value {
        toml::Value::Array(self.iter().map(T::to_toml).collect())
    }
}

impl Value for BTreeMap<String, String> {
    fn from_toml(node: &Node<'_>) -> Result<Self, Misfit> {
        let DeValue::Table(table) = node.get_ref() else {
            return Err(Misfit::at(node, Why::Kind));
        };
        let pairs = table.iter();
        pairs
            .map(|(key, node)| Ok((clean(key.get_ref(), node)?, String::from_toml(node)?)))
            .collect()
    }

    fn to_toml(&self) -> toml::Value {
        let pairs = self.iter();
        toml::Value::Table(
            pairs
                .map(|(key, value)| (key.clone(), value.to_toml()))
                .collect(),
        )
    }
}

impl Value for bool {
    fn from_toml(node: &Node<'_>) -> Result<Self, Misfit> {
        match node.get_ref() {
            DeValue::Boolean(truth) => Ok(*truth),
            _ => Err(Misfit::at(node, Why::Kind)),
        }
    }

    fn to_toml(&self) -> toml::Value {
        (*self).into()
    }
}

impl Value for i64 {
    fn from_toml(node: &Node<'_>) -> Result<Self, Misfit> {
        let number = match node.get_ref() {
            DeValue::Integer(number) => Self::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        number.ok_or_else(|| Misfit::at(node, Why::Kind))
    }

    fn to_toml(&self) -> toml::Value {
        (*self).into()
    }
}

/// A number that is not negative.
fn number(node: &Node<'_>) -> Result<u64, Misfit> {
    let number = match node.get_ref() {
        DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    number.ok_or_else(|| Misfit::at(node, Why::Kind))
}

/// Every number of this size is a count.
impl Value for u64 {
    fn from_toml(node: &Node<'_>) -> Result<Self, Misfit> {
        let number = number(node)?;
        if number > COUNT_LIMIT {
            return Err(Misfit::bad(node, "is too large for a count"));
        }
        Ok(number)
    }

    fn to_toml(&self) -> toml::Value {
        i64::try_from(*self).unwrap_or(i64::MAX).into()
    }
}

/// A user's number.
impl Value for u32 {
    fn from_toml(node: &Node<'_>) -> Result<Self, Misfit> {
        let found = Self::try_from(number(node)?);
        found.map_err(|_| Misfit::bad(node, "is no number of a user"))
    }

    fn to_toml(&self) -> toml::Value {
        (*self).into()
    }
}

/// The place of a grant.
impl Value for usize {
    fn from_toml(node: &Node<'_>) -> Result<Self, Misfit> {
        let found = Self::try_from(number(node)?);
        found.map_err(|_| Misfit::bad(node, "is the place of no grant"))
    }

    fn to_toml(&self) -> toml::Value {
        (*self as u64).to_toml()
    }
}

impl Value for Timestamp {
    fn from_toml(node: &Node<'_>) -> Result<Self, Misfit> {
        let DeValue::Datetime(at) = node.get_ref() else {
            return Err(Misfit::at(node, Why::Kind));
        };
        // A person may write any offset; it is UTC that is written back.
        let problem = "is not a date with a time and an offset, such as `2026-11-23T10:00:00Z`";
        Self::from_toml(at).ok_or_else(|| Misfit::bad(node, problem))
    }

    /// RFC 3339 is a TOML date-time, and a timestamp writes no other, but for years before the first.
    fn to_toml(&self) -> toml::Value {
        self.to_string().parse().unwrap_or(EARLIEST).into()
    }
}

impl Value for Fingerprint {
    fn from_toml(node: &Node<'_>) -> Result<Self, Misfit> {
        let found = Self::parse(text(node)?);
        found.ok_or_else(|| Misfit::bad(node, "is not a fingerprint"))
    }

    fn to_toml(&self) -> toml::Value {
        self.to_string().into()
    }
}

impl Value for Endpoint {
    fn from_toml(node: &Node<'_>) -> Result<Self, Misfit> {
        let found = Self::from_record(text(node)?.to_owned());
        found.map_err(|problem| Misfit::bad(node, problem.to_string()))
    }

    fn to_toml(&self) -> toml::Value {
        self.as_str().into()
    }
}

macro_rules! secrets {
    ($($secret:ident)+) => {
        $(impl Value for $secret {
            fn from_toml(node: &Node<'_>) -> Result<Self, Misfit> {
                let found = Self::new(text(node)?.to_owned());
                found.map_err(|problem| Misfit::bad(node, problem.to_string()))
            }

            fn to_toml(&self) -> toml::Value {
                self.expose().into()
            }
        })+
    };
}
secrets!(AccessToken RefreshToken ClientSecret RegistrationToken Password);

/// The token itself, or, where that is in a shared store, its fingerprint after a character that no token has.
impl Value for RefreshTokenName {
    fn from_toml(node: &Node<'_>) -> Result<Self, Misfit> {
        let Some(name) = text(node)?.strip_prefix(ELSEWHERE) else {
            return RefreshToken::from_toml(node).map(|token| (&token).into());
        };
        let name = Fingerprint::parse(name);
        let name = name.ok_or_else(|| Misfit::bad(node, "is not a fingerprint"))?;
        Ok(name.into())
    }

    fn to_toml(&self) -> toml::Value {
        format!("{ELSEWHERE}{}", self.fingerprint()).into()
    }
}

/// What stands before the fingerprint of a refresh token that is elsewhere.
const ELSEWHERE: char = '…';

impl Value for Cause {
    fn from_toml(node: &Node<'_>) -> Result<Self, Misfit> {
        Self::parse(text(node)?).ok_or_else(|| Misfit::at(node, Why::Unknown))
    }

    fn to_toml(&self) -> toml::Value {
        self.as_str().into()
    }
}

/// The words of the format that stand for a value each.
macro_rules! words {
    ($($name:ident: $($word:literal = $value:ident),+;)+) => {
        $(impl $crate::store::record::table::Value for $name {
            fn from_toml(
                node: &$crate::store::record::table::Node<'_>,
            ) -> Result<Self, $crate::store::record::table::Misfit> {
                use $crate::store::record::table::{Misfit, Why};
                match $crate::store::record::values::text(node)? {
                    $($word => Ok(Self::$value),)+
                    _ => Err(Misfit::at(node, Why::Unknown)),
                }
            }

            fn to_toml(&self) -> toml::Value {
                match self {
                    $(Self::$value => $word.into(),)+
                }
            }
        })+
    };
}
pub(super) use words;

words! {
    Scheme: "https" = Https, "http" = Http;
    RotationEffect: "kills" = Kills, "keeps" = Keeps;
    ReuseDetection: "harmless" = Harmless, "revokes" = Revokes;
    Independence: "independent" = Independent, "shared" = Shared;
}
