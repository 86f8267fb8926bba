//! What two machines have written of one login, made one.

use crate::credential::{Attempt, Grant, GrantState};
use crate::store::record::Full;

/// What `theirs`, the row as it is now, becomes with what this process has made of `base`: grant by grant the newer
/// generation, and what was marked here. `ends`: the attempt that is pending in the row is this process's own, and
/// `ours` is its end.
pub(in crate::store::shared) fn merged(
    mut theirs: Full,
    base: &Full,
    ours: &Full,
    ends: bool,
) -> Full {
    if base.record.identity != ours.record.identity {
        theirs.record.identity.clone_from(&ours.record.identity);
    }
    if base.extra != ours.extra {
        theirs.extra = ours.extra.clone();
    }
    let Some(own) = ours.record.login() else {
        return theirs;
    };
    let base = base.record.login();
    let mut healed = false;
    for (index, grant) in own.grants.iter().enumerate() {
        let before = base.and_then(|base| base.grants.get(index));
        let is_taken = take_grant(&mut theirs, ours, index, grant, before, ends);
        let last = theirs
            .record
            .login()
            .and_then(|login| login.last_attempt.as_ref());
        healed |= is_taken && last.is_some_and(|last| last.grant == index);
    }
    let Some(login) = theirs.login_mut() else {
        return theirs;
    };
    if base.is_some_and(|base| base.client != own.client) {
        login.client = own.client.clone();
    }
    let before = base.and_then(|base| base.last_attempt.as_ref());
    let is_later = number(own.last_attempt.as_ref()) > number(login.last_attempt.as_ref());
    let is_as_before = before.is_some() && login.last_attempt.as_ref() == before;
    let is_of_an_older_one = ends
        && own.last_attempt.as_ref().is_some_and(|last| {
            let [ours, theirs] = [&own.grants, &login.grants].map(|grants| grants.get(last.grant));
            ours.map(|grant| &grant.access_token) != theirs.map(|grant| &grant.access_token)
        });
    if is_of_an_older_one {
        // A verdict on a refresh token in whose place another machine has put the next one.
        login.take_back_attempt();
    } else if ends || is_as_before || (login.pending_sequence().is_none() && (healed || is_later)) {
        // A sequence grows within a login (I5).
        let sequence = number(login.last_attempt.as_ref());
        login.last_attempt.clone_from(&own.last_attempt);
        if let Some(last) = &mut login.last_attempt {
            last.sequence = last.sequence.max(sequence);
        }
    }
    theirs
}

/// Whether an answer has a grant that is newer than the row's.
pub(in crate::store::shared) fn has_news(theirs: &Full, answer: &Full) -> bool {
    let (Some(theirs), Some(answer)) = (theirs.record.login(), answer.record.login()) else {
        return false;
    };
    let mut pairs = theirs.grants.iter().zip(&answer.grants);
    pairs.any(|(theirs, ours)| is_newer(ours, theirs))
}

/// Two answers to one refresh token, where that is harmless, are of one generation: the later one is good.
fn is_newer(one: &Grant, other: &Grant) -> bool {
    let is_other = one.access_token != other.access_token;
    is_other && (one.generation, one.issued_at) > (other.generation, other.issued_at)
}

/// `true`: the grant is this process's now.
fn take_grant(
    theirs: &mut Full,
    ours: &Full,
    index: usize,
    own: &Grant,
    before: Option<&Grant>,
    ends: bool,
) -> bool {
    let token = ours.refresh_tokens.get(index).cloned().flatten();
    let Some(login) = theirs.login_mut() else {
        return false;
    };
    let Some(grant) = login.grants.get_mut(index) else {
        if before.is_none() {
            login.grants.push(own.clone());
            theirs.refresh_tokens.push(token);
        }
        return false;
    };
    let is_same = own.access_token == grant.access_token;
    if is_newer(own, grant) || (ends && is_same) {
        *grant = own.clone();
        theirs.refresh_tokens[index] = token;
        return true;
    }
    if !is_same {
        return false;
    }
    let was = |mark: &dyn Fn(&Grant) -> bool| before.is_some_and(mark);
    if own.refused && !was(&|before| before.refused) {
        grant.refused = true;
    }
    let has_ended = |grant: &Grant| matches!(grant.state, GrantState::LoginRequired { .. });
    if has_ended(own) && !was(&has_ended) {
        grant.state = own.state;
    }
    false
}

fn number(attempt: Option<&Attempt>) -> u64 {
    attempt.map_or(0, |attempt| attempt.sequence)
}

#[cfg(test)]
mod tests;
