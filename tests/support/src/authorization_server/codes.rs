//! The authorization codes (RFC 6749 §4.1), bound to their requests by PKCE (RFC 7636).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};

use super::grants::new_secret;

/// What a code was given for.
pub(super) struct Code {
    text: String,
    pub(super) redirect_uri: String,
    pub(super) challenge: String,
    pub(super) scope: String,
    /// A token of the grant that it became.
    pub(super) spent_for: Option<String>,
}

#[derive(Default)]
pub(super) struct Codes {
    codes: Vec<Code>,
}

impl Codes {
    /// A new one.
    pub(super) fn issue(&mut self, redirect_uri: &str, challenge: &str, scope: &str) -> String {
        let code = new_secret("code");
        self.codes.push(Code {
            text: code.clone(),
            redirect_uri: redirect_uri.to_owned(),
            challenge: challenge.to_owned(),
            scope: scope.to_owned(),
            spent_for: None,
        });
        code
    }

    pub(super) fn find(&mut self, code: &str) -> Option<&mut Code> {
        self.codes.iter_mut().find(|known| known.text == code)
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = String> {
        self.codes.iter().map(|known| known.text.clone())
    }
}

impl Code {
    /// RFC 7636 §4.6, for S256.
    pub(super) fn is_of(&self, verifier: &str) -> bool {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())) == self.challenge
    }
}
