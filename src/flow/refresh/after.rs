//! What follows a request, with the lock released: a rotation, a refusal, an end, or no answer.

use super::super::error::FlowError;
use super::super::tried::EndedRefresh;
use super::super::warning::Warning;
use super::why_not::{self, login_required, too_short};
use super::{Done, TokenRequest, Turn, What};
use crate::credential::{
    self, Asked, Cause, Content, GrantState, Outcome, Record, Verdict, living,
};
use crate::store::StoreError;

impl TokenRequest<'_> {
    /// A request left, and what came of it is unknown here; the lock is released.
    pub(super) fn after_lost_answer(
        &mut self,
        error: FlowError,
        grant: usize,
        cause: Cause,
    ) -> Result<Turn, FlowError> {
        // What is in hand is dead where a rotation kills: as if it were being rotated.
        if let Content::Login(login) = &mut self.record.content {
            login.begin_attempt(grant, cause, String::new(), self.session.now());
        }
        match error {
            FlowError::Store(StoreError::AnswerNotStored { .. }) => Err(error),
            error => self.in_vain(error).map(Turn::Done),
        }
    }

    /// The server answered, and that is stored; the lock is released.
    pub(super) fn after_answer(
        &mut self,
        done: EndedRefresh,
        grant: usize,
    ) -> Result<Turn, FlowError> {
        self.record = done.record;
        self.warnings
            .extend(done.warnings.into_iter().map(Into::into));
        let Some(outcome) = done.failed else {
            return self.after_rotation(grant);
        };
        if outcome == Outcome::LoginRequired {
            return self.after_death(done.said);
        }
        let now = self.session.now();
        let error = why_not::failed(self.id, self.login()?, outcome, done.message, now)
            .because_of(done.trouble);
        if outcome == Outcome::RefreshRefused {
            return self.after_refusal(grant, error);
        }
        Err(error)
    }

    fn after_rotation(&self, grant: usize) -> Result<Turn, FlowError> {
        let what = What::Refreshed;
        if self.need.asked != Asked::Token {
            return Ok(Turn::Done(Done { grant, what }));
        }
        let login = self.login()?;
        if let Some(grant) = living(login, self.session.now(), &self.need()) {
            return Ok(Turn::Done(Done { grant, what }));
        }
        match login.grants.get(grant).map(|grant| &grant.state) {
            Some(GrantState::Active) => Err(too_short(self.id, login)),
            // The process that refreshed has released the lock, and a logout was faster than this look at the record.
            _ => Ok(Turn::Again),
        }
    }

    /// The server has ended the grant. If there is no other token that lives, the other grant is
    /// asked for one.
    fn after_death(&mut self, said: Option<String>) -> Result<Turn, FlowError> {
        let login = self.login()?;
        let by = self
            .cut_off
            .as_ref()
            .filter(|_| self.session.store.is_shared());
        let said = match (said, by) {
            (said, Some(by)) => {
                let said = said.map_or_else(String::new, |said| format!("{said}; "));
                Some(format!("{said}{by} may have the answer"))
            }
            (said, None) => said,
        };
        let error = login_required(self.id, login, said).of_one_grant(login);
        if credential::goes_on(login, self.session.now(), &self.need(), true) {
            self.warnings.push(Warning::of(&error, ""));
            return Ok(Turn::Again);
        }
        Err(error)
    }

    /// The server refused to refresh the grant. Where it called the refresh token invalid, a check
    /// says whether that was a mistake; the other grant is asked for a token where none lives.
    fn after_refusal(&mut self, grant: usize, error: FlowError) -> Result<Turn, FlowError> {
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
