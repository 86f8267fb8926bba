//! Logout: revoked at the server grant by grant, each one marked as soon as it has ended, then a
//! tombstone. One request for each hold of the lock, so that no process waits for more than one.

use std::collections::HashSet;

use super::attempt::exchange_under_lock;
use super::error::FlowError;
use super::registration;
use super::revoke::revoke;
use super::session::{RefreshesIn, Session};
use super::tried::AttemptedRefresh;
use super::warning::Warning;
use crate::credential::{AccountId, Cause, Content, Login, LoginKind, Outcome, backoff};
use crate::log::Level;
use crate::oauth::REVOCATION_LIMIT;
use crate::oauth::shared_client;
use crate::store::{Entry, Locked, Occupied};
use crate::time::human;

/// What came of it.
#[derive(Debug)]
pub struct LogoutDone {
    /// Whether it was logged out before.
    pub already: bool,
    /// What a person should know all the same.
    pub warnings: Vec<Warning>,
}

/// How many steps there are at most: a refresh and a revocation for each of two grants and the
/// tombstone, and as many again where another program replaces the lock file.
const STEPS: usize = 10;

/// Ends a login that [`find`](super::find) found. With `local` the server is not told.
pub fn log_out(
    session: &Session<'_>,
    id: &AccountId,
    local: bool,
) -> Result<LogoutDone, FlowError> {
    let done = step_by_step(session, id, local);
    session.log.flush();
    let mut done = done?;
    if !local {
        let kept = registration::delete_after_logout(session, id);
        done.warnings.extend(kept.map(Into::into));
    }
    Ok(done)
}

/// Removes what a logout has left of an account, so that nothing is known of it any more. A login that was made
/// since then stays, with a warning.
pub fn forget(session: &Session<'_>, id: &AccountId) -> Result<Vec<Warning>, FlowError> {
    session.log.flush();
    let wait = session.wait(session.deadline());
    let Entry::Occupied(locked) = session.store.lock(id, &wait)? else {
        return Ok(Vec::new());
    };
    if locked.record().login().is_some() {
        let text = format!("{id} was logged in again meanwhile, and this login is kept");
        return Ok(vec![text.into()]);
    }
    Ok(Warning::all(&locked.forget()?))
}

fn step_by_step(
    session: &Session<'_>,
    id: &AccountId,
    local: bool,
) -> Result<LogoutDone, FlowError> {
    let mut steps = LogoutSteps {
        session,
        id,
        local,
        refreshed: HashSet::new(),
        refreshes: session.refreshes,
        warnings: Vec::new(),
    };
    for _ in 0..STEPS {
        session.log.flush();
        let wait = session.wait(session.deadline());
        // What the database has lost is not presented at the server, and cannot be ended there.
        let entry = session.store.lock_unless(id, &wait, &|_| false)?;
        let Entry::Occupied(locked) = entry else {
            return Err(FlowError::NoLogin(id.clone()));
        };
        if let Some(already) = steps.step(locked)? {
            return Ok(LogoutDone {
                already,
                warnings: steps.warnings,
            });
        }
    }
    Err(FlowError::TooManyTurns(id.clone()))
}

struct LogoutSteps<'a> {
    session: &'a Session<'a>,
    id: &'a AccountId,
    local: bool,
    /// The grants that were refreshed for this: each once.
    refreshed: HashSet<usize>,
    /// Here, once a process of its own could not do it.
    refreshes: RefreshesIn,
    warnings: Vec<Warning>,
}

