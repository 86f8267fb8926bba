//! The one reader of answers: from the bytes that arrived to the JSON object in them.
//!
//! An answer that holds new tokens may be the only copy of them, so its wrapping does not count:
//! a compression that glauth did not ask for, a connection that broke off behind the object, and
//! what servers put around JSON. Everything is bounded by the limit for answers, and an object
//! inside another document, such as a page for people, is never looked for.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use url::Url;
use zeroize::Zeroizing;

use crate::http::{ANSWER_LIMIT, Response, SendError, origin};
use crate::secret::text_of;

/// What servers put in front of JSON so that no page of another site can run it as a script.
const GUARDS: [&str; 4] = [")]}',", ")]}'", "while(1);", "for(;;);"];

/// The one JSON object in an answer or in a file that holds one, whatever the content type. Of a
/// key that comes twice the last one counts.
pub(super) fn object_of(arrived: &[u8]) -> Option<Map<String, Value>> {
    unpacked(arrived, LAYERS)
}

/// A server and a proxy in front of it may each have compressed an answer.
const LAYERS: u8 = 2;

fn unpacked(arrived: &[u8], layers: u8) -> Option<Map<String, Value>> {
    let found = plain(arrived);
    if found.is_some() || layers == 0 {
        return found;
    }
    [
        // RFC 9110 §8.4.1.3
        inflated(MultiGzDecoder::new(arrived)),
        // RFC 9110 §8.4.1.2, and what many servers send under that name.
        inflated(ZlibDecoder::new(arrived)),
        inflated(DeflateDecoder::new(arrived)),
    ]
    .into_iter()
    .flatten()
    .find_map(|bytes| unpacked(&bytes, layers - 1))
}

/// The same of an answer. Where it broke off, what did not arrive may have been the object.
pub(super) fn object_in(
    response: &Response,
    url: &Url,
) -> Result<Option<Map<String, Value>>, SendError> {
    let object = response.body.as_ref().and_then(|body| object_of(body));
    if object.is_none() && response.broke_off {
        return Err(SendError::AnswerLost {
            origin: origin(url),
            reason: "it broke off".to_owned(),
        });
    }
    Ok(object)
}

/// What comes out of it, though the stream may break off or fail its checksum. `None`: nothing, or
/// more than an answer may have.
fn inflated(stream: impl Read) -> Option<Zeroizing<Vec<u8>>> {
    // Allocated once: a buffer that grows leaves copies of tokens behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(ANSWER_LIMIT + 1));
    stream
        .take(ANSWER_LIMIT as u64 + 1)
        .read_to_end(&mut bytes)
        .ok();
    (1..=ANSWER_LIMIT).contains(&bytes.len()).then_some(bytes)
}

fn plain(bytes: &[u8]) -> Option<Map<String, Value>> {
    let text = text_of(bytes);
    let mut inner = text.trim_matches(is_padding);
    if let Some(rest) = GUARDS.iter().find_map(|guard| inner.strip_prefix(guard)) {
        inner = rest.trim_start_matches(is_padding);
    }
    let members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(inner).ok()?;
    // What glauth cannot read costs nothing that stands beside it.
    let readable = |(key, raw): (Cow<'_, str>, &RawValue)| {
        Some((key.into_owned(), serde_json::from_str(raw.get()).ok()?))
    };
    Some(members.into_iter().filter_map(readable).collect())
}

/// What does no harm around an object: blanks, NULs and byte order marks.
fn is_padding(c: char) -> bool {
    c.is_whitespace() || c == '\0' || c == '\u{feff}'
}

#[cfg(test)]
mod tests;
