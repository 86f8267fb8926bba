//! Secrets as types (P8): no `Display`, no serialization, a redacted `Debug`, and memory that is
//! wiped when they go. [`expose`](AccessToken::expose) is the one way to the text.

use std::fmt;

use zeroize::Zeroizing;

/// The longest token that is taken from anybody, in bytes.
///
/// Tokens in the field are 20 bytes to 4 KiB (a JWT with many groups); a record of two grants with
/// four of these still fits in the record's own limit.
pub const TOKEN_LIMIT: usize = 16 * 1024;

/// How a secret is named where people and programs may see it: the first ten hex digits of its
/// SHA-256. GitLab's own log names refresh tokens by the same digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 5]);

impl Fingerprint {
    /// The fingerprint of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        let mut first = [0; 5];
        first.copy_from_slice(&digest.as_ref()[..5]);
        Self(first)
    }

    /// Reads what [`Display`](fmt::Display) wrote; `None` unless it is ten lower-case hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let text: &[u8; 10] = text.as_bytes().try_into().ok()?;
        let mut bytes = [0; 5];
        for (byte, digits) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            *byte = digit(digits[0])? << 4 | digit(digits[1])?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// SHA-256 of `parts` one after the other, as lower-case hex: for names of files that must not
/// tell what they are about.
#[must_use]
pub fn sha256_hex(parts: &[&str]) -> String {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for part in parts {
        context.update(part.as_bytes());
    }
    hex(context.finish().as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Why a text cannot be a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadSecret {
    /// Nothing at all.
    #[error("is empty")]
    Empty,
    /// More than [`TOKEN_LIMIT`] bytes.
    #[error("is longer than {TOKEN_LIMIT} bytes")]
    TooLong,
    /// A character that no token may have (RFC 6749, appendix A.12: `VSCHAR`), such as a newline
    /// that would end a header or a line of git's protocol.
    #[error("has a character that is not printable ASCII")]
    NotPrintable,
    /// What would end a line of git's protocol.
    #[error("has a newline, a carriage return or a NUL")]
    EndsLine,
}

/// How many bytes may stand around a token, and be removed.
pub const AROUND: usize = 64;

/// A token without what editors, shells and Windows put around it: a byte order mark, blanks and the ends of
/// lines.
#[must_use]
pub fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

/// The text of an answer or a token: UTF-16 where it begins with the mark of that, as Windows' shells write
/// files, and UTF-8 otherwise. Bytes that are neither cannot be part of a token, and must not cost
/// the tokens beside them.
#[must_use]
pub fn text_of(bytes: &[u8]) -> Zeroizing<String> {
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

fn check(text: &str) -> Result<(), BadSecret> {
    if text.is_empty() {
        return Err(BadSecret::Empty);
    }
    if text.len() > TOKEN_LIMIT {
        return Err(BadSecret::TooLong);
    }
    if !is_printable_ascii(text) {
        return Err(BadSecret::NotPrintable);
    }
    Ok(())
}

/// Whether a text has nothing but visible ASCII and blanks. It looks at each byte, whatever it has seen: then the
/// compiler takes sixteen at a time (P9).
pub(crate) fn is_printable_ascii(text: &str) -> bool {
    let printable = |byte| (0x20..=0x7e).contains(&byte);
    text.bytes().fold(true, |all, byte| all & printable(byte))
}

/// What git lets people type: nothing at all too, and any letters.
fn check_for_git(text: &str) -> Result<(), BadSecret> {
    if text.len() > TOKEN_LIMIT {
        return Err(BadSecret::TooLong);
    }
    if text.contains(['\n', '\r', '\0']) {
        return Err(BadSecret::EndsLine);
    }
    Ok(())
}

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        secret! { $(#[$doc])* $name, check }
    };
    ($(#[$doc:meta])* $name:ident, $check:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// Takes `text` over; it is wiped if it is refused.
            pub fn new(text: String) -> Result<Self, BadSecret> {
                let text = Zeroizing::new(text);
                $check(&text)?;
                Ok(Self(text))
            }

            /// The secret itself: for a request, a record, or the caller that asked for it.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }

            /// The name under which logs and messages may speak of it.
            #[must_use]
            pub fn fingerprint(&self) -> Fingerprint {
                Fingerprint::of(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.fingerprint())
            }
        }
    };
}

secret! {
    /// An access token (RFC 6749 §1.4).
    AccessToken
}
secret! {
    /// A refresh token (RFC 6749 §1.5).
    RefreshToken
}

/// A refresh token as anyone may know it: its name. The token itself cannot be had from this.
#[derive(Clone)]
pub struct RefreshTokenName(Named);

/// SHA-256 begins with questions to the processor, and a hypervisor takes longer over each than a fresh token may cost
/// altogether (P9). So the name of a token that is at hand is worked out when it is needed.
#[derive(Clone)]
enum Named {
    Of(RefreshToken),
    Known(Fingerprint),
}

impl RefreshTokenName {
    /// The name itself.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        match &self.0 {
            Named::Of(token) => token.fingerprint(),
            Named::Known(name) => *name,
        }
    }
}

impl From<&RefreshToken> for RefreshTokenName {
    fn from(token: &RefreshToken) -> Self {
        Self(Named::Of(token.clone()))
    }
}

/// The name of a token that is elsewhere.
impl From<Fingerprint> for RefreshTokenName {
    fn from(name: Fingerprint) -> Self {
        Self(Named::Known(name))
    }
}

impl PartialEq for RefreshTokenName {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Named::Of(one), Named::Of(other)) => one == other,
            _ => self.fingerprint() == other.fingerprint(),
        }
    }
}

