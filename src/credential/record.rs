//! The nouns of a credential record. Refresh tokens are not among them: only the store has those,
//! and lends one at a time, under the lock.

use std::fmt;
use std::time::Duration;

use super::client::Client;
use super::host::{Host, Scheme};
use super::outcome::{Attempt, Cause};
use crate::secret::{AccessToken, Fingerprint, Password, RefreshTokenName};
use crate::time::{BootTime, Timestamp};

/// A login needs a person after this many refused requests in a row …
const REFUSALS_LIMIT: u64 = 3;

/// … over at least this long: a replica that lags has caught up by then.
const REFUSALS_TIME: Duration = Duration::from_secs(10 * 60);

/// The name of one of several logins at a host: `[a-z0-9][a-z0-9._@+-]{0,63}`, a file name on
/// every file system.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountName(String);

/// A text that is no account name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not an account name: 1 to 64 of `a-z`, `0-9`, `.`, `_`, `@`, `+`, `-`, the first one a letter or a digit"
)]
pub struct BadAccountName;

impl AccountName {
    /// The account, where there is one.
    #[must_use]
    pub fn default_name() -> Self {
        Self("default".to_owned())
    }

    /// The name of what a digest names: its hexadecimal digits, of which any number up to 64 is a name.
    #[must_use]
    pub fn of_digest(digits: &str) -> Self {
        let is_digest = digits
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        assert!(is_digest && (1..=64).contains(&digits.len()));
        Self(digits.to_owned())
    }

    /// The name as it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for AccountName {
    type Err = BadAccountName;

    fn from_str(text: &str) -> Result<Self, BadAccountName> {
        let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let good = (1..=64).contains(&text.len())
            && text.as_bytes().first().is_some_and(alphanumeric)
            && text
                .bytes()
                .all(|b| alphanumeric(&b) || b"._@+-".contains(&b));
        good.then(|| Self(text.to_owned())).ok_or(BadAccountName)
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which record: one file and one lock for each.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId {
    /// The server.
    pub host: Host,
    /// The login there.
    pub account: AccountName,
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.account.as_str() == "default" {
            write!(f, "{}", self.host)
        } else {
            write!(f, "{} (account {})", self.host, self.account)
        }
    }
}

/// One record, without its refresh tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Whose it is.
    pub id: AccountId,
    /// How its server is reached.
    pub scheme: Scheme,
    /// The user, as the server names it; `None`: glauth did not ask.
    pub identity: Option<Identity>,
    /// What is kept.
    pub content: Content,
}

/// The user of a login, as the server names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The name people know.
    pub username: String,
    /// The server's own immutable name for the user, where it has one.
    pub subject: Option<String>,
}

impl Identity {
    /// Whether both are one user. The server's own name for a user never changes; people's names do.
    #[must_use]
    pub fn is_same_user(&self, other: &Self) -> bool {
        match (&self.subject, &other.subject) {
            (Some(one), Some(other)) => one == other,
            _ => self.username == other.username,
        }
    }
}

/// What a record keeps; the format's `kind`.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Grants at an authorization server, or a bare token.
    Login(Login),
    /// A password that git asked to keep.
    Password(GitPassword),
    /// Where a login was.
    LoggedOut(Tombstone),
}

/// `oauth`, `token` and `client_credentials`.
#[derive(Debug, Clone, PartialEq)]
pub struct Login {
    /// Whether there is anything to refresh.
    pub kind: LoginKind,
    /// How we are known to the server.
    pub client: Client,
    /// One, or two with a standby.
    pub grants: Vec<Grant>,
    /// The last try to refresh one of them.
    pub last_attempt: Option<Attempt>,
}

impl Login {
    /// Whether one of its grants is known by the name of this token.
    #[must_use]
    pub fn is_known_by(&self, token: Fingerprint) -> bool {
        self.grants.iter().any(|grant| grant.is_known_by(token))
    }

    /// Whether one of its grants can be refreshed at all.
    #[must_use]
    pub fn is_renewable(&self) -> bool {
        self.grants.iter().any(|grant| self.can_refresh(grant))
    }

    /// Whether this grant can be refreshed at all. A machine's needs no refresh token: its credentials bring the next
    /// token.
    #[must_use]
    pub fn can_refresh(&self, grant: &Grant) -> bool {
        grant.refresh_token.is_some() || self.kind == LoginKind::ClientCredentials
    }
}

/// What kind of login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginKind {
    /// OAuth grants.
    OAuth,
    /// A personal access token: nothing to refresh.
    Token,
    /// A machine's: the client's own credentials bring every token (RFC 6749 §4.4).
    ClientCredentials,
}

