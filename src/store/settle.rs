//! What a process that died has left: the next process that gets the lock finishes its attempt
//! (docs/refresh.md, "What a dead process leaves"). An owner ends its attempt before it lets go of the lock, and keeps
//! the room for its answer and the marked record locked until then; so a pending attempt of which neither is
//! locked is a dead one's.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::entry::Occupied;
use super::error::StoreError;
use super::place::{Place, read_text};
use super::record::{self, Extra, Full};
use super::rescue::{self, Rescued};
use super::{permissions, replace};
use crate::credential::Grant;
use crate::time::Timestamp;

/// Finishes what was left in `place`, where `full` is the record that was read under the lock.
pub(super) fn settle(
    place: &Place,
    full: Full,
    extra: Extra,
    now: Timestamp,
) -> Result<Occupied, StoreError> {
    let mut settled = Occupied {
        full,
        extra,
        warnings: Vec::new(),
        unsaved: false,
    };
    if is_pending(&settled.full)
        && let Some((answer, extra)) = whole_answer(place, &settled.full)?
    {
        let before = std::mem::replace(&mut settled.full, answer);
        settled.extra = extra;
        settled.install_answer(place)?;
        settled.forget_copies(place, &before);
        return Ok(settled);
    }
    settled.take_rescued(place)?;
    if is_pending(&settled.full) {
        if let Some(login) = settled.full.login_mut() {
            login.cut_off(now);
        }
        settled.save(place);
    }
    Ok(settled)
}

/// The process whose attempt is pending, as it named itself.
pub(super) fn owner(full: &Full) -> Option<String> {
    let login = full.record.login()?;
    login.pending_sequence()?;
    Some(login.last_attempt.as_ref()?.by.clone())
}

/// What whoever gets the lock next will do about a pending attempt whose owner has died.
#[derive(Debug)]
pub enum Next {
    /// Put in place what that process had written here.
    PutInPlace(PathBuf),
    /// The answer cannot be read now, and nothing is touched until it can.
    Blocked(StoreError),
    /// Find out at the server whether the answer is lost.
    Ask,
}

/// The same that [`settle`] does, and nothing is changed.
pub(super) fn foresee(place: &Place, full: &Full) -> Next {
    match whole_answer(place, full) {
        Ok(Some(_)) => return Next::PutInPlace(place.answer.clone()),
        Err(error) => return Next::Blocked(error),
        Ok(None) => {}
    }
    for (index, spent) in (0..).zip(&full.refresh_tokens) {
        let Some(spent) = spent else { continue };
        match rescue::find(place, spent, |found| is_newer(full, index, found)) {
            Ok(Some(rescued)) => return Next::PutInPlace(rescued.path),
            Err(error) => return Next::Blocked(error),
            Ok(None) => {}
        }
    }
    Next::Ask
}

impl Occupied {
    /// Puts the answer that the owner had written, and not yet renamed, in its place. One that
    /// cannot be synced is written anew: what is handed out must be safe somewhere (I6).
    fn install_answer(&mut self, place: &Place) -> Result<(), StoreError> {
        if replace::sync_file(&place.answer).is_ok() {
            let installed = place.put_in_place(&place.answer);
            self.unsaved = installed.is_err();
            self.note(installed);
        } else {
            let text = self.text(place)?;
            match place.put(&text)? {
                Some(uncertain) => self.warnings.push(uncertain),
                // It holds tokens, and nobody would look for it again.
                None => drop(replace::remove(&place.answer)),
            }
        }
        Ok(())
    }

    /// Removes what was rescued by an owner that could not see its answer in place.
    fn forget_copies(&self, place: &Place, before: &Full) {
        let kept: Vec<_> = self.full.refresh_tokens.iter().flatten().collect();
        let spent = before.refresh_tokens.iter().flatten();
        let spent = spent.filter(|token| !kept.contains(token));
        spent.for_each(|token| rescue::forget(place, token));
    }

