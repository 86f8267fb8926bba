//! What the world needs to know of a record.

use crate::credential::tests::interleavings::library as one_machine;
use crate::credential::tests::interleavings::world::Pair;
use crate::credential::{GrantState, Outcome, Record};

/// A record in brief.
#[derive(Debug, Clone, Copy, Default)]
pub struct Brief {
    pub is_login: bool,
    pub grants: [Option<BriefGrant>; 2],
    pub generation: u8,
    pub pending: bool,
    /// The last attempt's number, and how it ended.
    pub last: Option<(u64, Outcome)>,
}

#[derive(Debug, Clone, Copy)]
pub struct BriefGrant {
    pub pair: Pair,
    pub state: GrantState,
}

impl Brief {
    pub fn of(record: &Record) -> Self {
        let mut brief = Self {
            generation: u8::try_from(record.generation()).expect("small"),
            ..Self::default()
        };
        if let Some(login) = record.login() {
            brief.is_login = true;
            brief.pending = login.pending_sequence().is_some();
            let last = login.last_attempt.as_ref();
            brief.last = last.map(|last| (last.sequence, last.outcome));
            for (place, grant) in brief.grants.iter_mut().zip(&login.grants) {
                *place = Some(BriefGrant {
                    pair: one_machine::pair(grant),
                    state: grant.state,
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

    /// The families, as bits.
    pub fn families(&self) -> u8 {
        self.grants()
            .fold(0, |bits, grant| bits | 1 << grant.pair.family)
    }
}