impl Content {
    /// Lets every generation be higher than this one, in the order in which they are.
    pub fn count_beyond(&mut self, reached: Generation) {
        match self {
            Self::Login(login) => {
                for grant in &mut login.grants {
                    grant.generation += reached;
                }
            }
            Self::LoggedOut(tombstone) => tombstone.generation += reached,
            Self::Password(_) => {}
        }
    }
}

/// What `logout` leaves: all that a new login needs, and nothing that opens a door. So does a login for which glauth
/// has registered a client, until it is complete.
#[derive(Debug, Clone, PartialEq)]
pub struct Tombstone {
    /// As it was; a new login needs no flags.
    pub client: Client,
    /// The last generation of the login that ended.
    pub generation: Generation,
    /// The moment of it.
    pub at: Timestamp,
    /// Why, for people.
    pub reason: String,
}

/// How the reason begins of what is left of a login that was moved to another store, whose name follows.
pub const MOVED: &str = "moved to ";

impl Tombstone {
    /// The store that the login was moved to.
    #[must_use]
    pub fn moved_to(&self) -> Option<&str> {
        self.reason.strip_prefix(MOVED)
    }

    /// Whether there was a login: else it is what a login that was not completed has left.
    #[must_use]
    pub fn was_login(&self) -> bool {
        self.generation > 0
    }
}

/// A password that git asked us to keep (gitcredentials(7)).
#[derive(Debug, Clone, PartialEq)]
pub struct GitPassword {
    /// git's `protocol`.
    pub protocol: String,
    /// git's `path`, with `credential.useHttpPath`.
    pub path: Option<String>,
    /// git's `username`.
    pub username: Option<String>,
    /// git's `password`.
    pub password: Option<Password>,
    /// When it ends, as git says.
    pub password_expiry_utc: Option<Timestamp>,
    /// git's `oauth_refresh_token`.
    pub oauth_refresh_token: Option<Password>,
    /// git's `authtype`.
    pub authtype: Option<String>,
    /// git's `credential`.
    pub credential: Option<Password>,
}

/// Counts the rotations of a record: +1 at each, over logins and logouts too; never goes back.
pub type Generation = u64;

/// One grant: an access token, and (in the store's keeping) the refresh token that goes with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// +1 at every rotation.
    pub generation: Generation,
    /// The fingerprint of the token that this login began with.
    pub origin: Fingerprint,
    /// The current access token.
    pub access_token: AccessToken,
    /// The name of the current refresh token; `None` where the server gave none.
    pub refresh_token: Option<RefreshTokenName>,
    /// Nearly always `Bearer` (RFC 6749 §7.1).
    pub token_type: String,
    /// What the token may be used for (RFC 6749 §3.3).
    pub scopes: Vec<String>,
    /// Our clock before the request left.
    pub issued_at: Timestamp,
    /// The same by the clock that cannot be set.
    pub issued_boot: IssuedBoot,
    /// `issued_at + expires_in`; `None` where the server gave no lifetime.
    pub expires_at: Option<Timestamp>,
    /// When the refresh token ends, where the server says so.
    pub refresh_expires_at: Option<Timestamp>,
    /// Why this generation was made.
    pub cause: Cause,
    /// What is known of it.
    pub state: GrantState,
    /// A caller reported a 401 for this access token, and the server agreed.
    pub refused: bool,
    /// When the answer to a refresh was lost, since the last rotation: if the server then says
    /// that the grant has ended, this is why, and every later call can say so.
    pub answer_lost_at: Option<Timestamp>,
    /// What the server has refused in a row; `None`: nothing since the last rotation.
    pub refusals: Option<Refusals>,
}

/// When a generation was issued, by the clock that runs from the machine's start.
#[derive(Debug, Clone, Default)]
pub struct IssuedBoot {
    /// What that clock said; `None` where there is none, or where a version that knows no such clock
    /// wrote the record.
    pub at: Option<BootTime>,
    /// How far the wall clock was set back since then, as of when the record was read. Not stored.
    pub set_back: Duration,
}

/// Two that were read at different times are the same.
impl PartialEq for IssuedBoot {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl IssuedBoot {
    /// Of what is issued at `issued_at`.
    #[must_use]
    pub fn of(issued_at: Timestamp, now: Timestamp) -> Self {
        Self {
            at: BootTime::at(issued_at, now),
            set_back: Duration::ZERO,
        }
    }
}

impl Grant {
    /// Whether this is the name of the token that it began with, or of its refresh token now.
    #[must_use]
    pub fn is_known_by(&self, token: Fingerprint) -> bool {
        let current = self.refresh_token.as_ref();
        self.origin == token || current.is_some_and(|name| name.fingerprint() == token)
    }

    /// The access token's whole life; `None` where the server gave none.
    #[must_use]
    pub fn lifetime(&self) -> Option<Duration> {
        self.expires_at.map(|end| end.since(self.issued_at))
    }

