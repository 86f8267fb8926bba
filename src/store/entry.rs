//! The states of an account's record in a program's hands.
//!
//! ```text
//! Store::snapshot ── Snapshot                 read without the lock: no refresh token in it
//! Store::lock ────── Entry::Vacant(Locked)    ── create
//!                    Entry::Occupied(Locked)  ── save, replace, add_standby, log_out, for_revocation
//!                                             ── stage ── Staged ── commit
//! ```
//!
//! Only what was reread under the lock can be refreshed or written, and a refresh token is lent
//! only while the room for the answer is reserved and the attempt is marked.

use super::error::StoreError;
use super::files::Lease;
use super::record::{Extra, Full};
use super::reread::{Occupied, Put, RevocableToken};
use super::seat::Seat;
use crate::credential::{
    Client, Content, Grant, GrantState, Identity, Login, Record, Scheme, Tombstone,
};
use crate::secret::{Fingerprint, RefreshToken};
use crate::signals::BlockedSignals;
use crate::time::Timestamp;

/// A record that was read without the lock: good for handing out, useless for a refresh.
///
/// It has no refresh token, so that none can be presented that another process has spent meanwhile:
///
/// ```compile_fail,E0599
/// # use glauth::{secret::RefreshToken, store::Snapshot};
/// fn to_be_presented(snapshot: &Snapshot) -> &RefreshToken {
///     snapshot.refresh_token()
/// }
/// ```
///
/// A [`Staged`](super::Staged) has one:
///
/// ```
/// # use glauth::{secret::RefreshToken, store::Staged};
/// fn to_be_presented(staged: &Staged) -> Option<&RefreshToken> {
///     staged.refresh_token()
/// }
/// ```
#[derive(Debug)]
pub struct Snapshot {
    record: Record,
    is_ahead: bool,
}

impl Snapshot {
    pub(super) fn new(record: Record) -> Self {
        Self {
            record,
            is_ahead: false,
        }
    }

    /// Of a shared login; `is_ahead`: this machine has an answer that the database has not.
    pub(super) fn cached(record: Record, is_ahead: bool) -> Self {
        Self { record, is_ahead }
    }

    /// Whether this machine has an answer that the database of a shared store has not.
    #[must_use]
    pub fn is_ahead(&self) -> bool {
        self.is_ahead
    }

    /// What the record said.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The record, for keeping.
    #[must_use]
    pub fn into_record(self) -> Record {
        self.record
    }
}

/// An account under its lock.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "one lives at a time, on the stack"
)]
pub enum Entry {
    /// There is no record yet.
    Vacant(Locked<Vacant>),
    /// There is one.
    Occupied(Locked<Occupied>),
}

/// An account's lock, and what was reread after it was had. Dropping it releases the lock.
#[derive(Debug)]
#[must_use = "the lock is released when this is dropped"]
pub struct Locked<S> {
    pub(super) place: Seat,
    pub(super) state: S,
}

/// No record.
#[derive(Debug)]
pub struct Vacant;

/// A login that is to be stored.
#[derive(Debug)]
pub struct NewLogin {
    /// `https`, or `http` on loopback.
    pub scheme: Scheme,
    /// The user, where the server was asked.
    pub identity: Option<Identity>,
    /// The login; its generations are counted on from those of the record that it replaces.
    pub login: Login,
    /// One for each grant.
    pub refresh_tokens: Vec<Option<RefreshToken>>,
}

/// A record that has taken the place of another one.
#[derive(Debug)]
pub struct Stored {
    /// The grants that it replaced, with the client they belong to.
    pub replaced: Option<(Client, Vec<RevocableToken>)>,
    /// What did not go as it should, and did no harm.
    pub warnings: Vec<StoreError>,
}

impl Entry {
    /// What ends answers at the server which came when their login was gone already; they are forgotten here.
    #[must_use]
    pub fn take_orphans(&self) -> Vec<(Client, RevocableToken)> {
        match self {
            Self::Vacant(locked) => locked.place.take_orphans(),
            Self::Occupied(locked) => locked.place.take_orphans(),
        }
    }

    /// Finds out whether a login could be stored here (P2): writes as much as the largest one and takes
    /// it away again.
    pub fn prove(&self) -> Result<(), StoreError> {
        match self {
            Self::Vacant(locked) => locked.place.local().prove(),
            Self::Occupied(locked) => locked.place.local().prove(),
        }
    }
}

impl<S> Locked<S> {
    /// From now on the first signal is answered with this line on stderr: what is under way takes
    /// a while and is better finished.
    pub fn announce(&mut self, notice: String) {
        self.place.announce(notice);
    }

    /// Lets the lock go. Signals still wait, until what is returned is dropped.
    pub fn release(self) -> BlockedSignals {
        self.place.release()
    }

