//! What a machine writes into the database, and into its journal, is sealed with a key that the database never sees.
//!
//! ```text
//! version (1 byte) ‖ key's id (8) ‖ nonce (12) ‖ ciphertext and tag (AES-256-GCM, NIST SP 800-38D)
//! ```
//!
//! The additional data is what the text belongs to: host, account, login, generation and purpose. So a row that was
//! put in another row's place does not open, and neither does a journal as a row. The nonce is random: 96 bits are
//! enough for 2^32 texts of one key, more than one refresh a second for a century.

use ring::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce};
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

use super::keys::{ID_LENGTH, KeyId, Keys};
use crate::credential::AccountId;

/// What an envelope begins with.
const VERSION: u8 = 1;
const HEAD: usize = 1 + ID_LENGTH + NONCE_LEN;

/// Why a sealed text does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOpened {
    /// A later glauth has sealed it.
    #[error("it is sealed in version {0}, and this glauth knows version {VERSION}")]
    Newer(u8),
    /// This machine has not the key.
    #[error("it is sealed with the key {0}, which this machine does not have")]
    NoKey(KeyId),
    /// It is not what was sealed: cut off, changed, or in another one's place.
    #[error("it is damaged, or was put in the place of another one")]
    Damaged,
}

/// What a sealed text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The record in a row.
    Record,
    /// An answer in a machine's journal.
    Journal,
}

/// What a sealed text belongs to. It opens for the same alone.
#[derive(Debug, Clone, Copy)]
pub struct Whose<'a> {
    pub id: &'a AccountId,
    /// The random id of the login.
    pub login: &'a str,
    pub generation: u64,
    pub purpose: Purpose,
}

impl Whose<'_> {
    fn additional_data(&self) -> Vec<u8> {
        let purpose: &[u8] = match self.purpose {
            Purpose::Record => b"record",
            Purpose::Journal => b"journal",
        };
        let generation = self.generation.to_be_bytes();
        let (host, account) = (self.id.host.to_string(), self.id.account.to_string());
        let parts: [&[u8]; 6] = [
            b"glauth",
            host.as_bytes(),
            account.as_bytes(),
            self.login.as_bytes(),
            &generation,
            purpose,
        ];
        let mut data = Vec::new();
        for part in parts {
            // The length goes before, so that no two lists of parts give the same bytes.
            data.extend((part.len() as u64).to_be_bytes());
            data.extend(part);
        }
        data
    }
}

/// Seals a text with the first key. `None`: the system gives no random numbers, and nothing may be written.
pub fn seal(keys: &Keys, whose: &Whose<'_>, text: &[u8]) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).ok()?;
    seal_with(nonce, keys, whose, text)
}

fn seal_with(
    nonce: [u8; NONCE_LEN],
    keys: &Keys,
    whose: &Whose<'_>,
    text: &[u8],
) -> Option<Vec<u8>> {
    let key = keys.first();
    let mut sealed = Vec::with_capacity(HEAD + text.len() + AES_256_GCM.tag_len());
    sealed.push(VERSION);
    sealed.extend(key.id.0);
    sealed.extend(nonce);
    let (nonce, aad) = (
        Nonce::assume_unique_for_key(nonce),
        Aad::from(whose.additional_data()),
    );
    // The plain text is overwritten in its own copy.
    let mut text = Zeroizing::new(text.to_vec());
    let tag = key
        .seal
        .seal_in_place_separate_tag(nonce, aad, &mut text)
        .ok()?;
    sealed.extend(text.iter());
    sealed.extend(tag.as_ref());
    Some(sealed)
}

/// The key that opens a sealed text, where it names one.
pub fn key_of(sealed: &[u8]) -> Result<KeyId, NotOpened> {
    let (version, rest) = sealed.split_first().ok_or(NotOpened::Damaged)?;
    if *version != VERSION {
        return Err(NotOpened::Newer(*version));
    }
    let (id, _) = rest.split_first_chunk().ok_or(NotOpened::Damaged)?;
    Ok(KeyId(*id))
}

