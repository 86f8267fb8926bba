//! What a token endpoint may answer, byte by byte: the first two bytes are the status, the rest is the
//! body. Whatever comes, there is a verdict; tokens come of a sound answer alone, never with 1xx, 3xx, 429
//! or 5xx, and nothing that is shown has a control character.

#![no_main]
#![expect(clippy::disallowed_methods, reason = "the macro may write a file")]

use glauth::credential::Rotation;
use glauth::oauth::{OwnErrors, Raw, TokenAnswer, classify, import};
use glauth::secret::TOKEN_LIMIT;
use glauth::time::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((status, body)) = data.split_first_chunk() else {
        return;
    };
    let status = 100 + u16::from_be_bytes(*status) % 500;
    let raw = Raw {
        status,
        retry_after: str::from_utf8(&body[..body.len().min(40)]).ok(),
        body: Some(body),
    };
    let own = OwnErrors {
        grant: &["bad_refresh_token"],
        client: &["incorrect_client_credentials"],
    };
    match classify(raw, own, Timestamp::from_unix_millis(1_000_000_000_000)) {
        TokenAnswer::Granted(rotation) => {
            let can_carry = (200..300).contains(&status) || (400..500).contains(&status);
            assert!(can_carry && status != 429, "tokens with {status}");
            is_sound(&rotation);
        }
        TokenAnswer::Refused(_, words) => {
            assert!(words.is_none_or(|words| !words.contains(char::is_control)));
        }
    }
    if let Ok(imported) = import(body, Timestamp::from_unix_millis(1_000_000_000_000)) {
        is_sound(&imported.rotation);
    }
});

/// Fit for a header, a line of git's, and a record.
fn is_sound(rotation: &Rotation) {
    let refresh = rotation.refresh_token.as_ref().map(|token| token.expose());
    for token in [Some(rotation.access_token.expose()), refresh]
        .into_iter()
        .flatten()
    {
        assert!((1..=TOKEN_LIMIT).contains(&token.len()));
        assert!(token.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
    }
    assert!(!rotation.token_type.contains(char::is_control));
    let scopes = rotation.scopes.iter().flatten();
    assert!(
        scopes
            .into_iter()
            .all(|scope| !scope.contains(char::is_control))
    );
}
