//! The client: whether a request comes from the one that is registered (RFC 6749 §2.3).

use super::message::{Request, form_decoded};
use super::settings::{ClientAuth, Settings};

/// Whether the request names the client and proves it in the registered way and no other.
pub(super) fn is_authenticated(request: &Request, settings: &Settings, url: &str) -> bool {
    let id = request.parameter("client_id");
    let secret = request.parameter("client_secret");
    let header = request.header("Authorization");
    let expected_id = Some(settings.client_id.as_str());
    let has_assertion = request.parameter("client_assertion").is_some();
    match &settings.client_auth {
        ClientAuth::Key(key) => key.has_signed(request, &settings.client_id, url),
        _ if has_assertion => false,
        ClientAuth::None => id == expected_id && secret.is_none() && header.is_none(),
        ClientAuth::SecretPost(expected) => {
            id == expected_id && secret == Some(expected) && header.is_none()
        }
        ClientAuth::SecretBasic(expected) => {
            let credentials = request
                .authorization("Basic")
                .and_then(decode_basic_credentials);
            secret.is_none()
                && (id.is_none() || id == expected_id)
                && credentials
                    .is_some_and(|(id, secret)| id == settings.client_id && secret == *expected)
        }
    }
}

/// RFC 6749 §2.3.1: both halves are form-encoded before they become a user name and a password.
fn decode_basic_credentials(credentials: &str) -> Option<(String, String)> {
    let decoded = String::from_utf8(base64_decoded(credentials)?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form_decoded(id), form_decoded(secret)))
}

/// RFC 4648 §4.
fn base64_decoded(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut decoded = Vec::new();
    let mut bits: usize = 0;
    let mut bit_count = 0;
    for digit in text.trim_end_matches('=').chars() {
        bits = bits << 6 | ALPHABET.find(digit)?;
        bit_count += 6;
        if bit_count >= 8 {
            bit_count -= 8;
            decoded.push(u8::try_from(bits >> bit_count).ok()?);
            bits &= (1 << bit_count) - 1;
        }
    }
    Some(decoded)
}
