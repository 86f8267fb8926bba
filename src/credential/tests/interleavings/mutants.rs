//! Rules and protocols that are wrong, each in one way. An exploration that lets one of them pass
//! shows nothing.

use crate::credential::{
    Asked, Demand, Login, Outcome, ReuseDetection, Stop, Verdict, decide, handed_out,
};
use crate::time::Timestamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mutant {
    // Of the protocol.
    /// What was read before the lock is good enough.
    NoReread,
    NoPendingMark,
    NoReservation,
    /// The folder is not synced before the answer's file is made anew.
    NoFirstSync,
    /// The mark is renamed, and the folder not synced, before the request.
    NoSyncAfterMark,
    /// The answer is renamed without having been synced.
    NoAnswerSync,
    /// The folder is not synced before the token is printed.
    NoLastSync,
    PrintsBeforeCommit,
    ReleasesBeforeCommit,
    /// An answer that another process left is not looked for.
    NoSettling,
    LoginRevokesFirst,
    // Of what an end does to a record.
    /// A process that finds `pending` goes on as if nothing had been.
    CutOffIsForgotten,
    LostAnswerIsForgotten,
    DeathDeletes,
    /// One `invalid_grant` ends any grant.
    OneWordEnds,
    LoginCountsAnew,
    // Of the decision.
    CutOffIsAVerdict,
    AdoptsDeath,
    AdoptsNothing,
    RefreshesHandedOut,
    PresentsAtOnce,
    IgnoresRejected,
    BelievesClaims,
    IgnoresRetryAt,
    /// The next request does not wait after a failure.
    NoWait,
    /// After a death the other grant is asked only where it can be refreshed at once.
    GoesOnToRefreshesOnly,
    RefreshIsForce,
    PendingIsFresh,
    // Of leases.
    /// A process that demands more life than is left ends the token that a command holds.
    IgnoresLeases,
    /// A lease is taken on what was read without the lock.
    LeasesWithoutLock,
    // Of the process that refreshes.
    /// The caller unlocks its copy of the lock, which frees the other one too.
    HandOverUnlocks,
    /// The caller goes on with what it had in memory.
    NoLookAfterReport,
    /// The caller of a process that died starts another one.
    AsksOnceMore,
    /// No mutant: P3 to the letter, for the tokens of a login too.
    P3ToTheLetter,
}

impl Mutant {
    /// The shipped decision, or one that is wrong in this way.
    pub fn decide(
        mutant: Option<Self>,
        login: &Login,
        now: Timestamp,
        need: &Demand<'_>,
    ) -> Verdict {
        let Some(mutant) = mutant else {
            return decide(login, now, need);
        };
        let mut login = login.clone();
        let mut seen = need.seen.cloned();
        if mutant == Self::IgnoresRetryAt {
            let seen = seen.iter_mut().flat_map(|seen| &mut seen.attempt);
            let attempts = login.last_attempt.iter_mut().chain(seen);
            attempts.for_each(|attempt| attempt.retry_at = None);
        }
        if mutant == Self::NoWait {
            let seen = seen.iter_mut().flat_map(|seen| &mut seen.attempt);
            let attempts = login.last_attempt.iter_mut().chain(seen);
            attempts.for_each(|attempt| attempt.next_at = None);
            for refusals in login
                .grants
                .iter_mut()
                .flat_map(|grant| &mut grant.refusals)
            {
                refusals.next_at = now;
            }
        }
        let mut need = Demand {
            seen: seen.as_ref(),
            ..*need
        };
        mutant.change(&mut login, &mut need);
        mutant.change_verdict(&login, &need, decide(&login, now, &need))
    }

    fn change(self, login: &mut Login, need: &mut Demand<'_>) {
        match self {
            Self::AdoptsNothing => need.seen = None,
            Self::PresentsAtOnce => login.client.replay = ReuseDetection::Harmless,
            Self::IgnoresRejected => need.rejected = None,
            Self::BelievesClaims => login.client.check_endpoint = None,
            Self::RefreshIsForce if matches!(need.asked, Asked::Refresh(_)) => {
                need.asked = Asked::Force;
            }
            Self::PendingIsFresh if need.seen.is_none() => login.last_attempt = None,
            _ => {}
        }
    }

    fn change_verdict(self, login: &Login, need: &Demand<'_>, verdict: Verdict) -> Verdict {
        let Verdict::Refresh { grant, cause } = verdict else {
            return verdict;
        };
        let new = need
            .seen
            .is_some_and(|seen| seen.attempt != login.last_attempt);
        let last = login.last_attempt.as_ref().map(|last| last.outcome);
        match (self, last) {
            (Self::CutOffIsAVerdict, Some(outcome @ Outcome::CutOff))
            | (Self::AdoptsDeath, Some(outcome @ Outcome::LoginRequired))
                if new =>
            {
                Verdict::Stop(Stop::Adopted(outcome))
            }
            (Self::RefreshesHandedOut, _) => Verdict::Refresh {
                grant: handed_out(login).unwrap_or(grant),
                cause,
            },
            _ => verdict,
        }
    }
}
