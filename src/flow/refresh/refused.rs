//! What follows where the server has refused a grant, or has ended it.

use super::super::error::FlowError;
use super::super::warning::Warning;
use super::why_not::login_required;
use super::{TokenRequest, Turn};
use crate::credential::{self, Record, Verdict};

impl TokenRequest<'_> {
    /// The server has ended the grant. If there is no other token that lives, the other grant is
    /// asked for one.
    pub(super) fn after_death(&mut self, said: Option<String>) -> Result<Turn, FlowError> {
        let login = self.login()?;
        let error = login_required(self.id, login, said).of_one_grant(login);
        if credential::goes_on(login, self.session.now(), &self.need(), true) {
            self.warnings.push(Warning::of(&error, ""));
            return Ok(Turn::Again);
        }
        Err(error)
    }

    /// The server refused to refresh the grant. Where it called the refresh token invalid, a check
    /// says whether that was a mistake; the other grant is asked for a token where none lives.
    pub(super) fn after_refusal(
        &mut self,
        grant: usize,
        error: FlowError,
    ) -> Result<Turn, FlowError> {
        let now = self.session.now();
        if credential::asks_first(self.login()?, grant, now) {
            self.check(grant)?;
            if let Verdict::End(_) = self.verdict()? {
                return Ok(Turn::Again);
            }
        }
        if credential::goes_on(self.login()?, now, &self.need(), false) {
            self.warnings.push(Warning::of(&error, ""));
            return Ok(Turn::Again);
        }
        Err(error)
    }

    /// A grant beside one that lives on has ended, although the server had not said so at once.
    pub(super) fn tell_of_end(&mut self, record: &Record) {
        if let Some(login) = record.login() {
            let ended = login_required(self.id, login, None).of_one_grant(login);
            if matches!(ended, FlowError::StandbyLost { .. }) {
                self.warnings.push(Warning::of(&ended, ""));
            }
        }
    }
}
