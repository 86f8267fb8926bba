//! Noting that a server refused a token, without asking for another one (P7): what git's `erase` means.

use std::time::Duration;

use super::error::FlowError;
use super::session::Session;
use crate::credential::{Asked, Checked, Demand, Login, MinTtl, Record, Verdict, decide};
use crate::oauth;
use crate::secret::AccessToken;
use crate::store::Entry;

/// Marks a token that its server calls dead, if it is the one that is handed out now; whether it did.
/// The server is asked first, since a mark costs everybody a refresh.
pub(super) fn refuse(
    session: &Session<'_>,
    record: &Record,
    token: &AccessToken,
) -> Result<bool, FlowError> {
    let Some(login) = record.login() else {
        return Ok(false);
    };
    let verdict = |login: &Login, checked: Option<&Checked>| {
        let need = Demand {
            asked: Asked::Token,
            min_ttl: MinTtl::Preferred(Duration::ZERO),
            rejected: Some(token),
            checked,
            seen: None,
            leased: None,
            impatient: false,
        };
        decide(login, session.now(), &need)
    };
    let mut checked = None;
    if let Verdict::Check(_) = verdict(login, None) {
        session.log.flush();
        checked = Some(Checked {
            token: token.clone(),
            verdict: oauth::check(session.http, &login.client, token),
        });
    }
    if !matches!(
        verdict(login, checked.as_ref()),
        Verdict::Mark(_) | Verdict::End(_)
    ) {
        return Ok(false);
    }
    let wait = session.wait(session.deadline());
    let Entry::Occupied(mut locked) = session.store.lock(&record.id, &wait)? else {
        return Ok(false);
    };
    let now = locked
        .record()
        .login()
        .map(|login| verdict(login, checked.as_ref()));
    match now {
        Some(Verdict::Mark(grant)) => locked.mark_refused(grant),
        Some(Verdict::End(grant)) => locked.mark_ended(grant, session.now()),
        _ => return Ok(false),
    }
    locked.save()?;
    Ok(true)
}