/// Opens a sealed text with the key that it names.
pub fn open(
    keys: &Keys,
    whose: &Whose<'_>,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
    let id = key_of(sealed)?;
    let key = keys.find(id).ok_or(NotOpened::NoKey(id))?;
    let rest = &sealed[1 + ID_LENGTH..];
    let (nonce, rest) = rest.split_first_chunk().ok_or(NotOpened::Damaged)?;
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let mut text = Zeroizing::new(rest.to_vec());
    let opened = key
        .seal
        .open_in_place(nonce, Aad::from(whose.additional_data()), &mut text);
    let length = opened.map_err(|_| NotOpened::Damaged)?.len();
    text.truncate(length);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::super::keys::new_line;
    use super::*;
    use crate::credential::HostArg;
    use crate::secret::AccessToken;

    /// The bytes 0 to 31.
    const KEY: &str = "glauth-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n";
    const TEXT: &[u8] = b"version = 1\n";

    fn account(host: &str, account: &str) -> AccountId {
        AccountId {
            host: HostArg::parse(host).unwrap().host,
            account: account.parse().unwrap(),
        }
    }

    fn whose(id: &AccountId) -> Whose<'_> {
        Whose {
            id,
            login: "0f1e2d3c",
            generation: 7,
            purpose: Purpose::Record,
        }
    }

    fn hex(bytes: &[u8]) -> String {
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let digit = |digit| char::from_digit(u32::from(digit), 16).unwrap();
        digits.map(digit).collect()
    }

    /// Made with another implementation (pyca/cryptography: HKDF, AESGCM, HMAC) from the same bytes.
    #[test]
    fn another_implementation_seals_and_names_alike() {
        let keys = Keys::parse(KEY).unwrap();
        assert_eq!(keys.first().id.to_string(), "cfcca4b3726790f6");
        let id = account("gitlab.example.com", "default");
        let nonce = std::array::from_fn(|at| 0x40 + u8::try_from(at).unwrap());
        let sealed = seal_with(nonce, &keys, &whose(&id), TEXT).unwrap();
        let expected = "01cfcca4b3726790f6404142434445464748494a4b\
            33ffa8bb11d80f79d732ca69c3e72df4859ff6200e63cc449bf7525c";
        assert_eq!(hex(&sealed), expected);
        assert_eq!(*open(&keys, &whose(&id), &sealed).unwrap(), TEXT);
        let token = AccessToken::new("at-SECRET-1".to_owned()).unwrap();
        let expected = "2cde3f9798ed8c4cf6d63e6dfb04efeb0e9f30cd437dabbf007d64acd0ca516b";
        assert_eq!(hex(&keys.first().name_of(&token)), expected);
    }

    #[test]
    fn a_text_opens_for_its_own_account_login_generation_and_purpose_alone() {
        let keys = Keys::parse(KEY).unwrap();
        let id = account("gitlab.example.com", "default");
        let ours = whose(&id);
        let sealed = seal(&keys, &ours, TEXT).unwrap();
        let (other_host, other_account) = (
            account("gitlab.example.org", "default"),
            account("gitlab.example.com", "work"),
        );
        let others = [
            Whose {
                id: &other_host,
                ..ours
            },
            Whose {
                id: &other_account,
                ..ours
            },
            Whose {
                login: "0f1e2d3d",
                ..ours
            },
            Whose {
                generation: 6,
                ..ours
            },
            Whose {
                purpose: Purpose::Journal,
                ..ours
            },
        ];
        for other in others {
            let opened = open(&keys, &other, &sealed);
            assert_eq!(opened, Err(NotOpened::Damaged), "{other:?}");
        }
        assert_eq!(*open(&keys, &ours, &sealed).unwrap(), TEXT);
    }

    #[test]
    fn every_changed_bit_and_every_cut_is_found() {
        let keys = Keys::parse(KEY).unwrap();
        let id = account("gitlab.example.com", "default");
        let sealed = seal(&keys, &whose(&id), TEXT).unwrap();
        for length in 0..sealed.len() {
            assert!(open(&keys, &whose(&id), &sealed[..length]).is_err());
        }
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let opened = open(&keys, &whose(&id), &changed);
            let is_named = match bit / 8 {
                0 => matches!(opened, Err(NotOpened::Newer(_))),
                1..=ID_LENGTH => matches!(opened, Err(NotOpened::NoKey(_))),
                _ => matches!(opened, Err(NotOpened::Damaged)),
            };
            assert!(is_named, "{bit}: {opened:?}");
        }
    }

    #[test]
    fn a_rotated_key_opens_and_no_longer_seals() {
        let old = Keys::parse(KEY).unwrap();
        let new = new_line().unwrap();
        let both = Keys::parse(&format!("{}{KEY}", *new)).unwrap();
        let id = account("gitlab.example.com", "default");
        let sealed = seal(&old, &whose(&id), TEXT).unwrap();
        assert_eq!(*open(&both, &whose(&id), &sealed).unwrap(), TEXT);
        let again = seal(&both, &whose(&id), TEXT).unwrap();
        let missing = both.first().id;
        assert_eq!(key_of(&again), Ok(missing));
        let opened = open(&old, &whose(&id), &again);
        assert_eq!(opened, Err(NotOpened::NoKey(missing)));
        // The nonce is another one each time.
        assert_ne!(seal(&both, &whose(&id), TEXT).unwrap(), again);
    }
}
