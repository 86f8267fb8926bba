//! Leases of commands on this machine, as the other machines see them (docs/refresh.md, "Leases").

use super::SharedPlace;
use crate::credential::Record;
use crate::secret::AccessToken;
use crate::store::error::StoreError;
use crate::store::shared::rows::SharedRow;
use crate::time::Timestamp;

impl SharedPlace {
    /// Notes in the database that this machine has a lease on a token, until the token's own end. The lock of the lease
    /// is had already. `Ok(false)`: another machine has written meanwhile.
    pub(in crate::store) fn note_lease(
        &self,
        token: &AccessToken,
        until: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        self.check_not_lost()?;
        let machine = self.machine()?;
        let (known, timeline) = self.known();
        let Some(known) = known else { return Ok(false) };
        let ahead = self.state.borrow().ahead;
        let until = until.map(|until| ahead.to_theirs(until));
        let keys = self.keys()?;
        // Every machine that can open the row has its key.
        let key = known.key.and_then(|key| keys.find(key));
        let name = key.unwrap_or_else(|| keys.first()).name_of(token);
        let id = self.local.id();
        let leased = self.with_database(|database| {
            database.lease(id, known.read(&timeline), &name, &machine, until)
        })?;
        let Some(sequence) = leased else {
            return Ok(false);
        };
        let mut state = self.state.borrow_mut();
        state.note.sequence = sequence;
        if let Some(row) = &mut state.row {
            row.sequence = sequence;
        }
        Ok(true)
    }

    /// Notes this machine's leases on the tokens of a login that is about to arrive in the row.
    pub(in crate::store) fn bring_leases(&self, record: &Record) -> Result<(), StoreError> {
        let grants = record.login().map_or(&[][..], |login| &login.grants);
        for grant in grants {
            let token = &grant.access_token;
            if !self.local.is_leased(token.fingerprint())? {
                continue;
            }
            let machine = self.machine()?;
            let ahead = self.state.borrow().ahead;
            let until = grant.expires_at.map(|until| ahead.to_theirs(until));
            // The key that the row will be sealed with.
            let name = self.keys()?.first().name_of(token);
            let id = self.local.id();
            self.with_database(|database| database.bring_lease(id, &name, &machine, until))?;
        }
        Ok(())
    }

    /// Whether another machine has a lease on this token.
    pub(in crate::store) fn is_leased_elsewhere(
        &self,
        token: &AccessToken,
    ) -> Result<bool, StoreError> {
        let machine = self.machine()?;
        let names = self.keys()?.names_of(token);
        let id = self.local.id();
        Ok(self.with_database(|database| database.is_leased(id, &names, &machine))?)
    }

    /// Removes this machine's leases from the database that no process here holds any more: the locks say which.
    pub(super) fn sweep_leases_of(&self, row: &SharedRow) {
        if row.leased_here.is_empty() {
            return;
        }
        let held = self.held();
        let is_held = |name: &Vec<u8>| held.contains(name);
        if row.leased_here.iter().all(is_held) {
            return;
        }
        // One that stays goes with the next look, or with the token.
        if let Ok(machine) = self.machine() {
            let id = self.local.id();
            self.with_database(|database| database.sweep_leases(id, &held, &machine))
                .ok();
        }
    }

    /// The names of the tokens on which processes of this machine hold leases.
    fn held(&self) -> Vec<Vec<u8>> {
        let state = self.state.borrow();
        let record = state.base.as_ref().map(|base| &base.record);
        let grants = record
            .and_then(|record| record.login())
            .map(|login| &login.grants);
        let tokens = grants
            .into_iter()
            .flatten()
            .map(|grant| &grant.access_token);
        let is_held = |token: &&AccessToken| {
            // What cannot be found out counts as held.
            self.local.is_leased(token.fingerprint()).unwrap_or(true)
        };
        let Ok(keys) = self.keys() else {
            return Vec::new();
        };
        tokens
            .filter(is_held)
            .flat_map(|token| keys.names_of(token))
            .collect()
    }
}