impl Eq for RefreshTokenName {}

impl fmt::Debug for RefreshTokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.fingerprint(), f)
    }
}

secret! {
    /// An authorization code (RFC 6749 §1.3.1).
    AuthorizationCode
}
secret! {
    /// A code verifier (RFC 7636 §4.1).
    CodeVerifier
}
secret! {
    /// A device code (RFC 8628 §3.2); what a person types is the user code.
    DeviceCode
}
secret! {
    /// A client secret (RFC 6749 §2.3.1).
    ClientSecret
}
secret! {
    /// A registration access token (RFC 7592 §1.2), which changes and deletes the registration of a client.
    RegistrationToken
}
secret! {
    /// A password, or what else git asks to keep (gitcredentials(7)); it may be empty.
    Password, check_for_git
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P8. It does not compile where that is not so.
    #[test]
    fn what_a_secret_is_kept_in_is_wiped_when_it_goes() {
        fn is_wiped(_: &impl zeroize::ZeroizeOnDrop) {}
        let text = || "a-token".to_owned();
        is_wiped(&AccessToken::new(text()).unwrap().0);
        is_wiped(&RefreshToken::new(text()).unwrap().0);
        is_wiped(&ClientSecret::new(text()).unwrap().0);
        is_wiped(&Password::new(text()).unwrap().0);
    }

    #[test]
    fn what_stands_around_a_token_is_no_part_of_it() {
        for text in ["a b", "\u{feff}a b\r\n", " \ta b\n\n"] {
            assert_eq!(bare(text), "a b");
        }
    }

    #[test]
    fn a_fingerprint_is_the_first_ten_digits_of_the_sha256() {
        // echo -n abc | sha256sum
        assert_eq!(Fingerprint::of("abc").to_string(), "ba7816bf8f");
        assert!(sha256_hex(&["a", "bc"]).starts_with("ba7816bf8f01cfea"));
    }

    #[test]
    fn a_fingerprint_reads_what_it_wrote_and_nothing_else() {
        let fingerprint = Fingerprint::of("abc");
        assert_eq!(
            Fingerprint::parse(&fingerprint.to_string()),
            Some(fingerprint)
        );
        for text in [
            "",
            "ba7816bf8",
            "ba7816bf8f0",
            "BA7816BF8F",
            "ba7816bf8g",
            "ä7816bf8f",
        ] {
            assert_eq!(Fingerprint::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_people_type_may_be_anything_that_is_one_line() {
        for text in ["", "pässword", "a\tb", " "] {
            assert!(Password::new(text.to_owned()).is_ok(), "{text}");
        }
        for text in ["a\nb", "a\rb", "a\0b"] {
            let refused = Password::new(text.to_owned()).unwrap_err();
            assert_eq!(refused, BadSecret::EndsLine);
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let token = AccessToken::new("abc".to_owned()).unwrap();
        assert_eq!(format!("{token:?}"), "AccessToken(ba7816bf8f)");
    }

    #[test]
    fn what_would_end_a_header_or_a_line_is_no_token() {
        for text in ["a\nb", "a\rb", "a\0b", "a\tb", "ü", "\u{7f}"] {
            let refused = AccessToken::new(text.to_owned()).unwrap_err();
            assert_eq!(refused, BadSecret::NotPrintable);
        }
        assert_eq!(
            RefreshToken::new(String::new()).unwrap_err(),
            BadSecret::Empty
        );
        assert!(RefreshToken::new("x".repeat(TOKEN_LIMIT)).is_ok());
        assert_eq!(
            RefreshToken::new("x".repeat(TOKEN_LIMIT + 1)).unwrap_err(),
            BadSecret::TooLong
        );
    }
}
