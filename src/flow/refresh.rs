//! The heart: snapshot → lock → finish what was left → decide again → stage → exchange → commit
//! (ARCHITECTURE.md, "A refresh").

mod after;
mod lease;
pub(super) mod look;
mod need;
mod why_not;

use std::ops::ControlFlow;
use std::time::Instant;

use super::attempt::{exchange_under_lock, unfit};
use super::error::FlowError;
use super::revoke::revoke;
use super::session::{RefreshesIn, Session};
use super::tried::AttemptedRefresh;
use super::warning::Warning;
use crate::credential::{
    self, AccountId, Cause, Checked, Client, Grant, Login, Outcome, Record, Seen, Stop, Verdict,
    decide,
};
use crate::log::Level;
use crate::oauth;
use crate::secret::AccessToken;
use crate::store::{Entry, LockError, Locked, Occupied, RevocableToken, StoreError};
use crate::time::human;

pub use lease::{needs_lease, obtain_with_lease};
pub use look::{check_now, stored};
use look::{in_brief, login_in, login_of};
pub(super) use look::{logged_out, read};
pub use need::Need;
use why_not::{cut_short, of_stop};
pub(super) use why_not::{failed as why_failed, login_required as ended, refused_for_long};
pub use why_not::{refusals, sentence_alone as why_refresh_failed};

/// How often a call takes the lock at most: once for each of two grants and for a check of each,
/// and as often again where another program replaces the lock file.
const TURNS: usize = 8;

/// What came of it.
#[derive(Debug)]
pub struct Obtained {
    /// Whose it is.
    pub id: AccountId,
    /// The login as it was read or written last.
    pub login: Login,
    /// The grant whose token is to be handed out.
    grant: usize,
    /// What was done.
    pub what: What,
    /// What a person should know all the same.
    pub warnings: Vec<Warning>,
}

impl Obtained {
    fn of(
        record: Record,
        grant: usize,
        what: What,
        need: &Need,
        mut warnings: Vec<Warning>,
    ) -> Result<Self, FlowError> {
        let found = &login_of(&record)?.grants[grant];
        warnings.extend(cut_short(&record.id, found, need.min_ttl).map(Into::into));
        let (id, login) = login_in(record)?;
        Ok(Self {
            id,
            login,
            grant,
            what,
            warnings,
        })
    }

    /// Hands out this grant instead, of the login as it was just read.
    fn take(&mut self, login: Login, grant: usize) {
        self.login = login;
        self.grant = grant;
    }

    /// The grant whose token is handed out.
    #[must_use]
    pub fn grant(&self) -> &Grant {
        &self.login.grants[self.grant]
    }
}

/// What was done for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Nothing: it was there.
    Found,
    /// This process refreshed it.
    Refreshed,
    /// Another process refreshed it meanwhile.
    JustRotated,
    /// Nothing: a refresh was asked for, and the token has time yet.
    Alive,
}

/// Gets a token, or the next one ready, by way of the lock and the server where it must. `record` is what
/// [`find`](super::find) has read.
pub fn obtain(session: &Session<'_>, record: Record, need: &Need) -> Result<Obtained, FlowError> {
    obtain_until(session, record, need, session.deadline())
}

fn obtain_until(
    session: &Session<'_>,
    record: Record,
    need: &Need,
    deadline: Instant,
) -> Result<Obtained, FlowError> {
    let id = record.id.clone();
    let mut request = TokenRequest {
        session,
        id: &id,
        need,
        started: Instant::now(),
        deadline,
        checked: None,
        seen: None,
        leased: None,
        refreshes: session.refreshes,
        record,
        orphans: Vec::new(),
        cut_off: None,
        warnings: Vec::new(),
    };
    let done = request.run();
    request.revoke_orphans();
    match done {
        Ok(done) => request.hand_out(done),
        Err(error) => request.fall_back(error),
    }
}

/// A grant to hand out, and how it was come by.
#[derive(Clone, Copy)]
struct Done {
    grant: usize,
    what: What,
}

/// How a turn with the lock ended.
enum Turn {
    Done(Done),
    /// Once more from the lock on.
    Again,
    /// Ask the check endpoint about this grant's token, then once more.
    Check(usize),
    /// Wait until no command holds a lease on this grant's token, then once more.
    WaitForLeases(usize),
}

