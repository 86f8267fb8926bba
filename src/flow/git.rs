//! What git's questions come to: a token of a login, or what git asked to keep (docs/git.md).

use std::time::Duration;

mod responder;

use super::error::FlowError;
use super::refresh::{Need, Obtained, obtain};
use super::report_refused::refuse;
use super::session::Session;
use super::warning::Warning;
use crate::credential::{AccountName, DEFAULT_MIN_TTL, Host, Record};
use crate::gitcred::{GitAnswer, Question, answer_with};
use crate::log::Level;
use crate::secret::{AccessToken, Fingerprint};
use responder::{Responder, holder, responder};

/// What a state of ours begins with; the fingerprint of a token and the account that it is of follow.
const STATE: &str = "glauth:";

/// An answer, and what a person should know all the same.
#[derive(Debug, Default)]
pub struct Told {
    /// Empty where there is none.
    pub answer: GitAnswer,
    /// Worth a line at a terminal.
    pub warnings: Vec<Warning>,
}

/// Answers a question; with nothing, where that is not ours to answer. `asks_again`: whether the caller
/// comes back after a 401 when it is told to.
pub fn git_get(
    session: &Session<'_>,
    question: &Question,
    account: Option<&AccountName>,
    asks_again: bool,
) -> Result<Told, FlowError> {
    let refused = Refused::of(question);
    // Every account of a host has the same user name for git, so only our own state tells them apart.
    let asked_before = refused
        .as_ref()
        .and_then(|refused| refused.account.as_ref());
    match responder(session, question, account.or(asked_before))? {
        Some(Responder::Login(record)) => token(session, question, *record, refused, asks_again),
        Some(Responder::Passwords(host, ended)) => {
            let told = password(session, question, &host)?;
            match ended {
                Some(error) if told.answer.is_empty() => Err(error),
                _ => Ok(told),
            }
        }
        Some(Responder::Unnamed(_, error)) => Err(error),
        Some(Responder::Other(id)) => Ok(Told {
            // The name that git asks for may be a token.
            warnings: vec![
                format!(
                    "{}: the logins are for another user or protocol than git asks for, so git gets no token",
                    id.host
                )
                .into(),
            ],
            ..Told::default()
        }),
        None => Ok(Told::default()),
    }
}

/// Keeps what git was given, where no login is; for `limit` at most.
pub fn git_store(
    session: &Session<'_>,
    question: &Question,
    account: Option<&AccountName>,
    limit: Option<Duration>,
) -> Result<(), FlowError> {
    let Some(mut kept) = question.to_keep() else {
        return Ok(());
    };
    // git calls this for what we handed out, too: it would come back as a password after the next
    // rotation.
    let Some(Responder::Passwords(host, _)) = responder(session, question, account)? else {
        return Ok(());
    };
    let now = session.now();
    if let Some(limit) = limit {
        let end = now.plus(limit);
        let sooner = kept.password_expiry_utc.is_none_or(|known| end < known);
        kept.password_expiry_utc = kept.password_expiry_utc.filter(|_| !sooner).or(Some(end));
    }
    if kept.password_expiry_utc.is_some_and(|end| end <= now) {
        return Ok(());
    }
    let wait = session.wait(session.deadline());
    Ok(session.store.keep_password(&host, kept, &wait)?)
}

