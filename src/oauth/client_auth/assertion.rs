//! The assertion with which a client authenticates by its private key (RFC 7523 §2.2 and §3): a JWT, signed as the key
//! demands.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::SigningKey;
use serde_json::json;
use zeroize::Zeroizing;

use crate::oauth::random_text;
use crate::time::Timestamp;

/// `client_assertion_type` (RFC 7523 §2.2).
pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How long an assertion is good. It is sent at once, so this is only for clocks that differ.
const LIFETIME: Duration = Duration::from_secs(120);

/// The algorithms of RFC 7518 §3.1 and RFC 8037 §3.1 that glauth signs with.
const ALGORITHMS: [(SignatureScheme, &str); 3] = [
    (SignatureScheme::RSA_PKCS1_SHA256, "RS256"),
    (SignatureScheme::ECDSA_NISTP256_SHA256, "ES256"),
    (SignatureScheme::ED25519, "EdDSA"),
];

/// The length of each of the two numbers in an ES256 signature (RFC 7518 §3.4).
const P256_NUMBER: usize = 32;

/// A private key that glauth can sign with.
pub(super) struct Signer {
    key: Arc<dyn SigningKey>,
}

impl Signer {
    /// The key in a PEM file; the error goes on after the file's name.
    pub(super) fn of(pem: &[u8]) -> Result<Self, &'static str> {
        let der = PrivateKeyDer::from_pem_slice(pem).map_err(|_| {
            let is_locked = String::from_utf8_lossy(pem).contains("ENCRYPTED");
            if is_locked {
                "holds a key with a passphrase"
            } else {
                "holds no private key in PEM (`-----BEGIN PRIVATE KEY-----`)"
            }
        })?;
        let key = any_supported_type(&der).ok();
        let key = key.filter(|key| key.choose_scheme(&schemes()).is_some());
        let key =
            key.ok_or("holds a key that is none of RSA (2048 bits or more), P-256, Ed25519")?;
        Ok(Self { key })
    }

    /// Signs an assertion. `None`: the system gives no random numbers.
    pub(super) fn assertion(
        &self,
        client_id: &str,
        audience: &str,
        key_id: Option<&str>,
        now: Timestamp,
    ) -> Option<Zeroizing<String>> {
        let signer = self.key.choose_scheme(&schemes())?;
        let scheme = signer.scheme();
        let (_, algorithm) = ALGORITHMS.iter().find(|(known, _)| *known == scheme)?;
        let mut header = json!({"alg": algorithm, "typ": "JWT"});
        if let Some(key_id) = key_id {
            header["kid"] = key_id.into();
        }
        let claims = json!({
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "jti": random_text().ok()?,
            "iat": now.unix_seconds(),
            "exp": now.plus(LIFETIME).unix_seconds(),
        });
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let (header, claims) = (header.to_string(), claims.to_string());
        let mut jwt = format!(
            "{}.{}",
            encode(header.as_bytes()),
            encode(claims.as_bytes())
        );
        let signature = signer.sign(jwt.as_bytes()).ok()?;
        let signature = match scheme {
            SignatureScheme::ECDSA_NISTP256_SHA256 => two_numbers(&signature)?,
            _ => signature,
        };
        jwt.push('.');
        jwt.push_str(&encode(&signature));
        Some(jwt.into())
    }
}

fn schemes() -> [SignatureScheme; 3] {
    ALGORITHMS.map(|(scheme, _)| scheme)
}

/// An ECDSA signature as JWS has it: two numbers of one length (RFC 7518 §3.4), not a sequence in DER.
fn two_numbers(der: &[u8]) -> Option<Vec<u8>> {
    let numbers = der.strip_prefix(&[0x30])?.get(1..)?;
    let (first, rest) = number(numbers)?;
    let (second, rest) = number(rest)?;
    rest.is_empty().then(|| [first, second].concat())
}

/// A positive number of DER, with zeros before it or without the one that DER puts there; and what follows.
fn number(der: &[u8]) -> Option<([u8; P256_NUMBER], &[u8])> {
    let (&length, rest) = der.strip_prefix(&[0x02])?.split_first()?;
    let (digits, rest) = rest.split_at_checked(length.into())?;
    let digits = digits.strip_prefix(&[0]).unwrap_or(digits);
    let mut fixed = [0; P256_NUMBER];
    let zeros = P256_NUMBER.checked_sub(digits.len())?;
    fixed[zeros..].copy_from_slice(digits);
    Some((fixed, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// DER leaves out leading zeros, and puts one before a number that would look negative.
    #[test]
    fn the_numbers_of_a_signature_have_one_length() {
        let der = [0x30, 8, 0x02, 2, 0, 0x80, 0x02, 2, 1, 2];
        let two = two_numbers(&der).unwrap();
        assert_eq!(two.len(), 64);
        assert_eq!((two[30], two[31]), (0, 0x80));
        assert_eq!((two[61], two[62], two[63]), (0, 1, 2));
        assert_eq!(two_numbers(&der[..9]), None);
        let too_long = [&[0x30, 38, 0x02, 33][..], &[1; 33], &[0x02, 1, 1]].concat();
        assert_eq!(two_numbers(&too_long), None);
    }

    #[test]
    fn a_file_without_a_key_that_can_be_used_says_what_it_lacks() {
        let said = |pem: &str| Signer::of(pem.as_bytes()).err().unwrap();
        assert!(said("").contains("no private key"));
        let locked =
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        assert!(said(locked).contains("passphrase"));
        let broken = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert!(said(broken).contains("none of RSA"));
    }
}
