//! The words of the format that stand for a value each.

use std::borrow::Cow;

use crate::credential::{Independence, Replay, RotationEffect, Scheme};

/// Each word with its value.
pub(super) type Words<T, const N: usize> = [(&'static str, T); N];

pub(super) const SCHEMES: Words<Scheme, 2> = [("https", Scheme::Https), ("http", Scheme::Http)];
pub(super) const ROTATIONS: Words<RotationEffect, 2> = [
    ("kills", RotationEffect::Kills),
    ("keeps", RotationEffect::Keeps),
];
pub(super) const REPLAYS: Words<Replay, 2> =
    [("harmless", Replay::Harmless), ("revokes", Replay::Revokes)];
pub(super) const INDEPENDENCES: Words<Independence, 2> = [
    ("independent", Independence::Independent),
    ("shared", Independence::Shared),
];

/// The word for `value`.
pub(super) fn word<T: PartialEq, const N: usize>(
    value: &T,
    words: &Words<T, N>,
) -> Cow<'static, str> {
    let found = words.iter().find(|(_, known)| known == value);
    found.map_or("", |(word, _)| word).into()
}
