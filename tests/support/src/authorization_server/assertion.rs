//! The assertion of a client that has a private key (RFC 7523), checked more strictly than by any real server.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey,
    VerificationAlgorithm,
};
use serde_json::Value;

use super::endpoints::TOKEN;
use super::message::Request;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The key that a client has registered.
#[derive(Clone, Debug)]
pub struct RegisteredKey {
    /// `alg`
    pub algorithm: &'static str,
    /// The public half, as ring reads it.
    pub public: Vec<u8>,
    /// `kid`; `None`: an assertion must have none.
    pub key_id: Option<String>,
    /// Whether `aud` is the server's name; else it is the token endpoint.
    pub names_issuer: bool,
}

impl RegisteredKey {
    /// The public half of a private key in PEM (PKCS #8).
    pub fn of(algorithm: &'static str, pem: &str) -> Self {
        let lines = pem.lines().filter(|line| !line.starts_with("-----"));
        let der = BASE64_STANDARD
            .decode(lines.collect::<String>())
            .expect("PEM");
        let public = match algorithm {
            "RS256" => {
                let pair = RsaKeyPair::from_pkcs8(&der).expect("an RSA key");
                pair.public_key().as_ref().to_vec()
            }
            "ES256" => {
                let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let pair = EcdsaKeyPair::from_pkcs8(kind, &der, &SystemRandom::new());
                pair.expect("a P-256 key").public_key().as_ref().to_vec()
            }
            _ => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der);
                pair.expect("an Ed25519 key").public_key().as_ref().to_vec()
            }
        };
        Self {
            algorithm,
            public,
            key_id: None,
            names_issuer: false,
        }
    }

    /// Whether the request has one assertion of this key and this client, good now and at this server.
    pub(super) fn has_signed(&self, request: &Request, client_id: &str, url: &str) -> bool {
        request.parameter("client_assertion_type") == Some(ASSERTION_TYPE)
            && request.parameter("client_secret").is_none()
            && request.header("Authorization").is_none()
            && request
                .parameter("client_id")
                .is_none_or(|id| id == client_id)
            && request
                .parameter("client_assertion")
                .is_some_and(|jwt| self.accepts(jwt, client_id, url) == Some(true))
    }

    fn accepts(&self, jwt: &str, client_id: &str, url: &str) -> Option<bool> {
        let (signed, signature) = jwt.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        let algorithm: &'static dyn VerificationAlgorithm = match self.algorithm {
            "RS256" => &RSA_PKCS1_2048_8192_SHA256,
            "ES256" => &ECDSA_P256_SHA256_FIXED,
            _ => &ED25519,
        };
        let key = UnparsedPublicKey::new(algorithm, &self.public);
        key.verify(signed.as_bytes(), &signature).ok()?;
        let (header, claims) = (json_in(header)?, json_in(claims)?);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
        let (issued_at, end) = (claims["iat"].as_u64()?, claims["exp"].as_u64()?);
        let audience = if self.names_issuer {
            url.to_owned()
        } else {
            format!("{url}{TOKEN}")
        };
        Some(
            header["alg"] == self.algorithm
                && header.get("kid").and_then(Value::as_str) == self.key_id.as_deref()
                && claims["iss"] == client_id
                && claims["sub"] == client_id
                && claims["aud"] == audience.as_str()
                && now.abs_diff(issued_at) < 60
                && end > now
                && end - issued_at <= 300,
        )
    }
}

/// `jti`: what no two assertions have in common.
pub(super) fn id_of_assertion(request: &Request) -> Option<String> {
    let jwt = request.parameter("client_assertion")?;
    let claims = json_in(jwt.split('.').nth(1)?)?;
    // 128 bits, in base64url.
    let id = claims["jti"].as_str().filter(|id| id.len() >= 22);
    Some(id.unwrap_or_default().to_owned())
}

fn json_in(part: &str) -> Option<Value> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok()
}