    /// The life that the access token has left, by the clock that leaves it less; `None` where the server
    /// gave none.
    #[must_use]
    pub fn left(&self, now: Timestamp) -> Option<Duration> {
        let now = now.plus(self.issued_boot.set_back);
        self.expires_at.map(|end| end.since(now))
    }

    /// Whether the access token has expired, by either clock.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.left(now).is_some_and(|left| left.is_zero())
    }

    /// Whether this grant is refreshed before it is revoked: `Doorkeeper` up to 5.5 answers 200 and
    /// revokes nothing once the access token has expired.
    #[must_use]
    pub fn is_refreshed_to_be_revoked(&self, now: Timestamp) -> bool {
        self.has_expired(now) && self.refresh_token.is_some()
    }
}

/// The requests to refresh a grant that the server has refused in a row, since the last rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusals {
    /// How many were sent.
    pub count: u64,
    /// When the first one was refused.
    pub since: Timestamp,
    /// No request for this grant leaves before this.
    pub next_at: Timestamp,
    /// The last one called the refresh token invalid.
    pub invalid: bool,
    /// The server's own words at the last one, fit to be shown.
    pub said: Option<String>,
}

impl Refusals {
    /// Whether a person is needed by now.
    #[must_use]
    pub fn need_person(&self, now: Timestamp) -> bool {
        self.count >= REFUSALS_LIMIT && now.since(self.since) >= REFUSALS_TIME
    }
}

/// What is known of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrantState {
    /// The server's last word on it was a token.
    Active,
    /// The answer to a refresh may be lost: it is unknown whether the server rotated.
    Doubtful {
        /// Since when.
        since: Timestamp,
    },
    /// The server ended it; a person is needed.
    LoginRequired {
        /// Since when.
        since: Timestamp,
    },
}

impl GrantState {
    /// As in a record.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Doubtful { .. } => "doubtful",
            Self::LoginRequired { .. } => "login_required",
        }
    }

    /// Since when it is so; `None` for an active grant, whose age is its token's.
    #[must_use]
    pub fn since(self) -> Option<Timestamp> {
        match self {
            Self::Active => None,
            Self::Doubtful { since } | Self::LoginRequired { since } => Some(since),
        }
    }
}

impl Record {
    /// Whether it is only what a login that was broken off has left: there was never a login.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        matches!(&self.content, Content::LoggedOut(tombstone) if !tombstone.was_login())
    }

    /// Whether its server is reached by this scheme, as a URL and git name it.
    #[must_use]
    pub fn is_reached_by(&self, scheme: &str) -> bool {
        self.scheme.as_str() == scheme
    }

    /// Notes how far the wall clock was set back since each grant was issued. The clock is asked only where
    /// that can be known (P9).
    pub fn look_at_clocks(&mut self, clock: impl Fn() -> Timestamp) {
        let Content::Login(login) = &mut self.content else {
            return;
        };
        for grant in &mut login.grants {
            if let Some(at) = &grant.issued_boot.at {
                grant.issued_boot.set_back = at.set_back_since(grant.issued_at, clock());
            }
        }
    }

    /// The grants and what goes with them, unless this is a password or a tombstone.
    #[must_use]
    pub fn login(&self) -> Option<&Login> {
        match &self.content {
            Content::Login(login) => Some(login),
            Content::Password(_) | Content::LoggedOut(_) => None,
        }
    }

    /// The number of the last attempt to refresh it, 0 before the first.
    #[must_use]
    pub fn last_sequence(&self) -> u64 {
        let last = self.login().and_then(|login| login.last_attempt.as_ref());
        last.map_or(0, |last| last.sequence)
    }

    /// What a new login would need to know, from a login or from what one left.
    #[must_use]
    pub fn client(&self) -> Option<&Client> {
        match &self.content {
            Content::Login(login) => Some(&login.client),
            Content::LoggedOut(tombstone) => Some(&tombstone.client),
            Content::Password(_) => None,
        }
    }

    /// The highest generation that this record has reached.
    #[must_use]
    pub fn generation(&self) -> Generation {
        match &self.content {
            Content::Login(login) => login
                .grants
                .iter()
                .map(|grant| grant.generation)
                .max()
                .unwrap_or(0),
            Content::LoggedOut(tombstone) => tombstone.generation,
            Content::Password(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_name_is_a_file_name_everywhere() {
        for good in ["default", "jane@example.com", "2", "a.b_c+d-e"] {
            assert!(good.parse::<AccountName>().is_ok(), "{good}");
        }
        let long = "a".repeat(65);
        for bad in ["", ".", "..", "-a", "A", "a/b", "a b", "ä", &long] {
            assert!(bad.parse::<AccountName>().is_err(), "{bad}");
        }
    }
}
