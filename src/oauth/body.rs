//! The one reader of answers: from the bytes that arrived to the JSON object in them.
//!
//! An answer that holds new tokens may be the only copy of them, so its wrapping does not count:
//! a compression that glauth did not ask for, a connection that broke off behind the object, and
//! what servers put around JSON. Everything is bounded by the limit for answers, and an object
//! inside another document, such as a page for people, is never looked for.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use serde_json::{Map, Value};
use url::Url;
use zeroize::Zeroizing;

use crate::http::{ANSWER_LIMIT, Response, SendError, origin};

/// What servers put in front of JSON so that no page of another site can run it as a script.
const GUARDS: [&str; 4] = [")]}',", ")]}'", "while(1);", "for(;;);"];

/// The one JSON object in an answer or in a file that holds one, whatever the content type. Of a
/// key that comes twice the last one counts.
pub(super) fn object_of(arrived: &[u8]) -> Option<Map<String, Value>> {
    plain(arrived).or_else(|| {
        [
            // RFC 9110 §8.4.1.3
            inflated(MultiGzDecoder::new(arrived)),
            // RFC 9110 §8.4.1.2, and what many servers send under that name.
            inflated(ZlibDecoder::new(arrived)),
            inflated(DeflateDecoder::new(arrived)),
        ]
        .into_iter()
        .flatten()
        .find_map(|bytes| plain(&bytes))
    })
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
    serde_json::from_str(inner).ok()
}

/// What does no harm around an object: blanks, NULs and byte order marks.
fn is_padding(c: char) -> bool {
    c.is_whitespace() || c == '\0' || c == '\u{feff}'
}

/// The text of an answer: UTF-16 where it begins with the mark of that, as Windows' shells write
/// files, and UTF-8 otherwise. Bytes that are neither cannot be part of a token, and must not cost
/// the tokens beside them.
fn text_of(bytes: &[u8]) -> Zeroizing<String> {
    let (pair, rest): (fn([u8; 2]) -> u16, _) = match bytes {
        [0xff, 0xfe, rest @ ..] => (u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => (u16::from_be_bytes, rest),
        _ => return Zeroizing::new(String::from_utf8_lossy(bytes).into_owned()),
    };
    let (pairs, _) = rest.as_chunks();
    let units = pairs.iter().map(|bytes| pair(*bytes));
    // A unit of UTF-16 is three bytes of UTF-8 at most.
    let mut text = Zeroizing::new(String::with_capacity(pairs.len() * 3));
    text.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
    text
}

#[cfg(test)]
mod tests;