impl LogoutSteps<'_> {
    /// One step under the lock; `Some` when it was the last one.
    fn step(&mut self, mut locked: Locked<Occupied>) -> Result<Option<bool>, FlowError> {
        let warnings = locked.take_warnings();
        self.warnings.extend(Warning::all(&warnings));
        self.session.check_scheme(locked.record())?;
        let login = match &locked.record().content {
            Content::LoggedOut(_) => return Ok(Some(true)),
            Content::Password(_) => return Err(FlowError::NoLogin(self.id.clone())),
            Content::Login(login) => login,
        };
        if !self.local && login.client.revocation_endpoint.is_none() {
            self.local = true;
            let text = match login.kind {
                LoginKind::OAuth | LoginKind::ClientCredentials => format!(
                    "{} has no revocation endpoint that glauth knows of: its tokens live until they expire",
                    self.id.host
                ),
                LoginKind::Token => format!(
                    "a personal access token is not revoked by this: it lives until it expires or is revoked at {}",
                    self.id.host
                ),
            };
            self.warnings.push(text.into());
        }
        let shared = shared_client(&login.client);
        let next = (0..login.grants.len()).find(|grant| locked.for_revocation(*grant).is_some());
        match next {
            Some(grant) if !self.local => {
                if self.must_be_refreshed(login, grant) {
                    self.refresh(locked, grant)?;
                } else {
                    self.revoke(locked, grant)?;
                }
                Ok(None)
            }
            _ => {
                if let Some(shared) = shared
                    && !self.local
                {
                    let text = format!(
                        "a login with {} as the same user has ended too",
                        shared.name
                    );
                    self.warnings.push(text.into());
                }
                let reason = if self.local { "asked, local" } else { "asked" };
                let warnings = locked.log_out(reason, self.session.now())?;
                self.warnings.extend(Warning::all(&warnings));
                Ok(Some(false))
            }
        }
    }

    fn must_be_refreshed(&self, login: &Login, grant: usize) -> bool {
        login.grants[grant].is_refreshed_to_be_revoked(self.session.now())
            && !self.refreshed.contains(&grant)
    }

    fn refresh(&mut self, locked: Locked<Occupied>, grant: usize) -> Result<(), FlowError> {
        let login = locked.record().login();
        if let Some((until, outcome)) = login.and_then(|login| backoff(login, self.session.now())) {
            return Err(FlowError::NotRefreshed {
                id: self.id.clone(),
                outcome,
                message: format!("{} asks to wait until {}", self.id.host, until.local()),
            });
        }
        let place = self.refreshes;
        let tried = exchange_under_lock(self.session, self.id, locked, grant, Cause::Asked, place)?;
        let done = match tried {
            AttemptedRefresh::Done(done) => *done,
            // What has expired is not leased; a lock that was lost is taken again.
            AttemptedRefresh::LockLost | AttemptedRefresh::Leased(_) => return Ok(()),
            AttemptedRefresh::NoProcess(_) => {
                self.refreshes = RefreshesIn::Here;
                return Ok(());
            }
            AttemptedRefresh::InTheStore(warnings) => {
                self.warnings.extend(warnings.into_iter().map(Into::into));
                return Ok(());
            }
            AttemptedRefresh::Unfit(_, trouble) => {
                return Err(FlowError::NotRefreshed {
                    id: self.id.clone(),
                    outcome: trouble.outcome(),
                    message: trouble.to_string(),
                });
            }
            AttemptedRefresh::Unknown(FlowError::Failed {
                id,
                outcome,
                message,
                ..
            }) => {
                return Err(FlowError::NotRefreshed {
                    id,
                    outcome,
                    message: message.into(),
                });
            }
            AttemptedRefresh::Unknown(error) => return Err(error),
        };
        self.refreshed.insert(grant);
        self.warnings
            .extend(done.warnings.into_iter().map(Into::into));
        match done.failed {
            // Then there is nothing left to revoke.
            None | Some(Outcome::LoginRequired) => Ok(()),
            Some(outcome) => Err(FlowError::NotRefreshed {
                id: self.id.clone(),
                outcome,
                message: done.message,
            }),
        }
    }

    fn revoke(&self, mut locked: Locked<Occupied>, grant: usize) -> Result<(), FlowError> {
        let (Some(token), Some(client)) = (
            locked.for_revocation(grant),
            locked.record().client().cloned(),
        ) else {
            return Ok(());
        };
        locked.announce(format!(
            "ending the login for {} first (up to {})",
            self.id,
            human(REVOCATION_LIMIT)
        ));
        let ended = revoke(self.session, &client, &token)
            .map_err(|source| FlowError::NotRevoked {
                id: self.id.clone(),
                source,
            })
            .and_then(|()| {
                self.session
                    .note(Level::Verbose, self.id, || format!("revoked grant {grant}"));
                locked.mark_ended(grant, self.session.now());
                Ok(locked.save()?)
            });
        locked.release().until_told();
        ended
    }
}
