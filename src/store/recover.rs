//! What a process that died has left: the next process that gets the lock finishes its attempt
//! (docs/refresh.md, "What a dead process leaves"). An owner ends its attempt before it lets go of the lock, and keeps
//! the room for its answer and the marked record locked until then; so a pending attempt of which neither is
//! locked is a dead one's.

use std::path::PathBuf;

use super::error::StoreError;
use super::files::{LockedPlace, Place, Text};
use super::record::{Format, Full};
use super::reread::Occupied;
use crate::credential::{AccountId, Grant, Outcome};
use crate::secret::RefreshToken;
use crate::time::Timestamp;

/// Finishes what was left in `place`, where `full` is the record that was read under the lock.
pub(super) fn recover(
    place: &LockedPlace,
    full: Full,
    now: Timestamp,
) -> Result<Occupied, StoreError> {
    let mut recovered = Occupied {
        full,
        warnings: Vec::new(),
        unsaved: false,
    };
    if recovered.full.is_pending()
        && let Some(answer) = whole_answer(place, &recovered.full)?
    {
        let before = std::mem::replace(&mut recovered.full, answer.full);
        recovered.install_answer(place)?;
        recovered.forget_copies(place, &before);
        return Ok(recovered);
    }
    recovered.take_rescued(place)?;
    if recovered.full.is_pending() {
        if let Some(login) = recovered.full.login_mut() {
            login.cut_off(now);
        }
        recovered.save(place);
    }
    // A process died while it gave the account another name: it has the one under which it was found.
    if recovered.full.extra.arrive() {
        recovered.save(place);
    }
    Ok(recovered)
}

/// An answer that a process has written down and not put in the record's place.
struct LeftAnswer {
    full: Full,
    text: Text,
}

/// The process whose attempt is pending, as it named itself.
pub(super) fn owner(full: &Full) -> Option<String> {
    let login = full.record.login()?;
    login.pending_sequence()?;
    Some(login.last_attempt.as_ref()?.by.clone())
}

/// What the next process that gets the lock will do about a pending attempt whose owner has died.
#[derive(Debug)]
pub enum RescueOutcome {
    /// Put in place what that process had written here.
    PutInPlace(PathBuf),
    /// The answer cannot be read now, and nothing is touched until it can.
    Blocked(StoreError),
    /// Find out at the server whether the answer is lost.
    Ask,
}

/// The same that [`recover`] does, and nothing is changed.
pub(super) fn foresee(place: &Place, full: &Full) -> RescueOutcome {
    match whole_answer(place, full) {
        Ok(Some(answer)) => return RescueOutcome::PutInPlace(answer.text.into_path()),
        Err(error) => return RescueOutcome::Blocked(error),
        Ok(None) => {}
    }
    for (index, spent) in (0..).zip(&full.refresh_tokens) {
        let Some(spent) = spent else { continue };
        match rescued_answer(place, spent, |found| is_newer(full, index, found)) {
            Ok(Some(rescued)) => return RescueOutcome::PutInPlace(rescued.text.into_path()),
            Err(error) => return RescueOutcome::Blocked(error),
            Ok(None) => {}
        }
    }
    RescueOutcome::Ask
}

impl Occupied {
    /// Puts the answer that the owner had written, and not yet renamed, in its place. One that
    /// cannot be synced is written anew: what is handed out must be safe somewhere (I6).
    fn install_answer(&mut self, place: &LockedPlace) -> Result<(), StoreError> {
        if place.sync_answer() {
            let installed = place.put_answer_in_place();
            self.unsaved = installed.is_err();
            self.note(installed);
        } else {
            match place.replace(&self.full)? {
                Some(uncertain) => self.warnings.push(uncertain),
                // It holds tokens, and no process would look for it again.
                None => place.remove_answer(),
            }
        }
        Ok(())
    }

    /// Removes what was rescued by an owner that could not see its answer in place.
    fn forget_copies(&self, place: &LockedPlace, before: &Full) {
        let kept: Vec<_> = self.full.refresh_tokens.iter().flatten().collect();
        let spent = before.refresh_tokens.iter().flatten();
        let spent = spent.filter(|token| !kept.contains(token));
        spent.for_each(|token| place.forget_rescued(token));
    }

    /// Takes over what lies in a rescue place for a grant, whatever the record says of it: a process that
    /// could not see that place may have taken the grant for dead, and a record that was restored from a
    /// copy knows of no attempt.
    fn take_rescued(&mut self, place: &LockedPlace) -> Result<(), StoreError> {
        for index in 0..self.full.refresh_tokens.len() {
            let Some(spent) = &self.full.refresh_tokens[index] else {
                continue;
            };
            let counts = |found: &Full| is_newer(&self.full, index, found);
            let Some(rescued) = rescued_answer(place, spent, counts)? else {
                continue;
            };
            if merge(&mut self.full, index, &rescued.full) && self.save(place) {
                rescued.text.discard();
            }
        }
        Ok(())
    }

    /// Writes the record; `false`, with a warning, where that fails.
    fn save(&mut self, place: &LockedPlace) -> bool {
        let saved = place.replace(&self.full);
        let good = matches!(saved, Ok(None));
        self.unsaved = saved.is_err();
        self.note(saved);
        good
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
fn merge(full: &mut Full, index: usize, rescued: &Full) -> bool {
    let found = rescued.record.login().and_then(|login| {
        let attempt = login.last_attempt.as_ref()?;
        let grant = login.grants.get(attempt.grant)?;
        let token = rescued.refresh_tokens.get(attempt.grant)?;
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

/// The answer in the room for it, if it is whole and the end of the pending attempt.
fn whole_answer(place: &Place, full: &Full) -> Result<Option<LeftAnswer>, StoreError> {
    let ends_ours = |answer: &Full| match (full.record.login(), answer.record.login()) {
        (Some(pending), Some(answer)) => pending.is_ended_by(answer),
        _ => false,
    };
    match place.answer()? {
        Some(text) => answer_in(place.id(), text, ends_ours),
        None => Ok(None),
    }
}

/// The answer that `spent` was exchanged for and that `counts`: where refresh tokens do not rotate, an old copy has the
/// same name.
fn rescued_answer(
    place: &Place,
    spent: &RefreshToken,
    counts: impl Fn(&Full) -> bool,
) -> Result<Option<LeftAnswer>, StoreError> {
    let counts = |found: &Full| ends_in_rotation(found) && counts(found);
    for text in place.rescued(spent) {
        let text = text?;
        // The token that it was spent for names it: the account may have had another name then.
        let whose = text.whose().filter(|id| id.host == place.id().host);
        let id = whose.unwrap_or_else(|| place.id().clone());
        if let Some(answer) = answer_in(&id, text, counts)? {
            return Ok(Some(answer));
        }
    }
    Ok(None)
}

/// The answer that a text is, if it is whole and `counts`. One of a version that this glauth does not know is an error:
/// the spent token must not be presented again.
fn answer_in(
    id: &AccountId,
    text: Text,
    counts: impl Fn(&Full) -> bool,
) -> Result<Option<LeftAnswer>, StoreError> {
    match text.whole_record(id, Format::Record) {
        Ok(full) => Ok(counts(&full).then_some(LeftAnswer { full, text })),
        Err(error) if error.is_newer() => Err(error),
        Err(_) => Ok(None),
    }
}

fn ends_in_rotation(full: &Full) -> bool {
    let login = full.record.login();
    let last = login.and_then(|login| login.last_attempt.as_ref());
    last.is_some_and(|last| last.outcome == Outcome::Rotated)
}