/// Hears that something was refused: a token of a login is checked and marked, what git asked to keep
/// is forgotten.
pub fn git_erase(
    session: &Session<'_>,
    question: &Question,
    account: Option<&AccountName>,
) -> Result<(), FlowError> {
    let id = match responder(session, question, account)? {
        Some(Responder::Passwords(host, _)) => {
            let (all, _) = session.store.passwords(&host)?;
            for kept in all.iter().filter(|kept| question.refuses(kept)) {
                let wait = session.wait(session.deadline());
                session.store.forget_password(&host, kept, &wait)?;
            }
            return Ok(());
        }
        Some(Responder::Login(record)) => record.id,
        Some(Responder::Other(id) | Responder::Unnamed(id, _)) => id,
        None => return Ok(()),
    };
    let refused = question.credential.as_ref().or(question.password.as_ref());
    let token = refused.map(|secret| AccessToken::new(secret.expose().to_owned()));
    let Some(Ok(token)) = token else {
        return Ok(());
    };
    // git tells the user name that every account of the host has for it: the token says whose it is.
    let Some(record) = holder(session, &id, question, &token)? else {
        return Ok(());
    };
    let marked = refuse(session, &record, &token)?;
    session.note(Level::Verbose, &record.id, || {
        let what = if marked {
            "no longer works"
        } else {
            "stays as it is"
        };
        format!("the refused token {what}")
    });
    Ok(())
}

/// What git was refused, as our own state names it when git asks again.
struct Refused {
    token: Fingerprint,
    account: Option<AccountName>,
}

impl Refused {
    fn of(question: &Question) -> Option<Self> {
        question.states.iter().find_map(|state| {
            let state = state.strip_prefix(STATE)?;
            let (token, account) = state.split_once(':').unwrap_or((state, ""));
            let token = Fingerprint::parse(token)?;
            let account = account.parse().ok();
            Some(Self { token, account })
        })
    }
}

fn token(
    session: &Session<'_>,
    question: &Question,
    record: Record,
    refused: Option<Refused>,
    asks_again: bool,
) -> Result<Told, FlowError> {
    let refused = refused.map(|refused| refused.token);
    let is_refused = |token: &&AccessToken| Some(token.fingerprint()) == refused;
    let grants = record.login().map_or(&[][..], |login| &login.grants);
    let mut tokens = grants.iter().map(|grant| &grant.access_token);
    let need = Need {
        rejected: tokens.find(is_refused).cloned(),
        ..Need::token(None, DEFAULT_MIN_TTL)
    };
    let obtained = obtain(session, record, &need)?;
    Ok(Told {
        answer: answer(question, &obtained, asks_again && refused.is_none()),
        warnings: obtained.warnings,
    })
}

/// A token as git wants it. Only the first answer asks to be asked again after a 401: a token that
/// stays bad ends after one round.
fn answer(question: &Question, obtained: &Obtained, asks_again: bool) -> GitAnswer {
    let grant = obtained.grant();
    let token = grant.access_token.expose();
    let asks_again = asks_again && question.takes_state;
    let mut answer = GitAnswer::default();
    if question.takes_authtype {
        answer = answer.with("capability[]", "authtype");
    }
    if asks_again {
        answer = answer.with("capability[]", "state");
    }
    let is_bearer = grant.token_type.eq_ignore_ascii_case("bearer");
    answer = if question.takes_authtype && is_bearer && question.wants_bearer() {
        answer.with("authtype", "Bearer").with("credential", token)
    } else {
        answer
            // Whatever user the address names: servers take a token beside their own name for it only.
            .with("username", &*obtained.login.client.git_username)
            .with("password", token)
    };
    if let Some(end) = grant.expires_at {
        answer = answer.with("password_expiry_utc", end.unix_seconds().to_string());
    }
    if question.takes_authtype {
        answer = answer.with("ephemeral", "1");
    }
    if asks_again {
        let token = grant.access_token.fingerprint();
        let state = format!("{STATE}{token}:{}", obtained.id.account);
        answer = answer.with("state[]", state).with("continue", "1");
    }
    answer
}

fn password(session: &Session<'_>, question: &Question, host: &Host) -> Result<Told, FlowError> {
    let (all, errors) = session.store.passwords(host)?;
    let now = session.now();
    let kept = all.iter().find(|kept| question.is_answered_by(kept, now));
    Ok(Told {
        answer: kept.map_or_else(GitAnswer::default, |kept| answer_with(kept, question)),
        warnings: Warning::all(&errors),
    })
}