/// One call, from the first look to the token.
struct TokenRequest<'a> {
    session: &'a Session<'a>,
    id: &'a AccountId,
    need: &'a Need,
    started: Instant,
    deadline: Instant,
    checked: Option<Checked>,
    seen: Option<Seen>,
    /// The token that was found to be leased, in this turn with the lock.
    leased: Option<AccessToken>,
    /// Here, once a process of its own could not do it: a call starts no second one.
    refreshes: RefreshesIn,
    /// As it was read or written last.
    record: Record,
    /// What ends answers that came when their login was gone: revoked once no lock is held.
    orphans: Vec<(Client, RevocableToken)>,
    /// The process, perhaps on another machine, whose answer may be lost.
    cut_off: Option<String>,
    warnings: Vec<Warning>,
}

impl TokenRequest<'_> {
    fn run(&mut self) -> Result<Done, FlowError> {
        self.trace(|| format!("read the record: {}", in_brief(&self.record)));
        for _ in 0..TURNS {
            match self.verdict()? {
                Verdict::Use(grant) => return Ok(found(grant)),
                Verdict::Check(grant) => self.check(grant)?,
                _ => break,
            }
        }
        self.seen = Some(Seen::of(&self.record));
        let mut turns = 0..TURNS;
        while turns.next().is_some() {
            match self.take_turn()? {
                Turn::Done(done) => return Ok(done),
                Turn::Again => {}
                Turn::Check(grant) => self.check(grant)?,
                Turn::WaitForLeases(grant) => {
                    // As often as it takes: the deadline ends it.
                    match self.wait_for_leases(grant) {
                        Ok(()) => turns = 0..TURNS,
                        Err(error) => return self.in_vain(error),
                    }
                }
            }
        }
        Err(FlowError::TooManyTurns(self.id.clone()))
    }

    /// Ends answers at the server that came when their login was gone: logged out or replaced on another machine.
    fn revoke_orphans(&mut self) {
        for (client, token) in std::mem::take(&mut self.orphans) {
            if client.revocation_endpoint.is_some()
                && let Err(error) = revoke(self.session, &client, &token)
            {
                let text = format!("tokens of a login that has ended live on: {error}");
                self.warnings.push(text.into());
            }
        }
    }

    fn need(&self) -> credential::Demand<'_> {
        credential::Demand {
            checked: self.checked.as_ref(),
            seen: self.seen.as_ref(),
            leased: self.leased.as_ref(),
            ..self.need.at_first()
        }
    }

    fn login(&self) -> Result<&Login, FlowError> {
        login_of(&self.record)
    }

    fn verdict(&self) -> Result<Verdict, FlowError> {
        let verdict = decide(self.login()?, self.session.now(), &self.need());
        self.tell(|| verdict.to_string());
        Ok(verdict)
    }

    /// Asks the check endpoint, with no lock in hand: a crowd asks side by side.
    fn check(&mut self, grant: usize) -> Result<(), FlowError> {
        let login = self.login()?;
        let token = login.grants[grant].access_token.clone();
        self.session.log.flush();
        let verdict = oauth::check(self.session.http, &login.client, &token);
        self.tell(|| {
            let token = token.fingerprint();
            format!("asked the server about the token {token}: it {verdict}")
        });
        self.checked = Some(Checked { token, verdict });
        Ok(())
    }

    /// Takes the lock, rereads, decides, and does what was decided.
    fn take_turn(&mut self) -> Result<Turn, FlowError> {
        self.leased = None;
        self.session.log.flush();
        let wait = self.session.wait(self.deadline);
        let is_enough = |record: &Record| {
            let verdict = record
                .login()
                .map(|login| decide(login, self.session.now(), &self.need()));
            // Also what another process of this machine has just been told (P4).
            let is_told = |stop: &Stop| matches!(stop, Stop::JustRotated | Stop::Adopted(_));
            match verdict {
                Some(Verdict::Use(_)) => true,
                Some(Verdict::Stop(stop)) => is_told(&stop),
                _ => false,
            }
        };
        let entry = self.session.store.lock_unless(self.id, &wait, &is_enough);
        if let Ok(entry) = &entry {
            self.orphans.extend(entry.take_orphans());
        }
        match entry {
            Ok(Entry::Occupied(locked)) => {
                self.trace(|| {
                    let record = in_brief(locked.record());
                    format!("got the lock, and read the record again: {record}")
                });
                self.decide_under_lock(locked)
            }
            Ok(Entry::Vacant(_)) => Err(FlowError::NoLogin(self.id.clone())),
            Err(LockError::Store(error)) if error.is_unwritable() => self.look_on(error),
            Err(error) => self.in_vain(error.into()).map(Turn::Done),
        }
    }

    /// After a wait in vain, looks once more: what was wanted may be there all the same.
    fn in_vain(&mut self, error: FlowError) -> Result<Done, FlowError> {
        match read(self.session, self.id) {
            // The process that refreshes for this call may not have marked it yet.
            Ok(record) if is_before(&record, &self.record) => {}
            Ok(record) => self.record = record,
            Err(FlowError::Store(_)) => return Err(error),
            Err(gone) => return Err(gone),
        }
        match self.verdict()? {
            Verdict::Use(grant) => Ok(found(grant)),
            Verdict::Stop(stop @ Stop::JustRotated) => self.stop(stop),
            _ => Err(error),
        }
    }

    /// Decides on what was reread, until a verdict is carried out and the lock released. A mark is saved with the
    /// next write, or at the end.
    fn decide_under_lock(&mut self, mut locked: Locked<Occupied>) -> Result<Turn, FlowError> {
        let mut unsaved = false;
        let turn = loop {
            self.note(locked.take_warnings());
            self.session.check_scheme(locked.record())?;
            self.record = locked.record().clone();
            match self.verdict()? {
                Verdict::Mark(grant) => {
                    locked.mark_refused(grant);
                    unsaved = true;
                }
                Verdict::End(grant) => {
                    locked.mark_ended(grant, self.session.now());
                    unsaved = true;
                    self.tell_of_end(locked.record());
                }
                Verdict::Refresh { grant, cause } => {
                    match self.try_refresh(locked, &mut unsaved, grant, cause)? {
                        ControlFlow::Continue(back) => locked = back,
                        ControlFlow::Break(turn) => return Ok(turn),
                    }
                }
                Verdict::Use(grant) => break Ok(Turn::Done(found(grant))),
                Verdict::Check(grant) => break Ok(Turn::Check(grant)),
                Verdict::WaitForLeases(grant) => break Ok(Turn::WaitForLeases(grant)),
                Verdict::Stop(stop) => break self.stop(stop).map(Turn::Done),
            }
        };
        if unsaved {
            self.save(&mut locked);
        }
        turn
    }

    /// Refreshes a grant. The lock comes back where that was not to be, and something else may be.
    fn try_refresh(
        &mut self,
        mut locked: Locked<Occupied>,
        unsaved: &mut bool,
        grant: usize,
        cause: Cause,
    ) -> Result<ControlFlow<Turn, Locked<Occupied>>, FlowError> {
        if *unsaved && self.refreshes == RefreshesIn::Apart {
            // The process of its own reads the record.
            self.save(&mut locked);
            *unsaved = false;
        }
        let last = self.login()?.last_attempt.as_ref();
        let cut_off = last.filter(|last| last.outcome == Outcome::CutOff);
        self.cut_off = cut_off.map(|last| last.by.clone());
        let place = self.refreshes;
        match exchange_under_lock(self.session, self.id, locked, grant, cause, place)? {
            AttemptedRefresh::Leased(back) => {
                self.leased = Some(self.login()?.grants[grant].access_token.clone());
                Ok(ControlFlow::Continue(*back))
            }
            AttemptedRefresh::NoProcess(back) => {
                self.refreshes = RefreshesIn::Here;
                Ok(back.map_or(ControlFlow::Break(Turn::Again), |back| {
                    ControlFlow::Continue(*back)
                }))
            }
            AttemptedRefresh::Unfit(mut back, trouble) => {
                if *unsaved {
                    self.save(&mut back);
                }
                Err(unfit(self.id, &trouble))
            }
            AttemptedRefresh::LockLost => Ok(ControlFlow::Break(Turn::Again)),
            AttemptedRefresh::InTheStore(warnings) => {
                self.warnings.extend(warnings.into_iter().map(Into::into));
                Ok(ControlFlow::Break(Turn::Again))
            }
            AttemptedRefresh::Unknown(error) => self
                .after_lost_answer(error, grant, cause)
                .map(ControlFlow::Break),
            AttemptedRefresh::Done(done) => self.after_answer(*done, grant).map(ControlFlow::Break),
        }
    }

    /// Writes down what was marked. Where that fails, the mark is in this process's hands alone, and so is
    /// the refresh.
    fn save(&mut self, locked: &mut Locked<Occupied>) {
        if let Err(error) = locked.save() {
            self.note([error]);
            self.refreshes = RefreshesIn::Here;
        }
        self.note(locked.take_warnings());
    }

    /// In a store that cannot be written here another process may be refreshing: waits for that, and
    /// then takes what is there.
    fn look_on(&mut self, error: StoreError) -> Result<Turn, FlowError> {
        let is_pending = |login: &Login| (0..login.grants.len()).any(|g| login.is_pending(g));
        if is_pending(self.login()?) {
            let wait = self.session.wait(self.deadline);
            self.session.store.wait_until_free(self.id, &wait)?;
        }
        self.record = read(self.session, self.id)?;
        match self.verdict()? {
            Verdict::Use(grant) => Ok(Turn::Done(found(grant))),
            Verdict::Check(grant) => Ok(Turn::Check(grant)),
            Verdict::Stop(stop) => self.stop(stop).map(Turn::Done),
            Verdict::Mark(_)
            | Verdict::End(_)
            | Verdict::Refresh { .. }
            | Verdict::WaitForLeases(_) => Err(error.into()),
        }
    }

    /// What a verdict to do nothing comes to.
    fn stop(&self, stop: Stop) -> Result<Done, FlowError> {
        let login = self.login()?;
        Ok(Done {
            what: of_stop(self.id, login, stop, self.session.now())?,
            grant: credential::handed_out(login).unwrap_or(0),
        })
    }

    fn hand_out(self, done: Done) -> Result<Obtained, FlowError> {
        self.session.log.flush();
        let Done { grant, what } = done;
        Obtained::of(self.record, grant, what, self.need, self.warnings)
    }

    /// Whatever failed: a token that lives is handed out, with a warning. Not where the server
    /// said that the caller's trouble is another one, and not where a refresh was asked for.
    fn fall_back(mut self, error: FlowError) -> Result<Obtained, FlowError> {
        let hopeless = matches!(
            error,
            FlowError::TokenRefused(_)
                | FlowError::NoLogin(_)
                | FlowError::LoggedOut { .. }
                | FlowError::MovedAway { .. }
                | FlowError::Lock(LockError::Store(StoreError::OpenFolder { .. }))
        );
        let ended = matches!(
            error,
            FlowError::LoginRequired { .. } | FlowError::StandbyLost { .. }
        );
        let alive = match self.login() {
            Ok(login) if !hopeless => {
                credential::fall_back(login, self.session.now(), &self.need(), ended)
            }
            _ => None,
        };
        self.session.log.flush();
        let Some(grant) = alive else {
            return Err(error);
        };
        let left = self.login()?.grants[grant]
            .left(self.session.now())
            .map(human);
        let left = left.map_or_else(String::new, |left| format!(" for {left}"));
        let rest = format!("; the token at hand lives{left}");
        self.warnings.push(Warning::of(&error, &rest));
        self.hand_out(found(grant))
    }

    fn note(&mut self, warnings: impl IntoIterator<Item = StoreError>) {
        let texts = warnings.into_iter().map(|warning| warning.to_string());
        self.warnings.extend(texts.map(Into::into));
    }

    fn tell(&self, text: impl FnOnce() -> String) {
        self.session.note(Level::Verbose, self.id, text);
    }

    fn trace(&self, text: impl FnOnce() -> String) {
        self.session.note(Level::Trace, self.id, text);
    }
}

/// Whether a record is from before an attempt that another one of the same login has.
fn is_before(record: &Record, attempted: &Record) -> bool {
    record.generation() == attempted.generation()
        && record.last_sequence() < attempted.last_sequence()
}

fn found(grant: usize) -> Done {
    Done {
        grant,
        what: What::Found,
    }
}
