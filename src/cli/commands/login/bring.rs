//! Tokens that come from standard input.

use zeroize::Zeroizing;

use crate::cli::context::{read_line_of_stdin, read_stdin};
use crate::cli::failure::{Error, UsageError};
use crate::cli::hidden::Until;
use crate::credential::{LoginKind, Rotation};
use crate::flow::Tokens;
use crate::http::ANSWER_LIMIT;
use crate::oauth;
use crate::secret::{AROUND, AccessToken, TOKEN_LIMIT, bare};
use crate::time::{Timestamp, human};

/// `--import`, and what a person should know of the tokens.
pub(super) fn imported() -> Result<(Tokens, Option<String>), Error> {
    let response = read_stdin("the token response", ANSWER_LIMIT, Until::CtrlD)?;
    let imported = oauth::import(&response, Timestamp::now()).map_err(UsageError::BadResponse)?;
    let warning = match imported.rotation.expires_in {
        Some(life) => format!(
            "the token response does not say when it was issued; its token is taken to live for {} from now",
            human(life)
        ),
        None => "the token response says when its token ends in words that glauth cannot read; it is used until the server refuses it".to_owned(),
    };
    let tokens = Tokens {
        kind: LoginKind::OAuth,
        rotation: imported.rotation,
        issued_at: imported.issued_at,
    };
    Ok((tokens, Some(warning).filter(|_| !imported.age_is_known)))
}

/// `--with-token`
pub(super) fn personal_token() -> Result<Tokens, Error> {
    let text: Zeroizing<String> = read_line_of_stdin("the token", TOKEN_LIMIT + AROUND)?;
    let text = bare(&text);
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
