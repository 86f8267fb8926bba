//! The keys of a shared store, which the database never sees: a file that each machine has.
//!
//! ```text
//! # a comment
//! glauth-key-1:BASE64URL        the first key seals,
//! glauth-key-1:BASE64URL        and every key opens
//! ```
//!
//! From the 32 random bytes of a line come, by HKDF (RFC 5869) with SHA-256: the key that seals (AES-256-GCM), the key
//! that names tokens (HMAC-SHA-256), and the id by which a sealed text says which key opens it.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{hkdf, hmac};
use zeroize::Zeroizing;

use crate::secret::AccessToken;

/// What a line of a key begins with; another number is another kind of key.
const PREFIX: &str = "glauth-key-";
const KIND: &str = "1:";

/// The bytes of a key.
const KEY_LENGTH: usize = 32;

/// How many keys a file may hold: a rotation needs two, and a slip that appends for ever is found.
const LIMIT: usize = 16;

/// The bytes of a key's name.
pub(super) const ID_LENGTH: usize = 8;

/// What the subkeys are of.
const SALT: &[u8] = b"glauth shared store";
const TO_SEAL: &[u8] = b"seal";
const TO_NAME_TOKENS: &[u8] = b"name tokens";
const ID: &[u8] = b"id";

/// Why a text is no key file; the sentence goes on after the file's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKeys {
    /// There is nothing to seal with.
    #[error("has no key in it")]
    Empty,
    /// More keys than a rotation ever needs.
    #[error("has more than {LIMIT} keys")]
    TooMany,
    /// A line that a later glauth may have written.
    #[error("has a key of a kind that this glauth does not know (line {0})")]
    Newer(usize),
    /// A line that is none of a key.
    #[error("has a line that is not a key (line {0})")]
    NotAKey(usize),
    /// The same key again.
    #[error("has the same key twice (line {0})")]
    Twice(usize),
}

/// The name of a key: a sealed text says with it which key opens it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub(super) [u8; ID_LENGTH]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One key, as what it is used for.
pub(super) struct StoreKey {
    pub id: KeyId,
    pub seal: LessSafeKey,
    tokens: hmac::Key,
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The keys of a machine: the first one seals, every one opens.
#[derive(Debug)]
pub struct Keys(Vec<StoreKey>);

impl Keys {
    /// The keys in the text of a file.
    pub fn parse(text: &str) -> Result<Self, BadKeys> {
        let mut keys: Vec<StoreKey> = Vec::new();
        let lines = (1..).zip(text.lines()).map(|(at, line)| (at, line.trim()));
        for (at, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let rest = line.strip_prefix(PREFIX).ok_or(BadKeys::NotAKey(at))?;
            let encoded = rest.strip_prefix(KIND).ok_or(BadKeys::Newer(at))?;
            let secret = secret_of(encoded).ok_or(BadKeys::NotAKey(at))?;
            let key = StoreKey::of(&secret).ok_or(BadKeys::NotAKey(at))?;
            if keys.iter().any(|other| other.id == key.id) {
                return Err(BadKeys::Twice(at));
            }
            keys.push(key);
        }
        match keys.len() {
            0 => Err(BadKeys::Empty),
            1..=LIMIT => Ok(Self(keys)),
            _ => Err(BadKeys::TooMany),
        }
    }

    /// The key that seals.
    pub(super) fn first(&self) -> &StoreKey {
        &self.0[0]
    }

    /// The key of this name.
    pub(super) fn find(&self, id: KeyId) -> Option<&StoreKey> {
        self.0.iter().find(|key| key.id == id)
    }

    /// All the names that the database may have for an access token.
    pub fn names_of(&self, token: &AccessToken) -> Vec<Vec<u8>> {
        let names = self.0.iter().map(|key| key.name_of(token).to_vec());
        names.collect()
    }

    /// The names of the keys, that of the one that seals first.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.0.iter().map(|key| key.id)
    }
}

impl StoreKey {
    fn of(secret: &[u8; KEY_LENGTH]) -> Option<Self> {
        let keys = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(secret);
        let mut id = [0; ID_LENGTH];
        keys.expand(&[ID], Bytes).ok()?.fill(&mut id).ok()?;
        let seal = UnboundKey::from(keys.expand(&[TO_SEAL], &AES_256_GCM).ok()?);
        let tokens = keys.expand(&[TO_NAME_TOKENS], hmac::HMAC_SHA256).ok()?;
        Some(Self {
            id: KeyId(id),
            seal: LessSafeKey::new(seal),
            tokens: tokens.into(),
        })
    }

