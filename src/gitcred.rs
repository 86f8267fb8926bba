//! git's credential protocol (gitcredentials(7), git-credential(1), "INPUT/OUTPUT FORMAT"): lines of
//! `key=value` to a question, which password answers it, and an answer to lines. Pure: where the bytes
//! come from and go to is a parameter.

use std::io::{self, BufRead, Read as _};

use zeroize::Zeroizing;

use crate::code::Code;
use crate::credential::GitPassword;
use crate::env;
use crate::secret::Password;
use crate::time::Timestamp;

/// The largest question, in bytes: a hundred times what git sends.
pub const QUESTION_LIMIT: usize = 1024 * 1024;

/// The most lines of a question.
pub const LINE_LIMIT: usize = 1000;

/// The longest line, with its end, in bytes: git's own limit.
const LINE_LENGTH_LIMIT: usize = 65535;

/// What git says when it asks, and when it tells how that went.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Question {
    /// `https`, `http`, or another one.
    pub protocol: Option<String>,
    /// With its port, where there was one.
    pub host: Option<String>,
    /// With `credential.useHttpPath`.
    pub path: Option<String>,
    /// The user, where one is known; it may be empty.
    pub username: Option<String>,
    /// What was used, in `store` and `erase`.
    pub password: Option<Password>,
    /// The end of the password, in seconds since 1970.
    pub password_expiry_utc: Option<Timestamp>,
    /// What may renew the password.
    pub oauth_refresh_token: Option<Password>,
    /// The scheme of `credential`.
    pub authtype: Option<String>,
    /// An `Authorization` header without its scheme.
    pub credential: Option<Password>,
    /// Not to be kept.
    pub ephemeral: bool,
    /// What this helper and others said the last time.
    pub states: Vec<String>,
    /// The server's challenges.
    pub wwwauth: Vec<String>,
    /// Whether `authtype`, `credential` and `ephemeral` are understood.
    pub takes_authtype: bool,
    /// Whether `state[]` and `continue` are understood.
    pub takes_state: bool,
}

/// Why a question is refused. Numbers count lines from 1.
#[derive(Debug, thiserror::Error)]
pub enum BadQuestion {
    /// It could not be read.
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
    /// Not `key=value`.
    #[error("has no `=` in line {0}")]
    NoEquals(usize),
    /// What ends a line for one program and not for another.
    #[error("has a NUL or a carriage return in line {0}")]
    ControlCharacter(usize),
    /// A value that is needed and is no text.
    #[error("has a value that is not UTF-8 in line {0}")]
    NotText(usize),
    /// A secret that is too long to keep.
    #[error("has a value that is too long in line {0}")]
    TooLongValue(usize),
    /// A line beyond git's own limit.
    #[error("has a line longer than {LINE_LENGTH_LIMIT} bytes")]
    TooLongLine,
    /// More than [`QUESTION_LIMIT`].
    #[error("is longer than 1 MiB")]
    TooLong,
    /// More than [`LINE_LIMIT`].
    #[error("has more than {LINE_LIMIT} lines")]
    TooManyLines,
}

impl BadQuestion {
    /// Its error code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Read(error) if env::is_exhausted(error) => Code::Exhausted,
            _ => Code::BadInput,
        }
    }
}

impl Question {
    /// Reads one, up to a blank line or the end.
    pub fn read(input: &mut dyn BufRead) -> Result<Self, BadQuestion> {
        let mut question = Self::default();
        let mut length = 0;
        for number in 1.. {
            let Some(line) = next_line(input)? else {
                break;
            };
            length += line.len() + 1;
            if length > QUESTION_LIMIT {
                return Err(BadQuestion::TooLong);
            }
            if line.is_empty() {
                break;
            }
            if number > LINE_LIMIT {
                return Err(BadQuestion::TooManyLines);
            }
            question.add(&line, number)?;
        }
        Ok(question)
    }

    /// Whether what was kept may be handed out for this question. Where git names no path, only what was
    /// kept without one is meant.
    #[must_use]
    pub fn is_answered_by(&self, kept: &GitPassword, now: Timestamp) -> bool {
        let usable = kept.password.is_some()
            || (self.takes_authtype && kept.authtype.is_some() && kept.credential.is_some());
        usable
            && self.concerns(kept)
            && self.path() == kept.path.as_deref()
            && kept.password_expiry_utc.is_none_or(|end| now < end)
    }

    /// Whether it is what git was refused: what the question does not name may be anything.
    #[must_use]
    pub fn refuses(&self, kept: &GitPassword) -> bool {
        let same = |refused: &Option<Password>, kept: &Option<Password>| {
            refused.is_none() || refused == kept
        };
        self.concerns(kept)
            && self
                .path()
                .is_none_or(|path| Some(path) == kept.path.as_deref())
            && same(&self.password, &kept.password)
            && same(&self.credential, &kept.credential)
    }

    fn concerns(&self, kept: &GitPassword) -> bool {
        let username = self.username.as_deref();
        self.protocol.as_deref() == Some(&*kept.protocol)
            && username.is_none_or(|name| Some(name) == kept.username.as_deref())
    }

    /// Whether the server asks for a Bearer token (RFC 6750 §3).
    #[must_use]
    pub fn wants_bearer(&self) -> bool {
        let scheme = |challenge: &String| {
            let scheme = challenge.split_ascii_whitespace().next();
            scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer"))
        };
        self.wwwauth.iter().any(scheme)
    }

