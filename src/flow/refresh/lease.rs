//! Leases: taking one with a token, and waiting for those of others (docs/refresh.md, "Leases").

use std::time::Instant;

use super::super::error::FlowError;
use super::{Need, Obtained, TokenRequest, login_in, obtain_until, read};
use crate::credential::{Grant, Login, Record, RotationEffect, Verdict, decide, living};
use crate::flow::session::Session;
use crate::notice;
use crate::store::{Awaited, Entry, Lease, LockError, StoreError, Wait};

/// How often glauth tries to take a lease. A process that is in the way lets go at once, unless it was stopped in
/// that very moment; and each rotation that comes between lasts for a while.
const TRIES: usize = 8;

/// Gets a token, and a lease on it, where a refresh would end it while a command uses it.
/// Where none can be had, a warning says why, and what is good then is handed out all the same.
pub fn obtain_with_lease(
    session: &Session<'_>,
    mut record: Record,
    need: &Need,
) -> Result<(Obtained, Option<Lease>), FlowError> {
    let started = Instant::now();
    let deadline = session.deadline();
    let mut tries = 0..TRIES;
    loop {
        let mut obtained = obtain_until(session, record, need, deadline)?;
        if !needs_lease(&obtained.login) {
            return Ok((obtained, None));
        }
        let why = match lease(session, &mut obtained, need, deadline) {
            Ok(Some(lease)) => return Ok((obtained, Some(lease))),
            // It has been rotated since, or a process waits for it: once more.
            Ok(None) if tries.next().is_some() && Instant::now() < deadline => {
                record = read(session, &obtained.id)?;
                continue;
            }
            Ok(None) => LockError::Timeout {
                holder: None,
                waited: started.elapsed(),
            },
            Err(error @ LockError::Store(StoreError::OpenFolder { .. })) => {
                return Err(error.into());
            }
            Err(error) => error,
        };
        session.log.flush();
        if !look_again(session, &mut obtained, need)? {
            return Err(why.into());
        }
        let warning = format!(
            "a refresh may invalidate this token early, since glauth could not take a lease: {why}"
        );
        obtained.warnings.push(warning.into());
        return Ok((obtained, None));
    }
}

/// Takes what is good after a wait in vain: what was obtained before may be dead by now. Whether anything is.
fn look_again(
    session: &Session<'_>,
    obtained: &mut Obtained,
    need: &Need,
) -> Result<bool, FlowError> {
    let (_, login) = login_in(read(session, &obtained.id)?)?;
    let good = still_good(session, &login, obtained.grant(), need);
    if let Some(grant) = good {
        obtained.take(login, grant);
    }
    Ok(good.is_some())
}

/// Whether a refresh would end a token that is in use.
#[must_use]
pub fn needs_lease(login: &Login) -> bool {
    login.client.rotation == RotationEffect::Kills && login.is_renewable()
}

/// Takes a lease under the account's lock, on what is reread there. `None`: what was obtained is not
/// handed out any more, or a waiting process has just got there.
fn lease(
    session: &Session<'_>,
    obtained: &mut Obtained,
    need: &Need,
    deadline: Instant,
) -> Result<Option<Lease>, LockError> {
    session.log.flush();
    let Entry::Occupied(mut locked) = session.store.lock(&obtained.id, &session.wait(deadline))?
    else {
        return Ok(None);
    };
    let Some(login) = locked.record().login().cloned() else {
        return Ok(None);
    };
    let Some(grant) = still_good(session, &login, obtained.grant(), need) else {
        return Ok(None);
    };
    let lease = locked.lease(grant)?;
    obtained.take(login, grant);
    Ok(lease)
}

/// The grant whose token can be handed out now: the fresh one, else the very one that was found to be
/// good enough before, if it lives.
fn still_good(session: &Session<'_>, login: &Login, before: &Grant, need: &Need) -> Option<usize> {
    let (now, need) = (session.now(), need.at_first());
    if let Verdict::Use(grant) = decide(login, now, &need) {
        return Some(grant);
    }
    let alive = living(login, now, &need)?;
    (login.grants[alive].access_token == before.access_token).then_some(alive)
}

impl TokenRequest<'_> {
    /// Waits until no command holds a lease on this grant's token, at most until it expires by itself.
    pub(super) fn wait_for_leases(&self, grant: usize) -> Result<(), FlowError> {
        let token = &self.login()?.grants[grant];
        self.session.log.flush();
        let left = token.left(self.session.now());
        let expires = left.map_or(self.deadline, |left| Instant::now() + left);
        let wait = Wait {
            deadline: expires.min(self.deadline),
            on_wait: if self.session.watched {
                &say_whom
            } else {
                &|_| {}
            },
        };
        let name = token.access_token.fingerprint();
        self.trace(|| format!("waits for the commands that use the token {name}"));
        let store = self.session.store;
        match store.wait_for_leases(self.id, &token.access_token, &wait) {
            Ok(()) => Ok(()),
            Err(LockError::Timeout { .. }) if expires < self.deadline => Ok(()),
            Err(LockError::Timeout { holder, .. }) => Err(FlowError::Leased {
                id: self.id.clone(),
                holder,
                until: token.expires_at,
                waited: self.started.elapsed(),
            }),
            Err(error) => Err(error.into()),
        }
    }
}

fn say_whom(awaited: Awaited<'_>) {
    let holder = match awaited {
        Awaited::Lock(holder) => holder.unwrap_or("another process"),
        Awaited::Elsewhere(by) => by,
    };
    notice::say(format!("waiting for {holder}, which uses the token"));
}