    /// Stores a login in place of what is there: of what was reread, or of what another machine has written since.
    fn store(&self, new: &NewLogin, found: Option<&Full>) -> Result<Stored, StoreError> {
        let extra = found.map(|found| found.extra.clone().of_the_account());
        let mut login = new.login.clone();
        login.count_on_from(found.map_or(0, |found| found.record.generation()));
        let record = Record {
            id: self.place.local().id().clone(),
            scheme: new.scheme,
            identity: new.identity.clone(),
            content: Content::Login(login),
        };
        let full = Full {
            record,
            refresh_tokens: new.refresh_tokens.clone(),
            extra: extra.unwrap_or_default(),
            cache: None,
        };
        #[cfg_attr(
            not(feature = "postgres"),
            expect(
                clippy::infallible_destructuring_match,
                reason = "with a shared store there is more to it"
            )
        )]
        let warning = match self.place.replace_login(&full)? {
            Put::Done(warning) => warning,
            #[cfg(feature = "postgres")]
            Put::Changed(found) => return self.store(new, found.as_deref()),
        };
        self.place.local().remove_answer();
        self.place.sweep_leases(&full.record);
        Ok(Stored {
            replaced: found.and_then(replaced),
            warnings: warning.into_iter().collect(),
        })
    }

    /// Why nothing of it may be presented or handed out, though another login can take its place.
    pub(super) fn lost(&self) -> Option<StoreError> {
        self.place.lost()
    }
}

/// The grants of a login that another one has replaced.
fn replaced(found: &Full) -> Option<(Client, Vec<RevocableToken>)> {
    let login = found.record.login()?;
    let tokens = (0..login.grants.len()).filter_map(|grant| for_revocation(found, grant));
    Some((login.client.clone(), tokens.collect()))
}

fn for_revocation(full: &Full, grant: usize) -> Option<RevocableToken> {
    let found = full.record.login()?.grants.get(grant)?;
    if matches!(found.state, GrantState::LoginRequired { .. }) {
        return None;
    }
    let refresh = full.refresh_tokens.get(grant)?.clone();
    Some(refresh.map_or_else(
        || RevocableToken::Access(found.access_token.clone()),
        RevocableToken::Refresh,
    ))
}

impl Locked<Vacant> {
    pub(super) fn vacant(place: Seat) -> Self {
        Self {
            place,
            state: Vacant,
        }
    }

    /// Stores the first login of this account. Its folders may be new: the way to them is made
    /// safe before there is a record, so that a process that finds one need not ask.
    pub fn create(self, new: &NewLogin) -> Result<Stored, StoreError> {
        let uncertain = self.place.local().sync_way().err();
        let mut stored = self.store(new, None)?;
        stored.warnings.extend(uncertain);
        Ok(stored)
    }
}

impl Locked<Occupied> {
    pub(super) fn occupied(place: Seat, state: Occupied) -> Self {
        Self { place, state }
    }

