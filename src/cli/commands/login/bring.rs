//! Tokens that come from standard input.

use zeroize::Zeroizing;

use crate::cli::context::{read_stdin, read_stdin_bytes};
use crate::cli::failure::UsageError;
use crate::credential::{LoginKind, Rotation};
use crate::flow::Tokens;
use crate::http::ANSWER_LIMIT;
use crate::oauth;
use crate::secret::{AccessToken, TOKEN_LIMIT};
use crate::time::Timestamp;

/// `--import`
pub(super) fn imported() -> anyhow::Result<Tokens> {
    let response = read_stdin_bytes("the token response", ANSWER_LIMIT)?;
    let imported = oauth::import(&response)
        .map_err(|problem| UsageError::BadInput(format!("the token response {problem}")))?;
    Ok(Tokens {
        kind: LoginKind::OAuth,
        rotation: imported.rotation,
        issued_at: imported.created_at.unwrap_or_else(Timestamp::now),
    })
}

/// `--with-token`
pub(super) fn personal_token() -> anyhow::Result<Tokens> {
    let text: Zeroizing<String> = read_stdin("the token", TOKEN_LIMIT + 2)?;
    let text = text.trim_end_matches(['\n', '\r']);
    let access_token = AccessToken::new(text.to_owned())
        .map_err(|problem| UsageError::BadInput(format!("the token {problem}")))?;
    // RFC 6750 §2.1: two words could not be sent.
    if text.contains(' ') {
        return Err(UsageError::BadInput("the token has a blank in it".to_owned()).into());
    }
    Ok(Tokens {
        kind: LoginKind::Token,
        rotation: Rotation {
            access_token,
            refresh_token: None,
            token_type: "Bearer".to_owned(),
            scopes: None,
            expires_in: None,
            refresh_expires_in: None,
        },
        issued_at: Timestamp::now(),
    })
}
