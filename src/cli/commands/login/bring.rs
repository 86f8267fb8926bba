//! Tokens that come from standard input.

use zeroize::Zeroizing;

use crate::cli::context::{read_line_of_stdin, read_stdin};
use crate::cli::failure::{Error, UsageError};
use crate::cli::hidden::Until;
use crate::flow::BroughtTokens;
use crate::http::ANSWER_LIMIT;
use crate::secret::{AROUND, AccessToken, TOKEN_LIMIT, bare};
use crate::time::Timestamp;

/// `--import`
pub(super) fn imported() -> Result<BroughtTokens, Error> {
    let response = read_stdin("the token response", ANSWER_LIMIT, Until::CtrlD)?;
    let brought = BroughtTokens::of_response(&response, Timestamp::now());
    Ok(brought.map_err(UsageError::BadResponse)?)
}

/// `--with-token`
pub(super) fn personal_token() -> Result<BroughtTokens, Error> {
    let text: Zeroizing<String> = read_line_of_stdin("the token", TOKEN_LIMIT + AROUND)?;
    let text = bare(&text);
    let access_token = AccessToken::new(text.to_owned())
        .map_err(|problem| UsageError::BadInput(format!("the token {problem}")))?;
    // RFC 6750 §2.1: two words could not be sent.
    if text.contains(' ') {
        return Err(UsageError::BadInput("the token contains a space".to_owned()).into());
    }
    Ok(BroughtTokens::personal(access_token, Timestamp::now()))
}

/// How the personal access tokens of GitLab and GitHub begin.
const TOKEN_BEGINNINGS: [&str; 12] = [
    "glpat-",
    "glrt-",
    "gldt-",
    "glsoat-",
    "glft-",
    "glcbt-",
    "glptt-",
    "gloas-",
    "ghp_",
    "gho_",
    "ghu_",
    "github_pat_",
];

/// Whether a token was typed in the place of something else, HOST or a client id: it would be shown, stored and sent
/// to others (P8).
pub(super) fn is_like_a_token(text: &str) -> bool {
    TOKEN_BEGINNINGS.iter().any(|begin| text.starts_with(begin))
}