    /// How the database names an access token: machines with this key get the same name, and a thief of the database
    /// learns nothing from it.
    pub fn name_of(&self, token: &AccessToken) -> [u8; 32] {
        let tag = hmac::sign(&self.tokens, token.expose().as_bytes());
        let mut name = [0; 32];
        name.copy_from_slice(tag.as_ref());
        name
    }
}

/// The length of a key's name, for HKDF.
struct Bytes;

impl hkdf::KeyType for Bytes {
    fn len(&self) -> usize {
        ID_LENGTH
    }
}

fn secret_of(encoded: &str) -> Option<Zeroizing<[u8; KEY_LENGTH]>> {
    // One byte more than fits: a longer key is not cut off.
    let mut bytes = Zeroizing::new([0; KEY_LENGTH + 3]);
    let length = BASE64_URL_SAFE_NO_PAD
        .decode_slice(encoded, &mut *bytes)
        .ok()?;
    let (secret, _) = bytes.split_first_chunk().filter(|_| length == KEY_LENGTH)?;
    Some(Zeroizing::new(*secret))
}

/// A line with a new key; `None`: the system gives no random numbers.
#[must_use]
pub fn new_line() -> Option<Zeroizing<String>> {
    let mut secret = Zeroizing::new([0; KEY_LENGTH]);
    SystemRandom::new().fill(&mut *secret).ok()?;
    let mut line = Zeroizing::new(String::with_capacity(64));
    line.push_str(PREFIX);
    line.push_str(KIND);
    BASE64_URL_SAFE_NO_PAD.encode_string(*secret, &mut line);
    line.push('\n');
    Some(line)
}

/// The text of a key file with one more key at its end. What is there must be keys already, or nothing.
pub fn with_another(text: &str, line: &str) -> Result<Zeroizing<String>, BadKeys> {
    if !text.is_empty() {
        Keys::parse(text)?;
    }
    let end = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    let mut all = Zeroizing::new(String::with_capacity(text.len() + 1 + line.len()));
    for part in [text, end, line] {
        all.push_str(part);
    }
    Keys::parse(&all)?;
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_read_back_and_seals() {
        let [one, two] = [(); 2].map(|()| new_line().unwrap());
        let text = format!("# made on Monday\n\n{}{}", *one, *two);
        let keys = Keys::parse(&text).unwrap();
        let ids: Vec<KeyId> = keys.ids().collect();
        assert_eq!(ids.len(), 2);
        assert_eq!(keys.first().id, ids[0]);
        assert_eq!(Keys::parse(&one).unwrap().first().id, ids[0]);
        assert!(keys.find(ids[1]).is_some());
        assert!(keys.find(KeyId([0; ID_LENGTH])).is_none());
    }

    #[test]
    fn a_slip_in_the_file_is_named_by_its_line() {
        let line = new_line().unwrap();
        let refused = |text: &str| Keys::parse(text).unwrap_err();
        assert_eq!(refused("# nothing\n"), BadKeys::Empty);
        assert_eq!(refused(&format!("{}x\n", line.trim())), BadKeys::NotAKey(1));
        assert_eq!(refused(&line[..40]), BadKeys::NotAKey(1));
        assert_eq!(refused(&format!("\n{}{}", *line, *line)), BadKeys::Twice(3));
        assert_eq!(refused("glauth-key-2:AAAA"), BadKeys::Newer(1));
        assert_eq!(refused(&line[1..]), BadKeys::NotAKey(1));
        let many: Vec<_> = (0..=LIMIT).map(|_| new_line().unwrap()).collect();
        let many: String = many.iter().map(|line| line.as_str()).collect();
        assert_eq!(refused(&many), BadKeys::TooMany);
    }

    #[test]
    fn nothing_of_a_key_is_in_its_debug_text() {
        let line = new_line().unwrap();
        let keys = Keys::parse(&line).unwrap();
        let id = keys.first().id;
        assert_eq!(
            format!("{keys:?}"),
            format!("Keys([StoreKey {{ id: {id}, .. }}])")
        );
    }
}