    /// The path without the slashes around it.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        let path = self.path.as_deref()?.trim_matches('/');
        (!path.is_empty()).then_some(path)
    }

    /// What git asks to be kept; `None`: nothing that could be used again.
    #[must_use]
    pub fn to_keep(&self) -> Option<GitPassword> {
        let whole = self.password.is_some() && self.username.is_some()
            || self.authtype.is_some() && self.credential.is_some();
        let protocol = self.protocol.clone()?;
        (whole && !self.ephemeral).then(|| GitPassword {
            protocol,
            path: self.path().map(ToOwned::to_owned),
            username: self.username.clone(),
            password: self.password.clone(),
            password_expiry_utc: self.password_expiry_utc,
            oauth_refresh_token: self.oauth_refresh_token.clone(),
            authtype: self.authtype.clone(),
            credential: self.credential.clone(),
        })
    }

    fn add(&mut self, line: &[u8], number: usize) -> Result<(), BadQuestion> {
        if line.iter().any(|byte| matches!(byte, b'\0' | b'\r')) {
            return Err(BadQuestion::ControlCharacter(number));
        }
        let equals = line.iter().position(|byte| *byte == b'=');
        let (key, value) = line.split_at(equals.ok_or(BadQuestion::NoEquals(number))?);
        let value = &value[1..];
        let text = || {
            let text = str::from_utf8(value).map_err(|_| BadQuestion::NotText(number))?;
            Ok::<_, BadQuestion>(text.to_owned())
        };
        let secret = || Password::new(text()?).map_err(|_| BadQuestion::TooLongValue(number));
        match key {
            b"protocol" => self.protocol = Some(text()?),
            b"host" => self.host = Some(text()?),
            b"path" => self.path = Some(text()?),
            b"username" => self.username = Some(text()?),
            b"password" => self.password = Some(secret()?),
            b"password_expiry_utc" => self.password_expiry_utc = seconds(&text()?),
            b"oauth_refresh_token" => self.oauth_refresh_token = Some(secret()?),
            b"authtype" => self.authtype = Some(text()?),
            b"credential" => self.credential = Some(secret()?),
            b"ephemeral" => self.ephemeral = is_true(value),
            b"state[]" => push(&mut self.states, text()?),
            b"wwwauth[]" => push(&mut self.wwwauth, text()?),
            b"capability[]" => match value {
                b"authtype" => self.takes_authtype = true,
                b"state" => self.takes_state = true,
                _ => {}
            },
            // git-credential(1): unknown attributes are silently discarded.
            _ => {}
        }
        Ok(())
    }
}

/// A line without its end; `None`: there is no more. Wiped, since it may hold a password.
fn next_line(input: &mut dyn BufRead) -> Result<Option<Zeroizing<Vec<u8>>>, BadQuestion> {
    // Allocated once: a buffer that grows leaves copies behind.
    let mut line = Zeroizing::new(Vec::with_capacity(LINE_LENGTH_LIMIT + 1));
    let mut limited = input.take(LINE_LENGTH_LIMIT as u64 + 1);
    limited.read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.len() > LINE_LENGTH_LIMIT {
        return Err(BadQuestion::TooLongLine);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok(Some(line))
}

/// An empty value clears the list.
fn push(list: &mut Vec<String>, value: String) {
    if value.is_empty() {
        list.clear();
    } else {
        list.push(value);
    }
}

fn seconds(text: &str) -> Option<Timestamp> {
    let seconds: i64 = text.parse().ok()?;
    Some(Timestamp::from_unix_millis(seconds.saturating_mul(1000)))
}

/// As in git's configuration.
fn is_true(value: &[u8]) -> bool {
    let text = value.to_ascii_lowercase();
    matches!(&*text, b"1" | b"true" | b"yes" | b"on")
}

/// What was kept, as an answer to a question.
#[must_use]
pub fn answer_with(kept: &GitPassword, question: &Question) -> GitAnswer {
    let mut answer = GitAnswer::default();
    if let (true, Some(authtype), Some(credential)) =
        (question.takes_authtype, &kept.authtype, &kept.credential)
    {
        answer = answer
            .with("capability[]", "authtype")
            .with("authtype", authtype)
            .with("credential", credential.expose());
    }
    if let Some(username) = &kept.username {
        answer = answer.with("username", username);
    }
    if let Some(password) = &kept.password {
        answer = answer.with("password", password.expose());
    }
    if let Some(end) = kept.password_expiry_utc {
        answer = answer.with("password_expiry_utc", end.unix_seconds().to_string());
    }
    if let Some(token) = &kept.oauth_refresh_token {
        answer = answer.with("oauth_refresh_token", token.expose());
    }
    answer
}

/// What a helper says: attributes in their order.
#[derive(Debug, Default)]
pub struct GitAnswer {
    attributes: Vec<(&'static str, Zeroizing<String>)>,
}

impl GitAnswer {
    /// The same with one attribute more.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((key, Zeroizing::new(value.into())));
        self
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }

    /// The lines; nothing at all where a value would be taken for more than a value.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let ends_a_line = |c: char| matches!(c, '\n' | '\r' | '\0');
        let mut values = self.attributes.iter().map(|(_, value)| value);
        if values.any(|value| value.contains(ends_a_line)) {
            return Zeroizing::default();
        }
        let length = |(key, value): &(&str, Zeroizing<String>)| key.len() + value.len() + 2;
        let capacity = self.attributes.iter().map(length).sum();
        let mut text = Zeroizing::new(String::with_capacity(capacity));
        for (key, value) in &self.attributes {
            text.push_str(key);
            text.push('=');
            text.push_str(value);
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests;