    /// The record as it was reread, and as it was changed since.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.state.full.record
    }

    /// What did not go as it should when the attempt of a dead process was finished, and did no
    /// harm.
    pub fn take_warnings(&mut self) -> Vec<StoreError> {
        std::mem::take(&mut self.state.warnings)
    }

    pub(super) fn login_mut(&mut self) -> Option<&mut Login> {
        self.state.full.login_mut()
    }

    /// Takes a lease on this grant's access token. `None`: a process waits for those that others
    /// hold, and has just got there; let the account's lock go and try once more.
    pub fn lease(&mut self, grant: usize) -> Result<Option<Lease>, StoreError> {
        if self.state.unsaved {
            // A row that says that an attempt is pending takes no lease; what cannot be saved finds that out below.
            self.save().ok();
        }
        match self.grant(grant) {
            Some(grant) => self.place.lease(&grant.access_token, grant.expires_at),
            None => Ok(None),
        }
    }

    /// Whether a command holds a lease on this grant's access token.
    pub(super) fn is_leased(&self, grant: usize) -> Result<bool, StoreError> {
        match self.grant(grant) {
            Some(grant) => self.place.is_leased(&grant.access_token),
            None => Ok(false),
        }
    }

    /// The names of its access tokens.
    pub(super) fn tokens(&self) -> Vec<Fingerprint> {
        let grants = self.record().login().map_or(&[][..], |login| &login.grants);
        let names = grants.iter().map(|grant| grant.access_token.fingerprint());
        names.collect()
    }

    pub(super) fn grant(&self, grant: usize) -> Option<&Grant> {
        self.record().login()?.grants.get(grant)
    }

    /// Notes that the server refused this grant's access token. Written with the next
    /// [`save`](Self::save) or [`stage`](Self::stage).
    pub fn mark_refused(&mut self, grant: usize) {
        if let Some(grant) = self
            .login_mut()
            .and_then(|login| login.grants.get_mut(grant))
        {
            grant.refused = true;
        }
    }

    /// Notes that the server has ended this grant; to be saved.
    pub fn mark_ended(&mut self, grant: usize, now: Timestamp) {
        if let Some(grant) = self
            .login_mut()
            .and_then(|login| login.grants.get_mut(grant))
        {
            grant.state = GrantState::LoginRequired { since: now };
        }
    }

    /// Writes the record as it is now.
    pub fn save(&mut self) -> Result<(), StoreError> {
        let warning = self.place.replace(&self.state.full)?;
        self.state.warnings.extend(warning);
        self.state.unsaved = false;
        Ok(())
    }

    /// Changes how we are known to the server, which ends what it said of the client before; `false`,
    /// where that is so already. To be saved.
    pub fn set_client(&mut self, client: Client) -> bool {
        match self.login_mut() {
            Some(login) if login.client != client => {
                login.client = client;
                login.forget_refusals();
                true
            }
            _ => false,
        }
    }

    /// Notes the user that the server names. To be saved.
    pub fn set_identity(&mut self, identity: Identity) {
        self.state.full.record.identity = Some(identity);
    }

    /// Whether `token` is the one of a grant now, or was the one that its login began with.
    #[must_use]
    pub fn knows(&self, token: Fingerprint) -> bool {
        let login = self.record().login();
        login.is_some_and(|login| login.is_known_by(token))
    }

    /// Puts a new login in the place of this one, which stays until the new one is stored.
    pub fn replace(self, new: &NewLogin) -> Result<Stored, StoreError> {
        let mut stored = self.store(new, Some(&self.state.full))?;
        self.forget_rescued();
        let of_the_store = std::mem::replace(&mut stored.warnings, self.state.warnings);
        stored.warnings.extend(of_the_store);
        Ok(stored)
    }

    /// Leaves a tombstone: no token, and all that a new login needs.
    pub fn log_out(mut self, reason: &str, now: Timestamp) -> Result<Vec<StoreError>, StoreError> {
        let Some(full) = self.tombstone(reason, now) else {
            return Ok(self.state.warnings);
        };
        match self.place.put_tombstone(&full)? {
            Put::Done(warning) => self.state.warnings.extend(warning),
            #[cfg(feature = "postgres")]
            Put::Changed(found) => return self.log_out_again(found, reason, now),
        }
        self.place.local().remove_answer();
        self.place.sweep_leases(&full.record);
        self.forget_rescued();
        Ok(self.state.warnings)
    }

    /// Another machine has written meanwhile: a refresh of this login, or another one, which stays.
    #[cfg(feature = "postgres")]
    fn log_out_again(
        mut self,
        found: Option<Box<Full>>,
        reason: &str,
        now: Timestamp,
    ) -> Result<Vec<StoreError>, StoreError> {
        let origins = |full: &Full| {
            let login = full.record.login();
            let grants = login.map_or(&[][..], |login| &login.grants);
            grants.iter().map(|grant| grant.origin).collect::<Vec<_>>()
        };
        let ours = origins(&self.state.full);
        match found {
            Some(found) if origins(&found).iter().any(|origin| ours.contains(origin)) => {
                self.state.full = *found;
                self.log_out(reason, now)
            }
            _ => Ok(self.state.warnings),
        }
    }

    /// What a logout leaves; `None`: there is nothing to log out of.
    pub(super) fn tombstone(&self, reason: &str, now: Timestamp) -> Option<Full> {
        let client = self.record().client().cloned()?;
        Some(Full {
            record: Record {
                content: Content::LoggedOut(Tombstone {
                    client,
                    generation: self.record().generation(),
                    at: now,
                    reason: reason.to_owned(),
                }),
                ..self.record().clone()
            },
            refresh_tokens: Vec::new(),
            extra: self.extra_of_the_account(),
            cache: None,
        })
    }

    /// Removes the record of a login that was logged out, with all that is beside it but the lock file. Returns what
    /// a person should know.
    pub fn forget(mut self) -> Result<Vec<StoreError>, StoreError> {
        self.place.remove_record()?;
        self.place.local().remove_answer();
        self.forget_rescued();
        Ok(std::mem::take(&mut self.state.warnings))
    }

    /// What others wrote into the record, and a new login leaves there.
    fn extra_of_the_account(&self) -> Extra {
        self.state.full.extra.clone().of_the_account()
    }

    fn forget_rescued(&self) {
        let spent = self.state.full.refresh_tokens.iter().flatten();
        spent.for_each(|token| self.place.local().forget_rescued(token));
    }

    /// The token that ends this grant at the server: the refresh token, or where there is none the
    /// access token. `None` for a grant that has ended already.
    #[must_use]
    pub fn for_revocation(&self, grant: usize) -> Option<RevocableToken> {
        for_revocation(&self.state.full, grant)
    }
}
