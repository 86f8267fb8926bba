//! What the world needs to know of a record.

use super::library::{TICK, at, pair};
use super::world::Pair;
use crate::credential::{GrantState, Outcome, Record};

/// A record in brief, so that it is not read again and again.
#[derive(Debug, Clone, Copy)]
pub struct Brief {
    pub kind: Kind,
    pub grants: [Option<BriefGrant>; 2],
    pub generation: u64,
    pub pending: Option<u64>,
    /// The last attempt's grant and outcome.
    pub last: Option<(usize, Outcome)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Torn,
    Login,
    LoggedOut,
}

#[derive(Debug, Clone, Copy)]
pub struct BriefGrant {
    pub pair: Pair,
    pub state: GrantState,
    pub refused: bool,
    /// The tick at which it expires.
    pub ends: u8,
}

impl Brief {
    /// Reads it.
    pub fn of(record: &Record) -> Self {
        let mut brief = Self {
            kind: Kind::LoggedOut,
            grants: [None; 2],
            generation: record.generation(),
            pending: None,
            last: None,
        };
        if let Some(login) = record.login() {
            brief.kind = Kind::Login;
            brief.pending = login.pending_sequence();
            brief.last = login
                .last_attempt
                .as_ref()
                .map(|last| (last.grant, last.outcome));
            for (place, grant) in brief.grants.iter_mut().zip(&login.grants) {
                let end = grant.expires_at.expect("an end");
                let ends = end.since(at(0)).as_secs() / TICK;
                *place = Some(BriefGrant {
                    pair: pair(grant),
                    state: grant.state,
                    refused: grant.refused,
                    ends: u8::try_from(ends).expect("a tick"),
                });
            }
        }
        brief
    }

    pub fn grants(&self) -> impl Iterator<Item = BriefGrant> {
        self.grants.into_iter().flatten()
    }

    pub fn of_family(&self, family: u8) -> Option<BriefGrant> {
        self.grants().find(|grant| grant.pair.family == family)
    }
}