    /// Takes over what lies in a rescue place for a grant, whatever the record says of it: a process that
    /// could not see that place may have taken the grant for dead, and a record that was restored from a
    /// copy knows of no attempt.
    fn take_rescued(&mut self, place: &Place) -> Result<(), StoreError> {
        for index in 0..self.full.refresh_tokens.len() {
            let Some(spent) = &self.full.refresh_tokens[index] else {
                continue;
            };
            let counts = |found: &Full| is_newer(&self.full, index, found);
            let Some(rescued) = rescue::find(place, spent, counts)? else {
                continue;
            };
            if merge(&mut self.full, index, &rescued) && self.save(place) {
                rescued.discard();
            }
        }
        Ok(())
    }

    /// Writes the record; `false`, with a warning, where that fails.
    fn save(&mut self, place: &Place) -> bool {
        let saved = self.text(place).and_then(|text| place.put(&text));
        let good = matches!(saved, Ok(None));
        self.unsaved = saved.is_err();
        self.note(saved);
        good
    }

    fn text(&self, place: &Place) -> Result<Zeroizing<String>, StoreError> {
        record::render(&self.full, self.extra.clone())
            .map_err(|problem| problem.in_file(&place.record))
    }

    fn note(&mut self, result: Result<Option<StoreError>, StoreError>) {
        match result {
            Ok(warning) => self.warnings.extend(warning),
            Err(error) => self.warnings.push(error),
        }
    }
}

/// Whether a rescued answer is newer than the grant at `index`, which its refresh token was spent for: it
/// is the end of the pending attempt, or of a later generation.
fn is_newer(full: &Full, index: usize, rescued: &Full) -> bool {
    let (Some(login), Some(found)) = (full.record.login(), rescued.record.login()) else {
        return false;
    };
    let Some(attempt) = &found.last_attempt else {
        return false;
    };
    let ends_ours = login.is_pending(index) && login.pending_sequence() == Some(attempt.sequence);
    let is_later = |grant: &Grant| grant.generation > login.grants[index].generation;
    ends_ours || found.grants.get(attempt.grant).is_some_and(is_later)
}

/// Puts a rescued grant in the place of the one whose refresh token was spent for it.
fn merge(full: &mut Full, index: usize, rescued: &Rescued) -> bool {
    let found = rescued.full.record.login().and_then(|login| {
        let attempt = login.last_attempt.as_ref()?;
        let grant = login.grants.get(attempt.grant)?;
        let token = rescued.full.refresh_tokens.get(attempt.grant)?;
        Some((attempt.clone(), grant.clone(), token.clone()))
    });
    let Some((attempt, mut grant, token)) = found else {
        return false;
    };
    let reached = full.record.generation();
    let Some(login) = full.login_mut() else {
        return false;
    };
    grant.generation = grant.generation.max(reached + 1);
    login.grants[index] = grant;
    let same = |last: &crate::credential::Attempt| last.sequence == attempt.sequence;
    if login.last_attempt.as_ref().is_some_and(same) {
        login.last_attempt = Some(attempt);
    }
    full.refresh_tokens[index] = token;
    true
}

/// `.toml.answer`, if it is whole and the end of the pending attempt.
fn whole_answer(place: &Place, full: &Full) -> Result<Option<(Full, Extra)>, StoreError> {
    let Some(file) = permissions::open_for_reading(&place.answer)? else {
        return Ok(None);
    };
    permissions::check_ours(&place.answer, &file)?;
    let text = match read_text(&place.answer, file) {
        Err(StoreError::Corrupt { .. }) => return Ok(None),
        // It may be whole: who cannot read it now must not spend the refresh token again.
        text => text?,
    };
    match record::parse(&text, &place.id) {
        Ok(answer) => {
            let matches = match (full.record.login(), answer.record.login()) {
                (Some(pending), Some(answer)) => pending.is_ended_by(answer),
                _ => false,
            };
            Ok(matches.then(|| (answer, Extra::of(&text))))
        }
        Err(problem) if problem.is_newer() => Err(problem.in_file(&place.answer)),
        Err(_) => Ok(None),
    }
}

fn is_pending(full: &Full) -> bool {
    let login = full.record.login();
    login.is_some_and(|login| login.pending_sequence().is_some())
}
